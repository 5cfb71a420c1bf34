"""Microsoft Graph's wire format over the stand-in's mailboxes: the calls this product makes, and faults on demand. For graph/sandbox.py."""

from __future__ import annotations

import re
from html import escape
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, RootModel

from graph.html_body import plain_text
from graph.mailboxes import Answer, Copy, GraphRefusal, Mailboxes
from graph.sandbox_delta import delta_page
from graph.sandbox_http import (
    FAULTS,
    MAILBOXES,
    MOST_AT_ONCE,
    MUTABLE,
    Action,
    Address,
    Fault,
    Faults,
    Moment,
    Wire,
    answer_zone,
    faults,
    immutable,
    in_zone,
    no_foreign_page,
    parsed,
    refusals,
    signed_in,
    throttle,
    utc,
)
from graph.sandbox_mail import send_mail
from graph.sandbox_schedule import Wanted, schedules
from graph.sandbox_store import Document
from graph.sandbox_subscriptions import NotificationFault, Subscriptions

_COLOUR = "auto"
_NEVER = "0001-01-01T00:00:00Z"
_ANSWERS: dict[str, Answer] = {"accept": "accepted", "tentativelyAccept": "tentativelyAccepted", "decline": "declined"}
_FILTER = re.compile(r"singleValueExtendedProperties/any\(ep: ?ep/id eq '(?P<id>(?:[^']|'')*)' and ep/value eq '(?P<value>(?:[^']|'')*)'\)")


class _Body(Wire):
    content: str = ""
    content_type: Annotated[str, Field(pattern="(?i)^(html|text)$")] = "text"


class _Location(Wire):
    display_name: str = ""


class _Attendee(Wire):
    type: Literal["required", "optional", "resource"] = "required"
    email_address: Address


class _Property(Wire):
    id: str
    value: str


class _Event(Wire):
    subject: str | None = None
    body: _Body | None = None
    start: Moment | None = None
    end: Moment | None = None
    location: _Location | None = None
    attendees: list[_Attendee] | None = None
    is_online_meeting: bool | None = None
    online_meeting_provider: str | None = None
    allow_new_time_proposals: bool | None = None
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
                found[name] = moment.document()
        if self.is_online_meeting is not None:
            found["online"] = self.is_online_meeting
        if self.allow_new_time_proposals is not None:
            found["proposals"] = self.allow_new_time_proposals
        if self.transaction_id is not None:
            found["transactionId"] = self.transaction_id
        if self.single_value_extended_properties is not None:
            found["properties"] = {one.id: one.value for one in self.single_value_extended_properties}
        return found


class _Calendar(Wire):
    color: str | None = None


class _Comment(Action):
    comment: str | None = None


class _Slot(Wire):
    start: Moment
    end: Moment


class _Answer(Action):
    comment: str | None = None
    send_response: bool | None = None
    proposed_new_time: _Slot | None = None

    def proposed(self) -> Document | None:
        slot = self.proposed_new_time
        return None if slot is None else {"start": slot.start.document(), "end": slot.end.document()}


class _Fault(RootModel[Fault | NotificationFault]):
    pass


SUBSCRIPTIONS = web.AppKey("subscriptions", Subscriptions)


def wire_app(mailboxes: Mailboxes, subscriptions: Subscriptions, most_at_once: int = MOST_AT_ONCE) -> web.Application:
    """The sub-application for `/graph`: `/v1.0/users/{user}/…`, `/v1.0/subscriptions` and `/sandbox/faults` (POST adds one, DELETE clears
    them)."""
    app = web.Application(
        middlewares=[refusals, no_foreign_page, signed_in, throttle(most_at_once), faults], client_max_size=4 * 1024 * 1024
    )
    app[MAILBOXES] = mailboxes
    app[FAULTS] = Faults()
    app[SUBSCRIPTIONS] = subscriptions
    # Before the stores of the whole application are closed.
    app.on_shutdown.append(subscriptions.close)
    user = "/v1.0/users/{user}"
    app.add_routes(
        [
            web.get(f"{user}/events", _list),
            web.post(f"{user}/events", _create),
            web.get(f"{user}/calendarView", _view),
            web.get(f"{user}/calendarView/{{delta:delta(?:\\(\\))?}}", _delta),
            web.get(f"{user}/calendar", _calendar),
            web.patch(f"{user}/calendar", _recolour),
            web.post(f"{user}/calendar/{{action:(?:microsoft\\.graph\\.)?getSchedule}}", _schedules),
            web.get(f"{user}/events/{{event}}", _read),
            web.patch(f"{user}/events/{{event}}", _change),
            web.delete(f"{user}/events/{{event}}", _delete),
            web.post(f"{user}/events/{{event}}/cancel", _cancel),
            web.post(f"{user}/events/{{event}}/{{answer:accept|tentativelyAccept|decline}}", _respond),
            web.post(f"{user}/{{action:(?:microsoft\\.graph\\.)?sendMail}}", send_mail),
            web.post("/v1.0/subscriptions", subscriptions.create),
            web.get("/v1.0/subscriptions", subscriptions.listed),
            web.get("/v1.0/subscriptions/{subscription}", subscriptions.read),
            web.patch("/v1.0/subscriptions/{subscription}", subscriptions.renew),
            web.delete("/v1.0/subscriptions/{subscription}", subscriptions.delete),
            web.post("/sandbox/faults", _add_fault),
            web.delete("/sandbox/faults", _clear_faults),
        ]
    )
    return app


