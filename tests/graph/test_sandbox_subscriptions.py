"""Subscriptions of the stand-in: the handshake, what is told of a change, and what goes wrong on demand; through the real SDK client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from msgraph.generated.models.subscription import Subscription

from graph.calendar import GraphCalendar
from graph.client import graph_client
from graph.sandbox import MemoryStore, add_sandbox
from graph.sandbox_subscriptions import TENANT
from tests.graph.conftest import AINO, BEFORE_ALL, BERTIL, EVENT, HEADERS, ORGANISER, Sandbox, changed, refusal, served

Notification = dict[str, Any]


@dataclass
class Listener:
    """Whoever is notified: what came, and how the next ones are answered (a status each, then 202)."""

    url: str = ""
    came: asyncio.Queue[Notification] = field(default_factory=asyncio.Queue)
    statuses: list[int] = field(default_factory=list)
    handshake: dict[str, Any] = field(default_factory=dict)
    held: asyncio.Event | None = None
    tokens: list[str] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        token = request.query.get("validationToken")
        if token is not None:
            self.tokens.append(token)
            return web.Response(**{"text": token, "content_type": "text/plain", **self.handshake})
        if self.held:
            await self.held.wait()
        (one,) = (await request.json())["value"]
        await self.came.put(one)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 202)

    async def next(self) -> Notification:
        return await asyncio.wait_for(self.came.get(), 5)


@dataclass
class Clock:
    at: datetime = BEFORE_ALL

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listening, app = Listener(), web.Application()
    app.router.add_post("/{path:.*}", listening.receive)
    async with served(app) as url:
        listening.url = url
        yield listening


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def now(clock: Clock) -> Clock:
    return clock


def wanted(listener: Listener, **parts: Any) -> Subscription:
    asked: dict[str, Any] = {
        "change_type": "created,updated,deleted",
        "notification_url": f"{listener.url}/told?of=x",
        "lifecycle_notification_url": f"{listener.url}/told?of=x",
        "resource": f"users/{ORGANISER}/events",
        "expiration_date_time": BEFORE_ALL + timedelta(hours=2),
        "client_state": "a secret",
    }
    return Subscription(**{**asked, **parts})


async def subscribe(sandbox: Sandbox, listener: Listener, **parts: Any) -> str:
    kept = await sandbox.client.subscriptions.post(wanted(listener, **parts))
    assert kept is not None
    assert kept.id
    return kept.id


async def test_a_change_is_told_in_graphs_shape(sandbox: Sandbox, listener: Listener) -> None:
    subscription = await subscribe(sandbox, listener)
    state = await sandbox.calendar.create(EVENT)
    resource = f"Users/{ORGANISER}/Events/{state.event_id}"
    assert await listener.next() == {
        "subscriptionId": subscription,
        "subscriptionExpirationDateTime": "2027-04-01T08:00:00Z",
        "changeType": "created",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": resource,
            "@odata.etag": (await sandbox.event(ORGANISER))["@odata.etag"],
            "id": state.event_id,
        },
        "clientState": "a secret",
        "tenantId": TENANT,
    }


async def test_changes_by_anybody_are_told_as_what_they_are(sandbox: Sandbox, listener: Listener) -> None:
    await subscribe(sandbox, listener)
    state = await sandbox.calendar.create(EVENT)
    assert (await listener.next())["changeType"] == "created"
    await sandbox.respond(AINO, "accept")
    assert (await listener.next())["changeType"] == "updated"
    await sandbox.calendar.update(state.event_id, changed(subject="Other"))
    assert (await listener.next())["changeType"] == "updated"
    await sandbox.calendar.cancel(state.event_id, "")
    assert (await listener.next())["changeType"] == "deleted"


async def test_each_mailbox_has_its_own_changes(sandbox: Sandbox, listener: Listener) -> None:
    await subscribe(sandbox, listener, resource=f"/users/{AINO.upper()}/events")
    state = await sandbox.calendar.create(changed(key="not hers", invitees=EVENT.invitees[1:]))
    await sandbox.calendar.update(state.event_id, changed(key="not hers"))
    came = await listener.next()
    hers = (await sandbox.event(AINO))["id"]
    assert (came["changeType"], came["resourceData"]["id"]) == ("created", hers)
    url = f"{sandbox.url}/graph/v1.0/users/{AINO}/events/{hers}"
    async with sandbox.http.delete(url, headers=HEADERS) as answer:
        assert answer.status == 204
    assert (await listener.next())["changeType"] == "deleted"
    await sandbox.respond(BERTIL, "accept")
    await sandbox.calendar.create(changed(key="hers"))
    assert (await listener.next())["changeType"] == "created"
    assert listener.came.empty()


async def test_only_the_changes_asked_for_are_told(sandbox: Sandbox, listener: Listener) -> None:
    await subscribe(sandbox, listener, change_type="updated,deleted")
    state = await sandbox.calendar.create(EVENT)
    await sandbox.calendar.cancel(state.event_id, "")
    assert (await listener.next())["changeType"] == "deleted"
    assert listener.came.empty()


async def test_the_handshake_sends_a_token_to_each_address(sandbox: Sandbox, listener: Listener) -> None:
    await subscribe(sandbox, listener, lifecycle_notification_url=f"{listener.url}/lifecycle")
    assert len(set(listener.tokens)) == 2
    assert all(" " in token for token in listener.tokens)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404},
        {"status": 202},
        {"text": "something else"},
        {"status": 302, "headers": {"Location": "/"}},
        {"content_type": "text/html"},
    ],
)
async def test_nobody_is_subscribed_without_the_handshake(sandbox: Sandbox, listener: Listener, answer: dict[str, Any]) -> None:
    listener.handshake = answer
    assert await refusal(sandbox.client.subscriptions.post(wanted(listener))) == (400, "ValidationError")
    found = await sandbox.client.subscriptions.get()
    assert found is not None
    assert found.value == []


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"notification_url": "http://example.org/told"}, "ValidationError"),
        ({"notification_url": "http://127.0.0.1.example.org/told"}, "ValidationError"),
        ({"notification_url": "ftp://127.0.0.1/told"}, "ValidationError"),
        ({"notification_url": "http://127.0.0.1:9/told"}, "ValidationError"),
        ({"notification_url": "http://127.0.0.1:x/told"}, "ValidationError"),
        ({"lifecycle_notification_url": "https://example.org/told"}, "ValidationError"),
        ({"resource": "users/siiri/messages"}, "ValidationError"),
        ({"change_type": "updated,moved"}, "ValidationError"),
        ({"client_state": "x" * 129}, "RequestBodyRead"),
        ({"notification_url": None}, "RequestBodyRead"),
    ],
)
async def test_a_subscription_that_graph_would_not_take_is_refused(
    sandbox: Sandbox, listener: Listener, parts: dict[str, Any], code: str
) -> None:
    assert await refusal(sandbox.client.subscriptions.post(wanted(listener, **parts))) == (400, code)


@pytest.mark.parametrize(("asked", "granted"), [(1, 45), (100, 100), (10_000, 4230)])
async def test_it_lasts_as_long_as_graph_grants(sandbox: Sandbox, listener: Listener, asked: int, granted: int) -> None:
    until = BEFORE_ALL + timedelta(minutes=asked)
    kept = await sandbox.client.subscriptions.post(wanted(listener, expiration_date_time=until))
    assert kept is not None
    assert kept.expiration_date_time == BEFORE_ALL + timedelta(minutes=granted)
    assert kept.id
    renewed = await sandbox.client.subscriptions.by_subscription_id(kept.id).patch(Subscription(expiration_date_time=until))
    assert renewed is not None
    assert renewed.expiration_date_time == kept.expiration_date_time


async def test_after_its_end_it_is_gone_unless_renewed(sandbox: Sandbox, listener: Listener, clock: Clock) -> None:
    short = await subscribe(sandbox, listener)
    long = await subscribe(sandbox, listener)
    until = BEFORE_ALL + timedelta(hours=4)
    await sandbox.client.subscriptions.by_subscription_id(long).patch(Subscription(expiration_date_time=until))
    clock.at += timedelta(hours=3)
    await sandbox.calendar.create(EVENT)
    assert (await listener.next())["subscriptionId"] == long
    assert await refusal(sandbox.client.subscriptions.by_subscription_id(short).get()) == (404, "ResourceNotFound")
    found = await sandbox.client.subscriptions.get()
    assert found is not None
    assert [one.id for one in found.value or []] == [long]
    assert listener.came.empty()


async def test_what_is_deleted_or_never_was_is_not_found(sandbox: Sandbox, listener: Listener) -> None:
    subscription = await subscribe(sandbox, listener)
    await sandbox.client.subscriptions.by_subscription_id(subscription).delete()
    stays = await subscribe(sandbox, listener)
    for unknown in (subscription, "nothing"):
        kept = sandbox.client.subscriptions.by_subscription_id(unknown)
        for call in (kept.get(), kept.patch(Subscription(expiration_date_time=datetime.now(UTC))), kept.delete()):
            assert await refusal(call) == (404, "ResourceNotFound")
    await sandbox.calendar.create(EVENT)
    assert (await listener.next())["subscriptionId"] == stays


async def test_what_is_not_taken_is_told_again(sandbox: Sandbox, listener: Listener) -> None:
    await subscribe(sandbox, listener)
    listener.statuses = [503]
    await sandbox.calendar.create(EVENT)
    assert await listener.next() == await listener.next()


async def test_the_caller_does_not_wait_for_those_who_are_told(sandbox: Sandbox, listener: Listener) -> None:
    await subscribe(sandbox, listener)
    listener.held = asyncio.Event()
    await sandbox.calendar.create(EVENT)
    assert listener.came.empty()
    listener.held.set()
    assert (await listener.next())["changeType"] == "created"


async def test_the_next_notification_comes_twice_on_demand(sandbox: Sandbox, listener: Listener) -> None:
    await subscribe(sandbox, listener)
    await sandbox.fault(notification="twice")
    state = await sandbox.calendar.create(EVENT)
    assert await listener.next() == await listener.next()
    await sandbox.calendar.cancel(state.event_id, "")
    assert (await listener.next())["changeType"] == "deleted"
    await sandbox.calendar.create(EVENT)
    assert (await listener.next())["changeType"] == "created"
    assert listener.came.empty()


@pytest.mark.parametrize(("event", "stays"), [("reauthorizationRequired", True), ("subscriptionRemoved", False), ("missed", True)])
async def test_lifecycle_events_come_on_demand(sandbox: Sandbox, listener: Listener, event: str, stays: bool) -> None:
    subscription = await subscribe(sandbox, listener)
    await sandbox.fault(notification=event)
    assert await listener.next() == {
        "subscriptionId": subscription,
        "subscriptionExpirationDateTime": "2027-04-01T08:00:00Z",
        "lifecycleEvent": event,
        "clientState": "a secret",
        "tenantId": TENANT,
    }
    found = await sandbox.client.subscriptions.get()
    assert found is not None
    assert [one.id for one in found.value or []] == [subscription] * stays


async def test_subscriptions_meet_faults_as_other_calls_do(sandbox: Sandbox, listener: Listener) -> None:
    await sandbox.fault(status=403, code="Authorization_RequestDenied", path="*/subscriptions*")
    assert await refusal(sandbox.client.subscriptions.post(wanted(listener))) == (403, "Authorization_RequestDenied")
    await subscribe(sandbox, listener)


async def test_subscriptions_outlive_the_process(sandbox: Sandbox, listener: Listener, store: MemoryStore) -> None:
    subscription = await subscribe(sandbox, listener)
    app = web.Application()
    add_sandbox(app, store, now=lambda: BEFORE_ALL)
    async with served(app) as url, aiohttp.ClientSession() as http:
        client = graph_client(f"{url}/graph/v1.0")
        again = Sandbox(url, client, GraphCalendar(client, ORGANISER), http)
        await again.calendar.create(EVENT)
        assert (await listener.next())["subscriptionId"] == subscription
        await client.aclose()


async def test_nothing_is_told_once_the_application_is_closed(listener: Listener, store: MemoryStore) -> None:
    listener.statuses = [503]
    app = web.Application()
    add_sandbox(app, store, now=lambda: BEFORE_ALL)
    async with served(app) as url, aiohttp.ClientSession() as http:
        client = graph_client(f"{url}/graph/v1.0")
        sandbox = Sandbox(url, client, GraphCalendar(client, ORGANISER), http)
        await subscribe(sandbox, listener)
        await sandbox.calendar.create(EVENT)
        await listener.next()
        await client.aclose()
    assert [task for task in asyncio.all_tasks() if "Subscriptions" in repr(task)] == []
