"""Recording item by item: texts, outcomes, attachments, disqualification, votes, dissent; and closing the meeting."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.access import may
from meetings.errors import MeetingError, NotFound, Refused
from meetings.model import (
    Attachment,
    Body,
    Choice,
    DeputyCall,
    Disqualification,
    Dissent,
    Item,
    Meeting,
    Outcome,
    Phase,
    Sign,
    Standing,
    Vote,
)
from meetings.ports import Tx
from meetings.reading.moments import read_clock
from meetings.rules import attendance as rules
from meetings.rules.agenda import digest, find_item, fitting, with_item
from meetings.rules.calls import closing_at
from meetings.rules.numbering import in_order
from meetings.rules.presence import actors, aside, attended, most_voices, quorum
from meetings.rules.rounds import require_version
from meetings.rules.seats import seats_on
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.record import AttachForm, Closing, DisqualifyForm, DissentForm, ItemDesk, TimesForm, VoteForm
from meetings.use_cases.agenda import board_meeting, show_agenda
from meetings.use_cases.attendance import show_attendance
from meetings.use_cases.minutes import prepare_minutes

LONGEST = 20_000
# The part of an item that is no part of the record yet.
DRAFT = "draft"
# After so long Teams has the attendance report of a call.
REPORTED = timedelta(minutes=10)
TEXTS = ("handling", "discussion", "decision")


# --- the item -----------------------------------------------------------------------------------------------------------


def show_item(command: c.ShowItem, tx: Tx, scope: Scope) -> Screen:
    """The item on the desk. While the meeting is open it moves to the item, unless that is decided and only looked at again."""
    body, meeting = scope.body, scope.meeting
    item = _wanted(meeting, command)
    moved = _moved(tx, meeting, item)
    if moved != meeting:
        meeting = _kept(tx, moved)
    if command.part == DRAFT:
        return _desk(tx, body, meeting, item, typed={"decision": item.draft})
    return _desk(tx, body, meeting, item, part=command.part)


def record_item(command: c.RecordItem, tx: Tx, scope: Scope) -> Screen:
    """The texts as typed, and then what was asked for: the next item, a form, the roll. Discussion may be recorded without a quorum; of a
    decision that may not, the words come back and the rest is kept."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    new, doubled = _typed(item, command)
    try:
        if new.decision and new.decision != item.decision:
            rules.require_quorum(body, meeting, item, Outcome.AMENDED)
    except Refused as refused:
        return _half_kept(tx, body, meeting, item, new, refused)
    changed = _with_texts(tx, meeting, item, new)
    if command.then in {"next", "previous"} and not doubled:
        changed = _moved(tx, changed, _neighbour(changed, item, 1 if command.then == "next" else -1))
    meeting = _kept(tx, changed) if changed != meeting else meeting
    if doubled:
        return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.both_kept"), wrong=True)
    return _then(command.then, item, new != item, tx, Scope(body, meeting))


