"""Whatever is saved is what is loaded: every aggregate with every child, on both databases."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings

from meetings import model as m
from storage.database import Storage
from storage.tables import BODY_CHILDREN, MEETING_CHILDREN
from tests import samples
from tests.storage.records import bound, drawn

many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def _tuples_of_rows(model: type[Any]) -> set[str]:
    hints = get_type_hints(model)
    return {one.name for one in fields(model) if get_origin(hints[one.name]) is tuple and is_dataclass(get_args(hints[one.name])[0])}


@pytest.mark.parametrize(("model", "children"), [(m.Body, BODY_CHILDREN), (m.Meeting, MEETING_CHILDREN)])
def test_every_tuple_of_an_aggregate_has_its_table(model: type[Any], children: tuple[Any, ...]) -> None:
    assert {one.field for one in children} == _tuples_of_rows(model)


@many
@given(first=drawn(m.Body), second=drawn(m.Body))
async def test_a_body_comes_back_as_it_was_saved_and_as_it_was_changed(storage: Storage, first: m.Body, second: m.Body) -> None:
    body_id = await storage.run(lambda tx: tx.new_id())
    made: m.Body = replace(bound(first, body_id), channel_id=body_id)
    assert await storage.run(lambda tx: tx.save(made)) == made
    assert await storage.run(lambda tx: tx.body(body_id)) == made

    changed: m.Body = replace(bound(second, body_id, made), channel_id=body_id)

    def change(tx: Any) -> m.Body:
        tx.body(body_id)
        saved: m.Body = tx.save(changed)
        return saved

    saved = await storage.run(change)
    assert saved == replace(changed, version=made.version + 1)
    assert await storage.read(lambda tx: tx.body(body_id)) == saved


@many
@given(first=drawn(m.Meeting), second=drawn(m.Meeting))
async def test_a_meeting_comes_back_as_it_was_saved_and_as_it_was_changed(storage: Storage, first: m.Meeting, second: m.Meeting) -> None:
    body_id, meeting_id = await storage.run(lambda tx: (tx.new_id(), tx.new_id()))
    made: m.Meeting = replace(bound(first, meeting_id), body_id=body_id)

    def make(tx: Any) -> None:
        tx.save(replace(samples.body(0), id=body_id, channel_id=body_id, experts=()))
        tx.save(made)

    await storage.run(make)
    assert await storage.run(lambda tx: tx.meeting(meeting_id)) == made

    changed: m.Meeting = replace(bound(second, meeting_id, made), body_id=body_id)

    def change(tx: Any) -> m.Meeting:
        tx.meeting(meeting_id)
        saved: m.Meeting = tx.save(changed)
        return saved

    saved = await storage.run(change)
    assert saved == replace(changed, version=made.version + 1)
    assert await storage.read(lambda tx: tx.meeting(meeting_id)) == saved
    bare: dict[str, Any] = dict.fromkeys(_tuples_of_rows(m.Meeting), ())
    header = replace(saved, **bare)
    assert await storage.read(lambda tx: tx.meetings(body_id)) == (header,)


@many
@given(person=drawn(m.Person), place=drawn(m.Conversation), draft=drawn(m.Draft), post=drawn(m.Post))
async def test_single_things_come_back(storage: Storage, person: m.Person, place: m.Conversation, draft: m.Draft, post: m.Post) -> None:
    ids = await storage.run(lambda tx: [tx.new_id() for _ in range(6)])
    body_id, meeting_id = ids[:2]
    person = replace(person, id=ids[2], account_id=ids[2])
    place = replace(place, id=ids[3])
    draft = replace(draft, id=ids[4], body_id=body_id)
    post = replace(post, id=ids[5], meeting_id=meeting_id)
    things: tuple[Any, ...] = (person, place, draft, post)

    def make(tx: Any) -> None:
        tx.save(replace(samples.body(0), id=body_id, channel_id=body_id, experts=()))
        tx.save(replace(samples.meeting(0), id=meeting_id, body_id=body_id))
        for thing in things:
            tx.save(thing)

    def load(tx: Any) -> tuple[Any, ...]:
        return tx.person(ids[2]), tx.conversation_of(ids[3]), tx.draft(ids[4]), *tx.posts(meeting_id)

    await storage.run(make)
    assert await storage.read(load) == things
    # Changed without having been loaded in the same transaction, as handlers do.
    person = replace(person, name="Uusi nimi", email="uusi@example.org")
    post = replace(post, activity_id="17")
    await storage.run(lambda tx: (tx.save(person), tx.save(post)))
    assert await storage.read(load) == (person, place, draft, post)


async def test_the_newest_edition_of_each_kind_and_format_is_the_document(storage: Storage) -> None:
    kinds = [("agenda", "pdf", 1), ("agenda", "docx", 1), ("agenda", "pdf", 2), ("minutes", "pdf", 1)]
    documents = [m.Document(f"d{n}", "meeting", kind, form, edition, f"{n}.{form}", "00") for n, (kind, form, edition) in enumerate(kinds)]

    def make(tx: Any) -> None:
        tx.save(samples.body())
        tx.save(samples.meeting())
        for one in documents:
            tx.add_document(one, one.id.encode() + b"\x00\xff")

    await storage.run(make)
    assert set(await storage.read(lambda tx: tx.documents("meeting"))) == {documents[1], documents[2], documents[3]}
    assert await storage.read(lambda tx: tx.document("d0")) == documents[0]
    assert await storage.read(lambda tx: tx.document_content("d2")) == b"d2\x00\xff"
    template = await storage.run(lambda tx: tx.keep_content(b"PK"))
    assert await storage.read(lambda tx: tx.document_content(template)) == b"PK"


async def test_a_dropped_draft_is_gone_also_within_its_transaction(storage: Storage) -> None:
    def drop_and_make_again(tx: Any) -> None:
        tx.drop_draft("draft")
        tx.save(m.Draft("draft", "body", "agenda", "toinen"))

    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(m.Draft("draft", "body", "agenda", "ensimmäinen"))))
    await storage.run(drop_and_make_again)
    assert (await storage.read(lambda tx: tx.draft("draft"))).source == "toinen"


async def test_instants_are_aware_utc_and_a_naive_one_is_refused(storage: Storage) -> None:
    helsinki = timezone(timedelta(hours=3))
    opened = datetime(2026, 5, 11, 10, 2, 3, 456789, tzinfo=helsinki)
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting(opened_at=opened))))
    found = (await storage.read(lambda tx: tx.meeting("meeting"))).opened_at
    assert found == opened
    assert found is not None
    assert found.tzinfo is UTC
    naive = datetime(2026, 5, 11, 10, 2)  # noqa: DTZ001  # what is refused
    with pytest.raises(Exception, match="an instant needs a zone"):
        await storage.run(lambda tx: tx.save(samples.meeting(0, id="other", number=5, opened_at=naive)))


async def test_deadlines_stay_the_local_date_and_hour_of_the_body(storage: Storage) -> None:
    sent = m.Round("round", "meeting", 1, samples.NOW, datetime(2026, 10, 24, tzinfo=UTC).date(), None, "Europe/Helsinki")
    await storage.run(lambda tx: (tx.save(samples.body()), tx.save(samples.meeting(rounds=(sent,)))))
    found = (await storage.read(lambda tx: tx.meeting("meeting"))).rounds[0]
    assert (found.deadline.isoformat(), found.deadline_hour, found.zone) == ("2026-10-24", None, "Europe/Helsinki")
    assert found.ends_at == datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
