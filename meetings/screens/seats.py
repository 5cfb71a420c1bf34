"""Screens of the roster and its seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Body, Draft, Holding, Person, Seat
from meetings.reading.questions import Question
from meetings.rules.seats import SeatOnDay
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterWanted(Screen):
    """How to send a roster; `text` what was typed."""

    body: Body
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsShown(Screen):
    """The roster in force, a page of seats at a time, experts on the last page.

    `editing`: the secretary's view, which opens a seat and links names (`unlinked`) to Teams accounts (`accounts`).
    """

    body: Body
    seats: tuple[SeatOnDay, ...]
    people: Mapping[str, Person]
    page: int
    pages: int
    experts: tuple[tuple[str, str], ...] = ()
    editing: bool = False
    unlinked: tuple[Person, ...] = ()
    accounts: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatForm(Screen):
    """One seat as it is held today, its history, and the form of a change, filled with what is or with what was typed.

    `accounts`: of those with neither a seat nor an expert's place, to choose from; `unlinked`: holders of the seat without one.
    """

    body: Body
    seat: Seat
    history: tuple[Holding, ...]
    people: Mapping[str, Person]
    organisation: str
    member: str
    member_email: str
    member_account: str
    deputies: str
    deputy_account: str
    on_leave: bool
    since: str
    unlinked: tuple[Person, ...] = ()
    accounts: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A person as the roster has it; `linked`: recognised as somebody with a Teams account. `roles`: chair, vice_chair, secretary."""

    name: str
    email: str
    linked: bool
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A seat as it was read."""

    position: int
    organisation: str
    member: Written | None
    on_leave: bool
    deputies: tuple[Written, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRead(Screen):
    """What was understood of a roster, a page of seats at a time; questions first, experts apart, and lines that were not placed.

    `since` empty: the body's first roster. The counts are of the whole roster.
    """

    body: Body
    draft: Draft
    rows: tuple[RosterRow, ...]
    experts: tuple[tuple[Written, str], ...]
    officers: tuple[Written, ...]
    questions: tuple[Question, ...]
    rest: tuple[str, ...]
    since: str
    page: int
    pages: int
    seats: int
    deputies: int
    linked: int
