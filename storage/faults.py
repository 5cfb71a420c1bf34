"""What ails a database, in the words that health uses."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from storage.errors import Unavailable

_AWAY = (
    "08",
    "57P",
)  # connection lost or refused, the server stopping or starting: https://www.postgresql.org/docs/current/errcodes-appendix.html
_WORDS = {
    "53100": "full",
    "25006": "read_only",
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "away",
}


def fault_of(error: BaseException) -> str:
    """`away`, `silent` (all connections wait for an answer), `full`, `read_only`, `gone` (the file is another, or none), or
    `failing` for anything else."""
    if isinstance(error, Unavailable):
        return str(error)
    if isinstance(error, NoConnection):
        return "silent"
    if not isinstance(error, DBAPIError):
        return "failing"
    driver = error.orig
    state = str(getattr(driver, "sqlstate", None) or getattr(driver, "sqlite_errorname", None) or "")
    # psycopg has no code for a connection that was never made.
    away = error.connection_invalidated or state.startswith(_AWAY) or (not state and isinstance(error, OperationalError | InterfaceError))
    return "away" if away else _WORDS.get("_".join(state.split("_")[:2]), "failing")
