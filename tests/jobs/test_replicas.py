"""Several runners on one PostgreSQL database: they share the work, take over from each other, and none does what is another's."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Interval, func, insert, literal, select, update
from sqlalchemy.exc import OperationalError

import jobs.runner
from jobs import lease
from jobs.runner import Runner
from meetings.effects import Effect, RefreshBoard, Tell
from storage import outbox, tables, workers
from storage.database import Storage
from tests.jobs.test_runner import BOARD, ROLL, Log, later, none, rows, settled, until
from tests.storage.databases import Clock

pytestmark = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
Another = Callable[[], Awaitable[Storage]]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits 15 seconds for a lease."""
    monkeypatch.setattr(workers, "BEAT", 0.05)
    monkeypatch.setattr(workers, "LEASE", 0.6)
    monkeypatch.setattr(jobs.runner, "MARGIN", 0.2)


@pytest.fixture
async def another(url: str, clock: Clock) -> AsyncIterator[Another]:
    """Opens the database once more, as another process would."""
    async with AsyncExitStack() as stack:

        async def opened() -> Storage:
            storage = Storage(url, clock=clock, known=0)
            stack.push_async_callback(storage.close)
            return storage

        yield opened


def runner_of(storage: Storage, log: Log) -> Runner:
    return Runner(storage, dict.fromkeys(outbox.KINDS.values(), log))


async def silent(storage: Storage, worker_id: str) -> None:
    """A worker from which nothing was heard for longer than the lease."""
    long_ago = func.clock_timestamp() - literal(timedelta(seconds=workers.LEASE + 5), Interval())
    await storage.execute(lambda connection, _now: connection.execute(insert(tables.worker).values(id=worker_id, seen_at=long_ago)))


async def begun_by(storage: Storage, worker_id: str, effect: Effect) -> None:
    await later(storage, effect)
    await storage.execute(lambda connection, now: outbox.claim(connection, now, 1, worker_id))


async def test_each_effect_is_carried_out_once_and_each_lane_in_order(storage: Storage, another: Another) -> None:
    lanes = [[Tell(f"{lane}-{number}", f"p{lane}", "called") for number in range(10)] for lane in range(12)]
    logs = [Log(), Log()]
    busy: Counter[str] = Counter()

    async def one_at_a_time(effect: Effect) -> str:
        busy[effect.lane] += 1
        assert busy[effect.lane] == 1
        await asyncio.sleep(0.001)
        busy[effect.lane] -= 1
        return "ok"

    order: list[str] = []
    for log in logs:
        for lane in lanes:
            log.doing |= {one.key: one_at_a_time for one in lane}
        log.order = order
    runners = [runner_of(storage, logs[0]), runner_of(await another(), logs[1])]
    for runner in runners:
        await runner.start()
    for lane in lanes:
        await later(storage, *lane)
    await settled(storage)
    for runner in runners:
        await runner.stop()
    assert set(await rows(storage, "state", "attempts", "result")) == {("done", 1, "ok")}
    assert all(log.begun for log in logs), "both take part"
    for lane in lanes:
        keys = [one.key for one in lane]
        assert [key for key in order if key in keys] == keys


async def test_a_commit_of_another_process_wakes(storage: Storage, another: Another, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.runner, "POLL", 600.0)
    log = Log()
    runner = runner_of(storage, log)
    await runner.start()
    await asyncio.sleep(0.3)
    await later(await another(), BOARD)
    await until(lambda: log.ended)
    await runner.stop()


async def test_what_a_silent_worker_had_begun_is_taken_over_and_what_a_living_one_has_is_not(storage: Storage, another: Another) -> None:
    await silent(storage, "gone")
    await begun_by(storage, "gone", BOARD)
    theirs = RefreshBoard("other", "meeting")
    await begun_by(storage, "alive", theirs)
    await storage.execute(lambda connection, _now: workers.beat(connection, "alive"))
    log = Log()
    runner = runner_of(await another(), log)
    await runner.start()
    async with asyncio.timeout(10):
        while not log.ended:
            await storage.execute(lambda connection, _now: workers.beat(connection, "alive"))
            await asyncio.sleep(0.05)
    await runner.stop()
    assert log.begun == [BOARD.key]
    assert await rows(storage, "state", "attempts") == [("done", 2), ("running", 1)]


