"""Aggregates as they were last read or written, kept in memory by their version; and places as they were last heard from.

A body or meeting is many rows in many tables and is asked for by every press. Its version moves with every change under it, so what is
kept is right exactly as long as the row in the database still has that version, which is asked each time. People have one version together,
which moves when any of them changes; the one writer of an SQLite database, whose own every change is, stays at its first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from meetings.model import Body, Conversation, Meeting, Person

Root = TypeVar("Root", Body, Meeting)
MOST = 256
PEOPLE_EACH = 16  # so many for each aggregate that may be known
PATIENCE = 1.0


class Known:
    """The least recently used go first. Safe in several threads: what is kept is frozen."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[type[Body | Meeting], str], Body | Meeting] = OrderedDict()
        self._places: OrderedDict[str, tuple[Conversation, Conversation]] = OrderedDict()
        self._people: OrderedDict[str, Person] = OrderedDict()
        self._accounts: dict[tuple[str, str], str] = {}
        self._people_version = 0
        self._promised: dict[tuple[type[Body | Meeting], str], tuple[int, threading.Event]] = {}
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

    def person(self, person_id: str, version: int = 0) -> Person | None:
        return self._people.get(person_id) if version == self._people_version else None

    def account(self, tenant_id: str, account_id: str, version: int = 0) -> Person | None:
        found = self.person(self._accounts.get((tenant_id, account_id), ""), version)
        return found if found is not None and (found.tenant_id, found.account_id) == (tenant_id, account_id) else None

    def keep_people(self, people: Iterable[Person], version: int = 0) -> None:
        """Only what is committed, and was read after that version. The longest known go first."""
        with self._lock:
            if version > self._people_version:
                # In this order: who asks for the new version meanwhile finds nobody, and not one of before.
                self._people.clear()
                self._accounts.clear()
                self._people_version = version
            if version < self._people_version:
                return
            for one in people:
                self._people[one.id] = one
                self._accounts[one.tenant_id, one.account_id] = one.id
            while len(self._people) > self._most * PEOPLE_EACH:
                _, gone = self._people.popitem(last=False)
                self._accounts.pop((gone.tenant_id, gone.account_id), None)

    def find(self, kind: type[Root], thing_id: str, version: int) -> Root | None:
        """What is kept, when it has the version that the database says. One that is being committed in another thread is waited for."""
        with self._lock:
            promised, event = self._promised.get((kind, thing_id), (-1, None))
            found = self._kept.get((kind, thing_id))
        if event is not None and promised == version and (found is None or found.version != version):
            event.wait(PATIENCE)
        with self._lock:
            found = self._kept.get((kind, thing_id))
            if not isinstance(found, kind) or found.version != version:
                return None
            self._kept.move_to_end((kind, thing_id))
            return found

    @contextmanager
    def promised(self, things: Iterable[Body | Meeting]) -> Iterator[None]:
        """Around the commit of these and `keep`: the next writer of a row gets its lock at the commit, before they can have been kept, and
        reading a meeting whole takes longer than waiting for that."""
        event = threading.Event()
        keys = {(type(one), one.id): (one.version, event) for one in things}
        with self._lock:
            self._promised |= keys
        try:
            yield
        finally:
            with self._lock:
                for key, told in keys.items():
                    if self._promised.get(key) is told:
                        del self._promised[key]
            event.set()

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
