"""Help, status, and texts that come unasked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings.access import ACCESS, Right, may
from meetings.commands import stem
from meetings.model import Body, Draft, Meeting
from meetings.ports import Tx
from meetings.rules.steps import next_steps
from meetings.scope import Scope, meeting_at_hand
from meetings.screens.base import Screen, Sentence, Told, sentence
from meetings.screens.guide import AskedAgain, HelpShown, StatusShown, TextTaken, Welcomed


def welcome(_command: c.Welcome, tx: Tx, scope: Scope) -> Screen:
    on_board = tx.conversation is not None and tx.conversation.kind == "channel"
    return Welcomed(on_board=on_board, steps=_first_steps(tx, scope))


def show_help(_command: c.ShowHelp, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.found_body, scope.found_meeting
    day = tx.now.astimezone(body.tz if body else None).date()
    shown = tuple(
        command()
        for command, access in ACCESS.items()
        if command in TYPED
        and access.right is not Right.CLOCK
        and may(command, body, _any_meeting(tx, body, command, meeting), tx.actor, day)
    )
    return HelpShown(body=body, commands=shown, steps=_first_steps(tx, scope))


def show_status(_command: c.Command, tx: Tx, scope: Scope) -> Screen:
    bodies = (scope.found_body,) if scope.found_body else tx.bodies()
    lines = tuple((body, meeting_at_hand(tx, body, ())) for body in bodies)
    return StatusShown(lines=lines, steps=_first_steps(tx, scope))


def ask_again(command: c.AskAgain, tx: Tx, scope: Scope) -> Screen:
    near = tuple(one() for one in TYPED if stem(one) in command.nearest)
    return AskedAgain(text=command.text, steps=(*near, c.ShowStatus(), c.ShowHelp()))


def choose_body(command: c.ChooseBody, tx: Tx, scope: Scope) -> Screen:
    if not command.body_id:
        return Told(text=sentence("guide.choose_body"), steps=tuple(c.ChooseBody(body_id=body.id) for body in tx.bodies()))
    tx.save(replace(tx.actor, desk_body_id=scope.body.id))
    return show_status(command, tx, scope)


def choose_language(command: c.ChooseLanguage, tx: Tx, scope: Scope) -> Screen:
    if command.language not in {"fi", "sv", "en"}:
        return Told(text=sentence("guide.choose_language"), steps=tuple(c.ChooseLanguage(language=one) for one in ("fi", "sv", "en")))
    tx.actor = replace(tx.actor, language=command.language)
    tx.save(tx.actor)
    return show_help(c.ShowHelp(), tx, scope)


def take_text(command: c.TakeText, tx: Tx, scope: Scope) -> Screen:
    draft = Draft(id=tx.new_id(), body_id=scope.body.id, kind="", source=command.text)
    tx.save(draft)
    steps = tuple(c.UseText(draft_id=draft.id, kind=kind) for kind in ("agenda", "roster", "dates"))
    return TextTaken(draft=draft, name=command.name, steps=(*steps, c.DropDraft(draft_id=draft.id)))


def drop_draft(command: c.DropDraft, tx: Tx, scope: Scope) -> Screen:
    tx.drop_draft(command.draft_id)
    return replace(show_status(command, tx, scope), notice=sentence("guide.draft_dropped"))


def not_possible(notice: Sentence, tx: Tx) -> Screen:
    """The answer to what a person may not do or what does not exist for them: the sentence and a way on."""
    del tx
    return Told(text=notice, wrong=True, steps=(c.ShowStatus(), c.ShowHelp()))


def _first_steps(tx: Tx, scope: Scope) -> tuple[c.Command, ...]:
    body = scope.found_body
    if body is None:
        return (c.SetUpBody(), c.ShowHelp(), c.ChooseLanguage())
    meeting = scope.found_meeting or meeting_at_hand(tx, body, ())
    return next_steps(body, meeting, tx.actor, tx.now)


def _any_meeting(tx: Tx, body: Body | None, command: type[c.Command], meeting: Meeting | None) -> Meeting | None:
    """The meeting the typed command would be about, so that help tells the truth; headers suffice."""
    phases = ACCESS[command].phases
    if meeting is not None and (not phases or meeting.phase in phases):
        return meeting
    return next((one for one in tx.meetings(body.id) if one.phase in phases), None) if body else None


# The commands that have words to be typed with; `words.<stem>` in the catalogue.
TYPED: tuple[type[c.Command], ...] = (
    c.ShowHelp,
    c.ShowStatus,
    c.SetUpBody,
    c.ShowBody,
    c.TakeTemplate,
    c.ChooseBody,
    c.ChooseLanguage,
    c.ReadRoster,
    c.ShowSeats,
    c.PlanMeeting,
    c.ReadDates,
    c.ShowMeetings,
    c.MoveMeeting,
    c.CancelMeeting,
    c.ReadAgenda,
    c.ShowAgenda,
    c.AddItem,
    c.PublishAgenda,
    c.OpenMeeting,
    c.SignIn,
    c.ShowAttendance,
    c.FindQuorum,
    c.ShowItem,
    c.CloseMeeting,
    c.PrepareMinutes,
    c.SendMinutes,
    c.CommentMinutes,
    c.AnswerNoComments,
    c.ShowComments,
    c.CheckMinutes,
    c.ApproveMinutes,
)

HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.Welcome: welcome,
    c.ShowHelp: show_help,
    c.ShowStatus: show_status,
    c.AskAgain: ask_again,
    c.ChooseBody: choose_body,
    c.ChooseLanguage: choose_language,
    c.TakeText: take_text,
    c.DropDraft: drop_draft,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowHelp: show_help,
}
