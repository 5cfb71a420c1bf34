"""For whom a card of the board is made anew, and what it offers to the one who looks."""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import date, datetime

from meetings import commands as c
from meetings.access import Role, allowed, roles
from meetings.model import Approval, Body, Meeting, Person, Phase, Poll, RoundResult, Sign
from meetings.rules.answers import BEFORE, acting
from meetings.rules.polls import unheard
from meetings.rules.presence import attended, in_room
from meetings.rules.rounds import reminded, seats_asked
from meetings.rules.seats import seats_on
from meetings.rules.steps import next_steps

# For so many people at most a card may say that their clients ask by themselves for it as it is for them.
MOST = 60
# What is done by one press. A form would be gone from the board's card as soon as somebody else's press changes it, with all that was typed
# there: for those the way leads to the desk.
_PRESSED = (c.OpenMeeting, c.FindQuorum)
# On which cards of the thread the work of a phase shows.
_WORKED_ON = {
    "meeting": (*BEFORE, Phase.OPEN, Phase.CLOSED),
    "roll": (Phase.OPEN,),
    "minutes": (Phase.REVIEW,),
}


def viewers(body: Body, meeting: Meeting) -> tuple[str, ...]:
    """Everybody of the body on the day of the meeting, those first for whom most depends on its cards. See `_in_order`."""
    return _in_order(body, meeting.day, lambda: _wanted(body, meeting))


def poll_viewers(body: Body, poll: Poll, day: date) -> tuple[str, ...]:
    """As `viewers`, of a poll on a day."""
    return _in_order(body, day, lambda: unheard(body, poll, day))


def _in_order(body: Body, day: date, wanted: Callable[[], Set[str]]) -> tuple[str, ...]:
    """Secretary, chairs, checkers; in a body of more than `MOST` then those of whom an answer is wanted now; members by their seats;
    deputies by their seats; experts. The first `MOST` of them who are in Teams are the ones a card is made anew for."""
    checkers = body.checker_ids if body.approval is Approval.CHECKERS else ()
    offices = (body.secretary_id, body.chair_id, body.vice_chair_id, *checkers)
    seats = seats_on(body, day)
    members = [seat.member_id for seat in seats]
    deputies = [one for seat in seats for one in seat.deputy_ids]
    experts = [one.person_id for one in body.experts if one.in_force(day)]
    found = dict.fromkeys((*offices, *members, *deputies, *experts))
    if len(found) > MOST:
        first = wanted()
        found = dict.fromkeys((*offices, *(one for one in found if one in first), *found))
    return tuple(one for one in found if one)


def _wanted(body: Body, meeting: Meeting) -> Set[str]:
    """Those of whom an answer is wanted now."""
    if meeting.phase is Phase.REVIEW and meeting.round is not None and meeting.round.result is RoundResult.RUNNING:
        return set(reminded(body, meeting, meeting.round))
    if meeting.phase in {*BEFORE, Phase.OPEN}:
        return set(acting(body, meeting).values()) - {one.person_id for one in meeting.attendances}
    return set()


def steps_on(part: str, shown: tuple[c.Command, ...], body: Body, meeting: Meeting, person: Person, now: datetime) -> tuple[c.Command, ...]:
    """Of the card's own buttons those that are the person's, after the work that is theirs."""
    day = now.astimezone(body.tz).date()
    if meeting.phase not in _WORKED_ON.get(part, ()):
        return tuple(allowed(shown, body, meeting, person, day))
    work = [step for step in next_steps(body, meeting, person, now) if isinstance(step, _PRESSED)]
    return tuple(dict.fromkeys((*work, *allowed((c.OpenDesk(meeting_id=meeting.id, part=part), *shown), body, meeting, person, day))))


def own_answer(part: str, body: Body, meeting: Meeting, person: Person) -> str:
    """What the person has said there, or that they have not though they are asked; "" when there is nothing to say."""
    if part == "minutes":
        sent = meeting.round
        if sent is None or sent.result is not RoundResult.RUNNING or meeting.phase is not Phase.REVIEW:
            return ""
        if any(one.round_id == sent.id and one.person_id == person.id for one in meeting.replies):
            return "replied"
        return "waited" if any(person.id in holders for holders in seats_asked(body, meeting)) else ""
    if part not in {"meeting", "roll"} or meeting.phase not in {*BEFORE, Phase.OPEN}:
        return ""
    sign = next((one.sign for one in meeting.attendances if one.person_id == person.id), None)
    if meeting.opened_at is None and sign is Sign.PRESENT:
        return "coming"
    if in_room(meeting, person.id):
        return "present"
    if attended(meeting, person.id):
        return "left"
    if sign is None:
        return "waited" if roles(body, person, meeting.day) & {Role.MEMBER} else ""
    return str(sign)
