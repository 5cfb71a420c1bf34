"""Every command has its whole story: access, use case, typed words, button, help line, docs row; names the one that lacks a part."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import pytest

from cards.actions import pack, unpack
from cards.kit import VARIANTS
from meetings import commands
from meetings.access import ACCESS, Right
from meetings.commands import Command, stem
from meetings.use_cases import HANDLERS, VIEWS
from meetings.use_cases.guide import TYPED
from texts import LANGUAGES, words
from texts.catalogue import messages, placeholders
from texts.check import faults

ROOT = Path(__file__).parent.parent
ALL = [one for one in vars(commands).values() if isinstance(one, type) and issubclass(one, Command) and one is not Command]
PRESSED = [
    one
    for one in ALL
    if ACCESS[one].right not in {Right.CLOCK, Right.QUOTE} and one not in {commands.Welcome, commands.AskAgain, commands.TakeText}
]


@pytest.mark.parametrize("command", ALL, ids=stem)
def test_a_command_has_an_access_rule_and_a_use_case(command: type[Command]) -> None:
    assert command in ACCESS
    assert command in HANDLERS
    assert HANDLERS[command].__name__ == stem(command)


@pytest.mark.parametrize("command", PRESSED, ids=stem)
def test_a_command_has_a_button_in_every_language(command: type[Command]) -> None:
    for language in LANGUAGES:
        keys = [key for key in messages(language) if key == f"button.{stem(command)}" or key.startswith(f"button.{stem(command)}.")]
        assert keys, f"button.{stem(command)} ({language})"


@pytest.mark.parametrize("command", TYPED, ids=stem)
def test_a_typed_command_has_words_and_a_help_line(command: type[Command]) -> None:
    for language in LANGUAGES:
        assert messages(language).get(f"does.{stem(command)}"), f"does.{stem(command)} ({language})"
        assert words(language, f"words.{stem(command)}")[0]


def test_no_word_means_two_commands() -> None:
    owners: dict[str, str] = {}
    for language in LANGUAGES:
        for key in messages(language):
            if key.startswith("words."):
                for word in words(language, key):
                    assert owners.setdefault(word, key) == key, word


@pytest.mark.parametrize("command", PRESSED, ids=stem)
def test_a_button_comes_back_as_the_same_command(command: type[Command]) -> None:
    values = {field.name: "x1" for field in fields(command) if field.type == "str" and field.metadata != commands.FROM_TURN}
    sent = command(**values)
    assert unpack(pack(sent, "n1")) == (sent, "n1")


def test_what_the_turn_fills_in_is_not_taken_from_a_card() -> None:
    forged = {"verb": "take_template", "name": "pohja.docx", "template_id": "somebody-elses"}
    assert unpack(forged) == (commands.TakeTemplate(name="pohja.docx"), "")


def test_variants_name_fields() -> None:
    known = {stem(one): {field.name for field in fields(one)} for one in ALL}
    assert all(set(names) <= known[name] for name, names in VARIANTS.items())


def test_views_are_of_commands_with_use_cases() -> None:
    assert set(VIEWS) <= set(HANDLERS)


def test_the_catalogues_are_complete() -> None:
    assert faults() == []


def test_every_refusal_has_its_sentence() -> None:
    """A key in the code that no catalogue has would reach a person as a fault of ours; so would a name its sentence asks for in vain."""
    wrong = []
    for path in (one for folder in ("meetings", "storage", "documents", "bot", "cards") for one in (ROOT / folder).glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            first = node.args[0]
            if node.func.id in {"Refused", "NotAllowed", "NotFound", "Stale", "sentence"} and isinstance(first, ast.Constant):
                given = {one.arg for one in node.keywords}
                text = messages("fi").get(str(first.value))
                wanted = set().union(*map(placeholders, text if isinstance(text, tuple) else (text,))) if text else {"a text"}
                # What a rule does not know, such as a name, its use case adds.
                if None not in given and not wanted <= given and (text is None or path.parent.name != "rules"):
                    wrong.append((path.name, node.lineno, first.value, sorted(wanted - given)))
    assert wrong == []


def test_nothing_imports_the_composition_root() -> None:
    for path in ROOT.glob("*/**/*.py"):
        if path.parts[len(ROOT.parts)] in {".venv", "node_modules", "tests", "bench", "tools"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert "app" not in names, path
