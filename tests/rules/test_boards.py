"""For whom a card of the board is made anew, and what it offers them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meetings import commands as c
from meetings.model import Approval, Attendance, Body, Expert, Phase, Poll, PollAnswer, PollOption, Sign
from meetings.rules.boards import own_answer, poll_viewers, steps_on, viewers
from tests.samples import NOW, body, meeting, person

SHOWN = tuple(c.SignIn(meeting_id="meeting", sign=sign) for sign in ("present", "late", "excused"))


def of_so_many(people: int) -> Body:
    """A body of its secretary, seats of two each, and experts for the rest."""
    seats = (people - 1) // 2
    experts = tuple(Expert(f"e{n}", "body", f"x{n}", "Saaristotoimisto") for n in range(1, people - 2 * seats))
    return body(seats, experts=experts)


@pytest.mark.parametrize("people", [59, 60])
def test_while_clients_bear_it_everybody_is_named_by_office_and_seat(people: int) -> None:
    made = of_so_many(people)
    members = [f"m{n}" for n in range(3, len(made.seats) + 1)]
    deputies = [f"d{n}" for n in range(1, len(made.seats) + 1)]
    experts = [one.person_id for one in made.experts]
    # Whatever has been answered.
    said = tuple(Attendance(f"a{n}", "meeting", f"m{n}", Sign.PRESENT) for n in range(3, 20))
    for at in (meeting(), meeting(attendances=said)):
        assert viewers(made, at) == ("sec", "m1", "m2", *members, *deputies, *experts)


@pytest.mark.parametrize("people", [61, 200])
def test_of_more_people_those_are_named_first_of_whom_an_answer_is_wanted(people: int) -> None:
    made = replace(of_so_many(people), approval=Approval.CHECKERS, checker_ids=("m20",))
    last = len(made.seats)
    said = tuple(Attendance(f"a{n}", "meeting", f"m{n}", Sign.PRESENT) for n in range(3, last - 4))
    found = viewers(made, meeting(attendances=said))
    assert found[:4] == ("sec", "m1", "m2", "m20")
    assert found[4:9] == tuple(f"m{n}" for n in range(last - 4, last + 1))
    assert found[9:12] == ("m3", "m4", "m5")
    # All of them in the end, once; those who come after the first `MOST` ask by the menu of the message.
    assert len(found) == len(set(found)) == people
    # Nothing is wanted any more: by office and seat.
    assert viewers(made, meeting(phase=Phase.APPROVED))[:6] == ("sec", "m1", "m2", "m20", "m3", "m4")


def test_a_poll_names_those_first_who_have_said_nothing() -> None:
    poll, option = Poll("p", "body", NOW), PollOption("o", "body", "p", NOW.date(), NOW.time(), NOW.time())
    said = tuple(PollAnswer(f"a{n}", "body", "o", f"m{n}", suits=True) for n in range(3, 30))
    made = replace(of_so_many(61), polls=(poll,), poll_options=(option,), poll_answers=said)
    found = poll_viewers(made, poll, NOW.date())
    assert found[:4] == ("sec", "m1", "m2", "m30")
    assert set(found) == set(viewers(made, meeting()))
    assert poll_viewers(made, replace(poll, closed_at=NOW), NOW.date())[:4] == ("sec", "m1", "m2", "m3")


def test_each_is_offered_what_is_theirs() -> None:
    made, opened = body(3), meeting(phase=Phase.OPEN, opened_at=NOW)

    def offered(person_id: str, part: str = "roll") -> tuple[c.Command, ...]:
        return steps_on(part, SHOWN, made, opened, replace(person("Aino"), id=person_id), NOW)

    assert offered("m3") == SHOWN
    assert offered("stranger") == ()
    assert offered("sec") == (c.FindQuorum(meeting_id="meeting"), c.OpenDesk(meeting_id="meeting", part="roll"), *SHOWN)
    # Where the work does not show, the desk is not offered.
    assert offered("sec", "approved") == SHOWN


def test_what_one_has_said_is_told() -> None:
    made, before = body(3), meeting()
    aino, deputy = replace(person("Aino"), id="m3"), replace(person("Eino"), id="d3")
    assert own_answer("meeting", made, before, aino) == "waited"
    assert own_answer("meeting", made, before, deputy) == ""
    coming = replace(before, attendances=(Attendance("a1", "meeting", "m3", Sign.PRESENT),))
    assert own_answer("meeting", made, coming, aino) == "coming"
    assert own_answer("roll", made, replace(coming, phase=Phase.OPEN, opened_at=NOW), aino) == "present"
    late = replace(before, attendances=(Attendance("a1", "meeting", "m3", Sign.LATE),))
    assert own_answer("meeting", made, late, aino) == "late"
    assert own_answer("approved", made, before, aino) == ""
