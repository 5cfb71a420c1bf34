"""Signing at the roll call, coming and going after it, and times of day on the day of the meeting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from meetings.errors import Refused
from meetings.model import Attendance, Body, Direction, Meeting, Movement, Outcome, Sign, Standing
from meetings.reading.moments import read_clock
from meetings.rules.numbering import in_order
from meetings.rules.presence import in_room
from meetings.rules.seats import seat_of, seats_on

AHEAD = timedelta(minutes=15)
DECIDING = frozenset({Outcome.AS_PROPOSED, Outcome.AMENDED, Outcome.ELECTED, Outcome.REJECTED, Outcome.SENT_BACK})
_BY_THEMSELVES = frozenset({Standing.OPENING, Standing.QUORUM, Standing.CLOSING})


def instant(typed: str, body: Body, meeting: Meeting, now: datetime) -> datetime:
    """A typed time of day as an instant on the day the meeting is held; now when nothing is typed. Refuses nonsense and the future."""
    if not typed.strip():
        return now.replace(second=0, microsecond=0)
    clock = read_clock(typed)
    if clock is None:
        raise Refused("attendance.time_unread", text=typed[:40])
    day = (meeting.opened_at or now).astimezone(body.tz).date()
    at = datetime.combine(day, clock, tzinfo=body.tz).astimezone(now.tzinfo)
    if at > now + AHEAD and now.astimezone(body.tz).date() == day:
        raise Refused("attendance.time_ahead", at=clock)
    if meeting.opened_at is not None and at < meeting.opened_at.replace(second=0, microsecond=0):
        raise Refused("attendance.before_opening", at=clock)
    return at


def sign(body: Body, meeting: Meeting, person_id: str, sign: Sign, new_id: Callable[[], str]) -> Meeting:
    """What the roll says of a person; a new word replaces the old one."""
    seat = seat_of(seats_on(body, meeting.day), person_id)
    old = next((one for one in meeting.attendances if one.person_id == person_id), None)
    made = Attendance(old.id if old else new_id(), meeting.id, person_id, sign, seat.seat.id if seat else "")
    others = tuple(one for one in meeting.attendances if one.person_id != person_id)
    return replace(meeting, attendances=(*others, made))


def move(meeting: Meeting, person_id: str, direction: Direction, at: datetime, item_id: str, movement_id: str) -> Meeting:
    """Somebody came or went after the roll call. Refuses the impossible: coming in twice, leaving when not there."""
    inside = in_room(meeting, person_id, at)
    if direction is Direction.ARRIVED and inside:
        raise Refused("attendance.already_in")
    if direction is Direction.LEFT and not inside:
        raise Refused("attendance.not_in")
    return replace(meeting, movements=(*meeting.movements, Movement(movement_id, meeting.id, person_id, direction, at, item_id)))


def lacking(meeting: Meeting) -> tuple[str, ...]:
    """The items that have neither an outcome nor a text of their own; opening, quorum and closing have theirs by themselves."""
    return tuple(
        item.id
        for item in in_order(meeting)
        if item.standing not in _BY_THEMSELVES and item.outcome is Outcome.NONE and not item.decision.strip()
    )
