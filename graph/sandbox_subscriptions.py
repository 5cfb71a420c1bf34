"""`subscriptions` of the stand-in: who wants to be told that a calendar has changed, and telling them. For graph/sandbox_wire.py.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Sequence
from datetime import UTC, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from uuid import uuid4

import aiohttp
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from yarl import URL

from graph.client import LOOPBACK
from graph.mailboxes import Change, GraphRefusal, Mailboxes
from graph.sandbox_http import MUTABLE, Wire, immutable, parsed, utc
from graph.sandbox_store import Document, SandboxStore

KIND = "subscription"
SHORTEST, LONGEST = timedelta(minutes=45), timedelta(minutes=4230)
TENANT = "5a9d0c1e-0000-4000-8000-000000000000"
# Graph waits ten seconds for the handshake and three for an answer to a notification, and then tries again for four hours.
_HANDSHAKE = aiohttp.ClientTimeout(total=10)
_NOTIFIED = aiohttp.ClientTimeout(total=3)
_AGAIN_AFTER = (0.5, 5.0, 30.0)
_CHANGES = ("created", "updated", "deleted")
_RESOURCE = re.compile(r"/?users/(?P<mailbox>[^/]+@[^/]+)/events/?", re.IGNORECASE)


class NotificationFault(BaseModel):
    """On demand: a lifecycle event to every subscription, at once; or each of the next `times` notifications twice."""

    model_config = ConfigDict(extra="forbid")
    notification: Literal["twice", "reauthorizationRequired", "subscriptionRemoved", "missed"]
    times: Annotated[int, Field(ge=1, le=1000)] = 1


class _Wanted(Wire):
    change_type: str
    notification_url: str
    lifecycle_notification_url: str | None = None
    resource: str
    expiration_date_time: str
    client_state: Annotated[str | None, Field(max_length=128)] = None


class _Renewal(Wire):
    expiration_date_time: str


class Subscriptions:
    """Everybody who wants to be told. Telling goes on in the background until `close`."""

    def __init__(self, store: SandboxStore, mailboxes: Mailboxes) -> None:
        self._store = store
        self._mailboxes = mailboxes
        self._lock = asyncio.Lock()
        self._telling: set[asyncio.Task[None]] = set()
        self._closed = False
        self._twice = 0
        mailboxes.listeners.append(self._changed)

    # --- the calls ---

    async def create(self, request: web.Request) -> web.Response:
        wanted = await parsed(request, _Wanted)
        resource = _RESOURCE.fullmatch(wanted.resource)
        if resource is None:
            raise _invalid("This stand-in knows subscriptions to users/{address}/events only.")
        kinds = [one.strip().casefold() for one in wanted.change_type.split(",")]
        if not set(kinds) <= set(_CHANGES):
            raise _invalid(f"changeType has values other than {', '.join(_CHANGES)}.")
        expires = self._until(wanted.expiration_date_time)
        for address in dict.fromkeys(filter(None, (wanted.notification_url, wanted.lifecycle_notification_url))):
            await _handshake(address)
        kept: Document = {
            "id": str(uuid4()),
            "resource": wanted.resource,
            "mailbox": unquote(resource["mailbox"]),
            "changeType": ",".join(dict.fromkeys(kinds)),
            "notificationUrl": wanted.notification_url,
            "lifecycleNotificationUrl": wanted.lifecycle_notification_url,
            "expirationDateTime": expires,
            "clientState": wanted.client_state,
            "immutable": immutable(request),
            "removed": False,
        }
        await self._store.put(KIND, kept["id"], kept)
        return _response(request, kept, status=201)

    async def listed(self, request: web.Request) -> web.Response:
        return web.json_response({"@odata.context": _context(request), "value": [_shown(kept) for kept in await self._live()]})

    async def read(self, request: web.Request) -> web.Response:
        return _response(request, await self._find(request))

    async def renew(self, request: web.Request) -> web.Response:
        renewal = await parsed(request, _Renewal)
        async with self._lock:
            kept = await self._find(request)
            kept["expirationDateTime"] = self._until(renewal.expiration_date_time)
            await self._store.put(KIND, kept["id"], kept)
        return _response(request, kept)

    async def delete(self, request: web.Request) -> web.Response:
        async with self._lock:
            await self._remove(await self._find(request))
        return web.Response(status=204)

    # --- on demand ---

    async def meet(self, fault: NotificationFault) -> None:
        if fault.notification == "twice":
            self._twice += fault.times
            return
        for kept in await self._live():
            if fault.notification == "subscriptionRemoved":
                await self._remove(kept)
            if kept["lifecycleNotificationUrl"]:
                self._start(self._send(kept, kept["lifecycleNotificationUrl"], {"lifecycleEvent": fault.notification}))

    def clear(self) -> None:
        self._twice = 0

    # --- telling ---

    def _changed(self, changes: Sequence[Change]) -> None:
        if not self._closed:
            self._start(self._tell(changes))

    def _start(self, telling: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def close(self, _: web.Application | None = None) -> None:
        """What is not told by then is lost, as is what happens after."""
        self._closed = True
        for task in list(self._telling):
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _tell(self, changes: Sequence[Change]) -> None:
        for kept in await self._live():
            for change in changes:
                if change.kind in kept["changeType"].split(",") and change.mailbox.casefold() == kept["mailbox"].casefold():
                    self._start(self._send(kept, kept["notificationUrl"], _notification(kept, change)))
                    if self._twice:
                        self._twice -= 1
                        self._start(self._send(kept, kept["notificationUrl"], _notification(kept, change)))

    async def _send(self, kept: Document, address: str, told: Document) -> None:
        """Until it is taken, or after the last try."""
        body = {
            "subscriptionId": kept["id"],
            "subscriptionExpirationDateTime": kept["expirationDateTime"],
            "clientState": kept["clientState"],
            "tenantId": TENANT,
            **told,
        }
        for wait in (*_AGAIN_AFTER, None):
            try:
                async with (
                    aiohttp.ClientSession(timeout=_NOTIFIED) as http,
                    http.post(address, json={"value": [body]}, allow_redirects=False) as answer,
                ):
                    if answer.ok:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            if wait is not None:
                await asyncio.sleep(wait)

    # --- what is kept ---

    async def _live(self) -> list[Document]:
        return [kept for kept in await self._store.all(KIND) if self._is_live(kept)]

    async def _find(self, request: web.Request) -> Document:
        kept = await self._store.get(KIND, request.match_info["subscription"])
        if kept is None or not self._is_live(kept):
            raise GraphRefusal(404, "ResourceNotFound", "The object was not found.")
        return kept

    def _is_live(self, kept: Document) -> bool:
        return not kept["removed"] and utc(kept["expirationDateTime"]) > self._mailboxes.now

    async def _remove(self, kept: Document) -> None:
        await self._store.put(KIND, kept["id"], {**kept, "removed": True})

    def _until(self, wanted: str) -> str:
        """As long as asked for, within what Graph grants."""
        now = self._mailboxes.now
        try:
            moment = utc(wanted)
        except ValueError as unreadable:
            raise _invalid("expirationDateTime is not valid.") from unreadable
        granted = max(now + SHORTEST, min(moment, now + LONGEST))
        return granted.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _handshake(address: str) -> None:
    """Whether somebody at the address wants to be told: they answer with the token they get."""
    try:
        url = URL(address)
    except ValueError as unreadable:
        raise _invalid("The notification URL is not valid.") from unreadable
    if url.scheme not in {"http", "https"} or url.host not in LOOPBACK:
        raise _invalid("This stand-in notifies addresses on this machine only.")
    token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
    failed = "Subscription validation request failed."
    try:
        async with (
            aiohttp.ClientSession(timeout=_HANDSHAKE) as http,
            http.post(url.update_query(validationToken=token), allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise _invalid(f"{failed} HTTP status code is '{answer.status}'.")
            if answer.content_type != "text/plain" or await answer.text() != token:
                raise _invalid(f"{failed} Response must exactly match validationToken query parameter, as text/plain.")
    except TimeoutError as late:
        raise _invalid("Subscription validation request timed out.") from late
    except aiohttp.ClientError as unreachable:
        raise _invalid(f"{failed} {type(unreachable).__name__}") from unreachable


def _notification(kept: Document, change: Change) -> Document:
    shown = change.copy.id if kept["immutable"] else MUTABLE + change.copy.id
    resource = f"Users/{change.mailbox}/Events/{shown}"
    data = {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": change.copy.etag, "id": shown}
    return {"changeType": change.kind, "resource": resource, "resourceData": data}


def _response(request: web.Request, kept: Document, *, status: int = 200) -> web.Response:
    return web.json_response({"@odata.context": f"{_context(request)}/$entity", **_shown(kept)}, status=status)


def _shown(kept: Document) -> Document:
    names = ("id", "resource", "changeType", "notificationUrl", "lifecycleNotificationUrl", "expirationDateTime", "clientState")
    return {name: kept[name] for name in names}


def _context(request: web.Request) -> str:
    return f"{request.url.origin()}/graph/v1.0/$metadata#subscriptions"


def _invalid(message: str) -> GraphRefusal:
    return GraphRefusal(400, "ValidationError", message)
