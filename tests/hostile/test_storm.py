"""A short storm for every run of the tests, and storms in which something is broken on purpose: they have to be found."""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import logging
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.edge.adapter import EdgeAdapter
from meetings import access, use_cases
from storage.transaction import Transaction
from tests.hostile.mutations import Mutations
from tests.hostile.storm import SPEAKERS, Ground, Outcome, Storm, known_to, opened_on, prepared, storm

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


@pytest.fixture
async def running(ground: Ground, tmp_path: Path) -> AsyncIterator[Storm]:
    """The bot on a database of its own."""
    shutil.copy(ground.database, tmp_path / "own.db")
    async with opened_on(ground, tmp_path / "own.db") as opened:
        yield opened


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(speakers=st.sampled_from(sorted(SPEAKERS)), dice=st.randoms(use_true_random=False))
async def test_whatever_is_drawn_changes_nothing_without_right(ground: Ground, running: Storm, speakers: str, dice: random.Random) -> None:
    """As above, but Hypothesis throws the dice: what it finds it makes as small as it can."""
    before = len(running.outcome.findings)
    mutations = Mutations(dice, known_to(ground, speakers), begin=next(NUMBERS))
    await running.send(speakers, mutations.body())
    assert running.outcome.findings[before:] == []


NUMBERS = itertools.count(1_000_000)


def pressed(ground: Ground, who: int, verb: str, **inputs: Any) -> bytes:
    """One of the senders presses a button at their desk."""
    sender = ground.known.senders[who]
    activity = copy.deepcopy(next(one for one in ground.known.recorded if one.get("name") == "adaptiveCard/action"))
    data = {"verb": verb, "nonce": f"{next(NUMBERS):016x}", **inputs}
    activity["value"]["action"] |= {"verb": verb, "data": data}
    place = {"id": sender["desk"], "conversationType": "personal", "tenantId": sender["tenant"]}
    return json.dumps(activity | {"id": f"f:{next(NUMBERS)}", "from": sender, "conversation": place}).encode()


async def test_offices_change_hands_without_a_false_alarm(ground: Ground, running: Storm) -> None:
    """A secretary hands her office to somebody else; then it is they who may, and not she."""
    ulla, bo = 4, 2
    account = {who: ground.known.senders[who]["aadObjectId"] for who in (ulla, bo)}
    ((body, offices),) = running.offices[account[ulla]].items()
    assert offices == {"secretary"}
    ids = {one: person for person, one in running.ask("SELECT id, account_id FROM person")}
    await running.send("hands over", pressed(ground, ulla, "change_body", body_id=body, secretary_id=ids[account[bo]]))
    await running.send("has it", pressed(ground, bo, "change_body", body_id=body, name="Uusi nimi"))
    await running.send("has it no more", pressed(ground, ulla, "change_body", body_id=body, name="Vanha nimi"))
    assert (running.outcome.findings, running.outcome.commands["change_body"]) == ([], 2)
    assert running.offices[account[ulla]] == {}
    assert running.offices[account[bo]][body] == {"secretary"}


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
