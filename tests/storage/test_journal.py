"""The journal: a row a command, in a chain that shows any change, which the database itself refuses."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine, text

from meetings import commands as c
from meetings.model import Person
from storage import journal
from storage.tables import metadata
from storage.transaction import Storage, Transaction
from tests import samples
from tests.storage.databases import ROOT, Clock

AINO = Person("aino", "tenant", "Aino Saarela")


async def _told(storage: Storage, clock: Clock) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting())))
    await storage.run(lambda tx: tx.journal(c.ChooseLanguage(language="sv")), actor=AINO)
    clock.passes(minutes=1, microseconds=7)

    def show(tx: Transaction) -> None:
        tx.meeting("meeting")
        tx.journal(c.ShowItem(meeting_id="meeting", item_id="i1"))

    await storage.run(show, actor=AINO)
    await storage.run(lambda tx: tx.journal(c.ChooseBody(body_id="body")), actor=AINO)


async def test_a_row_says_who_did_what_when_and_follows_the_row_before(storage: Storage, clock: Clock) -> None:
    await _told(storage, clock)
    query = text("SELECT body_id, meeting_id, person_id, command, payload FROM journal ORDER BY seq")
    rows = await storage.look(lambda connection, _now: [tuple(row) for row in connection.execute(query)])
    assert rows == [
        ("", "", "aino", "choose_language", '{"language": "sv"}'),
        ("body", "meeting", "aino", "show_item", '{"item_id": "i1", "meeting_id": "meeting"}'),
        ("body", "", "aino", "choose_body", '{"body_id": "body"}'),
    ]
    chain = await storage.look(lambda connection, _now: connection.execute(text("SELECT before, hash FROM journal ORDER BY seq")).all())
    assert [row.before for row in chain] == ["", chain[0].hash, chain[1].hash]
    assert await storage.look(lambda connection, _now: journal.first_break(connection)) is None


@pytest.mark.parametrize("change", ["UPDATE journal SET person_id = 'bo' WHERE seq = 2", "DELETE FROM journal WHERE seq = 2"])
async def test_the_database_refuses_to_change_what_is_written(storage: Storage, clock: Clock, change: str) -> None:
    await _told(storage, clock)
    with pytest.raises(Exception, match="the journal is append-only"):
        await storage.execute(lambda connection, _now: connection.execute(text(change)))


@pytest.mark.parametrize(
    ("change", "breaks"),
    [
        ("UPDATE journal SET person_id = 'bo' WHERE seq = 1", 1),
        ("UPDATE journal SET payload = '{}' WHERE seq = 2", 2),
        ("UPDATE journal SET hash = before WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 2", 3),
        ("DELETE FROM journal WHERE seq = 1", 2),
    ],
)
async def test_whoever_gets_past_that_breaks_the_chain(storage: Storage, clock: Clock, change: str, breaks: int) -> None:
    await _told(storage, clock)

    def tamper(connection: Connection, _now: datetime) -> int | None:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER journal_no_update"))
            connection.execute(text("DROP TRIGGER journal_no_delete"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(change))
        return journal.first_break(connection)

    assert await storage.execute(tamper) == breaks


async def test_two_rows_cannot_follow_the_same_one(storage: Storage, clock: Clock) -> None:
    await _told(storage, clock)
    forged = text(
        "INSERT INTO journal (body_id, meeting_id, person_id, at, command, payload, before, hash)"
        " SELECT body_id, meeting_id, person_id, at, command, payload, before, 'x' FROM journal WHERE seq = 2"
    )
    with pytest.raises(Exception, match=r"(?i)unique"):
        await storage.execute(lambda connection, _now: connection.execute(forged))


async def test_the_chain_can_be_checked_from_the_command_line(storage: Storage, url: str, clock: Clock) -> None:
    await _told(storage, clock)
    environment = {**os.environ, "DATABASE_URL": url, "PYKALA_LOCAL": "1"}
    command = [sys.executable, "-m", "storage.journal"]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "The journal is whole.\n")


def test_the_hash_does_not_depend_on_the_zone_a_clock_speaks_in() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    at = datetime(2026, 5, 11, 7, 0, tzinfo=UTC).astimezone(ZoneInfo("Europe/Helsinki"))
    with engine.begin() as connection:
        journal.append(connection, journal.Entry("", "", "aino", at, "show_help", {}))
        assert journal.first_break(connection) is None
