"""Which meeting a call is of, and what it suggests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from meetings.model import Attendance, Meeting, Phase, Sign
from meetings.ports import Call
from meetings.rules.calls import closing_at, meeting_of, offered
from tests.samples import meeting

HELSINKI = ZoneInfo("Europe/Helsinki")
THREAD = "19:meeting_NTM3ZDJj@thread.v2"
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NTM3ZDJj%40thread.v2/0?context=%7b%22Tid%22%3a%221%22%7d"
SHORT = "https://teams.microsoft.com/meet/3912345?p=abc"
AT = datetime(2026, 5, 11, 7, 0, tzinfo=UTC)


def held(meeting_id: str, link: str = "", phase: Phase = Phase.PUBLISHED, *, online: bool = True, start: time = time(10)) -> Meeting:
    made = replace(meeting(), id=meeting_id, join_url=link, phase=phase, online=online)
    return replace(made, day=date(2026, 5, 11), start=start)


@pytest.mark.parametrize(
    ("meetings", "join_url", "found"),
    [
        ([held("a"), held("b", LINK)], "", "b"),
        ([held("a"), held("b", SHORT)], SHORT, "b"),
        ([held("a")], "", "a"),
        ([held("a"), held("b")], "", ""),
        ([held("a", SHORT)], "", ""),
        ([held("a", online=False)], "", ""),
        ([held("a", LINK, Phase.CANCELLED)], "", ""),
        ([held("a", LINK, Phase.CLOSED)], "", ""),
        ([held("a", start=time(15))], "", ""),
        ([held("a", start=time(15)), held("b")], "", "b"),
    ],
)
def test_a_call_is_of_the_meeting_with_its_link_else_of_the_only_one_it_can_be(meetings: list[Meeting], join_url: str, found: str) -> None:
    one = meeting_of([(each, HELSINKI) for each in meetings], THREAD, join_url, AT)
    assert (one.id if one else "") == found


def test_who_is_in_the_call_and_on_the_roll_is_offered_until_the_roll_is_closed() -> None:
    opened = replace(held("a", phase=Phase.OPEN), opened_at=AT, attendances=(Attendance("x", "a", "m1", Sign.PRESENT),))
    call = Call(joined=frozenset({"m1", "d2", "elsewhere"}))
    listed = ["m1", "d1", "m2", "d2"]
    assert offered(opened, call, listed) == ("d2",)
    assert offered(replace(opened, roll_closed_at=AT), call, listed) == ()
    assert offered(held("a"), call, listed) == ()


def test_the_end_of_a_call_is_the_time_of_closing_unless_it_was_before_the_opening() -> None:
    opened = replace(held("a", phase=Phase.OPEN), opened_at=AT)
    assert closing_at(opened, Call(ended=AT + timedelta(hours=1))) == AT + timedelta(hours=1)
    assert closing_at(opened, Call(ended=AT - timedelta(minutes=1))) is None
    assert closing_at(opened, Call()) is None
