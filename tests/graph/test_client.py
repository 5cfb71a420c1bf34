"""What leaves this process towards Graph, byte by byte, and how its tokens are come by."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from graph.calendar import KEY_PROPERTY, GraphCalendar
from graph.client import EntraTokens, GraphClient, LocalTokens, NoToken, graph_client
from graph.credentials import ClientSecret
from meetings.ports import CalendarFailure
from tests.graph.conftest import AINO, CELIA, EVENT, ORGANISER, changed, served

BLOCK = (
    '<div style="width:100%"><span>________________________________________</span></div>'
    '<div class="me-email-text"><a href="https://teams.example.org/l/1" class="me-email-headline">Join</a></div>'
)
ROOM = {"type": "resource", "status": {"response": "accepted"}, "emailAddress": {"name": "Kataja", "address": "kataja@example.org"}}


class Recorder:
    """A minimal Graph: it answers with one event and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.answer: tuple[int, dict[str, str], Any] | None = None
        self.event: dict[str, Any] = {
            "id": "AAk=/+1",
            "changeKey": "ck",
            "subject": EVENT.subject,
            "body": {"contentType": "html", "content": f"<html><body>{EVENT.html}<br>{BLOCK}</body></html>"},
            "start": {"dateTime": "2027-05-10T10:00:00.0000000", "timeZone": "Europe/Helsinki"},
            "end": {"dateTime": "2027-05-10T12:00:00.0000000", "timeZone": "Europe/Helsinki"},
            "location": {"displayName": EVENT.place},
            "isOnlineMeeting": True,
            "onlineMeeting": {"joinUrl": "https://teams.example.org/l/1"},
            "organizer": {"emailAddress": {"name": "Siiri", "address": ORGANISER}},
            "attendees": [
                {
                    "type": "required" if one.required else "optional",
                    "status": {"response": "accepted", "time": "2027-04-01T06:00:00Z"},
                    "emailAddress": {"name": one.name, "address": one.email.title()},
                }
                for one in EVENT.invitees
            ]
            + [ROOM],
        }

    async def handle(self, request: web.Request) -> web.Response:
        text = await request.text()
        self.requests.append((request.method, request.rel_url.raw_path, dict(request.headers), json.loads(text) if text else None))
        if self.answer is not None:
            status, headers, body = self.answer
            return web.Response(status=status, headers=headers, text=body, content_type="text/html")
        if request.path.endswith("/cancel"):
            return web.Response(status=202)
        return web.json_response(self.event, status=201 if request.method == "POST" else 200)


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def client(recorder: Recorder) -> AsyncIterator[GraphClient]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", recorder.handle)
    async with served(app) as url:
        client = graph_client(f"{url}/v1.0")
        yield client
        await client.aclose()


@pytest.fixture
def calendar(client: GraphClient) -> GraphCalendar:
    return GraphCalendar(client, ORGANISER)


async def test_a_create_as_it_leaves(calendar: GraphCalendar, recorder: Recorder) -> None:
    state = await calendar.create(EVENT)
    assert (state.event_id, state.join_url) == ("AAk=/+1", "https://teams.example.org/l/1")
    ((method, path, headers, body),) = recorder.requests
    assert (method, path) == ("POST", "/v1.0/users/siiri.sihteeri%40example.org/events")
    assert headers["Authorization"] == "Bearer local"
    assert headers["Prefer"] == 'outlook.timezone="Europe/Helsinki", IdType="ImmutableId"'
    assert body == {
        "@odata.type": "#microsoft.graph.event",
        "transactionId": "calendar-1",
        "subject": EVENT.subject,
        "body": {"contentType": "html", "content": EVENT.html},
        "start": {"dateTime": "2027-05-10T10:00:00", "timeZone": "Europe/Helsinki"},
        "end": {"dateTime": "2027-05-10T12:00:00", "timeZone": "Europe/Helsinki"},
        "location": {"displayName": EVENT.place},
        "isOnlineMeeting": True,
        "onlineMeetingProvider": "teamsForBusiness",
        "attendees": [
            {
                "@odata.type": "#microsoft.graph.attendee",
                "type": "required" if one.required else "optional",
                "emailAddress": {"name": one.name, "address": one.email},
            }
            for one in EVENT.invitees
        ],
        "singleValueExtendedProperties": [{"id": KEY_PROPERTY, "value": "calendar-1"}],
    }


