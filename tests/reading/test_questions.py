"""Questions: what a reader asks has its sentence in every language, with everything the sentence names."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import meetings.reading
from meetings.reading.agenda import read_agenda
from meetings.reading.moments import read_dates
from meetings.reading.questions import Choice, Question, ask
from meetings.reading.roster import read_roster
from tests.reading.pasted import LANGUAGES, data
from texts import wording
from texts.catalogue import messages

TODAY = date(2027, 2, 1)
CODE = "\n".join(path.read_text(encoding="utf-8") for path in Path(meetings.reading.__file__).parent.glob("*.py"))
ASKED = {f"reading.{key}" for key in re.findall(r'(?:point_out|ask)\(\s*"(\w+)"', CODE)}
NAMED = (
    set(re.findall(r'"(reading\.\w+)"', CODE))
    | ASKED
    | {f"reading.{key}" for key in re.findall(r'return "(\w+_(?:differs?|missing))"', CODE)}
)


def test_every_sentence_of_the_catalogue_is_asked_and_the_other_way_round() -> None:
    known = {key for key in messages("fi") if key.startswith("reading.")}
    assert known == NAMED | {"reading.no_date", "reading.nothing_readable"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_invented_meetings_ask_can_be_said(language: str) -> None:
    questions = [
        *read_agenda(data(f"{language}_agenda")).questions,
        *read_roster(data(f"{language}_roster")).questions,
        *read_dates(data(f"{language}_dates"), TODAY).questions,
    ]
    said = [wording(language, one.key, **dict(one.params)) for one in questions]
    said += [wording(language, choice.key, **dict(choice.params)) for one in questions for choice in one.choices]
    assert len(said) == len(questions) + sum(len(one.choices) for one in questions)
    assert not [one for one in said if "{" in one or "None" in one or not one]


def test_the_odd_time_is_asked_about_in_words() -> None:
    (question,) = read_dates(data("fi_dates"), TODAY).questions
    assert wording("fi", question.key, **dict(question.params)) == (
        "Kokous 10.11.2027 alkaisi klo 11.30 ja päättyisi klo 13.30, muut alkavat klo 10.00 ja päättyvät klo 12.00."
    )
    assert [wording("fi", one.key, **dict(one.params)) for one in question.choices] == [
        "kuten kirjoitettu",
        "alkaa klo 10.00, päättyy klo 12.00",
    ]


CHOICES = (Choice("a", "reading.choice_vacant"), Choice("b", "reading.choice_on_leave"))


@pytest.mark.parametrize(
    ("answers", "answer", "answered"),
    [({}, "a", False), ({"r1.no_member": "b"}, "b", True), ({"r1.no_member": "c"}, "a", False), ({"r2.no_member": "b"}, "a", False)],
)
def test_an_answer_is_the_one_given_else_the_first_understanding(answers: dict[str, str], answer: str, *, answered: bool) -> None:
    assert ask("no_member", 0, "r1", CHOICES, answers, name="N.N.") == Question(
        "reading.no_member", (("name", "N.N."),), 0, "r1.no_member", CHOICES, answer, answered
    )
