"""Agendas: from a reading to items, standing items filled in, and the item on the previous minutes written from facts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from meetings.errors import NotFound, Refused
from meetings.model import Attachment, Body, Item, Meeting, Outcome, Phase, Standing
from meetings.reading.agenda import AgendaReading, ItemReading
from meetings.rules.numbering import in_order

# So many characters of text fit on one card beside everything else; what does not is edited on a card of its own.
ON_CARD = 26_000
_FIRST = (Standing.OPENING, Standing.QUORUM, Standing.AGENDA, Standing.CHECKERS, Standing.PREVIOUS_MINUTES, Standing.ANNOUNCEMENTS)
_LAST = (Standing.OTHER_BUSINESS, Standing.NEXT_MEETING, Standing.CLOSING)

# Stems by which a pasted heading is known to be a standing item of the body, in the three languages; a single everyday word (`avaus`,
# `opening`) counts only when it is the whole heading.
_KNOWN: Sequence[tuple[Standing, tuple[str, ...]]] = (
    (Standing.OPENING, ("kokouksen avaus", "avaus", "mötets öppnande", "mötet öppnas", "öppnande", "opening of the meeting", "opening")),
    (Standing.QUORUM, ("laillisuus", "päätösvaltaisuus", "laglighet", "beslutför", "quorum", "legality")),
    (
        Standing.AGENDA,
        ("esityslistan hyväksy", "työjärjesty", "godkännande av föredragningslista", "föredragningslistan", "approval of the agenda"),
    ),
    (Standing.CHECKERS, ("pöytäkirjantarkast", "protokolljuster", "checkers")),
    (Standing.PREVIOUS_MINUTES, ("edellisen kokouksen", "föregående möte", "previous minutes", "minutes of the previous")),
    (Standing.ANNOUNCEMENTS, ("ilmoitusasia", "tiedoksi annettav", "anmälningsärende", "meddelanden", "announcements")),
    (Standing.OTHER_BUSINESS, ("muut asiat", "muut esille", "övriga ärenden", "any other business")),
    (Standing.NEXT_MEETING, ("seuraava kokous", "seuraavat kokoukset", "nästa möte", "följande möte", "kommande möte", "next meeting")),
    (
        Standing.CLOSING,
        ("kokouksen päättäminen", "päättäminen", "mötets avslutande", "mötet avslutas", "avslutande", "closing of the meeting", "closing"),
    ),
)
_TEXTS = ("presenter", "proposal", "earlier", "rest", "handling", "discussion", "draft")
_WHOLE = frozenset({"avaus", "öppnande", "opening", "päättäminen", "avslutande", "closing"})


_AND = re.compile(r"\s+(?:ja|sekä|och|samt|and)\s+|\s*[,/]\s*")


def digest(text: str) -> str:
    """Enough of one to tell whether a text is still the one that a card showed."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def standing_of(title: str) -> Standing:
    """Which standing item a heading is, NONE when it is an ordinary one. "The budget and other business" is an ordinary one."""
    folded = title.casefold().strip().rstrip(".")
    return next((standing for standing, stems in _KNOWN if any(_is(folded, stem) for stem in stems)), Standing.NONE)


def _standings_in(title: str) -> tuple[Standing, ...]:
    """All of them that a heading names: "next meetings and closing" is both."""
    folded = title.casefold().strip().rstrip(".")
    parts = (folded, *_AND.split(folded))
    return tuple(standing for standing, stems in _KNOWN if any(_is(part, stem) for part in parts for stem in stems))


def _is(heading: str, stem: str) -> bool:
    return heading == stem or (stem not in _WHOLE and (heading.startswith(stem) or (len(stem) > 8 and stem in heading)))


def items_from(reading: AgendaReading, body: Body, meeting: Meeting, new_id: Callable[[], str]) -> Meeting:
    """The meeting with the agenda that was read; standing items the text lacks are added at their place.

    Nothing read is dropped: what could not be placed stays in the item's `rest`, what stood before the items in the meeting's `preface`.
    A published meeting keeps its items and numbers; the read ones replace texts of the same title and are added otherwise.
    """
    read = [_item(one, body, meeting.id, new_id) for one in reading.items]
    if meeting.phase is Phase.PLANNED:
        items = _with_standing(read, body, meeting, new_id)
    else:
        items, read = _merged(in_order(meeting), read)
    items = [replace(item, position=place) for place, item in enumerate(items, start=1)]
    preface = reading.preface.strip() or meeting.preface
    return replace(meeting, items=tuple(items), attachments=_attachments(reading, read, meeting, new_id), preface=preface)


def standing_items(body: Body, meeting_id: str, new_id: Callable[[], str]) -> tuple[Item, ...]:
    """The template's items, for a meeting that has none yet."""
    ordered = sorted(body.standing_items, key=lambda one: one.position)
    return tuple(
        Item(new_id(), meeting_id, place, one.title, standing=one.standing, proposal=one.proposal)
        for place, one in enumerate(ordered, start=1)
    )


def place_for_new(meeting: Meeting) -> int:
    """A new item goes before other business, next meeting and closing."""
    ordered = in_order(meeting)
    return next((item.position for item in ordered if item.standing in _LAST), len(ordered) + 1)


