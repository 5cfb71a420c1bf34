"""One process works on an SQLite database: a lock file beside it says so. PostgreSQL bears several of this version and its neighbours."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import NullPool, create_engine, func, make_url, select

try:
    import fcntl
except ImportError:  # Windows has no fcntl; there the database's own lock must do
    fcntl = None  # type: ignore[assignment]

# Of the advisory lock that all processes hold together, and that a version which must work alone holds by itself.
_PLACE = 0x50796B


class AlreadyRunning(Exception):
    """Another process that bears no other works on this database. The text is a sentence for whoever starts the bot."""


def be_alone(url: str) -> Callable[[], None]:
    """Take the lock and return what gives it up; it goes with the process, too. On PostgreSQL it is shared by all but a version that cannot
    bear others. Raises `AlreadyRunning`."""
    parts = make_url(url)
    if parts.get_backend_name() == "postgresql":
        return _in_postgres(url, "pg_try_advisory_lock_shared", "A process that works alone, such as an earlier version, runs")
    if fcntl is None or not parts.database or parts.database == ":memory:":
        return lambda: None
    return _beside(Path(parts.database).resolve())


def be_alone_of_all(url: str) -> Callable[[], None]:
    """As `be_alone`, and on PostgreSQL too nobody else carries out effects meanwhile. Raises `AlreadyRunning`."""
    if make_url(url).get_backend_name() == "postgresql":
        return _in_postgres(url, "pg_try_advisory_lock", "A bot runs")
    return be_alone(url)


def _beside(database: Path) -> Callable[[], None]:
    lock = database.with_name(f"{database.name}.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        named = f"Another process ({holder})" if holder else "Another process"
        raise AlreadyRunning(f"{named} runs on {database}. Stop it first, or give each its own DATABASE_URL.") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock.close


def _in_postgres(url: str, lock: str, who: str) -> Callable[[], None]:
    """Held by a connection of its own: losing that connection loses the lock, which then is anybody's at their next start."""
    connection = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()
    if not connection.execute(select(getattr(func, lock)(_PLACE))).scalar():
        connection.close()
        raise AlreadyRunning(f"{who} on this PostgreSQL database. Stop it first.")
    return connection.close
