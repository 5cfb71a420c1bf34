"""What the bot sends: one HTTP session to the channel, with timeouts, small patience and typed failures."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from bot.edge.config import EdgeConfig
from bot.edge.credentials import Tokens
from bot.edge.failures import ChannelFailure

# Longest wait inside one call: a turn must answer in about ten seconds, so anything longer is for the outbox.
PATIENCE = 2.0
TRIES = 2
TIMEOUT = aiohttp.ClientTimeout(total=12, connect=4)
DOWNLOAD_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=4)
REDIRECTS = 3
PAGE = 500  # The roster's page size is clamped to 50…500: "Get Teams specific context for your bot".

# "Rate limiting": 412, 502 and 504 are to be tried again, besides 429.
PASSING = frozenset({408, 412, 425, 429, 500, 502, 503, 504})
GONE = frozenset({403, 404, 410})


def as_json(value: Any) -> bytes:
    """UTF-8 JSON; botbuilder's models inside are written as they go over the wire."""
    return orjson.dumps(value, default=_model)


def _model(value: Any) -> Any:
    if hasattr(value, "serialize"):
        return value.serialize()
    raise TypeError(f"{type(value).__name__} is not JSON")


# Method and status of a request, 0 when nobody answered.
Told = Callable[[str, int], None]


def nobody(_method: str, _status: int) -> None:
    """Nobody counts the requests."""


