"""How the bot is: whether the database answers and takes what is written, effects are carried out, and the clock can be trusted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

log = structlog.get_logger()
# /readyz answers within two seconds, whatever the database does.
PATIENCE = 1.5
# Whoever asks, and however often: the database is asked no more than once in so many seconds.
FRESH = 1.0
# What a clock that is being corrected does not do between two looks.
JUMP = 5.0
REMEMBERED = 600.0

SAYS: Mapping[str, str] = {
    "database away": "The database cannot be reached; what is asked is answered with an apology, and effects wait until it is back.",
    "database gone": "The database file was moved, replaced or deleted under the running bot: put it back, or start the bot anew.",
    "database silent": "The database does not answer in time.",
    "database refused": "The database server does not let the bot in any more: user or password are other than in DATABASE_URL.",
    "database missing": "The database server has no database of the name in DATABASE_URL.",
    "database forbidden": "The database server denies the bot a right that it needs.",
    "database full": "The disc of the database is full: nothing can be written until there is room.",
    "database read_only": "The database takes nothing that is written: it is read-only.",
    "database failing": "The database refuses what it is asked; the log says how.",
    "runner stopped": "Effects are not carried out: the runner has stopped.",
    "runner stalled": "Effects are not carried out: the runner has not looked for work in a while.",
    "clock jumped": "This machine's clock jumped, or the machine slept: what was due in between may be late or early.",
}


@dataclass(frozen=True, slots=True)
class State:
    """`database`, `runner` and `clock`: `ok`, or what is wrong, as in SAYS; a process without a runner has `none`. `jumped`: seconds the
    clock lately went forward (or back, below 0) by itself. `outbox`: the effects of the database, empty when it could not be asked."""

    database: str
    runner: str
    clock: str = "ok"
    jumped: float = 0.0
    outbox: Mapping[str, float] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """A clock that jumped is no reason to take the process away: every other one on the machine has the same."""
        return self.database == "ok" and self.runner in {"ok", "none"}

    def told(self) -> dict[str, Any]:
        """The answer of /readyz. `says`: what is wrong, in words."""
        wrong = [f"{part} {is_}" for part, is_ in (("database", self.database), ("runner", self.runner), ("clock", self.clock))]
        return {
            "ready": self.ready,
            "database": self.database,
            "runner": self.runner,
            "clock": self.clock,
            **self.outbox,
            "says": " ".join(SAYS[one] for one in wrong if one in SAYS),
        }


class Health:
    """Asks the database (`outbox`), one question at a time, and looks at the runner and the clock."""

    def __init__(
        self,
        outbox: Callable[[], Awaitable[Mapping[str, float]]],
        fault: Callable[[BaseException], str],
        runner: Callable[[], str],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.last = State("silent", "stopped")
        self._outbox = outbox
        self._fault = fault
        self._runner = runner
        self._clock = clock
        self._monotonic = monotonic
        self._looked = float("-inf")
        self._flight: asyncio.Task[Mapping[str, float]] | None = None
        self._seen = clock(), monotonic()
        self._jump = 0.0
        self._jumped_at = float("-inf")

    async def state(self) -> State:
        """How it is now, or was a moment ago."""
        if self._monotonic() - self._looked < FRESH:
            return self.last
        # A question that hangs is not asked again beside itself.
        flight = self._flight = self._flight or asyncio.ensure_future(self._outbox())
        await asyncio.wait({flight}, timeout=PATIENCE)
        database, outbox = self._answered(flight) if flight.done() else ("silent", {})
        jumped = self._jumped()
        self._looked = self._monotonic()
        self.last, before = State(database, self._runner(), "jumped" if jumped else "ok", jumped, outbox), self.last
        if self.last.ready != before.ready:
            says, level = ("ready", logging.INFO) if self.last.ready else ("not ready", logging.WARNING)
            log.log(level, says, database=database, runner=self.last.runner)
        return self.last

    def _answered(self, flight: asyncio.Future[Mapping[str, float]]) -> tuple[str, Mapping[str, float]]:
        self._flight = None
        error = flight.exception()
        if error is None:
            return "ok", flight.result()
        fault = self._fault(error)
        log.debug("the database did not serve", fault=fault, exc_info=error)
        return fault, {}

    def _jumped(self) -> float:
        """Seconds by which the clock lately went another way than time did."""
        (wall, ticks), now = self._seen, (self._clock(), self._monotonic())
        self._seen = now
        drift = (now[0] - wall).total_seconds() - (now[1] - ticks)
        if abs(drift) > JUMP:
            log.warning("the clock jumped", seconds=round(drift, 1))
            self._jump, self._jumped_at = drift, now[1]
        return self._jump if now[1] - self._jumped_at < REMEMBERED else 0.0
