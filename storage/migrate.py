"""`python -m storage.migrate`: bring a database to this version. The bot does it at every start; harmless when nothing is to be done."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, delete, func, insert, inspect, select

from storage import tables
from storage.engine import open_engine

HERE = Path(__file__).parent / "migrations"
_PLACE = 0x50796D  # of the advisory lock: two that start at once migrate one after the other
# The oldest revision whose version works on a database of this one: since then nothing was taken away, and what was added has a default.
TOGETHER = "0004"


def upgrade(engine: Engine) -> None:
    """All revisions in one transaction, up from empty or from any earlier version. A database of a later version is left as it is when that
    one lets this one run beside it, as while it is rolled out; otherwise CommandError."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # A batch change rebuilds its table, and with the keys on the old one could not be dropped. Inside a transaction it is too late.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {setting} = 0")
            connection.execute(select(func.pg_advisory_xact_lock(_PLACE)))
        config.attributes["connection"] = connection
        if not _may_run_beside(connection):
            command.upgrade(config, "head")
            connection.execute(delete(tables.beside))
            connection.execute(insert(tables.beside), [{"revision": one} for one in revisions(TOGETHER)])
        connection.commit()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _may_run_beside(connection: Connection) -> bool:
    """Whether a later version brought the database forward, and lets this one run on it."""
    if not inspect(connection).has_table(tables.beside.name):
        return False
    named = set(connection.scalars(select(tables.beside.c.revision)))
    return newest() in named and not named <= set(revisions("base"))


def revisions(since: str) -> list[str]:
    """All of this version, oldest first."""
    return [one.revision for one in ScriptDirectory(str(HERE)).walk_revisions(since, "heads")][::-1]


def newest() -> str:
    """The revision of a database of this version."""
    return str(ScriptDirectory(str(HERE)).get_current_head())


def main() -> None:
    from settings import read_settings  # noqa: PLC0415  # only the command reads the settings; the bot passes its engine

    upgrade(open_engine(read_settings().database_url))


if __name__ == "__main__":
    main()
