"""Meetings are planned, moved and cancelled; what is unlikely is asked about before anything is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.errors import Refused
from meetings.model import ASKED, Body, EventTrouble, Meeting, Phase
from meetings.ports import Tx
from meetings.reading.moments import is_likely, read_clock, read_meeting
from meetings.rules import planning as rules
from meetings.rules.agenda import standing_items
from meetings.rules.numbering import next_number
from meetings.rules.planning import Plan
from meetings.rules.rounds import require_version
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.planning import CancelForm, MeetingForm, MeetingPlanned, MeetingsShown
from meetings.use_cases.answers import ask_again, later_warning
from meetings.use_cases.reach import without_address

PAGE = 6
RENDERING = timedelta(seconds=10)
# A missing time is refused by name, and a number of another year by the rule of numbers.
_ASKED_ELSEWHERE = ("reading.no_time", "reading.number_year")


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form as text, with what a typed line says put into them.

    `named`: the weekday that was written; `asked`: what is unclear in the line; `unread`: the line when nothing of it could be read.
    """

    number: str
    day: str
    start: str
    end: str
    place: str
    online: bool
    named: int | None = None
    asked: tuple[rules.Doubt, ...] = ()
    unread: str = ""


# --- planning ---------------------------------------------------------------------------------------------------------------


def plan_meeting(command: c.PlanMeeting, tx: Tx, scope: Scope) -> Screen:
    """A new meeting with the standing items on its agenda; what is unlikely is asked about first."""
    body = scope.body
    typed = _typed(command, body, tx)
    if not command.text.strip() and typed == _typed(c.PlanMeeting(), body, tx):
        return plan_form(command, tx, scope)
    plan = _plan(typed)
    meetings = tx.meetings(body.id)
    number = rules.read_number(typed.number, meetings, plan.day.year)
    doubts = (*typed.asked, *rules.doubts(plan, tx.now.astimezone(body.tz), tx.holiday(plan.day), meetings))
    if any(one.stops for one in doubts) or (doubts and not command.confirmed):
        return _form(tx, body, None, typed, doubts)
    meeting = new_meeting(tx, body, plan, number)
    return _planned(tx, body, meeting, sentence("planning.planned", number=meeting.designation))


def plan_form(command: c.PlanMeeting, tx: Tx, scope: Scope) -> Screen:
    body = scope.body
    return _form(tx, body, None, _typed(command, body, tx))


def plan_view(command: c.PlanMeeting, tx: Tx, scope: Scope) -> Screen:
    """After a repeated press the meeting it planned; after a refusal the form as typed."""
    body = scope.body
    typed = _typed(command, body, tx)
    try:
        plan = _plan(typed)
    except Refused:
        return _form(tx, body, None, typed)
    same = [one for one in tx.meetings(body.id) if (one.day, one.start, one.end) == (plan.day, plan.start, plan.end)]
    if same and typed.number in {"", str(same[0].number), same[0].designation}:
        return _planned(tx, body, tx.meeting(same[0].id))
    return _form(tx, body, None, typed)


def new_meeting(tx: Tx, body: Body, plan: Plan, number: int) -> Meeting:
    """Save a planned meeting with the body's standing items, and let calendar and board know."""
    meeting_id = tx.new_id()
    meeting = Meeting(
        id=meeting_id,
        body_id=body.id,
        number=number,
        year=plan.day.year,
        day=plan.day,
        start=plan.start,
        end=plan.end,
        place=plan.place,
        online=plan.online,
        items=standing_items(body, meeting_id, tx.new_id),
    )
    meeting = tx.save(meeting)
    tx.later(e.SyncEvent(meeting.id))
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    later_warning(tx, body, meeting)
    return meeting


# --- moving and cancelling -----------------------------------------------------------------------------------------------------


