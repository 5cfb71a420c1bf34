"""The runner's contract, with small handlers that say what they did: on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

import jobs.runner
from jobs import lease
from jobs.runner import Runner
from meetings.effects import Effect, EndRound, RefreshBoard, SyncEvent, Tell
from meetings.ports import CalendarFailure
from storage import outbox, tables
from storage.alone import AlreadyRunning
from storage.database import Storage
from storage.outbox import Claimed
from storage.transaction import Transaction
from telemetry.observed import Telemetry
from tests import samples
from tests.storage.databases import Clock

Doing = Callable[[Effect], Awaitable[str]]


class Log:
    """A handler for every kind of effect: notes begin and end, and in between does what it was told for that key."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.doing: dict[str, Doing] = {}
        self.order: list[str] = []

    async def __call__(self, effect: Effect) -> str:
        self.lines.append(f"begin {effect.key}")
        self.order.append(effect.key)
        result = await self.doing[effect.key](effect) if effect.key in self.doing else "ok"
        self.lines.append(f"end {effect.key}")
        return result

    @property
    def begun(self) -> list[str]:
        return [line.removeprefix("begin ") for line in self.lines if line.startswith("begin")]

    @property
    def ended(self) -> list[str]:
        return [line.removeprefix("end ") for line in self.lines if line.startswith("end")]


@asynccontextmanager
async def running(storage: Storage, log: Log) -> AsyncIterator[Runner]:
    runner = Runner(storage, dict.fromkeys(outbox.KINDS.values(), log))
    await runner.start()
    try:
        yield runner
    finally:
        await runner.stop()


