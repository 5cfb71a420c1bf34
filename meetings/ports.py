"""What the middle needs from outside: the transaction it runs in, and the adapters the jobs drive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from meetings.effects import Effect
from meetings.errors import Coded
from meetings.model import Availability, Body, Conversation, Document, Draft, EventTrouble, Item, Meeting, Person, Post, Response

Saved = TypeVar("Saved", Body, Meeting, Person, Conversation, Draft, Post)


@dataclass(frozen=True, slots=True)
class Decision:
    """An item that was looked for and found, and its meeting as a header. `sentence` is the one of its texts that answers; `proposed`: it
    is of the proposal, not of the decision."""

    meeting: Meeting
    item: Item
    sentence: str = ""
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The best `decisions`, of `count` that there are."""

    decisions: tuple[Decision, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Of somebody and a call: when they were in it, or out of it after having been in; `until` None: it has no end yet."""

    person_id: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What Teams has told of a meeting's call: when it began first (aware UTC), when it ended if it has not begun or been joined again, who
    is in it, who left it when, and all `stays` in it. It suggests, no more."""

    started: datetime | None = None
    ended: datetime | None = None
    joined: frozenset[str] = frozenset()
    away: tuple[Span, ...] = ()
    stays: tuple[Span, ...] = ()


class Tx(Protocol):
    """One transaction: leaving it commits everything or nothing. Synchronous. Ids of another tenant answer `NotFound`.

    Loaded aggregates are remembered, so `save` writes only what differs; saving a Body or Meeting moves its version.
    `aloud`: the answer is a message that all in the conversation read; what answers a press only the presser sees.
    """

    now: datetime
    actor: Person
    conversation: Conversation | None
    aloud: bool

    def new_id(self) -> str: ...

    def body(self, body_id: str) -> Body: ...

    def bodies(self) -> tuple[Body, ...]:
        """The bodies of the tenant in which the actor is secretary, chair, a seat holder or an expert; by name."""
        ...

    def body_of_channel(self, conversation_id: str) -> Body | None: ...

    def meeting(self, meeting_id: str) -> Meeting: ...

    def meetings(self, body_id: str) -> tuple[Meeting, ...]:
        """All meetings of a body by day, as headers: their child tuples are empty, so they must not be saved."""
        ...

    def person(self, person_id: str) -> Person: ...

    def people(self, ids: Iterable[str]) -> Mapping[str, Person]:
        """The persons by id; unknown ids are left out."""
        ...

    def accounts(self) -> tuple[Person, ...]:
        """Persons of the tenant known to have a Teams account."""
        ...

    def own_rows(self) -> Mapping[str, int]:
        """How many rows there are about the actor or by them, by table; those without any are left out."""
        ...

    def desk(self, person_id: str) -> Conversation | None:
        """The personal chat with a person, if one was ever opened."""
        ...

    def draft(self, draft_id: str) -> Draft: ...

    def draft_of(self, body_id: str, kind: str, source: str) -> Draft | None:
        """The newest one that was made of this text."""
        ...

    def drop_draft(self, draft_id: str) -> None: ...

    def document(self, document_id: str) -> Document: ...

    def documents(self, meeting_id: str) -> tuple[Document, ...]:
        """Newest edition of each kind and format."""
        ...

    def posts(self, meeting_id: str) -> tuple[Post, ...]: ...

    def find_decisions(self, places: Mapping[str, bool], words: Sequence[str], most: int, skip: int = 0) -> Found:
        """The decisions of these bodies in which every word stands, in whatever form: those with the words in their title first, then the
        newest; at most `most` of them, after the first `skip`. A body's flag: whether minutes that are not approved yet are looked through
        too."""
        ...

    def newest_decisions(self, body_ids: Iterable[str], most: int, skip: int = 0) -> Found:
        """The decisions of these bodies in approved minutes, the newest first; at most `most` of them, after the first `skip`."""
        ...

    def save(self, thing: Saved) -> Saved:
        """Write what differs; what is returned carries the new version, so show that one."""
        ...

    def note_event(self, meeting_id: str, state: EventState, trouble: EventTrouble = EventTrouble.NONE) -> None:
        """What the calendar keeps of the meeting. Nobody's change: the version stays, so that no card grows old by it."""
        ...

    def meeting_of_event(self, event_id: str) -> str:
        """The id of the meeting whose event this is; "" when it is none of ours."""
        ...

    def meetings_on(self, first: date, last: date) -> tuple[Meeting, ...]:
        """The meetings of the tenant on these days and between, as headers."""
        ...

    def people_of(self, account_ids: Iterable[str]) -> tuple[Person, ...]:
        """The persons of the tenant that these Teams accounts are known to be."""
        ...

    def call(self, meeting_id: str) -> Call: ...

    def note_call(self, meeting_id: str, kind: str, at: datetime, person_ids: Iterable[str] = ("",)) -> None:
        """As told, once however often. Nobody's change: the version stays."""
        ...

    def drop_call(self, meeting_id: str) -> None:
        """Keep nothing more of what was told."""
        ...

    def later(self, effect: Effect, due: datetime | None = None) -> None:
        """Write an effect that follows from this change; `due` None = at once."""
        ...

    def holiday(self, day: date) -> str | None:
        """The name of the Finnish public holiday on that day."""
        ...

    def wording(self, language: str, key: str, **params: object) -> str:
        """A sentence of the catalogue in the language of a record, for what becomes the body's own text (standing items, rules)."""
        ...


@dataclass(frozen=True, slots=True)
class Invitee:
    """An attendee of a calendar event. `required` False = optional (experts)."""

    name: str
    email: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """A calendar event as it should be. `start` and `end` are local wall-clock in `zone` (IANA). `key` makes a repeated create harmless.
    `ours`: the addresses the body knows, in lower case; who else is invited was added in Outlook and stays."""

    key: str
    subject: str
    html: str
    start: datetime
    end: datetime
    zone: str
    place: str
    online: bool
    invitees: tuple[Invitee, ...]
    ours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EventState:
    """What the calendar keeps: the event's id and (when online) its join link; `uid` is its iCalendar UID. `seen` is a digest of the
    subject, times and place that were last written there."""

    event_id: str
    join_url: str
    uid: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the calendar says an attendee answered. `at` is when they did, aware UTC, by the calendar's clock; `proposed_*` (aware UTC) the
    other time they proposed with it."""

    email: str
    response: Response
    at: datetime
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventFound:
    """What somebody made of an event in Outlook. `start` and `end` are local wall-clock in the zone of the event that was to be."""

    subject: str
    start: datetime
    end: datetime
    place: str


class EventEdited(Exception):
    """Somebody changed the event in Outlook since it was last written, so nothing was written over it."""

    def __init__(self, found: EventFound) -> None:
        super().__init__("edited in Outlook")
        self.found = found


class Calendar(Protocol):
    """The organiser's calendar. Failures are `CalendarFailure`."""

    def seen(self, event: Event) -> str:
        """The digest that `EventState.seen` will be when this event has been written."""
        ...

    async def create(self, event: Event) -> EventState: ...

    async def update(self, event_id: str, event: Event, seen: str = "") -> EventState:
        """Make the event as given. `seen`: digests, with spaces between, of what may have been written there last; when none of them is
        what is there now, nor is it as wanted, `EventEdited` is raised and nothing written."""
        ...

    async def made(self, key: str) -> str:
        """The id of the event that was made with this key; "" when there is none."""
        ...

    async def cancel(self, event_id: str, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Attended:
    """Somebody was in a call from when until when (aware UTC), by the attendance report; known by account or by address."""

    account_id: str
    email: str
    since: datetime
    until: datetime


class Reports(Protocol):
    """Teams' attendance reports. Failures are `CalendarFailure`."""

    async def read(self, join_url: str, since: datetime, until: datetime) -> tuple[Attended, ...] | None:
        """Who was in the calls of an online meeting that fell in this time; None while there is no report of it."""
        ...


class Schedules(Protocol):
    """When people are free. Failures are `CalendarFailure`."""

    async def read(self, addresses: Sequence[str], windows: Sequence[tuple[datetime, datetime]]) -> Mapping[str, tuple[Availability, ...]]:
        """Address → what its calendar says of each window, which is (start, end) in aware UTC. Addresses whose calendar could not be
        read are left out."""
        ...


@dataclass(frozen=True, slots=True)
class EventChange:
    """An event of the mailbox as it is now. `seen`: its digest, comparable with `EventState.seen`; "" when too little was told to make one.
    `made_at` and `start` (aware UTC): when it was made and when it begins, if that was told. Of a removed one only the id is known."""

    event_id: str
    removed: bool = False
    seen: str = ""
    replies: tuple[Reply, ...] = ()
    made_at: datetime | None = None
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed since `link` of the time before. `until`: given when this is everything there is instead, up to that day: then an
    event that is not among it is gone, or outside."""

    events: tuple[EventChange, ...]
    link: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """What wakes us when something changes. `expires_at`: as the calendar granted it, aware UTC."""

    id: str
    expires_at: datetime


class Answers(Protocol):
    """What happens in the organiser's calendar without us. Failures are `CalendarFailure`."""

    async def read(self, link: str, today: date) -> Changes:
        """All that changed since `link`; everything from yesterday on when `link` is empty or no longer known there."""
        ...

    async def subscribe(self, address: str, client_state: str, until: datetime) -> Subscription:
        """Have notifications sent to `address` (which is asked back before this answers), each with `client_state`."""
        ...

    async def renew(self, subscription_id: str, until: datetime) -> Subscription:
        """The same subscription for longer; a failure that is `gone` says there is none any more."""
        ...


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file with a letter. `method`: of an iCalendar file, such as PUBLISH."""

    name: str
    content: bytes
    content_type: str
    method: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail to one person. `key` names it: a repeat carries the same mark, by which mailboxes can tell it. `reply_*`: whom an answer
    to it reaches, when not the mailbox it comes from."""

    key: str
    to_name: str
    to_email: str
    subject: str
    html: str
    text: str
    files: tuple[MailFile, ...] = ()
    reply_name: str = ""
    reply_email: str = ""


class Mail(Protocol):
    """The outgoing post. Failures are `CalendarFailure`."""

    async def send(self, letter: Letter) -> None: ...


@dataclass(frozen=True, slots=True)
class ChannelFile:
    """A file for a channel's files, as `folder`/`name`. `final`: it is never put in the place of another one."""

    folder: str
    name: str
    content: bytes
    final: bool = False


class Files(Protocol):
    """The files of channels. Failures are `CalendarFailure`."""

    async def share(self, group_id: str, channel_id: str, files: Sequence[ChannelFile]) -> tuple[str, ...]:
        """Put the files there, in the place of those of the same path. One link a file, in their order; "" for a final one when a
        different file has its name: that one is left as it is."""
        ...


class Throttle(Protocol):
    """Things outside that bear only so much at a time, by name; several processes may share them."""

    async def take(self, name: str, seconds: float, ahead: float) -> tuple[bool, float]:
        """Take the thing for `seconds`, after whoever has it now, unless that is more than `ahead` seconds away: whether it was taken, and
        in how many seconds the turn comes."""
        ...

    async def hold(self, name: str, seconds: float) -> None:
        """Nobody's turn comes within so many seconds."""
        ...

    async def free(self, name: str) -> None:
        """Give up what was taken."""
        ...


class CalendarFailure(Coded):
    """Microsoft 365 did not do it. `gone`: the event, or the channel's folder, does not exist. `retry_after`: seconds to wait, if it said
    so. `refused`: a right is missing, `reason` names it. `mailbox`: there is no such mailbox, or the bot may not use it."""

    def __init__(
        self,
        reason: str,
        *,
        gone: bool = False,
        transient: bool = False,
        retry_after: float | None = None,
        refused: bool = False,
        mailbox: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gone = gone
        self.transient = transient
        self.retry_after = retry_after
        self.refused = refused
        self.mailbox = mailbox
