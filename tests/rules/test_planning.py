from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.errors import Refused
from meetings.model import Meeting, Phase
from meetings.rules.planning import Plan, doubts, numbered, read_number, read_reason
from tests.samples import meeting

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=ZoneInfo("Europe/Helsinki"))
GOOD = Plan(date(2026, 12, 1), time(10), time(12), "Kunnantalo", named=1)


def asked(plan: Plan, holiday: str | None = None, others: tuple[Meeting, ...] = ()) -> list[str]:
    return [one.key for one in doubts(plan, NOW, holiday, others)]


def test_a_plain_plan_is_not_asked_about() -> None:
    assert asked(GOOD) == []


@pytest.mark.parametrize(
    ("plan", "keys"),
    [
        (Plan(date(2026, 12, 1), time(10), time(10)), ["planning.doubt_end"]),
        (Plan(date(2026, 12, 1), time(12), time(10)), ["planning.doubt_end"]),
        (Plan(date(2026, 12, 1), time(10), named=0), ["planning.doubt_weekday_1"]),
        (Plan(date(2026, 11, 24), time(8, 59)), ["planning.doubt_past"]),
        (Plan(date(2026, 11, 24), time(9, 0)), []),
        (Plan(date(2029, 1, 8), time(9, 0)), ["planning.doubt_far"]),
    ],
)
def test_what_is_unlikely_is_asked_about(plan: Plan, keys: list[str]) -> None:
    assert asked(plan) == keys


def test_a_holiday_and_a_clash_are_named() -> None:
    same_day = meeting(number=9, day=GOOD.day)
    found = doubts(GOOD, NOW, "Itsenäisyyspäivä", (same_day, meeting(day=GOOD.day, phase=Phase.CANCELLED)))
    assert [(one.key, dict(one.params)) for one in found] == [
        ("planning.doubt_holiday", {"day": GOOD.day, "holiday": "Itsenäisyyspäivä"}),
        ("planning.doubt_clash", {"day": GOOD.day, "number": "9/2026", "start": time(10)}),
    ]


def test_only_an_end_before_the_start_stops() -> None:
    backwards = Plan(date(2026, 11, 1), time(12), time(10), named=0)
    assert [one.stops for one in doubts(backwards, NOW, "X", ())] == [True, False, False, False]


@pytest.mark.parametrize(("typed", "number"), [("", 3), (" 7 ", 7), ("7/2026", 7), ("12 / 2026", 12)])
def test_a_number_is_the_one_given_or_the_next(typed: str, number: int) -> None:
    assert read_number(typed, [meeting(number=1), meeting(number=2, phase=Phase.CANCELLED)], 2026) == number


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("x", "planning.number_unread"),
        ("0", "planning.number_unread"),
        ("-1", "planning.number_unread"),
        ("3/2025", "planning.number_year"),
        ("2", "planning.number_taken"),
    ],
)
def test_a_number_used_or_unreadable_is_refused(typed: str, key: str) -> None:
    with pytest.raises(Refused) as refused:
        read_number(typed, [meeting(number=2, phase=Phase.CANCELLED)], 2026)
    assert refused.value.key == key


def test_a_cancelled_meeting_needs_a_reason() -> None:
    assert read_reason(" Sairastuminen \n") == "Sairastuminen"
    for typed, key in ((" ", "planning.reason_missing"), ("x" * 501, "planning.reason_long")):
        with pytest.raises(Refused) as refused:
            read_reason(typed)
        assert refused.value.key == key


YEARS = st.sampled_from([2026, 2027])


@given(st.lists(st.tuples(YEARS, st.sampled_from(["next", "given", "cancel"]), st.integers(1, 12)), max_size=30))
def test_numbers_are_never_used_twice_and_run_without_gaps_when_none_is_given(steps: list[tuple[int, str, int]]) -> None:
    held: list[Meeting] = []
    for year, step, wanted in steps:
        if step == "cancel" and held:
            held[wanted % len(held)] = meeting(
                number=held[wanted % len(held)].number, year=held[wanted % len(held)].year, phase=Phase.CANCELLED
            )
            continue
        top = max((one.number for one in held if one.year == year), default=0)
        try:
            number = read_number(str(wanted) if step == "given" else "", held, year)
        except Refused:
            assert any((one.number, one.year) == (wanted, year) for one in held)
            continue
        assert number == (wanted if step == "given" else top + 1)
        held.append(meeting(number=number, year=year))
    used = [(one.year, one.number) for one in held]
    assert len(set(used)) == len(used)


@given(st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=20), st.integers(0, 5))
def test_several_dates_are_numbered_in_their_order(days: list[date], before: int) -> None:
    held = [meeting(number=number, year=2026) for number in range(1, before + 1)]
    found = numbered([Plan(day, time(10)) for day in days], held)
    assert [plan.day for plan, _ in found] == sorted(days)
    for year, first in ((2026, before + 1), (2027, 1)):
        numbers = [number for plan, number in found if plan.day.year == year]
        assert numbers == list(range(first, first + len(numbers)))
