"""Rows ↔ frozen dataclasses, by field names. Writes only what differs; the root is always touched, so that its version moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import Connection, Row, Table, bindparam, delete, insert, select, update

from meetings.model import Body, Meeting
from storage.errors import Conflict
from storage.tables import Children

Model = TypeVar("Model")
Root = TypeVar("Root", Body, Meeting)


@cache
def _readers(model: type[Any]) -> tuple[tuple[str, Any], ...]:
    """The stored fields of a class with what makes a value of each from its column; None where the column's value is right as it is."""
    hints = get_type_hints(model)
    return tuple((field.name, _reader(hints[field.name])) for field in fields(model))


def _reader(hint: Any) -> Any:
    kind = next((arg for arg in get_args(hint) if arg is not type(None)), hint) if get_origin(hint) is UnionType else hint
    if get_origin(kind) is tuple:
        return _tuple
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    return None


def _tuple(value: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(tuple(part) if isinstance(part, list) else part for part in value)


def read_row(model: Callable[..., Model], row: Row[Any], children: dict[str, tuple[Any, ...]] | None = None) -> Model:
    """One row as its dataclass, with the tuples of an aggregate."""
    found = row._mapping  # SQLAlchemy's public accessor, in spite of its underscore
    values: dict[str, Any] = dict(children or {})
    for name, reader in _readers(model):
        if name in found:
            value = found[name]
            values[name] = reader(value) if reader is not None and value is not None else value
    return model(**values)


def load_children(connection: Connection, children: Iterable[Children], parent_id: str) -> dict[str, tuple[Any, ...]]:
    """The tuples of an aggregate, one statement a table, in the order of writing (ids are time-ordered)."""
    return {
        one.field: tuple(
            read_row(one.model, row)
            for row in connection.execute(select(one.table).where(one.table.c[one.parent] == parent_id).order_by(one.table.c.id))
        )
        for one in children
    }


def to_row(table: Table, thing: Any) -> dict[str, Any]:
    return {column.name: getattr(thing, column.name) for column in table.columns}


def save_root(connection: Connection, table: Table, children: Iterable[Children], old: Root | None, new: Root) -> Root:
    """Insert or update an aggregate; returns it with its new version. Raises `Conflict` when its version has moved since `old`."""
    if old is None:
        connection.execute(insert(table).values(**to_row(table, new)))
        saved = new
    else:
        saved = replace(new, version=old.version + 1)
        changed = _difference(table, old, saved)
        done = connection.execute(update(table).where(table.c.id == new.id, table.c.version == old.version).values(**changed))
        if done.rowcount != 1:
            raise Conflict(new.id)
    for one in children:
        _save_children(connection, one.table, getattr(old, one.field) if old else (), getattr(new, one.field))
    return saved


def save_single(connection: Connection, table: Table, old: Any | None, new: Any) -> None:
    if old is None:
        connection.execute(insert(table).values(**to_row(table, new)))
    elif changed := _difference(table, old, new):
        connection.execute(update(table).where(table.c.id == new.id).values(**changed))


def _save_children(connection: Connection, table: Table, old: Sequence[Any], new: Sequence[Any]) -> None:
    if old == new:
        return
    before = {one.id: one for one in old}
    after = {one.id for one in new}
    if gone := [one_id for one_id in before if one_id not in after]:
        connection.execute(delete(table).where(table.c.id.in_(gone)))
    if made := [to_row(table, one) for one in new if one.id not in before]:
        connection.execute(insert(table), made)
    # Those that differ in the same columns go in one statement: items that were moved, say.
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in new:
        if one.id in before and (changed := _difference(table, before[one.id], one)):
            alike.setdefault(tuple(changed), []).append({f"new_{name}": value for name, value in changed.items()} | {"old_id": one.id})
    for names, rows in alike.items():
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        connection.execute(update(table).where(table.c.id == bindparam("old_id")).values(values), rows)


def _difference(table: Table, old: Any, new: Any) -> dict[str, Any]:
    return {column.name: getattr(new, column.name) for column in table.columns if getattr(new, column.name) != getattr(old, column.name)}
