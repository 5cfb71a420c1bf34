"""From a pasted agenda or memo to items with their labelled parts; what cannot be placed stays with its item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from meetings.reading.contradictions import contradictions
from meetings.reading.headings import COMPARED, Heading, find_headings, same_title
from meetings.reading.labels import Label, attachment_line, label_of, presenter_in
from meetings.reading.lines import BULLET, LINK, Fabric, Line, Mark, fabric_of, flow, join_hyphenated, split_lines
from meetings.reading.questions import Question, point_out
from meetings.reading.references import EarlierReference, is_reference, references_in, without_parting

__all__ = ["AgendaReading", "AttachmentReading", "EarlierReference", "ItemReading", "kept_text", "read_agenda"]


# A title longer than this does not go on over another line.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class AttachmentReading:
    """An attachment as named in an item; the same one may be named in several."""

    number: int | None
    title: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class ItemReading:
    """An item as written. A part the text does not have is empty; `rest` is what stands in the item and under no label."""

    number: int | None
    title: str
    presenter: str = ""
    proposal: str = ""
    handling: str = ""
    discussion: str = ""
    decision: str = ""
    attachments: tuple[AttachmentReading, ...] = ()
    references: tuple[EarlierReference, ...] = ()
    rest: str = ""


@dataclass(frozen=True, slots=True)
class AgendaReading:
    """A whole agenda. `preface` stands before the first item, `contents` is a list of the headings that came before the text.

    `marks` are the characters read as structure (numbers of headings, labels, bullets, line-end hyphens): with them `kept_text` has
    every character of the source that is not a blank.
    """

    items: tuple[ItemReading, ...]
    preface: str
    questions: tuple[Question, ...]
    contents: str = ""
    marks: tuple[Mark, ...] = ()


def read_agenda(text: str) -> AgendaReading:
    """The agenda in a text. A text without headings is all preface. Nothing is inferred: no presence, no outcome, no order."""
    lines, marks = split_lines(text)
    fabric = fabric_of(lines)
    found = find_headings(lines, fabric)
    first = found.headings[0].line if found.headings else len(lines)
    in_contents = set(found.contents_lines)
    preface, preface_marks = flow([line for line in lines[:first] if line.number not in in_contents], fabric)
    contents = "\n".join(lines[number].text for number in found.contents_lines)
    kept = [*marks, *preface_marks]
    items = []
    for heading, following in zip_longest(found.headings, found.headings[1:]):
        item, item_marks = _read_item(heading, lines[heading.end : following.line if following else len(lines)], fabric)
        items.append(item)
        kept += (*heading.marks, *item_marks)
    questions = (*_number_questions(found.headings), *_contents_questions(found.contents, items), *_attachment_questions(items))
    if not items and text.strip():
        questions = (point_out("no_items"),)
    return AgendaReading(tuple(items), preface, (*questions, *contradictions(items)), contents, tuple(kept))


def kept_text(reading: AgendaReading) -> str:
    """Every character the reading has, shown or as a mark, for holding it against the source. A bullet shown is its mark."""
    parts = [_unbulleted(reading.preface), reading.contents, *(mark.text for mark in reading.marks)]
    for item in reading.items:
        parts += [item.title, item.presenter]
        parts += [_unbulleted(part) for part in (item.proposal, item.handling, item.discussion, item.decision, item.rest)]
        parts += [part for one in item.attachments for part in (one.title, one.link)]
        parts += [one.text for one in item.references if not one.quoted]
    return "\n".join(parts)


def _unbulleted(text: str) -> str:
    return "\n".join(line.removeprefix("•") for line in text.split("\n"))


class _Parts:
    """The lines of one item as they are dealt out to its parts."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        self.lines: dict[Label, list[Line]] = {label: [] for label in Label}
        self.attachments: list[AttachmentReading] = []
        self.references: list[EarlierReference] = []
        self.marks: list[Mark] = []
        self.presenter = ""
        self.label = Label.REST
        self.gap = False

    def begin(self, label: Label, mark: Mark) -> None:
        self.marks.append(mark)
        if self.lines[label]:
            # The same label again: its text goes on as a paragraph of its own.
            self.lines[label].append(Line(mark.line, ""))
        self.label = label
        self.gap = False

    def take(self, line: Line) -> None:
        if line.blank:
            self.gap = True
            self.lines[self.label].append(line)
            return
        if self.label is Label.PRESENTER:
            self._take_presenter(line)
        elif self.label is Label.ATTACHMENTS:
            self._take_attachment(line)
        elif self.label is Label.EARLIER:
            self._take_reference(line)
        else:
            self._take_text(line)
        self.gap = False

    def _take_text(self, line: Line) -> None:
        before = self.lines[self.label][-1].text if self.lines[self.label] else ""
        # Within a sentence the reference is part of it, even alone on its line.
        if is_reference(line.text) and (not before or before[-1] in ".:!?"):
            self._add_references(line.text, line)
            return
        self.references += references_in(line.text, quoted=True)
        self.lines[self.label].append(line)

    def _take_presenter(self, line: Line) -> None:
        if self.presenter:
            self._back_to_rest(line)
            return
        self.presenter = line.text
        self.label = Label.REST

    def _take_attachment(self, line: Line) -> None:
        if LINK.fullmatch(line.text):
            last = self.attachments[-1] if self.attachments else None
            if self.gap and last is not None:
                self._back_to_rest(line)
            elif last is not None and not last.link:
                self.attachments[-1] = AttachmentReading(last.number, last.title, line.text)
            else:
                self.attachments.append(AttachmentReading(None, "", line.text))
            return
        bullet = BULLET.match(line.text)
        named = attachment_line(line.text[bullet.end() :] if bullet else line.text, in_list=True)
        if self.gap and self.attachments and not bullet and named.mark == "":
            self._back_to_rest(line)
            return
        goes_on = not bullet and not named.mark and not self.gap and self.attachments and not self.attachments[-1].link
        if goes_on and len(self.attachments[-1].title) < _LONGEST and (line.text[0].islower() or self.attachments[-1].title.endswith("-")):
            last = self.attachments[-1]
            title, removed = join_hyphenated(last.title, line.text, self.fabric)
            self._mark("hyphen", removed, line)
            self.attachments[-1] = AttachmentReading(last.number, title)
            return
        if bullet:
            self._mark("bullet", bullet[0].strip(), line)
        self._add_attachments(line.text[bullet.end() :] if bullet else line.text, line)

    def _add_attachments(self, text: str, line: Line) -> None:
        """One attachment, or several of one line parted by `;`, each perhaps with its number and link."""
        for place, part in enumerate(text.split(";")):
            self._mark("separator", ";" if place else "", line)
            named = attachment_line(part.strip(), in_list=True)
            number, title = named.number, named.title
            if not title:
                # Nothing but `Liite 3`: that is then its title.
                title = named.mark
            else:
                self._mark("label", named.mark, line)
            found = LINK.search(title)
            link = ""
            if found is not None:
                link = found[0]
                title = (title[: found.start()] + title[found.end() :]).strip()
            if title or link:
                self.attachments.append(AttachmentReading(number, title, link))

    def _take_reference(self, line: Line) -> None:
        if self.gap and self.references and not references_in(line.text):
            self._back_to_rest(line)
            return
        bullet = BULLET.match(line.text)
        if bullet:
            self._mark("bullet", bullet[0].strip(), line)
        text = line.text[bullet.end() :].lstrip() if bullet else line.text
        if text:
            self._add_references(text, line)

    def _add_references(self, text: str, line: Line) -> None:
        for one in references_in(text) or [EarlierReference(None, None, None, text)]:
            kept, parting = without_parting(one.text)
            self._mark("separator", parting, line)
            self.references.append(replace(one, text=kept))

    def _back_to_rest(self, line: Line) -> None:
        self.label = Label.REST
        self.lines[Label.REST].append(Line(line.number, ""))
        self._take_text(line)

    def _mark(self, kind: str, text: str, line: Line) -> None:
        if text:
            self.marks.append(Mark(kind, text, line.number))


