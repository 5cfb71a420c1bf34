"""Typed text is shown as it was typed, large cards get smaller, and what a client does not send is told apart from what it empties."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cards.actions import NOTHING, pack, unpack
from cards.kit import LONGEST_VALUE, PARAGRAPHS, Card, Frame, escape, fits
from meetings import commands as c
from tests.cards import rules
from tests.nasty import CARD

MARKUP = st.text(st.sampled_from("ab1.) \n*_`~[]()<>!#-+=|&;\\{}:/\"'0x§é")) | st.text(st.characters(exclude_characters="\x00\r"))


def blanks(text: str) -> str:
    return " ".join(text.split())


def text_of(card: dict[str, Any], kind: str) -> list[str]:
    return [str(one["text"]) for one in rules.of_type(card, kind)]


@given(MARKUP)
@example(CARD)
@example("{{{DATE(2026-05-11T10:00:00Z)}}")
@example("a\n===")
@example("-\n-")
@example("&amp;lt;")
def test_a_typed_text_is_seen_as_it_was_typed(text: str) -> None:
    assert rules.visible(escape(text)) == blanks(text)
    assert rules.formatting(escape(text)) == []
    assert "{{" not in escape(text)


@pytest.mark.parametrize(
    "text", ["Vuosi 2026: 4 § ja 5.5. – (liite 1), C#, a > b, a-b, {x}", "klo 10.00–12.00", "https://saaret.example/a/b"]
)
def test_a_plain_text_needs_no_escaping(text: str) -> None:
    assert escape(text) == text


def test_a_typed_paragraph_is_a_run_that_reads_no_markdown() -> None:
    card = Card("fi", "n")
    card.typed("*a*\n\n  1. b  \n{{TIME(x)}}")
    assert text_of(card.finish(), "TextRun") == ["*a*", "1. b", "{\u2060{TIME(x)}}"]


def test_a_long_typed_text_is_cut() -> None:
    card = Card("fi", "n")
    card.typed("x" * 100, limit=50)
    card.typed("a\n" * 100)
    one, *many = text_of(card.finish(), "TextRun")
    assert one == "x" * 49 + "…"
    assert many == ["a"] * (PARAGRAPHS - 1) + ["…"]


def test_a_value_no_card_can_hold_is_left_out_and_said() -> None:
    card = Card("fi", "n")
    card.text_input("text", "Teksti", "😀" * (LONGEST_VALUE // 2 + 1), lines=True)
    card.text_input("other", "Muu", "x" * LONGEST_VALUE, lines=True)
    made = card.finish()
    assert [one.get("value", "") for one in rules.inputs(made)] == ["", "x" * LONGEST_VALUE]
    assert text_of(made, "TextBlock") == [card.t("input.text_not_shown", label="Teksti", length=LONGEST_VALUE // 2 + 1)]
    assert fits(made)


def test_an_emptied_text_is_empty_and_one_that_was_not_there_is_none() -> None:
    """Clients send no input that is empty; what they send is merged over the button's data."""
    card = Card("fi", "n")
    card.text_input("decision", "Päätös", "Hyväksyttiin.")
    card.submit(c.RecordItem(item_id="i1"))
    card.buttons([c.ShowItem(item_id="i1")])
    save, away = rules.of_type(card.finish(), "Action.Execute")
    assert unpack(save["data"]) == (c.RecordItem(item_id="i1", decision=""), "n")
    assert unpack(save["data"] | {"decision": "Hylättiin."}) == (c.RecordItem(item_id="i1", decision="Hylättiin."), "n")
    assert away["associatedInputs"] == "none"


def test_a_forms_own_button_takes_its_inputs_along_even_where_it_only_shows_something() -> None:
    card = Card("fi", "n")
    card.choice_input("seat_id", "Paikka", [("s1", "1.")])
    card.submit(c.ShowSeat())
    card.buttons([c.ShowSeat(seat_id="s2")])
    chosen, away = rules.of_type(card.finish(), "Action.Execute")
    assert "associatedInputs" not in chosen
    assert away["associatedInputs"] == "none"


def test_a_long_text_beside_others_has_a_card_of_its_own() -> None:
    card = Card("fi", "n")
    edit = c.ShowItem(item_id="i1", part="decision")
    card.long_input("decision", "Päätös", "x" * 9000, edit, here=False, length=20_000)
    card.long_input("handling", "Käsittely", "", edit, here=False, length=20_000)
    made = card.finish()
    assert rules.inputs(made) == []
    assert text_of(made, "TextRun") == ["x" * 399 + "…"]
    assert [unpack(one["data"])[0] for one in rules.of_type(made, "Action.Execute")] == [edit]


def test_more_buttons_than_a_client_shows_stand_in_more_rows() -> None:
    card = Card("fi", "n")
    card.buttons([(c.ShowItem(item_id=str(n)), f"§ {n}") for n in range(14)])
    made = card.finish([c.ShowStatus(), c.ShowHelp()] * 4)
    assert [len(row["actions"]) for row in rules.of_type(made, "ActionSet")] == [6, 6, 2, 8]
    assert [one.get("mode") for one in rules.of_type(made, "Action.Execute")][-2:] == ["secondary"] * 2
    assert rules.buttons_are_few(made) == []


def test_the_fallback_is_plain_text() -> None:
    card = Card("fi", "n")
    card.heading("*Saarten* ohjausryhmä")
    assert card.finish()["fallbackText"] == "*Saarten* ohjausryhmä"


def test_choosing_nothing_comes_back_as_nothing() -> None:
    """It has a value of its own on the card, is chosen unless something else is, and means an empty text."""
    card = Card("fi", "n")
    card.choice_input("item_id", "Asia", (("", "Koko pöytäkirja"), ("i1", "Asia 1")))
    (chosen,) = rules.of_type(card.finish(), "Input.ChoiceSet")
    assert chosen["value"] == chosen["choices"][0]["value"] == NOTHING
    command = pack(c.CommentMinutes(meeting_id="m"), "n")
    assert unpack(command | {"item_id": NOTHING})[0] == c.CommentMinutes(meeting_id="m", item_id="")


def test_people_are_chosen_from_a_list_or_found_in_teams() -> None:
    """Where nobody can be found, the choice can be taken back, and is not there when there is nobody."""
    people = [(f"p{n}", f"Henkilö {n}") for n in range(3)]
    message, teams = Card("fi", "n"), Card("fi", "n", frame=Frame.TEAMS)
    for card in (message, teams):
        card.people_input("one", "Jäsen", people, "p1")
        card.people_input("away", "Jäsen", people, "found in Teams")
        card.people_input("none", "Jäsen", [])
    listed = {one["id"]: (one["value"], len(one["choices"])) for one in rules.of_type(message.finish(), "Input.ChoiceSet")}
    assert listed == {"one": ("p1", 4), "away": (NOTHING, 4)}
    found = {one["id"]: (one.get("value"), len(one["choices"]), one["style"]) for one in rules.of_type(teams.finish(), "Input.ChoiceSet")}
    assert found == {"one": ("p1", 3, "filtered"), "away": (None, 3, "filtered"), "none": (None, 0, "filtered")}