async def _create(request: web.Request) -> web.Response:
    fields = (await parsed(request, _Event)).fields()
    copy = await request.app[MAILBOXES].create(request.match_info["user"], fields, str(request.url.origin()))
    return _event_response(request, copy, status=201)


async def _read(request: web.Request) -> web.Response:
    return _event_response(request, await request.app[MAILBOXES].find(request.match_info["user"], _event_id(request)))


async def _change(request: web.Request) -> web.Response:
    fields = (await parsed(request, _Event)).fields()
    copy = await request.app[MAILBOXES].change(
        request.match_info["user"], _event_id(request), fields, str(request.url.origin()), if_match=_if_match(request)
    )
    return _event_response(request, copy)


async def _delete(request: web.Request) -> web.Response:
    await request.app[MAILBOXES].remove(request.match_info["user"], _event_id(request), if_match=_if_match(request))
    return web.Response(status=204)


async def _cancel(request: web.Request) -> web.Response:
    comment = (await parsed(request, _Comment)).comment or ""
    await request.app[MAILBOXES].cancel(request.match_info["user"], _event_id(request), comment, if_match=_if_match(request))
    return web.Response(status=202)


async def _respond(request: web.Request) -> web.Response:
    response = _ANSWERS[request.match_info["answer"]]
    answer = await parsed(request, _Answer)
    if response == "accepted" and answer.proposed_new_time is not None:
        raise GraphRefusal(400, "ErrorInvalidRequest", "A new time is proposed by tentativelyAccept or decline.")
    await request.app[MAILBOXES].respond(
        request.match_info["user"],
        _event_id(request),
        response,
        answer.proposed(),
        comment=answer.comment or "",
        told=answer.send_response is not False,
    )
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
        start, end = (utc(request.query[name]) for name in ("startDateTime", "endDateTime"))
    except (KeyError, ValueError) as missing:
        raise GraphRefusal(400, "ErrorInvalidParameter", "startDateTime and endDateTime are required.") from missing
    copies = await request.app[MAILBOXES].copies(request.match_info["user"])
    return _events_response(request, [copy for copy in copies if copy.in_calendar and copy.starts < end and copy.ends > start])


async def _add_fault(request: web.Request) -> web.Response:
    fault = (await parsed(request, _Fault)).root
    if isinstance(fault, NotificationFault):
        await request.app[SUBSCRIPTIONS].meet(fault)
    else:
        request.app[FAULTS].add(fault)
    return web.Response(status=204)


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[FAULTS].clear()
    request.app[SUBSCRIPTIONS].clear()
    return web.Response(status=204)


async def _delta(request: web.Request) -> web.Response:
    name, applied = answer_zone(request)

    def shown(copy: Copy) -> Document:
        return event_document(request, copy, name)

    page = await delta_page(request, request.app[MAILBOXES], shown, lambda copy: _shown_id(request, copy))
    return web.json_response({"@odata.context": _context(request), **page}, headers=applied)


async def _calendar(request: web.Request) -> web.Response:
    owner = await request.app[MAILBOXES].person(request.match_info["user"])
    return web.json_response(
        {
            "@odata.context": f"{request.url.origin()}/graph/v1.0/$metadata#users/calendar",
            "id": "AAMkAGCalendar",
            "name": "Calendar",
            "color": _COLOUR,
            "isDefaultCalendar": True,
            "canEdit": True,
            "allowedOnlineMeetingProviders": ["teamsForBusiness"],
            "defaultOnlineMeetingProvider": "teamsForBusiness",
            "owner": _mail(owner),
        }
    )


