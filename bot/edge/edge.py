"""The edge as one thing: opened with the app, closed with it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from botbuilder.core import Bot

from bot.edge.adapter import EdgeAdapter
from bot.edge.config import EdgeConfig
from bot.edge.connector import Connector, Told, nobody
from bot.edge.credentials import Tokens, token_source
from bot.edge.sdk import Authentication
from bot.edge.validation import Door, SigningKeys
from telemetry.metrics import Life


class Edge:
    """In: `process`. Out: `connector`, for replies and for what the bot says unasked.

    `adapter` is botbuilder's, for code that wants `continue_conversation` or middleware. Nothing goes over the network
    until it is needed; `start` only opens the session, in the loop that will use it.
    """

    def __init__(self, config: EdgeConfig, told: Told = nobody, before: Callable[[], None] = lambda: None) -> None:
        """`told`: of each request to the channel. `before`: called before anything is sent, again for each time that it is tried; what it
        raises is not sent."""
        self._before = before
        self._session: aiohttp.ClientSession | None = None
        self._tokens = None if config.local else Tokens(token_source(config))
        self._keys = SigningKeys(config.openid_metadata_url, self._open_session)
        door = Door(config, self._keys)
        self.connector = Connector(config, self._tokens, self._open_session, told)
        self.adapter = EdgeAdapter(Authentication(config, door, self.connector), door, self.connector)

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), headers={"User-Agent": "Pykala"}, middlewares=(self._sent,)
        )

    async def close(self) -> None:
        await self._keys.close()
        if self._tokens is not None:
            await self._tokens.close()
        if self._session is not None:
            await self._session.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def process(self, request: web.Request, bot: Bot) -> web.Response:
        """Serve one `POST /api/messages`; see `EdgeAdapter.process`."""
        return await self.adapter.process(request, bot)

    def token_life(self) -> Life | None:
        """Of the token for the channel; None while there is none."""
        return self._tokens.life() if self._tokens else None

    async def _sent(self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """Here, since aiohttp itself sends once more what was on a connection that the other side had closed."""
        self._before()
        return await send(request)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the edge has not been started")
        return self._session
