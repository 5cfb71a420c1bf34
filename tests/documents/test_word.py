"""A Word file as text: every word in reading order, with the numbers Word shows, and nothing that was deleted."""

from __future__ import annotations

import time
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.word import CELL_BREAK, TooLong, read_word
from tests.documents.sent import levels, numbering, p, r, saved, table, word


def test_paragraphs_are_lines_and_breaks_stay() -> None:
    body = p(r("Esitys:"), "<w:r><w:tab/></w:r>", r("Hyväk"), "<w:r><w:softHyphen/></w:r>", r("sytään"), "<w:r><w:br/></w:r>", r("toinen"))
    paged = p(r("3"), "<w:r><w:noBreakHyphen/></w:r>", r("4"), '<w:r><w:br w:type="page"/></w:r>', r("uusi sivu"))
    assert read_word(word(body, p(), paged)) == "Esitys:\tHyväk\u00adsytään\ntoinen\n\n3-4\fuusi sivu"


SECTIONS = {"1": (levels("%1 §", "%1.%2", formats=("decimal", "lowerLetter")))}


def test_headings_word_numbers_by_itself_have_their_numbers() -> None:
    style = '<w:style w:type="paragraph" w:styleId="Otsikko"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    based = '<w:style w:type="paragraph" w:styleId="Oma"><w:basedOn w:val="Otsikko"/></w:style>'
    made = word(
        p("Avaus", style="Otsikko"),
        p("Teksti"),
        p("Alakohta", number="1", level=1),
        p("Toinen", number="1", level=1),
        p("Päätös", style="Oma"),
        p("Ilman", style="Otsikko", number="0"),
        p("Alku taas", number="1", level=1),
        styles=style + based,
        numbering=numbering(SECTIONS, {"1": ("1", "")}),
    )
    assert read_word(made).splitlines() == ["1 § Avaus", "Teksti", "1.a Alakohta", "1.b Toinen", "2 § Päätös", "Ilman", "2.a Alku taas"]


def test_a_level_belongs_to_the_style_it_names() -> None:
    style = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for name in ("Heading1", "Heading2")
    )
    defined = {"1": levels("%1.", "%1.%2.", styles={0: "Heading1", 1: "Heading2"})}
    made = word(
        *(p("a", style="Heading1"), p("b", style="Heading2"), p("c", style="Heading2")),
        styles=style,
        numbering=numbering(defined, {"1": ("1", "")}),
    )
    assert read_word(made).splitlines() == ["1. a", "1.1. b", "1.2. c"]


def test_an_empty_paragraph_of_a_list_is_counted_as_word_counts_it() -> None:
    made = word(p("a", number="1"), p(number="1"), p("c", number="1"), numbering=numbering(SECTIONS, {"1": ("1", "")}))
    assert read_word(made).splitlines() == ["1 § a", "", "3 § c"]


def test_lists_of_one_definition_count_on_unless_one_says_where_it_starts() -> None:
    start = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    made = word(
        *(p("a", number="1"), p("b", number="2"), p("c", number="3"), p("d", number="1")),
        numbering=numbering(SECTIONS, {"1": ("1", ""), "2": ("1", ""), "3": ("1", start)}),
    )
    assert read_word(made).splitlines() == ["1 § a", "2 § b", "5 § c", "3 § d"]


def test_a_list_style_is_followed_to_its_definition() -> None:
    defined = {"1": '<w:numStyleLink w:val="Lista"/>', "2": '<w:styleLink w:val="Lista"/>' + levels("§ %1")}
    assert read_word(word(p("a", number="1"), numbering=numbering(defined, {"1": ("1", "")}))) == "§ 1 a"


@pytest.mark.parametrize(
    ("style", "number", "shown"),
    [
        ("lowerRoman", 14, "xiv"),
        ("upperRoman", 1999, "MCMXCIX"),
        ("upperLetter", 28, "BB"),
        ("decimalZero", 7, "07"),
        ("none", 3, ""),
        ("ordinal", 3, "3"),
        ("lowerLetter", 2_000_000_000, "2000000000"),
        ("lowerRoman", 2_000_000_000, "2000000000"),
    ],
)
def test_numbers_in_their_own_signs(style: str, number: int, shown: str) -> None:
    start = f'<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{number}"/></w:lvlOverride>'
    defined = numbering({"1": levels("(%1)", formats=(style,))}, {"1": ("1", start)})
    assert read_word(word(p("a", number="1"), numbering=defined)) == f"({shown}) a"


