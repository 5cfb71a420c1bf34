"""What the calendar tells of changes, free times and its limits, through the real SDK client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.event import Event as GraphEvent
from msgraph.generated.models.time_slot import TimeSlot
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import GetSchedulePostRequestBody
from msgraph.generated.users.item.calendar_view.delta.delta_get_response import DeltaGetResponse
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.events.item.tentatively_accept.tentatively_accept_post_request_body import (
    TentativelyAcceptPostRequestBody,
)

from graph.calendar import GraphCalendar
from graph.client import graph_client
from graph.sandbox import MemoryStore, add_sandbox
from tests.graph.conftest import AINO, BERTIL, CELIA, EVENT, HEADERS, ORGANISER, Sandbox, changed, local, refusal, served

RANGE = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
    start_date_time="2027-05-01T00:00:00Z", end_date_time="2027-07-01T00:00:00Z"
)


def builder(sandbox: Sandbox) -> DeltaRequestBuilder:
    return sandbox.client.users.by_user_id(ORGANISER).calendar_view.delta


async def first(sandbox: Sandbox, size: int = 50) -> DeltaGetResponse:
    asked = RequestConfiguration(query_parameters=RANGE, headers=HeadersCollection({"Prefer": f"odata.maxpagesize={size}"}))
    page = await builder(sandbox).get(asked)
    assert page is not None
    return page


async def follow(sandbox: Sandbox, link: str | None, size: int = 50) -> DeltaGetResponse:
    assert link
    asked: RequestConfiguration[Any] = RequestConfiguration(headers=HeadersCollection({"Prefer": f"odata.maxpagesize={size}"}))
    page = await builder(sandbox).with_url(link).get(asked)
    assert page is not None
    return page


def told(page: DeltaGetResponse) -> list[str | None]:
    return ["gone" if "@removed" in one.additional_data else one.subject for one in page.value or []]


async def plan(sandbox: Sandbox, *names: str) -> list[str]:
    return [(await sandbox.calendar.create(changed(key=name, subject=name))).event_id for name in names]


async def test_a_round_comes_in_pages_and_the_next_tells_only_what_changed(sandbox: Sandbox) -> None:
    one, two, _ = await plan(sandbox, "one", "two", "three")
    page = await first(sandbox, 2)
    assert (told(page), page.odata_delta_link) == (["one", "two"], None)
    last = await follow(sandbox, page.odata_next_link, 2)
    assert (told(last), last.odata_next_link) == (["three"], None)
    assert told(await follow(sandbox, last.odata_delta_link)) == []
    await sandbox.calendar.update(one, changed(key="one", subject="one, moved"))
    await sandbox.calendar.cancel(two, "")
    after = await follow(sandbox, last.odata_delta_link)
    assert told(after) == ["one, moved", "gone"]
    assert [event.id for event in after.value or []] == [one, two]
    assert told(await follow(sandbox, after.odata_delta_link)) == []


async def test_what_changes_between_two_pages_is_not_lost(sandbox: Sandbox) -> None:
    (one, _, _) = await plan(sandbox, "one", "two", "three")
    page = await first(sandbox, 1)
    await sandbox.calendar.update(one, changed(key="one", subject="one again"))
    rest = await follow(sandbox, page.odata_next_link)
    assert told(rest) == ["two", "three"]
    assert told(await follow(sandbox, rest.odata_delta_link)) == ["one again"]


async def test_what_was_told_on_one_page_and_removed_before_the_last_is_told_as_gone(sandbox: Sandbox) -> None:
    one, two, three = await plan(sandbox, "one", "two", "three")
    page = await first(sandbox, 2)
    assert told(page) == ["one", "two"]
    await sandbox.calendar.cancel(one, "")
    last = await follow(sandbox, page.odata_next_link, 2)
    assert told(last) == ["three"]
    later = await follow(sandbox, last.odata_delta_link, 2)
    assert told(later) == ["gone"]
    for name, event_id in (("two", two), ("three", three)):
        await sandbox.calendar.update(event_id, changed(key=name, subject=f"{name} again"))
    page = await follow(sandbox, later.odata_delta_link, 1)
    await sandbox.calendar.cancel(two, "")
    last = await follow(sandbox, page.odata_next_link, 1)
    assert told(page) + told(last) + told(await follow(sandbox, last.odata_delta_link)) == ["two again", "three again", "gone"]


async def test_only_the_range_is_told_and_what_leaves_it_is_removed(sandbox: Sandbox) -> None:
    (here,) = await plan(sandbox, "here")
    away = changed(key="away", start=local("2027-08-10 10:00"), end=local("2027-08-10 12:00"))
    await sandbox.calendar.create(away)
    page = await first(sandbox)
    assert told(page) == ["here"]
    await sandbox.calendar.update(here, changed(key="here", subject="here", start=away.start, end=away.end))
    assert told(await follow(sandbox, page.odata_delta_link)) == ["gone"]


async def test_made_and_cancelled_between_two_rounds_is_no_news(sandbox: Sandbox) -> None:
    await plan(sandbox, "stays")
    page = await first(sandbox)
    (brief,) = await plan(sandbox, "brief")
    await sandbox.calendar.cancel(brief, "")
    assert told(await follow(sandbox, page.odata_delta_link)) == []


async def test_an_answer_comes_with_its_time_and_what_was_proposed(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    page = await first(sandbox)
    (before,) = page.value or []
    slot = TimeSlot(start=moment("2027-05-11T09:00:00"), end=moment("2027-05-11T11:00:00"))
    event_id = (await sandbox.event(AINO))["id"]
    answer = TentativelyAcceptPostRequestBody(send_response=True, proposed_new_time=slot)
    await sandbox.client.users.by_user_id(AINO).events.by_event_id(event_id).tentatively_accept.post(answer)
    (event,) = (await follow(sandbox, page.odata_delta_link)).value or []
    (aino,) = [one for one in event.attendees or [] if one.email_address and one.email_address.address == AINO]
    assert aino.status is not None
    assert aino.proposed_new_time is not None
    assert aino.proposed_new_time.start is not None
    assert (aino.status.response, aino.status.time) == ("tentativelyAccepted", datetime(2027, 4, 1, 6, 0, tzinfo=UTC))
    assert aino.proposed_new_time.start.date_time == "2027-05-11T06:00:00.0000000"
    assert event.i_cal_u_id == before.i_cal_u_id
    assert event.change_key != before.change_key


def moment(text: str) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=text, time_zone="Europe/Helsinki")


async def test_a_new_time_is_refused_where_the_organiser_wants_none(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.client.users.by_user_id(ORGANISER).events.by_event_id(state.event_id).patch(GraphEvent(allow_new_time_proposals=False))
    slot = TimeSlot(start=moment("2027-05-11T09:00:00"), end=moment("2027-05-11T11:00:00"))
    event = sandbox.client.users.by_user_id(AINO).events.by_event_id((await sandbox.event(AINO))["id"])
    assert await refusal(event.tentatively_accept.post(TentativelyAcceptPostRequestBody(proposed_new_time=slot))) == (
        400,
        "ErrorInvalidRequest",
    )


async def test_a_delta_token_ends_on_demand_and_when_it_makes_no_sense(sandbox: Sandbox) -> None:
    await plan(sandbox, "one")
    page = await first(sandbox)
    await sandbox.fault(status=410, code="SyncStateNotFound", path="*/calendarView/delta*")
    await sandbox.event(ORGANISER)
    assert await refusal(follow(sandbox, page.odata_delta_link)) == (410, "SyncStateNotFound")
    assert told(await follow(sandbox, page.odata_delta_link)) == []
    assert await refusal(follow(sandbox, f"{(page.odata_delta_link or '')[:-9]}x")) == (410, "SyncStateNotFound")


@dataclass
class Clock:
    at: datetime = datetime(2027, 4, 1, 6, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def later(clock: Clock) -> AsyncIterator[Sandbox]:
    app = web.Application()
    add_sandbox(app, MemoryStore(), now=clock)
    async with served(app) as url, aiohttp.ClientSession() as http:
        client = graph_client(f"{url}/graph/v1.0")
        yield Sandbox(url, client, GraphCalendar(client, ORGANISER), http)
        await client.aclose()


@pytest.mark.parametrize(("days", "valid"), [(6, True), (8, False)])
async def test_a_delta_token_expires(later: Sandbox, clock: Clock, days: int, valid: bool) -> None:
    await plan(later, "one")
    page = await first(later)
    clock.at += timedelta(days=days)
    if valid:
        assert told(await follow(later, page.odata_delta_link)) == []
    else:
        assert await refusal(follow(later, page.odata_delta_link)) == (410, "SyncStateNotFound")


async def test_delta_takes_no_select(sandbox: Sandbox) -> None:
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time=RANGE.start_date_time, end_date_time=RANGE.end_date_time, select=["subject"]
    )
    assert await refusal(builder(sandbox).get(RequestConfiguration(query_parameters=query))) == (400, "ErrorInvalidUrlQuery")


async def test_a_write_over_a_newer_event_is_refused(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    old = (await sandbox.event(ORGANISER))["@odata.etag"]
    await sandbox.respond(AINO, "accept")
    event = sandbox.client.users.by_user_id(ORGANISER).events.by_event_id(state.event_id)
    asked: RequestConfiguration[Any] = RequestConfiguration(headers=HeadersCollection({"If-Match": old}))
    assert await refusal(event.patch(GraphEvent(subject="Mine"), asked)) == (412, "ErrorIrresolvableConflict")
    assert (await sandbox.event(ORGANISER))["subject"] == EVENT.subject
    fresh: RequestConfiguration[Any] = RequestConfiguration(
        headers=HeadersCollection({"If-Match": (await sandbox.event(ORGANISER))["@odata.etag"]})
    )
    await event.patch(GraphEvent(subject="Mine"), fresh)
    assert (await sandbox.event(ORGANISER))["subject"] == "Mine"


async def test_free_and_busy_come_from_the_calendars(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    await sandbox.respond(AINO, "accept")
    await sandbox.respond(CELIA, "decline")
    body = GetSchedulePostRequestBody(
        schedules=[AINO, BERTIL, CELIA, "nobody@example.org"],
        start_time=moment("2027-05-10T09:00:00"),
        end_time=moment("2027-05-10T13:00:00"),
        availability_view_interval=60,
    )
    asked: RequestConfiguration[Any] = RequestConfiguration(headers=HeadersCollection({"Prefer": 'outlook.timezone="Europe/Helsinki"'}))
    found = await sandbox.client.users.by_user_id(ORGANISER).calendar.get_schedule.post(body, asked)
    assert found is not None
    aino, bertil, celia, nobody = found.value or []
    assert [one.availability_view for one in (aino, bertil, celia, nobody)] == ["0220", "0110", "0000", None]
    (item,) = aino.schedule_items or []
    assert item.start is not None
    assert (item.subject, item.start.date_time) == (EVENT.subject, "2027-05-10T10:00:00.0000000")
    assert celia.schedule_items == []
    assert nobody.error is not None
    assert nobody.error.response_code == "ErrorMailRecipientNotFound"


@pytest.mark.parametrize(
    ("count", "until", "code"),
    [
        (21, "2027-05-11T00:00:00", "ErrorTooManyMailboxes"),
        (1, "2027-07-11T00:00:00", "ErrorInvalidTimeInterval"),
        (1, "2027-05-09T00:00:00", "ErrorInvalidTimeInterval"),
    ],
)
async def test_too_much_of_free_and_busy_is_refused(sandbox: Sandbox, count: int, until: str, code: str) -> None:
    body = GetSchedulePostRequestBody(schedules=[AINO] * count, start_time=moment("2027-05-10T00:00:00"), end_time=moment(until))
    assert await refusal(sandbox.client.users.by_user_id(ORGANISER).calendar.get_schedule.post(body)) == (400, code)


async def test_the_fifth_request_at_once_to_a_mailbox_is_throttled(sandbox: Sandbox) -> None:
    await sandbox.fault(delay=0.3, times=4)

    async def ask(mailbox: str) -> tuple[int, str | None]:
        async with sandbox.http.get(f"{sandbox.url}/graph/v1.0/users/{mailbox}/events", headers=HEADERS) as answer:
            body = await answer.json()
            return answer.status, body["error"]["code"] + " " + answer.headers["Retry-After"] if "error" in body else None

    found = await asyncio.gather(*[ask(ORGANISER) for _ in range(5)], ask(AINO))
    assert sorted(found[:5], key=str) == [(200, None)] * 4 + [(429, "ApplicationThrottled 1")]
    assert found[5] == (200, None)
    assert await ask(ORGANISER) == (200, None)
