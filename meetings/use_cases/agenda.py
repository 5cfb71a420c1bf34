"""The agenda: read, confirmed, edited, published; and the meeting's card on the board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.access import may
from meetings.errors import Refused
from meetings.model import Answer, Body, CommentKind, Draft, Item, Meeting, Numbering, Phase, Standing
from meetings.ports import Tx
from meetings.reading.agenda import AgendaReading
from meetings.reading.agenda import read_agenda as read_text
from meetings.rules import agenda as rules
from meetings.rules.answers import expected
from meetings.rules.numbering import in_order, number_sections
from meetings.rules.presence import quorum
from meetings.rules.rounds import require_version
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.agenda import AgendaRead, AgendaShown, AgendaWanted, ItemForm, MeetingOnBoard
from meetings.screens.base import Screen, Sentence, sentence
from meetings.use_cases.answers import later_warning
from meetings.use_cases.reach import without_address

PAGE = 6
BOARD_PAGE = 15
LONGEST = 20_000
MOST = 150
# Several edits in a row reach the invited as one mail.
CALM = timedelta(minutes=2)
_TEXTS = ("proposal", "earlier", "rest")
_FIELDS = ("title", "presenter", *_TEXTS)


# --- reading ------------------------------------------------------------------------------------------------------------


def read_agenda(command: c.ReadAgenda, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if not command.text.strip():
        return AgendaWanted(body=body, meeting=meeting)
    draft = Draft(tx.new_id(), body.id, "agenda", command.text, meeting.id)
    tx.save(draft)
    return agenda_draft(draft, 1, scope)


def agenda_draft(draft: Draft, page: int, scope: Scope) -> Screen:
    """What was read from a kept text; read anew each time, so it can never differ from the text."""
    reading = read_text(draft.source)
    pages = max(1, -(-len(reading.items) // PAGE))
    page = min(max(page, 1), pages)
    steps: tuple[c.Command, ...] = (c.ConfirmAgenda(draft_id=draft.id),) if reading.items else ()
    if page < pages:
        steps = (*steps, c.ShowDraft(draft_id=draft.id, page=page + 1))
    return AgendaRead(
        body=scope.body,
        meeting=scope.meeting,
        draft=draft,
        reading=reading,
        added=_added(reading, rules.items_from(reading, scope.body, scope.meeting, lambda: "")),
        page=page,
        pages=pages,
        steps=(*steps, c.DropDraft(draft_id=draft.id)),
    )


def confirm_agenda(command: c.ConfirmAgenda, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    draft = tx.draft(command.draft_id)
    reading = read_text(draft.source)
    if not reading.items:
        raise Refused("agenda.nothing_read")
    if len(reading.items) > MOST:
        raise Refused("agenda.many", most=MOST)
    before = {item.id: item for item in meeting.items}
    meeting = rules.items_from(reading, body, meeting, tx.new_id)
    if meeting.published_at is not None:
        marked = (item if _same(before.get(item.id), item) else replace(item, changed_at=tx.now) for item in meeting.items)
        meeting = replace(meeting, items=tuple(marked))
    meeting = _with_previous_minutes(tx, body, meeting)
    meeting = _saved(tx, body, meeting)
    tx.drop_draft(draft.id)
    added = ", ".join(_added(reading, meeting))
    notice = sentence("agenda.confirmed_with", items=len(meeting.items), added=added) if added else None
    return replace(_agenda(tx, body, meeting, 1, editing=True), notice=notice or sentence("agenda.confirmed", items=len(meeting.items)))


# --- editing ------------------------------------------------------------------------------------------------------------


def show_agenda(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    editing = _edits(tx, body, meeting)
    return _agenda(tx, body, meeting, getattr(command, "page", 1), editing=editing)


def add_item(command: c.AddItem, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if not command.title.strip():
        return item_form(command, tx, scope)
    place = _place(command.position, meeting) or rules.place_for_new(meeting)
    item = Item(
        id=tx.new_id(),
        meeting_id=meeting.id,
        position=place,
        title=_text(command.title, 500),
        presenter=_text(command.presenter, 500),
        proposal=_text(command.proposal, LONGEST),
        changed_at=tx.now if meeting.published_at else None,
    )
    meeting = _saved(tx, body, rules.insert(meeting, item, place))
    return replace(_agenda(tx, body, meeting, _page_of(meeting, item.id), editing=True), notice=sentence("agenda.added", title=item.title))


def edit_item(command: c.EditItem, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if not command.title.strip():
        return item_form(command, tx, scope)
    old = rules.find_item(meeting, command.item_id)
    new = replace(
        old,
        title=_text(command.title, 500),
        presenter=_text(command.presenter, 500),
        proposal=_given(command.proposal, old.proposal),
        earlier=_given(command.earlier, old.earlier),
        rest=_given(command.rest, old.rest),
    )
    if new != old and command.seen and command.seen != _seen(old):
        raise Refused("agenda.changed_since", title=old.title)
    if new != old and meeting.published_at:
        new = replace(new, changed_at=tx.now)
    meeting = _saved(tx, body, rules.with_item(meeting, new))
    return replace(_agenda(tx, body, meeting, _page_of(meeting, new.id), editing=True), notice=sentence("agenda.edited", title=new.title))


def item_form(command: c.AddItem | c.EditItem, tx: Tx, scope: Scope) -> Screen:
    """The form with what was typed; with nothing typed, the item as it is."""
    del tx
    item_id = getattr(command, "item_id", "")
    item = rules.find_item(scope.meeting, item_id) if item_id else None
    typed = item is None or any(getattr(command, name, None) for name in _FIELDS)
    texts = {name: str(getattr(item, name, "")) for name in _FIELDS}
    if typed:
        texts |= {name: value for name in _FIELDS if (value := getattr(command, name, None)) is not None}
    part = getattr(command, "part", "")
    return ItemForm(
        body=scope.body,
        meeting=scope.meeting,
        item=item,
        parts=(part,) if part in _TEXTS else rules.fitting({name: texts[name] for name in _TEXTS}),
        title=texts["title"],
        presenter=texts["presenter"],
        proposal=texts["proposal"],
        earlier=texts["earlier"],
        rest=texts["rest"],
        seen=_seen(item) if item else "",
        steps=(c.ShowAgenda(meeting_id=scope.meeting.id),),
    )


def move_item(command: c.MoveItem, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    item = rules.find_item(meeting, command.item_id)
    place = _place(command.position, meeting)
    if not place:
        raise Refused("agenda.which_place", last=len(meeting.items))
    if meeting.published_at:
        raise Refused("agenda.order_published")
    meeting = _saved(tx, body, rules.insert(meeting, item, place))
    return replace(_agenda(tx, body, meeting, _page_of(meeting, item.id), editing=True), notice=sentence("agenda.moved", title=item.title))


def remove_item(command: c.RemoveItem, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    item = rules.find_item(meeting, command.item_id)
    meeting = _saved(tx, body, rules.remove(meeting, item))
    key = "agenda.removed" if item.section is None else "agenda.withdrawn"
    return replace(_agenda(tx, body, meeting, 1, editing=True), notice=sentence(key, title=item.title))


def publish_agenda(command: c.PublishAgenda, tx: Tx, scope: Scope) -> Screen:
    """§ numbers are given and stay; card on the board, documents, the invitation's body. Again later: only the changes."""
    body, meeting = scope.body, scope.meeting
    require_version(command.version, meeting.version)
    days = (meeting.day - tx.now.astimezone(body.tz).date()).days
    try:
        rules.require_publishable(body, meeting, days, confirmed=command.confirmed)
    except Refused as refused:
        if refused.key != "agenda.short_notice":
            raise
        shown = _agenda(tx, body, meeting, 1, editing=True)
        ask = c.PublishAgenda(meeting_id=meeting.id, version=meeting.version, confirmed=True)
        return replace(shown, notice=Sentence(refused.key, tuple(refused.params.items())), wrong=True, steps=(ask, *shown.steps))
    meeting = _with_previous_minutes(tx, body, meeting)
    meeting = number_sections(meeting, last_section(tx, body, meeting))
    meeting = replace(meeting, phase=Phase.PUBLISHED, published_at=meeting.published_at or tx.now)
    meeting = _saved(tx, body, meeting)
    tx.later(e.SyncEvent(meeting.id))
    later_warning(tx, body, meeting)
    shown = _agenda(tx, body, meeting, 1, editing=True)
    unreached = without_address(tx, body, meeting)
    return replace(shown, notice=sentence("agenda.published", number=meeting.designation), without_address=unreached)


