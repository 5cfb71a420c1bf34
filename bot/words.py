"""Typed text → command: the words of the catalogues in all three languages, tried longest first. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from cards.actions import BY_STEM
from cards.kit import VARIANTS
from meetings import commands as c
from meetings.commands import Command, stem
from meetings.use_cases.guide import TYPED
from texts import LANGUAGES, words
from texts.catalogue import messages

# The field that takes what is typed after the word.
REST = {
    c.SetUpBody: "name",
    c.ReadRoster: "text",
    c.PlanMeeting: "text",
    c.ReadDates: "text",
    c.MoveMeeting: "text",
    c.CancelMeeting: "reason",
    c.ReadAgenda: "text",
    c.AddItem: "title",
    c.OpenMeeting: "at",
    c.CloseMeeting: "at",
    c.SendMinutes: "deadline",
    c.CommentMinutes: "text",
    c.ShowItem: "section",
    c.SearchDecisions: "text",
}
# Those that take a text of many lines. Another word with such a text behind it is the text's own first word: a memo begins with "Memo".
WHOLE = frozenset({c.ReadRoster, c.ReadDates, c.ReadAgenda, c.CommentMinutes, c.CancelMeeting, c.AddItem})
# What is done at the word alone. With more behind it ("no comments but on § 3") it may mean the opposite: asked, with these beside.
OUTRIGHT: Mapping[type[Command], tuple[type[Command], ...]] = {
    c.PublishAgenda: (c.ShowAgenda,),
    c.SignIn: (),
    c.FindQuorum: (),
    c.AnswerNoComments: (c.CommentMinutes,),
    c.CheckMinutes: (c.CommentMinutes,),
    c.ApproveMinutes: (),
}
PASTE = 200
_LANGUAGE_NAMES = {"suomi": "fi", "suomeksi": "fi", "finska": "fi", "finnish": "fi", "svenska": "sv", "ruotsi": "sv", "swedish": "sv"}
_LANGUAGE_NAMES |= {"english": "en", "englanti": "en", "engelska": "en"}


@dataclass(frozen=True, slots=True)
class _Word:
    stem: str
    field: str
    variant: str


def read_text(text: str) -> Command:
    """The command a text asks for. A long or many-lined text without a command word is kept and asked about; else the nearest words."""
    text = text.strip()
    if not text:
        return c.ShowHelp()
    folded = _folded(text)
    if folded in _LANGUAGE_NAMES:
        return c.ChooseLanguage(language=_LANGUAGE_NAMES[folded])
    lines = text.count("\n")
    pasted = len(text) > PASTE or lines > 0
    for word, rest in _begun(text, _words()):
        command = BY_STEM[_words()[word].stem]
        if rest and command in OUTRIGHT:
            return c.AskAgain(text=text, nearest=(stem(command), *(stem(one) for one in OUTRIGHT[command])))
        if rest and command not in WHOLE and pasted and (command not in REST or lines != 1 or len(text) > PASTE):
            return c.TakeText(text=text)
        return _command(_words()[word], rest)
    if pasted:
        return c.TakeText(text=text)
    first, *_ = folded.split() or [folded]
    near = get_close_matches(" ".join(folded.split()[:3]), _words(), n=3, cutoff=0.6) or get_close_matches(first, _words(), n=3, cutoff=0.6)
    return c.AskAgain(text=text, nearest=tuple(dict.fromkeys(_words()[word].stem for word in near)))


def language_of(text: str) -> str:
    """The language a typed command word belongs to, when only one has it; else empty."""
    found = {language for word, _ in _begun(text.strip(), _speakers()) for language in _speakers()[word]}
    return found.pop() if len(found) == 1 else ""


def _command(word: _Word, rest: str) -> Command:
    command = BY_STEM[word.stem]
    values: dict[str, object] = {word.field: word.variant} if word.field else {}
    if command is c.ChooseLanguage:
        values["language"] = _LANGUAGE_NAMES.get(_folded(rest), "")
    elif rest and command in REST:
        values[REST[command]] = rest
    return command(**values)


@cache
def _words() -> dict[str, _Word]:
    found: dict[str, _Word] = {}
    for language in LANGUAGES:
        for command in TYPED:
            name = stem(command)
            for word in _own_words(language, command):
                found.setdefault(_folded(word), _Word(name, "", ""))
            for field in VARIANTS.get(name, ()):
                prefix = f"words.{name}."
                for key in messages(language):
                    if key.startswith(prefix):
                        for word in words(language, key):
                            found[_folded(word)] = _Word(name, field, key.removeprefix(prefix))
    return found


def _own_words(language: str, command: type[Command]) -> tuple[str, ...]:
    key = f"words.{stem(command)}"
    return words(language, key) if key in messages(language) else ()


@cache
def _speakers() -> dict[str, set[str]]:
    """Each command word with the languages that have it."""
    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for command in TYPED:
            for word in _own_words(language, command):
                found.setdefault(_folded(word), set()).add(language)
    return found


@cache
def _lengths() -> tuple[int, ...]:
    return tuple(sorted({len(word) for word in _words()}, reverse=True))


def _begun(text: str, known: Container[str]) -> Iterator[tuple[str, str]]:
    """The known words that the text starts with, longest first, each with what follows it. The text is cut once for each length that words
    have: there are hundreds of words, and this is asked of every message."""
    for length in _lengths():
        word = _folded(text[:length])
        if len(word) == length and word in known and (rest := _after(text[length:])) is not None:
            yield word, rest


def _after(rest: str) -> str | None:
    """What is said behind a word, or None when the word goes on."""
    if rest[:1].isalnum() or rest[:1] in {"-", "_"}:
        return None
    return rest.lstrip(" \t:.!?,").strip() if "\n" not in rest[:2] else rest.strip()


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold().rstrip(".!?")
