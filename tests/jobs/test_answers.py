"""Reading answers for ever: what is done with what was read, and what happens when it cannot be read or written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from jobs.answers import LIFE, OFTEN, SELDOM, AnswerHandlers
from jobs.runner import Runner
from meetings.effects import ReadAnswers
from meetings.model import EventTrouble, Phase, Response
from meetings.ports import CalendarFailure, Changes, EventChange, EventState, Reply, Subscription
from storage import outbox, tables
from storage.transaction import Transaction, Watch
from tests.samples import meeting as sample_meeting
from tests.use_cases.stage import Stage, stage

NOW = datetime(2026, 5, 1, 7, 0, tzinfo=UTC)
MAILBOX, ADDRESS = "Sihteeri@example.org", "https://bot.example.org/graph/notifications"
READ = ReadAnswers()
SEEN = "d1g357"
M1, M2 = "m1@example.org", "m2@example.org"


class Calendar:
    """The port, saying what the test laid out: a reading is what is told, or a failure."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.readings: list[Changes | CalendarFailure] = []
        self.links: list[str] = []
        self.subscribed: list[tuple[str, str]] = []
        self.renewed: list[str] = []
        self.granted = LIFE
        self.refuses: CalendarFailure | None = CalendarFailure("Graph 400 ValidationError")
        self.lost = False

    async def read(self, link: str, today: date) -> Changes:
        self.links.append(link)
        told = self.readings.pop(0) if self.readings else Changes((), link or "first", None if link else today + timedelta(days=400))
        if isinstance(told, CalendarFailure):
            raise told
        return told

    async def subscribe(self, address: str, client_state: str, until: datetime) -> Subscription:
        if self.refuses:
            raise self.refuses
        self.subscribed.append((address, client_state))
        self.lost = False
        return Subscription(f"s{len(self.subscribed)}", min(until, self.now() + self.granted))

    async def renew(self, subscription_id: str, until: datetime) -> Subscription:
        self.renewed.append(subscription_id)
        if self.lost:
            raise CalendarFailure("Graph 404 ResourceNotFound", gone=True)
        if self.refuses:
            raise self.refuses
        return Subscription(subscription_id, min(until, self.now() + self.granted))


class Post:
    """A stage with its calendar. `read` is the effect as the runner would run it."""

    def __init__(self, room: Stage) -> None:
        self.room = room
        self.calendar = Calendar(lambda: room.now)
        self.start()

    def start(self) -> None:
        """As after a restart: nothing is remembered but what is stored."""
        self.handlers = AnswerHandlers(self.room.storage, self.calendar, MAILBOX, ADDRESS)

    async def read(self, *readings: Changes | CalendarFailure) -> str:
        self.calendar.readings += readings
        return await self.handlers.read_answers(READ)

    async def watch(self) -> Watch:
        return await self.room.storage.read(lambda tx: tx.watch(MAILBOX.casefold()))

    async def answers(self) -> dict[str, Response]:
        return {one.person_id: one.response for one in (await self.room.meeting()).answers}

    async def next(self) -> timedelta:
        """How long until the one reading that waits."""
        (due,) = await self.room.due("ReadAnswers")
        return due - self.room.now

    async def told(self) -> list[tuple[str, str]]:
        return [(one["person_id"], one["sentence"]) for one in map(json.loads, await self.room.effects("Tell"))]

    async def journalled(self) -> int:
        query = select(tables.journal.c.seq).where(tables.journal.c.command == "take_answers")
        return len(await self.room.storage.look(lambda connection, _now: connection.execute(query).all()))


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with stage(tmp_path) as room:
        room.now = NOW
        await room.storage.run(_begun)
        yield Post(room)


def _begun(tx: Transaction) -> None:
    for person in tx.people(["m1", "m2", "m3", "sec"]).values():
        tx.save(replace(person, email=f"{person.id}@example.org"))
    tx.note_event("meeting", EventState("event", "", "uid", f"older {SEEN}"))


def _seq(connection: Connection) -> int:
    found = connection.execute(select(tables.effect.c.seq).where(tables.effect.c.kind == "SyncEvent")).scalar_one()
    return int(found)


def said(response: Response, email: str = M1, minutes: int = 0) -> Reply:
    return Reply(email, response, NOW - timedelta(hours=1) + timedelta(minutes=minutes))


def told(*replies: Reply, link: str = "next", until: date | None = None, **parts: Any) -> Changes:
    return Changes((EventChange("event", **{"seen": SEEN, "replies": replies, **parts}),), link, until)


