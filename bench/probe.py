"""`python -m bench.probe URL SECONDS EVERY`: how long GET URL takes, asked every so many seconds from a process that does nothing else.

Prints the times in milliseconds as a JSON list. A request is due at its time, not after the one before: a server that stands still for a
second is late for all that were due in it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp


async def probe(url: str, seconds: float, every: float) -> list[float]:
    took: list[float] = []

    async def ask(session: aiohttp.ClientSession) -> None:
        began = time.perf_counter()
        async with session.get(url) as answer:
            await answer.read()
            answer.raise_for_status()
        took.append((time.perf_counter() - began) * 1000)

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        due = time.perf_counter()
        ends = due + seconds
        while due < ends:
            group.create_task(ask(session))
            due += every
            await asyncio.sleep(max(due - time.perf_counter(), 0))
    return took


async def probed(url: str, seconds: float, every: float) -> list[float]:
    """The same from a process of its own, so that what else this one does is not measured."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.probe", url, str(seconds), str(every), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    took: list[float] = json.loads(told)
    return took


if __name__ == "__main__":
    print(json.dumps(asyncio.run(probe(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))))
