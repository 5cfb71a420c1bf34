"""Effects on Procrastinate, as well as that can be done: what the bot would need of its own if it ran them there.

Deferred inside our transaction by its public call; `lock` is the lane and `queueing_lock` the key. What it has no public call for is asked
of its tables directly: a waiting job absorbs, a timer moves, the end of a job wakes who can run the next of its lane.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy, SyncPsycopgConnector
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from meetings.effects import Effect
from storage import outbox

TASK = "effect"
# Without it a job that waits for another of its lane is found by the next look only (every 5 s): nothing is told when a job ends.
_LANE_ENDS = """
CREATE FUNCTION effect_lane_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM procrastinate_jobs WHERE lock = NEW.lock AND status = 'todo') THEN
        PERFORM pg_notify('procrastinate_any_queue_v1', json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER effect_lane_ends AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing' AND NEW.lock IS NOT NULL) EXECUTE FUNCTION effect_lane_ends();
"""
_ABSORB = text("SELECT queueing_lock FROM procrastinate_jobs WHERE queueing_lock = ANY(:keys) AND status = 'todo' FOR UPDATE")
_MOVE = text(
    "UPDATE procrastinate_jobs SET scheduled_at = :due WHERE queueing_lock = ANY(:keys) AND status = 'todo' RETURNING queueing_lock"
)

_deferring = App(connector=SyncPsycopgConnector())


def prepare(connection: Connection) -> None:
    """Its tables, and our trigger on them."""
    raw: Any = connection.connection.driver_connection
    raw.execute(SchemaManager.get_schema())
    raw.execute(_LANE_ENDS)


def write(connection: Connection, wanted: Sequence[tuple[Effect, datetime | None]]) -> None:
    """What `outbox.write` does: a waiting job of the key absorbs, and a timer moves. Due None: at once."""
    newest = {one.key: (one, due) for one, due in wanted}
    laned = [key for key, (_, due) in newest.items() if due is None]
    known = set(connection.execute(_ABSORB, {"keys": laned}).scalars()) if laned else set()
    moved: dict[datetime, list[str]] = {}
    for key, (_, due) in newest.items():
        if due is not None:
            moved.setdefault(due, []).append(key)
    for due, keys in moved.items():
        known |= set(connection.execute(_MOVE, {"keys": keys, "due": due}).scalars())
    defer(connection, [one for key, one in newest.items() if key not in known])


def defer(connection: Connection, wanted: Sequence[tuple[Effect, datetime | None]], *, keyed: bool = True) -> None:
    """Its public call. `keyed`: with `queueing_lock`, so one waiting job a key; a second raises `AlreadyEnqueued`."""
    jobs = [
        Job(
            queue="default",
            task_name=TASK,
            lock=one.lane or None,
            queueing_lock=one.key if keyed else None,
            task_kwargs={"kind": type(one).__name__, "payload": json.dumps(asdict(one), ensure_ascii=False)},
            scheduled_at=due,
        )
        for one, due in wanted
    ]
    if jobs:
        _deferring.job_manager.batch_defer_jobs(jobs, connection=connection.connection.driver_connection)


async def work(url: str, handler: Callable[[Effect], Awaitable[object]], lease: float, beat: float, at_once: int) -> None:
    """A worker until SIGTERM. What a silent worker left is taken back by a job that runs every five seconds."""
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=at_once + 2))

    @app.task(name=TASK, retry=RetryStrategy(max_attempts=outbox.ATTEMPTS, exponential_wait=2))
    async def carry_out(kind: str, payload: str) -> None:
        await handler(outbox.read(kind, payload))

    @app.periodic(cron="* * * * * */5")  # seconds come last
    @app.task(name="rescue", queueing_lock="rescue", pass_context=True)
    async def rescue(context: JobContext, timestamp: int) -> None:
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=lease):
            try:
                await manager.retry_job(job)
            except UniqueViolation:  # a newer one of its key waits and does the work instead
                await manager.finish_job(job, Status.SUCCEEDED, delete_job=False)

    options: dict[str, Any] = {"update_heartbeat_interval": beat, "stalled_worker_timeout": lease, "concurrency": at_once}
    async with app.open_async():
        await app.run_worker_async(**options)
