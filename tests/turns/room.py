"""A whole bot over HTTP with people around it: the app as it ships, the channel stand-in, and a clock that moves by restarting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from app import create_app
from settings import Settings
from tests.ports import free_port
from tests.standins.channel import Channel, Person, Place, Posted, card_of
from tests.storage.databases import migrated

Card = dict[str, Any]


class Room:
    """`async with Room(tmp_path, at) as room`. `at(moment)` stops the bot and starts it again at a later time, on the same data.
    `settings`: those of the bot besides where it listens and what it keeps."""

    def __init__(self, folder: Path, at: datetime, **settings: Any) -> None:
        self._settings = settings
        self._folder = folder
        self._now = at
        self._runner: web.AppRunner | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.channel = Channel(f"{self.url}/api/messages")

    async def __aenter__(self) -> Self:
        await self.channel.__aenter__()
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()
        await self.channel.__aexit__(kind, error, trace)

    async def start(self) -> None:
        database = migrated(self._folder / "room.db")
        here = {"PYKALA_LOCAL": True, "host": "127.0.0.1", "port": self.port, "database_url": database, **self._settings}
        settings = Settings(_env_file=None, **here)  # type: ignore[call-arg]
        await self._listen(await create_app(settings, clock=lambda: self._now, pace=0.02))

    async def _listen(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def at(self, moment: datetime) -> None:
        await self.stop()
        self._now = moment
        await self.start()

    def wait(self, seconds: float) -> None:
        """Let the bot's clock go on without a restart, so that what waits for its time comes to it."""
        self._now += timedelta(seconds=seconds)

    # --- what people do ---

    async def say(self, who: Person, place: Place, text: str) -> Card:
        """The card the bot answers a message with."""
        answer = await self.channel.say(who, place, text)
        assert answer.status in {200, 201}, answer.text
        replies = [posted for posted in answer.posted if posted.activity.get("replyToId")]
        assert len(replies) == 1, f"{len(replies)} answers to {text!r}"
        return card_of(replies[0].activity)

    async def press(self, who: Person, place: Place, card: Card, verb: str, inputs: Mapping[str, Any] | None = None, **data: Any) -> Card:
        """Press the button of a command on a card, with the inputs filled in; the card that comes back."""
        button = find_button(card, verb, **data)
        body = await self.channel.press(who, place, button, sent_with(button, card, inputs))
        return card_of(body)

    async def settled(self, until: Callable[[], Any], what: str = "") -> Any:
        """Wait for something to become true: effects run after the answer."""
        for _ in range(200):
            found = until()
            if found:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"did not happen: {what}")

    def board_posts(self, place: Place) -> list[Posted]:
        return [posted for posted in self.channel.shown(place) if posted.activity.get("attachments")]

    async def get(self, path: str) -> tuple[int, bytes]:
        async with aiohttp.ClientSession() as session, session.get(path if path.startswith("http") else self.url + path) as response:
            return response.status, await response.read()


def find_button(card: Card, verb: str, **data: Any) -> Card:
    """The first button of a command whose data has these values."""
    for action in actions(card):
        if action.get("verb") == verb and all(action["data"].get(name) == value for name, value in data.items()):
            return action
    raise AssertionError(f"no button {verb} {data} on: {[(one.get('verb'), one.get('title')) for one in actions(card)]}")


def sent_with(button: Card, card: Card, inputs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a client sends with a button: the card's inputs, filled in. None can be given to a button that takes none along."""
    if button.get("associatedInputs") == "none":
        assert not inputs, f"{button['verb']} is pressed without the card's inputs, {sorted(inputs or ())} would be lost"
        return {}
    return filled(card) | dict(inputs or {})


def has_button(card: Card, verb: str) -> bool:
    return any(action.get("verb") == verb for action in actions(card))


def actions(node: Any) -> Iterator[Card]:
    if isinstance(node, list):
        for part in node:
            yield from actions(part)
    elif isinstance(node, dict):
        if node.get("type") == "Action.Execute":
            yield node
        else:
            for name, part in node.items():
                if name != "data":
                    yield from actions(part)


def filled(node: Any) -> dict[str, Any]:
    """The values the inputs of a card have when nobody touches them: what a client would send."""
    found: dict[str, Any] = {}
    if isinstance(node, list):
        for part in node:
            found |= filled(part)
    elif isinstance(node, dict):
        if str(node.get("type", "")).startswith("Input."):
            found[node["id"]] = node.get("value", "")
        else:
            for part in node.values():
                found |= filled(part)
    return found


def text_of(card: Card) -> str:
    """Everything a reader sees on a card, in reading order."""
    return "\n".join(_texts(card)).replace("\\", "")


def links_of(card: Card) -> dict[str, str]:
    found: dict[str, str] = {}

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for part in node:
                walk(part)
        elif isinstance(node, dict):
            if node.get("type") == "Action.OpenUrl":
                found[node["title"]] = node["url"]
            for part in node.values():
                walk(part)

    walk(card)
    return found


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for part in node:
            yield from _texts(part)
    elif isinstance(node, dict):
        for name in ("text", "title", "label", "value"):
            if isinstance(node.get(name), str) and node.get("type") not in {"Action.Execute", "Input.Text", "Input.ChoiceSet"}:
                yield node[name]
        for name, part in node.items():
            if name != "data":
                yield from _texts(part)


def dumped(card: Card) -> str:
    return json.dumps(card, ensure_ascii=False)
