"""P6: two replicas of `python app.py` beside one, on PostgreSQL: turns, how soon effects begin, and what a process costs that does nothing.

Turns are presses at the roll calls of 16 bodies, sent to the first replica or to both by turns, so that each always finds that the other
has changed the meeting. Effects are messages to people, half due at once and half at a time ahead; timed from when each was due until it is
heard at the channel. Driver, replicas and database share the cores of one machine.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice

import aiohttp
from sqlalchemy import NullPool, create_engine

from bench.copies import FIRST, copy_body
from bench.listener import Listener
from bench.processes import Served, Server, database_server, serve
from bench.report import Table
from bench.room import SEATS, board, fill, people
from bench.rounds import interleaved, median, percentile, ratio, send
from meetings.effects import Tell
from meetings.model import Conversation
from storage.database import Storage
from storage.transaction import Transaction
from tests.standins.channel import Channel

BODIES = 16
AT_ONCE = 16
EFFECTS = 100
SPACED = 0.04  # seconds between two effects: slower than the tenant's gate
AHEAD = timedelta(seconds=1)
IDLE = 20.0
NOTE = (
    "One replica keeps what it has read of a meeting in memory as long as nobody else changes it; with two that take turns at the same "
    "meetings each reads it anew. They pay where there are cores for them, and when one of them is down."
)


def presses(channel: Channel) -> Iterator[bytes]:
    """Members of all bodies, each pressing Present and Late in turn."""
    members = people(channel)
    place = board(channel, members)
    for number in count():
        turn, one = divmod(number, BODIES * SEATS)
        seat, body = divmod(one, BODIES)
        who, where, meeting = members[seat], place, "meeting"
        if body:
            who = replace(who, account_id=f"{FIRST + body}-{who.account_id}", channel_id=f"{FIRST + body}-{who.channel_id}")
            where, meeting = replace(place, id=f"{FIRST + body}-{place.id}"), f"{FIRST + body}-meeting"
        data = {"verb": "sign_in", "nonce": f"r{number}", "meeting_id": meeting, "sign": ("present", "late")[turn % 2]}
        action = {"type": "Action.Execute", "verb": "sign_in", "data": data}
        yield json.dumps(channel.pressed(who, where, action)).encode()


async def _fill(url: str, channel: Channel) -> None:
    """The bodies; every member has a chat with the bot."""
    await fill(url, channel)
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    await storage.start()

    def desks(tx: Transaction) -> None:
        for number, who in enumerate(people(channel), start=1):
            tx.save(Conversation(f"a:{number}", who.tenant_id, channel.service_url, "personal", person_id=f"m{number}"))

    await storage.run(desks)
    await storage.close()
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        copy_body(connection, BODIES - 1)


async def starts(storage: Storage, listener: Listener, effects: int) -> list[float]:
    """Milliseconds from when each effect was due until it was heard; half are due when they are committed."""
    due: dict[str, float] = {}
    listener.posts.clear()
    for number in range(effects):
        mark = f"M{number:05}M"
        person = f"{FIRST + 1 + number % (BODIES - 1)}-m{1 + number // (BODIES - 1) % SEATS}"

        def write(tx: Transaction, mark: str = mark, person: str = person, later: bool = bool(number % 2)) -> datetime:
            at = tx.now + AHEAD if later else tx.now
            tx.later(Tell(f"{mark}{tx.new_id()}", person, "reminder", (("number", mark), ("body", "-"))), at)
            return at

        due[mark] = (await storage.run(write)).timestamp()
        await asyncio.sleep(SPACED)
    heard: dict[str, float] = {}
    async with asyncio.timeout(30):
        while len(heard) < effects:
            await asyncio.sleep(0.1)
            for post in listener.posts:
                begins = post.content.find(b"M0")
                heard.setdefault(post.content[begins : begins + 7].decode(), post.at) if begins >= 0 else None
    return [(heard[mark] - at) * 1000 for mark, at in due.items()]


async def idle(replicas: Sequence[Served], seconds: float) -> list[float]:
    """Percent of a core that each takes while nobody asks anything."""
    before = [one.cpu() for one in replicas]
    await asyncio.sleep(seconds)
    return [(one.cpu() - spent) / seconds * 100 for one, spent in zip(replicas, before, strict=True)]


@dataclass(frozen=True, slots=True)
class Way:
    """To whom turns are sent."""

    name: str
    replicas: tuple[Served, ...]


async def measure(rounds: int = 5, turns: int = 480, effects: int = EFFECTS, rest: float = IDLE) -> Table:
    listener, channel = Listener(), Channel()
    with database_server() as server:
        async with listener.open() as service_url, AsyncExitStack() as stack:
            channel.service_url = service_url
            await _fill(server.url, channel)
            told = {"DATABASE_URL": server.url, "PYKALA_LOCAL": "1", "GRAPH_BASE_URL": "http://127.0.0.1:9/v1.0"}
            storage = Storage(server.url, clock=lambda: datetime.now(UTC))
            stack.push_async_callback(storage.close)
            first = await stack.enter_async_context(serve(["app.py"], told))
            alone = await starts(storage, listener, effects), await idle([first], rest)
            second = await stack.enter_async_context(serve(["app.py"], told))
            both = await starts(storage, listener, effects), await idle([first, second], rest)
            ways = (Way("one", (first,)), Way("two", (first, second)))
            speeds = await _turns(channel, server, ways, rounds, turns)
    return report(dict(zip(speeds, (alone, both), strict=True)), speeds, rest)


@dataclass(frozen=True, slots=True)
class Speed:
    """One round; CPU in milliseconds a turn, of the replicas together and of the server."""

    per_second: float
    cpu: float
    server_cpu: float


async def _turns(channel: Channel, server: Server, ways: Sequence[Way], rounds: int, turns: int) -> dict[str, list[Speed]]:
    speeds: dict[str, list[Speed]] = {way.name: [] for way in ways}
    bodies = presses(channel)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        async for number, way in interleaved(ways, rounds):
            urls = cycle([f"{one.url}/api/messages" for one in way.replicas])
            before = sum(one.cpu() for one in way.replicas), server.cpu()
            sent = await send(session, urls, list(islice(bodies, turns)), AT_ONCE, lambda: {"Content-Type": "application/json"})
            spent, served = sum(one.cpu() for one in way.replicas) - before[0], server.cpu() - before[1]
            if number:
                speeds[way.name].append(Speed(sent.per_second, spent * 1000 / turns, served * 1000 / turns))
    return speeds


def report(begun: dict[str, tuple[list[float], list[float]]], speeds: dict[str, list[Speed]], rest: float) -> Table:
    def row(name: str) -> tuple[str, ...]:
        began, rested = begun[name]
        return (
            name,
            f"{median(one.per_second for one in speeds[name]):.0f}",
            f"{ratio([one.per_second for one in speeds[name]], [one.per_second for one in speeds['one']]):.2f}",
            f"{median(one.cpu for one in speeds[name]):.1f} / {median(one.server_cpu for one in speeds[name]):.1f}",
            f"{percentile(began, 50):.0f} / {percentile(began, 95):.0f}",
            " / ".join(f"{one:.1f} %" for one in rested),
        )

    columns = (
        "replicas",
        "turns/s",
        ": one",
        "CPU ms a turn, all / server",
        "effect due → heard p50 / p95 ms",
        f"idle CPU of each, {rest:.0f} s",
    )
    return Table("P6", "two replicas beside one, PostgreSQL", columns, tuple(row(name) for name in speeds), notes=(NOTE,))
