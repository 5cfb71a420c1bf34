"""Answers to the invitation before the meeting: which of two counts, who is expected, and which deputy is called for a seat.

A seat waits for its holder: the member, or the first deputy while the member is on leave or the place is vacant. When the holder cannot
come, the other deputies are called one at a time, in their order. The log of calls is only ever added to and marked, never shortened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from meetings.model import Body, Calling, DeputyCall, InvitationAnswer, Meeting, Phase, Response, Sign
from meetings.rules.presence import in_room
from meetings.rules.seats import SeatOnDay, seats_on

BEFORE = frozenset({Phase.PLANNED, Phase.PUBLISHED})
COMES = frozenset({Sign.PRESENT, Sign.LATE})
CANNOT = frozenset({Sign.EXCUSED, Sign.ABSENT})
WARN_AT = time(9)
# An answer that says neither yes nor no leaves no sign.
SIGN_OF = {Response.ACCEPTED: Sign.PRESENT, Response.DECLINED: Sign.EXCUSED}
RESPONSE_OF = {
    Sign.PRESENT: Response.ACCEPTED,
    Sign.LATE: Response.ACCEPTED,
    Sign.EXCUSED: Response.DECLINED,
    Sign.ABSENT: Response.DECLINED,
}


class Turn(StrEnum):
    """What became of a seat's deputies after an answer (ENDED: after a change of the roster)."""

    CALLED = "called"
    RELEASED = "released"
    ENDED = "ended"
    WANTED = "wanted"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class News:
    """One turn at a seat. WANTED: the secretary is to call `deputy_id`; NOBODY: no deputy is left."""

    turn: Turn
    seat: SeatOnDay
    deputy_id: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """How many of the voting `seats` answered what, `vacant` having nobody to answer; `needed` suffice. `chair`: chair or vice-chair comes,
    or the body asks for neither."""

    coming: int
    maybe: int
    cannot: int
    unanswered: int
    seats: int
    needed: int
    chair: bool
    missing: tuple[SeatOnDay, ...] = ()
    vacant: int = 0

    @property
    def enough(self) -> bool:
        return self.coming >= self.needed and self.chair


# --- answers ----------------------------------------------------------------------------------------------------------------


def answer_of(meeting: Meeting, person_id: str) -> InvitationAnswer | None:
    return next((one for one in meeting.answers if one.person_id == person_id), None)


def take(meeting: Meeting, made: InvitationAnswer) -> Meeting:
    """The meeting with the answer, if it is newer than the one known; else the meeting itself. Of two of the same second, which is as fine
    as calendars tell it, the one told later counts. An invitation nobody has answered says nothing."""
    known = answer_of(meeting, made.person_id)
    if made.response is Response.NONE:
        return meeting
    if known is not None and (known.at > made.at or (known.at == made.at and known.response in {made.response, Response.NONE})):
        return meeting
    kept = replace(made, id=known.id if known else made.id)
    return replace(meeting, answers=(*(one for one in meeting.answers if one is not known), kept))


def ask_again(body: Body, meeting: Meeting, now: datetime, new_id: Callable[[], str]) -> Meeting:
    """At another time everybody is asked anew: signs go, calls end, and an answer given before now no longer counts when it arrives."""
    known = {one.person_id: one.id for one in meeting.answers}
    people = set(known).union(*invited(body, meeting), *(seat.deputy_ids for seat in seats_on(body, meeting.day)))
    asked = tuple(InvitationAnswer(known.get(one) or new_id(), meeting.id, one, Response.NONE, now) for one in sorted(people))
    calls = tuple(replace(one, ended_at=now) if not one.item_id and one.ended_at is None else one for one in meeting.deputy_calls)
    return replace(meeting, attendances=(), answers=asked, deputy_calls=calls)


def unsigned(meeting: Meeting, person_id: str) -> Meeting:
    return replace(meeting, attendances=tuple(one for one in meeting.attendances if one.person_id != person_id))


def sign_of(meeting: Meeting, person_id: str) -> Sign | None:
    return next((one.sign for one in meeting.attendances if one.person_id == person_id), None)


# --- deputies ---------------------------------------------------------------------------------------------------------------


def holder(seat: SeatOnDay) -> str:
    """Who is waited for: the member, or the first deputy while the member is on leave or the place is vacant."""
    if seat.member_id and not seat.on_leave:
        return seat.member_id
    return seat.deputy_ids[0] if seat.deputy_ids else ""


def is_active(call: DeputyCall) -> bool:
    """Whether the deputy is (to be) in the seat for the whole meeting."""
    return not call.item_id and call.ended_at is None and call.accepted is not False


