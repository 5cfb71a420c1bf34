"""The card of what is kept of oneself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from meetings.model import Capacity, Expert, Holding
from meetings.screens.base import Screen
from meetings.screens.people import MyData
from texts import format_date

# So many places are shown; more than that nobody can read on a card, and the administrator's file has them.
MOST_PLACES = 12


def my_data(card: Card, screen: MyData) -> None:
    person = screen.person
    card.heading(card.t("data.title"), subtitle=person.name)
    card.facts(
        (
            (card.t("data.email"), person.email),
            (card.t("data.account"), person.account_id),
            (card.t("data.language"), card.t(f"setup.language.{person.language}") if person.language else ""),
        )
    )
    if screen.places:
        rows = [(body.name, _place(card, one), _time(card, one)) for body, one in screen.places[-MOST_PLACES:]]
        card.table((card.t("data.body"), card.t("data.place"), card.t("data.time")), rows, (2, 2, 2))
    counts = [(card.t(f"data.{kind}"), str(count)) for kind, count in screen.counts]
    card.table((card.t("data.what"), card.t("data.count")), counts, (4, 1))
    card.line("data.whole")


def _place(card: Card, one: Holding | Expert) -> str:
    if isinstance(one, Expert):
        return card.t("data.expert")
    return card.t("seats.member" if one.capacity is Capacity.MEMBER else "seats.as_deputy")


def _time(card: Card, one: Holding | Expert) -> str:
    since, until = (format_date(card.language, day) if day else "" for day in (one.since, one.until))
    return f"{since}–{until}" if since or until else ""


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {MyData: my_data}
