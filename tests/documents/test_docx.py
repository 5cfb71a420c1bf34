"""The Word file read back, and templates that are somebody's own, broken or hostile."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm

from documents.blocks import AttachmentRow, Attachments, AttendanceRow, AttendanceTable, Bullets, Labelled, Paragraph, Section, plain
from documents.default_template import TEMPLATE, template
from documents.docx import check_template, render_docx
from documents.outline import minutes_doc
from meetings.errors import Refused
from tests.documents import sample
from tests.documents.reading import doc, even, word_texts
from tests.documents.sent import with_part
from tests.nasty import PAPER
from texts import LANGUAGES, t


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


@pytest.mark.parametrize("typed", PAPER)
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


GUIDE = Path("docs/templates.md").read_text(encoding="utf-8")
# The whole template of the guide, with items in capitals.
OWN = tuple(GUIDE.split("```")[1].strip().replace("block.title", "block.title|upper").splitlines())


def without(*lines: str) -> bytes:
    """The body's template without some of its lines, each dropped the first time it stands there."""
    kept = list(OWN)
    for line in lines:
        kept.remove(line)
    return own(*kept)


def test_a_body_uses_its_own_template() -> None:
    check_template(own(*OWN))
    content = render_docx(minutes("sv"), own(*OWN))
    said = word_texts(content)
    assert said[:4] == [
        "Skärgårdens styrgrupp",
        "Protokoll 4/2020 Utkast",
        "Tid: må 11.5.2020 kl. 10.00–12.04",
        "Plats: Kunnantalo och Teams",
    ]
    assert [line for line in said if line.startswith("§")] == [
        f"§ {n} {title.upper()}" for n, title in enumerate(sample.TITLES["sv"], start=1)
    ]
    assert Document(io.BytesIO(content)).sections[0].header.paragraphs[0].text == "Oma kirjelomake Skärgårdens styrgrupp"


def test_the_guide_names_the_styles_and_the_default_changes_by_them() -> None:
    """The guide followed: a copy with another font, margin and header, sent back."""
    made = Document(io.BytesIO(template()))
    table = GUIDE.split("| style | where |")[1].split("3. ")[0]
    named = {one.strip("*") for row in table.splitlines() for one in re.findall(r"\*[^*]+\*", row)}
    ids = {one.get(qn("w:val")) for one in made.element.body.iter(qn("w:pStyle"), qn("w:rStyle"))}
    used = {one.name for one in made.styles if one.style_id in ids}
    assert used - {"Normal"} <= named <= {one.name for one in made.styles}
    made.styles["Heading 2"].font.name = "Arial"
    made.sections[0].left_margin = Cm(4)
    made.sections[0].first_page_header.paragraphs[0].text = "Saarten kunta"
    out = io.BytesIO()
    made.save(out)
    check_template(out.getvalue())
    filled = Document(io.BytesIO(render_docx(minutes(), out.getvalue())))
    assert (filled.styles["Heading 2"].font.name, round(filled.sections[0].left_margin or 0, -4)) == ("Arial", Cm(4))
    assert filled.sections[0].first_page_header.paragraphs[0].text == "Saarten kunta"


def test_the_template_that_ships_passes_as_a_bodys_own() -> None:
    check_template(template())
    assert render_docx(minutes(), template()) == render_docx(minutes())


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b" " * 60_000_000)
    return out.getvalue()


LOOPS = "{% for block in blocks %}"


