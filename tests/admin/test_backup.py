"""A backup is one moment of a database that is written to; put back, the meeting goes on, and people are told how old the record is."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, select, text

from admin.backup import TOLD, add_commands
from admin.dump import dump_lines, restore_lines
from meetings.effects import EndRound, SyncEvent
from meetings.model import Phase, Post
from storage import journal, tables
from storage.alone import be_alone
from storage.backup import Unfit, back_up, put_back, url_of
from storage.database import Storage
from storage.journal import Entry, append
from storage.restored import RESPITE, settle
from storage.transaction import Transaction
from tests import samples
from tests.admin.terminal import command
from tests.jobs.house import House
from tests.jobs.test_crashes import gathered
from tests.standins.channel import Person, card_of
from tests.storage.conftest import clock, postgres_url, storage, url
from tests.storage.databases import Clock, client_tools, drop, empty
from tests.turns.room import text_of

__all__ = ["clock", "postgres_url", "storage", "url"]
AT = datetime(2026, 5, 12, 6, 30, tzinfo=UTC)


Administer = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def administer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Administer:
    """The commands in this process and the test's folder: exit status, and all that was said."""
    monkeypatch.setenv("PYKALA_LOCAL", "1")
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())

    async def run(*words: str) -> tuple[int, str]:
        options = parser.parse_args(words)
        status = await asyncio.to_thread(options.run, options)
        return status, "".join(capsys.readouterr())

    return run


