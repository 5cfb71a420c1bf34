"""Cards of help and finding one's way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cards.kit import Card
from meetings import commands as c
from meetings.commands import stem
from meetings.screens.base import Screen, Told
from meetings.screens.guide import AskedAgain, BodiesShown, HelpShown, StatusShown, TextTaken, Welcomed
from texts import format_date, format_times, words


def told(card: Card, screen: Told) -> None:
    card.told(screen.text, wrong=screen.wrong and screen.notice is None)


def welcomed(card: Card, screen: Welcomed) -> None:
    card.heading(card.t("guide.welcome_title"))
    card.line("guide.welcome_what")
    card.line("guide.welcome_board" if screen.on_board else "guide.welcome_desk")
    card.line("guide.welcome_press" if any(isinstance(step, c.SetUpBody) for step in screen.steps) else "guide.welcome_help")


def help_shown(card: Card, screen: HelpShown) -> None:
    card.heading(card.t("guide.help_title"), subtitle=screen.body.name if screen.body else "")
    card.line("guide.help_intro")
    for command in screen.commands:
        card.explained(words(card.language, f"words.{stem(command)}")[0], card.t(f"does.{stem(command)}"))


def asked_again(card: Card, screen: AskedAgain) -> None:
    card.line("guide.not_understood", text=screen.text[:200])


def bodies_shown(card: Card, screen: BodiesShown) -> None:
    card.line("guide.choose_body" if screen.bodies else "guide.no_body")
    card.buttons([(c.ChooseBody(body_id=one.id), one.name) for one in screen.bodies])


def status_shown(card: Card, screen: StatusShown) -> None:
    card.heading(card.t("guide.status_title"))
    if not screen.bodies:
        card.line("guide.no_body")
    for body, meetings in screen.bodies:
        card.subheading(body.name)
        if not meetings:
            card.line("guide.no_meeting")
        for meeting, waits in meetings:
            when = f"{format_date(card.language, meeting.day, weekday=True)} {format_times(card.language, meeting.start, meeting.end)}"
            card.facts(
                (
                    (card.t("guide.meeting"), meeting.designation),
                    (card.t("guide.when"), when),
                    (card.t("guide.place"), meeting.place),
                    (card.t("guide.phase"), card.t(f"phase_name.{meeting.phase}")),
                )
            )
            for wait in waits:
                card.line(wait.key, **dict(wait.params))


def text_taken(card: Card, screen: TextTaken) -> None:
    card.line("guide.text_taken_file" if screen.name else "guide.text_taken", name=screen.name, count=len(screen.draft.source))
    card.typed(screen.draft.source, limit=300)


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    Told: told,
    Welcomed: welcomed,
    HelpShown: help_shown,
    AskedAgain: asked_again,
    BodiesShown: bodies_shown,
    StatusShown: status_shown,
    TextTaken: text_taken,
}
