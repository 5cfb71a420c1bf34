"""Lines of a pasted text: cleaned, and flowed into paragraphs again where a line was only broken for want of room."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Word's own bullets (Symbol and Wingdings) arrive from the private use area.
BULLET = re.compile(r"(?:[•●▪◦‣∙·–*]|[\uf000-\uf0ff]|-)(?:\s+|$)|[•●▪◦‣∙\uf000-\uf0ff]")
LINK = re.compile(r"<?(?:https?://|www\.)[^\s<>]+>?")
BULLET_SHOWN = "• "

_BREAKS = re.compile(r"\r\n|[\n\r\v\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]|\u00ad(?!\\s*$)")
_PAGE_NUMBER = re.compile(r"(?:(?:sivu|sida|page)\s+)?(\d{1,3})\s*(?:\(\s*(\d{1,3})\s*\)|/\s*(\d{1,2}))", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HYPHENS = "-\u2010\u00ad"
_RANGE_OPEN = re.compile(r"\d[-–]$")
# Before these a hyphen stands for a word that comes later: "maa- ja metsätalous".
_JOINING = frozenset(["ja", "tai", "sekä", "eli", "että", "kuin", "och", "eller", "samt", "som", "and", "or"])
_VOWELS = frozenset("aeiouyäöå")
# Lines that stand for themselves: of columns, of a list `1)`, `a)`, `2. Capital`, or `Word: text`.
_COLUMNS = re.compile(r"\S(?: {3,}|\t)\s*\S")
_OF_A_LIST = re.compile(r"(?:\d{1,2}|[a-zåäö]|[ivx]{2,4})\)\s|\d{1,2}\.\s+[A-ZÅÄÖ]|[A-ZÅÄÖ][^\W\d_]+:\s")
_DATED = re.compile(r"(?:[^\W\d_]{2,12}\.?\s+)?\d{1,2}\.?\s?(?:\d{1,2}\.|[^\W\d_]{3,12}\s)")
_SENTENCE_ENDS = ".:!?;"
# Lines above this were not broken by hand or by a mail program, lines below the other not for want of room.
_WIDEST = 130
_NARROWEST = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters of the source read as structure and so not part of any text. `kind` says as what; `line` counts from 0."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line without the blanks around it. `new_page`: a page break stands before it."""

    number: int
    text: str
    indent: int = 0
    new_page: bool = False

    @property
    def blank(self) -> bool:
        return not self.text


@dataclass(frozen=True, slots=True)
class Fabric:
    """What the whole text tells about its line breaks: its width (0: not broken by hand) and the words seen within lines, sorted."""

    width: int
    words: tuple[str, ...]

    def knows(self, beginning: str) -> bool:
        """Whether some word of the text begins so."""
        place = bisect_left(self.words, beginning)
        return place < len(self.words) and self.words[place].startswith(beginning)


def split_lines(text: str) -> tuple[tuple[Line, ...], tuple[Mark, ...]]:
    """The lines of a text, blank ones too, and the marks taken out: invisible characters and page numbers beside a page break."""
    lines: list[Line] = []
    marks: list[Mark] = []
    for page, part in enumerate(text.split("\f")):
        for row, raw in enumerate(_BREAKS.split(part)):
            number = len(lines)
            marks += [Mark("invisible", found, number) for found in _INVISIBLE.findall(raw)]
            clean = _INVISIBLE.sub("", raw)
            stripped = clean.strip()
            indent = len(clean.expandtabs(4)) - len(clean.expandtabs(4).lstrip())
            lines.append(Line(number, stripped, indent, new_page=page > 0 and row == 0))
    return _without_page_numbers(lines, marks)


