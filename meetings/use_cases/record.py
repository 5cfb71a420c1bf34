"""Recording item by item: texts, outcomes, attachments, disqualification, votes, dissent; and closing the meeting."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.access import may
from meetings.errors import Refused
from meetings.model import Attachment, Body, Choice, Disqualification, Dissent, Item, Meeting, Outcome, Phase, Vote
from meetings.ports import Tx
from meetings.rules import attendance as rules
from meetings.rules.agenda import find_item, with_item
from meetings.rules.numbering import in_order
from meetings.rules.presence import acting, attended, in_room, quorum
from meetings.rules.rounds import require_version
from meetings.rules.seats import seats_on
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.record import AttachForm, ClosingLacks, DisqualifyForm, DissentForm, ItemDesk, VoteForm
from meetings.use_cases.agenda import board_meeting

LONGEST = 20_000


# --- the item -----------------------------------------------------------------------------------------------------------


def show_item(command: c.ShowItem, tx: Tx, scope: Scope) -> Screen:
    """The item on the desk; while the meeting is open, the meeting moves to it."""
    body, meeting = scope.body, scope.meeting
    item = _wanted(meeting, command)
    if meeting.phase is Phase.OPEN and meeting.roll_closed_at is not None and meeting.current_item_id != item.id:
        meeting = replace(meeting, current_item_id=item.id)
        tx.save(meeting)
        tx.later(e.RefreshBoard(meeting.id, "meeting"))
    return _desk(tx, body, meeting, item)


def record_item(command: c.RecordItem, tx: Tx, scope: Scope) -> Screen:
    """The texts as typed. Discussion may be recorded without a quorum; a decision may not."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    outcome = _outcome(command.outcome) if command.outcome else item.outcome
    decision = _text(command.decision)
    if outcome is not item.outcome or (decision and decision != item.decision):
        _require_quorum(body, meeting, item, outcome if outcome is not item.outcome else Outcome.AMENDED)
    new = replace(item, outcome=outcome, handling=_text(command.handling), discussion=_text(command.discussion), decision=decision)
    meeting = _changed(tx, meeting, item, new)
    return replace(
        _desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.saved", section=str(item.section or item.position))
    )


def record_outcome(command: c.RecordOutcome, tx: Tx, scope: Scope) -> Screen:
    """A stock outcome in one press, with what is typed beside it; then the next item is on the desk."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    outcome = _outcome(command.outcome)
    _require_quorum(body, meeting, item, outcome)
    new = replace(
        item,
        outcome=outcome,
        handling=item.handling if command.handling is None else _text(command.handling),
        discussion=item.discussion if command.discussion is None else _text(command.discussion),
        decision=item.decision if command.decision is None else _text(command.decision),
    )
    meeting = _changed(tx, meeting, item, new)
    following = next((one for one in in_order(meeting) if one.position > item.position), None)
    shown = following or find_item(meeting, item.id)
    if following is not None and meeting.phase is Phase.OPEN:
        meeting = replace(meeting, current_item_id=following.id)
        tx.save(meeting)
    notice = sentence(f"record.done_{outcome}", section=str(item.section or item.position))
    return replace(_desk(tx, body, meeting, shown), notice=notice)


def item_view(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    """The item as it stands, with what was typed when it was refused."""
    meeting = scope.meeting
    item_id = str(getattr(command, "item_id", ""))
    item = next((one for one in meeting.items if one.id == item_id), None) or _wanted(meeting, c.ShowItem())
    shown = _desk(tx, scope.body, meeting, item)
    return replace(
        shown,
        handling=getattr(command, "handling", None) or shown.handling,
        discussion=getattr(command, "discussion", None) or shown.discussion,
        decision=getattr(command, "decision", None) or shown.decision,
    )


# --- beside the item ------------------------------------------------------------------------------------------------------


def attach_document(command: c.AttachDocument, tx: Tx, scope: Scope) -> Screen:
    """Liite n; the same title again is the same attachment, of this item too."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    title = command.title.strip()
    if not title:
        return attach_form(command, tx, scope)
    if command.link.strip() and not re.match(r"https://\S+$", command.link.strip()):
        raise Refused("record.link_wrong")
    same = next((one for one in meeting.attachments if one.title.casefold() == title.casefold()), None)
    if same is None:
        number = max((one.number for one in meeting.attachments), default=0) + 1
        made = Attachment(tx.new_id(), meeting.id, number, title[:300], command.link.strip(), (item.id,))
        meeting = replace(meeting, attachments=(*meeting.attachments, made))
    elif item.id not in same.item_ids:
        both = replace(same, item_ids=(*same.item_ids, item.id))
        meeting = replace(meeting, attachments=tuple(both if one.id == same.id else one for one in meeting.attachments))
    meeting = _touched(tx, meeting, item)
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.attached", title=title))


