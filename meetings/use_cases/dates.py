"""Several dates at once: read, asked about, shown with their numbers, and planned together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.errors import Refused
from meetings.model import Body, Draft
from meetings.ports import Tx
from meetings.reading.moments import DatesReading, MeetingReading
from meetings.reading.moments import read_dates as read_text
from meetings.rules import planning as rules
from meetings.rules import schedules
from meetings.rules.planning import Doubt, Plan
from meetings.rules.polls import may_be_asked
from meetings.rules.schedules import Fit
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.planning import PAGE, DateRow, DatesPlanned, DatesRead, DatesWanted
from meetings.use_cases.planning import new_meeting
from meetings.use_cases.reach import seat_names, without_address

# A body's dates for some years; more in one paste is no list of meetings.
MOST = 40
# So many of the dates make a poll of the best; its button says the number.
BEST = 3


def read_dates(command: c.ReadDates, tx: Tx, scope: Scope) -> Screen:
    body = scope.body
    if not command.text.strip():
        return DatesWanted(body=body)
    draft = Draft(tx.new_id(), body.id, "dates", command.text)
    tx.save(draft)
    return dates_draft(draft, 1, tx, scope)


def dates_wanted(command: c.ReadDates, tx: Tx, scope: Scope) -> Screen:
    """What was made of the text when it came first; the form with it where nothing was, or is no more."""
    draft = tx.draft_of(scope.body.id, "dates", command.text) if command.text.strip() else None
    return dates_draft(draft, 1, tx, scope) if draft is not None else DatesWanted(body=scope.body, text=command.text)


def dates_draft(draft: Draft, page: int, tx: Tx, scope: Scope) -> Screen:
    """What was read from a kept text; read anew each time with the answers given. A date without a time is not planned but shown."""
    body = scope.body
    reading, rows = _rows(draft, tx, scope)
    confirm = (c.ConfirmDates(draft_id=draft.id),) if rows and not any(doubt.stops for _, _, doubts in rows for doubt in doubts) else ()
    plans = [plan for plan, _, _ in rows]
    ask = (c.AskCalendars(draft_id=draft.id),) if confirm else ()
    poll = (c.OpenPoll(draft_id=draft.id),) if confirm and may_be_asked(plans, body) else ()
    shown = [
        DateRow(plan, f"{number}/{plan.day.year}", tuple(Sentence(one.key, one.params) for one in doubts)) for plan, number, doubts in rows
    ]
    found = schedules.fits(body, plans, draft.busy) if confirm else ()
    best = [fit.plan for fit in found[:BEST]]
    poll_best = (c.OpenPoll(draft_id=draft.id, best=True),) if len(found) > BEST and may_be_asked(best, body) else ()
    pages = -(-len(found) // PAGE)
    page = min(max(page, 1), max(pages, 1))
    turn = (c.ShowDraft(draft_id=draft.id, page=page % pages + 1),) if pages > 1 else ()
    return DatesRead(
        body=body,
        draft=draft,
        rows=_ranked(shown, found, body, tx) if found else tuple(shown),
        questions=reading.questions,
        rest=(*reading.unread, *(one.source for one in reading.dates if _plan(one) is None)),
        unread=_names(schedules.unread(body, plans, draft.busy), tx) if found else (),
        page=page,
        steps=(*confirm, *turn, *ask, *poll_best, *poll, c.ReadDates(body_id=body.id), c.DropDraft(draft_id=draft.id)),
    )


def _ranked(rows: Sequence[DateRow], found: Sequence[Fit], body: Body, tx: Tx) -> tuple[DateRow, ...]:
    """The rows in the order of their fits."""
    people = tx.people(schedules.asked_people(body, [row.plan for row in rows]))
    waiting = list(rows)
    ranked = []
    for fit in found:
        row = next(one for one in waiting if one.plan == fit.plan)
        waiting.remove(row)
        ranked.append(replace(row, fit=fit, full=seat_names(fit.full, people), unsure=seat_names(fit.unsure, people)))
    return tuple(ranked)


def _names(ids: Set[str], tx: Tx) -> tuple[str, ...]:
    return tuple(sorted(person.name for person in tx.people(ids).values()))


def ask_calendars(command: c.AskCalendars, tx: Tx, scope: Scope) -> Screen:
    """Asked after the answer to this; what a calendar said before stands until then."""
    draft = tx.draft(command.draft_id)
    if not plans_of(draft, tx, scope):
        raise Refused("planning.dates_none")
    tx.later(e.ReadSchedules(scope.body.id, draft.id))
    return replace(dates_draft(draft, 1, tx, scope), notice=sentence("schedules.asked"))


def confirm_dates(command: c.ConfirmDates, tx: Tx, scope: Scope) -> Screen:
    """Every date, or the one chosen, becomes a meeting with its number and its own invitation; the list has done its work."""
    body = scope.body
    draft = tx.draft(command.draft_id)
    if draft.kind != "dates":
        raise Refused("drafts.which_kind")
    _, rows = _rows(draft, tx, scope)
    if not rows:
        raise Refused("planning.dates_none")
    if any(doubt.stops for _, _, doubts in rows for doubt in doubts):
        raise Refused("planning.dates_stopped")
    plans = [plan for plan, _, _ in rows]
    if command.only:
        plans = [plan for plan in plans if schedules.moment(plan) == command.only][:1]
        if not plans:
            raise Refused("schedules.which")
    numbered = rules.numbered(plans, tx.meetings(body.id))
    meetings = tuple(new_meeting(tx, body, plan, number) for plan, number in numbered)
    tx.drop_draft(draft.id)
    steps = next_steps(body, None, tx.actor, tx.now)
    return DatesPlanned(
        body=body,
        meetings=meetings,
        without_address=without_address(tx, body, *meetings),
        steps=steps,
        notice=sentence("planning.dates_planned", count=len(meetings)),
    )


def plans_of(draft: Draft, tx: Tx, scope: Scope) -> tuple[Plan, ...]:
    """The dates of a kept text that can be planned, by date; refused while one of them is impossible."""
    if draft.kind != "dates":
        raise Refused("drafts.which_kind")
    _, rows = _rows(draft, tx, scope)
    if any(doubt.stops for _, _, doubts in rows for doubt in doubts):
        raise Refused("planning.dates_stopped")
    return tuple(plan for plan, _, _ in rows)


def best_of(draft: Draft, tx: Tx, scope: Scope) -> tuple[Plan, ...]:
    """The best of the dates; refused when the calendars were not asked about just these."""
    found = schedules.fits(scope.body, plans_of(draft, tx, scope), draft.busy)
    if not found:
        raise Refused("schedules.unasked")
    return tuple(fit.plan for fit in found[:BEST])


def dates_view(command: c.ConfirmDates | c.AskCalendars, tx: Tx, scope: Scope) -> Screen:
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
    c.AskCalendars: ask_calendars,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ReadDates: dates_wanted,
    c.ConfirmDates: dates_view,
    c.AskCalendars: dates_view,
}
