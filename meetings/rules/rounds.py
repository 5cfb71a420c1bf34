"""Comment rounds and approval: deadlines are inclusive, silence approves only the wording, and only under the body's own rule."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from meetings.errors import Refused, Stale
from meetings.model import Answer, Approval, Body, Comment, CommentKind, Meeting, Round, RoundResult
from meetings.rules.answers import holder
from meetings.rules.presence import attended
from meetings.rules.seats import seats_on

# In the body's zone, on the day before the deadline.
REMINDED_AT = time(9)
LONGEST_ROUND = 180
# Fields of a meeting and its parts that the minutes do not tell, or that tell what happened to the minutes.
_NOT_THE_RECORD = frozenset(
    (
        *("version", "phase", "approved_at", "approved_how", "approved_in", "minutes_sha256"),
        *("current_item_id", "event_id", "join_url", "event_uid", "event_seen", "event_trouble"),
        *("preface", "changed_at", "draft", "deputy_calls", "answers", "rounds", "replies", "comments", "checks"),
    )
)


def require_version(shown: int | None, actual: int) -> None:
    """A button drawn at an older version, where it matters: the fresh card, not a surprise."""
    if shown is not None and shown != actual:
        raise Stale("stale.meeting")


def new_round(round_id: str, body: Body, meeting: Meeting, deadline: date, hour: time | None, now: datetime) -> Round:
    """The next sending of the minutes. Refuses a deadline that has passed or lies absurdly far."""
    number = max((one.number for one in meeting.rounds), default=0) + 1
    made = Round(round_id, meeting.id, number, now, deadline, hour, body.zone, record=record_digest(meeting))
    if made.ends_at <= now:
        raise Refused("round.deadline_past", deadline=deadline)
    if deadline > now.astimezone(body.tz).date() + timedelta(days=LONGEST_ROUND):
        raise Refused("round.deadline_far", deadline=deadline, days=LONGEST_ROUND)
    return made


def reminder_at(sent: Round) -> datetime | None:
    """In the morning of the day before the deadline; None when the minutes were sent later than that."""
    at = datetime.combine(sent.deadline - timedelta(days=1), REMINDED_AT, tzinfo=ZoneInfo(sent.zone)).astimezone(UTC)
    return at if at > sent.sent_at else None


def seats_asked(body: Body, meeting: Meeting) -> tuple[tuple[str, ...], ...]:
    """The seats whose answer is counted, each as its holders on the day of the meeting; the member's or a deputy's answer counts."""
    held = ((seat.member_id, *seat.deputy_ids) for seat in seats_on(body, meeting.day))
    return tuple(tuple(one for one in holders if one) for holders in held if any(holders))


def reminded(body: Body, meeting: Meeting, sent: Round) -> tuple[str, ...]:
    """Who is reminded: of each seat that nobody has answered for, its holder and the deputies who were in the meeting; each once."""
    replied = {one.person_id for one in meeting.replies if one.round_id == sent.id}
    waiting = [seat for seat in seats_on(body, meeting.day) if not replied & {seat.member_id, *seat.deputy_ids}]
    people = [
        one for seat in waiting for one in (holder(seat), *(deputy for deputy in seat.deputy_ids if attended(meeting, deputy))) if one
    ]
    return tuple(dict.fromkeys(people))


def comments_of(meeting: Meeting, sent: Round) -> tuple[Comment, ...]:
    return tuple(one for one in meeting.comments if one.round_id == sent.id)


def open_proposals(meeting: Meeting) -> tuple[Comment, ...]:
    """Change proposals of any round without an answer: each stops tacit approval."""
    return tuple(one for one in meeting.comments if one.kind is CommentKind.PROPOSAL and one.answer is Answer.OPEN)


def record_digest(meeting: Meeting) -> str:
    """SHA-256 of all that the minutes are made of. Values that are their field's default are left out, so that a field added to the
    model later changes no digest."""

    def told(thing: Any) -> Any:
        if isinstance(thing, tuple):
            return sorted(map(told, thing), key=repr)
        if not is_dataclass(thing):
            return str(thing)
        values = ((field, getattr(thing, field.name)) for field in fields(thing) if field.name not in _NOT_THE_RECORD)
        return [(field.name, told(value)) for field, value in values if value != field.default]

    return hashlib.sha256(repr(told(meeting)).encode()).hexdigest()


def same_record(before: Meeting, after: Meeting) -> Meeting:
    """`after` with its newest round taken to be about it, when it was about `before`: only ids of the same people have changed."""
    sent = before.round
    if sent is None or sent.record != record_digest(before):
        return after
    return replace(after, rounds=(*after.rounds[:-1], replace(after.rounds[-1], record=record_digest(after))))


def changed_since(meeting: Meeting, sent: Round) -> bool:
    """Whether the record differs from what was sent: then it must go round again."""
    return record_digest(meeting) != sent.record


def accepted_unmet(meeting: Meeting, sent: Round) -> bool:
    """An accepted proposal opens the text: until it has been changed and sent again, nothing is approved."""
    return any(one.answer is Answer.ACCEPTED and one.kind is CommentKind.PROPOSAL for one in comments_of(meeting, sent))


def stops(meeting: Meeting, sent: Round) -> str:
    """What keeps the wording from being approved as sent: the key of the reason, empty when nothing does."""
    if open_proposals(meeting):
        return "open_proposals"
    if changed_since(meeting, sent):
        return "changed"
    if accepted_unmet(meeting, sent):
        return "accepted"
    return ""


def end_result(body: Body, meeting: Meeting, sent: Round) -> RoundResult:
    """How a round whose deadline has passed ends. Only a body with the tacit rule approves by silence."""
    if body.approval is not Approval.TACIT:
        return RoundResult.COLLECTED
    return RoundResult.STOPPED if stops(meeting, sent) else RoundResult.APPROVED


def checked_by_all(body: Body, meeting: Meeting, sent: Round) -> bool:
    """Whether every named checker has approved the text of this round."""
    done = {check.person_id for check in meeting.checks if check.round_number == sent.number}
    return bool(body.checker_ids) and set(body.checker_ids) <= done
