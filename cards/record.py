"""Cards of recording: the item on the desk and the forms beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from meetings import commands as c
from meetings.model import Choice, Item, Outcome, Standing
from meetings.screens.base import Screen
from meetings.screens.record import AttachForm, ClosingLacks, DisqualifyForm, DissentForm, ItemDesk, VoteForm

LONGEST = 20_000
_STOCK = ("as_proposed", "noted", "amended", "elected", "tabled", "sent_back", "rejected", "withdrawn", "lapsed")


def item_desk(card: Card, screen: ItemDesk) -> None:
    meeting, item = screen.meeting, screen.item
    card.heading(_numbered(screen.item), subtitle=card.t("record.in_meeting", body=screen.body.name, number=meeting.designation))
    found = screen.quorum
    card.subtle("record.quorate" if found.quorate else "record.not_quorate", filled=found.filled, seats=found.seats)
    if item.outcome is not Outcome.NONE:
        card.line("record.outcome_is", outcome=card.t(f"stock.{item.outcome}"))
    if item.proposal:
        card.subheading(card.t("record.proposal"))
        card.typed(item.proposal, limit=1200)
    if item.earlier:
        card.subtle("record.earlier", text=item.earlier[:300])
    for attachment in screen.attachments:
        card.subtle("agenda.attachment", number=attachment.number, title=attachment.title)
    for one in meeting.disqualifications:
        if one.item_id == item.id and one.person_id in screen.people:
            card.line("record.aside", name=screen.people[one.person_id].name, ground=one.ground)
    for vote in meeting.votes:
        if vote.item_id == item.id:
            card.line("record.voted", given=vote.votes_for, against=vote.votes_against, blank=vote.blank)
    for dissent in meeting.dissents:
        if dissent.item_id == item.id and dissent.person_id in screen.people:
            card.line("record.dissented", name=screen.people[dissent.person_id].name)
    if item.standing is Standing.ANNOUNCEMENTS:
        card.subtle("record.announcements")
    for field, value in (("handling", screen.handling), ("discussion", screen.discussion), ("decision", screen.decision)):
        card.text_input(field, card.t(f"record.{field}"), value, lines=True, length=LONGEST)
    here = {"meeting_id": meeting.id, "item_id": item.id}
    card.buttons([c.RecordOutcome(outcome=outcome, **here) for outcome in _STOCK[:5]])
    card.buttons([*(c.RecordOutcome(outcome=outcome, **here) for outcome in _STOCK[5:]), c.RecordItem(**here)])


def attach_form(card: Card, screen: AttachForm) -> None:
    card.heading(card.t("record.attach_title"), subtitle=_numbered(screen.item))
    card.text_input("title", card.t("record.attach_name"), screen.title, required=True, length=300)
    card.text_input("link", card.t("record.attach_link"), screen.link, length=1000, placeholder="https://")
    card.submit(c.AttachDocument(meeting_id=screen.meeting.id, item_id=screen.item.id))


def disqualify_form(card: Card, screen: DisqualifyForm) -> None:
    card.heading(card.t("record.aside_title"), subtitle=_numbered(screen.item))
    card.line("record.aside_help")
    names = {person_id: person.name for person_id, person in screen.people.items()}
    card.choice_input(
        "person_id", card.t("record.who"), [(one, names.get(one, "")) for one in screen.present], screen.person_id, required=True
    )
    card.text_input("ground", card.t("record.ground"), screen.ground, required=True, length=1000)
    card.text_input("left_at", card.t("record.left_at"), screen.left_at, length=10)
    card.text_input("back_at", card.t("record.back_at"), screen.back_at, length=10)
    deputies = [("", card.t("record.nobody"))] + [(one, names.get(one, "")) for one in screen.deputies]
    card.choice_input("deputy_id", card.t("record.deputy"), deputies, screen.deputy_id)
    card.submit(c.Disqualify(meeting_id=screen.meeting.id, item_id=screen.item.id))


def vote_form(card: Card, screen: VoteForm) -> None:
    card.heading(card.t("record.vote_title"), subtitle=_numbered(screen.item))
    card.line("record.voices", voices=screen.voices)
    card.text_input("counter_proposal", card.t("record.counter_proposal"), screen.counter_proposal, lines=True, length=2000)
    card.text_input("votes_for", card.t("record.votes_for"), screen.votes_for, required=True, length=4)
    card.text_input("votes_against", card.t("record.votes_against"), screen.votes_against, required=True, length=4)
    card.text_input("blank", card.t("record.blank"), screen.blank, length=4)
    card.toggle_input("secret", card.t("record.secret"), value=screen.secret)
    choices = [("", "–"), *((choice.value, card.t(f"record.chair_{choice}")) for choice in (Choice.FOR, Choice.AGAINST))]
    card.choice_input("chair_choice", card.t("record.chair_choice"), choices, screen.chair_choice)
    card.submit(c.RecordVote(meeting_id=screen.meeting.id, item_id=screen.item.id))


def dissent_form(card: Card, screen: DissentForm) -> None:
    card.heading(card.t("record.dissent_title"), subtitle=_numbered(screen.item))
    people = [(one, screen.people[one].name) for one in screen.present if one in screen.people]
    card.choice_input("person_id", card.t("record.who"), people, screen.person_id, required=True)
    card.text_input("text", card.t("record.dissent_text"), screen.text, lines=True, length=LONGEST)
    card.submit(c.RecordDissent(meeting_id=screen.meeting.id, item_id=screen.item.id))


def closing_lacks(card: Card, screen: ClosingLacks) -> None:
    card.heading(card.t("record.close_title", number=screen.meeting.designation), subtitle=screen.body.name)
    card.line("record.lacking", count=len(screen.items))
    card.buttons([(c.ShowItem(meeting_id=screen.meeting.id, item_id=item.id), _numbered(item)) for item in screen.items[:12]])
    card.subtle("record.lacking_help")


def _numbered(item: Item) -> str:
    return f"§ {item.section} {item.title}" if item.section is not None else f"{item.position}. {item.title}"


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    ItemDesk: item_desk,
    AttachForm: attach_form,
    DisqualifyForm: disqualify_form,
    VoteForm: vote_form,
    DissentForm: dissent_form,
    ClosingLacks: closing_lacks,
}
