"""Files as people send them, made part by part: python-docx can write little of what Word writes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import openpyxl
from docx import Document

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def r(text: str) -> str:
    """A run of text."""
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*inner: str, style: str = "", number: str = "", level: int | None = None) -> str:
    """A paragraph, of a style or a list."""
    depth = f'<w:ilvl w:val="{level}"/>' if level is not None else ""
    listed = f'<w:numPr>{depth}<w:numId w:val="{number}"/></w:numPr>' if number else ""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{styled}{listed}</w:pPr>{''.join(one if one.startswith('<') else r(one) for one in inner)}</w:p>"


def table(*rows: Sequence[str]) -> str:
    """A table; a cell is text or paragraphs."""
    cells = ("".join(f"<w:tc>{cell if cell.startswith('<') else p(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def levels(*texts: str, formats: Sequence[str] = ("decimal",) * 9, styles: Mapping[int, str] | None = None) -> str:
    """The levels of a list's definition; `texts` as `%1.%2`."""
    return "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{formats[at]}"/>'
        f'{f"""<w:pStyle w:val="{(styles or {})[at]}"/>""" if at in (styles or {}) else ""}<w:lvlText w:val="{text}"/></w:lvl>'
        for at, text in enumerate(texts)
    )


def numbering(definitions: Mapping[str, str], lists: Mapping[str, tuple[str, str]]) -> str:
    """Definitions (id → levels) and the lists that use them (id → definition, overrides)."""
    made = "".join(f'<w:abstractNum w:abstractNumId="{name}">{inner}</w:abstractNum>' for name, inner in definitions.items())
    used = "".join(
        f'<w:num w:numId="{name}"><w:abstractNumId w:val="{definition}"/>{overrides}</w:num>'
        for name, (definition, overrides) in lists.items()
    )
    return made + used


def word(*body: str, links: Mapping[str, str] | None = None, **parts: str) -> bytes:
    """A .docx of this body. `parts`: the inside of numbering, styles, footnotes, endnotes, header, settings. `links`: id → target."""
    types = [f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>']
    rels = [
        f'<Relationship Id="{key}" Type="{_OFFICE}/hyperlink" Target="{target}" TargetMode="External"/>'
        for key, target in (links or {}).items()
    ]
    files = {}
    for name, inner in parts.items():
        root = {"header": "hdr", "footer": "ftr"}.get(name, name)
        files[f"word/{name}.xml"] = f"<w:{root} {NAMESPACES}>{inner}</w:{root}>"
        types.append(f'<Override PartName="/word/{name}.xml" ContentType="{_MAIN}.{name}+xml"/>')
        rels.append(f'<Relationship Id="{name}" Type="{_OFFICE}/{name}" Target="{name}.xml"/>')
    section = '<w:sectPr><w:headerReference w:type="default" r:id="header"/></w:sectPr>' if "header" in parts else "<w:sectPr/>"
    files["word/document.xml"] = f"<w:document {NAMESPACES}><w:body>{''.join(body)}{section}</w:body></w:document>"
    package = "http://schemas.openxmlformats.org/package/2006"
    files["word/_rels/document.xml.rels"] = f'<Relationships xmlns="{package}/relationships">{"".join(rels)}</Relationships>'
    files["_rels/.rels"] = (
        f'<Relationships xmlns="{package}/relationships"><Relationship Id="d" Type="{_OFFICE}/officeDocument"'
        ' Target="word/document.xml"/></Relationships>'
    )
    files["[Content_Types].xml"] = (
        f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{"".join(types)}</Types>'
    )
    return zipped(files)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def with_part(content: bytes, name: str, part: str | bytes) -> bytes:
    """The package with one part put in or in the place of the old one."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        files: dict[str, str | bytes] = {one: package.read(one) for one in package.namelist()}
    return zipped(files | {name: part})


def locked_zip(content: bytes) -> bytes:
    """The package as if its parts had a password: the flag of it in every header."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(mark, at + 4)
    return bytes(changed)


def ole(stream: str) -> bytes:
    """The head of an OLE container whose directory names a stream: `EncryptedPackage`, `WordDocument`, `Workbook`."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le").ljust(128, b"\0") + bytes(3000)


def plain_word(text: str = "1 § Avaus") -> bytes:
    made = Document()
    made.add_paragraph(text)
    return saved(made)


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    """An .xlsx of these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    return saved(book)


def roster_book() -> bytes:
    """Two sheets: seats with a merged heading, an empty row, a break in a cell, a formula; and dates."""
    book = openpyxl.Workbook()
    seats = book.active
    seats.title = "Paikat"
    seats.merge_cells("A1:C1")
    seats["A1"] = "Saarten ohjausryhmä"
    for row in (("Jäsen", "Varajäsen", "Organisaatio"), (), ("Aino Ranta", "Onni Saari\nMaj Holm", "Kala ry"), ("Siiri Lahti", None, 7.0)):
        seats.append(row)
    dates = book.create_sheet("Ajat")
    dates.append((datetime(2020, 6, 1, 11, 30), date(2020, 8, 3), time(9, 5), 0.1 + 0.2, True, datetime(2020, 6, 1)))  # noqa: DTZ001  # a workbook's times have no zone
    return saved(book)


def saved(made: Any) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
