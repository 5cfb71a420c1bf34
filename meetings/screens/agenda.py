"""Screens of the agenda and the meeting's card on the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Body, Document, Draft, Item, Meeting, Person
from meetings.reading.agenda import AgendaReading
from meetings.rules.answers import Expected
from meetings.rules.presence import Quorum
from meetings.screens.base import OnBoard, Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaWanted(Screen):
    """How to send an agenda; `text` what was typed."""

    body: Body
    meeting: Meeting
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRead(Screen):
    """What the reader understood, a page of items at a time, with its questions. `added`: standing items that the text lacks."""

    body: Body
    meeting: Meeting
    draft: Draft
    reading: AgendaReading
    added: tuple[str, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaShown(Screen):
    """The agenda; on the desk (`editing`) each item opens for editing. `without_address`: the invited whom no invitation can reach, told
    when it has just been published."""

    body: Body
    meeting: Meeting
    items: tuple[Item, ...]
    documents: tuple[Document, ...]
    page: int
    pages: int
    editing: bool
    without_address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemForm(Screen):
    """One item's fields, as stored or as typed; `item` None for a new one. `parts`: those of its texts that can be edited on this card.
    `seen`: which texts of the item it was opened with, for the button."""

    body: Body
    meeting: Meeting
    item: Item | None
    title: str = ""
    presenter: str = ""
    proposal: str = ""
    earlier: str = ""
    rest: str = ""
    parts: tuple[str, ...] = ("proposal", "earlier", "rest")
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingOnBoard(OnBoard):
    """The root card of a meeting's thread: when and where, the agenda, what has been decided, who is expected until it is opened."""

    body: Body
    meeting: Meeting
    people: Mapping[str, Person]
    documents: tuple[Document, ...]
    quorum: Quorum
    expected: Expected | None
    changed: tuple[Item, ...]
    page: int
    pages: int
