"""Screens of setting up a body and of its settings."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.commands import ChangeBody
from meetings.model import Body, Person
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpForm(Screen):
    """The form of a new body, filled with sensible defaults or with what was typed. `language` empty: the reader's."""

    name: str
    language: str
    language_2: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySetUp(Screen):
    """A body exists: what was assumed, and what comes next."""

    body: Body
    on_board: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyForm(Screen):
    """All settings of a body. `typed` is the refused form that comes back; None shows what is stored.

    `accounts` may be secretary, `offices` chair and vice-chair, `members` checkers.
    """

    body: Body
    typed: ChangeBody | None
    accounts: tuple[Person, ...]
    offices: tuple[Person, ...]
    members: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingItemsForm(Screen):
    """The template of standing items, a line an item."""

    body: Body
    lines: str
