"""Cards of recording: the item on the desk, the forms beside it, and closing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card, Colour
from meetings import commands as c
from meetings.model import Item, Outcome, Phase, Standing
from meetings.rules.attendance import FOUND
from meetings.screens.base import Screen
from meetings.screens.record import AttachForm, Closing, DisqualifyForm, DissentForm, ItemDesk, TimesForm, VoteForm

LONGEST = 20_000
# For and against are no good and bad: two colours that say nothing.
_VOTES: tuple[Colour, ...] = ("categoricalBlue", "categoricalMarigold", "neutral")
_STOCK = (
    ("as_proposed", "noted", "amended", "tabled", "sent_back"),
    ("elected", "rejected", "withdrawn", "lapsed"),
)


def item_desk(card: Card, screen: ItemDesk) -> None:
    meeting, item = screen.meeting, screen.item
    card.heading(_numbered(item), subtitle=card.t("record.in_meeting", body=screen.body.name, number=meeting.designation))
    found = screen.quorum
    card.subtle("record.quorate" if found.quorate else "record.not_quorate", filled=found.filled, seats=found.seats)
    if screen.at_hand is not None and screen.at_hand.id != item.id:
        card.subtle("record.at_hand", item=_numbered(screen.at_hand))
    if item.outcome is not Outcome.NONE:
        card.line("record.outcome_is", outcome=card.t(f"stock.{item.outcome}"))
    if item.proposal:
        card.subheading(card.t("record.proposal"))
        card.typed(item.proposal, limit=1200)
    if item.draft and not item.decision:
        card.subheading(card.t("record.draft"))
        card.typed(item.draft, limit=1200)
        use = c.ShowItem(meeting_id=meeting.id, item_id=item.id, part="draft")
        card.buttons([(use, card.t("record.use_draft"))])
    if item.earlier:
        card.subtle("record.earlier", text=item.earlier[:300])
    attached = "; ".join(f"{one.number} {one.title}" for one in screen.attachments)
    card.facts(((card.t("agenda.attachments"), attached),))
    _beside(card, screen)
    _texts(card, screen)
    here: dict[str, Any] = {"meeting_id": meeting.id, "item_id": item.id, "seen": screen.seen}
    card.wider(c.ShowItem(meeting_id=meeting.id, item_id=item.id))
    if item.standing in FOUND:
        card.subtle(f"record.found_{item.standing}")
        card.submit(c.RecordItem(**here))
        return
    for row in _STOCK:
        fitting = [outcome for outcome in row if item.proposal or outcome != Outcome.AS_PROPOSED]
        card.buttons([c.RecordOutcome(outcome=outcome, **here) for outcome in fitting])
    card.submit(c.RecordItem(**here))


def _texts(card: Card, screen: ItemDesk) -> None:
    """The fields that fit; of a longer text its beginning, and the way to the whole."""
    item = screen.item
    for field, value in screen.texts.items():
        announced = field == "handling" and item.standing is Standing.ANNOUNCEMENTS
        label = card.t("record.announcements" if announced else f"record.{field}")
        edit = c.ShowItem(meeting_id=screen.meeting.id, item_id=item.id, part=field)
        card.long_input(field, label, value, edit, here=field in screen.parts, length=LONGEST)


def _beside(card: Card, screen: ItemDesk) -> None:
    """Who stood aside, voted and dissented, and the outcome, each with what changes it or takes it back."""
    meeting, item = screen.meeting, screen.item
    here: dict[str, Any] = {"meeting_id": meeting.id, "item_id": item.id}
    changes: list[tuple[c.Command, str]] = []
    for one in meeting.disqualifications:
        if one.item_id == item.id and one.person_id in screen.people:
            name = screen.people[one.person_id].name
            deputy = screen.people[one.deputy_id].name if one.deputy_id in screen.people else ""
            left = one.left_at.astimezone(screen.body.tz)
            if one.back_at is None:
                card.line("record.still_aside", name=name, ground=one.ground, left=left)
            else:
                card.line("record.aside", name=name, ground=one.ground, left=left, back=one.back_at.astimezone(screen.body.tz))
            if deputy:
                card.line("record.sits_instead", name=deputy)
            changes.append((c.Disqualify(person_id=one.person_id, **here), card.t("record.change_aside", name=name)))
            changes.append((c.TakeBack(meeting_id=meeting.id, mark_id=one.id), card.t("record.undo_aside", name=name)))
    for vote in meeting.votes:
        if vote.item_id == item.id:
            counts: dict[str, int] = {"given": vote.votes_for, "against": vote.votes_against, "blank": vote.blank}
            card.line("record.voted", **counts)
            labels = ("record.votes_for", "record.votes_against", "record.blank")
            card.bars(card.t("record.voted", **counts), zip(map(card.t, labels), counts.values(), _VOTES, strict=True))
            if vote.chair_choice is not None:
                card.line(f"stock.tie_{vote.chair_choice}")
            changes.append((c.TakeBack(meeting_id=meeting.id, mark_id=vote.id), card.t("record.undo_vote")))
    for dissent in meeting.dissents:
        if dissent.item_id == item.id and dissent.person_id in screen.people:
            name = screen.people[dissent.person_id].name
            card.line("record.dissented", name=name)
            changes.append((c.TakeBack(meeting_id=meeting.id, mark_id=dissent.id), card.t("record.undo_dissent", name=name)))
    if item.outcome is not Outcome.NONE and meeting.phase is Phase.OPEN:
        changes.append((c.TakeBack(meeting_id=meeting.id, mark_id=item.id), card.t("record.undo_outcome")))
    card.buttons(changes)


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
    card.time_input("left_at", card.t("record.left_at"), screen.left_at)
    card.time_input("back_at", card.t("record.back_at"), screen.back_at)
    if screen.deputies:
        sits = {
            deputy: card.t("attendance.for_seat", name=names.get(deputy, ""), member=names.get(one, "")) for deputy, one in screen.deputies
        }
        card.choice_input("deputy_id", card.t("record.deputy"), [("", card.t("record.nobody")), *sits.items()], screen.deputy_id)
    card.submit(c.Disqualify(meeting_id=screen.meeting.id, item_id=screen.item.id), title=card.t("record.save"))


def vote_form(card: Card, screen: VoteForm) -> None:
    card.heading(card.t("record.vote_title"), subtitle=_numbered(screen.item))
    card.line("record.voices", voices=screen.voices)
    card.text_input("counter_proposal", card.t("record.counter_proposal"), screen.counter_proposal, lines=True, length=LONGEST)
    card.text_input("votes_for", card.t("record.votes_for"), screen.votes_for, required=True, length=4)
    card.text_input("votes_against", card.t("record.votes_against"), screen.votes_against, required=True, length=4)
    card.text_input("blank", card.t("record.blank"), screen.blank, length=4)
    card.toggle_input("secret", card.t("record.secret"), value=screen.secret)
    ties = [(tie, card.t(f"record.tie_{tie}")) for tie in ("for", "against", "lot_for", "lot_against")]
    card.choice_input("tie", card.t("record.tie_decided"), [("", card.t("record.no_tie")), *ties], screen.tie)
    card.submit(c.RecordVote(meeting_id=screen.meeting.id, item_id=screen.item.id), title=card.t("record.save"))


def dissent_form(card: Card, screen: DissentForm) -> None:
    card.heading(card.t("record.dissent_title"), subtitle=_numbered(screen.item))
    people = [(one, screen.people[one].name) for one in screen.present if one in screen.people]
    if not people:
        card.line("record.nobody_there")
        return
    card.choice_input("person_id", card.t("record.who"), people, screen.person_id, required=True)
    card.text_input("text", card.t("record.dissent_text"), screen.text, lines=True, length=LONGEST)
    card.submit(c.RecordDissent(meeting_id=screen.meeting.id, item_id=screen.item.id), title=card.t("record.save"))


def closing(card: Card, screen: Closing) -> None:
    meeting = screen.meeting
    card.heading(card.t("record.close_title", number=meeting.designation), subtitle=screen.body.name)
    if screen.items:
        card.line("record.lacking", count=len(screen.items))
        card.buttons([(c.ShowItem(meeting_id=meeting.id, item_id=item.id), _numbered(item)) for item in screen.items])
        card.subtle("record.lacking_help")
        return
    if screen.late:
        card.line("record.close_late", names=", ".join(screen.late))
    card.line("record.close_help")
    if screen.ended is not None:
        card.line("calls.ended", at=screen.ended.astimezone(screen.body.tz))
    card.time_input("at", card.t("record.close_at"), screen.at)
    card.submit(c.CloseMeeting(meeting_id=meeting.id, version=meeting.version, confirmed=True))


def times_form(card: Card, screen: TimesForm) -> None:
    card.heading(card.t("record.times_title", number=screen.meeting.designation), subtitle=screen.body.name)
    card.time_input("opened", card.t("record.opened_at"), screen.opened)
    if screen.meeting.closed_at is not None:
        card.time_input("closed", card.t("record.closed_at"), screen.closed)
    card.submit(c.CorrectTimes(meeting_id=screen.meeting.id), title=card.t("record.save"))


def _numbered(item: Item) -> str:
    return f"§ {item.section} {item.title}" if item.section is not None else f"{item.position}. {item.title}"


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    ItemDesk: item_desk,
    AttachForm: attach_form,
    DisqualifyForm: disqualify_form,
    VoteForm: vote_form,
    DissentForm: dissent_form,
    Closing: closing,
    TimesForm: times_form,
}
