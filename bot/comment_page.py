"""The page on which a person without Teams comments on the minutes, by a signed link of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.personal_page import Ids, fill, reader
from documents.blocks import MinutesDoc, as_data
from documents.minutes import minutes_of
from meetings import commands as c
from meetings.errors import MeetingError, NotFound, Refused
from meetings.model import Answer, Body, Comment, Document, Meeting, Person, RoundResult
from meetings.rules.numbering import in_order
from meetings.rules.rounds import comments_of
from meetings.use_cases import execute
from storage.transaction import Transaction
from texts import format_date, format_time, t, wording

WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class CommentState:
    person: Person
    body: Body
    meeting: Meeting
    minutes: MinutesDoc
    documents: tuple[Document, ...]
    round_id: str
    running: bool
    notice: str = ""
    wrong: str = ""

    @property
    def language(self) -> str:
        return self.person.language or self.body.language


class CommentPage:
    """`ids`: person, meeting and round."""

    name = "comment"
    texts = "mail.page_"

    def __init__(self, address: Callable[[str, str], str]) -> None:
        self._address = address

    def look(self, tx: Transaction, ids: Ids, error: MeetingError | None) -> CommentState:
        return _state(tx, ids, error=error)

    def take(self, tx: Transaction, ids: Ids, typed: Mapping[str, str]) -> CommentState:
        """All comments of the page, or "no comments", in one transaction, by the same commands as in Teams."""
        tx.actor = tx.person(ids[0])
        before = _state(tx, ids)
        done = "minutes.no_comments_kept" if typed.get("do") == "none" else "minutes.comment_kept"
        if tx.repeat:
            return _state(tx, ids, notice=t(before.language, done))
        if not before.running:
            sent = next(one for one in before.meeting.rounds if one.id == before.round_id)
            raise Refused("mail.round_replaced") if sent.result is RoundResult.REPLACED else Refused("round.ended", deadline=sent.deadline)
        meeting_id = before.meeting.id
        commands: list[c.Command] = []
        for item_id in (WHOLE, *(item.id for item in in_order(before.meeting))):
            if text := typed.get(f"text-{item_id}", "").strip():
                of_item = "" if item_id == WHOLE else item_id
                kind = typed.get(f"kind-{item_id}", "")
                commands.append(c.CommentMinutes(meeting_id=meeting_id, item_id=of_item, kind=kind, text=text))
        if typed.get("do") == "none":
            if commands:
                raise Refused("mail.page_both")
            commands.append(c.AnswerNoComments(meeting_id=meeting_id))
        if not commands:
            raise Refused("mail.page_empty")
        for command in commands:
            execute(command, tx)
            tx.journal(command, {"by": "page"})
        return _state(tx, ids, notice=t(before.language, done))

    def render(self, state: CommentState, typed: Mapping[str, str]) -> str:
        language, meeting = state.language, state.meeting
        sent = next(one for one in meeting.rounds if one.id == state.round_id)
        return fill(
            "comment.html",
            language,
            state=state,
            title=t(language, "minutes.title_formal" if state.body.formal else "minutes.title_memo", number=meeting.designation),
            day=format_date(language, meeting.day, weekday=True),
            deadline=format_date(language, sent.deadline, weekday=True),
            hour=format_time(language, sent.deadline_hour) if sent.deadline_hour else "",
            pdf=next((self._address(one.id, state.person.id) for one in state.documents if one.format == "pdf"), ""),
            parts=_parts(state.minutes, meeting),
            mine=[_comment(language, state, one) for one in comments_of(meeting, sent) if one.person_id == state.person.id],
            silent=any(one.no_comments for one in meeting.replies if (one.round_id, one.person_id) == (sent.id, state.person.id)),
            typed=typed,
            WHOLE=WHOLE,
        )


def _state(tx: Transaction, ids: Ids, *, error: MeetingError | None = None, notice: str = "") -> CommentState:
    person_id, meeting_id, round_id = ids
    meeting = tx.meeting(meeting_id)
    person = reader(tx, person_id, meeting)
    body = tx.body(meeting.body_id)
    language = person.language or body.language
    sent = next((one for one in meeting.rounds if one.id == round_id), None)
    if sent is None:
        raise NotFound("storage.not_found")
    running = sent.result is RoundResult.RUNNING and tx.now < sent.ends_at
    if error is None and not running:
        replaced = sent.result is RoundResult.REPLACED
        error = Refused("mail.round_replaced") if replaced else Refused("round.ended", deadline=sent.deadline)
    wrong = t(language, error.key, **error.params) if error else ""
    documents = tuple(one for one in tx.documents(meeting.id) if one.kind == f"round {sent.number}")
    return CommentState(person, body, meeting, minutes_of(tx, meeting.id), documents, round_id, running, notice, wrong)


def _comment(language: str, state: CommentState, comment: Comment) -> dict[str, str]:
    item = next((one for one in state.meeting.items if one.id == comment.item_id), None)
    kind, day = t(language, f"minutes.kind_{comment.kind}"), comment.at.astimezone(state.body.tz).date()
    return {
        "where": f"§ {item.section or '–'} {item.title}" if item else t(language, "minutes.whole"),
        "kind": wording(language, "minutes.kind_and_date", kind=kind, day=day),
        "text": comment.text,
        "answer": t(language, "mail.page_waits" if comment.answer is Answer.OPEN else f"minutes.answer_{comment.answer}"),
        "reason": comment.reason,
    }


def _parts(doc: MinutesDoc, meeting: Meeting) -> list[dict[str, Any]]:
    """The blocks of the minutes parted at their headings; those of an item with the item, for its comment."""
    items = iter(in_order(meeting))
    parts: list[dict[str, Any]] = [{"item": None, "blocks": []}]
    for block in as_data(doc)["blocks"]:
        if block["kind"] in {"section", "heading", "approval"}:
            parts.append({"item": next(items) if block["kind"] == "section" else None, "blocks": []})
        parts[-1]["blocks"].append(block)
    return parts
