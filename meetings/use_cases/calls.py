"""What Teams tells of the calls in which meetings are held: kept as a suggestion, and told to the secretary where it is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.model import Phase
from meetings.ports import Tx
from meetings.rules.answers import BEFORE
from meetings.rules.calls import meeting_of
from meetings.scope import Scope
from meetings.screens.base import Screen
from meetings.use_cases.guide import show_status


def note_call(command: c.NoteCall, tx: Tx, _scope: Scope) -> Screen:
    """A call that is of no meeting is not kept, nor who is in it. The secretary is told once that it began, and when it ended."""
    day = tx.now.date()
    near = tx.meetings_on(day - timedelta(days=1), day + timedelta(days=1))
    found = meeting_of([(one, tx.body(one.body_id).tz) for one in near], command.thread, command.join_url, command.at)
    if found is None:
        return show_status(command, tx, Scope())
    body, meeting = tx.body(found.body_id), tx.meeting(found.id)
    shown = show_status(command, tx, Scope(body, meeting))
    if command.kind in {"joined", "left"}:
        tx.note_call(meeting.id, command.kind, command.at, [one.id for one in tx.people_of(command.account_ids)])
        return shown
    before = tx.call(meeting.id)
    tx.note_call(meeting.id, command.kind, command.at)
    told = (("number", meeting.designation), ("start", command.at.astimezone(body.tz).time().isoformat("minutes")))
    if command.kind == "started" and before.started is None and meeting.phase in BEFORE:
        tx.later(e.Tell(f"call:{meeting.id}", body.secretary_id, "call_started", told, body.id, meeting.id))
    elif command.kind == "ended" and before.ended != command.at and meeting.phase is Phase.OPEN:
        tx.later(e.Tell(f"call:{meeting.id}:{command.at:%H%M%S}", body.secretary_id, "call_ended", told, body.id, meeting.id))
    return shown


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {c.NoteCall: note_call}
