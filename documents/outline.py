"""What an agenda and minutes say, and in which order: the model as the neutral structure, in the language of the body's record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from documents.attendance import Attendees
from documents.blocks import (
    Approval,
    AttachmentRow,
    Attachments,
    Block,
    Bullets,
    Facts,
    Heading,
    Labelled,
    MinutesDoc,
    Paragraph,
    Section,
    Signature,
    Signatures,
)
from documents.record import Record
from documents.roster_changes import roster_changes
from documents.speech import Speech, content, one_line
from meetings import model as m
from meetings.rules.numbering import in_order
from texts import format_date, format_list, format_times


def agenda_doc(body: m.Body, meeting: m.Meeting, people: Mapping[str, m.Person]) -> MinutesDoc:
    """The agenda. `people` holds the persons the body and meeting name; one that is missing shows as a dash."""
    say = Speech(body, people)
    blocks: list[Block] = [_facts(say, body, meeting, planned=True)]
    for item in in_order(meeting):
        blocks += _agenda_item(say, meeting, item)
    blocks += _attachments(say, meeting)
    return _document(say, body, meeting, "agenda", say("name_agenda"), _agenda_status(say, meeting), blocks)


def minutes_doc(
    body: m.Body,
    meeting: m.Meeting,
    people: Mapping[str, m.Person],
    *,
    upcoming: Sequence[m.Meeting] = (),
    previous: m.Meeting | None = None,
) -> MinutesDoc:
    """The minutes (a memo for a body that is not `formal`), as the record stands.

    `upcoming`: later meetings, for the item on the next meeting. `previous`: the meeting before; changes of the roster after its day up
    to this meeting's are told under announcements (without it, those from this meeting's day).
    """
    say = Speech(body, people)
    name = say("name_formal" if body.formal else "name_memo")
    attendees = Attendees(say, body, meeting)
    record = Record(say, body, meeting)
    changes = roster_changes(say, body, meeting.day, previous.day if previous else None)
    coming = _upcoming(say, meeting, upcoming)
    told = {m.Standing.ANNOUNCEMENTS: changes, m.Standing.NEXT_MEETING: coming}
    blocks: list[Block] = [_facts(say, body, meeting, planned=False), Heading(say("attendance")), attendees.table(), *attendees.others()]
    blocks += _apart(say, meeting, m.Standing.ANNOUNCEMENTS, changes)
    blocks += _apart(say, meeting, m.Standing.OPENING, record.opened())
    for item in in_order(meeting):
        blocks += _minutes_item(say, meeting, item, record, told.get(item.standing, []))
    blocks += _apart(say, meeting, m.Standing.NEXT_MEETING, coming)
    blocks += _apart(say, meeting, m.Standing.CLOSING, record.closed())
    blocks += [*_attachments(say, meeting), *_approval(say, body, meeting), *_signatures(say, body, meeting)]
    return _document(say, body, meeting, "minutes", name, _minutes_status(say, body, meeting), blocks)


def _document(say: Speech, body: m.Body, meeting: m.Meeting, kind: str, name: str, status: str, blocks: Iterable[Block]) -> MinutesDoc:
    return MinutesDoc(
        language=say.language,
        kind="agenda" if kind == "agenda" else "minutes",
        body=one_line(body.name),
        name=name,
        number=meeting.designation,
        day=format_date(say.language, meeting.day),
        title=say("title", body=one_line(body.name), name=name, number=meeting.designation),
        status=status,
        dated=_dated(body, meeting),
        blocks=tuple(blocks),
    )


def _dated(body: m.Body, meeting: m.Meeting) -> datetime:
    """The newest instant the record knows; the planned beginning when it knows none."""
    known = [meeting.published_at, meeting.opened_at, meeting.closed_at, meeting.approved_at]
    known += [item.changed_at for item in meeting.items] + [sent.sent_at for sent in meeting.rounds]
    planned = datetime.combine(meeting.day, meeting.start, tzinfo=body.tz).astimezone(UTC)
    return max((at for at in known if at is not None), default=planned)


# --- the head -----------------------------------------------------------------------------------------------------------


def _facts(say: Speech, body: m.Body, meeting: m.Meeting, *, planned: bool) -> Facts:
    rows = [(say("when"), _when(say, meeting, planned=planned))]
    if place := _place(say, meeting):
        rows.append((say("where"), place))
    if chair := (meeting.presiding_id or body.chair_id):
        rows.append((say("chair"), say.name(chair)))
    if body.secretary_id:
        minute_taker = body.formal and not planned
        rows.append((say("minute_taker" if minute_taker else "secretary"), say.name(body.secretary_id)))
    return Facts(tuple(rows))


def _when(say: Speech, meeting: m.Meeting, *, planned: bool) -> str:
    """The times as they were, when they are known; else as planned."""
    if planned or meeting.opened_at is None:
        return f"{format_date(say.language, meeting.day, weekday=True)} {format_times(say.language, meeting.start, meeting.end)}"
    opened = say.local(meeting.opened_at)
    closed = say.local(meeting.closed_at) if meeting.closed_at else None
    return f"{format_date(say.language, opened.date(), weekday=True)} {format_times(say.language, opened, closed)}"


def _place(say: Speech, meeting: m.Meeting) -> str:
    places = [one_line(meeting.place)] if meeting.place.strip() else []
    if meeting.online and "teams" not in meeting.place.casefold():
        places.append("Teams")
    return format_list(say.language, places) if places else ""


def _agenda_status(say: Speech, meeting: m.Meeting) -> str:
    if meeting.phase is m.Phase.CANCELLED:
        reason = one_line(meeting.cancel_reason)
        return say("status_cancelled_why", reason=reason) if reason else say("status_cancelled")
    if meeting.published_at is None:
        return say("status_draft")
    published = say.day(meeting.published_at)
    changed = max((item.changed_at for item in meeting.items if _changed(meeting, item) and item.changed_at), default=None)
    return say("status_changed", day=published, changed=say.day(changed)) if changed else say("status_published", day=published)


def _minutes_status(say: Speech, body: m.Body, meeting: m.Meeting) -> str:
    if meeting.approved_at is not None:
        return say("status_approved_formal" if body.formal else "status_approved_memo", day=say.day(meeting.approved_at))
    sent = meeting.round
    if sent is not None and sent.result is m.RoundResult.RUNNING:
        return say("status_review", number=sent.number, deadline=_deadline(say, sent))
    return say("status_draft")


def _deadline(say: Speech, sent: m.Round) -> str:
    if sent.deadline_hour is None:
        return format_date(say.language, sent.deadline)
    return say("deadline_hour", day=sent.deadline, time=sent.deadline_hour)


# --- items ----------------------------------------------------------------------------------------------------------------


def _agenda_item(say: Speech, meeting: m.Meeting, item: m.Item) -> list[Block]:
    blocks = _item_head(say, meeting, item)
    if item.outcome is m.Outcome.WITHDRAWN:
        blocks.append(Paragraph(say.stock("withdrawn")))
    elif _changed(meeting, item):
        blocks.append(Paragraph(say("changed")))
    return blocks


def _changed(meeting: m.Meeting, item: m.Item) -> bool:
    """Changed after publishing and before the meeting: later changes are the record being written."""
    if meeting.published_at is None or item.changed_at is None or item.changed_at <= meeting.published_at:
        return False
    return meeting.opened_at is None or item.changed_at < meeting.opened_at


def _minutes_item(say: Speech, meeting: m.Meeting, item: m.Item, record: Record, told: list[Block]) -> list[Block]:
    """`told`: what the body is told in this item from its own records, besides what was written."""
    blocks = [*_item_head(say, meeting, item), *record.found(item), *told]
    handling = _announced(item.handling) if item.standing is m.Standing.ANNOUNCEMENTS else content(item.handling)
    blocks += say.labelled("handling", (*record.comings_and_goings(item), *handling))
    blocks += say.labelled("discussion", content(item.discussion))
    blocks += say.labelled("vote", record.votes(item))
    blocks += say.labelled("decision", (*record.outcome(item), *content(item.decision), *record.dissents(item)))
    return blocks


def _announced(text: str) -> tuple[Paragraph | Bullets, ...]:
    """Announcements: each line is one of a list, unless their writer made lists of them already."""
    parts = content(text)
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    return (Bullets(lines),) if len(lines) > 1 and not any(isinstance(part, Bullets) for part in parts) else tuple(parts)


def _apart(say: Speech, meeting: m.Meeting, standing: m.Standing, blocks: list[Block]) -> list[Block]:
    """What belongs to a standing item, under a heading of its own when the meeting has no such item."""
    if not blocks or standing in {item.standing for item in meeting.items}:
        return []
    return [Heading(say.standing(standing)), *blocks]


def _item_head(say: Speech, meeting: m.Meeting, item: m.Item) -> list[Block]:
    """What an item says in agenda and minutes alike."""
    blocks: list[Block] = [Section(say.section(item), one_line(item.title))]
    if item.presenter.strip():
        blocks += say.labelled("presenter", (Paragraph(one_line(item.presenter)),))
    blocks += say.labelled("earlier", content(item.earlier))
    blocks += say.labelled("background", content(item.rest))
    mine = [one for one in _numbered(meeting) if item.id in one.item_ids]
    listed = tuple(Paragraph(say("attachment_titled", number=one.number, title=one_line(one.title))) for one in mine)
    blocks += say.labelled("item_attachments", listed)
    blocks += say.labelled("proposal", content(item.proposal))
    return blocks


def _numbered(meeting: m.Meeting) -> list[m.Attachment]:
    return sorted(meeting.attachments, key=lambda one: one.number)


def _upcoming(say: Speech, meeting: m.Meeting, upcoming: Sequence[m.Meeting]) -> list[Block]:
    later = [one for one in upcoming if one.phase is not m.Phase.CANCELLED and (one.day, one.start) > (meeting.day, meeting.start)]
    lines = []
    for one in sorted(later, key=lambda other: (other.day, other.start)):
        day = format_date(say.language, one.day, weekday=True)
        times = format_times(say.language, one.start, one.end)
        place = _place(say, one)
        lines.append(say("upcoming_at", day=day, times=times, place=place) if place else say("upcoming_one", day=day, times=times))
    return [Labelled(say("upcoming"), (Bullets(tuple(lines)),))] if lines else []


# --- the end ----------------------------------------------------------------------------------------------------------------


def _attachments(say: Speech, meeting: m.Meeting) -> list[Block]:
    rows = tuple(
        AttachmentRow(say("attachment", number=one.number), one_line(one.title), one_line(one.link) if one.link != one.title else "")
        for one in _numbered(meeting)
    )
    return [Heading(say("attachments")), Attachments(rows)] if rows else []


def _approval(say: Speech, body: m.Body, meeting: m.Meeting) -> list[Block]:
    """The body's own rule, cited; the deadline of the round; and how it ended."""
    form = "formal" if body.formal else "memo"
    lines = []
    sent = meeting.round
    tacit_round = sent is not None and body.approval is m.Approval.TACIT
    if body.approval_rule.strip() and not (tacit_round and say.is_stock_rule(body.approval_rule)):
        lines.append(one_line(body.approval_rule))
    if sent is not None:
        key = f"round_tacit_{form}" if body.approval is m.Approval.TACIT else "round"
        lines.append(say.stock(key, deadline=_deadline(say, sent)))
    if meeting.approved_at is not None and meeting.approved_how is not None:
        day: date = say.local(meeting.approved_at).date()
        lines.append(say.stock(f"approved_{meeting.approved_how}_{form}", day=day, meeting=one_line(meeting.approved_in) or "–"))
    return [Approval(tuple(lines))] if lines else []


def _signatures(say: Speech, body: m.Body, meeting: m.Meeting) -> list[Block]:
    """A formal record is signed by chair and minute-taker, and its checkers; a memo says who wrote it."""
    if not body.formal:
        return [Paragraph(say("drawn_up", name=say.name(body.secretary_id)))] if body.secretary_id else []
    checkers = body.checker_ids if body.approval is m.Approval.CHECKERS else ()
    roles = [(meeting.presiding_id or body.chair_id, "role_chair"), (body.secretary_id, "role_minute_taker")]
    roles += [(person_id, "role_checker") for person_id in checkers]
    signers = tuple(Signature(say.name(person_id), say(role)) for person_id, role in roles if person_id)
    return [Signatures(signers)] if signers else []
