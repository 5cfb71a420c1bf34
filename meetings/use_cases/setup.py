"""A body is set up on its channel; its settings and standing items are changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from meetings import commands as c
from meetings import effects as e
from meetings.errors import Refused, Stale
from meetings.model import Approval, Body, Capacity, Conversation, Person, Phase, RoundResult, Standing, StandingItem
from meetings.ports import Tx
from meetings.rules import bodies
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, Told, sentence
from meetings.screens.setup import BodyForm, BodySetUp, SetUpForm, StandingItemsForm
from meetings.use_cases.answers import later_warning

# So many people are offered in a list; office holders first. More would make the card too big for Teams.
MOST_OFFERED = 60
_WITH_PROPOSAL = (Standing.QUORUM, Standing.AGENDA, Standing.PREVIOUS_MINUTES)


def set_up_body(command: c.SetUpBody, tx: Tx, scope: Scope) -> Screen:
    """Without a name the form; with one a body on the channel, the actor its secretary. One body a channel."""
    if not command.name.strip():
        return set_up_form(command, tx, scope)
    channel = _channel(tx)
    _require_free(channel, tx)
    name = bodies.read_name(command.name)
    languages = bodies.read_languages(command.language or tx.actor.language, command.language_2)
    bare = Body(
        id=tx.new_id(), tenant_id=tx.actor.tenant_id, name=name, channel_id=channel.id, languages=languages, secretary_id=tx.actor.id
    )
    body = replace(bare, approval_rule=approval_rule(tx, bare), standing_items=_template(tx, bare))
    body = tx.save(body)
    tx.save(replace(tx.actor, desk_body_id=body.id))
    tx.later(e.ReadMembers(channel.id))
    tx.later(e.ForgetOld(body.id), tx.now + timedelta(days=1))
    if tx.conversation is not None and tx.conversation.kind == "channel":
        # What follows is the secretary's own work and belongs to her desk, not before everybody.
        tx.later(e.Tell(f"setup:{body.id}", tx.actor.id, "body_ready", (("body", body.name),), body.id))
    return _set_up(tx, body, notice=sentence("setup.done", name=body.name))


def set_up_form(command: c.SetUpBody, tx: Tx, scope: Scope) -> Screen:
    """The form; on a channel that has its body already, that body; elsewhere where to go."""
    del scope
    here = tx.conversation
    if here is None or here.kind != "channel":
        return Told(text=sentence("setup.on_its_channel"), steps=(c.ShowStatus(), c.ShowHelp()))
    if (there := tx.body_of_channel(here.id)) is not None:
        return _existing(tx, there)
    return SetUpForm(name=command.name or here.name, language=command.language or tx.actor.language, language_2=command.language_2)


def set_up_view(command: c.SetUpBody, tx: Tx, scope: Scope) -> Screen:
    """After a repeated press the body that was set up; after a refusal the form as typed."""
    there = tx.body_of_channel(tx.conversation.id) if tx.conversation is not None else None
    if there is not None and there.secretary_id == tx.actor.id:
        return _set_up(tx, there)
    return set_up_form(command, tx, scope)


def show_body(_command: c.Command, tx: Tx, scope: Scope) -> Screen:
    return _form(tx, scope.body, None)


def change_body(command: c.ChangeBody, tx: Tx, scope: Scope) -> Screen:
    """The settings as typed. A new secretary takes over at once and is told; the old one keeps what their seat gives."""
    before = scope.body
    _require_version(command.version, before)
    body = bodies.change_body(
        before,
        command,
        accounts={one.id for one in tx.accounts()},
        roster=_roster(before),
        members=_members(before),
        rule=lambda one: approval_rule(tx, one),
    )
    if body.approval is Approval.TACIT and (before.approval, before.approval_rule) != (body.approval, body.approval_rule):
        _require_no_round(tx, before)
    body = replace(body, standing_items=_translated(tx, body, before.language))
    body = tx.save(body)
    _require_new_round(tx, before, body)
    _refresh_boards(tx, before, body)
    _follow_invitations(tx, before, body)
    if body.secretary_id == before.secretary_id:
        return _form(tx, tx.body(body.id), None, notice=sentence("setup.saved"))
    tx.later(e.Tell(tx.new_id(), body.secretary_id, "made_secretary", (("body", body.name), ("name", tx.actor.name)), body.id))
    name = tx.person(body.secretary_id).name
    return Told(text=sentence("setup.secretary_changed", name=name, body=body.name), steps=(c.ShowStatus(), c.ShowHelp()))


def body_form(command: c.ChangeBody, tx: Tx, scope: Scope) -> Screen:
    return _form(tx, scope.body, command)


def change_standing_items(command: c.ChangeStandingItems, tx: Tx, scope: Scope) -> Screen:
    """Without lines the form; with them the template of coming agendas. Agendas already made keep their items."""
    if not command.lines.strip():
        return standing_items_form(command, tx, scope)
    body = scope.body
    _require_version(command.version, body)
    items = bodies.read_lines(command.lines, body, lambda standing: _titles(tx, standing), tx.new_id)
    body = replace(body, standing_items=items)
    body = tx.save(body)
    return _items_form(tx, tx.body(body.id), "", notice=sentence("setup.items_saved", count=len(items)))


def standing_items_form(command: c.ChangeStandingItems, tx: Tx, scope: Scope) -> Screen:
    return _items_form(tx, scope.body, command.lines)


def approval_rule(tx: Tx, body: Body) -> str:
    """The stock wording of the rule by which minutes are approved, in the language of the record."""
    return tx.wording(body.language, f"setup.rule.{body.approval}.{'formal' if body.formal else 'memo'}")


def _template(tx: Tx, body: Body) -> tuple[StandingItem, ...]:
    def proposal(standing: Standing) -> str:
        return tx.wording(body.language, f"setup.standing_proposal.{standing}") if standing in _WITH_PROPOSAL else ""

    return tuple(
        StandingItem(tx.new_id(), body.id, place, standing, tx.wording(body.language, f"setup.standing.{standing}"), proposal(standing))
        for place, standing in enumerate(bodies.TEMPLATE, start=1)
    )


def _translated(tx: Tx, body: Body, language: str) -> tuple[StandingItem, ...]:
    """Stock words nobody has touched follow the language of the record."""

    def moved(text: str, key: str) -> str:
        return tx.wording(body.language, key) if text == tx.wording(language, key) else text

    return tuple(
        replace(
            one,
            title=moved(one.title, f"setup.standing.{one.standing}"),
            proposal=moved(one.proposal, f"setup.standing_proposal.{one.standing}") if one.standing in _WITH_PROPOSAL else one.proposal,
        )
        if one.standing
        else one
        for one in body.standing_items
    )


def _titles(tx: Tx, standing: Standing) -> tuple[str, ...]:
    return tuple(tx.wording(language, f"setup.standing.{standing}") for language in bodies.LANGUAGES)


def _channel(tx: Tx) -> Conversation:
    """The channel spoken on: only those who are there can set up its body, so that nobody takes another team's channel."""
    here = tx.conversation
    if here is None or here.kind != "channel":
        raise Refused("setup.on_its_channel")
    return here


