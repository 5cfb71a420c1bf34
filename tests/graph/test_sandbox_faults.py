"""The faults on demand that docs/sandbox.md tells of, as the caller meets them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.graph.conftest import EVENT, HEADERS, ORGANISER, Sandbox

TOLD = [
    json.loads(one) for one in re.findall(r"\{\".*?\}", (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8"))
]
STATUSES = [fault for fault in TOLD if "status" in fault]


@pytest.mark.parametrize("fault", TOLD, ids=str)
async def test_each_fault_that_is_told_of_can_be_had(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    await sandbox.fault(**fault)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example.org"},
    ],
)
async def test_a_foreign_page_lays_no_fault(sandbox: Sandbox, headers: dict[str, str]) -> None:
    await sandbox.fault(status=404, path="*/never")
    address = f"{sandbox.url}/graph/sandbox/faults"
    async with sandbox.http.post(address, data='{"status": 503}', headers={"Content-Type": "text/plain", **headers}) as answer:
        assert answer.status == 403
    await sandbox.calendar.create(EVENT)
    events = f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/events"
    async with sandbox.http.post(events, json={}, headers={**HEADERS, **headers}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "ErrorAccessDenied")


async def test_the_page_s_own_address_and_a_caller_without_a_browser_may(sandbox: Sandbox) -> None:
    for headers in ({}, {"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}):
        async with sandbox.http.post(f"{sandbox.url}/graph/sandbox/faults", data='{"status": 503}', headers=headers) as answer:
            assert answer.status == 204


def test_the_page_tells_of_every_kind() -> None:
    assert {fault["status"] for fault in STATUSES} == {401, 403, 404, 410, 429, 503}
    assert {name for fault in TOLD for name in fault} >= {
        "delay",
        "drop",
        "after",
        "notification",
        "path",
        "method",
        "times",
        "retry_after",
    }


@pytest.mark.parametrize("fault", [*STATUSES, {"status": 429, "code": "ApplicationThrottled"}], ids=str)
async def test_a_refusal_is_answered_as_often_as_asked(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    await sandbox.calendar.create(EVENT)
    (event,) = await sandbox.events(ORGANISER)
    user = f"{sandbox.url}/graph/v1.0/users/{ORGANISER}"
    delta = f"{user}/calendarView/delta?startDateTime=2027-05-01T00:00:00Z&endDateTime=2027-06-01T00:00:00Z"
    url = delta if "delta" in fault.get("path", "") else f"{user}/events/{event['id']}"
    await sandbox.fault(**fault)
    for _ in range(fault.get("times", 1)):
        async with sandbox.http.get(url, headers=HEADERS) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (fault["status"], fault["code"])
            assert answer.headers.get("Retry-After") == fault.get("retry_after")
    async with sandbox.http.get(url, headers=HEADERS) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("after", "made"), [(True, 1), (False, 0)])
async def test_a_connection_is_cut_before_or_after_the_work(sandbox: Sandbox, after: bool, made: int) -> None:
    await sandbox.fault(drop=True, after=after, method="POST")
    moment = {"dateTime": "2027-05-10T10:00:00", "timeZone": "UTC"}
    with pytest.raises(aiohttp.ClientConnectionError):
        await sandbox.http.post(
            f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/events", headers=HEADERS, json={"start": moment, "end": moment}
        )
    assert len(await sandbox.events(ORGANISER)) == made


async def test_an_answer_can_come_too_late(sandbox: Sandbox) -> None:
    await sandbox.fault(delay=5)
    with pytest.raises(TimeoutError):
        await sandbox.http.get(
            f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/events", headers=HEADERS, timeout=aiohttp.ClientTimeout(total=0.2)
        )
    assert await sandbox.events(ORGANISER) == []


@pytest.mark.parametrize("wrong", [{"notification": "thrice"}, {"notification": "missed", "status": 429}, {"status": 200}, {"speed": 1}])
async def test_what_is_no_fault_is_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    async with sandbox.http.post(f"{sandbox.url}/graph/sandbox/faults", json=wrong) as answer:
        assert answer.status == 400