# --- what is told ---


async def test_an_answer_is_in_the_meeting_and_the_link_is_kept(post: Post) -> None:
    assert await post.read(told(said(Response.ACCEPTED), said(Response.DECLINED, M2), until=date(2027, 6, 5))) == "1"
    assert await post.answers() == {"m1": Response.ACCEPTED, "m2": Response.DECLINED}
    watch = await post.watch()
    assert (watch.delta_link, watch.window_end) == ("next", date(2027, 6, 5))
    await post.read()
    assert post.calendar.links == ["", "next"]


async def test_the_same_told_again_is_nothing_new(post: Post) -> None:
    await post.read(told(said(Response.ACCEPTED)))
    version = (await post.room.meeting()).version
    await post.read(
        told(said(Response.ACCEPTED)),
    )
    await post.read(told(said(Response.ACCEPTED), until=date(2027, 6, 5)))
    assert (await post.room.meeting()).version == version
    assert await post.journalled() == 1
    assert await post.room.effects("SyncEvent") == []


async def test_the_newer_answer_counts_in_whatever_order_they_come(post: Post) -> None:
    await post.read(told(said(Response.DECLINED, minutes=10)))
    await post.read(told(said(Response.ACCEPTED, minutes=5)))
    assert await post.answers() == {"m1": Response.DECLINED}
    await post.read(told(said(Response.ACCEPTED, minutes=15)))
    assert await post.answers() == {"m1": Response.ACCEPTED}


@pytest.mark.parametrize("parts", [{"removed": True, "seen": ""}, {"seen": "another"}, {"seen": ""}])
async def test_an_event_that_is_not_as_it_was_written_is_looked_into(post: Post, parts: dict[str, Any]) -> None:
    await post.read(told(**parts))
    assert await post.room.effects("SyncEvent") == ['{"meeting_id": "meeting"}']


async def test_others_events_and_meetings_that_have_begun_are_nothing_to_us(post: Post) -> None:
    await post.read(Changes((EventChange("lunch", seen="x", replies=(said(Response.DECLINED),)),), "next"))
    await post.room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), phase=Phase.OPEN, opened_at=NOW)))
    await post.read(told(said(Response.DECLINED), seen="edited"))
    assert await post.answers() == {}
    assert await post.room.effects("SyncEvent") == []


async def test_after_a_full_reading_what_is_not_there_is_looked_into(post: Post) -> None:
    """A deletion is not told when everything is read anew."""
    await post.read(Changes((), "next", date(2027, 6, 5)))
    assert await post.room.effects("SyncEvent") == ['{"meeting_id": "meeting"}']


async def test_a_full_reading_says_nothing_of_what_lies_behind_its_range_or_is_over(post: Post) -> None:
    await post.read(Changes((), "next", date(2026, 5, 11)))
    post.room.now = NOW + timedelta(days=30)
    await post.read(Changes((), "next", date(2027, 6, 5)))
    assert await post.room.effects("SyncEvent") == []


async def test_an_event_made_just_now_may_be_ours_so_it_is_told_again(post: Post) -> None:
    """Its id is written down after Graph has answered, and somebody's mailbox answers by itself."""
    fresh = EventChange("new", seen=SEEN, replies=(said(Response.ACCEPTED),), made_at=NOW - timedelta(seconds=2))
    await post.room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), event_trouble=EventTrouble.OURS)))
    await post.read(Changes((), "one", date(2027, 6, 5)), Changes((fresh,), "two"))
    await post.read()
    await post.room.storage.run(lambda tx: tx.note_event("meeting", EventState("new", "", "uid", SEEN)))
    await post.read(Changes((fresh,), "two"))
    assert post.calendar.links == ["", "one", "one"]
    assert await post.answers() == {"m1": Response.ACCEPTED}
    assert (await post.watch()).delta_link == "two"


async def test_what_may_be_ours_is_asked_for_again_soon_though_changes_are_notified(post: Post) -> None:
    """Nobody notifies twice: by the answer to an event whose making was interrupted, a deputy is called today and not in half an hour."""
    post.calendar.refuses = None
    fresh = EventChange("new", seen=SEEN, replies=(said(Response.DECLINED),), made_at=NOW - timedelta(seconds=2))
    await post.room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), event_trouble=EventTrouble.OURS)))
    await post.read()
    await post.read(Changes((fresh,), "two"))
    assert await post.next() == OFTEN
    await post.read()
    assert await post.next() == SELDOM


