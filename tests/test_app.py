"""The process as it is served."""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import app
from app import served
from settings import Settings
from storage.database import Storage
from tests.ports import free_port
from tests.storage.conftest import postgres_url
from tests.storage.databases import ROOT, Clock
from tests.storage.test_bad_days import away
from tests.telemetry.conftest import logged

__all__ = ["logged", "postgres_url"]


async def test_what_was_loaded_is_not_looked_through_for_garbage_again(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, PYKALA_LOCAL=True, database_url=f"sqlite:///{tmp_path}/app.db")  # type: ignore[call-arg]
    runner = web.AppRunner(await served(settings))
    before = gc.get_freeze_count()
    try:
        await runner.setup()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
        await runner.cleanup()


async def test_a_start_and_a_stop_are_told_without_secrets(tmp_path: Path) -> None:
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "PYKALA_LOCAL": "1", "PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path}/a.db"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "app.py"), cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(40), aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}/healthz"):
                    break
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    lines = [json.loads(line) for line in said.splitlines()]
    started, draining, stopped = (one for one in lines if one["logger"] == "app")
    told = {"event": "started", "host": "127.0.0.1", "port": port, "role": "all", "database": "sqlite", "mode": "local", "level": "info"}
    assert told.items() <= started.items()
    assert started["schema"].isdecimal()
    assert (draining["event"], stopped["event"], stopped["effects_left"]) == ("draining", "stopped", 0)
    assert str(tmp_path) not in str(started)


async def test_a_database_that_comes_later_is_waited_for(postgres_url: str, logged: io.StringIO) -> None:
    storage = Storage(postgres_url, clock=Clock())
    with away(postgres_url):
        opening = asyncio.create_task(app.open_storage(storage))
        async with asyncio.timeout(20):
            while "waited for" not in logged.getvalue():  # noqa: ASYNC110  # as somebody who reads it
                await asyncio.sleep(0.02)
        assert not opening.done()
    await asyncio.wait_for(opening, 20)
    await storage.close()
    assert logged.getvalue().count("waited for") == 1


def test_one_that_does_not_come_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logged: Any) -> None:
    monkeypatch.setattr(app, "START", 0.0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYKALA_LOCAL", "1")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://anna:salasana@127.0.0.1:{free_port()}/pykala")
    with pytest.raises(SystemExit) as ended:
        app.serve(argparse.Namespace(role=app.Role.ALL))
    assert str(ended.value).startswith("The database server cannot be reached: does it run,")
    assert "salasana" not in str(ended.value)
