"""One frozen dataclass per thing a person can ask for. A command is ids and inputs: whatever it says is checked, never trusted.

An empty `body_id`, `meeting_id` or `item_id` means "the one at hand" and is found by `meetings.scope`. `version` is the version of
the meeting (or body) the pressed card showed; None when typed. Inputs are what was typed, still unread: dates and times are text here.
`page` counts from 1; 0 means the first, or the one that fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache

from meetings.ports import Reply

# A field of this kind is filled by the turn itself and never read from a card.
FROM_TURN: Mapping[str, bool] = {"from_turn": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Base of all commands, so that tables and the codec can be typed."""


# --- help and finding one's way ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome(Command):
    """The bot was added to a team or a chat was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHelp(Command):
    body_id: str = ""
    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowStatus(Command):
    body_id: str = ""
    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAgain(Command):
    """A text that is no command: answered with the nearest commands (their stems) as buttons."""

    text: str = ""
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDecisions(Command):
    """Without words: the form. `wide`: not in the body at hand but in all that are the person's own."""

    body_id: str = ""
    text: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteDecisions(Command):
    """In the compose box of any chat: decisions to be put there as cards, `count` of them after `skip`. Without words the newest."""

    text: str = ""
    skip: int = 0
    count: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteMinutes(Command):
    """A link to a document of ours was pasted into a compose box."""

    document_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseBody(Command):
    """Which body the desk is about, for one who has several."""

    body_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseLanguage(Command):
    """The language the bot speaks to this person."""

    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteMessages(Command):
    """The person wants to be told only what they must know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmuteMessages(Command):
    """The person wants to be told everything that concerns them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMyData(Command):
    """What is kept of the one who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeText(Command):
    """A pasted text or a sent file that was not asked for: kept, and the person says what it is."""

    text: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseText(Command):
    """What the kept text is: `kind` roster, agenda or dates."""

    draft_id: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuestion(Command):
    """The person's choice on one question of a reading."""

    draft_id: str = ""
    question: str = ""
    choice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDraft(Command):
    draft_id: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDraft(Command):
    draft_id: str = ""


