"""What the cards of the board show, and to whom: the parts of a meeting's thread, and polls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from meetings import commands as c
from meetings import effects as e
from meetings.errors import NotFound
from meetings.model import Body, Meeting
from meetings.ports import Tx
from meetings.rules.boards import MOST, own_answer, poll_viewers, steps_on, viewers
from meetings.rules.polls import unheard
from meetings.scope import Scope
from meetings.screens.agenda import MeetingOnBoard
from meetings.screens.attendance import RollOnBoard
from meetings.screens.base import OnBoard, Screen, sentence
from meetings.screens.minutes import ApprovedOnBoard, RoundOnBoard
from meetings.screens.polls import PollShown
from meetings.use_cases import agenda, attendance, minutes
from meetings.use_cases.polls import poll_for

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
    return screen and for_all(screen, tx)


def for_all(screen: OnBoard, tx: Tx) -> OnBoard:
    """What the clients of those it most concerns ask for anew, each as it is for them."""
    _, again, viewers = _asked(screen, tx)
    return replace(screen, again=again, viewers=_in_teams(viewers, tx))


def _asked(screen: OnBoard, tx: Tx) -> tuple[Body, c.Command, tuple[str, ...]]:
    """Whose board it is, how the card is asked for anew, and by whom first."""
    if isinstance(screen, PollShown):
        body, poll = screen.body, screen.poll
        return body, c.ShowPoll(body_id=body.id, poll_id=poll.id), poll_viewers(body, poll, tx.now.astimezone(body.tz).date())
    # All others have a body and a meeting.
    shown = cast("MeetingOnBoard", screen)
    return shown.body, c.ShowBoard(meeting_id=shown.meeting.id, part=PARTS[type(screen)]), viewers(shown.body, shown.meeting)


def _in_teams(viewers: tuple[str, ...], tx: Tx) -> tuple[str, ...]:
    """So many of them as a card may name, by their ids in Teams."""
    people = tx.people(viewers)
    return tuple(people[one].channel_id for one in viewers if one in people and people[one].channel_id)[:MOST]


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
    """A card of the board as it is for the actor, where the board is: it is shown to nobody else, and asks again for them alone. One that
    is read by all asks for each of them."""
    here, actor = tx.conversation, tx.actor
    if here is None or here.kind != "channel":
        return screen
    body, again, viewers = _asked(screen, tx)
    if here.id != body.channel_id:
        return screen
    if tx.aloud:
        return for_all(screen, tx)
    asks = actor.id in viewers and (len(viewers) <= MOST or actor.channel_id in _in_teams(viewers, tx))
    asking = (actor.channel_id,) if asks and actor.channel_id else ()
    if isinstance(screen, PollShown):
        waited = screen.notice is None and actor.id in unheard(body, screen.poll, tx.now.astimezone(body.tz).date())
        return replace(poll_for(screen, tx), again=again, viewers=asking, own=sentence("board.own_waited") if waited else None)
    shown, part = cast("MeetingOnBoard", screen), PARTS[type(screen)]
    answer = own_answer(part, body, shown.meeting, actor)
    turned = isinstance(screen, MeetingOnBoard) and screen.page > 1
    return replace(
        screen,
        # Who turned the page keeps it until the board changes.
        again=None if turned else again,
        viewers=asking,
        own=sentence(f"board.own_{answer}") if answer and screen.notice is None else None,
        steps=steps_on(part, screen.steps, body, shown.meeting, actor, tx.now),
    )


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowBoard: show_board,
    c.OpenDesk: open_desk,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.OpenDesk: show_board,
}
