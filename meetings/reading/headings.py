"""Where the items of an agenda begin: `§` headings in all their forms, else a numbered list; a list of headings is set apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise, zip_longest

from meetings.reading.labels import label_of
from meetings.reading.lines import BULLET, LINK, Fabric, Line, Mark, join_hyphenated

_SECTION = re.compile(r"(?P<mark>(?P<number>\d{1,3})\s*§|§\s*(?P<number2>\d{1,3})(?!\d)\s*[.:]?)(?P<gap>\s*)(?P<title>.*)")
_NUMBERED = re.compile(r"(?P<mark>(?P<number>\d{1,3})(?:\.(?=\s|[^\W\d])|\)))\s*(?P<title>[^\W\d_].*|[\"'”»(\d].*)")
# What a title cannot begin with, since then the line speaks of a § instead of opening one: `7 §:n mukaan`, `7 §, 16.4.2020`.
_NO_TITLE = re.compile(r"[,.;:)\]/–-]|\(?\d{1,2}\.\d{1,2}\.\d{2,4}\)?|mom\b|kohta|kohdan|moment", re.IGNORECASE)
_LEADER = re.compile(r"(?:\s?\.){3,}\s*\d{0,3}\s*$|\t+\d{1,3}\s*$")
# A title of more lines or a list of more headings than this is none; they bound the comparing of titles.
_TITLE_LINES = 4
_TITLE_LENGTH = 500
_LIST_LENGTH = 200
COMPARED = 2 * _LIST_LENGTH
_GOES_ON = frozenset(
    [
        "ja",
        "sekä",
        "tai",
        "och",
        "samt",
        "eller",
        "and",
        "or",
        "of",
        "for",
        "the",
        "om",
        "för",
        "av",
        "på",
        "till",
        "i",
        "in",
        "on",
        "to",
        "with",
    ]
)
_BLURRED = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the text. Its item's lines begin at `end`; `marks` are its number and a hyphen within the title."""

    number: int
    title: str
    line: int
    end: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings that open items, and the list of headings before them: its (number, title) pairs and its lines."""

    headings: tuple[Heading, ...]
    contents: tuple[tuple[int | None, str], ...] = ()
    contents_lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: int
    mark: str
    title: str
    line: Line
    after_blank: bool


def find_headings(lines: Sequence[Line], fabric: Fabric) -> Headings:
    """The headings of a text by `§`, or by `1.` when there is no § heading at all. None found: all empty."""
    by_section = _candidates(lines, _SECTION)
    numbered = not by_section
    candidates = _candidates(lines, _NUMBERED) if numbered else by_section
    after_list = _end_of_list(lines, candidates)
    contents = [one for one in candidates if one.line.number < after_list]
    listed = [one.title for one in contents]
    told = _outermost(candidates[len(contents) :]) if numbered else _in_sequence(candidates[len(contents) :])
    if not numbered and not contents:
        listed = _bare_list(lines, told)
    headings = tuple(
        _heading(one, lines, following.line.number if following else len(lines), fabric, listed if place < COMPARED else ())
        for place, (one, following) in enumerate(zip_longest(told, told[1:]))
    )
    if contents:
        titles = [one.title for one in headings[:COMPARED]]
        ends = [*(one.line.number for one in contents[1:]), after_list]
        rows = [_heading(one, lines, end, fabric, titles) for one, end in zip(contents, ends, strict=True)]
        pairs = tuple((one.number, without_leader(one.title)) for one in rows)
        taken = tuple(number for row in rows for number in range(row.line, row.end) if not lines[number].blank)
        return Headings(headings, pairs, taken)
    return _with_unmarked_list(lines, headings)


def same_title(one: str, other: str, *, exactly: bool = False) -> bool:
    """Whether two wordings are one heading: letters and digits alike; unless `exactly`, also when most of their words are alike."""
    first, second = _blurred(one), _blurred(other)
    if first == second:
        return True
    if exactly:
        return False
    if len(first) > 8 and len(second) > 8 and (first.startswith(second) or second.startswith(first)):
        return True
    mine, yours = _stems(one), _stems(other)
    return len(mine & yours) >= 2 and len(mine & yours) * 3 >= 2 * max(len(mine), len(yours))


def without_leader(title: str) -> str:
    """A title of a list without the dots and the page number after it."""
    return _LEADER.sub("", title) if len(title) <= _TITLE_LENGTH else title


def _candidates(lines: Sequence[Line], pattern: re.Pattern[str]) -> list[_Candidate]:
    found = []
    after_blank = True
    texts = [line for line in lines if not line.blank]
    for line, follows in zip_longest(texts, texts[1:]):
        after_blank = line.number == 0 or lines[line.number - 1].blank
        matched = pattern.fullmatch(line.text)
        if matched is not None:
            groups = matched.groupdict()
            title = matched["title"].strip()
            if _can_be_title(title, follows, pattern):
                number = int(groups["number"] or groups["number2"])
                found.append(_Candidate(number, matched["mark"], title, line, after_blank or line.new_page))
    return found


def _can_be_title(title: str, follows: Line | None, pattern: re.Pattern[str]) -> bool:
    if not title:
        # The number alone on its line: the title is on the next one.
        return follows is not None and label_of(follows.text) is None and pattern.fullmatch(follows.text) is None
    return _NO_TITLE.match(title) is None


def _end_of_list(lines: Sequence[Line], candidates: Sequence[_Candidate]) -> int:
    """The line where the headings start over after a list of them; 0 when there is no such list."""
    starts_over = (place for place in range(2, len(candidates)) if candidates[place].number <= candidates[place - 1].number)
    for place in islice(starts_over, 3):
        if place > _LIST_LENGTH:
            break
        listed, told = candidates[:place], candidates[place : place + COMPARED]
        both = {one.number for one in listed} & {one.number for one in told}
        if 2 * len(both) < len(listed) or not all(_bare(lines, a, b) for a, b in pairwise(listed)):
            continue
        if 2 * sum(any(same_title(one.title, other.title) for other in told) for one in listed) >= len(listed):
            return candidates[place].line.number
    return 0


def _bare(lines: Sequence[Line], one: _Candidate, following: _Candidate) -> bool:
    """Between two headings of a list stands at most the second line of a long one."""
    between = [line for line in lines[one.line.number + 1 : following.line.number] if not line.blank]
    return len(between) <= 1 and all(label_of(line.text) is None for line in between)


def _in_sequence(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Headings stand after an empty line or have the next number; a § that opens a line within a paragraph is a reference."""
    found: list[_Candidate] = []
    for one in candidates:
        expected = not found or one.number == found[-1].number + 1
        written_so = not one.title or not one.title[0].islower()
        beside = bool(found) and one.line.number == found[-1].line.number + 1
        if (expected and (written_so or one.after_blank)) or (written_so and (one.after_blank or beside)):
            found.append(one)
    return found


