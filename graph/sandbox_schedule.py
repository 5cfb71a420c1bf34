"""`getSchedule` of the stand-in: when the people of the mailboxes are free or busy. For graph/sandbox_wire.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from graph.mailboxes import Copy, GraphRefusal, Mailboxes, instant
from graph.sandbox_http import Action, Moment, in_zone
from graph.sandbox_store import Document

# https://learn.microsoft.com/graph/outlook-get-free-busy-schedule
MOST_SCHEDULES = 20
LONGEST = timedelta(days=62)
_LEVEL = {"free": "0", "tentative": "1", "busy": "2"}


class Wanted(Action):
    """The body of the call."""

    schedules: Annotated[list[str], Field(min_length=1)]
    start_time: Moment
    end_time: Moment
    availability_view_interval: Annotated[int, Field(ge=5, le=1440)] = 30


async def schedules(mailboxes: Mailboxes, wanted: Wanted, zone_name: str) -> list[Document]:
    """One for each address asked for, in that order. An address without a mailbox gets an `error` of its own."""
    try:
        start, end = instant(wanted.start_time.document()), instant(wanted.end_time.document())
    except ValueError as unreadable:
        raise GraphRefusal(400, "ErrorInvalidRequest", "A dateTime is not valid.") from unreadable
    if len(wanted.schedules) > MOST_SCHEDULES:
        raise GraphRefusal(400, "ErrorTooManyMailboxes", f"At most {MOST_SCHEDULES} schedules can be asked for at once.")
    if end <= start or end - start >= LONGEST:
        raise GraphRefusal(
            400, "ErrorInvalidTimeInterval", "The requested time duration specified for FreeBusyViewOptions.TimeWindow is invalid."
        )
    step = timedelta(minutes=wanted.availability_view_interval)
    found: list[Document] = []
    for address in wanted.schedules:
        if not await mailboxes.is_known(address):
            found.append(_unknown(address))
            continue
        copies = [copy for copy in await mailboxes.copies(address) if copy.in_calendar and copy.starts < end and copy.ends > start]
        found.append(
            {
                "scheduleId": address,
                "availabilityView": _view(copies, start, end, step),
                "scheduleItems": [_item(copy, zone_name) for copy in copies if copy.shown_as != "free"],
            }
        )
    return found


def _view(copies: list[Copy], start: datetime, end: datetime, step: timedelta) -> str:
    view = ""
    while start < end:
        until = start + step
        view += max((_LEVEL[copy.shown_as] for copy in copies if copy.starts < until and copy.ends > start), default="0")
        start = until
    return view


def _item(copy: Copy, zone_name: str) -> Document:
    times = {name: _written(moment, zone_name) for name, moment in (("start", copy.starts), ("end", copy.ends))}
    return {"isPrivate": False, "status": copy.shown_as, "subject": copy.meeting["subject"], "location": copy.meeting["location"], **times}


def _written(moment: datetime, zone_name: str) -> Document:
    return in_zone({"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}, zone_name)


def _unknown(address: str) -> Document:
    message = f"Unable to resolve e-mail address {address} to an Active Directory object."
    return {"scheduleId": address, "error": {"message": message, "responseCode": "ErrorMailRecipientNotFound"}}
