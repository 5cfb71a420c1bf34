"""Screens of opening, the roll call and presence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Body, Meeting, Person, Sign
from meetings.rules.presence import Quorum
from meetings.rules.seats import SeatOnDay
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the roll: their seat (None for experts), what the roll says, whether they are in the room and act for the seat."""

    person_id: str
    seat: SeatOnDay | None
    deputy: bool
    sign: Sign | None
    inside: bool
    acts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningAsked(Screen):
    """Today is not the day of the meeting: open it all the same?"""

    body: Body
    meeting: Meeting
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOnBoard(Screen):
    """The roll call on the board: who is here, late or cannot come, and the quorum."""

    body: Body
    meeting: Meeting
    people: Mapping[str, Person]
    rows: tuple[Row, ...]
    quorum: Quorum


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceDesk(Screen):
    """The roll on the desk, a page of rows, with the form that corrects any of them."""

    body: Body
    meeting: Meeting
    people: Mapping[str, Person]
    rows: tuple[Row, ...]
    everybody: tuple[str, ...]
    quorum: Quorum
    page: int
    pages: int
    person_id: str = ""
    at: str = ""
