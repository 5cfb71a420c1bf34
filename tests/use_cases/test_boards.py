"""How many people a card of the board names, in bodies of every size."""

from __future__ import annotations

from pathlib import Path

import pytest

from meetings import commands as c
from meetings.model import Conversation
from meetings.rules.boards import MOST
from meetings.screens.base import OnBoard
from meetings.use_cases import execute
from meetings.use_cases.boards import posted
from storage.transaction import Transaction
from tests import samples
from tests.use_cases.stage import stage


@pytest.mark.parametrize(("seats", "people"), [(28, 58), (29, 60), (30, 62), (99, 200)])
async def test_a_card_names_as_many_as_it_may_who_are_in_teams(tmp_path: Path, seats: int, people: int) -> None:
    away = [f"m{n}" for n in range(5, 9)]
    async with stage(tmp_path, samples.body(seats), without_teams=away) as room:
        body, meeting = await room.body(), await room.meeting()
        board = await room.storage.read(lambda tx: posted(tx, body, meeting, "meeting"))
        assert board is not None
        # Who is not in Teams takes nobody's place.
        assert len(board.viewers) == min(people - len(away), MOST)
        assert "29:m5" not in board.viewers
        last = f"m{seats}"

        def looks(tx: Transaction) -> OnBoard:
            tx.conversation = Conversation(body.channel_id, "tenant", "https://smba.example/", "channel")
            screen = execute(c.ShowBoard(meeting_id="meeting", part="meeting"), tx)
            assert isinstance(screen, OnBoard)
            return screen

        # Whose client asks by itself gets a card that goes on asking for them; the others ask by the menu.
        for one in ("sec", last, f"d{seats}", "stranger"):
            own = await room.storage.read(looks, actor=await room.person(one))
            assert own.viewers == ((f"29:{one}",) if f"29:{one}" in board.viewers else ())
            assert own.again == board.again
