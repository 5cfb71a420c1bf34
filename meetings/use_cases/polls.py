"""A poll over several dates: opened from a list of dates, answered on the board, ended by the choice that becomes the meeting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.errors import Refused
from meetings.model import Body, Poll, PollAnswer, PollOption
from meetings.ports import Tx
from meetings.rules import planning
from meetings.rules import polls as rules
from meetings.rules.planning import Plan
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.planning import DatesPlanned
from meetings.screens.polls import PollRow, PollShown
from meetings.use_cases.dates import best_of, dates_draft, plans_of
from meetings.use_cases.planning import new_meeting
from meetings.use_cases.reach import without_address


def open_poll(command: c.OpenPoll, tx: Tx, scope: Scope) -> Screen:
    """The dates are asked about on the board; the list itself has done its work."""
    draft = tx.draft(command.draft_id)
    plans = best_of(draft, tx, scope) if command.best else plans_of(draft, tx, scope)
    rules.require_askable(plans, scope.body)
    poll = Poll(tx.new_id(), scope.body.id, tx.now, plans[0].place, plans[0].online)
    once = {(plan.day, plan.start): plan for plan in plans}.values()
    options = tuple(PollOption(tx.new_id(), scope.body.id, poll.id, plan.day, plan.start, plan.end) for plan in once)
    body = tx.save(replace(scope.body, polls=(*scope.body.polls, poll), poll_options=(*scope.body.poll_options, *options)))
    tx.drop_draft(draft.id)
    tx.later(e.RefreshPoll(body.id, poll.id))
    return _shown(body, poll, tx, sentence("polls.opened"))


def poll_or_dates(command: c.OpenPoll, tx: Tx, scope: Scope) -> Screen:
    return dates_draft(tx.draft(command.draft_id), 1, tx, scope)


def show_poll(command: c.ShowPoll | c.AnswerPoll | c.ClosePoll, tx: Tx, scope: Scope) -> Screen:
    return _shown(scope.body, _poll(scope.body, command.poll_id), tx)


def answer_poll(command: c.AnswerPoll, tx: Tx, scope: Scope) -> Screen:
    """One word a person and date; the newest counts."""
    body = scope.body
    if not rules.is_asked(body, tx.actor.id, tx.now.astimezone(body.tz).date()):
        raise Refused("polls.not_asked")
    poll = _going_on(body, command.poll_id)
    option = _option(body, poll, command.option_id)
    mine = next((one for one in body.poll_answers if (one.option_id, one.person_id) == (option.id, tx.actor.id)), None)
    answer = replace(mine, suits=command.suits) if mine else PollAnswer(tx.new_id(), body.id, option.id, tx.actor.id, command.suits)
    if answer != mine:
        body = tx.save(replace(body, poll_answers=(*(one for one in body.poll_answers if one != mine), answer)))
        tx.later(e.RefreshPoll(body.id, poll.id))
    number = rules.options_of(body, poll).index(option) + 1
    return _shown(body, poll, tx, sentence("polls.suits_noted" if command.suits else "polls.suits_not_noted", number=number))


def close_poll(command: c.ClosePoll, tx: Tx, scope: Scope) -> Screen:
    """The chosen date is planned at once: what is doubtful about it stood beside the button."""
    poll = _going_on(scope.body, command.poll_id)
    option = _option(scope.body, poll, command.option_id) if command.option_id else None
    closed = replace(poll, closed_at=tx.now)
    body = tx.save(replace(scope.body, polls=tuple(closed if one == poll else one for one in scope.body.polls)))
    tx.later(e.RefreshPoll(body.id, poll.id))
    if option is None:
        return _shown(body, closed, tx, sentence("polls.closed"))
    plan = _plan(poll, option)
    ((_, number),) = planning.numbered([plan], tx.meetings(body.id))
    meeting = new_meeting(tx, body, plan, number)
    steps = next_steps(body, meeting, tx.actor, tx.now)
    return DatesPlanned(
        body=body,
        meetings=(meeting,),
        without_address=without_address(tx, body, meeting),
        steps=steps,
        notice=sentence("polls.chosen", number=meeting.designation),
    )


def poll_on_board(body: Body, poll: Poll) -> PollShown:
    """The poll as everybody sees it."""
    numbers = _numbers(body, poll)
    rows = tuple(PollRow(numbers[one.option.id], one) for one in rules.ranked(body, poll))
    return PollShown(
        body=body, poll=poll, rows=rows, answered=_answered(body, poll), asking=poll.closed_at is None, choosing=False, steps=()
    )


def poll_for(board: PollShown, tx: Tx) -> PollShown:
    """As it is for the actor: with their own answers, for the secretary with the choice, and nothing to press for whom it is not about."""
    body, poll = board.body, board.poll
    going_on = poll.closed_at is None
    choosing = going_on and tx.actor.id == body.secretary_id
    own = {one.option_id: one.suits for one in body.poll_answers if one.person_id == tx.actor.id}
    rows = tuple(
        replace(one, own=own.get(one.suiting.option.id), doubts=_doubts(body, poll, one.suiting.option, tx) if choosing else ())
        for one in board.rows
    )
    end = (c.ClosePoll(body_id=body.id, poll_id=poll.id),) if choosing else ()
    asking = going_on and rules.is_asked(body, tx.actor.id, tx.now.astimezone(body.tz).date())
    return replace(board, rows=rows, asking=asking, choosing=choosing, steps=end)


def _shown(body: Body, poll: Poll, tx: Tx, notice: Sentence | None = None) -> Screen:
    """At a desk with what else the reader can do. On the board as everybody sees it: whose it is alone, `boards.own` sees to."""
    board = replace(poll_on_board(body, poll), notice=notice)
    if tx.conversation is not None and tx.conversation.kind == "channel":
        return board
    shown = poll_for(board, tx)
    after = tuple(one for one in next_steps(body, None, tx.actor, tx.now) if not isinstance(one, c.ShowPoll))
    return replace(shown, steps=(*shown.steps, *after[:4]))


def _doubts(body: Body, poll: Poll, option: PollOption, tx: Tx) -> tuple[Sentence, ...]:
    found = planning.doubts(_plan(poll, option), tx.now.astimezone(body.tz), tx.holiday(option.day), tx.meetings(body.id))
    return tuple(Sentence(one.key, one.params) for one in found)


def _plan(poll: Poll, option: PollOption) -> Plan:
    return Plan(option.day, option.start, option.end, poll.place, poll.online)


def _numbers(body: Body, poll: Poll) -> Mapping[str, int]:
    return {one.id: number for number, one in enumerate(rules.options_of(body, poll), start=1)}


def _answered(body: Body, poll: Poll) -> int:
    numbers = _numbers(body, poll)
    return len({one.person_id for one in body.poll_answers if one.option_id in numbers})


def _poll(body: Body, poll_id: str) -> Poll:
    """The one named, else the one that goes on."""
    found = next((one for one in body.polls if one.id == poll_id), None) if poll_id else rules.open_poll(body)
    if found is None:
        raise Refused("polls.none")
    return found


def _going_on(body: Body, poll_id: str) -> Poll:
    poll = _poll(body, poll_id)
    if poll.closed_at is not None:
        raise Refused("polls.ended")
    return poll


def _option(body: Body, poll: Poll, option_id: str) -> PollOption:
    found = next((one for one in rules.options_of(body, poll) if one.id == option_id), None)
    if found is None:
        raise Refused("polls.which")
    return found


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.OpenPoll: open_poll,
    c.ShowPoll: show_poll,
    c.AnswerPoll: answer_poll,
    c.ClosePoll: close_poll,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.OpenPoll: poll_or_dates,
    c.AnswerPoll: show_poll,
    c.ClosePoll: show_poll,
}
