"""What becomes of a person who is to be forgotten: what has to end before, what the record keeps, and what goes (docs/privacy.md)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from meetings.model import Approval, Attendance, Body, Check, Disqualification, Dissent, Expert, Holding, Meeting, Movement, Phase

Place = TypeVar("Place", Holding, Expert)
# In these the record of a meeting is still being made: to take a person out of it would be to change it.
UNDER_WAY = frozenset({Phase.OPEN, Phase.CLOSED, Phase.REVIEW})
_DAY = timedelta(days=1)


class Office(StrEnum):
    """What somebody else has to take over first."""

    SECRETARY = "secretary"
    CHAIR = "chair"
    VICE_CHAIR = "vice-chair"
    CHECKER = "checker of the minutes"


def offices(body: Body, person_id: str) -> tuple[Office, ...]:
    held = [office for office, one in _officers(body) if one == person_id]
    return (*held, *((Office.CHECKER,) if body.approval is Approval.CHECKERS and person_id in body.checker_ids else ()))


def places_of(body: Body, person_id: str) -> tuple[Holding | Expert, ...]:
    """The seats they hold or held, and their places as an expert."""
    places: tuple[Holding | Expert, ...] = (*body.holdings, *body.experts)
    return tuple(one for one in places if one.person_id == person_id)


def had_place(body: Body, person_id: str, day: date) -> bool:
    """Whether they held a seat, or attended as an expert, on that day."""
    return any(one.in_force(day) for one in places_of(body, person_id))


def is_recorded(meeting: Meeting, person_id: str) -> bool:
    """Whether what the meeting did tells of them."""
    acted: tuple[Attendance | Movement | Disqualification | Dissent | Check, ...]
    acted = (*meeting.attendances, *meeting.movements, *meeting.disqualifications, *meeting.dissents, *meeting.checks)
    called = {person for one in meeting.deputy_calls for person in (one.deputy_id, one.called_by)}
    aside = {one.deputy_id for one in meeting.disqualifications}
    return person_id in {one.person_id for one in acted} | called | aside | {meeting.presiding_id}


def without_words(meeting: Meeting, person_id: str) -> Meeting:
    """Without what they answered and commented; of a meeting that was not held, without what they said about coming either."""

    def left(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(one for one in rows if one.person_id != person_id)

    without = replace(meeting, answers=left(meeting.answers), replies=left(meeting.replies), comments=left(meeting.comments))
    if meeting.phase in UNDER_WAY or meeting.phase is Phase.APPROVED:
        return without
    calls = tuple(
        replace(one, called_by="" if one.called_by == person_id else one.called_by)
        for one in meeting.deputy_calls
        if one.deputy_id != person_id
    )
    return replace(without, attendances=left(meeting.attendances), deputy_calls=calls)


def all_words_gone(meeting: Meeting) -> Meeting:
    """Without anybody's answers and comments; what the minutes say of them stays."""
    return replace(meeting, answers=(), replies=(), comments=())


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier; the last of that month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def without_place(body: Body, person_id: str, today: date, *, kept: bool) -> Body:
    """Their seats and places end with yesterday; unless their name is `kept`, they have never had any. What they said in polls goes."""

    def left(places: tuple[Place, ...]) -> tuple[Place, ...]:
        ended = (_ended(one, today) if one.person_id == person_id else one for one in places if kept or one.person_id != person_id)
        return tuple(one for one in ended if one is not None)

    return replace(
        body,
        holdings=left(body.holdings),
        experts=left(body.experts),
        poll_answers=tuple(one for one in body.poll_answers if one.person_id != person_id),
        checker_ids=tuple(one for one in body.checker_ids if one != person_id),
    )


def _ended(place: Place, today: date) -> Place | None:
    if place.since is not None and place.since >= today:
        return None
    return place if place.until is not None and place.until < today else replace(place, until=today - _DAY)


def _officers(body: Body) -> tuple[tuple[Office, str], ...]:
    return (Office.SECRETARY, body.secretary_id), (Office.CHAIR, body.chair_id), (Office.VICE_CHAIR, body.vice_chair_id)
