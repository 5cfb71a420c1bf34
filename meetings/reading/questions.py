"""What a reader asks instead of guessing; the sentences live in the catalogues under `reading.`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Params = tuple[tuple[str, object], ...]
NO_ANSWERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question. `value` is what the reader understands when it comes back, `key` and `params` its sentence."""

    value: str
    key: str
    params: Params = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A doubt of a reader, with the sentence `key`. `item` is the index of the item, seat or date it is about, None for the whole.

    `id` is the same each time the same text is read. Without `choices` it only points something out. `answer` is the value of the
    choice in force: the one given, else the reader's first understanding, which is the first choice.
    """

    key: str
    params: Params = ()
    item: int | None = None
    id: str = ""
    choices: tuple[Choice, ...] = ()
    answer: str = ""
    answered: bool = False


def point_out(key: str, item: int | None = None, /, **params: object) -> Question:
    """A question without choices."""
    return Question(f"reading.{key}", tuple(params.items()), item)


def ask(key: str, item: int | None, place: str, choices: tuple[Choice, ...], answers: Mapping[str, str], /, **params: object) -> Question:
    """A question with choices; an answer that is none of them counts as not given. `place` makes the id unique in the text."""
    question_id = f"{place}.{key}"
    given = answers.get(question_id, "")
    answered = given in {one.value for one in choices}
    return Question(f"reading.{key}", tuple(params.items()), item, question_id, choices, given if answered else choices[0].value, answered)
