"""Screens as Adaptive Cards: pure, no await anywhere in this folder. `render` is the only way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards import agenda, attendance, guide, minutes, planning, record, seats, setup
from cards.kit import Card
from meetings.screens.base import Screen

# `Any`: each function takes its own screen; tests/test_registry.py checks the pairing.
CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    **agenda.CARDS,
    **attendance.CARDS,
    **guide.CARDS,
    **minutes.CARDS,
    **planning.CARDS,
    **record.CARDS,
    **seats.CARDS,
    **setup.CARDS,
}


def render(screen: Screen, language: str, nonce: str, address: Callable[[str], str] = str) -> dict[str, Any]:
    """The card of a screen. `nonce` marks this rendering so that a repeated press is known; `address` makes a link of a document's id."""
    card = Card(language, nonce, address)
    card.notice(screen.notice, wrong=screen.wrong)
    CARDS[type(screen)](card, screen)
    return card.finish(screen.steps)
