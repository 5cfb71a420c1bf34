from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.errors import Refused
from meetings.model import Attendance, Body, Capacity, Expert, Holding, Sign
from meetings.rules.roster import (
    Holder,
    Named,
    WantedSeat,
    change_holders,
    find_person,
    read_deputies,
    read_named,
    take_roster,
    with_person,
)
from meetings.rules.seats import seats_on
from tests.samples import body, meeting, person

START = date(2026, 1, 1)


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"n{next(numbers)}"


def bare() -> Body:
    return replace(body(1), holdings=(), experts=())


def on(held: Body, day: date) -> dict[str, tuple[str, bool, tuple[str, ...]]]:
    return {seat.seat.organisation: (seat.member_id, seat.on_leave, seat.deputy_ids) for seat in seats_on(held, day)}


def held_on(changed: Body, day: date) -> set[Holder]:
    return {Holder(one.person_id, one.capacity, one.position, one.on_leave) for one in changed.holdings if one.in_force(day)}


HOLDERS = st.lists(
    st.builds(Holder, st.sampled_from("abcd"), st.sampled_from(Capacity), st.integers(0, 2), st.booleans()), max_size=3, unique=True
)


@given(st.lists(st.tuples(st.integers(0, 30), HOLDERS), max_size=12))
def test_a_change_holds_from_its_day_on_and_leaves_every_earlier_day_as_it_was(changes: list[tuple[int, list[Holder]]]) -> None:
    changed, new_id = bare(), ids()
    days = [START + timedelta(days=offset) for offset in range(-2, 34)]
    expected: dict[date, set[Holder]] = {day: set() for day in days}
    for offset, wanted in changes:
        since = START + timedelta(days=offset)
        changed = change_holders(changed, "s1", wanted, since, new_id)
        expected |= {day: set(wanted) for day in days if day >= since}
        assert {day: held_on(changed, day) for day in days} == expected
        assert len({one.id for one in changed.holdings}) == len(changed.holdings)
        assert all(one.since is None or one.until is None or one.since <= one.until for one in changed.holdings)


def test_a_holder_who_stays_keeps_the_same_holding() -> None:
    before = body(1)
    after = change_holders(before, "s1", [Holder("m1", Capacity.MEMBER), Holder("new", Capacity.DEPUTY, 1)], START, ids())
    assert set(after.holdings) == {
        Holding("hm1", "body", "s1", "m1", Capacity.MEMBER),
        Holding("hd1", "body", "s1", "d1", Capacity.DEPUTY, 1, until=START - timedelta(days=1)),
        Holding("n1", "body", "s1", "new", Capacity.DEPUTY, 1, since=START),
    }


def wanted(organisation: str, member: str, *deputies: str) -> WantedSeat:
    holders = (Holder(member, Capacity.MEMBER), *(Holder(one, Capacity.DEPUTY, n) for n, one in enumerate(deputies, 1)))
    return WantedSeat(organisation, "", holders if member else holders[1:])


def test_the_first_roster_is_in_force_from_the_beginning() -> None:
    empty = replace(bare(), seats=())
    made = take_roster(empty, [wanted("A", "a", "b", "c"), wanted("B", "")], [Expert("e", "body", "x", "Toimisto")], None, ids())
    assert on(made, date(1999, 1, 1)) == {"A": ("a", False, ("b", "c")), "B": ("", False, ())}
    assert [one.person_id for one in made.experts] == ["x"]


def test_a_later_roster_ends_what_was_and_keeps_what_goes_on() -> None:
    before = body(3)
    yesterday = START - timedelta(days=1)
    after = take_roster(
        before, [wanted("Järjestö 2", "m2", "d2"), wanted("Järjestö 1", "new", "d1"), wanted("Järjestö 9", "m9")], [], START, ids()
    )
    assert on(after, yesterday) == on(before, yesterday)
    assert on(after, START) == {
        "Järjestö 2": ("m2", False, ("d2",)),
        "Järjestö 1": ("new", False, ("d1",)),
        "Järjestö 9": ("m9", False, ()),
    }
    assert {one.id: one.until for one in after.seats if one.until} == {"s3": yesterday}
    assert [one.until for one in after.experts] == [yesterday]
    assert {one.id for one in after.holdings} >= {"hm2", "hd2", "hd1"}


