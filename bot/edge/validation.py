"""Who may come in: the channel's token, the shape of an activity, its tenant and its serviceUrl."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt

from bot.edge.config import EdgeConfig
from bot.edge.failures import Rejected

log = logging.getLogger(__name__)

SKEW = 300  # Seconds a clock may be off: Bot Framework authentication, "Step 4: Verify the JWT token".
KEYS_FRESH = 24 * 3600.0
ASK_AGAIN = 60.0  # An unknown key id makes us ask for the keys, at most this often.
ASK_AGAIN_WITHOUT_KEYS = 5.0
REMEMBERED = 600.0
REMEMBERED_TOKENS = 256
TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key of the issuer and the channels it may speak for; None when the issuer does not say."""

    key: Any
    endorsements: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class _Seen:
    until: float
    claims: Mapping[str, Any]
    endorsements: frozenset[str] | None


class SigningKeys:
    """The issuer's keys by id: fetched off the loop's blocking path, one fetch at a time, kept when a later fetch fails."""

    def __init__(
        self, metadata_url: str, session: Callable[[], aiohttp.ClientSession], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._metadata_url = metadata_url
        self._session = session
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._fresh_until = 0.0
        self._not_before = 0.0
        self._flight: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> SigningKey:
        """The key, or `Rejected`: 401 when the issuer has none of that id, 503 when no key could be had at all."""
        now = self._clock()
        if key_id not in self._keys or now >= self._fresh_until:
            if self._flight and not self._flight.done():
                await asyncio.shield(self._flight)
            elif now >= self._not_before:
                self._flight = asyncio.create_task(self._renew())
                await asyncio.shield(self._flight)
        if key_id in self._keys:
            return self._keys[key_id]
        if not self._keys:
            raise Rejected(503, "The keys of the token's issuer cannot be fetched now.")
        raise Rejected(401, "The token is signed with an unknown key.")

    async def close(self) -> None:
        if self._flight and not self._flight.done():
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    async def _renew(self) -> None:
        try:
            metadata = await self._fetch(self._metadata_url)
            keys = _read_keys(await self._fetch(str(metadata["jwks_uri"])))
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            self._not_before = self._clock() + (ASK_AGAIN if self._keys else ASK_AGAIN_WITHOUT_KEYS)
            log.warning("the token issuer's keys could not be fetched: %s", error or type(error).__name__)
            return
        now = self._clock()
        self._keys, self._fresh_until, self._not_before = keys, now + KEYS_FRESH, now + ASK_AGAIN

    async def _fetch(self, url: str) -> Mapping[str, Any]:
        async with self._session().get(url, timeout=TIMEOUT) as answer:
            answer.raise_for_status()
            document = await answer.json(content_type=None)
        if not isinstance(document, dict):
            raise TypeError(f"{url} is no JSON object")
        return document


def _read_keys(document: Mapping[str, Any]) -> dict[str, SigningKey]:
    keys = {}
    for entry in document["keys"]:
        try:
            key = jwt.PyJWK.from_dict(entry, algorithm="RS256")
        except jwt.PyJWTError:
            continue  # a key of another kind is not ours to use; the rest still are
        if key.key_id:
            named = entry.get("endorsements")
            keys[key.key_id] = SigningKey(key.key, frozenset(named) if named else None)
    if not keys:
        raise ValueError("the issuer lists no RSA keys")
    return keys


class Door:
    """Lets an activity in, or raises `Rejected`."""

    def __init__(self, config: EdgeConfig, keys: SigningKeys, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._keys = keys
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def token(self, authorization: str | None) -> str:
        """The bearer token of the header; empty in Local mode. Cheap, so it is asked before the body is read."""
        if self._config.local:
            return ""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Rejected(401, "A bearer token is needed.")
        return token

    async def admit(self, token: str, activity: Mapping[str, Any]) -> Mapping[str, Any]:
        """The token's claims, when the token is the channel's and the activity is one we serve."""
        service_url, channel_id = str(activity["serviceUrl"]), str(activity["channelId"])
        claims: Mapping[str, Any] = {}
        if not self._config.local:
            seen = await self._verified(token)
            if not isinstance(seen.claims.get("serviceurl"), str) or _trimmed(seen.claims["serviceurl"]) != _trimmed(service_url):
                raise Rejected(401, "The token is not for this serviceUrl.")
            if seen.endorsements is not None and channel_id not in seen.endorsements:
                raise Rejected(401, "The token's key does not speak for this channel.")
            if channel_id not in self._config.allowed_channels:
                # Elsewhere, as in Direct Line, the sender may choose whom to be.
                raise Rejected(403, "This bot does not serve that channel.")
            claims = seen.claims
        if not self._config.serves(service_url):
            raise Rejected(403, "This bot does not talk to that serviceUrl.")
        self._check_tenant(activity)
        return claims

    def _check_tenant(self, activity: Mapping[str, Any]) -> None:
        tenants = self._config.tenants
        if not tenants:
            return
        place, data = activity.get("conversation"), activity.get("channelData")
        tenant = data.get("tenant") if isinstance(data, Mapping) else None
        told = (
            place.get("tenantId") if isinstance(place, Mapping) else None,
            tenant.get("id") if isinstance(tenant, Mapping) else None,
        )
        named = [tenant_id for tenant_id in told if tenant_id]
        if not named or not all(tenant_id in tenants for tenant_id in named):
            raise Rejected(403, "This bot does not serve that tenant.")

    async def _verified(self, token: str) -> _Seen:
        now = self._clock()
        seen = self._seen.get(token)
        if seen is not None and now < seen.until:
            self._seen.move_to_end(token)
            return seen
        key = await self._keys.find(_key_id(token))
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self._config.app_id,
                issuer=self._config.channel_issuer,
                leeway=SKEW,
                options={"require": ["exp", "iss", "aud"]},
            )
            ends = float(claims["exp"])
        except Exception as error:  # hostile input finds errors beyond PyJWTError (overflow, recursion); none makes it a good token
            raise Rejected(401, "The token is not valid.") from error
        seen = _Seen(min(ends, now + REMEMBERED), claims, key.endorsements)
        self._seen[token] = seen
        self._seen.move_to_end(token)
        if len(self._seen) > REMEMBERED_TOKENS:
            self._seen.popitem(last=False)
        return seen


def _key_id(token: str) -> str:
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except Exception as error:  # as above: unverified input
        raise Rejected(401, "The token is not valid.") from error
    if not isinstance(key_id, str):
        raise Rejected(401, "The token is not valid.")
    return key_id


def _trimmed(url: str) -> str:
    return url.removesuffix("/")


def check_shape(body: object) -> Mapping[str, Any]:
    """The activity, when it has what every answer needs; else `Rejected` with 400 naming what is missing."""
    if not isinstance(body, dict):
        raise Rejected(400, "The body must be one activity, a JSON object.")
    for name in ("type", "serviceUrl", "channelId"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise Rejected(400, f"The activity has no {name}.")
    place = body.get("conversation")
    if not isinstance(place, dict) or not isinstance(place.get("id"), str) or not place["id"]:
        raise Rejected(400, "The activity has no conversation.")
    for name, kind in (("from", dict), ("recipient", dict), ("channelData", dict), ("entities", list), ("attachments", list)):
        if body.get(name) is not None and not isinstance(body[name], kind):
            raise Rejected(400, f"The activity's {name} has another shape than the protocol says.")
    return body
