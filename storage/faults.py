"""What ails a database, in the words that health uses, and in a sentence for whoever runs the bot."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from storage.errors import Unavailable

# By the beginning of what the driver calls a code (https://www.postgresql.org/docs/current/errcodes-appendix.html,
# https://sqlite.org/rescode.html): 08 and 57P are a connection lost or refused, a server that stops or starts.
_CODES: Mapping[str, str] = {
    "08": "away",
    "57P": "away",
    "28": "refused",
    "3D": "missing",
    "42501": "forbidden",
    "53100": "full",
    "25006": "read_only",
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "away",
}
# libpq keeps the code of a connection that was never made to itself, and tells the server's sentence alone.
_SENTENCES: Mapping[str, str] = {
    "refused": r"authentication failed|no password supplied|role \".*\" (does not exist|is not permitted to log in)|no pg_hba\.conf entry",
    "missing": r"database \".*\" does not exist",
    "forbidden": r"permission denied for database",
}
# What to look at, by word. Of others the driver's own sentence has to do.
_TO_DO: Mapping[str, str] = {
    "away": "The database server cannot be reached: does it run, and are host and port in DATABASE_URL right?",
    "silent": "The database server does not answer in time.",
    "refused": "The database server does not let the bot in: look at the user and the password in DATABASE_URL"
    " (or PGPASSWORD, ~/.pgpass), and at the server's pg_hba.conf.",
    "missing": "The server has no database of that name: look at the name in DATABASE_URL, or make the database (createdb).",
    "forbidden": "The user in DATABASE_URL lacks a right: make it the owner of the database (ALTER DATABASE … OWNER TO …).",
    "full": "The disc of the database is full.",
    "read_only": "The database takes nothing that is written: it is read-only.",
    "gone": "The database file was moved, replaced or deleted.",
}
_NO_FILE = "The SQLite file in DATABASE_URL cannot be opened: is it there, and may this user read and write it and its folder?"


# No single statement's doing: Storage tells of these once, for all that come to grief by them.
OUTAGES = frozenset({"away", "silent", "refused", "missing", "full", "read_only", "gone"})
# Of those, where some are served meanwhile: who only reads, or comes at a better moment.
PARTIAL = frozenset({"silent", "full", "read_only"})


def fault_of(error: BaseException) -> str:
    """`away`, `silent` (all connections wait for an answer), `refused` (the sign-in), `missing` (there is no such database), `forbidden`
    (a right is missing), `full`, `read_only`, `gone` (the file is another, or none), or `failing` for anything else."""
    if isinstance(error, Unavailable):
        return str(error)
    if isinstance(error, NoConnection):
        return "silent"
    if not isinstance(error, DBAPIError):
        return "failing"
    driver = error.orig
    if code := str(getattr(driver, "sqlstate", None) or getattr(driver, "sqlite_errorname", None) or ""):
        return next(
            (word for begins, word in _CODES.items() if code.startswith(begins)), "away" if error.connection_invalidated else "failing"
        )
    if not error.connection_invalidated and not isinstance(error, OperationalError | InterfaceError):
        return "failing"
    return next((word for word, said in _SENTENCES.items() if re.search(said, str(driver))), "away")


def told(error: BaseException) -> str:
    """What is wrong and what to look at, with the driver's own first line, which names the user and no password."""
    driver = getattr(error, "orig", None)
    word = "no file" if getattr(driver, "sqlite_errorname", "") == "SQLITE_CANTOPEN" else fault_of(error)
    said = str(driver or "").strip().partition("\n")[0] or type(error).__name__
    return f"{_NO_FILE if word == 'no file' else _TO_DO.get(word, 'The database cannot be used.')} ({said})"
