"""The door where Graph knocks: over HTTP, on a real database, with everything a stranger could send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from bot.notifications import LONGEST_TOKEN, PATH, add_notifications
from storage import tables
from storage.database import Storage
from tests.graph.conftest import served

NOW = datetime(2026, 5, 1, 7, 0, tzinfo=UTC)
RENEW = NOW + timedelta(days=1)


class Door:
    """The app with one subscription, `s1` with the secret `secret`."""

    def __init__(self, storage: Storage, url: str, http: aiohttp.ClientSession) -> None:
        self.storage = storage
        self.url = url
        self.http = http

    async def post(self, body: Any, query: str = "") -> tuple[int, str, str]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post(f"{self.url}{PATH}{query}", data=content) as answer:
            return answer.status, answer.content_type, await answer.text()

    async def notify(self, *notifications: dict[str, Any]) -> int:
        return (await self.post({"value": list(notifications)}))[0]

    async def waiting(self) -> list[tuple[str, datetime]]:
        query = select(tables.effect.c.kind, tables.effect.c.due_at)
        return await self.storage.look(lambda connection, _now: [(kind, due) for kind, due in connection.execute(query)])

    async def renew_at(self) -> datetime | None:
        return (await self.storage.read(lambda tx: tx.watch("mailbox"))).renew_at


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    storage = Storage(f"sqlite:///{tmp_path / 'door.db'}", clock=lambda: NOW)
    await storage.start()
    await storage.run(lambda tx: tx.note_watch("mailbox", subscription_id="s1", client_state="secret", renew_at=RENEW))
    await storage.run(lambda tx: tx.note_watch("other", subscription_id="", client_state=""))
    app = web.Application(client_max_size=1024 * 1024)
    add_notifications(app, storage)
    async with served(app) as url, aiohttp.ClientSession() as http:
        yield Door(storage, url, http)
    await storage.close()


def changed(**parts: Any) -> dict[str, Any]:
    return {
        "subscriptionId": "s1",
        "clientState": "secret",
        "changeType": "updated",
        "resource": "Users/u/Events/AAkALg",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "AAkALg"},
        "tenantId": "tenant",
        **parts,
    }


async def test_the_handshake_gives_the_token_back_as_it_was(door: Door) -> None:
    token = "Validation: Testing client application reachability for subscription <b>&\u00e4"
    async with door.http.post(f"{door.url}{PATH}", params={"validationToken": token}) as answer:
        assert (answer.status, answer.content_type, await answer.text()) == (200, "text/plain", token)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (await door.post(b"", "?validationToken=" + "x" * LONGEST_TOKEN))[0] == 200
    assert (await door.post(b"", "?validationToken=" + "x" * (LONGEST_TOKEN + 1)))[0] == 400
    assert await door.waiting() == []


async def test_a_notification_makes_us_look_and_twice_is_once(door: Door) -> None:
    assert await door.notify(changed()) == 202
    assert await door.notify(changed(), changed(changeType="deleted")) == 202
    assert await door.waiting() == [("ReadAnswers", NOW)]
    assert await door.renew_at() == RENEW


@pytest.mark.parametrize(
    "parts",
    [
        {"clientState": "Secret"},
        {"clientState": ""},
        {"clientState": None},
        {"clientState": ["secret"]},
        {"clientState": "secret\ud800"},
        {"subscriptionId": "s2"},
        {"subscriptionId": "", "clientState": ""},
        {"subscriptionId": "s1' OR '1'='1"},
        {"clientState": "guessed", "lifecycleEvent": "subscriptionRemoved"},
    ],
)
async def test_one_who_does_not_know_the_secret_is_thanked_and_ignored(door: Door, parts: dict[str, Any]) -> None:
    assert await door.notify(changed(**parts)) == 202
    assert await door.waiting() == []
    assert await door.renew_at() == RENEW


@pytest.mark.parametrize(
    ("event", "renewed"), [("reauthorizationRequired", True), ("subscriptionRemoved", True), ("missed", False), ("unheard of", False)]
)
async def test_lifecycle_events_make_us_look_and_see_to_the_subscription(door: Door, event: str, renewed: bool) -> None:
    told = {"subscriptionId": "s1", "clientState": "secret", "lifecycleEvent": event}
    assert await door.notify(changed(clientState="wrong"), told, changed()) == 202
    assert await door.waiting() == [("ReadAnswers", NOW)]
    assert await door.renew_at() == (NOW if renewed else RENEW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"value": null}',
        b'{"value": 1}',
        b'{"value": [1]}',
        b'{"value": ["s1"]}',
        b'{"value": [{}]}',
        b'{"value": [{"subscriptionId": "s1", "lifecycleEvent": []}]}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_notification_is_refused_without_a_word(door: Door, body: bytes) -> None:
    status, _, text = await door.post(body)
    assert status == 400
    assert "Traceback" not in text
    assert await door.waiting() == []


async def test_too_long_a_body_is_refused(door: Door) -> None:
    assert (await door.post(b" " * (1024 * 1024 + 1)))[0] == 413


async def test_only_posts_are_taken(door: Door) -> None:
    async with door.http.get(f"{door.url}{PATH}", params={"validationToken": "x"}) as answer:
        assert answer.status == 405


async def test_what_could_not_be_written_is_sent_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(door.storage, "run", away)
        status, _, text = await door.post({"value": [changed()]})
    assert status == 503
    assert "away" not in text
    assert await door.notify(changed()) == 202
    assert await door.waiting() == [("ReadAnswers", NOW)]


async def test_an_answer_comes_before_graph_gives_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.notifications.IN_TIME", 0.05)
    monkeypatch.setattr(door.storage, "read", stuck)
    assert await door.notify(changed()) == 503
