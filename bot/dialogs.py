"""Dialogs of Teams: a form that a card's button opens in a window, and what comes of it. The form is the same as on a card.

https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/task-modules/task-modules-bots
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meetings import commands as c

FETCH, SUBMIT = "task/fetch", "task/submit"
# The forms that are shown there. Asked for, nothing is recorded.
SHOWN: tuple[type[c.Command], ...] = (c.ShowItem, c.EditItem, c.ShowBody, c.CommentMinutes)
# When these are done there is nothing more to do there; after an item comes the next one.
LAST: tuple[type[c.Command], ...] = (c.ChangeBody, c.EditItem, c.CommentMinutes, c.AnswerNoComments)
CARD = "application/vnd.microsoft.card.adaptive"
NAME = "Pykälä"


def dialog_of(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card with a heading is shown in the dialog: the next form, or the same one with what was typed and what is wrong with it. One that
    is a mere sentence is said, and the dialog closes."""
    if not any(one.get("style") == "heading" for one in card["body"]):
        return {"task": {"type": "message", "value": card["fallbackText"]}}
    shown = {"title": NAME, "height": "large", "width": "large", "card": {"contentType": CARD, "content": card}}
    return {"task": {"type": "continue", "value": shown}}