def _require_new_round(tx: Tx, before: Body, body: Body) -> None:
    """Minutes out for comments bear the body's name, language and kind: when these change, the text has to go round again."""
    if (before.name, before.language, before.formal) == (body.name, body.language, body.formal):
        return
    for header in tx.meetings(body.id):
        if header.phase is Phase.REVIEW:
            sent = tx.meeting(header.id)
            tx.save(replace(sent, rounds=tuple(replace(one, record="") for one in sent.rounds)))


def _require_free(channel: Conversation, tx: Tx) -> None:
    existing = tx.body_of_channel(channel.id)
    if existing is not None:
        raise Refused("setup.channel_taken", name=existing.name)


def _require_version(shown: int | None, body: Body) -> None:
    if shown is not None and shown != body.version:
        raise Stale("setup.stale")


def _require_no_round(tx: Tx, body: Body) -> None:
    """Silence counts under the rule that was told: it stays as long as somebody is asked under it."""
    for header in tx.meetings(body.id):
        sent = tx.meeting(header.id).round if header.phase is Phase.REVIEW else None
        if sent is not None and sent.result is RoundResult.RUNNING:
            raise Refused("setup.round_running", number=header.designation, deadline=sent.deadline)


def _refresh_boards(tx: Tx, before: Body, after: Body) -> None:
    """Cards on the board show the body's name, language and quorum: those of meetings not yet approved are drawn again."""
    shown = ("name", "languages", "zone", "chair_id", "vice_chair_id", "quorum_numerator", "quorum_denominator", "quorum_needs_chair")
    if all(getattr(before, field) == getattr(after, field) for field in shown):
        return
    for meeting in tx.meetings(after.id):
        if meeting.approved_at is None and not meeting.cancel_reason:
            tx.later(e.RefreshBoard(meeting.id, "meeting"))


