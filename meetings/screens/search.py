"""Screens of looking for decisions."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.commands import Command
from meetings.model import Body, Document
from meetings.ports import Decision
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchForm(Screen):
    """What to look for; `body` None = in all bodies of the person."""

    body: Body | None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """A decision that was found. It opens as the approved minutes (`documents`), else by `way`."""

    body: Body
    found: Decision
    documents: tuple[Document, ...] = ()
    way: Command | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsFound(SearchForm):
    """The best of `count` decisions, and the form again."""

    rows: tuple[DecisionRow, ...]
    count: int
