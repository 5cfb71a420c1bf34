"""`python -m storage.migrate`: bring a database to this version. The bot does it at every start; harmless when nothing is to be done."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine

HERE = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """All revisions in one transaction, up from empty or from any earlier version."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def main() -> None:
    from settings import read_settings  # noqa: PLC0415  # only the command reads the settings; the bot passes its engine

    upgrade(create_engine(read_settings().database_url))


if __name__ == "__main__":
    main()
