"""The calls in which meetings are held: which meeting a call is of, and what it suggests to the secretary. Suggests, as being in a call is
neither presence nor a voice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from meetings.model import Meeting, Phase
from meetings.ports import Away, Call
from meetings.rules.presence import in_room, inside, movements_of

# Of a meeting whose link is not known: so long before it begins a call may be its own, and so long after.
EARLY = timedelta(hours=1)
LATE = timedelta(hours=6)
# Who is out of a call for less has lost the connection; and so long before its end people leave because it ends.
BRIEF = timedelta(minutes=3)
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
    joined: set[str] = set()
    out: dict[str, datetime] = {}
    away = []
    for kind, at, person_id in told:
        if kind == "joined":
            joined.add(person_id)
            if person_id in out:
                away.append(Away(person_id, out.pop(person_id), at))
        elif kind == "left" and person_id in joined:
            joined.discard(person_id)
            out[person_id] = at
    away += [Away(person_id, since) for person_id, since in out.items()]
    ended = running[-1][1] if running and running[-1][0] == "ended" else None
    return Call(min(began, default=None), ended, frozenset(joined), tuple(sorted(away, key=lambda one: (one.since, one.person_id))))


def offered(meeting: Meeting, call: Call, listed: Iterable[str]) -> tuple[str, ...]:
    """Those of the roll who have joined the call and are not found present yet, while the roll call goes on."""
    if meeting.phase is not Phase.OPEN or meeting.roll_closed_at is not None:
        return ()
    present = inside(meeting)
    return tuple(one for one in listed if one in call.joined and one not in present)


def gone(meeting: Meeting, call: Call, now: datetime) -> tuple[Away, ...]:
    """Those who, by the record, were in the room when they left the call, and of whose going nothing is noted; of each the first time."""
    if meeting.phase is not Phase.OPEN or meeting.roll_closed_at is None:
        return ()
    found: dict[str, Away] = {}
    for one in call.away:
        at_the_end = call.ended is not None and one.since > call.ended - BRIEF
        brief = (one.until or now) - one.since < BRIEF
        if brief or at_the_end or one.since < meeting.roll_closed_at or not in_room(meeting, one.person_id, one.since):
            continue
        if all(move.at <= one.since for move in movements_of(meeting, one.person_id) if one.until is None or move.at <= one.until):
            found.setdefault(one.person_id, one)
    return tuple(found.values())


def closing_at(meeting: Meeting, call: Call) -> datetime | None:
    """When the call ended, as the time of closing; None when that was before the meeting was opened."""
    return call.ended if call.ended and meeting.opened_at and call.ended > meeting.opened_at else None
