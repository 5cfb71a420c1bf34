"""Who was there: the seats with member, deputies and presence, and those without a seat. Nothing is inferred that was not recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from documents.blocks import AttendanceRow, AttendanceTable, Block, Bullets
from documents.speech import NOBODY, Speech, one_line
from meetings.model import Body, Direction, Meeting, Sign
from meetings.rules.presence import actors, attended
from meetings.rules.seats import SeatOnDay, seats_on


class Attendees:
    """The attendance of one meeting in words."""

    def __init__(self, say: Speech, body: Body, meeting: Meeting) -> None:
        self._say = say
        self._body = body
        self._meeting = meeting
        self._seats = seats_on(body, meeting.day)
        self._signs = {one.person_id: one.sign for one in meeting.attendances}
        self._sections = {item.id: say.section(item) for item in meeting.items}
        self._places = _places(body, meeting, self._seats)

    def table(self) -> AttendanceTable:
        say = self._say
        columns = AttendanceRow(say("seat"), say("member"), say("deputy"), say("presence"))
        return AttendanceTable(columns, tuple(self._row(seat) for seat in self._seats))

    def others(self) -> list[Block]:
        """Those present without a seat: experts, the secretary, guests."""
        say, body, meeting = self._say, self._body, self._meeting
        seated = {one for seat in self._seats for one in (seat.member_id, *seat.deputy_ids)}
        signed = (one.person_id for one in meeting.attendances)
        moved = (one.person_id for one in meeting.movements)
        came = dict.fromkeys([body.secretary_id, *signed, *moved])
        experts = {one.person_id: one for one in body.experts if one.in_force(meeting.day)}
        lines = []
        for person_id in came:
            if not person_id or person_id in seated or not attended(meeting, person_id):
                continue
            name = say.name(person_id)
            if person_id == body.secretary_id:
                line = say("is_secretary", name=name)
            elif person_id in experts:
                organisation = one_line(experts[person_id].organisation)
                line = say("is_expert_of", name=name, organisation=organisation) if organisation else say("is_expert", name=name)
            else:
                line = name
            lines.append(", ".join([line, *self._movements(person_id)]))
        return say.labelled("others", (Bullets(tuple(lines)),)) if lines else []

    def _row(self, seat: SeatOnDay) -> AttendanceRow:
        say = self._say
        member = self._with_office(seat.member_id) if seat.member_id else say("vacant")
        if seat.on_leave:
            member = say("on_leave", name=member)
        deputies = "\n".join(self._with_office(one) for one in seat.deputy_ids)
        return AttendanceRow(seat_name(say, seat), member, deputies, self._presence(seat))

    def _with_office(self, person_id: str) -> str:
        name = self._say.name(person_id)
        if person_id == self._body.chair_id:
            return self._say("is_chair", name=name)
        if person_id == self._body.vice_chair_id:
            return self._say("is_vice_chair", name=name)
        return name

    def _presence(self, seat: SeatOnDay) -> str:
        say, meeting = self._say, self._meeting
        parts = []
        if seat.member_id and attended(meeting, seat.member_id):
            parts.append(", ".join([say("present"), *self._movements(seat.member_id)]))
        deputies = [one for one in seat.deputy_ids if attended(meeting, one) and seat.seat.id in self._places[one]]
        parts += [", ".join([self._deputy_present(seat, one), *self._movements(one)]) for one in deputies]
        sign = self._signs.get(seat.member_id) if seat.member_id else None
        if parts:
            if deputies and sign is Sign.EXCUSED:
                parts.append(say("member_excused"))
            return "\n".join(parts)
        if not seat.member_id:
            return NOBODY
        if sign is Sign.EXCUSED:
            return say("excused")
        if sign in {Sign.ABSENT, Sign.LATE}:
            return say("absent")
        # The roll was closed without a word about the seat: nobody sat on it. Before that, nothing is known.
        return say("absent") if meeting.roll_closed_at is not None else say("unrecorded")

    def _deputy_present(self, seat: SeatOnDay, person_id: str) -> str:
        if len(seat.deputy_ids) == 1:
            return self._say("the_deputy_present")
        return self._say("deputy_present", name=self._say.name(person_id))

    def _movements(self, person_id: str) -> list[str]:
        words = {Direction.ARRIVED: "came", Direction.LEFT: "went"}
        told = []
        for one in sorted((one for one in self._meeting.movements if one.person_id == person_id), key=lambda one: one.at):
            text = self._say(words[one.direction], time=self._say.local(one.at))
            section = self._sections.get(one.item_id, "")
            told.append(f"{text} ({section})" if section else text)
        return told


def _places(body: Body, meeting: Meeting, seats: Sequence[SeatOnDay]) -> Mapping[str, set[str]]:
    """Each deputy with the seats they are shown at: one person is one voice, so those they acted for at some time, the table and the
    quorum being one truth; their own seat, or the first of those they are deputy of, when they only attended."""
    acted: dict[str, set[str]] = {}
    moments = [("", meeting.roll_closed_at), *(("", one.at) for one in meeting.movements)]
    moments += [(one.item_id, one.left_at) for one in meeting.disqualifications]
    for item_id, at in moments:
        for seat_id, person_id in actors(body, meeting, item_id, at).items():
            acted.setdefault(person_id, set()).add(seat_id)
    homes: dict[str, str] = {}
    for person_id, seat_id in (
        *((seat.member_id, seat.seat.id) for seat in seats),
        *((one, seat.seat.id) for seat in seats for one in seat.deputy_ids),
    ):
        homes.setdefault(person_id, seat_id)
    return {person_id: acted.get(person_id) or {home} for person_id, home in homes.items()}


def seat_name(say: Speech, seat: SeatOnDay) -> str:
    """The organisation, else the group, or the number of the place; said when the seat has no vote."""
    organisation, group = one_line(seat.seat.organisation), one_line(seat.seat.group)
    name = organisation or group or say("seat_number", number=seat.seat.position)
    return name if seat.seat.voting else say("seat_without_vote", seat=name)
