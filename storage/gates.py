"""How much outside things bear, shared by all processes on a PostgreSQL database: a row a thing says until when it is taken."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Interval, bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from storage.database import Storage
from storage.tables import Instant, gate

_NOW = func.clock_timestamp(type_=Instant)
# Named so that they cannot be taken for values of columns.
_SECONDS, _AHEAD = (bindparam(name, type_=Interval) for name in ("p_seconds", "p_ahead"))


def _later_of(one: ColumnElement[datetime], other: ColumnElement[datetime]) -> ColumnElement[datetime]:
    return func.greatest(one, other, type_=Instant)


_NEW = insert(gate).values(name=bindparam("p_name"), free_at=_NOW + _SECONDS)
_TAKE = _NEW.on_conflict_do_update(
    index_elements=[gate.c.name], set_={"free_at": _later_of(gate.c.free_at, _NOW) + _SECONDS}, where=gate.c.free_at <= _NOW + _AHEAD
).returning(gate.c.free_at, _NOW.label("now"))
_HOLD = _NEW.on_conflict_do_update(index_elements=[gate.c.name], set_={"free_at": _later_of(gate.c.free_at, _NOW + _SECONDS)})
_STATE = select(gate.c.free_at, _NOW.label("now")).where(gate.c.name == bindparam("p_name"))


class SharedThrottle:
    """The port `Throttle` over the database and by its clock."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def take(self, name: str, seconds: float, ahead: float) -> tuple[bool, float]:
        return await self._storage.execute(
            lambda connection, _now: _take(connection, name, timedelta(seconds=seconds), timedelta(seconds=ahead)), single=True
        )

    async def hold(self, name: str, seconds: float) -> None:
        values = {"p_name": name, "p_seconds": timedelta(seconds=seconds)}
        await self._storage.execute(lambda connection, _now: connection.execute(_HOLD, values), single=True)

    async def free(self, name: str) -> None:
        await self._storage.execute(lambda connection, _now: connection.execute(delete(gate).where(gate.c.name == name)), single=True)


def _take(connection: Connection, name: str, seconds: timedelta, ahead: timedelta) -> tuple[bool, float]:
    taken = connection.execute(_TAKE, {"p_name": name, "p_seconds": seconds, "p_ahead": ahead}).first()
    if taken is not None:
        return True, max((taken.free_at - seconds - taken.now).total_seconds(), 0.0)
    state = connection.execute(_STATE, {"p_name": name}).first()
    return False, max((state.free_at - state.now).total_seconds(), 0.0) if state else 0.0


def forget(connection: Connection) -> None:
    """What has been free for a day."""
    connection.execute(delete(gate).where(gate.c.free_at < _NOW - literal(timedelta(days=1), Interval())))
