"""Planning, moving and cancelling meetings: what is impossible is refused, what is unlikely is asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from meetings.errors import Refused
from meetings.model import Meeting, Phase
from meetings.rules.numbering import next_number

LONGEST_PLACE = 200
LONGEST_REASON = 500
FAR = timedelta(days=2 * 366)
_NUMBER = re.compile(r"(\d{1,3})(?:\s*/\s*(\d{4}))?")


@dataclass(frozen=True, slots=True)
class Plan:
    """When and where, in the body's local time. `named`: the weekday that was written, 0 = Monday, None when none was."""

    day: date
    start: time
    end: time | None = None
    place: str = ""
    online: bool = False
    named: int | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about a plan to be asked about; `stops`: it cannot be planned so, whatever the answer."""

    key: str
    params: tuple[tuple[str, object], ...] = ()
    stops: bool = False


def doubts(plan: Plan, now: datetime, holiday: str | None, others: Iterable[Meeting]) -> tuple[Doubt, ...]:
    """What to ask before planning. `now` is in the body's zone; `others` are the body's other meetings, by day."""
    day = ("day", plan.day)
    found = []
    if plan.end is not None and plan.end <= plan.start:
        found.append(Doubt("planning.doubt_end", (("start", plan.start), ("end", plan.end)), stops=True))
    if plan.named is not None and plan.named != plan.day.weekday():
        found.append(Doubt(f"planning.doubt_weekday_{plan.day.weekday()}", (day,)))
    if datetime.combine(plan.day, plan.start, tzinfo=now.tzinfo) < now:
        found.append(Doubt("planning.doubt_past", (day, ("start", plan.start))))
    elif plan.day > now.date() + FAR:
        found.append(Doubt("planning.doubt_far", (day,)))
    if holiday:
        found.append(Doubt("planning.doubt_holiday", (day, ("holiday", holiday))))
    found += [
        Doubt("planning.doubt_clash", (day, ("number", one.designation), ("start", one.start)))
        for one in others
        if one.day == plan.day and one.phase is not Phase.CANCELLED
    ]
    return tuple(found)


def read_number(typed: str, meetings: Sequence[Meeting], year: int) -> int:
    """The number given (`4` or `4/2027`), else the next of the year. A number once used is never used again."""
    text = typed.strip()
    if not text:
        return next_number(meetings, year)
    matched = _NUMBER.fullmatch(text)
    if matched is None or int(matched[1]) == 0:
        raise Refused("planning.number_unread", text=text[:20])
    if matched[2] and int(matched[2]) != year:
        raise Refused("planning.number_year", number=text, year=str(year))
    number = int(matched[1])
    if any(one.number == number and one.year == year for one in meetings):
        raise Refused("planning.number_taken", number=f"{number}/{year}", free=f"{next_number(meetings, year)}/{year}")
    return number


def read_place(typed: str) -> str:
    place = " ".join(typed.split())
    if len(place) > LONGEST_PLACE:
        raise Refused("planning.place_long", most=LONGEST_PLACE)
    return place


def read_reason(typed: str) -> str:
    """Why a meeting is cancelled: everyone invited reads it."""
    reason = typed.strip()
    if not reason:
        raise Refused("planning.reason_missing")
    if len(reason) > LONGEST_REASON:
        raise Refused("planning.reason_long", most=LONGEST_REASON)
    return reason


def numbered(plans: Sequence[Plan], meetings: Sequence[Meeting]) -> tuple[tuple[Plan, int], ...]:
    """Several plans with their numbers, given in the order of their dates."""
    last: dict[int, int] = {}
    found = []
    for plan in sorted(plans, key=lambda one: (one.day, one.start)):
        number = last.get(plan.day.year, next_number(meetings, plan.day.year) - 1) + 1
        last[plan.day.year] = number
        found.append((plan, number))
    return tuple(found)
