"""What /readyz says: in its time whatever the database does, and in words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError

from meetings.effects import ReadMembers
from storage.database import Storage
from storage.errors import Unavailable
from storage.faults import fault_of
from telemetry import health
from telemetry.health import Health
from tests.ports import free_port
from tests.storage.databases import Clock

pytestmark = pytest.mark.usefixtures("logged")
COUNTS = {"waiting": 1, "running": 0, "dead": 0, "due": 0, "late_seconds": 0.0}


class Ticks:
    """Seconds that go on only when they are told to; the wall's clock goes with them unless it jumps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.ahead = 0.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> datetime:
        return datetime(2026, 5, 11, tzinfo=UTC) + timedelta(seconds=self.now + self.ahead)


class Database:
    """Answers with counts, or as it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Callable[[], Awaitable[Mapping[str, float]]] = self._counts

    async def __call__(self) -> Mapping[str, float]:
        self.asked += 1
        return await self.answer()

    async def _counts(self) -> Mapping[str, float]:
        return COUNTS


def seen(database: Database, ticks: Ticks, runner: str = "ok") -> Health:
    return Health(database, fault_of, lambda: runner, ticks.wall, ticks)


async def test_a_sound_bot_is_ready_and_counts() -> None:
    state = await seen(Database(), Ticks()).state()
    assert state.ready
    assert state.told() == {"ready": True, "database": "ok", "runner": "ok", "clock": "ok", **COUNTS, "says": ""}


async def test_whoever_asks_often_asks_the_database_once_a_second() -> None:
    database, ticks = Database(), Ticks()
    health = seen(database, ticks)
    for _ in range(20):
        await health.state()
    assert database.asked == 1
    ticks.now += 1.0
    await asyncio.gather(*(health.state() for _ in range(20)))
    assert database.asked == 2


async def test_a_database_that_hangs_is_told_in_time_and_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    database, ticks, free = Database(), Ticks(), asyncio.Event()

    async def hangs() -> Mapping[str, float]:
        await free.wait()
        return COUNTS

    database.answer = hangs
    one = seen(database, ticks)
    for _ in range(5):
        state = await one.state()
        assert (state.ready, state.database) == (False, "silent")
        assert "does not answer" in state.told()["says"]
        ticks.now += 10.0
    assert database.asked == 1
    free.set()
    await asyncio.sleep(0)
    assert (await one.state()).ready


def test_the_wait_leaves_room_within_two_seconds() -> None:
    assert health.PATIENCE <= 1.8


@pytest.mark.parametrize(("runner", "ready"), [("ok", True), ("none", True), ("stopped", False), ("stalled", False)])
async def test_without_its_runner_it_is_not_ready(runner: str, ready: bool) -> None:
    state = await seen(Database(), Ticks(), runner).state()
    assert (state.ready, state.runner, bool(state.told()["says"])) == (ready, runner, not ready)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
async def test_a_clock_that_jumps_is_told_for_a_while_and_is_no_reason_to_stop(jump: float) -> None:
    database, ticks = Database(), Ticks()
    health = seen(database, ticks)
    ticks.now += 30.0
    assert (await health.state()).clock == "ok"
    ticks.now += 30.0
    ticks.ahead += jump
    state = await health.state()
    assert (state.ready, state.clock, state.jumped) == (True, "jumped", jump)
    assert "clock jumped" in state.told()["says"]
    ticks.now += 30.0
    assert (await health.state()).clock == "jumped"
    ticks.now += 600.0
    assert (await health.state()).clock == "ok"


async def test_a_disc_without_room_is_told_until_there_is_room(tmp_path: Path) -> None:
    clock, ticks = Clock(), Ticks()
    storage = Storage(f"sqlite:///{tmp_path / 'small.db'}", clock=clock)
    await storage.start()
    one = Health(storage.health, fault_of, lambda: "ok", ticks.wall, ticks)
    assert (await one.state()).ready

    def room(pages: int) -> None:
        @event.listens_for(storage._engine, "begin")
        def limit(connection: object) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    room(1)
    with pytest.raises(Unavailable):
        await storage.run(lambda tx: tx.keep_content(bytes(1_000_000)))
    ticks.now += 10.0
    state = await one.state()
    assert (state.ready, state.database) == (False, "full")
    assert "disc of the database is full" in state.told()["says"]
    room(100_000)
    ticks.now += 10.0
    assert (await one.state()).ready
    await storage.close()


async def test_a_database_that_takes_nothing_is_read_only(tmp_path: Path) -> None:
    storage = Storage(f"sqlite:///{tmp_path / 'fixed.db'}", clock=Clock())
    await storage.start()

    @event.listens_for(storage._engine, "begin")
    def fixed(connection: object) -> None:
        connection.exec_driver_sql("PRAGMA query_only=1")  # type: ignore[attr-defined]

    with pytest.raises(Unavailable):
        await storage.run(lambda tx: tx.later(ReadMembers("19:one@thread.tacv2")))
    state = await Health(storage.health, fault_of, lambda: "ok", Clock()).state()
    assert (state.ready, state.database) == (False, "read_only")
    await storage.close()


async def test_a_server_that_is_away_is_told_at_once() -> None:
    storage = Storage(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none", clock=Clock())
    begun = time.monotonic()
    state = await Health(storage.health, fault_of, lambda: "ok", Clock()).state()
    assert (state.ready, state.database) == (False, "away")
    assert time.monotonic() - begun < 2
    await storage.close()


async def test_a_server_that_hangs_is_told_within_two_seconds(postgres_url: str) -> None:
    storage = Storage(postgres_url, clock=Clock())
    one = Health(storage.health, fault_of, lambda: "ok", Clock())
    assert (await one.state()).ready
    engine = create_engine(postgres_url)
    with engine.begin() as holder:
        holder.execute(text("LOCK TABLE effect IN ACCESS EXCLUSIVE MODE"))
        await asyncio.sleep(health.FRESH)
        begun = time.monotonic()
        assert (await one.state()).database == "silent"
        assert time.monotonic() - begun < 2
    async with asyncio.timeout(10):
        while not (await one.state()).ready:  # noqa: ASYNC110  # as a probe does
            await asyncio.sleep(0.1)
    engine.dispose()
    await storage.close()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", "away"),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", "full"),
        ("SET TRANSACTION READ ONLY; CREATE TABLE nothing (one int)", "read_only"),
        ("SELECT 1 / 0", "failing"),
    ],
)
async def test_what_postgresql_says_is_told_in_our_words(postgres_url: str, statement: str, fault: str) -> None:
    storage = Storage(postgres_url, clock=Clock())
    with pytest.raises(DBAPIError) as raised:
        await storage.execute(lambda connection, _now: connection.execute(text(statement)))
    assert fault_of(raised.value) == fault
    await storage.close()


def test_other_errors_are_failures() -> None:
    assert fault_of(ValueError("x")) == "failing"
