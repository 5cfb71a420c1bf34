"""Everything an effect sends passes here first: no faster than the other side bears, and only while the effect is still ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jobs import lease
from meetings.ports import Throttle

# Who would have to wait longer goes back to the others, so that its place in the runner is free meanwhile.
PATIENCE = 5.0
# All that the bot sends in a tenant: 50 a second (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit).
TENANT = 0.02
MOST_NAMES = 10_000


class NotYet(Exception):
    """No turn for `retry_after` seconds. Nothing was tried, so it does not count as an attempt."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("its turn comes later")
        self.retry_after = retry_after


class LocalThrottle:
    """The port `Throttle` within one process, by its steady clock."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}

    async def take(self, name: str, seconds: float, ahead: float) -> tuple[bool, float]:
        now = time.monotonic()
        turn = max(self._free_at.get(name, 0.0), now)
        if turn > now + ahead:
            return False, turn - now
        self._free_at[name] = turn + seconds
        if len(self._free_at) > MOST_NAMES:
            self._free_at = {key: at for key, at in self._free_at.items() if at > now}
        return True, turn - now

    async def hold(self, name: str, seconds: float) -> None:
        self._free_at[name] = max(self._free_at.get(name, 0.0), time.monotonic() + seconds)

    async def free(self, name: str) -> None:
        self._free_at.pop(name, None)


class Gate:
    """One thing passes in each place every `seconds`. `all_places`: seconds between any two in one tenant."""

    def __init__(self, throttle: Throttle, what: str, seconds: float, all_places: float = 0.0) -> None:
        self._throttle = throttle
        self._what = what
        self._seconds = seconds
        self._all_places = all_places

    @asynccontextmanager
    async def through(self, tenant_id: str, place: str) -> AsyncIterator[None]:
        """Around sending one thing. When the other side then asks for patience, nobody sends there before. Raises `NotYet`, `LeaseLost`."""
        name = f"{self._what}:{place}"
        wait = await self._turn(name, self._seconds)
        if self._all_places:
            wait = max(wait, await self._turn(f"{self._what}s of {tenant_id}", self._all_places))
        await asyncio.sleep(wait)
        lease.check()
        try:
            yield
        except Exception as failure:
            if asked := getattr(failure, "retry_after", None):
                await self._throttle.hold(name, asked)
            raise

    async def _turn(self, name: str, seconds: float) -> float:
        taken, wait = await self._throttle.take(name, seconds, PATIENCE)
        if not taken:
            raise NotYet(wait)
        return wait
