"""The processes that carry out effects on one PostgreSQL database. Each says that it lives; what a silent one had begun is taken back.

All by the database's clock: those of the machines may differ.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Interval, Select, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from storage.tables import Instant, worker

BEAT = 3.0
# Whoever has been silent so long has lost what it was doing.
LEASE = 15.0
_NOW = func.clock_timestamp(type_=Instant)
_BEAT = insert(worker).values(seen_at=_NOW)
_BEATEN = _BEAT.on_conflict_do_update(index_elements=[worker.c.id], set_={"seen_at": _NOW})


def _ago(span: timedelta) -> ColumnElement[datetime]:
    return _NOW - literal(span, Interval())


def beat(connection: Connection, worker_id: str) -> None:
    connection.execute(_BEATEN, {"id": worker_id})


def leave(connection: Connection, worker_id: str) -> None:
    """What it still has can be taken back at once."""
    connection.execute(delete(worker).where(worker.c.id == worker_id))


def living(silent_too: bool) -> Select[tuple[str]]:
    """The ids of those that have not left, nor, unless `silent_too`, been silent for longer than the lease."""
    here = select(worker.c.id)
    return here if silent_too else here.where(worker.c.seen_at > _ago(timedelta(seconds=LEASE)))


def forget(connection: Connection) -> None:
    """Those that ended without a word, a day later."""
    connection.execute(delete(worker).where(worker.c.seen_at < _ago(timedelta(days=1))))