def active_call(meeting: Meeting, seat: SeatOnDay) -> DeputyCall | None:
    """The call by which a deputy is in the seat; there is one at most."""
    return next((one for one in meeting.deputy_calls if one.seat_id == seat.seat.id and is_active(one)), None)


def acting(body: Body, meeting: Meeting) -> dict[str, str]:
    """Seat → who is to sit in it, before the meeting: the deputy called, else the holder unless they cannot come. Nobody twice."""
    found: dict[str, str] = {}
    for seat in seats_on(body, meeting.day):
        made = active_call(meeting, seat)
        person_id = made.deputy_id if made else holder(seat)
        if person_id and person_id not in found.values() and (made or sign_of(meeting, person_id) not in CANNOT):
            found[seat.seat.id] = person_id
    return found


def next_deputy(body: Body, meeting: Meeting, seat: SeatOnDay) -> str:
    """Who has said they come, else the first deputy who has not said no; nobody who is called for another seat or holds one."""
    busy = {one.deputy_id for one in meeting.deputy_calls if is_active(one)}
    busy |= {holder(one) for one in seats_on(body, meeting.day)}
    free = [one for one in seat.deputy_ids if one not in busy and sign_of(meeting, one) not in CANNOT]
    return next((one for one in free if sign_of(meeting, one) in COMES), free[0] if free else "")


def invited(body: Body, meeting: Meeting) -> tuple[frozenset[str], frozenset[str]]:
    """Who must come and who may: holders of seats, deputies called and the body's officers; experts, and where the body always invites
    them, first deputies. Who declined stays invited beside the next one: they may change their mind, and need no cancellation."""
    seats = seats_on(body, meeting.day)
    required = {holder(seat) for seat in seats}
    required |= {one.deputy_id for one in meeting.deputy_calls if not one.item_id and one.ended_at is None}
    required |= {body.secretary_id, body.chair_id, body.vice_chair_id}
    optional = {expert.person_id for expert in body.experts if expert.in_force(meeting.day)}
    if body.calling is Calling.ALWAYS:
        optional |= {seat.deputy_ids[0] for seat in seats if seat.deputy_ids}
    return frozenset(required - {""}), frozenset(optional - required)


def waits_for_deputy(meeting: Meeting, seat: SeatOnDay) -> bool:
    """Whether the holder cannot come and nobody is called or in the room instead. Who is merely found absent has called nobody."""
    if sign_of(meeting, holder(seat)) is not Sign.EXCUSED or active_call(meeting, seat):
        return False
    elsewhere = {one.deputy_id for one in meeting.deputy_calls if is_active(one) and one.seat_id != seat.seat.id}
    return not any(in_room(meeting, one) and one not in elsewhere for one in seat.deputy_ids if meeting.opened_at)


def call(meeting: Meeting, seat: SeatOnDay, deputy_id: str, called_by: str, now: datetime, new_id: Callable[[], str]) -> Meeting:
    """The call in the log; one who has said already that they come has accepted."""
    accepted = True if sign_of(meeting, deputy_id) in COMES else None
    made = DeputyCall(new_id(), meeting.id, seat.seat.id, deputy_id, called_by, now, accepted=accepted)
    return replace(meeting, deputy_calls=(*meeting.deputy_calls, made))


def follow(
    body: Body, meeting: Meeting, person_id: str, now: datetime, called_by: str, new_id: Callable[[], str]
) -> tuple[Meeting, tuple[News, ...]]:
    """What follows for the deputies when a person's sign has changed. `called_by`: who gave the word; "" for the calendar, that is the
    person themself."""
    meeting = _answered(meeting, person_id)
    news: list[News] = []
    seats = seats_on(body, meeting.day)
    for seat in seats:
        if person_id in (seat.member_id, *seat.deputy_ids):
            meeting, turns = _settle(body, meeting, seat, now, called_by or person_id, new_id)
            news += turns
    # A deputy set free, or willing again, may be the one another seat has waited for.
    free = {one.deputy_id for one in news if one.turn is Turn.RELEASED} | ({person_id} if sign_of(meeting, person_id) in COMES else set())
    for seat in seats:
        if free & set(seat.deputy_ids) and person_id not in (seat.member_id, *seat.deputy_ids) and next_deputy(body, meeting, seat):
            meeting, turns = _settle(body, meeting, seat, now, called_by or person_id, new_id)
            news += turns
    return meeting, tuple(news)