@pytest.fixture
def polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that move a clock by hand: the runner looks at it often."""
    monkeypatch.setattr(jobs.runner, "POLL", 0.02)


@pytest.fixture
def not_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.runner, "POLL", 600.0)


async def later(storage: Storage, *effects: Effect, due: datetime | None = None) -> None:
    def write(tx: Transaction) -> None:
        for one in effects:
            tx.later(one, due)

    await storage.run(write)


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if await found if isawaitable(found) else found:
                return
            await asyncio.sleep(0.005)


async def rows(storage: Storage, *names: str) -> list[tuple[Any, ...]]:
    query = select(*(tables.effect.c[name] for name in names)).order_by(tables.effect.c.seq)
    return await storage.look(lambda connection, _now: [tuple(row) for row in connection.execute(query)])


async def none(storage: Storage, *states: str) -> bool:
    return not {state for (state,) in await rows(storage, "state")} & set(states)


async def settled(storage: Storage) -> None:
    await until(lambda: none(storage, "waiting", "running"))


BOARD, ROLL, EVENT = RefreshBoard("meeting", "meeting"), RefreshBoard("meeting", "roll"), SyncEvent("meeting")


@pytest.mark.usefixtures("not_polling")
async def test_an_effect_is_carried_out_when_its_change_is_committed(storage: Storage) -> None:
    log = Log()
    async with running(storage, log):
        await asyncio.sleep(0.1)
        await later(storage, BOARD)
        await until(lambda: log.ended)
        await settled(storage)
    assert await rows(storage, "state", "attempts", "result", "error") == [("done", 1, "ok", "")]


@pytest.mark.usefixtures("not_polling")
async def test_a_commit_whose_sender_no_longer_waits_wakes_too(storage: Storage) -> None:
    log, begun, gone = Log(), threading.Event(), threading.Event()

    def write(tx: Transaction) -> None:
        begun.set()
        gone.wait(10)
        tx.later(BOARD)

    async with running(storage, log):
        await asyncio.sleep(0.1)
        impatient = asyncio.create_task(storage.run(write))
        await until(begun.is_set)
        impatient.cancel()
        await asyncio.sleep(0)
        gone.set()
        await until(lambda: log.ended)


async def test_what_waited_before_the_start_is_carried_out(storage: Storage) -> None:
    log = Log()
    await later(storage, BOARD, EVENT)
    async with running(storage, log):
        await settled(storage)
    assert sorted(log.ended) == sorted([BOARD.key, EVENT.key])


@pytest.mark.usefixtures("not_polling")
async def test_a_lane_is_carried_out_in_order_one_at_a_time(storage: Storage) -> None:
    log = Log()
    told = [Tell(str(n), "aino", "called") for n in range(5)]
    for one in told:
        log.doing[one.key] = _slowly
    await later(storage, *told)
    async with running(storage, log):
        await settled(storage)
    assert log.lines == [line for one in told for line in (f"begin {one.key}", f"end {one.key}")]


async def _slowly(_effect: Effect) -> str:
    await asyncio.sleep(0.02)
    return "ok"


@pytest.mark.usefixtures("not_polling")
async def test_lanes_run_side_by_side_up_to_a_number(storage: Storage) -> None:
    log, go = Log(), asyncio.Event()

    async def wait(_effect: Effect) -> str:
        await go.wait()
        return "ok"

    several = [RefreshBoard(f"m{n}", "meeting") for n in range(jobs.runner.AT_ONCE + 3)]
    log.doing = {one.key: wait for one in several}
    await later(storage, *several)
    async with running(storage, log):
        await until(lambda: len(log.begun) == jobs.runner.AT_ONCE)
        await asyncio.sleep(0.1)
        assert len(log.begun) == jobs.runner.AT_ONCE
        go.set()
        await settled(storage)
    assert len(log.ended) == len(several)


@pytest.mark.usefixtures("not_polling")
async def test_a_slow_lane_does_not_keep_a_timer_of_another_waiting(url: str) -> None:
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    await storage.start()
    log, go = Log(), asyncio.Event()

    async def wait(_effect: Effect) -> str:
        await go.wait()
        return "ok"

    log.doing[BOARD.key] = wait
    timer = EndRound("meeting", "round")
    async with running(storage, log):
        await later(storage, BOARD)
        await until(lambda: log.begun == [BOARD.key])
        begun = asyncio.get_running_loop().time()
        await later(storage, timer, due=datetime.now(UTC) + timedelta(seconds=0.3))
        await until(lambda: timer.key in log.ended)
        assert 0.25 <= asyncio.get_running_loop().time() - begun < 5
        go.set()
        await settled(storage)
    await storage.close()


@pytest.mark.usefixtures("polling")
async def test_a_failure_is_tried_again_after_its_time_and_the_rest_of_the_lane_waits(storage: Storage, clock: Clock) -> None:
    log = Log()

    async def fail(_effect: Effect) -> str:
        if len(log.begun) < 3:
            raise OSError("away")
        return "ok"

    log.doing[BOARD.key] = fail
    await later(storage, BOARD, ROLL)
    begun = clock.now
    async with running(storage, log):
        for attempt, seconds in ((1, 2), (2, 4)):
            await until(lambda attempt=attempt: len(log.begun) == attempt)  # type: ignore[misc]
            await until(lambda: none(storage, "running"))
            clock.passes(seconds=seconds - 1)
            await asyncio.sleep(0.1)
            assert len(log.begun) == attempt
            clock.passes(seconds=1)
        await settled(storage)
    assert log.begun == [BOARD.key] * 3 + [ROLL.key]
    assert clock.now - begun == timedelta(seconds=6)
    assert (await rows(storage, "attempts", "error"))[0] == (3, "")


@pytest.mark.usefixtures("polling")
async def test_retry_after_is_obeyed_also_by_what_is_written_meanwhile(storage: Storage, clock: Clock) -> None:
    log = Log()

    async def busy(_effect: Effect) -> str:
        if len(log.begun) == 1:
            await later(storage, BOARD)
            raise CalendarFailure("429", transient=True, retry_after=60)
        return "ok"

    log.doing[BOARD.key] = busy
    await later(storage, BOARD)
    async with running(storage, log):
        await until(lambda: log.begun)
        await until(lambda: none(storage, "running"))
        await later(storage, BOARD)
        clock.passes(seconds=59)
        await asyncio.sleep(0.1)
        assert len(log.begun) == 1
        clock.passes(seconds=1)
        await settled(storage)
    assert log.begun == [BOARD.key] * 2


@pytest.mark.usefixtures("polling")
async def test_what_fails_for_good_is_dead_and_told(storage: Storage, clock: Clock) -> None:
    log = Log()

    async def refuse(_effect: Effect) -> str:
        raise CalendarFailure("403 ErrorAccessDenied")

    log.doing[EVENT.key] = refuse
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await later(storage, EVENT)
    async with running(storage, log):
        async with asyncio.timeout(10):
            while (await storage.health())["dead"] == 0:
                clock.passes(seconds=1)
                await asyncio.sleep(0.02)
        await settled(storage)
    assert log.begun == [EVENT.key] * 3 + ["tell:dead:1"]
    assert await rows(storage, "state", "error") == [("dead", "CalendarFailure: 403 ErrorAccessDenied"), ("done", "")]


@pytest.mark.usefixtures("polling")
async def test_an_effect_without_a_handler_does_not_stop_the_others(storage: Storage) -> None:
    log = Log()
    await later(storage, EVENT, BOARD)
    runner = Runner(storage, {RefreshBoard: log})
    await runner.start()
    await until(lambda: log.ended == [BOARD.key])
    await runner.stop()
    assert await rows(storage, "state", "error") == [("waiting", "KeyError"), ("done", "")]


@pytest.mark.usefixtures("polling")
async def test_a_timer_fires_when_it_is_due(storage: Storage, clock: Clock) -> None:
    log = Log()
    await later(storage, EndRound("meeting", "round"), due=clock.now + timedelta(days=7))
    async with running(storage, log):
        clock.passes(days=6)
        await asyncio.sleep(0.1)
        assert log.begun == []
        clock.passes(days=1)
        await settled(storage)
    assert log.ended == ["end:round"]


@pytest.mark.usefixtures("not_polling")
async def test_a_lane_that_waits_costs_nothing(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind a retry an hour away is due, but cannot run: asking for it again and again would be a busy loop."""
    asked = []
    real = outbox.claim

    def counted(*given: Any) -> list[Claimed]:
        asked.append(1)
        return real(*given)

    monkeypatch.setattr(outbox, "claim", counted)
    log = Log()

    async def away(_effect: Effect) -> str:
        raise CalendarFailure("429", transient=True, retry_after=3600)

    log.doing[BOARD.key] = away
    await later(storage, BOARD, ROLL)
    async with running(storage, log):
        await until(lambda: log.begun)
        await asyncio.sleep(0.6)
    assert len(asked) <= 4


