"""For all tests: properties have no deadline, since a busy machine is no defect; and a mail server for those who ask for `post`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from tests.standins.post import Server

settings.register_profile("pykala", deadline=None)
settings.load_profile("pykala")


@pytest.fixture
async def post(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A mail server, named in the environment of the bot that is started after it."""
    server = Server()
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{await server.open()}")
    monkeypatch.setenv("SMTP_FROM", "sihteeri@pykala.example")
    yield server
    await server.close()