async def test_an_older_event_of_somebody_else_is_not_asked_for_twice(post: Post) -> None:
    await post.read(Changes((EventChange("lunch", made_at=NOW - timedelta(hours=1)),), "two", date(2027, 6, 5)))
    assert (await post.watch()).delta_link == "two"


async def test_the_range_is_made_anew_while_a_year_is_still_ahead(post: Post) -> None:
    await post.read(Changes((), "one", NOW.date() + timedelta(days=400)))
    post.room.now += timedelta(days=29)
    await post.read()
    post.room.now += timedelta(days=1)
    await post.read()
    assert post.calendar.links == ["", "one", ""]


# --- never ending ---


async def test_whatever_fails_is_told_once_and_the_next_reading_is_written_down(post: Post) -> None:
    class Bug(Exception):
        pass

    async def broken(link: str, today: date) -> Changes:
        raise Bug

    post.calendar.read = broken  # type: ignore[method-assign]
    for _ in range(3):
        assert await post.read() == "Bug"
        assert await post.next() == OFTEN
        post.room.now += OFTEN
    assert await post.told() == [("sec", "dead_ReadAnswers")]


async def test_a_subscription_that_fails_in_any_way_does_not_keep_from_reading(post: Post) -> None:
    post.calendar.refuses = ZeroDivisionError()  # type: ignore[assignment]
    await post.read(told(said(Response.ACCEPTED)))
    assert await post.answers() == {"m1": Response.ACCEPTED}


async def test_answers_to_the_old_time_of_a_moved_meeting_do_not_count(post: Post) -> None:
    old = replace(told(said(Response.DECLINED)).events[0], start=datetime(2026, 5, 11, 6, 0, tzinfo=UTC))
    await post.read(Changes((old,), "one"))
    assert await post.answers() == {}
    new = replace(old, start=datetime(2026, 5, 11, 7, 0, tzinfo=UTC))
    await post.read(Changes((new,), "two"))
    assert await post.answers() == {"m1": Response.DECLINED}


async def test_an_event_found_to_be_ours_while_it_was_read_is_told_again(post: Post) -> None:
    """Its id was written down between the look at whose it is and the end of the reading."""
    read = post.calendar.read

    async def meanwhile(link: str, today: date) -> Changes:
        changes = await read(link, today)
        look = post.room.storage.read

        async def late(work: Any) -> Any:
            found = await look(work)
            await post.room.storage.run(lambda tx: tx.note_event("meeting", EventState("new", "", "uid", SEEN)))
            post.room.storage.read = look  # type: ignore[method-assign]
            return found

        post.room.storage.read = late  # type: ignore[method-assign, assignment]
        return changes

    post.calendar.read = meanwhile  # type: ignore[method-assign]
    await post.read(Changes((EventChange("new", seen=SEEN, replies=(said(Response.ACCEPTED),), made_at=NOW),), "two"))
    assert (await post.watch()).delta_link == ""


async def test_what_was_given_up_is_tried_again_when_reading_works_again(post: Post) -> None:
    await post.room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), event_trouble=EventTrouble.FAILED)))
    await post.read(CalendarFailure("Graph 403", refused=True))
    assert await post.room.effects("SyncEvent") == []
    post.room.now += OFTEN
    await post.read(Changes((), "one"))
    assert len(await post.room.effects("SyncEvent")) == 1
    await post.room.storage.execute(lambda connection, now: outbox.finish(connection, now, _seq(connection), ""))
    await post.read(Changes((), "two"))
    assert len(await post.room.effects("SyncEvent")) == 1


