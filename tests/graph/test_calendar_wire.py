"""What the calendar writes on the wire, byte by byte, and what it makes of answers the stand-in does not give."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from graph.calendar import KEY_PROPERTY, GraphCalendar
from graph.client import graph_client
from graph.limits import MailboxLimit
from meetings.ports import CalendarFailure, EventEdited, EventFound, EventState
from tests.graph.conftest import AINO, BERTIL, CELIA, EVENT, ORGANISER, Sandbox, changed, local
from tests.standins.recorder import Laid, Recorder, refusal

IMMUTABLE = 'IdType="ImmutableId"'
PREFER = f'outlook.timezone="Europe/Helsinki", {IMMUTABLE}'
PEOPLE = [
    {"type": "required", "emailAddress": {"name": "Aino Harju", "address": AINO}},
    {"type": "required", "emailAddress": {"name": "Bertil Strand", "address": BERTIL}},
    {"type": "optional", "emailAddress": {"name": "Celia Kivi", "address": CELIA}},
]
PLANNED = changed(online=False)


def kept(**parts: Any) -> dict[str, Any]:
    """The event as Exchange answers with it."""
    return {
        "@odata.etag": 'W/"one"',
        "id": "AAkALg",
        "iCalUId": "040000008200E",
        "subject": EVENT.subject,
        "body": {"contentType": "html", "content": EVENT.html},
        "start": {"dateTime": "2027-05-10T10:00:00.0000000", "timeZone": "Europe/Helsinki"},
        "end": {"dateTime": "2027-05-10T12:00:00.0000000", "timeZone": "Europe/Helsinki"},
        "location": {"displayName": EVENT.place},
        "isOnlineMeeting": False,
        "attendees": PEOPLE,
        "organizer": {"emailAddress": {"address": ORGANISER}},
        **parts,
    }


def untyped(part: Any) -> Any:
    """Without the `@odata.type` which the SDK writes into every object."""
    if isinstance(part, dict):
        return {name: untyped(value) for name, value in part.items() if name != "@odata.type"}
    return [untyped(one) for one in part] if isinstance(part, list) else part


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    async with Recorder().served() as served:
        yield served


@pytest.fixture
async def calendar(recorder: Recorder) -> AsyncIterator[GraphCalendar]:
    client = graph_client(recorder.url, timeout=httpx.Timeout(2.0))
    yield GraphCalendar(client, ORGANISER)
    await client.aclose()


async def test_a_new_event_is_written_whole_and_once(recorder: Recorder, calendar: GraphCalendar) -> None:
    recorder.lay(Laid(201, kept()))
    state = await calendar.create(PLANNED)
    (asked,) = recorder.asked
    assert (asked.method, asked.path) == ("POST", f"/v1.0/users/{ORGANISER.replace('@', '%40')}/events")
    assert asked.headers["prefer"] == PREFER
    assert untyped(asked.json) == {
        "transactionId": EVENT.key,
        "subject": EVENT.subject,
        "body": {"contentType": "html", "content": EVENT.html},
        "start": {"dateTime": "2027-05-10T10:00:00", "timeZone": "Europe/Helsinki"},
        "end": {"dateTime": "2027-05-10T12:00:00", "timeZone": "Europe/Helsinki"},
        "location": {"displayName": "Kokoushuone Kataja"},
        "attendees": PEOPLE,
        "singleValueExtendedProperties": [{"id": KEY_PROPERTY, "value": EVENT.key}],
    }
    assert state == EventState("AAkALg", "", "040000008200E", calendar.seen(EVENT))


@pytest.mark.parametrize(
    ("wanted", "patch"),
    [
        ({"subject": "Uusi nimi"}, {"subject": "Uusi nimi"}),
        (
            {"start": local("2027-05-10 09:00")},
            {
                "start": {"dateTime": "2027-05-10T09:00:00", "timeZone": "Europe/Helsinki"},
                "end": {"dateTime": "2027-05-10T12:00:00", "timeZone": "Europe/Helsinki"},
            },
        ),
        ({"place": "Sali 2"}, {"location": {"displayName": "Sali 2"}}),
        ({"html": "<p>Uusi</p>"}, {"body": {"contentType": "html", "content": "<p>Uusi</p>"}}),
        ({"invitees": EVENT.invitees[:2]}, {"attendees": PEOPLE[:2]}),
    ],
)
async def test_a_change_sends_only_what_changed(
    recorder: Recorder, calendar: GraphCalendar, wanted: dict[str, Any], patch: dict[str, Any]
) -> None:
    recorder.lay(Laid(body=kept()), Laid(body=kept(**patch)))
    await calendar.update("AAkALg", replace(PLANNED, **wanted), calendar.seen(EVENT))
    read, written = recorder.asked
    assert (read.method, read.headers["prefer"], read.body) == ("GET", PREFER, b"")
    assert written.method == "PATCH"
    assert written.headers["if-match"] == 'W/"one"'
    assert written.headers["prefer"] == PREFER
    assert untyped(written.json) == patch


async def test_nothing_changed_is_nothing_written(recorder: Recorder, calendar: GraphCalendar) -> None:
    recorder.lay(Laid(body=kept()))
    assert (await calendar.update("AAkALg", PLANNED, calendar.seen(EVENT))).seen == calendar.seen(EVENT)
    assert [one.method for one in recorder.asked] == ["GET"]


async def test_cancelling_says_why(recorder: Recorder, calendar: GraphCalendar) -> None:
    recorder.lay(Laid(202))
    await calendar.cancel("AAkALg", "Puheenjohtaja on estynyt")
    (asked,) = recorder.asked
    assert asked.path.endswith("/events/AAkALg/cancel")
    assert asked.headers["prefer"] == IMMUTABLE
    assert asked.json == {"Comment": "Puheenjohtaja on estynyt"}


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({"subject": "Muutettu"}, {"subject": "Muutettu"}),
        ({"location": {"displayName": "Kahvila"}}, {"place": "Kahvila"}),
        ({"start": {"dateTime": "2027-05-10T08:15:00.0000000", "timeZone": "Europe/Helsinki"}}, {"start": local("2027-05-10 08:15")}),
        ({"end": {"dateTime": "2027-05-10T13:00:00.0000000", "timeZone": "Europe/Helsinki"}}, {"end": local("2027-05-10 13:00")}),
    ],
)
async def test_what_somebody_edited_in_outlook_is_told_and_not_overwritten(
    recorder: Recorder, calendar: GraphCalendar, there: dict[str, Any], found: dict[str, Any]
) -> None:
    recorder.lay(Laid(body=kept(**there)))
    with pytest.raises(EventEdited) as edited:
        await calendar.update("AAkALg", changed(online=False, html="<p>Uusi</p>"), calendar.seen(EVENT))
    assert edited.value.found == replace(EventFound(EVENT.subject, EVENT.start, EVENT.end, EVENT.place), **found)
    assert [one.method for one in recorder.asked] == ["GET"]


async def test_an_edit_that_is_what_the_meeting_has_become_is_no_trouble(recorder: Recorder, calendar: GraphCalendar) -> None:
    there = kept(location={"displayName": "Kahvila"})
    recorder.lay(
        Laid(body=there), Laid(body=kept(location={"displayName": "Kahvila"}, body={"contentType": "html", "content": "<p>U</p>"}))
    )
    wanted = changed(online=False, place="Kahvila", html="<p>U</p>")
    assert (await calendar.update("AAkALg", wanted, calendar.seen(EVENT))).seen == calendar.seen(wanted)


async def test_a_writing_whose_answer_was_lost_is_nobodys_edit(recorder: Recorder, calendar: GraphCalendar) -> None:
    lost, newest = changed(online=False, place="Sali 2"), changed(online=False, place="Sali 3")
    recorder.lay(Laid(body=kept()), Laid(drop=True))
    with pytest.raises(CalendarFailure) as failure:
        await calendar.update("AAkALg", lost, calendar.seen(EVENT))
    assert failure.value.transient
    recorder.lay(Laid(body=kept(location={"displayName": "Sali 2"})), Laid(body=kept(location={"displayName": "Sali 3"})))
    state = await calendar.update("AAkALg", newest, f"{calendar.seen(EVENT)} {calendar.seen(lost)}")
    assert state.seen == calendar.seen(newest)


@pytest.mark.parametrize("status", [409, 412])
async def test_written_meanwhile_is_read_once_more_and_then_waits(recorder: Recorder, calendar: GraphCalendar, status: int) -> None:
    busy = refusal(status, "ErrorIrresolvableConflict")
    moved = changed(online=False, place="Sali 2")
    recorder.lay(Laid(body=kept()), busy, Laid(body=kept(**{"@odata.etag": 'W/"two"'})), Laid(body=kept()))
    await calendar.update("AAkALg", moved, calendar.seen(EVENT))
    assert [one.headers.get("if-match") for one in recorder.asked] == [None, 'W/"one"', None, 'W/"two"']
    recorder.lay(Laid(body=kept()), busy, Laid(body=kept()), busy)
    with pytest.raises(CalendarFailure) as failure:
        await calendar.update("AAkALg", moved, calendar.seen(EVENT))
    assert (failure.value.transient, len(recorder.asked)) == (True, 8)


@pytest.mark.parametrize(
    ("laid", "flags"),
    [
        (refusal(404, "ErrorItemNotFound"), {"gone"}),
        (refusal(404, "ErrorInvalidUser"), {"mailbox"}),
        (refusal(404, "MailboxNotEnabledForRESTAPI"), {"mailbox"}),
        (refusal(403, "ErrorAccessDenied"), {"refused"}),
        (refusal(401, "InvalidAuthenticationToken"), {"transient"}),
        (refusal(429, "ApplicationThrottled"), {"transient"}),
        (refusal(429, "ApplicationThrottled", Retry_After="12"), {"transient", "retry_after"}),
        (refusal(503, "ServiceUnavailable", Retry_After="3"), {"transient", "retry_after"}),
        (Laid(drop=True), {"transient"}),
    ],
)
async def test_each_failure_says_what_it_is(recorder: Recorder, calendar: GraphCalendar, laid: Laid, flags: set[str]) -> None:
    recorder.lay(laid)
    with pytest.raises(CalendarFailure) as failure:
        await calendar.update("AAkALg", EVENT)
    names = ("gone", "mailbox", "refused", "transient", "retry_after")
    assert {name for name in names if getattr(failure.value, name)} == flags
    assert ("Calendars.ReadWrite" in failure.value.reason) == ("refused" in flags)
    assert len(recorder.asked) == 1


async def test_near_the_mailboxs_limit_nothing_is_sent_and_nobody_sleeps(sandbox: Sandbox) -> None:
    now = 0.0
    limit = MailboxLimit(most=2, window=600.0, clock=lambda: now)
    calendar = GraphCalendar(sandbox.client, ORGANISER, limit=limit)
    state = await calendar.create(EVENT)
    now = 100.0
    await calendar.update(state.event_id, EVENT)
    now = 150.0
    with pytest.raises(CalendarFailure) as failure:
        await calendar.update(state.event_id, EVENT)
    assert (failure.value.transient, failure.value.retry_after) == (True, 450.0)
    now = 600.0
    await calendar.update(state.event_id, EVENT)


async def test_four_requests_at_once_and_no_more() -> None:
    limit = MailboxLimit()
    inside, most = 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with limit.request():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 4
