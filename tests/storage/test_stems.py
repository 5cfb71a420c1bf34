"""A word is found in its other forms: how often, over words of meetings, beside what Snowball alone does (PostgreSQL's dictionaries)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import pytest
import snowballstemmer

from storage.stems import stem
from tests.storage.inflected import SEEN, UNSEEN, groups

NAMES = {"fi": "finnish", "sv": "swedish", "en": "english"}


def _share(text: str, by: Callable[[str], str]) -> float:
    """Of all pairs of forms of one word, how many have one stem."""
    pairs = [pair for forms in groups(text) for pair in permutations(forms, 2)]
    return sum(by(one) == by(other) for one, other in pairs) / len(pairs)


@pytest.mark.parametrize(("words", "least"), [(SEEN, {"fi": 0.92, "sv": 0.88, "en": 1.0}), (UNSEEN, {"fi": 0.94, "sv": 0.92, "en": 1.0})])
@pytest.mark.parametrize("language", NAMES)
def test_forms_of_a_word_have_one_stem(language: str, words: dict[str, str], least: dict[str, float]) -> None:
    assert _share(words[language], lambda word: stem(language, word)) >= least[language]


@pytest.mark.parametrize("words", [SEEN, UNSEEN], ids=["seen", "unseen"])
@pytest.mark.parametrize("language", ["fi", "sv"])
def test_what_is_done_here_is_worth_it(language: str, words: dict[str, str]) -> None:
    snowball = _share(words[language], snowballstemmer.stemmer(NAMES[language]).stemWord)
    assert _share(words[language], lambda word: stem(language, word)) > snowball + 0.09


@pytest.mark.parametrize("language", NAMES)
def test_different_words_have_different_stems(language: str) -> None:
    words = groups(SEEN[language]) + groups(UNSEEN[language])
    mixed = [
        (one, other)
        for place, forms in enumerate(words)
        for others in words[place + 1 :]
        for one, other in product(forms, others)
        if others[0] != forms[0] and stem(language, one) == stem(language, other)
    ]
    assert mixed == []


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("fi", "tilinpäätös", "tilinpäätöksen"),
        ("fi", "hankinnan", "hankintojen"),
        ("fi", "talousarvio", "talousarviosta"),
        ("fi", "määräraha", "määrärahan"),
        ("fi", "luvan", "lupa"),
        ("sv", "beslut", "besluten"),
        ("sv", "skolan", "skolor"),
        ("en", "budget", "budgets"),
    ],
)
def test_forms_that_people_ask_with(language: str, one: str, other: str) -> None:
    assert stem(language, one) == stem(language, other)


def test_a_short_word_keeps_something_and_an_unknown_language_everything() -> None:
    assert [len(stem("fi", word)) >= 2 for word in ("yö", "suo", "tie", "jää")] == [True] * 4
    assert stem("de", "häuser") == "häuser"
