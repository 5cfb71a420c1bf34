"""`python app.py effects` beside the running bot and without it, on both databases."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

import jobs.runner
from admin.effects import LOST, add_command
from jobs.runner import Runner
from meetings.effects import Effect, RefreshBoard, Tell
from storage import outbox
from storage.database import Storage
from storage.outbox import DEAD, KINDS
from storage.tables import effect
from tests.admin.terminal import command
from tests.jobs.test_runner import later
from tests.storage.conftest import clock, postgres_url, storage, url
from tests.storage.databases import Clock

__all__ = ["clock", "postgres_url", "storage", "url"]
BOARD, WORD = RefreshBoard("m", "meeting"), Tell("1", "aino", "minutes_ready", (("number", "4/2026"),))
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def effects(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command within this process; its status, and what it said."""
    monkeypatch.setenv("PYKALA_LOCAL", "1")
    monkeypatch.setenv("DATABASE_URL", url)

    def run(*words: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add_command(parser.add_subparsers())
        options = parser.parse_args(["effects", *words])
        status = options.run(options)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
async def two_dead(storage: Storage) -> Storage:
    await later(storage, BOARD, WORD)
    await storage.execute(
        lambda connection, _now: connection.execute(update(effect).values(state=DEAD, attempts=12, crashes=5, error="Throttled: 429"))
    )
    return storage


async def test_a_retried_one_is_carried_out_by_the_bot_that_runs(
    two_dead: Storage, clock: Clock, url: str, effects: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PostgreSQL wakes it; on SQLite it looks.
    monkeypatch.setattr(jobs.runner, "POLL", 600.0 if url.startswith("postgres") else 0.1)
    clock.now = datetime.now(UTC) + timedelta(minutes=1)  # the command goes by the machine's
    done: asyncio.Queue[Effect] = asyncio.Queue()

    async def handler(one: Effect) -> str:
        done.put_nowait(one)
        return ""

    runner = Runner(two_dead, dict.fromkeys(KINDS.values(), handler))
    await runner.start()
    try:
        status, said, _ = await asyncio.to_thread(effects, "retry", "1")
        assert (status, said.splitlines()[-1]) == (0, "1 RefreshBoard: retried. Is tried again at once.")
        async with asyncio.timeout(20):
            assert await done.get() == BOARD
    finally:
        await runner.stop()
    assert done.empty()


async def test_the_list_shows_ids_and_no_contents(two_dead: Storage, effects: Command, tmp_path: Path, url: str) -> None:
    await two_dead.run(lambda tx: tx.later(RefreshBoard("n", "roll")))
    status, said, _ = await asyncio.to_thread(effects)
    head, first, second, counts = said.splitlines()
    assert head.split() == ["seq", "kind", "lane", "due_at", "state", "attempts", "crashes", "error"]
    assert first.split()[:3] == ["1", "RefreshBoard", "board:m"]
    assert second.split()[0:3] == ["2", "Tell", "desk:aino"]
    assert second.endswith("dead   12        5        Throttled: 429")
    assert (status, counts, "4/2026" in said) == (0, "2 dead, 1 waiting", False)
    assert [line.split()[0] for line in (await asyncio.to_thread(effects, "list", "--waiting"))[1].splitlines()[1:-1]] == ["3"]
    assert [line.split()[0] for line in (await asyncio.to_thread(effects, "--all"))[1].splitlines()[1:-1]] == ["1", "2", "3"]
    # As it is typed.
    status, typed = await command(tmp_path, "effects", PYKALA_LOCAL="1", DATABASE_URL=url)
    assert (status, typed) == (0, said)


async def test_dropping_says_what_is_lost(two_dead: Storage, effects: Command) -> None:
    status, said, _ = await asyncio.to_thread(effects, "drop", "1", "2")
    told = [line for line in said.splitlines() if ": dropped. " in line]
    assert (status, told) == (0, [f"1 RefreshBoard: dropped. {LOST['RefreshBoard']}", f"2 Tell: dropped. {LOST['Tell']}"])
    assert (await two_dead.look(outbox.health))["dead"] == 0
    assert set(LOST) == set(KINDS)


async def test_what_cannot_be_done_is_said_and_changes_nothing(two_dead: Storage, effects: Command) -> None:
    assert (await asyncio.to_thread(effects, "retry", "1", "7"))[::2] == (2, "There is no effect 7.\nNothing was changed.\n")
    for words in (("retry",), ("drop",), ("drop", "--all-dead"), ("list", "1"), ("retry", "1", "--all-dead")):
        status, said, told = await asyncio.to_thread(effects, *words)
        assert (status, said, told.startswith("python app.py effects [list]")) == (2, "", True), words
    assert (await two_dead.look(outbox.health))["dead"] == 2
    assert (await asyncio.to_thread(effects, "retry", "--all-dead"))[0] == 0
    assert (await two_dead.look(outbox.health))["waiting"] == 2
    assert (await asyncio.to_thread(effects, "retry", "--all-dead"))[:2] == (0, "Nothing is dead.\n")


def test_without_a_database_nothing_is_made(effects: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    status, _, said = effects()
    assert (status, said.startswith("The SQLite file in DATABASE_URL cannot be opened: is it there,")) == (2, True)
    assert not (tmp_path / "none.db").exists()
