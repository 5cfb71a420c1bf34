"""Lines of a pasted text: cleaned, and flowed into paragraphs again where a line was only broken for want of room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Word's own bullets (Symbol and Wingdings) arrive from the private use area.
BULLET = re.compile(r"(?:[•●▪◦‣∙·–*]|[\uf000-\uf0ff]|-)(?:\s+|$)|[•●▪◦‣∙\uf000-\uf0ff]")
LINK = re.compile(r"<?(?:https?://|www\.)[^\s<>]+>?")
BULLET_SHOWN = "• "

_BREAKS = re.compile(r"\r\n|[\n\r\v\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]|\u00ad(?!\\s*$)")
_PAGE_NUMBER = re.compile(r"(?:(?:sivu|sida|page)\s+)?(\d{1,3})\s*(?:\(\s*(\d{1,3})\s*\)|/\s*(\d{1,2}))", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_PART = re.compile(r"([^\s\-\u2010\u00ad]+)([-\u2010\u00ad])$")
_RANGE_OPEN = re.compile(r"\d[-–]$")
# Before these a hyphen stands for a word that comes later: "maa- ja metsätalous".
_JOINING = frozenset(["ja", "tai", "sekä", "eli", "että", "kuin", "och", "eller", "samt", "som", "and", "or"])
_VOWELS = frozenset("aeiouyäöå")
# A longest line above this was not broken by hand or by a mail program.
_WIDEST = 130


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
    """What the whole text tells about its line breaks: its width (0: not broken by hand) and the words seen within lines."""

    width: int
    words: frozenset[str]


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
    longest = max((len(line.text) + line.indent for line in lines), default=0)
    words = frozenset(
        word.casefold() for line in lines for word in _WORD.findall(re.sub(r"[^\s\-\u2010\u00ad]+[-\u2010\u00ad]$", "", line.text))
    )
    return Fabric(longest if longest <= _WIDEST else 0, words)


def flow(lines: Sequence[Line], fabric: Fabric) -> tuple[str, tuple[Mark, ...]]:
    """The lines as text: paragraphs parted by an empty line, bullets on lines of their own as `• `, broken words made whole.

    A line break stays where the next word would have had room; hyphens and bullets taken out come back as marks.
    """
    marks: list[Mark] = []
    text = ""
    before: Line | None = None
    gap = page = False
    for line in lines:
        page = page or line.new_page
        if line.blank:
            gap = True
            continue
        shown, bullet = _bulleted(line)
        if bullet:
            marks.append(Mark("bullet", bullet, line.number))
        if before is None:
            text = shown
        elif bullet or LINK.fullmatch(line.text) or LINK.fullmatch(before.text):
            text += ("\n\n" if gap and not (bullet and BULLET.match(before.text)) else "\n") + shown
        else:
            text, removed = _joined(text, before, line, fabric, gap=gap, page=page)
            if removed:
                marks.append(Mark("hyphen", removed, before.number))
        before, gap, page = line, False, False
    return text, tuple(marks)


def join_hyphenated(text: str, following: str, fabric: Fabric) -> tuple[str, str]:
    """Two halves of a broken line as one, and the hyphen removed from between them (empty when it stays or is none)."""
    found = _LAST_PART.search(text)
    if found is None or not following:
        return f"{text} {following}", ""
    part, hyphen = found[1], found[2]
    after = re.match(r"[^\W_]+", following)
    if after is None:
        return f"{text} {following}", ""
    nxt = after[0]
    if nxt.casefold() in _JOINING:
        return f"{text} {following}", ""
    if hyphen == "\u00ad" or not _is_real(part.lstrip("([\"'”»"), nxt, fabric):
        return text[:-1] + following, hyphen
    return text + following, ""


def _is_real(part: str, following: str, fabric: Fabric) -> bool:
    """Whether a hyphen at a line's end belongs to the word: by its shape, else by how the text writes it elsewhere."""
    if not part or not part[-1].isalpha() or following[0].isupper() or following[0].isdigit():
        return True
    if len(part) == 1 or any(one.isdigit() for one in part) or (part.isupper() and len(part) > 1):
        return True
    word, rest = part.casefold(), following.casefold()
    if any(one.startswith(f"{word}-{rest[:4]}") for one in fabric.words):
        return True
    if any(one.startswith(word + rest[:4]) for one in fabric.words):
        return False
    # Finnish writes a hyphen between two like vowels of a compound: linja-auto.
    return word[-1] == rest[0] and rest[0] in _VOWELS


def _joined(text: str, before: Line, line: Line, fabric: Fabric, *, gap: bool, page: bool) -> tuple[str, str]:
    hyphenated = _LAST_PART.search(before.text) is not None
    broken_word = hyphenated and (not gap or line.text[0].islower())
    unfinished = page and before.text[-1] not in ".:!?" and line.text[0].islower()
    if gap and not broken_word and not unfinished:
        return f"{text}\n\n{line.text}", ""
    if _RANGE_OPEN.search(before.text) and line.text[0].isdigit():
        return text + line.text, ""
    if broken_word or unfinished or _was_forced(before, line, fabric):
        return join_hyphenated(text, line.text, fabric)
    return f"{text}\n{line.text}", ""


def _was_forced(before: Line, line: Line, fabric: Fabric) -> bool:
    """The next word would not have fitted; a tenth less than the longest line counts as full, since right margins are ragged."""
    if not fabric.width or fabric.width < 40:
        return False
    return before.indent + len(before.text) + 1 + len(line.text.split()[0]) > fabric.width * 0.9


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
