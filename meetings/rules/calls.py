"""The calls in which meetings are held: which meeting a call is of, and what it suggests to the secretary. Suggests, as being in a call is
neither presence nor a voice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from meetings.model import Meeting, Phase
from meetings.ports import Call
from meetings.rules.presence import inside

# Of a meeting whose link is not known: so long before it begins a call may be its own, and so long after.
EARLY = timedelta(hours=1)
LATE = timedelta(hours=6)
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


def offered(meeting: Meeting, call: Call, listed: Iterable[str]) -> tuple[str, ...]:
    """Those of the roll who have joined the call and are not found present yet, while the roll call goes on."""
    if meeting.phase is not Phase.OPEN or meeting.roll_closed_at is not None:
        return ()
    present = inside(meeting)
    return tuple(one for one in listed if one in call.joined and one not in present)


def closing_at(meeting: Meeting, call: Call) -> datetime | None:
    """When the call ended, as the time of closing; None when that was before the meeting was opened."""
    return call.ended if call.ended and meeting.opened_at and call.ended > meeting.opened_at else None
