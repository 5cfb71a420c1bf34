"""A room in a Microsoft 365 tenant, or in several: single-tenant settings as an administrator gives them, signed tokens at every door.

What a real tenant has beyond it are real hosts: the channel and the issuer of its tokens are on loopback, so their two addresses are put
in the registration's place. Calendars are behind TLS, and answer only to a token the bot was given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from aiohttp import web

from app import _edge_config, create_app
from graph.sandbox import MemoryStore, add_sandbox
from settings import Settings
from tests.graph.conftest import served
from tests.standins.channel import Channel
from tests.standins.issuer import APP_ID, SECRET, TENANT, Issuer
from tests.storage.databases import migrated
from tests.turns.room import Room

GRAPH_HOST = "127.0.0.2"
ORGANISER = "siiri.sihteeri@example.org"
OTHER_TENANT = "0b7d2f64-1c5e-4a6d-8e3f-2a9c4d5e6f70"


class Tenancy(Room):
    """`tenants`: those the administrator lets in; the bot's own, `TENANT`, when none are named."""

    def __init__(self, folder: Path, at: datetime, patch: pytest.MonkeyPatch, tenants: tuple[str, ...] = ()) -> None:
        super().__init__(folder, at)
        self._patch = patch
        self._tenants = tenants
        self._around = AsyncExitStack()
        self.issuer = Issuer()
        self.channel = Channel(f"{self.url}/api/messages", issuer=self.issuer)

    async def __aenter__(self) -> Self:
        await self._around.enter_async_context(self.issuer)
        for name, value in self.issuer.environment.items():
            self._patch.setenv(name, value)
        self._patch.setattr("graph.sandbox.LOOPBACK", {GRAPH_HOST})
        self.issuer.scopes.add(f"https://{GRAPH_HOST}/.default")
        calendars = web.Application(middlewares=[self._signed_in])
        add_sandbox(calendars, MemoryStore())
        self.graph_url = await self._around.enter_async_context(served(calendars, GRAPH_HOST, self.issuer.tls))
        return await super().__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await super().__aexit__(kind, error, trace)
        await self._around.aclose()

    @property
    def settings(self) -> Settings:
        names = {
            "MicrosoftAppId": APP_ID,
            "MicrosoftAppPassword": SECRET,
            "MicrosoftAppTenantId": TENANT,
            "ALLOWED_TENANTS": ",".join(self._tenants),
            "GRAPH_ORGANISER": ORGANISER,
            "PUBLIC_URL": "https://pykala.example.org",
            "LOGIN_URL": self.issuer.login_url,
            "GRAPH_BASE_URL": f"{self.graph_url}/graph/v1.0",
            "DATABASE_URL": migrated(self._folder / "room.db"),
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in names.items():
                patch.setenv(name, value)
            return Settings(_env_file=None)  # type: ignore[call-arg]

    async def start(self) -> None:
        settings = self.settings
        here = replace(_edge_config(settings), allowed_service_hosts=("127.0.0.1",), openid_metadata_url=self.issuer.metadata_url)
        await self._listen(await create_app(settings, clock=lambda: self._now, pace=0.02, registration=here))

    @web.middleware
    async def _signed_in(self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.issuer.issued:
            raise web.HTTPUnauthorized
        return await handler(request)


class Neighbour(Room):
    """The same bot as another tenant sees it: other people, other teams, another address of the channel, the same issuer."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy
        self.url = tenancy.url
        self.channel = Channel(f"{self.url}/api/messages", issuer=tenancy.issuer, tenant_id=OTHER_TENANT, salt="other")

    def wait(self, seconds: float) -> None:
        """One bot, one clock."""
        self._tenancy.wait(seconds)

    async def __aenter__(self) -> Self:
        await self.channel.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.channel.__aexit__(kind, error, trace)
