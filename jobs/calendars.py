"""The meeting in the organiser's calendar: one event a meeting, made equal to the meeting of the moment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import Protocol

from meetings import effects as e
from meetings.model import Body, Document, EventTrouble, Meeting, Phase
from meetings.ports import Calendar, CalendarFailure, Event, EventEdited, EventFound, EventState, Invitee
from meetings.rules.answers import BEFORE, invited
from meetings.rules.numbering import in_order
from storage.database import Storage
from storage.transaction import Transaction
from texts import format_date, format_times, t

EVENT_HOURS = 2


class Address(Protocol):
    """The signed address of a document; the same document at the same moment is the same address."""

    def __call__(self, document_id: str, at: datetime | None = None, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Links:
    """What the bot's own addresses are made of: of a document where many see it, of one for a person's own use (their id after its), and
    of a person's own pages (kind of page, ids with the person's first, expiry)."""

    base: str
    document: Address
    own: Callable[[str, str], str]
    personal: Callable[[str, tuple[str, ...], datetime], str]


class Calendars:
    """What the effects of the calendar do; each is harmless when run twice."""

    def __init__(self, storage: Storage, calendar: Calendar, address: Address) -> None:
        self._storage = storage
        self._calendar = calendar
        self._address = address

    async def sync_event(self, effect: e.SyncEvent) -> str:
        """One event a meeting; a cancelled meeting's event is cancelled. One that somebody deleted or changed in Outlook is left alone, and
        the secretary asked, once."""
        meeting, event = await self._storage.read(lambda tx: _event(tx, effect.meeting_id, self._address))
        if meeting.phase is Phase.CANCELLED:
            # An event whose making was not answered is there all the same.
            lost = await self._calendar.made(_key(meeting)) if _key(meeting) else ""
            for event_id in filter(None, (meeting.event_id, lost)):
                await self._calendar.cancel(event_id, meeting.cancel_reason)
            return meeting.event_id
        if not event.invitees:
            return "nobody to invite"
        ours = meeting.event_trouble is EventTrouble.OURS
        if meeting.event_id:
            seen = "" if ours else await self._about_to_write(meeting, self._calendar.seen(event))
            try:
                state = await self._calendar.update(meeting.event_id, event, seen)
            except EventEdited as edited:
                found = edited.found
                await self._storage.run(lambda tx: _ask(tx, meeting.id, EventTrouble.EDITED, found))
                return "edited in Outlook"
            except CalendarFailure as failure:
                if not failure.gone:
                    raise
                if not ours:
                    await self._storage.run(lambda tx: _ask(tx, meeting.id, EventTrouble.GONE))
                    return "deleted in Outlook"
                state = await self._calendar.create(replace(event, key=_key(meeting)))
        else:
            state = await self._calendar.create(event)
        if meeting.event_trouble or state != _known(meeting):
            await self._storage.run(lambda tx: _keep_event(tx, meeting.id, state))
        return state.event_id

    async def _about_to_write(self, meeting: Meeting, digest: str) -> str:
        """The digests that are ours. Noted before writing: when the answer is lost, it must not look like an edit."""
        seen = meeting.event_seen.split()
        if not seen or digest in seen:
            return meeting.event_seen
        noted = replace(_known(meeting), seen=" ".join([*seen, digest]))
        await self._storage.run(lambda tx: tx.note_event(meeting.id, noted, meeting.event_trouble))
        return noted.seen


def _event(tx: Transaction, meeting_id: str, address: Address) -> tuple[Meeting, Event]:
    meeting = tx.meeting(meeting_id)
    body = tx.body(meeting.body_id)
    required, optional = invited(body, meeting)
    known = {one.person_id for one in body.holdings} | {one.person_id for one in body.experts}
    people = tx.people(required | optional | known)
    invitees = tuple(
        Invitee(people[person_id].name, people[person_id].email, person_id in required)
        for person_id in sorted(required | optional, key=lambda one: people[one].name if one in people else "")
        if person_id in people and people[person_id].email
    )
    start = datetime.combine(meeting.day, meeting.start)
    end = datetime.combine(meeting.day, meeting.end) if meeting.end else start + timedelta(hours=EVENT_HOURS)
    subject = t(body.language, "calendar.subject", body=body.name, number=meeting.designation)
    agenda = next((one for one in tx.documents(meeting.id) if (one.kind, one.format) == ("agenda", "pdf")), None)
    return meeting, Event(
        key=meeting.id,
        subject=subject,
        html=_invitation(body, meeting, agenda, address),
        start=start,
        end=end,
        zone=body.zone,
        place=meeting.place,
        online=meeting.online,
        invitees=invitees,
        ours=frozenset(person.email.casefold() for person in people.values() if person.email),
    )


def _invitation(body: Body, meeting: Meeting, agenda: Document | None, address: Address) -> str:
    language = body.language
    when = f"{format_date(language, meeting.day, weekday=True)} {format_times(language, meeting.start, meeting.end)}"
    parts = [f"<p>{escape(t(language, 'calendar.invited', body=body.name, number=meeting.designation, when=when))}</p>"]
    # Items and link come together when the document is there: each change of the text is a mail to everybody.
    if meeting.published_at and agenda:
        items = "".join(f"<li>§ {item.section} {escape(item.title)}</li>" for item in in_order(meeting))
        # Our own link and not the channel's file: a called deputy need not be of the team, and it is there at once and stays the same.
        link = escape(address(agenda.id, meeting.published_at))
        parts.append(f"<p>{escape(t(language, 'calendar.agenda'))}</p><ul>{items}</ul>")
        parts.append(f'<p><a href="{link}">{escape(t(language, "calendar.agenda_file"))}</a></p>')
    return "".join(parts)


def _key(meeting: Meeting) -> str:
    """The key of the event that is to be made, or may just have been: the meeting's first, or one in place of the deleted. "": none is."""
    if not meeting.event_id:
        return meeting.id
    return f"{meeting.id}:{meeting.event_id}" if meeting.event_trouble is EventTrouble.OURS else ""


def _known(meeting: Meeting) -> EventState:
    return EventState(meeting.event_id, meeting.join_url, meeting.event_uid, meeting.event_seen)


def _ask(tx: Transaction, meeting_id: str, trouble: EventTrouble, found: EventFound | None = None) -> None:
    """The secretary decides which is right; until then, or until the two are alike again, nothing is written there. Once the meeting has
    been opened, its invitation is nobody's concern."""
    meeting = tx.meeting(meeting_id)
    told = f"{trouble}:{meeting.id}:{hashlib.sha256(repr((meeting.event_id, found)).encode()).hexdigest()[:16]}"
    if meeting.phase not in BEFORE or (meeting.event_trouble is trouble and tx.was_written(f"tell:{told}")):
        return
    body = tx.body(meeting.body_id)
    params: tuple[tuple[str, str], ...] = (("number", meeting.designation),)
    if found is not None:
        times = format_times(body.language, found.start.time(), found.end.time())
        when = f"{format_date(body.language, found.start.date(), weekday=True)} {times}"
        params = (*params, ("subject", found.subject), ("when", when), ("place", found.place or "–"))
    tx.note_event(meeting_id, _known(meeting), trouble)
    tx.later(e.Tell(told, body.secretary_id, f"event_{trouble}", params, body.id, meeting.id))


def _keep_event(tx: Transaction, meeting_id: str, state: EventState) -> None:
    tx.note_event(meeting_id, state)
    tx.later(e.RefreshBoard(meeting_id, "meeting"))