async def _recolour(request: web.Request) -> web.Response:
    if (await parsed(request, _Calendar)).color not in {None, _COLOUR}:
        raise GraphRefusal(400, "ErrorInvalidRequest", "A calendar of this stand-in keeps its colour.")
    return await _calendar(request)


async def _schedules(request: web.Request) -> web.Response:
    name, applied = answer_zone(request)
    value = await schedules(request.app[MAILBOXES], await parsed(request, Wanted), name)
    return web.json_response({"@odata.context": _context(request), "value": value}, headers=applied)


def _event_response(request: web.Request, copy: Copy, *, status: int = 200) -> web.Response:
    name, applied = answer_zone(request)
    shown = _selected(request, event_document(request, copy, name))
    return web.json_response({"@odata.context": _context(request), **shown}, status=status, headers=applied)


def _events_response(request: web.Request, copies: list[Copy]) -> web.Response:
    name, applied = answer_zone(request)
    top = request.query.get("$top", "")
    shown = copies[: int(top)] if top.isdecimal() else copies
    value = [_selected(request, event_document(request, copy, name)) for copy in shown]
    return web.json_response({"@odata.context": _context(request), "value": value}, headers=applied)


def event_document(request: web.Request, copy: Copy, zone_name: str) -> Document:
    meeting, organiser = copy.meeting, copy.meeting["organizer"]
    event: Document = {
        "@odata.etag": copy.etag,
        "id": _shown_id(request, copy),
        "createdDateTime": meeting["created"],
        "lastModifiedDateTime": meeting["changed"],
        "changeKey": copy.change_key,
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
        "showAs": copy.shown_as,
        "type": "singleInstance",
        "webLink": f"{request.url.origin()}/sandbox",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": meeting["online"],
        "onlineMeetingProvider": "teamsForBusiness" if meeting["online"] else "unknown",
        "allowNewTimeProposals": meeting.get("proposals", True),
        "isDraft": False,
        "hideAttendees": False,
        "recurrence": None,
        "onlineMeeting": {"joinUrl": meeting["joinUrl"]} if meeting["online"] else None,
        "responseStatus": _status("notResponded" if copy.response == "none" else copy.response, copy.owner.get("time")),
        "body": {"contentType": "html", "content": meeting["content"]},
        "start": in_zone(meeting["start"], zone_name),
        "end": in_zone(meeting["end"], zone_name),
        "location": {"displayName": meeting["location"], "locationType": "default", "uniqueIdType": "unknown"},
        "attendees": [_attendee(one, zone_name) for one in copy.attendees],
        "organizer": {"emailAddress": _mail(organiser)},
    }
    if meeting["transactionId"] and copy.is_organiser:
        event["transactionId"] = meeting["transactionId"]
    return event


def _shown_id(request: web.Request, copy: Copy) -> str:
    return copy.id if immutable(request) else MUTABLE + copy.id


def _attendee(one: Document, zone_name: str) -> Document:
    shown: Document = {"type": one["type"], "status": _status(one["response"], one["time"]), "emailAddress": _mail(one)}
    if proposed := one.get("proposed"):
        shown["proposedNewTime"] = {name: in_zone(proposed[name], zone_name) for name in ("start", "end")}
    return shown


def _status(response: str, time: str | None) -> Document:
    return {"response": response, "time": time or _NEVER}


def _mail(holder: Document) -> Document:
    return {"name": holder["name"], "address": holder["address"]}


def _selected(request: web.Request, event: Document) -> Document:
    names = request.query.get("$select")
    if not names:
        return event
    wanted = {"@odata.etag", "id", *names.split(",")}
    return {name: value for name, value in event.items() if name in wanted}


def _context(request: web.Request) -> str:
    return f"{request.url.origin()}/graph/v1.0/$metadata#users/events"


def _if_match(request: web.Request) -> str:
    return request.headers.get("If-Match", "")


def _event_id(request: web.Request) -> str:
    # The two kinds of id do not mix here, so that a call without the header is found out at once.
    event_id = request.match_info["event"]
    return event_id if immutable(request) else event_id.removeprefix(MUTABLE)
