"""The real `python app.py` as a process of its own, which can be killed at a step; the channel and the calendars outlive it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import aiohttp
from aiohttp import web

from graph.sandbox import MemoryStore, add_sandbox
from tests.standins.channel import Channel
from tests.turns.room import Room

ROOT = Path(__file__).parents[2]
When = Literal["before", "after"]


@dataclass
class Strike:
    """Kill the bot when it asks for this: before anything is done about it, or when it is done and only the answer is missing."""

    when: When
    method: str
    path: str
    kill: Callable[[], None]
    done: bool = False

    def falls(self, when: When, request: web.Request) -> bool:
        if self.done or when != self.when or request.method != self.method or self.path not in request.path:
            return False
        self.done = True
        self.kill()
        return True


class DeadlyChannel(Channel):
    """A channel whose `strike` kills the bot from outside."""

    strike: Strike | None = None

    async def _trouble(self, request: web.Request) -> Any:
        if self.strike and self.strike.falls("before", request):
            raise web.HTTPServiceUnavailable
        return await super()._trouble(request)

    def _done(self, request: web.Request, trouble: Any, body: Any, status: int) -> web.StreamResponse:
        if self.strike:
            self.strike.falls("after", request)
        return super()._done(request, trouble, body, status)


class DeadlyCalendars:
    """The Graph stand-in on a server of its own."""

    def __init__(self) -> None:
        self.strike: Strike | None = None
        self.store = MemoryStore()

    async def open(self) -> None:
        app = web.Application(middlewares=[self._struck])
        add_sandbox(app, self.store)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/graph/v1.0"

    async def close(self) -> None:
        await self._runner.cleanup()

    async def events(self, subject: str) -> list[dict[str, Any]]:
        return [one for one in await self.store.all("meeting") if subject in one["subject"]]

    async def answer(self, mailbox: str, answer: str) -> None:
        """What somebody presses on the one event in their calendar."""
        headers = {"Authorization": "Bearer local", "Prefer": 'IdType="ImmutableId"'}
        async with aiohttp.ClientSession(headers=headers) as http:
            async with http.get(f"{self.url}/users/{mailbox}/events") as found:
                (event,) = (await found.json())["value"]
            async with http.post(f"{self.url}/users/{mailbox}/events/{event['id']}/{answer}", json={}) as answered:
                assert answered.status == 202

    @web.middleware
    async def _struck(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        if self.strike and self.strike.falls("before", request):
            raise web.HTTPServiceUnavailable
        answer: web.StreamResponse = await handler(request)
        if self.strike:
            self.strike.falls("after", request)
        return answer


class House(Room):
    """A room around a process. What people do is the room's; what is stored is read from the file beside it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, datetime.now(UTC))
        self.database = folder / "house.db"
        self.channel: DeadlyChannel = DeadlyChannel(f"{self.url}/api/messages")
        self.calendars = DeadlyCalendars()
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> House:
        await self.calendars.open()
        await super().__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await super().__aexit__(kind, error, trace)
        await self.calendars.close()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYKALA_LOCAL": "1",
            "PORT": str(self.port),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "GRAPH_BASE_URL": self.calendars.url,
        }

    async def start(self) -> None:
        """From another folder than the code's, as a service would."""
        with (self.database.parent / "bot.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, str(ROOT / "app.py"), cwd=self.database.parent, env=self.environment, stdout=log, stderr=log
            )
        async with asyncio.timeout(40), aiohttp.ClientSession() as session:
            while True:
                assert self.process.returncode is None, (self.database.parent / "bot.log").read_text(encoding="utf-8")[-4000:]
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.03)

    async def stop(self) -> None:
        """As a service manager does."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            assert await asyncio.wait_for(self.process.wait(), 30) == 0

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)

    async def killed(self) -> None:
        assert self.process is not None
        assert await asyncio.wait_for(self.process.wait(), 30) == -signal.SIGKILL

    async def after_the_kill(self) -> None:
        await self.killed()
        self.channel.strike = self.calendars.strike = None
        await self.start()

    def strike(self, when: When, method: str, path: str) -> Strike:
        return Strike(when, method, path, self.kill)

    def stored(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What another process sees committed."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    async def until(self, true: Callable[[], object], what: str, seconds: float = 30.0) -> None:
        """Looks often: some of what is waited for lasts milliseconds."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if true():
                        return
                    await asyncio.sleep(0.002)
        except TimeoutError:
            effects = self.stored("SELECT key, state, error FROM effect")
            raise AssertionError(f"did not happen: {what}; {effects}") from None

    async def at_rest(self) -> None:
        """Nothing is due any more, and nothing is dead; answers are read for ever."""
        soon = "SELECT state FROM effect WHERE state = 'waiting' AND kind != 'ReadAnswers' AND due_at < datetime('now', '+10 minutes')"
        busy = "SELECT state FROM effect WHERE kind != 'ReadAnswers' AND state IN ('running', 'dead')"
        await self.until(lambda: not self.stored(soon) and not self.stored(busy), "rest")
