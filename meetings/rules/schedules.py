"""Dates by the calendars: who could fill which seat at which date, and which date is best.

What is tentative counts as free, since an invitation that nobody has answered stands so in a calendar; but it is told. A calendar that
could not be read covers no seat, and is told apart from one that is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from meetings.model import Availability, Body
from meetings.rules.planning import Plan
from meetings.rules.polls import covered
from meetings.rules.seats import SeatOnDay, seats_on

Read = Mapping[str, Sequence[Availability]]
_PERHAPS = "?"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a date fits. `covered` of the voting `seats` could be filled by a member or a deputy, `members` of them by the member; at `full`
    seats nobody is free, at `unsure` ones nobody is but not all calendars could be read. `perhaps`: how many have something tentative.
    `chair`, `vice_chair` and `secretary`: None where the calendar could not be read or there is no such person."""

    plan: Plan
    covered: int
    seats: int
    members: int
    full: tuple[SeatOnDay, ...]
    unsure: tuple[SeatOnDay, ...]
    perhaps: int
    chair: Availability | None
    vice_chair: Availability | None
    secretary: Availability | None

    @property
    def heads(self) -> int:
        """Whether somebody can chair the meeting and the secretary can come: 0, 1 or 2."""
        return int(_comes(self.chair) or _comes(self.vice_chair)) + int(_comes(self.secretary))


def moment(plan: Plan) -> str:
    """The name of a date among others, `<date>T<start>`."""
    return datetime.combine(plan.day, plan.start).isoformat(timespec="minutes")


def asked_people(body: Body, plans: Sequence[Plan]) -> frozenset[str]:
    """Whose calendars are asked: chair, vice-chair, secretary, members and deputies. Experts come when they are invited."""
    seats = {seat for plan in plans for seat in seats_on(body, plan.day)}
    holders = {one for seat in seats for one in (seat.member_id, *seat.deputy_ids)}
    return frozenset(holders | {body.chair_id, body.vice_chair_id, body.secretary_id}) - {""}


def kept(plans: Sequence[Plan], read: Read) -> tuple[tuple[str, str], ...]:
    """What a draft keeps of the answer (person → each plan); see `Draft.busy`."""
    pairs = {("", moment(plan)) for plan in plans}
    for person_id, found in read.items():
        pairs.add((person_id, ""))
        for plan, said in zip(plans, found, strict=True):
            if said is not Availability.FREE:
                pairs.add((person_id, moment(plan) + (_PERHAPS if said is Availability.PERHAPS else "")))
    return tuple(sorted(pairs))


def unread(body: Body, plans: Sequence[Plan], busy: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Those whose calendar could not be read."""
    return asked_people(body, plans) - {person_id for person_id, when in busy if not when}


def fits(body: Body, plans: Sequence[Plan], busy: Sequence[tuple[str, str]]) -> tuple[Fit, ...]:
    """The dates, best first: those somebody can chair and the secretary can come to, then by the seats covered, by the members among
    them, by date. Nothing when the calendars were not asked about just these dates."""
    said = frozenset(busy)
    if not plans or {("", moment(plan)) for plan in plans} != {one for one in said if not one[0]}:
        return ()
    found = [_fit(body, plan, said) for plan in plans]
    return tuple(sorted(found, key=lambda one: (-one.heads, -one.covered, -one.members, one.plan.day, one.plan.start)))


def _fit(body: Body, plan: Plan, said: frozenset[tuple[str, str]]) -> Fit:
    people = {person_id: _availability(person_id, moment(plan), said) for person_id in asked_people(body, [plan])}
    filled = covered(body, plan.day, {person_id for person_id, one in people.items() if _comes(one)})
    seats = [seat for seat in seats_on(body, plan.day) if seat.seat.voting]
    left = [seat for seat in seats if seat.seat.id not in filled]
    unsure = [seat for seat in left if any(people[one] is None for one in _may_act(seat))]
    return Fit(
        plan,
        covered=len(filled),
        seats=len(seats),
        members=sum(filled.get(seat.seat.id) == seat.member_id for seat in seats),
        full=tuple(seat for seat in left if seat not in unsure),
        unsure=tuple(unsure),
        perhaps=sum(one is Availability.PERHAPS for one in people.values()),
        chair=people.get(body.chair_id),
        vice_chair=people.get(body.vice_chair_id),
        secretary=people.get(body.secretary_id),
    )


def _may_act(seat: SeatOnDay) -> tuple[str, ...]:
    return seat.deputy_ids if seat.on_leave or not seat.member_id else (seat.member_id, *seat.deputy_ids)


def _availability(person_id: str, when: str, said: frozenset[tuple[str, str]]) -> Availability | None:
    if (person_id, "") not in said:
        return None
    if (person_id, when) in said:
        return Availability.BUSY
    return Availability.PERHAPS if (person_id, when + _PERHAPS) in said else Availability.FREE


def _comes(availability: Availability | None) -> bool:
    return availability in {Availability.FREE, Availability.PERHAPS}
