"""Things an agenda says in two ways: kept as written and pointed out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Protocol

from meetings.reading.questions import Question, point_out

# What events are called; meetings of the body itself are left out, since many of them may share a date with an event.
_EVENT = re.compile(
    r"(?<![\w-])[^\W\d_][\w-]*(?:päiv(?:ä|ät|än|ien|ään|änä|iin|illä|ille)|seminaar\w*|foorumi\w*|webinaar\w*|tilaisuu\w*|työpaj\w*|retk\w*|juhl\w*"
    r"|dag(?:en|ar|arna)?|seminari\w*|forum\w*|webbinari\w*|verkstad\w*|seminars?|workshops?|webinars?|day|event)\b",
    re.IGNORECASE,
)
# In English, and at times in Swedish, the noun is a word of its own and the name stands before it.
_NAMED = re.compile(
    r"(?<![\w-])(?:(?!(?:The|This|That|Our|An?|On|At|In|Den|Det|Vid|På) )[A-ZÅÄÖ][\w'’-]{0,30} ){1,3}"
    r"(?:Seminar|Forum|Workshop|Webinar|Day|Event|Fair|Festival|Seminarium|Verkstad)\b"
)
_DAY = re.compile(r"(?<!\d)\d{1,2}\.\d{1,2}\.\d{4}(?!\d)")
_WEEKDAYS = re.compile(
    r"(?:maanan|tiis|tors|perjan|lauan|sunnun|keskiviik)\w*|(?:mån|tis|ons|tors|fre|lör|sön)dag\w*"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:päivä|päivän|päivänä|päivät|dag|dagen|day|määräpäivä\w*|eräpäivä\w*|syntymäpäivä\w*|idag|today)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[!?])\s+|(?<=[^\d\s]\.)\s+|\n+")
_NEAR = 60
# Past this many names of one day they are no contradiction but a programme.
_MOST_NAMES = 5


class _Item(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def proposal(self) -> str: ...
    @property
    def handling(self) -> str: ...
    @property
    def discussion(self) -> str: ...
    @property
    def decision(self) -> str: ...
    @property
    def rest(self) -> str: ...


def contradictions(items: Sequence[_Item]) -> tuple[Question, ...]:
    """Two names for the event of one day. Inflected forms and a shorter name of the same event are not two names."""
    names: dict[str, list[str]] = {}
    found = []
    for place, item in enumerate(items):
        for text in (item.title, item.proposal, item.handling, item.discussion, item.decision, item.rest):
            for name, day in _events(text):
                known = names.setdefault(day, [])
                if len(known) == _MOST_NAMES or any(_same_event(name, one) for one in known):
                    continue
                if known:
                    found.append(point_out("two_names", place, day=day, first=known[0], second=name))
                known.append(name)
    return tuple(found)


def _events(text: str) -> list[tuple[str, str]]:
    """(name, day as written) for each day with an event's name near it in its sentence."""
    found = []
    for sentence in _SENTENCE.split(text):
        events = [one for one in _EVENT.finditer(sentence) if not _WEEKDAYS.fullmatch(one[0])]
        events = sorted((*events, *_NAMED.finditer(sentence)), key=lambda one: one.start())
        ends, starts = [one.end() for one in events], [one.start() for one in events]
        for day in _DAY.finditer(sentence):
            near = events[bisect_left(ends, day.start() - _NEAR) : bisect_right(starts, day.end() + _NEAR)]
            if len(near) == 1:
                found.append((near[0][0], day[0]))
    return found


def _same_event(one: str, other: str) -> bool:
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    alike = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return (len(short) - alike <= 3 and alike >= 4) or long.endswith(short) or short[:6] in long[4:]