@pytest.mark.usefixtures("polling")
async def test_the_runner_outlives_a_database_that_is_away(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a claim, and at the end of an effect, whose row must not be left running."""
    log, away = Log(), [True]
    real = storage.execute

    async def execute(work: Callable[..., Any], **how: Any) -> Any:
        if away[0]:
            raise OperationalError("", {}, Exception("away"))
        return await real(work, **how)

    async def lose_it(_effect: Effect) -> str:
        away[0] = True
        return "ok"

    log.doing[BOARD.key] = lose_it
    runner = Runner(storage, dict.fromkeys(outbox.KINDS.values(), log))
    await runner.start()
    monkeypatch.setattr(storage, "execute", execute)
    await later(storage, BOARD, ROLL)
    await asyncio.sleep(0.1)
    assert log.begun == []
    away[0] = False
    await until(lambda: log.ended == [BOARD.key])
    await asyncio.sleep(0.1)
    assert runner.state == "ok"
    away[0] = False
    await settled(storage)
    assert log.begun == [BOARD.key, ROLL.key]
    await runner.stop()


async def test_stopping_lets_what_runs_finish_and_begins_nothing_more(storage: Storage) -> None:
    log = Log()
    log.doing[BOARD.key] = _rather_slowly
    await later(storage, BOARD, ROLL)
    async with running(storage, log) as runner:
        await until(lambda: log.begun)
        await runner.stop()
        assert runner.state == "stopped"
    assert log.lines == [f"begin {BOARD.key}", f"end {BOARD.key}"]
    assert await rows(storage, "state") == [("done",), ("waiting",)]


async def _rather_slowly(_effect: Effect) -> str:
    await asyncio.sleep(0.2)
    return "ok"


async def test_what_does_not_finish_in_time_is_taken_back_at_the_next_start(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.runner, "GRACE", 0.1)
    monkeypatch.setattr(outbox, "UNHEARD", timedelta(0))
    log = Log()

    async def hang(_effect: Effect) -> str:
        if len(log.begun) == 1:
            await asyncio.sleep(3600)
        return "ok"

    log.doing[BOARD.key] = hang
    await later(storage, BOARD)
    async with running(storage, log):
        await until(lambda: log.begun)
    assert await rows(storage, "state") == [("running",)]
    async with running(storage, log):
        await settled(storage)
    assert await rows(storage, "state", "attempts") == [("done", 2)]


async def test_what_ends_the_process_each_time_is_given_up(storage: Storage, clock: Clock) -> None:
    payload = '{"meeting_id": "meeting"}'
    row = {"kind": "SyncEvent", "key": "calendar:meeting", "lane": "", "payload": payload, "due_at": clock.now, "state": "running"}
    values = {**row, "attempts": 12, "result": "", "error": ""}
    await storage.execute(lambda connection, _now: connection.execute(insert(tables.effect).values(values)))
    log = Log()
    async with running(storage, log):
        await settled(storage)
    assert log.begun == []
    assert await rows(storage, "state", "error") == [("dead", "the process ended each time it ran")]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_second_runner_is_refused_until_the_first_has_stopped(storage: Storage) -> None:
    log = Log()
    async with running(storage, log):
        with pytest.raises(AlreadyRunning):
            await Runner(storage, {}).start()
    async with running(storage, log):
        pass


@pytest.mark.usefixtures("polling")
async def test_once_a_day_what_is_long_done_is_forgotten(storage: Storage, clock: Clock) -> None:
    log = Log()
    await later(storage, BOARD)
    async with running(storage, log):
        await settled(storage)
        clock.passes(days=91)
        await until(lambda: none(storage, "done"))


async def test_a_runner_that_looks_for_nothing_any_more_is_stalled(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    async with running(storage, Log()) as runner:
        assert runner.state == "ok"
        monkeypatch.setattr(jobs.runner, "STALLED", 0.2)
        monkeypatch.setattr(outbox, "claim", lambda *_: [free.wait(20)][1:])
        await later(storage, RefreshBoard("meeting", "meeting"))
        async with asyncio.timeout(10):
            while runner.state != "stalled":  # noqa: ASYNC110  # as who asks for health does
                await asyncio.sleep(0.01)
        free.set()
        async with asyncio.timeout(10):
            while runner.state != "ok":  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.01)


async def test_what_an_effect_s_handler_writes_follows_from_the_same_turn(storage: Storage) -> None:
    log = Log()

    async def writes(_effect: Effect) -> str:
        await storage.run(lambda tx: tx.later(SyncEvent("meeting")))
        return "ok"

    log.doing["board:meeting:meeting"] = writes
    async with running(storage, log):
        with Telemetry().turn() as turn:
            await later(storage, RefreshBoard("meeting", "meeting"))
        async with asyncio.timeout(10):
            while len(log.ended) < 2:  # noqa: ASYNC110  # the log is a list
                await asyncio.sleep(0.01)
    assert await rows(storage, "kind", "turn") == [("RefreshBoard", turn.turn), ("SyncEvent", turn.turn)]


async def test_what_an_effect_has_changed_is_known_when_it_runs_again(storage: Storage, clock: Clock, polling: None) -> None:
    """Between its change and its end anything may happen; another effect of the same key is another."""
    log, known = Log(), []

    async def change(effect: Effect) -> str:
        known.append(await storage.run(lambda tx: tx.repeat, key=lease.key()))
        if known == [False]:
            raise CalendarFailure("the end was not written", transient=True)
        return "ok"

    log.doing[BOARD.key] = change
    async with running(storage, log):
        await later(storage, BOARD)
        while len(known) < 2:
            clock.passes(seconds=1)
            await asyncio.sleep(0.01)
        await until(lambda: log.ended == [BOARD.key])
        await later(storage, BOARD)
        await until(lambda: len(known) == 3)
    assert known == [False, True, False]