def move_meeting(command: c.MoveMeeting, tx: Tx, scope: Scope) -> Screen:
    """Another time or place for the same meeting: number and agenda stay, every calendar follows."""
    body, meeting = scope.body, scope.meeting
    if not command.text.strip() and not command.day:
        return move_form(command, tx, scope)
    require_version(command.version, meeting.version)
    typed = _typed(command, body, tx, meeting)
    plan = _plan(typed)
    others = [one for one in tx.meetings(body.id) if one.id != meeting.id]
    doubts = (*typed.asked, *rules.doubts(plan, tx.now.astimezone(body.tz), tx.holiday(plan.day), others))
    if any(one.stops for one in doubts) or (doubts and not command.confirmed):
        return _form(tx, body, meeting, typed, doubts)
    moved = replace(meeting, day=plan.day, start=plan.start, end=plan.end, place=plan.place, online=plan.online)
    if moved == meeting:
        return _planned(tx, body, meeting, sentence("planning.same", number=meeting.designation))
    if (moved.day, moved.start) != (meeting.day, meeting.start):
        # "Cannot come" was said of the old time; everybody is asked again by the calendar, and no deputy is needed yet.
        moved = ask_again(tx, body, moved)
    moved = tx.save(moved)
    later_warning(tx, body, moved)
    # A published agenda is made anew meanwhile, so that its link and the new time go out as one mail.
    tx.later(e.SyncEvent(moved.id), due=tx.now + RENDERING if moved.published_at else None)
    tx.later(e.RefreshBoard(moved.id, "meeting"))
    if moved.published_at is not None:
        tx.later(e.RenderDocuments(moved.id, "agenda"))
    told = "planning.moved_again" if meeting.attendances and not moved.attendances else "planning.moved"
    return _planned(tx, body, moved, sentence(told, number=moved.designation))


