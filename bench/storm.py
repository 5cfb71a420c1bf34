"""P4: the deadlines of 10 000 comment rounds end in the same second, on PostgreSQL, with two worker processes.

Each body has seven seats with deputies and minutes of eleven items, which silence approves; each approval is journalled, and leaves
documents, posts and a message to the secretary to be made. All bodies are in one tenant, so the posts that follow go at its pace of 50 a
second; they are watched for a while, not to their end. Timed by the database: from the deadline to when the effect of each was done.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, NullPool, create_engine, select, text, update

from bench.copies import FIRST, copied, copy_body
from bench.listener import Listener
from bench.processes import Server, database_server, serve
from bench.report import Table, Target
from meetings.model import Body, Conversation, Meeting, Phase, Round
from meetings.rules.rounds import record_digest
from storage import tables
from storage.database import Storage
from storage.transaction import Transaction
from tests import samples

MANY, SEATS, ITEMS = 10_000, 7, 11
WORKERS = 2
# From when all is written until the deadline.
AHEAD = timedelta(seconds=4)
MOST, GIVEN_UP = 60.0, 150.0
WATCHED = 15.0
PACE = 50
REMAINS = (
    "The cores are the limit, not a lock: a decision is 22 exchanges with the server (its body and meeting read; the record, its effects "
    "and the journal written; its own end), and a claim 3, whose CPU the columns tell. All writers of the journal take turns from their "
    "entry to the commit, which would be the next limit, at several hundred a second."
)
_UNDECIDED = text("SELECT count(*) FROM effect WHERE kind = 'EndRound' AND state IN ('waiting', 'running')")
ROUND = tables.metadata.tables["round"]


async def _fill(url: str, service_url: str, bodies: int) -> None:
    """So many bodies whose minutes are out for comments; nothing is due yet."""
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    await storage.start()
    meeting = await storage.run(lambda tx: _write(tx, service_url))
    await storage.close()
    await asyncio.to_thread(_multiply, url, meeting, bodies)


def _write(tx: Transaction, service_url: str) -> Meeting:
    body: Body = samples.body(SEATS, approval_rule="Vaikeneminen hyväksyy.")
    tx.save(Conversation(body.channel_id, body.tenant_id, service_url, "channel", "19:team@thread.tacv2", "Yleinen"))
    people = {one.person_id for one in body.holdings} | {one.person_id for one in body.experts} | {body.secretary_id}
    for person_id in sorted(people):
        tx.save(replace(samples.person(person_id), id=person_id, account_id=f"{person_id}_account", channel_id=f"29:{person_id}"))
    sent = Round("round", "meeting", 1, samples.NOW, samples.NOW.date(), None, body.zone)
    held = samples.meeting(ITEMS, phase=Phase.REVIEW, opened_at=samples.NOW, roll_closed_at=samples.NOW, closed_at=samples.NOW)
    tx.save(body)
    saved: Meeting = tx.save(replace(held, rounds=(sent,)))
    return saved


def _multiply(url: str, meeting: Meeting, bodies: int) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        copy_body(connection, bodies - 1)
        # Silence approves the record as it was sent, and ids belong to it.
        ids = [("round", record_digest(meeting))]
        ids += [(f"{FIRST + number}-round", record_digest(copied(meeting, number))) for number in range(1, bodies)]
        connection.execute(text("UPDATE round SET record = :record WHERE id = :id"), [{"id": one, "record": record} for one, record in ids])
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _set_off(connection: Connection, at: datetime) -> None:
    """All rounds end then."""
    local = at.astimezone(Body("", "", "", "").tz)
    connection.execute(update(ROUND).values(deadline=local.date(), deadline_hour=local.time()))
    columns = "kind, key, lane, payload, due_at, state, attempts, result, error"
    values = (
        """'EndRound', 'end:' || id, '', '{"meeting_id": "' || meeting_id || '", "round_id": "' || id || '"}', :at, 'waiting', 0, '', ''"""
    )
    connection.execute(text(f"INSERT INTO effect ({columns}) SELECT {values} FROM round ORDER BY id"), {"at": at})  # noqa: S608  # our own words
    connection.execute(text("NOTIFY pykala_effects"))


@dataclass(frozen=True, slots=True)
class Decided:
    """How many rounds were decided, how many of them more than once; seconds from the deadline until half and all were."""

    rounds: int
    twice: int
    half: float
    all: float


def _decided(connection: Connection, at: datetime) -> Decided:
    done = tables.effect.c.done_at
    times = connection.execute(select(done).where(tables.effect.c.kind == "EndRound", done.is_not(None)).order_by(done)).scalars().all()
    rounds = connection.execute(select(tables.meeting.c.id).where(tables.meeting.c.phase == Phase.APPROVED)).all()
    often = connection.execute(
        text("SELECT count(*) FROM (SELECT 1 FROM journal WHERE command = 'end_round' GROUP BY meeting_id HAVING count(*) > 1) AS twice")
    ).scalar()
    if not times:
        return Decided(0, 0, 0.0, 0.0)
    return Decided(len(rounds), int(often or 0), (times[len(times) // 2] - at).total_seconds(), (times[-1] - at).total_seconds())


async def measure(bodies: int = MANY, watched: float = WATCHED) -> Table:
    channel = Listener()
    with database_server() as server:
        async with channel.open() as service_url, contextlib.AsyncExitStack() as stack:
            await _fill(server.url, service_url, bodies)
            told = {"DATABASE_URL": server.url, "PYKALA_LOCAL": "1", "GRAPH_BASE_URL": "http://127.0.0.1:9/v1.0"}
            told["PUBLIC_URL"] = "http://127.0.0.1:9"  # nobody follows the links
            workers = [await stack.enter_async_context(serve(["app.py", "--role", "worker"], told)) for _ in range(WORKERS)]
            before = server.cpu(), [one.cpu() for one in workers]
            decided = await _storm(server, bodies)
            spent = server.cpu() - before[0], sum(one.cpu() for one in workers) - sum(before[1])
            channel.posts.clear()
            await asyncio.sleep(watched)
            return report(bodies, decided, spent, len(channel.posts) / watched, channel.most_in_a_second())


async def _storm(server: Server, bodies: int) -> Decided:
    engine = create_engine(server.url, poolclass=NullPool)
    at = (datetime.now(UTC) + AHEAD).replace(microsecond=0)
    with engine.begin() as connection:
        _set_off(connection, at)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(AHEAD.total_seconds() + GIVEN_UP):
            with engine.connect() as connection:
                while await asyncio.to_thread(connection.scalar, _UNDECIDED):
                    connection.rollback()
                    await asyncio.sleep(0.5)
    with engine.connect() as connection:
        return _decided(connection, at)


def report(bodies: int, decided: Decided, spent: tuple[float, float], posts: float, most: int) -> Table:
    once = decided.rounds == bodies and not decided.twice
    row = (
        str(decided.rounds),
        f"{decided.half:.1f} s",
        f"{decided.all:.1f} s",
        f"{decided.rounds / decided.all:.0f}" if decided.all else "–",
        f"{spent[1] * 1000 / max(decided.rounds, 1):.1f}",
        f"{spent[0] * 1000 / max(decided.rounds, 1):.1f}",
        f"{posts:.1f}",
        str(most),
    )
    return Table(
        "P4",
        f"{bodies} comment rounds end in the same second, {WORKERS} workers, PostgreSQL",
        (
            "decided",
            "half after",
            "all after",
            "a second",
            "workers' CPU ms each",
            "server's CPU ms each",
            "then posts/s",
            "most posts in a second",
        ),
        (row,),
        (
            Target("each decided once", f"{decided.rounds} of {bodies}, {decided.twice} twice", once),
            Target(f"all decided < {MOST:.0f} s after the deadline", f"{decided.all:.1f} s", once and decided.all < MOST, REMAINS),
            Target(f"no more than {PACE} posts in any second", str(most), most <= PACE),
        ),
    )
