"""One process at a time works on an SQLite database, and the second is told in a sentence. PostgreSQL bears several."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from storage.alone import AlreadyRunning, be_alone
from tests.storage.databases import ROOT

HOLD = "import sys, time; from storage.alone import be_alone; give_up = be_alone(sys.argv[1]); print('held', flush=True); time.sleep(60)"


def _held_by_another(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_second_is_refused_until_the_first_gives_up(url: str) -> None:
    give_up = be_alone(url)
    with pytest.raises(AlreadyRunning):
        be_alone(url)
    give_up()
    be_alone(url)()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_killed_process_gives_up_and_the_sentence_names_a_living_one(url: str) -> None:
    process = _held_by_another(url)
    try:
        with pytest.raises(AlreadyRunning) as refused:
            be_alone(url)
        database = Path(url.removeprefix("sqlite:///"))
        assert (
            str(refused.value) == f"Another process ({process.pid}) runs on {database}. Stop it first, or give each its own DATABASE_URL."
        )
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    be_alone(url)()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_several_share_a_postgresql_database_but_not_with_a_version_that_works_alone(url: str) -> None:
    for give_up in [be_alone(url), be_alone(url)]:
        give_up()
    with create_engine(url, poolclass=NullPool).connect() as earlier:
        earlier.execute(text("SELECT pg_advisory_lock(:place)"), {"place": 0x50796B})
        with pytest.raises(AlreadyRunning) as refused:
            be_alone(url)
    assert str(refused.value) == "A process that works alone, such as an earlier version, runs on this PostgreSQL database. Stop it first."


def test_two_names_of_one_file_are_one_database(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "other").symlink_to(tmp_path / "kept")
    give_up = be_alone(f"sqlite:///{tmp_path / 'kept' / 'pykala.db'}")
    with pytest.raises(AlreadyRunning):
        be_alone(f"sqlite:///{tmp_path / 'other' / 'pykala.db'}")
    give_up()


def test_databases_of_their_own_do_not_hinder_each_other_and_one_in_memory_nobody(tmp_path: Path) -> None:
    for give_up in [be_alone(f"sqlite:///{tmp_path / name}.db") for name in ("a", "b")] + [
        be_alone("sqlite://"),
        be_alone("sqlite:///:memory:"),
    ]:
        give_up()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.db.lock", "b.db.lock"]