def _follow_invitations(tx: Tx, before: Body, after: Body) -> None:
    """What invitations say, whom they go to and when the body wants to be warned holds for the meetings to come."""
    told = ("name", "languages", "zone", "secretary_id", "chair_id", "vice_chair_id", "calling", "warn_days")
    if all(getattr(before, field) == getattr(after, field) for field in told):
        return
    for meeting in tx.meetings(after.id):
        if meeting.phase in {Phase.PLANNED, Phase.PUBLISHED}:
            tx.later(e.SyncEvent(meeting.id))
            later_warning(tx, after, meeting)


def _set_up(tx: Tx, body: Body, *, notice: Sentence | None = None) -> Screen:
    on_board = tx.conversation is not None and tx.conversation.kind == "channel"
    steps = (c.ShowStatus(), c.ShowHelp()) if on_board else next_steps(body, None, tx.actor, tx.now)
    return BodySetUp(notice=notice, body=body, on_board=on_board, steps=steps)


def _existing(tx: Tx, body: Body) -> Screen:
    steps = next_steps(body, None, tx.actor, tx.now)
    return Told(text=sentence("setup.channel_taken", name=body.name), steps=steps)


def _form(tx: Tx, body: Body, typed: c.ChangeBody | None, *, notice: Sentence | None = None) -> Screen:
    accounts = sorted(tx.accounts(), key=lambda one: one.name.casefold())
    roster = _roster(body)
    on_roster = sorted(tx.people(roster).values(), key=lambda one: one.name.casefold())
    holders = tx.people({body.secretary_id, body.chair_id, body.vice_chair_id} - {""})
    near = [*holders.values(), *(one for one in accounts if one.id in roster), *(one for one in accounts if one.id not in roster)]
    return BodyForm(
        notice=notice,
        body=body,
        typed=typed,
        accounts=_offered(one for one in near if one.account_id),
        offices=_offered([*holders.values(), *on_roster, *accounts]),
        members=tuple(one for one in on_roster if one.id in _members(body)),
        steps=(
            c.ChangeStandingItems(body_id=body.id),
            *(step for step in next_steps(body, None, tx.actor, tx.now) if not isinstance(step, c.ShowBody)),
        ),
    )


def _items_form(tx: Tx, body: Body, typed: str, *, notice: Sentence | None = None) -> Screen:
    lines = typed or bodies.write_lines(body.standing_items)
    steps = (c.ShowBody(body_id=body.id), *(one for one in next_steps(body, None, tx.actor, tx.now) if not isinstance(one, c.ShowBody)))
    return StandingItemsForm(notice=notice, body=body, lines=lines, steps=steps)


def _offered(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple({one.id: one for one in people}.values())[:MOST_OFFERED]


def _roster(body: Body) -> frozenset[str]:
    return frozenset(one.person_id for one in body.holdings if one.until is None) | frozenset(
        one.person_id for one in body.experts if one.until is None
    )


def _members(body: Body) -> frozenset[str]:
    return frozenset(one.person_id for one in body.holdings if one.until is None and one.capacity is Capacity.MEMBER)


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.SetUpBody: set_up_body,
    c.ShowBody: show_body,
    c.ChangeBody: change_body,
    c.ChangeStandingItems: change_standing_items,
}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.SetUpBody: set_up_view,
    c.ShowBody: show_body,
    c.ChangeBody: body_form,
    c.ChangeStandingItems: standing_items_form,
}
