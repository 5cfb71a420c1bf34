"""Cards of opening, the roll call and presence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from meetings import commands as c
from meetings.model import Phase, Sign
from meetings.rules.presence import Quorum
from meetings.screens.attendance import AttendanceDesk, OpeningAsked, RollOnBoard, Row
from meetings.screens.base import Screen


def opening_asked(card: Card, screen: OpeningAsked) -> None:
    card.heading(card.t("attendance.open_title", number=screen.meeting.designation), subtitle=screen.body.name)
    card.line("attendance.other_day", day=screen.meeting.day)


def roll_on_board(card: Card, screen: RollOnBoard) -> None:
    meeting = screen.meeting
    card.heading(card.t("attendance.roll_title", number=meeting.designation), subtitle=screen.body.name)
    _quorum(card, screen.quorum)
    names = {person_id: person.name for person_id, person in screen.people.items()}
    groups: dict[str, list[str]] = {"present": [], "late": [], "excused": [], "waiting": [], "attending": []}
    for row in screen.rows:
        group = _group(row)
        if group:
            groups[group].append(_named(card, row, names))
    card.facts((card.t(f"attendance.group_{group}"), ", ".join(people)) for group, people in groups.items())
    if meeting.phase is Phase.OPEN:
        card.subtle("attendance.press" if meeting.roll_closed_at is None else "attendance.press_later")


def attendance_desk(card: Card, screen: AttendanceDesk) -> None:
    meeting = screen.meeting
    card.heading(card.t("attendance.desk_title", number=meeting.designation), subtitle=screen.body.name)
    _quorum(card, screen.quorum)
    names = {person_id: person.name for person_id, person in screen.people.items()}
    rows = []
    for row in screen.rows:
        seat = f"{row.seat.seat.position}. {row.seat.seat.organisation}" if row.seat else card.t("attendance.no_seat")
        name = names.get(row.person_id, "")
        rows.append((seat if not row.deputy else "", card.t("attendance.deputy", name=name) if row.deputy else name, _state(card, row)))
    card.table((card.t("attendance.seat"), card.t("attendance.person"), card.t("attendance.state")), rows, (3, 4, 3))
    if screen.pages > 1:
        card.subtle("attendance.page", page=screen.page, pages=screen.pages)
    card.subheading(card.t("attendance.correct"))
    people = [(person_id, names.get(person_id, "")) for person_id in screen.everybody]
    card.choice_input("person_id", card.t("attendance.who"), people, screen.person_id, required=True)
    this = meeting.id
    card.buttons([c.SetAttendance(meeting_id=this, sign=sign, page=screen.page) for sign in ("present", "late", "excused", "absent")])
    if meeting.roll_closed_at is not None:
        card.text_input("at", card.t("attendance.at"), screen.at, length=10)
        card.buttons([c.NoteMovement(meeting_id=this, direction=way, page=screen.page) for way in ("arrived", "left")])


def _quorum(card: Card, found: Quorum) -> None:
    key = "attendance.quorate" if found.quorate else "attendance.not_quorate"
    card.line(key, filled=found.filled, seats=found.seats, needed=found.needed)
    if not found.chair and found.filled >= found.needed:
        card.line("attendance.chair_missing")


def _group(row: Row) -> str:
    if row.inside:
        return "present" if row.acts else "attending"
    match row.sign:
        case Sign.LATE:
            return "late"
        case Sign.EXCUSED:
            return "excused"
        case None if row.seat is not None and not row.deputy:
            return "waiting"
        case _:
            return ""


def _named(card: Card, row: Row, names: Mapping[str, str]) -> str:
    name = names.get(row.person_id, "")
    return card.t("attendance.for_seat", name=name, member=names.get(row.seat.member_id, "–")) if row.deputy and row.seat else name


def _state(card: Card, row: Row) -> str:
    if row.inside:
        return card.t("attendance.state_acts" if row.acts or row.seat is None else "attendance.state_attends")
    return card.t(f"attendance.state_{row.sign}") if row.sign else "–"


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    OpeningAsked: opening_asked,
    RollOnBoard: roll_on_board,
    AttendanceDesk: attendance_desk,
}
