"""What is outside the bot and outlives it: the channel and Graph on servers of their own, which write down who asked for what, when it was
done, and who strikes at which step."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp import web

from graph.sandbox import MemoryStore, add_sandbox
from tests.standins.channel import Channel

When = Literal["before", "after"]
# What makes something new, so that done twice it is there twice.
POST = re.compile(r"/activities(/|$)")
LETTER = re.compile(r"/sendMail$", re.IGNORECASE)
_MARK = "x-pykala-key"


@dataclass(frozen=True, slots=True)
class Done:
    """Something the channel or Graph has done for the bot. `pid` is the process that asked (0: killed before that could be seen).
    `answered` False when the answer was dropped on purpose. Asked for and done `at` real moments, in seconds since the epoch."""

    asked: float
    at: float
    pid: int
    kind: Literal["post", "update", "letter"]
    place: str
    id: str
    content: Any
    thread: str = ""
    reply_to: str = ""
    answered: bool = True


@dataclass(slots=True)
class Trap:
    """Calls `spring` with the asking process when a request comes that fits: before anything is done about it, or when it is done and only
    the answer is missing. `server`: channel or graph. `only` looks closer."""

    server: str
    when: When
    method: str
    path: str
    spring: Callable[[int], Awaitable[None]]
    only: Callable[[str, dict[str, Any]], bool] = lambda _path, _body: True
    # A process that is killed before anything is done gets no answer; one that is only stopped does.
    refuses: bool = True
    sprung: bool = False


@dataclass(slots=True)
class Outside:
    """The record of both stand-ins, and the traps set in them."""

    done: list[Done] = field(default_factory=list)
    traps: list[Trap] = field(default_factory=list)
    pids: Callable[[], list[int]] = list
    # A connection stays with the process that opened it.
    askers: WeakKeyDictionary[asyncio.BaseTransport, int] = field(default_factory=WeakKeyDictionary)

    async def pass_by(self, server: str, when: When, request: web.Request, pid: int) -> None:
        for trap in self.traps:
            fits = not trap.sprung and (trap.server, trap.when, trap.method) == (server, when, request.method)
            if fits and trap.path in request.path and trap.only(request.path, await body_of(request)):
                trap.sprung = True
                await trap.spring(pid)
                if when == "before" and trap.refuses:
                    raise web.HTTPServiceUnavailable
                break

    def asker(self, request: web.Request) -> int:
        """The process at the other end of a connection, by the kernel's own tables."""
        transport = request.transport
        if transport is None:
            return 0
        if transport not in self.askers:
            peer = transport.get_extra_info("peername")
            inode = _inode(peer[1]) if peer else ""
            pid = next((pid for pid in self.pids() if inode and _holds(pid, inode)), 0)
            if not pid:
                return 0
            self.askers[transport] = pid
        return self.askers[transport]


class WatchedChannel(Channel):
    """A channel that keeps what it has done, in order, with every state of every message."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self._outside = outside

    async def _trouble(self, request: web.Request) -> Any:
        request["asked"], request["pid"] = time.time(), self._outside.asker(request)
        await self._outside.pass_by("channel", "before", request, request["pid"])
        return await super()._trouble(request)

    def _done(self, request: web.Request, trouble: Any, body: Any, status: int) -> web.StreamResponse:
        if request.method in {"POST", "PUT"} and POST.search(request.path):
            kind: Literal["post", "update"] = "post" if request.method == "POST" else "update"
            place = request.match_info["conversation"].partition(";messageid=")[0]
            shown = self._conversations[place].posted[body["id"]]
            answers = request.match_info.get("activity", "") if kind == "post" else ""
            reply = str(shown.activity.get("replyToId") or answers)
            answered = not trouble.drop_after_commit
            made = Done(request["asked"], time.time(), request["pid"], kind, place, shown.id, shown.activity, shown.thread, reply, answered)
            self._outside.done.append(made)
        return super()._done(request, trouble, body, status)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, await super()._post(request))

    async def _update(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, await super()._update(request))

    async def _paged_members(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, await super()._paged_members(request))

    async def _answered(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        await self._outside.pass_by("channel", "after", request, request["pid"])
        return answer


class Calendars:
    """The Graph stand-in on a server of its own; `store` is what is in it."""

    def __init__(self, outside: Outside, now: Callable[[], Any]) -> None:
        self._outside = outside
        self._now = now
        self.store = MemoryStore()

    async def open(self) -> None:
        app = web.Application(middlewares=[self._watched])
        add_sandbox(app, self.store, now=self._now)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.root = f"http://127.0.0.1:{self._runner.addresses[0][1]}/graph"
        self.url = f"{self.root}/v1.0"
        self._http = aiohttp.ClientSession(headers={"Authorization": "Bearer local", "Prefer": 'IdType="ImmutableId"'})

    async def close(self) -> None:
        await self._http.close()
        await self._runner.cleanup()

    async def answer(self, mailbox: str, answer: str) -> bool:
        """Press it on the one event in somebody's calendar; whether there was one."""
        async with self._http.get(f"{self.url}/users/{mailbox}/events") as found:
            events = (await found.json()).get("value") or []
        if len(events) != 1:
            return False
        async with self._http.post(f"{self.url}/users/{mailbox}/events/{events[0]['id']}/{answer}", json={}) as answered:
            return answered.status == 202

    async def fault(self, **fault: object) -> None:
        async with self._http.post(f"{self.root}/sandbox/faults", json=fault) as answer:
            assert answer.status == 204, await answer.text()

    async def calm(self) -> None:
        async with self._http.delete(f"{self.root}/sandbox/faults") as answer:
            assert answer.status == 204

    @web.middleware
    async def _watched(self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        asked, pid = time.time(), self._outside.asker(request)
        await self._outside.pass_by("graph", "before", request, pid)
        sending = request.method == "POST" and LETTER.search(request.path)
        before = len(await self.store.all("mail")) if sending else 0
        try:
            answer = await handler(request)
        except ConnectionResetError:  # killed while it was asking
            raise web.HTTPBadRequest from None
        if sending and len(await self.store.all("mail")) > before:
            message = next(value for name, value in (await body_of(request)).items() if name.lower() == "message")
            mark = next(one["value"] for one in message["internetMessageHeaders"] if one["name"] == _MARK)
            to = message["toRecipients"][0]["emailAddress"]["address"]
            arrived = answer.status == 202 and request.transport is not None and not request.transport.is_closing()
            self._outside.done.append(Done(asked, time.time(), pid, "letter", to, mark, message["subject"], answered=arrived))
        await self._outside.pass_by("graph", "after", request, pid)
        return answer


async def body_of(request: web.Request) -> dict[str, Any]:
    """{} for the bytes of a file, which are left to whom they are sent: read here, an empty file would be kept there."""
    if request.content_type != "application/json":
        return {}
    found = json.loads(await request.read() or b"{}")
    return found if isinstance(found, dict) else {}


def _inode(port: int) -> str:
    """Of the socket whose own end is this port on loopback."""
    wanted = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1] == wanted:
            return fields[9]
    return ""


def _holds(pid: int, inode: str) -> bool:
    wanted = f"socket:[{inode}]"
    try:
        return any(one.is_symlink() and str(one.readlink()) == wanted for one in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
