"""`python app.py verify` beside a bot that writes, on both databases."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from admin.verify import add_command, sentence
from meetings import commands as c
from meetings.model import Person
from storage.backup import Unfit, check, url_of
from storage.database import Storage
from storage.journal import Break, Wrong
from storage.migrate import HERE
from tests.admin.terminal import command
from tests.storage.conftest import clock, postgres_url, storage, url
from tests.storage.databases import Clock

__all__ = ["clock", "postgres_url", "storage", "url"]
Verify = Callable[..., tuple[int, str]]
AINO = Person("aino", "tenant", "Aino Saarela")


async def _write(storage: Storage, rows: int) -> None:
    for _ in range(rows):
        await storage.run(lambda tx: tx.journal(c.ShowAttendance(page=1)), actor=AINO)


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    """The command within this process; its status, and what it said."""
    monkeypatch.setenv("PYKALA_LOCAL", "1")

    def run(url: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv("DATABASE_URL", url)
        parser = argparse.ArgumentParser()
        add_command(parser.add_subparsers())
        options = parser.parse_args(["verify", *words])
        status = options.run(options)
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


async def test_the_journal_is_proved_while_the_bot_writes(storage: Storage, url: str, tmp_path: Path, verify: Verify) -> None:
    assert await asyncio.to_thread(verify, url) == (0, "The journal is empty.\n")
    await _write(storage, 5)
    writing = asyncio.create_task(_write(storage, 60))
    status, said = await command(tmp_path, "verify", PYKALA_LOCAL="1", DATABASE_URL=url)
    await writing
    assert (status, said.splitlines()[0].partition(":")[0]) == (0, "The journal is whole")
    head = said.splitlines()[-1].removeprefix("Head: ")
    status, said = await asyncio.to_thread(verify, url, "--head", head)
    whole = "The journal is whole: 65 rows, from 2026-05-11 07:00:00Z to 2026-05-11 07:00:00Z; of 0 the inputs were erased."
    assert (status, said.splitlines()[0]) == (0, whole)

    def cut(connection: Connection, _now: object) -> None:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER journal_no_delete"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM journal WHERE seq > 4"))

    await storage.execute(cut)
    assert (await asyncio.to_thread(verify, url))[0] == 0
    status, said = await asyncio.to_thread(verify, url, "--head", head)
    assert (status, said.partition(":")[0]) == (1, "No row has the hash of --head")
    assert "The journal is not whole: 4 rows" in said


async def test_what_is_wrong_is_told_row_by_row(tmp_path: Path, verify: Verify) -> None:
    database = tmp_path / "pykala.db"
    storage = Storage(url_of(database), clock=Clock())
    await storage.start()
    await _write(storage, 6)
    await storage.close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("DROP TRIGGER journal_no_delete")
        connection.execute("UPDATE journal SET person_id = 'bo' WHERE seq = 2")
        connection.execute("DELETE FROM journal WHERE seq = 4")
        connection.commit()
    status, said = verify(url_of(database))
    assert status == 1
    assert said.splitlines()[:3] == [
        "Row 2 is not as it was written: who, what, when, or its hash was changed.",
        "Row 5 does not follow from row 3: rows between them were removed, or row 3 was written anew.",
        "The journal is not whole: 5 rows, from 2026-05-11 07:00:00Z to 2026-05-11 07:00:00Z; of 0 the inputs were erased.",
    ]
    assert "python app.py restore" in said


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Break(3, Wrong.MISSING), "Row 3 is the first and does not begin the journal: rows before it were removed."),
        (Break(9, Wrong.INSERTED, 8), "Row 9 does not follow from the row before it: row 8 was inserted."),
        (Break(9, Wrong.INSERTED, 6), "Row 9 does not follow from the row before it: rows 6 to 8 were inserted."),
        (Break(2, Wrong.UNTOLD), "Row 2: what was typed was taken out, and not by the bot."),
    ],
)
def test_each_kind_of_break_is_a_sentence(found: Break, says: str) -> None:
    assert sentence(found) == says


def test_what_cannot_be_read_is_neither_whole_nor_broken(tmp_path: Path, verify: Verify) -> None:
    assert verify(url_of(tmp_path / "none.db")) == (2, "The database cannot be read (OperationalError).\n")
    with pytest.raises(SystemExit) as refused:
        verify(url_of(tmp_path / "none.db"), "--head", "")  # as of a file that is empty
    assert refused.value.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_the_version_before_is_still_checked(tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    config = Config()
    config.set_main_option("script_location", str(HERE))
    made = hashlib.sha256("\n".join(("", "", "", "bo", "2026-05-11T07:00:00+00:00", "show_help", "{}")).encode()).hexdigest()
    with create_engine(url_of(file)).begin() as connection:
        config.attributes["connection"] = connection
        alembic.upgrade(config, "0008")
        connection.execute(
            text(
                "INSERT INTO journal (body_id, meeting_id, person_id, at, command, payload, before, hash)"
                " VALUES ('', '', 'bo', '2026-05-11 07:00:00.000000', 'show_help', '{}', '', :hash)"
            ),
            {"hash": made},
        )
    check(file)
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("DROP TRIGGER journal_no_update")
        opened.execute("UPDATE journal SET person_id = 'aino'")
        opened.commit()
    with pytest.raises(Unfit, match="Its journal breaks at row 1"):
        check(file)
