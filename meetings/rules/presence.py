"""Who is in the room, who acts for which seat, and the quorum: always computed from the record, never typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from meetings.model import Body, Direction, Meeting, Movement, Sign
from meetings.rules.seats import SeatOnDay, seats_on


@dataclass(frozen=True, slots=True)
class Quorum:
    """`filled` voting seats of `seats`; `needed` is the least number that suffices; `chair` whether chair or vice-chair is among them."""

    filled: int
    seats: int
    needed: int
    chair: bool
    quorate: bool


def movements_of(meeting: Meeting, person_id: str) -> list[Movement]:
    """A person's comings and goings by the clock."""
    return sorted((one for one in meeting.movements if one.person_id == person_id), key=lambda one: one.at)


def in_room(meeting: Meeting, person_id: str, at: datetime | None = None) -> bool:
    """Whether the person is in the room at an instant (None: by the last word of the record)."""
    return person_id in inside(meeting, at)


def inside(meeting: Meeting, at: datetime | None = None) -> frozenset[str]:
    """Everybody who is in the room at an instant (None: by the last word of the record)."""
    found = {one.person_id for one in meeting.attendances if one.sign is Sign.PRESENT}
    for movement in sorted(meeting.movements, key=lambda one: one.at):
        if at is not None and movement.at > at:
            break
        if movement.direction is Direction.ARRIVED:
            found.add(movement.person_id)
        else:
            found.discard(movement.person_id)
    return frozenset(found)


def attended(meeting: Meeting, person_id: str) -> bool:
    """Whether the person was in the room at any time."""
    return any(one.person_id == person_id and one.sign is Sign.PRESENT for one in meeting.attendances) or any(
        one.person_id == person_id for one in meeting.movements
    )


def aside(meeting: Meeting, item_id: str) -> Mapping[str, str]:
    """Those disqualified in an item, each with the deputy who sits instead (empty: nobody)."""
    return {one.person_id: one.deputy_id for one in meeting.disqualifications if one.item_id == item_id} if item_id else {}


def actors(body: Body, meeting: Meeting, item_id: str = "", at: datetime | None = None) -> Mapping[str, str]:
    """Seat → the person who acts for it; seats for which nobody acts are left out. One seat one voice, and one person one seat.

    The member acts when in the room; with member and deputy both present the deputy only attends. Without the member (absent, excused,
    away for a while, on leave, or a vacant place) the first deputy in the room acts; one who is deputy of several seats acts for one of
    them, so that as many seats as possible are filled. Who is disqualified acts for nobody in that item: the seat is then filled by the
    deputy recorded as sitting instead, and by nobody else, as the minutes will say.
    """
    seats = seats_on(body, meeting.day)
    barred = aside(meeting, item_id)
    present = inside(meeting, at)
    found: dict[str, str] = {}
    for seat in seats:
        stand_in = next((barred[one] for one in (seat.member_id, *seat.deputy_ids) if barred.get(one)), "")
        if stand_in and stand_in not in barred and stand_in not in found.values():
            found[seat.seat.id] = stand_in
    for seat in seats:
        if _member_acts(seat, present) and seat.member_id not in barred and seat.member_id not in found.values():
            found.setdefault(seat.seat.id, seat.member_id)
    taken = set(found.values())
    open_seats = {
        seat.seat.id: [one for one in seat.deputy_ids if one not in taken and one in present]
        for seat in seats
        if seat.seat.id not in found and not _member_acts(seat, present)
    }
    matched = _matched(open_seats)
    return found | {seat_id: person_id for seat_id, person_id in matched.items() if person_id not in barred}


def quorum(body: Body, meeting: Meeting, item_id: str = "", at: datetime | None = None) -> Quorum:
    """More than the body's fraction of its voting seats filled, chair or vice-chair among those present where the body wants it.

    Vacant seats count among the seats: a body does not become smaller by losing members. Seats without a vote and experts never count.
    A chair who holds no voting seat is there when in the room.
    """
    voting = {seat.seat.id: seat for seat in seats_on(body, meeting.day) if seat.seat.voting}
    filled = {seat_id: person_id for seat_id, person_id in actors(body, meeting, item_id, at).items() if seat_id in voting}
    needed = len(voting) * body.quorum_numerator // body.quorum_denominator + 1
    seated = {seat.member_id for seat in voting.values()}
    chair = any(
        head in filled.values() or (head not in seated and head not in aside(meeting, item_id) and in_room(meeting, head, at))
        for head in {body.chair_id, body.vice_chair_id, meeting.presiding_id} - {""}
    )
    enough = len(filled) >= needed and bool(voting)
    return Quorum(len(filled), len(voting), needed, chair, enough and (chair or not body.quorum_needs_chair))


def most_voices(body: Body, meeting: Meeting, item_id: str) -> int:
    """The most voices there can have been in a vote on the item, for checking its totals.

    During the item at hand: those in the room now or before somebody came or went in it. In an item gone back to, the most there were at
    any time, since the record does not say when the vote was taken.
    """
    current = meeting.current_item_id == item_id and meeting.closed_at is None
    moves = [one for one in meeting.movements if one.item_id == item_id or not current]
    before = min((one.at for one in moves), default=None)
    instants = [None, *(one.at for one in moves)]
    counts = [quorum(body, meeting, item_id, at).filled for at in instants]
    if before is not None:
        earlier = [one for one in meeting.movements if one.at < before]
        then = max((one.at for one in earlier), default=meeting.roll_closed_at)
        counts.append(quorum(body, meeting, item_id, then).filled)
    return max(counts)


def _member_acts(seat: SeatOnDay, present: Set[str]) -> bool:
    """A member on leave does not act, even when visiting: the deputy does for the time of the leave."""
    return seat.member_id in present and not seat.on_leave


def _matched(wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Each seat with one of its candidates, nobody twice, as many seats as possible; first candidates and first seats preferred."""
    seat_of: dict[str, str] = {}

    def place(seat_id: str, tried: set[str]) -> bool:
        for person_id in wanted[seat_id]:
            if person_id not in tried:
                tried.add(person_id)
                if person_id not in seat_of or place(seat_of[person_id], tried):
                    seat_of[person_id] = seat_id
                    return True
        return False

    for seat_id in wanted:
        place(seat_id, set())
    return {seat_id: person_id for person_id, seat_id in seat_of.items()}
