"""P3: whether it matters how much there is: a press and the status with one body, and with 10 000 bodies and a million items beside it.

The same meeting is asked about in both. The many bodies are the one copied, each with 20 seats, ten meetings and their items; timers of
days to come, and effects, turns and journal rows of earlier ones are there too. Turns are one after the other, so p50 is a turn's own
time, not that of a queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, text

from bench.contenders import Contender, Running, Stage, press, status
from bench.copies import FIRST, SERIES, copy_body
from bench.processes import Missing, database_server
from bench.report import Table as Report
from bench.report import Target
from bench.room import fill
from bench.rounds import interleaved, median, percentile, ratio
from meetings.model import Meeting, Phase
from storage.database import Storage
from storage.transaction import Transaction
from tests import samples
from tests.standins.channel import Channel

MEETINGS = 9  # held before the one that is pressed on
ITEMS_EACH = 10
MANY = 10_000
EARLIER = 200_000  # rows of turns, of effects and of the journal
MOST = 1.2


async def fill_meetings(url: str, channel: Channel) -> None:
    """The body with its open meeting, and those before it."""
    await fill(url, channel)
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    await storage.start()
    await storage.run(_earlier)
    await storage.close()


def _earlier(tx: Transaction) -> None:
    now = datetime.now(UTC)
    for number in range(1, MEETINGS + 1):
        day = now.date() - timedelta(days=60 * number)
        made = samples.meeting(ITEMS_EACH, id=f"held{number}", number=100 + number, day=day, year=day.year)
        items = tuple(replace(one, id=f"h{number}-{one.id}", meeting_id=made.id) for one in made.items)
        held: Meeting = replace(made, phase=Phase.APPROVED, closed_at=now, approved_at=now, items=items)
        tx.save(held)


def multiply(url: str, bodies: int, earlier: int) -> int:
    """Copy the body and all that hangs on it, so that there are so many; the number of items then."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA cache_size=-400000"))
        copy_body(connection, bodies - 1)
        _fill_up(connection, bodies, earlier)
        items = int(connection.execute(text("SELECT count(*) FROM item")).scalar() or 0)
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    engine.dispose()
    return items


def _fill_up(connection: Connection, bodies: int, earlier: int) -> None:
    """Two timers a body far ahead, and what earlier days left behind: effects done, turns seen, the journal."""
    past, ahead = (datetime.now(UTC) + timedelta(days=days) for days in (-5, 60))
    if connection.dialect.name == "sqlite":
        past, ahead = (str(one.replace(tzinfo=None)) for one in (past, ahead))  # type: ignore[assignment]  # as its column keeps them
    times = {"copies": earlier, "past": past, "ahead": ahead, "first": FIRST}
    columns = "kind, key, lane, payload, due_at, state, attempts, result, error, done_at"
    effects = (
        "'RefreshBoard', 'old:' || n, 'old:' || n, '{}', :past, 'done', 1, '', '', :past",
        "'WarnQuorum', 'warn:' || n, '', '{\"meeting_id\": \"none\"}', :ahead, 'waiting', 0, '', '', NULL",
    )
    for values, many in zip(effects, (earlier, 2 * bodies), strict=True):
        made = text(f"INSERT INTO effect ({columns}) {SERIES} SELECT {values} FROM series")  # noqa: S608  # as above
        connection.execute(made, times | {"copies": many})
    connection.execute(text(f"INSERT INTO turn (key, at) {SERIES} SELECT 'old:' || n, :past FROM series"), times)  # noqa: S608  # as above
    columns = "body_id, meeting_id, person_id, at, command, payload, before, hash"
    values = "(:first + n % 10000) || '-body', '', '', :past, 'sign_in', '{}', 'old' || n, 'old' || (n + 1)"
    connection.execute(text(f"INSERT INTO journal ({columns}) {SERIES} SELECT {values} FROM series"), times)  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class Database:
    """One of the two databases, with little and with much in it."""

    name: str
    little: str
    much: str


@contextlib.contextmanager
def databases() -> Iterator[tuple[list[Database], str]]:
    """Those that can be had here, and why the other one cannot."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found, reason = [Database("SQLite", f"sqlite:///{folder}/little.db", f"sqlite:///{folder}/much.db")], ""
        try:
            urls = [stack.enter_context(database_server()).url for _ in range(2)]
            found.append(Database("PostgreSQL", urls[0], urls[1]))
        except Missing as missing:
            reason = f"PostgreSQL: {missing}"
        yield found, reason


async def measure(rounds: int = 5, turns: int = 120, bodies: int = MANY, earlier: int = EARLIER) -> Report:
    rows: list[tuple[str, ...]] = []
    targets: list[Target] = []
    items = 0
    async with Stage() as stage:
        with databases() as (found, reason):
            for one in found:
                for url in (one.little, one.much):
                    await fill_meetings(url, stage.channel)
                items = await asyncio.to_thread(multiply, one.much, bodies, earlier)
                for what, (little, much) in (await _compared(stage, one, rounds, turns)).items():
                    times = ratio(much, little)
                    rows.append((f"{what}, {one.name}", f"{median(little):.2f}", f"{median(much):.2f}", f"{times:.2f}"))
                    targets.append(Target(f"{what}, {one.name}: p50 ≤ {MOST} × that of the empty one", f"{times:.2f}", times <= MOST))
    return Report(
        "P3",
        f"{bodies} bodies and {items} items",
        ("what", "p50 ms with one body", "p50 ms with all", "all : one"),
        tuple(rows),
        tuple(targets),
        tuple(filter(None, (reason,))),
    )


async def _compared(stage: Stage, database: Database, rounds: int, turns: int) -> Mapping[str, tuple[list[float], list[float]]]:
    """The p50 of each round in milliseconds, by what was asked: of little and of much."""
    sent = {"press": press, "status": status}
    contenders = [Contender(name, "product", press, environment={"DATABASE_URL": url}) for name, url in _urls(database).items()]
    results: dict[tuple[str, str], list[float]] = {}
    async with stage.running(contenders) as bots:
        asked = [
            Running(
                replace(bot.contender, name=f"{bot.contender.name} {what}", replies=1 if what == "status" else None), bot.served, bodies
            )
            for bot in bots
            for what, bodies in ((what, make(stage.channel)) for what, make in sent.items())
        ]
        async for number, bot in interleaved(asked, rounds):
            went = await stage.send(bot, turns, 1)
            if number:
                size, _, what = bot.contender.name.partition(" ")
                results.setdefault((size, what), []).append(percentile(went.latencies, 50) * 1000)
    return {what: (results["little", what], results["much", what]) for what in sent}


def _urls(database: Database) -> Mapping[str, str]:
    return {"little": database.little, "much": database.much}
