"""Ids of what is stored."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class _Ids:
    """16 characters, lower-case base32, ordered by time of making: 48 bits of milliseconds, 32 of chance, never going back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> str:
        number = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 32 | secrets.randbits(32)
        with self._lock:
            self._last = number = max(number, self._last + 1)
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


new_id = _Ids().new
