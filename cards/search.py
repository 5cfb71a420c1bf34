"""Cards of looking for decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from meetings import commands as c
from meetings.model import Outcome, Phase
from meetings.rules.search import LONGEST
from meetings.screens.base import Screen
from meetings.screens.search import DecisionRow, DecisionsFound, SearchForm
from texts import format_date


def search_form(card: Card, screen: SearchForm) -> None:
    card.heading(card.t("search.title"), subtitle=screen.body.name if screen.body else card.t("search.own_bodies"))
    card.line("search.how")
    _field(card, screen)


def decisions_found(card: Card, screen: DecisionsFound) -> None:
    card.heading(card.t("search.title"), subtitle=screen.body.name if screen.body else card.t("search.own_bodies"))
    if screen.rows:
        card.line("search.found", count=screen.count, text=screen.text)
    else:
        card.line("search.nothing", text=screen.text)
        card.line("search.what_to_try")
    for row in screen.rows:
        _row(card, row, named=screen.body is None)
    if more := screen.count - len(screen.rows):
        card.line("search.more", count=more)
    _field(card, screen)


def _row(card: Card, row: DecisionRow, *, named: bool) -> None:
    meeting, item = row.found.meeting, row.found.item
    card.subheading(f"§ {item.section} {item.title}" if item.section is not None else item.title)
    day = format_date(card.language, meeting.day, weekday=True)
    state = "" if meeting.phase is Phase.APPROVED else card.t("search.not_approved")
    where = card.t("search.where", number=meeting.designation, day=day)
    card.words(" · ".join(part for part in (row.body.name if named else "", where, state) if part))
    if item.outcome is not Outcome.NONE:
        card.subtle(f"stock.{item.outcome}")
    if row.found.sentence:
        if row.found.proposed:
            card.subtle("search.of_proposal")
        card.typed(row.found.sentence, limit=400)
    whose = f" ({row.body.name})" if named else ""
    if row.documents:
        card.documents(row.documents, of=f"{meeting.designation}, {row.body.name}" if named else meeting.designation)
    elif row.way is not None:
        card.buttons([(row.way, card.t("search.open", number=meeting.designation, section=str(item.section or item.position)) + whose)])


def _field(card: Card, screen: SearchForm) -> None:
    card.text_input("text", card.t("search.words"), screen.text, required=True, length=LONGEST)
    card.submit(c.SearchDecisions(body_id=screen.body.id if screen.body else "", wide=screen.body is None))


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {SearchForm: search_form, DecisionsFound: decisions_found}
