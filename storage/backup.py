"""An SQLite database as one checked file, taken while the bot writes to it, and put back in its place."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from storage import journal
from storage.look import Version, opened, version_of


class Unfit(Exception):
    """Not a whole database of this bot. The text is a sentence about it."""


def url_of(file: Path) -> str:
    return URL.create("sqlite", database=str(file)).render_as_string()


def check(file: Path) -> None:
    """Every page, every reference, the chain of the journal, and the revision. Raises `Unfit`; only reads."""
    try:
        with opened(url_of(file)) as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            if said != "ok":
                raise Unfit(f"It is damaged: {said}.")
            if (row := connection.exec_driver_sql("PRAGMA foreign_key_check").first()) is not None:
                raise Unfit(f"It is damaged: a row of {row[0]} belongs to nothing.")
    except SQLAlchemyError as error:
        raise _no_database(error) from None
    prove(url_of(file))


def prove(url: str) -> None:
    """The revision and the chain of the journal, of either database. Raises `Unfit`; only reads."""
    try:
        version = version_of(url)
        with opened(url) as connection:
            if version is not Version.FOREIGN and (breaks := journal.read(connection, most=1).breaks):
                raise Unfit(f"Its journal breaks at row {breaks[0].seq}: a row was changed, lost or forged.")
    except SQLAlchemyError as error:
        raise _no_database(error) from None
    if version is Version.FOREIGN:
        raise Unfit("It was made by another version of the bot, or by something else.")


def _no_database(error: SQLAlchemyError) -> Unfit:
    return Unfit(f"It is not a database of the bot ({getattr(error, 'orig', None) or type(error).__name__}).")


def back_up(database: Path, file: Path) -> None:
    """A copy of one moment, whatever is written meanwhile, which takes the place of `file` when it has been checked. Raises `Unfit`, and
    sqlite3.Error or OSError when the copy cannot be made."""
    with _copy(database, file) as copy:
        check(copy)
        take_place(copy, file)


def put_back(database: Path, file: Path, at: datetime) -> Path | None:
    """`file` in the place of the database, on which nothing may run; what was there before lies beside it under the name returned. Raises
    `Unfit` and leaves all as it was."""
    with _copy(file, database) as copy:
        check(copy)
        kept = _put_aside(database, at) if database.exists() else None
        # The bot may run as another user than the one who restores.
        like = (kept or database.parent).stat()
        os.chown(copy, like.st_uid, like.st_gid)
        if kept:
            copy.chmod(stat.S_IMODE(like.st_mode))
        take_place(copy, database)
    return kept


@contextmanager
def _copy(source: Path, near: Path) -> Iterator[Path]:
    """One file without a log beside it, in the folder of `near`, readable by nobody else; gone afterwards if it is still there."""
    handle, name = tempfile.mkstemp(prefix=f".{near.name}.", dir=near.parent)
    os.close(handle)
    copy = Path(name)
    try:
        with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as read, closing(sqlite3.connect(copy)) as written:
            # In one step: a copy in several begins anew whenever somebody writes. In WAL mode a reader keeps no writer waiting.
            read.backup(written)
            written.execute("PRAGMA journal_mode=DELETE")
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def take_place(copy: Path, file: Path) -> None:
    """At once, and on the disc."""
    _sync(copy)
    copy.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_aside(database: Path, at: datetime) -> Path:
    kept = database.with_name(f"{database.name}.replaced-{at:%Y-%m-%dT%H%M%SZ}")
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        # Its log goes into it. One that is too broken for that keeps its log: there may be turns in it that are nowhere else.
        connection.execute("PRAGMA journal_mode=DELETE")
    for suffix in ("-wal", "-journal"):
        log = database.with_name(database.name + suffix)
        if log.exists():
            log.rename(kept.with_name(kept.name + suffix))
    database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
    kept.hardlink_to(database)  # so that there is a database in the place at every moment
    return kept
