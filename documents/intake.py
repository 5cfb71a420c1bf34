"""A sent file as text for the readers. What a file is, its content says; what cannot be read is refused by name."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import openpyxl

from documents.word import CELL_BREAK, TooLong, read_word
from meetings.errors import Refused

LARGEST = 5 * 1024 * 1024
LARGEST_UNPACKED = 60 * 1024 * 1024
# What is parsed takes some ten times its size in memory, and time by its tags.
LARGEST_XML = 16 * 1024 * 1024
MOST_TAGS = 600_000
LONGEST = 400_000
MOST_ROWS = 2_000
MOST_COLUMNS = 60
MOST_PARTS = 2_000

_MOST_CELLS_SCANNED = 2_000_000
_WORD = b"wordprocessingml.document.main+xml"
_EXCEL = (b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
# Pictures, programs' own files and archives within a file: no XML parser gets beyond such a beginning.
_MEDIA = (*_IMAGES, *_ZIP, _OLE, b"BM", b"RIFF", b"\x01\x00\x00\x00", b"\xd7\xcd\xc6\x9a")
_IMAGE_BRANDS = {b"heic", b"heix", b"heif", b"mif1", b"msf1", b"avif"}
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!doctype|<html|<svg)|\{\\rtf", re.IGNORECASE)
_DECLARED = re.compile(
    rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00(?:D\x00O\x00C|E\x00N\x00T)|\x00<\x00!\x00(?:D\x00O\x00C|E\x00N\x00T)", re.IGNORECASE
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")
_SEPARATOR_LINE = re.compile(r"sep=([;,\t|])\r?\n", re.IGNORECASE)


def read_file(name: str, data: bytes) -> str:
    """The text of a .docx, .txt, .csv or .xlsx; cells of a row are parted by tabs, a break within a cell is U+2028.

    Raises `Refused("file.<what is wrong>", name=…)`: empty, large, old_office, pdf, opendocument, image, other_kind, protected,
    broken, unsafe, bomb, long, rows, columns. Work and memory are bounded by the limits above, and by `bounded`, in whose process it runs.
    """
    shown = " ".join(re.split(r"[\\/]", name)[-1].split())[:80]
    if not data.strip():
        raise Refused("file.empty", name=shown)
    if len(data) > LARGEST:
        raise Refused("file.large", name=shown, most=LARGEST // (1024 * 1024))
    if data.startswith(_ZIP):
        text = _read_package(shown, data)
    else:
        _refuse_other_kinds(shown, data)
        text = _decoded(shown, data)
        if name.casefold().endswith((".csv", ".tsv")):
            text = _read_csv(shown, text)
    if not text.strip():
        raise Refused("file.empty", name=shown)
    if len(text) > LONGEST:
        raise _too_long(shown)
    return text


def _too_long(name: str) -> Refused:
    return Refused("file.long", name=name, most=LONGEST)


def _refuse_other_kinds(name: str, data: bytes) -> None:
    if data.startswith(_OLE):
        # An encrypted .docx or .xlsx is an OLE container with this stream; an old .doc or .xls is one without.
        protected = "EncryptedPackage".encode("utf-16-le") in data
        raise Refused("file.protected" if protected else "file.old_office", name=name)
    if data.lstrip()[:5] == b"%PDF-":
        raise Refused("file.pdf", name=name)
    bitmap = data[:2] == b"BM" and 0 in data[:16]
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    phone = data[4:8] == b"ftyp" and data[8:12] in _IMAGE_BRANDS
    if data.startswith(_IMAGES) or bitmap or webp or phone:
        raise Refused("file.image", name=name)
    if _MARKUP.match(data[:200]):
        raise Refused("file.other_kind", name=name)
    if name.casefold().endswith((".docx", ".xlsx")):
        raise Refused("file.broken", name=name)


# --- Word and Excel -----------------------------------------------------------------------------------------------------


def _read_package(name: str, data: bytes) -> str:
    """A zip: Word or Excel by what it says of its parts, after everything in it has been held against the limits."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            read = _kind(name, package)
            _require_bounded(name, package)
        return read(data)
    except (Refused, MemoryError):
        raise
    except TooLong as error:
        raise _too_long(name) from error
    except _TooManyRows as error:
        raise Refused("file.rows", name=name, most=MOST_ROWS) from error
    except _TooManyColumns as error:
        raise Refused("file.columns", name=name, most=MOST_COLUMNS) from error
    except Exception as error:
        # A malformed file can fail anywhere inside zipfile, python-docx, openpyxl and lxml; whatever they raise means that.
        raise Refused("file.broken", name=name) from error