@pytest.mark.parametrize(
    "reading", [Changes((EventChange("event", seen=SEEN),), "next"), Changes((EventChange("new", seen=SEEN, made_at=NOW),), "next")]
)
async def test_a_notification_during_a_reading_is_not_lost(post: Post, reading: Changes) -> None:
    """The next reading, written at the beginning, is moved to now; nothing at the end moves it away again, nor what is to be told again."""
    await post.room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), event_trouble=EventTrouble.OURS)))
    read = post.calendar.read

    async def meanwhile(link: str, today: date) -> Changes:
        await post.room.storage.run(lambda tx: tx.later(READ))
        return await read(link, today)

    post.calendar.read = meanwhile  # type: ignore[method-assign]
    await post.read(reading)
    assert await post.next() == timedelta(0)


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (CalendarFailure("Graph 429", transient=True, retry_after=1800.0), timedelta(minutes=30)),
        (CalendarFailure("Graph 429", transient=True, retry_after=3.0), OFTEN),
        (CalendarFailure("Graph 429", transient=True), OFTEN),
        (CalendarFailure("Graph 503", transient=True), OFTEN),
        (CalendarFailure("token invalid_client"), OFTEN),
        (CalendarFailure("Graph 403", refused=True), OFTEN),
    ],
)
async def test_a_failure_waits_as_long_as_was_asked_whoever_notifies(post: Post, failure: CalendarFailure, wait: timedelta) -> None:
    await post.read(failure)
    assert await post.next() == wait
    post.room.now += wait - timedelta(seconds=1)
    await post.room.storage.run(lambda tx: tx.later(READ))
    assert await post.read(told(said(Response.ACCEPTED))) == "asked to wait"
    assert len(post.calendar.links) == 1
    assert await post.next() == timedelta(seconds=1)
    post.room.now += timedelta(seconds=1)
    await post.read()
    assert await post.answers() == {"m1": Response.ACCEPTED}


async def test_reading_outlives_a_day_of_failures_and_leaves_nothing_dead(post: Post) -> None:
    """Through the runner, with a clock that moves to whatever is due next."""
    post.calendar.readings += [CalendarFailure("Graph 503", transient=True)] * 200
    post.calendar.readings += [CalendarFailure("Graph 403", refused=True)] * 88
    post.calendar.readings += [told(said(Response.ACCEPTED))]
    storage = post.room.storage
    runner = Runner(storage, {**dict.fromkeys(outbox.KINDS.values(), _nothing), **post.handlers.table()})
    await storage.run(lambda tx: tx.later(READ))
    await runner.start()
    try:
        async with asyncio.timeout(60):
            while not await post.answers():
                due = await storage.look(lambda connection, _now: outbox.next_due(connection))
                if due is not None and due > post.room.now:
                    post.room.now = due
                    storage.woken()
                await asyncio.sleep(0)
    finally:
        await runner.stop()
    assert post.room.now == NOW + 288 * OFTEN
    assert (await storage.health())["dead"] == 0
    # Once for the right that was missing all the time.
    assert [one for one in await post.told() if one[1].startswith("dead")] == [("sec", "dead_ReadAnswers_refused")]


async def _nothing(_effect: Any) -> str:
    return ""


# --- what the secretary hears ---


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (CalendarFailure("Graph 403", refused=True), "dead_ReadAnswers_refused"),
        (CalendarFailure("Graph 404", mailbox=True), "dead_ReadAnswers_mailbox"),
        (CalendarFailure("token invalid_client"), "dead_ReadAnswers"),
    ],
)
async def test_what_the_administrator_must_mend_is_told_once_until_it_works_again(
    post: Post, failure: CalendarFailure, sentence: str
) -> None:
    async def again() -> None:
        post.room.now += OFTEN
        post.start()
        await post.read(failure)

    await again()
    await again()
    assert await post.told() == [("sec", sentence)]
    post.room.now += OFTEN
    await post.read()
    await again()
    assert await post.told() == [("sec", sentence)] * 2


async def test_passing_failures_and_bodies_without_meetings_ahead_are_not_told(post: Post) -> None:
    await post.read(CalendarFailure("Graph 503", transient=True))
    post.room.now += timedelta(days=30)
    await post.read(CalendarFailure("Graph 403", refused=True))
    assert await post.told() == []


async def test_a_link_that_is_refused_for_good_is_given_up(post: Post) -> None:
    await post.read(Changes((), "broken", date(2027, 6, 5)))
    await post.read(CalendarFailure("Graph 400 ErrorInvalidUrlQuery"))
    post.room.now += OFTEN
    await post.read()
    assert post.calendar.links == ["", "broken", ""]


# --- when writing fails ---


async def test_a_process_that_ends_before_the_link_is_saved_is_told_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    await post.read(Changes((), "one", date(2027, 6, 5)))

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(AnswerHandlers, "_keep", killed)
        with pytest.raises(KeyboardInterrupt):
            await post.read(told(said(Response.ACCEPTED), link="two"))
    assert await post.answers() == {"m1": Response.ACCEPTED}
    version = (await post.room.meeting()).version
    post.start()
    await post.read(told(said(Response.ACCEPTED), link="two"))
    assert post.calendar.links == ["", "one", "one"]
    assert (await post.watch()).delta_link == "two"
    assert ((await post.room.meeting()).version, await post.journalled()) == (version, 1)


