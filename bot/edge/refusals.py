"""Requests that are not served: anybody may send any number of them, so what is told of them is counted, not one line each."""

from __future__ import annotations

import time
from collections.abc import Callable

AGAIN = 60.0
# More reasons than the door has; what goes beyond is counted as one.
MOST = 64
OTHERS = "refused for yet another reason"


class Refusals:
    """By reason: the first is told at once, then one line a minute at most, with how many there were since the line before.

    `monotonic`: seconds that no correction of the clock moves.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._reasons: dict[str, tuple[float, int]] = {}  # when it was told, and how many came since

    def line(self, reason: str) -> str | None:
        """For one more: what to write, None for nothing now."""
        if reason not in self._reasons and len(self._reasons) >= MOST:
            reason = OTHERS
        now = self._monotonic()
        told, since = self._reasons.get(reason, (float("-inf"), 0))
        if now - told < AGAIN:
            self._reasons[reason] = told, since + 1
            return None
        self._reasons[reason] = now, 0
        return f"{reason} ({since + 1} since the last such line)" if since else reason
