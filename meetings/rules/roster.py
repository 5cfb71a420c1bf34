"""Who sits where from a date: a whole roster or one seat is changed, and every earlier day stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from meetings.errors import Refused
from meetings.model import Attendance, Body, Capacity, Expert, Holding, Meeting, Person, Seat

MOST_SEATS = 120
MOST_DEPUTIES = 6
LONGEST_NAME = 120
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[^\s<>(),;]+@[^\s<>(),;]+\.[^\s<>(),;]+")
_DAY = timedelta(days=1)

Thing = TypeVar("Thing", Body, Meeting)


@dataclass(frozen=True, slots=True)
class Named:
    """A person as written: a name and perhaps an e-mail address."""

    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder of a seat as wanted from a date on."""

    person_id: str
    capacity: Capacity
    position: int = 0
    on_leave: bool = False


@dataclass(frozen=True, slots=True)
class WantedSeat:
    """A seat of a new roster with its holders."""

    organisation: str
    group: str
    holders: tuple[Holder, ...]


def find_person(named: Named, known: Iterable[Person]) -> Person | None:
    """The known person of that e-mail address, else of exactly that name when only one has it. Never a guess."""
    people = tuple(known)
    if named.email:
        by_address = [one for one in people if one.email.casefold() == named.email.casefold()]
        if by_address:
            return by_address[0]
    by_name = [one for one in people if _folded(one.name) == _folded(named.name)]
    # Two addresses are two people, whatever the name says.
    by_name = [one for one in by_name if not (named.email and one.email)]
    with_account = [one for one in by_name if one.account_id]
    fitting = with_account or by_name
    return fitting[0] if len({one.id for one in fitting}) == 1 else None


def read_named(line: str) -> Named:
    """`Name <address>`, `Name, address` or a bare name."""
    if len(line) > 2 * LONGEST_NAME + LONGEST_ADDRESS:
        raise Refused("seats.name_long", text=line.strip()[:40], most=LONGEST_NAME)
    found = _ADDRESS.search(line)
    email = found[0] if found else ""
    name = " ".join(line.replace(email, " ").split()) if email else " ".join(line.split())
    name = name.strip(" ,;<>()")
    if not name:
        raise Refused("seats.name_missing", text=line.strip()[:80])
    if len(name) > LONGEST_NAME:
        raise Refused("seats.name_long", text=name[:40], most=LONGEST_NAME)
    return Named(name, email)


def read_deputies(typed: str) -> tuple[Named, ...]:
    """One deputy a line, in order."""
    found = tuple(read_named(line) for line in typed.splitlines() if line.strip())
    if len(found) > MOST_DEPUTIES:
        raise Refused("seats.deputies_many", most=MOST_DEPUTIES)
    return found


def change_holders(body: Body, seat_id: str, wanted: Sequence[Holder], since: date | None, new_id: Callable[[], str]) -> Body:
    """The body whose seat has exactly `wanted` on `since` and every day after it, and what it had on every day before.

    `since` None: from the beginning. Holdings that go on unchanged are kept as they are.
    """
    mine = [one for one in body.holdings if one.seat_id == seat_id]
    left = [*wanted]
    kept = []
    for one in mine:
        same = Holder(one.person_id, one.capacity, one.position, one.on_leave)
        begun = since is not None and (one.since is None or one.since < since)
        if begun and since is not None:
            running = one.until is None or one.until >= since - _DAY
            if running and same in left:
                left.remove(same)
                kept.append(replace(one, until=None))
            else:
                kept.append(one if one.until is not None and one.until < since else replace(one, until=since - _DAY))
    added = [Holding(new_id(), body.id, seat_id, one.person_id, one.capacity, one.position, one.on_leave, since) for one in left]
    others = [one for one in body.holdings if one.seat_id != seat_id]
    return replace(body, holdings=(*others, *kept, *added))


