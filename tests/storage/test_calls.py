"""What Teams tells of a call is kept once, alike on both databases, and is gone with its person or its meeting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from meetings.ports import Call, Span
from storage import tables
from storage.database import Storage
from storage.transaction import Transaction
from tests.samples import body, meeting

AT = datetime(2026, 5, 11, 7, 0, tzinfo=UTC)


async def test_what_is_told_twice_is_kept_once_and_moves_no_version(storage: Storage) -> None:
    def note(tx: Transaction) -> int:
        for kind, at in (("started", AT), ("started", AT + timedelta(hours=1)), ("ended", AT + timedelta(hours=2))):
            tx.note_call("meeting", kind, at)
        tx.note_call("meeting", "joined", AT, ["m1", "m2"])
        tx.note_call("meeting", "joined", AT, [])
        return tx.meeting("meeting").version

    await storage.run(lambda tx: (tx.save(body()), tx.save(meeting())))
    versions = [await storage.run(note) for _ in range(2)]
    assert versions[0] == versions[1]
    assert await storage.read(lambda tx: tx.call("meeting")) == Call(
        AT, AT + timedelta(hours=2), frozenset({"m1", "m2"}), (), (Span("m1", AT), Span("m2", AT))
    )
    kept = await storage.look(lambda connection, _now: connection.execute(select(tables.call_note)).all())
    assert len(kept) == 5
    await storage.execute(lambda connection, _now: connection.execute(delete(tables.metadata.tables["item"])))
    await storage.execute(lambda connection, _now: connection.execute(delete(tables.meeting)))
    assert await storage.look(lambda connection, _now: connection.execute(select(tables.call_note)).all()) == []
