"""Who is in the room, who acts for which seat, and the quorum: always computed from the record, never typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meetings.model import Body, Direction, Meeting, Sign
from meetings.rules.seats import SeatOnDay, seats_on


@dataclass(frozen=True, slots=True)
class Quorum:
    """`filled` voting seats of `seats`; `needed` is the least number that suffices; `chair` whether chair or vice-chair acts."""

    filled: int
    seats: int
    needed: int
    chair: bool
    quorate: bool


def in_room(meeting: Meeting, person_id: str, at: datetime | None = None) -> bool:
    """Whether the person is in the room at an instant (None: by the last word of the record)."""
    signed = next((one.sign for one in meeting.attendances if one.person_id == person_id), None)
    inside = signed is Sign.PRESENT
    for movement in sorted((one for one in meeting.movements if one.person_id == person_id), key=lambda one: one.at):
        if at is not None and movement.at > at:
            break
        inside = movement.direction is Direction.ARRIVED
    return inside


def attended(meeting: Meeting, person_id: str) -> bool:
    """Whether the person was in the room at any time."""
    return (
        in_room(meeting, person_id)
        or any(one.person_id == person_id and (one.sign is Sign.PRESENT) for one in meeting.attendances)
        or any(one.person_id == person_id for one in meeting.movements)
    )


def acting(meeting: Meeting, seat: SeatOnDay, item_id: str = "", at: datetime | None = None) -> str:
    """The person who acts for the seat: the member if in the room and not disqualified in the item, else the first such deputy.

    One seat, one voice: with member and deputy both present the member acts. A deputy named for a disqualified member sits for that
    item. Empty when nobody acts.
    """
    aside = {one.person_id: one for one in meeting.disqualifications if one.item_id == item_id} if item_id else {}
    stand_in = aside[seat.member_id].deputy_id if seat.member_id in aside else ""
    if stand_in and stand_in not in aside:
        return stand_in
    return next(
        (
            person_id
            for person_id in (seat.member_id, *seat.deputy_ids)
            if person_id and person_id not in aside and in_room(meeting, person_id, at)
        ),
        "",
    )


def quorum(body: Body, meeting: Meeting, item_id: str = "", at: datetime | None = None) -> Quorum:
    """More than the body's fraction of its voting seats filled, chair or vice-chair acting among them where the body wants it.

    Vacant seats count among the seats: a body does not become smaller by losing members.
    """
    voting = [seat for seat in seats_on(body, meeting.day) if seat.seat.voting]
    actors = [actor for seat in voting if (actor := acting(meeting, seat, item_id, at))]
    needed = len(voting) * body.quorum_numerator // body.quorum_denominator + 1
    heads = {body.chair_id, body.vice_chair_id} - {""}
    chair = bool(heads & set(actors)) or (bool(meeting.presiding_id) and meeting.presiding_id in actors)
    enough = len(actors) >= needed and bool(voting)
    return Quorum(len(actors), len(voting), needed, chair, enough and (chair or not body.quorum_needs_chair))
