"""Plain text stays plain, typed text keeps every word, and a structure holds texts only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.blocks import Bullets, Paragraph, as_data, plain
from documents.speech import content
from tests.documents.reading import doc


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Päätös", "Päätös"),
        ("Pa\u0308a\u0308to\u0308s", "Päätös"),
        ("a\x00b\x07c\x1bd\ud800e\ufffef\ufeffg", "abcdefg"),
        ("a\r\nb\rc\x0bd\u2028e", "a\nb\nc\nd\ne"),
        ("\uf0b7 kohta", "• kohta"),
        ("\u202eesrever\u202c", "esrever"),
        ("klo\u00a010.00 – 😀 中文", "klo\u00a010.00 – 😀 中文"),
    ],
)
def test_plain_keeps_text_and_drops_what_no_document_can_hold(typed: str, kept: str) -> None:
    assert plain(typed) == kept


@given(st.text())
def test_plain_has_nothing_left_to_drop(typed: str) -> None:
    assert plain(plain(typed)) == plain(typed)


def test_typed_text_becomes_paragraphs_and_lists() -> None:
    typed = "Ensin tämä.\n\n- yksi\n• kaksi\n  – kolme\n* tähti jää\n-5 astetta\n2020–2022\n"
    assert content(typed) == (
        Paragraph("Ensin tämä."),
        Bullets(("yksi", "kaksi", "kolme")),
        Paragraph("* tähti jää"),
        Paragraph("-5 astetta"),
        Paragraph("2020–2022"),
    )


@given(st.lists(st.text(alphabet="aä*#-–• 5\t\n", max_size=30)).map("\n".join))
def test_no_letter_of_typed_text_is_lost(typed: str) -> None:
    parts = content(typed)
    shown = "".join(text for part in parts for text in (part.entries if isinstance(part, Bullets) else (part.text,)))
    letters = [one for one in typed if one in "aä5*#"]
    assert [one for one in shown if one in "aä5*#"] == letters


def test_a_structure_holds_texts_only() -> None:
    with pytest.raises(TypeError, match="texts only, not int"):
        as_data(doc(Paragraph(5)))  # type: ignore[arg-type]  # the fault under test
