"""What becomes of the calendars' answer: kept and told, refused and told, or left alone when the dates have changed meanwhile."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cards import render
from jobs.calendars import Links
from jobs.gates import Gate, LocalThrottle
from jobs.handlers import Handlers
from jobs.schedules import ScheduleHandlers
from meetings import commands as c
from meetings.effects import ReadSchedules, Tell
from meetings.model import Availability, Conversation, Draft
from meetings.ports import CalendarFailure
from meetings.screens.base import sentence
from meetings.screens.planning import DatesPlanned, DatesRead
from meetings.screens.polls import PollShown
from storage.transaction import Transaction
from tests.samples import body as sample_body
from tests.turns.room import actions, has_button, text_of
from tests.use_cases.stage import Stage, stage

DATES = "ma 1.6.2026, klo 11.30-13.30 (Teams)\nti 2.6.2026, klo 11.30 (Teams)\nke 11.11.2026, klo 11.30-13.30 (Teams)"
READ = ReadSchedules("body", "dr")
FREE, PERHAPS, BUSY = Availability.FREE, Availability.PERHAPS, Availability.BUSY
Windows = Sequence[tuple[datetime, datetime]]


class Calendars:
    """Everybody is free at all times but those in `taken`; `unread` have no calendar. `meanwhile` happens while Graph thinks."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], list[tuple[datetime, datetime]]]] = []
        self.taken: dict[str, dict[int, Availability]] = {}
        self.unread: set[str] = set()
        self.failure: CalendarFailure | None = None
        self.meanwhile: Callable[[Transaction], object] | None = None
        self.storage: Any = None

    async def read(self, addresses: Sequence[str], windows: Windows) -> Mapping[str, tuple[Availability, ...]]:
        self.asked.append((list(addresses), list(windows)))
        if self.meanwhile:
            await self.storage.run(self.meanwhile)
        if self.failure:
            raise self.failure
        return {
            address: tuple(self.taken.get(address[:2], {}).get(place, FREE) for place in range(len(windows)))
            for address in addresses
            if address[:2] not in self.unread
        }


class Office:
    """A stage with a draft of three dates, and the effect that asks about them."""

    def __init__(self, room: Stage) -> None:
        self.room = room
        self.calendars = Calendars()
        self.calendars.storage = room.storage
        self.handle = ScheduleHandlers(room.storage, self.calendars).read_schedules

    async def draft(self) -> Draft:
        return await self.room.storage.read(lambda tx: tx.draft("dr"))

    async def told(self) -> list[str]:
        found = [json.loads(text) for text in await self.room.effects("Tell")]
        assert all((one["person_id"], one["body_id"], one["draft_id"]) == ("sec", "body", "dr") for one in found)
        return [one["sentence"] for one in found]

    async def shown(self) -> DatesRead:
        return await self.room.shown(DatesRead, "sec", c.ShowDraft(draft_id="dr"))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    def put(tx: Transaction) -> None:
        for person in tx.people(["m1", "m2", "m3", "d1", "d2", "d3", "x1", "sec"]).values():
            tx.save(replace(person, email="" if person.id == "d3" else f"{person.id}@example.org"))
        tx.save(Draft("dr", "body", "dates", DATES))

    async with stage(tmp_path, sample_body()) as room:
        await room.storage.run(put, actor=await room.person("sec"))
        yield Office(room)


async def test_a_press_asks_and_the_answer_comes_later(office: Office) -> None:
    screen = await office.room.shown(DatesRead, "sec", c.AskCalendars(draft_id="dr"))
    assert screen.notice == sentence("schedules.asked")
    assert [json.loads(one) for one in await office.room.effects("ReadSchedules")] == [{"body_id": "body", "draft_id": "dr"}]


async def test_seats_and_heads_are_asked_in_utc_and_experts_are_not(office: Office) -> None:
    assert await office.handle(READ) == "6 calendars read"
    ((addresses, windows),) = office.calendars.asked
    assert addresses == [f"{one}@example.org" for one in ("d1", "d2", "m1", "m2", "m3", "sec")]
    # Summer time, an end that nobody wrote, and winter time.
    assert windows == [
        (datetime(2026, 6, 1, 8, 30, tzinfo=UTC), datetime(2026, 6, 1, 10, 30, tzinfo=UTC)),
        (datetime(2026, 6, 2, 8, 30, tzinfo=UTC), datetime(2026, 6, 2, 10, 30, tzinfo=UTC)),
        (datetime(2026, 11, 11, 9, 30, tzinfo=UTC), datetime(2026, 11, 11, 11, 30, tzinfo=UTC)),
    ]