def _read_item(heading: Heading, lines: Sequence[Line], fabric: Fabric) -> tuple[ItemReading, tuple[Mark, ...]]:
    parts = _Parts(fabric)
    title, presenter, title_marks = presenter_in(heading.title)
    parts.presenter = presenter
    parts.marks += [Mark("label", one, heading.line) for one in title_marks]
    for line in lines:
        labelled = label_of(line.text)
        if labelled is not None:
            parts.begin(labelled.label, Mark("label", labelled.mark, line.number))
            if labelled.text:
                parts.take(Line(line.number, labelled.text, line.indent, line.new_page))
            continue
        named = attachment_line(line.text, in_list=False)
        if named.mark and parts.label is not Label.ATTACHMENTS:
            parts.label = Label.ATTACHMENTS
            parts.gap = False
        parts.take(line)
    flowed = {label: flow(parts.lines[label], fabric) for label in Label}
    marks = (*parts.marks, *(mark for _, found in flowed.values() for mark in found))
    texts = {label: text for label, (text, _) in flowed.items()}
    item = ItemReading(
        number=heading.number,
        title=title,
        presenter=parts.presenter,
        proposal=texts[Label.PROPOSAL],
        handling=texts[Label.HANDLING],
        discussion=texts[Label.DISCUSSION],
        decision=texts[Label.DECISION],
        attachments=tuple(parts.attachments),
        references=tuple(parts.references),
        rest=texts[Label.REST],
    )
    return item, marks


