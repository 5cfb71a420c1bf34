"""The journal: a row a command, each hashed with the row before, so that a changed, missing or forged row shows. Append-only, but for what
somebody typed, which can be taken out of a row without breaking the chain (docs/adr/0015).

A row of the first form (`sealed` empty) hashes its payload as it is; versions before 0009 write those. Of the second form `sealed` is a
digest of payload, origin and a salt, and the row hashes that: without the three it still proves who did what when.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, inspect, literal, select, update

from storage.mapping import inserting
from storage.tables import journal

_LAST = select(journal.c.hash).order_by(journal.c.seq.desc()).limit(1)
_PLACE = 0x50796C  # of the advisory lock: the chain has one end, so its writers take turns
_LOCKED_LAST = f"SELECT pg_advisory_xact_lock({_PLACE}); SELECT hash FROM journal ORDER BY seq DESC LIMIT 1"  # noqa: S608  # our own words
_PAGE = 5_000  # rows read at a time
_NEW = ("origin", "salt", "sealed")  # columns that a backup of an earlier version lacks
EMPTIED = "emptied"
_EMPTYING = update(journal).where(journal.c.seq == bindparam("row")).values(payload="", origin="", salt="")


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to which body and meeting, when, with which inputs, and by what: the channel, device and card of a turn, a page, or
    `by` clock, calendar or command line."""

    body_id: str
    meeting_id: str
    person_id: str
    at: datetime
    command: str
    inputs: Mapping[str, object]
    origin: Mapping[str, str] = field(default_factory=dict)


class Wrong(StrEnum):
    """What is wrong with a row. INSERTED: so are those before it, from `other` on. MISSING: what stood between `other` and it (0: before
    the first). UNTOLD: what was typed is gone, and no later row says that it was taken out."""

    CHANGED = "changed"
    TYPED_CHANGED = "typed_changed"
    MISSING = "missing"
    INSERTED = "inserted"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Break:
    seq: int
    wrong: Wrong
    other: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """What the journal says of itself. `emptied`: rows whose inputs were taken out, as later rows tell. `head`: the hash of its last row,
    "" of an empty one. `seen`: whether the hash that was asked for is one of its rows."""

    rows: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    emptied: int = 0
    head: str = ""
    seen: bool = False
    breaks: tuple[Break, ...] = ()


def append(connection: Connection, entry: Entry) -> None:
    """On PostgreSQL all others who append wait from here to the commit."""
    before = _last(connection)
    payload, origin, salt = _text(entry.inputs), _text(entry.origin), secrets.token_hex(16)
    row = {
        "body_id": entry.body_id,
        "meeting_id": entry.meeting_id,
        "person_id": entry.person_id,
        "at": entry.at,
        "command": entry.command,
        "payload": payload,
        "origin": origin,
        "salt": salt,
        "sealed": (sealed := _digest(payload, origin, salt)),
        "before": before,
        "hash": _digest(before, entry.body_id, entry.meeting_id, entry.person_id, _moment(entry.at), entry.command, sealed),
    }
    connection.execute(inserting(journal), row)


def _last(connection: Connection) -> str:
    """The hash of the last row, "" before the first; on PostgreSQL nobody else gets it before the end of this transaction."""
    if connection.dialect.name != "postgresql":
        return connection.execute(_LAST).scalar() or ""
    # Two statements, as the second is to see what others committed while the first waited; one exchange.
    with closing(connection.exec_driver_sql(_LOCKED_LAST, execution_options={"no_parameters": True})) as found:
        found.cursor.nextset()
        row = found.cursor.fetchone()
    return str(row[0]) if row else ""


def take_out(connection: Connection, seqs: Iterable[int]) -> dict[str, str]:
    """Take what was typed out of these rows; those that are empty already are left out. What is returned, seq → digest of what is left of
    the row, must be among the inputs of an entry appended in the same transaction, under the name `EMPTIED`."""
    told: dict[str, str] = {}
    for seq in seqs:
        row = connection.execute(select(journal).where(journal.c.seq == seq)).one()
        if row.payload:
            connection.execute(_EMPTYING, {"row": seq})
            told[str(seq)] = _rest(row)
    return told


def read(connection: Connection, head: str = "", most: int = 20) -> Chain:
    """Read the whole journal, in pieces and once, whatever is appended meanwhile. `head`: a hash to look for. At most `most` breaks are
    told."""
    reading = _Reading(connection, head, most)
    for row in _rows(connection):
        reading.take(row)
    return reading.end()


