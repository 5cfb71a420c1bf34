"""Cards of opening, the roll call and presence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from cards.answers import expectation
from cards.kit import Card, Colour
from meetings import commands as c
from meetings.model import Meeting, Movement, Phase, Sign
from meetings.ports import Span
from meetings.rules.answers import Expected
from meetings.rules.calls import Difference
from meetings.rules.presence import Quorum
from meetings.screens.attendance import AttendanceDesk, OpeningAsked, RollOnBoard, Row
from meetings.screens.base import Screen
from texts import format_time, format_times

# Of the empty seats, what is shown of those who would act for them, besides those of whom nothing is known.
_EMPTY: tuple[tuple[str, Colour], ...] = (("late", "warning"), ("excused", "attention"), ("absent", "attention"))
MOST_GONE = 12
_GROUPS = ("present", "attending", "aside", "late", "maybe", "excused", "absent", "called", "waiting")


def opening_asked(card: Card, screen: OpeningAsked) -> None:
    card.heading(card.t("attendance.open_title", number=screen.meeting.designation), subtitle=screen.body.name)
    card.line("attendance.other_day", day=screen.meeting.day)


def roll_on_board(card: Card, screen: RollOnBoard) -> None:
    meeting = screen.meeting
    title = "attendance.roll_title" if meeting.opened_at else "attendance.answers_title"
    card.heading(card.t(title, number=meeting.designation), subtitle=screen.body.name)
    told = _quorum(card, meeting, screen.quorum, screen.expected)
    names = _names(screen)
    groups: dict[str, list[str]] = {group: [] for group in _GROUPS}
    empty = Counter[str]()
    for row in screen.rows:
        if group := _group(row, over=meeting.roll_closed_at is not None, closed=meeting.closed_at is not None):
            groups[group].append(_named(card, row, names))
            if row.expected and row.free:
                empty[group] += 1
    if told:
        _presence(card, told, screen.quorum, empty)
    labels = {group: group for group in _GROUPS} | ({} if meeting.opened_at else {"present": "coming"})
    card.facts((card.t(f"attendance.group_{labels[group]}"), ", ".join(people)) for group, people in groups.items())
    if meeting.phase is Phase.OPEN and any(isinstance(step, c.SignIn) for step in screen.steps):
        card.subtle("attendance.press" if meeting.roll_closed_at is None else "attendance.press_later")


def attendance_desk(card: Card, screen: AttendanceDesk) -> None:
    """The roll is one list to tick: seat, name, state. One press marks those ticked, another everybody of whom nothing is known."""
    meeting = screen.meeting
    card.heading(card.t("attendance.desk_title", number=meeting.designation), subtitle=screen.body.name)
    _quorum(card, meeting, screen.quorum, screen.expected)
    names = _names(screen)
    if screen.differences:
        card.subheading(card.t("calls.report"))
        for one in screen.differences:
            card.line(f"calls.report_{one.kind}", name=names.get(one.person_id, "–"), **_moments(card, screen, one))
        card.subtle("calls.report_how")
    choices = [(row.person_id, _choice(card, screen, row, names)) for row in screen.rows]
    card.choice_input("person_ids", card.t("attendance.who"), choices, ",".join(screen.person_ids), several=True)
    if screen.pages > 1:
        card.subtle("attendance.page", page=screen.page, pages=screen.pages)
    this = meeting.id
    marks: list[c.Command | tuple[c.Command, str]] = [
        c.SetAttendance(meeting_id=this, sign=sign, page=screen.page) for sign in ("present", "late", "excused", "absent")
    ]
    if screen.joined:
        theirs = c.SetAttendance(meeting_id=this, sign="present", joined=True, page=screen.page)
        marks.append((theirs, card.t("calls.mark_joined", people=len(screen.joined))))
    for sign in ("present", "absent") if screen.unknown else ():
        everybody = c.SetAttendance(meeting_id=this, sign=sign, rest=True, page=screen.page)
        marks.append((everybody, card.t(f"attendance.rest_{sign}", seats=screen.unknown)))
    card.buttons(marks)
    if meeting.roll_closed_at is not None:
        card.subheading(card.t("attendance.movements"))
        card.text_input("clock", card.t("attendance.at"), screen.at, length=20, placeholder=card.t("attendance.at_example"))
        items = [(item.id, f"§ {item.section} {item.title}") for item in screen.items]
        none = [] if meeting.current_item_id else [("", card.t("attendance.no_item"))]
        card.choice_input("item_id", card.t("attendance.during"), [*none, *items], screen.item_id or meeting.current_item_id)
        card.buttons([c.NoteMovement(meeting_id=this, direction=way, page=screen.page) for way in ("arrived", "left")])
        if screen.gone:
            card.subtle("calls.gone")
            card.buttons([_gone(card, screen, one) for one in screen.gone[:MOST_GONE]])
        card.buttons([(c.TakeBack(meeting_id=this, mark_id=one.id), _move(card, screen, one)) for one in screen.movements])


def _presence(card: Card, told: str, found: Quorum, empty: Mapping[str, int]) -> None:
    """The seats as a bar: filled, and empty by what is known of the one who would act. A seat of which nothing is known is just empty."""
    known = [(card.t(f"attendance.group_{group}"), empty[group], colour) for group, colour in _EMPTY if empty[group]]
    rest = found.seats - found.filled - sum(count for _, count, _ in known)
    card.parts(
        told,
        [(card.t("attendance.group_present"), found.filled, "good"), *known, (card.t("attendance.group_waiting"), max(rest, 0), "neutral")],
    )


def _quorum(card: Card, meeting: Meeting, found: Quorum, before: Expected | None) -> str:
    """How things stand; of a meeting that is over, nothing stands any more. The sentence about the quorum, once the meeting is open."""
    if meeting.closed_at is not None:
        return ""
    if before is not None:
        expectation(card, before)
        return ""
    if found.quorate:
        key = "attendance.quorate"
    else:
        key = "attendance.not_quorate" if meeting.roll_closed_at is None else "attendance.quorum_lost"
    card.line(key, filled=found.filled, seats=found.seats, needed=found.needed)
    if not found.quorate and found.filled >= found.needed:
        card.line("attendance.chair_missing")
    return card.t(key, filled=found.filled, seats=found.seats, needed=found.needed)


def _group(row: Row, *, over: bool, closed: bool) -> str:
    """Where a person stands on the board; "" for those of whom nobody waits: a deputy, or a member whose deputy is there."""
    if row.aside:
        return "aside"
    if row.inside:
        return "present" if row.acts else "attending"
    match row.sign:
        case Sign.LATE:
            return "absent" if closed else "late"
        case Sign.EXCUSED | Sign.ABSENT:
            return str(row.sign)
        case Sign.PRESENT:
            return "absent" if over else ""
        case _:
            if row.maybe or row.called:
                return "maybe" if row.maybe else "called"
            return ("absent" if over else "waiting") if row.expected and row.free else ""


def _named(card: Card, row: Row, names: Mapping[str, str]) -> str:
    name = names.get(row.person_id, "")
    if not row.deputy or row.seat is None:
        return name
    member = names.get(row.seat.member_id, "")
    return card.t("attendance.for_seat", name=name, member=member) if member else card.t("attendance.deputy", name=name)


def _choice(card: Card, screen: AttendanceDesk, row: Row, names: Mapping[str, str]) -> str:
    shown = _row(card, row, names, opened=screen.meeting.opened_at is not None)
    return f"{shown} · {card.t('calls.in_call')}" if row.person_id in screen.joined else shown


def _row(card: Card, row: Row, names: Mapping[str, str], *, opened: bool) -> str:
    """`3. Niemen yhdistys: Elli Eskola – läsnä`; a deputy stands under the seat of the member."""
    name = names.get(row.person_id, "")
    if row.seat is None:
        who = card.t("attendance.without_seat", name=name)
    elif row.deputy:
        who = f"{row.seat.seat.position}. {card.t('attendance.deputy', name=name)}"
    else:
        where = f" ({row.seat.seat.organisation})" if row.seat.seat.organisation else ""
        who = f"{row.seat.seat.position}. {name}{where}"
    state = _state(card, row) if opened or not row.inside else card.t("attendance.state_coming")
    return f"{who} – {state}" if state else who


def _state(card: Card, row: Row) -> str:
    if row.aside:
        return card.t("attendance.state_aside")
    if row.inside:
        return card.t("attendance.state_acts" if row.acts or row.seat is None else "attendance.state_attends")
    if row.maybe or row.called:
        return card.t("attendance.state_maybe" if row.maybe else "attendance.state_called")
    if row.sign is None:
        return card.t("attendance.state_on_leave") if row.seat is not None and row.seat.on_leave and not row.deputy else ""
    return card.t(f"attendance.state_{row.sign}")


def _move(card: Card, screen: AttendanceDesk, move: Movement) -> str:
    """What pressing the button takes back: `Peru: Ville Vuori, saapui klo 10.33 (§ 4)`."""
    section = next((f" (§ {item.section})" for item in screen.items if item.id == move.item_id), "")
    at = format_time(card.language, move.at.astimezone(screen.body.tz))
    name = screen.people[move.person_id].name if move.person_id in screen.people else "–"
    return card.t(f"attendance.undo_{move.direction}", name=name, at=at + section)


def _gone(card: Card, screen: AttendanceDesk, away: Span) -> tuple[c.Command, str]:
    """`Bo Backman: poistui klo 10.42`, or `poissa klo 10.42–10.48` of one who came back."""
    command = c.NoteMovement(meeting_id=screen.meeting.id, direction="left", gone=away.person_id, page=screen.page)
    name = screen.people[away.person_id].name if away.person_id in screen.people else "–"
    since = away.since.astimezone(screen.body.tz)
    if away.until is None:
        return command, card.t("calls.mark_left", name=name, at=since)
    return command, card.t("calls.mark_away", name=name, span=format_times(card.language, since, away.until.astimezone(screen.body.tz)))


def _moments(card: Card, screen: AttendanceDesk, one: Difference) -> dict[str, object]:
    """Those of its times that it has, in the body's zone; `times` are both of the call."""
    given = {"since": one.since, "until": one.until, "noted": one.noted}
    told = {name: at.astimezone(screen.body.tz) for name, at in given.items() if at is not None}
    span = {"times": format_times(card.language, told["since"], told.get("until"))} if "since" in told else {}
    return {**told, **span}


def _names(screen: RollOnBoard | AttendanceDesk) -> dict[str, str]:
    return {person_id: person.name for person_id, person in screen.people.items()}


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    OpeningAsked: opening_asked,
    RollOnBoard: roll_on_board,
    AttendanceDesk: attendance_desk,
}
