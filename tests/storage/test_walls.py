"""Walls between tenants: whatever of another tenant's is asked for by id does not exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from meetings.errors import NotFound
from meetings.model import Conversation, Document, Draft, Person, Post
from meetings.scope import is_open
from storage.database import Storage
from storage.transaction import Transaction
from tests import samples

HERE = Person("here", "tenant", "Aino", account_id="a1")
ABROAD = Person("abroad", "other", "Bo", account_id="a1")

LOADERS: dict[str, Callable[[Transaction], Any]] = {
    "body": lambda tx: tx.body("body"),
    "meeting": lambda tx: tx.meeting("meeting"),
    "meetings": lambda tx: tx.meetings("body"),
    "person": lambda tx: tx.person("here"),
    "conversation_of": lambda tx: tx.conversation_of("19:board@thread.tacv2"),
    "draft": lambda tx: tx.draft("draft"),
    "drop_draft": lambda tx: tx.drop_draft("draft"),
    "document": lambda tx: tx.document("document"),
    "documents": lambda tx: tx.documents("meeting"),
    "posts": lambda tx: tx.posts("meeting"),
}


@pytest.fixture
async def walled(storage: Storage) -> Storage:
    def make(tx: Transaction) -> None:
        tx.save(HERE)
        tx.save(ABROAD)
        tx.save(replace(samples.body(), secretary_id="here"))
        tx.save(samples.meeting())
        tx.save(Conversation("19:board@thread.tacv2", "tenant", "https://smba.example/", "channel", name="Yleinen"))
        tx.save(Conversation("a:1", "tenant", "https://smba.example/", "personal", person_id="here"))
        tx.save(Draft("draft", "body", "agenda", "1 § Avaus"))
        tx.save(Post("post", "meeting", "meeting", "19:board@thread.tacv2", "1"))
        tx.add_document(Document("document", "meeting", "agenda", "pdf", 1, "esityslista.pdf", "00"), b"%PDF")

    await storage.run(make)
    return storage


@pytest.mark.parametrize("loader", LOADERS)
async def test_ids_of_another_tenant_are_not_found(walled: Storage, loader: str) -> None:
    with pytest.raises(NotFound):
        await walled.run(LOADERS[loader], actor=ABROAD)
    await walled.run(LOADERS[loader], actor=HERE)


@pytest.mark.parametrize("loader", LOADERS)
async def test_ids_that_nobody_has_answer_the_same(storage: Storage, loader: str) -> None:
    with pytest.raises(NotFound):
        await storage.run(LOADERS[loader], actor=HERE)


@pytest.mark.parametrize("loader", LOADERS)
async def test_the_bots_own_work_sees_all(walled: Storage, loader: str) -> None:
    await walled.run(LOADERS[loader])


async def test_lists_hold_only_what_is_of_the_tenant(walled: Storage) -> None:
    def seen(tx: Transaction) -> tuple[Any, ...]:
        return (
            [body.id for body in tx.bodies()],
            tx.body_of_channel("19:board@thread.tacv2") is not None,
            list(tx.people(["here", "abroad"])),
            [person.id for person in tx.accounts()],
            tx.desk("here") is not None,
        )

    assert await walled.read(seen, actor=HERE) == (["body"], True, ["here"], ["here"], True)
    assert await walled.read(seen, actor=ABROAD) == ([], False, ["abroad"], ["abroad"], False)


async def test_the_same_account_id_in_two_tenants_is_two_people(walled: Storage) -> None:
    found = await walled.run(lambda tx: [tx.upsert_account(tenant, "a1", "", "").id for tenant in ("tenant", "other")])
    assert found == ["here", "abroad"]


async def test_a_place_of_another_tenant_cannot_be_taken_over(walled: Storage) -> None:
    place = Conversation("19:board@thread.tacv2", "other", "https://elsewhere.example/", "channel")
    with pytest.raises(NotFound):
        await walled.run(lambda tx: tx.arrive(tenant_id="other", account_id="a1", channel_id="29:b", name="Bo", conversation=place))
    assert (await walled.read(lambda tx: tx.conversation_of(place.id))).tenant_id == "tenant"


@pytest.mark.parametrize(
    ("person_id", "bodies"), [("here", ["body"]), ("m1", ["body"]), ("d2", ["body"]), ("x1", ["body"]), ("nobody", []), ("", [])]
)
async def test_bodies_are_those_a_person_serves_holds_a_seat_in_or_advises(walled: Storage, person_id: str, bodies: list[str]) -> None:
    actor = Person(person_id, "tenant", "Joku")
    assert [body.id for body in await walled.read(lambda tx: tx.bodies(), actor=actor)] == bodies


async def test_who_is_not_known_is_not_taken_for_the_bot_itself(walled: Storage) -> None:
    def opens(tx: Transaction) -> tuple[bool, bool]:
        tx.recognise("tenant", "a1")
        known = is_open(tx.body("body"), tx)
        tx.recognise("tenant", "nobody-knows")
        return known, is_open(tx.body("body"), tx)

    assert await walled.run(opens) == (True, False)
