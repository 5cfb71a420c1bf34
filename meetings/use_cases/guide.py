"""Help, status, and texts that come unasked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from meetings import commands as c
from meetings.access import ACCESS, may
from meetings.commands import stem
from meetings.model import ASKED, Approval, Body, Draft, Meeting, Phase, RoundResult
from meetings.ports import Tx
from meetings.rules import rounds
from meetings.rules.answers import expected
from meetings.rules.attendance import lacking
from meetings.rules.polls import open_poll
from meetings.rules.presence import quorum
from meetings.rules.steps import next_steps
from meetings.scope import Scope, meeting_at_hand, own_bodies
from meetings.screens.base import Screen, Sentence, Told, sentence
from meetings.screens.guide import AskedAgain, BodiesShown, HelpShown, StatusShown, TextTaken, Welcomed

LONGEST_NAME = 200


def welcome(_command: c.Welcome, tx: Tx, scope: Scope) -> Screen:
    """With the languages to choose from at once: the client may speak another than the person. Where a body is already, how it stands."""
    if scope.found_body is not None:
        return show_status(c.ShowStatus(), tx, scope)
    on_board = tx.conversation is not None and tx.conversation.kind == "channel"
    first = tuple(step for step in _first_steps(tx, scope) if not isinstance(step, c.ChooseLanguage))
    languages = tuple(c.ChooseLanguage(language=one) for one in ("fi", "sv", "en"))
    return Welcomed(on_board=on_board, steps=(*first[:3], *languages))


def show_help(_command: c.ShowHelp, tx: Tx, scope: Scope) -> Screen:
    """What this person can do now: without a body only what needs none, and a choice of bodies only when there is one."""
    body, meeting = scope.found_body, scope.found_meeting
    day = tx.now.astimezone(body.tz if body else None).date()
    needless = {c.ChooseBody} if len(own_bodies(tx)) < MANY else set()
    shown = tuple(
        command()
        for command in TYPED
        if (body is not None or command in WITHOUT_BODY)
        and command not in needless
        and may(command, body, _any_meeting(tx, body, command, meeting), tx.actor, day)
    )
    return HelpShown(body=body, commands=shown, steps=_first_steps(tx, scope))


def show_status(_command: c.Command, tx: Tx, scope: Scope) -> Screen:
    """Every meeting in hand and what it waits for, from everybody and from this person."""
    bodies = (scope.found_body,) if scope.found_body else own_bodies(tx)
    shown = tuple((body, tuple((meeting, _waits(tx, body, meeting)) for meeting in _in_hand(tx, body))) for body in bodies)
    return StatusShown(bodies=shown, steps=_first_steps(tx, scope))


def ask_again(command: c.AskAgain, tx: Tx, scope: Scope) -> Screen:
    near = tuple(one() for one in TYPED if stem(one) in command.nearest)
    return AskedAgain(text=command.text, steps=(*near, c.ShowStatus(), c.ShowHelp()))


def choose_body(command: c.ChooseBody, tx: Tx, scope: Scope) -> Screen:
    if not command.body_id:
        return BodiesShown(bodies=own_bodies(tx), steps=_first_steps(tx, scope))
    tx.save(replace(tx.actor, desk_body_id=scope.body.id))
    return show_status(command, tx, scope)


def choose_language(command: c.ChooseLanguage, tx: Tx, scope: Scope) -> Screen:
    if command.language not in {"fi", "sv", "en"}:
        return Told(text=sentence("guide.choose_language"), steps=tuple(c.ChooseLanguage(language=one) for one in ("fi", "sv", "en")))
    tx.actor = replace(tx.actor, language=command.language)
    tx.save(tx.actor)
    return show_help(c.ShowHelp(), tx, scope)


def mute_messages(_command: c.MuteMessages, tx: Tx, _scope: Scope) -> Screen:
    tx.actor = replace(tx.actor, muted=True)
    tx.save(tx.actor)
    return Told(text=sentence("guide.muted"), steps=(c.UnmuteMessages(), c.ShowStatus()))


def unmute_messages(_command: c.UnmuteMessages, tx: Tx, _scope: Scope) -> Screen:
    tx.actor = replace(tx.actor, muted=False)
    tx.save(tx.actor)
    return Told(text=sentence("guide.unmuted"), steps=(c.MuteMessages(), c.ShowStatus()))


def take_text(command: c.TakeText, tx: Tx, scope: Scope) -> Screen:
    draft = Draft(id=tx.new_id(), body_id=scope.body.id, kind="", source=command.text)
    tx.save(draft)
    steps = tuple(c.UseText(draft_id=draft.id, kind=kind) for kind in ("agenda", "roster", "dates"))
    return TextTaken(draft=draft, name=command.name[:LONGEST_NAME], steps=(*steps, c.DropDraft(draft_id=draft.id)))


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
        at_desk = tx.conversation is not None and tx.conversation.kind == "personal"
        search = (c.SearchDecisions(),) if at_desk and own_bodies(tx) else ()
        return (*search, c.SetUpBody(), c.ShowHelp(), c.ChooseLanguage())
    meeting = scope.found_meeting or meeting_at_hand(tx, body, ())
    steps = next_steps(body, meeting, tx.actor, tx.now)
    poll = c.ShowPoll(body_id=body.id)
    return steps if open_poll(body) is None or poll in steps else (poll, *steps)[:6]


def _in_hand(tx: Tx, body: Body) -> tuple[Meeting, ...]:
    """The open meeting, those whose minutes are not approved, and the next to come; else the last one."""
    today = tx.now.astimezone(body.tz).date()
    live = [one for one in tx.meetings(body.id) if one.phase is not Phase.CANCELLED]
    unfinished = [one for one in live if one.phase in {Phase.OPEN, Phase.CLOSED, Phase.REVIEW}]
    coming = [one for one in live if one.phase in {Phase.PLANNED, Phase.PUBLISHED} and one.day >= today]
    overdue = [one for one in live if one.phase in {Phase.PLANNED, Phase.PUBLISHED} and one.day < today]
    chosen = [*overdue[-1:], *unfinished, *coming[:1]] or live[-1:]
    return tuple(tx.meeting(one.id) for one in chosen)


def _waits(tx: Tx, body: Body, meeting: Meeting) -> tuple[Sentence, ...]:
    match meeting.phase:
        case Phase.PLANNED:
            publish_by = meeting.day - timedelta(days=body.lead_days)
            late = publish_by < tx.now.astimezone(body.tz).date()
            return (sentence("status.agenda_late" if late else "status.agenda_by", day=publish_by), *_answers(tx, body, meeting))
        case Phase.PUBLISHED:
            return _answers(tx, body, meeting)
        case Phase.OPEN:
            found = quorum(body, meeting)
            present = sentence("status.quorate" if found.quorate else "status.not_quorate", filled=found.filled, seats=found.seats)
            return (present, sentence("status.lacking", count=len(lacking(meeting))))
        case Phase.CLOSED:
            return (sentence("status.minutes_unsent"),)
        case Phase.REVIEW:
            return _round_waits(tx, body, meeting)
        case Phase.APPROVED if meeting.approved_at is not None:
            return (sentence("status.approved", day=meeting.approved_at.astimezone(body.tz).date()),)
        case _:
            return ()


def _answers(tx: Tx, body: Body, meeting: Meeting) -> tuple[Sentence, ...]:
    """How many are expected, and to the secretary what is wrong with the invitation."""
    found = expected(body, meeting)
    coming = sentence("answers.coming", coming=found.coming, seats=found.seats, needed=found.needed)
    asked = meeting.event_trouble in ASKED and tx.actor.id == body.secretary_id
    return (coming, sentence(f"status.event_{meeting.event_trouble}")) if asked else (coming,)


def _round_waits(tx: Tx, body: Body, meeting: Meeting) -> tuple[Sentence, ...]:
    sent = meeting.round
    if sent is None:
        return ()
    replied = {one.person_id for one in meeting.replies if one.round_id == sent.id}
    seats = rounds.seats_asked(body, meeting)
    answered = sum(1 for holders in seats if replied & set(holders))
    found = [sentence("status.round", deadline=sent.deadline, answered=answered, asked=len(seats))]
    if sent.result is RoundResult.RUNNING and any(tx.actor.id in holders and not replied & set(holders) for holders in seats):
        found.append(sentence("status.your_comments"))
    stopped = rounds.stops(meeting, sent)
    if stopped and tx.actor.id == body.secretary_id:
        found.append(sentence(f"minutes.stop_{stopped}"))
    if body.approval is Approval.CHECKERS:
        done = {one.person_id for one in meeting.checks if one.round_number == sent.number}
        found.append(sentence("status.checkers", done=len(done & set(body.checker_ids)), all=len(body.checker_ids)))
    if body.approval is Approval.NEXT_MEETING and sent.result is not RoundResult.RUNNING:
        found.append(sentence("status.next_meeting"))
    return tuple(found)


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
    c.SearchDecisions,
    c.SetUpBody,
    c.ShowBody,
    c.TakeTemplate,
    c.ChooseBody,
    c.ChooseLanguage,
    c.MuteMessages,
    c.UnmuteMessages,
    c.ShowMyData,
    c.ReadRoster,
    c.ShowSeats,
    c.PlanMeeting,
    c.ReadDates,
    c.ShowPoll,
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
    c.ShowDeputies,
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

# So many bodies make a choice.
MANY = 2
WITHOUT_BODY = frozenset(
    {c.ShowHelp, c.ShowStatus, c.SetUpBody, c.ChooseBody, c.ChooseLanguage, c.MuteMessages, c.UnmuteMessages, c.ShowMyData}
)

HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.Welcome: welcome,
    c.ShowHelp: show_help,
    c.ShowStatus: show_status,
    c.AskAgain: ask_again,
    c.ChooseBody: choose_body,
    c.ChooseLanguage: choose_language,
    c.MuteMessages: mute_messages,
    c.UnmuteMessages: unmute_messages,
    c.TakeText: take_text,
    c.DropDraft: drop_draft,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowHelp: show_help,
}
