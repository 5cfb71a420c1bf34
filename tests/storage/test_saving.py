"""A transaction writes only what differs, loses nothing to another one, and leaves nothing when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import DBAPIError

from meetings import commands as c
from meetings.effects import RefreshBoard
from meetings.errors import Refused
from meetings.model import Conversation, Outcome, Person, Post
from storage import tables
from storage.database import ATTEMPTS, Storage
from storage.errors import Conflict
from storage.transaction import Transaction
from tests import samples


@contextmanager
def written() -> Iterator[list[str]]:
    """The statements that write, each with the first words of what it does."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            found.append(" ".join(statement.split("=", maxsplit=1)[0].split("(", maxsplit=1)[0].split()).removesuffix(" SET"))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


async def stored(storage: Storage, items: int = 3) -> None:
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting(items))))


async def rows(storage: Storage) -> dict[str, int]:
    def count(connection: Any, _now: Any) -> dict[str, int]:
        names = ("journal", "effect", "turn", "item", "post")
        return {name: connection.execute(select(func.count()).select_from(tables.metadata.tables[name])).scalar() for name in names}

    return await storage.look(count)


@pytest.mark.parametrize("items", [1, 30])
async def test_a_change_of_one_item_writes_the_meeting_and_that_item(storage: Storage, items: int) -> None:
    await stored(storage, items)

    def decide(tx: Transaction) -> None:
        meeting = tx.meeting("meeting")
        tx.save(replace(meeting, items=(replace(meeting.items[0], outcome=Outcome.NOTED), *meeting.items[1:])))

    with written() as statements:
        await storage.run(decide)
    assert statements == ["UPDATE meeting SET version", "UPDATE item SET outcome"]


@pytest.mark.parametrize("items", [2, 30])
async def test_items_that_change_alike_are_written_at_once(storage: Storage, items: int) -> None:
    await stored(storage, items)

    def turn_around(tx: Transaction) -> None:
        meeting = tx.meeting("meeting")
        tx.save(replace(meeting, items=tuple(replace(one, position=-one.position) for one in meeting.items)))

    with written() as statements:
        await storage.run(turn_around)
    assert statements == ["UPDATE meeting SET version", "UPDATE item SET position"]
    found = await storage.read(lambda tx: {one.id: one.position for one in tx.meeting("meeting").items})
    assert found == {f"i{n}": -n for n in range(1, items + 1)}


@pytest.mark.parametrize("items", [1, 30])
async def test_items_come_and_go_in_one_statement_each(storage: Storage, items: int) -> None:
    with written() as statements:
        await stored(storage, items)
    assert statements == [
        "INSERT INTO body",
        *(f"INSERT INTO {name}" for name in ("seat", "holding", "expert")),
        "INSERT INTO meeting",
        "INSERT INTO item",
    ]
    with written() as statements:
        await storage.run(lambda tx: tx.save(replace(tx.meeting("meeting"), items=())))
    assert statements == ["UPDATE meeting SET version", "DELETE FROM item WHERE item.id IN"]


async def test_what_is_saved_unchanged_writes_only_the_version_and_single_things_nothing(storage: Storage) -> None:
    await stored(storage)
    await storage.run(lambda tx: tx.save(Person("p", "tenant", "Paavo")))
    with written() as statements:
        await storage.run(lambda tx: (tx.save(tx.meeting("meeting")), tx.save(Person("p", "tenant", "Paavo"))))
    assert statements == ["UPDATE meeting SET version"]


async def test_a_meeting_is_loaded_in_as_many_statements_as_it_has_kinds_of_parts(storage: Storage) -> None:
    await stored(storage, 30)
    await storage.run(lambda tx: tx.save(samples.meeting(0, id="bare", number=5)))
    counts = []
    for meeting_id in ("meeting", "bare"):
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any, asked: list[str] = asked) -> None:
            if statement.startswith("SELECT"):
                asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        await storage.read(lambda tx, meeting_id=meeting_id: (tx.meeting(meeting_id), tx.meeting(meeting_id)))  # type: ignore[misc]
        event.remove(Engine, "before_cursor_execute", note)
        counts.append(len(asked))
    # Its head (with the wall), its row with what there is of it, and its items when there are any.
    assert counts == [3, 2]


