"""Opening, the roll call, the finding of quorum, comings and goings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.access import Role, roles
from meetings.errors import NotFound, Refused
from meetings.model import Body, DeputyCall, Direction, Meeting, Phase, Sign, Standing
from meetings.ports import Tx
from meetings.rules import attendance as rules
from meetings.rules.numbering import in_order, number_sections
from meetings.rules.presence import acting, in_room, quorum
from meetings.rules.seats import seats_on
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.attendance import AttendanceDesk, OpeningAsked, RollOnBoard, Row
from meetings.screens.base import Screen, sentence
from meetings.use_cases.agenda import last_section

PAGE = 24


def open_meeting(command: c.OpenMeeting, tx: Tx, scope: Scope) -> Screen:
    """Open at a time. § numbers are given here when the agenda was never published."""
    body, meeting = scope.body, scope.meeting
    local = tx.now.astimezone(body.tz)
    at = rules.instant(command.at, body, meeting, tx.now)
    if local.date() != meeting.day and not command.confirmed:
        ask = c.OpenMeeting(meeting_id=meeting.id, at=command.at, confirmed=True)
        return OpeningAsked(body=body, meeting=meeting, at=command.at, steps=(ask, c.MoveMeeting(meeting_id=meeting.id), c.ShowStatus()))
    held = roles(body, tx.actor, meeting.day)
    presiding = tx.actor.id if held & {Role.CHAIR, Role.VICE_CHAIR} else body.chair_id
    # What was answered in advance is an expectation: "present" is found anew at the roll, "cannot come" stays.
    kept = tuple(one for one in meeting.attendances if one.sign is Sign.EXCUSED)
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
    _saved(tx, meeting)
    return replace(_desk(tx, body, meeting, 1), notice=sentence("attendance.opened", number=meeting.designation, at=at.astimezone(body.tz)))


def opening_view(_command: c.OpenMeeting, tx: Tx, scope: Scope) -> Screen:
    return _desk(tx, scope.body, scope.meeting, 1)


def sign_in(command: c.SignIn, tx: Tx, scope: Scope) -> Screen:
    """A person signs for themself. After the roll call, present is an arrival and cannot come a departure, each with its time."""
    body, meeting = scope.body, scope.meeting
    sign = _sign(command.sign)
    if meeting.roll_closed_at is None or meeting.phase is not Phase.OPEN:
        before = next((one.sign for one in meeting.attendances if one.person_id == tx.actor.id), None)
        meeting = rules.sign(body, meeting, tx.actor.id, sign, tx.new_id)
        if sign is Sign.EXCUSED and before is not Sign.EXCUSED:
            meeting = _call_deputy(tx, body, meeting)
    elif sign is Sign.PRESENT:
        meeting = rules.move(
            meeting, tx.actor.id, Direction.ARRIVED, rules.instant("", body, meeting, tx.now), meeting.current_item_id, tx.new_id()
        )
    elif in_room(meeting, tx.actor.id):
        meeting = rules.move(
            meeting, tx.actor.id, Direction.LEFT, rules.instant("", body, meeting, tx.now), meeting.current_item_id, tx.new_id()
        )
    else:
        meeting = rules.sign(body, meeting, tx.actor.id, sign, tx.new_id)
    _saved(tx, meeting)
    return replace(_roll(tx, body, meeting), notice=sentence(f"attendance.signed_{sign}", name=tx.actor.name))


def roll_view(_command: c.SignIn, tx: Tx, scope: Scope) -> Screen:
    return _roll(tx, scope.body, scope.meeting)


def show_attendance(command: c.Command, tx: Tx, scope: Scope) -> Screen:
    shown = _desk(tx, scope.body, scope.meeting, getattr(command, "page", 1))
    return replace(shown, person_id=str(getattr(command, "person_id", "")), at=str(getattr(command, "at", "")))


def set_attendance(command: c.SetAttendance, tx: Tx, scope: Scope) -> Screen:
    """The secretary corrects the roll itself, people without Teams included."""
    body, meeting = scope.body, scope.meeting
    _require_of_body(body, meeting, command.person_id)
    meeting = rules.sign(body, meeting, command.person_id, _sign(command.sign), tx.new_id)
    _saved(tx, meeting)
    name = tx.person(command.person_id).name
    return replace(_desk(tx, body, meeting, command.page), notice=sentence(f"attendance.signed_{command.sign}", name=name))


def find_quorum(_command: c.FindQuorum, tx: Tx, scope: Scope) -> Screen:
    """The chair finds the meeting lawful and quorate; the roll is closed, later comings and goings carry their time."""
    body, meeting = scope.body, scope.meeting
    found = quorum(body, meeting)
    if not found.quorate:
        key = "attendance.no_quorum" if found.filled < found.needed else "attendance.no_chair"
        raise Refused(key, filled=found.filled, seats=found.seats, needed=found.needed)
    presiding = meeting.presiding_id
    if not in_room(meeting, presiding):
        presiding = next((one for one in (body.chair_id, body.vice_chair_id) if one and in_room(meeting, one)), presiding)
    meeting = replace(meeting, roll_closed_at=meeting.roll_closed_at or tx.now, presiding_id=presiding)
    after = next((item for item in in_order(meeting) if item.standing not in {Standing.OPENING, Standing.QUORUM}), None)
    if after is not None:
        meeting = replace(meeting, current_item_id=after.id)
    _saved(tx, meeting)
    screen = _desk(tx, body, meeting, 1)
    to_item = c.ShowItem(meeting_id=meeting.id)
    steps = (to_item, *(step for step in screen.steps if not isinstance(step, c.ShowItem | c.FindQuorum)))
    return replace(screen, notice=sentence("attendance.quorum_found", filled=found.filled, seats=found.seats), steps=steps)


def note_movement(command: c.NoteMovement, tx: Tx, scope: Scope) -> Screen:
    body, meeting = scope.body, scope.meeting
    _require_of_body(body, meeting, command.person_id)
    if command.direction not in {Direction.ARRIVED, Direction.LEFT}:
        raise Refused("attendance.which_sign")
    at = rules.instant(command.at, body, meeting, tx.now)
    item_id = command.item_id or meeting.current_item_id
    meeting = rules.move(meeting, command.person_id, Direction(command.direction), at, item_id, tx.new_id())
    _saved(tx, meeting)
    notice = sentence(f"attendance.{command.direction}", name=tx.person(command.person_id).name, at=at.astimezone(body.tz))
    return replace(_desk(tx, body, meeting, command.page), notice=notice)


def board_roll(tx: Tx, body: Body, meeting: Meeting) -> Screen | None:
    """The roll call card of the thread; nothing to show before the meeting is opened."""
    return _roll(tx, body, meeting) if meeting.opened_at else None


def _roll(tx: Tx, body: Body, meeting: Meeting) -> RollOnBoard:
    rows = _rows(body, meeting)
    open_now = meeting.phase in {Phase.OPEN, Phase.PUBLISHED}
    steps = tuple(c.SignIn(meeting_id=meeting.id, sign=sign) for sign in ("present", "late", "excused")) if open_now else ()
    return RollOnBoard(
        body=body,
        meeting=meeting,
        people=tx.people(row.person_id for row in rows),
        rows=rows,
        quorum=quorum(body, meeting),
        steps=steps,
    )


def _desk(tx: Tx, body: Body, meeting: Meeting, page: int) -> AttendanceDesk:
    rows = _rows(body, meeting)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    turn: tuple[c.Command, ...] = (c.ShowAttendance(meeting_id=meeting.id, page=page % pages + 1),) if pages > 1 else ()
    steps = tuple(step for step in next_steps(body, meeting, tx.actor, tx.now) if not isinstance(step, c.ShowAttendance))
    return AttendanceDesk(
        body=body,
        meeting=meeting,
        people=tx.people(row.person_id for row in rows),
        rows=rows[(page - 1) * PAGE : page * PAGE],
        everybody=tuple(row.person_id for row in rows),
        quorum=quorum(body, meeting),
        page=page,
        pages=pages,
        steps=(*steps, *turn),
    )


def _rows(body: Body, meeting: Meeting) -> tuple[Row, ...]:
    """Everybody of the roll in its order: seats with member then deputies, experts, the secretary."""
    signs = {one.person_id: one.sign for one in meeting.attendances}
    rows: list[Row] = []
    for seat in seats_on(body, meeting.day):
        actor = acting(meeting, seat)
        for person_id in (seat.member_id, *seat.deputy_ids):
            if person_id:
                inside = in_room(meeting, person_id)
                rows.append(Row(person_id, seat, person_id != seat.member_id, signs.get(person_id), inside, person_id == actor))
    listed = {row.person_id for row in rows}
    others = [expert.person_id for expert in body.experts if expert.in_force(meeting.day)] + [body.secretary_id]
    for person_id in dict.fromkeys(others):
        if person_id and person_id not in listed:
            rows.append(Row(person_id, None, False, signs.get(person_id), in_room(meeting, person_id), False))
    return tuple(rows)


def _call_deputy(tx: Tx, body: Body, meeting: Meeting) -> Meeting:
    """A member who cannot come: the first deputy of the seat is called, and both the deputy and the secretary know it."""
    seat = next((one for one in seats_on(body, meeting.day) if one.member_id == tx.actor.id), None)
    if seat is None or not seat.deputy_ids or any(one.seat_id == seat.seat.id and not one.item_id for one in meeting.deputy_calls):
        return meeting
    deputy = seat.deputy_ids[0]
    call = DeputyCall(tx.new_id(), meeting.id, seat.seat.id, deputy, tx.actor.id, tx.now)
    params = (("name", tx.actor.name), ("body", body.name), ("number", meeting.designation))
    tx.later(e.Tell(tx.new_id(), deputy, "called", params, body.id, meeting.id))
    deputy_name = tx.person(deputy).name
    told = (("name", tx.actor.name), ("deputy", deputy_name), ("number", meeting.designation))
    tx.later(e.Tell(tx.new_id(), body.secretary_id, "deputy_called", told, body.id, meeting.id))
    return replace(meeting, deputy_calls=(*meeting.deputy_calls, call))


def _require_of_body(body: Body, meeting: Meeting, person_id: str) -> None:
    if person_id not in {row.person_id for row in _rows(body, meeting)}:
        raise NotFound("attendance.no_such_person")


def _sign(typed: str) -> Sign:
    try:
        return Sign(typed)
    except ValueError:
        raise Refused("attendance.which_sign") from None


def _saved(tx: Tx, meeting: Meeting) -> None:
    tx.save(meeting)
    tx.later(e.RefreshBoard(meeting.id, "meeting"))
    tx.later(e.RefreshBoard(meeting.id, "roll"))


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
