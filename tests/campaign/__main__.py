"""`make campaign`: many runs on both databases, a table, and `var/campaign.md` with it. `README.md` says what the options are for.

The numbers of one seed say what is struck when; how the processes' own times fall out is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.campaign.campaign import Outcome, planned, run
from tests.campaign.databases import PostgreSQL, Server, SQLite
from tests.campaign.faults import NAMED
from tests.campaign.replicas import LIBFAKETIME, ROOT, Nursery

VAR = ROOT / "var"
DATABASES = ("SQLite", "PostgreSQL")
STRIKES = 6
# Of so many runs on PostgreSQL one process is stopped for longer than its lease in one; of so many, `python app.py` is started cold in one.
PAUSED, COLD = 4, 20


def read_arguments() -> argparse.Namespace:
    wanted = argparse.ArgumentParser(prog="python -m tests.campaign")
    wanted.add_argument("--sqlite", type=int, default=120, help="runs on SQLite, with one process")
    wanted.add_argument("--postgresql", type=int, default=80, help="runs on PostgreSQL, with two processes")
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--first", type=int, default=0, help="the number of the first run on each")
    wanted.add_argument("--minutes", type=float, default=50.0, help="no run begins later")
    wanted.add_argument("--workers", type=int, default=3, help="runs at a time, each with servers and processes of its own")
    wanted.add_argument("--beside", metavar="COMMIT", help="on PostgreSQL, the second process is of this commit")
    return wanted.parse_args()


async def main() -> int:
    told = read_arguments()
    if LIBFAKETIME is None:
        raise SystemExit("The campaign moves the clock of its processes with libfaketime: apt-get install faketime")
    until = time.monotonic() + told.minutes * 60
    outcomes: list[Outcome] = []
    VAR.mkdir(exist_ok=True)
    begun = datetime.now(UTC)
    # Both are done evenly, so that when time runs out there is something of each.
    counts = dict(zip(DATABASES, (told.sqlite, told.postgresql), strict=True))
    order = sorted(((place + 0.5) / count, name, told.first + place) for name, count in counts.items() for place in range(count))
    left = iter([(name, number) for _, name, number in order])

    async def worker(left: Iterator[tuple[str, int]], older: Nursery | None) -> None:
        async with Nursery() as nursery, AsyncExitStack() as stack:
            server: Server | None = None
            for name, number in left:
                if time.monotonic() > until:
                    return
                if name == "PostgreSQL" and server is None:
                    server = await asyncio.to_thread(Server)
                    stack.callback(server.close)
                outcome = await one_run(told.seed, number, nursery, server if name == "PostgreSQL" else None, older)
                outcomes.append(outcome)
                write(outcome, outcomes, told.seed, begun)

    async with AsyncExitStack() as stack:
        older = None
        if told.beside:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pykala-campaign-")))
            older = await stack.enter_async_context(Nursery(await asyncio.to_thread(checked_out, told.beside, folder)))
        await asyncio.gather(*(worker(left, older) for _ in range(told.workers)))
    sys.stdout.write(f"\n{table(outcomes, told.seed, begun)}")
    used = sum(
        resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    sys.stdout.write(f"\nCPU without PostgreSQL's own: {used / max(len(outcomes), 1):.1f} s a run.\n")
    return int(any(one.findings for one in outcomes) or len(outcomes) < sum(counts.values()))


def checked_out(commit: str, folder: Path) -> Path:
    """The code of a commit in a folder. Raises CalledProcessError for one that is not known."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], check=True, input=archive.stdout)
    return folder


async def one_run(seed: int, number: int, nursery: Nursery, server: Server | None, older: Nursery | None) -> Outcome:
    two = server is not None
    strikes = planned(seed, number, STRIKES, long_pause=two and number % PAUSED == 0)
    with tempfile.TemporaryDirectory(prefix="pykala-campaign-") as folder:
        # Not in the loop: the stand-ins of the others must not stand still meanwhile.
        database = await asyncio.to_thread(PostgreSQL, server) if server else SQLite(Path(folder))
        chance, cold = seed * 100_003 + number, number % COLD == 0
        try:
            outcome = await run(Path(folder), database, nursery, chance, strikes, two=two, cold=cold, beside=older if two else None)
            outcome.number = number
            if outcome.findings:
                keep(outcome, Path(folder), database)
        finally:
            await asyncio.to_thread(database.close)
    return outcome


