"""The database, and one transaction of it in one thread hop: `await storage.run(work)`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InternalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection

from meetings.model import Conversation, Person
from storage import outbox, tables
from storage.engine import beginning, open_engine, sqlite_file
from storage.errors import Conflict, Unavailable
from storage.faults import OUTAGES, PARTIAL, fault_of
from storage.known import MOST as MOST_KNOWN
from storage.known import Known
from storage.migrate import upgrade
from storage.transaction import Transaction
from storage.wakes import wake
from telemetry.outage import Outage
from telemetry.under_way import turn_id

Result = TypeVar("Result")
ATTEMPTS = 3
# Seconds. Teams waits 15 for an answer; before that people are told that nothing was kept.
PATIENCE = 8.0
_PLACE = 0x50796E  # of the advisory lock of transactions in PostgreSQL
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Those that lost against somebody else run alone when they run again, so nobody loses three times.
TURN = f"BEGIN; SELECT pg_advisory_xact_lock_shared({_PLACE})"
TURN_ALONE = f"BEGIN; SELECT pg_advisory_xact_lock({_PLACE})"


class Storage:
    """The database. `clock` gives aware UTC. `woken` is called after each commit that left something new to carry out. `known`: so many
    bodies and meetings are kept in memory."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime],
        holiday: Callable[[date], str | None] = lambda _day: None,
        known: int = MOST_KNOWN,
    ) -> None:
        self.url = url
        self.clock = clock
        self.woken: Callable[[], object] = lambda: None
        self._holiday = holiday
        self._known = Known(known)
        self._refused = False
        self._outage, self._troubled = Outage(), Outage()
        self._sqlite = url.startswith("sqlite")
        # Whether other processes may work on the same database.
        self.shared = not self._sqlite
        self._engine = open_engine(url)
        # SQLite's BEGIN is a snapshot by itself, and its one writer is alone.
        self._snapshots, self._singles, self._turns, self._turns_alone = (
            (self._engine,) * 4 if self._sqlite else (beginning(self._engine, how) for how in (SNAPSHOT, "", TURN, TURN_ALONE))
        )
        self._file = sqlite_file(url)
        self._inode = 0
        # One writer on SQLite: its queue is the single-writer lock. PostgreSQL locks rows, so several write at once.
        self._writers = ThreadPoolExecutor(1 if self._sqlite else 8, "storage-write")
        self._readers = ThreadPoolExecutor(4, "storage-read")

    async def start(self) -> None:
        """Migrate, and make the secrets a new database needs."""
        await asyncio.get_running_loop().run_in_executor(self._writers, self._prepare)

    def _prepare(self) -> None:
        upgrade(self._engine)
        if self._file is not None:
            self._inode = self._file.stat().st_ino
        self._again(lambda _attempt: self._make_secrets())

    def _make_secrets(self) -> None:
        with self._engine.begin() as connection:
            _begin(connection)
            if connection.execute(select(tables.secret.c.name).where(tables.secret.c.name == "links")).first() is None:
                connection.execute(insert(tables.secret).values(name="links", value=os.urandom(32)))

    async def close(self) -> None:
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._engine.dispose()

    async def run(
        self,
        work: Callable[[Transaction], Result],
        *,
        actor: Person | None = None,
        conversation: Conversation | None = None,
        key: str = "",
    ) -> Result:
        """Run `work` in one transaction; leaving commits, raising rolls back. Run again, at most three times, when somebody else
        changed the same thing. With `key` seen before, `tx.repeat` is set. Raises `Unavailable` when the database cannot be used, and
        when its turn has not come within `PATIENCE`."""
        turn = turn_id()
        until = time.monotonic() + PATIENCE

        def hop() -> Result:
            if time.monotonic() > until:
                raise Unavailable("silent")  # nobody waits any more, so it must not be done after all
            with _available():
                wrote, result = self._again(lambda attempt: self._once(work, actor, conversation, key, turn, attempt), until)
            if wrote:
                self.woken()  # here, so that one who no longer waits for the answer cannot keep the effects waiting
            return result

        return await asyncio.get_running_loop().run_in_executor(self._writers, hop)

    async def read(self, work: Callable[[Transaction], Result], *, actor: Person | None = None) -> Result:
        """Run `work` on a connection of its own, changing nothing. Raises `Unavailable`."""
        with _available(InternalError):  # of a transaction that is read-only because it reads
            return await self.look(lambda connection, now: work(self._transaction(connection, now, actor, None, changing=False)))

    async def look(self, work: Callable[[Connection, datetime], Result]) -> Result:
        """Plain statements on one snapshot of the database, changing nothing; never in the way of a writer."""

        def once() -> Result:
            self._check_file()
            with self._snapshots.connect() as connection:
                if self._sqlite:
                    connection.exec_driver_sql("BEGIN")
                found = work(connection, self.clock())
                if not self._sqlite:
                    connection.commit()  # at a rollback psycopg forgets all that it has prepared
                return found

        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: self._again(lambda _attempt: once()))

    async def execute(self, work: Callable[[Connection, datetime], Result], *, single: bool = False) -> Result:
        """Plain statements in one transaction, for the runner and the calendar stand-in. `single`: one statement, or ones of which each may
        stay without those after it."""

        def once() -> Result:
            self._check_file()
            with (self._singles if single else self._engine).begin() as connection:
                _begin(connection)
                return work(connection, self.clock())

        return await asyncio.get_running_loop().run_in_executor(self._writers, lambda: self._again(lambda _attempt: once()))

    def _check_file(self) -> None:
        """A file that was taken away under us would take everything written from now on with it. Raises `Unavailable`."""
        if self._inode and self._file is not None:
            try:
                there = self._file.stat().st_ino == self._inode
            except OSError:
                there = False
            if not there:
                raise Unavailable("gone")

    async def health(self) -> Mapping[str, Any]:
        """Depth of the outbox, dead effects, and the age of the oldest due one in seconds. Raises what the database raises; after a write
        it refused, until it takes one again."""
        if self._refused:
            await self.execute(_try_to_write)
            self._refused = False
        return await self.look(outbox.health)

    def _once(
        self,
        work: Callable[[Transaction], Result],
        actor: Person | None,
        conversation: Conversation | None,
        key: str,
        turn: str,
        attempt: int,
    ) -> tuple[bool, Result]:
        self._check_file()
        with ExitStack() as promise:
            with (self._turns if attempt == 1 else self._turns_alone).begin() as connection:
                _begin(connection)
                tx = self._transaction(connection, self.clock(), actor, conversation, changing=True, turn=turn)
                tx.repeat = bool(key) and tx.seen(key)
                result = work(tx)
                wrote = tx.finish()
                if wrote and self.shared:
                    wake(connection)
                tx.finish_journal()
                promise.enter_context(self._known.promised(tx.changed))
            tx.committed()
        return wrote, result

    def _transaction(
        self,
        connection: Connection,
        now: datetime,
        actor: Person | None,
        conversation: Conversation | None,
        *,
        changing: bool,
        turn: str = "",
    ) -> Transaction:
        return Transaction(connection, now, self._holiday, actor, conversation, changing=changing, known=self._known, turn=turn)

    def _again(self, once: Callable[[int], Result], until: float = float("inf")) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                done = once(attempt)
            except (Conflict, IntegrityError):
                if attempt == ATTEMPTS:
                    raise
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _passing(error) or time.monotonic() > until:
                    self._refused = True
                    self._away(error)
                    raise
            except (NoConnection, Unavailable) as error:
                self._away(error)
                raise
            else:
                self._outage.ended()
                return done
        raise AssertionError("the last attempt returns or raises")

    def _away(self, error: Exception) -> None:
        if (fault := fault_of(error)) in OUTAGES:
            (self._troubled if fault in PARTIAL else self._outage).lasts(fault)


def _try_to_write(connection: Connection, _now: datetime) -> None:
    """Something that needs room, and is gone again."""
    connection.execute(insert(tables.secret).values(name="trial", value=bytes(32_768)))
    connection.execute(delete(tables.secret).where(tables.secret.c.name == "trial"))


@contextmanager
def _available(*ours: type[DBAPIError]) -> Iterator[None]:
    """What the driver raises about the database itself, and not about what is asked of it (`ours`), is `Unavailable`."""
    try:
        yield
    except (DBAPIError, NoConnection) as error:
        if isinstance(error, (DataError, IntegrityError, ProgrammingError, *ours)):
            raise
        raise Unavailable(fault_of(error)) from error


def _passing(error: DBAPIError) -> bool:
    """Serialisation failures, deadlocks and a busy database pass when tried again."""
    state = getattr(error.orig, "sqlstate", "") or ""
    return error.connection_invalidated or state in {"40001", "40P01"} or "locked" in str(error.orig)


def _begin(connection: Connection) -> None:
    """SQLite takes its write lock before the first read, so there is no read-then-upgrade deadlock."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
