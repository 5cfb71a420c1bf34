"""One process at a time runs the effects of a database, and the second is told in a sentence."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.alone import AlreadyRunning, be_alone
from tests.storage.databases import ROOT

HOLD = "import sys, time; from storage.alone import be_alone; give_up = be_alone(sys.argv[1]); print('held', flush=True); time.sleep(60)"


def _held_by_another(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_refused_until_the_first_gives_up(url: str) -> None:
    give_up = be_alone(url)
    with pytest.raises(AlreadyRunning):
        be_alone(url)
    give_up()
    be_alone(url)()


def test_a_killed_process_gives_up_and_the_sentence_names_a_living_one(url: str) -> None:
    process = _held_by_another(url)
    try:
        with pytest.raises(AlreadyRunning) as refused:
            be_alone(url)
        if url.startswith("sqlite"):
            database = Path(url.removeprefix("sqlite:///"))
            expected = f"Another process ({process.pid}) runs on {database}. Stop it first, or give each its own DATABASE_URL."
        else:
            expected = "Another process runs on this PostgreSQL database. Stop it first, or give each its own DATABASE_URL."
        assert str(refused.value) == expected
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    for _ in range(100):
        try:
            be_alone(url)()
        except AlreadyRunning:  # the server notices a lost connection in a moment
            continue
        return
    pytest.fail("the lock outlived its process")


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
