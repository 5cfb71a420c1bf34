"""Every card as its reader meets it: by eye in three themes and in a narrow pane, by ear, and with the Tab key."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from cards.kit import Card
from meetings import commands as c
from tests.cards import rules
from tests.cards.screens import SCREENS
from tests.look.client import NARROW, THEMES, WIDE, Look, Sample, made, sample
from texts import LANGUAGES

SMALL = [name for name in SCREENS if name.startswith("small")]
LARGE = [name for name in SCREENS if name.startswith("large")]
# What a client may show in a way of its own.
LOOKS = ("type", "style", "color", "weight", "isSubtle", "isMultiline", "isMultiSelect", "isRequired", "mode", "placeholder")


def kinds() -> list[str]:
    """As few screens as have every kind of element in every style."""
    seen: dict[str, set[tuple[Any, ...]]] = {
        name: {tuple(node.get(one) and str(node[one]) for one in LOOKS) for node in rules.nodes(sample(name, "fi")["card"])}
        for name in SMALL
    }
    chosen: list[str] = []
    left = set().union(*seen.values())
    while left:
        chosen.append(max(SMALL, key=lambda name: len(seen[name] & left)))
        left -= seen[chosen[-1]]
    return chosen


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_fits_a_narrow_pane_and_names_everything(look: Look, language: str) -> None:
    assert look.show([sample(name, language) for name in SMALL], width=NARROW) == {}
    assert look.faults() == {}


def test_what_is_long_fits_too(look: Look) -> None:
    """Full to the limit with what people type; the languages take turns."""
    assert look.show([sample(name, LANGUAGES[place % 3]) for place, name in enumerate(LARGE)], width=NARROW) == {}
    assert look.faults() == {}


def test_a_screen_reader_has_what_it_needs(look: Look) -> None:
    """No rule of axe is left out."""
    assert look.show([sample(name, "fi") for name in SMALL], width=WIDE) == {}
    assert look.violations() == {}
    assert look.faults() == {}


@pytest.mark.parametrize("theme", THEMES)
def test_everything_is_readable_in_every_theme(look: Look, theme: str) -> None:
    look.show([sample(name, "fi") for name in kinds()], theme)
    assert look.violations(only=("color-contrast", "link-in-text-block")) == {}


def test_the_tab_key_reaches_everything_once(look: Look) -> None:
    look.show([sample(name, "sv") for name in kinds()])
    assert look.wrong_stops() == []


def test_a_client_without_charts_leaves_out_nothing_else(look: Look) -> None:
    """The renderer knows no chart: what it shows is the card without it, and the numbers are there in words."""
    name = next(name for name in SMALL if rules.charts(sample(name, "fi")["card"]))
    drawn = sample(name, "fi")
    card = deepcopy(drawn["card"])
    card["body"] = [one for one in card["body"] if not one["type"].startswith("Chart.")]
    assert len(card["body"]) < len(drawn["card"]["body"])
    pages = []
    for one in (drawn, made(drawn["name"], card)):
        look.show([one])
        pages.append(look.page.inner_text("form"))
    assert pages[0] == pages[1]
    assert rules.charts(drawn["card"])[0]["title"] in pages[0]


# --- each check finds what it is for ---


def whole() -> Sample:
    card = Card("fi", "n")
    card.heading("Otsikko")
    card.table(("Nro", "Jäsen"), [("1", "Elli Eskola")])
    card.text_input("title", "Otsikko", "Asia")
    card.choice_input("item_id", "Asia", (("i1", "Asia 1"), ("i2", "Asia 2")), "i1")
    card.submit(c.AddItem(meeting_id="m"), title="Tallenna")
    return made("one", card.finish((c.ShowStatus(), c.ShowHelp())))


# What is broken in the page, and a word of what is said about it.
BROKEN = (
    ("all('label, [aria-labelledby]', (one) => { one.textContent = ''; one.removeAttribute('aria-labelledby'); })", "is called"),
    ("all('.ac-pushButton', (one) => one.setAttribute('aria-label', 'Auta'))", "two buttons"),
    ("all('.ac-adaptiveCard', (one) => { one.style.flexDirection = 'column-reverse'; })", "stands before it"),
    ("all('.ac-textBlock', (one) => { one.style.width = '900px'; })", "outside"),
    ("all('.ac-textBlock', (one) => { one.style.cssText += '; white-space: nowrap; overflow: hidden; width: 10px'; })", "cut off"),
    ("all('.ac-pushButton', (one) => { one.tabIndex = -1; })", "tabindex -1"),
    ("all('.ac-pushButton', (one) => { one.tabIndex = 3; })", "tabindex 3"),
)


@pytest.mark.parametrize(("breaking", "said"), BROKEN)
def test_a_fault_is_found(look: Look, breaking: str, said: str) -> None:
    look.show([whole()], width=NARROW)
    assert look.faults() == {}
    look.page.evaluate(f"() => {{ const all = (what, change) => document.querySelectorAll(what).forEach(change); {breaking} }}")
    assert any(said in fault for fault in look.faults()["one"])


def test_faults_of_axe_and_of_the_renderer_are_found(look: Look) -> None:
    assert look.show([whole()]) == look.violations() == {}
    look.page.evaluate("document.getElementById('stage').style.setProperty('--ink', '#999999')")
    assert "color-contrast" in look.violations()["one"][0]
    broken = whole()
    rules.of_type(broken["card"], "Input.ChoiceSet")[0]["choices"][0]["value"] = ""
    assert "All choices" in look.show([broken])["one"][0]


def test_a_wrong_stop_is_found(look: Look) -> None:
    look.show([whole()])
    assert look.wrong_stops() == []
    look.page.evaluate("document.querySelector('.ac-pushButton').addEventListener('focus', () => document.querySelector('input').focus())")
    assert look.wrong_stops() != []
