"""Rounds: everybody in turn, in another order each time, and ratios inside a round."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import aiohttp

Contender = TypeVar("Contender")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending activities: how long it took, and each one's time until the answer, both in seconds."""

    seconds: float
    latencies: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


async def interleaved(contenders: Sequence[Contender], rounds: int) -> AsyncIterator[tuple[int, Contender]]:
    """Each contender once a round; round 0 warms up. Who begins changes from round to round."""
    for number in range(rounds + 1):
        first = number % len(contenders)
        for one in (*contenders[first:], *contenders[:first]):
            yield number, one


async def send(
    session: aiohttp.ClientSession, urls: Iterator[str], bodies: Sequence[bytes], at_once: int, headers: Callable[[], Mapping[str, str]]
) -> Sent:
    """Post the activities, so many at a time, each to the next address. RuntimeError when one is not answered well, or with a card that
    says it went wrong."""
    waiting = iter(bodies)
    latencies: list[float] = []

    async def one_by_one() -> None:
        for body in waiting:
            began = time.perf_counter()
            url = next(urls)
            async with session.post(url, data=body, headers=headers()) as answer:
                content = await answer.read()
                if answer.status not in {200, 201, 202} or b'"attention"' in content:
                    raise RuntimeError(f"{url} answered {answer.status}: {content[:300].decode(errors='replace')}")
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_by_one())
    return Sent(time.perf_counter() - began, tuple(latencies))


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(one / other for one, other in zip(of, to, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank: the smallest value that is not exceeded by so many percent."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]
