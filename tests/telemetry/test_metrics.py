"""What /metrics shows after people have worked, and to whom."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from cards.actions import BY_STEM
from storage.faults import fault_of
from storage.outbox import KINDS
from telemetry.health import Health
from telemetry.metrics import Life, Metrics, status_class
from telemetry.pages import _may_read
from tests.standins.channel import Trouble
from tests.turns.room import Room, text_of
from tests.turns.scenes import PLANNED, published

LABELS = {"command", "outcome", "kind", "method", "status", "state", "token", "le"}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


class Scrape:
    """One answer of /metrics."""

    def __init__(self, text: str) -> None:
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name with those labels."""
        return sum(one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items())


async def scrape(room: Room) -> Scrape:
    status, body = await room.get("/metrics")
    assert status == 200
    return Scrape(body.decode())


def count(room: Room, condition: str) -> int:
    with closing(sqlite3.connect(room._folder / "room.db")) as database:
        return int(database.execute(f"SELECT count(*) FROM effect WHERE {condition}").fetchone()[0])  # noqa: S608  # of this file


async def at_rest(room: Room) -> None:
    await room.settled(lambda: not count(room, "state = 'running' OR (state = 'waiting' AND due_at < '2026-04-20 06:00:01')"), "rest")


async def test_turns_are_counted_by_command_and_outcome(room: Room) -> None:
    scene = await published(room)
    await room.say(scene.maija, scene.chair_desk, "esityslista\n1 § Jotain")
    async with aiohttp.ClientSession() as http, http.post(f"{room.url}/api/messages", json={"type": "message"}) as answer:
        assert answer.status == 400
    room.channel.troubles.append(Trouble(status=500, method="POST", times=1))
    await room.channel.say(scene.aino, scene.desk, "tilanne")
    seen = await scrape(room)
    assert seen("pykala_turn_seconds_count", command="read_agenda", outcome="answered") == 1
    assert seen("pykala_turn_seconds_count", command="read_agenda", outcome="refused") == 1
    assert seen("pykala_turn_seconds_count", command="none", outcome="rejected") == 1
    assert seen("pykala_turn_seconds_count", command="show_status", outcome="failed") == 1
    assert seen("pykala_turn_seconds_sum", command="read_agenda") > 0


async def test_effects_are_counted_by_kind_and_outcome_and_the_outbox_is_as_it_is(room: Room) -> None:
    scene = await published(room)
    await at_rest(room)
    before = await scrape(room)
    room.channel.troubles.append(Trouble(status=503, method="PUT", times=2))
    async with aiohttp.ClientSession() as http:
        await http.post(f"{room.url}/graph/sandbox/faults", json={"status": 429, "retry_after": "30", "times": 1, "method": "PATCH"})
    await scene.say("add_item", "Laituri")
    assert "14.00" in text_of(await scene.say("move_meeting", "ma 11.5.2026 klo 14.00–15.00 Kunnantalo"))
    await room.settled(lambda: count(room, "kind = 'RefreshBoard' AND error <> ''"), "the channel's failure")
    room.wait(15)
    await scene.say("show_status")
    await room.settled(lambda: count(room, "kind = 'SyncEvent' AND state = 'waiting' AND error <> ''"), "the calendar's refusal")
    await room.settled(lambda: not count(room, "state = 'running'"), "nothing running")
    after = await scrape(room)

    def more(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert more("pykala_effect_seconds_count", kind="RefreshBoard", outcome="retried") == 1
    assert more("pykala_effect_seconds_count", kind="SyncEvent", outcome="retried") == 1
    assert before("pykala_effect_seconds_count", kind="RefreshBoard", outcome="done") >= 1
    assert after("pykala_effect_seconds_count") == after("pykala_effect_delay_seconds_count")
    assert more("pykala_channel_requests_total", method="PUT", status="5xx") == 2  # the connector's own second try
    assert more("pykala_graph_requests_total", status="429") == 1
    assert before("pykala_graph_requests_total", status="2xx") >= 1
    assert after("pykala_ready") == after("pykala_database_up") == 1


async def test_the_outbox_is_shown_as_it_is(room: Room) -> None:
    await published(room)
    await at_rest(room)
    with closing(sqlite3.connect(room._folder / "room.db")) as database, database:
        database.execute("UPDATE effect SET state = 'dead' WHERE seq IN (SELECT seq FROM effect WHERE state = 'done' LIMIT 3)")
    seen = await scrape(room)
    assert seen("pykala_database_effects", state="waiting") == count(room, "state = 'waiting'") > 0
    assert (seen("pykala_database_effects", state="dead"), seen("pykala_database_effects", state="running")) == (3, 0)
    assert seen("pykala_database_effect_late_seconds") == seen("pykala_database_effects_due") == 0


async def test_labels_are_few_and_name_nobody(room: Room) -> None:
    await published(room)
    for sample in (await scrape(room)).samples:
        if sample.name.startswith("pykala"):
            assert set(sample.labels) <= LABELS
            assert sample.labels.get("command", "none") in {*BY_STEM, "none"}
            assert sample.labels.get("kind", "Tell") in KINDS


async def test_a_process_shows_its_memory_and_time(room: Room) -> None:
    seen = await scrape(room)
    assert seen("process_resident_memory_bytes") > 0
    assert seen("process_cpu_seconds_total") > 0


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_who_comes_through_a_proxy_finds_no_metrics(room: Room, header: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{room.url}/metrics", headers={header: "127.0.0.1"}) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("asker", "readers", "may"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("::ffff:127.0.0.1", "", True),
        ("10.20.3.4", "", False),
        ("10.20.3.4", "10.20.0.0/16", True),
        ("::ffff:10.20.3.4", "10.20.0.0/16", True),
        ("10.21.3.4", "10.20.0.0/16", False),
        ("fd00::7", "10.20.0.0/16 fd00::/8", True),
        ("fe80::1%eth0", "fe80::/10", True),
        ("", "0.0.0.0/0", False),
    ],
)
def test_metrics_are_read_from_this_machine_and_the_named_networks(asker: str, readers: str, may: bool) -> None:
    request = make_mocked_request("GET", "/metrics").clone(remote=asker)
    assert _may_read(request, [ip_network(one) for one in readers.split()]) is may


