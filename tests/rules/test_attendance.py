"""Times of the day of the meeting, the roll, comings and goings, and what stops a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.errors import Refused
from meetings.model import (
    Attendance,
    Capacity,
    Direction,
    Disqualification,
    Holding,
    Item,
    Meeting,
    Movement,
    Outcome,
    Phase,
    Sign,
    Standing,
)
from meetings.rules.attendance import (
    DECIDING,
    away,
    day_instant,
    instant,
    lacking,
    may_sit_for,
    move,
    require_quorum,
    require_times,
    sign,
    sign_rest,
    span,
    take_back,
)
from meetings.rules.presence import in_room, movements_of
from tests.samples import NOW, body, meeting

NOON = NOW + timedelta(hours=2)


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"new{next(numbers)}"


def opened(*people: str, **fields: object) -> Meeting:
    """Open since 10.00 Helsinki time, the roll closed with these people in the room."""
    signed = tuple(Attendance(f"a-{one}", "meeting", one, Sign.PRESENT) for one in people)
    made = meeting(phase=Phase.OPEN, opened_at=NOW, roll_closed_at=NOW, current_item_id="i2", attendances=signed)
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Meeting by name


def moved(person: str, direction: str, minutes: float, item: str = "i2", name: str = "") -> Movement:
    return Movement(name or f"{person}-{minutes}", "meeting", person, Direction(direction), NOW + timedelta(minutes=minutes), item)


def told(held: Meeting, person: str) -> list[tuple[str, int]]:
    return [(str(one.direction), round((one.at - NOW).total_seconds() / 60)) for one in movements_of(held, person)]


# --- times ----------------------------------------------------------------------------------------------------------------


def test_a_typed_time_is_of_the_day_of_the_meeting_in_the_bodys_zone() -> None:
    assert instant("10.33", body(), opened(), NOON) == datetime(2026, 5, 11, 7, 33, tzinfo=UTC)
    next_week = NOON + timedelta(days=7)
    assert instant("10.33", body(), opened(), next_week) == datetime(2026, 5, 11, 7, 33, tzinfo=UTC)
    assert instant("", body(), opened(), NOON) == NOON


def test_small_hours_belong_to_the_night_after_the_meeting_began() -> None:
    evening = datetime(2026, 5, 11, 18, 0, tzinfo=UTC)
    held = opened(opened_at=evening, roll_closed_at=evening)
    assert instant("0.20", body(), held, datetime(2026, 5, 11, 21, 30, tzinfo=UTC)) == datetime(2026, 5, 11, 21, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "fields", "now", "key"),
    [
        ("kymmenen", {}, NOON, "attendance.time_unread"),
        ("25.00", {}, NOON, "attendance.time_unread"),
        ("12.16", {}, NOON, "attendance.time_ahead"),
        ("9.59", {}, NOON, "attendance.before_opening"),
        ("9.59", {}, NOON + timedelta(days=1), "attendance.before_opening"),
        ("11.01", {"closed_at": NOW + timedelta(hours=1)}, NOON, "attendance.after_closing"),
        ("", {"closed_at": NOW + timedelta(hours=1)}, NOON, "attendance.time_needed"),
    ],
)
def test_a_time_that_cannot_be_is_refused(typed: str, fields: dict[str, object], now: datetime, key: str) -> None:
    with pytest.raises(Refused) as refused:
        instant(typed, body(), opened(**fields), now)
    assert refused.value.key == key


def test_the_minute_of_the_opening_is_not_before_it() -> None:
    held = opened(opened_at=NOW + timedelta(seconds=40))
    assert instant("10.00", body(), held, NOON) == NOW
    assert day_instant("12.15", body(), NOW, NOON) == NOON + timedelta(minutes=15)


def test_a_span_is_two_times() -> None:
    ten_42, ten_48 = NOW + timedelta(minutes=42), NOW + timedelta(minutes=48)
    for typed in ("10.42–10.48", "10.42-10.48", " 10:42 – 10:48 "):
        assert span(typed, body(), opened(), NOON) == (ten_42, ten_48)
    assert span("10.42", body(), opened(), NOON) == (ten_42, None)
    with pytest.raises(Refused) as refused:
        span("10.48–10.42", body(), opened(), NOON)
    assert refused.value.key == "attendance.span_backwards"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"closed_at": NOW + timedelta(minutes=30)}, ""),
        ({"closed_at": NOW}, "attendance.closed_before"),
        ({"closed_at": NOW - timedelta(minutes=1)}, "attendance.closed_before_opening"),
        ({"opened_at": NOW + timedelta(minutes=11), "closed_at": NOW + timedelta(minutes=30)}, "attendance.opened_after"),
        ({"closed_at": NOW + timedelta(minutes=19)}, "attendance.closed_before"),
        ({"closed_at": NOW + timedelta(minutes=20)}, ""),
    ],
)
def test_opening_comings_and_goings_and_closing_come_in_this_order(fields: dict[str, object], key: str) -> None:
    stood = Disqualification("q", "meeting", "i2", "m2", "osakas", NOW + timedelta(minutes=12), NOW + timedelta(minutes=20.5))
    held = opened("m1", movements=(moved("m1", "left", 10),), disqualifications=(stood,), **fields)
    if not key:
        require_times(body(), held)
        return
    with pytest.raises(Refused) as refused:
        require_times(body(), held)
    assert refused.value.key == key


# --- the roll ---------------------------------------------------------------------------------------------------------------


def test_a_new_word_replaces_the_old_one() -> None:
    held = sign(body(), meeting(), "d2", Sign.LATE, ids())
    again = sign(body(), held, "d2", Sign.PRESENT, ids())
    assert [(one.person_id, one.sign, one.seat_id) for one in again.attendances] == [("d2", Sign.PRESENT, "s2")]
    assert again.attendances[0].id == held.attendances[0].id


def test_a_corrected_word_takes_away_the_movement_that_can_no_longer_be_true() -> None:
    came_late = opened(movements=(moved("m2", "arrived", 5), moved("m2", "left", 20)))
    assert told(sign(body(), came_late, "m2", Sign.PRESENT, ids()), "m2") == [("left", 20)]
    was_there = opened("m2", movements=(moved("m2", "left", 5), moved("m2", "arrived", 20)))
    assert told(sign(body(), was_there, "m2", Sign.ABSENT, ids()), "m2") == [("arrived", 20)]


def test_one_word_for_every_seat_of_which_nothing_is_known() -> None:
    held = body(6)
    held = replace(held, holdings=tuple(replace(one, on_leave=one.person_id == "m6") for one in held.holdings if one.id != "hm5"))
    record = opened("m1", "d2", movements=(moved("m3", "arrived", 5),))
    found = sign_rest(held, record, Sign.ABSENT, ids())
    assert {one.person_id: one.sign for one in found.attendances} == {"m1": Sign.PRESENT, "d2": Sign.PRESENT, "m4": Sign.ABSENT}
    assert sign_rest(held, found, Sign.PRESENT, ids()) == found


# --- coming and going ---------------------------------------------------------------------------------------------------------


def test_coming_and_going_alternate() -> None:
    held = move(opened("m1"), moved("m1", "left", 10))
    held = move(held, moved("m1", "arrived", 16))
    assert told(held, "m1") == [("left", 10), ("arrived", 16)]
    for direction, key in (("arrived", "attendance.already_in"), ("left", "")):
        if key:
            with pytest.raises(Refused) as refused:
                move(held, moved("m1", direction, 30))
            assert refused.value.key == key
        else:
            assert told(move(held, moved("m1", direction, 30)), "m1")[-1] == ("left", 30)


def test_nobody_leaves_from_outside() -> None:
    with pytest.raises(Refused) as refused:
        move(opened(), moved("m1", "left", 10))
    assert refused.value.key == "attendance.not_in"


def test_an_earlier_time_puts_the_noted_one_right() -> None:
    held = move(opened("m1"), moved("m1", "left", 30, "i3"))
    assert told(move(held, moved("m1", "left", 20)), "m1") == [("left", 20)]
    assert move(held, moved("m1", "left", 20)).movements[0].item_id == "i2"


def test_out_and_in_within_a_minute_was_a_slip() -> None:
    held = move(opened("m1"), moved("m1", "left", 10.2))
    assert move(held, moved("m1", "arrived", 10.9)).movements == ()
    assert told(move(held, moved("m1", "arrived", 11)), "m1") == [("left", 10), ("arrived", 11)]


def test_what_falls_in_the_minute_of_the_closed_roll_comes_after_it() -> None:
    held = opened(roll_closed_at=NOW + timedelta(seconds=20))
    held = move(held, moved("m1", "arrived", 0))
    assert not in_room(held, "m1", held.roll_closed_at)
    assert in_room(held, "m1", NOW + timedelta(seconds=21))


def test_away_for_a_while() -> None:
    held = move(opened("m1"), moved("m1", "left", 50))
    held = away(held, moved("m1", "left", 42), moved("m1", "arrived", 48))
    assert told(held, "m1") == [("left", 42), ("arrived", 48), ("left", 50)]
    for span_of in ((45, 55), (47, 49), (60, 70)):
        with pytest.raises(Refused) as refused:
            away(held, moved("m1", "left", span_of[0], name="x"), moved("m1", "arrived", span_of[1], name="y"))
        assert refused.value.key == "attendance.not_in"


def test_a_movement_taken_back_takes_what_makes_no_sense_without_it() -> None:
    held = move(move(opened(), moved("m1", "arrived", 10)), moved("m1", "left", 20))
    assert told(take_back(held, held.movements[0]), "m1") == []
    assert told(take_back(held, held.movements[1]), "m1") == [("arrived", 10)]


steps = st.lists(
    st.tuples(st.sampled_from(["arrived", "left", "away", "sign", "back"]), st.sampled_from(["m1", "d1", "m2"]), st.integers(0, 60)),
    max_size=25,
)


@given(steps)
def test_whatever_is_noted_corrected_and_taken_back_movements_alternate(noted: list[tuple[str, str, int]]) -> None:
    held = opened("m1")
    for place, (step, person, minutes) in enumerate(noted):
        name = f"n{place}"
        try:
            if step in {"arrived", "left"}:
                held = move(held, moved(person, step, minutes, name=name))
            elif step == "away":
                held = away(held, moved(person, "left", minutes, name=name), moved(person, "arrived", minutes + 3, name=f"{name}b"))
            elif step == "sign":
                held = sign(body(), held, person, Sign.PRESENT if minutes % 2 else Sign.ABSENT, iter([name]).__next__)
            elif held.movements:
                held = take_back(held, held.movements[minutes % len(held.movements)])
        except Refused:
            continue
        for one in ("m1", "d1", "m2"):
            inside = any(signed.person_id == one and signed.sign is Sign.PRESENT for signed in held.attendances)
            for movement in movements_of(held, one):
                assert (movement.direction is Direction.LEFT) is inside
                inside = not inside
        assert len({one.id for one in held.movements}) == len(held.movements)


# --- decisions ------------------------------------------------------------------------------------------------------------


def stopped(held: Meeting, item: Item, outcome: Outcome) -> str:
    try:
        require_quorum(body(), held, item, outcome)
    except Refused as refused:
        return refused.key
    return ""


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.NONE])
def test_without_a_quorum_nothing_is_decided_but_a_list_can_be_finished(outcome: Outcome) -> None:
    decides = outcome not in {Outcome.TABLED, Outcome.WITHDRAWN, Outcome.LAPSED}
    assert (outcome in DECIDING) is decides
    lost = opened("m1")
    assert stopped(lost, lost.items[1], outcome) == ("record.no_quorum" if decides else "")
    before = opened("m1", "m2", roll_closed_at=None)
    assert stopped(before, before.items[1], outcome) == ("record.quorum_first" if decides else "")
    won = opened("m1", "m2")
    assert stopped(won, won.items[1], outcome) == ""


def test_a_disqualification_can_cost_the_item_its_quorum_or_its_chair() -> None:
    aside = (Disqualification("q", "meeting", "i2", "m1", "osakas", NOW),)
    two = opened("m1", "m2", disqualifications=aside)
    assert stopped(two, two.items[1], Outcome.AS_PROPOSED) == "record.no_quorum"
    assert stopped(two, two.items[2], Outcome.AS_PROPOSED) == ""
    no_head = opened("m1", "d2", "m3", disqualifications=aside)
    assert stopped(no_head, no_head.items[1], Outcome.AS_PROPOSED) == "record.no_chair"


def test_what_was_decided_can_be_worded_again_without_a_quorum_what_was_tabled_cannot_be_decided() -> None:
    lost = opened("m1")
    item = lost.items[1]
    assert stopped(lost, replace(item, outcome=Outcome.AS_PROPOSED), Outcome.AMENDED) == ""
    assert stopped(lost, replace(item, decision="Päätettiin ostaa vene."), Outcome.AMENDED) == ""
    assert (
        stopped(lost, replace(item, outcome=Outcome.TABLED, decision="Seuraavaan kokoukseen."), Outcome.AS_PROPOSED) == "record.no_quorum"
    )
    assert stopped(lost, lost.items[0], Outcome.NOTED) == ""
    closed = opened("m1", closed_at=NOON)
    assert stopped(closed, closed.items[1], Outcome.AMENDED) == ""


def test_items_lack_an_outcome_unless_they_have_their_own_words_or_record_themselves() -> None:
    held = meeting(5)
    held = replace(
        held,
        items=(
            held.items[0],
            replace(held.items[1], outcome=Outcome.NOTED),
            replace(held.items[2], decision=" \n"),
            replace(held.items[3], decision="Päätettiin."),
            replace(held.items[4], standing=Standing.CLOSING),
        ),
    )
    assert lacking(held) == ("i3",)


def test_who_may_sit_for_a_disqualified_person() -> None:
    held = body()
    held = replace(
        held,
        holdings=(
            *held.holdings,
            Holding("h", "body", "s1", "d9", Capacity.DEPUTY, 2),
            Holding("g", "body", "s1", "m2", Capacity.DEPUTY, 3),
        ),
    )
    assert may_sit_for(held, opened("m1", "m2"), "m1", "i2") == ("d1", "d9")
    assert may_sit_for(held, opened("m1"), "m1", "i2") == ("d1", "d9", "m2")
    assert may_sit_for(held, opened("d1", "m2"), "d1", "i2") == ("d9",)
    barred = (Disqualification("q", "meeting", "i2", "d1", "osakas", NOW),)
    assert may_sit_for(held, opened("m1", "m2", disqualifications=barred), "m1", "i2") == ("d9",)
    assert [may_sit_for(held, opened("m1", "x1"), one, "i2") for one in ("x1", "sec")] == [(), ()]
