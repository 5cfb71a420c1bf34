"""Free/busy of dates: what is kept of it, who covers which seat, and the order of the dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.model import Availability, Body, Capacity, Holding
from meetings.rules.planning import Plan
from meetings.rules.schedules import Fit, asked_people, fits, kept, moment, unread
from tests.samples import body, with_deputies

FREE, PERHAPS, BUSY = Availability.FREE, Availability.PERHAPS, Availability.BUSY
FIRST, SECOND, THIRD = (Plan(date(2027, 6, day), time(10), time(12)) for day in (1, 2, 3))
EVERYBODY = asked_people(body(), [FIRST])


def _one(said: Mapping[str, Availability | None], made: Body | None = None) -> Fit:
    """One date, for which everybody is free but those named; None: the calendar could not be read."""
    read = {one: [said.get(one, FREE)] for one in EVERYBODY if said.get(one, FREE)}
    (found,) = fits(made or body(), [FIRST], kept([FIRST], read))  # type: ignore[arg-type]  # no None is left
    return found


def _order(said: Mapping[str, str]) -> list[int]:
    """The days of three dates, best first; `said`: person → a digit a date, as Graph writes them."""
    digits = {"0": FREE, "1": PERHAPS, "2": BUSY}
    read = {one: [digits[digit] for digit in said.get(one, "000")] for one in EVERYBODY}
    plans = [FIRST, SECOND, THIRD]
    return [one.plan.day.day for one in fits(body(), plans, kept(plans, read))]


def test_who_is_asked() -> None:
    gone = Holding("old", "body", "s1", "gone", Capacity.DEPUTY, 2, until=date(2027, 1, 1))
    made = body(chair_id="head")
    assert asked_people(replace(made, holdings=(*made.holdings, gone)), [FIRST]) == {*EVERYBODY, "head"}
    assert {"m1", "m2", "m3", "d1", "d2", "d3", "sec"} == EVERYBODY


@pytest.mark.parametrize(
    ("said", "covered", "members", "full", "unsure", "perhaps"),
    [
        ({}, 3, 3, [], [], 0),
        ({"m1": BUSY}, 3, 2, [], [], 0),
        ({"m1": BUSY, "d1": BUSY}, 2, 2, ["s1"], [], 0),
        ({"m1": PERHAPS, "d1": BUSY}, 3, 3, [], [], 1),
        ({"m1": None}, 3, 2, [], [], 0),
        ({"m1": None, "d1": BUSY}, 2, 2, [], ["s1"], 0),
        ({"m1": BUSY, "d1": None, "m2": BUSY, "d2": BUSY}, 1, 1, ["s2"], ["s1"], 0),
        (dict.fromkeys(EVERYBODY), 0, 0, [], ["s1", "s2", "s3"], 0),
    ],
)
def test_what_a_date_covers(
    said: dict[str, Availability | None], covered: int, members: int, full: list[str], unsure: list[str], perhaps: int
) -> None:
    found = _one(said)
    assert (found.covered, found.seats, found.members, found.perhaps) == (covered, 3, members, perhaps)
    assert [one.seat.id for one in found.full] == full
    assert [one.seat.id for one in found.unsure] == unsure


@pytest.mark.parametrize(
    ("said", "heads"),
    [
        ({}, 2),
        ({"m1": BUSY}, 2),
        ({"m1": BUSY, "m2": BUSY}, 1),
        ({"m1": None, "m2": BUSY}, 1),
        ({"sec": BUSY}, 1),
        ({"sec": None}, 1),
        ({"sec": PERHAPS, "m1": BUSY, "m2": PERHAPS}, 2),
        ({"m1": BUSY, "m2": BUSY, "sec": BUSY}, 0),
    ],
)
def test_somebody_must_chair_and_the_secretary_come(said: dict[str, Availability | None], heads: int) -> None:
    found = _one(said)
    assert found.heads == heads
    assert (found.chair, found.vice_chair, found.secretary) == tuple(said.get(one, FREE) for one in ("m1", "m2", "sec"))


def test_the_deputy_alone_covers_the_seat_of_a_member_on_leave() -> None:
    made = body()
    made = replace(made, holdings=tuple(replace(one, on_leave=one.person_id == "m3") for one in made.holdings))
    assert _one({}, made).members == 2
    assert [one.seat.id for one in _one({"d3": BUSY}, made).full] == ["s3"]
    assert [one.seat.id for one in _one({"m3": None, "d3": BUSY}, made).full] == ["s3"]


def test_a_seat_without_a_vote_is_not_counted() -> None:
    made = body()
    made = replace(made, seats=(replace(made.seats[0], voting=False), *made.seats[1:]))
    assert (_one({}, made).covered, _one({}, made).seats, _one({"m1": BUSY, "d1": BUSY}, made).full) == (2, 2, ())


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ({}, [1, 2, 3]),
        ({"m3": "200"}, [2, 3, 1]),
        ({"m3": "220", "d3": "020"}, [3, 1, 2]),
        # Two seats without anybody weigh less than the secretary, or than nobody in the chair.
        ({"sec": "200", "m2": "022", "d2": "022", "m3": "022", "d3": "022"}, [2, 3, 1]),
        ({"m1": "200", "m2": "200"}, [2, 3, 1]),
        ({"m1": "200", "m2": "020"}, [3, 1, 2]),
        ({"m1": "111"}, [1, 2, 3]),
    ],
)
def test_best_first(said: dict[str, str], order: list[int]) -> None:
    assert _order(said) == order


def test_an_answer_to_other_dates_says_nothing() -> None:
    busy = kept([FIRST, SECOND], {"m1": [FREE, BUSY]})
    assert len(fits(body(), [FIRST, SECOND], busy)) == 2
    assert fits(body(), [FIRST], busy) == ()
    assert fits(body(), [FIRST, SECOND, THIRD], busy) == ()
    assert fits(body(), [FIRST, replace(SECOND, start=time(10, 30))], busy) == ()
    assert fits(body(), [FIRST, SECOND], ()) == ()
    assert fits(body(), [], ()) == ()


def test_who_came_to_a_seat_after_the_calendars_were_asked_is_unread_and_not_free() -> None:
    busy = kept([FIRST], {one: [FREE] for one in EVERYBODY})
    newer = Holding("new", "body", "s3", "new", Capacity.MEMBER, since=date(2027, 6, 1))
    made = body()
    made = replace(made, holdings=(*(one for one in made.holdings if one.person_id not in {"m3", "d3"}), newer))
    (found,) = fits(made, [FIRST], busy)
    assert (found.covered, [one.seat.id for one in found.unsure]) == (2, ["s3"])
    assert unread(made, [FIRST], busy) == {"new"}


def test_what_is_kept() -> None:
    assert kept([FIRST, SECOND], {"m1": [BUSY, PERHAPS], "m2": [FREE, FREE]}) == (
        ("", "2027-06-01T10:00"),
        ("", "2027-06-02T10:00"),
        ("m1", ""),
        ("m1", "2027-06-01T10:00"),
        ("m1", "2027-06-02T10:00?"),
        ("m2", ""),
    )


PEOPLE = [f"{letter}{n}" for letter in "md" for n in range(1, 6)]
DEPUTIES = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(PEOPLE)), max_size=15, unique=True)
ANSWERS = st.lists(st.sampled_from(list(Availability)), min_size=4, max_size=4)


@given(deputies=DEPUTIES, read=st.dictionaries(st.sampled_from([*PEOPLE, "sec"]), ANSWERS))
def test_a_date_with_fewer_seats_covered_is_never_better_all_else_equal(
    deputies: list[tuple[int, str]], read: dict[str, list[Availability]]
) -> None:
    made = with_deputies(body(5), deputies)
    plans = [Plan(date(2027, 6, day), time(10)) for day in (1, 2, 3, 4)]
    found = fits(made, plans, kept(plans, read))
    assert sorted(moment(one.plan) for one in found) == [moment(plan) for plan in plans]
    for better, worse in pairwise(found):
        assert better.heads >= worse.heads
        assert better.heads > worse.heads or better.covered >= worse.covered
    for one in found:
        free = {person for person, said in read.items() if said[plans.index(one.plan)] is not BUSY}
        assert one.members <= one.covered <= min(one.seats, len(free))
        assert one.covered + len(one.full) + len(one.unsure) == one.seats
