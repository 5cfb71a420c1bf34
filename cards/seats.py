"""Cards of the roster and its seats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cards.drafts import questions, unplaced
from cards.kit import Card
from meetings import commands as c
from meetings.model import Body, Capacity, Holding, Person
from meetings.rules.seats import SeatOnDay
from meetings.screens.base import Screen
from meetings.screens.seats import RosterRead, RosterRow, RosterWanted, SeatForm, SeatsShown, Written
from texts import format_date

LINKED = "✓"
HISTORY = 12


def roster_wanted(card: Card, screen: RosterWanted) -> None:
    card.heading(card.t("seats.send_title"), subtitle=screen.body.name)
    card.line("seats.send_how")
    card.line("seats.send_form")
    card.text_input("text", card.t("seats.paste"), screen.text, lines=True, required=True, length=20_000)
    card.submit(c.ReadRoster(body_id=screen.body.id), title=card.t("seats.read"))


def roster_read(card: Card, screen: RosterRead) -> None:
    body = screen.body
    subtitle = card.t("seats.page", page=screen.page, pages=screen.pages) if screen.pages > 1 else ""
    card.heading(card.t("seats.read_title"), subtitle=" · ".join(part for part in (body.name, subtitle) if part))
    if not screen.seats:
        card.line("seats.nothing_read")
    else:
        counts = {"seats": screen.seats, "deputies": screen.deputies, "experts": len(screen.experts), "linked": screen.linked}
        card.line("seats.read_summary", **{name: str(number) for name, number in counts.items()})
    questions(card, screen.draft, screen.questions)
    if screen.rows:
        card.table((card.t("seats.organisation"), card.t("seats.member")), [_read_row(card, row) for row in screen.rows], (2, 3))
        card.subtle("seats.tick", tick=LINKED)
    if screen.experts:
        card.subheading(card.t("seats.experts"))
        lines = [", ".join(part for part in (_written(card, one), organisation) if part) for one, organisation in screen.experts]
        card.typed("\n".join(lines))
    if screen.officers:
        card.subheading(card.t("seats.officers"))
        card.typed("\n".join(_written(card, one) for one in screen.officers))
    unplaced(card, "seats.unplaced", screen.rest)
    if not screen.seats:
        return
    if screen.since:
        card.date_input("since", card.t("seats.confirm_since"), screen.since, required=True)
    else:
        card.line("seats.confirm_first")
    card.submit(c.ConfirmRoster(draft_id=screen.draft.id))


def seats_shown(card: Card, screen: SeatsShown) -> None:
    body = screen.body
    subtitle = card.t("seats.page", page=screen.page, pages=screen.pages) if screen.pages > 1 else ""
    card.heading(card.t("seats.title"), subtitle=" · ".join(part for part in (body.name, subtitle) if part))
    if not screen.seats:
        card.line("seats.none")
        return
    heads = (card.t("seats.organisation"), card.t("seats.member"))
    card.table(heads, [_row(card, body, seat, screen.people) for seat in screen.seats], (2, 3))
    card.subtle("seats.tick", tick=LINKED)
    if screen.experts:
        card.subheading(card.t("seats.experts"))
        shown = [(person_name(screen.people, one), organisation) for one, organisation in screen.experts[:20]]
        card.typed("\n".join(f"{name}, {organisation}" if organisation else name for name, organisation in shown))
    if not screen.editing:
        return
    choices = [(one.seat.id, _seat_title(one, screen.people)) for one in screen.seats]
    card.choice_input("seat_id", card.t("seats.which"), choices)
    card.submit(c.ShowSeat(body_id=body.id))
    _linking(card, body, screen.unlinked, screen.accounts)


def seat_form(card: Card, screen: SeatForm) -> None:
    body, seat = screen.body, screen.seat
    card.heading(card.t("seats.seat", number=str(seat.position)), subtitle=seat.organisation or body.name)
    if screen.history:
        card.subheading(card.t("seats.history"))
        card.typed("\n".join(_line(card, one, screen.people) for one in screen.history[-HISTORY:]), limit=4000)
    card.subheading(card.t("seats.change"))
    card.text_input("organisation", card.t("seats.organisation"), screen.organisation, length=200)
    card.text_input("member", card.t("seats.member_empty"), screen.member, length=120)
    card.text_input("member_email", card.t("seats.email"), screen.member_email, length=200)
    _account(card, "member_account", card.t("seats.member_account"), screen.accounts, screen.member_account)
    card.toggle_input("on_leave", card.t("seats.on_leave"), value=screen.on_leave)
    card.text_input("deputies", card.t("seats.deputies_lines"), screen.deputies, lines=True, length=1500)
    _account(card, "deputy_account", card.t("seats.deputy_account"), screen.accounts, screen.deputy_account)
    card.date_input("since", card.t("seats.since"), screen.since, required=True)
    card.submit(c.ChangeSeat(body_id=body.id, seat_id=seat.id))
    _linking(card, body, screen.unlinked, screen.accounts)


def person_name(people: Mapping[str, Person], person_id: str, *, tick: bool = True) -> str:
    """The name, ticked when the person has a Teams account; – for nobody."""
    person = people.get(person_id)
    if person is None:
        return "–"
    return f"{person.name}\u00a0{LINKED}" if tick and person.account_id else person.name


def _row(card: Card, body: Body, seat: SeatOnDay, people: Mapping[str, Person]) -> tuple[str, str]:
    member = person_name(people, seat.member_id)
    if office := {body.chair_id: "chair", body.vice_chair_id: "vice_chair"}.get(seat.member_id, "") if seat.member_id else "":
        member = f"{member} ({card.t(f'seats.role_{office}')})"
    if seat.on_leave:
        member = f"{member} ({card.t('seats.leave')})"
    return _cells(card, seat.seat.position, seat.seat.organisation, member, [person_name(people, one) for one in seat.deputy_ids])


def _read_row(card: Card, row: RosterRow) -> tuple[str, str]:
    member = _written(card, row.member) if row.member else "–"
    if row.on_leave:
        member = f"{member} ({card.t('seats.leave')})"
    return _cells(card, row.position, row.organisation, member, [_written(card, one) for one in row.deputies])


def _cells(card: Card, position: int, organisation: str, member: str, deputies: Sequence[str]) -> tuple[str, str]:
    """The seat, and who holds it: the member, and the deputies on a line of their own."""
    return f"{position}. {organisation}".strip(), f"{member}\n{card.t('seats.deputies')}: {', '.join(deputies) or '–'}"


def _written(card: Card, person: Written) -> str:
    roles = f" ({', '.join(card.t(f'seats.role_{role}') for role in person.roles)})" if person.roles else ""
    return f"{person.name}{roles}\u00a0{LINKED}" if person.linked else f"{person.name}{roles}"


def _seat_title(seat: SeatOnDay, people: Mapping[str, Person]) -> str:
    parts = (seat.seat.organisation[:40], person_name(people, seat.member_id, tick=False))
    return f"{seat.seat.position}. {', '.join(part for part in parts if part)}"


def _line(card: Card, one: Holding, people: Mapping[str, Person]) -> str:
    since = format_date(card.language, one.since) if one.since else ""
    until = format_date(card.language, one.until) if one.until else ""
    role = card.t("seats.as_member" if one.capacity is Capacity.MEMBER else "seats.as_deputy")
    leave = f" ({card.t('seats.leave')})" if one.on_leave else ""
    span = f" {since}–{until}" if since or until else ""
    return f"{role}: {person_name(people, one.person_id)}{leave}{span}"


def _linking(card: Card, body: Body, unlinked: tuple[Person, ...], accounts: tuple[Person, ...]) -> None:
    if not unlinked or not accounts:
        return
    card.subheading(card.t("seats.link_title"))
    card.subtle("seats.link_why")
    card.choice_input("person_id", card.t("seats.link_person"), [(one.id, one.name) for one in unlinked])
    _account(card, "account_id", card.t("seats.link_account"), accounts)
    card.submit(c.LinkPerson(body_id=body.id))


def _account(card: Card, field: str, label: str, accounts: tuple[Person, ...], value: str = "") -> None:
    titles = [(one.id, f"{one.name} ({one.email})" if one.email else one.name) for one in accounts]
    card.people_input(field, label, titles, value)


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    RosterWanted: roster_wanted,
    RosterRead: roster_read,
    SeatsShown: seats_shown,
    SeatForm: seat_form,
}
