"""Sent files of every kind: their text, or a refusal by name in the person's language; never anything else."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import intake
from documents.intake import read_file
from documents.word import CELL_BREAK
from meetings.errors import Refused
from tests.documents.sent import (
    NAMESPACES,
    levels,
    locked_zip,
    numbering,
    ole,
    p,
    plain_word,
    r,
    roster_book,
    table,
    with_part,
    word,
    workbook,
    zipped,
)
from texts import LANGUAGES, t

TEXT = "1 § Kokouksen avaus\nPäätös: – Åbo 5 €"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16 big", "utf-16 unmarked", "utf-16 big unmarked", "windows-1252"],
)
def test_text_in_any_of_the_encodings_people_have(data: bytes) -> None:
    assert read_file("lista.txt", data) == TEXT


@pytest.mark.parametrize("text", ["BM-piiri\nkokous", "GIF on kuva", "PKO:n kokous", "II vaihe", "MM 2020", "ftyp", "%-merkki\f2. sivu"])
def test_words_that_begin_like_another_kind_are_text(text: str) -> None:
    assert read_file("a.txt", text.encode()) == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Jäsen;Varajäsen\nAino;Onni\n", "Jäsen\tVarajäsen\nAino\tOnni"),
        ("Jäsen,Varajäsen\r\nAino,Onni\r\n", "Jäsen\tVarajäsen\nAino\tOnni"),
        ("Jäsen\tVarajäsen\nAino\tOnni", "Jäsen\tVarajäsen\nAino\tOnni"),
        ('"Ranta; Aino";"sanoi ""kyllä"""\n"kaksi\nriviä";x', f'Ranta; Aino\tsanoi "kyllä"\nkaksi{CELL_BREAK}riviä\tx'),
        ("Ranta, Aino, johtaja;Kala ry\nSaari, Onni, rehtori;Luoto ry", "Ranta, Aino, johtaja\tKala ry\nSaari, Onni, rehtori\tLuoto ry"),
        ("Ohjausryhmän jäsenet\n\nJäsen,Varajäsen\nAino,Onni", "Ohjausryhmän jäsenet\n\nJäsen\tVarajäsen\nAino\tOnni"),
        ("sep=,\nAino;Ranta,Onni", "Aino;Ranta\tOnni"),
        ("Aino Ranta\nOnni Saari", "Aino Ranta\nOnni Saari"),
        ('Aino;"Onni', "Aino\tOnni"),
        ("Aino;;Kala ry\n;Onni;", "Aino\t\tKala ry\n\tOnni\t"),
    ],
)
def test_csv_by_the_mark_that_parts_its_lines(text: str, read: str) -> None:
    assert read_file("jasenet.CSV", text.encode()) == read
    assert read_file("jasenet.csv", text.encode("utf-16")) == read


def test_a_workbook_with_its_sheets_days_times_and_empty_cells() -> None:
    assert read_file("jasenet.xlsx", roster_book()).split("\n") == [
        "Saarten ohjausryhmä",
        "Jäsen\tVarajäsen\tOrganisaatio",
        f"Aino Ranta\tOnni Saari{CELL_BREAK}Maj Holm\tKala ry",
        "Siiri Lahti\t\t7",
        "",
        "2020-06-01 11:30\t2020-08-03\t09:05\t0.3\tTrue\t2020-06-01",
    ]


