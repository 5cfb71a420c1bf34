"""Which date suits: what may be asked, and the dates ranked by the seats that somebody could fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, time

from meetings.errors import Refused
from meetings.model import Attendance, Body, Meeting, Poll, PollOption, Sign
from meetings.rules.planning import Plan
from meetings.rules.presence import actors
from meetings.rules.seats import seats_on

FEWEST, MOST = 2, 10


@dataclass(frozen=True, slots=True)
class Suiting:
    """How a date suits. `seats` voting seats, `covered` of them by a member or deputy whom it suits; `chair` and `secretary`: their own
    word, None while they have said nothing."""

    option: PollOption
    covered: int
    seats: int
    chair: bool | None
    secretary: bool | None


def may_be_asked(plans: Sequence[Plan], body: Body) -> bool:
    """Whether a poll can be made of the dates: some, not many, all at one place, and no other poll going on."""
    try:
        require_askable(plans, body)
    except Refused:
        return False
    return True


def require_askable(plans: Sequence[Plan], body: Body) -> None:
    if open_poll(body) is not None:
        raise Refused("polls.one_open")
    if not FEWEST <= len({(plan.day, plan.start) for plan in plans}) <= MOST or len(plans) > MOST:
        raise Refused("polls.how_many", least=FEWEST, most=MOST)
    if len({(plan.place, plan.online) for plan in plans}) > 1:
        raise Refused("polls.places")


def open_poll(body: Body) -> Poll | None:
    """The newest poll that goes on."""
    return next((one for one in reversed(body.polls) if one.closed_at is None), None)


def options_of(body: Body, poll: Poll) -> tuple[PollOption, ...]:
    """The dates of a poll by date: their place in this order is their number on the card."""
    mine = (one for one in body.poll_options if one.poll_id == poll.id)
    return tuple(sorted(mine, key=lambda one: (one.day, one.start, one.id)))


def is_asked(body: Body, person_id: str, day: date) -> bool:
    """Members, deputies, chair and secretary are asked; experts come when they are invited."""
    return person_id in _heads(body) or any(one.person_id == person_id and one.in_force(day) for one in body.holdings)


def _heads(body: Body) -> Set[str]:
    return {body.secretary_id, body.chair_id, body.vice_chair_id} - {""}


def unheard(body: Body, poll: Poll, day: date) -> Set[str]:
    """Of those who are asked the ones who have said nothing yet; nobody once the poll has ended."""
    if poll.closed_at is not None:
        return set()
    options = {one.id for one in options_of(body, poll)}
    heard = {one.person_id for one in body.poll_answers if one.option_id in options}
    return ({one.person_id for one in body.holdings if one.in_force(day)} | _heads(body)) - heard


def covered(body: Body, day: date, free: Set[str]) -> Mapping[str, str]:
    """Voting seat → who would fill it, if those and only those came whom the day suits: a member their own, a deputy one seat at most."""
    present = tuple(Attendance(person_id, "", person_id, Sign.PRESENT) for person_id in sorted(free))
    imagined = Meeting("", body.id, 0, day.year, day, time(0), attendances=present)
    voting = {one.seat.id for one in seats_on(body, day) if one.seat.voting}
    return {seat_id: person_id for seat_id, person_id in actors(body, imagined).items() if seat_id in voting}


def ranked(body: Body, poll: Poll) -> tuple[Suiting, ...]:
    """Best first: by the seats covered, ties by date."""
    return tuple(sorted((_suiting(body, one) for one in options_of(body, poll)), key=lambda one: -one.covered))


def _suiting(body: Body, option: PollOption) -> Suiting:
    said = {one.person_id: one.suits for one in body.poll_answers if one.option_id == option.id}
    free = {person_id for person_id, suits in said.items() if suits}
    return Suiting(
        option,
        covered=len(covered(body, option.day, free)),
        seats=sum(one.seat.voting for one in seats_on(body, option.day)),
        chair=said.get(body.chair_id),
        secretary=said.get(body.secretary_id),
    )