def test_bullets_are_bullets() -> None:
    defined = numbering({"1": levels("\uf0b7", formats=("bullet",))}, {"1": ("1", "")})
    assert read_word(word(p("a", number="1"), numbering=defined)) == "• a"


def test_a_table_is_a_line_a_row_with_breaks_inside_its_cells() -> None:
    inner = table(("x", "y"))
    rows = table(
        ("Jäsen", "Varajäsen"), (p("Aino") + p() + p("Ranta"), p(r("Onni"), "<w:r><w:tab/></w:r>", r("Saari"))), ("", ""), (inner, "loppu")
    )
    assert read_word(word(p("ennen"), rows, p("jälkeen"))).split("\n") == [
        "ennen",
        "Jäsen\tVarajäsen",
        f"Aino{CELL_BREAK}Ranta\tOnni Saari",
        "x y\tloppu",
        "jälkeen",
    ]


def test_a_cell_over_several_columns_keeps_the_next_ones_in_theirs() -> None:
    wide = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>' + p("a") + "</w:tc><w:tc>" + p("c") + "</w:tc></w:tr></w:tbl>"
    assert read_word(word(wide)) == "a\t\tc"


def test_notes_stand_after_their_paragraph_each_once() -> None:
    made = word(
        p(r("Talousarvio"), '<w:r><w:footnoteReference w:id="2"/></w:r>', r(" ja lausunto"), '<w:r><w:endnoteReference w:id="5"/></w:r>'),
        p(r("Muu"), '<w:r><w:footnoteReference w:id="3"/></w:r>'),
        footnotes="".join(f'<w:footnote w:id="{n}">{p(text)}</w:footnote>' for n, text in ((0, ""), (2, "Vahvistettu."), (3, "Avoin."))),
        endnotes=f'<w:endnote w:id="5">{p("Sivu 3.")}</w:endnote>',
    )
    assert read_word(made).splitlines() == [
        "Talousarvio[1] ja lausunto[i]",
        "[1] Vahvistettu.",
        "[i] Sivu 3.",
        "Muu[2]",
        "[2] Avoin.",
    ]


def test_a_note_that_refers_to_itself_ends() -> None:
    loop = p(r("a"), '<w:r><w:footnoteReference w:id="1"/></w:r>')
    assert read_word(word(loop, footnotes=f'<w:footnote w:id="1">{loop}</w:footnote>')).splitlines() == ["a[1]", "[1] a[2]"]


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    box = (
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx><w:txbxContent>{0}</w:txbxContent></wps:txbx></mc:Choice>"
        "<mc:Fallback><v:textbox><w:txbxContent>{0}</w:txbxContent></v:textbox></mc:Fallback></mc:AlternateContent></w:r>"
    ).format(p("laatikossa"))
    assert read_word(word(p(r("ennen "), box, r("jälkeen")))).splitlines() == ["ennen jälkeen", "laatikossa"]


def test_tracked_changes_are_read_as_accepted() -> None:
    deleted = '<w:del w:id="1"><w:r><w:delText>hylättiin</w:delText></w:r></w:del>'
    moved = f'<w:moveFrom w:id="3">{r("pois")}</w:moveFrom><w:moveTo w:id="4">{r(" tänne")}</w:moveTo>'
    assert read_word(word(p(r("Esitys "), deleted, f'<w:ins w:id="2">{r("hyväksyttiin")}</w:ins>', moved))) == "Esitys hyväksyttiin tänne"


def test_content_controls_and_formulas_are_text() -> None:
    control = f"<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>{p('kentässä')}</w:sdtContent></w:sdt>"
    inline = f"<w:sdt><w:sdtContent>{r('rivillä')}</w:sdtContent></w:sdt>"
    formula = "<m:oMath><m:r><m:t>E=mc²</m:t></m:r></m:oMath>"
    assert read_word(word(control, p(inline, formula))).splitlines() == ["kentässä", "rivilläE=mc²"]


def test_symbols_and_what_is_no_character() -> None:
    signs = "".join(f'<w:r><w:sym w:font="Wingdings" w:char="{code}"/></w:r>' for code in ("F0FC", "D800", "zz", "110000", "00A7"))
    assert read_word(word(p(signs))) == "\uf0fc\ufffd\ufffd\ufffd§"


LINKS = {"a": "https://example.org/lausunto", "b": "mailto:aino@example.org", "c": "https://example.org/"}


