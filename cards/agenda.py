"""Cards of the agenda, and the meeting's card on the board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.answers import answered
from cards.drafts import questions
from cards.kit import Card
from cards.planning import unreached
from meetings import commands as c
from meetings.model import Body, Item, Meeting, Outcome, Phase
from meetings.reading.agenda import ItemReading
from meetings.rules.numbering import in_order
from meetings.screens.agenda import AgendaRead, AgendaShown, AgendaWanted, ItemForm, MeetingOnBoard
from meetings.screens.base import Screen
from texts import format_date, format_times

LONGEST = 20_000


def agenda_wanted(card: Card, screen: AgendaWanted) -> None:
    card.heading(card.t("agenda.wanted_title", number=screen.meeting.designation), subtitle=screen.body.name)
    card.line("agenda.wanted_how")
    card.text_input("text", card.t("agenda.paste"), screen.text, lines=True, required=True, length=100_000)
    card.submit(c.ReadAgenda(meeting_id=screen.meeting.id), title=card.t("agenda.read_it"))


def agenda_read(card: Card, screen: AgendaRead) -> None:
    reading = screen.reading
    card.heading(
        card.t("agenda.read_title", number=screen.meeting.designation), subtitle=card.t("agenda.read_count", items=len(reading.items))
    )
    if not reading.items:
        card.line("agenda.nothing_read")
        card.typed(screen.draft.source)
        return
    questions(card, screen.draft, reading.questions)
    if screen.added:
        card.line("agenda.will_add", added=", ".join(screen.added))
    if screen.page == 1 and reading.preface.strip():
        card.subheading(card.t("agenda.preface"))
        card.typed(reading.preface, limit=600)
    first = (screen.page - 1) * 6
    for place, item in enumerate(reading.items[first : first + 6], start=first + 1):
        _read_item(card, place, item)
    if screen.pages > 1:
        card.subtle("agenda.page", page=screen.page, pages=screen.pages)


def agenda_shown(card: Card, screen: AgendaShown) -> None:
    meeting = screen.meeting
    card.heading(card.t("agenda.title", number=meeting.designation), subtitle=_when(card, meeting))
    unreached(card, screen.without_address)
    if not screen.items:
        card.line("agenda.none_yet")
    if screen.editing and screen.page == 1 and meeting.preface:
        card.subtle("agenda.preface")
        card.typed(meeting.preface, limit=400)
    for item in screen.items:
        card.subheading(_numbered(card, item))
        if item.presenter:
            card.subtle("agenda.presenter_is", name=item.presenter)
        for label, text in (
            ("agenda.earlier", item.earlier),
            ("agenda.rest_label", item.rest),
            ("agenda.proposal", item.proposal),
            ("record.draft", item.draft),
        ):
            if text:
                card.subtle(label)
                card.typed(text, limit=600)
        for attachment in meeting.attachments:
            if item.id in attachment.item_ids:
                card.subtle("agenda.attachment", number=attachment.number, title=attachment.title)
        if screen.editing:
            _item_buttons(card, meeting, item)
    card.documents(screen.documents)
    if screen.pages > 1:
        card.subtle("agenda.page", page=screen.page, pages=screen.pages)


def _item_buttons(card: Card, meeting: Meeting, item: Item) -> None:
    """What can be done to an item; each button says to which, since all items of the page have theirs."""
    here: dict[str, Any] = {"meeting_id": meeting.id, "item_id": item.id}
    place = f"§ {item.section}" if item.section is not None else card.t("agenda.item_place", position=item.position)
    buttons: list[tuple[c.Command, str]] = [(c.EditItem(**here), card.t("agenda.edit_one", place=place))]
    if item.position > 1 and meeting.published_at is None:
        buttons.append((c.MoveItem(position=str(item.position - 1), **here), card.t("agenda.up", title=place)))
    withdrawn = "agenda.withdraw_one" if meeting.published_at else "agenda.remove_one"
    if item.outcome is not Outcome.WITHDRAWN:
        buttons.append((c.RemoveItem(**here), card.t(withdrawn, place=place)))
    card.buttons(buttons)


def item_form(card: Card, screen: ItemForm) -> None:
    meeting = screen.meeting
    card.heading(
        card.t("agenda.form_edit" if screen.item else "agenda.form_new"), subtitle=card.t("agenda.title", number=meeting.designation)
    )
    card.text_input("title", card.t("agenda.item_title"), screen.title, required=True)
    card.text_input("presenter", card.t("agenda.presenter"), screen.presenter)
    if screen.item:
        for field, label in (("proposal", "agenda.proposal"), ("earlier", "agenda.earlier"), ("rest", "agenda.rest_label")):
            edit = c.EditItem(meeting_id=meeting.id, item_id=screen.item.id, part=field)
            card.long_input(field, card.t(label), getattr(screen, field), edit, here=field in screen.parts, length=LONGEST)
        card.submit(c.EditItem(meeting_id=meeting.id, item_id=screen.item.id, seen=screen.seen), title=card.t("agenda.save"))
        card.wider(c.EditItem(meeting_id=meeting.id, item_id=screen.item.id))
    else:
        card.text_input("proposal", card.t("agenda.proposal"), screen.proposal, lines=True, length=LONGEST)
        choices = [("", card.t("agenda.at_end"))] + [(str(one.position), f"{one.position}. {one.title}") for one in in_order(meeting)]
        card.choice_input("position", card.t("agenda.before"), choices, "")
        card.submit(c.AddItem(meeting_id=meeting.id), title=card.t("agenda.save"))


def meeting_on_board(card: Card, screen: MeetingOnBoard) -> None:
    body, meeting = screen.body, screen.meeting
    card.heading(card.t("agenda.meeting_title", body=body.name, number=meeting.designation), subtitle=_when(card, meeting))
    if meeting.phase is Phase.CANCELLED:
        card.line("agenda.cancelled", reason=meeting.cancel_reason)
        return
    seats = screen.quorum
    chair = screen.people.get(body.chair_id)
    present = ""
    if meeting.opened_at:
        verdict = card.t("agenda.quorate" if seats.quorate else "agenda.not_quorate")
        present = card.t("agenda.present_of", filled=seats.filled, seats=seats.seats, verdict=verdict)
    card.facts(
        (
            (card.t("guide.place"), _place(card, meeting)),
            (card.t("agenda.chair"), chair.name if chair else ""),
            (card.t("guide.phase"), card.t(f"phase_name.{meeting.phase}")),
            (card.t("agenda.present"), present),
            (card.t("agenda.signs"), answered(card, screen.expected) if screen.expected else ""),
        )
    )
    if meeting.join_url and meeting.closed_at is None:
        card.links([(card.t("agenda.join"), meeting.join_url)])
    if screen.changed:
        card.line("agenda.changed", sections=", ".join(f"§ {item.section}" for item in screen.changed))
    if meeting.published_at:
        first = (screen.page - 1) * 15
        _board_items(card, body, meeting, in_order(meeting)[first : first + 15])
        card.documents(screen.documents)
        if screen.pages > 1:
            card.subtle("agenda.page", page=screen.page, pages=screen.pages)
    else:
        card.line("agenda.not_published")


def _board_items(card: Card, body: Body, meeting: Meeting, items: list[Item]) -> None:
    card.subheading(card.t("agenda.decided" if meeting.opened_at else "agenda.agenda"))
    for item in items:
        current = item.id == meeting.current_item_id and meeting.phase is Phase.OPEN
        if current:
            card.strong("agenda.current_item", item=_numbered(card, item))
        else:
            card.line("agenda.board_item", item=_numbered(card, item))
        if item.outcome is not Outcome.NONE:
            card.subtle(f"stock.{item.outcome}")
        elif item.decision:
            card.typed(item.decision, limit=300)


def _read_item(card: Card, place: int, item: ItemReading) -> None:
    card.subheading(f"§ {item.number or place} {item.title}")
    pairs = (
        (card.t("agenda.presenter"), item.presenter),
        (card.t("agenda.proposal"), _cut(item.proposal)),
        (card.t("agenda.handling"), _cut(item.handling)),
        (card.t("agenda.discussion"), _cut(item.discussion)),
        (card.t("agenda.decision"), _cut(item.decision)),
        (card.t("agenda.attachments"), ", ".join(one.title or one.link for one in item.attachments)),
        (card.t("agenda.earlier"), ", ".join(one.text for one in item.references)),
        (card.t("agenda.unplaced"), _cut(item.rest)),
    )
    card.facts(pairs)


def _numbered(card: Card, item: Item) -> str:
    number = f"§ {item.section}" if item.section is not None else f"{item.position}."
    suffix = f" ({card.t('agenda.withdrawn_mark')})" if item.outcome is Outcome.WITHDRAWN else ""
    return f"{number} {item.title}{suffix}"


def _when(card: Card, meeting: Meeting) -> str:
    return f"{format_date(card.language, meeting.day, weekday=True)} {format_times(card.language, meeting.start, meeting.end)}"


def _place(card: Card, meeting: Meeting) -> str:
    teams = "Teams" if meeting.online and "teams" not in meeting.place.casefold() else ""
    return ", ".join(part for part in (meeting.place, teams) if part)


def _cut(text: str, limit: int = 500) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    AgendaWanted: agenda_wanted,
    AgendaRead: agenda_read,
    AgendaShown: agenda_shown,
    ItemForm: item_form,
    MeetingOnBoard: meeting_on_board,
}
