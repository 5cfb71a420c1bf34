"""What every card keeps to, as functions from a card to its faults; an empty list is a good card."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from markdown_it import MarkdownIt
from microsoft_teams import cards as models
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from cards.actions import BY_STEM, NONCE, unpack
from meetings.commands import stem
from texts.catalogue import messages, placeholders

Node = Mapping[str, Any]
MOST = 80_000
# A client shows six buttons of mode primary in one row and drops the seventh, while those of mode secondary are in its menu; so the limit
# is kept row by row. On the board, where everybody reads, a card has no more than six in all.
PRIMARY = 6
# The Markdown the strictest client reads, tables and strikethrough included: whatever it finds on a card came from what somebody typed.
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MODELS: Mapping[str, type[BaseModel]] = {
    str(kind.model_fields["type"].default): kind
    for kind in vars(models).values()
    if isinstance(kind, type) and issubclass(kind, BaseModel) and "type" in kind.model_fields
}
# Of what we use, the elements and fields that came after 1.3 (https://adaptivecards.io/explorer/).
NEWER = {"Action.Execute", "Table", "AdaptiveCard.refresh", "TextBlock.style"}
ENGLISH = re.compile(
    r"\b(the|and|this|that|you|your|with|are|was|were|not|have|has|been|which|when|meeting|minutes|agenda|item|press|write|choose|open|close"
    r"|save|send|from|they|them|their|there|yes|deadline|member|deputy|seat|chair|secretary)\b",
    re.IGNORECASE,
)


def nodes(node: object) -> Iterator[Node]:
    """Every element of a card in reading order, without the data of buttons."""
    if isinstance(node, list):
        for part in node:
            yield from nodes(part)
    elif isinstance(node, Mapping):
        yield node
        for name, part in node.items():
            if name != "data":
                yield from nodes(part)


def of_type(card: Node, *kinds: str) -> list[Node]:
    return [node for node in nodes(card) if node.get("type") in kinds]


def inputs(card: Node) -> list[Node]:
    return [node for node in nodes(card) if str(node.get("type", "")).startswith("Input.")]


def marked(card: Node) -> Iterator[str]:
    """The texts a client reads as Markdown."""
    for node in nodes(card):
        if node.get("type") == "TextBlock":
            yield str(node["text"])
        elif node.get("type") == "FactSet":
            for fact in node["facts"]:
                yield from (str(fact["title"]), str(fact["value"]))
        elif str(node.get("type", "")).startswith("Input."):
            # The official renderer makes a TextBlock of both.
            yield from (str(node[name]) for name in ("title", "errorMessage") if node.get(name))


def charts(card: Node) -> list[Node]:
    return [node for node in nodes(card) if str(node.get("type", "")).startswith("Chart.")]


def points(chart: Node) -> dict[str, float]:
    """What a chart shows: value by label."""
    data = chart["data"][0]["data"] if chart["type"] == "Chart.HorizontalBar.Stacked" else chart["data"]
    return {str(one.get("legend", one.get("x"))): float(one.get("value", one.get("y"))) for one in data}


def plain(card: Node) -> Iterator[str]:
    """The texts a client shows as they are."""
    for node in nodes(card):
        kind = str(node.get("type", ""))
        if kind == "TextRun":
            yield str(node["text"])
        elif kind.startswith("Action."):
            yield str(node["title"])
        elif kind.startswith("Chart."):
            yield from (str(node["title"]), *points(node))
        elif kind.startswith("Input."):
            yield from (str(node[name]) for name in ("label", "title", "placeholder", "errorMessage") if name in node)
            yield from (str(choice["title"]) for choice in node.get("choices", ()))


def visible(text: str) -> str:
    """What a client shows of a Markdown text, with single blanks."""
    shown = []
    for token in MARKDOWN.parse(text):
        for part in token.children or ():
            shown.append(part.content if part.type in {"text", "text_special", "code_inline"} else " ")
        shown.append(" " if not token.children else "")
    return " ".join("".join(shown).split())


def formatting(text: str) -> list[str]:
    """The Markdown constructs in a text."""
    tokens = MARKDOWN.parse(text)
    blocks = [token.type for token in tokens if token.type not in {"paragraph_open", "paragraph_close", "inline"}]
    inline = [part.type for token in tokens for part in token.children or () if part.type not in {"text", "text_special", "softbreak"}]
    return blocks + inline


# --- the rules --------------------------------------------------------------------------------------------------------------


def is_valid(card: Node, version: str = "1.5") -> list[str]:
    """The card is an Adaptive Card of that version, and Microsoft's own model of each element reads it back as the same."""
    faults = []
    for node in nodes(card):
        kind = str(node.get("type", ""))
        if not kind:
            continue
        if kind not in MODELS:
            faults.append(f"no such element: {kind}")
            continue
        own = {name: value for name, value in node.items() if name not in {"$schema", "msteams"}}
        read = MODELS[kind].model_validate(own).model_dump(by_alias=True, exclude_none=True)
        known = {field.serialization_alias or to_camel(name) for name, field in MODELS[kind].model_fields.items()}
        faults += [f"{kind} has no {name}" for name in own.keys() - known]
        faults += [f"{version} has no {kind}.{name}" for name in own if version == "1.3" and {kind, f"{kind}.{name}"} & NEWER]
        if {name: read.get(name) for name in own} != own:
            faults.append(f"{kind} is read back as {read}")
    return [
        *faults,
        *(["version"] if card.get("version") != version else []),
        *(["body is empty"] if not card.get("body") else []),
    ]