def test_links_say_where_they_go_unless_their_text_does() -> None:
    made = word(
        p(f'<w:hyperlink r:id="a">{r("Lausunto")}</w:hyperlink>', r(", "), f'<w:hyperlink r:id="b">{r("aino@example.org")}</w:hyperlink>'),
        p(f'<w:hyperlink r:id="c">{r("https://example.org")}</w:hyperlink>', f'<w:hyperlink w:anchor="luku">{r(" alla")}</w:hyperlink>'),
        links=LINKS,
    )
    assert read_word(made).splitlines() == ["Lausunto https://example.org/lausunto, aino@example.org", "https://example.org alla"]


def test_a_link_made_by_a_field_says_where_it_goes_and_other_fields_only_their_result() -> None:
    def fielded(code: str, shown: str) -> str:
        mark = "<w:r><w:fldChar w:fldCharType='{}'/></w:r>"
        code_run = f"<w:r><w:instrText>{code}</w:instrText></w:r>"
        return mark.format("begin") + code_run + mark.format("separate") + r(shown) + mark.format("end")

    made = word(p(fielded(' HYPERLINK "https://example.org/a" ', "Selvitys"), r(" sivu "), fielded(" PAGEREF x ", "4")))
    assert read_word(made) == "Selvitys sivu 4 https://example.org/a"


def test_the_letterhead_comes_first_without_page_numbers() -> None:
    header = p("Saarten ohjausryhmä 4/2020") + p("4/2020") + p("Sivu 1 / 3") + p("1 (3)") + p("")
    assert read_word(word(p("Avaus"), header=header)).splitlines() == ["Saarten ohjausryhmä 4/2020", "4/2020", "Avaus"]


def test_headers_of_a_first_page_and_of_even_pages_are_read_when_they_are_shown() -> None:
    made = Document()
    section = made.sections[0]
    section.header.paragraphs[0].text = "muut"
    section.first_page_header.paragraphs[0].text = "ensimmäinen"
    section.even_page_footer.paragraphs[0].text = "parilliset"
    made.add_paragraph("teksti")
    assert read_word(saved(made)).splitlines() == ["muut", "teksti"]
    section.different_first_page_header_footer = True
    made.settings.odd_and_even_pages_header_footer = True
    assert read_word(saved(made)).splitlines() == ["muut", "ensimmäinen", "parilliset", "teksti"]


words = st.text(alphabet="aäö§19-–.:;<&{ ", min_size=1, max_size=12)
blocks = st.lists(st.one_of(words, st.lists(st.lists(words, min_size=2, max_size=2), min_size=1, max_size=3)), max_size=8)


@settings(deadline=None, max_examples=60)
@given(blocks)
def test_every_word_comes_out_in_order(given_blocks: list[Any]) -> None:
    made = Document()
    wanted: list[str] = []
    for block in given_blocks:
        if isinstance(block, str):
            made.add_paragraph(block)
            wanted += block.split()
            continue
        grid = made.add_table(rows=len(block), cols=2)
        for row, cells in zip(grid.rows, block, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
                wanted += text.split()
    assert read_word(saved(made)).split() == wanted


@pytest.mark.parametrize("case", ["links", "numbers", "notes", "styles", "headers"])
def test_what_repeats_is_bounded(case: str) -> None:
    """Little XML that stands for a great deal of text, or for much work."""
    many = 20_000
    long = "x" * 50_000
    made = {
        "links": lambda: word(p(f'<w:hyperlink r:id="a">{r("a")}</w:hyperlink>' * many), links={"a": "https://example.org/" + long}),
        "numbers": lambda: word(p("a", number="1") * many, numbering=numbering({"1": levels(long)}, {"1": ("1", "")})),
        "notes": lambda: word(
            p('<w:r><w:footnoteReference w:id="1"/></w:r>' * many), footnotes=f'<w:footnote w:id="1">{p(long)}</w:footnote>'
        ),
        "styles": lambda: word(
            p("a", style="s0") * many,
            styles="".join(f'<w:style w:styleId="s{n}"><w:basedOn w:val="s{n + 1}"/></w:style>' for n in range(2_000)),
        ),
        "headers": lambda: word(
            '<w:p><w:pPr><w:sectPr><w:headerReference w:type="default" r:id="header"/></w:sectPr></w:pPr></w:p>' * 2_000, header=p(long) * 3
        ),
    }[case]()
    started = time.monotonic()
    try:
        assert len(read_word(made)) < 700_000
    except TooLong:
        assert case in {"links", "numbers"}
    assert time.monotonic() - started < 10
