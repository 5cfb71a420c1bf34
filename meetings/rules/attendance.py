"""Signing at the roll call, coming and going after it, times of day on the day of the meeting, and what a meeting lacks to be closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from meetings.errors import Refused
from meetings.model import Attendance, Body, Direction, Item, Meeting, Movement, Outcome, Sign, Standing
from meetings.reading.moments import read_clock
from meetings.rules.numbering import in_order
from meetings.rules.presence import actors, movements_of, quorum
from meetings.rules.seats import seat_of, seats_on

AHEAD = timedelta(minutes=15)
LONGEST = timedelta(hours=16)
# What the body itself does, taking note included: it needs a quorum. Tabling leaves the matter as it is, a withdrawal is the presenter's
# act and a lapse a fact, so a body that has lost its quorum can still finish its list with these.
DECIDING = frozenset({Outcome.AS_PROPOSED, Outcome.AMENDED, Outcome.NOTED, Outcome.ELECTED, Outcome.REJECTED, Outcome.SENT_BACK})
# The chair opens, finds and closes; nobody decides, and no outcome has to be recorded.
FOUND = frozenset({Standing.OPENING, Standing.QUORUM, Standing.CLOSING})
_RANGE = re.compile(r"\s*[-–—]\s*")


# --- times ------------------------------------------------------------------------------------------------------------------


def instant(typed: str, body: Body, meeting: Meeting, now: datetime) -> datetime:
    """A typed time of day as an instant on the day the meeting is held; now when nothing is typed. Refuses nonsense, the future, and what
    is before the opening or after the closing. A meeting that goes on past midnight has its small hours on the next day."""
    if not typed.strip():
        if meeting.closed_at is not None:
            raise Refused("attendance.time_needed")
        return now
    at = day_instant(typed, body, meeting.opened_at or now, now)
    if meeting.opened_at is not None and at < _minute(meeting.opened_at):
        if at + timedelta(days=1) > min(meeting.closed_at or now, meeting.opened_at + LONGEST):
            raise Refused("attendance.before_opening", at=at.astimezone(body.tz))
        at += timedelta(days=1)
    if meeting.closed_at is not None and at > meeting.closed_at:
        raise Refused("attendance.after_closing", at=at.astimezone(body.tz))
    return at


def day_instant(typed: str, body: Body, near: datetime, now: datetime) -> datetime:
    """A typed time of day on the local day of `near`. Refuses what cannot be read or is still to come."""
    clock = read_clock(typed)
    if clock is None:
        raise Refused("attendance.time_unread", text=typed.strip()[:40])
    at = datetime.combine(near.astimezone(body.tz).date(), clock, tzinfo=body.tz).astimezone(now.tzinfo)
    if at > now + AHEAD:
        raise Refused("attendance.time_ahead", at=clock)
    return at


def span(typed: str, body: Body, meeting: Meeting, now: datetime) -> tuple[datetime, datetime | None]:
    """`10.42` as an instant, `10.42–10.48` as two."""
    first, *rest = _RANGE.split(typed.strip(), maxsplit=1)
    start = instant(first, body, meeting, now)
    if not rest:
        return start, None
    end = instant(rest[0], body, meeting, now)
    if end <= start:
        raise Refused("attendance.span_backwards", text=typed.strip()[:40])
    return start, end


def require_times(body: Body, meeting: Meeting) -> None:
    """Opening, comings and goings, closing: in this order. Refuses the meeting whose times are not."""
    opened, closed = meeting.opened_at, meeting.closed_at
    if opened is None:
        return
    if closed is not None and closed < opened:
        raise Refused("attendance.closed_before_opening", at=closed.astimezone(body.tz), opened=opened.astimezone(body.tz))
    noted = [one.at for one in meeting.movements]
    noted += [at for one in meeting.disqualifications for at in (one.left_at, one.back_at) if at is not None]
    if early := [at for at in noted if at < _minute(opened)]:
        raise Refused("attendance.opened_after", at=min(early).astimezone(body.tz))
    if closed is not None and (late := [at for at in noted if _minute(at) > closed]):
        raise Refused("attendance.closed_before", at=max(late).astimezone(body.tz))


# --- the roll ---------------------------------------------------------------------------------------------------------------


def sign(body: Body, meeting: Meeting, person_id: str, word: Sign, new_id: Callable[[], str]) -> Meeting:
    """What the roll says of a person; a new word replaces the old one, and comings and goings that can no longer be true go with it."""
    seat = seat_of(seats_on(body, meeting.day), person_id)
    old = next((one for one in meeting.attendances if one.person_id == person_id), None)
    made = Attendance(old.id if old else new_id(), meeting.id, person_id, word, seat.seat.id if seat else "")
    others = tuple(one for one in meeting.attendances if one.person_id != person_id)
    signed = replace(meeting, attendances=(*others, made))
    return _with_movements(signed, person_id, _alternating(movements_of(signed, person_id), inside=word is Sign.PRESENT))


def sign_rest(body: Body, meeting: Meeting, word: Sign, new_id: Callable[[], str]) -> Meeting:
    """One word for every seat of which nothing is known: neither its member nor a deputy has signed or come. Nobody on leave is found."""
    known = {one.person_id for one in meeting.attendances} | {one.person_id for one in meeting.movements}
    for seat in seats_on(body, meeting.day):
        if seat.member_id and not seat.on_leave and known.isdisjoint((seat.member_id, *seat.deputy_ids)):
            meeting = sign(body, meeting, seat.member_id, word, new_id)
    return meeting


def move(meeting: Meeting, made: Movement) -> Meeting:
    """Somebody came or went after the roll call. Refuses the impossible: coming in twice, leaving when not there.

    A time before the one noted puts that one right. Out and in (or in and out) within the same minute was a slip: it leaves no trace.
    What falls in the minute in which the roll was closed comes after it.
    """
    closed = meeting.roll_closed_at
    if closed is not None and made.at < closed and _minute(made.at) == _minute(closed):
        made = replace(made, at=closed + timedelta(microseconds=1))
    known = movements_of(meeting, made.person_id)
    before = [one for one in known if one.at <= made.at]
    after = [one for one in known if one.at > made.at]
    signed = any(one.person_id == made.person_id and one.sign is Sign.PRESENT for one in meeting.attendances)
    inside = before[-1].direction is Direction.ARRIVED if before else signed
    if inside is (made.direction is Direction.ARRIVED):
        raise Refused("attendance.already_in" if inside else "attendance.not_in")
    if before and _minute(before[-1].at) == _minute(made.at):
        return _with_movements(meeting, made.person_id, _alternating([*before[:-1], *after], inside=signed))
    if after and after[0].direction is made.direction:
        made = replace(made, id=after[0].id)
    return _with_movements(meeting, made.person_id, _alternating([*before, made, *after], inside=signed))


def away(meeting: Meeting, left: Movement, back: Movement) -> Meeting:
    """Somebody who was in the room stepped out between two times. Refuses when they were not there all through."""
    signed = any(one.person_id == left.person_id and one.sign is Sign.PRESENT for one in meeting.attendances)
    known = movements_of(meeting, left.person_id)
    before = [one for one in known if one.at <= left.at]
    after = [one for one in known if one.at >= back.at]
    inside = before[-1].direction is Direction.ARRIVED if before else signed
    if not inside or len(before) + len(after) != len(known):
        raise Refused("attendance.not_in")
    return _with_movements(meeting, left.person_id, [*before, left, back, *after])


def take_back(meeting: Meeting, movement: Movement) -> Meeting:
    """A coming or going noted by mistake goes; one that makes no sense without it goes too."""
    signed = any(one.person_id == movement.person_id and one.sign is Sign.PRESENT for one in meeting.attendances)
    left = [one for one in movements_of(meeting, movement.person_id) if one.id != movement.id]
    return _with_movements(meeting, movement.person_id, _alternating(left, inside=signed))


# --- decisions and closing ----------------------------------------------------------------------------------------------------


def require_quorum(body: Body, meeting: Meeting, item: Item, outcome: Outcome) -> None:
    """Losing the quorum stops decisions (taking note is one), not the recording of discussion, nor tabling, a withdrawal or a lapse.

    A decision once made may be put into better words later, and after closing every correction is of wording. What the chair finds
    (opening, quorum, closing) is no decision.
    """
    if meeting.closed_at is not None or outcome not in DECIDING or item.standing in FOUND or decided(item):
        return
    if meeting.roll_closed_at is None:
        raise Refused("record.quorum_first")
    found = quorum(body, meeting, item.id)
    if not found.quorate:
        key = "record.no_quorum" if found.filled < found.needed else "record.no_chair"
        raise Refused(key, filled=found.filled, seats=found.seats, needed=found.needed)


def decided(item: Item) -> bool:
    """Whether the body has decided the item already."""
    return item.outcome in DECIDING or (item.outcome is Outcome.NONE and bool(item.decision.strip()))


def lacking(meeting: Meeting) -> tuple[str, ...]:
    """The items that have neither an outcome nor a text of their own; opening, quorum and closing have theirs by themselves."""
    return tuple(
        item.id for item in in_order(meeting) if item.standing not in FOUND and item.outcome is Outcome.NONE and not item.decision.strip()
    )


def may_sit_for(body: Body, meeting: Meeting, person_id: str, item_id: str) -> tuple[str, ...]:
    """The deputies who can sit for a disqualified person in an item: the other holders of the seat the person would act for, except
    those who act for a seat of their own."""
    free = replace(meeting, disqualifications=tuple(one for one in meeting.disqualifications if one.person_id != person_id))
    acting = actors(body, free, item_id)
    mine = next((seat for seat in seats_on(body, meeting.day) if acting.get(seat.seat.id) == person_id), None)
    if mine is None:
        mine = next((seat for seat in seats_on(body, meeting.day) if seat.member_id == person_id), None)
    if mine is None:
        return ()
    busy = {other for seat_id, other in acting.items() if seat_id != mine.seat.id}
    barred = {one.person_id for one in free.disqualifications if one.item_id == item_id}
    return tuple(one for one in mine.deputy_ids if one != person_id and one not in busy and one not in barred)


def _alternating(movements: Iterable[Movement], *, inside: bool) -> list[Movement]:
    """Those that make sense one after the other: nobody comes in twice or leaves from outside."""
    kept = []
    for one in movements:
        if inside is not (one.direction is Direction.ARRIVED):
            kept.append(one)
            inside = not inside
    return kept


def _with_movements(meeting: Meeting, person_id: str, movements: list[Movement]) -> Meeting:
    others = tuple(one for one in meeting.movements if one.person_id != person_id)
    return replace(meeting, movements=(*others, *movements))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
