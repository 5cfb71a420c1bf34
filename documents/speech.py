"""How a record speaks: the body's language and zone, its stock sentences, people's names, and typed text as paragraphs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from documents.blocks import Block, Bullets, Labelled, Paragraph
from meetings.model import Approval, Body, Item, Person, Standing
from texts import format_date, wording

NOBODY = "–"
# What people and word processors put before the lines of a list; a star or a number sign is left as typed.
_BULLET = re.compile(r"^\s*(?:[-–•▪▫◦●○■□➢·\uf0b7\uf0a7\uf0d8]|o(?=\t))\s+(?=\S)")


class Speech:
    """The catalogue in the language of a body's record."""

    def __init__(self, body: Body, people: Mapping[str, Person]) -> None:
        self.language = body.language
        self._zone = body.tz
        self._people = people

    def __call__(self, key: str, **params: object) -> str:
        return wording(self.language, f"documents.{key}", **params)

    def stock(self, key: str, **params: object) -> str:
        """A stock sentence of minutes."""
        return wording(self.language, f"stock.{key}", **params)

    def labelled(self, key: str, parts: Sequence[Paragraph | Bullets]) -> list[Block]:
        """The parts under their label; nothing when there are none."""
        return [Labelled(self(key), tuple(parts))] if parts else []

    def section(self, item: Item) -> str:
        """`4 §` · `§ 4`; empty before the agenda is published."""
        return self("section", number=item.section) if item.section is not None else ""

    def standing(self, standing: Standing) -> str:
        """The title of a standing item as a new body has it."""
        return wording(self.language, f"setup.standing.{standing}")

    def name(self, person_id: str) -> str:
        person = self._people.get(person_id)
        return (one_line(person.name) if person else "") or NOBODY

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    def day(self, at: datetime) -> str:
        return format_date(self.language, self.local(at).date())

    def is_stock_rule(self, rule: str) -> bool:
        """Whether a rule of approval is the one every body begins with, which says no more than the stock sentence."""
        stock = {wording(self.language, f"setup.rule.{Approval.TACIT}.{form}") for form in ("formal", "memo")}
        return one_line(rule) in stock


def one_line(text: str) -> str:
    return " ".join(text.split())


def content(text: str) -> tuple[Paragraph | Bullets, ...]:
    """Typed text, a paragraph a line; lines that begin with a bullet or a dash are lists. Not a word is added or left out."""
    parts: list[Paragraph | Bullets] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        marker = _BULLET.match(line)
        if marker is None:
            parts.append(Paragraph(line.strip()))
        elif parts and isinstance(parts[-1], Bullets):
            parts[-1] = Bullets((*parts[-1].entries, line[marker.end() :].strip()))
        else:
            parts.append(Bullets((line[marker.end() :].strip(),)))
    return tuple(parts)
