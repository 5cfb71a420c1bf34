"""How a database is opened."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool


def open_engine(url: str) -> Engine:
    """The engine of a database. Its errors do not carry what was to be written: they are logged, and that is people's."""
    if not url.startswith("sqlite"):
        # A connection is not tried before it is used: whatever finds it broken runs again, on new ones.
        return create_engine(url, pool_size=12, max_overflow=4, hide_parameters=True)
    # Every transaction is ended where it was begun, so the pool need not roll back once more.
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=6,
        pool_reset_on_return=None,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 30},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver would begin transactions itself, and not at once; `_begin` of storage/transaction.py does.
        connection.isolation_level = None
        for pragma in ("busy_timeout=30000", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)

    return engine


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
