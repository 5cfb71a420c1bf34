"""Protections switched off, one at a time, in a child of the nursery: what the checker has to cry about. Never a switch in the product."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, or_, text

from graph.calendar import GraphCalendar
from storage import outbox
from storage.outbox import Claimed
from storage.tables import effect
from storage.transaction import Transaction

_SWITCH = pytest.MonkeyPatch()


def turn_keys_ignored() -> None:
    """What is sent again counts as new."""
    _SWITCH.setattr(Transaction, "seen", lambda _self, _key: False)


def taken_back_while_they_run() -> None:
    """Nobody looks whether the process that runs an effect still lives."""
    claim = outbox.claim

    def claimed(connection: Connection, now: datetime, *rest: Any) -> list[Claimed]:
        outbox.rescue(connection, now, 10**6)
        connection.execute(text("UPDATE effect SET crashes = 0"))
        return claim(connection, now, *rest)

    _SWITCH.setattr(outbox, "CRASHES", 10**6)
    _SWITCH.setattr(outbox, "claim", claimed)


def transaction_id_changes() -> None:
    """Each attempt at the event is another one to Graph."""
    create = GraphCalendar.create
    _SWITCH.setattr(GraphCalendar, "create", lambda self, event: create(self, replace(event, key=f"{event.key}:{uuid.uuid4()}")))


def lanes_backwards() -> None:
    """Of a lane the last comes first."""

    def last_of_lane(one: FromClause) -> ColumnElement[bool]:
        other = effect.alias("other")
        later = or_(other.c.state == "running", and_(other.c.state == "waiting", other.c.seq > one.c.seq))
        return or_(one.c.lane == "", ~exists().where(other.c.lane == one.c.lane, later).correlate(one))

    _SWITCH.setattr(outbox, "_first_of_lane", last_of_lane)


CONTROLS: Mapping[str, Callable[[], None]] = {
    one.__name__: one for one in (turn_keys_ignored, taken_back_while_they_run, transaction_id_changes, lanes_backwards)
}
