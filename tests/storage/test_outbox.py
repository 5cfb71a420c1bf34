"""Effects as rows: absorbed by key, in order within a lane, moved, tried again, given up and told, taken back, forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, update

from meetings.effects import (
    Effect,
    EndRound,
    ReadAnswers,
    ReadMembers,
    ReadSchedules,
    RefreshBoard,
    RefreshPoll,
    RenderDocuments,
    Send,
    SyncEvent,
    Tell,
)
from meetings.model import Person
from storage import outbox, tables
from storage.database import Storage
from storage.outbox import Claimed
from storage.transaction import Transaction
from telemetry.observed import Telemetry
from tests import samples
from tests.storage.databases import Clock

ROLL = RefreshBoard("meeting", "roll")
BOARD = RefreshBoard("meeting", "meeting")
effect = tables.effect
Rows = list[tuple[Any, ...]]


async def later(storage: Storage, *effects: Effect, due: datetime | None = None) -> None:
    def write(tx: Transaction) -> None:
        for one in effects:
            tx.later(one, due)

    await storage.run(write)


async def claim(storage: Storage, most: int = 10) -> list[Claimed]:
    return await storage.execute(lambda connection, now: outbox.claim(connection, now, most))


async def claimed(storage: Storage, most: int = 10) -> list[Effect]:
    return [one.effect for one in await claim(storage, most)]


async def finish(storage: Storage, seq: int) -> None:
    await storage.execute(lambda connection, now: outbox.finish(connection, now, seq, "done"))


async def retry(storage: Storage, seq: int, seconds: float) -> None:
    await storage.execute(lambda connection, now: outbox.retry(connection, now, seq, now + timedelta(seconds=seconds), "429"))


async def column(storage: Storage, *names: str) -> Rows:
    query = select(*(effect.c[name] for name in names)).order_by(effect.c.seq)
    return await storage.look(lambda connection, _now: [tuple(row) for row in connection.execute(query)])


async def test_a_waiting_effect_absorbs_another_of_its_key_and_keeps_its_place(storage: Storage) -> None:
    await later(storage, BOARD, ROLL, BOARD)
    assert await column(storage, "key") == [("board:meeting:meeting",), ("board:meeting:roll",)]


async def test_a_running_effect_absorbs_nothing(storage: Storage) -> None:
    await later(storage, BOARD)
    (first,) = await claim(storage)
    await later(storage, BOARD)
    assert await claimed(storage) == []
    await finish(storage, first.seq)
    assert await claimed(storage) == [BOARD]


async def test_a_lane_is_in_order_and_one_at_a_time_and_lanes_do_not_wait_for_each_other(storage: Storage) -> None:
    other = RefreshBoard("other", "meeting")
    await later(storage, BOARD, ROLL, other)
    first, second = await claim(storage)
    assert [first.effect, second.effect] == [BOARD, other]
    assert await claim(storage) == []
    await finish(storage, first.seq)
    assert await claimed(storage) == [ROLL]


async def test_a_later_effect_does_not_overtake_one_that_waits_to_be_tried_again(storage: Storage, clock: Clock) -> None:
    await later(storage, BOARD, ROLL)
    (first,) = await claim(storage)
    await retry(storage, first.seq, 60)
    assert await claim(storage) == []
    clock.passes(seconds=60)
    assert [(one.effect, one.attempt) for one in await claim(storage)] == [(BOARD, 2)]


async def test_a_lane_runs_one_at_a_time_even_when_an_earlier_number_commits_later(storage: Storage) -> None:
    """PostgreSQL hands out numbers before the commits: a lower one can appear when a higher one runs."""
    first, second = Tell("1", "aino", "called"), Tell("2", "aino", "called")
    await later(storage, first, second)
    await storage.execute(lambda connection, _now: connection.execute(update(effect).where(effect.c.seq == 2).values(state="running")))
    assert await claim(storage) == []


async def test_at_most_as_many_as_asked_for(storage: Storage) -> None:
    await later(storage, *(RefreshBoard(f"m{n}", "meeting") for n in range(5)))
    assert [len(await claim(storage, most)) for most in (2, 2, 2, 2)] == [2, 2, 1, 0]


async def test_a_timer_fires_when_due_and_moves_with_the_newest_time(storage: Storage, clock: Clock) -> None:
    timer = EndRound("meeting", "round")
    await later(storage, timer, due=clock.now + timedelta(days=7))
    await later(storage, timer, due=clock.now + timedelta(days=2))
    assert await storage.look(lambda connection, _now: outbox.next_due(connection)) == clock.now + timedelta(days=2)
    clock.passes(days=2, seconds=-1)
    assert await claim(storage) == []
    clock.passes(seconds=1)
    assert await claimed(storage) == [timer]


async def test_a_timer_does_not_hold_up_the_meeting(storage: Storage, clock: Clock) -> None:
    await later(storage, EndRound("meeting", "round"), due=clock.now + timedelta(days=7))
    await later(storage, BOARD)
    assert await claimed(storage) == [BOARD]


async def test_what_waits_behind_its_lane_is_not_next(storage: Storage, clock: Clock) -> None:
    """Else the runner would ask the database without pause until then."""
    await later(storage, BOARD, ROLL)
    (first,) = await claim(storage)
    assert await storage.look(lambda connection, _now: outbox.next_due(connection)) is None
    await retry(storage, first.seq, 3600)
    assert await storage.look(lambda connection, _now: outbox.next_due(connection)) == clock.now + timedelta(hours=1)


async def test_a_new_change_does_not_hurry_what_was_asked_to_wait(storage: Storage, clock: Clock) -> None:
    await later(storage, BOARD)
    (first,) = await claim(storage)
    await retry(storage, first.seq, 30)
    await later(storage, BOARD)
    assert await column(storage, "due_at", "attempts") == [(clock.now + timedelta(seconds=30), 1)]


async def test_a_newer_effect_of_the_key_does_the_work_of_the_failed_one_and_waits_as_long(storage: Storage, clock: Clock) -> None:
    await later(storage, BOARD)
    (first,) = await claim(storage)
    await later(storage, BOARD)
    await retry(storage, first.seq, 30)
    assert await column(storage, "state", "due_at", "attempts", "done_at") == [
        ("done", clock.now, 1, clock.now),
        ("waiting", clock.now + timedelta(seconds=30), 1, None),
    ]
    assert await claim(storage) == []
    clock.passes(seconds=30)
    assert [one.attempt for one in await claim(storage)] == [2]


async def _bury(storage: Storage, seq: int) -> None:
    await storage.execute(lambda connection, now: outbox.bury(connection, now, seq, "503 ServiceError"))


async def test_a_dead_effect_is_told_to_the_secretary_and_parks_nothing(storage: Storage) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await later(storage, SyncEvent("meeting"))
    (dead,) = await claim(storage)
    await later(storage, SyncEvent("meeting"))
    await _bury(storage, dead.seq)
    told = Tell(f"dead:{dead.seq}", "sec", "dead_SyncEvent", (), "body", "meeting")
    assert await claimed(storage) == [SyncEvent("meeting"), told]
    assert await column(storage, "state", "error") == [("dead", "503 ServiceError"), ("running", ""), ("running", "")]


@pytest.mark.parametrize("lost", [ReadMembers("19:board@thread.tacv2"), RefreshPoll("body", "poll"), ReadSchedules("body", "dr")])
async def test_the_secretary_is_told_of_an_effect_that_knows_only_its_channel_or_its_body(storage: Storage, lost: Effect) -> None:
    await storage.run(lambda tx: tx.save(samples.body()))
    await later(storage, lost)
    (dead,) = await claim(storage)
    await _bury(storage, dead.seq)
    (told,) = await claimed(storage)
    assert isinstance(told, Tell)
    assert (told.person_id, told.body_id, told.meeting_id) == ("sec", "body", "")


@pytest.mark.parametrize(
    ("dead", "cause", "sentence", "about"),
    [
        (Tell("1", "d1", "called", (), "body", "meeting"), "", "dead_Tell", "4/2026"),
        (Tell("1", "d1", "made_secretary", (), "body"), "", "dead_Tell", "Saarten ohjausryhmä"),
        (Send("1", "d1", "agenda", "meeting"), "", "dead_Send", "4/2026"),
        (Send("1", "d1", "agenda", "meeting"), "refused", "dead_Send_refused", "4/2026"),
    ],
)
async def test_the_secretary_is_told_whom_a_message_did_not_reach(
    storage: Storage, dead: Effect, cause: str, sentence: str, about: str
) -> None:
    deputy = Person("d1", "tenant", "Elli Eskola", "elli.eskola@ulkona.example")
    await storage.run(lambda tx: (tx.save(deputy), tx.save(samples.body()), tx.save(samples.meeting())))
    await later(storage, dead)
    (one,) = await claim(storage)
    await storage.execute(lambda connection, now: outbox.bury(connection, now, one.seq, "550", cause))
    (told,) = await claimed(storage)
    assert isinstance(told, Tell)
    assert (told.person_id, told.sentence, told.body_id) == ("sec", sentence, "body")
    assert told.params == (("name", "Elli Eskola"), ("about", about))


async def test_a_dead_message_to_the_secretary_is_only_counted(storage: Storage) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await later(storage, Tell("1", "sec", "dead_SyncEvent", (), "body", "meeting"))
    (dead,) = await claim(storage)
    await _bury(storage, dead.seq)
    assert await claim(storage) == []
    assert (await storage.health())["dead"] == 1


async def test_without_a_secretary_the_dead_are_only_counted(storage: Storage) -> None:
    await storage.run(lambda tx: (tx.save(samples.body(secretary_id="")), tx.save(samples.meeting())))
    await later(storage, Tell("1", "aino", "called", (), "body", "meeting"), SyncEvent("meeting"), ReadMembers("19:unknown@thread.tacv2"))
    for one in await claim(storage):
        await _bury(storage, one.seq)
    assert await claim(storage) == []
    assert (await storage.health())["dead"] == 3


async def _stored(storage: Storage, kind: str, payload: Any, clock: Clock, *, state: str = "waiting", attempts: int = 0) -> None:
    row = {"kind": kind, "key": kind, "lane": "", "payload": payload, "due_at": clock.now, "state": state, "attempts": attempts}
    await storage.execute(lambda connection, _now: connection.execute(insert(effect).values(**row, result="", error="")))


async def test_a_row_that_this_version_cannot_read_waits_for_one_that_can_and_the_others_run(storage: Storage, clock: Clock) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await _stored(storage, "SingASong", json.dumps({"meeting_id": "meeting"}), clock)
    await _stored(storage, "SyncEvent", json.dumps({"meeting_id": "meeting", "colour": "red"}), clock)
    await later(storage, BOARD)
    assert await claimed(storage) == [BOARD]
    assert await claimed(storage) == []
    assert await column(storage, "state", "attempts") == [("waiting", 1), ("waiting", 1), ("running", 1)]
    clock.passes(minutes=1)
    # Another version made it such that this one can.
    mended = update(effect).where(effect.c.seq == 2).values(payload=json.dumps({"meeting_id": "meeting"}))
    await storage.execute(lambda connection, _now: connection.execute(mended))
    assert await claimed(storage) == [SyncEvent("meeting")]
    for _ in range(outbox.ATTEMPTS - 2):
        clock.passes(minutes=1)
        assert await claimed(storage) == []
    assert await column(storage, "state") == [("dead",), ("running",), ("running",), ("waiting",)]
    (told,) = await claimed(storage)
    assert isinstance(told, Tell)
    assert told.sentence == "dead_Unknown"


async def test_what_was_running_is_taken_back_until_it_has_had_its_attempts(storage: Storage, clock: Clock) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await _stored(storage, "SyncEvent", json.dumps({"meeting_id": "meeting"}), clock, state="running", attempts=2)
    await _stored(storage, "EndRound", json.dumps({"meeting_id": "meeting", "round_id": "r"}), clock, state="running", attempts=3)
    assert await storage.execute(lambda connection, now: outbox.rescue(connection, now, 3)) == 2
    (again,) = await claim(storage)
    assert (again.effect, again.attempt) == (SyncEvent("meeting"), 3)
    (told,) = await claim(storage)
    assert isinstance(told.effect, Tell)


async def _rescue(storage: Storage, clock: Clock) -> None:
    """Taken back, and so much later that it may run."""
    await storage.execute(lambda connection, now: outbox.rescue(connection, now, outbox.ATTEMPTS))
    clock.now += outbox.UNHEARD


async def test_what_a_process_had_just_sent_is_not_overtaken(storage: Storage, clock: Clock) -> None:
    """Teams may still be at what the ended process asked for: nothing newer of the same thing is sent before it has had its time. What only
    waits for the clock has sent nothing, nor is what a silent process asked for still under way."""
    timer = EndRound("meeting", "round")
    await later(storage, BOARD, timer)
    await claim(storage)
    await later(storage, SyncEvent("meeting"))
    await storage.execute(lambda connection, now: outbox.claim(connection, now, 10, "silent"))
    await storage.execute(lambda connection, now: connection.execute(insert(tables.worker).values(id="silent", seen_at=now)))
    await later(storage, BOARD)
    await storage.execute(lambda connection, now: outbox.rescue(connection, now, outbox.ATTEMPTS))
    for left in (timer, SyncEvent("meeting")):
        (one,) = await claim(storage)
        assert one.effect == left
        await finish(storage, one.seq)
    clock.now += outbox.UNHEARD - timedelta(seconds=1)
    assert await claimed(storage) == []
    clock.passes(seconds=1)
    assert await claimed(storage) == [BOARD]


async def test_what_saw_a_process_end_runs_alone(storage: Storage, clock: Clock) -> None:
    """So that the others that ran at the time are not taken for what ended it."""
    await later(storage, BOARD, SyncEvent("meeting"))
    await claim(storage)
    await _rescue(storage, clock)
    await later(storage, RefreshBoard("other", "meeting"))
    (first,) = await claim(storage)
    assert (first.effect, first.alone) == (BOARD, True)
    assert await storage.execute(lambda connection, now: outbox.claim(connection, now, 10, "", True)) == []
    await finish(storage, first.seq)
    assert [(one.effect, one.alone) for one in await claim(storage)] == [(SyncEvent("meeting"), True)]
    assert [(one.effect, one.alone) for one in await claim(storage)] == [(RefreshBoard("other", "meeting"), False)]


async def test_what_ends_its_process_again_and_again_is_dead_and_its_lane_waits_for_an_administrator(
    storage: Storage, clock: Clock
) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await later(storage, BOARD, ROLL)
    for _ in range(outbox.CRASHES):
        assert [one.effect for one in await claim(storage)] == [BOARD]
        await _rescue(storage, clock)
    (told,) = await claim(storage)
    assert told.effect == Tell("dead:1", "sec", "dead_RefreshBoard", (), "body", "meeting")
    await finish(storage, told.seq)
    assert await claim(storage) == []
    assert await storage.look(lambda connection, _now: outbox.next_due(connection)) is None
    await storage.execute(lambda connection, _now: connection.execute(update(effect).where(effect.c.seq == 1).values(state="done")))
    assert await claimed(storage) == [ROLL]


async def test_a_process_that_lives_through_it_is_no_end(storage: Storage, clock: Clock) -> None:
    await later(storage, BOARD)
    await claim(storage)
    await _rescue(storage, clock)
    (again,) = await claim(storage)
    await retry(storage, again.seq, 1)
    clock.passes(seconds=1)
    assert [(one.attempt, one.alone) for one in await claim(storage)] == [(3, False)]


async def test_what_a_process_left_is_not_put_off_to_the_next_time(storage: Storage, clock: Clock) -> None:
    """A reading writes down its next before anything else: when its process ends, the answers are not waited for until then."""
    await later(storage, ReadAnswers())
    await claim(storage)
    await later(storage, ReadAnswers(), due=clock.now + timedelta(minutes=30))
    await _rescue(storage, clock)
    assert await claimed(storage) == [ReadAnswers()]


async def test_what_failed_is_not_put_off_to_the_next_time_either(storage: Storage, clock: Clock) -> None:
    """The database went away in the middle of a reading: neither its end nor its failure could be written in the place of its next time."""
    await later(storage, ReadAnswers())
    (first,) = await claim(storage)
    await later(storage, ReadAnswers(), due=clock.now + timedelta(minutes=30))
    await retry(storage, first.seq, 2)
    clock.passes(seconds=2)
    (again,) = await claim(storage)
    assert (again.effect, again.attempt) == (ReadAnswers(), 2)
    # Laid down by a process that lives on.
    await later(storage, ReadAnswers(), due=clock.now + timedelta(minutes=30))
    assert await storage.execute(lambda connection, now: outbox.take_back(connection, now, "", ())) == 1
    assert await claimed(storage) == [ReadAnswers()]


async def test_rescue_is_not_held_up_by_a_row_that_cannot_be_read(storage: Storage, clock: Clock) -> None:
    await _stored(storage, "SingASong", "{}", clock, state="running", attempts=12)
    assert await storage.execute(lambda connection, now: outbox.rescue(connection, now, 12)) == 1
    assert await column(storage, "state") == [("dead",)]


async def test_what_is_done_is_forgotten_after_its_time_and_what_is_dead_is_not(storage: Storage, clock: Clock) -> None:
    await later(storage, BOARD, SyncEvent("meeting"), RenderDocuments("meeting", "agenda"))
    done, dead, _running = await claim(storage)
    await finish(storage, done.seq)
    await _bury(storage, dead.seq)
    await storage.run(lambda _tx: None, key="old")
    clock.passes(days=1)
    await storage.run(lambda _tx: None, key="new")
    await storage.execute(lambda connection, now: outbox.forget(connection, now - timedelta(hours=1)))
    assert await column(storage, "state") == [("dead",), ("running",)]
    assert [await storage.run(lambda tx: tx.repeat, key=key) for key in ("old", "new")] == [False, True]


async def test_health_counts_what_waits_and_how_late_it_is(storage: Storage, clock: Clock) -> None:
    assert await storage.health() == {"waiting": 0, "running": 0, "dead": 0, "due": 0, "late_seconds": 0.0}
    await later(storage, EndRound("meeting", "round"), due=clock.now + timedelta(days=7))
    assert await storage.health() == {"waiting": 1, "running": 0, "dead": 0, "due": 0, "late_seconds": 0.0}
    await later(storage, BOARD, ROLL)
    clock.passes(seconds=90)
    assert await storage.health() == {"waiting": 3, "running": 0, "dead": 0, "due": 2, "late_seconds": 90.0}
    (first,) = await claim(storage)
    assert first.due_at == clock.now - timedelta(seconds=90)
    await _bury(storage, first.seq)
    await claim(storage)
    assert await storage.health() == {"waiting": 1, "running": 1, "dead": 1, "due": 0, "late_seconds": 0.0}


async def test_an_effect_follows_from_the_latest_turn_that_wanted_it(storage: Storage) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await later(storage, SyncEvent("meeting"))
    for turn in ("first", "second"):
        with Telemetry().effect("Tell", 1, 1, turn, timedelta()):
            await later(storage, SyncEvent("meeting"), *([BOARD] if turn == "first" else []))
    await later(storage, SyncEvent("meeting"))
    event, board = await claim(storage)
    assert (event.turn, board.turn) == ("second", "first")
    await _bury(storage, event.seq)
    (told,) = await claim(storage)
    assert isinstance(told.effect, Tell)
    assert told.turn == "second"


EFFECTS: list[Callable[[str], Effect]] = [
    lambda one: RefreshBoard(one, "meeting"),
    lambda one: RefreshBoard(one, "roll"),
    SyncEvent,
    lambda one: EndRound(one, "r"),
]
STEPS = st.lists(st.tuples(st.sampled_from(["later", "claim", "finish", "retry", "crash", "wait"]), st.integers(0, 7)), max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_happens_a_change_is_carried_out_after_it_was_written(storage: Storage, steps: list[tuple[str, int]]) -> None:
    """A model of the outside: a claim shows the state of its moment. In the end every thing changed has been shown after its last
    change, and no lane ever ran two at a time."""
    clock = storage.clock
    assert isinstance(clock, Clock)
    await storage.execute(lambda connection, _now: connection.execute(delete(effect)))
    changed: dict[str, int] = {}
    shown: dict[str, int] = {}
    running: list[Claimed] = []
    moment = 0

    async def begin(most: int) -> None:
        for one in await claim(storage, most):
            assert one.effect.lane == "" or one.effect.lane not in {other.effect.lane for other in running}
            running.append(one)
            shown[one.effect.key] = moment

    for step, number in steps:
        moment += 1
        match step:
            case "later":
                wanted = EFFECTS[number % 4](f"m{number // 4}")
                changed[wanted.key] = moment
                await later(storage, wanted)
            case "claim":
                await begin(number)
            case "finish" if running:
                await finish(storage, running.pop(number % len(running)).seq)
            case "retry" if running:
                failed = running.pop(number % len(running))
                shown.pop(failed.effect.key)
                await retry(storage, failed.seq, 5)
            case "crash":
                for one in running:
                    shown.pop(one.effect.key)
                running.clear()
                await storage.execute(lambda connection, now: outbox.rescue(connection, now, 1000))
            case "wait":
                clock.passes(seconds=number)
    for _ in range(20):
        moment += 1
        clock.passes(seconds=10)
        await begin(100)
        while running:
            await finish(storage, running.pop().seq)
    assert set(shown) == set(changed)
    assert all(shown[key] > at for key, at in changed.items())
    waiting = select(func.count()).select_from(effect).where(effect.c.state != "done")
    assert await storage.look(lambda connection, _now: _number(connection, waiting)) == 0


def _number(connection: Connection, query: Any) -> int:
    return int(connection.execute(query).scalar_one())


async def test_effects_come_back_as_they_were_written(storage: Storage) -> None:
    wanted: list[Effect] = [
        Tell("1", "aino", "called", (("name", "Siv »Strand«"), ("reason", "")), "body", "meeting"),
        RefreshBoard("meeting", "roll"),
        SyncEvent("meeting"),
        RenderDocuments("meeting", "agenda"),
        EndRound("meeting", "round"),
        ReadMembers("19:x"),
    ]
    await later(storage, *wanted)
    assert await claimed(storage) == wanted


async def test_only_what_is_new_wakes_the_runner(storage: Storage, clock: Clock) -> None:
    """Of a burst of presses all but the first are absorbed by what waits already, and it keeps its place."""
    woken: list[int] = []
    storage.woken = lambda: woken.append(1)
    await later(storage, ROLL)
    clock.passes(seconds=1)
    await later(storage, ROLL)
    assert len(woken) == 1
    await later(storage, BOARD)
    assert len(woken) == 2
    assert await claimed(storage, 1) == [ROLL]
    # What begins from now on has to be seen by the next one.
    await later(storage, ROLL)
    assert len(woken) == 3


@pytest.mark.parametrize("one", [SyncEvent("meeting"), EndRound("meeting", "round")])
async def test_what_is_moved_wakes_the_runner(storage: Storage, clock: Clock, one: Effect) -> None:
    await later(storage, one, due=clock.now + timedelta(hours=1))
    woken: list[int] = []
    storage.woken = lambda: woken.append(1)
    await later(storage, one)
    assert len(woken) == 1
    assert await claimed(storage) == [one]
