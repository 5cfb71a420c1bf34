"""A body is a wall: with the ids of another, whoever has them, nothing is shown, nothing is changed and nothing is tied together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from meetings import commands as c
from meetings.access import ACCESS, Right
from meetings.commands import Command, stem
from meetings.errors import MeetingError, NotFound
from meetings.model import (
    Approval,
    Attachment,
    Attendance,
    Body,
    Capacity,
    Comment,
    CommentKind,
    Direction,
    Dissent,
    Draft,
    Expert,
    Holding,
    Item,
    Meeting,
    Movement,
    Person,
    Phase,
    Poll,
    PollAnswer,
    PollOption,
    Round,
    Seat,
    Sign,
    Standing,
    StandingItem,
    Vote,
)
from meetings.screens.base import Screen
from meetings.use_cases import current, execute, refusal
from storage.transaction import Transaction
from tests.samples import NOW
from tests.use_cases.stage import Stage, stage

# Stands in every text of the other body, and may stand in no answer to anybody who is not of it.
THEIRS = "Salainen"
PRESSED = [command for command, access in ACCESS.items() if access.right is not Right.CLOCK]
OWNERS = ("body_id", "meeting_id", "draft_id")
# What makes a command do something once its ids are right.
FILLED: dict[str, Any] = {
    "text": "Toisin kirjattava.",
    "title": "Uusi otsikko",
    "link": "https://example.org/liite",
    "sign": "present",
    "suits": True,
    "outcome": "noted",
    "answer": "noted",
    "reason": "Kirjattu jo näin.",
    "ground": "Asianosainen",
    "direction": "left",
    "clock": "10.30",
    "votes_for": "1",
    "votes_against": "0",
    "handling": "Sihteeri esitteli.",
    "position": "1",
    "member": "Uusi Jäsen",
    "question": "q",
    "choice": "p-other",
    "kind": "proposal",
    "confirmed": True,
    "day": "2027-02-10",
    "start": "10:00",
}


def _body(which: str, tenant: str) -> Body:
    """One whose every part and person is its own; `which` stands in all ids."""
    words = THEIRS if which != "ours" else "Oma"

    def own(name: str) -> str:
        return f"{name}-{which}"

    body = own("body")
    return Body(
        id=body,
        tenant_id=tenant,
        name=f"{words} toimielin",
        channel_id=f"19:{which}@thread.tacv2",
        secretary_id=own("sec"),
        chair_id=own("m"),
        approval=Approval.CHECKERS,
        approval_rule=f"{words} sääntö",
        checker_ids=(own("m"),),
        seats=(Seat(own("seat"), body, 1, f"{words} järjestö"),),
        holdings=(
            Holding(own("hm"), body, own("seat"), own("m"), Capacity.MEMBER),
            Holding(own("hd"), body, own("seat"), own("d"), Capacity.DEPUTY, 1),
        ),
        experts=(Expert(own("e"), body, own("x"), f"{words} toimisto"),),
        standing_items=(StandingItem(own("standing"), body, 1, Standing.NONE, f"{words} vakioasia"),),
        polls=(Poll(own("poll"), body, NOW, place=f"{words} paikka"),),
        poll_options=(PollOption(own("option"), body, own("poll"), date(2027, 2, 10), time(10)),),
        poll_answers=(PollAnswer(own("answer"), body, own("option"), own("m"), suits=True),),
    )


def _meeting(which: str, phase: Phase) -> Meeting:
    words = THEIRS if which != "ours" else "Oma"

    def own(name: str) -> str:
        return f"{name}-{which}"

    meeting, opened, closed = own("meeting"), phase not in {Phase.PLANNED, Phase.PUBLISHED}, phase in {Phase.CLOSED, Phase.REVIEW}
    return Meeting(
        id=meeting,
        body_id=own("body"),
        number=4,
        year=2026,
        day=date(2026, 5, 11),
        start=time(10, 0),
        place=f"{words} sali",
        phase=phase,
        published_at=NOW,
        opened_at=NOW - timedelta(hours=2) if opened else None,
        roll_closed_at=NOW - timedelta(hours=2) if opened else None,
        closed_at=NOW - timedelta(minutes=5) if closed else None,
        items=tuple(Item(own(f"item{n}"), meeting, n, f"{words} asia {n}", section=n, proposal=f"{words} esitys") for n in (1, 2)),
        attachments=(Attachment(own("file"), meeting, 1, f"{words} liite", item_ids=(own("item2"),)),),
        attendances=(Attendance(own("att"), meeting, own("m"), Sign.PRESENT),) if opened else (),
        movements=(Movement(own("move"), meeting, own("m"), Direction.LEFT, NOW),) if opened else (),
        votes=(Vote(own("vote"), meeting, own("item2"), f"{words} vastaesitys", 2, 1, 0),) if opened else (),
        dissents=(Dissent(own("dissent"), meeting, own("item2"), own("m"), f"{words} mielipide"),) if opened else (),
        rounds=(Round(own("round"), meeting, 1, NOW, date(2026, 5, 18), None, "Europe/Helsinki"),) if phase is Phase.REVIEW else (),
        comments=(Comment(own("comment"), meeting, own("round"), own("m"), CommentKind.PROPOSAL, f"{words} kommentti", NOW),)
        if phase is Phase.REVIEW
        else (),
    )


@pytest.fixture(params=[Phase.PUBLISHED, Phase.OPEN, Phase.REVIEW])
async def room(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Three bodies in the same phase: ours, another of our tenant, and one of another tenant."""
    async with stage(tmp_path) as made:

        def put(tx: Transaction) -> None:
            for which, tenant in (("ours", "tenant"), ("other", "tenant"), ("abroad", "elsewhere")):
                name = THEIRS if which != "ours" else "Oma"
                for one in ("sec", "m", "d", "x"):
                    # Who has an account in the tenant is no secret in it; who only stands on a body's roster is.
                    account = "" if one == "d" else f"account-{one}-{which}"
                    called = "Tuttu" if account and which == "other" else name
                    tx.save(Person(f"{one}-{which}", tenant, f"{called} {one}", f"{one}@{which}.example", account, f"29:{one}-{which}"))
                tx.actor = tx.actor if tenant == "tenant" else replace(tx.actor, tenant_id=tenant)
                tx.save(_body(which, tenant))
                tx.save(_meeting(which, request.param))
                tx.save(Draft(f"draft-{which}", f"body-{which}", "dates", f"{name} 10.2.2027 klo 10", f"meeting-{which}"))

        await made.storage.run(put, actor=await made.person("sec"))
        yield made


