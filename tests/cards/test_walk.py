"""Whatever a person asks in whatever phase of the meeting, the card they get, a refusal included, keeps the rules."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from cards import render
from meetings import commands as c
from meetings.commands import Command
from meetings.errors import MeetingError
from meetings.model import Phase
from meetings.screens.base import Screen
from meetings.use_cases import refusal
from storage.transaction import Transaction
from tests.cards import rules
from tests.cards.screens import SMALL, in_phase
from tests.use_cases.stage import stage
from texts import LANGUAGES

ASKED: tuple[Command, ...] = (
    c.Welcome(),
    c.ShowHelp(),
    c.ShowStatus(),
    c.AskAgain(text="pöytikirja", nearest=("prepare_minutes",)),
    c.ChooseBody(),
    c.ChooseLanguage(),
    c.ShowMyData(),
    c.SetUpBody(),
    c.ShowBody(),
    c.ChangeBody(),
    c.ChangeStandingItems(),
    c.TakeTemplate(),
    c.ReadRoster(),
    c.ShowSeats(),
    c.ShowSeat(seat_id="s1"),
    c.PlanMeeting(),
    c.PlanMeeting(text="ke 11.5.2026 klo 12–10"),
    c.ReadDates(),
    c.ShowMeetings(),
    c.ShowMeeting(),
    c.MoveMeeting(),
    c.CancelMeeting(),
    c.ReadAgenda(),
    c.ShowAgenda(),
    c.AddItem(),
    c.EditItem(item_id="i2"),
    c.EditItem(item_id="i2", title="Asia", rest="x" * 20_001),
    c.ShowAttendance(),
    c.ShowDeputies(),
    c.CallDeputy(seat_id="s1"),
    c.RestoreEvent(),
    c.ShowItem(item_id="i2"),
    c.RecordItem(item_id="i2", decision="Hyväksyttiin."),
    c.AttachDocument(item_id="i2"),
    c.Disqualify(item_id="i2"),
    c.RecordVote(item_id="i2"),
    c.RecordDissent(item_id="i2"),
    c.CloseMeeting(),
    c.CorrectTimes(),
    c.PrepareMinutes(),
    c.SendMinutes(deadline="eilen"),
    c.CommentMinutes(),
    c.ShowComments(),
    c.CheckMinutes(),
    c.ApproveMinutes(),
)
PEOPLE = ("sec", "m1", "d1", "stranger")


def _refused(command: Command, error: MeetingError, tx: Transaction) -> Screen:
    return refusal(command, tx, error)


@pytest.mark.parametrize("phase", Phase)
async def test_every_card_of_a_phase_keeps_the_rules(phase: Phase, tmp_path: Path) -> None:
    meeting = replace(in_phase(SMALL, phase), movements=(), disqualifications=(), dissents=(), votes=())
    faults = {}
    async with stage(tmp_path, SMALL.body, meeting) as made:
        for who in PEOPLE:
            actor = await made.person(who)
            for command in ASKED:
                try:
                    screen = await made.do(who, command)
                except MeetingError as error:
                    screen = await made.storage.run(partial(_refused, command, error), actor=actor)
                for language in LANGUAGES:
                    card = render(screen, language, "0123456789abcdef", lambda one: f"https://pykala.example/{one}")
                    found = [
                        *rules.is_valid(card),
                        *rules.names_its_language(card, language),
                        *rules.inputs_are_told(card),
                        *rules.buttons_are_known(card),
                        *rules.buttons_are_few(card),
                        *rules.buttons_are_told_apart(card),
                        *rules.is_small(card),
                        *rules.shows_what_was_typed(card),
                        *rules.is_read_aloud(card),
                        *rules.is_said_in(card, language),
                    ]
                    if found:
                        faults[f"{who} {command} {language}"] = found
    assert faults == {}
