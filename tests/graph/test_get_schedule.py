"""Free/busy through the real client against the stand-in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph.limits import MailboxLimit
from graph.schedules import GraphSchedules
from meetings.model import Availability
from meetings.ports import CalendarFailure, Invitee
from tests.graph.conftest import AINO, BERTIL, CELIA, EVENT, ORGANISER, Sandbox, changed, local
from tests.graph.test_get_schedule_wire import window

FREE, PERHAPS, BUSY = Availability.FREE, Availability.PERHAPS, Availability.BUSY


@pytest.fixture
def schedules(sandbox: Sandbox) -> GraphSchedules:
    return GraphSchedules(sandbox.client, ORGANISER, limit=MailboxLimit())


async def test_an_invitation_is_tentative_until_it_is_answered(sandbox: Sandbox, schedules: GraphSchedules) -> None:
    await sandbox.calendar.create(EVENT)
    before, at, after = (
        window("2027-05-10", "08:00", "10:00"),
        window("2027-05-10", "11:00", "13:00"),
        window("2027-05-10", "12:00", "14:00"),
    )
    await sandbox.respond(BERTIL, "accept")
    await sandbox.respond(CELIA, "decline")
    assert await schedules.read([AINO, BERTIL, CELIA, "nobody@example.org"], [before, at, after]) == {
        AINO: (FREE, PERHAPS, FREE),
        BERTIL: (FREE, BUSY, FREE),
        CELIA: (FREE, FREE, FREE),
    }


@pytest.mark.parametrize("day", ["2027-06-14", "2027-11-15", "2027-10-31", "2028-03-26"])
async def test_the_hour_is_right_in_summer_in_winter_and_when_the_clocks_change(
    sandbox: Sandbox, schedules: GraphSchedules, day: str
) -> None:
    await sandbox.calendar.create(changed(start=local(f"{day} 10:00"), end=local(f"{day} 12:00")))
    await sandbox.respond(AINO, "accept")
    windows = [window(day, start, end) for start, end in (("09:00", "10:00"), ("10:00", "10:30"), ("11:30", "12:30"), ("12:00", "13:00"))]
    assert await schedules.read([AINO], windows) == {AINO: (FREE, BUSY, BUSY, FREE)}


async def test_dates_of_a_whole_year_and_more_people_than_one_call_takes(sandbox: Sandbox, schedules: GraphSchedules) -> None:
    everybody = tuple(Invitee(f"Nimi {n}", f"p{n}@example.org") for n in range(45))
    await sandbox.calendar.create(replace(EVENT, invitees=everybody))
    days = [f"2027-{month:02}-10" for month in range(1, 13)]
    read = await schedules.read([one.email for one in everybody], [window(day, "10:00", "12:00") for day in days])
    assert set(read) == {one.email for one in everybody}
    assert set(read.values()) == {tuple(PERHAPS if day == "2027-05-10" else FREE for day in days)}


async def test_a_refusal_names_the_permission(sandbox: Sandbox, schedules: GraphSchedules) -> None:
    await sandbox.fault(status=403, code="ErrorAccessDenied", path="*/getSchedule")
    with pytest.raises(CalendarFailure) as caught:
        await schedules.read([AINO], [window("2027-05-10", "10:00", "12:00")])
    assert caught.value.refused
    assert caught.value.reason == "Graph 403 ErrorAccessDenied Calendars.ReadWrite"


async def test_a_server_that_does_not_answer(sandbox: Sandbox) -> None:
    await sandbox.fault(delay=1, path="*/getSchedule")
    schedules = GraphSchedules(sandbox.client, ORGANISER, limit=MailboxLimit(), deadline=0.05)
    with pytest.raises(CalendarFailure) as caught:
        await schedules.read([AINO], [window("2027-05-10", "10:00", "12:00")])
    assert (caught.value.reason, caught.value.transient) == ("timeout", True)
