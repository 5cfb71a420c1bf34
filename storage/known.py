"""Aggregates as they were last read or written, kept in memory by their version; and places as they were last heard from.

A body or meeting is many rows in many tables and is asked for by every press. Its version moves with every change under it, so what is
kept is right exactly as long as the row in the database still has that version, which is asked each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TypeVar

from meetings.model import Body, Conversation, Meeting

Root = TypeVar("Root", Body, Meeting)
MOST = 256


class Known:
    """The least recently used go first. Safe in several threads: what is kept is frozen."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[type[Body | Meeting], str], Body | Meeting] = OrderedDict()
        self._places: OrderedDict[str, tuple[Conversation, Conversation]] = OrderedDict()
        self._lock = threading.Lock()

    def place(self, told: Conversation) -> Conversation | None:
        """What is stored of a place that spoke of itself in just these words before; another process can only have stored newer ones,
        which are not to be overwritten with these."""
        found = self._places.get(told.id)
        return found[1] if found is not None and found[0] == told else None

    def keep_place(self, told: Conversation, stored: Conversation) -> None:
        with self._lock:
            self._places[told.id] = (told, stored)
            while len(self._places) > self._most:
                self._places.popitem(last=False)

    def find(self, kind: type[Root], thing_id: str, version: int) -> Root | None:
        with self._lock:
            found = self._kept.get((kind, thing_id))
            if not isinstance(found, kind) or found.version != version:
                return None
            self._kept.move_to_end((kind, thing_id))
            return found

    def keep(self, thing: Body | Meeting) -> None:
        """Only what is committed. An older version does not take the place of a newer one."""
        key = (type(thing), thing.id)
        with self._lock:
            old = self._kept.get(key)
            if old is None or old.version <= thing.version:
                self._kept[key] = thing
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
