"""Screens of help and finding one's way."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.commands import Command
from meetings.model import Body, Draft, Meeting
from meetings.screens.base import Screen, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcomed(Screen):
    """Three lines on what the bot does; `on_board` in a channel, else at the desk."""

    on_board: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpShown(Screen):
    """What this person can do now: the commands with their words."""

    body: Body | None
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain(Screen):
    """A text that was no command; `steps` are the nearest ones."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodiesShown(Screen):
    """Which of the person's bodies is it about?"""

    bodies: tuple[Body, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusShown(Screen):
    """Where the person's bodies stand: each with its meetings in hand, and of each meeting what is waited for."""

    bodies: tuple[tuple[Body, tuple[tuple[Meeting, tuple[Sentence, ...]], ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTaken(Screen):
    """A text was kept; what is it?"""

    draft: Draft
    name: str
