"""The one way in: `execute` runs a command in a transaction and answers with a screen. Both bot/ and jobs/ come through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from meetings.access import ACCESS, Right, holds, require, roles_about
from meetings.commands import Command
from meetings.errors import MeetingError, NotAllowed, NotFound, Refused
from meetings.ports import Tx
from meetings.scope import Scope, body_at_hand, find_scope
from meetings.screens.base import OnBoard, Screen, Sentence
from meetings.use_cases import (
    agenda,
    answers,
    attendance,
    boards,
    calls,
    dates,
    drafts,
    guide,
    minutes,
    people,
    planning,
    polls,
    quotes,
    record,
    roster,
    search,
    seats,
    setup,
    template,
)

# The commands of each area, and where a person lands whose command was refused, repeated or stale: the form with what they
# typed, or the fresh state. `Any` because each function takes its own command; tests/test_registry.py checks the pairing.
UseCase = Callable[[Any, Tx, Scope], Screen]

HANDLERS: Mapping[type[Command], UseCase] = {
    **agenda.HANDLERS,
    **answers.HANDLERS,
    **attendance.HANDLERS,
    **boards.HANDLERS,
    **calls.HANDLERS,
    **dates.HANDLERS,
    **drafts.HANDLERS,
    **guide.HANDLERS,
    **minutes.HANDLERS,
    **people.HANDLERS,
    **planning.HANDLERS,
    **polls.HANDLERS,
    **quotes.HANDLERS,
    **record.HANDLERS,
    **roster.HANDLERS,
    **search.HANDLERS,
    **seats.HANDLERS,
    **setup.HANDLERS,
    **template.HANDLERS,
}
VIEWS: Mapping[type[Command], UseCase] = {
    **agenda.VIEWS,
    **answers.VIEWS,
    **attendance.VIEWS,
    **boards.VIEWS,
    **dates.VIEWS,
    **drafts.VIEWS,
    **guide.VIEWS,
    **minutes.VIEWS,
    **people.VIEWS,
    **planning.VIEWS,
    **polls.VIEWS,
    **record.VIEWS,
    **roster.VIEWS,
    **search.VIEWS,
    **seats.VIEWS,
    **setup.VIEWS,
}


def execute(command: Command, tx: Tx) -> Screen:
    """Access, then the use case. Raises `MeetingError`; the caller rolls back and shows `refusal`."""
    return _own(HANDLERS[type(command)](command, tx, require_right(command, tx)), tx)


def require_right(command: Command, tx: Tx) -> Scope:
    """What the command is about, for one who may give it now; raises `MeetingError` otherwise."""
    scope = find_scope(command, tx)
    if ACCESS[type(command)].right is Right.CLOCK:
        if tx.actor.id:
            raise NotAllowed("access.clock")
    else:
        require(command, scope.found_body, scope.found_meeting, tx.actor, today(tx, scope))
    return scope


def current(command: Command, tx: Tx) -> Screen:
    """The present state of what the command is about, changing nothing: the answer to a repeated press. A form or a desk is shown only
    to those who may use it."""
    try:
        scope = find_scope(command, tx)
        held = roles_about(scope.found_body, scope.found_meeting, tx.actor, today(tx, scope)) if scope.found_body else frozenset()
        allowed = holds(ACCESS[type(command)].right, held, scope.found_meeting)
        view = VIEWS.get(type(command), guide.show_status) if allowed else guide.show_status
        return _own(view(command, tx, scope), tx)
    except MeetingError:
        return guide.show_status(command, tx, Scope(body_at_hand(tx)))


def refusal(command: Command, tx: Tx, error: MeetingError) -> Screen:
    """The same screen with the refusal on top, so that nothing typed is lost. Without a right: only the sentence."""
    notice = Sentence(error.key, tuple(error.params.items()))
    if isinstance(error, NotAllowed | NotFound):
        return guide.not_possible(notice, tx)
    return replace(current(command, tx), notice=notice, wrong=isinstance(error, Refused))


def _own(screen: Screen, tx: Tx) -> Screen:
    return boards.own(screen, tx) if isinstance(screen, OnBoard) else screen


def today(tx: Tx, scope: Scope) -> date:
    """The date in the body's zone."""
    zone = scope.found_body.tz if scope.found_body else None
    return tx.now.astimezone(zone).date()