async def test_when_the_database_was_away_the_others_get_the_time_to_say_that_they_live(
    storage: Storage, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could be heard meanwhile: what they had sent and not yet written down must not be sent again."""
    log, away = Log(), [False]
    opened = await another()
    real = opened.execute

    async def execute(work: Callable[..., Any], **how: Any) -> Any:
        if away[0]:
            raise OperationalError("", {}, Exception("away"))
        return await real(work, **how)

    monkeypatch.setattr(opened, "execute", execute)
    runner = runner_of(opened, log)
    await runner.start()
    await asyncio.sleep(workers.LEASE + 0.2)
    away[0] = True
    await silent(storage, "theirs")
    await begun_by(storage, "theirs", BOARD)
    await asyncio.sleep(workers.LEASE + 0.2)
    away[0] = False
    await asyncio.sleep(workers.LEASE / 2)
    assert log.begun == []
    await until(lambda: log.begun == [BOARD.key])
    await runner.stop()


async def test_one_that_lost_its_lease_sends_nothing_and_settles_nothing(storage: Storage, another: Another) -> None:
    """Paused for long, then woken: another one has taken the effect over, and carries it out."""
    first, second = Log(), Log()
    paused, woken, sent = asyncio.Event(), asyncio.Event(), []

    async def pause(_effect: Effect) -> str:
        paused.set()
        await woken.wait()
        lease.check()
        sent.append("twice")
        return "sent by the first"

    async def finish(_effect: Effect) -> str:
        # A woken one beats again, under another lease, and what it had begun stays what it is.
        await runner._beat()
        woken.set()
        await until(lambda: not runner._tasks)
        return "sent by the second"

    first.doing[BOARD.key], second.doing[BOARD.key] = pause, finish
    runner = runner_of(storage, first)
    await runner.start()
    await later(storage, BOARD)
    await paused.wait()
    for beat in runner._beats:  # a paused process does not beat, and its time goes on
        beat.cancel()
    other = runner_of(await another(), second)
    await other.start()
    await until(lambda: none(storage, "running", "waiting"))
    assert await rows(storage, "state", "attempts", "result") == [("done", 2, "sent by the second")]
    assert sent == []
    for one in (runner, other):
        await one.stop()


async def test_one_that_was_paused_and_is_alone_takes_up_again_what_it_laid_down(storage: Storage) -> None:
    log, paused, woken = Log(), asyncio.Event(), asyncio.Event()

    async def pause(_effect: Effect) -> str:
        paused.set()
        await woken.wait()
        lease.check()
        return "ok"

    log.doing[BOARD.key] = pause
    runner = runner_of(storage, log)
    await runner.start()
    await later(storage, BOARD)
    await paused.wait()
    lost = runner._lease
    while runner._lease is lost:  # a beat under way may prolong it once more; then it lives again, under another lease
        lost.holds_until(0.0)
        await asyncio.sleep(0.01)
    woken.set()
    await settled(storage)
    await runner.stop()
    assert await rows(storage, "state", "attempts", "result") == [("done", 2, "ok")]


async def test_a_claim_whose_answer_was_lost_is_made_good(storage: Storage) -> None:
    log = Log()
    runner = runner_of(storage, log)
    await begun_by(storage, runner._id, BOARD)
    await storage.execute(lambda connection, _now: workers.beat(connection, runner._id))
    await runner.start()
    await settled(storage)
    await runner.stop()
    assert await rows(storage, "state", "attempts") == [("done", 2)]


async def test_an_end_written_late_does_not_touch_what_another_has_taken_over(storage: Storage) -> None:
    await silent(storage, "me")
    await later(storage, BOARD)
    (mine,) = await storage.execute(lambda connection, now: outbox.claim(connection, now, 1, "me"))
    assert await storage.execute(lambda connection, _now: outbox.held(connection, mine, "me"))
    await storage.execute(lambda connection, now: outbox.rescue(connection, now, outbox.ATTEMPTS, workers.living(silent_too=False)))
    assert not await storage.execute(lambda connection, _now: outbox.held(connection, mine, "me"))
    (again,) = await storage.execute(lambda connection, now: outbox.claim(connection, now, 1, "me"))
    assert not await storage.execute(lambda connection, _now: outbox.held(connection, mine, "me"))
    assert await storage.execute(lambda connection, _now: outbox.held(connection, again, "me"))


async def test_two_that_claim_at_once_do_not_begin_one_lane_twice(storage: Storage, another: Another) -> None:
    """A number given out earlier may be committed later: without the index both would run."""
    await later(storage, BOARD)
    await storage.execute(lambda connection, now: outbox.claim(connection, now, 1, "me"))
    await later(storage, ROLL)
    begin = update(tables.effect).where(tables.effect.c.key == ROLL.key).values(state="running")
    with pytest.raises(Exception, match="uq_effect_running"):
        await storage.execute(lambda connection, _now: connection.execute(begin))


async def test_one_that_leaves_gives_back_what_it_had_at_once(storage: Storage, another: Another, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.runner, "GRACE", 0.1)
    monkeypatch.setattr(outbox, "UNHEARD", timedelta(0))
    first, second = Log(), Log()
    never = asyncio.Event()

    async def hang(_effect: Effect) -> str:
        await never.wait()
        return ""

    first.doing[BOARD.key] = hang
    runner, other = runner_of(storage, first), runner_of(await another(), second)
    await runner.start()
    await later(storage, BOARD)
    await until(lambda: first.begun)
    await other.start()
    await runner.stop()
    await until(lambda: second.ended)
    await other.stop()
    assert await storage.look(lambda connection, _now: connection.execute(select(tables.worker.c.id)).all()) == []
