"""The database full, away, held by somebody else or taken away: what is to be written is refused in time, and works again by itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, event, make_url, text

from meetings.model import Person
from storage import database
from storage.database import Storage
from storage.engine import BUSY, open_engine
from storage.errors import Unavailable
from storage.transaction import Transaction
from tests.storage.databases import Clock, empty

# docs/operations.md: people are told within so many seconds, whatever ails the database.
ANSWERED = 10.0
AINO = Person("aino", "tenant", "Aino Saarela" * 1000)


async def _kept(storage: Storage) -> bool:
    return "aino" in await storage.read(lambda tx: tx.people(["aino"]))


async def _refused(storage: Storage) -> tuple[str, float]:
    """How a turn is refused, and after how many seconds."""
    begun = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        await storage.run(lambda tx: tx.save(AINO), key="k")
    return str(refused.value), time.monotonic() - begun


async def _goes_on(storage: Storage) -> None:
    """The same turn sent again is kept, for the first time."""
    assert not await _kept(storage)

    def save(tx: Transaction) -> bool:
        tx.save(AINO)
        return tx.repeat

    assert await storage.run(save, key="k") is False
    assert await _kept(storage)
    await storage.health()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


async def test_a_full_disc(storage: Storage) -> None:
    full = True

    @event.listens_for(storage._engine, "checkout")
    def limit(connection: sqlite3.Connection, *_: object) -> None:
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used if full else 1_000_000}")

    word, _ = await _refused(storage)
    assert word == "full"
    full = False
    await _goes_on(storage)


async def test_a_file_that_another_process_holds(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 1.0)
    with closing(sqlite3.connect(tmp_path / "test.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        _, seconds = await _refused(storage)
        assert BUSY - 0.5 < seconds < ANSWERED
    await _goes_on(storage)


async def test_a_file_taken_away_and_put_back(storage: Storage, tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    file.rename(tmp_path / "elsewhere.db")
    assert (await _refused(storage))[0] == "gone"
    file.write_bytes(b"")
    assert (await _refused(storage))[0] == "gone"
    with pytest.raises(Unavailable, match="gone"):
        await storage.health()
    (tmp_path / "elsewhere.db").rename(file)
    await _goes_on(storage)


async def test_one_whose_turn_did_not_come_in_time_is_not_served_after_all(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", -1.0)
    assert (await _refused(storage))[0] == "silent"
    monkeypatch.undo()
    await _goes_on(storage)


async def test_a_postgres_that_goes_away(postgres_url: str, clock: Clock) -> None:
    empty(postgres_url)
    opened = Storage(postgres_url, clock=clock, known=0)
    await opened.start()
    try:
        with away(postgres_url):
            for _ in range(3):
                word, seconds = await _refused(opened)
                assert (word, seconds < ANSWERED) == ("away", True)
        await _goes_on(opened)
    finally:
        await opened.close()


@contextmanager
def away(url: str) -> Iterator[None]:
    """No connection is let in, and those there are cut."""
    parts = make_url(url)
    engine = create_engine(parts.set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as admin:
        admin.execute(text(f'ALTER DATABASE "{parts.database}" ALLOW_CONNECTIONS false'))
        try:
            admin.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": parts.database})
            yield
        finally:
            admin.execute(text(f'ALTER DATABASE "{parts.database}" ALLOW_CONNECTIONS true'))


async def test_a_transaction_that_stands_still_does_not_hold_the_others_for_ever(postgres_url: str) -> None:
    with open_engine(postgres_url).connect() as connection:
        shown = [connection.execute(text(f"SHOW {name}")).scalar() for name in ("idle_in_transaction_session_timeout", "statement_timeout")]
    assert shown == ["15s", "30s"]
