"""A look at a database cannot change it, on both databases, and a writer at work does not hold it up."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.engine import open_engine
from storage.look import Version, channels_of, opened, version_of
from storage.migrate import upgrade


@pytest.fixture(autouse=True)
def migrated(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


def test_a_look_cannot_write(url: str) -> None:
    with opened(url) as connection, pytest.raises(DBAPIError):
        connection.execute(text("DELETE FROM person"))


def test_a_writer_at_work_does_not_hold_it_up(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as writing:
        if writing.dialect.name == "sqlite":
            writing.exec_driver_sql("BEGIN IMMEDIATE")
        writing.execute(text("DELETE FROM person"))
        assert version_of(url) is Version.CURRENT
        assert channels_of(url) == ()
        writing.rollback()
    engine.dispose()
