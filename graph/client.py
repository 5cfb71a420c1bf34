"""The one Graph client of the process: tokens by MSAL off the loop, own timeouts, no hidden retries, immutable ids. For app.py."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator, BaseBearerTokenAuthenticationProvider
from kiota_http.middleware.options import RetryHandlerOption
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer_factory import JsonSerializationWriterFactory
from msal.exceptions import MsalServiceError
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_request_adapter import options as graph_options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory
from typing_extensions import override

from graph.credentials import TOKEN_TIMEOUT, Credential, NoAssertion, TokenSource, token_source
from meetings.errors import Coded
from telemetry.metrics import Life

GRAPH = "https://graph.microsoft.com/v1.0"
LOGIN = "https://login.microsoftonline.com"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
IMMUTABLE_IDS = 'IdType="ImmutableId"'
TIMEOUT = httpx.Timeout(30.0, connect=10.0, pool=10.0)
# Outlook serves four requests of an app at a time (https://learn.microsoft.com/graph/throttling-limits); more would only be refused.
CONNECTIONS = httpx.Limits(max_connections=4, max_keepalive_connections=4, keepalive_expiry=60.0)


class NoToken(Coded):
    """Entra gave no token. `transient`: asking again later may help. The text is Entra's error code, without personal data.

    `detail`: the numbers after AADSTS (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
    """

    def __init__(self, reason: str, *, transient: bool, detail: tuple[int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient
        self.detail = detail


class EntraTokens(AccessTokenProvider):
    """App-only tokens for one host. MSAL blocks, so it runs in a thread; one caller asks at a time, the others find its cache filled."""

    def __init__(self, build: Callable[[], TokenSource], host: str, *, timeout: float = TOKEN_TIMEOUT) -> None:
        self._build = build
        self._source: TokenSource | None = None
        self._scopes = [f"https://{host}/.default"]
        self._hosts = AllowedHostsValidator([host])
        self._timeout = timeout
        self._given = ""
        self._since = 0.0
        self._until = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def get_authorization_token(self, uri: str, additional_authentication_context: dict[str, Any] | None = None) -> str:
        """A bearer token; `NoToken` for a foreign or plain-text address, a refusal, or no answer in time."""
        if not self._hosts.is_url_host_valid(uri) or urlsplit(uri).scheme != "https":
            raise NoToken("foreign_host", transient=False)
        async with self._one_at_a_time:
            try:
                answer = await asyncio.wait_for(asyncio.to_thread(self._acquire), self._timeout)
            except NoAssertion as missing:
                raise NoToken(missing.reason, transient=missing.transient) from missing
            # requests' connection failures are OSErrors, an answer of 5xx is MSAL's.
            except (TimeoutError, OSError, MsalServiceError) as unreachable:
                raise NoToken("login_unreachable", transient=True) from unreachable
            except ValueError as refused:
                raise _unusable(refused) from refused
            answer = answer or {"error": "no_answer"}
            if not answer.get("access_token"):
                code = str(answer.get("error", "no_answer"))
                detail = tuple(int(one) for one in answer.get("error_codes", []))
                raise NoToken(code, transient=code in {"temporarily_unavailable", "server_error", "no_answer"}, detail=detail)
            token, now = str(answer["access_token"]), time.monotonic()
            if token != self._given:
                self._given, self._since = token, now
            # From MSAL's cache too: it tells what is left.
            self._until = now + float(answer.get("expires_in", 0))
            return token

    def life(self) -> Life | None:
        """Of the token given last; None before the first."""
        now = time.monotonic()
        return Life(now - self._since, max(0.0, self._until - now)) if self._given else None

    def refused(self, token: str) -> None:
        """The host did not take this token, whatever its own time says: the next call fetches another."""
        if token == self._given:
            # MSAL has no way past its cache for an app's own tokens; a new source has an empty one.
            self._source = None

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts

    def _acquire(self) -> dict[str, Any] | None:
        # Building the application asks the tenant's metadata over HTTP, so it too waits for the first call and happens in the thread.
        if self._source is None:
            self._source = self._build()
        return self._source.acquire_token_for_client(self._scopes)


def _unusable(error: ValueError) -> NoToken:
    """MSAL's own refusals. It tells an unknown tenant by the status of the tenant's metadata, in the error that it hides."""
    if re.search(r"HTTP status: 40[04]\b", str(error.__context__)):
        return NoToken("unknown_tenant", transient=False)
    return NoToken("login_unusable", transient=True)


class LocalTokens(AccessTokenProvider):
    """A fixed token for the stand-in on this machine; it never leaves loopback."""

    def __init__(self) -> None:
        self._hosts = AllowedHostsValidator(sorted(LOOPBACK))

    async def get_authorization_token(self, uri: str, additional_authentication_context: dict[str, Any] | None = None) -> str:
        if not self._hosts.is_url_host_valid(uri):
            raise NoToken("foreign_host", transient=False)
        return "local"

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts


class GraphClient(GraphServiceClient):
    """The SDK's client, which can also be warmed and closed."""

    def __init__(self, adapter: GraphRequestAdapter, http: httpx.AsyncClient, tokens: AccessTokenProvider, base_url: str) -> None:
        super().__init__(request_adapter=adapter)
        self._http = http
        self._tokens = tokens
        self._base_url = base_url

    async def warm_up(self) -> None:
        """Load the SDK's lazy modules, about a second, before a person waits for them. Nothing is sent."""
        await asyncio.to_thread(_load_event_modules, self)

    async def sign_in(self) -> str:
        """The app's own token. `NoToken` when Entra refuses."""
        return await self._tokens.get_authorization_token(self._base_url)

    def token_life(self) -> Life | None:
        """Of the app's own token; None before the first, and where none is needed."""
        return self._tokens.life() if isinstance(self._tokens, EntraTokens) else None

    async def aclose(self) -> None:
        """Close the connections; the client is of no use afterwards."""
        await self._http.aclose()


class _Counted(httpx.AsyncClient):
    """Tells the status of each request, 0 when nobody answered."""

    told: Callable[[int], None]

    @override
    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        status = 0
        try:
            answer = await super().send(request, **how)
            status = answer.status_code
        finally:
            self.told(status)
        return answer


def nobody(_status: int) -> None:
    """Nobody counts the requests."""


def graph_client(
    base_url: str = GRAPH,
    credential: Credential | None = None,
    *,
    login_url: str = LOGIN,
    timeout: httpx.Timeout = TIMEOUT,
    told: Callable[[int], None] = nobody,
) -> GraphClient:
    """The client for `base_url` (with its version, such as `https://graph.microsoft.com/v1.0`); nothing is sent yet.

    A loopback address is the local stand-in and needs no credential; every other address must be https and have one (ValueError).
    Nothing is retried here: the caller sees each 429 and 503 with its Retry-After. Every request asks for immutable ids. `told`: of each
    request its status, 0 when nobody answered.
    """
    base_url = base_url.rstrip("/")
    parts = urlsplit(base_url)
    local = parts.hostname in LOOPBACK
    if not local and parts.scheme != "https":
        raise ValueError("the Graph address must be https")
    if not local and credential is None:
        raise ValueError("Graph outside this machine needs an app registration or a managed identity")
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [_ask_immutable_ids]}
    tokens: AccessTokenProvider = LocalTokens()
    if not local and credential is not None:
        tokens = entra = EntraTokens(token_source(credential, login_url), parts.hostname or "")
        hooks["response"] = [_forgetting(entra)]
    # A proxy of the environment must not see what stays on this machine.
    counted = _Counted(timeout=timeout, limits=CONNECTIONS, http2=not local, trust_env=not local, event_hooks=hooks)
    counted.told = told
    no_retries = RetryHandlerOption(max_retries=0, should_retry=False)
    options = {**graph_options, RetryHandlerOption.get_key(): no_retries}
    http = GraphClientFactory.create_with_default_middleware(client=counted, options=options)
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(tokens), client=http)
    adapter.base_url = base_url
    adapter.observability_options.include_euii_attributes = False  # addresses carry mail addresses
    return GraphClient(adapter, http, tokens, base_url)


