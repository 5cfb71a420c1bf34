"""The calendar port through the real SDK against the real stand-in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import aiohttp
import pytest
from aiohttp import web

from graph.calendar import GraphCalendar
from graph.client import graph_client
from graph.sandbox import MemoryStore, add_sandbox
from meetings.ports import CalendarFailure, Invitee
from tests.graph.conftest import AINO, BERTIL, CELIA, EVENT, HEADERS, ORGANISER, Sandbox, answers, changed, local, served


async def test_a_created_event_is_in_every_calendar(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    organisers = await sandbox.event(ORGANISER)
    assert state.event_id == organisers["id"]
    assert state.join_url == organisers["onlineMeeting"]["joinUrl"]
    assert organisers["subject"] == EVENT.subject
    assert organisers["start"] == {"dateTime": "2027-05-10T10:00:00.0000000", "timeZone": "Europe/Helsinki"}
    assert organisers["end"]["dateTime"] == "2027-05-10T12:00:00.0000000"
    assert organisers["location"]["displayName"] == "Kokoushuone Kataja"
    assert organisers["transactionId"] == EVENT.key
    assert organisers["isOrganizer"] is True
    assert [(one["emailAddress"]["name"], one["emailAddress"]["address"], one["type"]) for one in organisers["attendees"]] == [
        ("Aino Harju", AINO, "required"),
        ("Bertil Strand", BERTIL, "required"),
        ("Celia Kivi", CELIA, "optional"),
    ]
    ainos = await sandbox.event(AINO)
    assert ainos["id"] != organisers["id"]
    assert ainos["isOrganizer"] is False
    assert ainos["organizer"]["emailAddress"]["address"] == ORGANISER
    assert ainos["responseStatus"]["response"] == "notResponded"


async def test_an_event_in_a_room_has_no_join_link(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(changed(online=False))
    assert state.join_url == ""
    assert (await sandbox.event(ORGANISER))["isOnlineMeeting"] is False


async def test_the_same_key_again_is_the_same_event(sandbox: Sandbox) -> None:
    first = await sandbox.calendar.create(EVENT)
    assert await sandbox.calendar.create(EVENT) == first
    assert len(await sandbox.events(ORGANISER)) == 1
    assert len(await sandbox.events(AINO)) == 1


async def test_the_same_key_with_a_meeting_changed_in_between_updates_the_first_event(sandbox: Sandbox) -> None:
    first = await sandbox.calendar.create(EVENT)
    later = changed(start=local("2027-05-11 09:00"), end=local("2027-05-11 10:00"))
    assert await sandbox.calendar.create(later) == replace(first, seen=sandbox.calendar.seen(later))
    assert (await sandbox.event(AINO))["start"]["dateTime"] == "2027-05-11T09:00:00.0000000"


async def test_another_key_is_another_event(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    await sandbox.calendar.create(changed(key="calendar-2"))
    assert len(await sandbox.events(ORGANISER)) == 2


async def test_an_update_moves_the_event_everywhere_and_asks_again(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    assert await sandbox.respond(AINO, "accept") == 202
    moved = changed(start=local("2027-05-12 08:30"), end=local("2027-05-12 09:30"), place="Sali 2")
    assert await sandbox.calendar.update(state.event_id, moved) == replace(state, seen=sandbox.calendar.seen(moved))
    ainos = await sandbox.event(AINO)
    assert ainos["start"]["dateTime"] == "2027-05-12T08:30:00.0000000"
    assert ainos["location"]["displayName"] == "Sali 2"
    assert answers(ainos) == {AINO: "none", BERTIL: "none", CELIA: "none"}


async def test_an_update_over_daylight_saving_keeps_the_wall_clock(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(changed(start=local("2027-03-26 10:00"), end=local("2027-03-26 12:00")))
    await sandbox.calendar.update(state.event_id, changed(start=local("2027-03-29 10:00"), end=local("2027-03-29 12:00")))
    without_zone = {**HEADERS, "Prefer": 'IdType="ImmutableId"'}
    async with sandbox.http.get(f"{sandbox.url}/graph/v1.0/users/{AINO}/events", headers=without_zone) as answer:
        (event,) = (await answer.json())["value"]
    assert event["start"] == {"dateTime": "2027-03-29T07:00:00.0000000", "timeZone": "UTC"}


async def test_an_update_that_changes_nothing_sends_nothing(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    before = await sandbox.event(ORGANISER)
    await sandbox.calendar.update(state.event_id, EVENT)
    assert await sandbox.event(ORGANISER) == before


async def test_answers_are_seen_on_the_organisers_event_and_survive_other_changes(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.respond(AINO, "accept")
    await sandbox.respond(BERTIL, "decline")
    await sandbox.respond(CELIA, "tentativelyAccept")
    given = {AINO: "accepted", BERTIL: "declined", CELIA: "tentativelyAccepted"}
    assert answers(await sandbox.event(ORGANISER)) == given
    await sandbox.calendar.update(state.event_id, changed(html="<p>Uusi esityslista</p>"))
    assert answers(await sandbox.event(ORGANISER)) == given
    assert (await sandbox.event(AINO))["responseStatus"]["response"] == "accepted"


async def test_somebody_left_out_gets_a_cancellation_and_somebody_new_an_invitation(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.respond(AINO, "accept")
    dan = Invitee("Dan Ö. Berg", "dan.berg@example.org")
    await sandbox.calendar.update(state.event_id, changed(invitees=(EVENT.invitees[0], EVENT.invitees[2], dan)))
    assert (await sandbox.event(BERTIL))["isCancelled"] is True
    assert (await sandbox.event("dan.berg@example.org"))["isCancelled"] is False
    assert answers(await sandbox.event(ORGANISER)) == {AINO: "accepted", CELIA: "none", "dan.berg@example.org": "none"}
    await sandbox.calendar.update(state.event_id, EVENT)
    assert (await sandbox.event(BERTIL))["isCancelled"] is False


async def test_the_join_block_survives_every_update(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    for html in ("<p>Toinen</p>", "<p>Kolmas</p><p>____________________________</p><p>viivan alla</p>", "<p>Neljäs</p>"):
        assert await sandbox.calendar.update(state.event_id, changed(html=html)) == state
        event = await sandbox.event(ORGANISER)
        assert event["isOnlineMeeting"] is True
        assert event["body"]["content"].count(f'href="{state.join_url}"') == 1
    assert event["bodyPreview"].split("_")[0].strip() == "Neljäs"


async def test_a_body_without_the_block_loses_the_online_meeting(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    url = f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/events/{state.event_id}"
    await sandbox.http.patch(url, headers=HEADERS, json={"body": {"contentType": "html", "content": "<p>Vain tämä</p>"}})
    event = await sandbox.event(ORGANISER)
    assert (event["isOnlineMeeting"], event["onlineMeeting"]) == (False, None)


async def test_a_meeting_can_go_online_later(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(changed(online=False))
    online = await sandbox.calendar.update(state.event_id, EVENT)
    assert online.join_url == (await sandbox.event(AINO))["onlineMeeting"]["joinUrl"]


async def test_an_online_meeting_without_a_room_is_not_changed_by_the_place_exchange_fills_in(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(changed(place=""))
    before = await sandbox.event(ORGANISER)
    assert before["location"]["displayName"] == "Microsoft Teams Meeting"
    await sandbox.calendar.update(state.event_id, changed(place=""))
    assert await sandbox.event(ORGANISER) == before


async def test_cancelling_reaches_everybody_and_twice_is_done(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.calendar.cancel(state.event_id, "Puheenjohtaja on estynyt")
    assert [(await sandbox.event(who))["isCancelled"] for who in (AINO, BERTIL, CELIA)] == [True, True, True]
    assert await sandbox.events(ORGANISER) == []
    await sandbox.calendar.cancel(state.event_id, "Puheenjohtaja on estynyt")


async def test_a_cancelled_event_is_gone_for_updates(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.calendar.cancel(state.event_id, "")
    with pytest.raises(CalendarFailure) as failure:
        await sandbox.calendar.update(state.event_id, EVENT)
    assert (failure.value.reason, failure.value.gone, failure.value.transient) == ("Graph 404 ErrorItemNotFound", True, False)


async def test_after_a_cancellation_the_key_makes_a_new_event(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.calendar.cancel(state.event_id, "")
    again = await sandbox.calendar.create(EVENT)
    assert again.event_id != state.event_id


async def test_an_unknown_mailbox_is_no_gone_event(sandbox: Sandbox) -> None:
    nobody = GraphCalendar(sandbox.client, "nobody")
    with pytest.raises(CalendarFailure) as failure:
        await nobody.cancel("AAkALg", "")
    assert (failure.value.reason, failure.value.gone) == ("Graph 404 ErrorInvalidUser", False)


async def test_the_organiser_is_never_invited_to_the_own_meeting(sandbox: Sandbox) -> None:
    twice = (*EVENT.invitees, Invitee("Siiri", ORGANISER.upper()), Invitee("Aino H.", AINO.upper()))
    state = await sandbox.calendar.create(changed(invitees=twice))
    before = await sandbox.event(ORGANISER)
    assert len(before["attendees"]) == 3
    await sandbox.calendar.update(state.event_id, changed(invitees=twice))
    assert await sandbox.event(ORGANISER) == before


async def test_throttling_surfaces_with_its_retry_after_and_without_sleep(sandbox: Sandbox) -> None:
    await sandbox.fault(status=429, code="ApplicationThrottled", retry_after="37")
    started = time.monotonic()
    with pytest.raises(CalendarFailure) as failure:
        await sandbox.calendar.create(EVENT)
    assert time.monotonic() - started < 2
    assert failure.value.reason == "Graph 429 ApplicationThrottled"
    assert (failure.value.retry_after, failure.value.transient, failure.value.gone) == (37.0, True, False)
    assert await sandbox.events(ORGANISER) == []


@pytest.mark.parametrize(
    ("fault", "reason", "transient"),
    [
        ({"status": 503}, "Graph 503 ErrorInternalServerError", True),
        ({"status": 500}, "Graph 500 ErrorInternalServerError", True),
        ({"status": 400, "code": "ErrorInvalidRequest"}, "Graph 400 ErrorInvalidRequest", False),
        ({"status": 403, "code": "Aino Harju <aino@example.org>"}, "Graph 403 Calendars.ReadWrite", False),
        ({"delay": 3.0}, "timeout", True),
        ({"drop": True}, "connection RemoteProtocolError", True),
    ],
)
async def test_failures_say_whether_to_try_again(sandbox: Sandbox, fault: dict[str, object], reason: str, transient: bool) -> None:
    await sandbox.fault(**fault)
    with pytest.raises(CalendarFailure) as failure:
        await sandbox.calendar.create(EVENT)
    found = failure.value
    assert (found.reason.replace("ReadError", "RemoteProtocolError"), found.transient, found.gone) == (reason, transient, False)
    assert found.retry_after is None


async def test_nobody_listening_is_transient() -> None:
    client = graph_client("http://127.0.0.1:9/graph/v1.0")
    with pytest.raises(CalendarFailure) as failure:
        await GraphCalendar(client, ORGANISER).create(EVENT)
    await client.aclose()
    assert (failure.value.reason, failure.value.transient) == ("connection ConnectError", True)


async def test_an_answer_lost_after_the_work_was_done_is_healed_by_a_repeat(sandbox: Sandbox) -> None:
    await sandbox.fault(drop=True, after=True, method="POST")
    with pytest.raises(CalendarFailure):
        await sandbox.calendar.create(EVENT)
    state = await sandbox.calendar.create(EVENT)
    assert (await sandbox.event(ORGANISER))["id"] == state.event_id
    assert len(await sandbox.events(AINO)) == 1


async def test_the_stand_in_finds_its_meetings_again_after_a_restart(
    sandbox: Sandbox, store: MemoryStore, now: Callable[[], datetime]
) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.respond(AINO, "accept")
    app = web.Application()
    add_sandbox(app, store, now=now)
    async with served(app) as url, aiohttp.ClientSession() as http:
        client = graph_client(f"{url}/graph/v1.0")
        again = Sandbox(url, client, GraphCalendar(client, ORGANISER), http)
        assert await again.calendar.create(EVENT) == state
        assert answers(await again.event(ORGANISER))[AINO] == "accepted"
        await client.aclose()


async def test_the_calendar_view_is_a_window(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    found = {}
    for start, end in (("2027-05-10T00:00:00Z", "2027-05-11T00:00:00Z"), ("2027-05-10T09:00:00Z", "2027-05-11T00:00:00Z")):
        url = f"{sandbox.url}/graph/v1.0/users/{AINO}/calendarView"
        async with sandbox.http.get(url, headers=HEADERS, params={"startDateTime": start, "endDateTime": end}) as answer:
            found[start] = len((await answer.json())["value"])
    assert found == {"2027-05-10T00:00:00Z": 1, "2027-05-10T09:00:00Z": 0}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"subject": "x"}, 400, "ErrorInvalidRequest"),
        ({"start": {"dateTime": "2027-05-10T12:00:00", "timeZone": "UTC"}}, 400, "ErrorInvalidRequest"),
        ({"start": "x"}, 400, "RequestBodyRead"),
        (
            {"start": {"dateTime": "2027-05-10T12:00:00", "timeZone": "Mars/Base"}, "end": {"dateTime": "2027-05-10T12:00:00"}},
            400,
            "TimeZoneNotSupportedException",
        ),
        (
            {"start": {"dateTime": "2027-05-10T12:00:00"}, "end": {"dateTime": "2027-05-10T11:00:00"}},
            400,
            "ErrorPropertyValidationFailure",
        ),
    ],
)
async def test_the_stand_in_refuses_as_graph_does(sandbox: Sandbox, body: dict[str, object], status: int, code: str) -> None:
    async with sandbox.http.post(f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/events", headers=HEADERS, json=body) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)


async def test_the_stand_in_wants_a_token_and_this_machine(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/events"
    async with sandbox.http.get(url) as answer:
        assert answer.status == 401
    async with sandbox.http.get(url, headers={**HEADERS, "Host": "pykala.example.org"}) as answer:
        assert answer.status == 403
    async with sandbox.http.get(f"{sandbox.url}/sandbox", headers={"Host": "pykala.example.org"}) as answer:
        assert answer.status == 403
