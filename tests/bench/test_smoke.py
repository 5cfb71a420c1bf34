"""The benches run: every bot answers a few turns, the tables are made and written down. What they measure is not judged here."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from bench import documents, storm
from bench.__main__ import BENCHES, one
from bench.contenders import Contender, Running, Stage, echo, press, status
from bench.copies import FIRST, copied, copy_body
from bench.processes import Missing
from bench.report import Table, Target, results, written
from bench.room import fill
from bench.rounds import interleaved, percentile, ratio
from storage.database import Storage
from storage.engine import open_engine
from tests.standins.channel import Channel


async def test_every_bot_answers_and_is_measured(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bench.db"
    async with Stage() as stage:
        await fill(url, stage.channel)
        product = Contender("press", "product", press, replies=None, environment={"DATABASE_URL": url})
        async with stage.running([*(Contender(bot, bot, echo) for bot in ("bare", "stock", "agents")), product]) as bots:
            asking = Running(Contender("status", "product", status), bots[-1].served, status(stage.channel))
            sent = [await stage.send(bot, 4, 2) for bot in (*bots, asking)]
            assert [len(one.latencies) for one in sent] == [4] * 5
            assert all(bot.served.cpu() > 0 and bot.served.memory() > 10 for bot in bots)
            with pytest.raises(RuntimeError, match="1 replies to 1 turns"):
                await stage.send(Running(Contender("bare", "bare", echo, replies=2), bots[0].served, echo(stage.channel)), 1, 1)
            with pytest.raises(ExceptionGroup):
                await stage.send(Running(bots[0].contender, bots[0].served, iter([b"{}"])), 1, 1)


async def test_a_small_storm_is_decided_by_workers() -> None:
    try:
        table = await storm.measure(bodies=6, watched=1.0)
    except Missing as lack:
        pytest.skip(str(lack))
    assert table.rows[0][0] == "6"
    assert [target.met for target in table.targets] == [True, True, True]


async def test_documents_have_six_pages() -> None:
    table = await documents.measure(rounds=1, program=None)
    assert "11 items and 6 pages" in table.title
    assert [row[:2] for row in table.rows][-1] == (documents.OFFICE, "not on this machine")


async def test_a_copied_body_is_read_as_it_is_foretold(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bench.db"
    channel = Channel()
    channel.service_url = "http://127.0.0.1:9/teams/"
    await fill(url, channel)
    engine = open_engine(url)
    with engine.begin() as connection:
        copy_body(connection, 3)
    engine.dispose()
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    made, meant = await storage.read(
        lambda tx: [(tx.meeting(f"{start}meeting"), tx.body(f"{start}body")) for start in ("", f"{FIRST + 3}-")]
    )
    assert tuple(copied(one, 3) for one in made) == meant
    await storage.close()


def test_every_bench_has_a_measure() -> None:
    assert all(asyncio.iscoroutinefunction(import_module(module).measure) for module, _ in BENCHES.values())


@pytest.mark.parametrize(
    ("raised", "first", "met"), [(Missing("no such thing"), "not run on this machine", []), (ValueError("broke"), "failed", [False])]
)
async def test_what_cannot_run_says_so(monkeypatch: pytest.MonkeyPatch, raised: Exception, first: str, met: list[bool]) -> None:
    async def measure() -> Table:
        raise raised

    monkeypatch.setattr(documents, "measure", measure)
    table = await one("P5")
    assert table.rows[0][0] == first
    assert str(raised) in table.rows[0][1]
    assert [target.met for target in table.targets] == met


async def test_rounds_are_interleaved_and_ratios_are_of_a_round() -> None:
    assert [pair async for pair in interleaved("ab", 1)] == [(0, "a"), (0, "b"), (1, "b"), (1, "a")]
    assert ratio([2, 30, 6], [1, 10, 1]) == 3
    assert [percentile([4, 1, 3, 2], share) for share in (0, 50, 99)] == [1, 2, 4]


def test_results_tell_what_is_met_and_what_remains() -> None:
    targets = (Target("a < 2", "1", True, "never shown"), Target("b < 2", "3", False, "Because."))
    table = Table("P0", "a title", ("what", "ms"), (("it", "12"),), targets)
    assert "| it   | 12 |" in written(table)
    text = results([table], 60, "- Machine: a toaster")
    assert "1 of 2 targets met" in text
    assert "Because." in text
    assert "never shown" not in text
    assert "a toaster" in text
