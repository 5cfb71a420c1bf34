"""`make run`, as whoever types it sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port
from tools.run import ROOT

LAST_LINE = "Stop with Ctrl-C."


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`tools.run` until it says how to stop, with what it has said; interrupted at the end as by Ctrl-C, and waited for."""
    settings = {**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'run.db'}", **environment}
    process = subprocess.Popen([sys.executable, "-m", "tools.run"], cwd=ROOT, env=settings, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if LAST_LINE in line:
            break
    try:
        yield process, said
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def test_the_bot_and_the_client_start_stop_and_start_again_on_their_data(tmp_path: Path, complete: None) -> None:
    port, playground = free_port(), free_port()
    for _ in range(2):
        with running(tmp_path, PORT=str(port), PLAYGROUND_PORT=str(playground)) as (process, said):
            assert f"http://localhost:{playground}\n" in said
            assert f"http://127.0.0.1:{port}/sandbox\n" in said
            assert listens(port)
            with urllib.request.urlopen(f"http://127.0.0.1:{playground}/") as page:
                assert b"Agents Playground" in page.read()
        assert process.returncode == 0
        assert not listens(port)
        assert not listens(playground)


def test_without_node_the_bot_starts_and_says_what_is_missing(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, PORT=str(port), PATH=str(tmp_path)) as (process, said):
        assert "Node.js 20" in said
        assert listens(port)
    assert process.returncode == 0
    assert not listens(port)


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "tools.run"]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PORT": str(port)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Port {port} is in use: stop what uses it, or choose another, e.g. `PORT={port + 1} make run`.\n"
