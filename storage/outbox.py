"""Effects as rows: written beside the change, claimed one lane at a time, done, tried again, or dead and told. SQL only."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, get_args

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from meetings.effects import Effect, SyncEvent, Tell
from meetings.model import EventTrouble
from storage.mapping import inserting
from storage.tables import body, effect, meeting, person, turn, worker

KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in get_args(Effect)}
# What the secretary can ask to be put right has a sentence of its own.
CAUSES: Mapping[str, tuple[str, ...]] = {"SyncEvent": ("refused", "mailbox"), "ReadAnswers": ("refused", "mailbox"), "Send": ("refused",)}
WAITING, RUNNING, DONE, DEAD = "waiting", "running", "done", "dead"
DROPPED = "dropped"  # by an administrator, when it was dead


# Something tried in vain waits for its time; a new change must not hammer a channel that asked for patience.
_DUE = bindparam("due", type_=effect.c.due_at.type)
_PATIENT = and_(effect.c.attempts > 0, bindparam("laned", type_=Boolean))
# What waits for its lane since longer keeps its place.
_EARLIER = and_(effect.c.due_at <= _DUE, bindparam("at_once", type_=Boolean))
_MOVED = case((or_(_PATIENT, _EARLIER), effect.c.due_at), else_=_DUE)
_TURN = bindparam("turn", type_=effect.c.turn.type)
# It follows from the latest turn that wanted it.
_FOLLOWS = case((_TURN != "", _TURN), else_=effect.c.turn)


@cache
def _absorbed(count: int) -> ReturningUpdate[Any]:
    """Moves the waiting rows with one of the keys `key0`, `key1`, … to `due`, and tells when they are due now. Built once for each number
    of keys."""
    alike = effect.c.key.in_([bindparam(f"key{number}") for number in range(count)])
    moved = update(effect).where(alike, effect.c.state == WAITING).values(due_at=_MOVED, turn=_FOLLOWS)
    return moved.returning(effect.c.key, effect.c.due_at)


# How long an effect waits that this version cannot read: the version beside it, or the next one, may.
UNREAD = timedelta(minutes=1)
ATTEMPTS = 12
# Ends of a process, one after the other and while nothing else ran, are no chance.
CRASHES = 5
# What a process that just ended had asked of Teams may still be under way there, and must not arrive after what is sent next. Teams answers
# within a second; and where a process did not end but fell silent, the lease has been waited for.
UNHEARD = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect that is this runner's to carry out; `attempt` counts from 1, `turn` is the one it follows from, "" for none. `alone`: a
    process ended while it ran, so nothing else is to run in this one meanwhile: who is to blame shows, and nobody is who is not."""

    seq: int
    effect: Effect
    attempt: int
    due_at: datetime
    turn: str = ""
    alone: bool = False


def write(connection: Connection, now: datetime, wanted: Sequence[tuple[Effect, datetime]], turn: str = "") -> bool:
    """One waiting row a key: a waiting one absorbs the new one (the key says all that its payload does), and a timer moves to the new time.
    A running one does not absorb. Of one key written twice the later counts; new rows are in the order of first writing. `turn`: the id
    of the turn they follow from, "" for none; a row that absorbs takes it over. Whether there is something to look at that was not there
    before: of a burst of changes most are absorbed by what waits already."""
    newest = {one.key: (one, due) for one, due in wanted}
    alike: dict[tuple[datetime, bool], list[str]] = {}
    for key, (one, due) in newest.items():
        alike.setdefault((due, bool(one.lane)), []).append(key)
    absorbed: dict[str, bool] = {}
    for (due, laned), keys in alike.items():
        # One statement, so that a row which the runner has claimed since, and read the state before this change, is not absorbed into.
        wanted_keys = {f"key{number}": key for number, key in enumerate(keys)}
        about = {"laned": laned, "due": due, "at_once": laned and due <= now, "turn": turn}
        absorbed |= {row.key: row.due_at == due for row in connection.execute(_absorbed(len(keys)), wanted_keys | about)}
    rows = [
        {
            "kind": type(one).__name__,
            "key": key,
            "lane": one.lane,
            "payload": json.dumps(asdict(one), ensure_ascii=False),
            "due_at": due,
            "state": WAITING,
            "attempts": 0,
            "result": "",
            "error": "",
            "turn": turn,
        }
        for key, (one, due) in newest.items()
        if key not in absorbed
    ]
    if rows:
        connection.execute(inserting(effect), rows)
    return bool(rows) or any(absorbed.values())