async def test_a_change_by_somebody_else_is_met_by_running_the_work_again(storage: Storage) -> None:
    await stored(storage)
    tries = []

    def change(tx: Transaction) -> None:
        body = tx.body("body")
        tries.append(body.version)
        if len(tries) == 1:
            _elsewhere(tx)
        tx.save(replace(body, name=f"{body.name} uusi"))

    await storage.run(change)
    found = await storage.read(lambda tx: tx.body("body"))
    assert (tries, found.version, found.name) == ([0, 0], 1, "Saarten ohjausryhmä uusi")


def _elsewhere(tx: Transaction) -> None:
    """As if another process had changed the body after it was loaded here; undone with this transaction."""
    tx._connection.execute(tables.body.update().values(version=tables.body.c.version + 1))


async def test_after_the_third_conflict_the_work_is_given_up_and_nothing_is_left(storage: Storage) -> None:
    await stored(storage)
    before = await rows(storage)
    tries = []

    def change(tx: Transaction) -> None:
        body = tx.body("body")
        tries.append(1)
        _elsewhere(tx)
        tx.later(RefreshBoard("meeting", "meeting"))
        tx.save(body)

    with pytest.raises(Conflict):
        await storage.run(change, key="key")
    assert len(tries) == ATTEMPTS
    assert await rows(storage) == before
    assert (await storage.read(lambda tx: tx.body("body"))).version == 0


async def test_a_refusal_leaves_nothing_and_wakes_nobody(storage: Storage) -> None:
    await stored(storage)
    before = await rows(storage)
    woken: list[int] = []
    storage.woken = lambda: woken.append(1)

    def refuse(tx: Transaction) -> None:
        tx.arrive(tenant_id="tenant", account_id="a", channel_id="29:a", name="Aino", conversation=_desk("a:1"))
        tx.save(replace(tx.meeting("meeting"), items=()))
        tx.save(Post("post", "meeting", "roll", "19:x", "1"))
        tx.later(RefreshBoard("meeting", "meeting"))
        tx.journal(c.ShowHelp())
        raise Refused("record.no_quorum")

    with pytest.raises(Refused):
        await storage.run(refuse, key="key")
    assert await rows(storage) == before
    assert woken == []
    assert await storage.run(lambda tx: tx.repeat, key="key") is False


def _desk(conversation_id: str) -> Conversation:
    return Conversation(conversation_id, "tenant", "https://smba.example/", "personal")


async def test_a_key_is_new_once(storage: Storage) -> None:
    assert [await storage.run(lambda tx: tx.repeat, key=key) for key in ("a", "a", "b", "", "")] == [False, True, False, False, False]


async def test_a_commit_with_effects_wakes_and_one_without_does_not(storage: Storage) -> None:
    await stored(storage)
    woken: list[int] = []
    storage.woken = lambda: woken.append(1)
    await storage.run(lambda tx: tx.body("body"))
    assert woken == []
    await storage.run(lambda tx: tx.later(RefreshBoard("meeting", "roll")))
    assert woken == [1]


async def test_a_read_cannot_change_anything(storage: Storage) -> None:
    await stored(storage)
    with suppress(DBAPIError):  # PostgreSQL refuses, SQLite rolls back
        await storage.read(lambda tx: tx.save(replace(tx.body("body"), name="toinen")))
    assert (await storage.read(lambda tx: tx.body("body"))).name == "Saarten ohjausryhmä"


async def test_the_newest_address_of_a_person_and_a_place_is_kept_and_known_names_are_not_lost(storage: Storage) -> None:
    def arrive(name: str, channel_id: str, service_url: str) -> Any:
        place = replace(_desk("a:1"), service_url=service_url)
        return lambda tx: tx.arrive(tenant_id="tenant", account_id="acc", channel_id=channel_id, name=name, conversation=place)

    await storage.run(arrive("Aino Saarela", "29:1", "https://one.example/"))
    await storage.run(arrive("", "29:2", "https://two.example/"))
    with written() as statements:
        await storage.run(arrive("Aino Saarela", "29:2", "https://two.example/"))
    assert statements == []
    person = await storage.read(lambda tx: tx.upsert_account("tenant", "acc", "29:2", "Aino Saarela"))
    desk = await storage.read(lambda tx: tx.desk(person.id))
    assert (person.name, person.channel_id) == ("Aino Saarela", "29:2")
    assert desk is not None
    assert (desk.person_id, desk.service_url) == (person.id, "https://two.example/")
