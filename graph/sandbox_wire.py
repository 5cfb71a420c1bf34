"""Microsoft Graph's wire format over the stand-in's mailboxes: the calls this product makes, and faults on demand. For graph/sandbox.py."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from html import escape
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from graph.html_body import plain_text
from graph.mailboxes import Copy, Document, GraphRefusal, Mailboxes, instant, zone

MAILBOXES = web.AppKey("mailboxes", Mailboxes)
Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_MUTABLE = "AAMk"
_NEVER = "0001-01-01T00:00:00Z"
_ANSWERS = {"accept": "accepted", "tentativelyAccept": "tentativelyAccepted", "decline": "declined"}
_FILTER = re.compile(r"singleValueExtendedProperties/any\(ep: ?ep/id eq '(?P<id>(?:[^']|'')*)' and ep/value eq '(?P<value>(?:[^']|'')*)'\)")


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", populate_by_name=False)


class _Moment(_Wire):
    date_time: str
    time_zone: str = "UTC"


class _Body(_Wire):
    content: str = ""
    content_type: Annotated[str, Field(pattern="(?i)^(html|text)$")] = "text"


class _Location(_Wire):
    display_name: str = ""


class _Address(_Wire):
    name: str = ""
    address: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class _Attendee(_Wire):
    type: Literal["required", "optional", "resource"] = "required"
    email_address: _Address


class _Property(_Wire):
    id: str
    value: str


class _Event(_Wire):
    subject: str | None = None
    body: _Body | None = None
    start: _Moment | None = None
    end: _Moment | None = None
    location: _Location | None = None
    attendees: list[_Attendee] | None = None
    is_online_meeting: bool | None = None
    online_meeting_provider: str | None = None
    transaction_id: str | None = None
    single_value_extended_properties: list[_Property] | None = None

    def fields(self) -> dict[str, Any]:
        """The parts that were sent, as the mailboxes know them. An explicit null empties what can be empty."""
        sent = self.model_fields_set
        found: dict[str, Any] = {}
        if "subject" in sent:
            found["subject"] = self.subject or ""
        if "location" in sent:
            found["location"] = self.location.display_name if self.location else ""
        if "attendees" in sent:
            found["attendees"] = [
                {"type": one.type, "name": one.email_address.name, "address": one.email_address.address} for one in self.attendees or []
            ]
        if self.body is not None:
            html = self.body.content_type.casefold() == "html"
            found["content"] = self.body.content if html else escape(self.body.content).replace("\n", "<br>")
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment is not None:
                found[name] = {"dateTime": moment.date_time, "timeZone": moment.time_zone}
        if self.is_online_meeting is not None:
            found["online"] = self.is_online_meeting
        if self.transaction_id is not None:
            found["transactionId"] = self.transaction_id
        if self.single_value_extended_properties is not None:
            found["properties"] = {one.id: one.value for one in self.single_value_extended_properties}
        return found


class _Comment(BaseModel):
    # Actions take their parameters in either case; the SDK writes them capitalised.
    model_config = ConfigDict(alias_generator=lambda name: name.title(), populate_by_name=True, extra="ignore")
    comment: str | None = None


class Fault(BaseModel):
    """What the next calls meet: a status (with Retry-After), a delay, or a dropped connection, before or after the work is done."""

    model_config = ConfigDict(extra="forbid")
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    code: str = "ErrorInternalServerError"
    retry_after: str | None = None
    delay: Annotated[float, Field(ge=0, le=120)] = 0.0
    drop: bool = False
    after: bool = False
    method: Literal["GET", "POST", "PATCH", "DELETE"] | None = None
    times: Annotated[int, Field(ge=1, le=1000)] = 1


class Faults:
    """The faults waiting to happen, oldest first. They are for trying things out and end with the process."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        """The first one that fits the call, counted down."""
        fault = next((one for one in self._waiting if one.method in {None, method}), None)
        if fault is not None:
            fault.times -= 1
            if fault.times == 0:
                self._waiting.remove(fault)
        return fault


FAULTS = web.AppKey("faults", Faults)


def wire_app(mailboxes: Mailboxes) -> web.Application:
    """The sub-application for `/graph`: `/v1.0/users/{user}/…` and `/sandbox/faults` (POST adds a `Fault`, DELETE clears them)."""
    app = web.Application(middlewares=[_refusals, _faults], client_max_size=4 * 1024 * 1024)
    app[MAILBOXES] = mailboxes
    app[FAULTS] = Faults()
    user = "/v1.0/users/{user}"
    app.add_routes(
        [
            web.get(f"{user}/events", _list),
            web.post(f"{user}/events", _create),
            web.get(f"{user}/calendarView", _view),
            web.get(f"{user}/events/{{event}}", _read),
            web.patch(f"{user}/events/{{event}}", _change),
            web.delete(f"{user}/events/{{event}}", _delete),
            web.post(f"{user}/events/{{event}}/cancel", _cancel),
            web.post(f"{user}/events/{{event}}/{{answer:accept|tentativelyAccept|decline}}", _respond),
            web.post("/sandbox/faults", _add_fault),
            web.delete("/sandbox/faults", _clear_faults),
        ]
    )
    return app


async def _create(request: web.Request) -> web.Response:
    fields = (await _parsed(request, _Event)).fields()
    copy = await request.app[MAILBOXES].create(request.match_info["user"], fields, str(request.url.origin()))
    return _event_response(request, copy, status=201)


async def _read(request: web.Request) -> web.Response:
    return _event_response(request, await request.app[MAILBOXES].find(request.match_info["user"], _event_id(request)))


async def _change(request: web.Request) -> web.Response:
    fields = (await _parsed(request, _Event)).fields()
    copy = await request.app[MAILBOXES].change(request.match_info["user"], _event_id(request), fields, str(request.url.origin()))
    return _event_response(request, copy)


async def _delete(request: web.Request) -> web.Response:
    await request.app[MAILBOXES].remove(request.match_info["user"], _event_id(request))
    return web.Response(status=204)


async def _cancel(request: web.Request) -> web.Response:
    comment = (await _parsed(request, _Comment)).comment or ""
    await request.app[MAILBOXES].cancel(request.match_info["user"], _event_id(request), comment)
    return web.Response(status=202)


async def _respond(request: web.Request) -> web.Response:
    response = _ANSWERS[request.match_info["answer"]]
    await request.app[MAILBOXES].respond(request.match_info["user"], _event_id(request), response)
    return web.Response(status=202)


async def _list(request: web.Request) -> web.Response:
    copies = [copy for copy in await request.app[MAILBOXES].copies(request.match_info["user"]) if copy.in_calendar]
    wanted = request.query.get("$filter")
    if wanted:
        match = _FILTER.fullmatch(wanted)
        if match is None:
            raise GraphRefusal(400, "ErrorInvalidUrlQueryFilter", "This stand-in filters by one extended property only.")
        key, value = match["id"].replace("''", "'"), match["value"].replace("''", "'")
        copies = [copy for copy in copies if copy.is_organiser and copy.meeting["properties"].get(key) == value]
    return _events_response(request, copies)


async def _view(request: web.Request) -> web.Response:
    try:
        start, end = (_utc(request.query[name]) for name in ("startDateTime", "endDateTime"))
    except (KeyError, ValueError) as missing:
        raise GraphRefusal(400, "ErrorInvalidParameter", "startDateTime and endDateTime are required.") from missing
    copies = await request.app[MAILBOXES].copies(request.match_info["user"])
    return _events_response(request, [copy for copy in copies if copy.in_calendar and copy.starts < end and copy.ends > start])


async def _add_fault(request: web.Request) -> web.Response:
    request.app[FAULTS].add(await _parsed(request, Fault))
    return web.Response(status=204)


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[FAULTS].clear()
    return web.Response(status=204)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except GraphRefusal as refusal:
        return _error(refusal.status, refusal.code, refusal.message)
    except web.HTTPException as refusal:
        return _error(refusal.status, "BadRequest", refusal.reason)


@web.middleware
async def _faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    if "user" not in request.match_info:
        return await handler(request)
    if not (request.headers.get("Authorization") or "").startswith("Bearer "):
        raise GraphRefusal(401, "InvalidAuthenticationToken", "Access token is empty.")
    fault = request.app[FAULTS].take(request.method)
    if fault is None:
        return await handler(request)
    answer = await handler(request) if fault.after else None
    await asyncio.sleep(fault.delay)
    if fault.drop and request.transport is not None:
        request.transport.abort()
        return web.Response()
    if fault.status is not None:
        failed = _error(fault.status, fault.code, "A fault on demand.")
        if fault.retry_after is not None:
            failed.headers["Retry-After"] = fault.retry_after
        return failed
    return answer if answer is not None else await handler(request)


async def _parsed(request: web.Request, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as fault:
        where = ".".join(str(part) for part in fault.errors()[0]["loc"])
        raise GraphRefusal(400, "RequestBodyRead", f"The request body is not valid: {where}") from fault


def _event_response(request: web.Request, copy: Copy, *, status: int = 200) -> web.Response:
    name, applied = _answer_zone(request)
    shown = _selected(request, _event(request, copy, name))
    return web.json_response({"@odata.context": _context(request), **shown}, status=status, headers=applied)


def _events_response(request: web.Request, copies: list[Copy]) -> web.Response:
    name, applied = _answer_zone(request)
    top = request.query.get("$top", "")
    shown = copies[: int(top)] if top.isdecimal() else copies
    value = [_selected(request, _event(request, copy, name)) for copy in shown]
    return web.json_response({"@odata.context": _context(request), "value": value}, headers=applied)


def _event(request: web.Request, copy: Copy, zone_name: str) -> Document:
    meeting, organiser = copy.meeting, copy.meeting["organizer"]
    changed = f"{meeting['id'][:8]}{meeting['version']:08d}"
    event: Document = {
        "@odata.etag": f'W/"{changed}"',
        "id": copy.id if _immutable(request) else _MUTABLE + copy.id,
        "createdDateTime": meeting["created"],
        "lastModifiedDateTime": meeting["changed"],
        "changeKey": changed,
        "categories": [],
        "originalStartTimeZone": meeting["start"]["timeZone"],
        "originalEndTimeZone": meeting["end"]["timeZone"],
        "iCalUId": f"040000008200E00074C5B7101A82E008{meeting['id'].upper()}",
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "hasAttachments": False,
        "subject": meeting["subject"],
        "bodyPreview": plain_text(meeting["content"])[:255],
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": False,
        "isCancelled": copy.cancelled,
        "isOrganizer": copy.is_organiser,
        "responseRequested": True,
        "seriesMasterId": None,
        "showAs": _shown_as(copy),
        "type": "singleInstance",
        "webLink": f"{request.url.origin()}/sandbox",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": meeting["online"],
        "onlineMeetingProvider": "teamsForBusiness" if meeting["online"] else "unknown",
        "allowNewTimeProposals": True,
        "isDraft": False,
        "hideAttendees": False,
        "recurrence": None,
        "onlineMeeting": {"joinUrl": meeting["joinUrl"]} if meeting["online"] else None,
        "responseStatus": _status("notResponded" if copy.response == "none" else copy.response, copy.owner.get("time")),
        "body": {"contentType": "html", "content": meeting["content"]},
        "start": _in_zone(meeting["start"], zone_name),
        "end": _in_zone(meeting["end"], zone_name),
        "location": {"displayName": meeting["location"], "locationType": "default", "uniqueIdType": "unknown"},
        "attendees": [
            {"type": one["type"], "status": _status(one["response"], one["time"]), "emailAddress": _mail(one)} for one in copy.attendees
        ],
        "organizer": {"emailAddress": _mail(organiser)},
    }
    if meeting["transactionId"] and copy.is_organiser:
        event["transactionId"] = meeting["transactionId"]
    return event


def _shown_as(copy: Copy) -> str:
    if copy.cancelled or copy.response == "declined":
        return "free"
    return "busy" if copy.response in {"organizer", "accepted"} else "tentative"


def _status(response: str, time: str | None) -> Document:
    return {"response": response, "time": time or _NEVER}


def _mail(holder: Document) -> Document:
    return {"name": holder["name"], "address": holder["address"]}


def _in_zone(moment: Document, name: str) -> Document:
    local = instant(moment).astimezone(zone(name))
    return {"dateTime": local.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": name}


def _answer_zone(request: web.Request) -> tuple[str, dict[str, str]]:
    wanted = re.search(r'outlook\.timezone\s*=\s*"([^"]*)"', _prefer(request))
    if wanted is None:
        return "UTC", {}
    zone(wanted[1])
    return wanted[1], {"Preference-Applied": f'outlook.timezone="{wanted[1]}"'}


def _selected(request: web.Request, event: Document) -> Document:
    names = request.query.get("$select")
    if not names:
        return event
    wanted = {"@odata.etag", "id", *names.split(",")}
    return {name: value for name, value in event.items() if name in wanted}


def _context(request: web.Request) -> str:
    return f"{request.url.origin()}/graph/v1.0/$metadata#users/events"


def _immutable(request: web.Request) -> bool:
    return 'idtype="immutableid"' in _prefer(request).casefold()


def _event_id(request: web.Request) -> str:
    # The two kinds of id do not mix here, so that a call without the header is found out at once.
    event_id = request.match_info["event"]
    return event_id if _immutable(request) else event_id.removeprefix(_MUTABLE)


def _prefer(request: web.Request) -> str:
    return ", ".join(request.headers.getall("Prefer", []))


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _error(status: int, code: str, message: str) -> web.Response:
    inner = {"date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "request-id": str(uuid4())}
    return web.json_response({"error": {"code": code, "message": message, "innerError": inner}}, status=status)
