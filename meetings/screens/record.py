"""Screens of recording: the item on the desk and the forms beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Attachment, Body, Item, Meeting, Person
from meetings.rules.presence import Quorum
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDesk(Screen):
    """One item for recording; the texts are what is stored, or what was typed when it was refused."""

    body: Body
    meeting: Meeting
    item: Item
    handling: str
    discussion: str
    decision: str
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
    """Who stands aside for the item, why, when, and which deputy sits. `deputies` are those of all seats."""

    body: Body
    meeting: Meeting
    item: Item
    people: Mapping[str, Person]
    present: tuple[str, ...]
    deputies: tuple[str, ...]
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
    chair_choice: str


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
class ClosingLacks(Screen):
    """The items that lack an outcome; each is a button."""

    body: Body
    meeting: Meeting
    items: tuple[Item, ...]
    at: str
