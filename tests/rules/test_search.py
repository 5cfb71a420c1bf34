"""Looking for decisions: which words are asked for, what is a decision, and which sentence answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meetings.model import Item, Outcome
from meetings.rules.search import asked_words, is_decision, telling_sentence, words_of

ITEM = Item("i", "m", 1, "Venesatama")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Tilinpäätös 2025", ("tilinpäätös", "2025")),
        ("Päätös-\nehdotus, ÄÄNESTYS!", ("päätös", "ehdotus", "äänestys")),
        ("ka\u00adlen\u00adteri", ("kalenteri",)),
        ("a\u0308a\u030a", ("äå",)),
        ("_*[]() \"'&|:!<->", ()),
        ("", ()),
    ],
)
def test_words_and_numbers_in_lower_case(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("satama ja ranta", ("satama", "ranta")),
        ("styrgruppens möte i Åbo", ("styrgruppens", "möte", "åbo")),
        ("satama Satama SATAMA", ("satama",)),
        ("12 §", ("12",)),
        ("ja", ("ja",)),
        ("...", ()),
    ],
)
def test_small_words_are_asked_for_only_alone(text: str, words: tuple[str, ...]) -> None:
    assert asked_words(text) == words


def test_what_has_an_outcome_or_a_text_is_a_decision() -> None:
    assert is_decision(replace(ITEM, outcome=Outcome.NOTED))
    assert is_decision(replace(ITEM, decision="Rakennetaan."))
    assert not is_decision(replace(ITEM, decision=" \n", proposal="Rakennetaan."))


DECISION = "Kokous kuuli selvityksen klo 10.30 asti. Venesatama rakennetaan 2027.\nKustannukset jaetaan."
PROPOSAL = "Hyväksytään suunnitelma. Venesataman kustannukset jaetaan tasan!"


@pytest.mark.parametrize(
    ("asked", "sentence", "place"),
    [
        (("venesatama",), "Venesatama rakennetaan 2027.", 0),
        (("kustannukset",), "Kustannukset jaetaan.", 0),
        (("venesatam", "kustannukset"), "Venesataman kustannukset jaetaan tasan!", 1),
        (("koulu",), "Kokous kuuli selvityksen klo 10.30 asti.", 0),
    ],
)
def test_the_sentence_with_most_of_the_words_answers(asked: tuple[str, ...], sentence: str, place: int) -> None:
    begins = [lambda word, lead=one: word.startswith(lead) for one in asked]
    assert telling_sentence((DECISION, PROPOSAL), begins) == (sentence, place)


def test_without_texts_there_is_no_sentence() -> None:
    assert telling_sentence((" ", ""), [str.isalpha]) == ("", 0)
    assert telling_sentence(("", "Esitys."), [str.isdigit]) == ("Esitys.", 1)