async def test_an_update_sends_a_fresh_event_with_only_what_differs(calendar: GraphCalendar, recorder: Recorder) -> None:
    await calendar.update("AAk=/+1", changed(html="<p>Uusi</p>"))
    (get, patch) = recorder.requests
    assert get[0] == "GET"
    assert get[1] == "/v1.0/users/siiri.sihteeri%40example.org/events/AAk%3D%2F%2B1"
    assert get[2]["Prefer"] == 'outlook.timezone="Europe/Helsinki", IdType="ImmutableId"'
    assert patch[0] == "PATCH"
    assert patch[2]["Prefer"] == 'outlook.timezone="Europe/Helsinki", IdType="ImmutableId"'
    assert patch[3] == {"@odata.type": "#microsoft.graph.event", "body": {"contentType": "html", "content": f"<p>Uusi</p>{BLOCK}"}}


async def test_changed_attendees_are_sent_as_a_whole_with_the_booked_room_and_without_answers(
    calendar: GraphCalendar, recorder: Recorder
) -> None:
    await calendar.update("AAk=/+1", changed(invitees=(EVENT.invitees[0], EVENT.invitees[2])))
    _, patch = recorder.requests
    attendee = "#microsoft.graph.attendee"
    assert patch[3] == {
        "@odata.type": "#microsoft.graph.event",
        "attendees": [
            {"@odata.type": attendee, "type": "required", "emailAddress": {"name": "Aino Harju", "address": AINO}},
            {"@odata.type": attendee, "type": "optional", "emailAddress": {"name": "Celia Kivi", "address": CELIA}},
            {"@odata.type": attendee, "type": "resource", "emailAddress": {"name": "Kataja", "address": "kataja@example.org"}},
        ],
    }


async def test_nothing_to_change_is_only_read(calendar: GraphCalendar, recorder: Recorder) -> None:
    await calendar.update("AAk=/+1", EVENT)
    assert [request[0] for request in recorder.requests] == ["GET"]


async def test_a_cancellation_carries_the_reason(calendar: GraphCalendar, recorder: Recorder) -> None:
    await calendar.cancel("AAk=/+1", "Este")
    ((method, path, headers, body),) = recorder.requests
    assert (method, path.rsplit("/", 1)[1], headers["Prefer"], body) == ("POST", "cancel", 'IdType="ImmutableId"', {"Comment": "Este"})


async def test_a_retry_after_may_be_a_date_and_a_page_of_a_gateway_is_no_crash(calendar: GraphCalendar, recorder: Recorder) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    recorder.answer = (503, {"Retry-After": at}, "<h1>Service unavailable</h1>")
    with pytest.raises(CalendarFailure) as failure:
        await calendar.create(EVENT)
    assert failure.value.transient
    assert failure.value.retry_after == pytest.approx(90, abs=3)
    assert len(recorder.requests) == 1


async def test_a_second_cancellation_refused_by_exchange_is_done(calendar: GraphCalendar, recorder: Recorder) -> None:
    recorder.answer = (410, {}, "<h1>Gone</h1>")
    await calendar.cancel("AAk=/+1", "Este")


async def test_warming_up_sends_nothing(client: GraphClient, recorder: Recorder) -> None:
    await client.warm_up()
    assert recorder.requests == []


def test_graph_outside_this_machine_needs_https_and_a_credential() -> None:
    with pytest.raises(ValueError, match="https"):
        graph_client("http://graph.example.org/v1.0", ClientSecret("t", "c", "s"))
    with pytest.raises(ValueError, match="app registration"):
        graph_client("https://graph.example.org/v1.0")


async def test_the_local_token_stays_on_this_machine() -> None:
    assert await LocalTokens().get_authorization_token("http://127.0.0.1:3978/graph/v1.0") == "local"
    with pytest.raises(NoToken):
        await LocalTokens().get_authorization_token("https://graph.microsoft.com/v1.0")


