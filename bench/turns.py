"""`python -m bench.turns [--rounds 5] [--turns 400] [--at-once 16]`: CPU milliseconds a turn and turns a second, one process per bot.

Rounds are interleaved and ratios are taken inside each round, then their median: a slow moment of the machine falls on all.
CPU is user and system time of the bot's process. Every turn carries a real signed token; echoes are answered by a post to
the channel stand-in, and each must have arrived.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path

import aiohttp

from bench.room import board, people
from tests.standins.channel import Channel
from tests.standins.issuer import Issuer

WARM_UP = 60
TOKENS = 4
STOCK = "stock"

Bodies = Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot of `bench.bots` and what is sent to it.

    `prepare` may talk to the bot first, and gives the bodies of the turns, each new. `replies`: how many posts to the channel a turn
    brings; None when the answer is in the HTTP response and posts come at their own pace. `share`: of the turns of a round, for slow bots.
    """

    name: str
    prepare: Callable[[Channel, str], Awaitable[Bodies]]
    replies: int | None = 1
    share: float = 1.0


async def echo(channel: Channel, _url: str) -> Bodies:
    anna = channel.person("Anna Aalto")
    desk = channel.personal(anna)
    return (json.dumps(channel.said(anna, desk, f"viesti {number}")).encode() for number in count())


async def press(channel: Channel, _url: str) -> Bodies:
    """Members at the roll call, each pressing Present and Late in turn, so that every press changes the record."""
    members = people(channel)
    place = board(channel, members)

    def body(number: int) -> bytes:
        turn, member = divmod(number, len(members))
        data = {"verb": "sign_in", "nonce": f"n{number}", "meeting_id": "meeting", "sign": ("present", "late")[turn % 2]}
        action = {"type": "Action.Execute", "verb": "sign_in", "data": data}
        return json.dumps(channel.pressed(members[member], place, action)).encode()

    return (body(number) for number in count())


CONTENDERS = (
    Contender("bare", echo),
    Contender(STOCK, echo, share=0.25),
    Contender("edge", echo),
    Contender("press", press, replies=None),
)


@dataclass(slots=True)
class Running:
    """A contender's process."""

    contender: Contender
    process: asyncio.subprocess.Process
    url: str
    bodies: Bodies


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of one bot."""

    cpu_ms: float
    per_second: float


def cpu_seconds(pid: int) -> float:
    """User and system time so far: proc_pid_stat(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def run_round(
    bot: Running, channel: Channel, session: aiohttp.ClientSession, tokens: list[str], turns: int, at_once: int
) -> Measured:
    """Send `turns` activities, `at_once` at a time; RuntimeError when one is not answered, is refused, or a reply is missing."""
    bodies = [next(bot.bodies) for _ in range(turns)]
    headers = cycle({"Authorization": f"Bearer {token}", "Content-Type": "application/json"} for token in tokens)
    waiting = iter(bodies)
    channel.requests.clear()

    async def send() -> None:
        for body in waiting:
            async with session.post(bot.url, data=body, headers=next(headers)) as answer:
                text = await answer.text()
                if answer.status not in {200, 201} or b'"attention"' in text.encode():
                    raise RuntimeError(f"{bot.contender.name} answered {answer.status}: {text[:200]}")

    cpu, started = cpu_seconds(bot.process.pid), time.perf_counter()
    await asyncio.gather(*(send() for _ in range(at_once)))
    took, cpu = time.perf_counter() - started, cpu_seconds(bot.process.pid) - cpu
    # Replies only: the board's posts of another bot may fall into this round.
    posts = sum(asked.method == "POST" and not asked.path.endswith("/activities") for asked in channel.requests)
    if bot.contender.replies is not None and posts != turns * bot.contender.replies:
        raise RuntimeError(f"{bot.contender.name}: {posts} replies to {turns} turns")
    return Measured(cpu * 1000 / turns, turns / took)


@contextlib.asynccontextmanager
async def serve(contender: Contender, channel: Channel, issuer: Issuer) -> AsyncIterator[Running]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "BENCH_METADATA_URL": issuer.metadata_url,
        "BENCH_LOGIN_URL": issuer.login_url,
        "BENCH_SERVICE_URL": channel.service_url,
        "REQUESTS_CA_BUNDLE": issuer.ca_file,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.bots", contender.name, str(port), env=environment)
    try:
        await _listening(port, process)
        url = f"http://127.0.0.1:{port}/api/messages"
        yield Running(contender, process, url, await contender.prepare(channel, url))
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    for _ in range(300):
        if process.returncode is not None:
            raise RuntimeError(f"the bot ended with {process.returncode}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the bot did not start")


def report(results: dict[str, list[Measured]], fetched: dict[str, int]) -> str:
    """One row per bot: medians, and the median of the rounds' ratios to stock."""
    rows = [f"{'bot':<8}{'CPU ms/turn':>13}{'turns/s':>10}{'CPU : stock':>13}{'speed : stock':>15}{'tokens fetched':>16}"]
    for name, rounds in results.items():
        pairs = list(zip(rounds, results[STOCK], strict=True))
        rows.append(
            f"{name:<8}{statistics.median(one.cpu_ms for one in rounds):>13.2f}"
            f"{statistics.median(one.per_second for one in rounds):>10.0f}"
            f"{statistics.median(one.cpu_ms / other.cpu_ms for one, other in pairs):>13.3f}"
            f"{statistics.median(one.per_second / other.per_second for one, other in pairs):>14.1f}x"
            f"{fetched[name]:>16}"
        )
    return "\n".join(rows)


async def measure(rounds: int, turns: int, at_once: int) -> str:
    results: dict[str, list[Measured]] = {contender.name: [] for contender in CONTENDERS}
    fetched = dict.fromkeys(results, 0)
    async with contextlib.AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(Issuer())
        channel = await stack.enter_async_context(Channel(issuer=issuer))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        bots = [await stack.enter_async_context(serve(contender, channel, issuer)) for contender in CONTENDERS]
        tokens = [issuer.token(channel.service_url) for _ in range(TOKENS)]
        for number in range(rounds + 1):
            for bot in bots[number % len(bots) :] + bots[: number % len(bots)]:
                before = issuer.counts["token"]
                wanted = WARM_UP if number == 0 else max(at_once, int(turns * bot.contender.share))
                measured = await run_round(bot, channel, session, tokens, wanted, at_once)
                fetched[bot.contender.name] += issuer.counts["token"] - before
                if number:
                    results[bot.contender.name].append(measured)
    return report(results, fetched)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.turns", description="CPU and speed of a turn, side by side.")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--turns", type=int, default=400, help="turns in a round")
    arguments.add_argument("--at-once", type=int, default=16, help="turns under way at a time")
    chosen = arguments.parse_args()
    print(asyncio.run(measure(chosen.rounds, chosen.turns, chosen.at_once)))


if __name__ == "__main__":
    main()
