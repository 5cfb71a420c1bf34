"""The PDF read back: an archive's and a screen reader's promises, and every text as it was typed."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import Any, cast

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from documents.blocks import AttachmentRow, Attachments, AttendanceRow, AttendanceTable, Bullets, Labelled, Paragraph, Section
from documents.outline import minutes_doc
from documents.pdf import render_pdf
from tests.documents import sample
from tests.documents.reading import doc, even, pdf_text
from tests.nasty import PAPER


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def root(reader: PdfReader) -> Any:
    return cast("Any", reader.trailer["/Root"])


def tags(reader: PdfReader) -> Counter[str]:
    """How many structure elements of each type the tag tree has."""
    found: Counter[str] = Counter()
    waiting: list[Any] = [root(reader)["/StructTreeRoot"]]
    while waiting:
        one = waiting.pop().get_object()
        if isinstance(one, ArrayObject):
            waiting += one
        elif isinstance(one, DictionaryObject):
            if "/S" in one and one.get("/Type") != "/OBJR":
                found[str(one["/S"]).removeprefix("/")] += 1
            if "/K" in one:
                waiting.append(one["/K"])
    return found


@pytest.fixture(scope="module", params=["fi", "sv", "en"])
def made(request: pytest.FixtureRequest) -> tuple[str, PdfReader]:
    language = request.param
    minutes = minutes_doc(sample.body(language), sample.meeting(language), sample.people(), upcoming=sample.upcoming())
    return language, read(render_pdf(minutes))


def test_says_it_is_pdf_a_2a_and_pdf_ua_1(made: tuple[str, PdfReader]) -> None:
    metadata = root(made[1])["/Metadata"].get_object().get_data().decode()
    identity = dict(re.findall(r"<(pdfaid:part|pdfaid:conformance|pdfuaid:part)>(\w+)<", metadata))
    assert identity == {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}


def test_has_language_title_and_tags(made: tuple[str, PdfReader]) -> None:
    language, reader = made
    catalog = root(reader)
    titles = {
        "fi": "Saarten ohjausryhmä: Pöytäkirja 4/2020",
        "sv": "Skärgårdens styrgrupp: Protokoll 4/2020",
        "en": "Steering Group of the Isles: Minutes 4/2020",
    }
    assert catalog["/Lang"].split("-")[0] == language
    assert reader.metadata is not None
    assert reader.metadata.title == titles[language]
    assert catalog["/MarkInfo"]["/Marked"].value is True
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"].value is True


def test_headings_and_table_headers_are_tagged(made: tuple[str, PdfReader]) -> None:
    found = tags(made[1])
    # One title; eleven items, attendance and attachments; four heads over eighteen seats.
    assert (found["H1"], found["H2"], found["H3"]) == (1, 13, 0)
    assert (found["TH"], found["TR"], found["TD"]) == (4, 19, 72)


def test_bookmarks_name_the_items_as_they_are_read(made: tuple[str, PdfReader]) -> None:
    language, reader = made
    title, parts = cast("Any", reader.outline)
    said = [even(one.title) for one in parts]
    items = [f"{n} §" if language == "fi" else f"§ {n}" for n in range(1, 12)]
    assert title.title.endswith(" 4/2020")
    assert said[1:-1] == [f"{number} {name}" for number, name in zip(items, sample.TITLES[language], strict=True)]


def test_addresses_are_links_without_the_mark_that_ends_the_sentence() -> None:
    typed = "Ks. https://example.org/a?b=1&c=2 (ja http://example.org/ä). https:// ei."
    rows = (AttachmentRow("Liite 1", "A", "https://example.org/liite"), AttachmentRow("Liite 2", "B", "Kansio 3"))
    reader = read(render_pdf(doc(Labelled("Esitys:", (Paragraph(typed),)), Attachments(rows))))
    links = [str(one.get_object()["/A"]["/URI"]) for one in cast("Any", reader.pages[0])["/Annots"]]
    assert links == ["https://example.org/a?b=1&c=2", "http://example.org/%C3%A4", "https://example.org/liite"]


def test_pages_are_numbered_of_all(made: tuple[str, PdfReader]) -> None:
    pages = made[1].pages
    assert len(pages) >= 5
    assert [f"{number} ({len(pages)})" in even(page.extract_text()) for number, page in enumerate(pages, start=1)] == [True] * len(pages)


def test_the_record_gives_the_same_bytes_each_time() -> None:
    minutes = minutes_doc(sample.body(), sample.meeting(), sample.people())
    assert render_pdf(minutes) == render_pdf(minutes)


@pytest.mark.parametrize("typed", PAPER)
def test_markup_comes_out_as_typed(typed: str) -> None:
    row = AttendanceRow("a", typed, "b", "c")
    content = render_pdf(
        doc(Section("1 §", typed), Labelled(typed, (Paragraph(typed), Bullets((typed,)))), AttendanceTable(row, (row,)), title=typed)
    )
    whole = even(typed).replace(" ", "")
    assert pdf_text(content).replace(" ", "").replace("\u00ad", "").count(whole) >= 4
    metadata = read(content).metadata
    assert metadata is not None
    assert metadata.title == typed


def test_characters_without_a_glyph_stand_as_code_points() -> None:
    content = render_pdf(doc(Paragraph("hyvä 😀 中 👩\u200d👧 ✓ ☐ → Ђ Ω Šámi")))
    shown = pdf_text(content).replace("\u200d", "")
    assert "hyvä [U+1F600] [U+4E2D] [U+1F469][U+1F467] ✓ ☐ → Ђ Ω Šámi" in shown


def test_an_address_without_a_place_to_break_stays_on_the_page() -> None:
    address = "https://example.org/" + "abc" * 100
    page = read(render_pdf(doc(Paragraph(address)))).pages[0].extract_text()
    assert address in page.replace("\n", "")
    assert max(len(line) for line in page.splitlines()) < 110


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_an_empty_document_is_a_document(language: str) -> None:
    content = render_pdf(doc(language=language))
    assert "Toimielin" in pdf_text(content)
