"""A message that comes again since its answer was lost: what was made of it the first time is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.access import require
from meetings.errors import NotAllowed
from meetings.model import Person
from meetings.screens.agenda import AgendaRead, AgendaWanted
from meetings.screens.planning import DatesRead
from meetings.screens.seats import RosterRead
from meetings.use_cases import current
from tests.samples import NOW
from tests.use_cases.stage import Stage, stage

AGENDA = c.ReadAgenda(meeting_id="meeting", text="1 § Talous\n\n2 § Muut asiat\n")


@pytest.fixture
async def on_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("command", "screen"),
    [
        (AGENDA, AgendaRead),
        (c.ReadRoster(body_id="body", text="Kallio; Aino Aalto; Bo Ek\n"), RosterRead),
        (c.ReadDates(body_id="body", text="10.2.2027 klo 10-12\n"), DatesRead),
    ],
)
async def test_what_was_read_is_shown_again(on_stage: Stage, command: c.Command, screen: type) -> None:
    first = await on_stage.do("sec", command)
    actor = await on_stage.person("sec")
    again = await on_stage.storage.run(lambda tx: current(command, tx), actor=actor)
    assert isinstance(again, screen)
    assert again.draft == first.draft  # type: ignore[attr-defined]  # as all of these have


async def test_another_text_and_one_that_is_done_with_are_not_mistaken_for_it(on_stage: Stage) -> None:
    read = await on_stage.shown(AgendaRead, "sec", AGENDA)
    actor = await on_stage.person("sec")
    other = c.ReadAgenda(meeting_id="meeting", text="1 § Aivan muuta\n")
    assert isinstance(await on_stage.storage.run(lambda tx: current(other, tx), actor=actor), AgendaWanted)
    await on_stage.do("sec", c.ConfirmAgenda(draft_id=read.draft.id))
    assert isinstance(await on_stage.storage.run(lambda tx: current(AGENDA, tx), actor=actor), AgendaWanted)


def test_where_there_is_no_body_no_body_is_named() -> None:
    with pytest.raises(NotAllowed) as refused:
        require(c.PlanMeeting(), None, None, Person("p", "tenant", "Aino Aalto"), NOW.date())
    assert (refused.value.key, dict(refused.value.params)) == ("access.set_up", {})