def _filled(command: type[Command], ids: dict[str, str], owners: str) -> Command:
    """With the owners' ids of one body, and every other id from `ids`."""
    given: dict[str, Any] = {}
    for field in fields(command):
        if field.name in OWNERS:
            given[field.name] = f"{field.name.removesuffix('_id')}-{owners}"
        elif field.name.endswith("_id") and field.name in ids:
            given[field.name] = ids[field.name]
        elif field.name.endswith("_ids"):
            given[field.name] = (ids["person_id"],)
        elif field.name in FILLED:
            given[field.name] = FILLED[field.name]
    return command(**given)


def _parts(which: str) -> dict[str, str]:
    return {
        "item_id": f"item2-{which}",
        "seat_id": f"seat-{which}",
        "person_id": f"d-{which}",
        "deputy_id": f"d-{which}",
        "account_id": f"x-{which}",
        "poll_id": f"poll-{which}",
        "option_id": f"option-{which}",
        "comment_id": f"comment-{which}",
        "mark_id": f"vote-{which}",
    }


async def _stored(room: Stage, which: str) -> tuple[Body, Meeting, Draft]:
    """As the body's own secretary would find it."""
    actor = await room.storage.read(lambda tx: tx.person(f"sec-{which}"))
    return await room.storage.run(
        lambda tx: (tx.body(f"body-{which}"), tx.meeting(f"meeting-{which}"), tx.draft(f"draft-{which}")), actor=actor
    )


async def _said(room: Stage, who: str, command: Command) -> tuple[str, MeetingError | None]:
    """All that the person is shown, in whichever way: the answer or the refusal, and what a repeat of the press would show."""
    actor = await room.person(who)
    error: MeetingError | None = None
    try:
        answer = await room.storage.run(lambda tx: execute(command, tx), actor=actor)
    except MeetingError as caught:
        error = caught
        answer = await room.storage.run(partial(_refused, command, error), actor=actor)
    return repr(answer) + repr(await room.storage.run(lambda tx: current(command, tx), actor=actor)), error


def _refused(command: Command, error: MeetingError, tx: Transaction) -> Screen:
    return refusal(command, tx, error)


@pytest.mark.parametrize("theirs", ["other", "abroad"])
async def test_no_id_of_another_body_answers(room: Stage, theirs: str) -> None:
    before = await _stored(room, theirs)
    wrong = []
    for who in ("sec-ours", "m-ours", "stranger"):
        for command in PRESSED:
            if any(field.name in OWNERS for field in fields(command)):
                said, error = await _said(room, who, _filled(command, _parts(theirs), theirs))
                if type(error) is not NotFound or THEIRS in said or f"-{theirs}" in said:
                    wrong.append((who, stem(command), type(error).__name__))
    assert wrong == []
    assert await _stored(room, theirs) == before


@pytest.mark.parametrize("theirs", ["other", "abroad"])
async def test_no_part_of_another_body_is_shown_or_taken_into_ones_own(room: Stage, theirs: str) -> None:
    """The secretary may all in her own body; what she names in it is another's."""
    before = await _stored(room, theirs)
    leaked, tied = [], []
    for command in PRESSED:
        named = {field.name for field in fields(command)} - set(OWNERS)
        if not {one for one in named if one.endswith(("_id", "_ids"))} - {"template_id"} or command is c.ChangeBody:
            continue
        said, _ = await _said(room, "sec-ours", _filled(command, _parts(theirs), "ours"))
        if THEIRS in said:
            leaked.append(stem(command))
        if f"-{theirs}" in repr(await _stored(room, "ours")):
            tied.append(stem(command))
    assert (leaked, tied) == ([], [])
    assert await _stored(room, theirs) == before


async def test_with_ones_own_ids_the_same_presses_are_answered(room: Stage) -> None:
    """Else nothing of the above would say anything."""
    answered = set()
    for command in PRESSED:
        if any(field.name in OWNERS for field in fields(command)):
            said, error = await _said(room, "sec-ours", _filled(command, _parts("ours"), "ours"))
            if error is None and "Oma" in said:
                answered.add(stem(command))
    assert len(answered) > 20, sorted(answered)


async def test_what_is_not_of_a_body_at_all_is_in_nobodys(room: Stage) -> None:
    """An office may be given to any account of the tenant, never to one of another."""
    ours = await _stored(room, "ours")
    bare = c.ChangeBody(body_id="body-ours")
    for changed in (replace(bare, secretary_id="m-abroad"), replace(bare, chair_id="m-abroad"), replace(bare, vice_chair_id="m-abroad")):
        said, error = await _said(room, "sec-ours", changed)
        assert error is not None, changed
        assert THEIRS not in said
    assert await _stored(room, "ours") == ours
