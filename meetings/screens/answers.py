"""Screens of answers to invitations and of the deputies called for a meeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Body, DeputyCall, Meeting, Person
from meetings.rules.answers import Expected
from meetings.rules.seats import SeatOnDay
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class DeputiesShown(Screen):
    """The log of deputies' calls of a meeting, oldest first, and the seats that wait for a deputy, each with who is next ("": nobody).
    `may_call`: the person may call them."""

    body: Body
    meeting: Meeting
    people: Mapping[str, Person]
    expected: Expected
    calls: tuple[DeputyCall, ...]
    waiting: tuple[tuple[SeatOnDay, str], ...]
    seats: tuple[SeatOnDay, ...]
    may_call: bool