def settle(body: Body, meeting: Meeting, now: datetime, called_by: str, new_id: Callable[[], str]) -> tuple[Meeting, tuple[News, ...]]:
    """What follows for the deputies when the roster has changed: calls of seats and deputies that are no more, or whose new holder has not
    said no, are ended, and seats that wait get a deputy."""
    seats = {seat.seat.id: seat for seat in seats_on(body, meeting.day)}
    news: list[News] = []
    calls = []
    for one in meeting.deputy_calls:
        seat = seats.get(one.seat_id)
        belongs = seat is not None and one.deputy_id in seat.deputy_ids
        holds = any(holder(other) == one.deputy_id for other in seats.values() if other is not seat)
        wanted = belongs and (not is_active(one) or (not holds and seat is not None and sign_of(meeting, holder(seat)) in CANNOT))
        if one.item_id or one.ended_at is not None or wanted:
            calls.append(one)
            continue
        calls.append(replace(one, ended_at=now))
        if seat is not None and is_active(one):
            news.append(News(Turn.ENDED, seat, one.deputy_id))
    meeting = replace(meeting, deputy_calls=tuple(calls))
    for seat in seats.values():
        if waits_for_deputy(meeting, seat):
            meeting, turns = _settle(body, meeting, seat, now, called_by, new_id)
            news += turns
    return meeting, tuple(news)


def _answered(meeting: Meeting, person_id: str) -> Meeting:
    """A called deputy's word is kept with the call."""
    word = sign_of(meeting, person_id)
    accepted = True if word in COMES else False if word in CANNOT else None
    calls = tuple(replace(one, accepted=accepted) if one.deputy_id == person_id and is_active(one) else one for one in meeting.deputy_calls)
    return replace(meeting, deputy_calls=calls)


def _settle(
    body: Body, meeting: Meeting, seat: SeatOnDay, now: datetime, called_by: str, new_id: Callable[[], str]
) -> tuple[Meeting, tuple[News, ...]]:
    """The seat is the holder's when they come, and the next deputy's when they cannot. A holder who is not sure changes nothing."""
    if sign_of(meeting, holder(seat)) in COMES:
        ended = [one for one in meeting.deputy_calls if one.seat_id == seat.seat.id and is_active(one)]
        calls = tuple(replace(one, ended_at=now) if one in ended else one for one in meeting.deputy_calls)
        return replace(meeting, deputy_calls=calls), tuple(News(Turn.RELEASED, seat, one.deputy_id) for one in ended)
    if not waits_for_deputy(meeting, seat):
        return meeting, ()
    deputy_id = next_deputy(body, meeting, seat)
    if not deputy_id:
        return meeting, (News(Turn.NOBODY, seat),)
    if body.calling is Calling.NEVER:
        return meeting, (News(Turn.WANTED, seat, deputy_id),)
    return call(meeting, seat, deputy_id, called_by, now, new_id), (News(Turn.CALLED, seat, deputy_id),)


# --- expected presence --------------------------------------------------------------------------------------------------------


def expected(body: Body, meeting: Meeting) -> Expected:
    """The answers so far against the quorum, seat by seat; a seat whose deputy has not answered yet is unanswered."""
    voting = [seat for seat in seats_on(body, meeting.day) if seat.seat.voting]
    acts = acting(body, meeting)
    states = [_state(meeting, acts.get(seat.seat.id, "")) if holder(seat) else "vacant" for seat in voting]
    count = {word: states.count(word) for word in ("coming", "maybe", "cannot", "unanswered", "vacant")}
    needed = len(voting) * body.quorum_numerator // body.quorum_denominator + 1
    heads = {body.chair_id, body.vice_chair_id} - {""}
    chair = not body.quorum_needs_chair or any(sign_of(meeting, one) in COMES for one in heads)
    missing = tuple(seat for seat, state in zip(voting, states, strict=True) if state != "coming")
    return Expected(
        count["coming"], count["maybe"], count["cannot"], count["unanswered"], len(voting), needed, chair, missing, count["vacant"]
    )


def warning_at(body: Body, meeting: Meeting) -> datetime | None:
    """When chair and secretary are told that too few are expected: in the morning, so many days before. None: the body wants no warning."""
    return datetime.combine(meeting.day - timedelta(days=body.warn_days), WARN_AT, tzinfo=body.tz) if body.warn_days else None


def next_warning(body: Body, meeting: Meeting, now: datetime) -> datetime | None:
    """When to look next whether a warning is due; of a meeting planned at short notice, the first morning before its day is over."""
    at = warning_at(body, meeting)
    while at is not None and at <= now:
        following = at + timedelta(days=1)  # the wall clock's next morning: summer time may begin in between
        at = following if following.date() <= meeting.day else None
    return at


def _state(meeting: Meeting, person_id: str) -> str:
    word = sign_of(meeting, person_id)
    if word in COMES:
        return "coming"
    if word in CANNOT or not person_id:
        return "cannot"
    answer = answer_of(meeting, person_id)
    return "maybe" if answer is not None and answer.response is Response.TENTATIVE else "unanswered"
