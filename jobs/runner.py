"""The embedded runner: one process, an asyncio loop woken by each commit, polling as a backstop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy import Connection

from jobs.retry import ATTEMPTS, decide
from storage import outbox
from storage.outbox import Claimed
from storage.transaction import Storage

try:
    import fcntl
except ImportError:  # Windows has no fcntl; there the database's own lock must do
    fcntl = None  # type: ignore[assignment]

log = structlog.get_logger()
AT_ONCE = 8
POLL = 5.0
GRACE = 10.0
KEPT = timedelta(days=90)

Handler = Callable[[Any], Awaitable[str]]


class AlreadyRunning(Exception):
    """Another process runs the effects of this database."""


class Runner:
    """Runs effects at least once, one at a time in a lane and in order, several lanes at once."""

    def __init__(self, storage: Storage, handlers: Mapping[type[Any], Handler]) -> None:
        self._storage = storage
        self._handlers = handlers
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._lock: IO[str] | None = None
        self._stopping = False

    @property
    def running(self) -> bool:
        return self._loop is not None and not self._loop.done()

    async def start(self) -> None:
        """Take the lock, take back what a killed process left, begin. Raises `AlreadyRunning`."""
        self._take_lock()
        rescued = await self._storage.execute(lambda connection, now: outbox.rescue(connection, now, ATTEMPTS))
        if rescued:
            log.info("effects taken back after a stop", count=rescued)
        await self._storage.execute(lambda connection, now: outbox.forget(connection, now - KEPT))
        loop = asyncio.get_running_loop()
        self._storage.woken = partial(loop.call_soon_threadsafe, self._wake.set)
        self._loop = asyncio.create_task(self._run(), name="effects")

    async def stop(self) -> None:
        """Claim nothing more, let what runs finish for a while, give up the lock."""
        self._stopping = True
        self._wake.set()
        if self._loop is not None:
            await asyncio.wait([self._loop], timeout=GRACE)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE)
        for task in (*self._tasks, *([self._loop] if self._loop else ())):
            task.cancel()
        if self._lock is not None:
            self._lock.close()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                found = await self._claim()
            except Exception:  # a database away for a minute: the loop must outlive it
                log.exception("effects could not be claimed")
                found = []
            for claimed in found:
                task = asyncio.create_task(self._carry_out(claimed))
                self._tasks[task] = claimed.effect.lane
                task.add_done_callback(self._done)
            if not found:
                await self._sleep()

    async def _claim(self) -> list[Claimed]:
        free = AT_ONCE - len(self._tasks)
        if free <= 0:
            return []
        busy = [lane for lane in self._tasks.values() if lane]
        return await self._storage.execute(lambda connection, now: outbox.claim(connection, now, busy, free))

    async def _sleep(self) -> None:
        try:
            due = await self._storage.execute(lambda connection, now: (outbox.next_due(connection), now))
            wait = max((due[0] - due[1]).total_seconds(), 0.02) if due[0] else POLL
        except Exception:  # as above
            wait = POLL
        try:
            # A waiting row may be due but behind its lane; the end of what runs wakes the loop.
            await asyncio.wait_for(self._wake.wait(), POLL if self._tasks else min(wait, POLL))
        except TimeoutError:
            return

    async def _carry_out(self, claimed: Claimed) -> None:
        bound = log.bind(effect=type(claimed.effect).__name__, seq=claimed.seq, attempt=claimed.attempt)
        try:
            result = await self._handlers[type(claimed.effect)](claimed.effect)
        except Exception as error:  # the one boundary of effects: whatever happened, the row says so
            decision = decide(error, claimed.attempt)
            reason = f"{type(error).__name__}: {error}"
            if decision.after is None:
                bound.error("effect given up", reason=reason)
                await self._settle(lambda connection, now: outbox.bury(connection, now, claimed, reason))
            else:
                after = decision.after
                bound.warning("effect to be tried again", reason=reason, seconds=after.total_seconds())
                await self._settle(lambda connection, now: outbox.retry(connection, claimed.seq, now + after, reason))
        else:
            await self._settle(lambda connection, now: outbox.finish(connection, now, claimed.seq, result))

    async def _settle(self, write: Callable[[Connection, datetime], None]) -> None:
        """Write how an effect ended, however long the database is away: a row left running would hold its lane."""
        while True:
            try:
                await self._storage.execute(write)
            except Exception:
                log.exception("an effect's end could not be written")
                await asyncio.sleep(POLL)
            else:
                return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._wake.set()

    def _take_lock(self) -> None:
        path = self._storage.url.partition("///")[2]
        if fcntl is None or not self._storage.url.startswith("sqlite") or not path or path == ":memory:":
            return
        self._lock = Path(f"{path}.lock").open("w", encoding="ascii")  # noqa: SIM115  # held until the process ends
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise AlreadyRunning(f"another process runs on {path}; stop it first, or use PostgreSQL for several") from None
        self._lock.write(str(os.getpid()))
        self._lock.flush()
