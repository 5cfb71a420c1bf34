"""A bot behind a real edge and a real HTTP server, for the tests of the edge."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from botbuilder.core import ActivityHandler, InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler

from bot.edge import Edge, EdgeConfig
from tests.standins.channel import Channel
from tests.standins.issuer import APP_ID, SECRET, TENANT, Issuer

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Läsnä"}]}


class Echo(TeamsActivityHandler):  # type: ignore[misc]  # botbuilder ships no types
    """Answers messages with their text and presses with a card."""

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await turn_context.send_activity(f"sanoit: {turn_context.activity.text}")

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        data = turn_context.activity.value["action"]["data"]
        body = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": {**CARD, "speak": str(data)}}
        return InvokeResponse(status=200, body=body)


@dataclass
class Served:
    """The edge and the address of its bot."""

    edge: Edge
    url: str


def entra(issuer: Issuer, **changes: Any) -> EdgeConfig:
    """A single-tenant registration with loopback issuers and a loopback channel."""
    settings: dict[str, Any] = {
        "app_type": "SingleTenant",
        "app_id": APP_ID,
        "app_password": SECRET,
        "tenant_id": TENANT,
        "openid_metadata_url": issuer.metadata_url,
        "login_url": issuer.login_url,
        "allowed_service_hosts": ("127.0.0.1",),
    }
    return EdgeConfig(**{**settings, **changes})


@contextlib.asynccontextmanager
async def serve(config: EdgeConfig, bot: ActivityHandler) -> AsyncIterator[Served]:
    edge = Edge(config)

    async def messages(request: web.Request) -> web.Response:
        return await edge.process(request, bot)

    app = web.Application()
    app.router.add_route("*", "/api/messages", messages)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with edge:
            yield Served(edge, f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages")
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def local(bot: ActivityHandler) -> AsyncIterator[tuple[Served, Channel]]:
    """A bot and a channel without tokens, as with the Agents Playground."""
    async with serve(EdgeConfig("Local"), bot) as served, Channel(served.url) as channel:
        yield served, channel
