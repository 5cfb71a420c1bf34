"""The few shapes every card is made of, over Microsoft's typed models. The only place that knows the schema version."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import orjson
from microsoft_teams.cards import (
    Action,
    ActionSet,
    AdaptiveCard,
    CardElement,
    ChartColor,
    Choice,
    ChoiceSetInput,
    ColumnDefinition,
    Container,
    DateInput,
    DonutChart,
    DonutChartData,
    ExecuteAction,
    Fact,
    FactSet,
    HorizontalBarChart,
    HorizontalBarChartDataValue,
    OpenUrlAction,
    QueryData,
    RefreshDefinition,
    RichTextBlock,
    StackedHorizontalBarChart,
    StackedHorizontalBarChartData,
    StackedHorizontalBarChartDataPoint,
    SubmitAction,
    SubmitActionData,
    Table,
    TableCell,
    TableRow,
    TextBlock,
    TextInput,
    TextRun,
    TimeInput,
    ToggleInput,
)

from cards.actions import NOTHING, pack
from meetings.commands import Command, stem
from meetings.model import Document
from meetings.reading.moments import EARLIEST, LATEST, read_clock
from meetings.screens.base import Sentence
from texts import wording

VERSION: Literal["1.5"] = "1.5"
# Of a card that a person puts into a chat: links are made into no newer ones.
QUOTED: Literal["1.3"] = "1.3"
# A client shows so many primary buttons of one row and drops the others; secondary ones are behind its menu.
PRIMARY = 6
# Bytes of a card in UTF-16, as Teams counts them: above 100 KB a message is refused, below 80 KB it is safe.
MOST = 80_000
# A text is shown in so many paragraphs.
PARAGRAPHS = 40
# An input holds at most so much of that, in characters.
LONGEST_VALUE = 30_000
# Emphasis, links, HTML, entities, tables, and the braces of text functions.
_INLINE = re.compile(r"([\\`*_\[\]<~|&]|(?<=\{)\{)")
_INDENT = re.compile(r"^[^\S\n]+", re.MULTILINE)
# At the start of a line: lists, headings, quotes, and the rules that make headings of the line above.
_BLOCK = re.compile(r"^(\d*)([-+.)](?=\s|$)|[#>]|[-=](?=[-=\s]*$))", re.MULTILINE)

# Between the parts of links, images and text functions, after what begins a tag or an entity, and before what makes a heading or a list.
_LINK = re.compile(r"(?<=\])(?=[(\[])|(?<=[<&])|(?<=\{)(?=\{)|^(?=[-+*#>])")
# Of a chart: names of a theme's colours, which a client makes readable in the dark too.
Colour = ChartColor
_DONE: Colour = "good"
_LEFT: Colour = "neutral"
_NUMBERED = re.compile(r"^(\d+[.)]) ")


def escape(text: str) -> str:
    """Typed text made harmless for a TextBlock, which reads Markdown: what is shown is what was typed, blanks apart."""
    return _BLOCK.sub(r"\1\\\2", _INLINE.sub(r"\\\1", _INDENT.sub("", text)))


def unlinked(text: str) -> str:
    """Text of a choice, or of a preview. Some clients read Markdown or HTML there and others would show a backslash: an invisible joiner
    stops links, tags and lists."""
    return _NUMBERED.sub("\\1\u00a0", _LINK.sub("\u2060", text))


def _iso(typed: str) -> str | None:
    """The date as a date input takes it."""
    try:
        return date.fromisoformat(typed.strip()).isoformat()
    except ValueError:
        return None


def fits(card: dict[str, Any]) -> bool:
    """Whether Teams takes the card."""
    return len(orjson.dumps(card)) * 2 <= MOST or len(json.dumps(card, ensure_ascii=False).encode("utf-16-le")) <= MOST


class Frame(StrEnum):
    """What a card stands in. MESSAGE: a message, in any client. TEAMS: a message in Teams itself, which opens dialogs and finds people.
    DIALOG: a dialog of Teams, whose buttons are submitted to it."""

    MESSAGE = "message"
    TEAMS = "teams"
    DIALOG = "dialog"


class Card:
    """Builds one card in one language. Elements are appended in reading order; `finish` adds the buttons and the frame.

    `share`: texts get this part of their room, so that a card that would be too large is made again and fits. `version`: of the schema.
    """

    def __init__(
        self,
        language: str,
        nonce: str,
        address: Callable[[str], str] = str,
        share: float = 1,
        version: Literal["1.3", "1.5"] = VERSION,
        frame: Frame = Frame.MESSAGE,
    ) -> None:
        self.language = language
        self.nonce = nonce
        self._address = address
        self._share = share
        self._version = version
        self._frame = frame
        self._body: list[Any] = []
        self._fallback: list[str] = []
        self._inputs: set[str] = set()
        self._made: list[tuple[ExecuteAction | SubmitAction, Command, bool]] = []
        self._again: RefreshDefinition | None = None
        self._wider: SubmitAction | None = None

    # --- texts ---

    def t(self, key: str, **params: object) -> str:
        """A sentence for a label, title or button: plain text, dates and times formatted."""
        return wording(self.language, key, **params)

    def say(self, sentence: Sentence) -> str:
        return self.t(sentence.key, **dict(sentence.params))

    def marked(self, key: str, **params: object) -> str:
        """A sentence for a TextBlock: what people typed is escaped."""
        return self.t(key, **{name: self.shown(value, 2500) if isinstance(value, str) else value for name, value in params.items()})

    def shown(self, text: str, limit: int) -> str:
        """Typed text for a TextBlock, escaped, cut with … where it is long."""
        return escape(self.cut(text, limit))

    def cut(self, text: str, limit: int) -> str:
        """Typed text as plain text in one place of the card."""
        room = max(int(limit * self._share), 40)
        return text if len(text) <= room else text[: room - 1].rstrip() + "…"

    # --- elements ---

    def add(self, element: Any) -> None:
        self._body.append(element)

    def notice(self, sentence: Sentence | None, *, wrong: bool) -> None:
        """One sentence that matters, on top of the card or of a form; several in a row stand together."""
        if sentence is None:
            return
        self._fallback.append(self.cut(self.say(sentence), 500))
        text = self.marked(sentence.key, **dict(sentence.params))
        style: Literal["attention", "good"] = "attention" if wrong else "good"
        said = TextBlock(text=text, wrap=True, weight="Bolder")
        above = self._body[-1] if self._body else None
        if isinstance(above, Container) and above.style == style:
            above.items = [*(above.items or ()), said]
        else:
            self.add(Container(style=style, bleed=True, items=[said]))

    def told(self, sentence: Sentence, *, wrong: bool) -> None:
        """The one sentence a card is made for; it stands out when something did not happen."""
        if wrong:
            self.notice(sentence, wrong=True)
        else:
            self._fallback.append(self.cut(self.say(sentence), 500))
            self.line(sentence.key, **dict(sentence.params))

    def heading(self, text: str, *, subtitle: str = "") -> None:
        """The card's title (typed text is escaped here), with a quieter line below."""
        self._fallback.append(self.cut(text, 300))
        style: Literal["heading"] | None = None if self._version == QUOTED else "heading"
        self.add(TextBlock(text=self.shown(text, 300), wrap=True, size="Large", weight="Bolder", style=style))
        if subtitle:
            self.add(TextBlock(text=self.shown(subtitle, 300), wrap=True, is_subtle=True, spacing="None"))

    def subheading(self, text: str) -> None:
        self.add(TextBlock(text=self.shown(text, 300), wrap=True, weight="Bolder", spacing="Medium", separator=True))

    def line(self, key: str, **params: object) -> None:
        """A sentence of the catalogue."""
        self.add(TextBlock(text=self.marked(key, **params), wrap=True))

    def asked(self, mark: str, key: str, **params: object) -> None:
        """A question, after a mark such as (1) that its buttons have too."""
        self.add(TextBlock(text=mark + self.marked(key, **params), wrap=True))

    def strong(self, key: str, **params: object) -> None:
        """The line that matters most among its like."""
        self.add(TextBlock(text=self.marked(key, **params), wrap=True, weight="Bolder"))

    def subtle(self, key: str, **params: object) -> None:
        self.add(TextBlock(text=self.marked(key, **params), wrap=True, is_subtle=True, spacing="Small"))

    def words(self, text: str) -> None:
        """One line that is no sentence: names and states."""
        self.add(TextBlock(text=self.shown(text, 500), wrap=True, spacing="Small"))

    def typed(self, text: str, *, limit: int = 1500) -> None:
        """Text as people typed it, literally, paragraph by paragraph; cut with … on a card (the documents have it whole)."""
        paragraphs = [part.strip() for part in self.cut(text, limit).split("\n") if part.strip()]
        most = max(int(PARAGRAPHS * self._share), 3)
        if len(paragraphs) > most:
            paragraphs[most - 1 :] = ["…"]
        for paragraph in paragraphs:
            # Between the braces of a text function stands an invisible joiner: a run reads no Markdown, but it reads functions.
            inlines = list[CardElement]([TextRun(text=paragraph.replace("{{", "{\u2060{"))])
            self.add(RichTextBlock(inlines=inlines, spacing="Small"))

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label: value pairs; empty values are left out."""
        rows = [Fact(title=label, value=self.shown(value, 5000)) for label, value in pairs if value]
        if rows:
            self.add(FactSet(facts=rows))

    def explained(self, word: str, meaning: str) -> None:
        """A word and below it what it means."""
        self.add(TextBlock(text=self.shown(word, 250), wrap=True, weight="Bolder", spacing="Small"))
        self.add(TextBlock(text=self.shown(meaning, 500), wrap=True, spacing="None"))

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] = ()) -> None:
        """A table of short cells with a header row; a cell may have several lines. Two columns at most fit a narrow pane."""
        widths = widths or (1,) * len(headers)

        def cell(text: str, *, bold: bool = False) -> TableCell:
            texts = [self.shown(line, 250) or "–" for line in text.split("\n")]
            items = [TextBlock(text=one, wrap=True, weight="Bolder" if bold else "Default", spacing="None") for one in texts]
            return TableCell(items=list[CardElement](items))

        lines = [TableRow(cells=[cell(text, bold=True) for text in headers])]
        lines += [TableRow(cells=[cell(text) for text in row]) for row in rows]
        columns = [ColumnDefinition(width=width) for width in widths]
        self.add(Table(columns=columns, rows=lines, first_row_as_headers=True, show_grid_lines=True))

    # --- charts: beside a text that says the same. A client that draws none drops them by its fallback. They name no capability in
    # `requires`: none is documented, and one that a client does not know would hide them everywhere. ---

    def parts(self, title: str, counts: Iterable[tuple[str, int, Colour]]) -> None:
        """One bar of (label, count, colour) parts of a whole, empty ones left out; `title` is the text beside it."""
        points = [StackedHorizontalBarChartDataPoint(legend=label, value=count, color=colour) for label, count, colour in counts if count]
        if points:
            bar = StackedHorizontalBarChartData(title="", data=points)
            self.add(StackedHorizontalBarChart(title=title, data=[bar], fallback="drop"))

    def bars(self, title: str, counts: Iterable[tuple[str, int, Colour]]) -> None:
        """A bar for each (label, count, colour), to be compared; `title` is the text beside them."""
        values = [HorizontalBarChartDataValue(x=label, y=count, color=colour) for label, count, colour in counts]
        self.add(HorizontalBarChart(title=title, data=values, display_mode="AbsoluteNoAxis", fallback="drop"))

    def ring(self, title: str, done: tuple[str, int], left: tuple[str, int]) -> None:
        """How much of a whole is done, each part as (label, count); `title` is the text beside it."""
        counts = ((*done, _DONE), (*left, _LEFT))
        points = [DonutChartData(legend=label, value=count, color=colour) for label, count, colour in counts]
        value = f"{done[1]}/{done[1] + left[1]}"
        self.add(DonutChart(title=title, value=value, data=points, thickness="Thin", max_width="200px", fallback="drop"))

    # --- inputs: every one with a label and an error message ---

    def text_input(
        self,
        field: str,
        label: str,
        value: str = "",
        *,
        lines: bool = False,
        required: bool = False,
        length: int = 500,
        placeholder: str = "",
    ) -> None:
        """A value that no card can hold is left out, and the person is told."""
        self._inputs.add(field)
        if len(value.encode("utf-16-le")) // 2 > LONGEST_VALUE:
            self.line("input.text_not_shown", label=label, length=len(value))
            value = ""
        self.add(
            TextInput(
                id=field,
                label=label,
                value=value or None,
                is_multiline=lines or None,
                is_required=required or None,
                max_length=length,
                placeholder=placeholder or None,
                error_message=self.t("input.text_wrong", label=label, length=length),
            )
        )

    def long_input(self, field: str, label: str, value: str, edit: Command, *, here: bool, length: int) -> None:
        """A text to edit; where there is no room for it (not `here`), its beginning and the way to a card of its own."""
        if here:
            self.text_input(field, label, value, lines=True, length=length)
        elif value:
            self.subheading(label)
            self.typed(value, limit=400)
            self.buttons([(edit, self.t("input.edit_part", part=label))])

    def choice_input(
        self,
        field: str,
        label: str,
        choices: Sequence[tuple[str, str]],
        value: str = "",
        *,
        required: bool = False,
        several: bool = False,
    ) -> None:
        """`choices` as (value, title); "" is the choice of nothing. Several: the value is comma-separated."""
        self._inputs.add(field)
        choices = [(key or NOTHING, title) for key, title in choices]
        if not value and choices[:1] and choices[0][0] == NOTHING:
            value = NOTHING
        self.add(
            ChoiceSetInput(
                id=field,
                label=label,
                choices=[Choice(title=unlinked(self.cut(title, 150)), value=key) for key, title in choices],
                value=value or None,
                is_required=required or None,
                is_multi_select=several or None,
                wrap=True,
                style="compact" if len(choices) > 4 and not several else "expanded",
                error_message=self.t("input.choice_wrong", label=label),
            )
        )

    def people_input(self, field: str, label: str, choices: Sequence[tuple[str, str]], value: str = "") -> None:
        """A choice of one of these people or of nobody, which in Teams also finds others of the tenant by what is typed; those come as
        ids of their accounts. Elsewhere it is left out when there is nobody to choose."""
        value = value if value in dict(choices) else ""
        if self._frame is Frame.MESSAGE:
            if choices:
                self.choice_input(field, label, [("", "–"), *choices], value)
            return
        self.choice_input(field, label, choices, value)
        self._body[-1].choices_data = QueryData(dataset="graph.microsoft.com/users")
        self._body[-1].style = "filtered"

    def toggle_input(self, field: str, title: str, *, value: bool) -> None:
        self._inputs.add(field)
        self.add(
            ToggleInput(
                id=field,
                title=title,
                wrap=True,
                value="true" if value else "false",
                value_on="true",
                value_off="false",
                error_message=self.t("input.choice_wrong", label=title),
            )
        )

    def date_input(self, field: str, label: str, value: str = "", *, required: bool = False) -> None:
        """`value` and what comes back: ISO date. What was typed in its place and is none is left out: the sentence about it says it."""
        self._inputs.add(field)
        self.add(
            DateInput(
                id=field,
                label=label,
                value=_iso(value),
                min=EARLIEST.isoformat(),
                max=LATEST.isoformat(),
                is_required=required or None,
                error_message=self.t("input.date_wrong", label=label),
            )
        )

    def time_input(self, field: str, label: str, value: str = "", *, required: bool = False) -> None:
        """`value`: a time of day as people type it, left out as with dates where it is none. What comes back: HH:MM."""
        self._inputs.add(field)
        clock = read_clock(value)
        self.add(
            TimeInput(
                id=field,
                label=label,
                value=f"{clock:%H:%M}" if clock is not None else None,
                is_required=required or None,
                error_message=self.t("input.time_wrong", label=label),
            )
        )

    # --- buttons ---

    def label(self, command: Command) -> str:
        """`button.<stem>`, or `button.<stem>.<variant>` where one field makes the difference (an outcome, a sign, `confirmed`).
        A `Show…` command with a page turns to it and says so."""
        if stem(command).startswith("show_") and (page := getattr(command, "page", 0)):
            return self.t("button.page", page=page)
        given = ((name, getattr(command, name)) for name in VARIANTS.get(stem(command), ()))
        variant = next((name if value is True else str(value) for name, value in given if value), "")
        return self.t(f"button.{stem(command)}.{variant}" if variant else f"button.{stem(command)}")

    def button(self, command: Command, *, title: str = "", primary: bool = False, secondary: bool = False) -> ExecuteAction | SubmitAction:
        title, data = self.cut(title or self.label(command), 80), pack(command, self.nonce)
        style: Literal["positive"] | None = "positive" if primary else None
        mode: Literal["secondary"] | None = "secondary" if secondary else None
        made: ExecuteAction | SubmitAction
        if self._frame is Frame.DIALOG:
            made = SubmitAction(title=title, data=SubmitActionData(**data), style=style, mode=mode)
        else:
            made = ExecuteAction(title=title, verb=stem(command), data=data, style=style, mode=mode)
        self._made.append((made, command, primary))
        return made

    def buttons(self, commands: Sequence[Command | tuple[Command, str]]) -> None:
        """Buttons in the body, at the place they belong to, in rows a client shows whole; a pair is a command with its own title."""
        pairs = [pair if isinstance(pair, tuple) else (pair, "") for pair in commands]
        for place in range(0, len(pairs), PRIMARY):
            row = pairs[place : place + PRIMARY]
            self.add(ActionSet(actions=[self.button(command, title=title) for command, title in row], spacing="Small" if place else None))

    def submit(self, command: Command, *, title: str = "") -> None:
        """The button that sends the form above it."""
        self.add(ActionSet(actions=[self.button(command, title=title, primary=True)]))

    def links(self, pairs: Iterable[tuple[str, str]]) -> None:
        """(title, address) buttons that open a page or a document."""
        actions: list[Action] = [OpenUrlAction(title=title, url=url) for title, url in pairs]
        if actions:
            self.add(ActionSet(actions=actions))

    def documents(self, documents: Iterable[Document], *, of: str = "") -> None:
        """Links to the PDF and Word of a document: in the channel's files where it is there, else by signed address. `of`: which document,
        where a card has several."""
        which = f" ({self.cut(of, 60)})" if of else ""
        self.links((self.t(f"documents.open_{one.format}") + which, one.link or self._address(one.id)) for one in documents)

    def own(self, said: Sentence | None) -> None:
        """What the person who looks has said."""
        if said is not None:
            self.add(TextBlock(text=self.marked(said.key, **dict(said.params)), wrap=True, weight="Bolder", spacing="Medium"))

    def again(self, command: Command | None, viewers: Sequence[str]) -> None:
        """The command by which clients of these people ask for the card as it is for them. Others find it in the menu of the message."""
        if command is not None:
            asked = ExecuteAction(title=self.t("button.show_board"), verb=stem(command), data=pack(command, self.nonce))
            self._again = RefreshDefinition(action=asked, user_ids=list(viewers))

    def wider(self, command: Command) -> None:
        """In Teams, a button that shows this form in a dialog. The command only shows it, as it is in the record: what was typed stays on
        the card."""
        if self._frame is Frame.TEAMS:
            data = SubmitActionData(**pack(command, self.nonce), msteams={"type": "task/fetch"})
            self._wider = SubmitAction(title=self.t("button.wider"), data=data, mode="secondary", associated_inputs="none")

    def finish(self, steps: Sequence[Command] = ()) -> dict[str, Any]:
        """The card as JSON. At most six buttons are primary, the rest go to the overflow menu."""
        actions: list[Action] = [self.button(command, secondary=place >= PRIMARY) for place, command in enumerate(steps)]
        if self._wider is not None:
            actions.append(self._wider)
        if actions:
            self.add(ActionSet(actions=actions, separator=True, spacing="Medium"))
        # Inputs go with the buttons they are for. The others are pressed without them: a form left unfilled stops no way out. What shows
        # something takes no input along unless it is a form's own button.
        for button, command, sends in self._made:
            theirs = [field for field in fields(command) if field.name in self._inputs]
            if self._inputs and ((stem(command).startswith("show_") and not sends) or not theirs):
                button.associated_inputs = "none"
            elif emptied := {field.name: "" for field in theirs if field.default is None}:
                # Clients send no emptied input: where a missing text means "not on this card", an empty one stands in the data.
                button.data = SubmitActionData(**(pack(command, self.nonce) | emptied))
        card = AdaptiveCard(
            version=self._version,
            lang=self.language,
            body=self._body,
            fallback_text=" – ".join(self._fallback) or "Pykälä",
            refresh=self._again,
        )
        dumped: dict[str, Any] = card.model_dump(by_alias=True, exclude_none=True)
        return dumped | {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "msteams": {"width": "Full"}}


# Fields that change a button's words.
VARIANTS: dict[str, tuple[str, ...]] = {
    "sign_in": ("sign",),
    "set_attendance": ("sign",),
    "open_desk": ("part",),
    "note_movement": ("direction",),
    "record_outcome": ("outcome",),
    "answer_comment": ("answer",),
    "use_text": ("kind",),
    "open_poll": ("best",),
    "choose_language": ("language",),
    "record_item": ("then",),
    "publish_agenda": ("confirmed",),
    "search_decisions": ("wide",),
}
