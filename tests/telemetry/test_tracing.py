"""The real bot with a collector on this machine: a turn's span, those of the effects that follow from it, and Graph's below them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from telemetry.tracing import TOLD, Discreet
from tests.jobs.house import House
from tests.turns.scenes import set_up

DAY = "ti 11.5.2027 klo 10.00–12.00 Kunnantalo"


class Collector:
    """An OTLP/HTTP receiver: what it was sent, as spans and as bytes."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.content = b""

    async def open(self) -> None:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        content = await request.read()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        self.content += content
        for resource in ExportTraceServiceRequest.FromString(content).resource_spans:
            self.services |= {one.value.string_value for one in resource.resource.attributes if one.key == "service.name"}
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf")

    def made(self) -> list[Span]:
        """The attempts that made or changed an event."""
        return [one for one in self.named("effect SyncEvent") if says(one)["pykala.outcome"] == "done"]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name.startswith(name)]


class TracedHouse(House):
    """Its bot sends traces, soon."""

    collector = Collector()

    @property
    def environment(self) -> dict[str, str]:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200", "LOG_LEVEL": "debug"}
        return super().environment | traced


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TracedHouse]:
    opened = TracedHouse(tmp_path)
    opened.collector = Collector()
    await opened.collector.open()
    async with opened:
        yield opened
    await opened.collector.close()


def says(span: Span) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def test_a_turn_and_what_follows_from_it_arrive_as_one_trace(house: TracedHouse) -> None:
    collector = house.collector
    scene = await set_up(house)
    async with aiohttp.ClientSession() as http:
        await http.post(f"{house.calendars.url.removesuffix('/v1.0')}/sandbox/faults", json={"status": 403, "path": "*/events", "times": 1})
    await scene.say("plan_meeting", DAY)
    await house.settled(collector.made, "the event made")
    (turn,) = collector.named("turn plan_meeting")
    assert says(turn) == {"pykala.turn": says(turn)["pykala.turn"], "pykala.outcome": "answered"}
    assert (turn.parent_span_id, turn.kind, turn.status.code) == (b"", Span.SPAN_KIND_SERVER, Status.STATUS_CODE_UNSET)

    failed, made = collector.named("effect SyncEvent")
    for effect, outcome, attempt in ((failed, "retried", 1), (made, "done", 2)):
        assert (effect.trace_id, effect.parent_span_id) == (turn.trace_id, turn.span_id)
        assert says(effect) == {"pykala.turn": says(turn)["pykala.turn"], "pykala.outcome": outcome, "pykala.attempt": attempt}
    assert (failed.status.code, failed.status.message) == (Status.STATUS_CODE_ERROR, "")

    below = [span for span in collector.spans if span.parent_span_id == made.span_id]
    assert below
    assert all(span.trace_id == turn.trace_id for span in below)
    assert any(says(span).get("http.response.status_code") == 201 for span in below)
    assert {says(span).get("http.request.method") for span in below} >= {"POST"}
    # Another turn is another trace.
    assert len({span.trace_id for span in collector.named("turn ")}) == len(collector.named("turn "))
    assert collector.services == {"pykala"}


async def test_of_people_nothing_is_sent(house: TracedHouse) -> None:
    collector = house.collector
    scene = await set_up(house)
    for status in (403, 404):
        async with aiohttp.ClientSession() as http:
            fault = {"status": status, "code": "maija.meri@example.org", "times": 1}
            await http.post(f"{house.calendars.url.removesuffix('/v1.0')}/sandbox/faults", json=fault)
    await scene.say("plan_meeting", DAY)
    await house.settled(collector.made, "the event made")
    await house.stop()
    for span in collector.spans:
        assert set(says(span)) <= TOLD
        assert "@" not in span.name
        assert "://" not in span.name
    for word in ("example", "maija", "meri", "aino", "saarela", "kunnantalo", "saarten"):
        assert word.encode() not in collector.content.lower(), word
    assert b"users" in collector.content, "which request it was is told, by its pattern"


async def test_what_is_not_sent_yet_goes_with_the_stop_and_a_silent_collector_holds_up_nothing(house: TracedHouse) -> None:
    await set_up(house)
    await house.stop()
    assert house.collector.named("turn confirm_roster")
    await house.collector.close()
    await house.start()
    channel = house.channel
    answer = await channel.say(channel.person("Aino Saarela"), await channel.open(channel.person("Aino Saarela")), "tilanne")
    assert answer.status == 201
    async with asyncio.timeout(25):
        await house.stop()
    await house.collector.open()


def test_a_library_s_span_is_sent_without_addresses_and_texts() -> None:
    """What Graph's SDK tells where it was given a whole address, or the answer could not be read."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Discreet(kept)))
    span = provider.get_tracer("kiota").start_span("send_async - https://graph.example/users/maija.meri@example.org/events")
    span.set_attributes({"url.full": "https://graph.example/users/maija.meri%40example.org", "http.response.status_code": 404})
    span.record_exception(ValueError("maija.meri@example.org has no mailbox"))
    span.set_status(StatusCode.ERROR, "maija.meri@example.org has no mailbox")
    span.end()
    (sent,) = kept.get_finished_spans()
    assert (sent.name, dict(sent.attributes or {})) == ("send_async", {"http.response.status_code": 404})
    assert [(event.name, dict(event.attributes or {})) for event in sent.events] == [("exception", {"exception.type": "ValueError"})]
    assert (sent.status.status_code, sent.status.description) == (StatusCode.ERROR, None)
    assert "maija" not in sent.to_json()
