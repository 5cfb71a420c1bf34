"""A look at a database that a bot may be running on: only read, with no lock, and nothing is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from urllib.parse import quote

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, make_url

from storage.migrate import HERE


class Version(StrEnum):
    """A database's revision beside this program's. FOREIGN: one this program does not know."""

    CURRENT = "current"
    OLDER = "older"
    FOREIGN = "foreign"


def version_of(url: str) -> Version:
    """SQLAlchemyError when the database cannot be opened."""
    scripts = ScriptDirectory(str(HERE))
    with _opened(url) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == scripts.get_current_head():
        return Version.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return Version.OLDER if found is None or found in known else Version.FOREIGN


@contextmanager
def _opened(url: str) -> Iterator[Connection]:
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        parts = parts.set(database=f"file:{quote(str(parts.database))}", query={**parts.query, "mode": "ro", "uri": "true"})
    else:
        parts = parts.update_query_dict({"connect_timeout": "10"})
    with create_engine(parts, poolclass=NullPool).connect() as connection:
        yield connection