def attach_form(command: c.AttachDocument, tx: Tx, scope: Scope) -> Screen:
    item = _item(scope.meeting, command.item_id)
    back = (c.ShowItem(meeting_id=scope.meeting.id, item_id=item.id),)
    return AttachForm(body=scope.body, meeting=scope.meeting, item=item, title=command.title, link=command.link, steps=back)


def disqualify(command: c.Disqualify, tx: Tx, scope: Scope) -> Screen:
    """Person, ground, times, and who sat instead: for this item only. The quorum of the item is computed without the person."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    if not command.ground.strip() and not command.person_id:
        return disqualify_form(command, tx, scope)
    if not command.person_id or not command.ground.strip():
        raise Refused("record.who_and_why")
    seat = next((one for one in seats_on(body, meeting.day) if one.member_id == command.person_id), None)
    if command.deputy_id and (seat is None or command.deputy_id not in seat.deputy_ids):
        raise Refused("record.not_their_deputy")
    left_at = rules.instant(command.left_at, body, meeting, tx.now)
    back_at = rules.instant(command.back_at, body, meeting, tx.now) if command.back_at.strip() else None
    if back_at is not None and back_at < left_at:
        raise Refused("record.back_before")
    old = next((one for one in meeting.disqualifications if one.person_id == command.person_id and one.item_id == item.id), None)
    made = Disqualification(
        old.id if old else tx.new_id(),
        meeting.id,
        item.id,
        tx.person(command.person_id).id,
        command.ground.strip()[:1000],
        left_at,
        back_at,
        command.deputy_id,
    )
    others = tuple(one for one in meeting.disqualifications if one.id != made.id)
    meeting = _touched(tx, replace(meeting, disqualifications=(*others, made)), item)
    name = tx.person(command.person_id).name
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.stands_aside", name=name))


def disqualify_form(command: c.Disqualify, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    seats = seats_on(body, meeting.day)
    deputies = tuple(dict.fromkeys(one for seat in seats for one in seat.deputy_ids))
    present = _present(body, meeting)
    if body.secretary_id and body.secretary_id not in present:
        present = (*present, body.secretary_id)
    return DisqualifyForm(
        body=body,
        meeting=meeting,
        item=item,
        people=tx.people((*present, *deputies)),
        present=present,
        deputies=deputies,
        person_id=command.person_id,
        ground=command.ground,
        left_at=command.left_at,
        back_at=command.back_at,
        deputy_id=command.deputy_id,
        steps=(c.ShowItem(meeting_id=meeting.id, item_id=item.id),),
    )


def record_vote(command: c.RecordVote, tx: Tx, scope: Scope) -> Screen:
    """The totals of a vote, at most as many as voices in the room; a tie needs the chair's vote."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    if not (command.votes_for or command.votes_against or command.blank):
        return vote_form(command, tx, scope)
    given, against, blank = (_count(value) for value in (command.votes_for, command.votes_against, command.blank))
    voices = quorum(body, meeting, item.id).filled
    if given + against + blank > voices:
        raise Refused("record.too_many_votes", votes=given + against + blank, voices=voices)
    _require_quorum(body, meeting, item, Outcome.AMENDED)
    choice = Choice(command.chair_choice) if command.chair_choice in {Choice.FOR, Choice.AGAINST} else None
    if given == against and choice is None:
        raise Refused("record.tie", votes=given)
    old = next((one for one in meeting.votes if one.item_id == item.id), None)
    made = Vote(
        id=old.id if old else tx.new_id(),
        meeting_id=meeting.id,
        item_id=item.id,
        counter_proposal=command.counter_proposal.strip()[:2000],
        votes_for=given,
        votes_against=against,
        blank=blank,
        secret=command.secret,
        chair_choice=choice if given == against else None,
    )
    others = tuple(one for one in meeting.votes if one.id != made.id)
    meeting = _touched(tx, replace(meeting, votes=(*others, made)), item)
    return replace(
        _desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.voted", given=given, against=against, blank=blank)
    )