def _forgetting(tokens: EntraTokens) -> Callable[[httpx.Response], Awaitable[None]]:
    async def forget(response: httpx.Response) -> None:
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            tokens.refused(response.request.headers.get("Authorization", "").removeprefix("Bearer "))

    return forget


async def _ask_immutable_ids(request: httpx.Request) -> None:
    # On the connection and not on each call: one forgotten call would store an id that later changes.
    wanted = [part for part in (request.headers.get("Prefer"), IMMUTABLE_IDS) if part]
    request.headers["Prefer"] = ", ".join(wanted)


def _load_event_modules(client: GraphServiceClient) -> None:
    from msgraph.generated.models.event import Event  # noqa: PLC0415  # loading it is what this function is for

    event = client.users.by_user_id("-").events.by_event_id("-")
    _ = (event.cancel, client.users.by_user_id("-").calendar_view)
    sample = (
        b'{"id":"-","subject":"-","body":{"contentType":"html","content":"-"},"start":{"dateTime":"2020-05-11T10:00:00","timeZone":"UTC"},'
        b'"location":{"displayName":"-"},"attendees":[{"type":"required","status":{"response":"none"},"emailAddress":{"address":"-"}}],'
        b'"organizer":{"emailAddress":{"address":"-"}},"isOnlineMeeting":true,"onlineMeeting":{"joinUrl":"-"}}'
    )
    read = JsonParseNodeFactory().get_root_parse_node("application/json", sample).get_object_value(Event)
    writer = JsonSerializationWriterFactory().get_serialization_writer("application/json")
    writer.write_object_value(None, read)
    writer.get_serialized_content()
