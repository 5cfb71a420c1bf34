"""The page on which a person without Teams says whether they come to a meeting, by a signed link of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.personal_page import Ids, fill, reader
from meetings import commands as c
from meetings.errors import MeetingError, Refused
from meetings.model import Body, Calling, Document, Meeting, Person, Phase, Response
from meetings.rules.answers import BEFORE, CANNOT, COMES, active_call, answer_of, holder, invited, next_deputy, sign_of
from meetings.rules.seats import seats_on
from meetings.use_cases import execute
from storage.transaction import Transaction
from texts import format_date, format_times, t

SIGNS = ("coming", "excused")


@dataclass(frozen=True, slots=True)
class AnswerState:
    """`given`: what they have answered so far. `called_for`: names of the members instead of whom they are called. `wanted`: whether they
    are expected to answer at all. `follows`: whether somebody is called when they cannot come."""

    person: Person
    body: Body
    meeting: Meeting
    agenda: Document | None
    given: str
    called_for: tuple[str, ...]
    wanted: bool
    follows: bool
    open: bool
    notice: str = ""
    wrong: str = ""

    @property
    def language(self) -> str:
        return self.person.language or self.body.language


class AnswerPage:
    """`ids`: person and meeting."""

    name = "answer"
    texts = "mail.answer_"

    def __init__(self, address: Callable[[str, str], str]) -> None:
        self._address = address

    def look(self, tx: Transaction, ids: Ids, error: MeetingError | None) -> AnswerState:
        return _state(tx, ids, error=error)

    def take(self, tx: Transaction, ids: Ids, typed: Mapping[str, str]) -> AnswerState:
        tx.actor = tx.person(ids[0])
        before = _state(tx, ids)
        kept = t(before.language, "mail.answer_kept")
        if tx.repeat:
            return _state(tx, ids, notice=kept)
        if not before.open:
            raise _over(before.meeting)
        if typed.get("when") != _moment(before.meeting):
            raise Refused("mail.answer_moved")
        if typed.get("sign") not in SIGNS:
            raise Refused("mail.answer_which")
        command = c.SignIn(meeting_id=before.meeting.id, sign=typed["sign"])
        execute(command, tx)
        tx.journal(command, {"by": "page"})
        return _state(tx, ids, notice=kept)

    def render(self, state: AnswerState, typed: Mapping[str, str]) -> str:
        del typed
        language, meeting = state.language, state.meeting
        return fill(
            "answer.html",
            language,
            state=state,
            title=t(language, "calendar.subject", body=state.body.name, number=meeting.designation),
            day=format_date(language, meeting.day, weekday=True),
            times=format_times(language, meeting.start, meeting.end),
            given=state.given,
            agenda=self._address(state.agenda.id, state.person.id) if state.agenda else "",
            moment=_moment(meeting),
            signs=[("coming", state.given in COMES), ("excused", state.given in CANNOT)],
        )


def _state(tx: Transaction, ids: Ids, *, error: MeetingError | None = None, notice: str = "") -> AnswerState:
    person_id, meeting_id = ids
    meeting = tx.meeting(meeting_id)
    person = reader(tx, person_id, meeting)
    body = tx.body(meeting.body_id)
    is_open = meeting.phase in BEFORE
    if error is None and not is_open:
        error = _over(meeting)
    seats = [(seat, active_call(meeting, seat)) for seat in seats_on(body, meeting.day)]
    called = [seat for seat, call in seats if call and call.deputy_id == person_id]
    mine = [*called, *(seat for seat, _ in seats if holder(seat) == person_id)]
    people = tx.people({seat.member_id for seat in called})
    return AnswerState(
        person=person,
        body=body,
        meeting=meeting,
        agenda=next((one for one in tx.documents(meeting.id) if (one.kind, one.format) == ("agenda", "pdf")), None),
        given=_given(meeting, person_id),
        called_for=tuple(people[seat.member_id].name for seat in called if seat.member_id in people),
        wanted=person_id in frozenset().union(*invited(body, meeting)),
        follows=body.calling is not Calling.NEVER and any(next_deputy(body, meeting, seat) for seat in mine),
        open=is_open,
        notice=notice,
        wrong=t(person.language or body.language, error.key, **error.params) if error else "",
    )


def _given(meeting: Meeting, person_id: str) -> str:
    if sign := sign_of(meeting, person_id):
        return str(sign)
    answer = answer_of(meeting, person_id)
    return str(Response.TENTATIVE if answer and answer.response is Response.TENTATIVE else Response.NONE)


def _over(meeting: Meeting) -> Refused:
    return Refused("mail.answer_cancelled" if meeting.phase is Phase.CANCELLED else "mail.answer_over")


def _moment(meeting: Meeting) -> str:
    """Local date and time, so that an answer to a page that showed another time is not taken for this one."""
    return f"{meeting.day.isoformat()}T{meeting.start.isoformat('minutes')}"
