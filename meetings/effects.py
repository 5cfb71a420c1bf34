"""What must happen after a change has been committed, as data. Handlers (jobs/) render the state of the day, never a payload.

`lane`: effects of one lane run one at a time, in the order of writing. `key`: a waiting effect of the same key absorbs a new one,
so a key says "the state of this thing must reach the outside"; effects that are each their own event carry their id in the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True)
class RefreshBoard:
    """Post or update one part of a meeting's thread on the board: meeting, roll, minutes or approved."""

    meeting_id: str
    part: str

    @property
    def lane(self) -> str:
        return f"board:{self.meeting_id}"

    @property
    def key(self) -> str:
        return f"board:{self.meeting_id}:{self.part}"


@dataclass(frozen=True, slots=True)
class FollowRound:
    """The board's card of a comment round follows what a person does there: at once when they have answered, and when they have opened the
    form, at the time by which they should be done. It waits for all who write: a card that is updated takes the form on it along."""

    meeting_id: str
    person_id: str

    @property
    def lane(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return f"round:{self.meeting_id}:{self.person_id}"


@dataclass(frozen=True, slots=True)
class Tell:
    """A personal message: the sentence `told.<sentence>` with `params`, and the buttons of the meeting for that person; with a `draft_id`
    on top of that draft's card, if it is still there."""

    id: str
    person_id: str
    sentence: str
    params: tuple[tuple[str, str], ...] = ()
    body_id: str = ""
    meeting_id: str = ""
    draft_id: str = ""

    @property
    def said(self) -> dict[str, object]:
        """The parameters as the sentence wants them: `day` and `start`, kept as ISO texts, are a date and a time of day."""
        read: dict[str, Callable[[str], object]] = {"day": date.fromisoformat, "start": time.fromisoformat}
        return {name: read[name](value) if name in read else value for name, value in self.params}

    @property
    def lane(self) -> str:
        return f"desk:{self.person_id}"

    @property
    def key(self) -> str:
        return f"tell:{self.id}"


@dataclass(frozen=True, slots=True)
class RefreshPoll:
    """Post or update a poll on the board."""

    body_id: str
    poll_id: str

    @property
    def lane(self) -> str:
        return f"poll:{self.poll_id}"

    @property
    def key(self) -> str:
        return self.lane


@dataclass(frozen=True, slots=True)
class ReadSchedules:
    """Ask the calendars who is free at the dates of a draft."""

    body_id: str
    draft_id: str

    @property
    def lane(self) -> str:
        return f"schedules:{self.draft_id}"

    @property
    def key(self) -> str:
        return self.lane


@dataclass(frozen=True, slots=True)
class SyncEvent:
    """Make the calendar event of a meeting equal to the meeting: created, moved, changed or cancelled."""

    meeting_id: str

    @property
    def lane(self) -> str:
        return f"calendar:{self.meeting_id}"

    @property
    def key(self) -> str:
        return self.lane


@dataclass(frozen=True, slots=True)
class RenderDocuments:
    """Make PDF and Word: `kind` agenda, minutes (for the secretary), round (as sent for comments) or approved."""

    meeting_id: str
    kind: str

    @property
    def lane(self) -> str:
        return f"documents:{self.meeting_id}"

    @property
    def key(self) -> str:
        return f"documents:{self.meeting_id}:{self.kind}"


@dataclass(frozen=True, slots=True)
class ShareDocuments:
    """Put the newest PDF and Word of a kind (agenda, round or approved) into the files of the board's channel."""

    meeting_id: str
    kind: str

    @property
    def lane(self) -> str:
        return f"files:{self.meeting_id}"

    @property
    def key(self) -> str:
        return f"files:{self.meeting_id}:{self.kind}"


@dataclass(frozen=True, slots=True)
class RemindRound:
    """Timer: remind those who have not answered the comment round."""

    meeting_id: str
    round_id: str

    @property
    def lane(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return f"remind:{self.round_id}"


@dataclass(frozen=True, slots=True)
class EndRound:
    """Timer: the comment round's deadline has passed; the state decides what that means."""

    meeting_id: str
    round_id: str

    @property
    def lane(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return f"end:{self.round_id}"


@dataclass(frozen=True, slots=True)
class WarnQuorum:
    """Timer: chair and secretary are told when too few are expected; the state decides."""

    meeting_id: str

    @property
    def lane(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return f"warn:{self.meeting_id}"


@dataclass(frozen=True, slots=True)
class ReadAnswers:
    """Look what has happened in the organiser's calendar: answers, and events that somebody deleted or changed. It writes its own next."""

    @property
    def lane(self) -> str:
        return "answers"

    @property
    def key(self) -> str:
        return self.lane


@dataclass(frozen=True, slots=True)
class ReadMembers:
    """Read who is in the board's team, so that the roster can be matched to accounts."""

    conversation_id: str

    @property
    def lane(self) -> str:
        return f"members:{self.conversation_id}"

    @property
    def key(self) -> str:
        return self.lane


@dataclass(frozen=True, slots=True)
class ForgetOld:
    """Timer: what the body has kept long enough is forgotten; the state decides. It writes its own next, a day later."""

    body_id: str

    @property
    def lane(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return f"forget:{self.body_id}"


@dataclass(frozen=True, slots=True)
class ReadAttendance:
    """Timer: hold the attendance report of a meeting's call against the record, where that is wanted. `last`: it was not there the first
    time."""

    meeting_id: str
    last: bool = False

    @property
    def lane(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return f"attendance:{self.meeting_id}"


@dataclass(frozen=True, slots=True)
class Send:
    """A letter to a person without Teams: `letter` agenda, round or approved, about the meeting as it is on the day. Mail cannot be asked
    whether it arrived, so when the process dies between sending and writing it down, the letter goes twice, under one mark."""

    id: str
    person_id: str
    letter: str
    meeting_id: str

    @property
    def lane(self) -> str:
        return f"mail:{self.person_id}"

    @property
    def key(self) -> str:
        return f"send:{self.id}"


Effect = (
    RefreshBoard
    | FollowRound
    | RefreshPoll
    | Tell
    | ReadSchedules
    | SyncEvent
    | RenderDocuments
    | ShareDocuments
    | RemindRound
    | EndRound
    | WarnQuorum
    | ReadAnswers
    | ReadMembers
    | ForgetOld
    | ReadAttendance
    | Send
)
