"""Under what an effect runs: whether what it is about to send is still this process's to send, as one that was paused for long has lost it
to another, and the key under which what it changes is changed once."""

from __future__ import annotations

import time
from contextvars import ContextVar


class LeaseLost(BaseException):
    """Another process may carry out this effect by now; nothing more may be sent for it from here. Like a cancellation, so that nobody
    takes it for a failure of what was to be done."""


class Lease:
    """Runs out by this machine's steady clock, which goes on while the process is paused."""

    def __init__(self) -> None:
        self._until = float("inf")

    def holds_until(self, moment: float) -> None:
        """`moment` of `time.monotonic`."""
        self._until = moment

    @property
    def lost(self) -> bool:
        return time.monotonic() >= self._until


_LEASE: ContextVar[Lease | None] = ContextVar("lease", default=None)
_KEY: ContextVar[str] = ContextVar("key", default="")


def carry(lease: Lease, seq: int) -> None:
    """What runs in this task from now on runs under `lease`, for the effect of that number."""
    _LEASE.set(lease)
    _KEY.set(f"effect|{seq}")


def key() -> str:
    """For `Storage.run`: an effect whose process ended between its change and its end runs again, and finds the change made."""
    return _KEY.get()


def check() -> None:
    """Before anything goes out. Raises `LeaseLost`."""
    lease = _LEASE.get()
    if lease is not None and lease.lost:
        raise LeaseLost