def insert(meeting: Meeting, item: Item, position: int) -> Meeting:
    ordered = [one for one in in_order(meeting) if one.id != item.id]
    ordered.insert(max(0, min(position - 1, len(ordered))), item)
    return replace(meeting, items=tuple(replace(one, position=place) for place, one in enumerate(ordered, start=1)))


def remove(meeting: Meeting, item: Item) -> Meeting:
    """Before publishing the item goes; afterwards it keeps its § and is withdrawn."""
    if item.section is None:
        left = [one for one in in_order(meeting) if one.id != item.id]
        return replace(meeting, items=tuple(replace(one, position=place) for place, one in enumerate(left, start=1)))
    return with_item(meeting, replace(item, outcome=Outcome.WITHDRAWN))


def with_item(meeting: Meeting, item: Item) -> Meeting:
    return replace(meeting, items=tuple(item if one.id == item.id else one for one in meeting.items))


def find_item(meeting: Meeting, item_id: str) -> Item:
    found = next((item for item in meeting.items if item.id == item_id), None)
    if found is None:
        raise NotFound("agenda.no_such_item")
    return found


def require_publishable(body: Body, meeting: Meeting, days_left: int, *, confirmed: bool) -> None:
    """An agenda needs items; a shorter notice than the body's own is asked about first."""
    if not meeting.items:
        raise Refused("agenda.empty")
    if not confirmed and meeting.published_at is None and days_left < body.lead_days:
        raise Refused("agenda.short_notice", days=max(days_left, 0), lead=body.lead_days)


def _item(read: ItemReading, body: Body, meeting_id: str, new_id: Callable[[], str]) -> Item:
    standing = standing_of(read.title)
    template = next((one for one in body.standing_items if one.standing is standing), None) if standing else None
    return Item(
        id=new_id(),
        meeting_id=meeting_id,
        position=0,
        title=read.title,
        standing=standing,
        presenter=read.presenter,
        proposal=read.proposal or (template.proposal if template else ""),
        earlier="\n".join(one.text for one in read.references),
        rest=read.rest,
        handling=read.handling,
        discussion=read.discussion,
        draft=read.decision,
    )


def _with_standing(read: list[Item], body: Body, meeting: Meeting, new_id: Callable[[], str]) -> list[Item]:
    have = {standing for item in read for standing in _standings_in(item.title)}
    missing = [one for one in standing_items(body, meeting.id, new_id) if one.standing is Standing.NONE or one.standing not in have]
    titles = {item.title.casefold() for item in read}
    missing = [one for one in missing if one.title.casefold() not in titles]
    head = [one for one in missing if one.standing in _FIRST]
    tail = [one for one in missing if one.standing not in _FIRST]
    items = [*read]
    for one in head:
        rank = _FIRST.index(one.standing)
        place = next(
            (i for i, other in enumerate(items) if other.standing not in _FIRST or _FIRST.index(other.standing) > rank), len(items)
        )
        items.insert(place, one)
    for one in tail:
        rank = _LAST.index(one.standing) if one.standing in _LAST else -1
        place = next((i for i, other in enumerate(items) if other.standing in _LAST and _LAST.index(other.standing) > rank), len(items))
        items.insert(place, one)
    return items


def _merged(old: list[Item], read: list[Item]) -> tuple[list[Item], list[Item]]:
    """The items with what was read, and the read ones as they are now; two of the same title stay two."""
    items = [*old]
    unmatched = {item.id for item in old}
    placed = []
    for one in read:
        same = next((item for item in old if item.id in unmatched and item.title.casefold() == one.title.casefold()), None)
        if same is None:
            place = next((i for i, other in enumerate(items) if other.standing in _LAST), len(items))
            items.insert(place, one)
            placed.append(one)
        else:
            unmatched.remove(same.id)
            texts = {name: getattr(one, name) or getattr(same, name) for name in _TEXTS}
            placed.append(replace(same, **texts))
            items[items.index(same)] = placed[-1]
    return items, placed


def _attachments(reading: AgendaReading, read: list[Item], meeting: Meeting, new_id: Callable[[], str]) -> tuple[Attachment, ...]:
    """Numbered through the meeting, by the text's own numbers where they are free, since other texts may refer to them; the same title in
    two items is one attachment of both."""
    kept = [*meeting.attachments] if meeting.phase is not Phase.PLANNED else []
    for source, item in zip(reading.items, read, strict=True):
        for one in source.attachments:
            title = one.title or one.link
            same = next((i for i, other in enumerate(kept) if other.title.casefold() == title.casefold()), None)
            if same is None:
                taken = {other.number for other in kept}
                number = one.number if one.number and one.number not in taken else max(taken, default=0) + 1
                kept.append(Attachment(new_id(), meeting.id, number, title, one.link, (item.id,)))
            elif item.id not in kept[same].item_ids:
                kept[same] = replace(kept[same], item_ids=(*kept[same].item_ids, item.id))
    return tuple(kept)


def fitting(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The texts that can stand on one card, the shortest first, in their order."""
    room, found = ON_CARD, set()
    for name in sorted(texts, key=lambda one: len(texts[one])):
        room -= len(texts[name])
        if room >= 0:
            found.add(name)
    return tuple(name for name in texts if name in found)
