"""Why a PostgreSQL database cannot be used is told apart, says what to look at, and names no password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from storage.faults import fault_of, told
from tests.admin.terminal import command
from tests.ports import free_port
from tests.storage.databases import client_tools

SECRET = "salasana"


@contextmanager
def _of_another(url: str) -> Iterator[URL]:
    """The same database for a user who may sign in, and owns nothing."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as admin:
        admin.execute(text(f"CREATE ROLE vieras LOGIN PASSWORD '{SECRET}'"))
        try:
            yield make_url(url).set(username="vieras", password=SECRET)
        finally:
            admin.execute(text("DROP ROLE vieras"))


def _failure(url: URL, statement: str = "SELECT 1") -> SQLAlchemyError:
    with pytest.raises(SQLAlchemyError) as failed, create_engine(url, poolclass=NullPool).connect() as connection:
        connection.execute(text(statement))
    return failed.value


def test_each_is_told_apart(postgres_url: str) -> None:
    there = make_url(postgres_url)
    with _of_another(postgres_url) as other:
        failures = {
            "away": _failure(URL.create("postgresql+psycopg", "vieras", SECRET, "127.0.0.1", free_port(), "pykala")),
            "refused": _failure(there.set(username="nobody_here", password=SECRET)),
            "missing": _failure(there.set(database="not_here")),
            "forbidden": _failure(other, "CREATE TABLE public.mine (one int)"),
        }
    assert {word: fault_of(failure) for word, failure in failures.items()} == {word: word for word in failures}
    sentences = [told(failure) for failure in failures.values()]
    assert len({one.partition("(")[0] for one in sentences}) == len(failures)
    assert not any(SECRET in one or "\n" in one for one in sentences)
    assert "DATABASE_URL" in sentences[0]


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ('FATAL:  password authentication failed for user "pykala"', "refused"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "pykala", database "pykala", SSL off', "refused"),
        ("fe_sendauth: no password supplied", "refused"),
        ('FATAL:  permission denied for database "pykala"', "forbidden"),
        ("FATAL:  the database system is starting up", "away"),
    ],
)
def test_what_the_server_says_before_there_is_a_connection(said: str, word: str) -> None:
    from psycopg import OperationalError as Driver
    from sqlalchemy.exc import OperationalError

    assert fault_of(OperationalError(None, None, Driver(f"connection failed: {said}"))) == word


async def test_the_commands_say_it(postgres_url: str, tmp_path: Path) -> None:
    url = make_url(postgres_url).set(database="not_here").render_as_string(hide_password=False)
    settings = {"PYKALA_LOCAL": "1", "DATABASE_URL": url, "PATH": f"{client_tools()}:/usr/bin"}
    for words, expected in (((), 1), (("effects",), 2)):
        status, said = await command(tmp_path, *words, **settings)
        assert (status, "The server has no database of that name" in said) == (expected, True), (words, said)
