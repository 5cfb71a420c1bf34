"""A kept text is read as what the person says it is: one reading for each kind of draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings.access import ACCESS
from meetings.errors import Refused
from meetings.model import Draft
from meetings.ports import Tx
from meetings.scope import Scope, meeting_at_hand
from meetings.screens.base import Screen
from meetings.use_cases.agenda import agenda_draft
from meetings.use_cases.dates import dates_draft
from meetings.use_cases.roster import roster_draft

LONGEST_CHOICE = 500


def use_text(command: c.UseText, tx: Tx, scope: Scope) -> Screen:
    """The kept text, read as an agenda of the meeting at hand, a roster or dates."""
    if command.kind not in READINGS:
        raise Refused("drafts.which_kind")
    draft = replace(tx.draft(command.draft_id), kind=command.kind, answers=(), busy=())
    if command.kind == "agenda" and not draft.meeting_id:
        meeting = scope.found_meeting or meeting_at_hand(tx, scope.body, ACCESS[c.ReadAgenda].phases)
        draft = replace(draft, meeting_id=Scope(scope.body, meeting).meeting.id)
    tx.save(draft)
    return _read(draft, 1, tx, scope)


def show_draft(command: c.ShowDraft, tx: Tx, scope: Scope) -> Screen:
    return _read(tx.draft(command.draft_id), command.page, tx, scope)


def answer_question(command: c.AnswerQuestion, tx: Tx, scope: Scope) -> Screen:
    """The choice on one question; a later choice takes the place of an earlier one. The text is read anew with it."""
    draft = tx.draft(command.draft_id)
    if not command.question or not command.choice or len(command.choice) > LONGEST_CHOICE:
        raise Refused("drafts.which_answer")
    answers = tuple(one for one in draft.answers if one[0] != command.question)
    draft = replace(draft, answers=(*answers, (command.question, command.choice)), busy=())
    tx.save(draft)
    return _read(draft, 1, tx, scope)


def draft_view(command: c.UseText | c.AnswerQuestion, tx: Tx, scope: Scope) -> Screen:
    return _read(tx.draft(command.draft_id), 1, tx, scope)


def _read(draft: Draft, page: int, tx: Tx, scope: Scope) -> Screen:
    if draft.kind not in READINGS:
        raise Refused("drafts.which_kind")
    return READINGS[draft.kind](draft, page, tx, scope)


def _agenda(draft: Draft, page: int, tx: Tx, scope: Scope) -> Screen:
    return agenda_draft(draft, page, Scope(scope.body, tx.meeting(draft.meeting_id)))


# How a draft of each kind is shown: what was understood, what is asked, and the button that confirms it.
READINGS: Mapping[str, Callable[[Draft, int, Tx, Scope], Screen]] = {
    "agenda": _agenda,
    "roster": roster_draft,
    "dates": dates_draft,
}

HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.UseText: use_text,
    c.ShowDraft: show_draft,
    c.AnswerQuestion: answer_question,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.UseText: draft_view,
    c.ShowDraft: show_draft,
    c.AnswerQuestion: draft_view,
}
