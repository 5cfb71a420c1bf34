"""The nouns of a formal body: seats and who holds them, meetings, items, presence, minutes. Frozen; changed by `replace`.

Every id is an opaque string from `Tx.new_id`. Instants are aware UTC; dates and times of day are the body's local ones.
Children carry the id of their parent, so that each tuple below is one table of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Approval(StrEnum):
    """How minutes become approved: by silence under the body's own rule, by named checkers, or by the next meeting."""

    TACIT = "tacit"
    CHECKERS = "checkers"
    NEXT_MEETING = "next_meeting"


class Numbering(StrEnum):
    """Whether § numbers start at 1 in every meeting or run on through the calendar year."""

    PER_MEETING = "per_meeting"
    THROUGH_YEAR = "through_year"


class Capacity(StrEnum):
    """In what capacity a person holds a seat."""

    MEMBER = "member"
    DEPUTY = "deputy"


class Phase(StrEnum):
    """Where a meeting stands; the order of the members is the order of a meeting's life."""

    PLANNED = "planned"
    PUBLISHED = "published"
    OPEN = "open"
    CLOSED = "closed"
    REVIEW = "review"
    APPROVED = "approved"
    CANCELLED = "cancelled"


class Standing(StrEnum):
    """Items that every meeting of a body has; the bot knows how to fill them."""

    NONE = ""
    OPENING = "opening"
    QUORUM = "quorum"
    AGENDA = "agenda"
    CHECKERS = "checkers"
    PREVIOUS_MINUTES = "previous_minutes"
    ANNOUNCEMENTS = "announcements"
    OTHER_BUSINESS = "other_business"
    NEXT_MEETING = "next_meeting"
    CLOSING = "closing"


class Outcome(StrEnum):
    """What became of an item; each has its stock sentence in each language."""

    NONE = ""
    AS_PROPOSED = "as_proposed"
    AMENDED = "amended"
    NOTED = "noted"
    ELECTED = "elected"
    TABLED = "tabled"
    SENT_BACK = "sent_back"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Sign(StrEnum):
    """What a person says, or the secretary finds, at the roll call."""

    PRESENT = "present"
    LATE = "late"
    EXCUSED = "excused"
    ABSENT = "absent"


class Direction(StrEnum):
    """Which way a person went through the door after the roll call."""

    ARRIVED = "arrived"
    LEFT = "left"


class Choice(StrEnum):
    """A voice in a vote."""

    FOR = "for"
    AGAINST = "against"
    BLANK = "blank"


class Calling(StrEnum):
    """When a body's deputies are called: as soon as their member declines, with the first invitation, or by the secretary alone."""

    ON_DECLINE = "on_decline"
    ALWAYS = "always"
    NEVER = "never"


class Response(StrEnum):
    """What an invited person answered."""

    NONE = "none"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Availability(StrEnum):
    """What a calendar says of a time. PERHAPS: something tentative is there, such as an invitation not yet answered."""

    FREE = "free"
    PERHAPS = "perhaps"
    BUSY = "busy"


class EventTrouble(StrEnum):
    """Somebody deleted or changed the calendar event in Outlook: it is not touched until the secretary has chosen. `FAILED`: it could not
    be made or changed, and that was given up. `OURS`: the secretary wants it made as the meeting stands here."""

    NONE = ""
    GONE = "gone"
    EDITED = "edited"
    FAILED = "failed"
    OURS = "ours"


# In these the secretary can have the event made again.
ASKED = frozenset({EventTrouble.GONE, EventTrouble.EDITED, EventTrouble.FAILED})


class CommentKind(StrEnum):
    """A remark, or a proposal to change the wording of the minutes (which stops tacit approval until answered)."""

    REMARK = "remark"
    PROPOSAL = "proposal"


