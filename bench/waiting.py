"""P2: many at once against a channel that takes its time to answer, and whether the bot stays awake meanwhile.

32 turns are under way at a time and the channel answers each post after 80 ms, so nobody can do more than 400 turns a second. What is
compared is the product answering `tilanne` in personal chats with a card through the channel; `/healthz` is asked every 10 ms by another
process.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass

from bench.contenders import Contender, Running, Stage, echo, press, status
from bench.probe import probed
from bench.report import Table, Target
from bench.room import fill
from bench.rounds import interleaved, median, percentile, ratio
from tests.standins.channel import Trouble

AT_ONCE = 32
DELAY = 0.08
EVERY = 0.01
BARE, EDGE, STATUS, PRESS = "bare aiohttp, echo", "our edge, echo", "the product, status", "the product, press"
AGENTS = "Agents SDK (ActivityHandler), echo"
SHARE, LATE = 0.85, 20.0
REMAINS = (
    "A status is four times the CPU of an echo, most of it statements and the card, in one process that shares the cores with the "
    "channel, the sender and the probe. Where those are elsewhere the channel's 80 ms decide."
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of one bot; times in milliseconds."""

    per_second: float
    answer_p50: float
    answer_p95: float
    alive_p99: float
    alive_most: float
    cpu: float


async def measure(rounds: int = 3, turns: int = 1200) -> Table:
    results: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with Stage() as stage:
            url = f"sqlite:///{folder}/bench.db"
            await fill(url, stage.channel)
            told = {"DATABASE_URL": url}
            contenders = (
                Contender(BARE, "bare", echo),
                Contender(AGENTS, "agents-bare", echo),
                Contender(EDGE, "edge", echo),
                Contender(STATUS, "product", status, environment=told),
            )
            stage.channel.troubles.append(Trouble(delay=DELAY, times=10**9))
            async with stage.running(contenders) as bots:
                pressed = Running(Contender(PRESS, "product", press, replies=None), bots[-1].served, press(stage.channel))
                async for number, bot in interleaved([*bots, pressed], rounds):
                    measured = await _round(stage, bot, turns if number else 3 * AT_ONCE)
                    if number:
                        results.setdefault(bot.contender.name, []).append(measured)
    return report({name: results[name] for name in (BARE, AGENTS, EDGE, STATUS, PRESS)})


async def _round(stage: Stage, bot: Running, turns: int) -> Measured:
    spent = bot.served.cpu()
    # As long as a round lasts when nobody is slower than the channel.
    alive = asyncio.create_task(probed(f"{bot.served.url}/healthz", max(turns / (AT_ONCE / DELAY), 0.5), EVERY))
    sent = await stage.send(bot, turns, AT_ONCE)
    spent = bot.served.cpu() - spent
    times = await alive
    answers = [one * 1000 for one in sent.latencies]
    return Measured(
        sent.per_second, percentile(answers, 50), percentile(answers, 95), percentile(times, 99), max(times), spent * 1000 / turns
    )


def report(results: dict[str, list[Measured]]) -> Table:
    def share(name: str) -> float:
        return ratio([one.per_second for one in results[name]], [one.per_second for one in results[BARE]])

    rows = tuple(
        (
            name,
            f"{median(one.per_second for one in rounds):.0f}",
            f"{share(name):.2f}",
            f"{median(one.answer_p50 for one in rounds):.0f} / {median(one.answer_p95 for one in rounds):.0f}",
            f"{median(one.alive_p99 for one in rounds):.1f} / {median(one.alive_most for one in rounds):.0f}",
            f"{median(one.cpu for one in rounds):.2f}",
        )
        for name, rounds in results.items()
    )
    late = median(one.alive_p99 for one in results[STATUS])
    targets = (
        Target(f"{STATUS}: turns/s ≥ {SHARE} of bare aiohttp's", f"{share(STATUS):.2f}", share(STATUS) >= SHARE, REMAINS),
        Target(f"{STATUS}: /healthz p99 < {LATE:.0f} ms meanwhile", f"{late:.1f} ms", late < LATE, REMAINS),
    )
    columns = ("bot", "turns/s", ": bare", "answer p50 / p95 ms", "/healthz p99 / max ms", "CPU ms/turn")
    return Table("P2", f"{AT_ONCE} at once, the channel answers after {DELAY * 1000:.0f} ms", columns, rows, targets)
