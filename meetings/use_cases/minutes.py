"""From the record to approved minutes: sending, comments and their answers, checking, the deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.errors import NotFound, Refused
from meetings.model import (
    Answer,
    Approval,
    Body,
    Check,
    Comment,
    CommentKind,
    Document,
    Meeting,
    Phase,
    Round,
    RoundReply,
    RoundResult,
)
from meetings.ports import Tx
from meetings.reading.moments import read_deadline
from meetings.rules import rounds
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.minutes import ApprovedOnBoard, CommentForm, CommentsShown, MinutesDesk, RoundOnBoard
from meetings.use_cases.agenda import follow_previous_minutes
from meetings.use_cases.reach import unheard

PAGE = 5
LONGEST_COMMENT = 20_000
LONGEST_REASON = 2_000
# For so long the answers of others do not take away the form that somebody has opened on the board.
WRITING = timedelta(minutes=15)


# --- the desk ---------------------------------------------------------------------------------------------------------


def prepare_minutes(_command: c.PrepareMinutes, tx: Tx, scope: Scope) -> Screen:
    """The documents of the record as it is, made anew each time (the dates to come may have changed); approved minutes never are."""
    meeting = scope.meeting
    if meeting.phase is Phase.APPROVED:
        return _desk(tx, scope.body, meeting)
    tx.later(e.RenderDocuments(meeting.id, "minutes"))
    made = _documents(tx, meeting, "minutes")
    fresh = bool(made) and all(one.meeting_version == meeting.version for one in made)
    return _desk(tx, scope.body, meeting, notice=None if fresh else sentence("minutes.being_made"))


def send_minutes(command: c.SendMinutes, tx: Tx, scope: Scope) -> Screen:
    """Without a deadline the form; with one the minutes go round: version n. A running round is replaced by the new one."""
    body, meeting = scope.body, scope.meeting
    if not command.deadline.strip():
        return minutes_desk(command, tx, scope)
    rounds.require_version(command.version, meeting.version)
    day, hour = _deadline(command.deadline, body, tx.now)
    if (unanswered := rounds.open_proposals(meeting)) and meeting.rounds:
        raise Refused("round.answer_first", count=len(unanswered))
    sent = rounds.new_round(tx.new_id(), body, meeting, day, hour, tx.now)
    earlier = tuple(
        replace(one, result=RoundResult.REPLACED, ended_at=tx.now) if one.result is RoundResult.RUNNING else one for one in meeting.rounds
    )
    meeting = replace(meeting, phase=Phase.REVIEW, rounds=(*earlier, sent))
    meeting = tx.save(meeting)
    # What was left of a report has been looked at.
    tx.drop_call(meeting.id)
    tx.later(e.RenderDocuments(meeting.id, "round"))
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    tx.later(e.RefreshBoard(meeting.id, "minutes"))
    tx.later(e.EndRound(meeting.id, sent.id), due=sent.ends_at)
    if (at := rounds.reminder_at(sent)) is not None:
        tx.later(e.RemindRound(meeting.id, sent.id), due=at)
    shown = _desk(tx, body, meeting, notice=sentence("minutes.sent", number=sent.number, deadline=sent.deadline))
    return replace(shown, unheard=unheard(tx, body, meeting)) if body.approval is Approval.TACIT else shown


def minutes_desk(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    return _desk(tx, scope.body, scope.meeting, deadline=getattr(command, "deadline", ""))


# --- members ------------------------------------------------------------------------------------------------------------


def comment_minutes(command: c.CommentMinutes, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if not command.text.strip():
        if tx.conversation is not None and tx.conversation.kind == "channel":
            tx.later(e.FollowRound(meeting.id, tx.actor.id), due=tx.now + WRITING)
        return comment_form(command, tx, scope)
    sent = _running(meeting, tx.now)
    if command.item_id and command.item_id not in {item.id for item in meeting.items}:
        raise NotFound("minutes.no_such_item")
    if len(command.text) > LONGEST_COMMENT:
        raise Refused("minutes.comment_long", length=len(command.text), most=LONGEST_COMMENT)
    kind = CommentKind.REMARK if command.kind == CommentKind.REMARK else CommentKind.PROPOSAL
    comment = Comment(tx.new_id(), meeting.id, sent.id, tx.actor.id, kind, command.text.strip(), tx.now, command.item_id)
    meeting = _replied(replace(meeting, comments=(*meeting.comments, comment)), sent, tx, no_comments=False)
    meeting = tx.save(meeting)
    tx.later(e.FollowRound(meeting.id, tx.actor.id))
    section = next((str(item.section) for item in meeting.items if item.id == command.item_id), "")
    params = (("name", tx.actor.name), ("number", meeting.designation), *((("section", section),) if section else ()))
    told = f"comment_{kind}" if section else f"comment_{kind}_whole"
    tx.later(e.Tell(tx.new_id(), body.secretary_id, told, params, body.id, meeting.id))
    return replace(_round(tx, body, meeting, sent), notice=sentence("minutes.comment_kept"))


def comment_form(command: c.CommentMinutes, tx: Tx, scope: Scope) -> Screen:
    """The form; for one that comes again since its answer was lost, that the comment is kept: nobody is asked to send it twice."""
    sent = scope.meeting.round
    about = (tx.actor.id, command.item_id, command.text.strip())
    if sent is not None and about in {(one.person_id, one.item_id, one.text) for one in scope.meeting.comments if one.round_id == sent.id}:
        return replace(_round(tx, scope.body, scope.meeting, sent), notice=sentence("minutes.comment_kept"))
    return CommentForm(
        body=scope.body,
        meeting=scope.meeting,
        item_id=command.item_id,
        kind=command.kind,
        text=command.text,
        steps=(c.AnswerNoComments(meeting_id=scope.meeting.id),),
    )


def answer_no_comments(_command: c.AnswerNoComments, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    sent = _running(meeting, tx.now)
    if any(one.person_id == tx.actor.id for one in rounds.open_proposals(meeting)):
        raise Refused("minutes.proposal_waits")
    meeting = _replied(meeting, sent, tx, no_comments=True)
    meeting = tx.save(meeting)
    tx.later(e.FollowRound(meeting.id, tx.actor.id))
    return replace(_round(tx, body, meeting, sent), notice=sentence("minutes.no_comments_kept"))


def round_view(_command: c.Command, tx: Tx, scope: Scope) -> Screen:
    """Where a member lands: the round as the board shows it, or the approved minutes."""
    return _board_or_desk(tx, scope.body, scope.meeting)


# --- answers ------------------------------------------------------------------------------------------------------------


def show_comments(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    return _comments(tx, scope.body, scope.meeting, getattr(command, "page", 1))


def answer_comment(command: c.AnswerComment, tx: Tx, scope: Scope) -> Screen:
    """Every comment gets an answer. An accepted proposal opens the text: change it and send it round again."""
    body, meeting = scope.body, scope.meeting
    comment = next((one for one in meeting.comments if one.id == command.comment_id), None)
    if comment is None:
        raise NotFound("minutes.no_such_comment")
    if command.answer not in {Answer.ACCEPTED, Answer.REJECTED, Answer.NOTED}:
        raise Refused("minutes.which_answer")
    if command.answer == Answer.REJECTED and not command.reason.strip():
        raise Refused("minutes.reason_needed")
    if len(command.reason) > LONGEST_REASON:
        raise Refused("record.too_long", length=len(command.reason), most=LONGEST_REASON)
    answered = replace(comment, answer=Answer(command.answer), reason=command.reason.strip(), answered_at=tx.now)
    meeting = replace(meeting, comments=tuple(answered if one.id == comment.id else one for one in meeting.comments))
    meeting = tx.save(meeting)
    reason = (("reason", answered.reason),) if answered.reason else ()
    params = (("number", meeting.designation), ("comment_id", comment.id), *reason)
    told = f"comment_{answered.answer}_because" if answered.reason else f"comment_{answered.answer}"
    tx.later(e.Tell(tx.new_id(), comment.person_id, told, params, body.id, meeting.id))
    screen = _settle(tx, body, meeting) or _comments(tx, body, meeting, 1)
    if answered.answer is Answer.ACCEPTED and comment.kind is CommentKind.PROPOSAL:
        others = tuple(step for step in screen.steps if not isinstance(step, c.ShowItem))
        to_item = c.ShowItem(meeting_id=meeting.id, item_id=comment.item_id)
        return replace(screen, notice=sentence("minutes.text_open"), steps=(to_item, c.SendMinutes(meeting_id=meeting.id), *others))
    return screen if screen.notice else replace(screen, notice=sentence("minutes.answered"))


def _settle(tx: Tx, body: Body, meeting: Meeting) -> Screen | None:
    """A round stopped at its deadline by an open proposal is approved when the last one has been rejected or noted."""
    sent = meeting.round
    if body.approval is not Approval.TACIT or sent is None or sent.result is not RoundResult.STOPPED or rounds.stops(meeting, sent):
        return None
    meeting = _approve(tx, meeting, Approval.TACIT)
    return _desk(tx, body, meeting, notice=sentence("minutes.approved_now"))


# --- approval -------------------------------------------------------------------------------------------------------------


def check_minutes(_command: c.CheckMinutes, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    if body.approval is not Approval.CHECKERS:
        raise Refused("minutes.no_checkers")
    sent = meeting.round
    if sent is None:
        raise Refused("minutes.not_sent")
    if reason := rounds.stops(meeting, sent):
        raise Refused(f"minutes.stop_{reason}")
    if not any(one.person_id == tx.actor.id and one.round_number == sent.number for one in meeting.checks):
        meeting = replace(meeting, checks=(*meeting.checks, Check(tx.new_id(), meeting.id, tx.actor.id, sent.number, tx.now)))
        meeting = tx.save(meeting)
    if rounds.checked_by_all(body, meeting, sent):
        meeting = _approve(tx, meeting, Approval.CHECKERS)
    return replace(_board_or_desk(tx, body, meeting), notice=sentence("minutes.checked"))


def approve_minutes(command: c.ApproveMinutes, tx: Tx, scope: Scope) -> Screen:
    """The next meeting has approved them; which meeting is recorded."""
    body, meeting = scope.body, scope.meeting
    if body.approval is not Approval.NEXT_MEETING:
        raise Refused("minutes.not_by_meeting")
    rounds.require_version(command.version, meeting.version)
    if meeting.round is not None and (reason := rounds.stops(meeting, meeting.round)):
        raise Refused(f"minutes.stop_{reason}")
    later = [one for one in tx.meetings(body.id) if (one.day, one.start) > (meeting.day, meeting.start) and one.opened_at is not None]
    chosen = next((one for one in later if command.approved_in in {"", one.designation}), None)
    if chosen is None:
        raise Refused("minutes.no_later_meeting", number=meeting.designation)
    meeting = _approve(tx, replace(meeting, approved_in=chosen.designation), Approval.NEXT_MEETING)
    return _desk(tx, body, meeting, notice=sentence("minutes.approved_now"))


def end_round(command: c.EndRound, tx: Tx, scope: Scope) -> Screen:
    """The clock. State decides: a replaced, ended or not yet due round is left alone."""
    body, meeting = scope.body, scope.meeting
    sent = next((one for one in meeting.rounds if one.id == command.round_id), None)
    if sent is None or sent.result is not RoundResult.RUNNING or meeting.phase is not Phase.REVIEW:
        return _desk(tx, body, meeting)
    if tx.now < sent.ends_at:
        # The machine's clock was set back, or the law changed summer time: asked again when it is time.
        tx.later(e.EndRound(meeting.id, sent.id), due=sent.ends_at)
        return _desk(tx, body, meeting)
    result = rounds.end_result(body, meeting, sent)
    ended = replace(sent, result=result, ended_at=tx.now)
    meeting = replace(meeting, rounds=tuple(ended if one.id == sent.id else one for one in meeting.rounds))
    params = (("number", meeting.designation),)
    if result is RoundResult.APPROVED:
        # By the rule itself, at the end of the deadline, however late the clock got to run.
        meeting = _approve(tx, replace(meeting, approved_at=sent.ends_at), Approval.TACIT)
        told = "approved"
    else:
        meeting = tx.save(meeting)
        tx.later(e.RefreshBoard(meeting.id, "minutes"))
        told = f"stopped_{rounds.stops(meeting, ended)}" if result is RoundResult.STOPPED else "collected"
    tx.later(e.Tell(tx.new_id(), body.secretary_id, told, params, body.id, meeting.id))
    return _desk(tx, body, meeting)


def remind_round(command: c.RemindRound, tx: Tx, scope: Scope) -> Screen:
    """The clock, the day before: the seats that have not answered are reminded, each person once."""
    body, meeting = scope.body, scope.meeting
    sent = meeting.round
    if sent is not None and sent.id == command.round_id and sent.result is RoundResult.RUNNING and tx.now < sent.ends_at:
        params: tuple[tuple[str, str], ...] = (("number", meeting.designation), ("body", body.name), ("day", sent.deadline.isoformat()))
        told = "last_day"
        if sent.deadline_hour is not None:
            params, told = (*params, ("start", sent.deadline_hour.isoformat())), "last_hour"
        for person_id in rounds.reminded(body, meeting, sent):
            tx.later(e.Tell(f"{sent.id}:{person_id}", person_id, told, params, body.id, meeting.id))
    return _desk(tx, body, meeting)


def _approve(tx: Tx, meeting: Meeting, how: Approval) -> Meeting:
    ended = tuple(
        replace(one, result=RoundResult.APPROVED, ended_at=one.ended_at or tx.now)
        if one.result in {RoundResult.RUNNING, RoundResult.STOPPED, RoundResult.COLLECTED}
        else one
        for one in meeting.rounds
    )
    meeting = replace(meeting, phase=Phase.APPROVED, approved_at=meeting.approved_at or tx.now, approved_how=how, rounds=ended)
    meeting = tx.save(meeting)
    follow_previous_minutes(tx, tx.body(meeting.body_id), meeting)
    tx.later(e.RenderDocuments(meeting.id, "approved"))
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    tx.later(e.RefreshBoard(meeting.id, "minutes"))
    return meeting


# --- the board --------------------------------------------------------------------------------------------------------------


def board_minutes(tx: Tx, body: Body, meeting: Meeting) -> RoundOnBoard | None:
    return _round(tx, body, meeting, meeting.round) if meeting.round else None


def board_approved(tx: Tx, body: Body, meeting: Meeting) -> ApprovedOnBoard | None:
    documents = _documents(tx, meeting, "approved")
    if meeting.phase is not Phase.APPROVED or not documents:
        return None
    return ApprovedOnBoard(body=body, meeting=meeting, documents=documents)


def _round(tx: Tx, body: Body, meeting: Meeting, sent: Round) -> RoundOnBoard:
    running = sent.result is RoundResult.RUNNING and tx.now < sent.ends_at
    steps: tuple[c.Command, ...] = ()
    if running:
        steps = (c.CommentMinutes(meeting_id=meeting.id), c.AnswerNoComments(meeting_id=meeting.id))
    if body.approval is Approval.CHECKERS and meeting.phase is Phase.REVIEW:
        steps = (*steps, c.CheckMinutes(meeting_id=meeting.id))
    answered, asked = _counted(body, meeting, sent)
    return RoundOnBoard(
        body=body,
        meeting=meeting,
        sent=sent,
        documents=_documents(tx, meeting, f"round {sent.number}"),
        answered=answered,
        asked=asked,
        comments=len(rounds.comments_of(meeting, sent)),
        steps=steps,
    )


def _board_or_desk(tx: Tx, body: Body, meeting: Meeting) -> Screen:
    if meeting.round is None:
        return _desk(tx, body, meeting)
    return _round(tx, body, meeting, meeting.round)


def _desk(tx: Tx, body: Body, meeting: Meeting, *, notice: Sentence | None = None, deadline: str = "") -> MinutesDesk:
    sent = meeting.round
    answered, asked = _counted(body, meeting, sent) if sent else (0, 0)
    stopped = rounds.stops(meeting, sent) if sent and meeting.phase is Phase.REVIEW else ""
    day = (tx.now.astimezone(body.tz) + timedelta(days=body.comment_days)).date()
    return MinutesDesk(
        notice=notice,
        body=body,
        meeting=meeting,
        documents=_documents(tx, meeting, "approved" if meeting.phase is Phase.APPROVED else "minutes"),
        deadline=deadline or day.isoformat(),
        answered=answered,
        asked=asked,
        stopped=stopped,
        steps=tuple(step for step in next_steps(body, meeting, tx.actor, tx.now) if not isinstance(step, c.SendMinutes)),
    )


def _comments(tx: Tx, body: Body, meeting: Meeting, page: int) -> CommentsShown:
    waiting_first = sorted(meeting.comments, key=lambda one: (one.answer is not Answer.OPEN, one.at))
    pages = max(1, -(-len(waiting_first) // PAGE))
    page = min(max(1, page), pages)
    shown = tuple(waiting_first[(page - 1) * PAGE : page * PAGE])
    turn = tuple(c.ShowComments(meeting_id=meeting.id, page=one) for one in (page + 1, page - 1) if 1 <= one <= pages)
    return CommentsShown(
        body=body,
        meeting=meeting,
        comments=shown,
        people=tx.people({one.person_id for one in shown}),
        page=page,
        pages=pages,
        steps=(*turn, c.PrepareMinutes(meeting_id=meeting.id), c.ShowItem(meeting_id=meeting.id)),
    )


def _documents(tx: Tx, meeting: Meeting, kind: str) -> tuple[Document, ...]:
    return tuple(one for one in tx.documents(meeting.id) if one.kind == kind)


def _counted(body: Body, meeting: Meeting, sent: Round) -> tuple[int, int]:
    """How many of those asked have answered. A deputy's answer counts for their seat."""
    replied = {one.person_id for one in meeting.replies if one.round_id == sent.id}
    seats = rounds.seats_asked(body, meeting)
    return sum(1 for holders in seats if replied & set(holders)), len(seats)


