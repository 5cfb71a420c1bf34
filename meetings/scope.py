"""Which body and which meeting a command is about, when it does not say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from meetings.access import ACCESS, has_part, may_read
from meetings.commands import Command
from meetings.errors import NotFound, Refused
from meetings.model import Body, Meeting, Phase
from meetings.ports import Tx


@dataclass(frozen=True, slots=True)
class Scope:
    """What was found. Use cases ask `body` and `meeting`, which refuse in words when there is none."""

    found_body: Body | None = None
    found_meeting: Meeting | None = None

    @property
    def body(self) -> Body:
        if self.found_body is None:
            raise Refused("scope.no_body")
        return self.found_body

    @property
    def meeting(self) -> Meeting:
        if self.found_meeting is None:
            raise Refused("scope.no_meeting")
        return self.found_meeting


def find_scope(command: Command, tx: Tx) -> Scope:
    """The body and meeting named by the command's ids, else the ones at hand in this conversation.

    At hand: the channel's body, or at the desk the one chosen, or the only one. Of its meetings, among those in a phase where the
    command means something: the open one, else the nearest to come, else the latest. When there is none, the one at hand in any other
    phase, so that the refusal can say where that one stands.

    A body is a wall: to whom it is not open, what belongs to it does not exist (`NotFound`).
    """
    scope = _scope(command, tx)
    if scope.found_body is not None and not is_open(scope.found_body, tx, scope.found_meeting):
        raise NotFound("storage.not_found")
    return scope


def is_open(body: Body, tx: Tx, meeting: Meeting | None = None) -> bool:
    """To those who have a part in it, or had on the day of the meeting, and to all who stand on its channel, as Teams lets nobody else
    press or write there. The bot itself sees all."""
    here, today = tx.conversation, tx.now.astimezone(body.tz).date()
    on_board = here is not None and here.kind == "channel" and here.id == body.channel_id
    own = may_read(body, meeting, tx.actor, today) if meeting else has_part(body, tx.actor, today)
    return on_board or not tx.actor.id or own


def own_bodies(tx: Tx) -> tuple[Body, ...]:
    """Those in which the actor has a part now, or will have one; by name."""
    return tuple(body for body in tx.bodies() if has_part(body, tx.actor, tx.now.astimezone(body.tz).date()))


def _scope(command: Command, tx: Tx) -> Scope:
    meeting_id = getattr(command, "meeting_id", "")
    body_id = getattr(command, "body_id", "")
    if draft_id := getattr(command, "draft_id", ""):
        draft = tx.draft(draft_id)
        meeting_id, body_id = draft.meeting_id, draft.body_id
    if meeting_id:
        meeting = tx.meeting(meeting_id)
        return Scope(tx.body(meeting.body_id), meeting)
    body = tx.body(body_id) if body_id else body_at_hand(tx)
    if body is None or not hasattr(command, "meeting_id"):
        return Scope(body)
    phases = ACCESS[type(command)].phases
    return Scope(body, meeting_at_hand(tx, body, phases) or _out_of_phase(tx, body, phases))


def body_at_hand(tx: Tx) -> Body | None:
    if tx.conversation is not None and tx.conversation.kind == "channel":
        return tx.body_of_channel(tx.conversation.id)
    if tx.actor.desk_body_id:
        with suppress(NotFound):
            chosen = tx.body(tx.actor.desk_body_id)
            if is_open(chosen, tx):
                return chosen
    bodies = own_bodies(tx)
    return bodies[0] if len(bodies) == 1 else None


def _out_of_phase(tx: Tx, body: Body, phases: tuple[Phase, ...]) -> Meeting | None:
    """A meeting already held says nothing about preparing the next one."""
    meeting = meeting_at_hand(tx, body, ())
    preparing = set(phases) <= {Phase.PLANNED, Phase.PUBLISHED}
    held = meeting is not None and meeting.closed_at is not None
    return None if preparing and held else meeting


def meeting_at_hand(tx: Tx, body: Body, phases: tuple[Phase, ...]) -> Meeting | None:
    headers = [one for one in tx.meetings(body.id) if one.phase is not Phase.CANCELLED and (not phases or one.phase in phases)]
    if not headers:
        return None
    today = tx.now.astimezone(body.tz).date()
    opened = [one for one in headers if one.phase is Phase.OPEN]
    unfinished = [one for one in headers if one.phase in {Phase.CLOSED, Phase.REVIEW}]
    coming = [one for one in headers if one.phase in {Phase.PLANNED, Phase.PUBLISHED} and one.day >= today]
    order = opened or coming[:1] or unfinished[-1:] or headers[-1:]
    return tx.meeting(order[0].id)
