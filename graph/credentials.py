"""How the app proves itself to Entra, and the MSAL source that fits each proof. Everything a source does blocks: it runs in a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msal
import requests

from meetings.errors import Coded

TOKEN_TIMEOUT = 15.0
# The host's own endpoint is near; outside Azure nobody answers at its address.
IDENTITY_TIMEOUT = 8.0
# What a federated credential of an app registration expects as audience, in each cloud (https://learn.microsoft.com/entra/workload-id).
EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
_EXCHANGE_AUDIENCES = {
    "login.microsoftonline.us": f"{EXCHANGE_AUDIENCE}USGov",
    "login.chinacloudapi.cn": f"{EXCHANGE_AUDIENCE}China",
    "login.partner.microsoftonline.cn": f"{EXCHANGE_AUDIENCE}China",
}


class NoAssertion(Coded):
    """There was nothing to prove the app with: no token file, or no managed identity. `transient`: asking again later may help. The text
    is a code."""

    def __init__(self, reason: str, *, transient: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """An app registration that proves itself with a secret."""

    tenant_id: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """An app registration that proves itself with a certificate; both parts are PEM text."""

    tenant_id: str
    client_id: str
    private_key: str = field(repr=False)
    certificate: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """A user-assigned managed identity of Azure: the host itself vouches, there is nothing to keep secret."""

    client_id: str


@dataclass(frozen=True, slots=True)
class Federated:
    """An app registration that trusts another issuer's token: the file Kubernetes projects, or a managed identity. Exactly one is given."""

    tenant_id: str
    client_id: str
    token_file: str = ""
    identity_client_id: str = ""

    def __post_init__(self) -> None:
        if bool(self.token_file) == bool(self.identity_client_id):
            raise ValueError("a federated credential has a token file or a managed identity, and not both")


Credential = ClientSecret | ClientCertificate | ManagedIdentity | Federated


class TokenSource(Protocol):
    """The one call of `msal.ConfidentialClientApplication` used here; it blocks, and looks in its own cache first."""

    def acquire_token_for_client(self, scopes: list[str]) -> dict[str, Any] | None: ...


def token_source(credential: Credential, login_url: str) -> Callable[[], TokenSource]:
    """What builds the source of `credential`'s tokens. Nothing is asked, read or built before it is called."""

    def build() -> TokenSource:
        if isinstance(credential, ManagedIdentity):
            return _HostVouches(credential.client_id)
        application: TokenSource = msal.ConfidentialClientApplication(
            credential.client_id,
            client_credential=_proof(credential, login_url),
            authority=f"{login_url.rstrip('/')}/{credential.tenant_id}",
            timeout=TOKEN_TIMEOUT,
            # The login address is the operator's own setting; Microsoft's public cloud need not confirm it.
            instance_discovery=False,
        )
        return application

    return build


def assertion_source(credential: Federated, login_url: str) -> Callable[[], str]:
    """What fetches the other issuer's token; it blocks, and raises `NoAssertion`."""
    if credential.token_file:
        return lambda: _projected(Path(credential.token_file))
    identity: _HostVouches | None = None
    audience = _EXCHANGE_AUDIENCES.get(urlsplit(login_url).hostname or "", EXCHANGE_AUDIENCE)

    def vouched() -> str:
        nonlocal identity
        identity = identity or _HostVouches(credential.identity_client_id)
        answer = identity.acquire_token_for_client([f"{audience}/.default"])
        if "access_token" not in answer:
            raise NoAssertion("identity_refused", transient=False)
        return str(answer["access_token"])

    return vouched


def _projected(file: Path) -> str:
    # Kubernetes replaces the file every hour, so it is read for each request and never kept.
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise NoAssertion("token_file_unreadable", transient=True) from unreadable
    if not text:
        raise NoAssertion("token_file_empty", transient=True)
    return text


def _proof(credential: ClientSecret | ClientCertificate | Federated, login_url: str) -> str | dict[str, Any]:
    if isinstance(credential, ClientSecret):
        return credential.secret
    if isinstance(credential, ClientCertificate):
        return {"private_key": credential.private_key, "public_certificate": credential.certificate}
    return {"client_assertion": assertion_source(credential, login_url)}


class _HostVouches:
    """A managed identity with the shape of an application: scopes become the resource that the host's endpoint asks for."""

    def __init__(self, client_id: str) -> None:
        identity = msal.UserAssignedManagedIdentity(client_id=client_id)
        self._client = msal.ManagedIdentityClient(identity, http_client=_TimedSession())

    def acquire_token_for_client(self, scopes: list[str]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._client.acquire_token_for_client(resource=scopes[0].removesuffix("/.default"))
        except (OSError, ValueError) as failure:  # nobody there, or something that is no identity endpoint
            raise NoAssertion("identity_unreachable", transient=True) from failure
        return answer


class _TimedSession(requests.Session):
    """A session that never waits for ever; the host's own endpoint is not behind a proxy."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]  # only adds a default
        kwargs.setdefault("timeout", IDENTITY_TIMEOUT)
        return super().request(method, url, *args, **kwargs)
