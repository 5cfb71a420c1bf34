"""Dialogs of Teams: a form that a card's button opens in a window, and what comes of it. The form is the same as on a card.

https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/task-modules/task-modules-bots
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meetings import commands as c

FETCH, SUBMIT = "task/fetch", "task/submit"
# The forms that are shown there. Asked for, nothing else is done.
SHOWN: tuple[type[c.Command], ...] = (c.ShowItem, c.EditItem, c.ShowBody)
# When these are done there is nothing more to do there; after an item comes the next one.
LAST: tuple[type[c.Command], ...] = (c.ChangeBody, c.EditItem)
CARD = "application/vnd.microsoft.card.adaptive"
NAME = "Pykälä"


def dialog_of(card: Mapping[str, Any]) -> dict[str, Any]:
    """As long as there is something to fill in, the dialog goes on with it: with the next form, or with the same one, what was typed, and
    what is wrong with it. Else its words are said, and the dialog closes."""
    if not _asks(card):
        return {"task": {"type": "message", "value": card["fallbackText"]}}
    shown = {"title": NAME, "height": "large", "width": "large", "card": {"contentType": CARD, "content": card}}
    return {"task": {"type": "continue", "value": shown}}


def _asks(node: object) -> bool:
    if isinstance(node, list):
        return any(map(_asks, node))
    return isinstance(node, dict) and (str(node.get("type")).startswith("Input.") or any(map(_asks, node.values())))
