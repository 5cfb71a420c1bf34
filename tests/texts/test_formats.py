"""Dates, times, lists and plurals as Finnish, Finland-Swedish and English readers write them."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from texts import format_date, format_list, format_time, format_times, t, wording

MONDAY = date(2020, 5, 11)


@pytest.mark.parametrize(
    ("language", "plain", "named"),
    [("fi", "11.5.2020", "ma 11.5.2020"), ("sv", "11.5.2020", "må 11.5.2020"), ("en", "11.5.2020", "Mon 11.5.2020")],
)
def test_dates(language: str, plain: str, named: str) -> None:
    assert format_date(language, MONDAY) == plain
    assert format_date(language, MONDAY, weekday=True) == named


@pytest.mark.parametrize(
    ("language", "start", "span"),
    [("fi", "klo 9.05", "klo 9.05–12.00"), ("sv", "kl. 9.05", "kl. 9.05–12.00"), ("en", "09:05", "09:05–12:00")],
)
def test_times(language: str, start: str, span: str) -> None:
    assert format_time(language, time(9, 5)) == start
    assert format_times(language, time(9, 5), time(12)) == span
    assert format_times(language, time(9, 5), None) == start
    assert format_time(language, datetime(2020, 5, 11, 9, 5, tzinfo=ZoneInfo("Europe/Helsinki"))) == start


@pytest.mark.parametrize(("language", "listed"), [("fi", "a, b ja c"), ("sv", "a, b och c"), ("en", "a, b and c")])
def test_lists(language: str, listed: str) -> None:
    assert format_list(language, ["a", "b", "c"]) == listed
    assert format_list(language, ["a"]) == "a"


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 asia on vailla ratkaisua."), (0, "0 asiaa on vailla ratkaisua."), (5, "5 asiaa on vailla ratkaisua.")]
)
def test_plurals(count: int, text: str) -> None:
    assert t("fi", "status.lacking", count=count) == text


def test_a_sentence_formats_its_days_and_times() -> None:
    assert wording("fi", "planning.doubt_past", day=MONDAY, start=time(10)) == "Aika 11.5.2020 klo 10.00 on jo mennyt."


def test_an_unknown_key_or_a_missing_parameter_is_a_fault() -> None:
    with pytest.raises(KeyError):
        t("fi", "no.such_key")
    with pytest.raises(KeyError):
        t("fi", "planning.doubt_past")
