"""Carries out effects: an asyncio loop woken by each commit, polling as a backstop. On PostgreSQL in any number of processes, which take
over from each other: each holds what it has begun by a lease."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from jobs import lease
from jobs.lease import Lease, LeaseLost
from jobs.retry import decide
from jobs.steady import Steady
from storage import gates, outbox, workers
from storage.alone import be_alone
from storage.database import Storage
from storage.faults import OUTAGES, fault_of
from storage.outbox import ATTEMPTS, Claimed
from storage.wakes import listen
from telemetry.errors import reason
from telemetry.observed import Telemetry
from telemetry.under_way import Observed

log = structlog.get_logger()
AT_ONCE = 8
POLL = 5.0
# Looks come at least so often, and each takes as long as the database does.
STALLED = 30.0
SHORTEST = 0.02
GRACE = 10.0
# The first of a burst is looked at once, the rest of it together.
BREATH = 0.03
KEPT = timedelta(days=90)
# Between looking whether the lease still holds and what is sent then.
MARGIN = 2.0

Handler = Callable[[Any], Awaitable[str]]


def _tell(what: str, error: Exception) -> None:
    """Storage tells once of a database that is away, for all that could not be done meanwhile."""
    if fault_of(error) not in OUTAGES:
        log.error(what, exc_info=error)


class Runner:
    """Runs effects at least once, one at a time in a lane and in order, several lanes at once."""

    def __init__(
        self,
        storage: Storage,
        handlers: Mapping[type[Any], Handler],
        telemetry: Telemetry | None = None,
        steady: Steady | None = None,
    ) -> None:
        """`steady` tells when the clock jumped; without it, it is believed whatever it says."""
        self._storage = storage
        self._steady = steady
        self._telemetry = telemetry or Telemetry()
        self._handlers = handlers
        self._id = secrets.token_hex(8)
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._beats: list[asyncio.Task[None]] = []
        self._tasks: dict[asyncio.Task[None], Claimed] = {}
        self._lease = Lease()
        self._steady_since: float | None = None
        # Whether rows may be ours that nobody here is at work on.
        self._unsure = True
        self._forgotten: datetime | None = None
        self._give_up_lock: Callable[[], None] = lambda: None
        self._stopping = False
        self._looked = 0.0
        # Effects that were begun here, and left when it stopped.
        self.left = 0

    @property
    def under_way(self) -> int:
        """How many effects have been begun here and not ended."""
        return len(self._tasks)

    @property
    def state(self) -> str:
        """`ok`, `stopped`, or `stalled` when it has not looked for work in a while."""
        if self._loop is None or self._loop.done():
            return "stopped"
        return "ok" if time.monotonic() - self._looked < STALLED else "stalled"

    async def start(self) -> None:
        """Take back what ended processes left, begin. Raises `AlreadyRunning` where there must be one process only."""
        self._give_up_lock = await asyncio.to_thread(be_alone, self._storage.url)
        woken = partial(asyncio.get_running_loop().call_soon_threadsafe, self._wake.set)
        if self._storage.shared:
            await self._beat()
            self._beats = [
                asyncio.create_task(self._keep_beating(), name="beats"),
                asyncio.create_task(listen(self._storage.url, self._wake.set), name="wakes"),
            ]
        else:
            await self._rescue()
        self._storage.woken = woken
        self._looked = time.monotonic()
        self._loop = asyncio.create_task(self._run(), name="effects")

    async def stop(self) -> None:
        """Claim nothing more, let what runs finish for a while, leave what does not to the others or to the next start."""
        self._stopping = True
        self._storage.woken = lambda: None
        self._wake.set()
        if self._loop is not None:
            await asyncio.wait([self._loop], timeout=GRACE)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE)
        self.left = len(self._tasks)
        left = [*self._tasks, *self._beats, *([self._loop] if self._loop else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._storage.shared:
            with suppress(Exception):  # a database that is away takes it for silence a little later
                await self._storage.execute(lambda connection, _now: workers.leave(connection, self._id))
        self._give_up_lock()

    # --- being one of several ---

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(workers.BEAT)
            try:
                await self._beat()
            except Exception as error:  # a database away for a minute
                _tell("no sign of life could be given", error)
                self._steady_since = None

    async def _beat(self) -> None:
        """Say that we live, then take back what others have lost. The lease is counted from before it was said."""
        said = time.monotonic()
        if self._lease.lost:
            # Paused, or without the database, for so long that others may have taken over: what has begun sends nothing more, and is
            # settled only if nobody has. What begins now does so under a new lease.
            log.warning("the lease ran out", effects=len(self._tasks))
            self._lease, self._steady_since = Lease(), None
        await self._storage.execute(lambda connection, _now: workers.beat(connection, self._id), single=True)
        self._lease.holds_until(said + workers.LEASE - MARGIN)
        # A connection that was lost and made anew on the way leaves no other trace.
        self._unsure = True
        self._steady_since = said if self._steady_since is None else self._steady_since
        # When the database was away nobody was heard. Who was, and has something to settle, gets the time to say so.
        await self._rescue(silent_too=said - self._steady_since < workers.LEASE)

    async def _rescue(self, silent_too: bool = False) -> None:
        living = workers.living(silent_too) if self._storage.shared else None
        rescued = await self._storage.execute(lambda connection, now: outbox.rescue(connection, now, ATTEMPTS, living))
        if rescued:
            log.info("effects taken back", count=rescued)
            self._wake.set()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._looked = time.monotonic()
            try:
                await self._forget()
                found = await self._claim()
                wait = None if found else await self._idle()
            except Exception as error:  # a database away for a minute: the loop must outlive it
                _tell("effects could not be claimed", error)
                self._unsure = True
                found, wait = [], POLL
            for claimed in found:
                task = asyncio.create_task(self._carry_out(claimed))
                self._tasks[task] = claimed
                task.add_done_callback(self._done)
            if wait is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait)
                    await asyncio.sleep(self._looked + BREATH - time.monotonic())

    @property
    def _timers(self) -> bool:
        """Whether what waits for nothing but its time may be carried out."""
        return self._steady is None or self._steady.trusted

    async def _claim(self) -> list[Claimed]:
        at = self._storage.clock()  # before it is looked whether it can be trusted: a jump after that is of the next round
        if self._steady is not None and self._steady.look() < 0:
            await self._storage.execute(outbox.hasten)
        timers = self._timers
        free = AT_ONCE - len(self._tasks)
        if not free or any(one.alone for one in self._tasks.values()):
            return []
        if self._unsure:
            at_work = frozenset(one.seq for one in self._tasks.values())
            self._unsure = False
            if await self._storage.execute(lambda connection, _now: outbox.take_back(connection, at, self._id, at_work)):
                log.info("effects that were laid down are taken up again")
        return await self._storage.execute(lambda connection, _now: outbox.claim(connection, at, free, self._id, bool(self._tasks), timers))

    async def _idle(self) -> float:
        """Seconds until something falls due; a commit, or the end of an effect that others wait for, wakes the loop before."""
        if len(self._tasks) >= AT_ONCE or any(one.alone for one in self._tasks.values()):
            return POLL
        due, now = await self._storage.look(lambda connection, now: (outbox.next_due(connection, self._timers), now))
        return POLL if due is None else min(max((due - now).total_seconds(), SHORTEST), POLL)

    async def _forget(self) -> None:
        """Once a day."""
        now = self._storage.clock()
        if self._forgotten is None or now - self._forgotten >= timedelta(days=1):
            await self._storage.execute(lambda connection, now: outbox.forget(connection, now - KEPT))
            if self._storage.shared:
                await self._storage.execute(lambda connection, _now: workers.forget(connection))
                await self._storage.execute(lambda connection, _now: gates.forget(connection))
            self._forgotten = now

    async def _carry_out(self, claimed: Claimed) -> None:
        lease.carry(self._lease, claimed.seq)
        late = self._storage.clock() - claimed.due_at
        with self._telemetry.effect(type(claimed.effect).__name__, claimed.seq, claimed.attempt, claimed.turn, late) as observed:
            await self._attempt(claimed, observed)

    async def _attempt(self, claimed: Claimed, observed: Observed) -> None:
        try:
            result = await self._handlers[type(claimed.effect)](claimed.effect)
        except LeaseLost:
            log.warning("effect laid down: another process may have it")
            self._unsure = True
        except Exception as error:  # the one boundary of effects: whatever happened, the row says so
            decision = decide(error, claimed.attempt)
            why = reason(error)
            if decision.after is None:
                observed.outcome = "dead"
                log.error("effect given up", reason=why)
                cause = next((one for one in ("refused", "mailbox") if getattr(error, one, False)), "")
                await self._settle(self._held(claimed, lambda connection, now: outbox.bury(connection, now, claimed.seq, why, cause)))
            else:
                after, tried = decision.after, decision.tried
                observed.outcome = "retried" if tried else "postponed"
                log.log(logging.WARNING if tried else logging.DEBUG, "effect to be tried again", reason=why, seconds=after.total_seconds())
                await self._settle(
                    self._held(claimed, lambda connection, now: outbox.retry(connection, now, claimed.seq, now + after, why, tried=tried))
                )
        else:
            observed.outcome = "done"
            holder = self._id, claimed.attempt
            await self._settle(lambda connection, now: outbox.finish(connection, now, claimed.seq, result, holder), single=True)

    def _held(self, claimed: Claimed, write: Callable[[Connection, datetime], None]) -> Callable[[Connection, datetime], bool]:
        """`write`, if the effect is still ours."""

        def settle(connection: Connection, now: datetime) -> bool:
            mine = outbox.held(connection, claimed, self._id)
            if mine:
                write(connection, now)
            return mine

        return settle

    async def _settle(self, write: Callable[[Connection, datetime], bool], *, single: bool = False) -> None:
        """Write how an effect ended, however long the database is away: a row left running would hold its lane. `write` does not when
        another process has taken it over since, and tells."""
        while True:
            try:
                if not await self._storage.execute(write, single=single):
                    log.warning("an effect was taken over by another process")
            except Exception as error:
                _tell("an effect's end could not be written", error)
                await asyncio.sleep(POLL)
            else:
                return

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._wake.set()
