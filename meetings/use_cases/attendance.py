"""Opening, the roll call, the finding of quorum, comings and goings, and the deputies called when a member cannot come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.access import Role, may, roles
from meetings.errors import NotFound, Refused
from meetings.model import Body, Direction, Item, Meeting, Movement, Phase, Response, Sign, Standing
from meetings.ports import Call, Tx
from meetings.rules import attendance as rules
from meetings.rules.agenda import find_item
from meetings.rules.answers import BEFORE, expected, holder, is_active
from meetings.rules.calls import differences, gone, offered
from meetings.rules.numbering import in_order, number_sections
from meetings.rules.presence import actors, aside, attended, in_room, inside, quorum
from meetings.rules.seats import SeatOnDay, seats_on
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.attendance import AttendanceDesk, OpeningAsked, RollOnBoard, Row
from meetings.screens.base import Screen, Sentence, Told, sentence
from meetings.use_cases.agenda import last_section
from meetings.use_cases.answers import note_word

PAGE = 24
NEWEST = 12
# What a person may say of themself; before the meeting and after the roll call the same words are called otherwise.
_OWN = {
    "present": Sign.PRESENT,
    "coming": Sign.PRESENT,
    "arrived": Sign.PRESENT,
    "late": Sign.LATE,
    "excused": Sign.EXCUSED,
    "left": Sign.EXCUSED,
}


# --- opening ------------------------------------------------------------------------------------------------------------


def open_meeting(command: c.OpenMeeting, tx: Tx, scope: Scope) -> Screen:
    """Open at a time. § numbers are given here when the agenda was never published."""
    body, meeting = scope.body, scope.meeting
    at = rules.instant(command.at, body, meeting, tx.now)
    if tx.now.astimezone(body.tz).date() != meeting.day and not command.confirmed:
        ask = c.OpenMeeting(meeting_id=meeting.id, at=command.at, confirmed=True)
        return OpeningAsked(body=body, meeting=meeting, at=command.at, steps=(ask, c.MoveMeeting(meeting_id=meeting.id), c.ShowStatus()))
    held = roles(body, tx.actor, meeting.day)
    presiding = tx.actor.id if held & {Role.CHAIR, Role.VICE_CHAIR} else body.chair_id
    # What was answered in advance is an expectation: who said they come is found anew at the roll, the others' words stay.
    kept = tuple(one for one in meeting.attendances if one.sign is not Sign.PRESENT)
    meeting = number_sections(meeting, last_section(tx, body, meeting))
    ordered = in_order(meeting)
    meeting = replace(
        meeting,
        phase=Phase.OPEN,
        opened_at=at,
        published_at=meeting.published_at or tx.now,
        presiding_id=presiding,
        attendances=kept,
        current_item_id=ordered[0].id if ordered else "",
    )
    meeting = _saved(tx, meeting)
    return _answer(tx, body, meeting, sentence("attendance.opened", number=meeting.designation, at=at.astimezone(body.tz)))


def opening_view(_command: c.OpenMeeting, tx: Tx, scope: Scope) -> Screen:
    return _desk(tx, scope.body, scope.meeting, 1)


# --- people sign for themselves -----------------------------------------------------------------------------------------


def sign_in(command: c.SignIn, tx: Tx, scope: Scope) -> Screen:
    """A person signs for themself; the same word twice changes nothing. After the roll call, being present is an arrival and going a
    departure, each with its time and the item it fell in."""
    body, meeting = scope.body, scope.meeting
    word = _OWN.get(command.sign)
    if word is None:
        raise Refused("attendance.which_own_sign")
    if meeting.phase is Phase.OPEN and meeting.roll_closed_at is not None:
        return _come_or_go(tx, body, meeting, word)
    if meeting.opened_at is None or _signed(meeting, tx.actor.id) is not word:
        meeting = _saved(tx, note_word(tx, body, meeting, tx.actor.id, word))
    return replace(_roll(tx, body, meeting), notice=sentence(_signed_key(meeting, word), name=tx.actor.name))


def roll_view(_command: c.SignIn, tx: Tx, scope: Scope) -> Screen:
    return _roll(tx, scope.body, scope.meeting)


def _come_or_go(tx: Tx, body: Body, meeting: Meeting, word: Sign) -> Screen:
    person_id, name = tx.actor.id, tx.actor.name
    here = in_room(meeting, person_id)
    if word is not Sign.LATE and here is not (word is Sign.PRESENT):
        direction = Direction.LEFT if here else Direction.ARRIVED
        if here or attended(meeting, person_id) or word is Sign.PRESENT:
            made = Movement(tx.new_id(), meeting.id, person_id, direction, tx.now, meeting.current_item_id)
            meeting = _saved(tx, rules.move(meeting, made))
            notice = sentence(f"attendance.{direction}", name=name, at=tx.now.astimezone(body.tz))
            return replace(_roll(tx, body, meeting), notice=notice)
    if not attended(meeting, person_id) and _signed(meeting, person_id) is not word:
        meeting = _saved(tx, rules.sign(body, meeting, person_id, word, tx.new_id))
    state = "present" if here else "left" if attended(meeting, person_id) else word
    return replace(_roll(tx, body, meeting), notice=sentence(f"attendance.signed_{state}", name=name))


# --- the secretary's desk -----------------------------------------------------------------------------------------------


def show_attendance(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    """The roll to tick, with what was typed when it was refused."""
    shown = _desk(tx, scope.body, scope.meeting, getattr(command, "page", 1))
    people: tuple[str, ...] = getattr(command, "person_ids", ())
    return replace(shown, person_ids=people, at=getattr(command, "clock", ""), item_id=getattr(command, "item_id", ""))


def set_attendance(command: c.SetAttendance, tx: Tx, scope: Scope) -> Screen:
    """The secretary corrects the roll itself, people without Teams included; one press for everybody of whom nothing is known yet."""
    body, meeting = scope.body, scope.meeting
    try:
        word = Sign(command.sign)
    except ValueError:
        raise Refused("attendance.which_sign") from None
    before = {one.id: one for one in meeting.attendances}
    if command.joined:
        for person_id in _offered(body, meeting, tx.call(meeting.id)):
            meeting = rules.sign(body, meeting, person_id, word, tx.new_id)
    elif command.rest:
        meeting = rules.sign_rest(body, meeting, word, tx.new_id)
    else:
        for person_id in _chosen(body, meeting, command.person_ids):
            if meeting.roll_closed_at is None:
                meeting = note_word(tx, body, meeting, person_id, word)
            else:
                meeting = rules.sign(body, meeting, person_id, word, tx.new_id)
    changed = [one.person_id for one in meeting.attendances if before.get(one.id) != one]
    if changed:
        meeting = _saved(tx, meeting)
    marked = changed if command.rest or command.joined else list(dict.fromkeys(command.person_ids))
    return replace(_desk(tx, body, meeting, command.page), notice=_told(tx, _signed_key(meeting, word), marked))


def find_quorum(_command: c.FindQuorum, tx: Tx, scope: Scope) -> Screen:
    """The chair finds the meeting lawful and quorate; the roll is closed, later comings and goings carry their time. Found once: pressed
    again, it tells how things stand and moves nothing."""
    body, meeting = scope.body, scope.meeting
    found = quorum(body, meeting, _at_hand(meeting))
    if not found.quorate:
        key = "attendance.no_quorum" if found.filled < found.needed else "attendance.no_chair"
        raise Refused(key, filled=found.filled, seats=found.seats, needed=found.needed)
    if meeting.roll_closed_at is None:
        presiding = meeting.presiding_id
        if not in_room(meeting, presiding):
            presiding = next((one for one in (body.chair_id, body.vice_chair_id) if one and in_room(meeting, one)), presiding)
        after = next((item.id for item in in_order(meeting) if item.standing not in {Standing.OPENING, Standing.QUORUM}), "")
        current = after or meeting.current_item_id
        meeting = _saved(tx, replace(meeting, roll_closed_at=tx.now, presiding_id=presiding, current_item_id=current))
    return _answer(tx, body, meeting, sentence("attendance.quorum_found", filled=found.filled, seats=found.seats))


def note_movement(command: c.NoteMovement, tx: Tx, scope: Scope) -> Screen:
    """People came or went at a time (`10.42–10.48`: were away between), in the item at hand or the one chosen; who left the call, at the
    time of that."""
    body, meeting = scope.body, scope.meeting
    if command.direction not in set(Direction):
        raise Refused("attendance.which_sign")
    people: Sequence[str]
    if command.gone:
        found = next((one for one in gone(meeting, tx.call(meeting.id), tx.now) if one.person_id == command.gone), None)
        if found is None:
            return _desk(tx, body, meeting, command.page)
        people, start, end = (found.person_id,), found.since, found.until
    else:
        people = _chosen(body, meeting, command.person_ids)
        start, end = rules.span(command.clock, body, meeting, tx.now)
    item_id = find_item(meeting, command.item_id).id if command.item_id else meeting.current_item_id
    for person_id in people:
        made = Movement(tx.new_id(), meeting.id, person_id, Direction(command.direction), start, item_id)
        try:
            if end is None:
                meeting = rules.move(meeting, made)
            else:
                back = replace(made, id=tx.new_id(), direction=Direction.ARRIVED, at=end)
                meeting = rules.away(meeting, replace(made, direction=Direction.LEFT), back)
        except Refused as refused:
            raise Refused(refused.key, name=tx.person(person_id).name) from refused
    meeting = _saved(tx, meeting)
    key = f"attendance.{command.direction}" if end is None else "attendance.away"
    times = {"at": start.astimezone(body.tz)} if end is None else {"at": start.astimezone(body.tz), "until": end.astimezone(body.tz)}
    return replace(_desk(tx, body, meeting, command.page), notice=_told(tx, key, people, **times))


# --- the board ----------------------------------------------------------------------------------------------------------


def board_roll(tx: Tx, body: Body, meeting: Meeting) -> RollOnBoard | None:
    """The roll call card of the thread; nothing to show before the meeting is opened."""
    return _roll(tx, body, meeting) if meeting.opened_at else None


def _roll(tx: Tx, body: Body, meeting: Meeting) -> RollOnBoard:
    """Deputies of whom nothing is said are not on the board."""
    rows = tuple(row for row in _rows(body, meeting) if not row.deputy or _in_sight(row))
    signs: tuple[str, ...] = ()
    if meeting.phase is Phase.OPEN and meeting.roll_closed_at is not None:
        signs = ("arrived", "left")
    elif meeting.phase in {Phase.OPEN, *BEFORE}:
        signs = ("present" if meeting.opened_at else "coming", "late", "excused")
    return RollOnBoard(
        body=body,
        meeting=meeting,
        people=tx.people(row.person_id for row in rows),
        rows=rows,
        quorum=quorum(body, meeting, _at_hand(meeting)),
        expected=expected(body, meeting) if meeting.opened_at is None else None,
        steps=tuple(c.SignIn(meeting_id=meeting.id, sign=sign) for sign in signs),
    )


def _desk(tx: Tx, body: Body, meeting: Meeting, page: int) -> AttendanceDesk:
    rows, call = _rows(body, meeting), tx.call(meeting.id)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    turn: tuple[c.Command, ...] = (c.ShowAttendance(meeting_id=meeting.id, page=page % pages + 1),) if pages > 1 else ()
    steps = tuple(step for step in next_steps(body, meeting, tx.actor, tx.now) if not isinstance(step, c.ShowAttendance))
    may_correct = meeting.opened_at is not None and may(c.CorrectTimes, body, meeting, tx.actor, tx.now.astimezone(body.tz).date())
    times: tuple[c.Command, ...] = (c.CorrectTimes(meeting_id=meeting.id),) if may_correct else ()
    log: tuple[c.Command, ...] = (c.ShowDeputies(meeting_id=meeting.id),) if meeting.deputy_calls else ()
    moves = sorted(meeting.movements, key=lambda one: one.at, reverse=True)[:NEWEST]
    items: list[Item] = in_order(meeting) if meeting.roll_closed_at is not None else []
    return AttendanceDesk(
        body=body,
        meeting=meeting,
        people=tx.people(row.person_id for row in rows),
        rows=rows[(page - 1) * PAGE : page * PAGE],
        quorum=quorum(body, meeting, _at_hand(meeting)),
        expected=expected(body, meeting) if meeting.opened_at is None else None,
        unknown=_unknown(body, meeting),
        joined=_offered(body, meeting, call),
        gone=gone(meeting, call, tx.now),
        differences=differences(meeting, call, roll_of(body, meeting)),
        movements=tuple(moves),
        items=tuple(items),
        page=page,
        pages=pages,
        steps=tuple(dict.fromkeys((*steps, *turn, *times, *log))),
    )


def _answer(tx: Tx, body: Body, meeting: Meeting, notice: Sentence) -> Screen:
    """At the desk the roll; on the board, where it already stands, only the sentence and the next steps."""
    if tx.conversation is not None and tx.conversation.kind == "channel":
        return Told(text=notice, steps=next_steps(body, meeting, tx.actor, tx.now))
    return replace(_desk(tx, body, meeting, 1), notice=notice)


def _unknown(body: Body, meeting: Meeting) -> int:
    """For how many seats one press would say something."""
    said = rules.sign_rest(body, meeting, Sign.PRESENT, str)
    return len(said.attendances) - len(meeting.attendances) if meeting.opened_at is not None else 0


def _offered(body: Body, meeting: Meeting, call: Call) -> tuple[str, ...]:
    return offered(meeting, call, roll_of(body, meeting))


def roll_of(body: Body, meeting: Meeting) -> tuple[str, ...]:
    """Everybody of the roll, by id."""
    return tuple(row.person_id for row in _rows(body, meeting))


def _rows(body: Body, meeting: Meeting) -> tuple[Row, ...]:
    """Everybody of the roll in its order: seats with member then deputies, experts, the secretary."""
    item_id = _at_hand(meeting)
    acting, barred, present = actors(body, meeting, item_id), aside(meeting, item_id), inside(meeting)
    signs = {one.person_id: one.sign for one in meeting.attendances}
    before = meeting.opened_at is None
    maybe = {one.person_id for one in meeting.answers if before and one.response is Response.TENTATIVE}
    called = {one.deputy_id for one in meeting.deputy_calls if before and is_active(one)}

    def row(person_id: str, seat: SeatOnDay | None, *, deputy: bool = False) -> Row:
        actor = acting.get(seat.seat.id, "") if seat else ""
        return Row(
            person_id=person_id,
            seat=seat,
            deputy=deputy,
            sign=signs.get(person_id),
            inside=person_id in present or person_id == actor,
            acts=person_id == actor,
            aside=person_id in barred,
            free=not actor,
            expected=seat is not None and person_id == holder(seat),
            maybe=person_id in maybe and person_id not in signs,
            called=person_id in called and person_id not in signs,
        )

    rows = [
        row(person_id, seat, deputy=person_id != seat.member_id)
        for seat in seats_on(body, meeting.day)
        for person_id in (seat.member_id, *seat.deputy_ids)
        if person_id
    ]
    listed = {one.person_id for one in rows}
    others = [expert.person_id for expert in body.experts if expert.in_force(meeting.day)] + [body.secretary_id]
    return (*rows, *(row(one, None) for one in dict.fromkeys(others) if one and one not in listed))


def _in_sight(deputy: Row) -> bool:
    said = deputy.sign is not None or deputy.maybe or deputy.called
    return said or deputy.expected or deputy.inside or deputy.acts or deputy.aside


def _at_hand(meeting: Meeting) -> str:
    """The item whose disqualifications count now."""
    return meeting.current_item_id if meeting.phase is Phase.OPEN and meeting.roll_closed_at is not None else ""


# --- shared -------------------------------------------------------------------------------------------------------------


def _signed(meeting: Meeting, person_id: str) -> Sign | None:
    return next((one.sign for one in meeting.attendances if one.person_id == person_id), None)


def _signed_key(meeting: Meeting, word: Sign) -> str:
    """Present, said before the meeting, means that they will come."""
    return f"attendance.signed_{'coming' if word is Sign.PRESENT and meeting.opened_at is None else word}"


def _chosen(body: Body, meeting: Meeting, person_ids: Iterable[str]) -> tuple[str, ...]:
    """Those ticked, who must be of the body."""
    chosen = tuple(dict.fromkeys(person_ids))
    if not chosen:
        raise Refused("attendance.who_first")
    if not set(chosen) <= {row.person_id for row in _rows(body, meeting)}:
        raise NotFound("attendance.no_such_person")
    return chosen


def _told(tx: Tx, key: str, person_ids: Iterable[str], **times: object) -> Sentence | None:
    """One sentence of one person, or of how many."""
    ids = tuple(person_ids)
    if not ids:
        return None
    if len(ids) == 1:
        return sentence(key, name=tx.person(ids[0]).name, **times)
    return sentence(f"{key}_many", count=len(ids), **times)


def _saved(tx: Tx, meeting: Meeting) -> Meeting:
    meeting = tx.save(meeting)
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    tx.later(e.RefreshBoard(meeting.id, "roll"))
    return meeting


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.OpenMeeting: open_meeting,
    c.SignIn: sign_in,
    c.ShowAttendance: show_attendance,
    c.SetAttendance: set_attendance,
    c.FindQuorum: find_quorum,
    c.NoteMovement: note_movement,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.OpenMeeting: opening_view,
    c.SignIn: roll_view,
    c.ShowAttendance: show_attendance,
    c.SetAttendance: show_attendance,
    c.FindQuorum: show_attendance,
    c.NoteMovement: show_attendance,
}