class _Reading:
    """Row after row, in their order; of the rows only those are remembered whose inputs are gone and which no row has told of yet."""

    def __init__(self, connection: Connection, head: str, most: int) -> None:
        self._connection = connection
        self._head = head
        self._most = most
        self._breaks: list[Break] = []
        self._rows = self._emptied = 0
        self._first: Row[Any] | None = None
        self._last: Row[Any] | None = None
        # What the next row may follow from. A row that was changed is one break, not two: here is what it says, and what it should say.
        self._ends = {""}
        self._untold: dict[int, str] = {}
        self._seen = False

    def take(self, row: Row[Any]) -> None:
        digest = _hash(row)
        # A row of the first form without its inputs can only be held against what the row that tells of it says.
        whole = digest == row.hash or (not row.payload and not row.sealed)
        if not whole:
            self._break(Break(row.seq, Wrong.CHANGED))
        if whole and row.before not in self._ends:
            self._break(self._torn(row))
        if whole and not _typed(row):
            self._break(Break(row.seq, Wrong.TYPED_CHANGED))
        elif whole and not row.payload:
            self._untold[row.seq] = _rest(row)
        elif whole and f'"{EMPTIED}": {{' in row.payload:
            self._told(json.loads(row.payload)[EMPTIED])
        self._seen = self._seen or row.hash == self._head
        self._first, self._last, self._ends = self._first or row, row, {row.hash, digest}
        self._rows += 1

    def end(self) -> Chain:
        for seq in sorted(self._untold):
            self._break(Break(seq, Wrong.UNTOLD))
        if self._first is None or self._last is None:
            return Chain()
        return Chain(self._rows, self._first.at, self._last.at, self._emptied, self._last.hash, self._seen, tuple(self._breaks))

    def _told(self, emptied: Mapping[str, str]) -> None:
        for seq, rest in emptied.items():
            if self._untold.get(int(seq)) == rest:
                del self._untold[int(seq)]
                self._emptied += 1

    def _torn(self, row: Row[Any]) -> Break:
        """The row follows from another than the one before it: from one further back, or from one that is not there."""
        last = self._last.seq if self._last is not None else 0
        followed = 0 if not row.before else self._connection.execute(select(journal.c.seq).where(journal.c.hash == row.before)).scalar()
        if followed is not None and followed < last:
            inserted = select(func.min(journal.c.seq)).where(journal.c.seq > followed)
            return Break(row.seq, Wrong.INSERTED, self._connection.execute(inserted).scalar_one())
        return Break(row.seq, Wrong.MISSING, last)

    def _break(self, one: Break) -> None:
        if len(self._breaks) < self._most:
            self._breaks.append(one)


def _rows(connection: Connection) -> Iterator[Row[Any]]:
    there = {column["name"] for column in inspect(connection).get_columns(journal.name)}
    columns = [literal("").label(column.name) if column.name in _NEW and column.name not in there else column for column in journal.c]
    page = select(*columns).where(journal.c.seq > bindparam("after")).order_by(journal.c.seq).limit(_PAGE)
    after = 0
    while rows := connection.execute(page, {"after": after}).all():
        yield from rows
        after = rows[-1].seq


def _hash(row: Row[Any]) -> str:
    """What the hash of the row should be, if it follows from the row that it says it follows from."""
    if row.sealed:
        return _digest(row.before, row.body_id, row.meeting_id, row.person_id, _moment(row.at), row.command, row.sealed)
    parts = (row.before, row.body_id, row.meeting_id, row.person_id, _moment(row.at), row.command, row.payload)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _typed(row: Row[Any]) -> bool:
    """Whether inputs and origin are as they were, or all gone."""
    if not row.payload or not row.sealed:
        return not row.origin and not row.salt
    return bool(_digest(row.payload, row.origin, row.salt) == row.sealed)


def _rest(row: Row[Any]) -> str:
    """A digest of what is left of a row without its inputs."""
    return _digest(row.before, row.body_id, row.meeting_id, row.person_id, _moment(row.at), row.command, row.sealed, row.hash)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _text(values: Mapping[str, object]) -> str:
    return json.dumps(dict(values), default=str, ensure_ascii=False, sort_keys=True)
