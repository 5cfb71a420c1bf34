"""A meeting as an iCalendar file (RFC 5545), for people whose calendar is not Exchange."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from meetings.ports import Event as MeetingEvent


def calendar_file(event: MeetingEvent, uid: str, sequence: int, stamp: datetime, join_url: str = "") -> bytes:
    """The event as PUBLISH: news of an event, not an invitation, as Exchange invites. `uid` is the event's own, so that no calendar
    has it twice."""
    zone = ZoneInfo(event.zone)
    entry = Event()
    entry.add("uid", uid)
    entry.add("sequence", sequence)
    entry.add("dtstamp", stamp)
    entry.add("summary", event.subject)
    entry.add("dtstart", event.start.replace(tzinfo=zone))
    entry.add("dtend", event.end.replace(tzinfo=zone))
    if place := event.place or join_url:
        entry["location"] = vText(place)
    if join_url:
        entry.add("url", join_url)
        entry.add("description", join_url)
    calendar = Calendar()
    calendar.add("prodid", "-//Pykala//")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
