"""Where the bot's processes come from quickly: it has loaded what `python app.py` of a folder loads, and forks for each one that is wanted.

Each child is a process of its own that runs `app.main()` from the beginning, with an environment, a folder and a log of its own. Orders
come as JSON lines on stdin, and what becomes of the children goes out as JSON lines; when stdin ends, the children are killed.
"""

from __future__ import annotations

import gc
import json
import os
import random
import selectors
import signal
import sys
from typing import Any


def main() -> None:
    import app
    from graph.client import _load_event_modules, graph_client
    from texts import t

    _load_event_modules(graph_client("http://127.0.0.1:1/v1.0"))
    for language in ("fi", "sv", "en"):
        t(language, "turn.not_kept")
    # What is shared with the children is not walked, and copied, by each collection of theirs.
    gc.freeze()
    awake, wake = os.pipe()
    for end in (awake, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    signal.set_wakeup_fd(wake)
    waiting = selectors.DefaultSelector()
    waiting.register(0, selectors.EVENT_READ)
    waiting.register(awake, selectors.EVENT_READ)
    children: set[int] = set()
    orders = b""
    try:
        tell({"ready": True})
        while True:
            for key, _ in waiting.select():
                if key.fileobj == awake:
                    os.read(awake, 4096)
                    reap(children)
                    continue
                told = os.read(0, 65536)
                if not told:
                    return
                *lines, orders = (orders + told).split(b"\n")
                for line in lines:
                    children.add(born(json.loads(line), app.main))
    finally:  # also when nobody reads any more what is told
        for pid in children:
            os.kill(pid, signal.SIGKILL)


def born(order: dict[str, Any], run: Any) -> int:
    pid = os.fork()
    if pid:
        tell({"pid": pid, "name": order["name"]})
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    random.seed()
    sys.argv = ["app.py", *order["arguments"]]
    code = 1
    try:
        if order["control"]:
            from tests.campaign.controls import CONTROLS

            CONTROLS[order["control"]]()
        run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def reap(children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        children.discard(pid)
        tell({"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def tell(what: dict[str, Any]) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    main()
