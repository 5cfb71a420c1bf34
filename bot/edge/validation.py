"""Who may come in: the channel's token, the shape of an activity, its tenant and its serviceUrl."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
from jwt.utils import base64url_decode

from bot.edge.config import EdgeConfig
from bot.edge.failures import Rejected

log = logging.getLogger(__name__)

SKEW = 300  # Seconds a clock may be off: Bot Framework authentication, "Step 4: Verify the JWT token".
KEYS_FRESH = 24 * 3600.0
ASK_AGAIN = 60.0  # An unknown key id makes us ask for the keys, at most this often.
ASK_AGAIN_WITHOUT_KEYS = 5.0
REMEMBERED = 600.0
REMEMBERED_TOKENS = 256
LONGEST = 7 * 24 * 3600  # Seconds a token may be good for: the channel's last an hour, so one of years is nobody's honest work.
TIMEOUT = aiohttp.ClientTimeout(total=4)
PATIENCE = 8.0  # Both documents of a fetch together; a turn waits for them.


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key of the issuer and the channels it may speak for."""

    key: Any
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verified:
    """A token of the channel: its claims and the channels its key speaks for. `until`, in epoch seconds, it need not be looked at again."""

    until: float
    claims: Mapping[str, Any]
    endorsements: frozenset[str]


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
        now, known = self._clock(), key_id in self._keys
        if not known or now >= self._fresh_until:
            if (self._flight is None or self._flight.done()) and now >= self._not_before:
                self._flight = asyncio.create_task(self._renew())
            # A key we have is good while the list is read anew: an issuer that is away must not hold up everybody once a minute.
            if self._flight is not None and not known:
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
            async with asyncio.timeout(PATIENCE):
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
            keys[key.key_id] = SigningKey(key.key, frozenset(entry.get("endorsements") or ()))
    if not keys:
        raise ValueError("the issuer lists no RSA keys")
    return keys


class Door:
    """Lets an activity in, or raises `Rejected`, whose reason tells nothing of the token itself."""

    def __init__(self, config: EdgeConfig, keys: SigningKeys, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._keys = keys
        self._clock = clock
        self._seen: OrderedDict[str, Verified] = OrderedDict()

    async def verify(self, headers: Sequence[str]) -> Verified | None:
        """The token in the Authorization header; None in Local mode. Asked before the body is read: a stranger's is not."""
        if self._config.local:
            return None
        if len(headers) != 1:
            raise Rejected(401, "There are several Authorization headers." if headers else "There is no token.")
        scheme, _, token = headers[0].partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Rejected(401, "There is no bearer token.")
        now = self._clock()
        seen = self._seen.get(token)
        if seen is None or now >= seen.until:
            seen = await self._looked_at(token, now)
            self._seen[token] = seen
            if len(self._seen) > REMEMBERED_TOKENS:
                self._seen.popitem(last=False)
        self._seen.move_to_end(token)
        return seen

    def admit(self, token: Verified | None, body: object) -> Mapping[str, Any]:
        """The activity, when it is one we serve and the token speaks for it: its channel, its serviceUrl and its tenant."""
        if token is not None and isinstance(body, Mapping):
            claimed, service_url = token.claims.get("serviceurl"), body.get("serviceUrl")
            if not isinstance(claimed, str) or not isinstance(service_url, str) or _trimmed(claimed) != _trimmed(service_url):
                raise Rejected(401, "The token is not for the activity's serviceUrl.")
            channel_id = body.get("channelId")
            if not isinstance(channel_id, str) or channel_id not in token.endorsements:
                raise Rejected(401, "The token's key does not speak for the activity's channel.")
        activity = check_shape(body)
        if token is not None and activity["channelId"] not in self._config.allowed_channels:
            # Elsewhere, as in Direct Line, the sender may choose whom to be.
            raise Rejected(403, "This bot does not serve that channel.")
        if not self._config.serves(activity["serviceUrl"]):
            raise Rejected(403, "This bot does not talk to that serviceUrl.")
        self._check_tenant(activity)
        return activity

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

    async def _looked_at(self, token: str, now: float) -> Verified:
        key = await self._keys.find(_key_id(token))
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self._config.app_id,
                issuer=self._config.channel_issuer,
                leeway=SKEW,
                options={"require": ["exp", "iss", "aud"], "strict_aud": True},
            )
        except Exception as error:  # hostile input finds errors beyond PyJWTError (overflow, recursion); none makes it a good token
            raise Rejected(401, _fault(error)) from error
        if any(type(claims.get(name, 0)) is not int for name in ("exp", "nbf", "iat")):
            raise Rejected(401, "The token's times are no numbers.")
        if claims["exp"] > now + LONGEST:
            raise Rejected(401, "The token is good for too long.")
        return Verified(min(claims["exp"], now + REMEMBERED), claims, key.endorsements)


# What a token of the right form lacks, for the log; PyJWT's own words may repeat what stands in it.
_FAULTS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidAudienceError: "The token is for somebody else.",
    jwt.InvalidIssuerError: "The token is from another issuer.",
    jwt.MissingRequiredClaimError: "The token lacks its issuer, audience or end.",
    jwt.InvalidSignatureError: "The token is not signed by its key.",
    jwt.InvalidAlgorithmError: "The token is not signed by RS256.",
}


def _fault(error: Exception) -> str:
    return _FAULTS.get(type(error), "The token cannot be read.")


def _key_id(token: str) -> str:
    """Of a token that has the form of one and says nothing twice: whoever reads the last of two claims and whoever reads the first would
    not mean the same token."""
    try:
        parts = token.split(".")
        header, _ = (json.loads(base64url_decode(part), object_pairs_hook=_once) for part in parts[:2])
        key_id = header["kid"]
    except Exception as error:  # unverified input, as above
        raise Rejected(401, "The token cannot be read.") from error
    if len(parts) != 3 or not isinstance(key_id, str):
        raise Rejected(401, "The token cannot be read.")
    return key_id


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


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
