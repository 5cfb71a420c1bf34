"""Cards of polls about dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from cards.planning import when, where
from meetings import commands as c
from meetings.rules.planning import Plan
from meetings.screens.base import Screen
from meetings.screens.polls import PollRow, PollShown


def poll_shown(card: Card, screen: PollShown) -> None:
    body, poll = screen.body, screen.poll
    plans = [Plan(one.suiting.option.day, one.suiting.option.start, one.suiting.option.end, poll.place, poll.online) for one in screen.rows]
    place = where(card, plans[0]) if plans else ""
    card.heading(card.t("polls.title"), subtitle=" · ".join(part for part in (body.name, place) if part))
    card.line("polls.how" if poll.closed_at is None else "polls.over")
    for row, plan in zip(screen.rows, plans, strict=True):
        card.subheading(f"{row.number}. {when(card, plan)}")
        card.words(" · ".join(_counts(card, row)))
        for doubt in row.doubts:
            card.subtle(doubt.key, **dict(doubt.params))
        option_id = row.suiting.option.id
        pressed: list[c.Command | tuple[c.Command, str]] = []
        if screen.asking:
            pressed.append(
                (c.AnswerPoll(body_id=body.id, poll_id=poll.id, option_id=option_id, suits=True), card.t("polls.suits", number=row.number))
            )
            pressed.append(
                (c.AnswerPoll(body_id=body.id, poll_id=poll.id, option_id=option_id), card.t("polls.suits_not", number=row.number))
            )
        if screen.choosing:
            pressed.append((c.ClosePoll(body_id=body.id, poll_id=poll.id, option_id=option_id), card.t("polls.choose", number=row.number)))
        if pressed:
            card.buttons(pressed)
    if screen.answered:
        card.subtle("polls.answered", count=screen.answered)
    else:
        card.subtle("polls.nobody_yet")


def _counts(card: Card, row: PollRow) -> list[str]:
    suiting = row.suiting
    found = [card.t("polls.covered", covered=suiting.covered, seats=suiting.seats)]
    for who, said in (("chair", suiting.chair), ("secretary", suiting.secretary), ("own", row.own)):
        if said is not None:
            found.append(card.t(f"polls.{who}_yes" if said else f"polls.{who}_no"))
    return found


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    PollShown: poll_shown,
}
