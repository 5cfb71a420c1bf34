"""Rows ↔ frozen dataclasses, by field names. Writes only what differs; the root is always touched, so that its version moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import Connection, Insert, Select, Table, Update, bindparam, delete, exists, insert, select, update

from meetings.model import Body, Meeting
from storage.errors import Conflict
from storage.tables import Children, is_child

Model = TypeVar("Model")
Root = TypeVar("Root", Body, Meeting)


@cache
def _readers(model: type[Any]) -> tuple[Any, ...]:
    """For each stored field of a class, in the order of its columns, what makes a value of a column; None where it is right as it is.
    Empty when all are."""
    hints = get_type_hints(model)
    found = tuple(_reader(hints[field.name]) for field in fields(model) if not is_child(hints[field.name]))
    return found if any(found) else ()


def _reader(hint: Any) -> Any:
    kind = next((arg for arg in get_args(hint) if arg is not type(None)), hint) if get_origin(hint) is UnionType else hint
    if get_origin(kind) is tuple:
        return _tuple
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    return None


def _tuple(value: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(tuple(part) if isinstance(part, list) else part for part in value)


def read_row(model: Callable[..., Model], row: Sequence[Any], children: dict[str, tuple[Any, ...]] | None = None) -> Model:
    """One whole row of a table as its dataclass, with the tuples of an aggregate. Columns and fields have the same order."""
    readers = _readers(model)
    if not readers:
        return model(*row)
    values = [reader(value) if reader and value is not None else value for reader, value in zip(readers, row, strict=True)]
    return model(*values, **(children or {}))


# Statements are built once: building one costs more than running it.


@cache
def by_id(table: Table) -> Select[Any]:
    """The row whose id is the parameter `wanted`."""
    return select(table).where(table.c.id == bindparam("wanted"))


@cache
def _whole(table: Table, children: tuple[Children, ...]) -> Select[Any]:
    """The row whose id is `wanted`, and for each kind of children whether there are any."""
    any_of = (exists().where(one.table.c[one.parent] == bindparam("wanted")) for one in children)
    return select(table, *(found.label(f"any_{one.field}") for one, found in zip(children, any_of, strict=True))).where(
        table.c.id == bindparam("wanted")
    )


@cache
def _of_parent(table: Table, parent: str) -> Select[Any]:
    return select(table).where(table.c[parent] == bindparam("wanted")).order_by(table.c.id)


@cache
def inserting(table: Table) -> Insert:
    return insert(table)


@cache
def _updating(table: Table, names: tuple[str, ...], *, versioned: bool = False) -> Update:
    """Sets the columns `names` from `new_<name>` where the id is `old_id` (and the version `old_version`)."""
    statement = update(table).where(table.c.id == bindparam("old_id"))
    if versioned:
        statement = statement.where(table.c.version == bindparam("old_version"))
    return statement.values({name: bindparam(f"new_{name}") for name in names})


def load_root(connection: Connection, kind: Callable[..., Root], table: Table, children: tuple[Children, ...], root_id: str) -> Root:
    """An aggregate, its tuples in the order of writing (ids are time-ordered). One statement a table, but none for tables that have nothing
    of it: most have not. Raises NoResultFound."""
    wanted = {"wanted": root_id}
    row = connection.execute(_whole(table, children), wanted).one()
    columns = len(table.columns)
    found = {
        one.field: tuple(read_row(one.model, part) for part in connection.execute(_of_parent(one.table, one.parent), wanted))
        if any_
        else ()
        for one, any_ in zip(children, row[columns:], strict=True)
    }
    return read_row(kind, row[:columns], found)


def as_loaded(children: Iterable[Children], thing: Body | Meeting, before: Body | Meeting | None) -> Body | Meeting:
    """An aggregate as it would be read back: its tuples in the order of their ids, its instants in UTC. Those that are still the ones of
    `before`, which was read, are right already."""
    changed = [one.field for one in children if before is None or getattr(thing, one.field) is not getattr(before, one.field)]
    in_order: dict[str, Any] = {field: tuple(map(_in_utc, sorted(getattr(thing, field), key=attrgetter("id")))) for field in changed}
    read_back: Body | Meeting = replace(_in_utc(thing), **in_order)
    return read_back


def _in_utc(thing: Any) -> Any:
    instants = ((name, getattr(thing, name)) for name in _instants(type(thing)))  # type: ignore[arg-type]  # a class is hashable
    moved = {name: at.astimezone(UTC) for name, at in instants if at is not None and at.tzinfo is not UTC}
    return replace(thing, **moved) if moved else thing


@cache
def _instants(model: type[Any]) -> tuple[str, ...]:
    hints = get_type_hints(model)
    return tuple(field.name for field in fields(model) if datetime in (hints[field.name], *get_args(hints[field.name])))


def to_row(table: Table, thing: Any) -> dict[str, Any]:
    return {column.name: getattr(thing, column.name) for column in table.columns}


def save_root(connection: Connection, table: Table, children: Iterable[Children], old: Root | None, new: Root) -> Root:
    """Insert or update an aggregate; returns it with its new version. Raises `Conflict` when its version has moved since `old`."""
    if old is None:
        connection.execute(inserting(table), to_row(table, new))
        saved = new
    else:
        saved = replace(new, version=old.version + 1)
        changed = _difference(table, old, saved)
        values = _new(changed) | {"old_id": new.id, "old_version": old.version}
        done = connection.execute(_updating(table, tuple(changed), versioned=True), values)
        if done.rowcount != 1:
            raise Conflict(new.id)
    for one in children:
        _save_children(connection, one.table, getattr(old, one.field) if old else (), getattr(new, one.field))
    return saved


def save_single(connection: Connection, table: Table, old: Any | None, new: Any) -> None:
    if old is None:
        connection.execute(inserting(table), to_row(table, new))
    elif changed := _difference(table, old, new):
        connection.execute(_updating(table, tuple(changed)), _new(changed) | {"old_id": new.id})


def _new(changed: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in changed.items()}


def _save_children(connection: Connection, table: Table, old: Sequence[Any], new: Sequence[Any]) -> None:
    if old == new:
        return
    before = {one.id: one for one in old}
    after = {one.id for one in new}
    if gone := [one_id for one_id in before if one_id not in after]:
        connection.execute(delete(table).where(table.c.id.in_(gone)))
    if made := [to_row(table, one) for one in new if one.id not in before]:
        connection.execute(inserting(table), made)
    # Those that differ in the same columns go in one statement: items that were moved, say.
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in new:
        was = before.get(one.id, one)
        if was is not one and (changed := _difference(table, was, one)):
            alike.setdefault(tuple(changed), []).append(_new(changed) | {"old_id": one.id})
    for names, rows in alike.items():
        connection.execute(_updating(table, names), rows)


def _difference(table: Table, old: Any, new: Any) -> dict[str, Any]:
    return {name: getattr(new, name) for name in table.columns.keys() if getattr(new, name) != getattr(old, name)}  # noqa: SIM118
