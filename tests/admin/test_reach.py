"""What is found between Teams and the bot, against real servers: the door itself, and all that may stand in its place."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from aiohttp import web

from admin.reach import public_row, teams_row
from bot.edge import EdgeConfig
from graph.check import Result
from tests.admin.test_check import door
from tests.graph.conftest import served
from tests.ports import free_port
from tests.standins.issuer import APP_ID, ISSUER, SECRET, TENANT, Issuer


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    async with Issuer() as issuer:
        for name, value in issuer.environment.items():
            monkeypatch.setenv(name, value)
        yield issuer


async def found(url: str) -> tuple[Result, str]:
    async with httpx.AsyncClient() as http:
        row = await public_row(http, url)
    return row.result, row.says


async def test_the_bots_own_door_is_known(issuer: Issuer) -> None:
    async with door(issuer) as url:
        result, says = await found(f"{url}/")
    assert (result, "refuses strangers" in says) == (Result.WORKS, True)


@pytest.mark.parametrize(
    ("status", "result", "says"),
    [
        (404, Result.MISSING, "is not the bot (404)"),
        (200, Result.MISSING, "is not the bot (200)"),
        # Somebody else's, with a sign-in of its own.
        (401, Result.MISSING, "is not the bot (401)"),
        (502, Result.WARNING, "no bot behind it (502): start the bot"),
    ],
)
async def test_what_is_not_the_bot_is_told_from_it(issuer: Issuer, status: int, result: Result, says: str) -> None:
    async def other(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/api/messages", other)
    async with served(app, tls=issuer.tls) as url:
        told = await found(url)
    assert (told[0], says in told[1]) == (result, True), told


async def test_nobody_there_and_a_name_that_leads_nowhere(issuer: Issuer) -> None:
    for url in (f"https://127.0.0.1:{free_port()}", "https://nobody.invalid", "https://exa mple", "https://"):
        result, says = await found(url)
        assert (result, "cannot be reached from this machine" in says) == (Result.WARNING, True), url


async def test_a_certificate_that_nobody_trusts_is_a_fault(issuer: Issuer) -> None:
    trusting_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with door(issuer) as url, httpx.AsyncClient(verify=trusting_nobody) as http:
        row = await public_row(http, url)
    assert (row.result, "certificate of PUBLIC_URL" in row.says) == (Result.MISSING, True)


async def test_the_bots_own_token(issuer: Issuer) -> None:
    config = EdgeConfig("SingleTenant", APP_ID, SECRET, TENANT, login_url=issuer.login_url)
    assert (await teams_row(config)).result is Result.WORKS
    # An issuer of another cloud gives no token for this channel.
    issuer.scopes = {"https://graph.microsoft.com/.default"}
    row = await teams_row(config)
    assert (row.result, row.says.endswith("(the token endpoint answered invalid_scope): compare LOGIN_URL with the bot's cloud.")) == (
        Result.MISSING,
        True,
    ), row
    issuer.scopes = {f"{ISSUER}/.default"}
    assert "(the token endpoint answered invalid_client)" in (await teams_row(replace(config, app_password="wrong"))).says
    issuer.down = True
    assert (await teams_row(config)).result is Result.MISSING
