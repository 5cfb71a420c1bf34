"""The bots that are measured. `python -m bench.bots NAME PORT` serves one on loopback.

Each checks the channel's token for real and gets its own from the issuer. To add one: a function here and in `BOTS`, and a
contender in `bench.turns`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext

from tests.standins.issuer import APP_ID, ISSUER, SECRET, TENANT

METADATA_URL = os.environ.get("BENCH_METADATA_URL", "")
LOGIN_URL = os.environ.get("BENCH_LOGIN_URL", "")
SERVICE_URL = os.environ.get("BENCH_SERVICE_URL", "")
# Of a channel and an issuer on this machine.
REGISTRATION: dict[str, Any] = {
    "app_id": APP_ID,
    "app_password": SECRET,
    "tenant_id": TENANT,
    "openid_metadata_url": METADATA_URL,
    "login_url": LOGIN_URL,
    "allowed_service_hosts": ("127.0.0.1",),
}


class Echo(ActivityHandler):  # type: ignore[misc]  # botbuilder ships no types
    """The same echo for every botbuilder bot."""

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await turn_context.send_activity(f"echo {turn_context.activity.text}")


def _serving(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], close: Callable[[], Awaitable[None]] | None = None
) -> web.Application:
    app = web.Application()
    app.router.add_post("/api/messages", answer)
    if close:

        async def closed(_app: web.Application) -> AsyncIterator[None]:
            yield
            await close()

        app.cleanup_ctx.append(closed)
    return app


async def bare() -> web.Application:
    """aiohttp and PyJWT alone: the floor."""
    session = aiohttp.ClientSession()
    async with session.get(METADATA_URL) as answer:
        keys_url = (await answer.json())["jwks_uri"]
    async with session.get(keys_url) as answer:
        keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(await answer.json()).keys}
    form = {"grant_type": "client_credentials", "client_id": APP_ID, "client_secret": SECRET, "scope": f"{ISSUER}/.default"}
    async with session.post(f"{LOGIN_URL}/{TENANT}/oauth2/v2.0/token", data=form, ssl=False) as answer:
        token = (await answer.json())["access_token"]

    async def messages(request: web.Request) -> web.Response:
        inbound = request.headers["Authorization"].removeprefix("Bearer ")
        key = keys[jwt.get_unverified_header(inbound)["kid"]]
        claims = jwt.decode(inbound, key.key, algorithms=["RS256"], audience=APP_ID, issuer=ISSUER, leeway=300)
        activity = await request.json()
        if claims["serviceurl"] != activity["serviceUrl"]:
            raise web.HTTPUnauthorized
        reply = {
            "type": "message",
            "text": f"echo {activity['text']}",
            "from": activity["recipient"],
            "recipient": activity["from"],
            "conversation": activity["conversation"],
            "replyToId": activity["id"],
        }
        url = f"{activity['serviceUrl']}v3/conversations/{activity['conversation']['id']}/activities/{activity['id']}"
        async with session.post(url, json=reply, headers={"Authorization": f"Bearer {token}"}) as answer:
            answer.raise_for_status()
            await answer.read()
        return web.Response(status=201)

    return _serving(messages, session.close)


async def stock() -> web.Application:
    """botbuilder as its samples set it up; only the addresses of the issuers are ours."""
    import msal.authority  # noqa: PLC0415  # the other bots must not pay for it
    from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication  # noqa: PLC0415  # as above
    from botframework.connector.auth import AuthenticationConstants, ChannelValidation  # noqa: PLC0415  # as above

    ChannelValidation.open_id_metadata_endpoint = METADATA_URL
    AuthenticationConstants.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX = f"{LOGIN_URL}/"
    # As Microsoft's own host is: otherwise MSAL would ask the real one about ours.
    msal.authority.WELL_KNOWN_AUTHORITY_HOSTS |= {"127.0.0.1"}

    registration = SimpleNamespace(APP_TYPE="SingleTenant", APP_ID=APP_ID, APP_PASSWORD=SECRET, APP_TENANTID=TENANT)
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(registration))
    bot = Echo()

    async def messages(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await adapter.process(request, bot)
        return answer

    return _serving(messages)


async def edge() -> web.Application:
    """The same bot behind our edge."""
    from bot.edge import Edge, EdgeConfig  # noqa: PLC0415  # as above

    ours = Edge(EdgeConfig("SingleTenant", **REGISTRATION))
    await ours.start()
    bot = Echo()

    async def messages(request: web.Request) -> web.StreamResponse:
        return await ours.process(request, bot)

    return _serving(messages, ours.close)


async def press() -> web.Application:
    """The product itself, on SQLite, with the meeting of `bench.room` in it."""
    from app import create_app  # noqa: PLC0415  # as above
    from bench import room  # noqa: PLC0415  # as above
    from bot.edge import EdgeConfig  # noqa: PLC0415  # as above
    from settings import Settings  # noqa: PLC0415  # as above
    from storage.transaction import Storage  # noqa: PLC0415  # as above
    from tests.standins.channel import Channel  # noqa: PLC0415  # as above

    folder = tempfile.TemporaryDirectory()
    url = f"sqlite:///{folder.name}/bench.db"
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    await storage.start()
    channel = Channel()
    channel.service_url = SERVICE_URL
    await room.seed(storage, channel)
    await storage.close()
    names = {
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": SECRET,
        "MicrosoftAppTenantId": TENANT,
        "GRAPH_ORGANISER": "s@pykala.example",
    }
    settings = Settings(_env_file=None, database_url=url, public_url="https://pykala.example", **names)  # type: ignore[call-arg, arg-type]  # by alias
    app = await create_app(settings, registration=EdgeConfig("SingleTenant", **REGISTRATION))

    async def forgotten(_app: web.Application) -> AsyncIterator[None]:
        yield
        folder.cleanup()

    app.cleanup_ctx.append(forgotten)
    return app


BOTS: dict[str, Callable[[], Coroutine[Any, Any, web.Application]]] = {"bare": bare, "stock": stock, "edge": edge, "press": press}


if __name__ == "__main__":
    web.run_app(BOTS[sys.argv[1]](), host="127.0.0.1", port=int(sys.argv[2]), print=None, access_log=None)
