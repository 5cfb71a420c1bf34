from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.playground.client import Client, House, missing

START = datetime(2027, 1, 25, 7, 0, tzinfo=UTC)


@pytest.fixture
def complete() -> None:
    """The Playground and a browser are here; else the test skips, and with `PYKALA_REQUIRE_ALL=1` fails."""
    if lack := missing():
        if os.environ.get("PYKALA_REQUIRE_ALL") == "1":
            pytest.fail(lack, pytrace=False)
        pytest.skip(lack)


@pytest.fixture
async def house(complete: None, tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, START) as opened:
        yield opened


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with async_playwright() as playwright:
        browser, opened = await Client.start(playwright, house.url)
        yield opened
        await browser.close()
