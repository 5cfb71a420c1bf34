"""The real client: Microsoft's Playground before a real bot, and a browser in which the secretary works. Other people's presses go through
the Playground's own door, which makes the activity in their name as it makes the secretary's."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from playwright.async_api import Browser, FloatRect, Locator, Page, Playwright, Route, ViewportSize, WebSocket, expect

from app import create_app
from settings import Settings
from tests.ports import free_port
from tests.turns.room import Card, actions, find_button, links_of, sent_with, text_of
from tools.run import PLAYGROUND, PLAYGROUND_SETTINGS, ROOT, playground_command

OUTPUT = ROOT / "tests" / "output" / "playground"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
SWITCHES += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
# Two cores shared with everything else that is tested.
PATIENCE = 30_000
CARD = ".ac-adaptiveCard"
WINDOW = ViewportSize(width=1280, height=1000)


def missing() -> str:
    """What this machine lacks to show the real client, in words; empty when it has everything."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not PLAYGROUND.exists():
        return "the Playground is not installed (`npm ci`)"
    if CHROMIUM is None:
        return "Chromium is not installed"
    return ""


class House:
    """The bot and the Playground side by side on free ports. `at(moment)` stops the bot and starts it again at a later time."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self._folder = folder
        self._now = at
        self._runner: web.AppRunner | None = None
        self._playground: Process | None = None
        self.port, self.playground_port = free_port(), free_port()
        self.bot_url = f"http://127.0.0.1:{self.port}"
        self.url = f"http://localhost:{self.playground_port}"

    async def __aenter__(self) -> Self:
        await self._open()
        command = playground_command(f"{self.bot_url}/api/messages", self.playground_port)
        own = {"M365_AGENTS_PLAYGROUND_LOGFILE": str(self._folder / "playground.log"), "NO_PROXY": "*"}
        self._playground = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env={**os.environ, **PLAYGROUND_SETTINGS, **own}, stdout=DEVNULL, stderr=DEVNULL
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._playground is not None:
            self._playground.terminate()
            await self._playground.wait()
        await self._close()

    async def at(self, moment: datetime) -> None:
        await self._close()
        self._now = moment
        await self._open()

    async def _open(self) -> None:
        database = f"sqlite:///{self._folder / 'house.db'}"
        settings = Settings(_env_file=None, PYKALA_LOCAL=True, host="127.0.0.1", port=self.port, database_url=database)  # type: ignore[call-arg]
        self._runner = web.AppRunner(await create_app(settings, clock=lambda: self._now))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


@dataclass(slots=True)
class Post:
    """A message of the bot as the Playground shows it to everybody."""

    id: str
    conversation_id: str
    card: Card


class Client:
    """The secretary's browser. A card is a locator of its place in the conversation: a press changes what stands there."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self._shots = 0
        self.posts: dict[str, Post] = {}

    @classmethod
    async def start(cls, playwright: Playwright, url: str, locale: str = "fi-FI") -> tuple[Browser, Client]:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = await browser.new_page(viewport=WINDOW, locale=locale, timezone_id="Europe/Helsinki")
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        client = cls(page, url)
        await page.route("**/*", client._only_here)
        page.on("websocket", client._listen)
        # The Playground takes a moment to start.
        for _ in range(100):
            try:
                await page.goto(url)
                break
            except Exception:  # refused until it listens
                await page.wait_for_timeout(200)
        await page.get_by_title("Hide log panel").click()
        return browser, client

    # --- the secretary ---

    async def open(self, place: str) -> None:
        """A conversation of the list on the left, e.g. “Personal Chat”."""
        await self.page.get_by_role("treeitem", name=place).click()

    async def say(self, text: str) -> Locator:
        """The card the bot answers a message in the personal chat with. What was posted before tells which card is the new one."""
        cards = self.page.locator(CARD)
        before = len(self._on_desk())
        await expect(cards).to_have_count(before)
        await self.page.get_by_role("textbox").last.fill(text)
        await self.page.get_by_role("button", name="Send Message").click()
        answer = cards.nth(before)
        await expect(answer).to_be_visible()
        return answer

    def _on_desk(self) -> list[Post]:
        return [post for post in self.posts.values() if post.conversation_id == "personal-chat-id"]

    async def press(self, card: Locator, title: str) -> None:
        """Press a button of a card; the bot's answer takes the card's place."""
        button = card.get_by_role("button", name=title, exact=True).first
        if not await button.is_visible():
            await card.get_by_role("button", name="More options").last.click()
        async with self.page.expect_response("**/_conversation/v1/invoke") as sent:
            await button.click()
        response = await sent.value
        assert response.ok, await response.text()

    async def tick(self, card: Locator, *choices: str) -> None:
        """Tick the choices of a card that start so."""
        for choice in choices:
            await card.locator("label", has_text=re.compile(f"^{re.escape(choice)}".replace(r"\ ", r"\s"))).click()

    async def fill(self, card: Locator, fields: Mapping[str, str]) -> None:
        """Fill the inputs of a card by their label."""
        for label, value in fields.items():
            await card.get_by_label(label).first.fill(value)

    async def shot(self, name: str, card: Locator | None = None) -> None:
        """Keep a picture of the window, or of one whole card."""
        OUTPUT.mkdir(parents=True, exist_ok=True)
        self._shots += 1
        picture = await self.picture(card)
        (OUTPUT / f"{self._shots:02}-{name}.png").write_bytes(picture)

    async def picture(self, card: Locator | None = None) -> bytes:
        """A PNG of the window, or of one whole card: the window is made tall enough for it."""
        # Messages slide in.
        await self.page.wait_for_timeout(500)
        if card is None:
            return await self.page.screenshot()
        box = await card.bounding_box()
        tall = WINDOW["height"] + int(box["height"] if box else 0)
        await self.page.set_viewport_size(ViewportSize(width=WINDOW["width"], height=tall))
        await self.page.wait_for_timeout(300)
        await card.scroll_into_view_if_needed()
        picture = await card.screenshot()
        await self.page.set_viewport_size(WINDOW)
        return picture

    async def shot_of_thread(self, name: str, card: Locator) -> None:
        """Keep a picture of a channel's whole thread, from the card that opens it to the last answer."""
        thread = self.page.get_by_role("group").filter(has=card).last
        await self.page.set_viewport_size(ViewportSize(width=WINDOW["width"], height=4 * WINDOW["height"]))
        await self.page.wait_for_timeout(500)
        first, last = await thread.bounding_box(), await thread.locator(CARD).last.bounding_box()
        assert first is not None
        assert last is not None
        right, bottom = last["x"] + last["width"] + 16, last["y"] + last["height"] + 16
        self._shots += 1
        clip = FloatRect(x=first["x"] - 8, y=first["y"] - 8, width=right - first["x"] + 8, height=bottom - first["y"] + 8)
        await self.page.screenshot(path=OUTPUT / f"{self._shots:02}-{name}.png", clip=clip)
        await self.page.set_viewport_size(WINDOW)

    # --- everybody else ---

    async def post_with(self, text: str, verb: str = "", link: str = "", to: str = "", **data: Any) -> Post:
        """The latest message that says this and has this button and link (`to` an address with this in it), waited for: cards of the board
        change after the answer."""
        for _ in range(PATIENCE // 100):
            for post in reversed(self.posts.values()):
                links = links_of(post.card)
                linked = not link or (link in links and to in links[link])
                if linked and text in text_of(post.card) and (not verb or _has(post.card, verb, data)):
                    return post
            await self.page.wait_for_timeout(100)
        last = [text_of(post.card)[:160] for post in list(self.posts.values())[-4:]]
        raise AssertionError(f"nobody said {text!r} {verb} {link}; the last words: {last}")

    async def press_as(self, user_id: str, post: Post, verb: str, inputs: Mapping[str, Any] | None = None, **data: Any) -> Card:
        """Somebody else presses a button of a message: the card they get."""
        action = find_button(post.card, verb, **data)
        return await self._sent(user_id, post, action, action["data"] | sent_with(action, post.card, inputs), "manual")

    async def look_as(self, user_id: str, post: Post) -> Card:
        """The card as it is for somebody else, whose client asks for it by itself (the Playground's own does not)."""
        action = post.card["refresh"]["action"]
        return await self._sent(user_id, post, action, action["data"], "automatic")

    async def _sent(self, user_id: str, post: Post, action: Card, values: Mapping[str, Any], trigger: str) -> Card:
        told: dict[str, Any] = {name: action[name] for name in ("id", "verb", "title") if name in action}
        body = {
            "name": "adaptiveCard/action",
            "value": {"action": {"type": "Action.Execute", **told, "data": values}, "trigger": trigger},
            "from": {"id": user_id},
            "conversation": {"id": post.conversation_id},
            "replyToId": post.id,
        }
        answer = await self.page.request.post(f"{self._url}/_conversation/v1/invoke", data=body)
        assert answer.ok, await answer.text()
        card: Card = (await answer.json())["value"]
        return card

    # --- the browser ---

    async def _only_here(self, route: Route) -> None:
        """Fonts and effects the Playground would fetch from outside are not needed."""
        await (route.continue_() if route.request.url.startswith(self._url) else route.abort())

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._heard)

    def _heard(self, frame: str | bytes) -> None:
        told = json.loads(frame)
        message = told.get("message") or {}
        for attachment in message.get("attachments", []):
            place = message.get("postConversationId") or told["actionConversationId"]
            known = self.posts.get(message["messageId"])
            self.posts[message["messageId"]] = Post(message["messageId"], known.conversation_id if known else place, attachment["content"])


def _has(card: Card, verb: str, data: Mapping[str, Any]) -> bool:
    return any(
        action.get("verb") == verb and all(action["data"].get(name) == value for name, value in data.items()) for action in actions(card)
    )
