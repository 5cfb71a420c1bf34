"""The changes of a roster between two meetings, as they are told to the body."""

from __future__ import annotations

from datetime import date, timedelta

from documents.attendance import seat_name
from documents.blocks import Block, Bullets
from documents.speech import Speech
from meetings.model import Body, Capacity, Holding
from meetings.rules.seats import SeatOnDay, seats_on


def roster_changes(say: Speech, body: Body, day: date, after: date | None) -> list[Block]:
    """Who took, left or lent a seat after the day `after` (None: the day before) up to `day`. A first roster is no change."""
    since = after or day - timedelta(days=1)
    lines = [line for seat in seats_on(body, day) for line in _of_seat(say, body, seat, since, day)]
    return say.labelled("roster_changes", (Bullets(tuple(lines)),)) if lines else []


def _of_seat(say: Speech, body: Body, seat: SeatOnDay, since: date, day: date) -> list[str]:
    name = seat_name(say, seat)
    held = [one for one in body.holdings if one.seat_id == seat.seat.id]
    lines = []
    for capacity in (Capacity.MEMBER, Capacity.DEPUTY):
        mine = [one for one in held if one.capacity is capacity]
        now = [one for one in mine if one.in_force(day)]
        before = [one for one in mine if one.in_force(since)]
        old_ids, new_ids = {one.person_id for one in before}, {one.person_id for one in now}
        gone = [one for one in before if one.person_id not in new_ids]
        come = [one for one in now if one.person_id not in old_ids]
        lines += [line for one in now for line in _leave(say, name, one, before)]
        had_holders = any(one.in_force(since) for one in held)
        for one in come if had_holders else []:
            left = gone.pop(0) if gone else None
            lines.append(_new(say, name, one, left))
        lines += [say(f"{capacity}_left", seat=name, before=say.name(one.person_id), day=one.until or day) for one in gone]
    return lines


def _new(say: Speech, seat: str, come: Holding, left: Holding | None) -> str:
    facts = {"seat": seat, "name": say.name(come.person_id), "day": come.since}
    if left is None:
        return say(f"new_{come.capacity}", **facts)
    return say(f"new_{come.capacity}_after", before=say.name(left.person_id), **facts)


def _leave(say: Speech, seat: str, now: Holding, before: list[Holding]) -> list[str]:
    same = next((one for one in before if one.person_id == now.person_id), None)
    if same is None or same.on_leave == now.on_leave:
        return []
    key = "leave_began" if now.on_leave else "leave_ended"
    return [say(key, seat=seat, name=say.name(now.person_id), day=now.since)]
