from __future__ import annotations

from dataclasses import replace
from datetime import date

from meetings.model import Capacity, Holding, Seat
from meetings.rules.seats import SeatOnDay, seat_of, seats_on
from tests.samples import body

DAY = date(2026, 5, 11)


def test_seats_stand_in_the_order_of_the_roster_with_deputies_in_theirs() -> None:
    held = body(2)
    held = replace(
        held, seats=tuple(reversed(held.seats)), holdings=(Holding("h0", "body", "s1", "d0", Capacity.DEPUTY, 0), *held.holdings)
    )
    assert [(one.seat.id, one.member_id, one.deputy_ids) for one in seats_on(held, DAY)] == [
        ("s1", "m1", ("d0", "d1")),
        ("s2", "m2", ("d2",)),
    ]


def test_old_minutes_show_who_held_the_seat_then() -> None:
    held = body(1)
    old, deputy = held.holdings
    held = replace(
        held,
        holdings=(
            replace(old, until=date(2026, 4, 30)),
            Holding("new", "body", "s1", "m9", Capacity.MEMBER, since=date(2026, 5, 1)),
            replace(deputy, since=date(2026, 5, 11), until=date(2026, 5, 11)),
        ),
    )
    assert [one.member_id for day in (date(2026, 4, 30), date(2026, 5, 1)) for one in seats_on(held, day)] == ["m1", "m9"]
    assert [one.deputy_ids for day in (date(2026, 5, 10), DAY, date(2026, 5, 12)) for one in seats_on(held, day)] == [(), ("d1",), ()]


def test_a_vacant_seat_stands_an_abolished_one_does_not() -> None:
    held = body(2)
    held = replace(
        held,
        seats=(
            *held.seats,
            Seat("s3", "body", 3),
            Seat("s4", "body", 4, until=date(2026, 5, 10)),
            Seat("s5", "body", 5, since=date(2026, 5, 12)),
        ),
    )
    assert [one.seat.id for one in seats_on(held, DAY)] == ["s1", "s2", "s3"]
    assert seats_on(held, DAY)[2] == SeatOnDay(held.seats[2], "", on_leave=False, deputy_ids=())


def test_a_person_belongs_to_the_seat_they_are_member_of_before_those_they_are_deputy_of() -> None:
    held = body(2)
    held = replace(held, holdings=(*held.holdings, Holding("both", "body", "s1", "m2", Capacity.DEPUTY, 2)))
    seats = seats_on(held, DAY)
    assert [one.seat.id if (one := seat_of(seats, person)) else "" for person in ("m2", "d1", "x1")] == ["s2", "s1", ""]