@pytest.mark.parametrize(
    ("content", "key", "params"),
    [
        (b"", "unreadable", {}),
        (b"not a Word file", "unreadable", {}),
        (_bomb(), "unreadable", {}),
        (own("{{ nimi }}"), "tag", {"tag": "nimi"}),
        (own("{{ blocks[0].titel }}"), "tag", {"tag": "titel"}),
        (own("{{ ''.__class__.__mro__[1].__subclasses__() }}"), "tag", {"tag": "call"}),
        (own("{{ blocks.clear() }}"), "tag", {"tag": "call"}),
        (own("{{ body * 1000000000 }}"), "tag", {"tag": "mul"}),
        (own("{{ 'a'*10**9 }}"), "tag", {"tag": "mul"}),
        (own("{% for i in range(10**9) %}x{% endfor %}"), "tag", {"tag": "call"}),
        (own("{{ ''.__class__.__mro__ }}"), "broken", None),
        (own("{{ body|center(1000000000) }}"), "tag", {"tag": "center"}),
        (own("{% include 'salainen' %}"), "tag", {"tag": "include"}),
        (own("{% macro m() %}{{ m() }}{% endmacro %}"), "tag", {"tag": "m"}),
        (own(LOOPS + LOOPS + "{{ body }}" + "{% endfor %}" * 2), "tag", {"tag": "for"}),
        (own("{% for block in blocks %}"), "broken", None),
        (own("{{ body"), "broken", None),
        (own("{{ body.__class__ }}"), "broken", None),
        (own("Vain kirjelomake"), "lacks", None),
        (without("{{ block.number }} {{ block.title|upper }}"), "lacks", {"tags": "section: number, title"}),
        (without("{{ block.label }} {{ block.first }}"), "lacks", {"tags": "labelled: label, first, rest"}),
        (without("{{ part.text }}"), "lacks", {"tags": "labelled: first, rest"}),
        (without("{{ text }}"), "lacks", {"tags": "approval: paragraphs"}),
        (without("{{ fact[0] }}: {{ fact[1] }}"), "lacks", {"tags": "facts: rows"}),
    ],
)
def test_a_template_that_does_not_work_is_refused_with_its_reason(content: bytes, key: str, params: dict[str, str] | None) -> None:
    with pytest.raises(Refused) as refused:
        check_template(content)
    assert refused.value.key == f"documents.template_{key}"
    if params is not None:
        assert refused.value.params == params
    for language in LANGUAGES:
        said = t(language, refused.value.key, **refused.value.params)
        assert all(value and str(value) in said for value in refused.value.params.values())


RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def related(kind: str, target: str, *, outside: bool = True, part: str = "document") -> bytes:
    """The template that ships, with one relationship more."""
    name = f"word/_rels/{part}.xml.rels"
    with zipfile.ZipFile(io.BytesIO(template())) as packed:
        old = packed.read(name) if name in packed.namelist() else f'<Relationships xmlns="{RELATIONS}"></Relationships>'.encode()
    mode = ' TargetMode="External"' if outside else ""
    more = f'<Relationship Id="rId99" Type="{OFFICE}/{kind}" Target="{target}"{mode}/></Relationships>'
    return with_part(template(), name, old.replace(b"</Relationships>", more.encode()))


def coded(*codes: str) -> bytes:
    """The template that ships, with a field whose code Word has parted in runs."""
    runs = "".join(f'<w:r><w:instrText xml:space="preserve">{code}</w:instrText></w:r>' for code in codes)
    begin, end = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    with zipfile.ZipFile(io.BytesIO(template())) as packed:
        body = packed.read("word/document.xml")
    return with_part(template(), "word/document.xml", body.replace(b"<w:sectPr", f"<w:p>{begin}{runs}{end}</w:p><w:sectPr".encode(), 1))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (related("vbaProject", "vbaProject.bin", outside=False), "vbaProject (vbaProject.bin)"),
        (related("oleObject", "embeddings/a.bin", outside=False), "oleObject (embeddings/a.bin)"),
        (related("aFChunk", "chunk.html", outside=False), "aFChunk (chunk.html)"),
        (related("image", "https://rosvot.example/a.png"), "image (https://rosvot.example/a.png)"),
        (related("subDocument", "file:///c:/b.docx"), "subDocument (file:///c:/b.docx)"),
        (related("hyperlink", "ms-msdt:/id"), "hyperlink (ms-msdt:/id)"),
        (related("image", "https://rosvot.example/a.png", part="footnotes"), "image (https://rosvot.example/a.png)"),
        (coded(' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc.exe"'), "DDEAUTO"),
        (coded(" DDE", "AUTO", " excel"), "DDEAUTO"),
        (coded(' IncludeText "https://rosvot.example/a.docx"'), "INCLUDETEXT"),
    ],
)
def test_a_template_that_acts_or_reaches_out_by_itself_is_refused(content: bytes, found: str) -> None:
    with pytest.raises(Refused) as refused:
        check_template(content)
    assert (refused.value.key, refused.value.params) == ("documents.template_unsafe", {"found": found})
    assert all(found in t(language, refused.value.key, **refused.value.params) for language in LANGUAGES)


