"""The port `Calendar` over Microsoft Graph: one organiser's mailbox (https://learn.microsoft.com/graph/api/resources/event)."""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.attendee_type import AttendeeType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event as GraphEvent
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.location import Location
from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder
from msgraph.graph_service_client import GraphServiceClient

from graph.failures import DEADLINE, code_of, mailbox_call
from graph.html_body import same_text, split_join_block
from graph.limits import MailboxLimit
from graph.reading import EventRead, EventWritten, ask
from meetings.ports import CalendarFailure, Event, EventEdited, EventFound, EventState, Invitee

# Our own name for the event, findable when a repeated create is refused because the meeting has changed in between.
KEY_PROPERTY = "String {6f1d0c52-9a4e-4c3b-8f53-2f6a7f0f5d11} Name PykalaKey"
_READ = ["id", "iCalUId", "subject", "body", "start", "end", "location", "attendees", "organizer", "isOnlineMeeting", "onlineMeeting"]
# Exchange itself fills an empty place of an online meeting with words that begin so in every language.
_TEAMS_PLACE = "Microsoft Teams"


class GraphCalendar:
    """The calendar of `organiser` (address or object id of the mailbox). Failures are `CalendarFailure`; nothing is retried here."""

    def __init__(
        self, client: GraphServiceClient, organiser: str, *, deadline: float = DEADLINE, limit: MailboxLimit | None = None
    ) -> None:
        self._client = client
        self._user = client.users.by_user_id(organiser)
        self._organiser = organiser.casefold()
        self._deadline = deadline
        self._limit = limit or MailboxLimit()

    def seen(self, event: Event) -> str:
        return digest(event.subject, _naive(event.start), _naive(event.end), event.place, event.zone)

    async def create(self, event: Event) -> EventState:
        """Create the event and invite everybody. The same key again gives the first event back, brought up to date."""
        try:
            async with self._call(of_event=False):
                post = self._user.events.to_post_request_information(self._new(event), _in_zone(event.zone))
                made = await ask(self._client, post, EventWritten)
                return _state(event, made)
        except CalendarFailure as failure:
            # The key was used for this meeting with other contents: the first answer was lost and the meeting has changed since.
            if code_of(failure.__cause__) != "ErrorDuplicateTransactionId":
                raise
        async with self._call(of_event=False):
            known = await self._find(event.key)
        if known is None:
            raise CalendarFailure("ErrorDuplicateTransactionId")
        return await self.update(known, event)

    async def update(self, event_id: str, event: Event, seen: str = "") -> EventState:
        """Make the event as given. Only what differs is sent, so only those are told whom it concerns; the Teams join block stays."""
        try:
            return await self._update(event_id, event, seen)
        except CalendarFailure as failure:
            # Somebody wrote between our reading and our writing. Once more, for then it may be told as an edit; after that it waits.
            if not isinstance(failure.__cause__, APIError) or failure.__cause__.response_status_code not in {409, 412}:
                raise
        return await self._update(event_id, event, seen)

    async def _update(self, event_id: str, event: Event, seen: str) -> EventState:
        current = await self._read(event_id, event.zone)
        changes = self._changes(current, event)
        if changes is None:
            return _state(event, current)
        _check_unedited(current, event, seen)
        asked = _in_zone(event.zone)
        if etag := (current.additional_data or {}).get("@odata.etag"):
            asked.headers.add("If-Match", str(etag))
        async with self._call(of_event=True):
            patch = self._user.events.by_event_id(event_id).to_patch_request_information(changes, asked)
            return _state(event, await ask(self._client, patch, EventWritten), current)

    async def _read(self, event_id: str, zone: str) -> GraphEvent:
        async with self._call(of_event=True):
            query = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(select=_READ)
            asked = RequestConfiguration(headers=_in_zone(zone).headers, query_parameters=query)
            found = await ask(self._client, self._user.events.by_event_id(event_id).to_get_request_information(asked), EventRead)
        if found is None or not found.id:
            raise CalendarFailure("no event in the answer", transient=True)
        return found

    async def cancel(self, event_id: str, reason: str) -> None:
        """Cancel the event and tell the attendees why; an event that is already gone is done."""
        try:
            async with self._call(of_event=True):
                await self._user.events.by_event_id(event_id).cancel.post(CancelPostRequestBody(comment=reason))
        except CalendarFailure as failure:
            if not failure.gone:
                raise

    def _new(self, event: Event) -> GraphEvent:
        made = GraphEvent(
            transaction_id=event.key,
            subject=event.subject,
            body=ItemBody(content_type=BodyType.Html, content=event.html),
            start=_moment(event.start, event.zone),
            end=_moment(event.end, event.zone),
            attendees=[_attendee(invitee) for invitee in self._invited(event)],
            single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=KEY_PROPERTY, value=event.key)],
        )
        if event.place:
            made.location = Location(display_name=event.place)
        if event.online:
            _go_online(made)
        return made

    def _changes(self, current: GraphEvent, event: Event) -> GraphEvent | None:
        # A fresh object: one that came from GET would send back everything that was read.
        changes = GraphEvent()
        changed = False
        if (current.subject or "") != event.subject:
            changes.subject, changed = event.subject, True
        if (_wall_clock(current.start), _wall_clock(current.end)) != (_naive(event.start), _naive(event.end)):
            changes.start, changes.end, changed = _moment(event.start, event.zone), _moment(event.end, event.zone), True
        if _place(current) != event.place:
            changes.location, changed = Location(display_name=event.place), True
        if event.online and not current.is_online_meeting:
            _go_online(changes)
            changed = True
        own, block = split_join_block((current.body and current.body.content) or "", _join_url(current))
        if not same_text(own, event.html):
            changes.body, changed = ItemBody(content_type=BodyType.Html, content=event.html + block), True
        attendees = self._attendees(current, event)
        if attendees is not None:
            changes.attendees, changed = attendees, True
        return changes if changed else None

    def _attendees(self, current: GraphEvent, event: Event) -> list[Attendee] | None:
        organiser = {self._organiser, _address(current.organizer.email_address if current.organizer else None)}
        there = [one for one in current.attendees or [] if _address(one.email_address) not in organiser]
        invited = [one for one in self._invited(event) if one.email.casefold() not in organiser]
        wanted = {(one.email.casefold(), _type(one)) for one in invited}
        ours = event.ours | {address for address, _ in wanted}
        # A room that the secretary booked in Outlook, or a guest invited there, is not ours to send away.
        guests = [one for one in there if one.type is AttendeeType.Resource or _address(one.email_address) not in ours]
        if {(_address(one.email_address), one.type) for one in there if one not in guests} == wanted:
            return None
        return [_attendee(one) for one in invited] + [Attendee(type=one.type, email_address=_copy(one.email_address)) for one in guests]

    def _invited(self, event: Event) -> list[Invitee]:
        """Each address once, and never the organiser, whom Exchange adds itself."""
        once = {invitee.email.casefold(): invitee for invitee in reversed(event.invitees)}
        return [one for key, one in reversed(once.items()) if key != self._organiser]

    async def made(self, key: str) -> str:
        async with self._call(of_event=False):
            return await self._find(key) or ""

    async def _find(self, key: str) -> str | None:
        quoted = key.replace("'", "''")
        query = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(
            select=["id"], filter=f"singleValueExtendedProperties/any(ep: ep/id eq '{KEY_PROPERTY}' and ep/value eq '{quoted}')"
        )
        found = await self._user.events.get(RequestConfiguration(query_parameters=query))
        return next((one.id for one in (found and found.value) or [] if one.id), None)

    def _call(self, *, of_event: bool) -> AbstractAsyncContextManager[None]:
        return mailbox_call(self._limit, self._deadline, of_event=of_event)