async def test_the_answer_is_kept_and_the_dates_are_shown_best_first(office: Office) -> None:
    office.calendars.taken = {"m1": {0: BUSY}, "m2": {0: BUSY}, "m3": {0: BUSY, 1: BUSY}, "sec": {1: PERHAPS}}
    office.calendars.unread = {"d1"}
    await office.handle(READ)
    assert await office.told() == ["schedules_read"]
    screen = await office.shown()
    rows = [(row.plan.day.isoformat(), row.fit and row.fit.covered, row.full, row.unsure) for row in screen.rows]
    assert rows == [
        ("2026-11-11", 3, (), ()),
        ("2026-06-02", 2, (), ("Nimi m3",)),
        ("2026-06-01", 1, (), ("Nimi m1", "Nimi m3")),
    ]
    assert screen.unread == ("Nimi d1", "Nimi d3")


async def test_many_dates_are_shown_a_page_at_a_time(office: Office) -> None:
    def longer(tx: Transaction) -> None:
        tx.save(replace(tx.draft("dr"), source="\n".join(f"{day}.9.2026, klo 11.30-13.30" for day in range(1, 18))))

    await office.room.storage.run(longer)
    await office.handle(READ)
    pages = [await office.room.shown(DatesRead, "sec", c.ShowDraft(draft_id="dr", page=page)) for page in (1, 2, 3, 4)]
    assert [(one.page, one.pages) for one in pages] == [(1, 3), (2, 3), (3, 3), (3, 3)]
    assert [next(step.page for step in one.steps if isinstance(step, c.ShowDraft)) for one in pages] == [2, 3, 1, 1]
    last = render(pages[2], "fi", "n", str)
    assert [one["data"]["only"] for one in actions(last) if one["data"].get("only")] == ["2026-09-17T11:30"]
    assert "17. to 17.9.2026" in text_of(last)


async def test_a_text_read_as_dates_again_is_asked_about_anew(office: Office) -> None:
    await office.handle(READ)
    await office.room.do("sec", c.UseText(draft_id="dr", kind="dates"))
    assert (await office.draft()).busy == ()


async def test_one_date_is_planned_alone(office: Office) -> None:
    await office.handle(READ)
    planned = await office.room.shown(DatesPlanned, "sec", c.ConfirmDates(draft_id="dr", only="2026-06-02T11:30"))
    assert [(one.day.isoformat(), one.designation) for one in planned.meetings] == [("2026-06-02", "5/2026")]


async def test_a_date_that_is_not_on_the_list_is_not_planned(office: Office) -> None:
    assert await office.room.refused("sec", c.ConfirmDates(draft_id="dr", only="2026-06-03T11:30")) == "schedules.which"
    assert len((await office.shown()).rows) == 3


async def test_the_best_three_of_four_are_polled(office: Office) -> None:
    def longer(tx: Transaction) -> None:
        tx.save(replace(tx.draft("dr"), source=f"{DATES}\nto 12.11.2026, klo 11.30-13.30 (Teams)"))

    await office.room.storage.run(longer)
    assert await office.room.refused("sec", c.OpenPoll(draft_id="dr", best=True)) == "schedules.unasked"
    assert c.OpenPoll(draft_id="dr", best=True) not in (await office.shown()).steps
    office.calendars.taken = {"m1": {1: BUSY}}
    await office.handle(READ)
    assert c.OpenPoll(draft_id="dr", best=True) in (await office.shown()).steps
    poll = await office.room.shown(PollShown, "sec", c.OpenPoll(draft_id="dr", best=True))
    assert [row.suiting.option.day.isoformat() for row in poll.rows] == ["2026-06-01", "2026-11-11", "2026-11-12"]


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (CalendarFailure("Graph 403", refused=True), "schedules_refused"),
        (CalendarFailure("Graph 404", mailbox=True), "schedules_mailbox"),
        (CalendarFailure("timeout", transient=True), "schedules_failed"),
        (CalendarFailure("token invalid_client"), "schedules_failed"),
    ],
)
async def test_a_failure_is_told_at_once_and_the_dates_can_still_be_planned(
    office: Office, failure: CalendarFailure, sentence: str
) -> None:
    office.calendars.failure = failure
    assert await office.handle(READ) == failure.reason
    assert await office.told() == [sentence]
    assert (await office.draft()).busy == ()
    assert {c.ConfirmDates(draft_id="dr"), c.AskCalendars(draft_id="dr")} <= set((await office.shown()).steps)


