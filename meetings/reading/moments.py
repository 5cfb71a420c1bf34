"""Days, times and places of meetings and deadlines as people write them in three languages. The caller says what today is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import TypeVar

from meetings.reading.questions import NO_ANSWERS, Choice, Question, ask, point_out

Pair = TypeVar("Pair")

# Days that a body of living people can mean.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "tammikuu januari january jan tammi",
            "helmikuu februari february feb helmi",
            "maaliskuu mars march mar maalis",
            "huhtikuu april apr huhti",
            "toukokuu maj may touko",
            "kesäkuu juni june jun kesä",
            "heinäkuu juli july jul heinä",
            "elokuu augusti august aug elo",
            "syyskuu september sep sept syys",
            "lokakuu oktober october okt oct loka",
            "marraskuu november nov marras",
            "joulukuu december dec joulu",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "ma maanantai maanantaina mån må måndag måndagen mon monday",
            "ti tiistai tiistaina tis tisdag tisdagen tue tues tuesday",
            "ke keskiviikko keskiviikkona ons onsdag onsdagen wed wednesday",
            "to torstai torstaina tors tor torsdag torsdagen thu thur thurs thursday",
            "pe perjantai perjantaina fre fr fredag fredagen fri friday",
            "la lauantai lauantaina lör lö lördag lördagen sat saturday",
            "su sunnuntai sunnuntaina sön sö söndag söndagen sun sunday",
        )
    )
    for name in names.split()
}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_WEEKDAY = re.compile(r"(?<!\w)(?:" + "|".join(sorted(_WEEKDAYS, key=len, reverse=True)) + r")(?!\w)\.?", re.IGNORECASE)
_DATE = re.compile(
    r"(?<![\d.])(?:"
    r"(?P<iso_year>\d{4})-(?P<iso_month>\d{1,2})-(?P<iso_day>\d{1,2})(?!\d)"
    r"|(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d{2}(?![.:\d]|\s*[–-]\s*\d))(?!\d)"
    r"|(?P<slash_day>\d{1,2})/(?P<slash_month>\d{1,2})/(?P<slash_year>\d{4})(?!\d)"
    rf"|(?P<named_day>\d{{1,2}})(?:\.|st|nd|rd|th)?\s+(?:of\s+)?(?P<named_month>{_MONTH})(?:ta|n|na)?\.?(?:,?\s+(?P<named_year>\d{{4}}))?(?!\w)"
    rf"|(?<!\w)(?P<us_month>{_MONTH})\.?\s+(?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<us_year>\d{{4}}))?(?!\w)"
    r"|(?P<short_day>\d{1,2})\.\s?(?P<short_month>\d{1,2})\.(?!\s?\d{4})(?!\d)"
    r")",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?<![\d.])(?P<day>\d{1,2})\.\s?[–—-]\s?$")
_BEFORE_DAY = re.compile(rf"(?:{_WEEKDAY.pattern}[\s,]*)?(?:{_SPAN.pattern[:-1]})?$", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\d/.])(?P<number>\d{1,3})\s?/\s?(?P<year>\d{4})(?![\d/])")
_AT = r"(?:\b(?:klo|kello|kl|at|från|from)\b\.?\s*)"
_CLOCK = r"(?P<h{0}>\d{{1,2}})(?:[.:](?P<m{0}>\d{{2}}))?(?:\s*(?P<half{0}>[ap]\.?m)\b\.?)?"
_RANGE = re.compile(
    rf"(?P<at>{_AT})?(?<![\d.:/]){_CLOCK.format(1)}\s*(?:[–—‑-]|\bto\b|\btill\b|\btil\b)\s*{_AT}?{_CLOCK.format(2)}(?![\d.:/]*\d)",
    re.IGNORECASE,
)
_START = re.compile(rf"(?:{_AT}(?P<at>)(?<![\d.:/])|(?<![\d.:/]))" + _CLOCK.format(1) + r"(?![\d/:]|\.\d)", re.IGNORECASE)
_COMPACT = re.compile(r"(?P<h>\d{1,2})(?P<m>\d{2})")
_ONLINE = re.compile(
    r"\b(?:(?:microsoft|ms)\s+)?teams(?:-kokous|-möte|-meeting|issa|issä|in\s+kautta)?\b|\b(?:etäkokous|etänä|etäyhteydellä|verkossa|på\s+distans|distansmöte|online|remote(?:ly)?)\b",
    re.IGNORECASE,
)
# Past this it is a text and no place; nothing is trimmed from it.
_LONGEST_PLACE = 500
_EDGES = " \t,;:/|+&–—-()[]."
_LOOSE = re.compile(
    r"^(?:(?:ja|och|and|sekä|samt|via|i|in|at|on|den|the|alkaen|kokous|möte|sammanträde|meeting)\b[\s,;:]*)+", re.IGNORECASE
)
_LOOSE_END = re.compile(r"(?:^|[\s,;:]+)(?:ja|och|and|sekä|samt|via|i|in|at|on|den|the|alkaen|or|tai|eller)$", re.IGNORECASE)
_DAYS = re.compile(
    r"(?:(?:inom|within)\s+)?(?P<count>\d{1,3})\s*(?P<unit>pv|päivä|päivää|päivän|vrk|dag|dagar|dagars|day|days|d|viikko|viikkoa|viikon|vko|vecka|veckor|veckors|week|weeks|w)?"
    r"(?:\s+(?:kuluttua|päästä|sisällä|tid|from\s+now))?\.?",
    re.IGNORECASE,
)
_WEEKS = re.compile(r"vi|vk|ve|w", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MeetingReading:
    """When and where a meeting is, in local time. `year` is that of the number `4/2020`; `weekday` the one written, 0 = Monday.

    `place` is what is left of the text; `online` that Teams or another remote way is named. `source` is the text.
    """

    number: int | None
    year: int | None
    day: date | None
    start: time | None
    end: time | None
    place: str
    online: bool
    questions: tuple[Question, ...] = ()
    weekday: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class DatesReading:
    """Several meetings, in the order written. `unread` are the lines without a date; a question's `item` counts in `dates`."""

    dates: tuple[MeetingReading, ...]
    questions: tuple[Question, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A last day, inclusive, in local time; `hour` None: until its end."""

    day: date
    hour: time | None = None


@dataclass(frozen=True, slots=True)
class _Day:
    day: date | None
    found: re.Match[str]
    has_year: bool
    ambiguous: bool


def read_dates(text: str, today: date, answers: Mapping[str, str] = NO_ANSWERS) -> DatesReading:
    """A pasted list of dates, one meeting a date. `answers`: question id → value of the choice made."""
    dates: list[MeetingReading] = []
    unread: list[str] = []
    questions: list[Question] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        pieces = _pieces(line)
        if not pieces:
            unread.append(line.strip())
        for piece in pieces:
            reading = read_meeting(piece, today)
            questions += [replace(one, item=len(dates)) for one in reading.questions]
            dates.append(replace(reading, questions=()))
    if not dates:
        questions.append(point_out("no_date" if unread else "nothing_readable"))
    questions += _doubles(dates)
    dates, odd_times = _odd_times(dates, answers)
    dates, odd_places = _odd_places(dates, answers)
    questions += (*odd_times, *odd_places)
    of_each: list[list[Question]] = [[] for _ in dates]
    for asked in questions:
        if asked.item is not None:
            of_each[asked.item].append(asked)
    placed = [replace(one, questions=tuple(own)) for one, own in zip(dates, of_each, strict=True)]
    return DatesReading(tuple(placed), tuple(questions), tuple(unread))


def read_deadline(text: str, today: date) -> Deadline | None:
    """A last day (`4.5.2020 mennessä`, `senast 4.5. kl. 12`, ISO) or a number of days or weeks from today (`7`, `2 viikkoa`).

    A date without a year is the next such day, today included. None when it is neither, or names more than one day.
    """
    typed = text.strip()
    counted = _DAYS.fullmatch(typed)
    if counted is not None:
        count = int(counted["count"])
        return Deadline(today + timedelta(days=count * (7 if counted["unit"] and _WEEKS.match(counted["unit"]) else 1)))
    found = [_day(one, today) for one in _DATE.finditer(typed)]
    if len(found) != 1 or found[0].day is None:
        return None
    start, end = found[0].found.span()
    left = typed[:start] + " " + typed[end:]
    clocks = [one for one in _START.finditer(left) if one["at"] is not None or one["m1"]]
    if len(clocks) > 1:
        return None
    hour = None
    if clocks:
        midnight = clocks[0]["h1"] == "24" and clocks[0]["m1"] in {None, "00"}
        hour = None if midnight else _clock(clocks[0], 1)
        if hour is None and not midnight:
            return None
    return Deadline(found[0].day, hour)


def is_likely(day: date) -> bool:
    """Whether a body of living people can mean the day; so far from the ends of the calendar that one may count on from it."""
    return EARLIEST <= day <= LATEST


def read_clock(text: str) -> time | None:
    """`10`, `10.33`, `1033`, `10:33`, `klo 10.33`, `kl. 9`, `2 pm`; None when it is no time of day."""
    typed = re.sub(rf"^{_AT}", "", text.strip(), flags=re.IGNORECASE)
    compact = _COMPACT.fullmatch(typed) if len(typed) > 2 else None
    if compact is not None:
        return _time(int(compact["h"]), int(compact["m"]))
    found = re.fullmatch(_CLOCK.format(1), typed, re.IGNORECASE)
    return _clock(found, 1) if found is not None else None


def read_meeting(text: str, today: date) -> MeetingReading:
    """The number, day, times and place in a line. What is unclear in the text is asked about (whether the day itself is a likely one,
    `rules.planning.doubts` says); a date without a year is the next such day."""
    questions: list[Question] = []
    source = " ".join(text.split())
    left = source
    found = [_day(one, today) for one in _DATE.finditer(left)]
    first = found[0] if found else None
    day = first.day if first is not None else None
    beside: tuple[int, int] | None = None
    if first is not None:
        begin, end = first.found.span()
        # `3.–9.5.2027` begins on the third.
        span = _SPAN.search(source, max(0, begin - 6), begin)
        opening = _date(day.year, day.month, int(span["day"])) if span is not None and day is not None else None
        if span is not None and opening is not None and day is not None and opening < day:
            questions.append(point_out("several_dates", None, first=span[0].rstrip(" –—-"), second=first.found[0]))
            begin, day = span.start(), opening
        beside = begin, end
        left = f"{left[:begin]} {left[end:]}"
    questions += _day_questions(found)
    number = _NUMBER.search(left)
    if number is not None:
        left = _cut(left, number)
    start, until, left, clock_questions = _times(left)
    questions += clock_questions
    # A weekday counts only beside the date, since `to` and `on` are words too.
    weekdays = _WEEKDAY.finditer(left) if beside is not None else ()
    weekday = next((one for one in weekdays if beside is not None and _beside(source, one[0], *beside)), None)
    if weekday is not None:
        left = _cut(left, weekday)
    online = _ONLINE.search(left) is not None
    place = _place(_ONLINE.sub(" ", left))
    year = int(number["year"]) if number is not None else None
    if year is not None and day is not None and day.year != year:
        questions.append(point_out("number_year", None, number=f"{int(number['number']) if number else 0}/{year}", day=day))
    if first is None and start is None:
        questions.append(point_out("nothing_readable"))
    elif first is None:
        questions.append(point_out("no_date"))
    elif start is None and not clock_questions:
        questions.append(point_out("no_time"))
    written = _WEEKDAYS[weekday[0].rstrip(".").casefold()] if weekday is not None else None
    return MeetingReading(
        int(number["number"]) if number is not None else None, year, day, start, until, place, online, tuple(questions), written, source
    )


def _day_questions(found: Sequence[_Day]) -> list[Question]:
    questions = []
    for one in found[:1]:
        if one.day is None:
            questions.append(point_out("no_such_date", None, text=one.found[0]))
        elif one.ambiguous:
            questions.append(point_out("date_order", None, text=one.found[0], day=one.day))
        elif not one.has_year:
            questions.append(point_out("year_missing", None, day=one.day))
    if len(found) > 1:
        questions.append(point_out("several_dates", None, first=found[0].found[0], second=found[1].found[0]))
    return questions


def _times(text: str) -> tuple[time | None, time | None, str, list[Question]]:
    ranges = [*_RANGE.finditer(text)]
    alone = next((one for one in _START.finditer(text) if one["at"] is not None or one["m1"] or one["half1"]), None)
    # `3–4` may be a room; `klo 3–4`, `3.00–4` and, when nothing else is a time, `10–12` are times.
    spanned = next((one for one in ranges if _is_plain_time(one)), ranges[0] if ranges and alone is None else None)
    if spanned is not None:
        half = spanned["half1"] or spanned["half2"]
        start, end = _clock(spanned, 1, half), _clock(spanned, 2)
        wrong = [] if start is not None and end is not None else [point_out("no_such_time", None, text=spanned[0].strip())]
        return start, end, _cut(text, spanned), wrong
    if alone is None:
        return None, None, text, []
    start = _clock(alone, 1)
    return start, None, _cut(text, alone), [] if start is not None else [point_out("no_such_time", None, text=alone[0].strip())]


def _is_plain_time(found: re.Match[str]) -> bool:
    return any(found[name] for name in ("at", "m1", "m2", "half1", "half2"))


def _doubles(dates: Sequence[MeetingReading]) -> list[Question]:
    seen: set[date] = set()
    found = []
    for place, one in enumerate(dates):
        if one.day is not None and one.day in seen:
            found.append(point_out("date_twice", place, day=one.day))
        if one.day is not None:
            seen.add(one.day)
    return found


def _odd_times(dates: list[MeetingReading], answers: Mapping[str, str]) -> tuple[list[MeetingReading], list[Question]]:
    """A time that differs from most: as written, until the secretary says it is the usual one."""
    times = Counter((one.start, one.end) for one in dates if one.start is not None)
    usual = _usual(times)
    if usual is None or usual[0] is None:
        return dates, []
    kept, found = [], []
    for place, one in enumerate(dates):
        # Only an end, and the others have none: nothing to ask.
        if one.start is None or (one.start, one.end) == usual or (one.start == usual[0] and usual[1] is None):
            kept.append(one)
            continue
        key, params = _times_told((one.start, one.end), usual)
        usual_times = (("start", usual[0]), ("end", usual[1])) if usual[1] is not None else (("start", usual[0]),)
        choices = (
            Choice("keep", "reading.choice_as_written"),
            Choice("usual", "reading.choice_usual_times" if len(usual_times) > 1 else "reading.choice_usual_start", usual_times),
        )
        question = ask(key, place, f"d{place}", choices, answers, day=one.day or "", **params)
        found.append(question)
        kept.append(replace(one, start=usual[0], end=usual[1]) if question.answer == "usual" else one)
    return kept, found


def _odd_places(dates: list[MeetingReading], answers: Mapping[str, str]) -> tuple[list[MeetingReading], list[Question]]:
    usual = _usual(Counter((one.place.casefold(), one.online) for one in dates))
    if usual is None:
        return dates, []
    pattern = next(one for one in dates if (one.place.casefold(), one.online) == usual)
    kept, found = [], []
    for place, one in enumerate(dates):
        if (one.place.casefold(), one.online) == usual:
            kept.append(one)
            continue
        choices = (
            Choice("keep", "reading.choice_as_written"),
            Choice("usual", "reading.choice_usual_place", (("place", _where(pattern)),)),
        )
        question = ask("place_differs", place, f"d{place}", choices, answers, day=one.day or "", place=_where(one), usual=_where(pattern))
        found.append(question)
        kept.append(replace(one, place=pattern.place, online=pattern.online) if question.answer == "usual" else one)
    return kept, found


def _usual(counts: Counter[Pair]) -> Pair | None:
    """What more than half have, when there are at least three and not all alike."""
    total = counts.total()
    if total < 3 or len(counts) < 2:
        return None
    most, count = counts.most_common(1)[0]
    return most if 2 * count > total else None


def _times_told(written: tuple[time | None, time | None], usual: tuple[time | None, time | None]) -> tuple[str, dict[str, object]]:
    if written[0] == usual[0] and written[1] is None:
        return "end_missing", {"usual_start": usual[0], "usual_end": usual[1]}
    if written[1] is None or usual[1] is None:
        return "start_differs", {"start": written[0], "usual_start": usual[0]}
    return "times_differ", {"start": written[0], "end": written[1], "usual_start": usual[0], "usual_end": usual[1]}


def _where(one: MeetingReading) -> str:
    return ", ".join(part for part in (one.place, "Teams" if one.online else "") if part) or "–"


def _pieces(line: str) -> list[str]:
    """A line cut before each of its dates and the weekday beside it; empty when it has no date."""
    line = " ".join(line.split())
    starts = []
    for found in _DATE.finditer(line):
        # As far back as a weekday or the first day of a span reaches.
        named = _BEFORE_DAY.search(line, max(0, found.start() - 24), found.start())
        starts.append(named.start() if named else found.start())
    if not starts:
        return []
    starts[0] = 0
    return [line[a:b].strip(" \t;,") for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]


def _day(found: re.Match[str], today: date) -> _Day:
    groups = found.groupdict()
    kind = next(kind for kind in ("iso", "slash", "named", "us", "short") if groups.get(f"{kind}_day")) if not groups["day"] else ""
    prefix = f"{kind}_" if kind else ""
    day, year = int(groups[f"{prefix}day"]), groups.get(f"{prefix}year")
    named = groups[f"{prefix}month"]
    month = int(named) if named.isdigit() else _MONTHS[named.casefold()]
    ambiguous = kind == "slash" and day <= 12 and month <= 12 and day != month
    if kind == "slash" and month > 12 >= day:
        day, month = month, day
    if year is None:
        return _Day(_next(day, month, today), found, has_year=False, ambiguous=False)
    return _Day(_date(int(year) + (2000 if len(year) == 2 else 0), month, day), found, has_year=True, ambiguous=ambiguous)


def _next(day: int, month: int, today: date) -> date | None:
    # Four years on there has been a 29 February; eight where a century leaves it out.
    candidates = (_date(today.year + years, month, day) for years in range(9))
    return next((one for one in candidates if one is not None and one >= today), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if is_likely(found) else None


def _clock(found: re.Match[str], place: int, half: str | None = None) -> time | None:
    hour, minute = int(found[f"h{place}"]), int(found[f"m{place}"] or 0)
    half = found[f"half{place}"] or half
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    return _time(hour, minute)


def _time(hour: int, minute: int) -> time | None:
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _beside(source: str, weekday: str, begin: int, end: int) -> bool:
    before, after = source[max(0, begin - 24) : begin].rstrip(" ,("), source[end : end + 24].lstrip(" ,(")
    return before.endswith(weekday) or after.startswith(weekday)


def _place(text: str) -> str:
    """What is left of a line, without the punctuation and small words that stood between the parts taken out."""
    place = " ".join(re.sub(r"\(\s*\)|\[\s*\]", " ", text).split())
    while len(place) <= _LONGEST_PLACE:
        trimmed = _LOOSE_END.sub("", _LOOSE.sub("", _trimmed(place)))
        if trimmed == place:
            return re.sub(r"\s+([,;])", r"\1", place)
        place = trimmed
    return place


def _trimmed(text: str) -> str:
    """Without punctuation at the edges; a bracket stays when its other half does."""
    trimmed = text.strip(_EDGES)
    if trimmed.count("(") > trimmed.count(")"):
        trimmed += ")"
    return trimmed


def _cut(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