def _outermost(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The numbered lines that count on from the first at its indentation; lists within an item start anew and are its text."""
    found: list[_Candidate] = []
    within: _Candidate | None = None
    for one in candidates:
        if not found:
            found.append(one)
            continue
        nested = within is not None and one.number == within.number + 1 and one.line.indent >= within.line.indent
        adjacent = nested and within is not None and one.line.number - within.line.number <= 2
        if one.number == found[-1].number + 1 and one.line.indent <= found[0].line.indent and not adjacent:
            found.append(one)
            within = None
        else:
            within = one
    return found


def _bare_list(lines: Sequence[Line], told: Sequence[_Candidate]) -> list[str]:
    first = told[0].line.number if told else 0
    texts = [line.text for line in lines[:first] if not line.blank]
    return texts if len(texts) <= _LIST_LENGTH else []


def _heading(one: _Candidate, lines: Sequence[Line], following: int, fabric: Fabric, listed: Sequence[str]) -> Heading:
    """The candidate with all lines of its title before the `following` heading: those its wording or the list of headings shows."""
    title, end = one.title, one.line.number + 1
    last = min(following, end + _TITLE_LINES)
    marks = [Mark("number", one.mark, one.line.number)]
    if not title:
        while lines[end].blank:
            end += 1
        title, end = lines[end].text, end + 1
    while end < last and _continues(title, lines[end], listed):
        title, removed = join_hyphenated(title, lines[end].text, fabric)
        if removed:
            marks.append(Mark("hyphen", removed, end - 1))
        end += 1
    return Heading(one.number, title, one.line.number, end, tuple(marks))


def _continues(title: str, line: Line, listed: Sequence[str]) -> bool:
    if line.blank or len(title) > _TITLE_LENGTH or BULLET.match(line.text) or LINK.match(line.text) or label_of(line.text) is not None:
        return False
    if _SECTION.fullmatch(line.text):
        return False
    if title[-1:] in "-\u2010\u00ad" or title.rsplit(maxsplit=1)[-1].casefold() in _GOES_ON or title.endswith(","):
        return True
    if any(_blurred(one) == _blurred(title) for one in listed):
        return False
    joined = _blurred(title + line.text)
    if any(_blurred(one).startswith(joined) for one in listed):
        return True
    return line.text[0].islower() and title[-1] not in ".:!?"


def _with_unmarked_list(lines: Sequence[Line], headings: tuple[Heading, ...]) -> Headings:
    """A list of the headings without §, `1.` or nothing before each title, found by its titles alone."""
    if len(headings) < 2:
        return Headings(headings)
    pairs: list[tuple[int | None, str]] = []
    taken: list[int] = []
    titles = [one.title for one in headings]
    run: list[tuple[int, int | None, str]] = []
    before = [line for line in lines[: headings[0].line] if not line.blank]
    if len(before) > _LIST_LENGTH or len(titles) > _LIST_LENGTH:
        return Headings(headings)
    for line in before:
        numbered = _NUMBERED.fullmatch(line.text)
        bullet = BULLET.match(line.text)
        text = numbered["title"] if numbered else line.text[bullet.end() :] if bullet else line.text
        title = without_leader(text).strip()
        if title and any(same_title(title, one) for one in titles):
            run.append((line.number, int(numbered["number"]) if numbered else None, title))
    if len(run) >= 2 and 2 * len(run) >= len(headings):
        first, last = run[0][0], run[-1][0]
        known = {number: (section, title) for number, section, title in run}
        for line in before:
            if first <= line.number <= last:
                taken.append(line.number)
                if line.number in known:
                    pairs.append(known[line.number])
                elif (numbered := _NUMBERED.fullmatch(line.text)) is not None:
                    pairs.append((int(numbered["number"]), without_leader(numbered["title"])))
    return Headings(headings, tuple(pairs), tuple(taken))


@lru_cache(maxsize=1024)
def _blurred(text: str) -> str:
    return _BLURRED.sub("", without_leader(text)).casefold()


@lru_cache(maxsize=1024)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:5] for word in _BLURRED.sub(" ", text).casefold().split() if len(word) > 2)
