"""Dates, times and lists as Finnish, Finland-Swedish and English readers write them (domain rule 10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from babel.lists import format_list as babel_list

from texts.catalogue import t

_WEEKDAYS = {
    "fi": ("ma", "ti", "ke", "to", "pe", "la", "su"),
    "sv": ("må", "ti", "on", "to", "fr", "lö", "sö"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_CLOCK = {"fi": "klo ", "sv": "kl. ", "en": ""}
_LOCALES = {"fi": "fi", "sv": "sv_FI", "en": "en_GB"}


def format_date(language: str, day: date, *, weekday: bool = False) -> str:
    """`11.5.2020`, with `weekday` `ma 11.5.2020` · `må 11.5.2020` · `Mon 11.5.2020`."""
    text = f"{day.day}.{day.month}.{day.year}"
    return f"{_WEEKDAYS[language][day.weekday()]} {text}" if weekday else text


def format_time(language: str, moment: time | datetime) -> str:
    """`klo 10.00` · `kl. 10.00` · `10:00`. A datetime must already be in the zone it is shown in."""
    return _CLOCK[language] + _clock(language, moment)


def format_times(language: str, start: time | datetime, end: time | datetime | None) -> str:
    """`klo 10.00–12.00` · `kl. 10.00–12.00` · `10:00–12:00`; only the start when the end is open."""
    text = format_time(language, start)
    return f"{text}–{_clock(language, end)}" if end else text


def format_list(language: str, parts: Sequence[str]) -> str:
    """`a, b ja c` · `a, b och c` · `a, b and c`."""
    return babel_list(list(parts), locale=_LOCALES[language])


def wording(language: str, key: str, **params: object) -> str:
    """The message `key` with dates and times among its parameters formatted: the sentence as it stands in a record."""
    return t(language, key, **{name: _shown(language, value) for name, value in params.items()})


def _shown(language: str, value: object) -> object:
    match value:
        case datetime() | time():
            return format_time(language, value)
        case date():
            return format_date(language, value)
        case _:
            return value


def _clock(language: str, moment: time | datetime) -> str:
    return f"{moment.hour:02}:{moment.minute:02}" if language == "en" else f"{moment.hour}.{moment.minute:02}"
