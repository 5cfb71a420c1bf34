"""`python app.py check` against the stand-in: what it tries is what the stand-in answers."""

from __future__ import annotations

import pytest
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.calendar_color import CalendarColor

from graph.check import Result, graph_rows
from tests.graph.conftest import EVENT, HEADERS, ORGANISER, Sandbox, refusal
from tests.graph.test_sandbox_subscriptions import Listener, listener

__all__ = ["listener"]


async def test_everything_that_is_tried_works(sandbox: Sandbox, listener: Listener) -> None:
    async def channels() -> list[tuple[str, str]]:
        return [("group", "19:kokoukset@thread.tacv2")]

    await sandbox.calendar.create(EVENT)
    before = await sandbox.events(ORGANISER)
    rows = {
        row.part: row
        async for row in graph_rows(sandbox.client, ORGANISER, notified=f"{listener.url}/told", channels=channels, reports=True)
    }
    assert {part: row.says for part, row in rows.items() if row.result not in {Result.WORKS, Result.SKIPPED}} == {}
    assert [part for part, row in rows.items() if row.result is Result.SKIPPED] == ["other mailboxes"]
    assert await sandbox.events(ORGANISER) == before


async def test_a_calendar_is_its_owners_and_keeps_its_colour(sandbox: Sandbox) -> None:
    calendar = sandbox.client.users.by_user_id(ORGANISER).calendar
    found = await calendar.get()
    assert found is not None
    assert found.owner is not None
    assert (found.owner.address, found.color) == (ORGANISER, CalendarColor.Auto)
    same = await calendar.patch(Calendar(color=found.color))
    assert same is not None
    assert same.id == found.id
    assert await refusal(calendar.patch(Calendar(color=CalendarColor.LightPink))) == (400, "ErrorInvalidRequest")


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_there_is_no_calendar_of_what_is_no_address(sandbox: Sandbox, method: str) -> None:
    async with sandbox.http.request(method, f"{sandbox.url}/graph/v1.0/users/nobody/calendar", headers=HEADERS, json={}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "ErrorInvalidUser")
