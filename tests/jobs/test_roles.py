"""The bot in two processes on one PostgreSQL database, as a service runs them: one answers, the other carries out the effects."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import create_engine, text

from tests.jobs.house import ROOT
from tests.jobs.test_runner import until
from tests.ports import free_port
from tests.standins.channel import Channel, card_of
from tests.turns.room import find_button, sent_with, text_of


class Process:
    """One role of `python app.py`."""

    def __init__(self, role: str, url: str, folder: Path, public_url: str = "") -> None:
        self.role = role
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._environment = {"PATH": os.environ["PATH"], "PYKALA_LOCAL": "1", "PORT": str(self.port), "DATABASE_URL": url}
        self._environment |= {"PUBLIC_URL": public_url} if public_url else {}

    async def start(self) -> None:
        with (self._folder / f"{self.role}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, str(ROOT / "app.py"), "--role", self.role, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        async with asyncio.timeout(60):
            while await self.status("/readyz") != 200:
                assert self.process.returncode is None, (self._folder / f"{self.role}.log").read_text(encoding="utf-8")
                await asyncio.sleep(0.05)

    async def status(self, path: str) -> int:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}{path}") as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    async with Channel() as opened:
        yield opened


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_one_answers_and_the_other_carries_out_what_follows(url: str, tmp_path: Path, channel: Channel) -> None:
    front = Process("web", url, tmp_path)
    worker = Process("worker", url, tmp_path, front.url)
    await front.start()
    channel.bot_url = f"{front.url}/api/messages"
    secretary = channel.person("Aino Aalto")
    board = channel.team("Saarten ryhmä", "Yleinen", [secretary])
    desk = await channel.open(secretary)
    await channel.install(board, secretary)
    form = await channel.say(secretary, board, "perusta toimielin")
    card = card_of(form.posted[-1].activity)
    button = find_button(card, "set_up_body")
    await channel.press(secretary, board, button, sent_with(button, card, {"name": "Saarten ryhmä", "language": "fi"}))
    await channel.say(secretary, desk, "kokous 10.2.2027 klo 10.00–12.00 Kunnantalo")
    engine = create_engine(url)

    wanted = "SELECT count(*) FROM effect WHERE kind IN ('RefreshBoard', 'SyncEvent') AND state <> 'done'"

    def left() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(wanted)).scalar_one())

    def on_board() -> list[str]:
        return [text_of(card_of(one.activity)) for one in channel.shown(board) if "Kunnantalo" in str(one.activity)]

    assert (left() > 0, on_board()) == (True, []), "nobody carries out effects yet"
    await worker.start()
    await until(lambda: not left(), 30)
    assert len(on_board()) == 1
    assert [await one.status("/api/messages") for one in (front, worker)] == [405, 404]
    # A worker that is told to stop ends what it has begun.
    for one in (worker, front):
        assert await one.stop() == 0
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM effect WHERE state = 'running'")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM worker")).scalar() == 0
    engine.dispose()