async def test_a_time_to_come_back_is_waited_for(office: Office) -> None:
    office.calendars.failure = CalendarFailure("Graph 429", transient=True, retry_after=30.0)
    with pytest.raises(CalendarFailure):
        await office.handle(READ)
    assert await office.told() == []
    office.calendars.failure = None
    await office.handle(READ)
    assert await office.told() == ["schedules_read"]


def _other_dates(tx: Transaction) -> None:
    tx.save(replace(tx.draft("dr"), source="ma 1.6.2026, klo 12.30-13.30 (Teams)"))


def _other_kind(tx: Transaction) -> None:
    tx.save(replace(tx.draft("dr"), kind="agenda"))


def _impossible(tx: Transaction) -> None:
    tx.save(replace(tx.draft("dr"), source="ma 1.6.2026, klo 12.30-11.30 (Teams)"))


def _dropped(tx: Transaction) -> None:
    tx.drop_draft("dr")


CHANGES = [_other_dates, _other_kind, _impossible, _dropped]


@pytest.mark.parametrize("change", CHANGES)
async def test_an_answer_to_dates_that_have_changed_since_is_not_shown(office: Office, change: Callable[[Transaction], None]) -> None:
    office.calendars.meanwhile = change
    assert await office.handle(READ) == "the dates have changed since"
    assert await office.told() == []
    if change is not _dropped:
        assert (await office.draft()).busy == ()


@pytest.mark.parametrize("change", CHANGES[1:])
async def test_dates_that_are_gone_are_not_asked_about(office: Office, change: Callable[[Transaction], None]) -> None:
    await office.room.storage.run(change)
    assert await office.handle(READ) == "nothing to ask"
    assert office.calendars.asked == []


async def test_an_answer_that_changes_the_dates_forgets_what_the_calendars_said(office: Office) -> None:
    await office.handle(READ)
    assert (await office.shown()).rows[0].fit
    await office.room.do("sec", c.AnswerQuestion(draft_id="dr", question="q", choice="x"))
    assert (await office.draft()).busy == ()


class Desk:
    """The secretary's chat."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []

    async def post(self, service_url: str, conversation_id: str, activity: dict[str, Any]) -> str:
        assert (service_url, conversation_id) == ("https://smba.example.org", "a:desk")
        self.posted.append(activity)
        return "activity"


@pytest.mark.parametrize(("sentence", "style"), [("schedules_read", "good"), ("schedules_failed", "attention")])
async def test_the_secretary_gets_the_card_of_the_dates_unless_they_were_dropped(office: Office, sentence: str, style: str) -> None:
    room, desk = office.room, Desk()
    adapter: Any = desk
    place = Conversation("a:desk", "tenant", "https://smba.example.org", "personal", person_id="sec")
    await room.storage.run(lambda tx: tx.save(place))
    unused: Any = None  # nothing of the calendar, and no letter
    links = Links("", unused, unused, unused)
    handlers = Handlers(room.storage, adapter, unused, links, Gate(LocalThrottle(), "post", 0), unused, unused)
    told = Tell("one", "sec", sentence, (), "body", draft_id="dr")
    assert await handlers.tell(told) == "activity"
    (card,) = (one["content"] for one in desk.posted[0]["attachments"])
    assert card["body"][0]["style"] == style
    assert has_button(card, "ask_calendars")
    await room.storage.run(_dropped)
    assert await handlers.tell(told) == "the draft is gone"
    assert len(desk.posted) == 1


async def test_asking_twice_is_the_same_as_asking_once(office: Office) -> None:
    office.calendars.taken = {"m1": {0: BUSY}}
    await office.handle(READ)
    first = await office.draft()
    await office.handle(READ)
    assert await office.draft() == first