def record_outcome(command: c.RecordOutcome, tx: Tx, scope: Scope) -> Screen:
    """A stock outcome in one press, with what is typed beside it; then the next item is on the desk."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    outcome = _outcome(command.outcome)
    new, doubled = _typed(item, command)
    try:
        if outcome in {Outcome.AMENDED, Outcome.ELECTED} and not new.decision.strip():
            raise Refused(f"record.say_what_{outcome}")
        rules.require_quorum(body, meeting, item, outcome)
    except Refused as refused:
        return _half_kept(tx, body, meeting, item, new, refused)
    new = replace(new, outcome=outcome)
    following = find_item(meeting, item.id) if doubled else _neighbour(meeting, item, 1)
    changed = _moved(tx, _with_texts(tx, meeting, item, new), following)
    meeting = _kept(tx, changed) if changed != meeting else meeting
    notice = sentence("record.both_kept") if doubled else sentence(f"record.done_{outcome}", section=_number(item))
    return replace(_desk(tx, body, meeting, find_item(meeting, following.id)), notice=notice, wrong=doubled)


def item_view(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    """The item as it stands, with what was typed when it was refused."""
    meeting = scope.meeting
    item_id = str(getattr(command, "item_id", ""))
    item = next((one for one in meeting.items if one.id == item_id), None) or _wanted(meeting, c.ShowItem())
    typed = {name: value for name in TEXTS if (value := getattr(command, name, None)) is not None}
    return _desk(tx, scope.body, meeting, item, typed=typed)


def take_back(command: c.TakeBack, tx: Tx, scope: Scope) -> Screen:
    """What was noted by mistake goes, whatever it was. Taken back before: how things stand."""
    body, meeting = scope.body, scope.meeting
    mark = command.mark_id
    if movement := next((one for one in meeting.movements if one.id == mark), None):
        meeting = _kept(tx, rules.take_back(meeting, movement))
        return replace(show_attendance(c.ShowAttendance(), tx, Scope(body, meeting)), notice=sentence("record.taken_back"))
    noted: list[Disqualification | Vote | Dissent] = [*meeting.disqualifications, *meeting.votes, *meeting.dissents]
    found = next((one for one in noted if one.id == mark), None)
    if found is not None:
        item = find_item(meeting, found.item_id)
        calls = meeting.deputy_calls
        if isinstance(found, Disqualification):
            calls = tuple(one for one in calls if (one.item_id, one.deputy_id) != (item.id, found.deputy_id))
        meeting = replace(
            meeting,
            disqualifications=tuple(one for one in meeting.disqualifications if one.id != mark),
            votes=tuple(one for one in meeting.votes if one.id != mark),
            dissents=tuple(one for one in meeting.dissents if one.id != mark),
            deputy_calls=calls,
        )
    else:
        decided = next((one for one in meeting.items if one.id == mark and one.outcome is not Outcome.NONE), None)
        if decided is None:
            return item_view(c.ShowItem(item_id=mark), tx, scope)
        if meeting.closed_at is not None:
            raise Refused("record.outcome_stays")
        item = decided
        meeting = with_item(meeting, replace(item, outcome=Outcome.NONE))
    meeting = _touched(tx, meeting, item)
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.taken_back"))


def taken_back_view(_command: c.TakeBack, tx: Tx, scope: Scope) -> Screen:
    return item_view(c.ShowItem(), tx, scope)


# --- beside the item ------------------------------------------------------------------------------------------------------


def attach_document(command: c.AttachDocument, tx: Tx, scope: Scope) -> Screen:
    """Liite n; the same title again is the same attachment, of this item too, and a link given with it is its link from now on."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    title, link = " ".join(command.title.split()), command.link.strip()
    if not title:
        return attach_form(command, tx, scope)
    if len(title) > 300:
        raise Refused("record.title_long", length=len(title), most=300)
    if link and not re.fullmatch(r"https://\S{1,1900}", link):
        raise Refused("record.link_wrong")
    same = next((one for one in meeting.attachments if one.title.casefold() == title.casefold()), None)
    if same is None:
        number = max((one.number for one in meeting.attachments), default=0) + 1
        attachments = (*meeting.attachments, Attachment(tx.new_id(), meeting.id, number, title, link, (item.id,)))
    else:
        both = replace(same, link=link or same.link, item_ids=tuple(dict.fromkeys((*same.item_ids, item.id))))
        attachments = tuple(both if one.id == same.id else one for one in meeting.attachments)
    meeting = _touched(tx, replace(meeting, attachments=attachments), item)
    notice = sentence("record.attached", title=title)
    if meeting.opened_at is None:
        tx.later(e.RenderDocuments(meeting.id, "agenda"))
        return replace(show_agenda(c.ShowAgenda(), tx, Scope(body, meeting)), notice=notice)
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=notice)


def attach_form(command: c.AttachDocument, tx: Tx, scope: Scope) -> Screen:
    item = _item(scope.meeting, command.item_id)
    return AttachForm(
        body=scope.body, meeting=scope.meeting, item=item, title=command.title, link=command.link, steps=_back(scope.meeting, item)
    )


