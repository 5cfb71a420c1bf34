"""A short storm for every run of the tests, and storms in which something is broken on purpose: they have to be found."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from bot.edge.adapter import EdgeAdapter
from meetings import access, use_cases
from storage.transaction import Transaction
from tests.hostile.storm import SPEAKERS, Ground, Outcome, prepared, storm

COUNT = 700


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return asyncio.run(prepared(tmp_path_factory.mktemp("ground"), "review"))


@pytest.mark.parametrize("speakers", SPEAKERS)
async def test_nothing_comes_of_it_but_what_somebody_may_do(ground: Ground, tmp_path: Path, speakers: str) -> None:
    outcome = await storm(ground, tmp_path, f"1.{speakers}", COUNT, speakers)
    assert outcome.findings == []
    assert outcome.sent == COUNT
    # It is no wall that holds it off: most is understood and answered, and secretaries get something done.
    assert outcome.statuses[200] + outcome.statuses[201] > COUNT // 2
    assert (speakers == "secretaries") <= (len(outcome.commands) > 5)


async def found(ground: Ground, folder: Path, speakers: str, count: int = 150) -> str:
    outcome: Outcome = await storm(ground, folder, "2", count, speakers)
    return "\n".join(outcome.findings)


async def test_a_bot_that_asks_for_no_right_is_found(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "holds", lambda *_: True)
    assert "was done by member" in await found(ground, tmp_path, "members")


async def test_a_bot_that_fails_on_a_command_is_found(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(use_cases, "find_scope", broken)
    assert "logged" in await found(ground, tmp_path, "outsiders")


async def test_a_bot_that_lets_a_fault_out_is_found(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(EdgeAdapter, "_turn", broken)
    said = await found(ground, tmp_path, "outsiders", 50)
    assert "answered with 503" in said
    assert "TurnFailed" in said


async def test_a_bot_that_loses_something_is_found(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive = Transaction.arrive

    def losing(self: Transaction, **told: Any) -> None:
        self._connection.exec_driver_sql("DELETE FROM standing_item")
        arrive(self, **told)

    monkeypatch.setattr(Transaction, "arrive", losing)
    said = await found(ground, tmp_path, "outsiders", 20)
    assert "changed ['standing_item'] without a word" in said
    assert "a row is not as it was in standing_item" in said


async def test_a_bot_that_writes_without_a_word_is_found(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transaction, "journal", lambda *_: None)
    assert "without a word in the journal" in await found(ground, tmp_path, "secretaries")


async def test_a_bot_that_floods_its_log_is_found(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = EdgeAdapter._turn

    async def talking(self: Any, *given: Any) -> Any:
        for _ in range(20):
            logging.getLogger("bot").warning("so")
        return await turn(self, *given)

    monkeypatch.setattr(EdgeAdapter, "_turn", talking)
    assert "20 lines in the log" in await found(ground, tmp_path, "outsiders", 20)