def _number_questions(headings: Sequence[Heading]) -> list[Question]:
    found = []
    seen: dict[int, str] = {}
    for place, heading in enumerate(headings):
        before = headings[place - 1].number if place else None
        if heading.number in seen:
            found.append(point_out("number_repeated", place, number=heading.number, first=seen[heading.number], second=heading.title))
        elif before is not None and heading.number > before + 1:
            found.append(point_out("number_gap", place, before=before, after=heading.number))
        elif before is not None and heading.number < before:
            found.append(point_out("number_back", place, before=before, after=heading.number))
        seen.setdefault(heading.number, heading.title)
    return found


def _contents_questions(contents: Sequence[tuple[int | None, str]], items: Sequence[ItemReading]) -> list[Question]:
    """Where the list of headings and the headings themselves disagree; the text's own heading is kept."""
    found = []
    items = items[:COMPARED]
    for number, title in contents:
        place = next((i for i, item in enumerate(items) if same_title(item.title, title)), None)
        if place is None:
            place = next((i for i, item in enumerate(items) if number is not None and item.number == number), None)
        if place is None:
            found.append(point_out("only_in_contents", None, title=title))
        elif not same_title(items[place].title, title, exactly=True):
            found.append(point_out("title_differs", place, number=items[place].number, contents=title, heading=items[place].title))
        elif number is not None and items[place].number not in {None, number}:
            found.append(point_out("number_differs", place, title=title, contents=number, heading=items[place].number))
    return found


def _attachment_questions(items: Sequence[ItemReading]) -> list[Question]:
    titles: dict[int, str] = {}
    numbers: dict[str, int] = {}
    found = []
    for place, item in enumerate(items):
        for one in item.attachments:
            if one.number is None or not one.title:
                continue
            folded = one.title.casefold()
            if titles.setdefault(one.number, one.title).casefold() != folded:
                found.append(point_out("attachment_two_titles", place, number=one.number, first=titles[one.number], second=one.title))
            elif numbers.setdefault(folded, one.number) != one.number:
                found.append(point_out("attachment_two_numbers", place, title=one.title, first=numbers[folded], second=one.number))
    return found