def fabric_of(lines: Sequence[Line]) -> Fabric:
    """The width is what most lines reach that were plainly broken: within a word, or before one that goes on in small letters."""
    broken = sorted(
        one.indent + len(one.text)
        for one, following in pairwise(lines)
        if not one.blank and not following.blank and _plainly_broken(one, following)
    )
    width = broken[len(broken) * 3 // 4] if broken else 0
    words = {word.casefold() for line in lines for word in _WORD.findall(_without_last_part(line.text))}
    return Fabric(width, tuple(sorted(words)))


def flow(lines: Sequence[Line], fabric: Fabric) -> tuple[str, tuple[Mark, ...]]:
    """The lines as text: paragraphs parted by an empty line, bullets on lines of their own as `• `, broken words made whole.

    A line break stays where the next word would have had room; hyphens and bullets taken out come back as marks.
    """
    marks: list[Mark] = []
    pieces: list[str] = []
    before: Line | None = None
    hanging = -1
    blanks = 0
    page = False
    for line in lines:
        page = page or line.new_page
        if line.blank:
            blanks += 1
            continue
        shown, bullet = _bulleted(line)
        if bullet:
            marks.append(Mark("bullet", bullet, line.number))
        glue = ""
        if before is not None and (bullet or LINK.fullmatch(line.text) or LINK.fullmatch(before.text)):
            glue = "\n\n" if blanks and not (bullet and BULLET.match(before.text)) else "\n"
        elif before is not None:
            glue, removed = _glue(before, line, fabric, blanks=blanks, page=page, hanging=hanging)
            if removed:
                pieces[-1] = pieces[-1][:-1]
                marks.append(Mark("hyphen", removed, before.number))
        if bullet:
            hanging = line.indent
        elif "\n" in glue:
            hanging = -1
        pieces += [glue, shown]
        before, blanks, page = line, 0, False
    return "".join(pieces), tuple(marks)


def join_hyphenated(text: str, following: str, fabric: Fabric) -> tuple[str, str]:
    """Two halves of a broken line as one, and the hyphen removed from between them (empty when it stays or is none)."""
    glue, removed = _hyphen_glue(text, following, fabric)
    return f"{text[: len(text) - len(removed)]}{glue}{following}", removed


def _hyphen_glue(text: str, following: str, fabric: Fabric) -> tuple[str, str]:
    """What stands between the halves of a broken line, and the hyphen that does not."""
    part = _last_part(text)
    after = re.match(r"[^\W_]+", following)
    if not part or after is None or after[0].casefold() in _JOINING:
        return " ", ""
    if text[-1] == "\u00ad" or not _is_real(part.lstrip("([\"'”»"), after[0], fabric):
        return "", text[-1]
    return "", ""


def _last_part(text: str) -> str:
    """What stands between the last blank or hyphen and a hyphen that ends the text; empty when none ends it."""
    if not text or text[-1] not in _HYPHENS:
        return ""
    start = end = len(text) - 1
    while start and not text[start - 1].isspace() and text[start - 1] not in _HYPHENS:
        start -= 1
    return text[start:end]


def _without_last_part(text: str) -> str:
    part = _last_part(text)
    return text[: len(text) - len(part) - 1] if part else text


def _is_real(part: str, following: str, fabric: Fabric) -> bool:
    """Whether a hyphen at a line's end belongs to the word: by its shape, else by how the text writes it elsewhere."""
    if not part or not part[-1].isalpha() or following[0].isupper() or following[0].isdigit():
        return True
    if len(part) == 1 or any(one.isdigit() for one in part) or (part.isupper() and len(part) > 1):
        return True
    word, rest = part.casefold(), following.casefold()
    if fabric.knows(f"{word}-{rest[:4]}"):
        return True
    if fabric.knows(word + rest[:4]):
        return False
    # Finnish writes a hyphen between two like vowels of a compound: linja-auto.
    return word[-1] == rest[0] and rest[0] in _VOWELS


def _glue(before: Line, line: Line, fabric: Fabric, *, blanks: int, page: bool, hanging: int) -> tuple[str, str]:
    """What stands between two lines, and the hyphen that does not. `hanging`: how far a bullet they belong to is indented, else -1."""
    broken_word = bool(_last_part(before.text)) and (not blanks or line.text[0].islower())
    goes_on = line.text[0].islower() and before.text[-1] not in _SENTENCE_ENDS
    # A page that ends in the middle of a sentence leaves blank lines there.
    torn = goes_on and (page or (blanks > 1 and _is_long(before, fabric)))
    if blanks and not broken_word and not torn:
        return "\n\n", ""
    if _RANGE_OPEN.search(before.text[-2:]) and line.text[0].isdigit():
        return "", ""
    hung = hanging >= 0 and line.indent > hanging and goes_on and bool(fabric.width)
    if broken_word or torn or hung or _was_forced(before, line, fabric):
        return _hyphen_glue(before.text, line.text, fabric)
    return "\n", ""


def _was_forced(before: Line, line: Line, fabric: Fabric) -> bool:
    """Whether the line was broken for want of room; a tenth less than the width counts as full, since right margins are ragged."""
    if not fabric.width or _stands_alone(before, line):
        return False
    full = before.indent + len(before.text) + 1 + len(line.text.split(maxsplit=1)[0]) > fabric.width * 0.9
    return full or (line.text[0].islower() and before.text[-1] not in _SENTENCE_ENDS and _is_long(before, fabric))


def _is_long(line: Line, fabric: Fabric) -> bool:
    return bool(fabric.width) and line.indent + len(line.text) > fabric.width * 0.5


def _stands_alone(before: Line, line: Line) -> bool:
    """A line of columns or of a list is not the rest of the one before it, and two dated lines are two dates."""
    if _OF_A_LIST.match(line.text) or _COLUMNS.search(line.text) or _COLUMNS.search(before.text):
        return True
    return bool(_DATED.match(line.text) and _DATED.match(before.text))


def _plainly_broken(line: Line, following: Line) -> bool:
    if not _NARROWEST <= line.indent + len(line.text) <= _WIDEST or BULLET.match(following.text) or _stands_alone(line, following):
        return False
    return following.text[0].islower() and line.text[-1] not in _SENTENCE_ENDS


def _bulleted(line: Line) -> tuple[str, str]:
    found = BULLET.match(line.text)
    if found is None:
        return line.text, ""
    return BULLET_SHOWN + line.text[found.end() :].lstrip(), found[0].strip()


def _without_page_numbers(lines: list[Line], marks: list[Mark]) -> tuple[tuple[Line, ...], tuple[Mark, ...]]:
    """A lone `3 (6)` next to a page break is the page's number; anywhere else it is text."""
    found = [*lines]
    texts = [line for line in lines if not line.blank]
    for place, line in enumerate(texts):
        matched = _PAGE_NUMBER.fullmatch(line.text)
        if matched is None or int(matched[1]) > int(matched[2] or matched[3]):
            continue
        last = texts[place - 1].number if place else -1
        following = texts[place + 1].number if place + 1 < len(texts) else len(lines) - 1
        if any(one.new_page for one in lines[last + 1 : following + 1]):
            found[line.number] = Line(line.number, "", 0, line.new_page)
            marks.append(Mark("page", line.text, line.number))
    return tuple(found), tuple(marks)
