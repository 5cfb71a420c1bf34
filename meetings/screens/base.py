"""What all screens share."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.commands import Command


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the catalogue with its parameters: text, numbers, dates and times (formatted at the edge)."""

    key: str
    params: tuple[tuple[str, object], ...] = ()


def sentence(key: str, **params: object) -> Sentence:
    return Sentence(key, tuple(params.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """`notice`: one sentence on top (what has just happened, or what is wrong). `steps`: what this person can do next, as buttons."""

    notice: Sentence | None = None
    wrong: bool = False
    steps: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBoard(Screen):
    """A card that stays on the board. Clients of the `viewers` (their ids in Teams) ask by `again` for the card as it is for them; `own`:
    what the person who looks has answered there."""

    again: Command | None = None
    viewers: tuple[str, ...] = ()
    own: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Screen):
    """A message that is one sentence and its buttons."""

    text: Sentence