def _sheet(cells: str, styles: str = "") -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    made = with_part(
        workbook(A=[["x"]]), "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    )
    return with_part(made, "xl/styles.xml", f'<styleSheet xmlns="{main}">{styles}</styleSheet>') if styles else made


def test_formulas_give_the_value_excel_saw_and_times_their_minute() -> None:
    formats = '<numFmts count="1"><numFmt numFmtId="164" formatCode="dd.mm.yyyy hh:mm"/></numFmts>'
    styles = f'{formats}<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="20"/><xf numFmtId="164"/></cellXfs>'
    cells = (
        '<row r="1"><c r="A1" t="str"><f>B1&amp;"!"</f><v>Aino Ranta</v></c><c r="B1"><f>1+1</f><v>2</v></c>'
        '<c r="C1" s="1"><v>0.47916666666666</v></c><c r="D1" s="2"><v>43983.4791666666</v></c></row>'
        '<row r="90"><c r="B90" t="inlineStr"><is><t>kaukana</t></is></c></row>'
    )
    assert read_file("a.xlsx", _sheet(cells, styles)) == "Aino Ranta\t2\t11:30\t2020-06-01 11:30\n\tkaukana"


def test_a_word_file_by_what_it_says_of_itself_and_not_by_its_name() -> None:
    assert read_file("nimetön", plain_word()) == "1 § Avaus"
    assert read_file("lista.txt", plain_word()) == "1 § Avaus"


def _refusal(name: str, data: bytes) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        read_file(name, data)
    return refused.value.key, refused.value.params


WORD, BOOK = plain_word(), workbook(A=[["a"]])
DECLARED = f'<!DOCTYPE w:document [<!ENTITY a "aaaa">]><w:document {NAMESPACES}><w:body><w:p>&a;</w:p></w:body></w:document>'
BIG = b"<a>" + b" " * (intake.LARGEST_XML + 1)


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \r\n\t", "empty"),
        ("a.txt", b"\xef\xbb\xbf", "empty"),
        ("a.csv", b";;;\n;;;", "empty"),
        ("a.docx", plain_word(""), "empty"),
        ("a.xlsx", workbook(A=[], B=[[None, ""]]), "empty"),
        ("a.txt", b"a" * (intake.LARGEST + 1), "large"),
        ("a.docx", WORD + bytes(intake.LARGEST), "large"),
        ("a.txt", b"a " * (intake.LONGEST // 2 + 1), "long"),
        ("a.docx", plain_word("a" * (intake.LONGEST + 1)), "long"),
        ("a.xlsx", workbook(A=[["a" * 30_000] * 20]), "long"),
        ("a.docx", word(p(f'<w:hyperlink r:id="a">{r("a")}</w:hyperlink>' * 999), links={"a": "https://e.org/" + "x" * 999}), "long"),
        ("a.xlsx", workbook(A=[["a"]] * (intake.MOST_ROWS + 1)), "rows"),
        (
            "a.xlsx",
            _sheet("".join(f'<row r="{n}"><c r="XFD{n}" t="str"><v></v></c></row>' for n in range(1, 130))),
            "rows",
        ),
        ("a.csv", b"a;b\n" * (intake.MOST_ROWS + 1), "rows"),
        ("a.xlsx", workbook(A=[["a"] * (intake.MOST_COLUMNS + 1)]), "columns"),
        ("a.doc", ole("WordDocument"), "old_office"),
        ("a.xls", ole("Workbook"), "old_office"),
        ("a.docx", ole("EncryptedPackage"), "protected"),
        ("a.xlsx", ole("EncryptedPackage"), "protected"),
        ("a.docx", locked_zip(WORD), "protected"),
        ("a.zip", locked_zip(zipped({"a.txt": "a"})), "protected"),
        ("a.pdf", b"%PDF-1.7\n...", "pdf"),
        ("a.docx", b"\r\n%PDF-1.4", "pdf"),
        ("a.png", b"\x89PNG\r\n\x1a\n...", "image"),
        ("a.jpg", b"\xff\xd8\xff\xe0...", "image"),
        ("a.bmp", b"BM\x36\x00\x0c\x00\x00\x00", "image"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic\x00\x00", "image"),
        ("a.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image"),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00", "other_kind"),
        ("a.rtf", b"{\\rtf1 a}", "other_kind"),
        ("a.html", b"<!DOCTYPE html><p>a", "other_kind"),
        ("a.xls", b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "other_kind"),
        ("a.exe", b"MZ\x90\x00\x03\x00\x00\x00\x04", "other_kind"),
        ("a.txt", b"\x81\x8d\x8f", "other_kind"),
        ("a.txt", b"\xff\xfea", "other_kind"),
        ("a.zip", zipped({"a.txt": "a"}), "other_kind"),
        ("a.pptx", with_part(WORD, "[Content_Types].xml", "<Types presentationml/>"), "other_kind"),
        ("a.docm", with_part(WORD, "[Content_Types].xml", "<Types ms-word.document.macroEnabled.main+xml/>"), "other_kind"),
        ("a.odt", zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}), "opendocument"),
        ("a.docx", b"PK\x03\x04 ei zip", "broken"),
        ("a.docx", WORD[: len(WORD) // 2], "broken"),
        ("a.docx", b"tekstiksi nimetty", "broken"),
        ("a.docx", with_part(WORD, "word/document.xml", "<w:document"), "broken"),
        ("a.xlsx", with_part(BOOK, "xl/workbook.xml", "<a"), "broken"),
        ("a.docx", with_part(WORD, "word/document.xml", DECLARED), "unsafe"),
        ("a.docx", with_part(WORD, "word/document.xml", DECLARED.encode("utf-16")), "unsafe"),
        ("a.xlsx", with_part(BOOK, "xl/sharedStrings.xml", "<!DOCTYPE a []><a/>"), "unsafe"),
        ("a.docx", with_part(WORD, "word/header9.xml", BIG), "bomb"),
        ("a.docx", with_part(WORD, "word/media/image1.png", BIG), "bomb"),
        ("a.docx", with_part(WORD, "word/media/image1.png", b"\x89PNG" + bytes(intake.LARGEST_UNPACKED)), "bomb"),
        (
            "a.docx",
            with_part(
                zipped({f"p{n}": "" for n in range(intake.MOST_PARTS)} | {"[Content_Types].xml": "wordprocessingml.document.main+xml"}),
                "x",
                "",
            ),
            "bomb",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_name_and_reason(name: str, data: bytes, key: str) -> None:
    found, params = _refusal(name, data)
    assert (found, params["name"]) == (f"file.{key}", name)
    for language in LANGUAGES:
        assert f" {name} " in f" {t(language, found, **params)} ".replace(":", " ")


def test_a_method_of_packing_no_office_uses_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as package:
        package.writestr("[Content_Types].xml", "wordprocessingml.document.main+xml")
    assert _refusal("a.docx", path.read_bytes())[0] == "file.broken"


def test_pictures_within_a_document_are_no_text_of_it() -> None:
    assert read_file("a.docx", with_part(WORD, "word/media/image1.png", b"\x89PNG" + bytes(intake.LARGEST_XML + 1))) == "1 § Avaus"


def test_the_name_is_shown_without_its_folders_and_line_breaks() -> None:
    assert _refusal("C:\\Omat\\kansio/lista\n1.txt", b"")[1] == {"name": "lista 1.txt"}
    assert len(_refusal("a" * 500, b"")[1]["name"]) == 80


def test_every_refusal_has_its_sentence_and_no_sentence_is_idle() -> None:
    raising = "".join(Path(f"documents/{one}.py").read_text(encoding="utf-8") for one in ("intake", "bounded"))
    raised = set(re.findall(r'"(file\.\w+)"', raising))
    for language in LANGUAGES:
        said = set(re.findall(r'msgid "(file\.\w+)"', Path(f"texts/locale/{language}/file.po").read_text(encoding="utf-8")))
        assert said == raised


RICH = word(
    p("Otsikko", number="1"),
    table(("Aino", "Onni"), ("a", "b")),
    p(r("loppu"), '<w:r><w:footnoteReference w:id="1"/></w:r>'),
    numbering=numbering({"1": levels("%1 §", "%1.%2")}, {"1": ("1", "")}),
    footnotes=f'<w:footnote w:id="1">{p("alaviite")}</w:footnote>',
    header=p("Ylätunniste"),
)


def _text_or_refusal(name: str, data: bytes) -> None:
    try:
        text = read_file(name, data)
    except Refused as refused:
        text = t("fi", refused.key, **refused.params)
    assert text.strip()
    assert len(text) <= intake.LONGEST
    assert text.encode()


names = st.sampled_from(["a.txt", "a.csv", "a.docx", "a.xlsx", "a"])
starts = st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", ole("WordDocument"), b'"', b"\x00a"])


@settings(deadline=None, max_examples=300)
@given(names, starts, st.binary(max_size=400))
def test_any_bytes_are_text_or_a_refusal(name: str, start: bytes, rest: bytes) -> None:
    _text_or_refusal(name, start + rest)


@settings(deadline=None, max_examples=300)
@given(names, st.sampled_from([RICH, roster_book()]), st.data())
def test_any_damaged_file_is_text_or_a_refusal(name: str, whole: bytes, data: st.DataObject) -> None:
    """Bytes of the package itself changed, cut or put in."""
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 20))
    _text_or_refusal(name, whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + cut :])


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


PARTS = {name: _parts(content) for name, content in (("a.docx", RICH), ("a.xlsx", roster_book()))}


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(sorted(PARTS)), st.data())
def test_any_damaged_part_is_text_or_a_refusal(name: str, data: st.DataObject) -> None:
    """A sound package in which one part has another value, tag or no end."""
    parts = PARTS[name]
    part = data.draw(st.sampled_from(sorted(parts)))
    content = parts[part]
    values = [found.span(1) for found in re.finditer(rb'"([^"]*)"', content)]
    place = data.draw(
        st.one_of(st.integers(0, len(values) - 1), st.integers(-len(content), -1)) if values else st.integers(-len(content), -1)
    )
    if place >= 0:
        begin, end = values[place]
        value = data.draw(
            st.sampled_from([b"", b"-1", b"99999999999", b"x", b"rId99", b"%9", b"none", b"../../etc/passwd", b"/word/document.xml"])
        )
    else:
        begin = -place - 1
        end = begin + data.draw(st.integers(0, 30))
        value = data.draw(st.sampled_from([b"", b"<", b"</w:p>", b"\x00", b"&#0;", b"&a;", b"<w:p><w:r/></w:p>", "ä".encode()]))
    _text_or_refusal(name, zipped(parts | {part: content[:begin] + value + content[end:]}))


@pytest.mark.parametrize(
    "data",
    [
        word("<w:p/>" * intake.MOST_TAGS),
        word("<w:sdt>" * 100_000 + "</w:sdt>" * 100_000),
        _sheet("<row/>" * intake.MOST_TAGS),
        _sheet("<row/>", f"<cellXfs>{'<xf/>' * intake.MOST_TAGS}</cellXfs>"),
    ],
    ids=["paragraphs", "depth", "rows", "styles"],
)
def test_much_made_of_little_is_refused_before_it_is_parsed(data: bytes) -> None:
    tracemalloc.start()
    try:
        key, _ = _refusal("a.docx", data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert key in {"file.bomb", "file.broken"}
    assert peak < 30_000_000
