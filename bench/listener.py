"""A channel that takes whatever it is sent, for any conversation, and keeps when it came."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Heard:
    """A post or an update; `at` in seconds since 1970."""

    at: float
    content: bytes


class Listener:
    """`async with listener.open() as service_url`; what came is in `posts`."""

    def __init__(self) -> None:
        self.posts: list[Heard] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_route("*", "/teams/{path:.*}", self._taken)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/teams/"
        finally:
            await runner.cleanup()

    async def _taken(self, request: web.Request) -> web.Response:
        at, content = time.time(), await request.read()
        if "/activities" in request.path:
            self.posts.append(Heard(at, content))
        return web.json_response({"id": str(len(self.posts))}, status=201)

    def most_in_a_second(self) -> int:
        """Of any second, wherever it begins."""
        times = [one.at for one in self.posts]
        return max((sum(begins <= at < begins + 1 for at in times) for begins in times), default=0)
