"""How much one mailbox bears: four requests at once, 10 000 in ten minutes (https://learn.microsoft.com/graph/throttling-limits)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from meetings.ports import CalendarFailure

AT_ONCE = 4
WINDOW = 600.0
# Below the 10 000, so that the app's other calls to the mailbox still pass.
MOST = 9_500


class MailboxLimit:
    """Lets requests to one mailbox through. Near the limit it refuses at once and says when there is room: nobody sleeps here."""

    def __init__(
        self, *, at_once: int = AT_ONCE, most: int = MOST, window: float = WINDOW, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # Not left to the connections: one HTTP/2 connection carries many requests.
        self._free = asyncio.Semaphore(at_once)
        self._most = most
        self._window = window
        self._clock = clock
        self._made: deque[float] = deque()

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Around each request; a transient `CalendarFailure` with `retry_after` when the window is full."""
        async with self._free:
            now = self._clock()
            while self._made and self._made[0] <= now - self._window:
                self._made.popleft()
            if len(self._made) >= self._most:
                raise CalendarFailure("near the mailbox's limit", transient=True, retry_after=self._made[0] + self._window - now)
            self._made.append(now)
            yield