class Connector:
    """The channel's REST interface (Bot Connector v3). Activities are JSON in wire format. Every failure is a `ChannelFailure`."""

    def __init__(
        self, config: EdgeConfig, tokens: Tokens | None, session: Callable[[], aiohttp.ClientSession], told: Told = nobody
    ) -> None:
        self._told = told
        self._config = config
        self._tokens = tokens
        self._session = session

    async def post(self, service_url: str, conversation_id: str, activity: Mapping[str, Any], *, reply_to: str = "") -> str:
        """Post an activity; its id, which is empty where the channel gives none (text and card in one activity)."""
        path = _path(conversation_id, "activities", *([reply_to] if reply_to else []))
        return _id(await self.exchange("POST", service_url, path, as_json(activity)))

    async def update(self, service_url: str, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> None:
        await self.exchange("PUT", service_url, _path(conversation_id, "activities", activity_id), as_json(activity))

    async def delete(self, service_url: str, conversation_id: str, activity_id: str) -> None:
        await self.exchange("DELETE", service_url, _path(conversation_id, "activities", activity_id))

    async def open_personal(self, service_url: str, tenant_id: str, user_id: str) -> str:
        """The id of the personal chat with a person (`29:…`); the same each time."""
        body = {
            "isGroup": False,
            "bot": {"id": f"28:{self._config.app_id}"},
            "members": [{"id": user_id}],
            "tenantId": tenant_id,
            "channelData": {"tenant": {"id": tenant_id}},
        }
        return _id(await self.exchange("POST", service_url, "/v3/conversations", as_json(body)))

    async def members(self, service_url: str, conversation_id: str) -> list[dict[str, Any]]:
        """Everybody in the chat or in the channel's team, in wire format (`id`, `objectId` or `aadObjectId`, `name`, `email`, …)."""
        roster: list[dict[str, Any]] = []
        path = _path(conversation_id.partition(";messageid=")[0], "pagedmembers")
        asked: set[str] = set()
        query = f"?pageSize={PAGE}"
        while query not in asked:
            asked.add(query)
            page = _object(await self.exchange("GET", service_url, path + query))
            roster += [member for member in page.get("members") or () if isinstance(member, dict)]
            if not page.get("continuationToken"):
                break
            query = f"?pageSize={PAGE}&continuationToken={quote(str(page['continuationToken']), safe='')}"
        return roster

    async def group(self, service_url: str, team_id: str) -> str:
        """The Entra group of a team, by the team's id in Teams; what people write there tells only the latter."""
        return str(_object(await self.exchange("GET", service_url, f"/v3/teams/{quote(team_id, safe='')}")).get("aadGroupId") or "")

    async def download(self, url: str, limit: int) -> bytes:
        """A file somebody sent, by its pre-authenticated link; no token is sent along. At most `limit` bytes, else 413 `FileTooLarge`."""
        try:
            for _ in range(REDIRECTS + 1):
                if not self._config.downloads_from(url):
                    raise ChannelFailure(403, "FileHostNotAllowed", gone=True)
                async with self._session().get(URL(url), timeout=DOWNLOAD_TIMEOUT, allow_redirects=False) as answer:
                    if answer.status in {301, 302, 303, 307, 308} and "Location" in answer.headers:
                        url = str(answer.url.join(URL(answer.headers["Location"])))
                        continue
                    if answer.status != 200:
                        raise _failure(answer.status, b"", answer.headers.get("Retry-After"))
                    return await _bounded(answer, limit)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _lost(error) from error
        raise ChannelFailure(508, "TooManyRedirects", gone=True)

    async def exchange(self, method: str, service_url: str, path: str, body: bytes | None = None) -> bytes:
        """One request to the channel and its body. `path` begins with `/v3/` and is percent-encoded already."""
        if not self._config.serves(service_url):
            # The token must not go to a host that a stored or forged reference names.
            raise ChannelFailure(403, "ServiceUrlNotAllowed", gone=True)
        url = URL(service_url.rstrip("/") + path, encoded=True)
        headers = {"Content-Type": "application/json"}
        if self._tokens is not None:
            headers["Authorization"] = f"Bearer {await self._tokens.get()}"
        tries = TRIES
        while True:
            tries -= 1
            try:
                return await self._once(method, url, body, headers)
            except ChannelFailure as failure:
                pause = failure.retry_after if failure.retry_after is not None else random.uniform(0.2, 0.6)  # noqa: S311  # jitter, no secret
                again = failure.transient and not (failure.may_have_arrived and method == "POST")
                if not tries or not again or pause > PATIENCE:
                    raise
            await asyncio.sleep(pause)

    async def _once(self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        status = 0
        try:
            async with self._session().request(method, url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False) as answer:
                content = await answer.read()
                status = answer.status
                if status < 300:
                    return content
                raise _failure(status, content, answer.headers.get("Retry-After"))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _lost(error) from error
        finally:
            self._told(method, status)


def _path(*segments: str) -> str:
    return "/v3/conversations/" + "/".join(quote(segment, safe="") for segment in segments)


def _object(content: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _id(content: bytes) -> str:
    return str(_object(content).get("id") or "")


def _failure(status: int, content: bytes, retry_after: str | None) -> ChannelFailure:
    error = _object(content).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    # Only what looks like a code: whatever else stands there may be somebody's, and failures are logged.
    known = code if isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", code) else ""
    return ChannelFailure(
        status,
        known or f"Http{status}",
        retry_after=_seconds(retry_after),
        gone=status in GONE,
        # 401: our token is from the directory itself, so the channel's doubt passes or the registration is mended.
        transient=status in PASSING or status == 401,
        may_have_arrived=status in {408, 500, 502, 503, 504},
    )


def _lost(error: Exception) -> ChannelFailure:
    if isinstance(error, aiohttp.ClientConnectorError):
        return ChannelFailure(0, "Unreachable", transient=True)
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return ChannelFailure(400, "AddressNotValid", gone=True)
    return ChannelFailure(0, "Timeout" if isinstance(error, TimeoutError) else "NoAnswer", transient=True, may_have_arrived=True)


def _seconds(retry_after: str | None) -> float | None:
    """RFC 9110 section 10.2.3: seconds or a date."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


async def _bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    content = bytearray()
    async for piece in answer.content.iter_chunked(65536):
        content += piece
        if len(content) > limit:
            raise ChannelFailure(413, "FileTooLarge")
    return bytes(content)