# --- the body -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpBody(Command):
    """Without a name: the form. With one: a new body on the channel spoken on, the actor as secretary."""

    name: str = ""
    language: str = ""
    language_2: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowBody(Command):
    """The settings of a body, as a form for the secretary."""

    body_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBody(Command):
    body_id: str = ""
    version: int | None = None
    name: str = ""
    language: str = ""
    language_2: str = ""
    zone: str = ""
    secretary_id: str = ""
    chair_id: str = ""
    vice_chair_id: str = ""
    approval: str = ""
    comment_days: str = ""
    approval_rule: str = ""
    checker_ids: tuple[str, ...] = ()
    quorum: str = ""
    quorum_needs_chair: bool = False
    lead_days: str = ""
    calling: str = ""
    warn_days: str = ""
    keep_months: str = ""
    numbering: str = ""
    formal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStandingItems(Command):
    """The template of standing items: one line an item, in order."""

    body_id: str = ""
    version: int | None = None
    lines: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTemplate(Command):
    """A Word template of the body's own for its documents was sent; its content is kept as a file outside the record."""

    body_id: str = ""
    name: str = ""
    template_id: str = field(default="", metadata=FROM_TURN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRoster(Command):
    """Without text: how to send a roster. With text: the reading, for confirmation."""

    body_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRoster(Command):
    draft_id: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSeats(Command):
    body_id: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSeat(Command):
    """One seat with its history, as a form for the secretary."""

    body_id: str = ""
    seat_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSeat(Command):
    """A new member or deputies for a seat from a date; what was before stays in its history. Names, one a line for deputies.

    An account chosen for the member goes before the typed name; one chosen as a deputy comes after those that are typed.
    """

    body_id: str = ""
    seat_id: str = ""
    organisation: str = ""
    member: str = ""
    member_email: str = ""
    member_account: str = ""
    deputies: str = ""
    deputy_account: str = ""
    on_leave: bool = False
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPerson(Command):
    """The person of the roster is this Teams account, known by its own id or by the person's."""

    body_id: str = ""
    person_id: str = ""
    account_id: str = ""


# --- planning ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMeeting(Command):
    """From typed `text`, or from the form's fields. `confirmed`: the questions asked have been seen and answered yes."""

    body_id: str = ""
    text: str = ""
    number: str = ""
    day: str = ""
    start: str = ""
    end: str = ""
    place: str = ""
    online: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDates(Command):
    """Several dates at once. Without text: how to send them. With text: the reading, for confirmation."""

    body_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDates(Command):
    """All the dates become meetings, or `only` the one that begins then, "<date>T<start>"."""

    draft_id: str = ""
    only: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCalendars(Command):
    """Who is free at which of the dates? The answer comes later, to the secretary's desk."""

    draft_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoll(Command):
    """Which of the dates suits? Asked of everybody on the board. `best`: only the best of them by the calendars."""

    draft_id: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPoll(Command):
    body_id: str = ""
    poll_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPoll(Command):
    """Whether a date suits the one who presses; the newest word counts."""

    body_id: str = ""
    poll_id: str = ""
    option_id: str = ""
    suits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePoll(Command):
    """The chosen date becomes a meeting; without one the poll just ends."""

    body_id: str = ""
    poll_id: str = ""
    option_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMeetings(Command):
    body_id: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMeeting(Command):
    """The meeting as the person may see it: the desk for the secretary, the board's card for others."""

    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowBoard(Command):
    """A card of the meeting's thread (`part`) as it is for the person: what their client asks by itself when it shows the card."""

    meeting_id: str = ""
    part: str = "meeting"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDesk(Command):
    """Pressed on a card of the thread (`part`): the person goes on in their own chat with the bot."""

    meeting_id: str = ""
    part: str = "meeting"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveMeeting(Command):
    meeting_id: str = ""
    version: int | None = None
    text: str = ""
    day: str = ""
    start: str = ""
    end: str = ""
    place: str = ""
    online: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMeeting(Command):
    """Without `confirmed`: asks for the reason. A cancelled meeting keeps its number and history."""

    meeting_id: str = ""
    version: int | None = None
    reason: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreEvent(Command):
    """The invitation was deleted or changed in Outlook: it is made again as the meeting stands here."""

    meeting_id: str = ""


# --- the agenda ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAgenda(Command):
    meeting_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmAgenda(Command):
    draft_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAgenda(Command):
    meeting_id: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddItem(Command):
    """Without a title: the form. The new item goes before the closing items, or to `position`."""

    meeting_id: str = ""
    title: str = ""
    presenter: str = ""
    proposal: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditItem(Command):
    """Without a title: the form of the item, filled. A text that is None was not on the card and stays.

    `part` is the one text to edit when all would be too long for a card. `seen` says which texts the form was opened with, so that an old
    one takes nothing away that was written since.
    """

    meeting_id: str = ""
    item_id: str = ""
    title: str = ""
    presenter: str = ""
    proposal: str | None = None
    earlier: str | None = None
    rest: str | None = None
    part: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveItem(Command):
    meeting_id: str = ""
    item_id: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveItem(Command):
    """Before publishing the item goes; after it, the item keeps its § and is withdrawn."""

    meeting_id: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachDocument(Command):
    """An attachment (Liite n) by title and link, to one item; the same title again belongs to this item too."""

    meeting_id: str = ""
    item_id: str = ""
    title: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishAgenda(Command):
    """`confirmed`: the lead time is shorter than the body's own and the secretary has been told."""

    meeting_id: str = ""
    version: int | None = None
    confirmed: bool = False


# --- the meeting ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMeeting(Command):
    """`confirmed`: today is not the day of the meeting, and the person has said so."""

    meeting_id: str = ""
    at: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Command):
    """A person signs for themself: `sign` present, late or excused; after the roll call arrived or left, at the time of the press."""

    meeting_id: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAttendance(Command):
    """The roll on the desk, seat by seat, for correction."""

    meeting_id: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAttendance(Command):
    """The secretary finds people present, late, excused or absent, those without Teams included. `rest`: every seat without a word.
    `joined`: those who have joined the call."""

    meeting_id: str = ""
    person_ids: tuple[str, ...] = ()
    sign: str = ""
    rest: bool = False
    joined: bool = False
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindQuorum(Command):
    """The chair finds the meeting lawfully called and quorate, from the roll; later comings and goings carry their time."""

    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMovement(Command):
    """People came or went: `direction` arrived or left, at a time (`10.42–10.48`: away between), during the item at hand or another.
    `gone`: one who left the call, at the time of that."""

    meeting_id: str = ""
    person_ids: tuple[str, ...] = ()
    direction: str = ""
    gone: str = ""
    clock: str = ""
    item_id: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowItem(Command):
    """The item on the desk, for recording; the meeting moves to it while it is undecided.

    `section` is a typed § number, where there is no `item_id`; `part` the one text to edit when all would be too long for a card.
    """

    meeting_id: str = ""
    item_id: str = ""
    section: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordItem(Command):
    """The secretary's own texts on an item (None: not on this card), and what to show `then`: the next item, a form, the roll.

    `seen` says which texts the card showed, so that an old card takes nothing away that was written since.
    """

    meeting_id: str = ""
    item_id: str = ""
    handling: str | None = None
    discussion: str | None = None
    decision: str | None = None
    seen: str = ""
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOutcome(Command):
    """A stock outcome in one press; what is typed beside it is kept with it, as in `RecordItem`."""

    meeting_id: str = ""
    item_id: str = ""
    outcome: str = ""
    handling: str | None = None
    discussion: str | None = None
    decision: str | None = None
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disqualify(Command):
    """A person stands aside for the item: ground, when they left and came back, and which deputy sat. Empty ground: the form."""

    meeting_id: str = ""
    item_id: str = ""
    person_id: str = ""
    ground: str = ""
    left_at: str = ""
    back_at: str = ""
    deputy_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVote(Command):
    """The totals of a vote. Empty totals: the form. `tie`: what decided equal votes, the chair's vote or in an election the lot."""

    meeting_id: str = ""
    item_id: str = ""
    counter_proposal: str = ""
    votes_for: str = ""
    votes_against: str = ""
    blank: str = ""
    secret: bool = False
    tie: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDissent(Command):
    meeting_id: str = ""
    item_id: str = ""
    person_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack(Command):
    """Takes back what was noted by mistake: a coming or going, a disqualification, a vote, a dissent, or the outcome of an item."""

    meeting_id: str = ""
    mark_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMeeting(Command):
    """With a time, or `confirmed`: close now. Else the form that asks for the time."""

    meeting_id: str = ""
    version: int | None = None
    at: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectTimes(Command):
    """The times of opening and closing, put right afterwards. Both empty: the form."""

    meeting_id: str = ""
    opened: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDeputies(Command):
    """The log of deputies' calls, and the seats that wait for a deputy."""

    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDeputy(Command):
    """The secretary calls the next deputy of a seat whose member cannot come."""

    meeting_id: str = ""
    seat_id: str = ""


