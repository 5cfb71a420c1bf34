"""The seats of a body: shown, changed from a date, and their holders linked to Teams accounts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.access import may
from meetings.errors import NotFound, Refused
from meetings.model import Body, Capacity, Person, Phase, Seat
from meetings.ports import Tx
from meetings.reading.moments import read_deadline
from meetings.rules import roster
from meetings.rules.rounds import same_record
from meetings.rules.seats import SeatOnDay, seats_on
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.seats import SeatForm, SeatsShown
from meetings.use_cases import answers

PAGE = 15
# So many names and accounts are offered for linking at a time; the rest follow when these are done.
MOST_OFFERED = 60


def show_seats(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    return _shown(tx, scope.body, getattr(command, "page", 1))


def show_seat(command: c.ShowSeat, tx: Tx, scope: Scope) -> Screen:
    """A seat with its history; without a seat chosen, all of them and a word that one is to be chosen."""
    if not command.seat_id:
        return replace(_shown(tx, scope.body, 1), notice=sentence("seats.choose"), wrong=True)
    return _form(tx, scope.body, find_seat(scope.body, command.seat_id), None)


def change_seat(command: c.ChangeSeat, tx: Tx, scope: Scope) -> Screen:
    """New holders from a date; every day before it stays as it was. People are recognised by e-mail or name, never guessed.

    An account chosen for a name that sits here without one is that name's.
    """
    body = scope.body
    seat = find_seat(body, command.seat_id)
    since = read_since(command.since, body, tx)
    member, deputy = (_account(tx, one) if one else None for one in (command.member_account, command.deputy_account))
    for account in (member, deputy):
        if account is not None and (named := _namesake(tx, body, seat, since, account)):
            body = _joined(tx, body, named, account)
    people = known_people(tx, body)
    here = _here(body, seat, since)
    written = roster.read_deputies(command.deputies)
    if member is None and command.member.strip():
        member = take_person(tx, people, roster.read_named(f"{command.member} {command.member_email}"), here)
    deputies = [take_person(tx, people, one, here).id for one in written]
    if deputy is not None and deputy.id not in deputies:
        deputies.append(deputy.id)
    if len(deputies) > roster.MOST_DEPUTIES:
        raise Refused("seats.deputies_many", most=roster.MOST_DEPUTIES)
    holders = [roster.Holder(member.id, Capacity.MEMBER, on_leave=command.on_leave)] if member is not None else []
    holders += [roster.Holder(one, Capacity.DEPUTY, place) for place, one in enumerate(deputies, start=1)]
    if len({one.person_id for one in holders}) < len(holders):
        raise Refused("seats.twice_on_seat")
    organisation = " ".join(command.organisation.split())[:200]
    body = replace(body, seats=tuple(replace(one, organisation=organisation) if one.id == seat.id else one for one in body.seats))
    body = roster.change_holders(body, seat.id, holders, since, tx.new_id)
    body = tx.save(body)
    follow_roster(tx, scope.body, body)
    return _form(tx, body, find_seat(body, seat.id), None, notice=sentence("seats.changed", since=since))


def seat_form(command: c.ChangeSeat, tx: Tx, scope: Scope) -> Screen:
    return _form(tx, scope.body, find_seat(scope.body, command.seat_id), command)


def link_person(command: c.LinkPerson, tx: Tx, scope: Scope) -> Screen:
    """A name of the roster is this account: from now on, and in what has been recorded, they are one person."""
    body = scope.body
    if not command.person_id or not command.account_id:
        raise Refused("seats.link_both")
    if command.person_id not in on_roster(body):
        raise NotFound("seats.no_such_person")
    named = tx.person(command.person_id)
    account = _account(tx, command.account_id)
    if named.account_id:
        raise Refused("seats.linked_already", name=named.name)
    body = _joined(tx, body, named, account)
    follow_roster(tx, body, body)
    return replace(_shown(tx, body, 1), notice=sentence("seats.linked", name=named.name, account=account.name))


def find_seat(body: Body, seat_id: str) -> Seat:
    found = next((seat for seat in body.seats if seat.id == seat_id), None)
    if found is None:
        raise NotFound("seats.no_such_seat")
    return found


def on_roster(body: Body) -> frozenset[str]:
    """Everybody who holds or has held a seat or attends as an expert, and the officers."""
    held = {one.person_id for one in body.holdings} | {one.person_id for one in body.experts}
    return frozenset(held | {body.secretary_id, body.chair_id, body.vice_chair_id}) - {""}


def known_people(tx: Tx, body: Body) -> list[Person]:
    """Those a written name may mean: the body's own people first, then everybody with an account."""
    own = tx.people(on_roster(body))
    return [*own.values(), *(one for one in tx.accounts() if one.id not in own)]