def test_series_begin_with_a_registry_of_their_own() -> None:
    first, second = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    first.channel("POST", 201)
    assert first.registry.get_sample_value("pykala_channel_requests_total", {"method": "POST", "status": "2xx"}) == 1
    assert second.registry.get_sample_value("pykala_channel_requests_total", {"method": "POST", "status": "2xx"}) is None


@pytest.mark.parametrize(("status", "named"), [(0, "none"), (201, "2xx"), (302, "3xx"), (404, "4xx"), (429, "429"), (503, "5xx")])
def test_statuses_are_counted_by_their_class(status: int, named: str) -> None:
    assert status_class(status) == named


async def test_the_guide_lists_what_there_is(room: Room) -> None:
    """And nothing else: alerts on what does not exist never fire."""
    metrics = Metrics(CollectorRegistry())
    health = Health(_counts, fault_of, lambda: "ok", lambda: PLANNED)
    metrics.watch(health, {"graph": lambda: Life(1.0, 2.0)})
    await health.state()
    shown = {family.name + ("_total" if family.type == "counter" else "") for family in metrics.registry.collect()}
    told = set(re.findall(r"\bpykala_[a-z_]+", (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")))
    assert told == {name for name in shown if name.startswith("pykala_")}


async def test_the_tokens_lives_are_shown_once_there_are_any() -> None:
    metrics = Metrics(CollectorRegistry())
    lives: list[Life | None] = [None]
    metrics.watch(Health(_counts, fault_of, lambda: "ok", lambda: PLANNED), {"channel": lambda: lives[0]})
    assert metrics.registry.get_sample_value("pykala_token_remaining_seconds", {"token": "channel"}) is None
    lives[0] = Life(600.0, 3000.0)
    assert metrics.registry.get_sample_value("pykala_token_remaining_seconds", {"token": "channel"}) == 3000.0
    assert metrics.registry.get_sample_value("pykala_token_age_seconds", {"token": "channel"}) == 600.0


async def test_a_database_that_is_away_leaves_no_old_numbers() -> None:
    async def away() -> dict[str, float]:
        raise OSError

    ticks = [0.0]
    asked = iter([_counts(), away()])
    metrics = Metrics(CollectorRegistry())
    health = Health(lambda: next(asked), fault_of, lambda: "ok", lambda: PLANNED, lambda: ticks[0])
    metrics.watch(health, {})
    for up in (1.0, 0.0):
        await health.state()
        assert metrics.registry.get_sample_value("pykala_database_up") == metrics.registry.get_sample_value("pykala_ready") == up
        assert (metrics.registry.get_sample_value("pykala_database_effects", {"state": "dead"}) is not None) is (up == 1.0)
        ticks[0] += 2.0


async def _counts() -> dict[str, float]:
    return {"waiting": 1, "running": 0, "dead": 0, "due": 0, "late_seconds": 0.0}
