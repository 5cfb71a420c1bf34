"""Screens as Adaptive Cards: pure, no await anywhere in this folder. `render` is the only way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards import agenda, answers, attendance, guide, minutes, people, planning, polls, quotes, record, search, seats, setup
from cards.kit import QUOTED, VERSION, Card, Frame, fits
from meetings.screens.base import OnBoard, Screen
from meetings.screens.quotes import Quote

# `Any`: each function takes its own screen; tests/test_registry.py checks the pairing.
CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    **agenda.CARDS,
    **answers.CARDS,
    **attendance.CARDS,
    **guide.CARDS,
    **minutes.CARDS,
    **people.CARDS,
    **planning.CARDS,
    **polls.CARDS,
    **quotes.CARDS,
    **record.CARDS,
    **search.CARDS,
    **seats.CARDS,
    **setup.CARDS,
}


# A card that is too large is made again with less room for its texts; the documents and the forms have them whole.
SHARES = (1, 0.5, 0.25, 0.1, 0.05)


def render(screen: Screen, language: str, nonce: str, address: Callable[[str], str] = str, frame: Frame = Frame.MESSAGE) -> dict[str, Any]:
    """The card of a screen. `nonce` marks this rendering so that a repeated press is known; `address` makes a link of a document's id."""
    made: dict[str, Any] = {}
    for share in SHARES:
        card = Card(language, nonce, address, share, QUOTED if isinstance(screen, Quote) else VERSION, frame)
        card.notice(screen.notice, wrong=screen.wrong)
        CARDS[type(screen)](card, screen)
        if isinstance(screen, OnBoard):
            card.own(screen.own)
            card.again(screen.again, screen.viewers)
        made = card.finish(screen.steps)
        if fits(made):
            break
    return made
