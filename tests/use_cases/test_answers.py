"""Answers from the calendar, the deputies they call, the log on the desk, and the warning before a meeting with too few."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.model import Body, Calling, Capacity, EventTrouble, Holding, Phase, Response, Sign
from meetings.ports import Reply
from meetings.rules.answers import invited, warning_at
from meetings.screens.answers import DeputiesShown
from meetings.screens.planning import MeetingPlanned
from storage.transaction import Transaction
from tests.samples import body, meeting
from tests.use_cases.stage import Stage, stage

# Ten in the morning in Helsinki, ten days before the meeting.
NOW = datetime(2026, 5, 1, 7, 0, tzinfo=UTC)


def with_emails(tx: Transaction) -> None:
    for person in tx.people(["m1", "m2", "m3", "d1", "d2", "d3", "d9", "x1", "sec"]).values():
        tx.save(replace(person, email=f"{person.id}@example.org"))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, second_deputy(body())) as made:
        made.now = NOW
        await made.storage.run(with_emails)
        yield made


def second_deputy(made: Body) -> Body:
    return replace(made, holdings=(*made.holdings, Holding("h9", "body", "s3", "d9", Capacity.DEPUTY, 2)))


def reply(who: str, response: Response, minutes: int = 0, proposed: datetime | None = None) -> Reply:
    end = proposed + timedelta(hours=2) if proposed else None
    return Reply(f"{who.upper()}@example.org", response, NOW + timedelta(minutes=minutes), proposed, end)


async def take(room: Stage, *replies: Reply) -> None:
    await room.by_the_clock(c.TakeAnswers(meeting_id="meeting", replies=replies))


async def signs(room: Stage) -> dict[str, Sign]:
    return {one.person_id: one.sign for one in (await room.meeting()).attendances}


async def told(room: Stage) -> list[tuple[str, str]]:
    return [(one["person_id"], one["sentence"]) for one in map(json.loads, await room.effects("Tell"))]


async def params(room: Stage) -> dict[str, str]:
    """Of the last thing told."""
    return dict(json.loads((await room.effects("Tell"))[-1])["params"])


# --- the calendar's answers -------------------------------------------------------------------------------------------------------


async def test_answers_of_the_calendar_are_the_persons_word(room: Stage) -> None:
    await take(room, reply("m1", Response.ACCEPTED), reply("m2", Response.TENTATIVE), reply("stranger", Response.ACCEPTED))
    held = await room.meeting()
    assert {one.person_id: one.response for one in held.answers} == {"m1": Response.ACCEPTED, "m2": Response.TENTATIVE}
    assert await signs(room) == {"m1": Sign.PRESENT}
    assert len(await room.effects("RefreshBoard")) == 1


async def test_told_twice_nothing_happens_twice(room: Stage) -> None:
    await take(room, reply("m3", Response.DECLINED))
    first, said = await room.meeting(), await told(room)
    await take(room, reply("m3", Response.DECLINED))
    assert (await room.meeting(), await told(room)) == (first, said)


async def test_the_newest_word_counts_wherever_it_was_given(room: Stage) -> None:
    await room.do("m3", c.SignIn(meeting_id="meeting", sign="coming"))
    await take(room, reply("m3", Response.DECLINED, -5))
    assert await signs(room) == {"m3": Sign.PRESENT}
    await take(room, reply("m3", Response.DECLINED, 5))
    assert await signs(room) == {"m3": Sign.EXCUSED}
    room.now = NOW + timedelta(minutes=9)
    await room.do("sec", c.SetAttendance(meeting_id="meeting", person_ids=("m3",), sign="late"))
    await take(room, reply("m3", Response.DECLINED, 8))
    assert await signs(room) == {"m3": Sign.LATE}


async def test_the_same_word_again_on_the_board_is_newer_than_what_was_said_meanwhile(room: Stage) -> None:
    await take(room, reply("m3", Response.ACCEPTED))
    room.now = NOW + timedelta(minutes=5)
    await room.do("m3", c.SignIn(meeting_id="meeting", sign="coming"))
    await take(room, reply("m3", Response.DECLINED, 3))
    assert await signs(room) == {"m3": Sign.PRESENT}


async def test_of_member_and_deputy_with_one_address_the_member_has_answered(room: Stage) -> None:
    await room.storage.run(lambda tx: tx.save(replace(tx.person("d3"), email="m3@example.org")))
    for _ in range(2):
        await take(room, reply("m3", Response.DECLINED))
    assert [(one.deputy_id, one.accepted) for one in (await room.meeting()).deputy_calls] == [("d3", None)]


async def test_who_is_not_sure_any_more_is_no_longer_counted(room: Stage) -> None:
    await take(room, reply("m3", Response.ACCEPTED))
    await take(room, reply("m3", Response.TENTATIVE, 5))
    assert await signs(room) == {}


async def test_declining_in_the_calendar_calls_the_deputies_one_after_the_other(room: Stage) -> None:
    await take(room, reply("m3", Response.DECLINED))
    assert await told(room) == [("d3", "called"), ("m3", "called_for_you"), ("sec", "deputy_called")]
    await take(room, reply("d3", Response.DECLINED, 1))
    assert (await told(room))[3:] == [("d9", "called"), ("m3", "called_for_you"), ("sec", "deputy_called_next")]
    calls = (await room.meeting()).deputy_calls
    assert [(one.deputy_id, one.called_by, one.accepted) for one in calls] == [("d3", "m3", False), ("d9", "d3", None)]
    await take(room, reply("m3", Response.ACCEPTED, 2))
    assert (await told(room))[6:] == [("d9", "released"), ("sec", "deputy_released")]


async def test_another_time_proposed_is_told_to_the_secretary(room: Stage) -> None:
    await take(room, reply("m2", Response.TENTATIVE, proposed=datetime(2026, 5, 12, 6, 30, tzinfo=UTC)))
    assert (await told(room), (await params(room))["day"], (await params(room))["start"]) == (
        [("sec", "time_proposed")],
        "2026-05-12",
        "09:30",
    )


async def test_once_the_meeting_is_open_the_calendar_says_nothing_any_more(tmp_path: Path) -> None:
    async with stage(tmp_path, meeting=meeting(phase=Phase.OPEN, opened_at=NOW)) as room:
        await room.storage.run(with_emails)
        before = await room.meeting()
        await take(room, reply("m1", Response.ACCEPTED))
        assert await room.meeting() == before


async def test_a_moved_meeting_is_answered_anew(room: Stage) -> None:
    await take(room, reply("m3", Response.DECLINED))
    room.now = NOW + timedelta(minutes=10)
    await room.do("sec", c.MoveMeeting(meeting_id="meeting", text="12.6.2026 klo 10-12"))
    await take(room, reply("m3", Response.DECLINED), reply("m1", Response.ACCEPTED, 9))
    assert await signs(room) == {}
    await take(room, reply("m1", Response.ACCEPTED, 11))
    assert await signs(room) == {"m1": Sign.PRESENT}
    # Deputies are no longer called, one who had declined neither: the called one is told.
    assert (await told(room))[-1] == ("d3", "moved_on")
    assert invited(await room.body(), await room.meeting())[0] == {"m1", "m2", "m3", "sec"}


# --- the log, and a secretary who calls ---------------------------------------------------------------------------------------------


async def test_a_secretary_who_calls_the_deputies_presses_for_each(tmp_path: Path) -> None:
    async with stage(tmp_path, body(calling=Calling.NEVER)) as room:
        await room.do("m3", c.SignIn(meeting_id="meeting", sign="excused"))
        assert await told(room) == [("sec", "deputy_wanted")]
        shown = await room.shown(DeputiesShown, "sec", c.ShowDeputies(meeting_id="meeting"))
        assert [(seat.seat.id, deputy_id) for seat, deputy_id in shown.waiting] == [("s3", "d3")]
        assert (shown.may_call, (await room.shown(DeputiesShown, "m3", c.ShowDeputies(meeting_id="meeting"))).may_call) == (True, False)
        shown = await room.shown(DeputiesShown, "sec", c.CallDeputy(meeting_id="meeting", seat_id="s3"))
        assert [(one.deputy_id, one.called_by) for one in shown.calls] == [("d3", "sec")]
        assert (await told(room))[1:] == [("d3", "called"), ("m3", "called_for_you"), ("sec", "deputy_called")]
        assert len(await room.effects("SyncEvent")) == 1
        assert await room.refused("sec", c.CallDeputy(meeting_id="meeting", seat_id="s3")) == "answers.nobody_waits"
        assert await room.refused("m3", c.CallDeputy(meeting_id="meeting", seat_id="s3")) == "access.run"


async def test_a_seat_without_a_deputy_left_is_refused_in_words(tmp_path: Path) -> None:
    async with stage(tmp_path, body(calling=Calling.NEVER)) as room:
        for who in ("d3", "m3"):
            await room.do(who, c.SignIn(meeting_id="meeting", sign="excused"))
        assert await told(room) == [("sec", "nobody_to_call")]
        assert await room.refused("sec", c.CallDeputy(meeting_id="meeting", seat_id="s3")) == "answers.no_deputy_left"


async def test_a_changed_seat_settles_its_calls(room: Stage) -> None:
    await room.do("m3", c.SignIn(meeting_id="meeting", sign="excused"))
    await room.do("sec", c.ChangeSeat(body_id="body", seat_id="s3", member="Nimi m3", deputies="Nimi d9"))
    assert (await told(room))[3:] == [
        ("d3", "ended"),
        ("sec", "deputy_ended"),
        ("d9", "called"),
        ("m3", "called_for_you"),
        ("sec", "deputy_called"),
    ]


# --- the warning ----------------------------------------------------------------------------------------------------------------------


async def test_too_few_expected_are_told_of_to_secretary_and_chair(room: Stage) -> None:
    room.now = datetime(2026, 5, 8, 6, 0, tzinfo=UTC)
    await room.do("m2", c.SignIn(meeting_id="meeting", sign="coming"))
    await room.by_the_clock(c.WarnQuorum(meeting_id="meeting"))
    assert await told(room) == [("sec", "few_expected"), ("m1", "few_expected")]
    found = await params(room)
    assert (found["coming"], found["seats"], found["needed"], found["names"]) == ("1", "3", "2", "Nimi m1, Nimi m3")


async def test_enough_without_chair_and_vice_chair_are_told_of_too(room: Stage) -> None:
    room.now = datetime(2026, 5, 8, 6, 0, tzinfo=UTC)
    for who in ("m3", "d1"):
        await room.do(who, c.SignIn(meeting_id="meeting", sign="coming"))
    await room.do("m1", c.SignIn(meeting_id="meeting", sign="excused"))
    before = len(await told(room))
    await room.by_the_clock(c.WarnQuorum(meeting_id="meeting"))
    assert (await told(room))[before:] == [("sec", "chair_not_expected"), ("m1", "chair_not_expected")]


@pytest.mark.parametrize(
    ("now", "phase", "coming"),
    [
        (datetime(2026, 5, 8, 5, 59, tzinfo=UTC), Phase.PUBLISHED, ()),
        (datetime(2026, 5, 12, 6, 0, tzinfo=UTC), Phase.PUBLISHED, ()),
        (datetime(2026, 5, 8, 6, 0, tzinfo=UTC), Phase.CANCELLED, ()),
        (datetime(2026, 5, 8, 6, 0, tzinfo=UTC), Phase.PUBLISHED, ("m1", "m3")),
    ],
)
async def test_no_warning_when_it_is_not_time_or_nothing_is_wrong(
    room: Stage, now: datetime, phase: Phase, coming: tuple[str, ...]
) -> None:
    for who in coming:
        await room.do(who, c.SignIn(meeting_id="meeting", sign="coming"))
    await room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), phase=phase)))
    room.now = now
    await room.by_the_clock(c.WarnQuorum(meeting_id="meeting"))
    assert await told(room) == []


async def test_after_the_warning_a_no_that_costs_the_quorum_is_told_at_once(room: Stage) -> None:
    for who in ("m1", "m3"):
        await room.do(who, c.SignIn(meeting_id="meeting", sign="coming"))
    room.now = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
    await room.do("m3", c.SignIn(meeting_id="meeting", sign="excused"))
    assert [one for one in await told(room) if one[1] == "few_expected"] == [("sec", "few_expected"), ("m1", "few_expected")]


async def test_the_warning_is_set_with_the_meeting_and_follows_its_day(room: Stage) -> None:
    await room.do("sec", c.PlanMeeting(body_id="body", text="kokous 15.6.2026 klo 10-12"))
    made = await room.body()
    (planned,) = [one for one in await room.storage.read(lambda tx: tx.meetings("body")) if one.id != "meeting"]
    assert await room.due("WarnQuorum") == [warning_at(made, planned)]
    await room.do("sec", c.MoveMeeting(meeting_id=planned.id, text="16.6.2026 klo 10-12"))
    assert await room.due("WarnQuorum") == [datetime(2026, 6, 13, 6, 0, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("changes", "synced", "warned"),
    [
        ({"name": "Saarten toimikunta"}, 1, [datetime(2026, 5, 8, 6, 0, tzinfo=UTC)]),
        ({"vice_chair_id": "m3"}, 1, [datetime(2026, 5, 8, 6, 0, tzinfo=UTC)]),
        ({"calling": "always"}, 1, [datetime(2026, 5, 8, 6, 0, tzinfo=UTC)]),
        ({"warn_days": "5"}, 1, [datetime(2026, 5, 6, 6, 0, tzinfo=UTC)]),
        ({"warn_days": "0"}, 1, []),
        ({"lead_days": "5"}, 0, []),
    ],
)
async def test_what_the_body_decides_of_its_invitations_holds_for_meetings_to_come(
    room: Stage, changes: dict[str, str], synced: int, warned: list[datetime]
) -> None:
    await room.do("sec", c.ChangeBody(body_id="body", quorum_needs_chair=True, formal=True, **changes))  # type: ignore[arg-type]  # fields by name
    assert (len(await room.effects("SyncEvent")), await room.due("WarnQuorum")) == (synced, warned)


async def test_days_that_are_none_are_refused_in_words(room: Stage) -> None:
    wrong = c.ChangeBody(body_id="body", quorum_needs_chair=True, formal=True, warn_days="viikko")
    assert await room.refused("sec", wrong) == "setup.warn_days"


# --- an event deleted or changed in Outlook -----------------------------------------------------------------------------------------------


async def test_the_invitation_is_made_again_when_the_secretary_says_so(room: Stage) -> None:
    assert await room.refused("sec", c.RestoreEvent(meeting_id="meeting")) == "planning.event_is_there"
    await room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), event_trouble=EventTrouble.GONE)))
    shown = await room.shown(MeetingPlanned, "sec", c.RestoreEvent(meeting_id="meeting"))
    assert shown.meeting.event_trouble is EventTrouble.OURS
    assert len(await room.effects("SyncEvent")) == 1


async def test_the_first_step_is_to_mend_the_invitation(room: Stage) -> None:
    await room.storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), event_trouble=EventTrouble.EDITED)))
    assert (await room.do("sec", c.ShowMeeting(meeting_id="meeting"))).steps[0] == c.RestoreEvent(meeting_id="meeting")
    assert c.RestoreEvent(meeting_id="meeting") not in (await room.do("m1", c.ShowMeeting(meeting_id="meeting"))).steps
