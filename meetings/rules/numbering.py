"""Numbers never change once given: meeting numbers run within body and year, § numbers within the meeting or the year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from meetings.model import Item, Meeting


def next_number(meetings: Iterable[Meeting], year: int) -> int:
    """The next meeting number of the year. Cancelled meetings keep theirs, so a number is never used twice."""
    return max((meeting.number for meeting in meetings if meeting.year == year), default=0) + 1


def number_sections(meeting: Meeting, last: int = 0) -> Meeting:
    """§ numbers for the items that have none, in order. `last` is the last § of the year's other meetings (0: numbered per meeting).

    Numbers already given stay, also those of withdrawn items; an item added later takes the next free one, whatever its place, and
    where the numbers run through the year it is free of the numbers of a later meeting too.
    """
    given = max([last, *(item.section for item in meeting.items if item.section is not None)])
    numbered = []
    for item in in_order(meeting):
        if item.section is None:
            given += 1
            numbered.append(replace(item, section=given))
        else:
            numbered.append(item)
    return replace(meeting, items=tuple(numbered))


def in_order(meeting: Meeting) -> list[Item]:
    """The items by position."""
    return sorted(meeting.items, key=lambda item: item.position)
