"""The few shapes every card is made of, over Microsoft's typed models. The only place that knows the schema version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import Any, Literal

from microsoft_teams.cards import (
    Action,
    ActionSet,
    AdaptiveCard,
    CardElement,
    Choice,
    ChoiceSetInput,
    Column,
    ColumnDefinition,
    ColumnSet,
    Container,
    DateInput,
    ExecuteAction,
    Fact,
    FactSet,
    OpenUrlAction,
    RichTextBlock,
    ShowCardAction,
    Table,
    TableCell,
    TableRow,
    TextBlock,
    TextInput,
    TextRun,
    TimeInput,
    ToggleInput,
)

from cards.actions import pack
from meetings.commands import Command, stem
from meetings.model import Document
from meetings.screens.base import Sentence
from texts import wording

VERSION: Literal["1.5"] = "1.5"
PRIMARY = 6
_MARKDOWN = re.compile(r"([\\`*_\[\]<>~|#])")
_LIST = re.compile(r"^(\s*\d*)([-+.)])(?=\s)", re.MULTILINE)


def escape(text: str) -> str:
    """Typed text made harmless for a TextBlock, which reads Markdown."""
    return _LIST.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", text))


class Card:
    """Builds one card in one language. Elements are appended in reading order; `finish` adds the buttons and the frame."""

    def __init__(self, language: str, nonce: str, address: Callable[[str], str] = str) -> None:
        self.language = language
        self.nonce = nonce
        self._address = address
        self._body: list[Any] = []
        self._fallback: list[str] = []
        self._inputs: set[str] = set()
        self._made: list[tuple[ExecuteAction, Command]] = []

    # --- texts ---

    def t(self, key: str, **params: object) -> str:
        """A sentence for a label, title or button: plain text, dates and times formatted."""
        return wording(self.language, key, **params)

    def say(self, sentence: Sentence) -> str:
        return self.t(sentence.key, **dict(sentence.params))

    def marked(self, key: str, **params: object) -> str:
        """A sentence for a TextBlock: what people typed is escaped."""
        return self.t(key, **{name: escape(value) if isinstance(value, str) else value for name, value in params.items()})

    # --- elements ---

    def add(self, element: Any) -> None:
        self._body.append(element)

    def notice(self, sentence: Sentence | None, *, wrong: bool) -> None:
        """One sentence on top of the card."""
        if sentence is None:
            return
        text = self.marked(sentence.key, **dict(sentence.params))
        self._fallback.append(text)
        style: Literal["attention", "good"] = "attention" if wrong else "good"
        self.add(Container(style=style, bleed=True, items=[TextBlock(text=text, wrap=True, weight="Bolder")]))

    def heading(self, text: str, *, subtitle: str = "") -> None:
        """The card's title (typed text is escaped here), with a quieter line below."""
        self._fallback.append(text)
        self.add(TextBlock(text=escape(text), wrap=True, size="Large", weight="Bolder", style="heading"))
        if subtitle:
            self.add(TextBlock(text=escape(subtitle), wrap=True, is_subtle=True, spacing="None"))

    def subheading(self, text: str) -> None:
        self.add(TextBlock(text=escape(text), wrap=True, weight="Bolder", spacing="Medium", separator=True))

    def line(self, key: str, **params: object) -> None:
        """A sentence of the catalogue."""
        self.add(TextBlock(text=self.marked(key, **params), wrap=True))

    def subtle(self, key: str, **params: object) -> None:
        self.add(TextBlock(text=self.marked(key, **params), wrap=True, is_subtle=True, spacing="Small"))

    def typed(self, text: str, *, limit: int = 1500) -> None:
        """Text as people typed it, literally, paragraph by paragraph; cut with … on a card (the documents have it whole)."""
        shown = text if len(text) <= limit else text[: limit - 1] + "…"
        for paragraph in (part for part in shown.split("\n") if part.strip()):
            self.add(RichTextBlock(inlines=list[CardElement]([TextRun(text=paragraph)]), spacing="Small"))

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label: value pairs; empty values are left out."""
        rows = [Fact(title=label, value=escape(value)) for label, value in pairs if value]
        if rows:
            self.add(FactSet(facts=rows))

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] = ()) -> None:
        """A table of short cells with a header row."""
        widths = widths or (1,) * len(headers)

        def cell(text: str, *, bold: bool = False) -> TableCell:
            return TableCell(items=[TextBlock(text=escape(text), wrap=True, weight="Bolder" if bold else "Default")])

        lines = [TableRow(cells=[cell(text, bold=True) for text in headers])]
        lines += [TableRow(cells=[cell(text) for text in row]) for row in rows]
        columns = [ColumnDefinition(width=width) for width in widths]
        self.add(Table(columns=columns, rows=lines, first_row_as_headers=True, show_grid_lines=True))

    def row(self, cells: Sequence[tuple[str, int]], *, buttons: Sequence[Command] = ()) -> None:
        """One line of columns (text, relative width), with small buttons at its end."""
        columns = [Column(width=str(width), items=[TextBlock(text=escape(text), wrap=True)]) for text, width in cells]
        self.add(ColumnSet(columns=columns, spacing="Small"))
        if buttons:
            self.add(ActionSet(actions=[self.button(command) for command in buttons], spacing="Small"))

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
        self._inputs.add(field)
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
        """`choices` as (value, title). Several: the value is comma-separated."""
        self._inputs.add(field)
        self.add(
            ChoiceSetInput(
                id=field,
                label=label,
                choices=[Choice(title=title, value=key) for key, title in choices],
                value=value or None,
                is_required=required or None,
                is_multi_select=several or None,
                style="compact" if len(choices) > 4 and not several else "expanded",
                error_message=self.t("input.choice_wrong", label=label),
            )
        )

    def toggle_input(self, field: str, title: str, *, value: bool) -> None:
        self._inputs.add(field)
        self.add(
            ToggleInput(
                id=field,
                title=title,
                value="true" if value else "false",
                value_on="true",
                value_off="false",
                error_message=self.t("input.choice_wrong", label=title),
            )
        )

    def date_input(self, field: str, label: str, value: str = "", *, required: bool = False) -> None:
        """`value` and what comes back: ISO date."""
        self._inputs.add(field)
        self.add(
            DateInput(
                id=field,
                label=label,
                value=value or None,
                is_required=required or None,
                error_message=self.t("input.date_wrong", label=label),
            )
        )

    def time_input(self, field: str, label: str, value: str = "", *, required: bool = False) -> None:
        """`value` and what comes back: HH:MM."""
        self._inputs.add(field)
        self.add(
            TimeInput(
                id=field,
                label=label,
                value=value or None,
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

    def button(self, command: Command, *, title: str = "", primary: bool = False, secondary: bool = False) -> ExecuteAction:
        made = ExecuteAction(
            title=title or self.label(command),
            verb=stem(command),
            data=pack(command, self.nonce),
            style="positive" if primary else None,
            mode="secondary" if secondary else None,
        )
        self._made.append((made, command))
        return made

    def buttons(self, commands: Sequence[Command | tuple[Command, str]]) -> None:
        """A row of buttons in the body, at the place they belong to; a pair is a command with its own title."""
        pairs = [pair if isinstance(pair, tuple) else (pair, "") for pair in commands]
        if pairs:
            self.add(ActionSet(actions=[self.button(command, title=title) for command, title in pairs]))

    def submit(self, command: Command, *, title: str = "") -> None:
        """The button that sends the form above it."""
        self.add(ActionSet(actions=[self.button(command, title=title, primary=True)]))

    def links(self, pairs: Iterable[tuple[str, str]]) -> None:
        """(title, address) buttons that open a page or a document."""
        actions: list[Action] = [OpenUrlAction(title=title, url=url) for title, url in pairs]
        if actions:
            self.add(ActionSet(actions=actions))

    def documents(self, documents: Iterable[Document]) -> None:
        """Links to the PDF and Word of a document, by signed address."""
        self.links((self.t(f"documents.open_{one.format}"), self._address(one.id)) for one in documents)

    def show(self, title: str, inner: Card) -> ShowCardAction:
        """A form that unfolds under the card; its inputs are its own."""
        return ShowCardAction(title=title, card=AdaptiveCard(version=VERSION, body=inner._body))

    def finish(self, steps: Sequence[Command] = ()) -> dict[str, Any]:
        """The card as JSON. At most six buttons are primary, the rest go to the overflow menu."""
        actions: list[Action] = [self.button(command, secondary=place >= PRIMARY) for place, command in enumerate(steps)]
        if actions:
            self.add(ActionSet(actions=actions, separator=True, spacing="Medium"))
        # Inputs go with the buttons they are for. The others are pressed without them: a form left unfilled stops no way out.
        for button, command in self._made:
            if self._inputs and (stem(command).startswith("show_") or self._inputs.isdisjoint(field.name for field in fields(command))):
                button.associated_inputs = "none"
        card = AdaptiveCard(version=VERSION, lang=self.language, body=self._body, fallback_text=" – ".join(self._fallback) or "Pykälä")
        dumped: dict[str, Any] = card.model_dump(by_alias=True, exclude_none=True)
        return dumped | {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "msteams": {"width": "Full"}}


# Fields that change a button's words.
VARIANTS: dict[str, tuple[str, ...]] = {
    "sign_in": ("sign",),
    "set_attendance": ("sign",),
    "note_movement": ("direction",),
    "record_outcome": ("outcome",),
    "answer_comment": ("answer",),
    "use_text": ("kind",),
    "choose_language": ("language",),
    "record_item": ("then",),
    "publish_agenda": ("confirmed",),
}
