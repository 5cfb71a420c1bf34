"""Dates, times and deadlines as people write them."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meetings.reading.moments import Deadline, read_clock, read_dates, read_deadline, read_meeting
from tests.reading.pasted import LANGUAGES, data

TODAY = date(2027, 2, 1)
TEN, NOON = time(10), time(12)


@pytest.mark.parametrize(
    ("text", "day", "start", "end", "place", "online"),
    [
        ("ke 10.2.2027 klo 10.00–12.00 Teams", date(2027, 2, 10), TEN, NOON, "", True),
        ("kokous ma 11.5.2027 klo 10.00–12.00, Kunnantalo", date(2027, 5, 11), TEN, NOON, "Kunnantalo", False),
        ("möte 11.5.2027 kl. 10-12 på distans", date(2027, 5, 11), TEN, NOON, "", True),
        ("meeting 11 May 2027, 10:00-12:00, Town Hall", date(2027, 5, 11), TEN, NOON, "Town Hall", False),
        ("meeting May 11, 2027 10 am - 12 pm", date(2027, 5, 11), TEN, NOON, "", False),
        ("Thu 6 May 2027 from 10 to 12 at Town Hall", date(2027, 5, 6), TEN, NOON, "Town Hall", False),
        ("kl. 10–12 den 5.5.2027 i Kommunhuset", date(2027, 5, 5), TEN, NOON, "Kommunhuset", False),
        ("2027-05-11 10:00", date(2027, 5, 11), TEN, None, "", False),
        ("11.5.27 10-12", date(2027, 5, 11), TEN, NOON, "", False),
        ("ke 5. toukokuuta 2027 klo 10", date(2027, 5, 5), TEN, None, "", False),
        ("6.5.2027 klo 10–12 (Teams / Kunnantalo, Luotsi)", date(2027, 5, 6), TEN, NOON, "Kunnantalo, Luotsi", True),
        ("huone 3-4, 12.5.2027 klo 10", date(2027, 5, 12), TEN, None, "huone 3-4", False),
        ("huone 3-4, 12.5.2027 klo 10–12", date(2027, 5, 12), TEN, NOON, "huone 3-4", False),
        ("to 6.5.2027 klo 10-12 to Kunnantalo", date(2027, 5, 6), TEN, NOON, "to Kunnantalo", False),
    ],
)
def test_a_line_about_one_meeting(text: str, day: date, start: time, end: time | None, place: str, *, online: bool) -> None:
    reading = read_meeting(text, TODAY)
    assert (reading.day, reading.start, reading.end, reading.place, reading.online) == (day, start, end, place, online)
    assert reading.questions == ()


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("ma 11.5.2027", 0),
        ("tiistaina 11.5.2027", 1),
        ("ons. 11.5.2027", 2),
        ("11.5.2027 (Thu)", 3),
        ("11.5.2027 to klo 10", 3),
        ("11.5.2027 from 9 to 10", None),
    ],
)
def test_the_weekday_is_the_one_written(text: str, weekday: int | None) -> None:
    assert read_meeting(text, TODAY).weekday == weekday


def test_a_number_of_the_meeting() -> None:
    reading = read_meeting("4/2027 ke 10.2.2027 klo 10", TODAY)
    assert (reading.number, reading.year, reading.day) == (4, 2027, date(2027, 2, 10))


@pytest.mark.parametrize(
    ("text", "told", "day"),
    [
        ("", ["nothing_readable"], None),
        ("klo 10", ["no_date"], None),
        ("11.5.2027", ["no_time"], date(2027, 5, 11)),
        ("31.2.2027 klo 10", ["no_such_date"], None),
        ("11.5.2027 klo 25", ["no_such_time"], date(2027, 5, 11)),
        ("11.5. klo 10", ["year_missing"], date(2027, 5, 11)),
        ("11.1. klo 10", ["year_missing"], date(2028, 1, 11)),
        ("29.2. klo 10", ["year_missing"], date(2028, 2, 29)),
        ("3/4/2027 10:00", ["date_order"], date(2027, 4, 3)),
        ("13/4/2027 10:00", [], date(2027, 4, 13)),
        ("4/2020 11.5.2027 klo 10", ["number_year"], date(2027, 5, 11)),
        ("11.5.2027 tai 12.5.2027 klo 10", ["several_dates"], date(2027, 5, 11)),
        ("3.–4.5.2027 klo 10", ["several_dates"], date(2027, 5, 3)),
    ],
)
def test_what_is_pointed_out_about_a_line(text: str, told: list[str], day: date | None) -> None:
    reading = read_meeting(text, TODAY)
    assert ([one.key.removeprefix("reading.") for one in reading.questions], reading.day) == (told, day)


DAYS = [date(2027, 4, 15), date(2027, 6, 8), date(2027, 9, 16), date(2027, 11, 10), date(2027, 12, 9)]
USUAL, ODD = (TEN, NOON), (time(11, 30), time(13, 30))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_of_dates_with_one_odd_time(language: str) -> None:
    reading = read_dates(data(f"{language}_dates"), TODAY)
    assert [(one.day, (one.start, one.end), one.online, one.place) for one in reading.dates] == [
        (day, ODD if day.month == 11 else USUAL, True, "") for day in DAYS
    ]
    # The third is said to be a Monday and is a Thursday: kept, for the rules of planning to ask about.
    assert [one.weekday for one in reading.dates] == [3, 1, 0, 2, 3]
    assert [(one.id, one.item, one.answer) for one in reading.questions] == [("d3.times_differ", 3, "keep")]
    assert reading.unread == (data(f"{language}_dates").splitlines()[0],)


def test_the_odd_time_is_put_right_by_an_answer_and_nothing_else_is() -> None:
    before = read_dates(data("fi_dates"), TODAY)
    after = read_dates(data("fi_dates"), TODAY, {"d3.times_differ": "usual"})
    assert [(one.start, one.end) for one in after.dates] == [USUAL] * 5
    assert [a.source for a in after.dates] == [b.source for b in before.dates]
    assert [a for place, a in enumerate(after.dates) if place != 3] == [b for place, b in enumerate(before.dates) if place != 3]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("1.6.2027 klo 10-12\n2.6.2027 klo 10-12\n3.6.2027 klo 10-12", []),
        ("1.6.2027 klo 10-12\n2.6.2027 klo 10-12\n3.6.2027 klo 10", ["end_missing"]),
        ("1.6.2027 klo 10\n2.6.2027 klo 10\n3.6.2027 klo 10-12", []),
        ("1.6.2027 klo 10\n2.6.2027 klo 10\n3.6.2027 klo 11", ["start_differs"]),
        ("1.6.2027 klo 10-12\n2.6.2027 klo 11-12", []),
        ("1.6.2027 klo 10 Teams\n2.6.2027 klo 10 Teams\n3.6.2027 klo 10 Kunnantalo", ["place_differs"]),
        ("1.6.2027 klo 10\n1.6.2027 klo 10", ["date_twice"]),
        ("ei mitään", ["no_date"]),
        ("", ["nothing_readable"]),
    ],
)
def test_what_is_pointed_out_about_a_list(lines: str, told: list[str]) -> None:
    assert [one.key.removeprefix("reading.") for one in read_dates(lines, TODAY).questions] == told


def test_several_dates_of_one_line_are_several_meetings() -> None:
    reading = read_dates("Kokoukset ma 3.5.2027 klo 10-12; ti 1.6.2027 klo 10-12", TODAY)
    assert [(one.day, one.weekday, one.start, one.end) for one in reading.dates] == [
        (date(2027, 5, 3), 0, TEN, NOON),
        (date(2027, 6, 1), 1, TEN, NOON),
    ]


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("7", Deadline(date(2027, 2, 8))),
        ("2 viikkoa", Deadline(date(2027, 2, 15))),
        ("10 vrk", Deadline(date(2027, 2, 11))),
        ("2 veckor", Deadline(date(2027, 2, 15))),
        ("inom 7 dagar", Deadline(date(2027, 2, 8))),
        ("within 7 days", Deadline(date(2027, 2, 8))),
        ("4.5.2027 mennessä", Deadline(date(2027, 5, 4))),
        ("senast 4.5. kl. 12", Deadline(date(2027, 5, 4), NOON)),
        ("ti 4.5. klo 16 mennessä", Deadline(date(2027, 5, 4), time(16))),
        ("2027-05-04", Deadline(date(2027, 5, 4))),
        ("4.5.2027 klo 24", Deadline(date(2027, 5, 4))),
        ("by 4 May 2027", Deadline(date(2027, 5, 4))),
        ("1.2.", Deadline(TODAY)),
        ("4.5.2027 klo 25", None),
        ("30.2.2027", None),
        ("4.5. tai 5.5.2027", None),
        ("pian", None),
        ("", None),
    ],
)
def test_deadlines(text: str, deadline: Deadline | None) -> None:
    assert read_deadline(text, TODAY) == deadline


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("10", time(10)),
        ("10.33", time(10, 33)),
        ("1033", time(10, 33)),
        ("933", time(9, 33)),
        ("klo 10.33", time(10, 33)),
        ("kl. 9", time(9)),
        ("2 pm", time(14)),
        ("12 am", time(0)),
        ("24", None),
        ("10.60", None),
        ("9.5", None),
        ("", None),
        ("kohta", None),
    ],
)
def test_clocks(text: str, clock: time | None) -> None:
    assert read_clock(text) == clock


PARTS = st.one_of(
    st.sampled_from(
        ["ma", "to", "ons", "klo", "kl.", "10-12", "10.00–12.00", "25.00", "Teams", "Kunnantalo", "4/2027", "3-4", "–", "(", "ja", "2 pm"]
    ),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(lambda day: f"{day.day}.{day.month}.{day.year}"),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(lambda day: f"{day.day}.{day.month}."),
    st.text(max_size=8),
)
DATES = st.lists(st.lists(PARTS, max_size=6).map(" ".join), max_size=8).map("\n".join)


@settings(deadline=None)
@given(DATES)
def test_a_date_that_is_not_in_the_text_is_never_read(text: str) -> None:
    for one in read_dates(text, TODAY).dates:
        numbers = [int(digits) for digits in "".join(char if char.isdecimal() else " " for char in one.source).split()]
        if one.day is not None:
            assert one.day.day in numbers
            assert one.day.year in numbers or one.day.year - 2000 in numbers or TODAY <= one.day < TODAY + timedelta(days=9 * 366)
        for clock in (one.start, one.end):
            assert clock is None or clock.hour in numbers or clock.hour % 12 in {number % 12 for number in numbers}


@settings(deadline=None)
@given(DATES)
def test_every_line_of_a_list_is_a_date_or_unread(text: str) -> None:
    reading = read_dates(text, TODAY)
    kept = "".join("".join([*(one.source for one in reading.dates), *reading.unread]).split())
    written = "".join(text.split())
    # Between the dates of one line stand marks that part them.
    assert sorted(set(written) - set(kept)) in ([], [","], [";"], [",", ";"])
    assert [one.item for one in reading.questions if one.item is not None and one.item >= len(reading.dates)] == []


@settings(deadline=None)
@given(DATES)
def test_the_same_list_is_read_the_same(text: str) -> None:
    assert read_dates(text, TODAY) == read_dates(text, TODAY)
