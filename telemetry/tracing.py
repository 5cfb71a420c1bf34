"""Traces by OpenTelemetry, where an endpoint is set. One trace a turn: the turn, the effects that follow from it, and their calls to Graph.

The ids of a turn's trace and span follow from the turn's id alone, so an effect finds its turn's trace by the id that its row keeps, days
later and in another process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.types import Attributes
from typing_extensions import override

from telemetry.under_way import Observed

# All that is sent of what a span says. Nothing else of the libraries': addresses of requests and texts of errors carry people's.
TOLD = frozenset(
    {
        "pykala.turn",
        "pykala.outcome",
        "pykala.attempt",
        "exception.type",
        "http.request.method",
        "http.request.resend_count",
        "http.response.status_code",
        "network.protocol.name",
        "server.address",
        "url.scheme",
    }
)
_GOOD = frozenset({"answered", "refused", "silent", "rejected", "done", "postponed"})
# The turn whose span is being begun.
_BEGINNING: ContextVar[str] = ContextVar("beginning", default="")


class Tracing:
    """Spans of turns and effects, sent by OTLP over HTTP in the background; `close` sends the last of them, and blocks meanwhile."""

    def __init__(self, endpoint: str, service: str) -> None:
        """`endpoint`: the collector's address, to which `/v1/traces` is added. The SDK's other variables (`OTEL_EXPORTER_OTLP_HEADERS`,
        `OTEL_TRACES_SAMPLER`, …) count as everywhere."""
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), id_generator=_TurnIds())
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
        # Where Graph's SDK looks for it.
        trace.set_tracer_provider(self._provider)
        self._tracer = self._provider.get_tracer("pykala")

    @contextmanager
    def span(self, what: Observed) -> Iterator[None]:
        """Around a turn or an attempt at an effect. What is raised goes on, and nothing is told of it."""
        if what.effect:
            span = self._tracer.start_span(what.effect, self._after(what.turn) if what.turn else Context(), SpanKind.CONSUMER)
        else:
            token = _BEGINNING.set(what.turn)
            span = self._tracer.start_span("turn", Context(), SpanKind.SERVER)
            _BEGINNING.reset(token)
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield
            finally:
                span.update_name(f"effect {what.effect}" if what.effect else f"turn {what.command}")
                span.set_attributes({"pykala.turn": what.turn, "pykala.outcome": what.outcome})
                if what.attempt:
                    span.set_attribute("pykala.attempt", what.attempt)
                if what.outcome not in _GOOD:
                    span.set_status(StatusCode.ERROR)

    def close(self) -> None:
        self._provider.shutdown()

    def _after(self, turn: str) -> Context:
        """Below the turn's span, whoever recorded that."""
        trace_id, span_id = _ids(turn)
        sampled = self._provider.sampler.should_sample(None, trace_id, "turn").decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        return trace.set_span_in_context(NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)), Context())


def _ids(turn: str) -> tuple[int, int]:
    """The trace's and the first span's of a turn."""
    digest = hashlib.sha256(turn.encode()).digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")


class _TurnIds(RandomIdGenerator):
    @override
    def generate_trace_id(self) -> int:
        turn = _BEGINNING.get()
        return _ids(turn)[0] if turn else super().generate_trace_id()

    @override
    def generate_span_id(self) -> int:
        turn = _BEGINNING.get()
        return _ids(turn)[1] if turn else super().generate_span_id()


class Discreet(SpanExporter):
    """Sends spans on with what TOLD lists, and nothing else of what they say."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_discreet(span) for span in spans])

    @override
    def shutdown(self) -> None:
        self._exporter.shutdown()

    @override
    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=_name(span.name),
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_told(span.attributes),
        events=[Event(event.name, _told(event.attributes), event.timestamp) for event in span.events],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _told(attributes: Attributes) -> Attributes:
    return {name: value for name, value in (attributes or {}).items() if name in TOLD}


def _name(name: str) -> str:
    """Graph's SDK names spans by the pattern of an address; where it was given a whole one, by that."""
    return name if "://" not in name and "@" not in name else name.partition(" ")[0]
