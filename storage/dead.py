"""What an administrator does about effects that are dead: look, have them tried again, or drop them. Harmless beside a running bot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from storage.outbox import DEAD, DONE, DROPPED, WAITING
from storage.tables import effect
from storage.wakes import wake


@dataclass(frozen=True, slots=True)
class Listed:
    """A row without its payload: ids, and what became of it."""

    seq: int
    kind: str
    lane: str
    due_at: datetime
    state: str
    attempts: int
    crashes: int
    error: str


class NotDead(Exception):
    """None of them was touched. The text is a sentence about each that cannot be."""


def listed(connection: Connection, states: Sequence[str]) -> tuple[Listed, ...]:
    columns = [effect.c[name] for name in Listed.__slots__]
    rows = connection.execute(select(*columns).where(effect.c.state.in_(states)).order_by(effect.c.seq))
    return tuple(Listed(*row) for row in rows)


def count(connection: Connection) -> dict[str, int]:
    """How many there are in each state."""
    rows = connection.execute(select(effect.c.state, func.count().label("number")).group_by(effect.c.state))
    return {row.state: row.number for row in rows}


def revive(connection: Connection, now: datetime, seqs: Sequence[int]) -> tuple[Listed, ...]:
    """They wait again, are due now and count as untried, and their lanes go on. Where a newer one of the same key waits already,
    that one does the work. Raises `NotDead`."""
    found = _dead(connection, seqs)
    untried = {"due_at": now, "attempts": 0, "crashes": 0, "error": ""}
    for row in found:
        alike = update(effect).where(effect.c.key == row.key, effect.c.state == WAITING).values(untried)
        if connection.execute(alike).rowcount:
            connection.execute(update(effect).where(effect.c.seq == row.seq).values(state=DONE, done_at=now, crashes=0))
        else:
            connection.execute(update(effect).where(effect.c.seq == row.seq).values(state=WAITING, done_at=None, **untried))
    if connection.dialect.name == "postgresql":
        wake(connection)
    return tuple(Listed(*(getattr(row, name) for name in Listed.__slots__)) for row in found)


def drop(connection: Connection, now: datetime, seqs: Sequence[int]) -> tuple[Listed, ...]:
    """They are never carried out, and their lanes go on. The rows stay as long as those of effects that were done. Raises `NotDead`."""
    found = _dead(connection, seqs)
    connection.execute(update(effect).where(effect.c.seq.in_([row.seq for row in found])).values(state=DROPPED, done_at=now))
    if connection.dialect.name == "postgresql":
        wake(connection)
    return tuple(Listed(*(getattr(row, name) for name in Listed.__slots__)) for row in found)


def _dead(connection: Connection, seqs: Sequence[int]) -> Sequence[Row[Any]]:
    """All of these, in their order and locked, or none."""
    columns = [effect.c.key, *(effect.c[name] for name in Listed.__slots__)]
    wanted = select(*columns).where(effect.c.seq.in_(seqs)).order_by(effect.c.seq).with_for_update()
    found = connection.execute(wanted).all()
    states = {row.seq: row.state for row in found}
    unknown = [f"There is no effect {seq}." for seq in seqs if seq not in states]
    living = [f"Effect {seq} is not dead: it is {state}." for seq, state in states.items() if state != DEAD]
    if unknown or living:
        raise NotDead("\n".join((*unknown, *living)))
    return found