# --- the minutes ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareMinutes(Command):
    """The minutes from the record, as documents, on the desk."""

    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMinutes(Command):
    """The minutes to the board for comments until `deadline` (a date, or a number of days; empty = the body's days)."""

    meeting_id: str = ""
    version: int | None = None
    deadline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentMinutes(Command):
    """Without text: the form. `item_id` empty = on the whole; `kind` remark or proposal."""

    meeting_id: str = ""
    item_id: str = ""
    kind: str = "proposal"
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerNoComments(Command):
    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowComments(Command):
    meeting_id: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerComment(Command):
    """`answer` accepted, rejected (needs a reason) or noted."""

    meeting_id: str = ""
    comment_id: str = ""
    answer: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMinutes(Command):
    """A named checker approves the minutes as they stand."""

    meeting_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveMinutes(Command):
    """The secretary records that the next meeting approved the minutes."""

    meeting_id: str = ""
    version: int | None = None
    approved_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRound(Command):
    """The clock: a comment round's deadline has passed."""

    meeting_id: str
    round_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindRound(Command):
    """The clock: the morning of the day before the deadline."""

    meeting_id: str
    round_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAnswers(Command):
    """The calendar: what attendees have answered to the invitation."""

    meeting_id: str
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCall(Command):
    """Teams: a call began or ended, or people joined or left it. `thread` is the id of its chat, `join_url` its link where that was told;
    `kind` started, ended, joined or left; the people by their accounts."""

    thread: str
    join_url: str
    kind: str
    at: datetime
    account_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnQuorum(Command):
    """The clock: some days before the meeting, whether enough are expected."""

    meeting_id: str


def stem(command: Command | type[Command]) -> str:
    """`RecordItem` → `record_item`: the one name of a command through rules, use cases, cards, texts and docs."""
    return _snake((command if isinstance(command, type) else type(command)).__name__)


@cache
def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


def inputs(command: Command) -> dict[str, object]:
    """The fields of a command that differ from their defaults."""
    return {field.name: getattr(command, field.name) for field in fields(command) if getattr(command, field.name) != field.default}