def take_roster(body: Body, wanted: Sequence[WantedSeat], experts: Sequence[Expert], since: date | None, new_id: Callable[[], str]) -> Body:
    """The body with the roster in force from `since` (None for its first). Seats not in it are abolished the day before.

    A seat is recognised by its member, else by its organisation (in order, when it has several), so that its history goes on.
    """
    if not wanted:
        raise Refused("seats.nothing_read")
    if len(wanted) > MOST_SEATS:
        raise Refused("seats.many", most=MOST_SEATS)
    before = [seat for seat in sorted(body.seats, key=lambda one: one.position) if since is not None and seat.in_force(since)]
    pairs = _recognised(body, before, wanted, since)
    gone = [seat for seat in before if seat.id not in {seat_id for seat_id in pairs if seat_id}]
    last = since - _DAY if since else None
    changed = body
    for seat in gone:
        changed = change_holders(changed, seat.id, (), since, new_id)
    ended = {seat.id for seat in gone}
    seats = {seat.id: replace(seat, until=last) if seat.id in ended else seat for seat in body.seats if since is not None}
    ids = []
    for place, (seat_id, one) in enumerate(zip(pairs, wanted, strict=True), start=1):
        old = seats.get(seat_id)
        if old is None:
            seat = Seat(new_id(), body.id, place, one.organisation, one.group, since=since)
        else:
            seat = replace(old, position=place, organisation=one.organisation, group=one.group)
        seats[seat.id] = seat
        ids.append(seat.id)
    holdings = changed.holdings if since is not None else ()
    changed = replace(changed, seats=tuple(seats.values()), holdings=holdings)
    for seat_id, one in zip(ids, wanted, strict=True):
        changed = change_holders(changed, seat_id, one.holders, since, new_id)
    return replace(changed, experts=_experts(body.experts, experts, since))


def with_person(thing: Thing, old: str, new: str) -> Thing:
    """Everything said of one person said of another, who is the same human being: a name of the roster gets its account."""
    changed: Thing = _pointed(thing, old, new)
    if isinstance(changed, Meeting):
        # Both may have been marked at the roll call; the account's own answer is what counts.
        signed: dict[str, Attendance] = {}
        for before, after in zip(thing.attendances if isinstance(thing, Meeting) else (), changed.attendances, strict=True):
            if after.person_id not in signed or before.person_id == new:
                signed[after.person_id] = after
        return replace(changed, attendances=tuple(signed.values()))
    return changed


def _recognised(body: Body, before: Sequence[Seat], wanted: Sequence[WantedSeat], since: date | None) -> list[str]:
    """For each wanted seat the id of the present seat it is, empty for a new one."""
    free = {seat.id: seat for seat in before}
    members = {
        one.person_id: one.seat_id
        for one in body.holdings
        if since is not None and one.capacity is Capacity.MEMBER and one.seat_id in free and one.in_force(since)
    }
    found = [""] * len(wanted)
    for place, one in enumerate(wanted):
        member = next((holder.person_id for holder in one.holders if holder.capacity is Capacity.MEMBER), "")
        if members.get(member, "") in free:
            found[place] = members[member]
            del free[members[member]]
    for place, one in enumerate(wanted):
        if found[place] or not one.organisation:
            continue
        same = next((seat for seat in free.values() if _folded(seat.organisation) == _folded(one.organisation)), None)
        if same is not None:
            found[place] = same.id
            del free[same.id]
    return found


def _experts(old: Sequence[Expert], new: Sequence[Expert], since: date | None) -> tuple[Expert, ...]:
    if since is None:
        return tuple(new)
    wanted = {one.person_id: one for one in new}
    kept = []
    for one in old:
        if one.since is not None and one.since >= since:
            continue
        if one.in_force(since - _DAY) and one.person_id in wanted:
            kept.append(replace(one, until=None, organisation=wanted.pop(one.person_id).organisation))
        else:
            kept.append(one if one.until is not None and one.until < since else replace(one, until=since - _DAY))
    return (*kept, *(replace(one, since=since) for one in wanted.values()))


def _pointed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_pointed(one, old, new) for one in value)
    if isinstance(value, str):
        return new if value == old else value
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{field.name: _pointed(getattr(value, field.name), old, new) for field in fields(value)})
    return value


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
