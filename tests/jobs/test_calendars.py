"""What the effects of the calendar ask of Graph for a meeting in the database: through the real client, against the stand-in."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.calendar import GraphCalendar
from graph.client import GraphClient, graph_client
from graph.sandbox import MemoryStore, add_sandbox
from jobs.calendars import Calendars
from jobs.runner import Runner
from meetings.commands import CancelMeeting, MoveMeeting, RestoreEvent, SignIn
from meetings.effects import SyncEvent
from meetings.model import DeputyCall, Document, EventTrouble, Phase
from meetings.ports import CalendarFailure
from meetings.rules.answers import invited
from storage.transaction import Transaction
from tests.graph.conftest import ORGANISER, served
from tests.samples import NOW
from tests.use_cases.stage import Stage, stage

SYNC = SyncEvent("meeting")


@dataclass
class Office:
    """A stage with its calendar; `sync` is the effect."""

    room: Stage
    client: GraphClient
    calendars: Calendars
    store: MemoryStore
    url: str

    async def sync(self) -> str:
        return await self.calendars.sync_event(SYNC)

    async def change(self, **parts: Any) -> None:
        await self.room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), **parts)))

    async def body(self, **parts: Any) -> None:
        await self.room.storage.run(lambda tx: tx.save(replace(tx.body("body"), **parts)))

    async def event(self) -> dict[str, Any]:
        (only,) = await self.store.all("meeting")
        return only

    async def invited(self) -> dict[str, str]:
        return {one["address"].split("@")[0]: one["type"] for one in (await self.event())["attendees"] if not one.get("uninvited")}

    async def told(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in await self.room.effects("Tell")]


def with_emails(tx: Transaction) -> None:
    for person in tx.people(["m1", "m2", "m3", "d1", "d2", "d3", "x1", "sec"]).values():
        tx.save(replace(person, email=f"{person.id}@example.org"))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as made:
        yield made


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Office]:
    app, store = web.Application(), MemoryStore()
    add_sandbox(app, store, now=lambda: NOW)
    async with served(app) as url, stage(folder) as room:
        await room.storage.run(with_emails)
        client = graph_client(f"{url}/graph/v1.0", timeout=httpx.Timeout(3.0))

        def address(document_id: str, at: datetime | None = None) -> str:
            return f"https://bot.example.org/documents/{document_id}?until={int(at.timestamp()) if at else 0}&mark=m"

        yield Office(room, client, Calendars(room.storage, GraphCalendar(client, ORGANISER), address), store, url)
        await client.aclose()


async def test_members_must_and_experts_may_come(office: Office) -> None:
    await office.sync()
    assert await office.invited() == {"m1": "required", "m2": "required", "m3": "required", "sec": "required", "x1": "optional"}
    meeting = await office.room.meeting()
    assert meeting.event_id
    assert meeting.event_uid
    assert meeting.event_seen


async def test_a_called_deputy_comes_beside_the_member_and_goes_when_the_call_ends(office: Office) -> None:
    calls = [
        DeputyCall("c1", "meeting", "s1", "d1", "m1", NOW),
        DeputyCall("c2", "meeting", "s2", "d2", "m2", NOW, accepted=False),
        DeputyCall("c3", "meeting", "s3", "d3", "m3", NOW, item_id="i2"),
    ]
    await office.change(deputy_calls=tuple(calls))
    await office.sync()
    invited = await office.invited()
    assert (invited["m1"], invited["d1"], invited["d2"]) == ("required", "required", "required")
    assert "d3" not in invited
    await office.change(deputy_calls=(replace(calls[0], ended_at=NOW), *calls[1:]))
    await office.sync()
    assert "d1" not in await office.invited()


async def test_the_agenda_comes_into_the_invitation_with_its_link_and_stays_as_it_is(office: Office) -> None:
    await office.sync()
    assert "Asia 2" not in (await office.event())["content"]
    document = Document("doc1", "meeting", "agenda", "pdf", 1, "agenda.pdf", "0")
    await office.room.storage.run(lambda tx: tx.add_document(document, b"%PDF"))
    await office.sync()
    event = await office.event()
    assert "Asia 2" in event["content"]
    assert "https://bot.example.org/documents/doc1" in event["content"]
    office.room.now = datetime(2026, 5, 11, 9, 0, tzinfo=UTC)
    await office.sync()
    assert await office.event() == event


async def test_an_edit_in_outlook_is_told_and_left_until_both_are_alike_again(office: Office) -> None:
    await office.sync()
    before = await office.room.meeting()
    event = await office.event()
    await office.store.put("meeting", event["id"], {**event, "location": "Kahvila"})
    await office.change(start=time(9, 0))
    assert await office.sync() == "edited in Outlook"
    (told,) = await office.told()
    assert (told["person_id"], told["sentence"]) == ("sec", "event_edited")
    assert dict(told["params"])["place"] == "Kahvila"
    event = await office.event()
    assert (event["location"], event["start"]["dateTime"][:16]) == ("Kahvila", "2026-05-11T10:00")
    # Changed here as it was changed there.
    await office.change(start=before.start, place="Kahvila")
    assert await office.sync() == before.event_id
    await office.change(start=time(9, 0))
    assert await office.sync() == before.event_id
    assert (await office.event())["start"]["dateTime"][:16] == "2026-05-11T09:00"
    assert len(await office.told()) == 1


async def test_an_edit_is_told_once_and_written_over_when_the_secretary_says_so(office: Office) -> None:
    await office.sync()
    event = await office.event()
    await office.store.put("meeting", event["id"], {**event, "location": "Kahvila"})
    for _ in range(2):
        assert await office.sync() == "edited in Outlook"
    assert len(await office.told()) == 1
    await office.room.do("sec", RestoreEvent(meeting_id="meeting"))
    await office.sync()
    assert (await office.event())["location"] == "Kunnantalo"
    assert (await office.room.meeting()).event_trouble is EventTrouble.NONE


async def test_an_event_deleted_in_outlook_is_asked_about_once_and_made_anew_at_a_press(office: Office) -> None:
    await office.sync()
    before = await office.room.meeting()
    event = await office.event()
    await office.store.put("meeting", event["id"], {**event, "cancelled": True})
    for _ in range(2):
        assert await office.sync() == "deleted in Outlook"
    assert [(one["person_id"], one["sentence"]) for one in await office.told()] == [("sec", "event_gone")]
    assert len(await office.store.all("meeting")) == 1
    await office.room.do("sec", RestoreEvent(meeting_id="meeting"))
    await office.sync()
    after = await office.room.meeting()
    assert after.event_id != before.event_id
    assert after.event_trouble is EventTrouble.NONE
    await office.sync()
    assert [one["cancelled"] for one in await office.store.all("meeting")] == [True, False]


async def test_a_meeting_whose_event_was_deleted_can_be_cancelled(office: Office) -> None:
    await office.sync()
    event = await office.event()
    await office.store.put("meeting", event["id"], {**event, "cancelled": True})
    await office.sync()
    await office.room.do("sec", CancelMeeting(meeting_id="meeting", reason="Este.", confirmed=True))
    await office.sync()
    assert len(await office.told()) == 1


async def _fault(office: Office, **fault: object) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{office.url}/graph/sandbox/faults", json=fault) as answer:
        assert answer.status == 204


async def test_an_event_whose_making_was_not_answered_is_one_event_and_one_invitation_each(office: Office) -> None:
    await _fault(office, drop=True, after=True, method="POST", path="*/events")
    with pytest.raises(CalendarFailure):
        await office.sync()
    await office.sync()
    invitations = [one for one in await office.store.all("mail") if one["sort"] == "invitation"]
    assert sorted(to["address"][:2] for one in invitations for to in one["to"]) == ["m1", "m2", "m3", "se", "x1"]
    assert len(await office.store.all("meeting")) == 1


SAID = st.tuples(st.sampled_from(["m1", "m2", "m3", "d1", "d2", "d3"]), st.sampled_from(["coming", "late", "excused"]))
MOVED = st.sampled_from(["ma 18.5.2026 klo 10-12", "ti 19.5.2026 klo 9-11"])
LOST = st.sampled_from([{"drop": True, "after": True}, {"status": 503}, {"status": 412}])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(SAID, MOVED, LOST), min_size=3, max_size=10))
def test_after_any_answers_moves_and_failures_the_calendar_says_what_the_record_says(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_walk(Path(folder), steps))


async def _walk(folder: Path, steps: list[Any]) -> None:
    async with opened(folder) as office:
        office.room.now = NOW - timedelta(days=6)
        await office.sync()
        for step in steps:
            office.room.now += timedelta(minutes=1)
            match step:
                case dict():
                    await _fault(office, method="PATCH", **step)
                case str():
                    await office.room.do("sec", MoveMeeting(meeting_id="meeting", text=step, confirmed=True))
                case (who, sign):
                    await office.room.do(who, SignIn(meeting_id="meeting", sign=sign))
            for _ in range(4):
                with suppress(CalendarFailure):
                    await office.sync()
            body, meeting = await office.room.body(), await office.room.meeting()
            required, optional = invited(body, meeting)
            assert await office.invited() == dict.fromkeys(required, "required") | dict.fromkeys(optional, "optional")
            event = await office.event()
            assert event["start"]["dateTime"][:16] == f"{meeting.day}T{meeting.start:%H:%M}"
        mails = Counter((one["sort"], to["address"]) for one in await office.store.all("mail") for to in one["to"])
        assert all(mails["invitation", one] <= 1 + mails["cancellation", one] for _, one in list(mails))
        assert [one for one in await office.told() if one["sentence"].startswith("event_")] == []


async def test_a_meeting_cancelled_while_the_making_of_its_event_was_not_answered_leaves_no_event(office: Office) -> None:
    await _fault(office, drop=True, after=True, method="POST")
    with pytest.raises(CalendarFailure):
        await office.sync()
    await office.room.do("sec", CancelMeeting(meeting_id="meeting", reason="Este.", confirmed=True))
    await office.sync()
    assert [one["cancelled"] for one in await office.store.all("meeting")] == [True]


async def test_nor_one_made_again(office: Office) -> None:
    await office.sync()
    event = await office.event()
    await office.store.put("meeting", event["id"], {**event, "cancelled": True})
    await office.sync()
    await office.room.do("sec", RestoreEvent(meeting_id="meeting"))
    await _fault(office, drop=True, after=True, method="POST")
    with pytest.raises(CalendarFailure):
        await office.sync()
    await office.room.do("sec", CancelMeeting(meeting_id="meeting", reason="Este.", confirmed=True))
    await office.sync()
    assert [one["cancelled"] for one in await office.store.all("meeting")] == [True, True]


@pytest.mark.parametrize("lost", [{"drop": True, "after": True}, {"delay": 4.0, "after": True}])
async def test_a_change_whose_answer_was_lost_is_mailed_once(office: Office, lost: dict[str, object]) -> None:
    await office.sync()
    await office.change(place="Toinen huone")
    await _fault(office, method="PATCH", **lost)
    with pytest.raises(CalendarFailure):
        await office.sync()
    await office.sync()
    mails = [one for one in await office.store.all("mail") if one["sort"] == "update"]
    assert [one["location"] for one in await office.store.all("meeting")] == ["Toinen huone"]
    assert len(mails) == 1
    assert await office.told() == []


async def test_a_cancellation_whose_answer_was_lost_is_mailed_once(office: Office) -> None:
    await office.sync()
    await office.room.do("sec", CancelMeeting(meeting_id="meeting", reason="Este.", confirmed=True))
    await _fault(office, drop=True, after=True, method="POST", path="*/cancel")
    with pytest.raises(CalendarFailure):
        await office.sync()
    await office.sync()
    assert len([one for one in await office.store.all("mail") if one["sort"] == "cancellation"]) == 1


async def test_a_guest_invited_in_outlook_stays(office: Office) -> None:
    await office.sync()
    event = await office.event()
    guest = {"name": "Vieras", "address": "vieras@example.org", "type": "optional", "response": "none", "time": ""}
    await office.store.put("meeting", event["id"], {**event, "attendees": [*event["attendees"], guest]})
    await office.change(place="Toinen huone")
    await office.sync()
    assert (await office.event())["location"] == "Toinen huone"
    await office.body(chair_id="m3")
    await office.sync()
    assert (await office.invited())["vieras"] == "optional"


async def test_another_edit_is_told_too(office: Office) -> None:
    await office.sync()
    for place in ("Kahvila", "Kahvila", "Aula"):
        event = await office.event()
        await office.store.put("meeting", event["id"], {**event, "location": place})
        assert await office.sync() == "edited in Outlook"
    assert [dict(one["params"])["place"] for one in await office.told()] == ["Kahvila", "Aula"]


async def test_what_was_given_up_for_a_mailbox_that_is_none_is_told_and_made_at_a_press(office: Office) -> None:
    await _fault(office, status=404, code="ErrorInvalidUser", times=3)
    runner = Runner(office.room.storage, {SyncEvent: office.calendars.sync_event})
    await office.room.storage.run(lambda tx: tx.later(SYNC))
    for _ in range(3):
        for claimed in await runner._claim():
            await runner._carry_out(claimed)
        office.room.now += timedelta(minutes=1)
    assert [one["sentence"] for one in await office.told()] == ["dead_SyncEvent_mailbox"]
    assert (await office.room.meeting()).event_trouble is EventTrouble.FAILED
    await office.room.do("sec", RestoreEvent(meeting_id="meeting"))
    await office.sync()
    assert (await office.event())["subject"]
    assert (await office.room.meeting()).event_trouble is EventTrouble.NONE


async def test_once_the_meeting_is_open_nobody_is_asked_about_its_invitation(office: Office) -> None:
    await office.sync()
    event = await office.event()
    await office.store.put("meeting", event["id"], {**event, "cancelled": True})
    await office.change(phase=Phase.OPEN, opened_at=NOW)
    assert await office.sync() == "deleted in Outlook"
    assert await office.told() == []


@pytest.mark.parametrize(("status", "code", "cause"), [(403, "ErrorAccessDenied", "refused"), (404, "ErrorInvalidUser", "mailbox")])
async def test_what_an_administrator_must_mend_is_said_to_the_secretary(office: Office, status: int, code: str, cause: str) -> None:
    room = office.room

    async def fails(effect: SyncEvent) -> str:
        raise CalendarFailure(f"Graph {status} {code}", refused=status == 403, mailbox=status == 404)

    runner = Runner(room.storage, {SyncEvent: fails})
    await room.storage.run(lambda tx: tx.later(SYNC))
    for _ in range(3):
        for claimed in await runner._claim():
            await runner._carry_out(claimed)
        room.now = room.now.replace(hour=room.now.hour + 1)
    (told,) = await office.told()
    assert (told["person_id"], told["sentence"]) == ("sec", f"dead_SyncEvent_{cause}")


async def test_a_lost_answer_makes_one_event_and_is_nobodys_edit(office: Office) -> None:
    await office.sync()
    await office.change(place="Sali 2")
    meeting = await office.room.meeting()
    # As if the answer to the writing was lost: only what was noted before it is kept.
    noted = await office.calendars._about_to_write(meeting, "other")
    assert noted == f"{meeting.event_seen} other"
    assert (await office.room.meeting()).event_seen == noted
    await office.sync()
    await office.change(place="Sali 3")
    await office.sync()
    assert (await office.event())["location"] == "Sali 3"
    assert await office.told() == []
    assert " " not in (await office.room.meeting()).event_seen
