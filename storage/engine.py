"""How a database is opened."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

# Seconds that SQLite waits for another process that holds the file.
BUSY = 4
# A server that does not answer is given up within seconds, each a few (https://www.postgresql.org/docs/current/libpq-connect.html).
_IN_TIME = {"connect_timeout": 4, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 8000}


def sqlite_file(url: str) -> Path | None:
    """Where the database of an `sqlite:` address lies; None when it is no file."""
    parts = make_url(url)
    named = parts.get_backend_name() == "sqlite" and parts.database not in {None, "", ":memory:"}
    return Path(str(parts.database)).resolve() if named else None


def open_engine(url: str) -> Engine:
    """The engine of a database. Its errors do not carry what was to be written: they are logged, and that is people's."""
    if not url.startswith("sqlite"):
        # A connection is not tried before it is used: whatever finds it broken runs again, on new ones.
        # The last one used is used next, as it has its statements prepared.
        made = create_engine(
            url, pool_size=12, max_overflow=4, pool_timeout=5, pool_use_lifo=True, hide_parameters=True, connect_args=dict(_IN_TIME)
        )
        event.listen(made, "connect", _prepare)
        event.listen(made, "begin", _begin)
        return made
    # Every transaction is ended where it was begun, so the pool need not roll back once more.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=6,
        pool_reset_on_return=None,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver would begin transactions itself, and not at once; `_begin` of storage/database.py does.
        connection.isolation_level = None
        for pragma in (f"busy_timeout={BUSY * 1000}", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)

    return engine


def beginning(engine: Engine, how: str) -> Engine:
    """The same engine, whose transactions begin with these words of SQL; "" for single statements that commit by themselves. PostgreSQL."""
    return engine.execution_options(begin=how)


def _begin(connection: Connection) -> None:
    """So that the isolation, and what is to be locked, are told with the beginning, in one exchange with the server."""
    if how := connection.get_execution_options().get("begin", "BEGIN"):
        connection.exec_driver_sql(how, execution_options={"no_parameters": True})


def _prepare(connection: Any, _record: Any) -> None:
    """What the server ends by itself: a statement that nobody waits for any more, and the transaction of a process that stands still and
    holds rows which others need. Not for migrations (storage/migrate.py)."""
    connection.autocommit = True  # for the driver: `_begin` begins
    connection.execute("SET statement_timeout = '30s'")
    connection.execute("SET idle_in_transaction_session_timeout = '15s'")


def _write_ahead(connection: Any) -> None:
    """The switch to WAL does not wait for a lock, so one of several that open a new database at once is refused (https://sqlite.org/wal.html)."""
    for _ in range(300):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            time.sleep(0.1)
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")
