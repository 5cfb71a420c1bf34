"""Agendas on a real database: re-read after publishing, shown as changes, and the previous minutes told from facts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.model import Approval, Attendance, Item, Meeting, Outcome, Phase, Round, RoundResult, Sign, Standing
from meetings.rules.rounds import record_digest
from meetings.screens.agenda import AgendaRead, AgendaShown
from meetings.screens.record import Closing, ItemDesk
from tests.samples import NOW, meeting
from tests.use_cases.stage import Stage, stage

ROLL = tuple(Attendance(f"a{n}", "meeting", f"m{n}", Sign.PRESENT, f"s{n}") for n in (1, 2, 3))
PREVIOUS = Meeting(
    id="previous",
    body_id="body",
    number=3,
    year=2026,
    day=date(2026, 3, 2),
    start=time(10),
    phase=Phase.REVIEW,
    opened_at=datetime(2026, 3, 2, 8, 0, tzinfo=NOW.tzinfo),
    closed_at=datetime(2026, 3, 2, 10, 0, tzinfo=NOW.tzinfo),
    rounds=(Round("r1", "previous", 1, datetime(2026, 3, 3, 8, 0, tzinfo=NOW.tzinfo), date(2026, 3, 10), None, "Europe/Helsinki"),),
)


def with_item(earlier: str) -> Meeting:
    """The coming meeting with nothing but the item on the previous minutes."""
    item = Item("i1", "meeting", 1, "Pöytäkirja", standing=Standing.PREVIOUS_MINUTES, earlier=earlier)
    return replace(meeting(phase=Phase.PLANNED, published_at=None), items=(item,))


@pytest.fixture
async def on_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as opened:
        yield opened


async def test_what_is_read_again_after_publishing_shows_as_changed_and_the_rest_does_not(on_stage: Stage) -> None:
    text = "1 § Asia 1\nEsitys: Uusi esitys.\n\n2 § Asia 2\n\n3 § Kokonaan uusi\n"
    read = await on_stage.shown(AgendaRead, "sec", c.ReadAgenda(meeting_id="meeting", text=text))
    shown = await on_stage.shown(AgendaShown, "sec", c.ConfirmAgenda(draft_id=read.draft.id))
    assert {item.title for item in shown.items if item.changed_at} == {"Asia 1", "Kokonaan uusi"}
    assert {(item.title, item.section) for item in shown.items} == {("Asia 1", 1), ("Asia 2", 2), ("Asia 3", 3), ("Kokonaan uusi", 4)}


async def test_the_previous_minutes_are_told_from_facts_and_told_again_when_they_are_approved(on_stage: Stage) -> None:
    planned = with_item("")

    async def told() -> str:
        return (await on_stage.meeting()).items[0].earlier

    await on_stage.storage.run(lambda tx: (tx.save(PREVIOUS), tx.meeting("meeting"), tx.save(planned)))
    await on_stage.do("sec", c.PublishAgenda(meeting_id="meeting", confirmed=True))
    assert await told() == (
        "Kokous 3/2026, 2.3.2026.\nLähetetty kommentoitavaksi 3.3.2026, kommentit viimeistään 10.3.2026.\nKommentteja ei tullut.\n"
        "Ei vielä hyväksytty."
    )
    running = replace(PREVIOUS.rounds[0], result=RoundResult.COLLECTED, record=record_digest(PREVIOUS))
    later = replace(PREVIOUS, rounds=(running,))
    await on_stage.storage.run(lambda tx: (tx.meeting("previous"), tx.body("body"), tx.save(later)))
    await on_stage.storage.run(lambda tx: tx.save(replace(tx.body("body"), approval=Approval.CHECKERS, checker_ids=("m1",))))
    await on_stage.do("m1", c.CheckMinutes(meeting_id="previous"))
    assert (await told()).endswith("Pöytäkirjantarkastajat hyväksyivät 11.5.2026.")
    assert (await on_stage.meeting()).items[0].changed_at == on_stage.now


async def test_what_the_secretary_wrote_of_the_previous_minutes_stays(on_stage: Stage) -> None:
    planned = with_item("Sovittu puhelimitse.")
    await on_stage.storage.run(lambda tx: (tx.save(PREVIOUS), tx.meeting("meeting"), tx.save(planned)))
    await on_stage.do("sec", c.PublishAgenda(meeting_id="meeting", confirmed=True))
    assert (await on_stage.meeting()).items[0].earlier == "Sovittu puhelimitse."


async def test_a_decision_that_stood_in_the_agenda_is_a_draft_until_it_is_recorded(tmp_path: Path) -> None:
    opened = meeting(phase=Phase.OPEN, opened_at=NOW, roll_closed_at=NOW, attendances=ROLL)
    items = (*opened.items[:2], replace(opened.items[2], draft="Ostetaan vene."))
    async with stage(tmp_path, meeting=replace(opened, items=items)) as held:
        lacking = await held.shown(Closing, "sec", c.CloseMeeting(meeting_id="meeting"))
        assert "Asia 3" in {item.title for item in lacking.items}
        desk = await held.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", section="3"))
        assert desk.texts["decision"] == ""
        used = await held.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i3", part="draft"))
        assert used.texts["decision"] == "Ostetaan vene."
        assert (await held.item(3)).decision == ""
        await held.do("sec", c.RecordOutcome(meeting_id="meeting", item_id="i3", outcome="amended", decision="Ostetaan vene."))
        assert (await held.item(3)).decision == "Ostetaan vene."


@pytest.mark.parametrize("outcome", ["amended", "elected"])
async def test_an_outcome_that_says_nothing_by_itself_wants_words(tmp_path: Path, outcome: str) -> None:
    opened = meeting(phase=Phase.OPEN, opened_at=NOW, roll_closed_at=NOW, attendances=ROLL)
    async with stage(tmp_path, meeting=opened) as held:
        pressed = c.RecordOutcome(meeting_id="meeting", item_id="i2", outcome=outcome, discussion="Puhuttiin.")
        shown = await held.shown(ItemDesk, "sec", pressed)
        assert shown.notice is not None
        assert shown.notice.key == f"record.say_what_{outcome}"
        assert (await held.item(2)).outcome == ""


async def test_who_said_late_and_never_came_is_named_before_closing_and_absent_after(tmp_path: Path) -> None:
    late = (*ROLL[:2], replace(ROLL[2], sign=Sign.LATE))
    items = tuple(replace(item, outcome=Outcome.NOTED) for item in meeting().items)
    opened = replace(meeting(phase=Phase.OPEN, opened_at=NOW, roll_closed_at=NOW, attendances=late), items=items)
    async with stage(tmp_path, meeting=opened) as held:
        closing = await held.shown(Closing, "sec", c.CloseMeeting(meeting_id="meeting"))
        assert closing.late == ("Nimi m3",)
