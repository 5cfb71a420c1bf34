"""The neutral structure of an agenda or minutes: what is said, in which order, without a word about how it looks.

Every text is plain text: what people typed is never markup, in whatever notation it happens to be.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Literal

# Bullets of Word's symbol fonts come over as these private characters when people paste; the rest are line ends.
_PASTED = str.maketrans(
    {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0e0": "→", "\uf0fc": "✓"} | dict.fromkeys("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n")
)
# A time and its `klo`, a number and its § stand on one line.
_HELD = re.compile(r"(?<=\bklo) (?=\d)|(?<=\bkl\.) (?=\d)|(?<=\d) (?=§)|(?<=§) (?=\d)")
_KEPT = frozenset("\n\t\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without numbers."""

    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the document's own parts (those present, attachments)."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The heading of an item. `number` as it is printed (`4 §`, `§ 4`), empty when none has been given yet."""

    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label (`Esitys:`) and what it labels."""

    label: str
    content: tuple[Paragraph | Bullets, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Name and value: time, place, chair."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """A seat: whose it is, its member, its deputies, and who was there."""

    seat: str
    member: str
    deputy: str
    presence: str


@dataclass(frozen=True, slots=True)
class AttendanceTable:
    """The seats of the body. `columns` heads the four columns of `AttendanceRow`."""

    columns: AttendanceRow
    rows: tuple[AttendanceRow, ...]


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """`label` as it is printed (`Liite 2`); `link` may be empty."""

    label: str
    title: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Attachments:
    """The attachments of the meeting."""

    rows: tuple[AttachmentRow, ...]


@dataclass(frozen=True, slots=True)
class Approval:
    """How the wording was or becomes approved, one paragraph a rule or fact."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, and as what."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Signatures:
    """Places to sign."""

    signers: tuple[Signature, ...]


Block = Heading | Section | Labelled | Paragraph | Bullets | Facts | AttendanceTable | Attachments | Approval | Signatures


@dataclass(frozen=True, slots=True)
class MinutesDoc:
    """An agenda or minutes. `name` is what the document calls itself (`Pöytäkirja`), `number` the meeting's (`4/2020`), `day` its date as
    printed; `title` is the title of the file. `dated` (aware) is the newest instant of the record it shows: with it, and not the
    clock, the same record gives the same bytes.
    """

    language: str
    kind: Literal["agenda", "minutes"]
    body: str
    name: str
    number: str
    day: str
    title: str
    status: str
    dated: datetime
    blocks: tuple[Block, ...]


def plain(text: str) -> str:
    """The text without what no document can hold: control characters, lone surrogates, non-characters, direction overrides."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():
        return composed
    lines = composed.replace("\r\n", "\n").translate(_PASTED)
    return "".join(one for one in lines if one in _KEPT or not _unprintable(one))


def as_data(doc: MinutesDoc) -> dict[str, Any]:
    """The document as JSON-able data with cleaned texts; each block carries its `kind` (`section`, `attendance_table`, …).

    Both writers work from this and nothing else, so they cannot differ in what they say.
    """
    data: dict[str, Any] = {field.name: _data(getattr(doc, field.name)) for field in fields(doc) if field.name != "dated"}
    return data


def _data(value: object) -> Any:
    if isinstance(value, str):
        return _HELD.sub("\u00a0", plain(value))
    if isinstance(value, tuple):
        return [_data(one) for one in value]
    if is_dataclass(value):
        made = {field.name: _data(getattr(value, field.name)) for field in fields(value)}
        return {"kind": _snake(type(value).__name__), **made}
    msg = f"a document holds texts only, not {type(value).__name__}"
    raise TypeError(msg)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


def _unprintable(one: str) -> bool:
    """Control, format, surrogate and unassigned characters (categories Cc, Cf, Cs, Cn); private use stays, a body may use it."""
    return unicodedata.category(one) in {"Cc", "Cf", "Cs", "Cn"}
