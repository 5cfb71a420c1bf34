"""For whom a card of the board is made anew, and what it offers them."""

from __future__ import annotations

from dataclasses import replace

from meetings import commands as c
from meetings.model import Approval, Attendance, Phase, Sign
from meetings.rules.boards import MOST, own_answer, steps_on, viewers
from tests.samples import NOW, body, meeting, person

SHOWN = tuple(c.SignIn(meeting_id="meeting", sign=sign) for sign in ("present", "late", "excused"))


def test_everybody_of_a_body_is_asked_for_while_clients_bear_it() -> None:
    assert viewers(body(3), meeting()) == ("sec", "m1", "m2", "m3", "d1", "d2", "d3", "x1")
    assert len(viewers(body(29), meeting())) == MOST == 60


def test_of_a_larger_body_those_who_have_to_do_with_it() -> None:
    large = body(80, approval=Approval.CHECKERS, checker_ids=("m70",))
    said = tuple(Attendance(f"a{n}", "meeting", f"m{n}", Sign.PRESENT) for n in range(3, 60))
    found = viewers(large, meeting(attendances=said))
    assert found[:4] == ("sec", "m1", "m2", "m70")
    assert set(found[4:]) == {f"m{n}" for n in range(60, 81)} - {"m70"}
    # Never more, though all are waited for; nobody but the offices, when nothing is wanted.
    assert len(viewers(large, meeting())) == MOST
    assert viewers(large, meeting(phase=Phase.APPROVED)) == ("sec", "m1", "m2", "m70")


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