async def test_a_meeting_that_cannot_be_written_holds_up_no_other(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sample_meeting(id="other", number=5, items=0, event_id="other-event")
    await post.room.storage.run(lambda tx: tx.save(other))
    first = EventChange("other-event", replies=(said(Response.ACCEPTED),))
    changes = replace(told(said(Response.ACCEPTED), link="two"), events=(first, *told(said(Response.ACCEPTED)).events))
    save = Transaction.save

    def stubborn(tx: Transaction, thing: Any) -> Any:
        if getattr(thing, "id", "") == "other":
            raise ZeroDivisionError
        return save(tx, thing)

    monkeypatch.setattr(Transaction, "save", stubborn)
    assert await post.read(changes) == "ZeroDivisionError"
    assert await post.answers() == {"m1": Response.ACCEPTED}
    assert (await post.watch()).delta_link == ""
    assert await post.told() == [("sec", "dead_ReadAnswers")]


# --- the subscription ---


async def test_a_subscription_is_made_renewed_at_half_and_read_seldom_meanwhile(post: Post) -> None:
    post.calendar.refuses = None
    post.calendar.granted = timedelta(hours=10)
    await post.read()
    watch = await post.watch()
    assert post.calendar.subscribed == [(ADDRESS, watch.client_state)]
    assert (watch.subscription_id, watch.expires_at, watch.renew_at) == ("s1", NOW + timedelta(hours=10), NOW + timedelta(hours=5))
    await post.read()
    assert await post.next() == SELDOM
    post.room.now += timedelta(hours=5) - timedelta(minutes=10)
    post.start()
    await post.read()
    assert post.calendar.renewed == []
    # The next one is when it is to be renewed.
    assert await post.next() == timedelta(minutes=10)
    post.room.now += timedelta(minutes=10)
    await post.read()
    assert post.calendar.renewed == ["s1"]
    assert (await post.watch()).renew_at == post.room.now + timedelta(hours=5)
    assert len(post.calendar.subscribed) == 1


async def test_a_lost_subscription_is_made_anew_under_a_new_secret(post: Post) -> None:
    post.calendar.refuses = None
    await post.read()
    post.calendar.lost = True
    post.room.now += LIFE / 2
    await post.read()
    watch = await post.watch()
    assert (post.calendar.renewed, watch.subscription_id) == (["s1"], "s2")
    states = [state for _, state in post.calendar.subscribed]
    assert states[1] == watch.client_state != states[0]
    assert all(32 < len(state) <= 128 for state in states)


async def test_a_bot_with_another_address_subscribes_there(post: Post) -> None:
    post.calendar.refuses = None
    await post.read()
    moved = AnswerHandlers(post.room.storage, post.calendar, MAILBOX, "https://new.example.org/graph/notifications")
    await moved.read_answers(READ)
    assert [address for address, _ in post.calendar.subscribed] == [ADDRESS, "https://new.example.org/graph/notifications"]


@pytest.mark.parametrize(
    "failure",
    [
        CalendarFailure("Graph 400 ValidationError"),
        CalendarFailure("Graph 403 ErrorAccessDenied", refused=True),
        CalendarFailure("Graph 503", transient=True),
    ],
)
async def test_without_notifications_answers_still_come(post: Post, failure: CalendarFailure) -> None:
    post.calendar.refuses = failure
    await post.read(told(said(Response.ACCEPTED)))
    assert await post.answers() == {"m1": Response.ACCEPTED}
    assert await post.next() == OFTEN
    assert await post.told() == []


async def test_subscribing_too_is_left_as_long_as_was_asked(post: Post) -> None:
    post.calendar.refuses = CalendarFailure("Graph 429", transient=True, retry_after=600.0)
    await post.read()
    post.calendar.refuses = None
    post.room.now += timedelta(seconds=599)
    await post.read()
    assert post.calendar.subscribed == []
    post.room.now += timedelta(seconds=1)
    await post.read()
    assert len(post.calendar.subscribed) == 1


async def test_a_subscription_that_could_not_be_renewed_is_trusted_until_it_ends(post: Post) -> None:
    post.calendar.refuses = None
    await post.read()
    post.calendar.refuses = CalendarFailure("Graph 503", transient=True)
    post.room.now += LIFE / 2
    await post.read()
    await post.read()
    assert await post.next() == OFTEN
    assert post.calendar.renewed == ["s1", "s1"]
    assert (await post.watch()).subscription_id == "s1"
    post.room.now += LIFE
    await post.read()
    assert await post.next() == OFTEN
