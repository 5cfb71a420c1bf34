"""Screens of planning, moving and cancelling meetings."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.model import Body, Draft, Meeting
from meetings.reading.questions import Question
from meetings.rules.planning import Plan
from meetings.rules.schedules import Fit
from meetings.screens.base import Screen, Sentence

# So many dates are shown at a time with everything the calendars said about them.
PAGE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingForm(Screen):
    """When and where, as typed or as stored. `meeting` is the one to be moved, None when a new one is planned.

    `doubts` are asked about and can be answered yes unless one `stops`; `unread` is a text the bot made nothing of.
    """

    body: Body
    meeting: Meeting | None
    number: str
    next_number: int
    day: str
    start: str
    end: str
    place: str
    online: bool
    doubts: tuple[Sentence, ...] = ()
    stops: bool = False
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingPlanned(Screen):
    """A meeting as it now stands in the calendar: planned, or moved. `without_address`: the invited whom no invitation can reach."""

    body: Body
    meeting: Meeting
    without_address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelForm(Screen):
    """Why is the meeting cancelled?"""

    body: Body
    meeting: Meeting
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingsShown(Screen):
    """The meetings of a body, those to come first, a page at a time."""

    body: Body
    meetings: tuple[Meeting, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesWanted(Screen):
    """How to send several dates; `text` what was typed and could not be read."""

    body: Body
    text: str = ""


@dataclass(frozen=True, slots=True)
class DateRow:
    """One date as it was read, with the number it will get and what is doubtful about it. `fit`: what the calendars said, with the names
    of the seats where nobody is free (`full`), or perhaps nobody (`unsure`)."""

    plan: Plan
    number: str
    doubts: tuple[Sentence, ...]
    fit: Fit | None = None
    full: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesRead(Screen):
    """Several dates as they were read, before they are planned. `rest`: lines that are no dates. Once the calendars were asked, the rows
    are best first and shown `PAGE` at a time, and `unread` are those whose calendar could not be read."""

    body: Body
    draft: Draft
    rows: tuple[DateRow, ...]
    questions: tuple[Question, ...]
    rest: tuple[str, ...]
    unread: tuple[str, ...] = ()
    page: int = 1

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.rows) // PAGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesPlanned(Screen):
    """The meetings that were planned from a list or a poll. `without_address`: the invited whom no invitation can reach."""

    body: Body
    meetings: tuple[Meeting, ...]
    without_address: tuple[str, ...] = ()
