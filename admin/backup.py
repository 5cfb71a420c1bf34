"""`python app.py backup` and `restore`: of an SQLite database done here; of a PostgreSQL database by its own tools.

What may come twice or be missing after a restore: docs/operations.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from admin import dump
from settings import read_settings
from storage.alone import AlreadyRunning, be_alone, be_alone_of_all
from storage.backup import Unfit, back_up, put_back
from storage.database import Storage
from storage.engine import sqlite_file
from storage.faults import fault_of, told
from storage.look import Version, version_of
from storage.restored import RESPITE, settle

# The exit status when nothing was done but to say how it is done: the tools for it are not on this machine.
TOLD = 3
_MOMENT = "%Y-%m-%d %H:%M:%S UTC"


def add_commands(commands: Any) -> None:
    """To the subparsers of `python app.py`."""
    backup: argparse.ArgumentParser = commands.add_parser(
        "backup", help="copy the database while the bot runs", description="One checked copy of the database; the bot may run meanwhile."
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="where the copy is to lie")
    backup.add_argument("--force", action="store_true", help="take the place of FILE when there is one")
    backup.set_defaults(run=_backup)
    restore: argparse.ArgumentParser = commands.add_parser(
        "restore", help="put a backup in the place of the database", description="A backup in the place of the database of a stopped bot."
    )
    restore.add_argument("file", type=Path, metavar="FILE", nargs="?", help="the backup")
    restore.add_argument("--finish", action="store_true", help="what follows after pg_restore has put a PostgreSQL database back")
    restore.set_defaults(run=_restore)


def _backup(options: argparse.Namespace) -> int:
    url, file = read_settings().database_url, options.file.resolve()
    database = sqlite_file(url)
    if database is not None and not database.exists():
        return _refuse(f"There is no database at {database} yet.")
    if not file.parent.is_dir():
        return _refuse(f"There is no folder {file.parent}.")
    if file.exists() and (not options.force or (database is not None and file.samefile(database))):
        return _refuse(f"{file} is there already; --force takes its place, but never that of the database itself.")
    if database is None:
        return _backup_postgres(url, file)
    try:
        back_up(database, file)
    except (Unfit, sqlite3.Error, OSError) as error:
        return _refuse(f"No backup was made of {database}. {error}")
    sys.stdout.write(f"Done: {file}, {file.stat().st_size / 1_048_576:.1f} MB, checked page by page, with a whole journal.\n")
    return 0


def _backup_postgres(url: str, file: Path) -> int:
    if not dump.are_here(dump.DUMP, dump.RESTORE):
        return _tell(dump.dump_lines(url, file))
    try:
        dump.dump(url, file)
    except (Unfit, dump.Refused, OSError) as error:
        return _refuse(f"No backup was made of {make_url(url).database}. {error}")
    sys.stdout.write(f"Done: {file}, {file.stat().st_size / 1_048_576:.1f} MB, looked through by pg_restore.\n")
    return 0


def _restore(options: argparse.Namespace) -> int:
    url = read_settings().database_url
    if options.finish:
        return _finish_postgres(url)
    if options.file is None:
        return _refuse("Which backup? python app.py restore FILE")
    file = options.file.resolve()
    database = sqlite_file(url)
    if not file.is_file():
        return _refuse(f"There is no file {file}.")
    if database is None:
        return _restore_postgres(url, file)
    if database.exists() and file.samefile(database):
        return _refuse("That is the database itself.")
    try:
        release = be_alone(url)
    except (AlreadyRunning, OSError) as refused:
        return _refuse(str(refused))
    try:
        kept = put_back(database, file, datetime.now(UTC))
    except (Unfit, sqlite3.Error, OSError) as error:
        return _refuse(f"Nothing was restored from {file}. {error}")
    finally:
        release()
    if kept:
        sys.stdout.write(f"What was there before is kept: {kept}\n")
    return _finish(url)


def _restore_postgres(url: str, file: Path) -> int:
    """Into a new database, so that nothing is lost of the old one, if there is one."""
    if not dump.are_here(dump.CREATE, dump.RESTORE, dump.DROP):
        return _tell(dump.restore_lines(url, file, datetime.now(UTC)))
    try:
        be_alone_of_all(url)()
    except AlreadyRunning as refused:
        return _refuse(str(refused))
    except SQLAlchemyError as error:
        if fault_of(error) != "missing":
            return _refuse(told(error))
    try:
        dump.check(url, file)
        fresh = dump.put_back(url, file, datetime.now(UTC))
    except (Unfit, dump.Refused) as error:
        return _refuse(f"Nothing was restored from {file}. {error}")
    name = make_url(fresh).database
    if _finish(fresh):
        return _refuse(f"The backup is in the new database {name}. With that name in DATABASE_URL: python app.py restore --finish")
    sys.stdout.write(f"The old database is as it was. Set the database's name in DATABASE_URL to {name}, and start the bot.\n")
    return 0


def _finish_postgres(url: str) -> int:
    """Of the database that was put back, and of no other: one that is in use is not it."""
    if sqlite_file(url) is not None:
        return _refuse("That is for PostgreSQL. On SQLite, python app.py restore FILE does everything.")
    name = make_url(url).database
    try:
        if version_of(url) is Version.EMPTY:
            return _refuse(f"There is nothing in the database {name} (DATABASE_URL). Run pg_restore first.")
        release = be_alone_of_all(url)
    except AlreadyRunning as refused:
        return _refuse(f"{name} (DATABASE_URL) is not the database that was put back, or has been taken into use. {refused}")
    except SQLAlchemyError as error:
        return _refuse(told(error))
    try:
        return _finish(url)
    finally:
        release()


def _finish(url: str) -> int:
    try:
        newest = asyncio.run(_settled(url))
    except SQLAlchemyError as error:
        return _refuse(told(error))
    name = sqlite_file(url) or make_url(url).database
    sys.stdout.write(
        f"The record of {name} goes up to {newest.strftime(_MOMENT)}. At the next start the secretaries are told so; no comment round"
        f" ends by itself in the next {RESPITE.total_seconds() / 3600:.0f} hours.\n"
    )
    return 0


async def _settled(url: str) -> datetime:
    """Brought to this version before, as at any start."""
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    try:
        await storage.start()
        return await storage.execute(settle)
    finally:
        await storage.close()


def _tell(lines: str) -> int:
    sys.stdout.write(lines)
    sys.stderr.write("Nothing was done: PostgreSQL's tools are not on this machine's path.\n")
    return TOLD


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1