def keep(outcome: Outcome, folder: Path, database: PostgreSQL | SQLite) -> None:
    """What is left of a run that cried: what its processes said, and their effects."""
    left = VAR / "campaign" / f"{outcome.database}-{outcome.number}"
    shutil.rmtree(left, ignore_errors=True)
    left.mkdir(parents=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, left)
    effects = database.rows("SELECT seq, kind, key, lane, state, attempts, due_at, error FROM effect ORDER BY seq")
    (left / "effects.txt").write_text("".join(f"{row}\n" for row in effects), encoding="utf-8")


def write(outcome: Outcome, outcomes: list[Outcome], seed: int, begun: datetime) -> None:
    """What is known so far, after each run."""
    with (VAR / "campaign.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(outcome.document(), ensure_ascii=False) + "\n")
    (VAR / "campaign.md").write_text(table(outcomes, seed, begun), encoding="utf-8")
    found = "".join(f"\n    {sort}: {text}" for sort, text in outcome.findings) or " ok"
    sys.stdout.write(f"{len(outcomes):4} {outcome.database:10} run {outcome.number:3} {outcome.seconds:5.1f} s{found}\n")
    sys.stdout.flush()


def table(outcomes: list[Outcome], seed: int, begun: datetime) -> str:
    """Both databases side by side, then the steps: how often each was planned and struck."""
    columns = {name: [one for one in outcomes if one.database == name] for name in DATABASES}
    rows: list[tuple[str, list[str]]] = []

    def row(title: str, of: object) -> None:
        rows.append((title, [str(of(ones)) for ones in columns.values()]))  # type: ignore[operator]

    def total(name: str) -> object:
        return lambda ones: sum(getattr(one, name) for one in ones)

    def found(*sorts: str) -> object:
        return lambda ones: sum(sort in sorts for one in ones for sort, _ in one.findings)

    def counted(name: str) -> object:
        def told(ones: list[Outcome]) -> str:
            count: Counter[str] = sum((getattr(one, name) for one in ones), Counter())
            return ", ".join(f"{kind} {number}" for kind, number in sorted(count.items())) or "–"

        return told

    row("runs", len)
    row("commands acknowledged", total("deeds"))
    row("activities sent again", total("resends"))
    row("processes killed", total("kills"))
    row("processes stopped and woken", total("pauses"))
    row("database killed and started", total("restarts"))
    row("processes started", total("starts"))
    row("answers of Teams and Graph spoilt", counted("troubles"))
    row("**lost**", found("lost"))
    row("**doubled**", found("doubled"))
    row("**order broken**", found("order"))
    row("**deadline early, or not once**", found("deadline"))
    row("**record broken**", found("broken"))
    row("latest closing after a deadline, s", lambda ones: f"{max((one.late for one in ones), default=0.0):.1f}")
    row("doubts", lambda ones: sum(sum(one.doubts.values()) for one in ones))
    row("of which", counted("doubts"))
    row("seconds a run, median", lambda ones: f"{sorted(one.seconds for one in ones)[len(ones) // 2]:.0f}" if ones else "–")
    lines = [f"Measured {begun:%Y-%m-%d} (UTC), seed {seed}.", "", "| | SQLite, one process | PostgreSQL, two |", "|---|---|---|"]
    lines += [f"| {title} | {' | '.join(values)} |" for title, values in rows]
    lines += ["", "| step | SQLite: struck of planned | PostgreSQL: struck of planned |", "|---|---|---|"]
    for name in NAMED:
        values = [f"{sum(one.struck[name] for one in ones)} of {sum(one.planned[name] for one in ones)}" for ones in columns.values()]
        lines.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
