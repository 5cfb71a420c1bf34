"""Many at once: no change is lost, no number given twice, one chain, one turn a key, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from meetings import commands as c
from meetings.effects import RefreshBoard
from meetings.model import Attendance, Comment, CommentKind, Conversation, Meeting, Person, Sign
from storage import journal, outbox, tables
from storage.database import Storage
from storage.transaction import Transaction
from tests import samples
from tests.storage.databases import Clock

MANY = 24


@pytest.fixture
async def two(url: str, clock: Clock) -> AsyncIterator[tuple[Storage, Storage]]:
    """Two processes' worth of connections to the same database."""
    pair = Storage(url, clock=clock), Storage(url, clock=clock)
    for one in pair:
        await one.start()
    await pair[0].run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    yield pair
    for one in pair:
        await one.close()


async def test_everybody_who_presses_at_once_is_on_the_roll(two: tuple[Storage, Storage]) -> None:
    def sign(number: int) -> Any:
        def press(tx: Transaction) -> None:
            meeting = tx.meeting("meeting")
            mine = Attendance(tx.new_id(), "meeting", f"person-{number}", Sign.PRESENT)
            tx.save(replace(meeting, attendances=(*meeting.attendances, mine)))
            tx.later(RefreshBoard("meeting", "roll"))
            tx.journal(c.SignIn(meeting_id="meeting", sign="present"))

        return press

    await asyncio.gather(*(two[n % 2].run(sign(n), actor=Person(f"p{n}", "tenant", "Joku"), key=f"key-{n}") for n in range(MANY)))
    meeting = await two[0].read(lambda tx: tx.meeting("meeting"))
    assert {one.person_id for one in meeting.attendances} == {f"person-{n}" for n in range(MANY)}
    assert len(meeting.attendances) == MANY
    assert meeting.version == MANY

    def kept(connection: Any, _now: Any) -> tuple[Any, ...]:
        rows = connection.execute(select(func.count()).select_from(tables.journal)).scalar()
        return rows, journal.read(connection).breaks, [one.effect for one in outbox.claim(connection, two[0].clock(), 10)]

    assert await two[0].execute(kept) == (MANY, (), [RefreshBoard("meeting", "roll")])


async def test_changes_of_the_body_at_once_are_all_kept(two: tuple[Storage, Storage]) -> None:
    def rename(tx: Transaction) -> None:
        body = tx.body("body")
        tx.save(replace(body, comment_days=body.comment_days + 1))

    await asyncio.gather(*(two[n % 2].run(rename) for n in range(MANY)))
    assert (await two[0].read(lambda tx: tx.body("body"))).comment_days == 7 + MANY


async def test_meetings_planned_at_once_get_numbers_of_their_own(two: tuple[Storage, Storage]) -> None:
    def plan(tx: Transaction) -> int:
        number = max((one.number for one in tx.meetings("body")), default=0) + 1
        tx.save(samples.meeting(0, id=tx.new_id(), number=number))
        return number

    given = await asyncio.gather(*(two[n % 2].run(plan) for n in range(MANY)))
    assert sorted(given) == list(range(5, 5 + MANY))


async def test_the_same_key_at_once_is_one_turn(two: tuple[Storage, Storage]) -> None:
    def comment(tx: Transaction) -> bool:
        if not tx.repeat:
            meeting = tx.meeting("meeting")
            made = Comment(tx.new_id(), "meeting", "round", "aino", CommentKind.REMARK, "Huomautus", tx.now)
            tx.save(replace(meeting, comments=(*meeting.comments, made)))
        return tx.repeat

    repeats = await asyncio.gather(*(two[n % 2].run(comment, key="once") for n in range(8)))
    assert sorted(repeats) == [False] + [True] * 7
    assert len((await two[0].read(lambda tx: tx.meeting("meeting"))).comments) == 1


async def test_a_newcomer_who_writes_twice_at_once_is_one_person_in_one_place(two: tuple[Storage, Storage]) -> None:
    place = Conversation("a:1", "tenant", "https://smba.example/", "personal")

    def arrive(tx: Transaction) -> str:
        tx.arrive(tenant_id="tenant", account_id="new", channel_id="29:new", name="Uusi", conversation=place)
        return tx.actor.id

    assert len(set(await asyncio.gather(*(two[n % 2].run(arrive) for n in range(8))))) == 1


async def test_a_read_sees_one_moment_while_others_write(two: tuple[Storage, Storage]) -> None:
    """The version and the items that were written together are read together."""

    def change(tx: Transaction) -> None:
        meeting = tx.meeting("meeting")
        items = tuple(replace(one, title=str(meeting.version + 1)) for one in meeting.items)
        tx.save(replace(meeting, items=items))

    enough = asyncio.Event()

    async def write() -> None:
        while not enough.is_set():
            await two[0].run(change)

    writing = asyncio.create_task(write())
    seen: list[Meeting] = []
    while len({meeting.version for meeting in seen}) < 12:
        seen.append(await two[1].read(lambda tx: tx.meeting("meeting")))
    enough.set()
    await writing
    assert {len({one.title for one in meeting.items} | {str(meeting.version)}) for meeting in seen if meeting.version} == {1}


async def test_databases_opened_at_once_are_migrated_once_and_share_their_secrets(url: str, clock: Clock, tmp_path: Any) -> None:
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'fresh.db'}"
    else:
        emptied = Storage(url, clock=clock)
        await emptied.execute(lambda connection, _now: connection.execute(text("DELETE FROM secret")))
        await emptied.close()
    several = [Storage(url, clock=clock) for _ in range(4)]
    await asyncio.gather(*(one.start() for one in several))
    keys = {await one.read(lambda tx: tx.secret("links")) for one in several}
    for one in several:
        await one.close()
    assert len(keys) == 1


async def test_connections_that_broke_while_nobody_used_them_are_not_noticed(two: tuple[Storage, Storage]) -> None:
    """As after the database was started again: on PostgreSQL all that were kept are dead."""
    storage = two[0]
    if not storage.shared:
        return  # SQLite's are the file itself
    await asyncio.gather(*(storage.run(lambda tx: tx.meeting("meeting")) for _ in range(8)), *(storage.health() for _ in range(4)))
    others = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    await two[1].execute(lambda connection, _now: connection.execute(others).all())
    assert (await storage.read(lambda tx: tx.meeting("meeting"))).id == "meeting"
    assert (await storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), place="Kirjasto")))).version == 1
    await storage.execute(lambda connection, _now: connection.execute(text("SELECT 1")))