def test_a_macro_document_is_no_template() -> None:
    with zipfile.ZipFile(io.BytesIO(template())) as packed:
        types = packed.read("[Content_Types].xml")
    macro = types.replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
    )
    assert macro != types
    with pytest.raises(Refused, match=r"documents\.template_"):
        check_template(with_part(template(), "[Content_Types].xml", macro))


def test_a_letterhead_of_somebodys_machine_forgets_where_it_came_from() -> None:
    """Word writes the template a file was made from into its settings; whoever opens the minutes would look for it there."""
    content = related("attachedTemplate", "file:///c:/aino/kirje.dotx", part="settings")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        settings = packed.read("word/settings.xml")
    named = re.sub(rb"(<w:settings[^>]*>)", rb'\1<w:attachedTemplate r:id="rId99"/>', settings, count=1)
    assert named != settings
    content = with_part(content, "word/settings.xml", named)
    check_template(content)
    with zipfile.ZipFile(io.BytesIO(render_docx(minutes(), content))) as packed:
        assert not [name for name in packed.namelist() if b"kirje.dotx" in packed.read(name) or b"attachedTemplate" in packed.read(name)]


def test_a_template_made_for_minutes_alone_is_refused_for_agendas() -> None:
    with pytest.raises(Refused) as refused:
        check_template(own("{%p if kind == 'minutes' %}", *OWN, "{%p endif %}"))
    assert refused.value.key == "documents.template_lacks"


def test_filling_refuses_what_the_check_would_refuse() -> None:
    with pytest.raises(Refused) as refused:
        render_docx(minutes(), own("Vain kirjelomake"))
    assert refused.value.key == "documents.template_lacks"


def test_attachments_are_links_and_what_is_no_address_is_text() -> None:
    rows = (AttachmentRow("Liite 1", "A", "https://example.org/a?b=1&c=2"), AttachmentRow("Liite 2", "B", 'https://e.org/" \\o "x'))
    content = render_docx(doc(Attachments(rows)))
    body = Document(io.BytesIO(content)).element.body
    assert [code.text.strip() for code in body.iter(qn("w:instrText"))] == ['HYPERLINK "https://example.org/a?b=1&c=2"']
    assert word_texts(content)[-4:] == ["Liite 1 A", rows[0].link, "Liite 2 B", rows[1].link]


def test_looks_come_from_styles() -> None:
    """A body that changes a style changes every such text: no run or paragraph of the default template has looks of its own."""
    body = Document(io.BytesIO(template())).element.body
    own_looks = {one.tag for properties in body.iter(qn("w:rPr"), qn("w:pPr")) for one in properties}
    assert own_looks <= {qn("w:rStyle"), qn("w:pStyle"), qn("w:sectPr")}


def test_a_time_stays_with_its_word_and_a_number_with_its_sign() -> None:
    held = "klo\u00a010.00, kl.\u00a09, 6\u00a0§, §\u00a07, oklo 5"
    content = render_docx(doc(Paragraph("klo 10.00, kl. 9, 6 §, § 7, oklo 5")))
    assert Document(io.BytesIO(content)).paragraphs[-1].text == held


@pytest.mark.parametrize("typed", ["שלום עולם", "😀👩\u200d👧", "x" * 5_000, "a\tb", "e\u0301", "\u202eabc"])
def test_any_script_and_length_stands_in_the_file(typed: str) -> None:
    content = render_docx(doc(Paragraph(typed)))
    assert Document(io.BytesIO(content)).paragraphs[-1].text == plain(typed)
