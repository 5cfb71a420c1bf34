"""The four ways the app proves itself, through the real MSAL over real HTTP: a host's identity endpoint and an issuer on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from kiota_abstractions.api_error import APIError

from graph.client import EntraTokens, NoToken, graph_client
from graph.credentials import EXCHANGE_AUDIENCE, ClientSecret, Credential, Federated, ManagedIdentity, assertion_source, token_source
from tests.graph.conftest import served
from tests.standins.issuer import APP_ID, SECRET, TENANT, Issuer

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


class Calendars:
    """Graph as a tenant has it, behind TLS on an address that is not this machine's own; it takes the tokens that are not revoked."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self.seen: list[str] = []
        self.url = ""

    async def calendar(self, request: web.Request) -> web.Response:
        self.seen.append(request.headers["Authorization"].removeprefix("Bearer "))
        if self.seen[-1] not in self._issuer.issued:
            return web.json_response({"error": {"code": "InvalidAuthenticationToken", "message": "-"}}, status=401)
        return web.json_response({"id": "calendar"})


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    async with Issuer() as issuer:
        for name, value in issuer.environment.items():
            monkeypatch.setenv(name, value)
        issuer.scopes.add("https://graph.microsoft.com/.default")
        yield issuer


@pytest.fixture
async def tenant(issuer: Issuer) -> AsyncIterator[Calendars]:
    tenant = Calendars(issuer)
    app = web.Application()
    app.router.add_get("/v1.0/users/{user}/calendar", tenant.calendar)
    async with served(app, "127.0.0.2", issuer.tls) as url:
        issuer.scopes.add("https://127.0.0.2/.default")
        tenant.url = f"{url}/v1.0"
        yield tenant


def at(issuer: Issuer, credential: Credential) -> EntraTokens:
    return EntraTokens(token_source(credential, issuer.login_url), "graph.microsoft.com")


async def test_a_projected_token_is_read_anew_for_each_sign_in(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    issuer.lifetime = 1  # shorter than MSAL keeps any token
    issuer.trusted = set()
    source = at(issuer, Federated(TENANT, APP_ID, token_file=str(file)))
    for text in ("first", "second"):
        file.write_text(f"{text}\n", encoding="ascii")
        issuer.trusted = {text}
        assert await source.get_authorization_token(URL) in issuer.issued
    file.write_text("stale", encoding="ascii")
    assert await refusal(source) == ("invalid_client", False)


async def test_a_managed_identity_vouches_for_an_app_registration(issuer: Issuer, host: Host) -> None:
    issuer.trusted = {f"for {EXCHANGE_AUDIENCE}"}
    source = at(issuer, Federated(TENANT, APP_ID, identity_client_id="identity-1"))
    assert await source.get_authorization_token(URL) in issuer.issued
    assert host.asked[0]["client_id"] == "identity-1"
    host.knows = False
    unknown = at(issuer, Federated(TENANT, APP_ID, identity_client_id="identity-2"))
    assert await refusal(unknown) == ("identity_refused", False)


@pytest.mark.parametrize("credential", [ManagedIdentity("i"), Federated(TENANT, APP_ID, identity_client_id="i")])
async def test_a_host_without_an_identity_endpoint_is_not_entras_fault(
    issuer: Issuer, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    assert await refusal(at(issuer, credential)) == ("identity_unreachable", True)


async def test_an_identity_vouches_in_the_words_of_its_cloud(host: Host) -> None:
    federated = Federated(TENANT, APP_ID, identity_client_id="identity-1")
    said = await asyncio.to_thread(assertion_source(federated, "https://login.microsoftonline.us"))
    assert said == "for api://AzureADTokenExchangeUSGov"


@pytest.mark.parametrize(("content", "reason"), [(None, "token_file_unreadable"), ("", "token_file_empty"), ("ä", "token_file_unreadable")])
async def test_a_token_file_without_a_token_can_be_tried_again(issuer: Issuer, tmp_path: Path, content: str | None, reason: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert await refusal(at(issuer, Federated(TENANT, APP_ID, token_file=str(file)))) == (reason, True)
    assert issuer.counts["token"] == 0


@pytest.mark.parametrize(
    ("credential", "reason"),
    [
        (ClientSecret(TENANT, APP_ID, "wrong"), "invalid_client"),
        (ClientSecret("00000000-0000-0000-0000-000000000000", APP_ID, SECRET), "unknown_tenant"),
        (ClientSecret("", APP_ID, SECRET), "login_unusable"),
    ],
)
async def test_what_entra_does_not_know_is_a_code(issuer: Issuer, credential: Credential, reason: str) -> None:
    assert await refusal(at(issuer, credential)) == (reason, reason == "login_unusable")


async def test_entra_that_is_down_can_be_tried_again(issuer: Issuer) -> None:
    issuer.down = True
    assert await refusal(at(issuer, ClientSecret(TENANT, APP_ID, SECRET))) == ("login_unreachable", True)


async def refusal(source: EntraTokens) -> tuple[str, bool]:
    with pytest.raises(NoToken) as refused:
        await source.get_authorization_token(URL)
    return refused.value.reason, refused.value.transient


async def test_a_revoked_token_is_not_used_again(issuer: Issuer, tenant: Calendars) -> None:
    client = graph_client(tenant.url, ClientSecret(TENANT, APP_ID, SECRET), login_url=issuer.login_url)
    calendar = client.users.by_user_id("siiri@example.org").calendar
    try:
        assert await calendar.get() is not None
        assert await calendar.get() is not None
        issuer.issued.clear()
        with pytest.raises(APIError) as refused:
            await calendar.get()
        assert refused.value.response_status_code == 401
        assert await calendar.get() is not None
    finally:
        await client.aclose()
    first, second, third, fresh = tenant.seen
    assert first == second == third != fresh
    assert issuer.counts["token"] == 2


async def test_a_late_refusal_does_not_drop_the_fresh_token(issuer: Issuer) -> None:
    source = at(issuer, ClientSecret(TENANT, APP_ID, SECRET))
    old = await source.get_authorization_token(URL)
    source.refused(old)
    fresh = await source.get_authorization_token(URL)
    source.refused(old)
    assert await source.get_authorization_token(URL) == fresh != old


@pytest.mark.parametrize("given", [{}, {"token_file": "/t", "identity_client_id": "i"}])
def test_a_federated_credential_has_one_source(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="token file or a managed identity"):
        Federated("tenant", "app", **given)