def names_its_language(card: Node, language: str) -> list[str]:
    return [
        *(["lang"] if card.get("lang") != language else []),
        *(["no fallbackText"] if not str(card.get("fallbackText", "")).strip() else []),
    ]


def inputs_are_told(card: Node) -> list[str]:
    """Every input has an id of its own, a label and an error message; a choice shows a title for each value, and its value is one. A time
    or a date is written as clients take it, or is not there."""
    found = []
    ids = [str(one.get("id", "")) for one in inputs(card)]
    found += [f"id {one!r} twice or empty" for one in set(ids) if not one or ids.count(one) > 1]
    for one in inputs(card):
        name = one.get("id")
        if not str(one.get("title" if one["type"] == "Input.Toggle" else "label", "")).strip():
            found.append(f"{name}: no label")
        if not str(one.get("errorMessage", "")).strip():
            found.append(f"{name}: no error message")
        if one["type"] == "Input.Time" and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", one.get("value", "00:00")):
            found.append(f"{name}: no time {one['value']!r}")
        if one["type"] == "Input.Date" and not one["min"] <= one.get("value", one["min"]) <= one["max"]:
            found.append(f"{name}: no date {one['value']!r}")
        if one["type"] == "Input.ChoiceSet":
            values = [choice["value"] for choice in one["choices"]]
            chosen = [part for part in str(one.get("value", "")).split(",") if part] if one.get("isMultiSelect") else [one.get("value", "")]
            found += [f"{name}: no title for {choice['value']!r}" for choice in one["choices"] if not choice["title"].strip()]
            found += [f"{name}: {choice['title']!r} has no value" for choice in one["choices"] if not choice["value"]]
            found += [f"{name}: value {value!r} is no choice" for value in chosen if value and value not in values]
            found += [f"{name}: choice {value!r} twice" for value in set(values) if values.count(value) > 1]
            if not values:
                found.append(f"{name}: nothing to choose")
    return found


def buttons_are_known(card: Node) -> list[str]:
    """Every button comes back as the command it names."""
    found = []
    for one in of_type(card, "Action.Execute", "Action.Submit"):
        verb = one.get("verb", one["data"]["verb"])
        if verb not in BY_STEM:
            found.append(f"verb {verb}")
            continue
        command, nonce = unpack(one["data"])
        if stem(command) != verb or not nonce:
            found.append(f"{verb}: data says {stem(command)}, nonce {nonce!r}")
    return found


def buttons_are_few(card: Node, *, on_board: bool = False) -> list[str]:
    rows = [sum(1 for one in row["actions"] if one.get("mode", "primary") == "primary") for row in of_type(card, "ActionSet")]
    found = [f"{row} primary buttons in a row" for row in rows if row > PRIMARY]
    everything = [one for one in of_type(card, "Action.Execute") if one.get("mode", "primary") == "primary"]
    if on_board and len(everything) > PRIMARY:
        found.append(f"{len(everything)} primary buttons on the board")
    return found