def disqualify(command: c.Disqualify, tx: Tx, scope: Scope) -> Screen:
    """Person, ground, times, and who sat instead: for this item only. Without a time of return they are back when the meeting moves on.
    Secretary and minute-taker can be disqualified too; a deputy can sit only for one who has a seat."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    person_id, ground = command.person_id, command.ground.strip()
    old = next((one for one in meeting.disqualifications if one.person_id == person_id and one.item_id == item.id), None)
    if not ground and (old is not None or not person_id):
        return disqualify_form(command, tx, scope)
    if not person_id or not ground:
        raise Refused("record.who_and_why")
    if person_id not in _concerned(body, meeting):
        raise NotFound("attendance.no_such_person")
    if len(ground) > 1000:
        raise Refused("record.too_long", length=len(ground), most=1000)
    if command.deputy_id and command.deputy_id not in rules.may_sit_for(body, meeting, person_id, item.id):
        raise Refused("record.not_their_deputy")
    left_at = rules.instant(command.left_at, body, meeting, tx.now)
    back_at = rules.instant(command.back_at, body, meeting, tx.now) if command.back_at.strip() else None
    if back_at is not None and back_at < left_at:
        raise Refused("record.back_before")
    made = Disqualification(
        old.id if old else tx.new_id(), meeting.id, item.id, tx.person(person_id).id, ground, left_at, back_at, command.deputy_id
    )
    others = tuple(one for one in meeting.disqualifications if one.id != made.id)
    meeting = replace(meeting, disqualifications=(*others, made), deputy_calls=_item_calls(tx, body, meeting, old, made))
    meeting = _touched(tx, meeting, item)
    name = tx.person(person_id).name
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.stands_aside", name=name))


def disqualify_form(command: c.Disqualify, tx: Tx, scope: Scope) -> Screen:
    """What was typed; for one already recorded, what is recorded."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    known = next((one for one in meeting.disqualifications if one.person_id == command.person_id and one.item_id == item.id), None)
    if known is not None and not command.ground:
        command = replace(
            command,
            ground=known.ground,
            left_at=_clock(body, known.left_at),
            back_at=_clock(body, known.back_at),
            deputy_id=known.deputy_id,
        )
    present = _concerned(body, meeting)
    deputies = tuple((deputy, person) for person in present for deputy in rules.may_sit_for(body, meeting, person, item.id))
    return DisqualifyForm(
        body=body,
        meeting=meeting,
        item=item,
        people=tx.people((*present, *(deputy for deputy, _ in deputies))),
        present=present,
        deputies=deputies,
        person_id=command.person_id,
        ground=command.ground,
        left_at=command.left_at,
        back_at=command.back_at,
        deputy_id=command.deputy_id,
        steps=_back(meeting, item),
    )


def record_vote(command: c.RecordVote, tx: Tx, scope: Scope) -> Screen:
    """The totals of a vote, at most as many as voices in the room. A tie is decided by the chair's vote, in an election by lot: that
    the lot decided is written into the decision, in the body's own language."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    if not (command.votes_for.strip() or command.votes_against.strip() or command.blank.strip()):
        return vote_form(command, tx, scope)
    given, against, blank = (_count(value) for value in (command.votes_for, command.votes_against, command.blank))
    voices = most_voices(body, meeting, item.id)
    if not 0 < given + against + blank <= voices:
        raise Refused(
            "record.too_many_votes" if given + against + blank else "record.no_votes", votes=given + against + blank, voices=voices
        )
    rules.require_quorum(body, meeting, item, Outcome.AMENDED)
    tie = command.tie if given == against else ""
    if given == against and tie not in {"for", "against", "lot_for", "lot_against"}:
        raise Refused("record.tie", votes=given)
    old = next((one for one in meeting.votes if one.item_id == item.id), None)
    made = Vote(
        id=old.id if old else tx.new_id(),
        meeting_id=meeting.id,
        item_id=item.id,
        counter_proposal=_text(command.counter_proposal),
        votes_for=given,
        votes_against=against,
        blank=blank,
        secret=command.secret,
        chair_choice=Choice(tie) if tie in set(Choice) else None,
    )
    others = tuple(one for one in meeting.votes if one.id != made.id)
    lots = {name: tx.wording(body.language, f"record.{name}") for name in ("lot_for", "lot_against")}
    lines = [line for line in item.decision.split("\n") if line not in lots.values()]
    decision = "\n".join([*lines, *([lots[tie]] if tie in lots else [])]).strip()
    meeting = with_item(replace(meeting, votes=(*others, made)), replace(item, decision=decision))
    meeting = _touched(tx, meeting, item)
    notice = sentence("record.voted", given=given, against=against, blank=blank)
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=notice)


def vote_form(command: c.RecordVote, tx: Tx, scope: Scope) -> Screen:
    """What was typed; with nothing typed, the vote as recorded."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    known = next((one for one in meeting.votes if one.item_id == item.id), None)
    if known is not None and command == c.RecordVote(meeting_id=command.meeting_id, item_id=command.item_id):
        command = replace(
            command,
            counter_proposal=known.counter_proposal,
            votes_for=str(known.votes_for),
            votes_against=str(known.votes_against),
            blank=str(known.blank),
            secret=known.secret,
            tie=known.chair_choice or "",
        )
    return VoteForm(
        body=body,
        meeting=meeting,
        item=item,
        voices=most_voices(body, meeting, item.id),
        counter_proposal=command.counter_proposal,
        votes_for=command.votes_for,
        votes_against=command.votes_against,
        blank=command.blank,
        secret=command.secret,
        tie=command.tie,
        steps=_back(meeting, item),
    )