def test_a_seat_is_known_by_its_member_even_when_the_organisation_has_a_new_name() -> None:
    after = take_roster(body(2), [wanted("Uusi nimi", "m2", "d2"), wanted("Järjestö 1", "m1", "d1")], [], START, ids())
    assert {one.id: (one.position, one.organisation) for one in after.seats} == {"s2": (1, "Uusi nimi"), "s1": (2, "Järjestö 1")}


@pytest.mark.parametrize(("seats", "key"), [([], "seats.nothing_read"), ([wanted("A", "a")] * 121, "seats.many")])
def test_no_seat_or_too_many_are_refused(seats: list[WantedSeat], key: str) -> None:
    with pytest.raises(Refused) as refused:
        take_roster(body(), seats, [], None, ids())
    assert refused.value.key == key


ROSTERS = st.lists(
    st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from("pqrs"), st.sampled_from("tu")), min_size=1, max_size=4), max_size=5
)


@given(ROSTERS)
def test_rosters_one_after_another_each_hold_in_their_own_time(rosters: list[list[tuple[str, str, str]]]) -> None:
    changed, new_id = replace(bare(), seats=()), ids()
    shown: list[list[tuple[str, tuple[str, ...]]]] = []
    for turn, rows in enumerate(rosters):
        since = START + timedelta(days=10 * turn) if turn else None
        changed = take_roster(changed, [wanted(*row) for row in rows], [], since, new_id)
        shown.append([(member, (deputy,)) for _, member, deputy in rows])
    for turn, held in enumerate(shown):
        for offset in (0, 9):
            day = START + timedelta(days=10 * turn + offset)
            assert sorted((one.member_id, one.deputy_ids) for one in seats_on(changed, day)) == sorted(held)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("Aino  Saari", Named("Aino Saari")),
        ("Aino Saari <aino@example.org>", Named("Aino Saari", "aino@example.org")),
        ("Aino Saari, aino@example.org", Named("Aino Saari", "aino@example.org")),
        ("aino@example.org Aino Saari", Named("Aino Saari", "aino@example.org")),
        ("Åsa Östman-Ö", Named("Åsa Östman-Ö")),
    ],
)
def test_a_name_and_an_address_are_read_from_a_line(line: str, named: Named) -> None:
    assert read_named(line) == named


def test_a_line_without_a_name_and_too_many_deputies_are_refused() -> None:
    for typed, key in (
        ("aino@example.org", "seats.name_missing"),
        ("x" * 121, "seats.name_long"),
        (f"Aino {'a' * 500}@x", "seats.name_long"),
        ("x\n" * 7, "seats.deputies_many"),
    ):
        with pytest.raises(Refused) as refused:
            read_deputies(typed)
        assert refused.value.key == key


def test_a_person_is_known_by_address_or_by_a_name_only_one_has() -> None:
    aino = person("Aino Saari", email="aino@example.org", account_id="a")
    other = replace(aino, id="other", email="other@example.org", account_id="b")
    bo = person("Bo Ek")
    assert find_person(Named("Anything", "AINO@example.org"), [aino, bo]) == aino
    assert find_person(Named("aino  saari"), [aino, bo]) == aino
    assert find_person(Named("Aino Saari"), [aino, other]) is None
    assert find_person(Named("Aino Saari", "third@example.org"), [aino]) is None
    assert find_person(Named("Bo Ek", "bo@example.org"), [aino, bo]) == bo
    assert find_person(Named("Bo Ek"), [bo, replace(bo, id="bo2", account_id="c")]) == replace(bo, id="bo2", account_id="c")


def test_a_linked_person_is_one_person_everywhere() -> None:
    held = replace(body(1), checker_ids=("m1",))
    linked = with_person(held, "m1", "account")
    assert (linked.chair_id, linked.checker_ids, linked.holdings[0].person_id) == ("account", ("account",), "account")
    marked = meeting(attendances=(Attendance("1", "meeting", "account", Sign.PRESENT), Attendance("2", "meeting", "m1", Sign.ABSENT, "s1")))
    assert with_person(marked, "m1", "account").attendances == (Attendance("1", "meeting", "account", Sign.PRESENT),)
