"""Each rule finds what it is for: one broken card a rule, and nothing on the whole one."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from cards.kit import Card
from meetings import commands as c
from tests.cards import rules

Made = dict[str, Any]


def good() -> Made:
    card = Card("fi", "n")
    card.heading("Otsikko")
    card.table(("Nro", "Jäsen"), [("1", "Elli Eskola")])
    card.facts((("Aika", "ma 11.5.2026"),))
    card.line("record.voted", given=2, against=1, blank=0)
    card.bars(card.t("record.voted", given=2, against=1, blank=0), (("Puolesta", 2, "good"), ("Vastaan", 1, "neutral")))
    card.text_input("title", "Otsikko", "Asia")
    card.choice_input("item_id", "Asia", (("i1", "Asia 1"), ("i2", "Asia 2")), "i1")
    card.toggle_input("online", "Teams-kokous", value=True)
    card.submit(c.AddItem(meeting_id="m"), title="Tallenna")
    return card.finish((c.ShowStatus(), c.ShowHelp()))


def one(card: Made, kind: str, place: int = 0) -> Any:
    return rules.of_type(card, kind)[place]


def put(kind: str, name: str, value: object, place: int = 0) -> Callable[[Made], None]:
    def change(card: Made) -> None:
        one(card, kind, place)[name] = value

    return change


def seven(card: Made) -> None:
    row = one(card, "ActionSet", 1)
    row["actions"] = [row["actions"][0]] * 7


def twice(card: Made) -> None:
    card["body"].insert(0, card["body"][0])


def picture(card: Made) -> None:
    card["body"].append({"type": "Image", "url": "https://pykala.example/a.png"})


BROKEN: list[tuple[Callable[[Made], list[str]], Callable[[Made], None]]] = [
    (rules.is_valid, put("AdaptiveCard", "version", "1.6")),
    (rules.is_valid, put("AdaptiveCard", "body", [])),
    (rules.is_valid, put("TextBlock", "size", "Gigantic")),
    (rules.is_valid, put("TextBlock", "unknown", "x")),
    (rules.is_valid, put("Action.Execute", "type", "Action.Unknown")),
    (lambda card: rules.names_its_language(card, "fi"), put("AdaptiveCard", "lang", "sv")),
    (lambda card: rules.names_its_language(card, "fi"), put("AdaptiveCard", "fallbackText", " ")),
    (rules.inputs_are_told, put("Input.Text", "id", "item_id")),
    (rules.inputs_are_told, put("Input.Text", "label", "")),
    (rules.inputs_are_told, put("Input.Text", "errorMessage", "")),
    (rules.inputs_are_told, put("Input.Toggle", "title", "")),
    (rules.inputs_are_told, put("Input.ChoiceSet", "value", "i3")),
    (rules.inputs_are_told, put("Input.ChoiceSet", "choices", [])),
    (rules.inputs_are_told, lambda card: one(card, "Input.ChoiceSet")["choices"][0].update(value="")),
    (rules.shows_what_was_typed, lambda card: one(card, "Input.ChoiceSet")["choices"][0].update(title="[x](http://evil.example)")),
    (rules.buttons_are_known, put("Action.Execute", "verb", "end_round")),
    (rules.buttons_are_known, put("Action.Execute", "verb", "show_help")),
    (rules.buttons_are_few, seven),
    (lambda card: rules.buttons_are_few(card, on_board=True), seven),
    (rules.buttons_are_told_apart, put("Action.Execute", "title", "Apua", 1)),
    (rules.buttons_are_told_apart, put("Action.Execute", "title", "")),
    (rules.is_small, put("TextBlock", "text", "x" * 40_000)),
    (rules.shows_what_was_typed, put("TextBlock", "text", "*x*")),
    (rules.shows_what_was_typed, put("TextBlock", "text", "# x")),
    (rules.shows_what_was_typed, put("TextBlock", "text", "{{DATE(2026-05-11T10:00:00Z)}}")),
    (rules.shows_what_was_typed, lambda card: one(card, "FactSet")["facts"][0].update(value="[x](http://evil.example)")),
    (rules.is_read_aloud, twice),
    (rules.is_read_aloud, picture),
    (rules.is_read_aloud, put("Table", "firstRowAsHeaders", False)),
    (rules.is_read_aloud, put("TextBlock", "text", "")),
    (rules.is_read_aloud, put("TextBlock", "wrap", False)),
    (rules.charts_are_told, put("Chart.HorizontalBar", "title", "Kolme ääntä")),
    (rules.charts_are_told, put("Chart.HorizontalBar", "fallback", None)),
    (rules.charts_are_told, put("Chart.HorizontalBar", "requires", {"charts": "1.0"})),
    (rules.charts_are_told, put("Chart.HorizontalBar", "data", [{"x": "Puolesta", "y": 0}])),
    (lambda card: rules.is_said_in(card, "fi"), put("TextBlock", "text", "agenda.title")),
    (lambda card: rules.is_said_in(card, "fi"), put("Input.Text", "label", "Kokous {number}")),
    (lambda card: rules.is_said_in(card, "fi"), put("Action.Execute", "title", "Save the meeting")),
]


@pytest.mark.parametrize("place", range(len(BROKEN)))
def test_a_rule_finds_what_is_broken(place: int) -> None:
    rule, breaking = BROKEN[place]
    card = good()
    assert rule(card) == []
    broken = deepcopy(card)
    breaking(broken)
    try:
        found = rule(broken)
    except ValueError as error:  # what the models do not even read
        found = [str(error)]
    assert found
