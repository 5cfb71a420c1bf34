"""The mailboxes of the stand-in: meetings, each attendee's copy of them, answers and cancellations, kept as documents in a store."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal, Protocol
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from babel.core import get_global

from graph.html_body import document, inner
from graph.sandbox_post import Post
from graph.sandbox_store import Document, SandboxStore
from texts import t

Answer = Literal["accepted", "tentativelyAccepted", "declined"]
KIND = "meeting"
ORGANISER = 0
TEAMS_PLACE = "Microsoft Teams Meeting"
MOST_ATTENDEES = 500
_ID_PREFIX = "AAkALgAAAAAAHYQDEapm"
_JOIN_CLASS = "me-email-text"


class GraphRefusal(Exception):
    """What Graph says no with: an HTTP status and an error code; the message is for developers, as Graph's own."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Directory(Protocol):
    """What is known of people and channels from elsewhere."""

    async def name_of(self, address: str) -> str | None: ...

    async def people(self) -> Mapping[str, str]:
        """Address → name."""

    async def channels(self) -> Mapping[str, str]:
        """A channel's id → a name that people know it by."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with a mailbox here. `organises`: has invited others."""

    name: str
    address: str
    organises: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """One mailbox's copy of a meeting. `place` 0 is the organiser's, n the n-th attendee's."""

    meeting: Document
    place: int

    @property
    def id(self) -> str:
        """Opaque, url-safe, the same for the life of the copy."""
        return _ID_PREFIX + base64.urlsafe_b64encode(UUID(self.meeting["id"]).bytes + self.place.to_bytes(2, "big")).decode()

    @property
    def is_organiser(self) -> bool:
        return self.place == ORGANISER

    @property
    def owner(self) -> Document:
        holder: Document = self.meeting["organizer"] if self.is_organiser else self.meeting["attendees"][self.place - 1]
        return holder

    @property
    def cancelled(self) -> bool:
        return bool(self.meeting["cancelled"] or self.owner.get("uninvited"))

    @property
    def response(self) -> str:
        return "organizer" if self.is_organiser else str(self.owner["response"])

    @property
    def shown_as(self) -> str:
        if self.cancelled or self.response == "declined":
            return "free"
        return "busy" if self.response in {"organizer", "accepted"} else "tentative"

    @property
    def in_calendar(self) -> bool:
        """Whether Graph still answers for it: a cancelled meeting leaves the organiser's calendar, a removed copy its owner's."""
        return not (self.owner.get("removed") or (self.is_organiser and self.cancelled))

    @property
    def attendees(self) -> list[Document]:
        return [one for one in self.meeting["attendees"] if not one.get("uninvited")]

    @property
    def etag(self) -> str:
        """Another one after every change."""
        return f'W/"{self.change_key}"'

    @property
    def change_key(self) -> str:
        return f"{self.meeting['id'][:8]}{self.meeting['version']:08d}"

    @property
    def changed_at(self) -> int:
        """The change that touched it last, counted over all mailboxes."""
        return int(self.meeting.get("sequence", 0))

    @property
    def starts(self) -> datetime:
        return instant(self.meeting["start"])

    @property
    def ends(self) -> datetime:
        return instant(self.meeting["end"])


@dataclass(frozen=True, slots=True)
class Change:
    """What has happened to one mailbox's copy of a meeting, by anybody."""

    kind: Literal["created", "updated", "deleted"]
    copy: Copy

    @property
    def mailbox(self) -> str:
        return str(self.copy.owner["address"])


