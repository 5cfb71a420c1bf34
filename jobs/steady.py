"""Whether this machine's clock can be trusted with deadlines: one that jumps is corrected soon, and a round ended early stays ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import structlog

log = structlog.get_logger()
# Seconds. What is corrected by less ends no round that would not have ended a minute later.
JUMP = 60.0
# So long a clock that jumped is not believed, unless it jumps back before.
HOLD = 600.0


class Steady:
    """Compares the clock with the time that passes. `monotonic`: seconds that no correction moves."""

    def __init__(self, clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._seen = clock(), monotonic()
        self._off = 0.0
        self._believed_at = 0.0

    def look(self) -> float:
        """Seconds by which the clock has jumped since the last look, below 0 when back; 0 when it has not."""
        (wall, ticks), seen = self._seen, (self._clock(), self._monotonic())
        self._seen = seen
        drift = (seen[0] - wall).total_seconds() - (seen[1] - ticks)
        if seen[1] >= self._believed_at:
            self._off = 0.0
        if abs(drift) < JUMP:
            return 0.0
        self._off += drift
        self._believed_at = seen[1] + HOLD if abs(self._off) >= JUMP else seen[1]
        log.warning("the clock jumped", seconds=round(drift), held=round(self._believed_at - seen[1]))
        return drift

    @property
    def trusted(self) -> bool:
        return self._monotonic() >= self._believed_at