def _kind(name: str, package: zipfile.ZipFile) -> Callable[[bytes], str]:
    parts = {info.filename: info for info in package.infolist()}
    if any(info.flag_bits & 1 for info in parts.values()):
        raise Refused("file.protected", name=name)
    if "mimetype" in parts and "content.xml" in parts:
        raise Refused("file.opendocument", name=name)
    types = parts.get("[Content_Types].xml")
    if types is None:
        raise Refused("file.other_kind", name=name)
    with package.open(types) as part:
        said = part.read(1 << 20)
    if _WORD in said:
        return read_word
    if any(one in said for one in _EXCEL):
        return _read_workbook
    raise Refused("file.other_kind", name=name)


def _require_bounded(name: str, package: zipfile.ZipFile) -> None:
    """Unpacks each part once and counts: what a zip declares of itself is not to be trusted."""
    infos = package.infolist()
    if len(infos) > MOST_PARTS:
        raise Refused("file.bomb", name=name)
    total = parsed = tags = 0
    for info in infos:
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            # Office writes no other, and some of the others ask for gigabytes of memory.
            raise Refused("file.broken", name=name)
        tail = b""
        media: bool | None = None
        with package.open(info) as part:
            while chunk := part.read(1 << 16):
                media = chunk.startswith(_MEDIA) if media is None else media
                total += len(chunk)
                if not media:
                    parsed += len(chunk)
                    tags += chunk.count(b"<")
                if total > LARGEST_UNPACKED or parsed > LARGEST_XML or tags > MOST_TAGS:
                    raise Refused("file.bomb", name=name)
                if not media and _DECLARED.search(tail + chunk):
                    raise Refused("file.unsafe", name=name)
                tail = chunk[-32:]


class _TooManyRows(Exception):
    """More rows than a roster or a list of dates can have."""


class _TooManyColumns(Exception):
    """A row wider than any list: its cells are not dropped in silence."""


def _read_workbook(data: bytes) -> str:
    """All sheets, an empty line between them; values as they are, days and times in ISO form."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    sheets: list[str] = []
    rows = length = scanned = 0
    for sheet in book.worksheets:
        # The dimensions a file declares may be a million rows of nothing.
        sheet.reset_dimensions()
        lines = []
        for row in sheet.iter_rows(values_only=True):
            scanned += 1 + len(row)
            cells = [_cell(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if not cells:
                if scanned > _MOST_CELLS_SCANNED:
                    raise _TooManyRows
                continue
            rows += 1
            if rows > MOST_ROWS or scanned > _MOST_CELLS_SCANNED:
                raise _TooManyRows
            if len(cells) > MOST_COLUMNS:
                raise _TooManyColumns
            lines.append("\t".join(cells))
            length += len(lines[-1])
            if length > LONGEST:
                # One long text may stand in every cell.
                raise TooLong
        if lines:
            sheets.append("\n".join(lines))
    return "\n\n".join(sheets)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            moment = _to_second(value)
            return moment.date().isoformat() if moment.time() == time(0) else f"{moment.date().isoformat()} {_clock(moment)}"
        case date():
            return value.isoformat()
        case time():
            return _clock(_to_second(datetime.combine(date(2000, 1, 1), value)))
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e21 else f"{value:.15g}"
        case _:
            return _one_cell(str(value))


def _to_second(moment: datetime) -> datetime:
    """Excel keeps a time as a fraction of a day: 11.30 may come back a hair early."""
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


# --- text -------------------------------------------------------------------------------------------------------------


def _read_csv(name: str, text: str) -> str:
    said = _SEPARATOR_LINE.match(text)
    body = text[said.end() :] if said else text
    try:
        rows = list(csv.reader(io.StringIO(body, newline=""), delimiter=said[1] if said else _delimiter(body)))
    except csv.Error as error:
        raise Refused("file.broken", name=name) from error
    if sum(any(row) for row in rows) > MOST_ROWS:
        raise Refused("file.rows", name=name, most=MOST_ROWS)
    return "\n".join("\t".join(_one_cell(cell) for cell in row) for row in rows)


def _delimiter(text: str) -> str:
    """The mark that parts most of the first lines into the same number of cells; the semicolon of Nordic Excel first."""
    sample = io.StringIO(text[:20_000], newline="").readlines()[:20]

    def regular(mark: str) -> int:
        widths = Counter(len(row) for row in csv.reader(sample, delimiter=mark) if len(row) > 1)
        return max(widths.values(), default=0)

    return max((";", "\t", ",", "|"), key=regular)


def _one_cell(text: str) -> str:
    return re.sub(r"\r\n|[\r\n\f]", CELL_BREAK, text.strip()).replace("\t", " ")


def _decoded(name: str, data: bytes) -> str:
    """UTF-8, UTF-16 or Windows-1252 text; bytes that are none of them are no text."""
    try:
        text = data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        raise Refused("file.other_kind", name=name) from error
    if _CONTROL.search(text):
        raise Refused("file.other_kind", name=name)
    return text


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:2000]
    if head.count(0) > len(head) // 4:
        # UTF-16 without its mark: every other byte of Latin text is zero.
        return "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"
