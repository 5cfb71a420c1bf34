"""Whether what an effect is about to send is still this process's to send: one that was paused for long has lost it to another."""

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


def carry(lease: Lease) -> None:
    """What runs in this task from now on runs under `lease`."""
    _LEASE.set(lease)


def check() -> None:
    """Before anything goes out. Raises `LeaseLost`."""
    lease = _LEASE.get()
    if lease is not None and lease.lost:
        raise LeaseLost
