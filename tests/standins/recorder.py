"""A server that only writes down what it is asked and answers what the test laid out: the check on the wire, byte by byte."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Laid:
    """One answer. `drop`: the connection is cut instead, after the request was written down."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


def refusal(status: int, code: str, **headers: str) -> Laid:
    """An error in Graph's shape."""
    return Laid(status, {"error": {"code": code, "message": "-"}}, {name.replace("_", "-"): text for name, text in headers.items()})


class Recorder:
    """Answers are used in the order they were laid; one request too many is answered 500."""

    def __init__(self) -> None:
        self.asked: list[Recorded] = []
        self.laid: list[Laid] = []
        self.url = ""

    def lay(self, *answers: Laid) -> None:
        self.laid.extend(answers)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.casefold(): text for name, text in request.headers.items()}
        self.asked.append(Recorded(request.method, request.raw_path, headers, await request.read()))
        if not self.laid:
            return web.json_response({"error": {"code": "NothingLaid", "message": request.raw_path}}, status=500)
        laid = self.laid.pop(0)
        if laid.drop:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if laid.body is None:
            return web.Response(status=laid.status, headers=laid.headers)
        return web.json_response(laid.body, status=laid.status, headers=laid.headers)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Recorder]:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{rest:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0"
        try:
            yield self
        finally:
            await runner.cleanup()
