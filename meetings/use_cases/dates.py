"""Several dates at once: read, asked about, shown with their numbers, and planned together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meetings import commands as c
from meetings.errors import Refused
from meetings.model import Draft
from meetings.ports import Tx
from meetings.reading.moments import DatesReading, MeetingReading
from meetings.reading.moments import read_dates as read_text
from meetings.rules import planning as rules
from meetings.rules.planning import Doubt, Plan
from meetings.rules.polls import may_be_asked
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.planning import DateRow, DatesPlanned, DatesRead, DatesWanted
from meetings.use_cases.planning import new_meeting

# A body's dates for some years; more in one paste is no list of meetings.
MOST = 40


def read_dates(command: c.ReadDates, tx: Tx, scope: Scope) -> Screen:
    body = scope.body
    if not command.text.strip():
        return DatesWanted(body=body)
    draft = Draft(tx.new_id(), body.id, "dates", command.text)
    tx.save(draft)
    return dates_draft(draft, 1, tx, scope)


def dates_wanted(command: c.ReadDates, tx: Tx, scope: Scope) -> Screen:
    del tx
    return DatesWanted(body=scope.body, text=command.text)


def dates_draft(draft: Draft, page: int, tx: Tx, scope: Scope) -> Screen:
    """What was read from a kept text; read anew each time with the answers given. A date without a time is not planned but shown."""
    del page
    body = scope.body
    reading, rows = _rows(draft, tx, scope)
    confirm = (c.ConfirmDates(draft_id=draft.id),) if rows and not any(doubt.stops for _, _, doubts in rows for doubt in doubts) else ()
    poll = (c.OpenPoll(draft_id=draft.id),) if confirm and may_be_asked([plan for plan, _, _ in rows], body) else ()
    return DatesRead(
        body=body,
        draft=draft,
        rows=tuple(
            DateRow(plan, f"{number}/{plan.day.year}", tuple(Sentence(one.key, one.params) for one in doubts))
            for plan, number, doubts in rows
        ),
        questions=reading.questions,
        rest=(*reading.unread, *(one.source for one in reading.dates if _plan(one) is None)),
        steps=(*confirm, *poll, c.ReadDates(body_id=body.id), c.DropDraft(draft_id=draft.id)),
    )


def confirm_dates(command: c.ConfirmDates, tx: Tx, scope: Scope) -> Screen:
    """Every date becomes a meeting with its number and its own invitation."""
    body = scope.body
    draft = tx.draft(command.draft_id)
    if draft.kind != "dates":
        raise Refused("drafts.which_kind")
    _, rows = _rows(draft, tx, scope)
    if not rows:
        raise Refused("planning.dates_none")
    if any(doubt.stops for _, _, doubts in rows for doubt in doubts):
        raise Refused("planning.dates_stopped")
    meetings = tuple(new_meeting(tx, body, plan, number) for plan, number, _ in rows)
    tx.drop_draft(draft.id)
    steps = next_steps(body, None, tx.actor, tx.now)
    return DatesPlanned(body=body, meetings=meetings, steps=steps, notice=sentence("planning.dates_planned", count=len(meetings)))


def plans_of(draft: Draft, tx: Tx, scope: Scope) -> tuple[Plan, ...]:
    """The dates of a kept text that can be planned, by date; refused while one of them is impossible."""
    if draft.kind != "dates":
        raise Refused("drafts.which_kind")
    _, rows = _rows(draft, tx, scope)
    if any(doubt.stops for _, _, doubts in rows for doubt in doubts):
        raise Refused("planning.dates_stopped")
    return tuple(plan for plan, _, _ in rows)


def dates_view(command: c.ConfirmDates, tx: Tx, scope: Scope) -> Screen:
    return dates_draft(tx.draft(command.draft_id), 1, tx, scope)


def _rows(draft: Draft, tx: Tx, scope: Scope) -> tuple[DatesReading, list[tuple[Plan, int, tuple[Doubt, ...]]]]:
    """The reading, and each plan with its number and doubts, by date."""
    body = scope.body
    now = tx.now.astimezone(body.tz)
    reading = read_text(draft.source, now.date(), answers=dict(draft.answers))
    if len(reading.dates) > MOST:
        raise Refused("planning.dates_many", most=MOST)
    meetings = tx.meetings(body.id)
    numbered = rules.numbered([plan for one in reading.dates if (plan := _plan(one))], meetings)
    return reading, [(plan, number, rules.doubts(plan, now, tx.holiday(plan.day), meetings)) for plan, number in numbered]


def _plan(read: MeetingReading) -> Plan | None:
    if read.day is None or read.start is None:
        return None
    return Plan(read.day, read.start, read.end, rules.read_place(read.place), read.online, read.weekday)


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ReadDates: read_dates,
    c.ConfirmDates: confirm_dates,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ReadDates: dates_wanted,
    c.ConfirmDates: dates_view,
}
