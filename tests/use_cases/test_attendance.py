"""Opening, the roll, comings and goings and called deputies, on a real database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.model import Capacity, DeputyCall, Holding, Item, Meeting, Phase, Sign, Standing
from meetings.rules.presence import Quorum
from meetings.screens.attendance import AttendanceDesk, OpeningAsked, RollOnBoard, Row
from meetings.screens.base import Screen, sentence
from tests.samples import body, meeting
from tests.use_cases.stage import OPENED, Stage, stage


@pytest.fixture
async def opened(room: Stage) -> Stage:
    """Open at 10.00, the roll not yet closed."""
    await room.do("m1", c.OpenMeeting())
    return room


@pytest.fixture
async def found(opened: Stage) -> Stage:
    """Chair and vice-chair present, the quorum found at 10.05.20; the meeting is at § 2."""
    for who in ("m1", "m2"):
        await opened.do(who, c.SignIn(meeting_id="meeting", sign="present"))
    opened.at("10.05.20")
    await opened.do("m1", c.FindQuorum())
    return opened


def signs(held: Meeting) -> dict[str, str]:
    return {one.person_id: str(one.sign) for one in held.attendances}


def moves(held: Meeting) -> list[tuple[str, str, str, str]]:
    return [(one.person_id, str(one.direction), f"{one.at:%H.%M.%S}", one.item_id) for one in held.movements]


def row(screen: AttendanceDesk | RollOnBoard, person_id: str) -> Row:
    return next(one for one in screen.rows if one.person_id == person_id)


async def told(room: Stage) -> list[tuple[str, str]]:
    effects = [json.loads(payload) for payload in await room.effects("Tell")]
    return [(one["person_id"], one["sentence"]) for one in effects]


# --- opening ----------------------------------------------------------------------------------------------------------------


async def test_the_chair_opens_at_a_time_and_presides(room: Stage) -> None:
    room.at("10.04")
    screen = await room.shown(AttendanceDesk, "m2", c.OpenMeeting(at="10.02"))
    held = await room.meeting()
    assert (held.phase, held.opened_at, held.presiding_id, held.current_item_id) == (
        Phase.OPEN,
        datetime(2026, 5, 11, 7, 2, tzinfo=UTC),
        "m2",
        "i1",
    )
    assert screen.meeting == held
    assert await room.refused("m1", c.OpenMeeting(meeting_id="meeting")) == "phase.open"


async def test_the_secretary_opens_for_the_chair(room: Stage) -> None:
    await room.do("sec", c.OpenMeeting())
    assert (await room.meeting()).presiding_id == "m1"
    assert await room.refused("m3", c.CloseMeeting(meeting_id="meeting")) == "access.preside"


async def test_on_another_day_it_is_asked_first(room: Stage) -> None:
    room.now = OPENED.replace(day=12)
    asked = await room.shown(OpeningAsked, "m1", c.OpenMeeting(meeting_id="meeting", at="10.00"))
    assert (await room.meeting()).phase is Phase.PUBLISHED
    assert asked.steps[0] == c.OpenMeeting(meeting_id="meeting", at="10.00", confirmed=True)
    await room.do("m1", asked.steps[0])
    assert (await room.meeting()).opened_at == OPENED.replace(day=12)


async def test_a_time_still_to_come_is_refused(room: Stage) -> None:
    assert await room.refused("m1", c.OpenMeeting(at="10.16")) == "attendance.time_ahead"
    assert await room.refused("m1", c.OpenMeeting(at="heti")) == "attendance.time_unread"


async def test_what_was_answered_in_advance_stays_except_the_promise_to_come(room: Stage) -> None:
    for who, sign in (("m1", "present"), ("m2", "late"), ("m3", "excused")):
        await room.do(who, c.SignIn(sign=sign))
    await room.do("m1", c.OpenMeeting())
    assert signs(await room.meeting()) == {"m2": "late", "m3": "excused"}


async def test_an_agenda_never_published_gets_its_numbers_at_the_opening(tmp_path: Path) -> None:
    draft = meeting(phase=Phase.PLANNED, published_at=None)
    draft = replace(draft, items=tuple(replace(item, section=None) for item in draft.items))
    async with stage(tmp_path, meeting=draft) as room:
        await room.do("m1", c.OpenMeeting())
        held = await room.meeting()
        assert [item.section for item in held.items] == [1, 2, 3]
        assert held.published_at == OPENED


# --- people sign for themselves -----------------------------------------------------------------------------------------------


async def test_everybody_signs_for_themself_and_the_quorum_follows(opened: Stage) -> None:
    first = await opened.shown(RollOnBoard, "m1", c.SignIn(meeting_id="meeting", sign="present"))
    assert first.quorum == Quorum(1, 3, 2, chair=True, quorate=False)
    second = await opened.shown(RollOnBoard, "d3", c.SignIn(meeting_id="meeting", sign="present"))
    assert second.quorum == Quorum(2, 3, 2, chair=True, quorate=True)
    assert (row(second, "d3").acts, row(second, "m3").free) == (True, False)
    both = await opened.shown(RollOnBoard, "m3", c.SignIn(meeting_id="meeting", sign="present"))
    assert both.quorum.filled == 2
    assert [(row(both, who).inside, row(both, who).acts) for who in ("m3", "d3")] == [(True, True), (True, False)]
    assert both.steps == tuple(c.SignIn(meeting_id="meeting", sign=sign) for sign in ("present", "late", "excused"))


async def test_pressing_twice_changes_nothing(opened: Stage) -> None:
    await opened.do("m1", c.SignIn(sign="present"))
    held = await opened.meeting()
    again = await opened.do("m1", c.SignIn(sign="present"))
    assert await opened.meeting() == held
    assert again.notice == sentence("attendance.signed_present", name="Nimi m1")


async def test_before_the_meeting_present_is_a_promise_to_come(room: Stage) -> None:
    screen = await room.shown(RollOnBoard, "m2", c.SignIn(sign="coming"))
    assert screen.notice == sentence("attendance.signed_coming", name="Nimi m2")
    assert screen.steps == tuple(c.SignIn(meeting_id="meeting", sign=sign) for sign in ("coming", "late", "excused"))
    desk = await room.do("sec", c.SetAttendance(person_ids=("m1", "m3"), sign="present"))
    assert desk.notice == sentence("attendance.signed_coming_many", count=2)


async def test_a_person_may_change_their_mind(opened: Stage) -> None:
    for sign in ("late", "excused", "present"):
        await opened.do("m2", c.SignIn(sign=sign))
    assert signs(await opened.meeting()) == {"m2": "present"}


@pytest.mark.parametrize("sign", ["absent", "", "chair"])
async def test_nobody_signs_as_something_else(opened: Stage, sign: str) -> None:
    assert await opened.refused("m2", c.SignIn(sign=sign)) == "attendance.which_own_sign"


async def test_a_stranger_does_not_sign(opened: Stage) -> None:
    assert await opened.refused("stranger", c.SignIn(meeting_id="meeting", sign="present")) == "storage.not_found"


async def test_after_the_roll_presence_is_an_arrival_with_its_time_and_item(found: Stage) -> None:
    found.at("10.33.15")
    screen = await found.shown(RollOnBoard, "m3", c.SignIn(meeting_id="meeting", sign="present"))
    assert moves(await found.meeting()) == [("m3", "arrived", "07.33.15", "i2")]
    assert screen.quorum.filled == 3
    assert screen.notice == sentence("attendance.arrived", name="Nimi m3", at=found.now.astimezone((await found.body()).tz))
    assert screen.steps == tuple(c.SignIn(meeting_id="meeting", sign=sign) for sign in ("arrived", "left"))


async def test_who_came_late_says_so_and_then_comes(found: Stage) -> None:
    await found.do("m3", c.SignIn(sign="late"))
    assert signs(await found.meeting())["m3"] == "late"
    found.at("10.20")
    await found.do("m3", c.SignIn(sign="arrived"))
    held = await found.meeting()
    assert (signs(held)["m3"], moves(held)) == ("late", [("m3", "arrived", "07.20.00", "i2")])


@pytest.mark.parametrize("sign", ["left", "excused"])
async def test_going_after_the_roll_is_a_departure_and_can_cost_the_quorum(found: Stage, sign: str) -> None:
    found.at("10.42")
    screen = await found.shown(RollOnBoard, "m2", c.SignIn(sign=sign))
    held = await found.meeting()
    assert (signs(held)["m2"], moves(held)) == ("present", [("m2", "left", "07.42.00", "i2")])
    assert screen.quorum == Quorum(1, 3, 2, chair=True, quorate=False)
    again = await found.shown(RollOnBoard, "m2", c.SignIn(sign=sign))
    assert await found.meeting() == held
    assert again.notice == sentence("attendance.signed_left", name="Nimi m2")


async def test_late_means_nothing_to_one_in_the_room_or_gone(found: Stage) -> None:
    held = await found.meeting()
    inside = await found.do("m2", c.SignIn(sign="late"))
    assert (await found.meeting(), inside.notice) == (held, sentence("attendance.signed_present", name="Nimi m2"))
    found.at("10.42")
    await found.do("m2", c.SignIn(sign="left"))
    gone = await found.meeting()
    await found.do("m2", c.SignIn(sign="late"))
    assert await found.meeting() == gone


async def test_arrived_twice_is_harmless_and_a_slip_leaves_no_trace(found: Stage) -> None:
    found.at("10.42.05")
    await found.do("m2", c.SignIn(sign="left"))
    found.at("10.42.50")
    await found.do("m2", c.SignIn(sign="arrived"))
    held = await found.meeting()
    assert held.movements == ()
    await found.do("m2", c.SignIn(sign="arrived"))
    assert await found.meeting() == held


# --- the secretary's desk -------------------------------------------------------------------------------------------------------


async def test_the_secretary_marks_those_ticked_in_one_press(opened: Stage) -> None:
    screen = await opened.shown(AttendanceDesk, "sec", c.SetAttendance(meeting_id="meeting", person_ids=("m1", "d2", "x1"), sign="present"))
    assert signs(await opened.meeting()) == {"m1": "present", "d2": "present", "x1": "present"}
    assert screen.notice == sentence("attendance.signed_present_many", count=3)
    assert screen.quorum.filled == 2
    one = await opened.do("sec", c.SetAttendance(person_ids=("m3",), sign="absent"))
    assert one.notice == sentence("attendance.signed_absent", name="Nimi m3")


async def test_twenty_seats_take_two_presses(tmp_path: Path) -> None:
    async with stage(tmp_path, body(20), without_teams=[f"m{n}" for n in range(1, 21)]) as room:
        await room.do("sec", c.OpenMeeting())
        await room.do("d7", c.SignIn(sign="present"))
        await room.do("sec", c.SetAttendance(person_ids=("m3", "m9"), sign="excused"))
        screen = await room.shown(AttendanceDesk, "sec", c.ShowAttendance())
        assert screen.unknown == 17
        screen = await room.shown(AttendanceDesk, "sec", c.SetAttendance(meeting_id="meeting", sign="present", rest=True))
        assert (screen.unknown, screen.quorum.filled) == (0, 18)
        assert screen.notice == sentence("attendance.signed_present_many", count=17)
        again = await room.shown(AttendanceDesk, "sec", c.SetAttendance(meeting_id="meeting", sign="absent", rest=True))
        assert (again.quorum.filled, again.notice) == (18, None)


async def test_nobody_ticked_or_somebody_elses_person_is_refused(opened: Stage) -> None:
    assert await opened.refused("sec", c.SetAttendance(sign="present")) == "attendance.who_first"
    assert await opened.refused("sec", c.SetAttendance(sign="present", person_ids=("stranger",))) == "attendance.no_such_person"
    assert await opened.refused("sec", c.SetAttendance(sign="gone", person_ids=("m1",))) == "attendance.which_sign"
    assert await opened.refused("m3", c.SetAttendance(sign="present", person_ids=("m3",))) == "access.run"


async def test_a_refused_mark_keeps_the_ticks_and_the_time(found: Stage) -> None:
    command = c.NoteMovement(person_ids=("m1", "m2"), direction="left", clock="9.30", item_id="i3")
    shown = await found.refusal("sec", command)
    assert isinstance(shown, AttendanceDesk)
    assert (shown.wrong, shown.person_ids, shown.at, shown.item_id) == (True, ("m1", "m2"), "9.30", "i3")


async def test_coming_and_going_noted_by_the_secretary(found: Stage) -> None:
    found.at("11.30")
    await found.do("sec", c.NoteMovement(person_ids=("m3", "d1"), direction="arrived", clock="10.33"))
    await found.do("sec", c.NoteMovement(person_ids=("m2",), direction="left", clock="10.42–10.48", item_id="i3"))
    held = await found.meeting()
    assert moves(held) == [
        ("m3", "arrived", "07.33.00", "i2"),
        ("d1", "arrived", "07.33.00", "i2"),
        ("m2", "left", "07.42.00", "i3"),
        ("m2", "arrived", "07.48.00", "i3"),
    ]
    key = await found.refused("sec", c.NoteMovement(meeting_id="meeting", person_ids=("m3",), direction="arrived", clock="10.50"))
    assert key == "attendance.already_in"
    assert await found.refused("sec", c.NoteMovement(person_ids=("m3",), direction="left", clock="10.20")) == "attendance.not_in"
    assert await found.refused("sec", c.NoteMovement(person_ids=("m3",), direction="left", item_id="elsewhere")) == "agenda.no_such_item"


async def test_a_wrong_arrival_is_taken_back_and_a_wrong_time_put_right(found: Stage) -> None:
    found.at("11.30")
    await found.do("sec", c.NoteMovement(person_ids=("m3",), direction="arrived", clock="10.33"))
    screen = await found.shown(AttendanceDesk, "sec", c.ShowAttendance())
    await found.do("sec", c.NoteMovement(person_ids=("m3",), direction="arrived", clock="10.30"))
    held = await found.meeting()
    assert moves(held) == [("m3", "arrived", "07.30.00", "i2")]
    screen = await found.shown(AttendanceDesk, "sec", c.TakeBack(meeting_id="meeting", mark_id=screen.movements[0].id))
    assert (await found.meeting()).movements == ()
    assert screen.quorum.filled == 2
    again = await found.do("sec", c.TakeBack(meeting_id="meeting", mark_id=held.movements[0].id))
    assert isinstance(again, Screen)


async def test_a_roll_corrected_after_the_finding(found: Stage) -> None:
    found.at("10.20")
    await found.do("m3", c.SignIn(sign="arrived"))
    screen = await found.shown(AttendanceDesk, "sec", c.SetAttendance(person_ids=("m3",), sign="present"))
    held = await found.meeting()
    assert (held.movements, signs(held)["m3"], screen.quorum.filled) == ((), "present", 3)


# --- the finding of quorum --------------------------------------------------------------------------------------------------


async def test_the_quorum_is_found_once_and_the_meeting_moves_on(opened: Stage) -> None:
    assert await opened.refused("m1", c.FindQuorum(meeting_id="meeting")) == "attendance.no_quorum"
    for who in ("m2", "m3"):
        await opened.do(who, c.SignIn(sign="present"))
    opened.at("10.05.20")
    screen = await opened.do("sec", c.FindQuorum())
    held = await opened.meeting()
    assert (held.roll_closed_at, held.current_item_id, held.presiding_id) == (opened.now, "i2", "m2")
    assert screen.notice == sentence("attendance.quorum_found", filled=2, seats=3)
    assert screen.steps[0] == c.ShowItem(meeting_id="meeting")
    opened.at("10.30")
    await opened.do("sec", c.ShowItem(meeting_id="meeting", item_id="i3"))
    later = await opened.meeting()
    await opened.do("sec", c.FindQuorum(meeting_id="meeting"))
    assert await opened.meeting() == later


async def test_without_chair_and_vice_chair_there_is_no_quorum(opened: Stage) -> None:
    for who in ("d1", "d2", "m3"):
        await opened.do(who, c.SignIn(sign="present"))
    assert await opened.refused("sec", c.FindQuorum()) == "attendance.no_chair"


async def test_a_movement_of_the_minute_of_the_finding_is_after_it(found: Stage) -> None:
    found.at("10.30")
    await found.do("sec", c.NoteMovement(person_ids=("m3",), direction="arrived", clock="10.05"))
    held = await found.meeting()
    assert held.roll_closed_at is not None
    assert held.movements[0].at > held.roll_closed_at


# --- deputies -----------------------------------------------------------------------------------------------------------------


async def test_a_member_who_cannot_come_has_the_deputy_called_and_released_when_they_can(room: Stage) -> None:
    await room.do("m3", c.SignIn(sign="excused"))
    await room.do("m3", c.SignIn(sign="excused"))
    call = (await room.meeting()).deputy_calls[0]
    assert (call.seat_id, call.deputy_id, call.called_by, call.accepted) == ("s3", "d3", "m3", None)
    assert await told(room) == [("d3", "called"), ("m3", "called_for_you"), ("sec", "deputy_called")]
    await room.do("m3", c.SignIn(sign="present"))
    assert [one.ended_at for one in (await room.meeting()).deputy_calls] == [room.now]
    assert (await told(room))[3:] == [("d3", "released"), ("sec", "deputy_released")]
    await room.do("m3", c.SignIn(sign="excused"))
    assert [(one.deputy_id, one.ended_at) for one in (await room.meeting()).deputy_calls] == [("d3", room.now), ("d3", None)]


@pytest.mark.parametrize(
    ("calls", "who", "sign", "synced"),
    [
        ((), "m3", "excused", 1),
        ((), "m3", "present", 0),
        ((DeputyCall("c", "meeting", "s3", "d3", "m3", OPENED),), "m3", "present", 1),
        ((DeputyCall("c", "meeting", "s3", "d3", "m3", OPENED),), "d3", "excused", 0),
        ((DeputyCall("c", "meeting", "s3", "d3", "m3", OPENED, ended_at=OPENED),), "m3", "present", 0),
        ((DeputyCall("c", "meeting", "s3", "d3", "m3", OPENED, ended_at=OPENED),), "d3", "excused", 0),
    ],
)
async def test_the_calendar_follows_each_call_and_its_end(
    tmp_path: Path, calls: tuple[DeputyCall, ...], who: str, sign: str, synced: int
) -> None:
    async with stage(tmp_path, meeting=meeting(deputy_calls=calls)) as room:
        await room.do(who, c.SignIn(sign=sign))
        assert len(await room.effects("SyncEvent")) == synced


async def test_a_moved_meeting_needs_no_deputy_yet(room: Stage) -> None:
    await room.do("m3", c.SignIn(sign="excused"))
    await room.do("sec", c.MoveMeeting(meeting_id="meeting", text="12.6.2026 klo 10-12"))
    held = await room.meeting()
    assert held.attendances == ()
    assert [one.ended_at is not None for one in held.deputy_calls] == [True]


async def test_a_deputy_answers_and_after_a_no_the_next_one_is_called(tmp_path: Path) -> None:
    held = body()
    held = replace(held, holdings=(*held.holdings, Holding("h", "body", "s3", "d9", Capacity.DEPUTY, 2)))
    async with stage(tmp_path, held) as room:
        await room.do("m3", c.SignIn(sign="excused"))
        await room.do("d3", c.SignIn(sign="excused"))
        await room.do("d9", c.SignIn(sign="present"))
        assert [(one.deputy_id, one.accepted) for one in (await room.meeting()).deputy_calls] == [("d3", False), ("d9", True)]
        await room.do("d9", c.SignIn(sign="excused"))
        assert [(one.deputy_id, one.accepted) for one in (await room.meeting()).deputy_calls] == [("d3", False), ("d9", False)]
        assert (await told(room))[-1] == ("sec", "nobody_to_call_next")


async def test_a_deputy_without_teams_is_left_for_the_secretary_to_call(tmp_path: Path) -> None:
    async with stage(tmp_path, without_teams=("m3", "d3")) as room:
        await room.do("sec", c.SetAttendance(person_ids=("m3",), sign="excused"))
        assert await told(room) == [("sec", "deputy_to_call")]


async def test_nobody_is_called_after_the_roll(found: Stage) -> None:
    await found.do("m3", c.SignIn(sign="excused"))
    assert (await found.meeting()).deputy_calls == ()


async def test_nobody_is_called_when_the_deputy_is_there(opened: Stage) -> None:
    await opened.do("d3", c.SignIn(sign="present"))
    await opened.do("m3", c.SignIn(sign="excused"))
    assert (await opened.meeting()).deputy_calls == ()
    assert await told(opened) == []


async def test_an_expert_or_deputy_who_cannot_come_calls_nobody(room: Stage) -> None:
    for who in ("x1", "d3", "sec"):
        await room.do(who, c.SignIn(sign="excused"))
    assert await told(room) == []


async def test_the_desk_in_pages_for_a_large_body(tmp_path: Path) -> None:
    items = (Item("i1", "meeting", 1, "Avaus", section=1, standing=Standing.OPENING),)
    async with stage(tmp_path, body(20), replace(meeting(0), items=items)) as room:
        await room.do("sec", c.OpenMeeting())
        first = await room.shown(AttendanceDesk, "sec", c.ShowAttendance())
        assert (len(first.rows), first.page, first.pages) == (24, 1, 2)
        assert c.ShowAttendance(meeting_id="meeting", page=2) in first.steps
        second = await room.shown(AttendanceDesk, "sec", c.SetAttendance(meeting_id="meeting", person_ids=("sec",), sign="present", page=2))
        assert (second.page, [one.person_id for one in second.rows][-2:]) == (2, ["x1", "sec"])
        assert row(second, "sec").sign is Sign.PRESENT
