"""A pasted or sent roster: read, asked about, shown, and confirmed from a date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.errors import Refused
from meetings.model import Capacity, Draft, Expert, Person
from meetings.ports import Tx
from meetings.reading.roster import PersonReading, SeatReading
from meetings.reading.roster import read_roster as read_text
from meetings.rules import roster as rules
from meetings.scope import Scope
from meetings.screens.base import Screen, sentence
from meetings.screens.seats import RosterRead, RosterRow, RosterWanted, Written
from meetings.use_cases.seats import PAGE, follow_roster, known_people, read_since, show_seats, take_person


def read_roster(command: c.ReadRoster, tx: Tx, scope: Scope) -> Screen:
    """Without text how to send one; with text what was understood. Who is in the team is read anew on the way."""
    body = scope.body
    tx.later(e.ReadMembers(body.channel_id))
    if not command.text.strip():
        return RosterWanted(body=body)
    draft = Draft(tx.new_id(), body.id, "roster", command.text)
    tx.save(draft)
    return roster_draft(draft, 1, tx, scope)


def roster_wanted(command: c.ReadRoster, tx: Tx, scope: Scope) -> Screen:
    """What was made of the text when it came first; the form with it where nothing was, or is no more."""
    draft = tx.draft_of(scope.body.id, "roster", command.text) if command.text.strip() else None
    return roster_draft(draft, 1, tx, scope) if draft is not None else RosterWanted(body=scope.body, text=command.text)


def roster_draft(draft: Draft, page: int, tx: Tx, scope: Scope) -> Screen:
    """What was read from a kept text; read anew each time with the answers given, so it can never differ from the text."""
    body = scope.body
    reading = read_text(draft.source, dict(draft.answers))
    people = known_people(tx, body)
    pages = max(1, -(-len(reading.seats) // PAGE))
    page = min(max(page, 1), pages)
    rows = tuple(_row(place, seat, people) for place, seat in enumerate(reading.seats, start=1))
    turn = (c.ShowDraft(draft_id=draft.id, page=page % pages + 1),) if pages > 1 else ()
    experts = tuple((_written(one, people), one.organisation) for one in reading.experts)
    officers = tuple(_written(one, people) for one in reading.officers)
    everybody = [*(one for row in rows for one in (row.member, *row.deputies) if one), *(one for one, _ in experts), *officers]
    return RosterRead(
        body=body,
        draft=draft,
        rows=rows[(page - 1) * PAGE : page * PAGE],
        experts=experts,
        officers=officers,
        questions=reading.questions,
        rest=reading.unread,
        since=tx.now.astimezone(body.tz).date().isoformat() if body.seats else "",
        page=page,
        pages=pages,
        seats=len(rows),
        deputies=sum(len(row.deputies) for row in rows),
        linked=sum(one.linked for one in everybody),
        steps=(*turn, c.ReadRoster(body_id=body.id), c.DropDraft(draft_id=draft.id)),
    )


def confirm_roster(command: c.ConfirmRoster, tx: Tx, scope: Scope) -> Screen:
    """The body has these seats from the date on (its first roster from the beginning), and the chair and vice-chair it names."""
    body = scope.body
    draft = tx.draft(command.draft_id)
    if draft.kind != "roster":
        raise Refused("drafts.which_kind")
    since = read_since(command.since, body, tx) if body.seats else None
    reading = read_text(draft.source, dict(draft.answers))
    people = known_people(tx, body)
    seats = []
    officers: dict[str, str] = {}
    for seat in reading.seats:
        holders = []
        for place, read in enumerate((*((seat.member,) if seat.member else ()), *seat.deputies), start=0 if seat.member else 1):
            person = take_person(tx, people, rules.Named(read.name, read.email))
            officers |= dict.fromkeys(read.roles, person.id)
            capacity = Capacity.DEPUTY if place else Capacity.MEMBER
            holders.append(rules.Holder(person.id, capacity, place, on_leave=seat.member_on_leave and not place))
        if len({one.person_id for one in holders}) < len(holders):
            raise Refused("seats.twice_in_row", row=seat.source[:80])
        seats.append(rules.WantedSeat(seat.organisation, seat.group, tuple(holders)))
    experts = tuple(
        Expert(tx.new_id(), body.id, take_person(tx, people, rules.Named(one.name, one.email)).id, one.organisation)
        for one in reading.experts
    )
    body = rules.take_roster(body, seats, experts, since, tx.new_id)
    body = replace(
        body, chair_id=officers.get("chair", "") or body.chair_id, vice_chair_id=officers.get("vice_chair", "") or body.vice_chair_id
    )
    tx.save(body)
    tx.drop_draft(draft.id)
    follow_roster(tx, scope.body, body)
    return replace(show_seats(command, tx, Scope(body)), notice=sentence("seats.confirmed", count=len(seats)))


def roster_view(command: c.ConfirmRoster, tx: Tx, scope: Scope) -> Screen:
    """After a refusal the reading again."""
    return roster_draft(tx.draft(command.draft_id), 1, tx, scope)


def _row(place: int, seat: SeatReading, people: Collection[Person]) -> RosterRow:
    return RosterRow(
        position=place,
        organisation=seat.organisation,
        member=_written(seat.member, people) if seat.member else None,
        on_leave=seat.member_on_leave,
        deputies=tuple(_written(one, people) for one in seat.deputies),
    )


def _written(read: PersonReading, people: Collection[Person]) -> Written:
    found = rules.find_person(rules.Named(read.name, read.email), people)
    return Written(read.name, read.email or (found.email if found else ""), linked=bool(found and found.account_id), roles=read.roles)


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ReadRoster: read_roster,
    c.ConfirmRoster: confirm_roster,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ReadRoster: roster_wanted,
    c.ConfirmRoster: roster_view,
}
