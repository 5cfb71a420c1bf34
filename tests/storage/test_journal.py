"""The journal: a row a command, in a chain that shows any change, which the database itself refuses."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine, text

from meetings import commands as c
from meetings.model import Person
from storage import journal
from storage.database import Storage
from storage.journal import Break, Chain, Wrong
from storage.tables import metadata
from storage.transaction import Transaction
from tests import samples
from tests.storage.databases import Clock

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


async def _chain(storage: Storage, head: str = "") -> Chain:
    return await storage.look(lambda connection, _now: journal.read(connection, head))


def _unlock(connection: Connection) -> None:
    """As somebody can who owns the database."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER journal_no_update"))
        connection.execute(text("DROP TRIGGER journal_no_delete"))
    else:
        connection.execute(text("SET LOCAL session_replication_role = replica"))


async def _tampered(storage: Storage, *changes: str, head: str = "") -> Chain:
    def tamper(connection: Connection, _now: datetime) -> Chain:
        _unlock(connection)
        for change in changes:
            connection.execute(text(change))
        return journal.read(connection, head)

    return await storage.execute(tamper)


async def test_a_row_says_by_what_it_was_done(storage: Storage) -> None:
    phone = {"by": "msteams", "platform": "iOS", "card": "1700000000001", "press": "n1"}
    await storage.run(lambda tx: tx.journal(c.ChooseLanguage(language="sv"), phone), actor=AINO)
    kept = await storage.look(lambda connection, _now: connection.execute(text("SELECT origin FROM journal")).scalar_one())
    assert json.loads(kept) == phone
    assert (await _chain(storage)).breaks == ()


async def test_the_chain_is_read_in_pieces_and_tells_its_head(storage: Storage, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_PAGE", 2)
    first = clock.now
    await _told(storage, clock)
    last = "SELECT hash FROM journal WHERE seq = 3"
    head = await storage.look(lambda connection, _now: connection.execute(text(last)).scalar_one())
    assert await _chain(storage, head) == Chain(3, first, clock.now, 0, head, seen=True)
    assert not (await _chain(storage, "0" * 64)).seen


def test_an_empty_journal_is_whole() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        assert journal.read(connection) == Chain()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET person_id = 'bo' WHERE seq = 2",
        "UPDATE journal SET payload = '{}' WHERE seq = 2",
        "UPDATE journal SET payload = '', origin = '' WHERE seq = 2",
        "UPDATE journal SET payload = '', origin = '', salt = '', person_id = 'bo' WHERE seq = 2",
        "UPDATE journal SET payload = '', origin = '', salt = '', sealed = '' WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 2",
    ],
)
async def test_the_database_refuses_to_change_what_is_written(storage: Storage, clock: Clock, change: str) -> None:
    await _told(storage, clock)
    with pytest.raises(Exception, match="the journal is append-only"):
        await storage.execute(lambda connection, _now: connection.execute(text(change)))


_INTO = "INSERT INTO journal (seq, body_id, meeting_id, person_id, at, command, payload, before, hash)"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (["UPDATE journal SET person_id = 'bo' WHERE seq = 1"], [Break(1, Wrong.CHANGED)]),
        (["UPDATE journal SET at = '2026-05-11 07:01:00.000008' WHERE seq = 2"], [Break(2, Wrong.CHANGED)]),
        (["UPDATE journal SET hash = before WHERE seq = 2"], [Break(2, Wrong.CHANGED)]),
        (["UPDATE journal SET before = 'x' WHERE seq = 2"], [Break(2, Wrong.CHANGED)]),
        (["UPDATE journal SET payload = replace(payload, 'i1', 'i2') WHERE seq = 2"], [Break(2, Wrong.TYPED_CHANGED)]),
        (['UPDATE journal SET origin = \'{"by": "page"}\' WHERE seq = 2'], [Break(2, Wrong.TYPED_CHANGED)]),
        (["UPDATE journal SET payload = '' WHERE seq = 2"], [Break(2, Wrong.TYPED_CHANGED)]),
        (["UPDATE journal SET payload = '', origin = '', salt = '' WHERE seq = 2"], [Break(2, Wrong.UNTOLD)]),
        (["DELETE FROM journal WHERE seq = 2"], [Break(3, Wrong.MISSING, 1)]),
        (["DELETE FROM journal WHERE seq = 1"], [Break(2, Wrong.MISSING, 0)]),
        (["DELETE FROM journal WHERE seq < 3"], [Break(3, Wrong.MISSING, 0)]),
        (["UPDATE journal SET seq = 9 WHERE seq = 2"], [Break(3, Wrong.MISSING, 1), Break(9, Wrong.INSERTED, 3)]),
        (
            ["DELETE FROM journal WHERE seq = 2", "UPDATE journal SET person_id = 'bo' WHERE seq = 3"],
            [Break(3, Wrong.CHANGED)],
        ),
    ],
)
async def test_whoever_gets_past_that_breaks_the_chain(storage: Storage, clock: Clock, changes: list[str], found: list[Break]) -> None:
    await _told(storage, clock)
    assert list((await _tampered(storage, *changes)).breaks) == found


