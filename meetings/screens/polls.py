"""Screens of polls about dates."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.model import Body, Poll
from meetings.rules.polls import Suiting
from meetings.screens.base import OnBoard, Sentence


@dataclass(frozen=True, slots=True)
class PollRow:
    """A date of a poll under its number. `own`: what the reader has said, None for nothing or where all read it; `doubts` for the
    secretary."""

    number: int
    suiting: Suiting
    own: bool | None = None
    doubts: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollShown(OnBoard):
    """A poll with its dates, best first. `asking`: the reader can answer; `choosing`: the secretary can choose here."""

    body: Body
    poll: Poll
    rows: tuple[PollRow, ...]
    answered: int
    asking: bool
    choosing: bool
