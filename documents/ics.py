"""A meeting as an iCalendar file (RFC 5545), for people whose calendar is not Exchange."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from meetings.ports import Event as MeetingEvent


def calendar_file(event: MeetingEvent, uid: str, stamp: datetime, organiser: str, join_url: str = "") -> bytes:
    """The event as PUBLISH (RFC 5546, 3.2.1): news of an event, not an invitation, as Exchange invites. `uid` is the event's own, so that
    no calendar has it twice; `organiser` the address of the mailbox that invites. Without a SEQUENCE, so that Exchange's own, which
    counts from nought, is never the older one; of our own files the one with the newest `stamp` counts."""
    zone = ZoneInfo(event.zone)
    entry = Event()
    entry.add("uid", uid)
    entry.add("dtstamp", stamp)
    if "@" in organiser:
        entry.add("organizer", f"mailto:{organiser}")
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
