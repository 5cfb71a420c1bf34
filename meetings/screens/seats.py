"""Screens of the roster and its seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Body, Holding, Person, Seat
from meetings.rules.seats import SeatOnDay
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterWanted(Screen):
    """How to send a roster."""

    body: Body


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
    """One seat as it is held today, its history, and the form of a change, filled with what is or with what was typed."""

    body: Body
    seat: Seat
    history: tuple[Holding, ...]
    people: Mapping[str, Person]
    organisation: str
    member: str
    member_email: str
    deputies: str
    on_leave: bool
    since: str
    unlinked: tuple[Person, ...] = ()
    accounts: tuple[Person, ...] = ()
