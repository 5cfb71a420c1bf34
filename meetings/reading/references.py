"""References to an item of an earlier meeting: `16.4.2020 (7§)`, `§ 7, 16.4.2020`, `3/2020 § 7`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_DATE = r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
_MEETING = r"(?P<meeting>\d{1,3})/\d{4}"
_SECTION = r"\(?\s?(?:(?P<section>\d{1,3})\s{0,3}§|§\s{0,3}(?P<section2>\d{1,3}))(?:\s?\))?"
# Bounded, since a reference is short and a line may be long.
_GLUE = r"[\s,;:/–-]{0,4}(?:\(\s?)?"
_REFERENCE = re.compile(
    rf"(?:{_DATE}|{_MEETING}){_GLUE}(?:{_MEETING.replace('meeting', 'meeting2')}{_GLUE})?{_SECTION}"
    rf"|{_SECTION.replace('section', 'section3').replace('section32', 'section4')}{_GLUE}"
    rf"(?:{_DATE.replace('day', 'day2').replace('month', 'month2').replace('year', 'year2')})"
)
_ALONE = re.compile(r"(?:\W|\b(?:ja|och|and|sekä|samt)\b)*")
_AND = frozenset(["ja", "sekä", "och", "samt", "and"])


@dataclass(frozen=True, slots=True)
class EarlierReference:
    """Earlier handling of the matter. `text` is as written; `quoted`: it also stands in another part of the item."""

    day: date | None
    section: int | None
    meeting: int | None
    text: str
    quoted: bool = False


def references_in(text: str, *, quoted: bool = False) -> list[EarlierReference]:
    """The references of a line. Not `quoted`, their texts together are the whole line."""
    found = list(_REFERENCE.finditer(text))
    if not found:
        return []
    if quoted:
        return [_reference(one, one[0].strip(" ,;:/–-"), quoted=True) for one in found]
    starts = [0, *(one.start() for one in found[1:])]
    ends = [*starts[1:], len(text)]
    return [_reference(one, text[start:end].strip(), quoted=False) for one, start, end in zip(found, starts, ends, strict=True)]


def is_reference(text: str) -> bool:
    """Whether a line is nothing but references."""
    left, count = _REFERENCE.subn("", text)
    return count > 0 and _ALONE.fullmatch(left) is not None


def without_parting(text: str) -> tuple[str, str]:
    """A reference without the comma or `ja` after it, and these."""
    kept = text.rstrip(" ,;")
    words = kept.rsplit(maxsplit=1)
    if len(words) == 2 and words[1].casefold() in _AND:
        kept = words[0].rstrip(" ,;")
    return kept, text[len(kept) :].strip()


def _reference(found: re.Match[str], text: str, *, quoted: bool) -> EarlierReference:
    groups = found.groupdict()
    section = next((int(groups[name]) for name in ("section", "section2", "section3", "section4") if groups[name]), None)
    meeting = groups["meeting"] or groups["meeting2"]
    return EarlierReference(_day(groups), section, int(meeting) if meeting else None, text, quoted)


def _day(groups: dict[str, str | None]) -> date | None:
    day, month, year = ((groups[name] or groups[f"{name}2"]) for name in ("day", "month", "year"))
    if not (day and month and year):
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