def _running(meeting: Meeting, now: datetime) -> Round:
    sent = meeting.round
    if sent is None:
        raise Refused("minutes.not_sent")
    if sent.result is not RoundResult.RUNNING or now >= sent.ends_at:
        raise Refused("round.ended", deadline=sent.deadline)
    return sent


def _replied(meeting: Meeting, sent: Round, tx: Tx, *, no_comments: bool) -> Meeting:
    mine = next((one for one in meeting.replies if one.round_id == sent.id and one.person_id == tx.actor.id), None)
    if mine is None:
        reply = RoundReply(tx.new_id(), meeting.id, sent.id, tx.actor.id, tx.now, no_comments)
        return replace(meeting, replies=(*meeting.replies, reply))
    return replace(
        meeting, replies=tuple(replace(one, no_comments=no_comments, at=tx.now) if one.id == mine.id else one for one in meeting.replies)
    )


def _deadline(typed: str, body: Body, now: datetime) -> tuple[date, time | None]:
    read = read_deadline(typed, now.astimezone(body.tz).date())
    if read is None:
        raise Refused("round.deadline_unread", text=typed[:80])
    return read.day, read.hour


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.PrepareMinutes: prepare_minutes,
    c.SendMinutes: send_minutes,
    c.CommentMinutes: comment_minutes,
    c.AnswerNoComments: answer_no_comments,
    c.ShowComments: show_comments,
    c.AnswerComment: answer_comment,
    c.CheckMinutes: check_minutes,
    c.ApproveMinutes: approve_minutes,
    c.EndRound: end_round,
    c.RemindRound: remind_round,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.PrepareMinutes: minutes_desk,
    c.SendMinutes: minutes_desk,
    c.CommentMinutes: comment_form,
    c.AnswerNoComments: round_view,
    c.ShowComments: show_comments,
    c.AnswerComment: show_comments,
    c.CheckMinutes: round_view,
    c.ApproveMinutes: minutes_desk,
}
