"""Screens of recording: the item on the desk, the forms beside it, and closing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from meetings.model import Attachment, Body, Item, Meeting, Person
from meetings.rules.presence import Quorum
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDesk(Screen):
    """One item for recording. `texts`: handling, discussion and decision as stored, or as typed when they were refused. `parts`: those of
    them that can be edited on this card; `seen`: which texts it shows, for the buttons. `at_hand`: the item the meeting is in."""

    body: Body
    meeting: Meeting
    item: Item
    texts: Mapping[str, str]
    parts: tuple[str, ...]
    seen: str
    at_hand: Item | None
    attachments: tuple[Attachment, ...]
    people: Mapping[str, Person]
    quorum: Quorum


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachForm(Screen):
    body: Body
    meeting: Meeting
    item: Item
    title: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisqualifyForm(Screen):
    """Who stands aside for the item, why, when, and which deputy sits; a deputy is named together with whom they would sit for."""

    body: Body
    meeting: Meeting
    item: Item
    people: Mapping[str, Person]
    present: tuple[str, ...]
    deputies: tuple[tuple[str, str], ...]
    person_id: str
    ground: str
    left_at: str
    back_at: str
    deputy_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteForm(Screen):
    body: Body
    meeting: Meeting
    item: Item
    voices: int
    counter_proposal: str
    votes_for: str
    votes_against: str
    blank: str
    secret: bool
    tie: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DissentForm(Screen):
    body: Body
    meeting: Meeting
    item: Item
    people: Mapping[str, Person]
    present: tuple[str, ...]
    person_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing(Screen):
    """Closing the meeting: when, or which items lack an outcome; each of those is a button. `late`: who said so and never came in.
    `ended`: when the call in Teams ended, which is suggested as the time."""

    body: Body
    meeting: Meeting
    items: tuple[Item, ...]
    at: str
    late: tuple[str, ...] = ()
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesForm(Screen):
    """The times of opening and closing, as stored or as typed."""

    body: Body
    meeting: Meeting
    opened: str
    closed: str
