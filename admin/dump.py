"""A PostgreSQL database copied and put back by PostgreSQL's own tools: run where they are, else told line by line."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, make_url

from storage.backup import Unfit, prove, take_place
from storage.tables import metadata

DUMP, CREATE, RESTORE, DROP = "pg_dump", "createdb", "pg_restore", "dropdb"
# In pg_restore's list of what a copy holds.
_DATA = re.compile(r" TABLE DATA \S+ (\S+) ")


class Refused(Exception):
    """What one of the tools said, in its words."""


def are_here(*tools: str) -> bool:
    return all(map(shutil.which, tools))


def dump(url: str, file: Path) -> None:
    """A copy of one moment, whatever is written meanwhile, readable by nobody else, which takes the place of `file` when it has been
    looked through. Raises `Refused`, `Unfit` and OSError; then `file` is as it was."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(handle)
    copy = Path(name)
    try:
        _run(url, _dumping(url, copy))
        check(url, copy, metadata.tables)
        take_place(copy, file)
    finally:
        copy.unlink(missing_ok=True)


def check(url: str, file: Path, names: Collection[str] = ("journal", "meeting", "alembic_version")) -> None:
    """Raises `Unfit` for what is no copy of the bot's database, with these tables; those named here are in every version's."""
    try:
        found = set(_DATA.findall(_run(url, [RESTORE, "--list", str(file)])))
    except Refused as refused:
        raise Unfit(str(refused)) from None
    if missing := set(names) - found:
        raise Unfit(f"It is not a copy of a database of the bot: it has no table {min(missing)}.")


def put_back(url: str, file: Path, at: datetime) -> str:
    """A new database beside the old one, made from the copy; its address. Raises `Refused` and `Unfit`, and leaves no new one."""
    name = _fresh(url, at)
    fresh = make_url(url).set(database=name).render_as_string(hide_password=False)
    _run(url, _creating(url, name))
    try:
        _run(url, _restoring(url, name, file))
        prove(fresh)
    except (Refused, Unfit):
        _run(url, [DROP, f"--maintenance-db={_plain(url, 'postgres')}", name])
        raise
    return fresh


def dump_lines(url: str, file: Path) -> str:
    """The password is asked for, or read from PGPASSWORD or ~/.pgpass: a command line is seen by everybody on the machine."""
    return f"""A PostgreSQL database is copied with its own tools, of the server's version or newer, while the bot runs:

  {shlex.join(_dumping(url, file))}
"""


def restore_lines(url: str, file: Path, at: datetime) -> str:
    """Into a new database: the old one is kept, and nothing of it is mixed in."""
    name = _fresh(url, at)
    return f"""A PostgreSQL database is put back with its own tools, into a new database beside the old one. Stop every process of
the bot, then:

  {shlex.join(_creating(url, name))}
  {shlex.join(_restoring(url, name, file))}

Set the database's name in DATABASE_URL to {name}, and before the bot is started:

  python app.py restore --finish
"""


def _dumping(url: str, file: Path) -> list[str]:
    return [DUMP, "--format=custom", "--no-owner", f"--file={file}", f"--dbname={_plain(url)}"]


def _creating(url: str, name: str) -> list[str]:
    return [CREATE, f"--maintenance-db={_plain(url, 'postgres')}", name]


def _restoring(url: str, name: str, file: Path) -> list[str]:
    return [RESTORE, "--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={_plain(url, name)}", str(file)]


def _fresh(url: str, at: datetime) -> str:
    return f"{make_url(url).database}_{at:%Y%m%d%H%M%S}"


def _plain(url: str, database: str | None = None) -> str:
    """As libpq writes it, without what is secret in it."""
    parts = make_url(url).difference_update_query(("password", "sslpassword"))
    bare = URL.create(
        "postgresql", parts.username, None, parts.host, parts.port, parts.database if database is None else database, parts.query
    )
    return bare.render_as_string()


def _run(url: str, words: list[str]) -> str:
    """What the tool writes. It asks nobody for a password: it has the one of the address, or finds one of its own."""
    parts = make_url(url)
    password = parts.password or parts.query.get("password")
    secret = {"PGPASSWORD": str(password)} if password else {}
    done = subprocess.run(  # noqa: S603  # our own words and an administrator's file
        words, check=False, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, env={**os.environ, **secret}
    )
    if done.returncode:
        raise Refused(done.stderr.strip().partition("\n")[0] or f"{words[0]} ended with {done.returncode}.")
    return done.stdout
