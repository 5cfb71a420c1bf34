"""Who has joined a call is offered at the roll, deputies in the place of their members, and only within the tenant of the call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meetings import commands as c
from meetings.model import Meeting, Sign
from meetings.ports import Call
from meetings.screens.attendance import AttendanceDesk
from meetings.use_cases import execute
from storage.transaction import NOBODY, Transaction
from tests.use_cases.stage import OPENED, Stage

LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_A%40thread.v2/0"


@pytest.fixture
async def opened(room: Stage) -> Stage:
    await room.do("m1", c.OpenMeeting())
    return room


async def heard(room: Stage, *people: str, tenant: str = "tenant", kind: str = "joined", minutes: int = 0) -> Call:
    """What is known of the meeting's call after Teams told that people joined it."""
    accounts = tuple(f"account-{one}" for one in people)
    at = OPENED + timedelta(minutes=minutes)

    def note(tx: Transaction) -> Call:
        tx.save(replace(tx.meeting("meeting"), online=True, join_url=LINK))
        tx.actor = replace(NOBODY, tenant_id=tenant)
        execute(c.NoteCall(thread="19:meeting_A@thread.v2", join_url="", kind=kind, at=at, account_ids=accounts), tx)
        tx.actor = NOBODY
        return tx.call("meeting")

    return await room.storage.run(note)


def present(held: Meeting) -> dict[str, str]:
    return {one.person_id: one.seat_id for one in held.attendances if one.sign is Sign.PRESENT}


async def test_one_press_marks_those_who_joined_and_a_deputy_acts_where_the_member_did_not(opened: Stage) -> None:
    await opened.do("sec", c.SetAttendance(meeting_id="meeting", person_ids=("m3",), sign="excused"))
    for _ in range(2):
        assert (await heard(opened, "m1", "d3", "unknown")).joined == {"m1", "d3"}
    before = await opened.meeting()
    desk = await opened.shown(AttendanceDesk, "sec", c.ShowAttendance(meeting_id="meeting"))
    assert desk.joined == ("m1", "d3")
    assert present(before) == {}
    marked = await opened.shown(AttendanceDesk, "sec", c.SetAttendance(meeting_id="meeting", sign="present", joined=True))
    assert marked.joined == ()
    assert present(await opened.meeting()) == {"m1": "s1", "d3": "s3"}
    assert [row.person_id for row in marked.rows if row.acts] == ["m1", "d3"]


async def test_another_tenants_call_is_none_of_ours(opened: Stage) -> None:
    assert await heard(opened, "m1", tenant="elsewhere") == Call()


async def test_a_call_that_went_on_has_not_ended(opened: Stage) -> None:
    assert (await heard(opened, kind="ended", minutes=60)).ended == OPENED + timedelta(minutes=60)
    assert (await heard(opened, "m1", minutes=70)).ended is None
    assert (await heard(opened, kind="ended", minutes=90)).ended == OPENED + timedelta(minutes=90)
