"""While the database is away the log says so once, not once for all that cannot be done."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import jobs.runner
from jobs.runner import Runner
from storage.database import Storage
from storage.errors import Unavailable
from telemetry.outage import Outage
from tests.storage.databases import Clock


def _lines(logged: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


def test_one_line_when_it_goes_one_a_minute_and_one_when_it_is_back(logged: io.StringIO) -> None:
    seconds = 0.0
    outage = Outage(lambda: seconds)
    outage.ended()
    for _ in range(30):
        outage.lasts("away")
        seconds += 5.0
    outage.ended()
    outage.ended()
    outage.lasts("away")
    told = [(one["event"], one.get("fault"), one.get("seconds")) for one in _lines(logged)]
    away, back = ("the database does not serve", "away", None), ("the database serves again", None, 150)
    assert told == [away, away, away, back, away]


async def test_a_runner_without_its_database_does_not_fill_the_log(
    tmp_path: Path, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.runner, "POLL", 0.01)
    storage, file = Storage(f"sqlite:///{tmp_path / 'away.db'}", clock=Clock()), tmp_path / "away.db"
    await storage.start()
    runner = Runner(storage, {})
    await runner.start()
    file.rename(tmp_path / "elsewhere.db")
    for _ in range(20):
        with suppress(Unavailable):
            await storage.health()
        await asyncio.sleep(0.02)
    (tmp_path / "elsewhere.db").rename(file)
    await storage.health()
    await runner.stop()
    await storage.close()
    told = [one["event"] for one in _lines(logged) if not one["logger"].startswith("alembic")]
    assert told == ["the database does not serve", "the database serves again"]
