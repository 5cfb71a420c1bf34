"""Screens as Adaptive Cards: pure, no await anywhere in this folder. `render` is the only way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards import guide
from cards.kit import Card
from meetings.screens.base import Screen

# `Any`: each function takes its own screen; tests/test_registry.py checks the pairing.
CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    **guide.CARDS,
}


def render(screen: Screen, language: str, nonce: str) -> dict[str, Any]:
    """The card of a screen. `nonce` marks this rendering, so that a press that is sent again is known."""
    card = Card(language, nonce)
    card.notice(screen.notice, wrong=screen.wrong)
    CARDS[type(screen)](card, screen)
    return card.finish(screen.steps)
