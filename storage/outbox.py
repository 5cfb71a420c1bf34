"""Effects as rows: written beside the change, claimed one lane at a time, done, tried again, or dead and told. SQL only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from meetings.effects import Effect, Tell
from storage.tables import body, effect, meeting

KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in get_args(Effect)}
WAITING, RUNNING, DONE, DEAD = "waiting", "running", "done", "dead"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect that is this runner's to carry out; `attempt` counts from 1."""

    seq: int
    effect: Effect
    attempt: int


def write(connection: Connection, wanted: Effect, due: datetime) -> None:
    """One waiting row a key: a waiting one absorbs the new one, and a timer moves to the new time. A running one does not absorb."""
    waiting = and_(effect.c.key == wanted.key, effect.c.state == WAITING)
    found = connection.execute(select(effect.c.seq, effect.c.due_at, effect.c.attempts).where(waiting)).first()
    payload = json.dumps(asdict(wanted), ensure_ascii=False)
    if found is None:
        connection.execute(
            insert(effect).values(
                kind=type(wanted).__name__,
                key=wanted.key,
                lane=wanted.lane,
                payload=payload,
                due_at=due,
                state=WAITING,
                attempts=0,
                result="",
                error="",
            )
        )
        return
    # Something tried in vain waits for its time; a new change must not hammer a channel that asked for patience.
    at = found.due_at if found.attempts and wanted.lane else due
    connection.execute(update(effect).where(effect.c.seq == found.seq).values(payload=payload, due_at=at))


def claim(connection: Connection, now: datetime, busy: Sequence[str], most: int) -> list[Claimed]:
    """Up to `most` due effects, the oldest of each lane that is not running. The attempt is counted here, so that an effect that
    kills its process does not loop for ever. An earlier waiting row of the lane is not overtaken."""
    earlier = effect.alias("earlier")
    first = ~exists().where(
        earlier.c.lane == effect.c.lane, earlier.c.lane != "", earlier.c.state.in_((WAITING, RUNNING)), earlier.c.seq < effect.c.seq
    )
    due = and_(effect.c.state == WAITING, effect.c.due_at <= now, first)
    if busy:
        due = and_(due, effect.c.lane.not_in(busy))
    rows = connection.execute(select(effect).where(due).order_by(effect.c.seq).limit(most)).all()
    for row in rows:
        connection.execute(update(effect).where(effect.c.seq == row.seq).values(state=RUNNING, attempts=row.attempts + 1))
    return [Claimed(row.seq, read(row.kind, row.payload), row.attempts + 1) for row in rows]


def finish(connection: Connection, now: datetime, seq: int, result: str) -> None:
    connection.execute(update(effect).where(effect.c.seq == seq).values(state=DONE, result=result[:500], error="", done_at=now))


def retry(connection: Connection, seq: int, at: datetime, error: str) -> None:
    """Back to waiting, unless a newer row of the same key waits already: then that one does the work."""
    row = connection.execute(select(effect.c.key).where(effect.c.seq == seq)).one()
    newer = connection.execute(select(effect.c.seq).where(effect.c.key == row.key, effect.c.state == WAITING)).first()
    state = DONE if newer else WAITING
    connection.execute(update(effect).where(effect.c.seq == seq).values(state=state, due_at=at, error=error[:500]))


def bury(connection: Connection, now: datetime, claimed: Claimed, error: str) -> None:
    """Dead, and the secretary is told in the same transaction. A dead row does not park its lane: what comes later renders the newest
    state anyway, so it can only mend."""
    connection.execute(update(effect).where(effect.c.seq == claimed.seq).values(state=DEAD, error=error[:500], done_at=now))
    if isinstance(claimed.effect, Tell):
        return
    meeting_id = getattr(claimed.effect, "meeting_id", "")
    row = connection.execute(
        select(body.c.id, body.c.secretary_id).join(meeting, meeting.c.body_id == body.c.id).where(meeting.c.id == meeting_id)
    ).first()
    if row is not None and row.secretary_id:
        params = (("kind", type(claimed.effect).__name__), ("reason", error[:200]))
        told = Tell(f"dead:{claimed.seq}", row.secretary_id, "effect_dead", params, row.id, meeting_id)
        write(connection, told, now)


def rescue(connection: Connection, now: datetime, most: int) -> int:
    """At start: what a killed process left running waits again, or is dead after `most` attempts, so that an effect which kills its
    process does not do so for ever. Only one process runs effects, so nothing else can be running."""
    rows = connection.execute(select(effect).where(effect.c.state == RUNNING)).all()
    for row in rows:
        if row.attempts >= most:
            bury(connection, now, Claimed(row.seq, read(row.kind, row.payload), row.attempts), "the process ended each time it ran")
        else:
            retry(connection, row.seq, row.due_at, "the process ended while it ran")
    return len(rows)


def next_due(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(select(effect.c.due_at).where(effect.c.state == WAITING).order_by(effect.c.due_at)).scalar()
    return found


def health(connection: Connection, now: datetime) -> dict[str, Any]:
    counts: dict[str, int] = dict(
        connection.execute(select(effect.c.state, func.count()).where(effect.c.state != DONE).group_by(effect.c.state)).tuples().all()
    )
    oldest = next_due(connection)
    late = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
    return {"waiting": counts.get(WAITING, 0), "dead": counts.get(DEAD, 0), "late_seconds": late}


def forget(connection: Connection, before: datetime) -> None:
    """Effects done long ago go; dead ones stay until somebody has dealt with them."""
    connection.execute(effect.delete().where(effect.c.state == DONE, effect.c.done_at < before))


def read(kind: str, payload: str) -> Effect:
    values = json.loads(payload)
    if "params" in values:
        values["params"] = tuple(tuple(pair) for pair in values["params"])
    made: Effect = KINDS[kind](**values)
    return made
