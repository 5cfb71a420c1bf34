"""The migrations, up from empty or from an earlier version, give the tables of storage/tables.py, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, MetaData, Table, text

from storage.engine import open_engine
from storage.migrate import HERE, TOGETHER, newest, revisions, upgrade
from storage.tables import metadata
from tests.storage.databases import ROOT


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = open_engine(url)
    if opened.dialect.name == "postgresql":
        _to(opened, "base")
    yield opened
    if opened.dialect.name == "postgresql":
        upgrade(opened)
    opened.dispose()


def _to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if revision == "base" else command.upgrade)(config, revision)


def _differences(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        # On SQLite FTS5 keeps an index in tables of its own instead of this one.
        own = connection.dialect.name == "sqlite"
        options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
        options["include_object"] = lambda _, name, *_kind: not (own and ("search_word" in name or name == "ix_search_item_words"))
        context = MigrationContext.configure(connection, opts=options)
        found: list[Any] = compare_metadata(context, metadata)
        return found


def test_up_from_empty_gives_the_tables(engine: Engine) -> None:
    assert _differences(engine) != []
    upgrade(engine)
    assert _differences(engine) == []


def test_up_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    upgrade(engine)
    assert _differences(engine) == []


def test_up_from_each_earlier_version_keeps_what_is_there(engine: Engine) -> None:
    first, *others = revisions("base")
    _to(engine, first)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO turn (key, at) VALUES ('key', '2026-05-11 07:00:00.000000')"))
        row = text(
            "INSERT INTO journal (body_id, meeting_id, person_id, at, command, payload, before, hash)"
            " VALUES ('', '', 'aino', '2026-05-11 07:00:00.000000', 'show_help', '', :before, :hash)"
        )
        connection.execute(row, [{"before": "", "hash": "aa"}, {"before": "aa", "hash": "bb"}])
    for revision in others:
        _to(engine, revision)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT hash FROM journal ORDER BY seq")).scalars().all() == ["aa", "bb"]
        assert connection.execute(text("SELECT key FROM turn")).scalars().all() == ["key"]
    assert _differences(engine) == []


def test_the_version_before_still_reads_and_writes_what_it_knows(engine: Engine) -> None:
    """While a new version is rolled out, replicas of both work on the tables of the new one. A row of the old one lacks what is new, and
    what it reads must be there."""
    before: dict[str, Table] = {}
    for revision in revisions(TOGETHER):
        _to(engine, revision)
        now = MetaData()
        now.reflect(engine)
        for name, old in before.items():
            new = now.tables[name]
            kept = {column.name: str(column.type) for column in new.columns}
            assert {column.name: str(column.type) for column in old.columns}.items() <= kept.items(), f"{revision} takes from {name}"
            added = [column for column in new.columns if column.name not in old.columns]
            assert all(column.nullable or column.server_default is not None for column in added), f"{revision}: {name} needs a default"
        before = dict(now.tables)
    assert before


@contextmanager
def _of_a_later_version(engine: Engine, *beside: str) -> Iterator[None]:
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("DELETE FROM beside"))
        connection.execute(text("INSERT INTO beside VALUES (:it)"), [{"it": one} for one in (*beside, "9999")])
    yield
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": newest()})


def test_the_version_before_starts_beside_a_later_one(engine: Engine) -> None:
    """While that is rolled out, a process of the version before may end and come again: it leaves the database as it finds it."""
    with _of_a_later_version(engine, newest()):
        upgrade(engine)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
            assert set(connection.execute(text("SELECT revision FROM beside")).scalars()) == {newest(), "9999"}


def test_a_version_that_is_too_old_does_not_start(engine: Engine) -> None:
    with _of_a_later_version(engine), pytest.raises(CommandError):
        upgrade(engine)


def test_there_is_one_line_of_revisions() -> None:
    assert len(ScriptDirectory(str(HERE)).get_heads()) == 1


def test_a_migration_that_fails_leaves_the_database_as_it_was(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        real(*_)
        raise RuntimeError("half-way")

    real = command.upgrade
    monkeypatch.setattr(command, "upgrade", fails)
    with pytest.raises(RuntimeError):
        upgrade(engine)
    monkeypatch.undo()
    with engine.connect() as connection:
        assert not engine.dialect.has_table(connection, "meeting")
    upgrade(engine)
    assert _differences(engine) == []


def test_keys_are_off_while_tables_are_rebuilt_and_on_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = command.upgrade

    def note(config: Config, revision: str) -> None:
        seen.append(config.attributes["connection"].exec_driver_sql("PRAGMA foreign_keys").scalar())
        real(config, revision)

    monkeypatch.setattr(command, "upgrade", note)
    engine = open_engine(f"sqlite:///{tmp_path / 'test.db'}")
    upgrade(engine)
    with engine.connect() as connection:
        assert (seen, connection.exec_driver_sql("PRAGMA foreign_keys").scalar()) == ([0], 1)
    engine.dispose()


def test_from_the_command_line_in_another_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYKALA_LOCAL": "1", "DATABASE_URL": "sqlite:///here.db"}
    done = subprocess.run(
        [sys.executable, "-m", "storage.migrate"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    engine = open_engine(f"sqlite:///{tmp_path / 'here.db'}")
    assert _differences(engine) == []
    engine.dispose()
