"""What people do in their calendars, as the bot reads it: the real SDK client against the real stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import httpx
import pytest
from aiohttp import web

from graph.answers import GraphAnswers
from graph.calendar import GraphCalendar
from graph.client import graph_client
from graph.limits import MailboxLimit
from graph.sandbox import MemoryStore, add_sandbox
from meetings.model import Response
from meetings.ports import CalendarFailure, EventChange, EventState
from tests.graph.conftest import AINO, BEFORE_ALL, BERTIL, CELIA, EVENT, HEADERS, ORGANISER, Sandbox, changed, local, served

TODAY = date(2027, 4, 1)
SAID = {"accept": Response.ACCEPTED, "tentativelyAccept": Response.TENTATIVE, "decline": Response.DECLINED}


@dataclass
class Reading:
    """The reading of answers, and the stand-in with its clock."""

    sandbox: Sandbox
    answers: GraphAnswers
    link: str = ""
    now: datetime = BEFORE_ALL

    async def read(self) -> list[EventChange]:
        changes = await self.answers.read(self.link, TODAY)
        self.link = changes.link
        return list(changes.events)

    async def write(self, method: str, event_id: str, body: dict[str, Any] | None = None) -> None:
        url = f"{self.sandbox.url}/graph/v1.0/users/{ORGANISER}/events/{event_id}"
        async with self.sandbox.http.request(method, url, headers=HEADERS, json=body) as answer:
            assert answer.status < 300, await answer.text()


@pytest.fixture
async def reading() -> AsyncIterator[Reading]:
    app = web.Application()
    made: list[Reading] = []
    add_sandbox(app, MemoryStore(), now=lambda: made[0].now if made else BEFORE_ALL)
    async with served(app) as url, aiohttp.ClientSession() as http:
        client = graph_client(f"{url}/graph/v1.0", timeout=httpx.Timeout(1.0))
        limit = MailboxLimit()
        sandbox = Sandbox(url, client, GraphCalendar(client, ORGANISER, limit=limit), http)
        made.append(Reading(sandbox, GraphAnswers(client, ORGANISER, limit)))
        yield made[0]
        await client.aclose()


async def begun(reading: Reading) -> EventState:
    state = await reading.sandbox.calendar.create(EVENT)
    await reading.read()
    return state


async def test_a_new_event_is_read_as_it_was_written_and_nobody_has_answered(reading: Reading) -> None:
    state = await reading.sandbox.calendar.create(EVENT)
    (change,) = await reading.read()
    assert change == EventChange(
        state.event_id, seen=state.seen, made_at=BEFORE_ALL, start=EVENT.start.replace(tzinfo=ZoneInfo(EVENT.zone))
    )
    assert await reading.read() == []


@pytest.mark.parametrize("answer", SAID)
async def test_an_answer_comes_with_its_time(reading: Reading, answer: str) -> None:
    state = await begun(reading)
    reading.now += timedelta(hours=1)
    await reading.sandbox.respond(BERTIL, answer)
    (change,) = await reading.read()
    (reply,) = change.replies
    assert (change.event_id, change.seen) == (state.event_id, state.seen)
    assert (reply.email, reply.response, reply.at) == (BERTIL, SAID[answer], BEFORE_ALL + timedelta(hours=1))
    assert reply.proposed_start is None
    assert await reading.read() == []


async def test_another_time_is_proposed_in_whatever_zone(reading: Reading) -> None:
    await begun(reading)
    event = await reading.sandbox.event(AINO)
    url = f"{reading.sandbox.url}/graph/v1.0/users/{AINO}/events/{event['id']}/tentativelyAccept"
    slot = {name: {"dateTime": f"2027-05-11T{hour}:00:00", "timeZone": "Europe/Helsinki"} for name, hour in (("start", 10), ("end", 12))}
    async with reading.sandbox.http.post(url, headers=HEADERS, json={"sendResponse": True, "proposedNewTime": slot}) as answer:
        assert answer.status == 202
    (change,) = await reading.read()
    (reply,) = change.replies
    assert (reply.response, reply.proposed_start, reply.proposed_end) == (
        Response.TENTATIVE,
        datetime(2027, 5, 11, 7, 0, tzinfo=UTC),
        datetime(2027, 5, 11, 9, 0, tzinfo=UTC),
    )


async def test_our_own_writing_is_read_as_ours(reading: Reading) -> None:
    state = await begun(reading)
    moved = changed(start=local("2027-05-12 08:30"), end=local("2027-05-12 09:30"), place="Sali 2", zone="Europe/Stockholm")
    written = await reading.sandbox.calendar.update(state.event_id, moved)
    (change,) = await reading.read()
    assert change.seen == written.seen != state.seen


async def test_somebodys_edit_is_not(reading: Reading) -> None:
    state = await begun(reading)
    await reading.write("PATCH", state.event_id, {"location": {"displayName": "Toisaalla"}})
    (change,) = await reading.read()
    assert not change.removed
    assert change.seen not in {"", state.seen}


async def test_a_deleted_event_is_removed(reading: Reading) -> None:
    state = await begun(reading)
    await reading.write("DELETE", state.event_id)
    assert await reading.read() == [EventChange(state.event_id, removed=True)]


async def test_many_events_are_read_page_by_page(reading: Reading) -> None:
    ids = {(await reading.sandbox.calendar.create(changed(key=f"calendar-{number}"))).event_id for number in range(60)}
    assert {one.event_id for one in await reading.read()} == ids


async def test_a_link_that_has_grown_too_old_reads_everything_again(reading: Reading) -> None:
    state = await begun(reading)
    await reading.sandbox.respond(CELIA, "accept")
    reading.now += timedelta(days=8)
    changes = await reading.answers.read(reading.link, TODAY)
    assert changes.until is not None
    (change,) = changes.events
    assert (change.event_id, change.seen, [one.email for one in change.replies]) == (state.event_id, state.seen, [CELIA])


@pytest.mark.parametrize("retry_after", ["7", None])
async def test_throttling_says_how_long_to_wait(reading: Reading, retry_after: str | None) -> None:
    await begun(reading)
    await reading.sandbox.fault(status=429, code="ApplicationThrottled", retry_after=retry_after)
    with pytest.raises(CalendarFailure) as caught:
        await reading.read()
    assert (caught.value.transient, caught.value.retry_after) == (True, float(retry_after) if retry_after else None)
    if retry_after is None:
        assert await reading.read() == []
        return
    with pytest.raises(CalendarFailure) as held:  # nothing is sent before
        await reading.read()
    assert held.value.retry_after == pytest.approx(float(retry_after), abs=1)
