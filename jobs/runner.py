"""The embedded runner: one process, an asyncio loop woken by each commit, polling as a backstop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from jobs.retry import ATTEMPTS, decide
from storage import outbox
from storage.alone import be_alone
from storage.outbox import Claimed
from storage.transaction import Storage

log = structlog.get_logger()
AT_ONCE = 8
POLL = 5.0
SHORTEST = 0.02
GRACE = 10.0
# A burst of presses is looked at once.
BREATH = 0.03
KEPT = timedelta(days=90)

Handler = Callable[[Any], Awaitable[str]]


class Runner:
    """Runs effects at least once, one at a time in a lane and in order, several lanes at once."""

    def __init__(self, storage: Storage, handlers: Mapping[type[Any], Handler]) -> None:
        self._storage = storage
        self._handlers = handlers
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._forgotten: datetime | None = None
        self._give_up_lock: Callable[[], None] = lambda: None
        self._stopping = False

    @property
    def running(self) -> bool:
        return self._loop is not None and not self._loop.done()

    async def start(self) -> None:
        """Take the lock, take back what a killed process left, begin. Raises `AlreadyRunning`."""
        self._give_up_lock = await asyncio.to_thread(be_alone, self._storage.url)
        rescued = await self._storage.execute(lambda connection, now: outbox.rescue(connection, now, ATTEMPTS))
        if rescued:
            log.info("effects taken back after a stop", count=rescued)
        self._storage.woken = partial(asyncio.get_running_loop().call_soon_threadsafe, self._wake.set)
        self._loop = asyncio.create_task(self._run(), name="effects")

    async def stop(self) -> None:
        """Claim nothing more, let what runs finish for a while, give up the lock."""
        self._stopping = True
        self._storage.woken = lambda: None
        self._wake.set()
        if self._loop is not None:
            await asyncio.wait([self._loop], timeout=GRACE)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE)
        left = [*self._tasks, *([self._loop] if self._loop else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._give_up_lock()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._forget()
                found = await self._claim()
                wait = None if found else await self._idle()
            except Exception:  # a database away for a minute: the loop must outlive it
                log.exception("effects could not be claimed")
                found, wait = [], POLL
            for claimed in found:
                task = asyncio.create_task(self._carry_out(claimed))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            if wait is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait)
                    await asyncio.sleep(BREATH)

    async def _claim(self) -> list[Claimed]:
        free = AT_ONCE - len(self._tasks)
        return await self._storage.execute(lambda connection, now: outbox.claim(connection, now, free)) if free else []

    async def _idle(self) -> float:
        """Seconds until something falls due; a commit, or the end of an effect that others wait for, wakes the loop before."""
        if len(self._tasks) >= AT_ONCE:
            return POLL
        due, now = await self._storage.look(lambda connection, now: (outbox.next_due(connection), now))
        return POLL if due is None else min(max((due - now).total_seconds(), SHORTEST), POLL)

    async def _forget(self) -> None:
        """Once a day."""
        now = self._storage.clock()
        if self._forgotten is None or now - self._forgotten >= timedelta(days=1):
            await self._storage.execute(lambda connection, now: outbox.forget(connection, now - KEPT))
            self._forgotten = now

    async def _carry_out(self, claimed: Claimed) -> None:
        bound = log.bind(effect=type(claimed.effect).__name__, seq=claimed.seq, attempt=claimed.attempt)
        try:
            result = await self._handlers[type(claimed.effect)](claimed.effect)
        except Exception as error:  # the one boundary of effects: whatever happened, the row says so
            decision = decide(error, claimed.attempt)
            reason = f"{type(error).__name__}: {error}"
            if decision.after is None:
                bound.error("effect given up", reason=reason)
                cause = next((one for one in ("refused", "mailbox") if getattr(error, one, False)), "")
                await self._settle(lambda connection, now: outbox.bury(connection, now, claimed.seq, reason, cause))
            else:
                after = decision.after
                bound.warning("effect to be tried again", reason=reason, seconds=after.total_seconds())
                await self._settle(lambda connection, now: outbox.retry(connection, now, claimed.seq, now + after, reason))
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
        self._tasks.discard(task)
        self._wake.set()
