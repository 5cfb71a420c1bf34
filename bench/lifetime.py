"""P7: how long `python app.py` takes from nothing to ready, on a new database and on one that is there; its memory after turns."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from itertools import islice, repeat
from pathlib import Path

import aiohttp

from bench.contenders import press, status
from bench.processes import Missing, Served, database_server, serve
from bench.report import Table, Target
from bench.room import fill
from bench.rounds import median, send
from tests.standins.channel import Channel

EARLY, LATE = 500, 5000
AT_ONCE = 16
GROWTH = 1.10


async def measure(starts: int = 3, early: int = EARLY, late: int = LATE) -> Table:
    """Half of the turns are presses, half are questions for the status."""
    rows: list[tuple[str, ...]] = []
    targets: list[Target] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        notes: tuple[str, ...] = ()
        urls = {"SQLite": f"sqlite:///{folder}/grown.db"}
        try:
            urls["PostgreSQL"] = stack.enter_context(database_server()).url
        except Missing as missing:
            notes = (f"PostgreSQL: {missing}",)
        first = [await _started(f"sqlite:///{folder}/{number}.db") for number in range(starts)]
        rows.append(
            ("start, SQLite, new database", f"{median(one for one, _ in first):.2f} s", f"{median(one for _, one in first):.2f} s", "")
        )
        for name, url in urls.items():
            async with Channel() as channel:
                await fill(url, channel)
                again = [await _started(url) for _ in range(starts)]
                rows.append((f"start, {name}", f"{median(one for one, _ in again):.2f} s", f"{median(one for _, one in again):.2f} s", ""))
                new, before, after = await _grown(url, channel, early, late)
            rows.append((f"memory when ready, {name}", "", "", f"{new:.0f} MB"))
            rows.append((f"memory after {early} turns, {name}", "", "", f"{before:.0f} MB"))
            rows.append((f"memory after {late} turns, {name}", "", "", f"{after:.0f} MB"))
            wanted = f"{name}: memory after {late} turns ≤ {GROWTH:.2f} of that after {early}"
            targets.append(Target(wanted, f"{after / before:.2f}", after <= before * GROWTH))
    return Table("P7", "cold start and memory", ("what", "to /readyz", "CPU till then", "resident"), tuple(rows), tuple(targets), notes)


@contextlib.asynccontextmanager
async def _app(url: str) -> AsyncIterator[Served]:
    async with serve(["app.py"], {"DATABASE_URL": url, "PYKALA_LOCAL": "1"}) as served:
        yield served


async def _started(url: str) -> tuple[float, float]:
    """Seconds until it was ready, and of CPU until then."""
    async with _app(url) as served:
        return served.ready_after, served.cpu()


async def _grown(url: str, channel: Channel, early: int, late: int) -> tuple[float, float, float]:
    async with _app(url) as served, aiohttp.ClientSession() as session:
        turns = (body for pair in zip(press(channel), status(channel), strict=False) for body in pair)
        grown = [served.memory()]
        for so_many in (early, late - early):
            await send(
                session,
                repeat(f"{served.url}/api/messages"),
                list(islice(turns, so_many)),
                AT_ONCE,
                lambda: {"Content-Type": "application/json"},
            )
            channel.requests.clear()
            grown.append(served.memory())
    return grown[0], grown[1], grown[2]
