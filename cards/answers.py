"""Cards of answers to invitations and of the deputies called for a meeting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from meetings import commands as c
from meetings.model import DeputyCall
from meetings.rules.answers import Expected
from meetings.screens.answers import DeputiesShown
from meetings.screens.base import Screen
from texts import format_date, format_time

MOST = 25


def deputies_shown(card: Card, screen: DeputiesShown) -> None:
    meeting = screen.meeting
    card.heading(card.t("answers.deputies_title", number=meeting.designation), subtitle=screen.body.name)
    if meeting.opened_at is None:
        expectation(card, screen.expected)
    names = {person_id: person.name for person_id, person in screen.people.items()}
    for seat, deputy_id in screen.waiting[:MOST]:
        name = names.get(seat.member_id) or seat.seat.organisation or "–"
        card.line("answers.waits" if deputy_id else "answers.waits_for_nobody", name=name)
        if deputy_id and screen.may_call:
            call = c.CallDeputy(meeting_id=meeting.id, seat_id=seat.seat.id)
            card.buttons([(call, card.t("answers.call", name=names.get(deputy_id, "–")))])
    if not screen.calls:
        card.line("answers.no_calls")
        return
    member_of = {seat.seat.id: names.get(seat.member_id) or seat.seat.organisation or "–" for seat in screen.seats}
    rows = [
        (member_of.get(one.seat_id, "–"), f"{names.get(one.deputy_id, '–')}: {_state(card, one)}\n{_when(card, screen, one)}")
        for one in screen.calls[-MOST:]
    ]
    card.table((card.t("answers.for_whom"), card.t("answers.deputy")), rows, (2, 3))
    if len(screen.calls) > MOST:
        card.subtle("answers.newest", count=MOST)


def expectation(card: Card, found: Expected) -> None:
    """How many are expected against the quorum."""
    card.line("answers.coming", coming=found.coming, seats=found.seats, needed=found.needed)
    if found.coming >= found.needed and not found.chair:
        card.line("answers.chair_unsure")
    if rest := _rest(card, found):
        card.subtle("answers.rest", rest=rest)


def answered(card: Card, found: Expected) -> str:
    """The same in one line, once somebody has said something."""
    if found.unanswered + found.vacant == found.seats:
        return ""
    coming = card.t("answers.coming_of", coming=found.coming, seats=found.seats, needed=found.needed)
    return ", ".join(part for part in (coming, _rest(card, found)) if part)


def _rest(card: Card, found: Expected) -> str:
    counts = (("maybe", found.maybe), ("cannot", found.cannot), ("unanswered", found.unanswered), ("vacant", found.vacant))
    return ", ".join(card.t(f"answers.{name}_of", count=count) for name, count in counts if count)


def _when(card: Card, screen: DeputiesShown, call: DeputyCall) -> str:
    at = call.at.astimezone(screen.body.tz)
    return f"{format_date(card.language, at.date())} {format_time(card.language, at)}"


def _state(card: Card, call: DeputyCall) -> str:
    if call.ended_at is not None:
        return card.t("answers.state_ended")
    return card.t({None: "answers.state_asked", True: "answers.state_yes", False: "answers.state_no"}[call.accepted])


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    DeputiesShown: deputies_shown,
}
