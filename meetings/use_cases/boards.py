"""What each part of a meeting's thread on the board shows, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from meetings import commands as c
from meetings import effects as e
from meetings.errors import NotFound
from meetings.model import Body, Meeting
from meetings.ports import Tx
from meetings.rules.boards import own_answer, steps_on, viewers
from meetings.scope import Scope
from meetings.screens.agenda import MeetingOnBoard
from meetings.screens.attendance import RollOnBoard
from meetings.screens.base import OnBoard, Screen, sentence
from meetings.screens.minutes import ApprovedOnBoard, RoundOnBoard
from meetings.use_cases import agenda, attendance, minutes

# None: the part has nothing to show yet.
BOARDS: Mapping[str, Callable[[Tx, Body, Meeting], OnBoard | None]] = {
    "meeting": agenda.board_meeting,
    "roll": attendance.board_roll,
    "minutes": minutes.board_minutes,
    "approved": minutes.board_approved,
}
PARTS: Mapping[type[OnBoard], str] = {
    MeetingOnBoard: "meeting",
    RollOnBoard: "roll",
    RoundOnBoard: "minutes",
    ApprovedOnBoard: "approved",
}


def posted(tx: Tx, body: Body, meeting: Meeting, part: str) -> OnBoard | None:
    """As it stands on the board for everybody."""
    screen = BOARDS[part](tx, body, meeting)
    if screen is None:
        return None
    asking = viewers(body, meeting)
    people = tx.people(asking)
    in_teams = tuple(people[one].channel_id for one in asking if one in people and people[one].channel_id)
    return replace(screen, again=c.ShowBoard(meeting_id=meeting.id, part=part), viewers=in_teams)


def show_board(command: c.ShowBoard | c.OpenDesk, tx: Tx, scope: Scope) -> Screen:
    """Changes nothing. What it offers comes from who asks and from the state, nothing from the card that was shown."""
    board = BOARDS.get(command.part)
    screen = board(tx, scope.body, scope.meeting) if board else None
    if screen is None:
        raise NotFound("storage.not_found")
    return screen


def open_desk(command: c.OpenDesk, tx: Tx, scope: Scope) -> Screen:
    """The meeting's next steps go to the person's own chat; the card stays."""
    body, meeting = scope.body, scope.meeting
    number = (("number", meeting.designation),)
    tx.later(e.Tell(tx.new_id(), tx.actor.id, "at_desk", number, body.id, meeting.id))
    return replace(show_board(command, tx, scope), notice=sentence("board.at_desk"))


def own(screen: OnBoard, tx: Tx) -> Screen:
    """A card of the thread as it is for the actor, where the thread is: it is shown to nobody else, and asks again for them alone."""
    # Every one of them has a body and a meeting.
    shown = cast("MeetingOnBoard", screen)
    body, meeting = shown.body, shown.meeting
    here = tx.conversation
    if here is None or here.kind != "channel" or here.id != body.channel_id:
        return screen
    part = PARTS[type(screen)]
    answer = own_answer(part, body, meeting, tx.actor)
    turned = isinstance(screen, MeetingOnBoard) and screen.page > 1
    return replace(
        screen,
        # Who turned the page keeps it until the board changes.
        again=None if turned else c.ShowBoard(meeting_id=meeting.id, part=part),
        viewers=(tx.actor.channel_id,) if tx.actor.id in viewers(body, meeting) and tx.actor.channel_id else (),
        own=sentence(f"board.own_{answer}") if answer and screen.notice is None else None,
        steps=steps_on(part, screen.steps, body, meeting, tx.actor, tx.now),
    )


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowBoard: show_board,
    c.OpenDesk: open_desk,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.OpenDesk: show_board,
}