def vote_form(command: c.RecordVote, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    return VoteForm(
        body=body,
        meeting=meeting,
        item=item,
        voices=quorum(body, meeting, item.id).filled,
        counter_proposal=command.counter_proposal,
        votes_for=command.votes_for,
        votes_against=command.votes_against,
        blank=command.blank,
        secret=command.secret,
        chair_choice=command.chair_choice,
        steps=(c.ShowItem(meeting_id=meeting.id, item_id=item.id),),
    )


def record_dissent(command: c.RecordDissent, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    if not command.person_id:
        return dissent_form(command, tx, scope)
    if not attended(meeting, command.person_id):
        raise Refused("record.was_not_there")
    made = Dissent(tx.new_id(), meeting.id, item.id, tx.person(command.person_id).id, _text(command.text))
    others = tuple(one for one in meeting.dissents if (one.item_id, one.person_id) != (item.id, made.person_id))
    meeting = _touched(tx, replace(meeting, dissents=(*others, made)), item)
    name = tx.person(command.person_id).name
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.dissented", name=name))


def dissent_form(command: c.RecordDissent, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    present = _present(body, meeting)
    return DissentForm(
        body=body,
        meeting=meeting,
        item=item,
        people=tx.people(present),
        present=present,
        person_id=command.person_id,
        text=command.text,
        steps=(c.ShowItem(meeting_id=meeting.id, item_id=item.id),),
    )


# --- closing ----------------------------------------------------------------------------------------------------------------


def close_meeting(command: c.CloseMeeting, tx: Tx, scope: Scope) -> Screen:
    """The record is complete, or the bot says which items lack an outcome."""
    body, meeting = scope.body, scope.meeting
    require_version(command.version, meeting.version)
    at = rules.instant(command.at, body, meeting, tx.now)
    if missing := rules.lacking(meeting):
        items = tuple(find_item(meeting, item_id) for item_id in missing)
        jumps = tuple(c.ShowItem(meeting_id=meeting.id, item_id=item.id) for item in items)
        return ClosingLacks(body=body, meeting=meeting, items=items, at=command.at, steps=jumps[:1])
    meeting = replace(meeting, phase=Phase.CLOSED, closed_at=at, current_item_id="")
    tx.save(meeting)
    for part in ("meeting", "roll"):
        tx.later(e.RefreshBoard(meeting.id, part))
    return _closed(tx, body, meeting, sentence("record.closed", number=meeting.designation, at=at.astimezone(body.tz)))


def closing_view(_command: c.CloseMeeting, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if meeting.phase is not Phase.OPEN:
        return _closed(tx, body, meeting, None)
    return item_view(c.ShowItem(), tx, scope)


def _closed(tx: Tx, body: Body, meeting: Meeting, notice: Sentence | None) -> Screen:
    return replace(board_meeting(tx, body, meeting), notice=notice, steps=next_steps(body, meeting, tx.actor, tx.now))


# --- shared -------------------------------------------------------------------------------------------------------------------


def _desk(tx: Tx, body: Body, meeting: Meeting, item: Item) -> ItemDesk:
    ordered = in_order(meeting)
    place = next(i for i, one in enumerate(ordered) if one.id == item.id)
    steps: list[c.Command] = []
    if place + 1 < len(ordered):
        steps.append(c.ShowItem(meeting_id=meeting.id, item_id=ordered[place + 1].id, step=1))
    if place > 0:
        steps.append(c.ShowItem(meeting_id=meeting.id, item_id=ordered[place - 1].id, step=-1))
    day = tx.now.astimezone(body.tz).date()
    rest: tuple[c.Command, ...] = (
        c.ShowAttendance(meeting_id=meeting.id),
        c.CloseMeeting(meeting_id=meeting.id, version=meeting.version),
        c.SendMinutes(meeting_id=meeting.id) if meeting.phase is Phase.REVIEW else c.PrepareMinutes(meeting_id=meeting.id),
        c.AttachDocument(meeting_id=meeting.id, item_id=item.id),
        c.Disqualify(meeting_id=meeting.id, item_id=item.id),
        c.RecordVote(meeting_id=meeting.id, item_id=item.id),
        c.RecordDissent(meeting_id=meeting.id, item_id=item.id),
    )
    steps += [step for step in rest if may(type(step), body, meeting, tx.actor, day)]
    concerned = {one.person_id for one in meeting.disqualifications if one.item_id == item.id}
    concerned |= {one.deputy_id for one in meeting.disqualifications if one.item_id == item.id}
    concerned |= {one.person_id for one in meeting.dissents if one.item_id == item.id}
    return ItemDesk(
        body=body,
        meeting=meeting,
        item=item,
        handling=item.handling,
        discussion=item.discussion,
        decision=item.decision,
        attachments=tuple(one for one in meeting.attachments if item.id in one.item_ids),
        people=tx.people(concerned),
        quorum=quorum(body, meeting, item.id),
        steps=tuple(steps),
    )


def _wanted(meeting: Meeting, command: c.ShowItem) -> Item:
    """By id, by typed §, else the item at hand, else the first that lacks an outcome."""
    if not meeting.items:
        raise Refused("record.no_items")
    if command.item_id:
        return find_item(meeting, command.item_id)
    if command.section.strip():
        number = re.search(r"\d+", command.section)
        found = next((item for item in meeting.items if number and item.section == int(number[0])), None)
        if found is None:
            raise Refused("record.no_such_section", section=command.section[:20])
        return found
    at_hand = next((item for item in meeting.items if item.id == meeting.current_item_id), None)
    return at_hand or next((find_item(meeting, one) for one in rules.lacking(meeting)), in_order(meeting)[0])


def _item(meeting: Meeting, item_id: str) -> Item:
    return find_item(meeting, item_id or meeting.current_item_id)


def _require_quorum(body: Body, meeting: Meeting, item: Item, outcome: Outcome) -> None:
    """Losing the quorum stops decisions, not the recording of discussion. Corrections after closing are of wording, not decisions."""
    if meeting.phase is not Phase.OPEN or outcome not in rules.DECIDING:
        return
    if meeting.roll_closed_at is None:
        raise Refused("record.quorum_first")
    found = quorum(body, meeting, item.id)
    if not found.quorate:
        raise Refused("record.no_quorum", filled=found.filled, seats=found.seats, needed=found.needed)


def _changed(tx: Tx, meeting: Meeting, old: Item, new: Item) -> Meeting:
    """Keep an item's new texts; an unchanged one leaves no trace."""
    if new == old:
        return meeting
    meeting = with_item(meeting, replace(new, changed_at=tx.now if meeting.phase is not Phase.OPEN else old.changed_at))
    tx.save(meeting)
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    return meeting


def _touched(tx: Tx, meeting: Meeting, item: Item) -> Meeting:
    """Something of the item's record changed beside its texts: after closing that, too, is a change of the minutes."""
    if meeting.phase is not Phase.OPEN:
        meeting = with_item(meeting, replace(find_item(meeting, item.id), changed_at=tx.now))
    tx.save(meeting)
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    return meeting


def _present(body: Body, meeting: Meeting) -> tuple[str, ...]:
    """Those in the room who act for a seat, then everybody else who is there."""
    seats = seats_on(body, meeting.day)
    actors = [actor for seat in seats if (actor := acting(meeting, seat))]
    others = [one.person_id for one in meeting.attendances if in_room(meeting, one.person_id)]
    return tuple(dict.fromkeys((*actors, *others)))


def _outcome(typed: str) -> Outcome:
    try:
        found = Outcome(typed)
    except ValueError:
        raise Refused("record.which_outcome") from None
    if found is Outcome.NONE:
        raise Refused("record.which_outcome")
    return found


def _text(typed: str) -> str:
    if len(typed) > LONGEST:
        raise Refused("record.too_long", length=len(typed), most=LONGEST)
    return typed.strip()


def _count(typed: str) -> int:
    text = typed.strip() or "0"
    if not text.isdecimal() or len(text) > 4:
        raise Refused("record.votes_unread", text=typed[:20])
    return int(text)


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowItem: show_item,
    c.RecordItem: record_item,
    c.RecordOutcome: record_outcome,
    c.AttachDocument: attach_document,
    c.Disqualify: disqualify,
    c.RecordVote: record_vote,
    c.RecordDissent: record_dissent,
    c.CloseMeeting: close_meeting,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowItem: item_view,
    c.RecordItem: item_view,
    c.RecordOutcome: item_view,
    c.AttachDocument: attach_form,
    c.Disqualify: disqualify_form,
    c.RecordVote: vote_form,
    c.RecordDissent: dissent_form,
    c.CloseMeeting: closing_view,
}