def take_person(tx: Tx, people: list[Person], named: roster.Named, here: Collection[str] = ()) -> Person:
    """The known person of that name or address, else a new one, who is known from then on.

    An address written for one of those `here` (the seat's present holders, by name) is a correction of theirs. The address of an
    account is Teams' own and stays: other bodies' invitations go there too.
    """
    present = [one for one in people if one.id in here]
    found = roster.find_person(roster.Named(named.name), present) or roster.find_person(named, people)
    if found is None:
        found = Person(id=tx.new_id(), tenant_id=tx.actor.tenant_id, name=named.name, email=named.email)
        tx.save(found)
        people.append(found)
    elif named.email and named.email != found.email and not (found.account_id and found.email):
        people[people.index(found)] = found = replace(found, email=named.email)
        tx.save(found)
    return found


def follow_roster(tx: Tx, before: Body, body: Body) -> None:
    """The calendars and the board's cards of meetings to come follow a changed roster; minutes that are out for comments and tell of
    other seats than before have to go round again."""
    for meeting in tx.meetings(body.id):
        if meeting.phase is Phase.REVIEW and seats_on(before, meeting.day) != seats_on(body, meeting.day):
            sent = tx.meeting(meeting.id)
            tx.save(replace(sent, rounds=tuple(replace(one, record="") for one in sent.rounds)))
        if meeting.phase in {Phase.PLANNED, Phase.PUBLISHED}:
            answers.follow_roster(tx, body, meeting)
            tx.later(e.SyncEvent(meeting.id))
            tx.later(e.RefreshBoard(meeting.id, "meeting"))
        elif meeting.phase is Phase.OPEN:
            tx.later(e.RefreshBoard(meeting.id, "roll"))


def read_since(typed: str, body: Body, tx: Tx) -> date:
    """The day a change is in force from; today when nothing was typed."""
    today = tx.now.astimezone(body.tz).date()
    if not typed.strip():
        return today
    read = read_deadline(typed, today)
    if read is None:
        raise Refused("seats.since_unread", text=typed.strip()[:40])
    return read.day


def _account(tx: Tx, chosen: str) -> Person:
    """The account chosen: by the person's id from our own list, by the account's from Teams' search."""
    found = next((one for one in tx.accounts() if chosen in {one.id, one.account_id}), None)
    if found is None:
        raise Refused("seats.no_such_account")
    return found


def _here(body: Body, seat: Seat, day: date) -> frozenset[str]:
    return frozenset(one.person_id for one in body.holdings if one.seat_id == seat.id and one.in_force(day))


def _namesake(tx: Tx, body: Body, seat: Seat, day: date, account: Person) -> Person | None:
    """The holder of the seat who is only a name as yet, and the account's name. Two who have held one seat are two people."""
    names = [one for one in tx.people(_here(body, seat, day)).values() if not one.account_id]
    named = roster.find_person(roster.Named(account.name), names)
    return None if named is None or _held(body, named) & _held(body, account) else named


def _held(body: Body, person: Person) -> frozenset[str]:
    """The seats the person has or has had."""
    return frozenset(one.seat_id for one in body.holdings if one.person_id == person.id)


def _joined(tx: Tx, body: Body, named: Person, account: Person) -> Body:
    """The roster and the record say of the account what they said of the name."""
    if _held(body, named) & _held(body, account):
        raise Refused("seats.link_same_seat", account=account.name)
    body = roster.with_person(body, named.id, account.id)
    body = tx.save(body)
    for header in tx.meetings(body.id):
        meeting = tx.meeting(header.id)
        changed = roster.with_person(meeting, named.id, account.id)
        if changed != meeting:
            tx.save(same_record(meeting, changed))
    tx.save(replace(account, email=account.email or named.email))
    return body