async def test_taken_while_written_to_put_back_elsewhere_and_the_meeting_goes_on(
    administer: Administer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with House(tmp_path) as house:
        group = await gathered(house, "Kallio")
        await group.plan()
        await house.at_rest()
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{house.database}")
        backup = tmp_path / "backup.db"
        writing = asyncio.create_task(_write_on(house, group.chair))
        try:
            for _ in range(3):
                before = _turns(house.database)
                status, said = await administer("backup", "--force", str(backup))
                assert (status, said.split()[0]) == (0, "Done:")
                kept = _turns(backup)
                assert before <= kept
                await house.until(lambda kept=kept: kept < _turns(house.database), "something written meanwhile")  # type: ignore[misc]
        finally:
            writing.cancel()
        status, said = await administer("restore", str(backup))
        assert (status, "runs on" in said) == (1, True)
        await house.stop()

        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        house.database = elsewhere / "house.db"
        status, said = await command(elsewhere, "restore", str(backup), PYKALA_LOCAL="1", DATABASE_URL=f"sqlite:///{house.database}")
        assert (status, "goes up to" in said) == (0, True), said
        posts = len(group.on_board())
        await house.start()
        await house.settled(
            lambda: any("varmuuskopiosta" in text_of(card_of(one.activity)) for one in house.board_posts(group.desk)),
            "how old the record is",
        )
        await group.goes_on()
        # The card of the meeting was brought up to date where it is, not posted again: only the roll is new.
        assert len(group.on_board()) == posts + 1
        await house.stop()


async def _write_on(house: House, who: Person) -> None:
    """A command after another, each a transaction each."""
    desk = await house.channel.open(who)
    while True:
        await house.say(who, desk, "kieli suomi")


def _turns(file: Path) -> set[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM turn")}


async def test_what_was_there_is_kept_with_what_a_killed_bot_left_in_its_log(tmp_path: Path) -> None:
    database, backup = tmp_path / "pykala.db", tmp_path / "backup.db"
    url = url_of(database)
    await _written(url, "first")
    back_up(database, backup)
    await _written(url, "second")
    # As SIGKILL leaves them: the newest turn is in the log alone.
    killed = tmp_path / "killed"
    killed.mkdir()
    with closing(sqlite3.connect(database)) as open_still:
        open_still.execute("INSERT INTO turn VALUES ('third', '2026-05-11')")
        open_still.commit()
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{database}{suffix}", killed)
    left = killed / "pykala.db"
    left.chmod(0o640)
    assert left.with_name("pykala.db-wal").stat().st_size
    kept = put_back(left, backup, AT)
    assert kept == killed / "pykala.db.replaced-2026-05-12T063000Z"
    assert (_turns(kept), _turns(left)) == ({"first", "second", "third"}, {"first"})
    assert stat.S_IMODE(left.stat().st_mode) == 0o640
    assert _names(killed) == {"pykala.db", kept.name}


async def _written(url: str, key: str) -> None:
    storage = Storage(url, clock=lambda: AT)
    await storage.start()
    await storage.run(lambda _tx: None, key=key)
    await storage.close()


def _names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def _cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size - 8192)


def _zeroed(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'meeting'").fetchone()[0]
    with file.open("r+b") as opened:
        opened.seek((page - 1) * 4096)
        opened.write(bytes(4096))


def _forged(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET command = 'something_else'")
        connection.commit()


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (_cut, "malformed|damaged"),
        (_zeroed, "It is damaged: "),
        (_forged, "Its journal breaks at row 1"),
        (_newer, "It was made by another version"),
        (lambda file: file.write_text("no database at all", encoding="ascii"), "file is not a database"),
        (lambda file: file.write_bytes(b""), "It is not a database of the bot"),
    ],
)
async def test_a_file_that_is_not_whole_replaces_nothing(tmp_path: Path, harm: Callable[[Path], object], sentence: str) -> None:
    database, backup = tmp_path / "pykala.db", tmp_path / "backup.db"
    await _written(url_of(database), "first")
    with create_engine(url_of(database)).begin() as connection:
        append(connection, Entry("", "", "aino", AT, "show_help", {}))
    back_up(database, backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    harm(backup)
    with pytest.raises((Unfit, sqlite3.DatabaseError), match=sentence):
        put_back(database, backup, AT)
    assert _turns(database) == {"first"}
    assert _names(tmp_path) <= {"backup.db", "pykala.db", "pykala.db-shm", "pykala.db-wal"}


async def test_a_backup_is_not_written_over_unasked(administer: Administer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = url_of(tmp_path / "pykala.db")
    monkeypatch.setenv("DATABASE_URL", url)
    assert await administer("backup", "b.db") == (1, f"There is no database at {tmp_path}/pykala.db yet.\n")
    await _written(url, "first")
    (tmp_path / "b.db").write_text("mine", encoding="ascii")
    for words in (("b.db",), ("pykala.db", "--force"), ("nowhere/b.db",)):
        assert (await administer("backup", *words))[0] == 1
    assert (tmp_path / "b.db").read_text(encoding="ascii") == "mine"
    assert (await administer("backup", "b.db", "--force"))[0] == 0
    assert _turns(tmp_path / "b.db") == {"first"}


async def test_a_damaged_database_is_not_passed_off_as_a_backup(tmp_path: Path) -> None:
    database = tmp_path / "pykala.db"
    await _written(url_of(database), "first")
    _zeroed(database)
    with pytest.raises(Unfit, match="damaged"):
        back_up(database, tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


async def test_after_a_restore_boards_are_shown_again_rounds_wait_and_secretaries_are_told(storage: Storage, clock: Clock) -> None:
    def record(tx: Transaction) -> None:
        tx.save(samples.body())
        tx.save(samples.meeting(phase=Phase.REVIEW))
        tx.save(replace(samples.meeting(phase=Phase.APPROVED), id="old", number=3, items=()))
        tx.save(Post("p1", "meeting", "meeting", "19:board@thread.tacv2", "a1"))
        tx.save(Post("p2", "old", "meeting", "19:board@thread.tacv2", "a2"))
        tx.later(EndRound("meeting", "soon"), due=clock.now + timedelta(hours=30))
        tx.later(EndRound("meeting", "late"), due=clock.now + timedelta(days=9))
        tx.later(SyncEvent("meeting"), due=clock.now + timedelta(days=8))

    await storage.run(record, key="k")
    clock.passes(hours=31)
    for _ in range(2):
        assert await storage.execute(settle) == clock.now - timedelta(hours=31)
    effect = tables.effect.c
    query = select(effect.key, effect.due_at, effect.payload).order_by(effect.seq)
    rows = await storage.look(lambda connection, _now: connection.execute(query).all())
    dues = {row.key: row.due_at for row in rows}
    told = "tell:restored:body:20260511070000"
    assert dues == {
        "end:soon": clock.now + RESPITE,
        "end:late": clock.now - timedelta(hours=31) + timedelta(days=9),
        "calendar:meeting": clock.now - timedelta(hours=31) + timedelta(days=8),
        told: clock.now,
        "board:meeting:meeting": clock.now,
    }
    (payload,) = (row.payload for row in rows if row.key == told)
    assert ("sec" in payload, "2026-05-11" in payload, "10:00" in payload) == (True, True, True)


async def _kept_in(url: str) -> None:
    """A body and its meeting in an empty database, and a command in its journal."""
    empty(url)
    storage = Storage(url, clock=lambda: AT)
    await storage.start()
    done = Entry("body", "meeting", "sec", AT, "show_agenda", {})
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())), key="first")
    await storage.run(lambda tx: tx.enter(done))
    await storage.close()


def _databases(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT datname FROM pg_database")).scalars())


async def test_postgres_is_copied_and_put_back_by_the_lines_that_are_told(
    postgres_url: str, administer: Administer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the real pg_dump, createdb and pg_restore, as they stand in the answer."""
    await _kept_in(postgres_url)
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    with monkeypatch.context() as bare:
        bare.setenv("PATH", "")
        told = await administer("backup", "backup.dump")
    await _obey(told, tmp_path, postgres_url)
    with monkeypatch.context() as bare:
        bare.setenv("PATH", "")
        told = await administer("restore", "backup.dump")
    name = told[1].split("DATABASE_URL to ")[1].split(",")[0]
    fresh = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    try:
        await _obey(told, tmp_path, postgres_url)
        monkeypatch.setenv("DATABASE_URL", fresh)
        release = be_alone(fresh)  # as a bot does that carries out effects
        status, said = await administer("restore", "--finish")
        assert (status, "A bot runs on this PostgreSQL database." in said) == (1, True)
        release()
        status, said = await administer("restore", "--finish")
        assert (status, said.partition(". At")[0]) == (0, f"The record of {name} goes up to 2026-05-12 06:30:00 UTC")
        again = Storage(fresh, clock=lambda: AT)
        await again.start()
        turns = await again.look(lambda connection, _now: connection.execute(select(tables.turn.c.key)).scalars().all())
        assert (turns, await again.read(lambda tx: tx.meeting("meeting").number)) == (["first"], 4)
        assert (await again.look(lambda connection, _now: journal.read(connection))).breaks == ()
        await again.close()
    finally:
        drop(fresh)


async def test_postgres_is_copied_and_put_back_where_its_tools_are(
    postgres_url: str, administer: Administer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await _kept_in(postgres_url)
    release = be_alone(postgres_url)  # a backup is taken while a bot runs, a restore is not
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    monkeypatch.setenv("PATH", f"{client_tools()}:{os.environ['PATH']}")
    backup, other = tmp_path / "backup.dump", tmp_path / "other.dump"
    status, said = await administer("backup", str(backup))
    assert (status, said.partition(",")[0]) == (0, f"Done: {backup}")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert (await administer("backup", str(backup)))[0] == 1
    status, said = await administer("restore", str(backup))
    assert (status, "A bot runs on this PostgreSQL database." in said) == (1, True)
    release()

    other.write_bytes(backup.read_bytes()[:2000])
    status, said = await administer("restore", str(other))
    assert (status, said.startswith(f"Nothing was restored from {other}. ")) == (1, True)
    status, said = await administer("restore", str(backup))
    assert status == 0, said
    name = said.split("DATABASE_URL to ")[1].split(",")[0]
    fresh = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    again = Storage(fresh, clock=lambda: AT)
    try:
        assert said.startswith(f"The record of {name} goes up to 2026-05-12 06:30:00 UTC")
        assert await again.read(lambda tx: tx.meeting("meeting").number) == 4
    finally:
        await again.close()
        drop(fresh)
    assert [one.name for one in _files(tmp_path)] == ["backup.dump", "other.dump"]


async def test_a_broken_journal_is_not_put_back_and_a_lost_database_is(
    postgres_url: str, administer: Administer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await _kept_in(postgres_url)
    monkeypatch.setenv("PATH", f"{client_tools()}:{os.environ['PATH']}")
    whole, broken = tmp_path / "whole.dump", tmp_path / "broken.dump"
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    assert (await administer("backup", str(whole)))[0] == 0
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.begin() as connection:
        for step in (
            "ALTER TABLE journal DISABLE TRIGGER USER",
            "UPDATE journal SET command = 'other'",
            "ALTER TABLE journal ENABLE TRIGGER USER",
        ):
            connection.execute(text(step))
    assert (await administer("backup", str(broken)))[0] == 0
    before = _databases(postgres_url)
    status, said = await administer("restore", str(broken))
    assert (status, "Its journal breaks at row" in said, _databases(postgres_url)) == (1, True, before)

    lost = make_url(postgres_url).set(database="pykala_lost").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", lost)
    status, said = await administer("restore", str(whole))
    (made,) = _databases(postgres_url) - before
    drop(make_url(postgres_url).set(database=made).render_as_string(hide_password=False))
    assert (status, made.startswith("pykala_lost_"), f"DATABASE_URL to {made}, and start" in said) == (0, True, True)


async def test_a_database_that_was_not_put_back_is_not_finished(
    postgres_url: str, administer: Administer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'no.db'}")
    status, said = await administer("restore", "--finish")
    assert (status, said) == (1, "That is for PostgreSQL. On SQLite, python app.py restore FILE does everything.\n")
    assert not _files(tmp_path)
    monkeypatch.setenv("DATABASE_URL", make_url(postgres_url).set(database="template1").render_as_string(hide_password=False))
    status, said = await administer("restore", "--finish")
    assert (status, said.startswith("There is nothing in the database template1 ")) == (1, True)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def _obey(told: tuple[int, str], folder: Path, url: str) -> None:
    """Run the command lines that are told, one by one."""
    status, said = told
    lines = [line for line in said.splitlines() if line.startswith(("  pg_", "  createdb"))]
    assert (status, bool(lines)) == (TOLD, True)
    environment = {"PATH": f"{client_tools()}:{os.environ['PATH']}", "PGPASSWORD": make_url(url).password or ""}
    for line in lines:
        process = await asyncio.create_subprocess_shell(line, cwd=folder, env=environment)
        assert await process.wait() == 0, line


def test_no_password_is_told() -> None:
    url = "postgresql+psycopg://pykala:very%20secret@db.example:5433/pykala?sslmode=require&password=secret&sslpassword=secret"
    said = dump_lines(url, Path("b.dump")) + restore_lines(url, Path("b.dump"), AT)
    assert "secret" not in said
    assert said.count("postgresql://pykala@db.example:5433/pykala?sslmode=require") == 1
    assert said.count("postgresql://pykala@db.example:5433/pykala_20260512063000?sslmode=require") == 1
