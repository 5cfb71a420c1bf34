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
    # Addresses and ids have no place to break: each has a line of its own.
    for label, value in (
        ("data.email", person.email),
        ("data.account", person.account_id),
        ("data.language", card.t(f"setup.language.{person.language}") if person.language else ""),
    ):
        if value:
            card.explained(card.t(label), value)
    if screen.places:
        rows = [(body.name, f"{_place(card, one)}\n{_time(card, one)}".strip()) for body, one in screen.places[-MOST_PLACES:]]
        card.table((card.t("data.body"), card.t("data.place")), rows)
    counts = [(card.t(f"data.{kind}"), str(count)) for kind, count in screen.counts]
    card.table((card.t("data.what"), card.t("data.count")), counts, (3, 1))
    card.line("data.whole")


def _place(card: Card, one: Holding | Expert) -> str:
    if isinstance(one, Expert):
        return card.t("data.expert")
    return card.t("seats.member" if one.capacity is Capacity.MEMBER else "seats.as_deputy")


def _time(card: Card, one: Holding | Expert) -> str:
    since, until = (format_date(card.language, day) if day else "" for day in (one.since, one.until))
    return f"{since}–{until}" if since or until else ""


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {MyData: my_data}