def record_dissent(command: c.RecordDissent, tx: Tx, scope: Scope) -> Screen:
    """The dissent of one who took part in the item: not of one who was away, or stood aside in it. Again: in other words."""
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    if not command.person_id:
        return dissent_form(command, tx, scope)
    if command.person_id not in _took_part(body, meeting, item):
        raise Refused("record.was_not_there")
    old = next((one for one in meeting.dissents if (one.item_id, one.person_id) == (item.id, command.person_id)), None)
    made = Dissent(old.id if old else tx.new_id(), meeting.id, item.id, tx.person(command.person_id).id, _text(command.text))
    others = tuple(one for one in meeting.dissents if one.id != made.id)
    meeting = _touched(tx, replace(meeting, dissents=(*others, made)), item)
    name = tx.person(command.person_id).name
    return replace(_desk(tx, body, meeting, find_item(meeting, item.id)), notice=sentence("record.dissented", name=name))


def dissent_form(command: c.RecordDissent, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    item = _item(meeting, command.item_id)
    present = _took_part(body, meeting, item)
    return DissentForm(
        body=body,
        meeting=meeting,
        item=item,
        people=tx.people(present),
        present=present,
        person_id=command.person_id,
        text=command.text,
        steps=_back(meeting, item),
    )


# --- closing ----------------------------------------------------------------------------------------------------------------


def close_meeting(command: c.CloseMeeting, tx: Tx, scope: Scope) -> Screen:
    """The record is complete, or the bot says which items lack an outcome. Closing cannot be undone, so a mere press asks first."""
    body, meeting = scope.body, scope.meeting
    require_version(command.version, meeting.version)
    at = rules.instant(command.at, body, meeting, tx.now)
    if rules.lacking(meeting) or not (command.at.strip() or command.confirmed):
        return closing_form(command, tx, scope)
    meeting = replace(_back_in(meeting, at), closed_at=at)
    rules.require_times(body, meeting)
    meeting = _kept(tx, replace(meeting, phase=Phase.CLOSED, current_item_id=""))
    tx.drop_call(meeting.id)
    tx.later(e.RenderDocuments(meeting.id, "minutes"))
    if meeting.join_url:
        tx.later(e.ReadAttendance(meeting.id), due=tx.now + REPORTED)
    return _closed(tx, body, meeting, sentence("record.closed", number=meeting.designation, at=at.astimezone(body.tz)))


def closing_form(command: c.CloseMeeting, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if meeting.phase is not Phase.OPEN:
        return _closed(tx, body, meeting, None)
    items = tuple(find_item(meeting, item_id) for item_id in rules.lacking(meeting))
    at_hand = c.ShowItem(meeting_id=meeting.id, item_id=meeting.current_item_id)
    waited = [one.person_id for one in meeting.attendances if one.sign is Sign.LATE and not attended(meeting, one.person_id)]
    late = tuple(person.name for person in tx.people(waited).values())
    ended = closing_at(meeting, tx.call(meeting.id))
    return Closing(
        body=body,
        meeting=meeting,
        items=items,
        at=command.at or _clock(body, ended),
        ended=ended,
        late=late,
        steps=(at_hand, c.ShowAttendance(meeting_id=meeting.id)),
    )


def correct_times(command: c.CorrectTimes, tx: Tx, scope: Scope) -> Screen:
    """The times of opening and closing put right afterwards; an empty one stays. They must hold everything that was noted between."""
    body, meeting = scope.body, scope.meeting
    if not (command.opened.strip() or command.closed.strip()):
        return times_form(command, tx, scope)
    opened, closed = meeting.opened_at, meeting.closed_at
    if _corrects(command.opened, body, opened):
        opened = rules.day_instant(command.opened, body, opened or tx.now, tx.now)
    if _corrects(command.closed, body, closed):
        if closed is None:
            raise Refused("record.still_open")
        closed = rules.day_instant(command.closed, body, closed, tx.now)
    new = replace(meeting, opened_at=opened, closed_at=closed)
    rules.require_times(body, new)
    if new != meeting:
        ordered = in_order(new)
        item = next((one for one in ordered if one.standing in {Standing.OPENING, Standing.CLOSING}), ordered[0] if ordered else None)
        meeting = _touched(tx, new, item) if item else _kept(tx, new)
    notice = sentence("record.times_corrected", number=meeting.designation)
    if meeting.phase is Phase.OPEN:
        return replace(show_attendance(c.ShowAttendance(), tx, Scope(body, meeting)), notice=notice)
    return _closed(tx, body, meeting, notice)


def times_form(command: c.CorrectTimes, tx: Tx, scope: Scope) -> Screen:
    del tx
    body, meeting = scope.body, scope.meeting
    return TimesForm(
        body=body,
        meeting=meeting,
        opened=command.opened or _clock(body, meeting.opened_at),
        closed=command.closed or _clock(body, meeting.closed_at),
        steps=(c.ShowAttendance(meeting_id=meeting.id),),
    )


def _closed(tx: Tx, body: Body, meeting: Meeting, notice: Sentence | None) -> Screen:
    steps = next_steps(body, meeting, tx.actor, tx.now)
    times = (c.CorrectTimes(meeting_id=meeting.id),) if may(c.CorrectTimes, body, meeting, tx.actor, _today(tx, body)) else ()
    return replace(board_meeting(tx, body, meeting), notice=notice, steps=(*steps, *times))


# --- shared -------------------------------------------------------------------------------------------------------------------


def _desk(tx: Tx, body: Body, meeting: Meeting, item: Item, *, part: str = "", typed: Mapping[str, str] | None = None) -> ItemDesk:
    here: dict[str, Any] = {"meeting_id": meeting.id, "item_id": item.id}
    texts = {name: str(getattr(item, name)) for name in TEXTS} | dict(typed or {})
    seen = _seen(item)
    ordered = in_order(meeting)
    wanted: list[tuple[str, bool, type[c.Command]]] = [
        ("next", item.id != ordered[-1].id, c.RecordItem),
        ("previous", item.id != ordered[0].id, c.RecordItem),
        ("attendance", True, c.ShowAttendance),
        ("minutes", meeting.closed_at is not None, c.PrepareMinutes),
        ("close", True, c.CloseMeeting),
        ("attach", True, c.AttachDocument),
        ("disqualify", item.standing not in rules.FOUND, c.Disqualify),
        ("vote", item.standing not in rules.FOUND, c.RecordVote),
        ("dissent", item.standing not in rules.FOUND, c.RecordDissent),
    ]
    day = _today(tx, body)
    steps = [c.RecordItem(then=then, seen=seen, **here) for then, fits, kind in wanted if fits and may(kind, body, meeting, tx.actor, day)]
    concerned = {person for one in meeting.disqualifications if one.item_id == item.id for person in (one.person_id, one.deputy_id)}
    concerned |= {one.person_id for one in meeting.dissents if one.item_id == item.id}
    at_hand = next((one for one in meeting.items if one.id == meeting.current_item_id), None) if meeting.phase is Phase.OPEN else None
    return ItemDesk(
        body=body,
        meeting=meeting,
        item=item,
        texts=texts,
        parts=(part,) if part in TEXTS else fitting(texts),
        seen=seen,
        at_hand=at_hand,
        attachments=tuple(one for one in meeting.attachments if item.id in one.item_ids),
        people=tx.people(concerned),
        quorum=quorum(body, meeting, item.id),
        steps=tuple(steps),
    )


def _then(then: str, item: Item, changed: bool, tx: Tx, scope: Scope) -> Screen:
    """What was asked for after the texts were kept."""
    body, meeting = scope.body, scope.meeting
    here: dict[str, Any] = {"meeting_id": meeting.id, "item_id": item.id}
    forms: Mapping[str, tuple[c.Command, Callable[[Any, Tx, Scope], Screen]]] = {
        "attendance": (c.ShowAttendance(meeting_id=meeting.id), show_attendance),
        "minutes": (c.PrepareMinutes(meeting_id=meeting.id), prepare_minutes),
        "close": (c.CloseMeeting(meeting_id=meeting.id), closing_form),
        "attach": (c.AttachDocument(**here), attach_form),
        "disqualify": (c.Disqualify(**here), disqualify_form),
        "vote": (c.RecordVote(**here), vote_form),
        "dissent": (c.RecordDissent(**here), dissent_form),
    }
    notice = sentence("record.saved", section=_number(item)) if changed or not then else None
    if then in forms:
        command, form = forms[then]
        if may(type(command), body, meeting, tx.actor, _today(tx, body)):
            shown = form(command, tx, scope)
            return replace(shown, notice=notice or shown.notice)
    step = {"next": 1, "previous": -1}.get(then, 0)
    return replace(_desk(tx, body, meeting, _neighbour(meeting, find_item(meeting, item.id), step)), notice=notice)


def _half_kept(tx: Tx, body: Body, meeting: Meeting, item: Item, new: Item, refused: MeetingError) -> Screen:
    """Without a quorum: handling and discussion are kept, the decision stays in its field, unsaved."""
    spoken = replace(new, decision=item.decision)
    if spoken != item:
        meeting = _kept(tx, _with_texts(tx, meeting, item, spoken))
    shown = _desk(tx, body, meeting, find_item(meeting, item.id), typed={"decision": new.decision})
    return replace(shown, notice=Sentence(refused.key, tuple(refused.params.items())), wrong=True)


def _typed(item: Item, command: c.RecordItem | c.RecordOutcome) -> tuple[Item, bool]:
    """The item with what was typed, and whether something was written twice. A field left as the card showed it changes nothing; where
    card and record have both been changed, both texts are kept."""
    shown = command.seen.split(".") if command.seen else []
    texts: dict[str, Any] = {}
    doubled = False
    for place, name in enumerate(TEXTS):
        value: str | None = getattr(command, name)
        stored: str = getattr(item, name)
        if value is None:
            continue
        text = _text(value)
        if len(shown) == len(TEXTS) and shown[place] != digest(stored):
            if digest(text) == shown[place] or text in stored:
                continue
            doubled = doubled or bool(stored)
            text = _text(f"{stored}\n{text}")
        texts[name] = text
    return replace(item, **texts), doubled


def _seen(item: Item) -> str:
    return ".".join(digest(getattr(item, name)) for name in TEXTS)


def _wanted(meeting: Meeting, command: c.ShowItem) -> Item:
    """By id, by typed §, else the item at hand, else the first that lacks an outcome."""
    if not meeting.items:
        raise Refused("record.no_items")
    if command.item_id:
        return find_item(meeting, command.item_id)
    if command.section.strip():
        number = re.match(r"[§\s]*0*(\d{1,4})(?!\d)", command.section)
        found = next((item for item in meeting.items if number and item.section == int(number[1])), None)
        if found is None:
            raise Refused("record.no_such_section", section=command.section[:20])
        return found
    at_hand = next((item for item in meeting.items if item.id == meeting.current_item_id), None)
    return at_hand or next((find_item(meeting, one) for one in rules.lacking(meeting)), in_order(meeting)[0])


def _item(meeting: Meeting, item_id: str) -> Item:
    return find_item(meeting, item_id or meeting.current_item_id)


def _neighbour(meeting: Meeting, item: Item, step: int) -> Item:
    ordered = in_order(meeting)
    place = next(i for i, one in enumerate(ordered) if one.id == item.id) + step
    return ordered[min(max(place, 0), len(ordered) - 1)]


def _number(item: Item) -> str:
    return str(item.section or item.position)


def _moved(tx: Tx, meeting: Meeting, item: Item) -> Meeting:
    """The meeting at an undecided item: those who stood aside in the one before are back. A decided item is only looked at again."""
    undecided = item.outcome is Outcome.NONE and not item.decision.strip() and item.standing not in {Standing.OPENING, Standing.QUORUM}
    if meeting.phase is not Phase.OPEN or meeting.roll_closed_at is None or meeting.current_item_id == item.id or not undecided:
        return meeting
    return replace(_back_in(meeting, tx.now), current_item_id=item.id)


def _back_in(meeting: Meeting, at: datetime) -> Meeting:
    """Those who stood aside in the item at hand are back."""
    return replace(
        meeting,
        disqualifications=tuple(
            replace(one, back_at=max(at, one.left_at)) if one.back_at is None and one.item_id == meeting.current_item_id else one
            for one in meeting.disqualifications
        ),
    )


def _with_texts(tx: Tx, meeting: Meeting, old: Item, new: Item) -> Meeting:
    """An item's new texts; an unchanged one leaves no trace. After closing, a change is one of the minutes."""
    if new == old:
        return meeting
    return with_item(meeting, replace(new, changed_at=old.changed_at if meeting.phase is Phase.OPEN else tx.now))


def _touched(tx: Tx, meeting: Meeting, item: Item) -> Meeting:
    """Something of the item's record changed beside its texts: that, too, is a change of what was published."""
    if meeting.published_at is not None and meeting.phase is not Phase.OPEN:
        meeting = with_item(meeting, replace(find_item(meeting, item.id), changed_at=tx.now))
    return _kept(tx, meeting)


def _kept(tx: Tx, meeting: Meeting) -> Meeting:
    meeting = tx.save(meeting)
    for part in ("meeting", "roll"):
        tx.later(e.RefreshBoard(meeting.id, part))
    return meeting


def _concerned(body: Body, meeting: Meeting) -> tuple[str, ...]:
    """Who can be disqualified: everybody who acts for a seat, everybody else who was there, and the secretary."""
    named = [one.person_id for one in meeting.attendances] + [one.person_id for one in meeting.movements]
    there = (one for one in named if attended(meeting, one))
    return tuple(one for one in dict.fromkeys((*actors(body, meeting).values(), *there, body.secretary_id)) if one)


def _took_part(body: Body, meeting: Meeting, item: Item) -> tuple[str, ...]:
    """Holders of seats who were in the meeting or sat for the item, without those who stood aside in it."""
    barred = aside(meeting, item.id)
    holders = [one for seat in seats_on(body, meeting.day) for one in (seat.member_id, *seat.deputy_ids)]
    return tuple(one for one in dict.fromkeys(holders) if one and one not in barred and (attended(meeting, one) or one in barred.values()))


def _item_calls(tx: Tx, body: Body, meeting: Meeting, old: Disqualification | None, made: Disqualification) -> tuple[DeputyCall, ...]:
    """The deputy log: who was called to sit for the item."""
    calls = tuple(one for one in meeting.deputy_calls if old is None or (one.item_id, one.deputy_id) != (old.item_id, old.deputy_id))
    seat = next((one for one in seats_on(body, meeting.day) if made.deputy_id and made.deputy_id in one.deputy_ids), None)
    if seat is None:
        return calls
    return (*calls, DeputyCall(tx.new_id(), meeting.id, seat.seat.id, made.deputy_id, tx.actor.id, tx.now, made.item_id, accepted=True))


def _back(meeting: Meeting, item: Item) -> tuple[c.Command, ...]:
    return (
        (c.ShowItem(meeting_id=meeting.id, item_id=item.id),) if meeting.opened_at is not None else (c.ShowAgenda(meeting_id=meeting.id),)
    )


def _clock(body: Body, at: datetime | None) -> str:
    """As typed into a form: `10.05`."""
    return f"{at.astimezone(body.tz):%H.%M}" if at is not None else ""


def _corrects(typed: str, body: Body, at: datetime | None) -> bool:
    """Whether another time is given than the recorded one, however it is written (`10.05`, `10:05`): that one keeps its seconds."""
    return bool(typed.strip()) and (at is None or read_clock(typed) != read_clock(_clock(body, at)))


def _today(tx: Tx, body: Body) -> date:
    return tx.now.astimezone(body.tz).date()


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
    c.TakeBack: take_back,
    c.AttachDocument: attach_document,
    c.Disqualify: disqualify,
    c.RecordVote: record_vote,
    c.RecordDissent: record_dissent,
    c.CloseMeeting: close_meeting,
    c.CorrectTimes: correct_times,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowItem: item_view,
    c.RecordItem: item_view,
    c.RecordOutcome: item_view,
    c.TakeBack: taken_back_view,
    c.AttachDocument: attach_form,
    c.Disqualify: disqualify_form,
    c.RecordVote: vote_form,
    c.RecordDissent: dissent_form,
    c.CloseMeeting: closing_form,
    c.CorrectTimes: times_form,
}
