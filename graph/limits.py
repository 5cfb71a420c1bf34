"""How much one mailbox bears: four requests at once, 10 000 in ten minutes (https://learn.microsoft.com/graph/throttling-limits)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from meetings.ports import CalendarFailure, Throttle

AT_ONCE = 4
WINDOW = 600.0
# Below the 10 000, so that the app's other calls to the mailbox still pass.
MOST = 9_500


# Longer than any call takes (`graph.failures.DEADLINE`): a place that nobody gives up was that of a process that ended.
LONGEST = 90.0
LOOK_AGAIN = 0.1


class MailboxLimit:
    """Lets requests to one mailbox through. Near the limit, and when the mailbox has asked for patience, it refuses at once and says when
    there is room: nobody sleeps for that. With `throttle`, all processes that share it keep the limits of `mailbox` together.
    `before` is called before each request, and may refuse it."""

    def __init__(
        self,
        *,
        at_once: int = AT_ONCE,
        most: int = MOST,
        window: float = WINDOW,
        clock: Callable[[], float] = time.monotonic,
        throttle: Throttle | None = None,
        mailbox: str = "",
        before: Callable[[], object] = lambda: None,
    ) -> None:
        # Not left to the connections: one HTTP/2 connection carries many requests.
        self._free = asyncio.Semaphore(at_once)
        self._most = most
        self._window = window
        self._clock = clock
        self._made: deque[float] = deque()
        self._held_until = 0.0
        self._throttle = throttle
        self._before = before
        self._name = f"mailbox:{mailbox.casefold()}"
        self._places = [f"{self._name}:{number}" for number in range(at_once)]

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Around each request; a transient `CalendarFailure` with `retry_after` when there is no room."""
        async with self._free:
            self._count()
            place = await self._place(self._throttle) if self._throttle else ""
            try:
                self._before()
                yield
            except CalendarFailure as failure:
                if failure.retry_after:
                    await self._hold(failure.retry_after)
                raise
            finally:
                if self._throttle:
                    await self._throttle.free(place)

    def _count(self) -> None:
        now = self._clock()
        if self._held_until > now:
            raise _no_room(self._held_until - now)
        while self._made and self._made[0] <= now - self._window:
            self._made.popleft()
        if len(self._made) >= self._most:
            raise _no_room(self._made[0] + self._window - now)
        self._made.append(now)

    async def _hold(self, seconds: float) -> None:
        self._held_until = max(self._held_until, self._clock() + seconds)
        if self._throttle:
            await self._throttle.hold(self._name, seconds)

    async def _place(self, throttle: Throttle) -> str:
        """The name of one of the mailbox's places, which is ours until it is given up."""
        free, wait = await throttle.take(self._name, 0, 0)
        if not free:
            raise _no_room(wait)
        # So many in the window, however unevenly: each takes its share of it, from as far ahead as the window is long.
        share = self._window / self._most
        free, wait = await throttle.take(f"{self._name}:all", share, self._window - share)
        if not free:
            raise _no_room(wait - self._window + share)
        while True:
            for place in random.sample(self._places, len(self._places)):
                taken, _ = await throttle.take(place, LONGEST, 0)
                if taken:
                    return place
            await asyncio.sleep(LOOK_AGAIN)


def _no_room(wait: float) -> CalendarFailure:
    return CalendarFailure("near the mailbox's limit", transient=True, retry_after=wait)
