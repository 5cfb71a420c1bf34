"""`python -m bench.engine_worker own|procrastinate URL LOG LEASE BEAT`: one process that carries out effects until SIGTERM.

The handler is the same on both: it appends to the log that it began, sleeps as long as the effect says, appends that it did it. The log is
the world outside: what stands in it cannot be taken back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

AT_ONCE = 8
FAILS = "fails"


class Handler:
    """`Tell.sentence` is a number of milliseconds, or `fails`: half a second, in vain the first time. `check`: called before anything goes
    out; raises when it is no more this process's to send."""

    check: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, log: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._failed: set[str] = set()

    async def __call__(self, effect: Any) -> str:
        self._note("begin", effect.key)
        if effect.sentence == FAILS:
            await asyncio.sleep(0.5)
            if effect.key not in self._failed:
                self._failed.add(effect.key)
                raise RuntimeError("the first time is in vain")
        else:
            await asyncio.sleep(int(effect.sentence) / 1000)
        self.check()
        self._note("end", effect.key)
        return "done"

    def _note(self, what: str, key: str) -> None:
        os.write(self._log, f"{what} {key} {os.getpid()} {time.time_ns()}\n".encode())


async def own(url: str, handler: Handler, lease: float, beat: float) -> None:
    from jobs import lease as ours  # noqa: PLC0415  # each process imports its own side only, as it would in production
    from jobs.runner import Runner  # noqa: PLC0415  # as above
    from storage import outbox, workers  # noqa: PLC0415  # as above
    from storage.database import Storage  # noqa: PLC0415  # as above

    workers.LEASE, workers.BEAT = lease, beat
    handler.check = ours.check  # as what posts, mails and calls Graph does
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    runner = Runner(storage, dict.fromkeys(outbox.KINDS.values(), handler))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await runner.start()
    await stopped.wait()
    await runner.stop()
    await storage.close()


async def procrastinate(url: str, handler: Handler, lease: float, beat: float) -> None:
    from bench.on_procrastinate import work  # noqa: PLC0415  # as above

    await work(url.replace("postgresql+psycopg", "postgresql"), handler, lease, beat, AT_ONCE)


if __name__ == "__main__":
    engine, url, log, lease, beat = sys.argv[1:]
    asyncio.run({"own": own, "procrastinate": procrastinate}[engine](url, Handler(log), float(lease), float(beat)))
