"""The journal: a row a command, each hashed with the row before, so that a changed, missing or forged row shows. Append-only.

`python -m storage.journal` checks the chain and says where it breaks.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from storage.engine import open_engine
from storage.mapping import inserting
from storage.tables import journal

_LAST = select(journal.c.hash).order_by(journal.c.seq.desc()).limit(1)
_PLACE = 0x50796C  # of the advisory lock: the chain has one end, so its writers take turns


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to which body and meeting, when, and with which inputs."""

    body_id: str
    meeting_id: str
    person_id: str
    at: datetime
    command: str
    inputs: Mapping[str, object]


def append(connection: Connection, entry: Entry) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_PLACE)))
    before = connection.execute(_LAST).scalar() or ""
    payload = json.dumps(dict(entry.inputs), default=str, ensure_ascii=False, sort_keys=True)
    row = {
        "body_id": entry.body_id,
        "meeting_id": entry.meeting_id,
        "person_id": entry.person_id,
        "at": entry.at,
        "command": entry.command,
        "payload": payload,
        "before": before,
        "hash": _digest(before, entry.body_id, entry.meeting_id, entry.person_id, entry.at, entry.command, payload),
    }
    connection.execute(inserting(journal), row)


def first_break(connection: Connection) -> int | None:
    """The `seq` of the first row that does not follow from the rows before it; None when the chain is whole."""
    before = ""
    for row in connection.execute(select(journal).order_by(journal.c.seq)):
        digest = _digest(before, row.body_id, row.meeting_id, row.person_id, row.at, row.command, row.payload)
        if (row.before, row.hash) != (before, digest):
            return int(row.seq)
        before = row.hash
    return None


def _digest(before: str, body_id: str, meeting_id: str, person_id: str, at: datetime, command: str, payload: str) -> str:
    parts = (before, body_id, meeting_id, person_id, at.astimezone(UTC).isoformat(), command, payload)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def main() -> None:
    from settings import read_settings  # noqa: PLC0415  # only the command reads the settings

    with open_engine(read_settings().database_url).connect() as connection:
        broken = first_break(connection)
    if broken is not None:
        raise SystemExit(f"The journal breaks at row {broken}.")
    sys.stdout.write("The journal is whole.\n")


if __name__ == "__main__":
    main()