def last_section(tx: Tx, body: Body, meeting: Meeting) -> int:
    """The last § of the year's earlier numbered meetings, for a body that numbers through the year; else 0."""
    if body.numbering is Numbering.PER_MEETING:
        return 0
    others = [one for one in tx.meetings(body.id) if one.year == meeting.year and one.id != meeting.id]
    return max((item.section or 0 for one in others for item in tx.meeting(one.id).items), default=0)


# --- the board ------------------------------------------------------------------------------------------------------------


def board_meeting(tx: Tx, body: Body, meeting: Meeting, page: int = 1) -> MeetingOnBoard:
    """The root card of the thread."""
    pages = max(1, -(-len(meeting.items) // BOARD_PAGE))
    page = min(max(page, 1), pages)
    steps: tuple[c.Command, ...] = ()
    if meeting.phase in {Phase.PLANNED, Phase.PUBLISHED}:
        steps = (c.SignIn(meeting_id=meeting.id, sign="coming"), c.SignIn(meeting_id=meeting.id, sign="excused"))
    if pages > 1:
        steps = (*steps, c.ShowAgenda(meeting_id=meeting.id, page=page % pages + 1))
    changed = tuple(item for item in in_order(meeting) if item.changed_at and meeting.published_at and meeting.opened_at is None)
    at_hand = meeting.current_item_id if meeting.phase is Phase.OPEN and meeting.roll_closed_at else ""
    return MeetingOnBoard(
        body=body,
        meeting=meeting,
        people=tx.people({body.chair_id, body.secretary_id} - {""}),
        documents=tuple(one for one in tx.documents(meeting.id) if one.kind == "agenda"),
        quorum=quorum(body, meeting, at_hand),
        expected=expected(body, meeting) if meeting.opened_at is None else None,
        changed=changed,
        page=page,
        pages=pages,
        steps=steps,
    )


def show_meeting(_command: c.Command, tx: Tx, scope: Scope) -> Screen:
    """The meeting's card with the person's own next steps."""
    body, meeting = scope.body, scope.meeting
    return replace(board_meeting(tx, body, meeting), steps=next_steps(body, meeting, tx.actor, tx.now))


def _agenda(tx: Tx, body: Body, meeting: Meeting, page: int, *, editing: bool) -> AgendaShown:
    ordered = in_order(meeting)
    pages = max(1, -(-len(ordered) // PAGE))
    page = min(max(page, 1), pages)
    steps: tuple[c.Command, ...] = ()
    if editing:
        publish = (c.PublishAgenda(meeting_id=meeting.id, version=meeting.version),) if meeting.phase is Phase.PLANNED else ()
        steps = (*publish, c.AddItem(meeting_id=meeting.id))
    if page < pages:
        steps = (*steps, c.ShowAgenda(meeting_id=meeting.id, page=page + 1))
    if page > 1:
        steps = (*steps, c.ShowAgenda(meeting_id=meeting.id, page=page - 1))
    return AgendaShown(
        body=body,
        meeting=meeting,
        items=tuple(ordered[(page - 1) * PAGE : page * PAGE]),
        documents=tuple(one for one in tx.documents(meeting.id) if one.kind == "agenda"),
        page=page,
        pages=pages,
        editing=editing,
        steps=(*steps, c.ShowStatus()),
    )


def _saved(tx: Tx, body: Body, meeting: Meeting) -> Meeting:
    """Keep the change; after publishing it shows on the board, in the documents and in the invitation, and a new item gets the next
    free §."""
    if meeting.published_at is not None:
        meeting = number_sections(meeting, last_section(tx, body, meeting))
        tx.later(e.RenderDocuments(meeting.id, "agenda"))
        tx.later(e.SyncEvent(meeting.id), due=tx.now + CALM)
    meeting = tx.save(meeting)
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    return meeting


def follow_previous_minutes(tx: Tx, body: Body, meeting: Meeting) -> None:
    """What became of a meeting's minutes is told on the agenda of the one after it, as a change when that is published already."""
    after = (one for one in tx.meetings(body.id) if (one.day, one.start) > (meeting.day, meeting.start))
    header = next((one for one in after if one.phase in {Phase.PLANNED, Phase.PUBLISHED}), None)
    if header is None:
        return
    following = tx.meeting(header.id)
    told = _with_previous_minutes(tx, body, following)
    if told != following:
        _saved(tx, body, told)


def _with_previous_minutes(tx: Tx, body: Body, meeting: Meeting) -> Meeting:
    """The item on the previous minutes is written from what happened to them; what the secretary wrote there stays."""
    target = next((item for item in meeting.items if item.standing is Standing.PREVIOUS_MINUTES), None)
    earlier = [one for one in tx.meetings(body.id) if (one.day, one.start) < (meeting.day, meeting.start) and one.closed_at is not None]
    if target is None or not earlier:
        return meeting
    first, *facts = _previous_minutes(tx, body, tx.meeting(earlier[-1].id))
    if target.earlier.strip() and not target.earlier.startswith(first):
        return meeting
    proposal = target.proposal or tx.wording(body.language, "previous.proposal")
    told = replace(target, earlier="\n".join((first, *facts)), proposal=proposal)
    if told != target and meeting.published_at is not None:
        told = replace(told, changed_at=tx.now)
    return rules.with_item(meeting, told)


def _previous_minutes(tx: Tx, body: Body, meeting: Meeting) -> list[str]:
    """Which meeting; sent when, comments by when, what came, approved how: one sentence a fact, in the language of the record."""
    say = partial(tx.wording, body.language)
    lines = [say("previous.meeting", number=meeting.designation, day=meeting.day)]
    for sent in meeting.rounds:
        lines.append(say("previous.sent", day=sent.sent_at.astimezone(body.tz).date(), deadline=sent.deadline))
    if meeting.rounds:
        proposals = sum(1 for one in meeting.comments if one.kind is CommentKind.PROPOSAL)
        accepted = sum(1 for one in meeting.comments if one.kind is CommentKind.PROPOSAL and one.answer is Answer.ACCEPTED)
        remarks = len(meeting.comments) - proposals
        if meeting.comments:
            lines.append(say("previous.came", proposals=proposals, accepted=accepted, remarks=remarks))
        else:
            lines.append(say("previous.nothing_came"))
    if meeting.approved_at and meeting.approved_how:
        day = meeting.approved_at.astimezone(body.tz).date()
        lines.append(say(f"previous.approved_{meeting.approved_how}", day=day, meeting=meeting.approved_in or "–"))
    else:
        lines.append(say("previous.not_approved"))
    return lines


def _added(reading: AgendaReading, meeting: Meeting) -> tuple[str, ...]:
    """The standing items of the meeting that were not in the text."""
    read = {item.title for item in reading.items}
    return tuple(item.title for item in in_order(meeting) if item.standing and item.title not in read)


def _same(before: Item | None, after: Item) -> bool:
    """Whether an item says what it said; its place may have moved."""
    return before is not None and replace(before, position=after.position) == after


def _edits(tx: Tx, body: Body, meeting: Meeting) -> bool:
    on_board = tx.conversation is not None and tx.conversation.kind == "channel"
    return not on_board and may(c.AddItem, body, meeting, tx.actor, tx.now.astimezone(body.tz).date())


def _page_of(meeting: Meeting, item_id: str) -> int:
    place = next((i for i, item in enumerate(in_order(meeting)) if item.id == item_id), 0)
    return place // PAGE + 1


def _place(typed: str, meeting: Meeting) -> int:
    place = int(typed) if typed.strip().isdecimal() and len(typed) <= 6 else 0
    return place if place <= len(meeting.items) + 1 else 0


def _seen(item: Item) -> str:
    return rules.digest("\0".join(str(getattr(item, name)) for name in _FIELDS))


def _given(typed: str | None, stored: str) -> str:
    """A text of the form; one that was not on the card stays."""
    return stored if typed is None else _text(typed, LONGEST)


def _text(typed: str, longest: int) -> str:
    if len(typed) > longest:
        raise Refused("agenda.too_long", length=len(typed), most=longest)
    return typed.strip()


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ReadAgenda: read_agenda,
    c.ConfirmAgenda: confirm_agenda,
    c.ShowAgenda: show_agenda,
    c.AddItem: add_item,
    c.EditItem: edit_item,
    c.MoveItem: move_item,
    c.RemoveItem: remove_item,
    c.PublishAgenda: publish_agenda,
    c.ShowMeeting: show_meeting,
}


def _wanted(command: c.ReadAgenda, tx: Tx, scope: Scope) -> Screen:
    """What was made of the text when it came first; the form with it where nothing was, or is no more."""
    draft = tx.draft_of(scope.body.id, "agenda", command.text) if command.text.strip() else None
    if draft is not None and draft.meeting_id == scope.meeting.id:
        return agenda_draft(draft, 1, scope)
    return AgendaWanted(body=scope.body, meeting=scope.meeting, text=command.text)


VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ReadAgenda: _wanted,
    c.ConfirmAgenda: show_agenda,
    c.ShowAgenda: show_agenda,
    c.AddItem: item_form,
    c.EditItem: item_form,
    c.MoveItem: show_agenda,
    c.RemoveItem: show_agenda,
    c.PublishAgenda: show_agenda,
    c.ShowMeeting: show_meeting,
}
