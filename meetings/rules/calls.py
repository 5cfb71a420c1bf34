"""The calls in which meetings are held: which meeting a call is of, and what it suggests to the secretary. Suggests, as being in a call is
neither presence nor a voice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from meetings.model import Direction, Meeting, Phase, Sign
from meetings.ports import Call, Span
from meetings.rules.presence import attended, in_room, inside, movements_of

# Of a meeting whose link is not known: so long before it begins a call may be its own, and so long after.
EARLY = timedelta(hours=1)
LATE = timedelta(hours=6)
# Who is out of a call for less has lost the connection; and so long before its end people leave because it ends.
BRIEF = timedelta(minutes=3)
# Times of a report and of the record that are nearer to each other say the same.
APART = timedelta(minutes=5)
HELD = frozenset({Phase.PLANNED, Phase.PUBLISHED, Phase.OPEN})


def meeting_of(meetings: Iterable[tuple[Meeting, ZoneInfo]], thread: str, join_url: str, at: datetime) -> Meeting | None:
    """The meeting whose invitation has the call's link, or a link into the call's chat. Else the only one that is held in Teams at that
    time and whose link is not known; of several, none."""
    held = [(meeting, zone) for meeting, zone in meetings if meeting.online and meeting.phase in HELD]
    for meeting, _ in held:
        if meeting.join_url and (meeting.join_url == join_url or (thread and thread in unquote(meeting.join_url))):
            return meeting
    near = [meeting for meeting, zone in held if not meeting.join_url and _is_near(meeting, zone, at)]
    return near[0] if len(near) == 1 else None


def _is_near(meeting: Meeting, zone: ZoneInfo, at: datetime) -> bool:
    start = datetime.combine(meeting.day, meeting.start, tzinfo=zone)
    return start - EARLY <= at <= start + LATE


def call_of(notes: Iterable[tuple[str, datetime, str]]) -> Call:
    """What is told by notes: each its kind (started, ended, joined or left), when, and of whom. In whatever order they came."""
    # Who left and joined within the same moment is in the call.
    told = sorted(notes, key=lambda note: (note[1], note[0] == "joined"))
    began = [at for kind, at, _ in told if kind == "started"]
    running = [(kind, at) for kind, at, _ in told if kind != "left"]
    joined: dict[str, datetime] = {}
    out: dict[str, datetime] = {}
    away, stays = [], []
    for kind, at, person_id in told:
        if kind == "joined":
            joined.setdefault(person_id, at)
            if person_id in out:
                away.append(Span(person_id, out.pop(person_id), at))
        elif kind == "left" and person_id in joined:
            stays.append(Span(person_id, joined.pop(person_id), at))
            out[person_id] = at
    away += [Span(person_id, since) for person_id, since in out.items()]
    stays += [Span(person_id, since) for person_id, since in joined.items()]
    ended = running[-1][1] if running and running[-1][0] == "ended" else None
    return Call(min(began, default=None), ended, frozenset(joined), _in_order(away), _in_order(stays))


def _in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda one: (one.since, one.person_id)))


def offered(meeting: Meeting, call: Call, listed: Iterable[str]) -> tuple[str, ...]:
    """Those of the roll who have joined the call and are not found present yet, while the roll call goes on."""
    if meeting.phase is not Phase.OPEN or meeting.roll_closed_at is not None:
        return ()
    present = inside(meeting)
    return tuple(one for one in listed if one in call.joined and one not in present)


def gone(meeting: Meeting, call: Call, now: datetime) -> tuple[Span, ...]:
    """Those who, by the record, were in the room when they left the call, and of whose going nothing is noted; of each the first time."""
    if meeting.phase is not Phase.OPEN or meeting.roll_closed_at is None:
        return ()
    found: dict[str, Span] = {}
    for one in call.away:
        at_the_end = call.ended is not None and one.since > call.ended - BRIEF
        brief = (one.until or now) - one.since < BRIEF
        if brief or at_the_end or one.since < meeting.roll_closed_at or not in_room(meeting, one.person_id, one.since):
            continue
        if all(move.at <= one.since for move in movements_of(meeting, one.person_id) if one.until is None or move.at <= one.until):
            found.setdefault(one.person_id, one)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Difference:
    """What a report shows of a person and the record does not say. `kind` absent: in the call from `since` to `until`, and not present by
    the record · unseen: the other way round · late: in the call only from `since`, present from `noted` · left: in the call until `until`,
    present until `noted`."""

    kind: str
    person_id: str
    since: datetime | None = None
    until: datetime | None = None
    noted: datetime | None = None


def differences(meeting: Meeting, call: Call, listed: Iterable[str]) -> tuple[Difference, ...]:
    """Between the report of a call and the record of a closed meeting, by the roll. Where there is a room besides, people are in it without
    being in the call, so the report speaks only for those of whom it shows more than the record."""
    opened, closed = meeting.opened_at, meeting.closed_at
    if opened is None or closed is None or not call.stays:
        return ()
    found = []
    for person_id in listed:
        theirs = [one for one in call.stays if one.person_id == person_id]
        spans = [(max(one.since, opened), min(one.until or closed, closed)) for one in theirs]
        seen = [(since, until) for since, until in spans if since < until]
        shown = sum(((until - since) for since, until in seen), timedelta()) >= BRIEF
        recorded = attended(meeting, person_id)
        if shown and not recorded:
            found.append(Difference("absent", person_id, seen[0][0], max(until for _, until in seen)))
        elif recorded and not meeting.place:
            found += _apart(meeting, person_id, seen) if shown else [Difference("unseen", person_id)]
    return tuple(found)


def _apart(meeting: Meeting, person_id: str, seen: list[tuple[datetime, datetime]]) -> list[Difference]:
    """Where the first and the last moment of somebody's presence differ by more than a moment."""
    opened, closed = meeting.opened_at, meeting.closed_at
    moves = movements_of(meeting, person_id)
    signed = any(one.person_id == person_id and one.sign is Sign.PRESENT for one in meeting.attendances)
    came = opened if signed else next((one.at for one in moves if one.direction is Direction.ARRIVED), opened)
    went = moves[-1].at if moves and moves[-1].direction is Direction.LEFT else closed
    first, last = seen[0][0], max(until for _, until in seen)
    found = []
    if came is not None and first - came >= APART:
        found.append(Difference("late", person_id, since=first, noted=came))
    if went is not None and went - last >= APART:
        found.append(Difference("left", person_id, until=last, noted=went))
    return found


def closing_at(meeting: Meeting, call: Call) -> datetime | None:
    """When the call ended, as the time of closing; None when that was before the meeting was opened."""
    return call.ended if call.ended and meeting.opened_at and call.ended > meeting.opened_at else None
