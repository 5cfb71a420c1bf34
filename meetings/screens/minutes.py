"""Screens of the minutes: the desk, the round on the board, comments and approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meetings.model import Body, Comment, Document, Meeting, Person, Round
from meetings.screens.base import OnBoard, Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesDesk(Screen):
    """The secretary's view: the documents, the round, and the form that sends them for comments. `stopped`: why not approved. `unheard`:
    the seats that approve by silence and were reached by nothing, told when the minutes have just been sent."""

    body: Body
    meeting: Meeting
    documents: tuple[Document, ...]
    deadline: str
    answered: int
    asked: int
    stopped: str = ""
    unheard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOnBoard(OnBoard):
    """The board's card of a comment round; also the answer to a member's press on it."""

    body: Body
    meeting: Meeting
    sent: Round
    documents: tuple[Document, ...]
    answered: int
    asked: int
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentForm(Screen):
    """A member's form: on which §, what, whether a change is proposed; filled with what was typed."""

    body: Body
    meeting: Meeting
    item_id: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentsShown(Screen):
    """All comments of a meeting's minutes on the desk, a page at a time, unanswered first."""

    body: Body
    meeting: Meeting
    comments: tuple[Comment, ...]
    people: Mapping[str, Person]
    page: int
    pages: int
    typed_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedOnBoard(OnBoard):
    """Approved and locked minutes, with how and when, the documents and their hash."""

    body: Body
    meeting: Meeting
    documents: tuple[Document, ...]
