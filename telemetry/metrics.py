"""What is counted, for Prometheus. Labels are commands, kinds of effects, outcomes and classes of statuses: a few hundred series at most.

What is about the database is the same on every replica and has `database` in its name; all else is of this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from telemetry.health import Health, State

# Seconds. A turn must answer in about ten; an effect may wait for a slow service, and be late for as long as a service is away.
OF_A_TURN = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
OF_AN_EFFECT = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0)
OF_A_DELAY = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Life:
    """A token's: how long it has been held and how long it is still good for, in seconds."""

    age: float
    remaining: float


class Metrics:
    """The instruments, and the registry that shows them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        turns = Histogram(
            "pykala_turn_seconds",
            "From the activity read to its answer made, by command and outcome.",
            ("command", "outcome"),
            buckets=OF_A_TURN,
            registry=registry,
        )
        effects = Histogram(
            "pykala_effect_seconds",
            "One attempt at an effect, by kind and outcome: done, retried, postponed, dead or abandoned.",
            ("kind", "outcome"),
            buckets=OF_AN_EFFECT,
            registry=registry,
        )
        delays = Histogram(
            "pykala_effect_delay_seconds",
            "From when an effect was due to when it was begun.",
            ("kind",),
            buckets=OF_A_DELAY,
            registry=registry,
        )
        self._channel = Counter(
            "pykala_channel_requests", "Requests to Teams, by method and class of status.", ("method", "status"), registry=registry
        )
        self._graph = Counter("pykala_graph_requests", "Requests to Microsoft Graph, by class of status.", ("status",), registry=registry)
        ProcessCollector(registry=registry)
        # Looked up in each turn.
        self.turn: Callable[[str, str], Histogram] = cache(turns.labels)
        self.effect: Callable[[str, str], Histogram] = cache(effects.labels)
        self.delay: Callable[[str], Histogram] = cache(delays.labels)

    def channel(self, method: str, status: int) -> None:
        self._channel.labels(method, status_class(status)).inc()

    def graph(self, status: int) -> None:
        self._graph.labels(status_class(status)).inc()

    def watch(self, health: Health, tokens: dict[str, Callable[[], Life | None]]) -> None:
        """Show with each scrape how the bot is, and the lives of these tokens."""
        self.registry.register(_AtScrape(health, tokens))


def status_class(status: int) -> str:
    """`2xx` … `5xx`; `429`, which is being asked for patience, by itself; `none` when nobody answered."""
    return "429" if status == 429 else f"{status // 100}xx" if status else "none"


class _AtScrape(Collector):
    """What is read when it is asked for. Of a database that does not answer only this is told."""

    def __init__(self, health: Health, tokens: dict[str, Callable[[], Life | None]]) -> None:
        self._health = health
        self._tokens = tokens

    def describe(self) -> list[Metric]:
        # Nothing is read to find out the names.
        return []

    def collect(self) -> Iterator[Metric]:
        state = self._health.last
        yield _gauge("pykala_ready", "1 when this process can serve, as /readyz says.", state.ready)
        yield _gauge("pykala_database_up", "1 when the database answers this process and takes what is written.", state.database == "ok")
        yield _gauge("pykala_clock_jump_seconds", "How far this machine's clock jumped within the last ten minutes.", state.jumped)
        if state.outbox:
            yield from _outbox(state)
        age = GaugeMetricFamily("pykala_token_age_seconds", "How long this process has held its token.", labels=["token"])
        left = GaugeMetricFamily("pykala_token_remaining_seconds", "How long the token is still good for.", labels=["token"])
        for name, life_of in self._tokens.items():
            if (life := life_of()) is not None:
                age.add_metric([name], life.age)
                left.add_metric([name], life.remaining)
        yield age
        yield left


def _outbox(state: State) -> Iterator[Metric]:
    depth = GaugeMetricFamily("pykala_database_effects", "Effects of all processes, by state.", labels=["state"])
    for name in ("waiting", "running", "dead"):
        depth.add_metric([name], state.outbox[name])
    yield depth
    yield _gauge("pykala_database_effects_due", "Of those waiting, how many are due.", state.outbox["due"])
    yield _gauge("pykala_database_effect_late_seconds", "How long the oldest due effect has been due.", state.outbox["late_seconds"])


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value)
