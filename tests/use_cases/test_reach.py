"""Whom nothing reaches is said wherever something has just been sent: the right people, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cards import render
from meetings import commands as c
from meetings.model import Approval, Body, DeputyCall, Meeting, Phase
from meetings.screens.agenda import AgendaShown
from meetings.screens.base import Screen
from meetings.screens.minutes import MinutesDesk
from meetings.screens.planning import DatesPlanned, DatesRead, MeetingPlanned
from meetings.screens.polls import PollShown
from storage.transaction import Transaction
from tests.cards.rules import of_type
from tests.samples import NOW, body, meeting
from tests.use_cases.stage import Stage, stage

NOBODY = frozenset({"m3", "d3", "d2", "x1"})
"""Without e-mail: the member on leave and the deputy who acts for them, a deputy who is not called, and the expert."""
PLANNED = meeting(phase=Phase.PLANNED, published_at=None)
HELD = meeting(phase=Phase.CLOSED, opened_at=NOW, closed_at=NOW + timedelta(hours=2))


def with_leave(**settings: object) -> Body:
    made = body(**settings)  # type: ignore[arg-type]  # fields of Body by name
    return replace(made, holdings=tuple(replace(one, on_leave=one.person_id == "m3") for one in made.holdings))


@asynccontextmanager
async def opened(
    folder: Path, of: Meeting = PLANNED, without: frozenset[str] = NOBODY, without_teams: frozenset[str] = frozenset(), **settings: object
) -> AsyncIterator[Stage]:
    made = with_leave(**settings)
    async with stage(folder, made, of, without_teams) as room:
        room.now = datetime(2026, 4, 20, 6, 0, tzinfo=UTC)
        ids = {one.person_id for one in made.holdings} | {"x1", "sec"}

        def put(tx: Transaction) -> None:
            for one in tx.people(ids - without).values():
                tx.save(replace(one, email=f"{one.id}@example.org"))

        await room.storage.run(put, actor=await room.person("sec"))
        yield room


def said(screen: Screen, language: str = "fi") -> str:
    return "\n".join(str(one["text"]) for one in of_type(render(screen, language, "n"), "TextBlock"))


async def _read(room: Stage, text: str = "ma 7.9.2026 klo 10-12\nti 8.9.2026 klo 10-12") -> DatesRead:
    return await room.shown(DatesRead, "sec", c.ReadDates(body_id="body", text=text))


async def _from_a_line(room: Stage) -> Screen:
    return await room.shown(MeetingPlanned, "sec", c.PlanMeeting(body_id="body", text="ma 7.9.2026 klo 10-12"))


async def _from_a_list(room: Stage) -> Screen:
    read = await _read(room)
    return await room.shown(DatesPlanned, "sec", c.ConfirmDates(draft_id=read.draft.id))


async def _from_a_poll(room: Stage) -> Screen:
    read = await _read(room)
    poll = await room.shown(PollShown, "sec", c.OpenPoll(draft_id=read.draft.id))
    chosen = c.ClosePoll(body_id="body", poll_id=poll.poll.id, option_id=poll.rows[0].suiting.option.id)
    return await room.shown(DatesPlanned, "sec", chosen)


async def _published(room: Stage) -> Screen:
    return await room.shown(AgendaShown, "sec", c.PublishAgenda(meeting_id="meeting", confirmed=True))


@pytest.mark.parametrize("without", [NOBODY, frozenset()])
@pytest.mark.parametrize("way", [_from_a_line, _from_a_list, _from_a_poll, _published])
async def test_who_is_invited_and_has_no_address_is_named_when_an_invitation_has_just_gone_out(
    tmp_path: Path, way: Callable[[Stage], Awaitable[Screen]], without: frozenset[str]
) -> None:
    async with opened(tmp_path, without=without) as room:
        told = said(await way(room))
        assert ("Kutsu ei lähde 2 henkilölle, koska sähköposti puuttuu: Nimi d3, Nimi x1." in told) is bool(without)
        assert ("Kutsu ei lähde" in told) is bool(without)


async def test_a_called_deputy_is_invited_too(tmp_path: Path) -> None:
    called = replace(PLANNED, deputy_calls=(DeputyCall("call", "meeting", "s2", "d2", "sec", NOW),))
    async with opened(tmp_path, called) as room:
        assert "3 henkilölle, koska sähköposti puuttuu: Nimi d2, Nimi d3, Nimi x1." in said(await _published(room))


@pytest.mark.parametrize(
    ("approval", "without_teams", "names"),
    [
        (Approval.TACIT, {"m3", "d3", "x1"}, ("Nimi d3",)),
        (Approval.TACIT, {"m3", "x1"}, ()),
        (Approval.TACIT, {"m1", "d2", "x1"}, ()),
        (Approval.CHECKERS, {"m3", "d3"}, ()),
    ],
)
async def test_seats_that_approve_unheard_are_named(
    tmp_path: Path, approval: Approval, without_teams: set[str], names: tuple[str, ...]
) -> None:
    """A deputy's account or a member's address is enough; and only silence needs to have been heard."""
    async with opened(tmp_path, HELD, without_teams=frozenset(without_teams), approval=approval, checker_ids=("m1",)) as room:
        room.now = HELD.closed_at or NOW
        desk = await room.shown(MinutesDesk, "sec", c.SendMinutes(meeting_id="meeting", deadline="2026-05-18"))
        assert desk.unheard == names
        for language, words in (("fi", "ei tavoita ketään"), ("sv", "når den ingen"), ("en", "reaches nobody")):
            assert (words in said(desk, language)) is bool(names)


async def test_a_date_that_lacks_a_seat_names_who_acts_and_not_who_is_on_leave(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        read = await _read(room)
        asked = {("", one.plan.day.isoformat() + "T10:00") for one in read.rows}
        heard = {(one, "") for one in ("m1", "d1", "m2", "d2", "m3", "sec")}
        kept = replace(read.draft, busy=tuple(sorted(asked | heard)))
        await room.storage.run(lambda tx: tx.save(kept), actor=await room.person("sec"))
        shown = await room.shown(DatesRead, "sec", c.ShowDraft(draft_id=kept.id))
        assert [one.unsure for one in shown.rows] == [("Nimi d3",), ("Nimi d3",)]
