"""Cards of the minutes: desk, comment round, comments, approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from cards.planning import unreached
from meetings import commands as c
from meetings.model import Answer, Approval, Body, CommentKind, Meeting, Phase, Round, RoundResult
from meetings.rules.numbering import in_order
from meetings.screens.base import Screen
from meetings.screens.minutes import ApprovedOnBoard, CommentForm, CommentsShown, MinutesDesk, RoundOnBoard
from texts import LANGUAGES, format_date, format_time, t


def minutes_desk(card: Card, screen: MinutesDesk) -> None:
    body, meeting = screen.body, screen.meeting
    card.heading(_title(card, body, meeting), subtitle=body.name)
    if screen.documents:
        card.documents(screen.documents)
    sent = meeting.round
    if meeting.phase is Phase.APPROVED:
        _approval(card, body, meeting)
        return
    if sent:
        card.facts(
            (
                (card.t("minutes.round"), str(sent.number)),
                (card.t("minutes.until"), _until(card, sent)),
                (card.t("minutes.answers"), card.t("minutes.answered_of", answered=screen.answered, asked=screen.asked)),
                (card.t("minutes.state"), card.t(f"minutes.result_{sent.result}")),
            )
        )
        _progress(card, sent, screen.answered, screen.asked)
        unreached(card, screen.unheard, "minutes.unheard")
        if screen.stopped:
            card.line(f"minutes.stop_{screen.stopped}")
    card.subheading(card.t("minutes.send_again_title" if sent else "minutes.send_title"))
    card.date_input("deadline", card.t("minutes.deadline"), screen.deadline, required=True)
    card.submit(c.SendMinutes(meeting_id=meeting.id, version=meeting.version), title=card.t("minutes.send_again") if sent else "")


def round_on_board(card: Card, screen: RoundOnBoard) -> None:
    body, meeting, sent = screen.body, screen.meeting, screen.sent
    card.heading(_title(card, body, meeting), subtitle=body.name)
    if meeting.phase is Phase.APPROVED:
        _approval(card, body, meeting)
        return
    if sent.number > 1:
        card.line("minutes.again", number=sent.number)
    match sent.result:
        case RoundResult.RUNNING:
            card.line("minutes.please_comment", until=_until(card, sent))
        case _:
            card.line(f"minutes.result_{sent.result}")
    _rule(card, body, sent)
    card.facts(
        (
            (card.t("minutes.answers"), card.t("minutes.answered_of", answered=screen.answered, asked=screen.asked)),
            (card.t("minutes.comments"), str(screen.comments)),
        )
    )
    _progress(card, sent, screen.answered, screen.asked)
    card.documents(screen.documents)


def comment_form(card: Card, screen: CommentForm) -> None:
    meeting = screen.meeting
    card.heading(card.t("minutes.comment_title", number=meeting.designation), subtitle=screen.body.name)
    items = [("", card.t("minutes.whole"))]
    items += [(item.id, f"§ {item.section} {item.title}") for item in in_order(meeting) if item.section is not None]
    card.choice_input("item_id", card.t("minutes.which_item"), items, screen.item_id)
    kinds = [(kind.value, card.t(f"minutes.kind_{kind}")) for kind in (CommentKind.PROPOSAL, CommentKind.REMARK)]
    card.choice_input("kind", card.t("minutes.which_kind"), kinds, screen.kind)
    card.text_input("text", card.t("minutes.comment"), screen.text, lines=True, required=True, length=20_000)
    card.submit(c.CommentMinutes(meeting_id=meeting.id), title=card.t("minutes.send_comment"))
    card.wider(c.CommentMinutes(meeting_id=meeting.id))


def comments_shown(card: Card, screen: CommentsShown) -> None:
    body, meeting = screen.body, screen.meeting
    card.heading(card.t("minutes.comments_title", number=meeting.designation), subtitle=body.name)
    if not screen.comments:
        card.line("minutes.no_comments_yet")
    sections = {item.id: item for item in meeting.items}
    for comment in screen.comments:
        item = sections.get(comment.item_id)
        where = f"§ {item.section} {item.title}" if item else card.t("minutes.whole")
        name = screen.people[comment.person_id].name if comment.person_id in screen.people else ""
        card.subheading(f"{name}: {where}")
        card.subtle("minutes.kind_and_date", kind=card.t(f"minutes.kind_{comment.kind}"), day=comment.at.astimezone(body.tz).date())
        card.typed(comment.text, limit=2000)
        if comment.answer is not Answer.OPEN:
            card.line(f"minutes.answer_{comment.answer}")
            card.typed(comment.reason)
    waiting = [one for one in screen.comments if one.answer is Answer.OPEN]
    if waiting and meeting.phase is Phase.REVIEW:
        card.subheading(card.t("minutes.answer_title"))
        choices = [(one.id, f"{screen.people[one.person_id].name}: {one.text[:60]}") for one in waiting if one.person_id in screen.people]
        card.choice_input("comment_id", card.t("minutes.which_comment"), choices, waiting[0].id, required=True)
        card.text_input("reason", card.t("minutes.reason"), screen.typed_reason, lines=True, length=2000)
        card.buttons([c.AnswerComment(meeting_id=meeting.id, answer=answer) for answer in ("accepted", "rejected", "noted")])
    if screen.pages > 1:
        card.subtle("minutes.page", page=screen.page, pages=screen.pages)


def approved_on_board(card: Card, screen: ApprovedOnBoard) -> None:
    card.heading(_title(card, screen.body, screen.meeting), subtitle=screen.body.name)
    _approval(card, screen.body, screen.meeting)
    card.documents(screen.documents)


def _progress(card: Card, sent: Round, answered: int, asked: int) -> None:
    """A ring while answers are waited for, beside the number that says the same."""
    if sent.result is RoundResult.RUNNING and asked:
        told = card.t("minutes.answered_of", answered=answered, asked=asked)
        card.ring(told, (card.t("minutes.answers"), answered), (card.t("minutes.unanswered"), max(asked - answered, 0)))


def _approval(card: Card, body: Body, meeting: Meeting) -> None:
    at = meeting.approved_at.astimezone(body.tz) if meeting.approved_at else None
    sent = meeting.round
    if at is None or meeting.approved_how is None:
        return
    match meeting.approved_how:
        case Approval.TACIT:
            card.line("minutes.approved_tacit", day=at.date(), deadline=sent.deadline if sent else at.date())
            card.typed(body.approval_rule)
        case Approval.CHECKERS:
            card.line("minutes.approved_checkers", day=at.date())
        case Approval.NEXT_MEETING:
            card.line("minutes.approved_next_meeting", day=at.date(), meeting=meeting.approved_in)
    if meeting.minutes_sha256:
        card.subtle("minutes.sha256", digest=meeting.minutes_sha256)


def _rule(card: Card, body: Body, sent: Round) -> None:
    """The rule by which this round approves, with the body's own words where they are not the stock sentence."""
    match body.approval:
        case Approval.TACIT:
            card.line("minutes.rule_tacit", deadline=_until(card, sent))
            if body.approval_rule not in {t(one, f"setup.rule.tacit.{form}") for one in LANGUAGES for form in ("formal", "memo")}:
                card.typed(body.approval_rule)
        case Approval.CHECKERS:
            card.line("minutes.rule_checkers")
        case Approval.NEXT_MEETING:
            card.line("minutes.rule_next_meeting")


def _title(card: Card, body: Body, meeting: Meeting) -> str:
    return card.t("minutes.title_formal" if body.formal else "minutes.title_memo", number=meeting.designation)


def _until(card: Card, sent: Round) -> str:
    day = format_date(card.language, sent.deadline, weekday=True)
    return f"{day} {format_time(card.language, sent.deadline_hour)}" if sent.deadline_hour else day


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    MinutesDesk: minutes_desk,
    RoundOnBoard: round_on_board,
    CommentForm: comment_form,
    CommentsShown: comments_shown,
    ApprovedOnBoard: approved_on_board,
}
