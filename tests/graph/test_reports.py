"""Attendance reports through the real client against the stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from graph.reports import GraphReports, organiser_of
from meetings.ports import Attended, CalendarFailure
from tests.graph.conftest import AINO, BERTIL, ORGANISER, Sandbox

OID = "1273a016-201d-4f95-8083-1b7f99b3edeb"
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_O'Brien%40thread.v2/0?context=" + quote(f'{{"Tid":"t","Oid":"{OID}"}}')
AT = datetime(2027, 5, 10, 7, 0, tzinfo=UTC)
END = AT + timedelta(hours=2)


async def put(sandbox: Sandbox, *records: dict[str, object], link: str = LINK, start: datetime = AT, end: datetime = END) -> None:
    report = {"joinUrl": link, "start": start.isoformat(), "end": end.isoformat(), "records": list(records)}
    async with sandbox.http.post(f"{sandbox.url}/graph/sandbox/attendance", json=report) as answer:
        assert answer.status == 204, await answer.text()


def stayed(address: str, account: str, *minutes: tuple[int, int | None]) -> dict[str, object]:
    def at(minute: int | None) -> str | None:
        return None if minute is None else (AT + timedelta(minutes=minute)).isoformat()

    return {"address": address, "id": account, "name": "Nimi", "intervals": [[at(since), at(until)] for since, until in minutes]}


@pytest.fixture
def reports(sandbox: Sandbox) -> GraphReports:
    return GraphReports(sandbox.client, ORGANISER)


async def test_everybody_and_all_their_stays_are_read_of_the_calls_of_that_time(sandbox: Sandbox, reports: GraphReports) -> None:
    assert await reports.read(LINK, AT, END) is None
    await put(sandbox, stayed(AINO, "a-1", (1, 40), (50, 118)), stayed(BERTIL, "", (5, 30), (60, None)))
    # Another meeting of the same link, as in a channel, and another link.
    week = timedelta(days=7)
    await put(sandbox, stayed(AINO, "a-1", (1, 2)), start=AT - week, end=END - week)
    await put(sandbox, stayed(AINO, "a-1", (3, 4)), link="https://teams.microsoft.com/meet/391?p=x")
    assert await reports.read(LINK, AT, END) == (
        Attended("a-1", AINO, AT + timedelta(minutes=1), AT + timedelta(minutes=40)),
        Attended("a-1", AINO, AT + timedelta(minutes=50), AT + timedelta(minutes=118)),
        Attended("", BERTIL, AT + timedelta(minutes=5), AT + timedelta(minutes=30)),
    )
    assert await reports.read(LINK, AT + week, END + week) is None


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("*/onlineMeetings", "OnlineMeetings.Read.All"),
        ("*/attendanceReports", "OnlineMeetingArtifact.Read.All"),
        ("*/attendanceRecords", "OnlineMeetingArtifact.Read.All"),
    ],
)
async def test_a_refusal_names_the_permission(sandbox: Sandbox, reports: GraphReports, path: str, permission: str) -> None:
    await put(sandbox, stayed(AINO, "a-1", (1, 40)))
    await sandbox.fault(status=403, code="Forbidden", path=path)
    with pytest.raises(CalendarFailure) as caught:
        await reports.read(LINK, AT, END)
    assert (caught.value.refused, caught.value.reason) == (True, f"Graph 403 Forbidden {permission}")


@pytest.mark.parametrize(
    ("link", "organiser"),
    [
        (LINK, OID),
        ("https://teams.microsoft.com/meet/3912345?p=abc", ""),
        ("https://teams.microsoft.com/l/meetup-join/x/0?context=%7b", ""),
        ("https://teams.microsoft.com/l/meetup-join/x/0?context=%5b%5d", ""),
        ("", ""),
    ],
)
def test_a_link_may_say_who_organises(link: str, organiser: str) -> None:
    assert organiser_of(link) == organiser