class Entra:
    """The one call of MSAL, blocking as MSAL does, with its cache."""

    def __init__(self, answer: dict[str, Any], delay: float = 0.0) -> None:
        self.answer = answer
        self.delay = delay
        self.cached = False
        self.asked: list[list[str]] = []
        self.threads: set[int] = set()

    def acquire_token_for_client(self, scopes: list[str]) -> dict[str, Any]:
        self.threads.add(threading.get_ident())
        if not self.cached:
            self.asked.append(scopes)
            time.sleep(self.delay)
            self.cached = True
        return self.answer


async def test_tokens_are_fetched_once_off_the_loop() -> None:
    entra = Entra({"access_token": "abc"}, delay=0.2)
    built: list[int] = []

    def build() -> Entra:
        built.append(threading.get_ident())
        return entra

    tokens = EntraTokens(build, "graph.microsoft.com")
    assert built == []
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    url = "https://graph.microsoft.com/v1.0/users"
    assert await asyncio.gather(*(tokens.get_authorization_token(url) for _ in range(5))) == ["abc"] * 5
    ticking.cancel()
    assert entra.asked == [["https://graph.microsoft.com/.default"]]
    assert len(built) == 1
    assert threading.get_ident() not in {*entra.threads, *built}
    assert ticks > 5


@pytest.mark.parametrize(
    ("answer", "reason", "transient"),
    [
        ({"error": "invalid_client", "error_description": "AADSTS7000215 ..."}, "invalid_client", False),
        ({"error": "temporarily_unavailable"}, "temporarily_unavailable", True),
    ],
)
async def test_a_refused_token_says_why(answer: dict[str, Any], reason: str, transient: bool) -> None:
    tokens = EntraTokens(lambda: Entra(answer), "graph.microsoft.com")
    with pytest.raises(NoToken) as refused:
        await tokens.get_authorization_token("https://graph.microsoft.com/v1.0")
    assert (refused.value.reason, refused.value.transient) == (reason, transient)


async def test_a_hanging_login_is_given_up() -> None:
    tokens = EntraTokens(lambda: Entra({"access_token": "abc"}, delay=0.5), "graph.microsoft.com", timeout=0.05)
    with pytest.raises(NoToken) as refused:
        await tokens.get_authorization_token("https://graph.microsoft.com/v1.0")
    assert (refused.value.reason, refused.value.transient) == ("login_unreachable", True)


@pytest.mark.parametrize("url", ["http://graph.microsoft.com/v1.0", "https://graph.microsoft.com.example.org/v1.0"])
async def test_a_token_never_goes_to_another_host_or_in_plain_text(url: str) -> None:
    with pytest.raises(NoToken):
        await EntraTokens(lambda: Entra({"access_token": "abc"}), "graph.microsoft.com").get_authorization_token(url)


async def test_a_token_s_life_is_counted_from_when_it_was_new() -> None:
    entra = Entra({"access_token": "abc", "expires_in": 3599})
    tokens = EntraTokens(lambda: entra, "graph.microsoft.com")
    assert tokens.life() is None
    await tokens.get_authorization_token("https://graph.microsoft.com/v1.0")
    first = tokens.life()
    assert first is not None
    assert 0 <= first.age < 60
    assert 3500 < first.remaining <= 3599
    # From MSAL's cache: the same token, with what is left of it.
    entra.answer = {"access_token": "abc", "expires_in": 1200}
    await tokens.get_authorization_token("https://graph.microsoft.com/v1.0")
    second = tokens.life()
    assert second is not None
    assert second.age >= first.age
    assert 1100 < second.remaining <= 1200


async def test_each_request_is_told_by_its_status_and_one_without_an_answer_too(recorder: Recorder) -> None:
    told: list[int] = []
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", recorder.handle)
    async with served(app) as url:
        client = graph_client(f"{url}/v1.0", told=told.append)
        await GraphCalendar(client, ORGANISER).create(EVENT)
        recorder.answer = (429, {"Retry-After": "7"}, "")
        with pytest.raises(CalendarFailure):
            await GraphCalendar(client, ORGANISER).create(EVENT)
    with pytest.raises(CalendarFailure):
        await GraphCalendar(client, ORGANISER).create(EVENT)
    await client.aclose()
    assert told == [201, 429, 0]
