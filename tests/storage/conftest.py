from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from storage.database import Storage
from storage.migrate import upgrade
from tests.storage.databases import Clock, NoPostgres, empty, migrated, postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One migrated PostgreSQL database a session (a worker). `PYKALA_REQUIRE_ALL=1` makes its lack a failure."""
    try:
        with postgres() as url:
            engine = create_engine(url)
            upgrade(engine)
            engine.dispose()
            yield url
    except NoPostgres as reason:
        if os.environ.get("PYKALA_REQUIRE_ALL") == "1":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    address: str = request.getfixturevalue("postgres_url")
    empty(address)
    return address


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def storage(url: str, clock: Clock) -> AsyncIterator[Storage]:
    """Nothing is known by heart: what is read is what the database says (test_known.py tests the rest)."""
    if url.startswith("sqlite"):
        migrated(Path(url.removeprefix("sqlite:///")))
    opened = Storage(url, clock=clock, known=0)
    await opened.start()
    yield opened
    await opened.close()
