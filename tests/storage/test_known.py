"""What is kept in memory is exactly what the database has: nobody can tell whether it was read or known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine, event, text

from meetings import model as m
from meetings.errors import Refused
from meetings.ports import EventState
from storage.database import Storage
from storage.known import PEOPLE_EACH, Known
from tests import samples
from tests.storage.databases import Clock
from tests.storage.records import bound, drawn
from tests.storage.test_saving import stored

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
async def warm(url: str, clock: Clock) -> AsyncIterator[Storage]:
    opened = Storage(url, clock=clock)
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def cold(url: str, warm: Storage, clock: Clock) -> AsyncIterator[Storage]:
    """Another process on the same database, which knows nothing by heart."""
    opened = Storage(url, clock=clock, known=0)
    yield opened
    await opened.close()


async def meeting_of(storage: Storage, meeting_id: str = "meeting") -> m.Meeting:
    return await storage.read(lambda tx: tx.meeting(meeting_id))


@few
@given(first=drawn(m.Meeting), second=drawn(m.Meeting))
async def test_what_was_saved_is_known_as_it_is_read(warm: Storage, cold: Storage, first: m.Meeting, second: m.Meeting) -> None:
    body_id, meeting_id = await warm.run(lambda tx: (tx.new_id(), tx.new_id()))
    made: m.Meeting = replace(bound(first, meeting_id), body_id=body_id)
    await warm.run(
        lambda tx: (tx.save(replace(samples.body(3), id=body_id, channel_id=body_id, seats=(), holdings=(), experts=())), tx.save(made))
    )
    assert await meeting_of(warm, meeting_id) == await meeting_of(cold, meeting_id)
    changed: m.Meeting = replace(bound(second, meeting_id, made), body_id=body_id)
    await warm.run(lambda tx: (tx.meeting(meeting_id), tx.save(changed)))
    assert await meeting_of(warm, meeting_id) == await meeting_of(cold, meeting_id)


async def test_the_order_and_the_zone_of_what_was_saved_do_not_stay(warm: Storage, cold: Storage) -> None:
    await stored(warm)
    helsinki = timezone(timedelta(hours=3))

    def turned(tx: Any) -> None:
        meeting = tx.meeting("meeting")
        tx.save(replace(meeting, items=meeting.items[::-1], opened_at=datetime(2026, 5, 11, 10, 2, tzinfo=helsinki)))

    await warm.run(turned)
    known = await meeting_of(warm)
    assert known == await meeting_of(cold)
    assert known.opened_at is not None
    assert known.opened_at.tzinfo is UTC


async def test_a_change_by_another_process_is_seen_at_once(warm: Storage, cold: Storage) -> None:
    await stored(warm)
    await meeting_of(warm)
    await cold.run(lambda tx: tx.save(replace(tx.meeting("meeting"), place="Kirjasto", items=())))
    assert (await meeting_of(warm)).place == "Kirjasto"
    await cold.run(lambda tx: tx.save(replace(tx.body("body"), name="Uusi nimi", seats=())))
    assert (await warm.read(lambda tx: tx.body("body"))).name == "Uusi nimi"


async def test_an_event_noted_without_a_new_version_is_seen(warm: Storage, cold: Storage) -> None:
    await stored(warm)
    before = await meeting_of(warm)
    await cold.run(lambda tx: tx.note_event("meeting", EventState("AAMk", "https://teams.example/join", "040", "digest")))
    after = await meeting_of(warm)
    assert after == replace(before, event_id="AAMk", join_url="https://teams.example/join", event_uid="040", event_seen="digest")
    await warm.run(lambda tx: tx.save(replace(tx.meeting("meeting"), place="Kirjasto")))
    assert await meeting_of(cold) == await meeting_of(warm)


async def test_what_was_rolled_back_was_never_known(warm: Storage, cold: Storage) -> None:
    await stored(warm)

    def refused(tx: Any) -> None:
        tx.save(replace(tx.meeting("meeting"), place="Kirjasto", items=()))
        raise Refused("record.no_quorum")

    with pytest.raises(Refused):
        await warm.run(refused)
    await warm.run(lambda tx: tx.save(tx.meeting("meeting")))
    assert await meeting_of(warm) == await meeting_of(cold)
    assert (await meeting_of(warm)).place != "Kirjasto"


async def test_walls_stand_before_what_is_known(warm: Storage) -> None:
    await stored(warm)
    await meeting_of(warm)
    stranger = m.Person("stranger", "other", "Ulla")
    for look in (lambda tx: tx.meeting("meeting"), lambda tx: tx.body("body")):
        with pytest.raises(Exception, match=r"storage\.not_found"):
            await warm.read(look, actor=stranger)


async def test_people_are_known_as_they_were_last_written(warm: Storage) -> None:
    await stored(warm)
    aino = await warm.run(lambda tx: tx.upsert_account("tenant", "a-1", "29:1", "Aino"))

    def renamed(tx: Any, name: str) -> m.Person:
        return tx.save(replace(tx.person(aino.id), name=name))  # type: ignore[no-any-return]  # as the port says

    await warm.run(lambda tx: renamed(tx, "Aino Saari"))
    assert await warm.run(lambda tx: (tx.person(aino.id).name, tx.people([aino.id])[aino.id].name)) == ("Aino Saari",) * 2

    def refused(tx: Any) -> None:
        renamed(tx, "Väärä")
        raise Refused("record.no_quorum")

    with pytest.raises(Refused):
        await warm.run(refused)
    assert await warm.run(lambda tx: tx.people([aino.id])[aino.id].name) == "Aino Saari"
    assert await warm.run(lambda tx: (renamed(tx, "Aino"), tx.upsert_account("tenant", "a-1", "29:1", "").name)[1]) == "Aino"


async def test_an_account_that_moved_to_another_person_is_found_there(warm: Storage) -> None:
    await stored(warm)
    before = await warm.run(lambda tx: tx.upsert_account("tenant", "a-1", "29:1", "Aino"))
    await warm.run(lambda tx: (tx.save(replace(before, account_id="")), tx.save(m.Person("p-new", "tenant", "Aino", account_id="a-1"))))
    assert (await warm.run(lambda tx: tx.upsert_account("tenant", "a-1", "29:1", "Aino"))).id == "p-new"
    assert (await warm.run(lambda tx: tx.person(before.id))).account_id == ""


async def test_people_of_another_process_are_read_anew(warm: Storage, cold: Storage, url: str) -> None:
    if url.startswith("sqlite"):
        return  # one process owns the file: `storage.alone`
    await stored(warm)
    aino = await warm.run(lambda tx: tx.upsert_account("tenant", "a-1", "29:1", "Aino"))
    await cold.run(lambda tx: tx.save(replace(aino, name="Aino Saari")))
    assert await warm.run(lambda tx: tx.people([aino.id])[aino.id].name) == "Aino Saari"


async def test_people_are_not_asked_for_again_until_one_of_them_changes(warm: Storage, cold: Storage, url: str) -> None:
    """Whoever changes them, the version before this one and an administrator too, and not before it is committed."""
    if url.startswith("sqlite"):
        return  # as above
    await stored(warm)
    aino = await warm.run(lambda tx: tx.upsert_account("tenant", "a-1", "29:1", "Aino"))
    keys = iter(range(100))

    def refused(tx: Any) -> None:
        tx.save(replace(aino, name="Väärä"))
        raise Refused("record.no_quorum")

    async def found() -> tuple[str, str, int]:
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if "FROM person" in statement:
                asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        names = await warm.run(
            lambda tx: (tx.upsert_account("tenant", "a-1", "29:1", "").name, tx.people([aino.id])[aino.id].name), key=f"{next(keys)}"
        )
        event.remove(Engine, "before_cursor_execute", note)
        return *names, len(asked)

    await found()
    assert await found() == ("Aino", "Aino", 0)
    with pytest.raises(Refused):
        await cold.run(refused)
    assert await found() == ("Aino", "Aino", 0)
    await cold.run(lambda tx: tx.save(replace(aino, name="Aino Saari")))
    assert await found() == ("Aino Saari", "Aino Saari", 1)
    assert await found() == ("Aino Saari", "Aino Saari", 0)
    await cold.execute(
        lambda connection, _now: connection.execute(text("UPDATE person SET name = 'A. Saari' WHERE id = :id"), {"id": aino.id})
    )
    assert await found() == ("A. Saari", "A. Saari", 1)
    # One's own changes, too: what others have changed at the same time is not known.
    await warm.run(lambda tx: tx.save(replace(tx.person(aino.id), name="Aino")), key="own")
    assert await found() == ("Aino", "Aino", 1)


def test_who_was_read_at_an_older_version_is_not_kept() -> None:
    known = Known(1)
    aino = m.Person("aino", "tenant", "Aino", account_id="a-1")
    known.keep_people([aino], 2)
    known.keep_people([replace(aino, name="Before"), replace(aino, id="p", name="Before")], 1)
    assert (known.person("aino", 2), known.account("tenant", "a-1", 2), known.person("p", 2)) == (aino, aino, None)
    assert (known.person("aino", 1), known.account("tenant", "a-1", 1), known.person("aino", 3)) == (None, None, None)
    known.keep_people([], 3)
    assert known.person("aino", 3) is None


def test_the_longest_known_people_go_first() -> None:
    known = Known(1)
    known.keep_people(m.Person(f"p{number}", "tenant", "N.N.", account_id=f"a{number}") for number in range(PEOPLE_EACH + 1))
    assert (known.person("p0"), known.account("tenant", "a0")) == (None, None)
    assert known.account("tenant", "a1") == known.person("p1") is not None


async def test_what_is_being_committed_is_waited_for_instead_of_read() -> None:
    known, meeting = Known(2), samples.meeting()
    known.keep(meeting)
    newer = replace(meeting, version=1)
    with known.promised([newer]):
        found = asyncio.create_task(asyncio.to_thread(known.find, m.Meeting, "meeting", 1))
        assert known.find(m.Meeting, "meeting", 0) is meeting
        known.keep(newer)
    assert await found == newer


async def test_what_was_not_committed_after_all_is_not_known() -> None:
    known = Known(2)
    with known.promised([samples.meeting(version=1)]):
        found = asyncio.create_task(asyncio.to_thread(known.find, m.Meeting, "meeting", 1))
        await asyncio.sleep(0)
    assert await found is None


def test_only_so_many_are_kept_and_the_newest_version_wins() -> None:
    known = Known(2)
    one, two, three = (samples.meeting(id=name) for name in ("a", "b", "c"))
    known.keep(one)
    known.keep(two)
    assert known.find(m.Meeting, "a", 0) is one
    known.keep(three)
    assert known.find(m.Meeting, "b", 0) is None
    known.keep(replace(one, version=3))
    known.keep(replace(one, version=2))
    assert known.find(m.Meeting, "a", 2) is None
    assert known.find(m.Meeting, "a", 3) == replace(one, version=3)
    assert known.find(m.Body, "a", 3) is None
