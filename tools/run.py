"""`make run`: the bot in local mode and Microsoft's Playground beside it, until Ctrl-C. A child that dies ends the other, in words."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLAYGROUND = ROOT / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
PLAYGROUND_LOG = ROOT / "var" / "playground.log"
# It opens no browser (whoever runs this opens the address that is printed) and sends no telemetry (`--dt`).
PLAYGROUND_SETTINGS = {"TEAMSAPPTESTER_BROWSER": "none", "M365_AGENTS_PLAYGROUND_LOGFILE": str(PLAYGROUND_LOG)}
READY_WITHIN = 60.0
STOP_WITHIN = 15.0
# Everything here is on this machine: no proxy stands between, whatever the environment says.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CannotRun(Exception):
    """One sentence for whoever typed `make run`."""


def main() -> int:
    """Exit status 0 after Ctrl-C, 1 when something could not start or ended by itself."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        _run(children)
    except KeyboardInterrupt:
        _say("\nStopping.")
        return 0
    except CannotRun as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    finally:
        # A second Ctrl-C must not leave a child behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for child in reversed(children.values()):
            _stop(child)
    return 0


def _run(children: dict[str, subprocess.Popen[bytes]]) -> None:
    port, playground_port = _port("PORT", 3978), _port("PLAYGROUND_PORT", 56150)
    have_playground = shutil.which("node") is not None and PLAYGROUND.exists()
    _free(port, "PORT")
    if have_playground:
        _free(playground_port, "PLAYGROUND_PORT")
    bot_url, playground_url = f"http://127.0.0.1:{port}", f"http://localhost:{playground_port}"
    # Whatever registration `.env` may name, here it is not used.
    alone = {"PYKALA_LOCAL": "1", "MicrosoftAppId": "", "HOST": "127.0.0.1", "PORT": str(port)}
    children["The bot"] = _start([sys.executable, "app.py"], alone)
    if not _ready(f"{bot_url}/readyz", children["The bot"]):
        raise CannotRun("The bot did not start; what it said stands above.")
    if have_playground:
        children["The Playground"] = _start(playground_command(f"{bot_url}/api/messages", playground_port), PLAYGROUND_SETTINGS, quiet=True)
        if not _ready(playground_url, children["The Playground"]):
            raise CannotRun(f"The Playground did not start; what it said is in {PLAYGROUND_LOG.relative_to(ROOT)}.")
        _say(f"\nPlayground (you are the secretary): {playground_url}")
    else:
        _say("\nNode.js 20 or `npm ci` is missing, so the Playground is not started: install Node.js and run `make run` again.")
    _say(f"Sandbox (everybody's calendars):    {bot_url}/sandbox\nStop with Ctrl-C.\n")
    _watch(children)


def playground_command(endpoint: str, port: int) -> list[str]:
    return ["node", str(PLAYGROUND), "-e", endpoint, "-c", "msteams", "-p", str(port), "--dt"]


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, "") or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotRun(f"{name} is “{text}”; give a number between 1 and 65535.")
    return int(text)


def _free(port: int, name: str) -> None:
    """The Playground would move to another port by itself, and the address printed here would be somebody else's."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("", port))
        except OSError:
            raise CannotRun(f"Port {port} is in use: stop what uses it, or choose another, e.g. `{name}={port + 1} make run`.") from None


def _start(command: list[str], settings: dict[str, str], *, quiet: bool = False) -> subprocess.Popen[bytes]:
    """A child in a process group of its own, so that Ctrl-C reaches it through us, once."""
    direct = ",".join(filter(None, (os.environ.get("NO_PROXY", ""), "localhost,127.0.0.1")))
    environment = {**os.environ, "NO_PROXY": direct, "no_proxy": direct, **settings}
    output = subprocess.DEVNULL if quiet else None
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, stdout=output, stderr=output)  # noqa: S603


def _ready(url: str, child: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and child.poll() is None:
        try:
            with DIRECT.open(url, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                raise CannotRun(f"{name} has ended by itself (exit status {child.returncode}).")
        time.sleep(0.5)


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGINT)
        try:
            child.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
