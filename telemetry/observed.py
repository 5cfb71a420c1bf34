"""Around each turn and each effect: an id that its log lines and all that follows from it carry, a measurement, and a span when traced."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry

from telemetry.metrics import Metrics
from telemetry.under_way import Observed, observing

if TYPE_CHECKING:  # the SDK takes a while to load, and most installations have nobody to send traces to
    from telemetry.tracing import Tracing

log = structlog.get_logger()
# Asked before each line that nearly nobody wants: a logger of structlog takes longer to say no.
_details = logging.getLogger(__name__)


class Telemetry:
    """Metrics, and traces where there is somebody to send them to."""

    def __init__(self, metrics: Metrics | None = None, tracing: Tracing | None = None) -> None:
        self.metrics = metrics or Metrics(CollectorRegistry())
        self._tracing = tracing

    @contextmanager
    def turn(self) -> Iterator[Observed]:
        """A turn under a new id, from the request to its response."""
        turn = Observed(secrets.token_hex(6))
        begun = time.perf_counter()
        with observing(turn):
            try:
                with self._tracing.turn(turn) if self._tracing else nullcontext():
                    yield turn
            finally:
                took = time.perf_counter() - begun
                self.metrics.turns.labels(turn.command, turn.outcome).observe(took)
                if _details.isEnabledFor(logging.DEBUG):
                    log.debug("turn", outcome=turn.outcome, seconds=round(took, 4))

    @contextmanager
    def effect(self, kind: str, seq: int, attempt: int, turn: str, late: timedelta) -> Iterator[Observed]:
        """One attempt at an effect, begun `late` after it was due. Whoever carries it out sets the outcome."""
        effect = Observed(turn, "none", "abandoned", kind, seq, attempt)
        begun = time.perf_counter()
        self.metrics.delays.labels(kind).observe(max(late.total_seconds(), 0.0))
        with observing(effect):
            try:
                with self._tracing.effect(effect) if self._tracing else nullcontext():
                    yield effect
            finally:
                took = time.perf_counter() - begun
                self.metrics.effects.labels(kind, effect.outcome).observe(took)
                if _details.isEnabledFor(logging.DEBUG):
                    log.debug("effect", outcome=effect.outcome, seconds=round(took, 4))
