"""The bots that are measured. `python -m bench.bots NAME` serves one on loopback, on PORT.

Each checks the channel's token for real and gets its own from the issuer. To add one: a function here and in `BOTS`, and a
contender in `bench.contenders`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext

from tests.standins.issuer import APP_ID, ISSUER, SECRET, TENANT

METADATA_URL = os.environ.get("BENCH_METADATA_URL", "")
LOGIN_URL = os.environ.get("BENCH_LOGIN_URL", "")
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
    app.router.add_get("/healthz", _alive)
    if close:

        async def closed(_app: web.Application) -> AsyncIterator[None]:
            yield
            await close()

        app.cleanup_ctx.append(closed)
    return app


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


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


async def agents() -> web.Application:
    """The Microsoft 365 Agents SDK as its quick start sets it up: an `AgentApplication`."""
    from microsoft_agents.hosting.core import AgentApplication, Authorization, MemoryStorage, TurnState  # noqa: PLC0415  # as above
    from microsoft_agents.hosting.core import TurnContext as Context  # noqa: PLC0415  # as above

    connections, adapter = await _agents_adapter()
    storage = MemoryStorage()
    agent = AgentApplication[TurnState](
        storage=storage, adapter=adapter, authorization=Authorization(storage, connections), start_typing_timer=False, bot_app_id=APP_ID
    )

    @agent.activity("message")
    async def echoed(context: Context, _state: TurnState) -> None:
        await context.send_activity(f"echo {context.activity.text}")

    return _agents_app(connections, adapter, agent)


async def agents_bare() -> web.Application:
    """The same SDK with the least of it around a turn: its `ActivityHandler`, without state."""
    from microsoft_agents.hosting.core import ActivityHandler as Handler  # noqa: PLC0415  # as above
    from microsoft_agents.hosting.core import TurnContext as Context  # noqa: PLC0415  # as above

    class Agent(Handler):
        async def on_message_activity(self, turn_context: Context) -> None:  # type: ignore[override]  # its own protocol, by another name
            await turn_context.send_activity(f"echo {turn_context.activity.text}")

    connections, adapter = await _agents_adapter()
    return _agents_app(connections, adapter, Agent())


async def _agents_adapter() -> tuple[Any, Any]:
    """Tokens are validated against the keys of our issuer, and its own fetched from it."""
    import msal.authority  # noqa: PLC0415  # as above
    from microsoft_agents.authentication.msal import MsalConnectionManager  # noqa: PLC0415  # as above
    from microsoft_agents.hosting.aiohttp import CloudAdapter  # noqa: PLC0415  # as above
    from microsoft_agents.hosting.core import AgentAuthConfiguration  # noqa: PLC0415  # as above
    from microsoft_agents.hosting.core.authorization import _entra_issuers  # noqa: PLC0415  # as above

    async with aiohttp.ClientSession() as session, session.get(METADATA_URL) as answer:
        _entra_issuers.BOTFRAMEWORK_JWKS_URIS[ISSUER] = (await answer.json())["jwks_uri"]
    msal.authority.WELL_KNOWN_AUTHORITY_HOSTS |= {"127.0.0.1"}
    registration = AgentAuthConfiguration(
        client_id=APP_ID, tenant_id=TENANT, client_secret=SECRET, authority=f"{LOGIN_URL}/{TENANT}", connection_name="SERVICE_CONNECTION"
    )
    connections = MsalConnectionManager({"SERVICE_CONNECTION": registration})
    return connections, CloudAdapter(connection_manager=connections)


def _agents_app(connections: Any, adapter: Any, agent: Any) -> web.Application:
    from microsoft_agents.hosting.aiohttp import jwt_authorization_decorator, start_agent_process  # noqa: PLC0415  # as above

    @jwt_authorization_decorator  # type: ignore[untyped-decorator]  # its package says that it is typed
    async def messages(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await start_agent_process(request, agent, adapter) or web.Response(status=202)
        return answer

    app = _serving(messages)
    app["agent_configuration"] = connections.get_default_connection_configuration()
    return app


async def product() -> web.Application:
    """The product itself, on the database of DATABASE_URL."""
    from app import served  # noqa: PLC0415  # as above
    from bot.edge import EdgeConfig  # noqa: PLC0415  # as above
    from settings import Settings  # noqa: PLC0415  # as above

    names = {
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": SECRET,
        "MicrosoftAppTenantId": TENANT,
        "GRAPH_ORGANISER": "s@pykala.example",
        "LOGIN_URL": LOGIN_URL,
        "GRAPH_BASE_URL": "https://127.0.0.1:9/v1.0",  # nobody there: calendars are not what is measured
    }
    settings = Settings(_env_file=None, public_url="https://pykala.example", **names)  # type: ignore[call-arg, arg-type]  # by alias
    return await served(settings, registration=EdgeConfig("SingleTenant", **REGISTRATION))


BOTS: dict[str, Callable[[], Coroutine[Any, Any, web.Application]]] = {
    "bare": bare,
    "stock": stock,
    "agents": agents,
    "agents-bare": agents_bare,
    "edge": edge,
    "product": product,
}


if __name__ == "__main__":
    web.run_app(BOTS[sys.argv[1]](), host="127.0.0.1", port=int(os.environ["PORT"]), print=None, access_log=None)
