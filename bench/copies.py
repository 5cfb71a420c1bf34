"""Many bodies from one: every row that hangs on it again and again, inside the database, each under ids of its own."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, String, Table, text

from storage import tables

Thing = TypeVar("Thing")
FIRST = 100_000  # so that the copies' ids are in their order
# Of others than the body, and the same for all copies.
_SHARED = frozenset(("tenant_id", "team_id"))
SERIES = "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :copies)"


def copy(connection: Connection, table: Table, copies: int) -> None:
    """Every row so many times, with ids of its own. Those of a copy begin with its number."""

    def value(name: str) -> str:
        column = table.c[name]
        if not _own(name) or not isinstance(column.type, String):
            return f'"{name}"'
        return f"""CASE WHEN "{name}" = '' THEN '' ELSE ({FIRST} + n) || '-' || "{name}" END"""

    names = [column.name for column in table.columns]
    into, values = ", ".join(f'"{name}"' for name in names), ", ".join(map(value, names))
    made = f'INSERT INTO "{table.name}" ({into}) {SERIES} SELECT {values} FROM series CROSS JOIN "{table.name}" ORDER BY n'  # noqa: S608  # our names
    connection.execute(text(made), {"copies": copies})


def copy_body(connection: Connection, copies: int) -> None:
    """Its people, places and meetings, and all parts of these."""
    for table in (tables.person, tables.conversation, tables.body, tables.meeting):
        copy(connection, table, copies)
    for one in (*tables.BODY_CHILDREN, *tables.MEETING_CHILDREN):
        copy(connection, one.table, copies)


def copied(thing: Thing, number: int) -> Thing:
    """The copy of that number, as it would be read."""

    def value(name: str, old: Any) -> Any:
        if isinstance(old, tuple):
            return tuple(copied(one, number) if is_dataclass(one) else one for one in old)
        return f"{FIRST + number}-{old}" if old and _own(name) else old

    made: Thing = replace(thing, **{one.name: value(one.name, getattr(thing, one.name)) for one in fields(thing)})  # type: ignore[type-var, arg-type]
    return made


def _own(name: str) -> bool:
    return (name == "id" or name.endswith("_id")) and name not in _SHARED
