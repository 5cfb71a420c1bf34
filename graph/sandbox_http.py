"""What every part of the stand-in's Graph shares: bodies and errors in Graph's shape, sign-in, throttling, faults on demand."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from graph.mailboxes import GraphRefusal, Mailboxes, instant, zone
from graph.sandbox_store import Document

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MUTABLE = "AAMk"
# Outlook serves so many requests of an app at a time in one mailbox (https://learn.microsoft.com/graph/throttling-limits).
MOST_AT_ONCE = 4
_GRAPH = "/graph/v1.0/"
_WAIT = "1"


class Wire(BaseModel):
    """A body as Graph reads it: names in camel case, what is not known ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", populate_by_name=False)


class Action(Wire):
    """The parameters of an action: Graph takes `comment` as well as `Comment`, and the SDK writes some of them capitalised."""

    @model_validator(mode="before")
    @classmethod
    def _either_case(cls, sent: Any) -> Any:
        return {name[:1].lower() + name[1:]: value for name, value in sent.items()} if isinstance(sent, dict) else sent


class Moment(Wire):
    date_time: str
    time_zone: str = "UTC"

    def document(self) -> Document:
        return {"dateTime": self.date_time, "timeZone": self.time_zone}


class Address(Wire):
    name: str = ""
    address: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class Fault(BaseModel):
    """What the next calls meet: a status (with Retry-After), a delay, or a dropped connection, before or after the work is done.

    `method` and `path` (a glob such as `*/calendarView/delta`) say which calls; without them it is the next ones, whatever they are.
    """

    model_config = ConfigDict(extra="forbid")
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    code: str = "ErrorInternalServerError"
    retry_after: str | None = None
    delay: Annotated[float, Field(ge=0, le=120)] = 0.0
    drop: bool = False
    after: bool = False
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: str | None = None
    times: Annotated[int, Field(ge=1, le=1000)] = 1


class Faults:
    """The faults waiting to happen, oldest first. They are for trying things out and end with the process."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The first one that fits the call, counted down."""
        fault = next(
            (one for one in self._waiting if one.method in {None, method} and (one.path is None or fnmatchcase(path, one.path))), None
        )
        if fault is not None:
            fault.times -= 1
            if fault.times == 0:
                self._waiting.remove(fault)
        return fault


FAULTS = web.AppKey("faults", Faults)
MAILBOXES = web.AppKey("mailboxes", Mailboxes)


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal in Graph's shape."""
    try:
        return await handler(request)
    except GraphRefusal as refusal:
        return error(refusal.status, refusal.code, refusal.message)
    except web.HTTPException as refusal:
        return error(refusal.status, "BadRequest", refusal.reason)


def is_foreign(request: web.Request) -> bool:
    """Whether a browser says that a page of another site sent it, in one header or the other. Only browsers send them."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get(hdrs.ORIGIN)
    return site not in {None, "same-origin"} or origin not in {None, str(request.url.origin())}


@web.middleware
async def no_foreign_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of another site may send plain text to any address of this machine, though it cannot read what is answered."""
    if request.method != hdrs.METH_GET and is_foreign(request):
        raise GraphRefusal(403, "ErrorAccessDenied", "A page of another site sent this.")
    return await handler(request)


@web.middleware
async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Any bearer token will do, but there must be one. An upload's own address is signed already."""
    if request.path.startswith(_GRAPH) and not (request.headers.get("Authorization") or "").startswith("Bearer "):
        raise GraphRefusal(401, "InvalidAuthenticationToken", "Access token is empty.")
    return await handler(request)


def throttle(most_at_once: int) -> Middleware:
    """Refuses what goes over the number of requests one mailbox serves at once; 0: no limit."""
    running: Counter[str] = Counter()

    @web.middleware
    async def throttled(request: web.Request, handler: Handler) -> web.StreamResponse:
        mailbox = request.match_info.get("user", "").casefold()
        if not mailbox or not most_at_once:
            return await handler(request)
        if running[mailbox] >= most_at_once:
            refused = error(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
            refused.headers["Retry-After"] = _WAIT
            return refused
        running[mailbox] += 1
        try:
            return await handler(request)
        finally:
            running[mailbox] -= 1
            if not running[mailbox]:
                del running[mailbox]

    return throttled


@web.middleware
async def faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What was asked for at `/graph/sandbox/faults`, in every call but to that address itself."""
    if request.path.startswith("/graph/sandbox/"):
        return await handler(request)
    fault = request.app[FAULTS].take(request.method, request.path)
    if fault is None:
        return await handler(request)
    answer = await handler(request) if fault.after else None
    await asyncio.sleep(fault.delay)
    if fault.drop and request.transport is not None:
        request.transport.abort()
        return web.Response()
    if fault.status is not None:
        failed = error(fault.status, fault.code, "A fault on demand.")
        if fault.retry_after is not None:
            failed.headers["Retry-After"] = fault.retry_after
        return failed
    return answer if answer is not None else await handler(request)


async def parsed(request: web.Request, model: type[Model]) -> Model:
    """The body as the model, or Graph's refusal that names the field."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as fault:
        where = ".".join(str(part) for part in fault.errors()[0]["loc"])
        raise GraphRefusal(400, "RequestBodyRead", f"The request body is not valid: {where}") from fault


def prefer(request: web.Request) -> str:
    return ", ".join(request.headers.getall("Prefer", []))


def immutable(request: web.Request) -> bool:
    return 'idtype="immutableid"' in prefer(request).casefold()


def in_zone(moment: Document, name: str) -> Document:
    """The moment as Graph writes it, in that zone."""
    local = instant(moment).astimezone(zone(name))
    return {"dateTime": local.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": name}


def answer_zone(request: web.Request) -> tuple[str, dict[str, str]]:
    """The zone the caller prefers, and the header that says it was heard."""
    wanted = re.search(r'outlook\.timezone\s*=\s*"([^"]*)"', prefer(request))
    if wanted is None:
        return "UTC", {}
    zone(wanted[1])
    return wanted[1], {"Preference-Applied": f'outlook.timezone="{wanted[1]}"'}


def utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def error(status: int, code: str, message: str) -> web.Response:
    inner = {"date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "request-id": str(uuid4())}
    return web.json_response({"error": {"code": code, "message": message, "innerError": inner}}, status=status)
