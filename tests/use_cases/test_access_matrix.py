"""Role × command × phase: what the access table opens is open, all else is refused and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.access import ACCESS, Right, Role, holds, roles
from meetings.commands import Command, stem
from meetings.errors import MeetingError, NotAllowed, NotFound, Refused
from meetings.model import Approval, Body, Draft, Meeting, Person, Phase, Round, Seat
from meetings.screens.base import Screen
from meetings.screens.guide import StatusShown
from meetings.use_cases import current, execute, refusal
from storage.transaction import Transaction
from tests.samples import NOW
from tests.samples import body as sample_body
from tests.samples import meeting as sample_meeting
from tests.use_cases.stage import Stage, stage

PEOPLE = ("sec", "m1", "m2", "m3", "d3", "x1", "other-sec", "stranger", "foreigner")
CLOCK = [command for command, access in ACCESS.items() if access.right is Right.CLOCK]
PRESSED = [command for command in ACCESS if command not in CLOCK]
# Who holds each right, said anew by hand: the table is held to this, and the bot to the table.
EVERYBODY = frozenset(PEOPLE)
HOLDERS = {
    Right.LOOK: EVERYBODY,
    Right.SET_UP: EVERYBODY,
    Right.PREPARE: {"sec"},
    Right.RUN: {"sec"},
    Right.PRESIDE: {"sec", "m1", "m2"},
    Right.ATTEND: {"sec", "m1", "m2", "m3", "d3", "x1"},
    Right.COMMENT: {"m1", "m2", "m3", "d3"},
    Right.CHECK: {"m3"},
}
OPENED = {Right.RUN: {"sec", "m1", "m2"}}


def _body() -> Body:
    return sample_body(checker_ids=("m3",), approval=Approval.CHECKERS)


def _meeting(phase: Phase) -> Meeting:
    made = sample_meeting(phase=phase)
    opened = phase not in {Phase.PLANNED, Phase.PUBLISHED, Phase.CANCELLED}
    closed = opened and phase is not Phase.OPEN
    sent = Round("round", "meeting", 1, NOW, date(2026, 5, 18), None, "Europe/Helsinki")
    return replace(
        made,
        published_at=None if phase is Phase.PLANNED else NOW,
        opened_at=NOW - timedelta(hours=2) if opened else None,
        closed_at=NOW - timedelta(minutes=5) if closed else None,
        current_item_id="i2" if phase is Phase.OPEN else "",
        rounds=(sent,) if phase in {Phase.REVIEW, Phase.APPROVED} else (),
    )


@pytest.fixture(params=list(Phase))
async def room(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with stage(tmp_path, _body(), _meeting(request.param)) as made:

        def put(tx: Transaction) -> None:
            for one, tenant in (("other-sec", "tenant"), ("foreigner", "elsewhere")):
                tx.save(Person(one, tenant, f"Nimi {one}", account_id=f"account-{one}", channel_id=f"29:{one}"))
            tx.save(Body("other", "tenant", "Toinen", "19:other@thread.tacv2", secretary_id="other-sec", seats=(Seat("os", "other", 1),)))
            tx.save(Draft("draft", "body", "agenda", "1 § Venesatama", "meeting"))

        await made.storage.run(put, actor=await made.person("sec"))
        yield made


def _about(command: type[Command]) -> Command:
    """The command on the sample, with nothing else filled in."""
    ids = {"body_id": "body", "meeting_id": "meeting", "draft_id": "draft"}
    return command(**{field.name: ids[field.name] for field in fields(command) if field.name in ids})


def _is_of_the_body(command: type[Command]) -> bool:
    return any(field.name in {"body_id", "meeting_id", "draft_id"} for field in fields(command))


class _Undone(Exception):
    """Ends a transaction that is only looked at."""


async def _tried(room: Stage, who: str, command: Command) -> MeetingError | None:
    """How the command ends for the person; nothing of it is kept."""
    actor = await room.person(who)

    def work(tx: Transaction) -> None:
        execute(command, tx)
        raise _Undone

    try:
        await room.storage.run(work, actor=actor)
    except _Undone:
        return None
    except MeetingError as error:
        return error
    raise AssertionError


async def test_what_the_table_opens_is_open_and_nothing_else(room: Stage) -> None:
    meeting, body = await room.meeting(), await room.body()
    wrong = []
    for command in (one for one in PRESSED if _is_of_the_body(one)):
        for who in PEOPLE:
            expected, error = _expected(command, who, meeting), await _tried(room, who, _about(command))
            if not expected(error):
                wrong.append((stem(command), who, type(error).__name__, getattr(error, "key", "")))
    assert wrong == []
    assert (await room.meeting(), await room.body()) == (meeting, body)


async def test_the_clock_is_nobody(room: Stage) -> None:
    before = await room.meeting()
    for command in (c.EndRound(meeting_id="meeting", round_id="round"), c.RemindRound(meeting_id="meeting", round_id="round")):
        for who in PEOPLE:
            assert isinstance(await _tried(room, who, command), NotAllowed | NotFound), who
    assert await room.meeting() == before


async def test_neither_a_repeat_nor_a_refusal_shows_what_one_may_not_see(room: Stage) -> None:
    meeting, body = await room.meeting(), await room.body()
    seen = []
    for command in (one for one in PRESSED if _is_of_the_body(one)):
        for who in PEOPLE:
            actor = await room.person(who)
            if who == "foreigner" or not holds(ACCESS[command].right, roles(body, actor, meeting.day), meeting):
                about = _about(command)
                screens = await room.storage.run(partial(_shown, about), actor=actor)
                seen += [(stem(command), who, screen) for screen in screens if not isinstance(screen, StatusShown)]
    assert seen == []
    assert (await room.meeting(), await room.body()) == (meeting, body)


def _shown(about: Command, tx: Transaction) -> tuple[Screen, Screen]:
    return current(about, tx), refusal(about, tx, Refused("file.empty", name="x"))


def _expected(command: type[Command], who: str, meeting: Meeting) -> Callable[[MeetingError | None], bool]:
    access = ACCESS[command]
    # Drafts know their meeting; a command of a body alone knows none, and no phase.
    of_meeting = any(field.name in {"meeting_id", "draft_id"} for field in fields(command))
    allowed = OPENED.get(access.right, HOLDERS[access.right]) if of_meeting and meeting.phase is Phase.OPEN else HOLDERS[access.right]
    if who == "foreigner":
        return lambda error: type(error) is NotFound
    if who not in allowed:
        return lambda error: type(error) is NotAllowed
    if of_meeting and access.phases and meeting.phase not in access.phases:
        return lambda error: type(error) is Refused and error.key == f"phase.{meeting.phase}"
    return lambda error: error is None or (type(error) is not NotAllowed and not error.key.startswith("phase."))


def test_the_sample_has_every_role() -> None:
    body = _body()
    people = (Person(one, "tenant", one) for one in PEOPLE)
    assert frozenset().union(*(roles(body, one, date(2026, 5, 11)) for one in people)) == frozenset(Role)
