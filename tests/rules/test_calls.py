"""Which meeting a call is of, and what it suggests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from meetings.model import Attendance, Direction, Meeting, Movement, Phase, Sign
from meetings.ports import Call, Span
from meetings.rules.calls import Difference, call_of, closing_at, differences, gone, meeting_of, offered
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


def at(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def test_what_is_told_of_a_call_in_whatever_order_it_comes() -> None:
    told = [
        ("started", at(0), ""),
        ("joined", at(1), "m1"),
        ("joined", at(2), "m2"),
        ("left", at(30), "m1"),
        ("joined", at(36), "m1"),
        ("left", at(50), "m2"),
        ("left", at(51), "x1"),
        ("ended", at(60), ""),
        ("left", at(60.5), "m1"),
    ]
    away = (Span("m1", at(30), at(36)), Span("m2", at(50)), Span("m1", at(60.5)))
    stays = (Span("m1", at(1), at(30)), Span("m2", at(2), at(50)), Span("m1", at(36), at(60.5)))
    for order in (told, told[::-1]):
        assert call_of(order) == Call(at(0), at(60), frozenset(), away, stays)
    again = (away[0], Span("m2", at(50), at(70)), away[2])
    assert call_of([*told, ("joined", at(70), "m2")]) == Call(at(0), None, frozenset({"m2"}), again, (*stays, Span("m2", at(70))))
    # Out and in within the moment.
    assert call_of([("joined", at(1), "m1"), ("left", at(5), "m1"), ("joined", at(5), "m1")]).joined == {"m1"}


def test_who_leaves_the_call_and_was_in_the_room_is_offered_as_gone() -> None:
    present = tuple(Attendance(f"a{one}", "a", one, Sign.PRESENT) for one in ("m1", "m2", "m3"))
    opened = replace(held("a", phase=Phase.OPEN), opened_at=AT, roll_closed_at=at(5), attendances=present)
    call = Call(away=(Span("m1", at(20)), Span("m2", at(20), at(30)), Span("d1", at(20)), Span("m1", at(30))))
    assert gone(opened, call, at(40)) == (Span("m1", at(20)), Span("m2", at(20), at(30)))
    # A lost connection, the time of the roll call, and the end of the call are no goings.
    assert gone(opened, Call(away=(Span("m1", at(20), at(22)), Span("m2", at(38)))), at(40)) == ()
    assert gone(opened, Call(away=(Span("m1", at(3)),)), at(40)) == ()
    assert gone(opened, Call(ended=at(21), away=(Span("m1", at(19)), Span("m2", at(21.5)))), at(40)) == ()
    assert gone(replace(opened, roll_closed_at=None), call, at(40)) == ()
    assert gone(replace(opened, phase=Phase.CLOSED), call, at(40)) == ()
    # What is noted is not offered any more, nor what the record says otherwise.
    left = Movement("v1", "a", "m1", Direction.LEFT, at(20))
    assert gone(replace(opened, movements=(left,)), call, at(40)) == (Span("m2", at(20), at(30)),)
    assert gone(replace(opened, movements=(replace(left, at=at(24)),)), call, at(40)) == (Span("m2", at(20), at(30)),)
    late = replace(left, person_id="m2", at=at(35))
    assert gone(replace(opened, movements=(late,)), call, at(40)) == (Span("m1", at(20)), Span("m2", at(20), at(30)))


def test_a_report_is_held_against_the_record() -> None:
    present = tuple(Attendance(f"a{one}", "a", one, Sign.PRESENT) for one in ("m1", "m2", "m3", "m4"))
    moves = (Movement("v1", "a", "m4", Direction.LEFT, at(30)), Movement("v2", "a", "m5", Direction.ARRIVED, at(20)))
    closed = replace(held("a", phase=Phase.CLOSED), opened_at=AT, closed_at=at(60), attendances=present, movements=moves, place="")
    told = [
        *_stay("m1", -10, 61),
        *_stay("m2", 20, 25),
        *_stay("m2", 26, 50),
        *_stay("m4", 0, 31),
        *_stay("m5", 21, 60),
        *_stay("d1", 5, 100),
        *_stay("d2", 58, 90),
        *_stay("elsewhere", 0, 60),
    ]
    listed = ["m1", "m2", "m3", "m4", "m5", "m6", "d1", "d2"]
    assert differences(closed, call_of(told), listed) == (
        Difference("late", "m2", since=at(20), noted=AT),
        Difference("left", "m2", until=at(50), noted=at(60)),
        Difference("unseen", "m3"),
        Difference("absent", "d1", at(5), at(60)),
    )
    # Where some are in a room, who is not in the call may be there.
    assert [one.kind for one in differences(replace(closed, place="Kunnantalo"), call_of(told), listed)] == ["absent"]
    # Before the end, and without a report, there is nothing to compare.
    assert differences(replace(closed, closed_at=None), call_of(told), listed) == ()
    assert differences(closed, Call(), listed) == ()


def _stay(person_id: str, since: float, until: float) -> list[tuple[str, datetime, str]]:
    return [("joined", at(since), person_id), ("left", at(until), person_id)]


def test_the_end_of_a_call_is_the_time_of_closing_unless_it_was_before_the_opening() -> None:
    opened = replace(held("a", phase=Phase.OPEN), opened_at=AT)
    assert closing_at(opened, Call(ended=AT + timedelta(hours=1))) == AT + timedelta(hours=1)
    assert closing_at(opened, Call(ended=AT - timedelta(minutes=1))) is None
    assert closing_at(opened, Call()) is None
