"""The text of a Word file in reading order, with what Word numbers by itself, its notes, text boxes and link targets."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import docx
from docx.oxml.ns import qn
from lxml import etree

# A line break within a cell: the readers keep it inside the cell.
CELL_BREAK = "\u2028"

_P, _TBL, _TR, _TC = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc"))
_BREAK, _SYMBOL, _LINK, _BOX, _CODE = (qn(f"w:{name}") for name in ("br", "sym", "hyperlink", "txbxContent", "instrText"))
_TEXTS = {qn("w:t"), "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"}
_SIGNS = {qn("w:tab"): "\t", qn("w:ptab"): "\t", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-", qn("w:softHyphen"): "\u00ad"}
_NOTES = {qn("w:footnoteReference"): "footnotes", qn("w:endnoteReference"): "endnotes"}
# Deleted in a tracked change, properties, and the second copy of a drawing for old programs: none is the text.
_UNREAD = {qn(f"w:{name}") for name in ("del", "moveFrom", "pPr", "rPr", "sectPr", "tblPr", "trPr", "tcPr", "sdtPr")} | {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
}
_LINK_CODE = re.compile(r'\s*HYPERLINK\s+"((?:https?://|mailto:)[^"]+)"', re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"\s*(?:(?:sivu|sida|page)\s*)?(?:\d{1,3}\s*(?:\(\s*\d{1,3}\s*\)|/\s*\d{1,3})?)?\s*", re.IGNORECASE)
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix")),
    *((5, "v"), (4, "iv"), (1, "i")),
)
# Word's own limits are nine levels and some ten styles on one another; what repeats (numbers, link targets) is bounded by its sum.
_DEEPEST_LEVEL = 8
_MOST_BASES = 20
_LONGEST_NUMBER = 40
_LONGEST_TARGET = 2_000
_MOST_ADDED = 400_000


class TooLong(Exception):
    """More text than any document has, made of little XML."""


def read_word(data: bytes) -> str:
    """Headers and footers first, then paragraphs (a line each) and tables (a line a row, tabs between cells) in order.

    Raises `TooLong`, and whatever python-docx and lxml raise on a file that is not what it says.
    """
    document = docx.Document(io.BytesIO(data))
    reader = _Reader(document.part, document.part.rels)
    return "\n".join((*_margins(document, reader), *reader.block(document.element.body)))


def _margins(document: Any, reader: _Reader) -> dict[str, None]:
    """The lines of the headers and footers that are shown, each once, without page numbers."""
    even = document.settings.odd_and_even_pages_header_footer
    shown: dict[int, Any] = {}
    for section in document.sections:
        margins = [section.header, section.footer]
        if section.different_first_page_header_footer:
            margins += [section.first_page_header, section.first_page_footer]
        if even:
            margins += [section.even_page_header, section.even_page_footer]
        for margin in margins:
            if not margin.is_linked_to_previous:
                shown.setdefault(id(margin.part), margin.part)
    found: dict[str, None] = {}
    for part in shown.values():
        with reader.inside(part):
            found |= dict.fromkeys(line for line in reader.block(part.element) if not _PAGE_NUMBER.fullmatch(line))
    return found


@dataclass(slots=True)
class _Level:
    format: str
    text: str
    start: int
    style: str


@dataclass(slots=True)
class _Reader:
    """Walks the XML of one document; counts its numbered paragraphs and notes on the way, since Word stores no numbers."""

    part: Any
    rels: Any
    styles: dict[str, Any] = field(default_factory=dict)
    levels: dict[str, tuple[str, dict[int, _Level]]] = field(default_factory=dict)
    lists: dict[str, tuple[str, int]] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    notes: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    # Targets of links made by a field in the paragraph being read.
    targets: list[str] = field(default_factory=list)
    added: int = 0

    def __post_init__(self) -> None:
        self.styles = {one.get(qn("w:styleId")): one for one in self.part.document.styles.element.findall(qn("w:style"))}
        self._read_numbering()

    @contextmanager
    def inside(self, part: Any) -> Iterator[None]:
        """A part's links are numbered apart from those of the document."""
        outer, self.rels = self.rels, part.rels
        try:
            yield
        finally:
            self.rels = outer

    def block(self, element: Any) -> Iterator[str]:
        """The lines of a body, cell, note or text box."""
        for child in element:
            if child.tag == _P:
                yield from self._paragraph(child)
            elif child.tag == _TBL:
                yield from self._table(child)
            elif isinstance(child.tag, str) and child.tag not in _UNREAD:
                # Content controls, insertions, custom XML: wrappers around paragraphs.
                yield from self.block(child)

    def _table(self, table: Any) -> Iterator[str]:
        for row in table.iter(_TR):
            if next(row.iterancestors(_TBL)) is not table:
                continue
            texts = []
            for cell in row.iter(_TC):
                if next(cell.iterancestors(_TR)) is row:
                    texts.append(CELL_BREAK.join(line.replace("\t", " ") for line in self.block(cell) if line.strip()))
                    texts += [""] * (_span(cell) - 1)
            if any(texts):
                yield "\t".join(re.sub("[\n\f]", CELL_BREAK, text) for text in texts)

    def _paragraph(self, paragraph: Any) -> Iterator[str]:
        after: list[str] = []
        outer, self.targets = self.targets, []
        text = "".join(self._inline(paragraph, after))
        text += "".join(self._target(target, text) for target in self.targets)
        self.targets = outer
        # An empty paragraph of a list has its number too, unless it is itself deleted.
        number = self._number(paragraph) if text.strip() or paragraph.find(f"{qn('w:pPr')}/{qn('w:rPr')}/{qn('w:del')}") is None else ""
        yield f"{number}{text}" if text.strip() else text
        yield from after

    def _inline(self, element: Any, after: list[str]) -> Iterator[str]:
        """The text of a paragraph; what hangs on it (notes, boxes) is left in `after` as lines."""
        for child in element:
            tag = child.tag
            if tag in _UNREAD or not isinstance(tag, str):
                continue
            if tag in _TEXTS:
                yield child.text or ""
            elif tag in _SIGNS:
                yield _SIGNS[tag]
            elif tag == _BREAK:
                yield "\f" if child.get(qn("w:type")) == "page" else "\n"
            elif tag == _SYMBOL:
                yield _symbol(child.get(qn("w:char"), ""))
            elif tag in _NOTES:
                yield self._note(child.get(qn("w:id"), ""), _NOTES[tag], after)
            elif tag == _BOX:
                after.extend(self.block(child))
            elif tag == _LINK:
                text = "".join(self._inline(child, after))
                yield text
                relation = self.rels.get(child.get(qn("r:id")))
                yield self._target(relation.target_ref, text) if relation is not None and relation.is_external else ""
            elif tag == _CODE:
                found = _LINK_CODE.match(child.text or "")
                self.targets += [found[1]] if found else []
            else:
                yield from self._inline(child, after)

    def _target(self, target: str, text: str) -> str:
        """Where a link goes, unless its text says it."""
        shown = target[:_LONGEST_TARGET].removeprefix("mailto:").rstrip("/")
        if not shown or shown in text:
            return ""
        return self._add(f" {target[:_LONGEST_TARGET]}")

    def _note(self, note_id: str, kind: str, after: list[str]) -> str:
        """The mark of a note; its text, the first time, as lines after the paragraph."""
        if kind not in self.notes:
            self.notes[kind] = dict(self._notes_of(kind))
        number = self.noted[kind] = self.noted.get(kind, 0) + 1
        mark = f"[{number if kind == 'footnotes' else _counted(number, 'lowerRoman')}]"
        # Taken out: a note that refers to itself has an end.
        part, note = self.notes[kind].pop(note_id, (None, None))
        if note is not None:
            with self.inside(part):
                lines = [line.strip() for line in self.block(note) if line.strip()]
            after.append(f"{mark} " + "\n".join(lines))
        return mark

    def _notes_of(self, kind: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
        for relation in self.part.rels.values():
            if not relation.is_external and relation.reltype.endswith(f"/{kind}"):
                root = etree.fromstring(relation.target_part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
                for note in root.iter(qn(f"w:{kind[:-1]}")):
                    yield note.get(qn("w:id"), ""), (relation.target_part, note)

    def _add(self, text: str) -> str:
        self.added += len(text)
        if self.added > _MOST_ADDED:
            raise TooLong
        return text

    # --- numbering ---

    def _read_numbering(self) -> None:
        relation = next((one for one in self.part.rels.values() if one.reltype.endswith("/numbering") and not one.is_external), None)
        if relation is None:
            return
        root = relation.target_part.element
        definitions = {one.get(qn("w:abstractNumId")): one for one in root.findall(qn("w:abstractNum"))}
        linked = {name: one for one in definitions.values() if (name := _value(one, "styleLink"))}
        for number in root.findall(qn("w:num")):
            name = _value(number, "abstractNumId")
            definition = definitions.get(name)
            if definition is None:
                continue
            definition = linked.get(_value(definition, "numStyleLink"), definition)
            levels = dict(_levels(definition))
            overrides = number.findall(qn("w:lvlOverride"))
            for override in overrides:
                levels |= dict(_levels(override))
                depth = int(override.get(qn("w:ilvl"), "0"))
                if depth in levels and (start := _value(override, "startOverride")):
                    levels[depth].start = int(start)
            # Lists of one definition count on together unless a list says where it starts.
            key = f"num{number.get(qn('w:numId'))}" if overrides else f"abstract{name}"
            self.levels[number.get(qn("w:numId"))] = (key, levels)

    def _number(self, paragraph: Any) -> str:
        """The number or bullet Word shows before a paragraph, with a blank after it; empty when there is none."""
        number_id, depth = self._list_of(paragraph)
        key, levels = self.levels.get(number_id, ("", {}))
        level = levels.get(depth)
        if level is None:
            return ""
        if level.format == "bullet":
            return self._add("• ")
        counts = self.counts.setdefault(key, [])
        while len(counts) <= depth:
            counts.append(levels[len(counts)].start - 1 if len(counts) in levels else 0)
        counts[depth] += 1
        del counts[depth + 1 :]

        def count(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            return _counted(counts[at], levels[at].format) if at in levels and at <= depth else ""

        shown = re.sub(r"%([1-9])", count, level.text)
        return self._add(f"{shown} ") if shown.strip() else ""

    def _list_of(self, paragraph: Any) -> tuple[str, int]:
        """The list a paragraph is in and how deep, by itself or by its style."""
        style = _value(paragraph, "pPr", "pStyle")
        number_id, depth = _listed(paragraph)
        if not number_id:
            if style not in self.lists:
                self.lists[style] = self._list_of_style(style)
            number_id, of_style = self.lists[style]
            return number_id, of_style if depth is None else depth
        return number_id, self._level_of(number_id, style) if depth is None else depth

    def _list_of_style(self, name: str) -> tuple[str, int]:
        depth: int | None = None
        for _ in range(_MOST_BASES):
            style = self.styles.get(name)
            if style is None:
                break
            number_id, said = _listed(style)
            depth = said if depth is None else depth
            if number_id:
                return number_id, self._level_of(number_id, name) if depth is None else depth
            name = _value(style, "basedOn")
        return "", depth or 0

    def _level_of(self, number_id: str, style: str) -> int:
        """The level of a list that names the style; the first when none does."""
        _, levels = self.levels.get(number_id, ("", {}))
        return next((depth for depth, level in levels.items() if style and level.style == style), 0)


def _listed(element: Any) -> tuple[str, int | None]:
    """The list and depth a paragraph or style names itself."""
    depth = _value(element, "pPr", "numPr", "ilvl")
    return _value(element, "pPr", "numPr", "numId"), int(depth) if depth else None


def _levels(element: Any) -> Iterator[tuple[int, _Level]]:
    for one in element.findall(qn("w:lvl")):
        depth = int(one.get(qn("w:ilvl"), "0"))
        if 0 <= depth <= _DEEPEST_LEVEL:
            text = _value(one, "lvlText")[:_LONGEST_NUMBER]
            yield depth, _Level(_value(one, "numFmt") or "decimal", text, int(_value(one, "start") or "1"), _value(one, "pStyle"))


def _value(element: Any, *steps: str) -> str:
    """The `w:val` of a part of an element, empty when it has none."""
    found = element.find("/".join(qn(f"w:{step}") for step in steps))
    return str(found.get(qn("w:val"), "")) if found is not None else ""


def _span(cell: Any) -> int:
    """Over how many columns a cell goes."""
    span = _value(cell, "tcPr", "gridSpan")
    return min(int(span), 63) if span.isascii() and span.isdecimal() else 1


def _symbol(code: str) -> str:
    number = int(code, 16) if re.fullmatch("[0-9A-Fa-f]{1,5}", code) else 0xFFFD
    return chr(number) if number >= 0x20 and not 0xD800 <= number <= 0xDFFF else "\ufffd"


def _counted(number: int, style: str) -> str:
    if style == "none":
        return ""
    if style in {"lowerLetter", "upperLetter"} and 0 < number <= 780:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters.upper() if style == "upperLetter" else letters
    if style in {"lowerRoman", "upperRoman"} and 0 < number < 4000:
        text = ""
        for value, sign in _ROMAN:
            text += sign * (number // value)
            number %= value
        return text.upper() if style == "upperRoman" else text
    return f"{number:02}" if style == "decimalZero" else str(number)