def waits_until(connection: Connection, wanted: Effect) -> datetime | None:
    """When the waiting row of this effect's key is due; None where none waits."""
    query = select(effect.c.due_at).where(effect.c.key == wanted.key, effect.c.state == WAITING)
    found: datetime | None = connection.execute(query).scalar()
    return found


def claim(connection: Connection, now: datetime, most: int, worker_id: str = "", busy: bool = False, timers: bool = True) -> list[Claimed]:
    """Up to `most` due effects, the first of each lane in which nothing runs. The attempt is counted here, so that an effect that
    kills its process does not loop for ever. An earlier waiting row of the lane is not overtaken. Of those that saw a process end, one by
    itself, and none at all while this one is `busy`. Rows this version cannot read wait for one that can.
    Without `timers` what has no lane, and so waits for nothing but its time, is left."""
    rows = _take(connection, _taking(most, timers), now, worker_id)
    if not rows and not busy:
        rows = _take(connection, _taking_alone(timers), now, worker_id)
    claimed = []
    for row in rows:
        try:
            one = read(row.kind, row.payload)
            claimed.append(Claimed(row.seq, one, row.attempts, row.due_at, row.turn, row.crashes > 0))
        except (KeyError, TypeError) as error:
            reason = f"not readable by this version: {type(error).__name__}"
            if row.attempts >= ATTEMPTS:
                bury(connection, now, row.seq, reason)
            else:
                retry(connection, now, row.seq, now + UNREAD, reason)
    return claimed


# Written out, so that PostgreSQL sees that an index made for them serves.
_WAITING, _RUNNING, _DEAD = (literal_column(f"'{state}'", String) for state in (WAITING, RUNNING, DEAD))
_NONE = literal_column("0", Integer)


def _claimable(one: FromClause) -> ColumnElement[bool]:
    """Waits, is due, and nothing of its lane runs, or waits before it, or has ended its process so often that an administrator has to look.
    Asked one by one, and not at all of what has no lane, so that each is a look into an index however many are due."""
    return and_(one.c.state == _WAITING, one.c.due_at <= bindparam("now", type_=effect.c.due_at.type), _first_of_lane(one))