def move_form(command: c.MoveMeeting, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if meeting.phase not in {Phase.PLANNED, Phase.PUBLISHED}:
        return _planned(tx, body, meeting)
    return _form(tx, body, meeting, _typed(command, body, tx, meeting))


def cancel_meeting(command: c.CancelMeeting, tx: Tx, scope: Scope) -> Screen:
    """The reason is asked for; then the calendar cancels and the board says so. The number is never used again."""
    body, meeting = scope.body, scope.meeting
    if not command.confirmed:
        return cancel_form(command, tx, scope)
    require_version(command.version, meeting.version)
    reason = rules.read_reason(command.reason)
    cancelled = replace(meeting, phase=Phase.CANCELLED, cancel_reason=reason)
    tx.save(cancelled)
    tx.later(e.SyncEvent(meeting.id))
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    return _meetings(tx, body, 1, notice=sentence("planning.cancelled", number=meeting.designation))


def cancel_form(command: c.CancelMeeting, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if meeting.phase is Phase.CANCELLED:
        return _meetings(tx, body, 1)
    steps = (c.MoveMeeting(meeting_id=meeting.id, version=meeting.version), c.ShowMeetings(body_id=body.id))
    return CancelForm(body=body, meeting=meeting, reason=command.reason, steps=steps)


def show_meetings(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    return _meetings(tx, scope.body, getattr(command, "page", 1))


def restore_event(_command: c.RestoreEvent, tx: Tx, scope: Scope) -> Screen:
    """The invitation as the meeting stands here: made again where it was deleted, written over where it was changed."""
    body, meeting = scope.body, scope.meeting
    if meeting.event_trouble not in ASKED:
        raise Refused("planning.event_is_there")
    meeting = tx.save(replace(meeting, event_trouble=EventTrouble.OURS))
    tx.later(e.SyncEvent(meeting.id))
    return _planned(tx, body, meeting, sentence("planning.event_restored", number=meeting.designation))


def restore_view(_command: c.RestoreEvent, tx: Tx, scope: Scope) -> Screen:
    return _planned(tx, scope.body, scope.meeting)


# --- reading and showing ---------------------------------------------------------------------------------------------------------


def _typed(command: c.PlanMeeting | c.MoveMeeting, body: Body, tx: Tx, meeting: Meeting | None = None) -> Typed:
    """The form's fields; a typed line fills them, and a meeting to be moved fills what is not said."""
    if isinstance(command, c.MoveMeeting) and meeting is not None and not command.day:
        stored = Typed(
            number=meeting.designation,
            day=meeting.day.isoformat(),
            start=_clock(meeting.start),
            end=_clock(meeting.end),
            place=meeting.place,
            online=meeting.online,
        )
    else:
        stored = Typed(getattr(command, "number", ""), command.day, command.start, command.end, command.place, command.online)
    if not command.text.strip() or command.day:
        return stored
    return _read_line(command.text, body, tx, stored)


def _read_line(text: str, body: Body, tx: Tx, kept: Typed) -> Typed:
    """What a typed line says, in place of the fields it speaks of; the line itself when nothing of it could be read."""
    read = read_meeting(text, today=tx.now.astimezone(body.tz).date())
    if read.day is None:
        return replace(kept, unread=text.strip())
    number = f"{read.number}/{read.year}" if read.number is not None else kept.number
    return replace(
        kept,
        number=number,
        day=read.day.isoformat(),
        start=_clock(read.start) or kept.start,
        end=_clock(read.end) if read.start else kept.end,
        place=read.place or kept.place,
        online=read.online or kept.online,
        named=read.weekday,
        asked=tuple(rules.Doubt(one.key, one.params) for one in read.questions if one.key not in _ASKED_ELSEWHERE),
    )


def _form(tx: Tx, body: Body, meeting: Meeting | None, typed: Typed, doubts: tuple[rules.Doubt, ...] = ()) -> MeetingForm:
    today = tx.now.astimezone(body.tz).date()
    day = _day(typed.day)
    return MeetingForm(
        body=body,
        meeting=meeting,
        number=typed.number,
        next_number=next_number(tx.meetings(body.id), (day or today).year),
        day=typed.day,
        start=typed.start,
        end=typed.end,
        place=typed.place,
        online=typed.online,
        doubts=tuple(Sentence(one.key, one.params) for one in doubts),
        stops=any(one.stops for one in doubts),
        unread=typed.unread,
        steps=(c.ReadDates(body_id=body.id), c.ShowMeetings(body_id=body.id)) if meeting is None else (c.ShowMeetings(body_id=body.id),),
    )


def _planned(tx: Tx, body: Body, meeting: Meeting, notice: Sentence | None = None) -> MeetingPlanned:
    return MeetingPlanned(
        notice=notice,
        body=body,
        meeting=meeting,
        without_address=without_address(tx, body, meeting),
        steps=next_steps(body, meeting, tx.actor, tx.now),
    )


def _meetings(tx: Tx, body: Body, page: int, *, notice: Sentence | None = None) -> MeetingsShown:
    today = tx.now.astimezone(body.tz).date()
    every = tx.meetings(body.id)
    coming = [one for one in every if one.day >= today]
    past = [one for one in every if one.day < today]
    ordered = [*coming, *reversed(past)]
    pages = max(1, -(-len(ordered) // PAGE))
    page = min(max(1, page), pages)
    turn = tuple(c.ShowMeetings(body_id=body.id, page=one) for one in (page + 1, page - 1) if 1 <= one <= pages)
    rest = tuple(one for one in next_steps(body, None, tx.actor, tx.now) if not isinstance(one, c.ShowMeetings))
    return MeetingsShown(
        notice=notice,
        body=body,
        meetings=tuple(ordered[(page - 1) * PAGE : page * PAGE]),
        page=page,
        pages=pages,
        steps=(*turn, *rest),
    )


def _plan(typed: Typed) -> Plan:
    """The fields read. Refuses a missing or unreadable day or start by name."""
    day, start = _day(typed.day), read_clock(typed.start)
    if typed.unread and day is None:
        raise Refused("planning.unread", text=typed.unread[:80])
    if day is None:
        raise Refused("planning.day_missing")
    if start is None:
        raise Refused("planning.start_unread", text=typed.start.strip()[:20]) if typed.start.strip() else Refused("planning.start_missing")
    end = read_clock(typed.end)
    if end is None and typed.end.strip():
        raise Refused("planning.end_unread", text=typed.end.strip()[:20])
    return Plan(day, start, end, rules.read_place(typed.place), typed.online, typed.named)


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        return None
    return day if is_likely(day) else None


def _clock(moment: time | None) -> str:
    return moment.strftime("%H:%M") if moment else ""


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.PlanMeeting: plan_meeting,
    c.ShowMeetings: show_meetings,
    c.MoveMeeting: move_meeting,
    c.CancelMeeting: cancel_meeting,
    c.RestoreEvent: restore_event,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.PlanMeeting: plan_view,
    c.ShowMeetings: show_meetings,
    c.MoveMeeting: move_form,
    c.CancelMeeting: cancel_form,
    c.RestoreEvent: restore_view,
}