def _shown(tx: Tx, body: Body, page: int) -> SeatsShown:
    day = tx.now.astimezone(body.tz).date()
    seats = seats_on(body, day)
    pages = max(1, -(-len(seats) // PAGE))
    page = min(max(1, page), pages)
    shown = seats[(page - 1) * PAGE : page * PAGE]
    experts = tuple((one.person_id, one.organisation) for one in body.experts if one.in_force(day)) if page == pages else ()
    editing = may(c.ShowSeat, body, None, tx.actor, day)
    everybody = _holders(seats) | {one.person_id for one in body.experts if one.in_force(day)}
    unlinked, accounts = _linkable(tx, body, day, everybody) if editing else ((), ())
    turn: tuple[c.Command, ...] = (c.ShowSeats(body_id=body.id, page=page + 1),) if page < pages else ()
    if page > 1:
        turn = (*turn, c.ShowSeats(body_id=body.id, page=page - 1))
    own = (c.ReadRoster(body_id=body.id),) if editing else ()
    rest = tuple(one for one in next_steps(body, None, tx.actor, tx.now) if not isinstance(one, c.ShowSeats | c.ReadRoster))
    return SeatsShown(
        body=body,
        seats=shown,
        people=tx.people(_holders(shown) | {one for one, _ in experts}),
        page=page,
        pages=pages,
        experts=experts,
        editing=editing,
        unlinked=unlinked,
        accounts=accounts,
        steps=(*turn, *own, *rest),
    )


def _form(tx: Tx, body: Body, seat: Seat, typed: c.ChangeSeat | None, *, notice: Sentence | None = None) -> SeatForm:
    day = tx.now.astimezone(body.tz).date()
    held = next((one for one in seats_on(body, day) if one.seat.id == seat.id), SeatOnDay(seat, "", False, ()))
    history = tuple(sorted((one for one in body.holdings if one.seat_id == seat.id), key=lambda one: (one.since or date.min, one.position)))
    people = tx.people({one.person_id for one in history})
    stored = c.ChangeSeat(
        organisation=seat.organisation,
        member=people[held.member_id].name if held.member_id in people else "",
        member_email=people[held.member_id].email if held.member_id in people else "",
        deputies="\n".join(_written(people[one]) for one in held.deputy_ids if one in people),
        on_leave=held.on_leave,
        since=day.isoformat(),
    )
    form = typed or stored
    unlinked, accounts = _linkable(tx, body, day, _holders((held,)))
    return SeatForm(
        notice=notice,
        body=body,
        seat=seat,
        history=history,
        people=people,
        organisation=form.organisation,
        member=form.member,
        member_email=form.member_email,
        member_account=form.member_account,
        deputies=form.deputies,
        deputy_account=form.deputy_account,
        on_leave=form.on_leave,
        since=form.since,
        unlinked=unlinked,
        accounts=accounts,
        steps=(c.ShowSeats(body_id=body.id), c.PlanMeeting(body_id=body.id), c.ShowStatus(), c.ShowHelp()),
    )


def _linkable(tx: Tx, body: Body, day: date, ids: set[str]) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """Those of the persons who have no account, and the accounts nobody of the roster has."""
    unlinked = sorted((one for one in tx.people(ids).values() if not one.account_id), key=lambda one: one.name.casefold())
    taken = {one.person_id for one in body.holdings if one.in_force(day)} | {one.person_id for one in body.experts if one.in_force(day)}
    free = sorted((one for one in tx.accounts() if one.id not in taken), key=lambda one: one.name.casefold())
    return tuple(unlinked[:MOST_OFFERED]), tuple(free[:MOST_OFFERED])


def _holders(seats: tuple[SeatOnDay, ...]) -> set[str]:
    return {one for seat in seats for one in (seat.member_id, *seat.deputy_ids) if one}


def _written(person: Person) -> str:
    return f"{person.name} <{person.email}>" if person.email else person.name


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowSeats: show_seats,
    c.ShowSeat: show_seat,
    c.ChangeSeat: change_seat,
    c.LinkPerson: link_person,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowSeats: show_seats,
    c.ShowSeat: show_seat,
    c.ChangeSeat: seat_form,
    c.LinkPerson: show_seats,
}
