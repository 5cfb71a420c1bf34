"""The bot's own token: one MSAL app and one token per process, renewed ahead of time and off the event loop."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msal
import requests

from bot.edge.config import EdgeConfig
from bot.edge.failures import ChannelFailure
from telemetry.metrics import Life

log = logging.getLogger(__name__)

AHEAD = 300.0  # MSAL's own cache stops giving a token out five minutes before it ends, so asking then yields a new one.
TIMEOUT = 8.0  # One HTTP request to the token endpoint; MSAL sets none by itself.
PATIENCE = 20.0  # The whole fetch: discovery and token.
REST = 5.0  # After a failed fetch nothing is asked for so long, so that an outage is not made worse.


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and how many seconds it is good for."""

    token: str
    lifetime: float


class Tokens:
    """The current token for the channel. `fetch` may block: it runs in a thread, never twice at once."""

    def __init__(self, fetch: Callable[[], Grant], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token = ""
        self._since = 0.0
        self._until = 0.0
        self._not_before = 0.0
        self._flight: asyncio.Task[None] | None = None

    async def get(self) -> str:
        """A token valid now. Waits only when there is none; `ChannelFailure` (transient) when none can be had."""
        now = self._clock()
        if now < self._until:
            if self._until - now < AHEAD and now >= self._not_before:
                self._take_off()
            return self._token
        if now >= self._not_before:
            await asyncio.shield(self._take_off())
        if self._clock() < self._until:
            return self._token
        raise ChannelFailure(0, "TokenUnavailable", transient=True, retry_after=REST)

    def life(self) -> Life | None:
        """Of the token held now; None before the first."""
        now = self._clock()
        return Life(now - self._since, max(0.0, self._until - now)) if self._token else None

    async def close(self) -> None:
        if self._flight and not self._flight.done():
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    def _take_off(self) -> asyncio.Task[None]:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew())
        return self._flight

    async def _renew(self) -> None:
        try:
            grant = await asyncio.wait_for(asyncio.to_thread(self._fetch), PATIENCE)
        except Exception as error:  # MSAL raises ValueError, requests' errors and KeyError alike; none may reach a turn unnamed
            self._not_before = self._clock() + REST
            log.warning("no token for the channel: %s", error or type(error).__name__)
            return
        now = self._clock()
        self._token, self._since, self._until = grant.token, now, now + grant.lifetime


def token_source(config: EdgeConfig) -> Callable[[], Grant]:
    """The blocking fetch that fits the app type. A certificate file is read here, so a wrong path is found at the start."""
    if config.app_type == "UserAssignedMSI":
        return _managed_identity(config)
    if config.app_type == "Certificate":
        return _entra(config, _certificate(config))
    if config.app_type == "Federated":
        return _entra(config, {"client_assertion": config.assertion})
    return _entra(config, config.app_password)


def _entra(config: EdgeConfig, credential: str | dict[str, Any]) -> Callable[[], Grant]:
    app: msal.ConfidentialClientApplication | None = None

    def fetch() -> Grant:
        nonlocal app
        if app is None:
            # Building it asks the tenant's endpoints, so it is built here in the thread and kept. The login address is the
            # operator's own setting, not a stranger's, so it need not be confirmed by Microsoft's instance discovery.
            app = msal.ConfidentialClientApplication(
                config.app_id,
                client_credential=credential,
                authority=f"{config.login_url.rstrip('/')}/{config.tenant_id}",
                timeout=TIMEOUT,
                instance_discovery=False,
            )
        return _grant(app.acquire_token_for_client(scopes=[f"{config.channel_issuer}/.default"]))

    return fetch


def _managed_identity(config: EdgeConfig) -> Callable[[], Grant]:
    client = msal.ManagedIdentityClient(msal.UserAssignedManagedIdentity(client_id=config.app_id), http_client=_TimedSession())

    def fetch() -> Grant:
        return _grant(client.acquire_token_for_client(resource=config.channel_issuer))

    return fetch


def _certificate(config: EdgeConfig) -> dict[str, str]:
    pem = Path(config.certificate_file).read_text(encoding="ascii")
    blocks = {kind: block for block, kind in re.findall(r"(-----BEGIN ([A-Z ]+)-----.+?-----END \2-----)", pem, re.DOTALL)}
    key = next((block for kind, block in blocks.items() if kind.endswith("PRIVATE KEY")), "")
    if not key:
        raise ValueError(f"{config.certificate_file} holds no PEM private key")
    credential = {"private_key": key}
    if config.certificate_thumbprint:
        credential["thumbprint"] = config.certificate_thumbprint
    if "CERTIFICATE" in blocks:
        credential["public_certificate"] = blocks["CERTIFICATE"]
    return credential


def _grant(answer: dict[str, Any]) -> Grant:
    if "access_token" not in answer:
        # The description carries trace ids and sometimes addresses; the code alone says what to mend.
        raise ValueError(f"the token endpoint answered {answer.get('error', 'without a token')}")
    return Grant(str(answer["access_token"]), float(answer.get("expires_in", 3600)))


class _TimedSession(requests.Session):
    """A session that never waits for ever."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]  # only adds a default
        kwargs.setdefault("timeout", TIMEOUT)
        return super().request(method, url, *args, **kwargs)
