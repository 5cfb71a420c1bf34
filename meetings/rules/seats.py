"""Who holds a seat on a day, member and deputies in order, and the seats of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meetings.model import Body, Capacity, Holding, Seat


@dataclass(frozen=True, slots=True)
class SeatOnDay:
    """A seat with its holders on one day. `member_id` empty: vacant. `on_leave`: the member is away for now, the deputy acts."""

    seat: Seat
    member_id: str
    on_leave: bool
    deputy_ids: tuple[str, ...]


# A press asks for the same roster half a dozen times. By identity, since comparing two rosters costs as much as reading one; the body is
# kept beside its seats, so that its identity is not given to another.
_HELD: dict[tuple[int, date], tuple[Body, tuple[SeatOnDay, ...]]] = {}
_MOST_HELD = 256


def seats_on(body: Body, day: date) -> tuple[SeatOnDay, ...]:
    """The seats of the roster in order, as they were held on `day`: old minutes show who held the seat then."""
    held = _HELD.get((id(body), day))
    if held is not None and held[0] is body:
        return held[1]
    if len(_HELD) >= _MOST_HELD:
        _HELD.clear()
    seats = _seats_on(body, day)
    _HELD[id(body), day] = (body, seats)
    return seats


def _seats_on(body: Body, day: date) -> tuple[SeatOnDay, ...]:
    by_seat: dict[str, list[Holding]] = {}
    for holding in body.holdings:
        if holding.in_force(day):
            by_seat.setdefault(holding.seat_id, []).append(holding)
    standing = sorted((seat for seat in body.seats if seat.in_force(day)), key=lambda seat: seat.position)
    return tuple(_on_day(seat, by_seat.get(seat.id, [])) for seat in standing)


def seat_of(seats: tuple[SeatOnDay, ...], person_id: str) -> SeatOnDay | None:
    """The seat a person holds as member, else the first they are deputy of."""
    own = next((seat for seat in seats if seat.member_id == person_id), None)
    return own or next((seat for seat in seats if person_id in seat.deputy_ids), None)


def _on_day(seat: Seat, holdings: list[Holding]) -> SeatOnDay:
    member = next((one for one in holdings if one.capacity is Capacity.MEMBER), None)
    deputies = sorted((one for one in holdings if one.capacity is Capacity.DEPUTY), key=lambda one: one.position)
    return SeatOnDay(
        seat=seat,
        member_id=member.person_id if member else "",
        on_leave=bool(member and member.on_leave),
        deputy_ids=tuple(one.person_id for one in deputies),
    )
