"""Answers to the invitation, from the calendar or the board, the deputies they call, and the warning that too few are expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.access import may
from meetings.errors import Refused
from meetings.model import Body, InvitationAnswer, Meeting, Sign
from meetings.ports import Tx
from meetings.rules import answers as rules
from meetings.rules.answers import News, Turn
from meetings.rules.attendance import sign
from meetings.rules.seats import seats_on
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.answers import DeputiesShown
from meetings.screens.base import Screen, sentence

NAMED = 12


# --- answers ----------------------------------------------------------------------------------------------------------------


def take_answers(command: c.TakeAnswers, tx: Tx, scope: Scope) -> Screen:
    """The calendar: what attendees answered there. Told twice, late or in the wrong order it changes nothing: the newest word of a person
    counts, whichever way it came. Once the meeting is open, answers say nothing any more."""
    body, meeting = scope.body, scope.meeting
    if meeting.phase not in rules.BEFORE:
        return _log(tx, body, meeting)
    before = meeting
    addresses = _addresses(tx, body, meeting)
    for reply in sorted(command.replies, key=lambda one: one.at):
        person_id = addresses.get(reply.email.casefold(), "")
        made = InvitationAnswer(tx.new_id(), meeting.id, person_id, reply.response, reply.at, reply.proposed_start, reply.proposed_end)
        taken = rules.take(meeting, made) if person_id else meeting
        if taken is not meeting:
            meeting = _said(tx, body, meeting, taken, person_id, rules.SIGN_OF.get(reply.response))
            _tell_proposal(tx, body, meeting, made)
    if meeting != before:
        meeting = tx.save(meeting)
        tx.later(e.RefreshBoard(meeting.id, "meeting"))
    return _log(tx, body, meeting)


def note_word(tx: Tx, body: Body, meeting: Meeting, person_id: str, word: Sign) -> Meeting:
    """A word given here before the roll is closed: signed, and what follows for the deputies. Before the meeting it is the person's newest
    answer, so that an older one, read from the calendar later, does not undo it."""
    taken = meeting
    if meeting.opened_at is None:
        made = InvitationAnswer(tx.new_id(), meeting.id, person_id, rules.RESPONSE_OF[word], tx.now)
        taken = rules.take(meeting, made)
    return _said(tx, body, meeting, taken, person_id, word)


def _said(tx: Tx, body: Body, before: Meeting, taken: Meeting, person_id: str, word: Sign | None) -> Meeting:
    """`word` None: neither yes nor no, so that what was said before no longer counts."""
    if rules.sign_of(before, person_id) is word:
        return taken
    signed = sign(body, taken, person_id, word, tx.new_id) if word else rules.unsigned(taken, person_id)
    meeting, news = rules.follow(body, signed, person_id, tx.now, tx.actor.id, tx.new_id)
    _follow(tx, body, before, meeting, news, person_id)
    _warn_again(tx, body, before, meeting)
    return meeting


def _addresses(tx: Tx, body: Body, meeting: Meeting) -> dict[str, str]:
    """Address → person, of everybody who may have been invited; of two with one address, the one who must come."""
    required, optional = rules.invited(body, meeting)
    deputies = {one for seat in seats_on(body, meeting.day) for one in seat.deputy_ids}
    people = tx.people(required | optional | deputies)
    found: dict[str, str] = {}
    for group in (required - deputies, required, optional, deputies):
        for person_id in sorted(group):
            if person_id in people and people[person_id].email:
                found.setdefault(people[person_id].email.casefold(), person_id)
    return found


def _tell_proposal(tx: Tx, body: Body, meeting: Meeting, made: InvitationAnswer) -> None:
    if made.proposed_start is None:
        return
    start = made.proposed_start.astimezone(body.tz)
    params = (
        ("name", tx.person(made.person_id).name),
        ("number", meeting.designation),
        ("day", start.date().isoformat()),
        ("start", start.time().isoformat("minutes")),
    )
    tx.later(e.Tell(f"proposed:{made.id}", body.secretary_id, "time_proposed", params, body.id, meeting.id))


# --- deputies ---------------------------------------------------------------------------------------------------------------


def show_deputies(_command: c.Command, tx: Tx, scope: Scope) -> Screen:
    """Who was called for whom, and which seats wait for a deputy."""
    return _log(tx, scope.body, scope.meeting)


def call_deputy(command: c.CallDeputy, tx: Tx, scope: Scope) -> Screen:
    """The secretary calls the next deputy of a seat whose member cannot come."""
    body, meeting = scope.body, scope.meeting
    seat = next((one for one in seats_on(body, meeting.day) if one.seat.id == command.seat_id), None)
    if seat is None or not rules.waits_for_deputy(meeting, seat):
        raise Refused("answers.nobody_waits")
    deputy_id = rules.next_deputy(body, meeting, seat)
    if not deputy_id:
        raise Refused("answers.no_deputy_left")
    called = rules.call(meeting, seat, deputy_id, tx.actor.id, tx.now, tx.new_id)
    _follow(tx, body, meeting, called, (News(Turn.CALLED, seat, deputy_id),))
    meeting = tx.save(called)
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    return replace(_log(tx, body, meeting), notice=sentence("answers.called", name=tx.person(deputy_id).name))


def follow_roster(tx: Tx, body: Body, header: Meeting) -> None:
    """The roster of a meeting to come has changed: calls for what is no longer so are taken back, and seats that wait get a deputy."""
    meeting = tx.meeting(header.id)
    settled, news = rules.settle(body, meeting, tx.now, tx.actor.id, tx.new_id)
    if settled != meeting:
        tx.save(settled)
        _follow(tx, body, meeting, settled, news)


def ask_again(tx: Tx, body: Body, moved: Meeting) -> Meeting:
    """The meeting at another time, of which nobody has said anything. Deputies who were called are told that they are not needed yet."""
    told = (("number", moved.designation), ("body", body.name))
    for one in moved.deputy_calls:
        deputy = tx.person(one.deputy_id)
        if rules.is_active(one) and (deputy.channel_id or deputy.email):
            tx.later(e.Tell(tx.new_id(), deputy.id, "moved_on", told, body.id, moved.id))
    return rules.ask_again(body, moved, tx.now, tx.new_id)


def _follow(tx: Tx, body: Body, before: Meeting, meeting: Meeting, news: Iterable[News], answered: str = "") -> None:
    """Each turn is told to those it concerns, in Teams or by letter; the calendar follows. `answered`: whose word it follows from."""
    if rules.invited(body, before) != rules.invited(body, meeting):
        tx.later(e.SyncEvent(meeting.id))
    for one in news:
        member = tx.people({one.seat.member_id}).get(one.seat.member_id)
        facts = (("name", member.name if member else "–"), ("number", meeting.designation))
        deputy = tx.person(one.deputy_id) if one.deputy_id else None
        both = (*facts, ("deputy", deputy.name if deputy else ""))
        told = (*facts, ("body", body.name))
        reached = deputy is not None and bool(deputy.channel_id or deputy.email)
        if deputy is not None and reached and one.turn in {Turn.CALLED, Turn.RELEASED, Turn.ENDED}:
            tx.later(e.Tell(tx.new_id(), deputy.id, str(one.turn), told, body.id, meeting.id))
        if one.turn is Turn.CALLED and reached and member is not None and (member.channel_id or member.email):
            tx.later(e.Tell(tx.new_id(), member.id, "called_for_you", both, body.id, meeting.id))
        key = {
            Turn.CALLED: "deputy_called" if reached else "deputy_to_call",
            Turn.RELEASED: "deputy_released",
            Turn.ENDED: "deputy_ended",
            Turn.WANTED: "deputy_wanted",
            Turn.NOBODY: "nobody_to_call",
        }[one.turn]
        declined = answered in one.seat.deputy_ids and rules.sign_of(meeting, answered) in rules.CANNOT
        if declined and one.turn in {Turn.CALLED, Turn.WANTED, Turn.NOBODY}:
            # That the member cannot come is known; this time it was their deputy.
            _tell_secretary(tx, body, meeting, f"{key}_next", (*both, ("declined", tx.person(answered).name)))
        else:
            _tell_secretary(tx, body, meeting, key, both)


def _tell_secretary(tx: Tx, body: Body, meeting: Meeting, key: str, params: tuple[tuple[str, str], ...]) -> None:
    if body.secretary_id:
        tx.later(e.Tell(tx.new_id(), body.secretary_id, key, params, body.id, meeting.id))


def _log(tx: Tx, body: Body, meeting: Meeting) -> DeputiesShown:
    seats = seats_on(body, meeting.day)
    waiting = tuple((seat, rules.next_deputy(body, meeting, seat)) for seat in seats if rules.waits_for_deputy(meeting, seat))
    calls = tuple(sorted(meeting.deputy_calls, key=lambda one: one.at))
    ids = {seat.member_id for seat in seats} | {deputy_id for _, deputy_id in waiting}
    ids |= {person_id for one in calls for person_id in (one.deputy_id, one.called_by)}
    rest = tuple(step for step in next_steps(body, meeting, tx.actor, tx.now) if not isinstance(step, c.ShowDeputies))
    return DeputiesShown(
        body=body,
        meeting=meeting,
        people=tx.people(ids - {""}),
        expected=rules.expected(body, meeting),
        calls=calls,
        waiting=waiting,
        seats=seats,
        may_call=may(c.CallDeputy, body, meeting, tx.actor, tx.now.astimezone(body.tz).date()),
        steps=rest,
    )


# --- the warning ------------------------------------------------------------------------------------------------------------


def warn_quorum(_command: c.WarnQuorum, tx: Tx, scope: Scope) -> Screen:
    """The clock, some days before. State decides: a meeting that was moved, cancelled or opened, or has enough, needs no warning."""
    body, meeting = scope.body, scope.meeting
    if meeting.phase in rules.BEFORE and _in_warning(body, meeting, tx.now):
        _warn(tx, body, meeting)
    return _log(tx, body, meeting)


def later_warning(tx: Tx, body: Body, meeting: Meeting) -> None:
    """Set, or move, the timer of the warning."""
    at = rules.next_warning(body, meeting, tx.now)
    if at is not None:
        tx.later(e.WarnQuorum(meeting.id), due=at.astimezone(UTC))


def _in_warning(body: Body, meeting: Meeting, now: datetime) -> bool:
    """Whether it is so near that too few are to be told of."""
    at = rules.warning_at(body, meeting)
    return at is not None and at <= now and now.astimezone(body.tz).date() <= meeting.day


def _warn_again(tx: Tx, body: Body, before: Meeting, meeting: Meeting) -> None:
    """Who was told that all was well, or nothing, is told when an answer changes that."""
    if meeting.phase not in rules.BEFORE or not _in_warning(body, meeting, tx.now):
        return
    if rules.expected(body, before).enough and not rules.expected(body, meeting).enough:
        _warn(tx, body, meeting)


def _warn(tx: Tx, body: Body, meeting: Meeting) -> None:
    found = rules.expected(body, meeting)
    if found.enough:
        return
    people = tx.people(rules.holder(seat) for seat in found.missing)
    names = [people[one].name if (one := rules.holder(seat)) in people else seat.seat.organisation or "–" for seat in found.missing]
    params = (
        ("number", meeting.designation),
        ("coming", str(found.coming)),
        ("seats", str(found.seats)),
        ("needed", str(found.needed)),
        ("names", ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")),
    )
    key = "few_expected" if found.coming < found.needed else "chair_not_expected"
    for person_id in dict.fromkeys((body.secretary_id, body.chair_id)):
        if person_id:
            tx.later(e.Tell(tx.new_id(), person_id, key, params, body.id, meeting.id))


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.TakeAnswers: take_answers,
    c.WarnQuorum: warn_quorum,
    c.ShowDeputies: show_deputies,
    c.CallDeputy: call_deputy,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.ShowDeputies: show_deputies,
    c.CallDeputy: show_deputies,
}
