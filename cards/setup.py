"""Cards of setting up a body and of its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cards.kit import Card
from meetings import commands as c
from meetings.model import Approval, Body, Calling, Numbering, Person
from meetings.rules.bodies import LANGUAGES, LONGEST_NAME, LONGEST_RULE, NOBODY
from meetings.screens.base import Screen
from meetings.screens.setup import BodyForm, BodySetUp, SetUpForm, StandingItemsForm


def set_up_form(card: Card, screen: SetUpForm) -> None:
    card.heading(card.t("setup.title"))
    card.line("setup.intro")
    card.text_input("name", card.t("setup.name"), screen.name, required=True, length=LONGEST_NAME)
    _languages(card, screen.language or card.language, screen.language_2)
    card.submit(c.SetUpBody(), title=card.t("setup.save"))


def body_set_up(card: Card, screen: BodySetUp) -> None:
    body = screen.body
    card.heading(body.name)
    card.facts(
        (
            (card.t("setup.language"), ", ".join(card.t(f"setup.language.{one}") for one in body.languages)),
            (card.t("setup.approval"), card.t(f"setup.approval_{body.approval}", days=body.comment_days)),
            (card.t("setup.quorum"), card.t("setup.quorum_fact", fraction=f"{body.quorum_numerator}/{body.quorum_denominator}")),
            (card.t("setup.numbering"), card.t(f"setup.numbering_{body.numbering}")),
        )
    )
    if body.standing_items:
        card.subheading(card.t("setup.items"))
        ordered = sorted(body.standing_items, key=lambda item: item.position)
        card.typed("\n".join(item.title for item in ordered))
    if not body.seats:
        card.line("setup.next_on_desk" if screen.on_board else "setup.next_roster")


def body_form(card: Card, screen: BodyForm) -> None:
    body, typed = screen.body, screen.typed
    form = typed or _stored(body)
    card.heading(card.t("setup.settings"), subtitle=body.name)
    card.text_input("name", card.t("setup.name"), form.name, required=True, length=LONGEST_NAME)
    _languages(card, form.language, form.language_2)
    card.subheading(card.t("setup.people"))
    nobody = [(NOBODY, card.t("setup.nobody"))]
    card.choice_input("secretary_id", card.t("setup.secretary"), _people(screen.accounts), form.secretary_id, required=True)
    card.choice_input("chair_id", card.t("setup.chair"), nobody + _people(screen.offices), form.chair_id or NOBODY)
    card.choice_input("vice_chair_id", card.t("setup.vice_chair"), nobody + _people(screen.offices), form.vice_chair_id or NOBODY)
    card.subheading(card.t("setup.minutes"))
    card.toggle_input("formal", card.t("setup.formal"), value=form.formal)
    approvals = [(str(one), card.t(f"setup.approval_way_{one}")) for one in Approval]
    card.choice_input("approval", card.t("setup.approval"), approvals, form.approval, required=True)
    card.text_input("comment_days", card.t("setup.comment_days_label"), form.comment_days, required=True, length=3)
    card.text_input("approval_rule", card.t("setup.rule"), form.approval_rule, lines=True, length=LONGEST_RULE)
    if screen.members:
        card.choice_input("checker_ids", card.t("setup.checkers"), _people(screen.members), ",".join(form.checker_ids), several=True)
    card.text_input("keep_months", card.t("setup.keep_months_label"), form.keep_months, required=True, length=3)
    card.subheading(card.t("setup.meetings"))
    card.text_input("quorum", card.t("setup.quorum_label"), form.quorum, required=True, length=7)
    card.toggle_input("quorum_needs_chair", card.t("setup.needs_chair"), value=form.quorum_needs_chair)
    card.text_input("lead_days", card.t("setup.lead_days_label"), form.lead_days, required=True, length=2)
    callings = [(str(one), card.t(f"setup.calling_{one}")) for one in Calling]
    card.choice_input("calling", card.t("setup.calling"), callings, form.calling, required=True)
    card.text_input("warn_days", card.t("setup.warn_days_label"), form.warn_days, required=True, length=2)
    numberings = [(str(one), card.t(f"setup.numbering_{one}")) for one in Numbering]
    card.choice_input("numbering", card.t("setup.numbering"), numberings, form.numbering, required=True)
    card.text_input("zone", card.t("setup.zone"), form.zone, required=True, length=60)
    card.submit(c.ChangeBody(body_id=body.id, version=body.version))
    card.wider(c.ShowBody(body_id=body.id))


def standing_items_form(card: Card, screen: StandingItemsForm) -> None:
    body = screen.body
    card.heading(card.t("setup.items"), subtitle=body.name)
    card.line("setup.items_intro")
    card.text_input("lines", card.t("setup.items_label"), screen.lines, lines=True, required=True, length=8000)
    card.submit(c.ChangeStandingItems(body_id=body.id, version=body.version), title=card.t("setup.save"))


def _languages(card: Card, first: str, second: str) -> None:
    names = [(one, card.t(f"setup.language.{one}")) for one in LANGUAGES]
    card.choice_input("language", card.t("setup.language"), names, first, required=True)
    card.choice_input("language_2", card.t("setup.language_2"), [(NOBODY, card.t("setup.no_second")), *names], second or NOBODY)


def _people(people: Iterable[Person]) -> list[tuple[str, str]]:
    return [(one.id, one.name) for one in people]


def _stored(body: Body) -> c.ChangeBody:
    return c.ChangeBody(
        name=body.name,
        language=body.language,
        language_2=body.languages[1] if len(body.languages) > 1 else "",
        zone=body.zone,
        secretary_id=body.secretary_id,
        chair_id=body.chair_id,
        vice_chair_id=body.vice_chair_id,
        approval=body.approval,
        comment_days=str(body.comment_days),
        approval_rule=body.approval_rule,
        checker_ids=body.checker_ids,
        quorum=f"{body.quorum_numerator}/{body.quorum_denominator}",
        quorum_needs_chair=body.quorum_needs_chair,
        lead_days=str(body.lead_days),
        calling=body.calling,
        warn_days=str(body.warn_days),
        keep_months=str(body.keep_months),
        numbering=body.numbering,
        formal=body.formal,
    )


CARDS: Mapping[type[Screen], Callable[[Card, Any], None]] = {
    SetUpForm: set_up_form,
    BodySetUp: body_set_up,
    BodyForm: body_form,
    StandingItemsForm: standing_items_form,
}
