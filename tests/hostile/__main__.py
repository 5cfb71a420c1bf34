"""`make hostile COUNT=100000 SEED=1`: the storm, on four phases of a meeting, in as many processes as there are processors.

Each part of 2 000 begins with the same database: nobody with an office in it, members, or secretaries speak. A tenth as many go to a bot on
PostgreSQL, where answers and the log alone are looked at. The table is also in `var/hostile.md`. The exit status is 1 when something was
found.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from pathlib import Path

from sqlalchemy import create_engine

from storage.migrate import upgrade
from tests.hostile.storm import SPEAKERS, Ground, Outcome, prepared, storm, storm_on_postgresql
from tests.storage.databases import postgres

VAR = Path(__file__).parents[2] / "var"
PART = 2_000
PHASES = ("published", "open", "review", "approved")


def main() -> int:
    wanted = argparse.ArgumentParser(prog="python -m tests.hostile")
    wanted.add_argument("--count", type=int, default=100_000)
    wanted.add_argument("--seed", default="1")
    wanted.add_argument("--minutes", type=float, default=60.0, help="no part begins later")
    wanted.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    told = wanted.parse_args()
    VAR.mkdir(exist_ok=True)
    whole, begun = Outcome(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(told.processes) as pool:
        grounds = [asyncio.run(_ground(Path(folder), phase)) for phase in PHASES]
        begun = time.monotonic()
        until = time.time() + told.minutes * 60
        sizes = [PART] * (told.count // PART) + [told.count % PART] * (told.count % PART > 0)
        parts = [
            pool.submit(
                one_part,
                grounds[number % len(PHASES)],
                tuple(SPEAKERS)[number // len(PHASES) % len(SPEAKERS)],
                told.seed,
                number,
                size,
                until,
            )
            for number, size in enumerate(sizes)
        ]
        parts.append(pool.submit(on_postgresql, grounds, told.seed, told.count // 10, until))
        for done in as_completed(parts):
            outcome = done.result()
            whole.add(outcome)
            sys.stdout.write("".join(f"{one}\n" for one in outcome.findings))
            (VAR / "hostile.md").write_text(table(whole, told.seed, time.monotonic() - begun), encoding="utf-8")
    sys.stdout.write(table(whole, told.seed, time.monotonic() - begun))
    return 1 if whole.findings else 0


async def _ground(folder: Path, phase: str) -> Ground:
    place = folder / phase
    place.mkdir()
    return await prepared(place, phase)


def one_part(ground: Ground, speakers: str, seed: str, number: int, count: int, until: float) -> Outcome:
    """Runs in a process of the pool."""
    if time.time() > until:
        return Outcome()
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(storm(ground, Path(folder), f"{seed}.{number}.{speakers}", count, speakers))


def on_postgresql(grounds: Sequence[Ground], seed: str, count: int, until: float) -> Outcome:
    """Runs in a process of the pool: as many of each phase and of each who speak."""
    whole, rounds = Outcome(), list(product(grounds, SPEAKERS))
    with postgres() as url:
        engine = create_engine(url)
        upgrade(engine)
        engine.dispose()
        for number, (ground, speakers) in enumerate(rounds):
            if time.time() < until:
                name = f"{seed}.postgresql.{number}.{speakers}"
                whole.add(asyncio.run(storm_on_postgresql(ground, url, name, count // len(rounds), speakers)))
    return whole


def table(whole: Outcome, seed: str, seconds: float) -> str:
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(whole.statuses.items()))
    done = ", ".join(f"{command} {count}" for command, count in whole.commands.most_common())
    return f"""# Hostile activities, seed {seed}

| | |
|---|---|
| sent | {whole.sent} in {seconds:.0f} s, {whole.sent / max(seconds, 0.001):.0f} a second |
| answered with | {statuses} |
| lines in the log | {whole.lines}, at most {whole.most_lines} for one |
| slowest | {whole.slowest:.2f} s |
| done, by who had the right | {sum(whole.commands.values())}: {done} |
| found | {len(whole.findings)} |
"""


if __name__ == "__main__":
    raise SystemExit(main())