def _in_zone(zone: str) -> RequestConfiguration[Any]:
    """The answer's times in this zone."""
    return RequestConfiguration(headers=HeadersCollection({"Prefer": f'outlook.timezone="{zone}"'}))


def _state(wanted: Event, event: GraphEvent | None, before: GraphEvent | None = None) -> EventState:
    """What is kept of the answer. What Exchange made of our words counts as written, so that its tidying up is nobody's edit."""
    known = event if event is not None and event.id else before
    if known is None or not known.id:
        raise CalendarFailure("no event in the answer", transient=True)
    found = found_in(event) if event is not None and event.id else None
    written = found or EventFound(wanted.subject, _naive(wanted.start), _naive(wanted.end), wanted.place)
    seen = digest(written.subject, written.start, written.end, written.place, wanted.zone)
    return EventState(known.id, _join_url(known), known.i_cal_u_id or (before.i_cal_u_id if before else None) or "", seen)


def found_in(event: GraphEvent) -> EventFound | None:
    start, end = _wall_clock(event.start), _wall_clock(event.end)
    return EventFound(event.subject or "", start, end, _place(event)) if start and end else None


def _check_unedited(current: GraphEvent, event: Event, seen: str) -> None:
    found = found_in(current)
    if not seen or found is None:
        return
    wanted = EventFound(event.subject, _naive(event.start), _naive(event.end), event.place)
    if found != wanted and digest(found.subject, found.start, found.end, found.place, event.zone) not in seen.split():
        raise EventEdited(found)


def digest(subject: str, start: datetime, end: datetime, place: str, zone: str) -> str:
    """Of instants and not of wall-clocks: a body that changes its zone has not edited its events."""
    moments = [moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).isoformat() for moment in (start, end)]
    parts = [" ".join(subject.split()), *moments, " ".join(place.split())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _join_url(event: GraphEvent) -> str:
    return (event.online_meeting.join_url if event.online_meeting else None) or ""


def _go_online(event: GraphEvent) -> None:
    event.is_online_meeting = True
    event.online_meeting_provider = OnlineMeetingProviderType.TeamsForBusiness


def _place(event: GraphEvent) -> str:
    place = (event.location.display_name if event.location else None) or ""
    return "" if event.is_online_meeting and place.startswith(_TEAMS_PLACE) else place


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None, microsecond=0)


def _moment(moment: datetime, zone: str) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=_naive(moment).isoformat(), time_zone=zone)


def _wall_clock(moment: DateTimeTimeZone | None) -> datetime | None:
    # Graph writes seven decimals, one more than Python reads.
    return datetime.fromisoformat(moment.date_time[:19]) if moment and moment.date_time else None


def _type(invitee: Invitee) -> AttendeeType:
    return AttendeeType.Required if invitee.required else AttendeeType.Optional


def _attendee(invitee: Invitee) -> Attendee:
    return Attendee(type=_type(invitee), email_address=EmailAddress(name=invitee.name, address=invitee.email))


def _address(address: EmailAddress | None) -> str:
    return ((address.address if address else None) or "").casefold()


def _copy(address: EmailAddress | None) -> EmailAddress:
    return EmailAddress(name=address.name if address else None, address=address.address if address else None)
