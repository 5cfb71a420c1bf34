"""Around each turn and each effect: an id that its log lines and all that follows from it carry, a measurement, and a span when traced."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry

from telemetry.metrics import Metrics
from telemetry.under_way import UNDER_WAY, Observed

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

    def turn(self) -> AbstractContextManager[Observed]:
        """A turn under a new id, from the request to its response."""
        return self._observing(Observed(secrets.token_hex(6)))

    def effect(self, kind: str, seq: int, attempt: int, turn: str, late: timedelta) -> AbstractContextManager[Observed]:
        """One attempt at an effect, begun `late` after it was due. Whoever carries it out sets the outcome."""
        self.metrics.delay(kind).observe(max(late.total_seconds(), 0.0))
        return self._observing(Observed(turn, "none", "abandoned", kind, seq, attempt))

    @contextmanager
    def _observing(self, what: Observed) -> Iterator[Observed]:
        token, begun = UNDER_WAY.set(what), time.perf_counter()
        try:
            if self._tracing is None:
                yield what
            else:
                with self._tracing.span(what):
                    yield what
        finally:
            took = time.perf_counter() - begun
            if what.effect:
                self.metrics.effect(what.effect, what.outcome).observe(took)
            else:
                self.metrics.turn(what.command, what.outcome).observe(took)
            if _details.isEnabledFor(logging.DEBUG):
                log.debug("effect" if what.effect else "turn", outcome=what.outcome, seconds=round(took, 4))
            UNDER_WAY.reset(token)
