"""A look at a database that a bot may be running on: only read, with no lock, and nothing is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from urllib.parse import quote

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, make_url, select

from storage import tables
from storage.migrate import HERE


class Version(StrEnum):
    """A database's revision beside this program's. EMPTY: there is nothing in it. FOREIGN: one this program does not know."""

    CURRENT = "current"
    OLDER = "older"
    EMPTY = "empty"
    FOREIGN = "foreign"


def version_of(url: str) -> Version:
    """SQLAlchemyError when the database cannot be opened."""
    scripts = ScriptDirectory(str(HERE))
    with opened(url) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == scripts.get_current_head():
        return Version.CURRENT
    if found is None:
        return Version.EMPTY
    known = {script.revision for script in scripts.walk_revisions()}
    return Version.OLDER if found in known else Version.FOREIGN


def channels_of(url: str) -> tuple[tuple[str, str, str], ...]:
    """The channels of bodies, of a database of this version: service address, team and channel as Teams names them."""
    place = tables.conversation.c
    found = select(place.service_url, place.team_id, place.id).join_from(
        tables.body, tables.conversation, tables.body.c.channel_id == place.id
    )
    with opened(url) as connection:
        return tuple((service, team, channel) for service, team, channel in connection.execute(found.where(place.team_id != "")))


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """A connection that cannot write: SQLite refuses to, and in PostgreSQL the transaction is one for reading."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        parts = parts.set(database=f"file:{quote(str(parts.database))}", query={**parts.query, "mode": "ro", "uri": "true"})
    else:
        parts = parts.update_query_dict({"connect_timeout": "10"})
    with create_engine(parts, poolclass=NullPool).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(postgresql_readonly=True)
        yield connection