class Answer(StrEnum):
    """The secretary's answer to a comment on the minutes."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOTED = "noted"


class RoundResult(StrEnum):
    """How a comment round ended."""

    RUNNING = "running"
    APPROVED = "approved"
    STOPPED = "stopped"
    REPLACED = "replaced"
    COLLECTED = "collected"


@dataclass(frozen=True, slots=True)
class Person:
    """A human being of a tenant. `account_id` is the Entra object id, empty for one without Teams; `channel_id` the 29: id.

    `language` is the one chosen with the bot, `client_language` the one their Teams is in. `muted`: told only what they must know.
    """

    id: str
    tenant_id: str
    name: str
    email: str = ""
    account_id: str = ""
    channel_id: str = ""
    language: str = ""
    client_language: str = ""
    desk_body_id: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A place in Teams the bot may write to. `id` is Teams' own (without `;messageid=`); `person_id` only for a desk."""

    id: str
    tenant_id: str
    service_url: str
    kind: str
    team_id: str = ""
    name: str = ""
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in the body; `position` is its order in the roster. A seat without a vote is outside the quorum.

    A seat can be added or abolished from a date (`since`, `until` inclusive): a vacant seat still counts, an abolished one does not.
    """

    id: str
    body_id: str
    position: int
    organisation: str = ""
    group: str = ""
    voting: bool = True
    since: date | None = None
    until: date | None = None

    def in_force(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held a seat, in which capacity, from when until when (inclusive; None = still). `position` orders deputies."""

    id: str
    body_id: str
    seat_id: str
    person_id: str
    capacity: Capacity
    position: int = 0
    on_leave: bool = False
    since: date | None = None
    until: date | None = None

    def in_force(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Expert:
    """One who attends and speaks, without a seat."""

    id: str
    body_id: str
    person_id: str
    organisation: str = ""
    since: date | None = None
    until: date | None = None

    def in_force(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class StandingItem:
    """An item of the body's template for agendas, in the language of the minutes."""

    id: str
    body_id: str
    position: int
    standing: Standing
    title: str
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """Which of several dates suits: asked on the board, `activity_id` the post. Closed when a date was chosen (or the poll dropped)."""

    id: str
    body_id: str
    opened_at: datetime
    place: str = ""
    online: bool = False
    closed_at: datetime | None = None
    activity_id: str = ""


@dataclass(frozen=True, slots=True)
class PollOption:
    """A date of a poll, in the body's local time."""

    id: str
    body_id: str
    poll_id: str
    day: date
    start: time
    end: time | None = None


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """Whether an option suits a person; the newest word counts, so there is one a person and option."""

    id: str
    body_id: str
    option_id: str
    person_id: str
    suits: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A body with its rules. `languages[0]` is the language of the record; `channel_id` the board's conversation. `keep_months`: so long
    answers and comments are kept after the minutes have been approved; 0 = for good."""

    id: str
    tenant_id: str
    name: str
    channel_id: str
    languages: tuple[str, ...] = ("fi",)
    zone: str = "Europe/Helsinki"
    secretary_id: str = ""
    chair_id: str = ""
    vice_chair_id: str = ""
    approval: Approval = Approval.TACIT
    comment_days: int = 7
    approval_rule: str = ""
    checker_ids: tuple[str, ...] = ()
    quorum_numerator: int = 1
    quorum_denominator: int = 2
    quorum_needs_chair: bool = True
    lead_days: int = 7
    numbering: Numbering = Numbering.PER_MEETING
    formal: bool = True
    template_id: str = ""
    calling: Calling = Calling.ON_DECLINE
    warn_days: int = 3
    keep_months: int = 12
    version: int = 0
    seats: tuple[Seat, ...] = ()
    holdings: tuple[Holding, ...] = ()
    experts: tuple[Expert, ...] = ()
    standing_items: tuple[StandingItem, ...] = ()
    polls: tuple[Poll, ...] = ()
    poll_options: tuple[PollOption, ...] = ()
    poll_answers: tuple[PollAnswer, ...] = ()

    @property
    def language(self) -> str:
        return self.languages[0]

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a meeting. `section` is its § number: None until the agenda is published, never changed after that. `draft` is a decision
    that stood in the agenda: the record's own is `decision`."""

    id: str
    meeting_id: str
    position: int
    title: str
    section: int | None = None
    standing: Standing = Standing.NONE
    presenter: str = ""
    proposal: str = ""
    earlier: str = ""
    rest: str = ""
    handling: str = ""
    discussion: str = ""
    decision: str = ""
    outcome: Outcome = Outcome.NONE
    changed_at: datetime | None = None
    draft: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Liite n of a meeting: numbered through the meeting, never renumbered once published; may belong to several items."""

    id: str
    meeting_id: str
    number: int
    title: str
    link: str = ""
    item_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """What the roll call says of one person. `seat_id` is the seat they hold or stand in for; empty for experts and guests."""

    id: str
    meeting_id: str
    person_id: str
    sign: Sign
    seat_id: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """Somebody came or went after the roll call, at an instant, during an item."""

    id: str
    meeting_id: str
    person_id: str
    direction: Direction
    at: datetime
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class Disqualification:
    """A person stood aside for one item. `deputy_id` sat for that item only; `back_at` None until they came back."""

    id: str
    meeting_id: str
    item_id: str
    person_id: str
    ground: str
    left_at: datetime
    back_at: datetime | None = None
    deputy_id: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote on an item with its totals; `chair_choice` is set when a tie was decided by the chair's vote."""

    id: str
    meeting_id: str
    item_id: str
    counter_proposal: str
    votes_for: int
    votes_against: int
    blank: int
    secret: bool = False
    chair_choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Dissent:
    """A dissenting opinion recorded to a decision."""

    id: str
    meeting_id: str
    item_id: str
    person_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class DeputyCall:
    """Who called which deputy, when, for the whole meeting (`item_id` empty) or one item, and what the deputy answered. `ended_at`: the
    member came after all, so the call was taken back; the row stays, as the log of calls is never shortened."""

    id: str
    meeting_id: str
    seat_id: str
    deputy_id: str
    called_by: str
    at: datetime
    item_id: str = ""
    accepted: bool | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InvitationAnswer:
    """The newest answer of an invited person, one a person, whether given in the calendar or on the board. `at`: when it was given, by
    which the newer of two is told; `proposed_*`: another time somebody proposed with it."""

    id: str
    meeting_id: str
    person_id: str
    response: Response
    at: datetime
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One sending of the minutes for comments: version n of the text, until `deadline` (local, inclusive; no hour = 24.00).

    `record` is the digest of the record as it was sent (`rules.rounds.record_digest`): silence approves that text and no other.
    """

    id: str
    meeting_id: str
    number: int
    sent_at: datetime
    deadline: date
    deadline_hour: time | None
    zone: str
    result: RoundResult = RoundResult.RUNNING
    ended_at: datetime | None = None
    record: str = ""

    @property
    def ends_at(self) -> datetime:
        """The first instant after the deadline, aware UTC: "4.5. mennessä" ends when 5.5. begins in the body's zone."""
        zone = ZoneInfo(self.zone)
        if self.deadline_hour is None:
            local = datetime.combine(self.deadline + timedelta(days=1), time(0), tzinfo=zone)
        else:
            local = datetime.combine(self.deadline, self.deadline_hour, tzinfo=zone)
        return local.astimezone(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class RoundReply:
    """A person has answered a round ("no comments", or by commenting)."""

    id: str
    meeting_id: str
    round_id: str
    person_id: str
    at: datetime
    no_comments: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on the minutes, on one item or (empty `item_id`) on the whole, with the secretary's answer."""

    id: str
    meeting_id: str
    round_id: str
    person_id: str
    kind: CommentKind
    text: str
    at: datetime
    item_id: str = ""
    answer: Answer = Answer.OPEN
    reason: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A checker's approval of the minutes as they stood in round `round_number`."""

    id: str
    meeting_id: str
    person_id: str
    round_number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting from invitation to archived minutes. `preface` is what stood before the items of the agenda.

    `event_*` is what the calendar is known to keep: under which ids, and a digest of what was last written there (`event_seen`), by
    which somebody else's change is told from our own.
    """

    id: str
    body_id: str
    number: int
    year: int
    day: date
    start: time
    end: time | None = None
    place: str = ""
    online: bool = False
    preface: str = ""
    phase: Phase = Phase.PLANNED
    published_at: datetime | None = None
    opened_at: datetime | None = None
    roll_closed_at: datetime | None = None
    closed_at: datetime | None = None
    approved_at: datetime | None = None
    approved_how: Approval | None = None
    approved_in: str = ""
    minutes_sha256: str = ""
    presiding_id: str = ""
    current_item_id: str = ""
    cancel_reason: str = ""
    event_id: str = ""
    join_url: str = ""
    event_uid: str = ""
    event_seen: str = ""
    event_trouble: EventTrouble = EventTrouble.NONE
    version: int = 0
    items: tuple[Item, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    movements: tuple[Movement, ...] = ()
    disqualifications: tuple[Disqualification, ...] = ()
    votes: tuple[Vote, ...] = ()
    dissents: tuple[Dissent, ...] = ()
    deputy_calls: tuple[DeputyCall, ...] = ()
    answers: tuple[InvitationAnswer, ...] = ()
    rounds: tuple[Round, ...] = ()
    replies: tuple[RoundReply, ...] = ()
    comments: tuple[Comment, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def designation(self) -> str:
        """`4/2020`: the number runs within the body and year and never changes."""
        return f"{self.number}/{self.year}"

    @property
    def round(self) -> Round | None:
        """The newest comment round."""
        return self.rounds[-1] if self.rounds else None


@dataclass(frozen=True, slots=True)
class Draft:
    """Something pasted or sent that waits for confirmation; the text is kept as it came, the reading is made anew from it.

    `kind` is roster, agenda or dates; `answers` are the secretary's choices on the reader's questions, as `(question index, choice)`.
    `busy`, of dates: what the calendars said, in pairs with "<date>T<start>" in the body's local time as the date: `("", date)` it was
    asked about; `(person id, "")` this calendar could be read, which says *free* for every date but those of `(person id, date)`, and of
    `(person id, date + "?")`, where something is only tentative.
    """

    id: str
    body_id: str
    kind: str
    source: str
    meeting_id: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    busy: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered file of a meeting as it was at `meeting_version`. `kind` agenda | minutes | round <n> | approved, `format` pdf | docx;
    `edition` counts renderings. `link` leads to it in the channel's files, once it is there."""

    id: str
    meeting_id: str
    kind: str
    format: str
    edition: int
    name: str
    sha256: str
    meeting_version: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A message of the bot that is kept up to date: `part` of a meeting's thread (meeting, roll, minutes, approved) on the board."""

    id: str
    meeting_id: str
    part: str
    conversation_id: str
    activity_id: str
