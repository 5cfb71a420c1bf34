"""Questions about a text that was read, as every reading's card shows them."""

from __future__ import annotations

from collections.abc import Sequence

from cards.kit import Card
from meetings import commands as c
from meetings.model import Draft
from meetings.reading.questions import Choice, Question

# So many are shown at a time; the next come when these are answered.
AT_ONCE = 5
POINTED_OUT = 12


def questions(card: Card, draft: Draft, asked: Sequence[Question]) -> None:
    """What the reader points out, and its open questions with their choices as buttons and the understanding now in force."""
    for one in [one for one in asked if not one.choices][:POINTED_OUT]:
        card.line(one.key, **dict(one.params))
    waiting = [one for one in asked if one.choices and not one.answered]
    if not waiting:
        return
    card.subheading(card.t("drafts.questions", count=len(waiting)))
    shown = waiting[:AT_ONCE]
    for place, one in enumerate(shown, start=1):
        # Several questions have the same choices: the number says whose a button is.
        mark = f"({place}) " if len(shown) > 1 else ""
        card.asked(mark, one.key, **dict(one.params))
        in_force = next(choice for choice in one.choices if choice.value == one.answer)
        card.subtle("drafts.in_force", choice=_words(card, in_force))
        card.buttons(
            [
                (c.AnswerQuestion(draft_id=draft.id, question=one.id, choice=choice.value), mark + _words(card, choice))
                for choice in one.choices
            ]
        )
    if len(waiting) > AT_ONCE:
        card.subtle("drafts.more_questions", count=len(waiting) - AT_ONCE)


def unplaced(card: Card, key: str, rest: Sequence[str]) -> None:
    """The lines that were not understood: shown, never lost."""
    if rest:
        card.line(key)
        card.typed("\n".join(rest))


def _words(card: Card, choice: Choice) -> str:
    return card.t(choice.key, **dict(choice.params))
