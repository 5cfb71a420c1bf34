"""A managed identity through the real MSAL over real HTTP: a host's identity endpoint on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from graph.client import EntraTokens, NoToken
from graph.credentials import Credential, ManagedIdentity, token_source
from tests.graph.conftest import served

LOGIN = "https://login.example.org"
URL = "https://graph.microsoft.com/v1.0/users"


class Host:
    """Azure's identity endpoint (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token)."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.knows = True

    async def token(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        assert request.headers["Metadata"] == "true"
        if not self.knows:
            return web.json_response({"error": "invalid_request", "error_description": "Identity not found"}, status=400)
        return web.json_response({"access_token": f"for {request.query['resource']}", "expires_in": "86400", "token_type": "Bearer"})


@pytest.fixture
async def host(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    host = Host()
    app = web.Application()
    app.router.add_get("/metadata/identity/oauth2/token", host.token)
    async with served(app) as url:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", url)
        yield host


def tokens(credential: Credential) -> EntraTokens:
    return EntraTokens(token_source(credential, LOGIN), "graph.microsoft.com")


async def test_a_managed_identity_is_asked_once_for_graph(host: Host) -> None:
    source = tokens(ManagedIdentity("identity-1"))
    assert [await source.get_authorization_token(URL) for _ in range(3)] == ["for https://graph.microsoft.com"] * 3
    ((asked),) = host.asked
    assert (asked["resource"], asked["client_id"]) == ("https://graph.microsoft.com", "identity-1")


async def test_an_identity_that_the_host_does_not_know_is_refused(host: Host) -> None:
    host.knows = False
    with pytest.raises(NoToken) as refused:
        await tokens(ManagedIdentity("identity-1")).get_authorization_token(URL)
    assert (refused.value.reason, refused.value.transient) == ("invalid_request", False)
