"""`make run`: the bot in local mode and Microsoft's Playground beside it, until Ctrl-C. A child that dies ends the other, with a sentence."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLAYGROUND = ROOT / "node_modules" / ".bin" / "agentsplayground"
PLAYGROUND_PORT = 56150
READY_WITHIN = 60.0
STOP_WITHIN = 15.0


def main() -> int:
    """Exit status 0 after Ctrl-C, 1 when something could not start or ended by itself."""
    port = int(os.environ.get("PORT", "3978"))
    playground_port = int(os.environ.get("PLAYGROUND_PORT", str(PLAYGROUND_PORT)))
    bot_url = f"http://127.0.0.1:{port}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        bot_environment = {**os.environ, "PYKALA_LOCAL": "1", "PORT": str(port)}
        children["The bot"] = _start([sys.executable, "app.py"], bot_environment)
        if not _ready(f"{bot_url}/readyz", children["The bot"]):
            return _failed("The bot did not start; what it said stands above.")
        if _have_playground():
            command = [str(PLAYGROUND), "-e", f"http://localhost:{port}/api/messages", "-c", "msteams", "-p", str(playground_port), "--dt"]
            # It would open a browser of its own; whoever runs this opens the address that is printed.
            children["The Playground"] = _start(command, {**os.environ, "BROWSER": "none"}, quiet=True)
            if not _ready(f"http://localhost:{playground_port}", children["The Playground"]):
                return _failed("The Playground did not start.")
            _say(f"\nPlayground (you are the secretary): http://localhost:{playground_port}")
        else:
            _say("\nThe Playground needs Node 20 and `npm ci`: install Node and run `make run` again. The bot runs without it.")
        _say(f"Sandbox (everybody's calendars):     {bot_url}/sandbox\nStop with Ctrl-C.\n")
        return _watch(children)
    except KeyboardInterrupt:
        _say("\nStopping.")
        return 0
    finally:
        for child in reversed(children.values()):
            _stop(child)


def _start(command: list[str], environment: dict[str, str], *, quiet: bool = False) -> subprocess.Popen[bytes]:
    """A child in a process group of its own, so that Ctrl-C reaches it through us, once."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, stdout=output, stderr=output)  # noqa: S603


def _ready(url: str, child: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and child.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  # an address on this machine
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> int:
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                return _failed(f"{name} has ended by itself (exit status {child.returncode}).")
        time.sleep(0.5)


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGINT)
        try:
            child.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _have_playground() -> bool:
    return shutil.which("node") is not None and PLAYGROUND.exists()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _failed(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
