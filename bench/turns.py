"""P1: what a turn costs, beside a bare handler, stock botbuilder and the Microsoft 365 Agents SDK; one process a bot.

Every turn carries a real signed token; echoes are answered by a post to the channel stand-in, and each must have arrived. A press signs a
member in at the roll call of 20 seats: access, rule, journal, effects and the new card in the answer; its process also posts the board.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bench.contenders import Contender, Stage, echo, press
from bench.processes import Missing, Server, database_server
from bench.report import Table, Target
from bench.room import fill
from bench.rounds import interleaved, median, ratio

ECHOES = (
    Contender("bare aiohttp, echo", "bare", echo),
    Contender("stock botbuilder, echo", "stock", echo, share=0.25),
    Contender("Agents SDK (AgentApplication), echo", "agents", echo),
    Contender("Agents SDK (ActivityHandler), echo", "agents-bare", echo),
    Contender("our edge, echo", "edge", echo),
)
BARE, STOCK, AGENTS, LEAST = (one.name for one in ECHOES[:4])
PRESS, PRESS_PG = "press, SQLite", "press, PostgreSQL"
WARM_UP = 60
REMAINS = {
    PRESS: "Half of a press is its nine statements, a quarter the card of 20 seats; neither has a part left that stands out.",
    PRESS_PG: (
        "A press is 9 exchanges with the server (beginning and lock, its key, the meeting, three changes, the journal's end, its row, the "
        "commit); each takes the bot about three times what a statement takes on SQLite: half of it SQLAlchemy, half psycopg and the "
        "waiting for the answer. psycopg's pipelines send several at once and take the bot as long."
    ),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of one bot; CPU in milliseconds a turn."""

    cpu: float
    per_second: float
    server_cpu: float


@contextlib.asynccontextmanager
async def presses(stage: Stage) -> AsyncIterator[tuple[list[Contender], Server | None, str]]:
    """The product on each database that can be had here, with the server of PostgreSQL, or with the reason why there is none."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        urls, server, reason = {PRESS: f"sqlite:///{folder}/bench.db"}, None, ""
        try:
            server = stack.enter_context(database_server())
            urls[PRESS_PG] = server.url
        except Missing as missing:
            reason = f"{PRESS_PG}: {missing}"
        for url in urls.values():
            await fill(url, stage.channel)
        yield (
            [Contender(name, "product", press, replies=None, environment={"DATABASE_URL": url}) for name, url in urls.items()],
            server,
            reason,
        )


async def measure(rounds: int = 5, turns: int = 400, at_once: int = 16) -> Table:
    async with Stage() as stage, presses(stage) as (ours, server, reason), stage.running([*ECHOES, *ours]) as bots:
        results: dict[str, list[Measured]] = {bot.contender.name: [] for bot in bots}
        fetched = dict.fromkeys(results, 0)
        async for number, bot in interleaved(bots, rounds):
            wanted = max(at_once, int((turns if number else WARM_UP) * bot.contender.share))
            before = bot.served.cpu(), server.cpu() if server else 0.0, stage.issuer.counts["token"]
            sent = await stage.send(bot, wanted, at_once)
            spent, served = bot.served.cpu() - before[0], server.cpu() - before[1] if server else 0.0
            fetched[bot.contender.name] += stage.issuer.counts["token"] - before[2]
            if number:
                results[bot.contender.name].append(Measured(spent * 1000 / wanted, sent.per_second, served * 1000 / wanted))
    return report(results, fetched, reason)


def report(results: dict[str, list[Measured]], fetched: dict[str, int], reason: str) -> Table:
    def against(name: str, other: str) -> float:
        return ratio([one.cpu for one in results[name]], [one.cpu for one in results[other]])

    rows = tuple(
        (
            name,
            f"{median(one.cpu for one in rounds):.2f}",
            f"{median(one.server_cpu for one in rounds):.2f}" if name == PRESS_PG else "",
            f"{median(one.per_second for one in rounds):.0f}",
            f"{against(name, BARE):.1f}",
            f"{against(name, STOCK):.2f}",
            f"{against(name, AGENTS):.2f}",
            f"{against(name, LEAST):.2f}",
            str(fetched[name]),
        )
        for name, rounds in results.items()
    )
    targets = [
        Target(
            f"{name}: CPU of the bot ≤ the Agents SDK's bare echo",
            f"{against(name, LEAST):.2f} ×",
            against(name, LEAST) <= 1,
            REMAINS[name],
        )
        for name in (PRESS, PRESS_PG)
        if name in results
    ]
    return Table(
        "P1",
        "what a turn costs",
        ("bot", "CPU ms/turn", "of the server", "turns/s", ": bare", ": stock", ": Agents", ": Agents least", "tokens fetched"),
        rows,
        tuple(targets),
        tuple(filter(None, (reason,))),
    )
