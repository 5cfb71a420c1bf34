"""What getSchedule is asked on the wire, byte by byte, and what is made of its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from graph.client import graph_client
from graph.limits import MailboxLimit
from graph.schedules import GraphSchedules
from meetings.model import Availability
from meetings.ports import CalendarFailure
from tests.graph.conftest import AINO, BERTIL, ORGANISER
from tests.standins.recorder import Laid, Recorder, refusal

HELSINKI = ZoneInfo("Europe/Helsinki")
FREE, PERHAPS, BUSY = Availability.FREE, Availability.PERHAPS, Availability.BUSY
PATH = f"/v1.0/users/{ORGANISER.replace('@', '%40')}/calendar/getSchedule"


def window(day: str, start: str, end: str) -> tuple[datetime, datetime]:
    """Local times in Helsinki as the port wants them."""
    first, last = (datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=HELSINKI).astimezone(UTC) for clock in (start, end))
    return first, last


def told(**views: str | None) -> Laid:
    """An answer: name → availabilityView; None is an error of that calendar alone."""
    error = {"error": {"message": "-", "responseCode": "ErrorMailRecipientNotFound"}}
    value = [
        {"scheduleId": f"{name}@example.org", **({"availabilityView": view, "scheduleItems": []} if view is not None else error)}
        for name, view in views.items()
    ]
    return Laid(200, {"value": value})


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    async with Recorder().served() as served:
        yield served


@pytest.fixture
async def schedules(recorder: Recorder) -> AsyncIterator[GraphSchedules]:
    client = graph_client(recorder.url, timeout=httpx.Timeout(2.0))
    yield GraphSchedules(client, ORGANISER, limit=MailboxLimit())
    await client.aclose()


async def test_the_call(recorder: Recorder, schedules: GraphSchedules) -> None:
    recorder.lay(Laid(200, {"value": [{"scheduleId": AINO.upper(), "availabilityView": "0002"}]}))
    near = [window("2026-06-01", "10:00", "11:00"), window("2026-06-01", "11:00", "12:00")]
    assert await schedules.read([AINO], near) == {AINO: (FREE, BUSY)}
    (asked,) = recorder.asked
    assert (asked.method, asked.path) == ("POST", PATH)
    assert asked.headers["prefer"] == 'IdType="ImmutableId"'
    assert {name.casefold(): value for name, value in asked.json.items()} == {
        "schedules": [AINO],
        "starttime": {"dateTime": "2026-06-01T07:00:00", "timeZone": "UTC"},
        "endtime": {"dateTime": "2026-06-01T09:00:00", "timeZone": "UTC"},
        "availabilityviewinterval": 30,
    }


@pytest.mark.parametrize(
    ("view", "found"),
    [
        ("0000", FREE),
        ("4444", FREE),
        ("0100", PERHAPS),
        ("0010", PERHAPS),
        ("0120", BUSY),
        ("0003", BUSY),
        ("00000000", FREE),
        ("000", None),
        ("", None),
        ("0050", None),
        (None, None),
    ],
)
async def test_what_a_view_says(recorder: Recorder, schedules: GraphSchedules, view: str | None, found: Availability | None) -> None:
    recorder.lay(told(one=view, two="2222"))
    read = await schedules.read(["one@example.org", "two@example.org"], [window("2026-06-01", "10:00", "12:00")])
    assert read == {**({"one@example.org": (found,)} if found else {}), "two@example.org": (BUSY,)}


async def test_a_calendar_that_the_answer_leaves_out_is_unread(recorder: Recorder, schedules: GraphSchedules) -> None:
    recorder.lay(told(two="0000"))
    assert await schedules.read(["one@example.org", "two@example.org"], [window("2026-06-01", "10:00", "12:00")]) == {
        "two@example.org": (FREE,)
    }


@pytest.mark.parametrize(
    ("start", "end", "slot", "ends", "view", "found"),
    [
        ("10:00", "12:00", 30, "09:00", "0000", FREE),
        ("10:15", "11:45", 30, "08:45", "002", BUSY),
        ("10:00", "11:45", 15, "08:45", "0000001", PERHAPS),
        ("10:00", "10:50", 10, "07:50", "00002", BUSY),
        ("10:05", "10:12", 5, "07:15", "02", BUSY),
        ("10:05", "10:12", 5, "07:15", "0", None),
    ],
)
async def test_slots_end_where_the_windows_end(
    recorder: Recorder, schedules: GraphSchedules, start: str, end: str, slot: int, ends: str, view: str, found: Availability | None
) -> None:
    recorder.lay(told(one=view))
    read = await schedules.read(["one@example.org"], [window("2026-06-01", start, end)])
    assert read == ({"one@example.org": (found,)} if found else {})
    asked = {name.casefold(): value for name, value in recorder.asked[0].json.items()}
    assert (asked["availabilityviewinterval"], asked["endtime"]["dateTime"]) == (slot, f"2026-06-01T{ends}:00")


async def test_the_21st_calendar_takes_a_second_call(recorder: Recorder, schedules: GraphSchedules) -> None:
    names = [f"p{n}" for n in range(41)]
    for first in (0, 20, 40):
        recorder.lay(told(**{name: "2222" if name == "p20" else "0000" for name in names[first : first + 20]}))
    read = await schedules.read([f"{name}@example.org" for name in names], [window("2026-06-01", "10:00", "12:00")])
    assert [len(asked.json["Schedules"]) for asked in recorder.asked] == [20, 20, 1]
    assert [name for name, said in read.items() if said != (FREE,)] == ["p20@example.org"]
    assert len(read) == 41


@pytest.mark.parametrize(("days", "calls"), [(0, 1), (60, 1), (61, 2), (62, 2), (200, 2)])
async def test_dates_far_apart_take_several_calls(recorder: Recorder, schedules: GraphSchedules, days: int, calls: int) -> None:
    first = window("2026-06-01", "10:00", "12:00")
    later = (first[0] + timedelta(days=days), first[1] + timedelta(days=days))
    slots = days * 48 + 4 if calls == 1 else 4
    recorder.lay(*[told(one="0" * (slots - 1) + "2")] * calls)
    read = await schedules.read(["one@example.org"], [later, first])
    assert read["one@example.org"] == ((BUSY, BUSY) if calls == 2 or not days else (BUSY, FREE))
    assert len(recorder.asked) == calls
    for asked in recorder.asked:
        start, end = (datetime.fromisoformat(asked.json[name]["dateTime"]) for name in ("StartTime", "EndTime"))
        assert end - start < timedelta(days=62)


async def test_the_same_hour_before_and_after_the_clocks_are_turned_back(recorder: Recorder, schedules: GraphSchedules) -> None:
    """10.00 in Helsinki is 7.00 UTC until 25 October 2026 and 8.00 after it; the busy slot is the one at 8.00 UTC of the second date."""
    october, november = window("2026-10-23", "10:00", "11:00"), window("2026-11-02", "10:00", "11:00")
    hours = 10 * 24 + 2
    recorder.lay(told(one="0" * (hours * 2 - 2) + "20", two="0" * (hours * 2 - 4) + "2200"))
    read = await schedules.read(["one@example.org", "two@example.org"], [october, november])
    assert read == {"one@example.org": (FREE, BUSY), "two@example.org": (FREE, FREE)}
    asked = recorder.asked[0].json
    assert (asked["StartTime"]["dateTime"], asked["EndTime"]["dateTime"]) == ("2026-10-23T07:00:00", "2026-11-02T09:00:00")


@pytest.mark.parametrize(
    ("laid", "failure"),
    [
        (refusal(403, "ErrorAccessDenied"), {"refused": True, "transient": False}),
        (refusal(429, "ApplicationThrottled", Retry_After="17"), {"retry_after": 17.0, "transient": True}),
        (refusal(404, "ErrorInvalidUser"), {"mailbox": True, "transient": False}),
        (refusal(503, "ServiceUnavailable"), {"transient": True, "retry_after": None}),
        (Laid(drop=True), {"transient": True, "retry_after": None}),
        (Laid(200, {}), {"transient": True, "retry_after": None}),
    ],
)
async def test_failures(recorder: Recorder, schedules: GraphSchedules, laid: Laid, failure: dict[str, Any]) -> None:
    recorder.lay(told(**{f"p{n}": "0000" for n in range(20)}), laid)
    with pytest.raises(CalendarFailure) as caught:
        await schedules.read([f"p{n}@example.org" for n in range(21)], [window("2026-06-01", "10:00", "12:00")])
    assert {name: getattr(caught.value, name) for name in failure} == failure
    assert len(recorder.asked) == 2


async def test_what_stands_beside_an_error_is_no_answer(recorder: Recorder, schedules: GraphSchedules) -> None:
    error = {"message": "-", "responseCode": "ErrorProxyRequestProcessingFailed"}
    recorder.lay(Laid(200, {"value": [{"scheduleId": AINO, "availabilityView": "0000", "error": error}]}))
    assert await schedules.read([AINO], [window("2026-06-01", "10:00", "12:00")]) == {}


async def test_the_limit_is_the_mailboxs_own(recorder: Recorder) -> None:
    client = graph_client(recorder.url, timeout=httpx.Timeout(2.0))
    limit = MailboxLimit(most=1)
    recorder.lay(told(one="0000"))
    schedules = GraphSchedules(client, ORGANISER, limit=limit)
    at = [window("2026-06-01", "10:00", "12:00")]
    await schedules.read(["one@example.org"], at)
    with pytest.raises(CalendarFailure) as caught:
        await schedules.read([BERTIL], at)
    assert caught.value.retry_after is not None
    assert len(recorder.asked) == 1
    await client.aclose()
