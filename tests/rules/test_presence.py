"""Quorum: by seats, one seat one voice, computed from the record at any instant and for any item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.model import Attendance, Body, Capacity, Direction, Disqualification, Holding, Meeting, Movement, Seat, Sign
from meetings.rules.attendance import move, sign
from meetings.rules.presence import Quorum, actors, attended, in_room, most_voices, quorum
from tests.samples import NOW, body, meeting


def present(*people: str, **fields: object) -> Meeting:
    """The roll has been closed with these people in the room."""
    signed = tuple(Attendance(f"a-{one}", "meeting", one, Sign.PRESENT) for one in people)
    made = meeting(attendances=signed, opened_at=NOW, roll_closed_at=NOW, current_item_id="i2")
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Meeting by name


def moved(person: str, direction: str, minutes: int, item: str = "i2") -> Movement:
    return Movement(f"{person}-{minutes}", "meeting", person, Direction(direction), NOW + timedelta(minutes=minutes), item)


def stood_aside(person: str, deputy: str = "", item: str = "i2") -> Disqualification:
    return Disqualification(f"q-{person}", "meeting", item, person, "osakas", NOW, None, deputy)


# --- in the room --------------------------------------------------------------------------------------------------------


def test_presence_is_the_last_word_at_the_instant() -> None:
    held = present(
        "m1", movements=(moved("m2", "left", 20), moved("m1", "left", 10), moved("m1", "arrived", 16), moved("m2", "arrived", 5))
    )
    instants = [NOW + timedelta(minutes=minutes) for minutes in (0, 5, 10, 15, 16, 20)]
    assert [in_room(held, "m1", at) for at in instants] == [True, True, False, False, True, True]
    assert [in_room(held, "m2", at) for at in instants] == [False, True, True, True, True, False]
    assert (in_room(held, "m1"), in_room(held, "m2")) == (True, False)
    assert [attended(held, one) for one in ("m1", "m2", "m3")] == [True, True, False]


@pytest.mark.parametrize("word", [Sign.LATE, Sign.EXCUSED, Sign.ABSENT])
def test_late_excused_and_absent_are_not_in_the_room(word: Sign) -> None:
    held = meeting(attendances=(Attendance("a", "meeting", "m1", word),))
    assert not in_room(held, "m1")
    assert not attended(held, "m1")


# --- who acts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "actor"),
    [((), ""), (("m1",), "m1"), (("d1",), "d1"), (("m1", "d1"), "m1"), (("d1", "m1"), "m1"), (("x1", "sec", "d2"), "")],
)
def test_the_member_acts_and_without_the_member_the_deputy(inside: Sequence[str], actor: str) -> None:
    assert actors(body(), present(*inside)).get("s1", "") == actor


def test_the_deputy_acts_while_the_member_is_out() -> None:
    held = present("m1", "d1", movements=(moved("m1", "left", 10), moved("m1", "arrived", 16)))
    acting = [actors(body(), held, at=NOW + timedelta(minutes=minutes))["s1"] for minutes in (9, 10, 15, 16)]
    assert acting == ["m1", "d1", "d1", "m1"]


def test_a_member_on_leave_does_not_act_even_when_visiting() -> None:
    held = body()
    held = replace(held, holdings=(replace(held.holdings[0], on_leave=True), *held.holdings[1:]))
    assert actors(held, present("m1")) == {}
    assert actors(held, present("m1", "d1")) == {"s1": "d1"}


def test_the_deputy_of_a_vacant_place_acts() -> None:
    held = body()
    assert actors(replace(held, holdings=held.holdings[1:]), present("d1")) == {"s1": "d1"}


def test_a_deputy_of_two_seats_acts_for_one_of_them() -> None:
    held = body()
    held = replace(held, holdings=(*held.holdings, Holding("h", "body", "s2", "d1", Capacity.DEPUTY, 2)))
    assert actors(held, present("d1")) == {"s1": "d1"}
    assert actors(held, present("m1", "d1")) == {"s1": "m1", "s2": "d1"}


def test_deputies_are_placed_so_that_most_seats_are_filled() -> None:
    held = body()
    shared = (Holding("h", "body", "s2", "d1", Capacity.DEPUTY, 2), Holding("g", "body", "s1", "d9", Capacity.DEPUTY, 2))
    held = replace(held, holdings=(*held.holdings, *shared))
    assert actors(held, present("d1")) == {"s1": "d1"}
    assert actors(held, present("d1", "d9")) == {"s1": "d9", "s2": "d1"}
    assert actors(held, present("d1", "d2", "d9")) == {"s1": "d1", "s2": "d2"}


def test_a_member_who_is_also_a_deputy_acts_for_their_own_seat() -> None:
    held = body()
    held = replace(held, holdings=(*held.holdings, Holding("h", "body", "s1", "m2", Capacity.DEPUTY, 2)))
    assert actors(held, present("m2")) == {"s2": "m2"}


# --- disqualification -----------------------------------------------------------------------------------------------------


def test_a_disqualified_member_gives_the_seat_to_the_deputy_named_for_the_item_only() -> None:
    held = present("m1", "m2", disqualifications=(stood_aside("m2", "d2"),))
    assert actors(body(), held, "i2") == {"s1": "m1", "s2": "d2"}
    assert actors(body(), held, "i3") == {"s1": "m1", "s2": "m2"}
    assert actors(body(), held) == {"s1": "m1", "s2": "m2"}


def test_without_a_named_deputy_nobody_sits_though_the_deputy_is_in_the_room() -> None:
    held = present("m1", "m2", "d2", disqualifications=(stood_aside("m2"),))
    assert actors(body(), held, "i2") == {"s1": "m1"}


def test_a_disqualified_deputy_neither_acts_nor_sits_instead() -> None:
    assert actors(body(), present("m1", "d2", disqualifications=(stood_aside("d2"),)), "i2") == {"s1": "m1"}
    assert actors(body(), present("m1", "m2", disqualifications=(stood_aside("m2", "d2"), stood_aside("d2"))), "i2") == {"s1": "m1"}


def test_one_deputy_does_not_sit_for_two_disqualified_members() -> None:
    held = body()
    held = replace(held, holdings=(*held.holdings, Holding("h", "body", "s2", "d1", Capacity.DEPUTY, 2)))
    record = present("m1", "m2", "m3", disqualifications=(stood_aside("m1", "d1"), stood_aside("m2", "d1")))
    assert actors(held, record, "i2") == {"s1": "d1", "s3": "m3"}


def test_a_disqualified_secretary_or_expert_changes_no_quorum() -> None:
    held = present("m1", "m2", "sec", "x1")
    assert quorum(body(), replace(held, disqualifications=(stood_aside("sec"), stood_aside("x1"))), "i2") == quorum(body(), held)


# --- quorum ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seats", "fraction", "needed"),
    [(1, (1, 2), 1), (2, (1, 2), 2), (3, (1, 2), 2), (20, (1, 2), 11), (21, (1, 2), 11), (9, (2, 3), 7), (10, (2, 3), 7), (10, (1, 3), 4)],
)
def test_more_than_the_fraction_of_the_seats_is_needed(seats: int, fraction: tuple[int, int], needed: int) -> None:
    held = body(seats, quorum_numerator=fraction[0], quorum_denominator=fraction[1])
    people = [f"m{n}" for n in range(1, seats + 1)]
    assert quorum(held, present(*people[: needed - 1])) == Quorum(needed - 1, seats, needed, chair=needed > 1, quorate=False)
    assert quorum(held, present(*people[:needed])) == Quorum(needed, seats, needed, chair=True, quorate=True)


@pytest.mark.parametrize(
    ("inside", "needs_chair", "quorate"),
    [
        (("m1", "m3"), True, True),
        (("m2", "m3"), True, True),
        (("m3", "m4", "m5"), True, False),
        (("m3", "m4", "m5"), False, True),
        (("d1", "m3", "m4"), True, False),
        (("m1", "d2", "d3"), True, True),
    ],
)
def test_the_chair_or_the_vice_chair_must_be_among_them_where_the_body_wants_it(
    inside: Sequence[str], needs_chair: bool, quorate: bool
) -> None:
    held = body(5, quorum_needs_chair=needs_chair, quorum_numerator=1, quorum_denominator=3)
    assert quorum(held, present(*inside)).quorate is quorate


def test_a_chair_disqualified_in_the_item_is_not_among_them_but_a_vice_chair_may_be() -> None:
    held = present("m1", "m3", "m4", disqualifications=(stood_aside("m1", "d1"),))
    assert quorum(body(5), held, "i2") == Quorum(3, 5, 3, chair=False, quorate=False)
    with_vice = sign(body(5), held, "m2", Sign.PRESENT, lambda: "new")
    assert quorum(body(5), with_vice, "i2") == Quorum(4, 5, 3, chair=True, quorate=True)


def test_a_chair_without_a_seat_is_there_when_in_the_room() -> None:
    held = body(3, chair_id="outside", vice_chair_id="")
    assert not quorum(held, present("m2", "m3")).quorate
    there = present("m2", "m3", "outside")
    assert quorum(held, there) == Quorum(2, 3, 2, chair=True, quorate=True)
    assert not quorum(held, replace(there, disqualifications=(stood_aside("outside"),)), "i2").chair


def test_vacant_seats_count_abolished_and_voteless_ones_do_not() -> None:
    held = body(3)
    vacant, abolished = Seat("s4", "body", 4), Seat("s5", "body", 5, until=NOW.date() - timedelta(days=1))
    held = replace(held, seats=(*held.seats, vacant, abolished, Seat("s6", "body", 6, voting=False)))
    held = replace(held, holdings=(*held.holdings, Holding("h6", "body", "s6", "m6", Capacity.MEMBER)))
    assert quorum(held, present("m1", "m2", "m6", "x1", "sec")) == Quorum(2, 4, 3, chair=True, quorate=False)


def test_a_body_without_seats_is_never_quorate() -> None:
    assert quorum(body(0, chair_id=""), present()) == Quorum(0, 0, 1, chair=False, quorate=False)


def test_the_quorum_is_lost_and_won_again_with_every_coming_and_going() -> None:
    held = present("m1", "m2", movements=(moved("m2", "left", 10), moved("d2", "arrived", 12), moved("m2", "arrived", 15)))
    filled = [quorum(body(), held, at=NOW + timedelta(minutes=minutes)) for minutes in (0, 10, 12, 15)]
    assert [(one.filled, one.quorate) for one in filled] == [(2, True), (1, False), (2, True), (2, True)]


def test_the_most_voices_of_the_item_at_hand_and_of_one_gone_back_to() -> None:
    held = present("m1", "m2", "m3", movements=(moved("m3", "left", 5, "i2"), moved("m2", "left", 10, "i3")), current_item_id="i3")
    assert most_voices(body(), held, "i3") == 2
    assert most_voices(body(), held, "i2") == 3
    assert most_voices(body(), replace(held, disqualifications=(stood_aside("m1", item="i3"),)), "i3") == 1


# --- invariants -------------------------------------------------------------------------------------------------------------

SEATS = 6
PEOPLE = [f"{letter}{n}" for n in range(1, SEATS + 1) for letter in "md"] + ["x1", "sec"]
inside_sets = st.sets(st.sampled_from(PEOPLE))
# Further deputies, some of them members or deputies elsewhere.
shared = st.lists(st.tuples(st.integers(1, SEATS), st.sampled_from(PEOPLE)), max_size=8)


def bodies(more: Sequence[tuple[int, str]], on_leave: int = 0, voteless: int = 0) -> Body:
    held = body(SEATS)
    extra = tuple(
        Holding(f"extra{place}", "body", f"s{seat}", person, Capacity.DEPUTY, 2 + place)
        for place, (seat, person) in enumerate(more)
        if person not in {f"m{seat}", f"d{seat}"}
    )
    holdings = tuple(replace(one, on_leave=one.person_id == f"m{on_leave}") for one in held.holdings)
    seats = tuple(replace(one, voting=one.id != f"s{voteless}") for one in held.seats)
    return replace(held, holdings=(*holdings, *extra), seats=seats)


@given(inside_sets, shared, st.integers(0, SEATS), st.integers(0, SEATS))
def test_never_more_voices_than_seats_or_people_and_nobody_with_two(
    inside: set[str], more: list[tuple[int, str]], on_leave: int, voteless: int
) -> None:
    held, record = bodies(more, on_leave, voteless), present(*inside)
    found, acting = quorum(held, record), actors(held, record)
    assert 0 <= found.filled <= min(found.seats, len(inside))
    assert len(set(acting.values())) == len(acting)
    assert set(acting.values()) <= inside
    assert not found.quorate or found.filled >= found.needed > found.seats // 2


@given(inside_sets, shared, st.sampled_from(PEOPLE))
def test_one_more_in_the_room_never_makes_fewer_voices(inside: set[str], more: list[tuple[int, str]], newcomer: str) -> None:
    held = bodies(more)
    before, after = quorum(held, present(*inside)), quorum(held, present(*inside, newcomer))
    assert after.filled >= before.filled
    assert after.quorate or not before.quorate


@given(inside_sets, st.sampled_from([f"m{n}" for n in range(1, SEATS + 1)]))
def test_a_deputy_in_the_members_place_keeps_the_count(inside: set[str], member: str) -> None:
    deputy = member.replace("m", "d")
    others = inside - {member, deputy}
    counts = {quorum(body(SEATS), present(*others, *pair)).filled for pair in ((member,), (deputy,), (member, deputy))}
    assert len(counts) == 1


@given(st.permutations(PEOPLE), shared)
def test_the_order_in_which_people_come_in_at_one_instant_does_not_matter(order: list[str], more: list[tuple[int, str]]) -> None:
    held = bodies(more)

    def came(people: Sequence[str]) -> Quorum:
        record = present()
        for person in people[:7]:
            record = move(record, moved(person, "arrived", 5))
        return quorum(held, record)

    assert came(order) == came([*reversed(order[:7]), *order[7:]])