def buttons_are_told_apart(card: Node) -> list[str]:
    """Two buttons that do different things have different words."""
    found: dict[str, Any] = {}
    faults = []
    for one in of_type(card, "Action.Execute", "Action.Submit", "Action.OpenUrl"):
        does = one.get("url") or {name: value for name, value in one["data"].items() if name != NONCE}
        if not one["title"].strip():
            faults.append(f"no title: {does}")
        if found.setdefault(one["title"], does) != does:
            faults.append(f"{one['title']!r} does {found[one['title']]} and {does}")
    return faults


def is_small(card: Node) -> list[str]:
    size = len(json.dumps(card, ensure_ascii=False).encode("utf-16-le"))
    return [f"{size} bytes"] if size > MOST else []


def shows_what_was_typed(card: Node) -> list[str]:
    """No Markdown and no text function: whatever looks like one is shown as it was typed."""
    found = [f"{formatting(text)} in {text!r}" for text in marked(card) if formatting(text)]
    titles = [str(choice["title"]) for one in of_type(card, "Input.ChoiceSet") for choice in one["choices"]]
    found += [fault for text in titles for fault in leads_nowhere(text)]
    runs = [*(str(one["text"]) for one in of_type(card, "TextRun", "TextBlock")), *titles]
    return found + [f"a text function in {text!r}" for text in runs if re.search(r"\{\{(DATE|TIME)\(", text)]


def leads_nowhere(text: str) -> list[str]:
    """Of what some clients read as Markdown and others as it is: a star may be lost there, but there is no link, tag or entity."""
    found = {"link_open", "image", "html_inline", "html_block"} & {*formatting(text)}
    return [f"a link or a tag in {text!r}"] if found or visible("&copy;") in visible(text) else []


def is_read_aloud(card: Node) -> list[str]:
    """One heading at most, first but for the notice; tables with a header row; no pictures; no empty text."""
    headings = [one for one in of_type(card, "TextBlock") if one.get("style") == "heading"]
    first = [one for one in card["body"] if one["type"] != "Container"][:1]
    return [
        *([f"{len(headings)} headings"] if len(headings) > 1 else []),
        *(["the heading is not first"] if headings and headings != first else []),
        *("a table without a header row" for one in of_type(card, "Table") if not one.get("firstRowAsHeaders")),
        *("a picture" for _ in of_type(card, "Image", "ImageSet", "Media")),
        *("an empty text" for text in marked(card) if not visible(text)),
        *("a text that does not wrap" for one in of_type(card, "TextBlock") if not one.get("wrap")),
    ]


def charts_are_told(card: Node) -> list[str]:
    """A chart shows what a text of the card says, in parts with words to them; a client that draws none leaves it out."""
    said = "\n".join(visible(text) for text in marked(card))
    found = []
    for one in charts(card):
        values = points(one)
        found += [f"{one['type']} has no text that says: {one['title']!r}"] if not one["title"] or one["title"] not in said else []
        found += [f"{one['type']} would be missed"] if one.get("fallback") != "drop" or "requires" in one else []
        found += [f"{values} shows nothing"] if "" in values or min(values.values()) < 0 or not sum(values.values()) else []
    return found


def is_said_in(card: Node, language: str) -> list[str]:
    """No key of the catalogue, no unfilled placeholder, no English on a Finnish or Swedish card. For cards with plain samples."""
    texts = [*(visible(text) for text in marked(card)), *plain(card), str(card["fallbackText"])]
    names = {name for key in messages("fi").values() for form in (key if isinstance(key, tuple) else (key,)) for name in placeholders(form)}
    found = [f"key {text}" for text in texts if text in messages(language)]
    found += [f"placeholder in {text!r}" for text in texts if any(f"{{{name}}}" in text for name in names)]
    if language != "en":
        found += [f"English in {text!r}" for text in texts if ENGLISH.search(text)]
    return found
