"""A body and its meeting in a real SQLite database, and commands run on them as the bot runs them; the clock is a field."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from meetings.commands import Command
from meetings.errors import MeetingError
from meetings.model import Body, Item, Meeting, Person
from meetings.screens.base import Screen
from meetings.use_cases import execute, refusal
from storage import tables
from storage.database import Storage
from storage.transaction import Transaction
from tests.samples import body as sample_body
from tests.samples import meeting as sample_meeting
from tests.storage.databases import migrated

Shown = TypeVar("Shown", bound=Screen)
OPENED = datetime(2026, 5, 11, 7, 0, tzinfo=UTC)  # 10.00 in Helsinki, on the day of the sample meeting


class Stage:
    """`m1`… members, `d1`… deputies, `x1` the expert, `sec` the secretary. Everybody but those in `without_teams` has an account."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.now = OPENED

    async def do(self, who: str, command: Command) -> Screen:
        """Run a command; raises `MeetingError` when it is refused, with nothing changed."""
        return await self.storage.run(lambda tx: execute(command, tx), actor=await self.person(who))

    async def by_the_clock(self, command: Command) -> Screen:
        """Run a command of the bot's own, as its timers do."""
        return await self.storage.run(lambda tx: execute(command, tx))

    async def shown(self, kind: type[Shown], who: str, command: Command) -> Shown:
        screen = await self.do(who, command)
        assert isinstance(screen, kind), screen
        return screen

    async def refused(self, who: str, command: Command) -> str:
        """The key of the refusal; and the version shows that nothing was kept."""
        before = await self.meeting()
        try:
            await self.do(who, command)
        except MeetingError as error:
            assert await self.meeting() == before
            return error.key
        raise AssertionError(f"not refused: {command}")

    async def refusal(self, who: str, command: Command) -> Screen:
        """What the person sees of a refusal."""
        actor = await self.person(who)
        try:
            await self.do(who, command)
        except MeetingError as error:
            caught = error
        else:
            raise AssertionError(f"not refused: {command}")
        return await self.storage.run(lambda tx: refusal(command, tx, caught), actor=actor)

    async def person(self, person_id: str) -> Person:
        return await self.storage.read(lambda tx: tx.person(person_id))

    async def meeting(self) -> Meeting:
        return await self.storage.read(lambda tx: tx.meeting("meeting"))

    async def body(self) -> Body:
        return await self.storage.read(lambda tx: tx.body("body"))

    async def item(self, section: int) -> Item:
        return next(item for item in (await self.meeting()).items if item.section == section)

    async def effects(self, kind: str) -> list[str]:
        """The payloads of the effects of a kind that have been written, in order."""
        query = select(tables.effect.c.payload).where(tables.effect.c.kind == kind).order_by(tables.effect.c.seq)
        return await self.storage.execute(lambda connection, _now: list(connection.execute(query).scalars()))

    async def due(self, kind: str) -> list[datetime]:
        """When the effects of a kind that have been written fall due, in order."""
        query = select(tables.effect.c.due_at).where(tables.effect.c.kind == kind).order_by(tables.effect.c.seq)
        return await self.storage.execute(lambda connection, _now: list(connection.execute(query).scalars()))

    def at(self, clock: str) -> None:
        """The time of day in Helsinki, on the day of the meeting: `10.05` or `10.05.30`."""
        hour, minute, second = (int(part) for part in f"{clock}.0".split(".")[:3])
        self.now = datetime(2026, 5, 11, hour - 3, minute, second, tzinfo=UTC)


@asynccontextmanager
async def stage(
    folder: Path, body: Body | None = None, meeting: Meeting | None = None, without_teams: Iterable[str] = ()
) -> AsyncIterator[Stage]:
    body = body or sample_body()
    meeting = meeting or sample_meeting()
    holder: list[Stage] = []
    storage = Storage(migrated(folder / "stage.db"), clock=lambda: holder[0].now if holder else OPENED)
    await storage.start()
    made = Stage(storage)
    holder.append(made)
    ids = {one.person_id for one in body.holdings} | {one.person_id for one in body.experts} | {body.secretary_id, "stranger"}
    absent = set(without_teams)
    people = [
        Person(
            one,
            "tenant",
            f"Nimi {one}",
            account_id="" if one in absent else f"account-{one}",
            channel_id="" if one in absent else f"29:{one}",
        )
        for one in sorted(ids)
    ]

    def put(tx: Transaction) -> None:
        for one in people:
            tx.save(one)
        tx.save(body)
        tx.save(meeting)

    await storage.run(put, actor=people[0])
    try:
        yield made
    finally:
        await storage.close()
