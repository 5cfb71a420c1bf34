"""The four ways the app proves itself, through the real MSAL over real HTTP: a host's identity endpoint and an issuer on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from graph.client import EntraTokens, NoToken
from graph.credentials import EXCHANGE_AUDIENCE, Credential, Federated, ManagedIdentity, token_source
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


class Application:
    """What MSAL's application is given, and the proof it would send."""

    made: dict[str, Any]

    def __init__(self, client_id: str, **given: Any) -> None:
        Application.made = {"client_id": client_id, **given}

    def acquire_token_for_client(self, scopes: list[str]) -> dict[str, Any]:
        return {"access_token": Application.made["client_credential"]["client_assertion"]()}


async def test_a_projected_token_is_read_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.credentials.msal.ConfidentialClientApplication", Application)
    file = tmp_path / "token"
    source = tokens(Federated("tenant", "app", token_file=str(file)))
    for text in ("first", "second"):
        file.write_text(f"{text}\n", encoding="ascii")
        assert await source.get_authorization_token(URL) == text
    assert (Application.made["client_id"], Application.made["authority"]) == ("app", f"{LOGIN}/tenant")


async def test_a_managed_identity_vouches_for_an_app_registration(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.credentials.msal.ConfidentialClientApplication", Application)
    source = tokens(Federated("tenant", "app", identity_client_id="identity-1"))
    assert await source.get_authorization_token(URL) == f"for {EXCHANGE_AUDIENCE}"


async def test_a_missing_token_file_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.credentials.msal.ConfidentialClientApplication", Application)
    with pytest.raises(NoToken) as refused:
        await tokens(Federated("tenant", "app", token_file=str(tmp_path / "none"))).get_authorization_token(URL)
    assert refused.value.transient


@pytest.mark.parametrize("given", [{}, {"token_file": "/t", "identity_client_id": "i"}])
def test_a_federated_credential_has_one_source(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="token file or a managed identity"):
        Federated("tenant", "app", **given)
