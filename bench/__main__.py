"""`python -m bench` runs the benches and writes bench/RESULTS.md; `python -m bench P4 P6` runs these and only prints."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

from bench.processes import Missing
from bench.report import Table, Target, machine, results, written

RESULTS = Path(__file__).parent / "RESULTS.md"
# The modules are read when their turn comes, so that nobody pays for another's imports. Seconds: no bench may take longer.
BENCHES = {
    "P1": ("bench.turns", 240),
    "P2": ("bench.waiting", 180),
    "P3": ("bench.growth", 480),
    "P4": ("bench.storm", 330),
    "P5": ("bench.documents", 90),
    "P6": ("bench.replicas", 240),
    "P7": ("bench.lifetime", 300),
    "search": ("bench.search", 300),
    "invitations": ("bench.invitations", 90),
    "engines": ("bench.engines", 400),
}
# Measured for a choice that was made (docs/adr/0013); by its name alone.
ASIDE = {"engines"}


async def one(name: str) -> Table:
    """The bench's table, or one that says why there is none."""
    module, bound = BENCHES[name]
    measure: Callable[[], Awaitable[Table]] = import_module(module).measure
    title = (import_module(module).__doc__ or "").partition(":")[2].partition(",")[0].strip()
    try:
        async with asyncio.timeout(bound):
            return await measure()
    except Missing as missing:
        return Table(name, title, ("", ""), (("not run on this machine", str(missing)),))
    except TimeoutError:
        reason = f"no end within {bound} s"
    except Exception as failure:  # the others are still to run, and this one is to be seen in the results
        reason = f"{type(failure).__name__}: {failure}".partition("\n")[0]
    return Table(name, title, ("", ""), (("failed", reason),), (Target("a result", "none", False, reason),))


def main() -> None:
    arguments = argparse.ArgumentParser(
        prog="python -m bench", description="The benchmarks. Without names all, written to bench/RESULTS.md."
    )
    arguments.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    names: list[str] = arguments.parse_args().names
    if unknown := [name for name in names if name not in BENCHES]:
        arguments.error(f"there is no {unknown[0]}: {', '.join(BENCHES)}")
    # As Ctrl-C does: what was started ends with us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    tables = []
    for name in names or [one for one in BENCHES if one not in ASIDE]:
        print(f"{time.monotonic() - began:6.0f} s  {name} …", file=sys.stderr, flush=True)
        tables.append(asyncio.run(one(name)))
        print(f"{written(tables[-1])}\n", flush=True)
    if not names:
        RESULTS.write_text(results(tables, time.monotonic() - began, machine()), encoding="utf-8")
        print(f"Written to {RESULTS}.")
    if any(row[0] == "failed" for table in tables for row in table.rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
