"""`make campaign RUNS=200 SEED=1`: many runs on both databases, a table, and `var/campaign.md` with it.

Half of the runs are on SQLite with one process, half on PostgreSQL with two. The numbers of one seed say what is struck when; how the
processes' own times fall out is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.campaign.campaign import Outcome, planned, run
from tests.campaign.databases import PostgreSQL, Server, SQLite
from tests.campaign.faults import NAMED
from tests.campaign.replicas import LIBFAKETIME, Nursery

VAR = Path(__file__).parents[2] / "var"
STRIKES = 6
# Of so many runs on PostgreSQL one process is stopped for longer than its lease in one; of so many, `python app.py` is started cold in one.
PAUSED, COLD = 4, 10


async def main() -> int:
    wanted = argparse.ArgumentParser(prog="python -m tests.campaign")
    wanted.add_argument("--runs", type=int, default=200)
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--first", type=int, default=0, help="the number of the first run; `--first N --runs 2` repeats run N on both")
    wanted.add_argument("--minutes", type=float, default=60.0, help="no run begins later")
    wanted.add_argument("--side-by-side", type=int, default=2, help="runs at a time on each database; they wait more than they work")
    told = wanted.parse_args()
    if LIBFAKETIME is None:
        raise SystemExit("The campaign moves the clock of its processes with libfaketime: apt-get install faketime")
    until = time.monotonic() + told.minutes * 60
    outcomes: list[Outcome] = []
    VAR.mkdir(exist_ok=True)
    begun = datetime.now(UTC)
    log = VAR / "campaign.jsonl"
    numbers = iter(range(told.first, told.first + told.runs // 2)), iter(range(told.first, told.first + told.runs - told.runs // 2))

    async def lane(numbers: Iterator[int], server: Server | None) -> None:
        async with Nursery() as nursery:
            for number in numbers:
                if time.monotonic() > until:
                    return
                outcome = await one_run(told.seed, number, nursery, server)
                outcomes.append(outcome)
                with log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(outcome.document(), ensure_ascii=False) + "\n")
                found = "".join(f"\n    {sort}: {text}" for sort, text in outcome.findings) or " ok"
                sys.stdout.write(f"{len(outcomes):4} {outcome.database:10} run {number:3} {outcome.seconds:5.1f} s{found}\n")
                (VAR / "campaign.md").write_text(table(outcomes, told.seed, begun), encoding="utf-8")
                sys.stdout.flush()

    servers = [Server() for _ in range(told.side_by_side)]
    try:
        await asyncio.gather(
            *itertools.chain((lane(numbers[0], None) for _ in range(told.side_by_side)), (lane(numbers[1], server) for server in servers))
        )
    finally:
        for server in servers:
            server.close()
    sys.stdout.write(f"\n{table(outcomes, told.seed, begun)}")
    return int(any(one.findings for one in outcomes))


async def one_run(seed: int, number: int, nursery: Nursery, server: Server | None) -> Outcome:
    two = server is not None
    strikes = planned(seed, number, STRIKES, long_pause=two and number % PAUSED == 0)
    with tempfile.TemporaryDirectory(prefix="pykala-campaign-") as folder:
        database = PostgreSQL(server) if server else SQLite(Path(folder))
        try:
            return await run(Path(folder), database, nursery, seed * 100_003 + number, strikes, two=two, cold=number % COLD == 0)
        finally:
            database.close()


def table(outcomes: list[Outcome], seed: int, begun: datetime) -> str:
    """Both databases side by side."""
    columns = {name: [one for one in outcomes if one.database == name] for name in ("SQLite", "PostgreSQL")}
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
    struck: Counter[str] = sum((one.struck for one in outcomes), Counter())
    lines = [f"Measured {begun:%Y-%m-%d} (UTC), seed {seed}.", "", "| | SQLite, one process | PostgreSQL, two |", "|---|---|---|"]
    lines += [f"| {title} | {' | '.join(values)} |" for title, values in rows]
    steps = ", ".join(f"{name} {struck[name]}" for name in NAMED)
    return "\n".join([*lines, "", f"Struck at: {steps}.", ""])


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
