"""The port `Answers` over Microsoft Graph: what changed in the organiser's calendar, by `calendarView/delta`, and subscriptions that say
when to look (https://learn.microsoft.com/graph/delta-query-events, https://learn.microsoft.com/graph/change-notifications-overview)."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.event import Event as GraphEvent
from msgraph.generated.models.response_type import ResponseType
from msgraph.generated.models.subscription import Subscription as GraphSubscription
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.graph_service_client import GraphServiceClient

from graph.calendar import digest, found_in
from graph.failures import DEADLINE, code_of, mailbox_call
from graph.limits import MailboxLimit
from meetings.model import Response
from meetings.ports import CalendarFailure, Changes, EventChange, Reply, Subscription

# Meetings are planned a year ahead; the range is fixed in the link.
AHEAD = timedelta(days=400)
# A calendar that goes on for ever is a fault of the other side, not ours to follow.
MOST_PAGES = 2_000
_PREFER = 'outlook.timezone="UTC", odata.maxpagesize=50'
# A link that is too old: https://learn.microsoft.com/graph/delta-query-overview#token-duration
_EXPIRED = {"syncstatenotfound", "syncstateinvalid", "resyncrequired"}
_RESPONSES = {
    ResponseType.Accepted: Response.ACCEPTED,
    ResponseType.TentativelyAccepted: Response.TENTATIVE,
    ResponseType.Declined: Response.DECLINED,
}


class GraphAnswers:
    """The calendar of `organiser`. `limit` is that mailbox's one limit, shared with whatever else calls it. Nothing is retried here."""

    def __init__(self, client: GraphServiceClient, organiser: str, limit: MailboxLimit, *, deadline: float = DEADLINE) -> None:
        self._delta = client.users.by_user_id(organiser).calendar_view.delta
        self._subscriptions = client.subscriptions
        self._resource = f"users/{organiser}/events"
        self._deadline = deadline
        self._limit = limit

    async def read(self, link: str, today: date) -> Changes:
        if link:
            try:
                return await self._follow(self._delta.with_url(link), None, None)
            except CalendarFailure as failure:
                if not _is_expired(failure):
                    raise
        until = today + AHEAD
        between = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
            start_date_time=_midnight(today - timedelta(days=1)), end_date_time=_midnight(until)
        )
        return await self._follow(self._delta, between, until)

    async def _follow(
        self, page: DeltaRequestBuilder, between: DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters | None, until: date | None
    ) -> Changes:
        """Page by page to the link for the next time. A page may be empty and still lead on."""
        events: dict[str, EventChange] = {}
        for _ in range(MOST_PAGES):
            # The preferences hold for one request each, also of a link that was given.
            asked = RequestConfiguration(headers=HeadersCollection({"Prefer": _PREFER}), query_parameters=between)
            async with self._call():
                answer = await page.get(asked)
            for event in (answer and answer.value) or []:
                if event.id:
                    events[event.id] = _change(event.id, event)
            if answer and answer.odata_delta_link:
                return Changes(tuple(events.values()), answer.odata_delta_link, until)
            if not (answer and answer.odata_next_link):
                raise CalendarFailure("a page without a link", transient=True)
            page, between = self._delta.with_url(answer.odata_next_link), None
        raise CalendarFailure("too many pages", transient=True)

    async def subscribe(self, address: str, client_state: str, until: datetime) -> Subscription:
        wanted = GraphSubscription(
            change_type="updated,deleted",
            notification_url=address,
            lifecycle_notification_url=address,
            resource=self._resource,
            expiration_date_time=until,
            client_state=client_state,
        )
        async with self._call():
            return _granted(await self._subscriptions.post(wanted))

    async def renew(self, subscription_id: str, until: datetime) -> Subscription:
        async with self._call(of_event=True):
            kept = self._subscriptions.by_subscription_id(subscription_id)
            return _granted(await kept.patch(GraphSubscription(expiration_date_time=until)))

    def _call(self, *, of_event: bool = False) -> AbstractAsyncContextManager[None]:
        return mailbox_call(self._limit, self._deadline, of_event=of_event)


def _is_expired(failure: CalendarFailure) -> bool:
    cause = failure.__cause__
    return getattr(cause, "response_status_code", 0) == 410 or code_of(cause).casefold() in _EXPIRED


def _granted(kept: GraphSubscription | None) -> Subscription:
    if kept is None or not kept.id or kept.expiration_date_time is None:
        raise CalendarFailure("no subscription in the answer", transient=True)
    return Subscription(kept.id, kept.expiration_date_time.astimezone(UTC))


def _change(event_id: str, event: GraphEvent) -> EventChange:
    if "@removed" in (event.additional_data or {}):
        return EventChange(event_id, removed=True)
    replies = tuple(reply for attendee in event.attendees or [] if (reply := _reply(attendee, event)))
    return EventChange(event_id, seen=_seen(event), replies=replies, made_at=event.created_date_time, start=_instant(event.start))


def _seen(event: GraphEvent) -> str:
    """A delta may tell only what changed; a part that is not told is not an empty one."""
    found = found_in(event)
    if found is None or event.subject is None or event.location is None or not (_in_utc(event.start) and _in_utc(event.end)):
        return ""
    return digest(found.subject, found.start, found.end, found.place, "UTC")


def _reply(attendee: Attendee, event: GraphEvent) -> Reply | None:
    response = _RESPONSES.get(attendee.status.response) if attendee.status and attendee.status.response else None
    address = attendee.email_address.address if attendee.email_address else None
    if response is None or not address:
        return None
    at = attendee.status.time if attendee.status else None
    # Exchange writes the year 1 where it does not know. Then the answer counts until another one is known: the event's own last change
    # may be anybody's, and must not make an old answer new.
    if at is None or at.year == 1:
        at = event.created_date_time or datetime.fromtimestamp(0, UTC)
    other = attendee.proposed_new_time
    start, end = (_instant(other.start), _instant(other.end)) if other else (None, None)
    return Reply(address, response, at.astimezone(UTC), start, end)


def _instant(moment: DateTimeTimeZone | None) -> datetime | None:
    return datetime.fromisoformat(moment.date_time[:19]).replace(tzinfo=UTC) if moment and moment.date_time and _in_utc(moment) else None


def _in_utc(moment: DateTimeTimeZone | None) -> bool:
    """As we asked for; another zone would be a name of Windows, which nothing here reads."""
    return moment is not None and moment.time_zone in {None, "UTC"}


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
