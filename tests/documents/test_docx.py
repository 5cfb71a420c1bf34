"""The Word file read back, and templates that are somebody's own, broken or hostile."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn

from documents.blocks import AttendanceRow, AttendanceTable, Bullets, Labelled, Paragraph, Section
from documents.default_template import TEMPLATE, template
from documents.docx import render_docx
from documents.outline import minutes_doc
from meetings.errors import Refused
from tests.documents import sample
from tests.documents.reading import NASTY, doc, even, word_texts
from texts import t


def minutes(language: str = "fi") -> Any:
    return minutes_doc(sample.body(language), sample.meeting(language), sample.people(), upcoming=sample.upcoming())


def own(*paragraphs: str) -> bytes:
    """A template of a body's own, with these paragraphs."""
    made = Document()
    made.sections[0].header.paragraphs[0].text = "Oma kirjelomake {{ body }}"
    for text in paragraphs:
        made.add_paragraph(text)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize(("language", "locale"), [("fi", "fi-FI"), ("sv", "sv-FI"), ("en", "en-GB")])
def test_properties_and_language(language: str, locale: str) -> None:
    made = Document(io.BytesIO(render_docx(minutes(language))))
    properties = made.core_properties
    assert (properties.title, properties.language, properties.author) == (minutes(language).title, locale, sample.NAMES[language])
    spoken = made.styles.element.xpath("w:docDefaults//w:lang")
    assert [one.get(qn("w:val")) for one in spoken] == [locale]


def test_headings_are_real_and_the_table_head_repeats() -> None:
    made = Document(io.BytesIO(render_docx(minutes())))
    headings = [(one.style.name, even(one.text)) for one in made.paragraphs if one.style and (one.style.name or "").startswith("Heading")]
    items = [("Heading 2", f"{n} § {title}") for n, title in enumerate(sample.TITLES["fi"], start=1)]
    assert headings == [("Heading 1", "Pöytäkirja 4/2020"), ("Heading 2", "Läsnäolijat"), *items, ("Heading 2", "Liitteet")]
    (table,) = made.tables
    assert [row._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in table.rows] == [True] + [False] * 18


def test_footer_counts_pages_by_fields() -> None:
    made = Document(io.BytesIO(render_docx(minutes())))
    for footer in (made.sections[0].footer, made.sections[0].first_page_footer):
        codes = [code.text.strip() for code in footer._element.iter(qn("w:instrText"))]
        assert codes == ["PAGE", "NUMPAGES"]


@pytest.mark.parametrize("typed", NASTY)
def test_markup_comes_out_as_typed(typed: str) -> None:
    row = AttendanceRow("a", typed, "b", "c")
    blocks = (Section("1 §", typed), Labelled("Esitys:", (Paragraph(typed), Bullets((typed,)))), AttendanceTable(row, (row,)))
    content = render_docx(doc(*blocks, body=typed, title=typed))
    whole = even(typed)
    expected = [f"{whole} 1.1.2020", "Muistio 1/2020", f"1 § {whole}", f"Esitys: {whole}", whole, *["a", whole, "b", "c"] * 2]
    assert word_texts(content) == expected
    assert Document(io.BytesIO(content)).core_properties.title == typed


def test_control_characters_do_not_break_the_file() -> None:
    assert word_texts(render_docx(doc(Paragraph("a\x00\x0b\ud800b 😀"))))[-1] == "a b 😀"


def test_the_record_gives_the_same_bytes_each_time() -> None:
    assert render_docx(minutes()) == render_docx(minutes())


def test_the_template_that_ships_is_the_one_the_script_makes() -> None:
    assert TEMPLATE.read_bytes() == template()


def test_a_body_uses_its_own_template() -> None:
    tags = (
        "{{ name }} {{ number }}",
        "{%p for block in blocks %}",
        "{%p if block.kind == 'section' %}",
        "{{ block.title }}",
        "{%p endif %}",
        "{%p endfor %}",
    )
    content = render_docx(minutes("sv"), own(*tags))
    assert word_texts(content) == ["Protokoll 4/2020", *sample.TITLES["sv"]]
    assert Document(io.BytesIO(content)).sections[0].header.paragraphs[0].text == "Oma kirjelomake Skärgårdens styrgrupp"


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b" " * 60_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a Word file",
        _bomb(),
        own("{{ nimi }}"),
        own("{%p for block in blocks %}", "{{ block.title }}"),
        own("{{ ''.__class__.__mro__[1].__subclasses__() }}"),
        own("{{ blocks.clear() }}"),
    ],
    ids=["empty", "no zip", "bomb", "unknown tag", "open loop", "escape", "change"],
)
def test_a_broken_template_is_refused_with_its_reason(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        render_docx(minutes(), content)
    assert refused.value.key == "documents.template_broken"
    assert str(refused.value.params["reason"]) in t("fi", refused.value.key, **refused.value.params)
    assert refused.value.params["reason"]


def test_a_letterhead_without_places_for_the_items_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        render_docx(minutes(), own("Vain kirjelomake"))
    assert refused.value.key == "documents.template_empty"