def _first_of_lane(one: FromClause) -> ColumnElement[bool]:
    other = effect.alias("other")

    def has(*what: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(other.c.lane == one.c.lane, *what).correlate(one)

    runs, waits = has(other.c.state == _RUNNING), has(other.c.state == _WAITING, other.c.seq < one.c.seq)
    parks = has(other.c.state == _DEAD, other.c.crashes > _NONE)
    return or_(one.c.lane == "", and_(~runs, ~waits, ~parks))


def _wanted(one: FromClause, timers: bool) -> ColumnElement[bool]:
    return true() if timers else one.c.lane != ""


@cache
def _next(timers: bool) -> Select[Any]:
    waiting = select(effect.c.due_at).where(effect.c.state == _WAITING, _first_of_lane(effect), _wanted(effect, timers))
    return waiting.order_by(effect.c.due_at, effect.c.seq).limit(1)


@cache
def _taking(most: int, timers: bool) -> ReturningUpdate[Any]:
    """Of those that saw no process end, and none while there is one that did."""
    alone = effect.alias("alone")
    waits = exists().where(alone.c.crashes > _NONE, _claimable(alone), _wanted(alone, timers))
    return _taken(most, effect.c.crashes == _NONE, ~waits, _wanted(effect, timers))


@cache
def _taking_alone(timers: bool) -> ReturningUpdate[Any]:
    return _taken(1, effect.c.crashes > _NONE, _wanted(effect, timers))


def _taken(most: int, *which: ColumnElement[bool]) -> ReturningUpdate[Any]:
    """Another process may claim at the same time: what it is about to take is passed over, and `uq_effect_running` tells two apart that
    both find the first of a lane. In the order of their time, so that the index gives the first few of very many."""
    first = (
        select(effect.c.seq)
        .where(_claimable(effect), *which)
        .order_by(effect.c.due_at, effect.c.seq)
        .limit(literal_column(str(most), Integer))
        .with_for_update(of=effect, skip_locked=True)
        .cte("claimable")
    )
    taken = update(effect).where(effect.c.seq.in_(select(first.c.seq)))
    return taken.values(state=RUNNING, attempts=effect.c.attempts + 1, worker=bindparam("worker_id")).returning(
        effect.c.seq, effect.c.kind, effect.c.payload, effect.c.attempts, effect.c.due_at, effect.c.turn, effect.c.crashes
    )


def _take(connection: Connection, statement: ReturningUpdate[Any], now: datetime, worker_id: str) -> list[Row[Any]]:
    """In the order of their time, which what an update returns has not."""
    found = connection.execute(statement, {"now": now, "worker_id": worker_id}).all()
    return sorted(found, key=lambda row: (row.due_at, row.seq))


def held(connection: Connection, claimed: Claimed, worker_id: str) -> bool:
    """Whether the effect is still this worker's, in this attempt: one that was silent for long has lost it to another."""
    mine = select(effect.c.seq).where(effect.c.seq == claimed.seq, effect.c.state == RUNNING, effect.c.worker == worker_id)
    return connection.execute(mine.where(effect.c.attempts == claimed.attempt).with_for_update()).first() is not None


_FINISHED = (
    update(effect)
    .where(effect.c.seq == bindparam("of_seq"))
    .values(state=DONE, result=bindparam("of_result"), error="", crashes=0, done_at=bindparam("at", type_=effect.c.done_at.type))
)
_FINISHED_BY = _FINISHED.where(
    effect.c.state == RUNNING, effect.c.worker == bindparam("worker_id"), effect.c.attempts == bindparam("attempt")
)


def finish(connection: Connection, now: datetime, seq: int, result: str, holder: tuple[str, int] | None = None) -> bool:
    """Done. With a `holder`, a worker in its attempt: only if that still has it, which is told."""
    values: dict[str, Any] = {"of_seq": seq, "of_result": result[:500], "at": now}
    if holder is None:
        return connection.execute(_FINISHED, values).rowcount == 1
    worker_id, attempt = holder
    return connection.execute(_FINISHED_BY, values | {"worker_id": worker_id, "attempt": attempt}).rowcount == 1


def retry(connection: Connection, now: datetime, seq: int, at: datetime, error: str, *, ended: bool = False, tried: bool = True) -> None:
    """Back to waiting. When a newer row of the same key waits already, that one does the work instead, at `at` too: its own time may be a
    next one that is far, which this one wrote before it failed. The attempts made count for it, so that a thing which changes all the time
    still comes to its end. `ended`: its process did, too. `tried` False: nothing was, and the attempt does not count."""
    row = connection.execute(select(effect.c.key, effect.c.attempts, effect.c.crashes).where(effect.c.seq == seq)).one()
    count = {"attempts": row.attempts - (not tried), "crashes": row.crashes + 1 if ended else 0, "error": error[:500]}
    newer = connection.execute(select(effect.c.seq).where(effect.c.key == row.key, effect.c.state == WAITING)).scalar()
    if newer is None:
        connection.execute(update(effect).where(effect.c.seq == seq).values(state=WAITING, due_at=at, **count))
        return
    connection.execute(update(effect).where(effect.c.seq == seq).values(state=DONE, done_at=now, error=error[:500]))
    connection.execute(update(effect).where(effect.c.seq == newer).values(due_at=at, **count))


def bury(connection: Connection, now: datetime, seq: int, error: str, cause: str = "") -> None:
    """Dead, and the secretary is told in the same transaction; of a message or letter, whom it did not reach. One that failed does not park
    its lane: what comes later renders the newest state anyway, so it can only mend. One that ended its process does, until somebody has
    looked. Of a message to the secretary that died nobody can be told; `health` counts it."""
    row = connection.execute(
        update(effect)
        .where(effect.c.seq == seq)
        .values(state=DEAD, error=error[:500], done_at=now)
        .returning(effect.c.kind, effect.c.payload, effect.c.turn)
    ).one()
    about = json.loads(row.payload)
    if row.kind == SyncEvent.__name__:
        # The meeting remembers, so that the secretary can have it done again.
        given_up = update(meeting).where(meeting.c.id == about.get("meeting_id", ""), meeting.c.event_trouble == "")
        connection.execute(given_up.values(event_trouble=EventTrouble.FAILED))
    meeting_id, channel_id, person_id = (about.get(name, "") for name in ("meeting_id", "conversation_id", "person_id"))
    held = connection.execute(select(meeting.c.body_id, meeting.c.number, meeting.c.year).where(meeting.c.id == meeting_id)).first()
    concerned = body.c.channel_id == channel_id if channel_id else body.c.id == (held.body_id if held else about.get("body_id", ""))
    found = connection.execute(select(body.c.id, body.c.name, body.c.secretary_id).where(concerned)).first()
    if found is None or found.secretary_id in {"", person_id}:
        return
    kind = row.kind if row.kind in KINDS else "Unknown"
    sentence = f"dead_{kind}_{cause}" if cause in CAUSES.get(kind, ()) else f"dead_{kind}"
    params: tuple[tuple[str, str], ...] = ()
    if person_id:
        name = connection.execute(select(person.c.name).where(person.c.id == person_id)).scalar() or "–"
        params = (("name", name), ("about", f"{held.number}/{held.year}" if held else found.name))
    write(connection, now, [(Tell(f"dead:{seq}", found.secretary_id, sentence, params, found.id, meeting_id), now)], row.turn)


def rescue(connection: Connection, now: datetime, most: int, living: Select[tuple[str]] | None = None) -> int:
    """What processes that ended, or are silent, left running waits again, or is dead after `most` attempts or `CRASHES` ends of a process,
    so that an effect which ends its process does not do so for ever. `living`: the ids of the workers that still have theirs; None when
    nobody else can be running. What was sent a moment ago by one that ended, not one that is merely silent, waits for `UNHEARD`."""
    silent = exists().where(worker.c.id == effect.c.worker)
    sent = and_(effect.c.lane != "", ~silent).label("sent")
    lost = select(effect.c.seq, effect.c.attempts, effect.c.crashes, effect.c.due_at, sent).where(effect.c.state == RUNNING)
    if living is not None:
        lost = lost.where(effect.c.worker.not_in(living))
    rows = connection.execute(lost.with_for_update(skip_locked=True)).all()
    for row in rows:
        if row.attempts >= most or row.crashes + 1 >= CRASHES:
            connection.execute(update(effect).where(effect.c.seq == row.seq).values(crashes=row.crashes + 1))
            bury(connection, now, row.seq, "the process ended each time it ran")
        else:
            at = now + UNHEARD if row.sent else row.due_at
            retry(connection, now, row.seq, at, "the process ended while it ran", ended=True)
    return len(rows)


def take_back(connection: Connection, now: datetime, worker_id: str, at_work: Collection[int]) -> int:
    """Effects of this living worker that it does not know of (the claim's commit arrived and its answer did not), or has laid down, wait
    again. Not while a claim of its is under way."""
    laid = select(effect.c.seq, effect.c.due_at).where(effect.c.state == RUNNING, effect.c.worker == worker_id)
    rows = [row for row in connection.execute(laid.with_for_update()) if row.seq not in at_work]
    for row in rows:
        retry(connection, now, row.seq, row.due_at, "laid down")
    return len(rows)


def next_due(connection: Connection, timers: bool = True) -> datetime | None:
    """When something could be claimed next, if nothing changes: rows behind another one of their lane do not count."""
    return connection.execute(_next(timers)).scalar()


def hasten(connection: Connection, now: datetime) -> None:
    """After the clock went back: nothing but timers waits for a time that was told by the clock that was wrong."""
    early = and_(effect.c.state == WAITING, effect.c.lane != "", effect.c.due_at > now)
    connection.execute(update(effect).where(early).values(due_at=now))


def health(connection: Connection, now: datetime) -> dict[str, Any]:
    """How many effects wait, are due, run and are dead, and for how long the oldest due one has been due."""
    query = select(effect.c.state, func.count()).where(effect.c.state.in_((WAITING, RUNNING, DEAD))).group_by(effect.c.state)
    counts = {state: int(count) for state, count in connection.execute(query)}
    overdue = select(func.count(), func.min(effect.c.due_at)).where(effect.c.state == WAITING, effect.c.due_at <= now)
    due, oldest = connection.execute(overdue).one()
    late = (now - oldest).total_seconds() if oldest else 0.0
    return {**{state: counts.get(state, 0) for state in (WAITING, RUNNING, DEAD)}, "due": due, "late_seconds": late}


def forget(connection: Connection, before: datetime) -> None:
    """Effects done or dropped long ago go, and the keys of turns that long ago; dead effects stay until somebody has dealt with them."""
    connection.execute(delete(effect).where(effect.c.state.in_((DONE, DROPPED)), effect.c.done_at < before))
    connection.execute(delete(turn).where(turn.c.at < before))


def read(kind: str, payload: str) -> Effect:
    values = json.loads(payload)
    if "params" in values:
        values["params"] = tuple(tuple(pair) for pair in values["params"])
    made: Effect = KINDS[kind](**values)
    return made
