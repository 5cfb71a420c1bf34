"""Who is measured against whom, and what is sent to each; the stage they stand on: the channel, the token issuer, and whoever speaks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle, islice, repeat
from typing import Any, Self

import aiohttp

from bench.processes import Served, serve
from bench.room import board, people
from bench.rounds import Sent, send
from tests.standins.channel import Channel
from tests.standins.issuer import Issuer

Bodies = Iterator[bytes]
TOKENS = 4


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot of `bench.bots` and what is sent to it, each activity new. `replies`: posts to the channel that each turn brings; None when the
    answer is in the HTTP response. `share`: of the turns of a round, for slow bots. `environment`: what the bot is told beside the rest."""

    name: str
    bot: str
    bodies: Callable[[Channel], Bodies]
    replies: int | None = 1
    share: float = 1.0
    environment: Mapping[str, str] = field(default_factory=dict)


def echo(channel: Channel) -> Bodies:
    anna = channel.person("Anna Aalto")
    desk = channel.personal(anna)
    return (json.dumps(channel.said(anna, desk, f"viesti {number}")).encode() for number in count())


def press(channel: Channel) -> Bodies:
    """Members at the roll call, each pressing Present and Late in turn, so that every press changes the record."""
    members = people(channel)
    place = board(channel, members)

    def body(number: int) -> bytes:
        turn, member = divmod(number, len(members))
        data = {"verb": "sign_in", "nonce": f"n{number}", "meeting_id": "meeting", "sign": ("present", "late")[turn % 2]}
        action = {"type": "Action.Execute", "verb": "sign_in", "data": data}
        return json.dumps(channel.pressed(members[member], place, action)).encode()

    return (body(number) for number in count())


def status(channel: Channel) -> Bodies:
    """Members who ask in their own chats how things stand: a card through the channel."""
    desks = [(who, channel.personal(who)) for who in people(channel)]
    return (json.dumps(channel.said(who, desk, "tilanne")).encode() for who, desk in cycle(desks))


@dataclass(slots=True)
class Running:
    """A contender's process and what it will be sent next."""

    contender: Contender
    served: Served
    bodies: Bodies


class Stage:
    """The channel and the issuer, in this process, and the sender of activities with signed tokens. `async with Stage() as stage`."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.channel = Channel(issuer=self.issuer)

    async def __aenter__(self) -> Self:
        self._closing = contextlib.AsyncExitStack()
        await self._closing.enter_async_context(self.issuer)
        await self._closing.enter_async_context(self.channel)
        self._session = await self._closing.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        tokens = cycle([self.issuer.token(self.channel.service_url) for _ in range(TOKENS)])
        self._headers = lambda: {"Authorization": f"Bearer {next(tokens)}", "Content-Type": "application/json"}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    @contextlib.asynccontextmanager
    async def running(self, contenders: Sequence[Contender]) -> AsyncIterator[list[Running]]:
        """Each in a process of its own, all at the same time."""
        async with contextlib.AsyncExitStack() as stack:
            yield [Running(one, await stack.enter_async_context(self._serve(one)), one.bodies(self.channel)) for one in contenders]

    def _serve(self, contender: Contender) -> Any:
        environment = {
            **self.issuer.environment,
            "BENCH_METADATA_URL": self.issuer.metadata_url,
            "BENCH_LOGIN_URL": self.issuer.login_url,
            **contender.environment,
        }
        return serve(["-m", "bench.bots", contender.bot], environment, ready="/healthz")

    async def send(self, bot: Running, turns: int, at_once: int) -> Sent:
        """RuntimeError when a turn is not answered well, or a reply is missing."""
        bodies = list(islice(bot.bodies, turns))
        self.channel.requests.clear()
        sent = await send(self._session, repeat(f"{bot.served.url}/api/messages"), bodies, at_once, self._headers)
        # Replies only: the board's posts of another bot may fall into this round.
        posts = sum(asked.method == "POST" and not asked.path.endswith("/activities") for asked in self.channel.requests)
        if bot.contender.replies is not None and posts != turns * bot.contender.replies:
            raise RuntimeError(f"{bot.contender.name}: {posts} replies to {turns} turns")
        return sent
