"""Who hears nothing of what is sent out: told to the secretary while it can still be helped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meetings.model import Body, Meeting, Person
from meetings.ports import Tx
from meetings.rules.answers import holder, invited
from meetings.rules.seats import SeatOnDay, seats_on


def without_address(tx: Tx, body: Body, *meetings: Meeting) -> tuple[str, ...]:
    """The names of those who are invited to one of the meetings and have no e-mail, by which alone invitations go."""
    ids = frozenset[str]().union(*(group for one in meetings for group in invited(body, one)))
    return tuple(sorted(person.name for person in tx.people(ids).values() if not person.email))


def unheard(tx: Tx, body: Body, meeting: Meeting) -> tuple[str, ...]:
    """The seats whose answer to the minutes is counted and of which nobody can be reached: no account and no e-mail."""
    seats = {seat: {seat.member_id, *seat.deputy_ids} - {""} for seat in seats_on(body, meeting.day)}
    people = tx.people(frozenset[str]().union(*seats.values()))
    reached = {person.id for person in people.values() if person.account_id or person.email}
    return seat_names((seat for seat, ids in seats.items() if ids and not ids & reached), people)


def seat_names(seats: Iterable[SeatOnDay], people: Mapping[str, Person]) -> tuple[str, ...]:
    """A seat is called by who holds it, while the member is on leave the first deputy; else by its organisation."""
    return tuple(people[holder(one)].name if holder(one) in people else one.seat.organisation or "–" for one in seats)