async def test_rows_put_in_between_are_found(storage: Storage, clock: Clock) -> None:
    """Made well, even: each follows from the one before, and only the first that was there already does not."""
    await _told(storage, clock)

    def forge(connection: Connection, _now: datetime) -> Chain:
        _unlock(connection)
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP INDEX uq_journal_before"))
            connection.execute(text("UPDATE journal SET seq = 10 * seq"))
        else:
            connection.execute(text("ALTER TABLE journal DROP CONSTRAINT IF EXISTS uq_journal_before"))
            connection.execute(text("DROP INDEX IF EXISTS uq_journal_before"))
            connection.execute(text("UPDATE journal SET seq = 10 * seq"))
        before = connection.execute(text("SELECT hash FROM journal WHERE seq = 10")).scalar_one()
        at = clock.now.isoformat()
        for seq in (11, 12):
            made = hashlib.sha256("\n".join((before, "", "", "bo", at, "show_help", "{}")).encode()).hexdigest()
            row = {"seq": seq, "at": at.replace("T", " "), "before": before, "hash": made}
            connection.execute(text(f"{_INTO} VALUES (:seq, '', '', 'bo', :at, 'show_help', '{{}}', :before, :hash)"), row)
            before = made
        found = journal.read(connection)
        connection.rollback()
        return found

    assert (await storage.execute(forge)).breaks == (Break(20, Wrong.INSERTED, 11),)


async def test_a_tail_that_was_cut_off_shows_by_a_head_that_was_kept(storage: Storage, clock: Clock) -> None:
    await _told(storage, clock)
    head = (await _chain(storage)).head
    assert (await _chain(storage, head)).seen
    cut = await _tampered(storage, "DELETE FROM journal WHERE seq = 3", head=head)
    assert (cut.breaks, cut.rows, cut.seen) == ((), 2, False)


async def test_two_rows_cannot_follow_the_same_one(storage: Storage, clock: Clock) -> None:
    await _told(storage, clock)
    forged = text(
        "INSERT INTO journal (body_id, meeting_id, person_id, at, command, payload, before, hash)"
        " SELECT body_id, meeting_id, person_id, at, command, payload, before, 'x' FROM journal WHERE seq = 2"
    )
    with pytest.raises(Exception, match=r"(?i)unique"):
        await storage.execute(lambda connection, _now: connection.execute(forged))


def _first_form(connection: Connection, _now: datetime) -> None:
    """A row as the version before writes it, which runs beside this one while a new version is rolled out."""
    before = connection.execute(text("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1")).scalar() or ""
    at = datetime(2026, 5, 11, 7, 2, tzinfo=UTC)
    made = hashlib.sha256("\n".join((before, "body", "", "bo", at.isoformat(), "comment_minutes", '{"text": "Ei"}')).encode()).hexdigest()
    connection.execute(
        text(
            "INSERT INTO journal (body_id, meeting_id, person_id, at, command, payload, before, hash)"
            " VALUES ('body', '', 'bo', '2026-05-11 07:02:00.000000+00:00', 'comment_minutes', :payload, :before, :hash)".replace(
                "+00:00", "" if connection.dialect.name == "sqlite" else "+00:00"
            )
        ),
        {"payload": '{"text": "Ei"}', "before": before, "hash": made},
    )


async def test_rows_of_both_forms_are_one_chain_and_the_inputs_of_both_can_be_taken_out(storage: Storage, clock: Clock) -> None:
    await storage.execute(_first_form)
    await _told(storage, clock)
    await storage.execute(_first_form)
    head = (await _chain(storage)).head

    def take_out(connection: Connection, now: datetime) -> None:
        told = journal.take_out(connection, [1, 2, 5])
        assert journal.take_out(connection, [1, 2, 5]) == {}  # once
        journal.append(connection, journal.Entry("", "", "", now, "erase_person", {"person_id": "bo", journal.EMPTIED: told}))

    await storage.execute(take_out)
    left = "SELECT payload || origin || salt FROM journal WHERE seq IN (1, 2, 5)"
    assert await storage.look(lambda connection, _now: connection.execute(text(left)).scalars().all()) == ["", "", ""]
    chain = await _chain(storage, head)
    assert (chain.breaks, chain.emptied, chain.rows, chain.seen) == ((), 3, 6, True)


@pytest.mark.parametrize("seq", [1, 2])
async def test_what_is_left_of_an_emptied_row_still_proves_who_did_what(storage: Storage, clock: Clock, seq: int) -> None:
    await storage.execute(_first_form)
    await _told(storage, clock)

    def take_out(connection: Connection, now: datetime) -> None:
        journal.append(connection, journal.Entry("", "", "", now, "erase_person", {journal.EMPTIED: journal.take_out(connection, [seq])}))

    await storage.execute(take_out)
    tampered = await _tampered(storage, f"UPDATE journal SET person_id = 'chair' WHERE seq = {seq}")  # noqa: S608
    assert tampered.breaks == (Break(seq, Wrong.UNTOLD if seq == 1 else Wrong.CHANGED),)


def test_no_more_breaks_are_told_than_can_be_read() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        for _ in range(30):
            journal.append(connection, journal.Entry("", "", "aino", datetime(2026, 5, 11, tzinfo=UTC), "show_help", {}))
        connection.execute(text("UPDATE journal SET command = 'show_status'"))
        assert len(journal.read(connection).breaks) == 20


def test_the_hash_does_not_depend_on_the_zone_a_clock_speaks_in() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    at = datetime(2026, 5, 11, 7, 0, tzinfo=UTC).astimezone(ZoneInfo("Europe/Helsinki"))
    with engine.begin() as connection:
        journal.append(connection, journal.Entry("", "", "aino", at, "show_help", {}))
        assert journal.read(connection).breaks == ()
