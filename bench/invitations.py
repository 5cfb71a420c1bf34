"""A whole year of invitations, as fast as Exchange lets an app go: `python -m bench.invitations [--bodies 300] [--latency 0.05]`.

Every body plans five dates for its 20 seats. The events go through the outbox, the runner and the real msgraph-sdk to a Graph on this
machine that answers after `--latency` seconds and, as Exchange does, serves four requests of a mailbox at a time and refuses the fifth
(https://learn.microsoft.com/graph/throttling-limits). The limit is the time such a mailbox needs for so many requests at best; the ratio is
how much longer we took.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web

from bench.report import Table, Target, written
from graph.calendar import GraphCalendar
from graph.client import graph_client
from jobs.calendars import Calendars
from jobs.runner import Runner
from meetings import effects as e
from meetings.model import Body, Meeting, Phase
from storage.database import Storage
from storage.transaction import Transaction
from tests import samples

SEATS = 20
DATES = 5
AT_ONCE = 4
WINDOW, MOST = 600.0, 10_000
ORGANISER = "kalenteri@pykala.example"
FIRST = date(2027, 1, 11)


# --- the Graph that answers ---------------------------------------------------------------------------------------------


def mailbox_app(latency: float) -> web.Application:
    counts: Counter[str] = Counter()
    under_way = 0

    async def create(request: web.Request) -> web.Response:
        nonlocal under_way
        counts["requests"] += 1
        if under_way >= AT_ONCE:
            counts["refused"] += 1
            return web.json_response({"error": {"code": "ApplicationThrottled", "message": "-"}}, status=429, headers={"Retry-After": "1"})
        under_way += 1
        try:
            event: dict[str, Any] = await request.json()
            await asyncio.sleep(latency)
        finally:
            under_way -= 1
        counts["events"] += 1
        counts["invitations"] += len(event["attendees"])
        kept = {name: value for name, value in event.items() if name != "singleValueExtendedProperties"}
        made = {"id": f"AAMk{counts['events']}", "iCalUId": f"040{counts['events']}", **kept}
        return web.json_response(made, status=201)

    async def told(_request: web.Request) -> web.Response:
        return web.json_response(dict(counts))

    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_post("/v1.0/users/{user}/events", create)
    app.router.add_get("/counts", told)
    return app


# --- the bodies -----------------------------------------------------------------------------------------------------------


def seed(number: int, tx: Transaction) -> None:
    """A body with its people, and its dates of a year: each writes its effect, as planning does."""
    made = samples.body(SEATS)
    own = {one: f"{number}-{one}" for one in {h.person_id for h in made.holdings} | {"sec"}}
    for person_id in own.values():
        email = f"{person_id}@jarjesto.example"
        tx.save(replace(samples.person(person_id), id=person_id, name=f"Henkilö {person_id}", email=email))
    body = Body(
        id=f"body-{number}",
        tenant_id="tenant",
        name=f"Ohjausryhmä {number}",
        channel_id=f"19:{number}@thread.tacv2",
        secretary_id=own["sec"],
        chair_id=own["m1"],
        vice_chair_id=own["m2"],
        seats=tuple(replace(one, id=f"{number}-{one.id}", body_id=f"body-{number}") for one in made.seats),
        holdings=tuple(
            replace(one, id=f"{number}-{one.id}", body_id=f"body-{number}", seat_id=f"{number}-{one.seat_id}", person_id=own[one.person_id])
            for one in made.holdings
        ),
    )
    tx.save(body)
    for place in range(DATES):
        day = FIRST + timedelta(days=60 * place + number % 5)
        meeting = samples.meeting(0, id=f"{number}-{place}", body_id=body.id, number=place + 1, year=day.year, day=day)
        planned: Meeting = replace(meeting, phase=Phase.PLANNED, published_at=None)
        tx.save(planned)
        tx.later(e.SyncEvent(planned.id))


async def posted(_effect: object) -> str:
    """The board is another bench's business."""
    return ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds that it took, effects that were given up, and what Graph counted."""

    took: float
    dead: int
    counts: Counter[str]


async def _invite(bodies: int, graph: str) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(f"sqlite:///{folder}/bench.db", clock=lambda: datetime.now(UTC))
        await storage.start()
        for number in range(bodies):
            await storage.run(partial(seed, number))
        client = graph_client(f"{graph}/v1.0")
        calendar = GraphCalendar(client, ORGANISER)
        calendars = Calendars(storage, calendar, lambda document_id, _at=None: document_id)
        runner = Runner(storage, {e.SyncEvent: calendars.sync_event, e.RefreshBoard: posted})
        await client.warm_up()
        started = time.perf_counter()
        await runner.start()
        while (await storage.health())["waiting"]:  # noqa: ASYNC110  # the outbox is a table: it is asked, as an operator would
            await asyncio.sleep(0.1)
        await runner.stop()
        took = time.perf_counter() - started
        dead = (await storage.health())["dead"]
        await storage.close()
        await client.aclose()
    async with aiohttp.ClientSession() as session, session.get(f"{graph}/counts") as answer:
        return Measured(took, dead, Counter(await answer.json()))


async def measure(bodies: int = 100, latency: float = 0.05) -> Table:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.invitations", "--serve", "--latency", str(latency), stdout=asyncio.subprocess.PIPE
    )
    if server.stdout is None:
        raise RuntimeError("the Graph of this bench did not start")
    try:
        port = int(await server.stdout.readline())
        return report(bodies, latency, await _invite(bodies, f"http://127.0.0.1:{port}"))
    finally:
        server.terminate()
        await server.wait()


def report(bodies: int, latency: float, measured: Measured) -> Table:
    requests, events = measured.counts["requests"], measured.counts["events"]
    # Four at a time, and no more than so many in ten minutes.
    limit = max(requests * latency / AT_ONCE, (requests - 1) // MOST * WINDOW)
    row = (
        str(measured.counts["invitations"]),
        str(events),
        f"{requests} ({requests / events:.2f} an event)",
        str(measured.counts["refused"]),
        str(measured.dead),
        f"{measured.took:.1f} s",
        f"{limit:.1f} s",
        f"{measured.took / limit:.2f}",
    )
    return Table(
        "invitations",
        f"{bodies} bodies x {SEATS} seats x {DATES} dates, Graph answers in {latency * 1000:.0f} ms",
        ("invitations", "events", "requests", "refused", "given up", "took", "Exchange's limit", "took : limit"),
        (row,),
        (Target("every event made", f"{events} of {bodies * DATES}", events == bodies * DATES),),
    )


async def serve(latency: float) -> None:
    runner = web.AppRunner(mailbox_app(latency))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.invitations", description="A year of invitations against Exchange's limits.")
    arguments.add_argument("--bodies", type=int, default=300)
    arguments.add_argument("--latency", type=float, default=0.05, help="seconds in which Graph answers")
    arguments.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.serve:
        asyncio.run(serve(chosen.latency))
    else:
        print(written(asyncio.run(measure(chosen.bodies, chosen.latency))))


if __name__ == "__main__":
    main()
