"""Screens of the compose box: what a person may put as a card into a chat of others."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.model import Body, Item, Meeting
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Screen):
    """Approved minutes, or with an `item` one decision of theirs. Read by anybody who is in the chat: nothing here is of the handling, and
    the way to the minutes lets in only those who may read them there: `link`, to the channel's files, or else the post on the board, given
    by its ids as `(root, post)`."""

    body: Body
    meeting: Meeting
    item: Item | None = None
    link: str = ""
    post: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotes(Screen):
    """`quotes` of the `count` that there are. `notice` says why there are none."""

    quotes: tuple[Quote, ...] = ()
    count: int = 0
