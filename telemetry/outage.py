"""A database that does not serve: told when that begins, once a minute meanwhile, and when it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()
AGAIN = 60.0


class Outage:
    """For all that come to grief by it, in whatever thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._since = 0.0
        self._told = float("-inf")
        self._lasts = False

    def lasts(self, fault: str) -> None:
        """Somebody was not served just now."""
        with self._lock:
            now = self._monotonic()
            began, self._lasts = not self._lasts, True
            if began:
                self._since = now
            tell = began or now - self._told >= AGAIN
            if tell:
                self._told = now
        if tell:
            log.warning("the database does not serve", fault=fault)

    def ended(self) -> None:
        """Somebody was served. Costs nothing while all is well."""
        if not self._lasts:
            return
        with self._lock:
            tell, self._lasts = self._lasts, False
        if tell:
            log.info("the database serves again", seconds=round(self._monotonic() - self._since))
