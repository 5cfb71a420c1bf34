"""The real stand-in on a free port, and the real SDK client against it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp import web
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from graph.calendar import GraphCalendar
from graph.client import GraphClient, graph_client
from graph.sandbox import MemoryStore, add_sandbox
from meetings.ports import Event, Invitee

ORGANISER = "siiri.sihteeri@example.org"
AINO, BERTIL, CELIA = "aino.harju@example.org", "bertil.strand@example.org", "celia.kivi@example.org"
BEFORE_ALL = datetime(2027, 4, 1, 6, 0, tzinfo=UTC)


def local(text: str) -> datetime:
    """Wall-clock time without a zone, as the port's `Event` has it."""
    return datetime.fromisoformat(text)


EVENT = Event(
    key="calendar-1",
    subject="Ohjausryhmän kokous 4/2027",
    html="<p>Esityslista</p><ul><li>1 § Avaus</li><li>2 § Talous &amp; <a href='https://example.org/talous'>liite</a></li></ul>",
    start=local("2027-05-10 10:00"),
    end=local("2027-05-10 12:00"),
    zone="Europe/Helsinki",
    place="Kokoushuone Kataja",
    online=True,
    invitees=(Invitee("Aino Harju", AINO), Invitee("Bertil Strand", BERTIL), Invitee("Celia Kivi", CELIA, required=False)),
    ours=frozenset({AINO, BERTIL, CELIA, "dan.berg@example.org"}),
)


@asynccontextmanager
async def served(app: web.Application, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, host, 0, ssl_context=tls)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"http{'s' if tls else ''}://{host}:{port}"
    finally:
        await runner.cleanup()


@dataclass
class Sandbox:
    """What a test sees of the stand-in: its address, the SDK client, and plain HTTP for the mailboxes' owners."""

    url: str
    client: GraphClient
    calendar: GraphCalendar
    http: aiohttp.ClientSession

    async def events(self, mailbox: str) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.url}/graph/v1.0/users/{mailbox}/events", headers=HEADERS) as answer:
            return list((await answer.json())["value"])

    async def event(self, mailbox: str) -> dict[str, Any]:
        (only,) = await self.events(mailbox)
        return only

    async def respond(self, mailbox: str, answer: str) -> int:
        event = await self.event(mailbox)
        url = f"{self.url}/graph/v1.0/users/{mailbox}/events/{event['id']}/{answer}"
        async with self.http.post(url, headers=HEADERS, json={"sendResponse": True}) as response:
            return response.status

    async def fault(self, **fault: object) -> None:
        async with self.http.post(f"{self.url}/graph/sandbox/faults", json=fault) as answer:
            assert answer.status == 204, await answer.text()


HEADERS = {"Authorization": "Bearer local", "Prefer": 'IdType="ImmutableId", outlook.timezone="Europe/Helsinki"'}


def answers(event: dict[str, Any]) -> dict[str, str]:
    return {one["emailAddress"]["address"]: one["status"]["response"] for one in event["attendees"]}


def changed(**parts: Any) -> Event:
    return replace(EVENT, **parts)


async def refusal(call: Any) -> tuple[int | None, str | None]:
    with pytest.raises(ODataError) as caught:
        await call
    assert caught.value.error is not None
    return caught.value.response_status_code, caught.value.error.code


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def now() -> Callable[[], datetime]:
    return lambda: BEFORE_ALL


@pytest.fixture
async def sandbox(store: MemoryStore, now: Callable[[], datetime]) -> AsyncIterator[Sandbox]:
    app = web.Application()
    add_sandbox(app, store, now=now)
    async with served(app) as url, aiohttp.ClientSession() as http:
        client = graph_client(f"{url}/graph/v1.0", timeout=httpx.Timeout(1.0))
        yield Sandbox(url, client, GraphCalendar(client, ORGANISER), http)
        await client.aclose()