class Mailboxes:
    """All mailboxes of the stand-in. One process, one lock: each change is read, made and put as one document."""

    def __init__(
        self,
        store: SandboxStore,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        language: str = "fi",
        directory: Directory | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._now = now
        self._language = language
        self._lock = asyncio.Lock()
        self._changes: int | None = None
        self.post = Post(store, now)
        # Each is called with what a change has done, as soon as it is stored.
        self.listeners: list[Callable[[Sequence[Change]], None]] = []

    @property
    def now(self) -> datetime:
        return self._now()

    async def create(self, mailbox: str, fields: Mapping[str, Any], origin: str) -> Copy:
        """A meeting from the fields of a POST. The same transactionId with the same fields gives the first one back.

        With other fields it is refused with ErrorDuplicateTransactionId, as Exchange does. `origin` is where join links lead.
        """
        _known_user(mailbox)
        async with self._lock:
            fingerprint = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
            uid, known = await self._place_for(mailbox, fields.get("transactionId"))
            if known is not None:
                if known["fingerprint"] != fingerprint:
                    raise GraphRefusal(
                        409, "ErrorDuplicateTransactionId", "The TransactionId has already been used to create a different event."
                    )
                return Copy(known, ORGANISER)
            moment = _stamp(self._now())
            meeting: Document = {
                "id": uid.hex,
                "fingerprint": fingerprint,
                "transactionId": fields.get("transactionId"),
                "properties": fields.get("properties", {}),
                "organizer": {"name": await self._name(mailbox), "address": mailbox},
                "subject": "",
                "content": "",
                "location": "",
                "online": False,
                "joinUrl": "",
                "cancelled": False,
                "comment": "",
                "attendees": [],
                "created": moment,
                "changed": moment,
                "version": 0,
            }
            _check_times(fields.get("start"), fields.get("end"))
            self._apply(meeting, fields, origin)
            await self._put(meeting)
            await self.post.event_changed(None, meeting)
            return Copy(meeting, ORGANISER)

    async def change(self, mailbox: str, event_id: str, fields: Mapping[str, Any], origin: str, *, if_match: str = "") -> Copy:
        """What a PATCH does: given parts replace the old ones, the attendee list as a whole. Only the organiser's copy can be changed.

        `if_match`: the etag it must still have (412 otherwise), here and in the calls below.
        """
        async with self._lock:
            copy = await self._find(mailbox, event_id, if_match)
            if not copy.is_organiser:
                raise GraphRefusal(403, "ErrorAccessDenied", "Only the organizer can change the meeting.")
            if "transactionId" in fields:
                raise GraphRefusal(400, "ErrorInvalidRequest", "transactionId cannot be changed.")
            meeting = copy.meeting
            _check_times(fields.get("start", meeting["start"]), fields.get("end", meeting["end"]))
            before = deepcopy(meeting)
            self._apply(meeting, fields, origin)
            await self._put(meeting)
            await self.post.event_changed(before, meeting)
            return Copy(meeting, ORGANISER)

    async def cancel(self, mailbox: str, event_id: str, comment: str, *, if_match: str = "") -> None:
        """Cancel for everybody; the organiser's copy then answers 404. Attendees cannot (400)."""
        async with self._lock:
            copy = await self._find(mailbox, event_id, if_match)
            if not copy.is_organiser:
                raise GraphRefusal(400, "ErrorInvalidRequest", "Only the organizer can cancel the meeting.")
            before = deepcopy(copy.meeting)
            copy.meeting.update(cancelled=True, comment=comment)
            await self._put(copy.meeting)
            await self.post.event_changed(before, copy.meeting)

    async def remove(self, mailbox: str, event_id: str, *, if_match: str = "") -> None:
        """DELETE: the organiser's cancels for everybody without a word, an attendee's only leaves that calendar."""
        async with self._lock:
            copy = await self._find(mailbox, event_id, if_match)
            before = deepcopy(copy.meeting)
            if copy.is_organiser:
                copy.meeting["cancelled"] = True
            else:
                copy.owner["removed"] = True
            await self._put(copy.meeting)
            await self.post.event_changed(before, copy.meeting)

    async def respond(
        self, mailbox: str, event_id: str, response: Answer, proposed: Document | None = None, *, comment: str = "", told: bool = True
    ) -> Copy:
        """An attendee's answer: accepted, tentativelyAccepted or declined. Refused to the organiser and for a cancelled meeting.

        `proposed`: the start and end that would suit better, where the organiser allows such proposals. `told`: whether the organiser
        gets a mail of it, with the comment.
        """
        async with self._lock:
            copy = await self._find(mailbox, event_id)
            if copy.is_organiser:
                raise GraphRefusal(400, "ErrorInvalidRequest", "The meeting organizer cannot respond.")
            if copy.cancelled:
                verb = {"accepted": "Accept", "tentativelyAccepted": "Tentative", "declined": "Decline"}[response]
                raise GraphRefusal(400, f"ErrorCalendarIsCancelledFor{verb}", "The meeting has been cancelled.")
            if proposed is not None:
                if not copy.meeting.get("proposals", True):
                    raise GraphRefusal(400, "ErrorInvalidRequest", "The organizer does not allow new time proposals.")
                _check_times(proposed["start"], proposed["end"])
            copy.owner.update(response=response, time=_stamp(self._now()), proposed=proposed)
            await self._put(copy.meeting)
            if told:
                meeting = copy.meeting
                await self.post.send(response, copy.owner, [meeting["organizer"]], meeting["subject"], escape(comment), proposed=proposed)
            return copy

    async def find(self, mailbox: str, event_id: str) -> Copy:
        """The copy with the id in that mailbox, or ErrorItemNotFound."""
        return await self._find(mailbox, event_id)

    async def copies(self, mailbox: str) -> list[Copy]:
        """Every copy of the mailbox by start, also those Graph no longer answers for."""
        _known_user(mailbox)
        found = [copy for copy in await self.all_copies() if copy.owner["address"].casefold() == mailbox.casefold()]
        return sorted(found, key=lambda copy: (copy.starts, copy.meeting["id"]))

    async def all_copies(self) -> list[Copy]:
        """Those of every mailbox."""
        return [copy for meeting in await self._store.all(KIND) for copy in _copies(meeting)]

    async def person(self, mailbox: str) -> Document:
        """Name and address of a mailbox, which need not have any event."""
        _known_user(mailbox)
        return {"name": await self._name(mailbox), "address": mailbox}

    async def owners(self) -> tuple[Owner, ...]:
        """Whoever has organised, been invited, or sent or got a mail, and everybody the directory knows, by name. A name that is told
        anywhere is kept over a bare address."""
        copies = await self.all_copies()
        organisers = {copy.owner["address"].casefold() for copy in copies if copy.is_organiser and copy.meeting["attendees"]}
        known = await self._directory.people() if self._directory else {}
        told = [(one["address"], one["name"]) for one in (*(copy.owner for copy in copies), *await self.post.correspondents())]
        found: dict[str, Owner] = {}
        for address, name in (*told, *known.items()):
            key = address.casefold()
            if key not in found or found[key].name == found[key].address:
                found[key] = Owner(name or address, address, key in organisers)
        return tuple(sorted(found.values(), key=lambda owner: owner.name.casefold()))

    async def channels(self) -> Mapping[str, str]:
        """See `Directory.channels`."""
        return await self._directory.channels() if self._directory else {}

    async def joined(self, code: str) -> Document | None:
        """The meeting a join link leads to."""
        return next((meeting for meeting in await self._store.all(KIND) if code and meeting["joinUrl"].endswith(f"/{code}")), None)

    async def _place_for(self, mailbox: str, transaction: str | None) -> tuple[UUID, Document | None]:
        # The meeting's own id is made of its transactionId, so a repeat meets the first one in a single lookup, also after a crash.
        if not transaction:
            return uuid4(), None
        round_ = 0
        while True:
            uid = uuid5(NAMESPACE_URL, f"{mailbox.casefold()}\n{transaction}\n{round_}")
            known = await self._store.get(KIND, uid.hex)
            if known is None or not known["cancelled"]:
                return uid, known
            round_ += 1

    async def last_change(self) -> int:
        """The number of the last change in any mailbox."""
        if self._changes is None:
            self._changes = max((int(one.get("sequence", 0)) for one in await self._store.all(KIND)), default=0)
        return self._changes

    async def _find(self, mailbox: str, event_id: str, if_match: str = "") -> Copy:
        _known_user(mailbox)
        meeting_id, place = _parts(event_id)
        meeting = await self._store.get(KIND, meeting_id) if meeting_id else None
        if meeting is not None and place <= len(meeting["attendees"]):
            copy = Copy(meeting, place)
            if copy.owner["address"].casefold() == mailbox.casefold() and copy.in_calendar:
                if if_match not in {"", "*", copy.etag}:
                    raise GraphRefusal(412, "ErrorIrresolvableConflict", "The change key passed in the request does not match the item.")
                return copy
        raise GraphRefusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    async def _put(self, meeting: Document) -> None:
        before = await self._store.get(KIND, meeting["id"])
        meeting["version"] += 1
        meeting["changed"] = _stamp(self._now())
        # Counted before it is stored: a number may stay unused, but none is given twice.
        self._changes = meeting["sequence"] = await self.last_change() + 1
        meeting.setdefault("born", meeting["sequence"])
        await self._store.put(KIND, meeting["id"], meeting)
        changes = _changes(before, meeting)
        for listener in self.listeners:
            listener(changes)

    async def is_known(self, address: str) -> bool:
        """Whether this is somebody's mailbox: of one who was ever invited, or whom the directory knows."""
        return await self._found(address) is not None

    async def _name(self, address: str) -> str:
        return await self._found(address) or address

    async def _found(self, address: str) -> str | None:
        known = await self._directory.name_of(address) if self._directory else None
        if known:
            return known
        names = [str(copy.owner["name"]) for copy in await self.all_copies() if copy.owner["address"].casefold() == address.casefold()]
        return min(names, key=lambda name: name == address, default=None)

    def _apply(self, meeting: Document, fields: Mapping[str, Any], origin: str) -> None:
        moved = any(key in fields and key in meeting and fields[key] != meeting[key] for key in ("start", "end"))
        for key in ("subject", "start", "end", "location", "proposals"):
            if key in fields:
                meeting[key] = fields[key]
        if "attendees" in fields:
            meeting["attendees"] = _invited(meeting, fields["attendees"])
        if moved:
            # Exchange asks everybody again when the time changes.
            for attendee in meeting["attendees"]:
                attendee.update(response="none", time="", proposed=None)
        if "content" in fields:
            meeting["content"] = document(inner(fields["content"]))
            if meeting["online"] and not (meeting["joinUrl"] in meeting["content"] and _JOIN_CLASS in meeting["content"]):
                meeting.update(online=False, joinUrl="")
        if fields.get("online") and not meeting["online"]:
            code = uuid5(NAMESPACE_URL, f"{meeting['id']}\n{meeting['version']}").hex
            meeting.update(online=True, joinUrl=f"{origin}/sandbox/join/{code}")
            meeting["content"] = document(inner(meeting["content"]) + self._join_block(meeting["joinUrl"]))
            meeting["location"] = meeting["location"] or TEAMS_PLACE

    def _join_block(self, url: str) -> str:
        rule = f'<div style="width:100%"><span style="white-space:nowrap; color:#5F5F5F; opacity:.36">{"_" * 80}</span></div>'
        heading = escape(t(self._language, "sandbox.block_heading"))
        link = escape(t(self._language, "sandbox.block_link"))
        return (
            f'\r\n<br>\r\n{rule}\r\n<div class="{_JOIN_CLASS}" lang="{self._language}">'
            f'<div><span style="font-size:24px">{heading}</span></div>'
            f'<div><a href="{escape(url)}" class="me-email-headline" target="_blank" rel="noreferrer noopener">{link}</a></div>'
            f"</div>\r\n{rule}"
        )


def _changes(before: Document | None, after: Document) -> list[Change]:
    was = {copy.place for copy in _copies(before) if copy.in_calendar} if before else set()
    found: list[Change] = []
    for copy in _copies(after):
        if copy.in_calendar:
            found.append(Change("updated" if copy.place in was else "created", copy))
        elif copy.place in was:
            found.append(Change("deleted", copy))
    return found


def _copies(meeting: Document) -> list[Copy]:
    return [Copy(meeting, place) for place in range(len(meeting["attendees"]) + 1)]


def instant(moment: Mapping[str, str]) -> datetime:
    """The aware UTC instant of a dateTimeTimeZone."""
    return datetime.fromisoformat(moment["dateTime"][:19]).replace(tzinfo=zone(moment["timeZone"])).astimezone(UTC)


def zone(name: str) -> ZoneInfo:
    """A zone by its IANA or Windows name; Graph's refusal for an unknown one."""
    try:
        return ZoneInfo(get_global("windows_zone_mapping").get(name, name))
    except (KeyError, ValueError, OSError) as unknown:  # ZoneInfoNotFoundError is a KeyError
        raise GraphRefusal(400, "TimeZoneNotSupportedException", "A time zone with the specified ID could not be found.") from unknown


def _check_times(start: Mapping[str, str] | None, end: Mapping[str, str] | None) -> None:
    if not start or not end:
        raise GraphRefusal(400, "ErrorInvalidRequest", "start and end are required.")
    try:
        backwards = instant(end) < instant(start)
    except (ValueError, OverflowError) as unreadable:
        raise GraphRefusal(400, "ErrorInvalidRequest", "A dateTime is not valid.") from unreadable
    if backwards:
        raise GraphRefusal(400, "ErrorPropertyValidationFailure", "The end is before the start.")


def _invited(meeting: Document, wanted: Sequence[Mapping[str, str]]) -> list[Document]:
    """The old places in their order (an uninvited one stays, as a cancelled copy), then the new ones. Answers are kept."""
    if len(wanted) > MOST_ATTENDEES:
        raise GraphRefusal(400, "ErrorTooManyRecipients", "A meeting has at most 500 attendees.")
    organiser = meeting["organizer"]["address"].casefold()
    by_address = {one["address"].casefold(): one for one in wanted if one["address"].casefold() != organiser}
    places: list[Document] = []
    for old in meeting["attendees"]:
        now = by_address.pop(old["address"].casefold(), None)
        if now is None:
            places.append({**old, "uninvited": True})
        elif old.get("uninvited"):
            places.append(_place(now))
        else:
            places.append({**old, "name": now["name"] or old["name"], "type": now["type"]})
    return places + [_place(one) for one in by_address.values()]


def _place(attendee: Mapping[str, str]) -> Document:
    return {
        "name": attendee["name"] or attendee["address"],
        "address": attendee["address"],
        "type": attendee["type"],
        "response": "none",
        "time": "",
    }


def _known_user(mailbox: str) -> None:
    if "@" not in mailbox:
        raise GraphRefusal(404, "ErrorInvalidUser", f"The requested user '{mailbox}' is invalid.")


def _parts(event_id: str) -> tuple[str, int]:
    try:
        raw = base64.urlsafe_b64decode(event_id.removeprefix(_ID_PREFIX))
    except ValueError:
        return "", 0
    if not event_id.startswith(_ID_PREFIX) or len(raw) != 18:
        return "", 0
    return UUID(bytes=raw[:16]).hex, int.from_bytes(raw[16:], "big")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
