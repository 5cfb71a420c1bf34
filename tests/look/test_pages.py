"""The pages of people without Teams, as they are met: in the light and in the dark, on a telephone, with a screen reader and with keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.answer_page import AnswerPage, AnswerState
from bot.comment_page import CommentPage, CommentState
from bot.personal_page import fill
from documents.outline import minutes_doc
from meetings.model import Document, Phase
from tests.cards.screens import SMALL, in_phase
from tests.look.client import Look
from texts import LANGUAGES

TELEPHONE = 320
WIDE = 900


def address(document: str, person: str) -> str:
    return f"https://pykala.example/documents/{document}"


def pages(language: str) -> Iterator[str]:
    """Each page with everything on it that it can have."""
    person = replace(SMALL.people["m1"], language=language)
    planned, review = in_phase(SMALL, Phase.PUBLISHED), in_phase(SMALL, Phase.REVIEW)
    agenda = Document("doc", "meeting", "agenda", "pdf", 1, "a.pdf", "0" * 64)
    asked = AnswerState(person, SMALL.body, planned, agenda, "present", ("Henkilö m2",), True, True, open=True, notice="Tallennettu.")
    yield AnswerPage(address).render(asked, {})
    yield AnswerPage(address).render(replace(asked, given="none", wanted=False, notice="", wrong="Ei tallennettu."), {})
    yield AnswerPage(address).render(replace(asked, open=False, notice=""), {})
    doc = minutes_doc(replace(SMALL.body, languages=(language,)), review, SMALL.people, upcoming=[], previous=None)
    running = CommentState(person, SMALL.body, review, doc, (replace(agenda, kind="round 2"),), "r2", running=True, notice="Tallennettu.")
    yield CommentPage(address).render(running, {})
    yield CommentPage(address).render(replace(running, running=False, notice="", wrong="Ei tallennettu."), {"text-i2": "Nimi on väärin."})
    yield fill("no_link.html", language)
    yield fill("away.html", language)


def test_a_screen_reader_has_what_it_needs_and_everything_is_readable(look: Look) -> None:
    """No rule of axe is left out."""
    with look.another() as opened:
        for html in pages("fi"):
            opened.page.set_content(html)
            opened.page.emulate_media(color_scheme="light")
            assert opened.violations() == {}
            opened.page.emulate_media(color_scheme="dark")
            assert opened.violations(only=("color-contrast", "link-in-text-block")) == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_fits_a_telephone_and_is_used_with_keys(look: Look, language: str) -> None:
    with look.another() as opened:
        for html in pages(language):
            opened.page.set_content(html)
            for width in (TELEPHONE, WIDE):
                opened.page.set_viewport_size({"width": width, "height": 800})
                assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
            assert opened.page.evaluate("[...document.querySelectorAll(CONTROLS)].filter((one) => one.tabIndex !== 0).length") == 0


def test_a_fault_of_a_page_is_found(look: Look) -> None:
    html = next(pages("fi")).replace("--ink: light-dark(#1c1b1a, #f2f1ef)", "--ink: light-dark(#1c1b1a, #444444)").replace('lang="fi"', "")
    with look.another() as opened:
        opened.page.set_content(html)
        assert "html-has-lang" in opened.violations()[""][0]
        opened.page.emulate_media(color_scheme="dark")
        assert any("color-contrast" in fault for fault in opened.violations()[""])
