"""What the reading of answers writes on the wire, byte by byte, and what it makes of answers the stand-in does not give."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from graph.answers import GraphAnswers
from graph.calendar import GraphCalendar
from graph.client import graph_client
from graph.limits import MailboxLimit
from meetings.model import Response
from meetings.ports import CalendarFailure, Changes, EventChange, Reply, Subscription
from tests.graph.conftest import AINO, BERTIL, CELIA, EVENT, ORGANISER
from tests.standins.recorder import Laid, Recorder, refusal

TODAY = date(2027, 4, 2)
USER = f"/v1.0/users/{ORGANISER.replace('@', '%40')}"
PREFER = 'outlook.timezone="UTC", odata.maxpagesize=50, IdType="ImmutableId"'
UNTIL = datetime(2027, 4, 5, 6, 0, tzinfo=UTC)
NEVER = "0001-01-01T00:00:00Z"
ADDRESS = "https://bot.example.org/graph/notifications"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moment(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": f"{text}.0000000", "timeZone": zone}


def attendee(address: str, response: str, time: str = NEVER, **more: Any) -> dict[str, Any]:
    return {"type": "required", "emailAddress": {"address": address}, "status": {"response": response, "time": time}, **more}


def event(**parts: Any) -> dict[str, Any]:
    """The event of `EVENT` as a delta tells it."""
    return {
        "@odata.type": "#microsoft.graph.event",
        "id": "AAkALg",
        "createdDateTime": "2027-04-01T06:00:00Z",
        "lastModifiedDateTime": "2027-04-01T07:30:00.5Z",
        "subject": EVENT.subject,
        "start": moment("2027-05-10T07:00:00"),
        "end": moment("2027-05-10T09:00:00"),
        "location": {"displayName": EVENT.place},
        "attendees": [],
        **parts,
    }


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    async with Recorder().served() as served:
        yield served


@pytest.fixture
async def answers(recorder: Recorder) -> AsyncIterator[GraphAnswers]:
    client = graph_client(recorder.url, timeout=httpx.Timeout(2.0))
    yield GraphAnswers(client, ORGANISER, MailboxLimit())
    await client.aclose()


def page(recorder: Recorder, *events: dict[str, Any], after: str = "", last: str = "") -> Laid:
    link = {"@odata.nextLink": f"{recorder.url}{after}"} if after else {"@odata.deltaLink": f"{recorder.url}{last}"}
    return Laid(body={"value": list(events), **link})


async def read_one(recorder: Recorder, answers: GraphAnswers, told: dict[str, Any]) -> EventChange:
    recorder.lay(page(recorder, told, last="/d?$deltatoken=1"))
    (change,) = (await answers.read("", TODAY)).events
    return change


async def test_the_first_reading_asks_for_everything_ahead_and_follows_every_link(recorder: Recorder, answers: GraphAnswers) -> None:
    recorder.lay(
        page(recorder, event(), after="/users/x/calendarView/delta?$skiptoken=a%2Bb"),
        page(recorder, after="/users/x/calendarView/delta?$skiptoken=c"),
        page(
            recorder,
            event(id="AAkALh"),
            {"id": "AAkALi", "@removed": {"reason": "deleted"}},
            last="/users/x/calendarView/delta?$deltatoken=d",
        ),
    )
    changes = await answers.read("", TODAY)
    assert [(one.event_id, one.removed) for one in changes.events] == [("AAkALg", False), ("AAkALh", False), ("AAkALi", True)]
    assert changes.link == f"{recorder.url}/users/x/calendarView/delta?$deltatoken=d"
    assert changes.until == date(2028, 5, 6)
    assert [(one.method, one.path) for one in recorder.asked] == [
        ("GET", f"{USER}/calendarView/delta()?endDateTime=2028-05-06T00%3A00%3A00Z&startDateTime=2027-04-01T00%3A00%3A00Z"),
        ("GET", "/v1.0/users/x/calendarView/delta?$skiptoken=a%2Bb"),
        ("GET", "/v1.0/users/x/calendarView/delta?$skiptoken=c"),
    ]
    # On every page: without them ids would change their kind, and times their zone, in the middle.
    assert [one.headers["prefer"] for one in recorder.asked] == [PREFER] * 3


async def test_a_known_link_is_asked_as_it_was_given(recorder: Recorder, answers: GraphAnswers) -> None:
    recorder.lay(page(recorder, last="/d?$deltatoken=2"))
    changes = await answers.read(f"{recorder.url}/d?$deltatoken=1%3D", TODAY)
    assert changes == Changes((), f"{recorder.url}/d?$deltatoken=2")
    assert [one.path for one in recorder.asked] == ["/v1.0/d?$deltatoken=1%3D"]
    assert recorder.asked[0].headers["prefer"] == PREFER


async def test_answers_are_who_said_what_when(recorder: Recorder, answers: GraphAnswers) -> None:
    other = {"start": moment("2027-05-11T07:00:00"), "end": moment("2027-05-11T09:00:00")}
    told = event(
        attendees=[
            attendee(AINO, "accepted", "2027-04-01T07:00:00Z"),
            attendee(BERTIL, "declined", "2027-04-01T08:00:00.1234567Z", proposedNewTime=other),
            attendee(CELIA, "tentativelyAccepted"),
            attendee("a@example.org", "none"),
            attendee("b@example.org", "notResponded"),
            attendee(ORGANISER, "organizer"),
            {"type": "required", "emailAddress": {"address": "c@example.org"}},
            {"type": "required", "status": {"response": "accepted", "time": NEVER}},
        ]
    )
    change = await read_one(recorder, answers, told)
    assert change.replies == (
        Reply(AINO, Response.ACCEPTED, utc("2027-04-01 07:00")),
        Reply(BERTIL, Response.DECLINED, utc("2027-04-01 08:00:00.123456"), utc("2027-05-11 07:00"), utc("2027-05-11 09:00")),
        # Exchange did not say when: since the event was made.
        Reply(CELIA, Response.TENTATIVE, utc("2027-04-01 06:00")),
    )
    assert (change.made_at, change.start) == (utc("2027-04-01 06:00"), utc("2027-05-10 07:00"))


async def test_an_untouched_event_looks_as_it_was_written(recorder: Recorder, answers: GraphAnswers) -> None:
    change = await read_one(recorder, answers, event())
    assert change.seen == GraphCalendar(graph_client(recorder.url), ORGANISER).seen(EVENT)


@pytest.mark.parametrize(
    "parts",
    [
        {"subject": "Toinen"},
        {"start": moment("2027-05-10T07:30:00")},
        {"end": moment("2027-05-10T10:00:00")},
        {"location": {"displayName": "Sali 2"}},
    ],
)
async def test_an_edited_event_does_not(recorder: Recorder, answers: GraphAnswers, parts: dict[str, Any]) -> None:
    untouched = await read_one(recorder, answers, event())
    edited = await read_one(recorder, answers, event(**parts))
    assert edited.seen not in {"", untouched.seen}


@pytest.mark.parametrize("part", ["subject", "start", "end", "location"])
async def test_what_is_not_told_is_not_empty(recorder: Recorder, answers: GraphAnswers, part: str) -> None:
    told = event()
    del told[part]
    assert (await read_one(recorder, answers, told)).seen == ""


@pytest.mark.parametrize(
    "gone",
    [
        refusal(410, "SyncStateNotFound"),
        refusal(410, "resyncRequired", Location="https://graph.microsoft.com/v1.0/elsewhere"),
        refusal(410, ""),
        refusal(404, "syncStateNotFound"),
        refusal(400, "SyncStateInvalid"),
    ],
)
async def test_an_expired_link_begins_anew(recorder: Recorder, answers: GraphAnswers, gone: Laid) -> None:
    recorder.lay(gone, page(recorder, event(), last="/d?$deltatoken=2"))
    changes = await answers.read(f"{recorder.url}/d?$deltatoken=1", TODAY)
    assert changes.until == date(2028, 5, 6)
    assert [one.event_id for one in changes.events] == ["AAkALg"]
    assert [one.path.split("?")[0] for one in recorder.asked] == ["/v1.0/d", f"{USER}/calendarView/delta()"]


@pytest.mark.parametrize(
    ("laid", "expected"),
    [
        (refusal(429, "ApplicationThrottled", Retry_After="17"), {"transient": True, "retry_after": 17.0}),
        (refusal(429, "ApplicationThrottled"), {"transient": True, "retry_after": None}),
        (refusal(503, "ServiceUnavailable"), {"transient": True}),
        (refusal(401, "InvalidAuthenticationToken"), {"transient": True}),
        (refusal(403, "ErrorAccessDenied"), {"transient": False, "refused": True}),
        (refusal(404, "ErrorInvalidUser"), {"transient": False, "mailbox": True}),
        (refusal(400, "ErrorInvalidUrlQuery"), {"transient": False, "refused": False, "mailbox": False}),
        (Laid(drop=True), {"transient": True}),
        (Laid(body={"value": []}), {"transient": True}),
    ],
)
async def test_failures_say_what_they_are(recorder: Recorder, answers: GraphAnswers, laid: Laid, expected: dict[str, Any]) -> None:
    recorder.lay(laid)
    with pytest.raises(CalendarFailure) as caught:
        await answers.read(f"{recorder.url}/d?$deltatoken=1", TODAY)
    assert {name: getattr(caught.value, name) for name in expected} == expected
    assert len(recorder.asked) == 1


async def test_a_link_to_elsewhere_gets_no_token(recorder: Recorder, answers: GraphAnswers) -> None:
    recorder.lay(Laid(body={"value": [], "@odata.nextLink": "https://graph.example.org/v1.0/d?$skiptoken=1"}))
    with pytest.raises(CalendarFailure, match="foreign_host"):
        await answers.read("", TODAY)


async def test_readings_count_against_the_mailboxs_one_limit(recorder: Recorder) -> None:
    client = graph_client(recorder.url)
    limit = MailboxLimit(most=2)
    recorder.lay(page(recorder, after="/d?$skiptoken=1"), page(recorder, after="/d?$skiptoken=2"))
    with pytest.raises(CalendarFailure, match="near the mailbox's limit"):
        await GraphAnswers(client, ORGANISER, limit).read("", TODAY)
    with pytest.raises(CalendarFailure, match="near the mailbox's limit"):
        await GraphCalendar(client, ORGANISER, limit=limit).cancel("AAkALg", "-")
    assert len(recorder.asked) == 2
    await client.aclose()


async def test_a_subscription_is_asked_for_with_everything_it_needs(recorder: Recorder, answers: GraphAnswers) -> None:
    # Granted for less than was asked.
    recorder.lay(Laid(201, {"id": "7f105c7d", "expirationDateTime": "2027-04-03T06:00:00Z"}))
    made = await answers.subscribe(ADDRESS, "secret", UNTIL)
    assert made == Subscription("7f105c7d", utc("2027-04-03 06:00"))
    (asked,) = recorder.asked
    assert (asked.method, asked.path) == ("POST", "/v1.0/subscriptions")
    assert 'IdType="ImmutableId"' in asked.headers["prefer"]
    assert {name: value for name, value in asked.json.items() if name != "@odata.type"} == {
        "changeType": "updated,deleted",
        "notificationUrl": ADDRESS,
        "lifecycleNotificationUrl": ADDRESS,
        "resource": f"users/{ORGANISER}/events",
        "expirationDateTime": "2027-04-05T06:00:00+00:00",
        "clientState": "secret",
    }


async def test_a_renewal_sends_the_time_alone(recorder: Recorder, answers: GraphAnswers) -> None:
    recorder.lay(Laid(200, {"id": "7f105c7d", "expirationDateTime": "2027-04-04T06:00:00.25Z"}))
    assert (await answers.renew("7f105c7d", UNTIL)).expires_at == utc("2027-04-04 06:00:00.25")
    (asked,) = recorder.asked
    assert (asked.method, asked.path) == ("PATCH", "/v1.0/subscriptions/7f105c7d")
    assert {name: value for name, value in asked.json.items() if name != "@odata.type"} == {
        "expirationDateTime": "2027-04-05T06:00:00+00:00"
    }


async def test_a_lost_subscription_is_gone(recorder: Recorder, answers: GraphAnswers) -> None:
    recorder.lay(refusal(404, "ResourceNotFound"))
    with pytest.raises(CalendarFailure) as caught:
        await answers.renew("7f105c7d", UNTIL)
    assert caught.value.gone


async def test_a_subscription_without_a_time_is_none(recorder: Recorder, answers: GraphAnswers) -> None:
    recorder.lay(Laid(201, {"id": "7f105c7d"}))
    with pytest.raises(CalendarFailure):
        await answers.subscribe(ADDRESS, "secret", UNTIL)
