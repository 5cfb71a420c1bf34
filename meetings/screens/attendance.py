"""Screens of opening, the roll call and presence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Body, Item, Meeting, Movement, Person, Sign
from meetings.ports import Span
from meetings.rules.answers import Expected
from meetings.rules.calls import Difference
from meetings.rules.presence import Quorum
from meetings.rules.seats import SeatOnDay
from meetings.screens.base import OnBoard, Screen


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the roll: their seat (None for experts), what the roll says, whether they are in the room, act for the seat, or stand
    aside in the item at hand. `free`: nobody acts for the seat; `expected`: the one who would (of a member on leave, the first deputy).
    Before the meeting, `maybe`: an answer that is neither yes nor no; `called`: a deputy called who has not answered."""

    person_id: str
    seat: SeatOnDay | None
    deputy: bool
    sign: Sign | None
    inside: bool
    acts: bool
    aside: bool
    free: bool
    expected: bool
    maybe: bool = False
    called: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningAsked(Screen):
    """Today is not the day of the meeting: open it all the same?"""

    body: Body
    meeting: Meeting
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOnBoard(OnBoard):
    """The roll call on the board: who is here, late or cannot come, and the quorum in the item at hand. `expected`: before the opening."""

    body: Body
    meeting: Meeting
    people: Mapping[str, Person]
    rows: tuple[Row, ...]
    quorum: Quorum
    expected: Expected | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceDesk(Screen):
    """The roll on the desk, a page of rows to tick, and the newest comings and goings. `expected`: before the opening. `joined`: who is
    not found present yet but has joined the call; `gone`: who has left it, and no going is noted.
    `differences`: between the report of the call and the record. `person_ids`, `at`, `item_id`: what was
    typed."""

    body: Body
    meeting: Meeting
    people: Mapping[str, Person]
    rows: tuple[Row, ...]
    quorum: Quorum
    expected: Expected | None
    unknown: int
    joined: tuple[str, ...] = ()
    gone: tuple[Span, ...] = ()
    differences: tuple[Difference, ...] = ()
    movements: tuple[Movement, ...]
    items: tuple[Item, ...]
    page: int
    pages: int
    person_ids: tuple[str, ...] = ()
    at: str = ""
    item_id: str = ""
