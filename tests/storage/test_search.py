"""Decisions are found by their words, alike on both databases, and as the record is now, whoever wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from meetings.errors import NotFound
from meetings.model import Body, Item, Meeting, Outcome, Person, Phase
from meetings.ports import Found
from meetings.rules.search import asked_words, words_of
from storage import search, tables
from storage.database import Storage
from storage.errors import Behind
from storage.transaction import Transaction
from tests.samples import body as sample_body
from tests.samples import meeting as sample_meeting
from tests.storage.records import WORDS

HERE = Person("here", "tenant", "Aino")
ABROAD = Person("abroad", "other", "Bo")
ITEMS: Mapping[str, dict[str, Any]] = {
    "satama": {"title": "Venesatamahanke", "decision": "Tilinpäätöksestä keskusteltiin.", "outcome": Outcome.AMENDED},
    "talous": {"title": "Tilinpäätös", "decision": "Hyväksyttiin.", "proposal": "Tilinpäätös 2024.", "outcome": Outcome.AS_PROPOSED},
    "hanke": {"title": "Muut asiat", "decision": "Hankintojen suunnitelma merkittiin.", "outcome": Outcome.NOTED},
    "avaus": {"title": "Kokouksen avaus", "proposal": "Tilinpäätös mainitaan."},
}


def _meeting(meeting_id: str, body_id: str, day: date, phase: Phase = Phase.APPROVED, **items: dict[str, Any]) -> Meeting:
    made = tuple(
        Item(f"{meeting_id}-{name}", meeting_id, place, section=place, **fields)
        for place, (name, fields) in enumerate((items or ITEMS).items(), start=1)
    )
    return replace(
        sample_meeting(), id=meeting_id, body_id=body_id, number=day.timetuple().tm_yday, year=day.year, day=day, phase=phase, items=made
    )


@pytest.fixture
async def kept(storage: Storage) -> Storage:
    await _save(
        storage,
        replace(sample_body(), languages=("fi",)),
        _meeting("old", "body", date(2024, 5, 6)),
        _meeting("new", "body", date(2025, 5, 5)),
    )
    return storage


async def _save(storage: Storage, *things: Any) -> None:
    await storage.run(lambda tx: [tx.save(one) for one in things])


async def _found(storage: Storage, asked: str, actor: Person = HERE, most: int = 10, **places: bool) -> Found:
    where = places or {"body": False}
    return await storage.run(lambda tx: tx.find_decisions(where, asked_words(asked), most), actor=actor)


async def _ids(storage: Storage, asked: str, actor: Person = HERE, most: int = 10, **places: bool) -> list[str]:
    return [one.item.id for one in (await _found(storage, asked, actor, most, **places)).decisions]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("tilinpäätös", ["new-talous", "old-talous", "new-satama", "old-satama"]),
        ("TILINPÄÄTÖKSEN", ["new-talous", "old-talous", "new-satama", "old-satama"]),
        ("hankinta", ["new-hanke", "old-hanke"]),
        ("venesatama", ["new-satama", "old-satama"]),
        ("venesatamahankkeen", ["new-satama", "old-satama"]),
        ("hankinnat suunnitelmassa", ["new-hanke", "old-hanke"]),
        ("hankinnat venesatamassa", []),
        ("tilinpaatos", []),
        ("tilinpäätös 2024", ["old-talous", "new-talous", "old-satama"]),
        ("esityksen mukaan", ["new-talous", "old-talous"]),
        ("mainita", []),
    ],
)
async def test_words_in_any_form_find_decisions_titles_first_then_the_newest(kept: Storage, asked: str, ids: list[str]) -> None:
    assert await _ids(kept, asked) == ids


async def test_the_best_are_shown_and_all_are_counted(kept: Storage) -> None:
    found = await _found(kept, "tilinpäätös", most=3)
    assert (len(found.decisions), found.count) == (3, 4)
    best = found.decisions[0]
    assert (best.meeting.id, best.meeting.items, best.item.title, best.sentence, best.proposed) == (
        "new",
        (),
        "Tilinpäätös",
        "Tilinpäätös 2024.",
        True,
    )
    assert (found.decisions[2].sentence, found.decisions[2].proposed) == ("Tilinpäätöksestä keskusteltiin.", False)


async def test_swedish_and_english_words_and_a_body_of_two_languages(storage: Storage) -> None:
    swedish: dict[str, Any] = {"a": {"title": "Båthamnen", "decision": "Upphandlingen godkändes.", "outcome": Outcome.AMENDED}}
    english: dict[str, Any] = {"a": {"title": "The marina", "decision": "Policies were noted.", "outcome": Outcome.NOTED}}
    both: dict[str, Any] = {"a": {"title": "Hankinta", "outcome": Outcome.NOTED}, "b": {"title": "Upphandlingar", "outcome": Outcome.NOTED}}
    for body_id, languages, items in (("s", ("sv",), swedish), ("e", ("en",), english), ("b", ("fi", "sv"), both)):
        body = replace(sample_body(), id=body_id, languages=languages, channel_id=body_id, seats=(), holdings=(), experts=())
        await _save(storage, body, _meeting(f"m{body_id}", body_id, date(2025, 5, 5), **items))
    assert await _ids(storage, "upphandlingar båthamn", s=True) == ["ms-a"]
    assert await _ids(storage, "antecknades", s=True) == []
    assert await _ids(storage, "policy marina", e=True) == ["me-a"]
    assert await _ids(storage, "hankinnat", b=True) == ["mb-a"]
    assert await _ids(storage, "upphandlingen", b=True, s=True, e=True) == ["mb-b", "ms-a"]


# --- walls ----------------------------------------------------------------------------------------------------------------


async def test_another_tenants_body_does_not_exist(kept: Storage) -> None:
    with pytest.raises(NotFound):
        await _found(kept, "tilinpäätös", ABROAD)


async def test_only_the_bodies_asked_about_are_looked_through(kept: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(sample_body(), id="other", channel_id="other", seats=(), holdings=(), experts=())
    await _save(kept, other, _meeting("there", "other", date(2026, 1, 5)))
    assert len(await _ids(kept, "tilinpäätös", body=True, other=True)) == 6
    assert "there-talous" not in await _ids(kept, "tilinpäätös")
    # Bodies of the same mark are told apart too.
    monkeypatch.setattr(search, "mark_of", lambda _body_id: "00000")
    monkeypatch.setattr(search, "SCHEME", 0)
    assert len(await _ids(kept, "tilinpäätös", body=True, other=True)) == 6
    assert await _ids(kept, "tilinpäätös", other=True) == ["there-talous", "there-satama"]


@pytest.mark.parametrize("phase", list(Phase))
async def test_what_is_not_approved_is_found_only_where_asked_for(kept: Storage, phase: Phase) -> None:
    await _save(kept, _meeting("now", "body", date(2026, 3, 2), phase))
    assert ("now-talous" in await _ids(kept, "tilinpäätös", body=False)) == (phase is Phase.APPROVED)
    assert ("now-talous" in await _ids(kept, "tilinpäätös", body=True)) == (phase in {Phase.CLOSED, Phase.REVIEW, Phase.APPROVED})
    assert "now-avaus" not in await _ids(kept, "tilinpäätös", body=True)


# --- as the record is ---------------------------------------------------------------------------------------------------------


async def test_a_changed_text_is_found_at_once_and_the_old_one_no_more(kept: Storage) -> None:
    assert await _ids(kept, "hankinta") == ["new-hanke", "old-hanke"]

    def change(tx: Any) -> None:
        meeting = tx.meeting("new")
        tx.save(
            replace(
                meeting,
                items=tuple(replace(one, decision="Vaali toimitettiin.") if one.id == "new-hanke" else one for one in meeting.items),
            )
        )

    await kept.run(change)
    assert await _ids(kept, "hankinta") == ["old-hanke"]
    assert await _ids(kept, "vaalien") == ["new-hanke"]


async def test_an_item_that_is_gone_is_found_no_more(kept: Storage) -> None:
    assert len(await _ids(kept, "tilinpäätös")) == 4
    await kept.run(lambda tx: tx.save(replace(tx.meeting("new"), items=())))
    assert await _ids(kept, "tilinpäätös") == ["old-talous", "old-satama"]


async def test_what_a_version_without_the_index_writes_is_found(kept: Storage) -> None:
    """It moves the meeting's version, as every change does, and knows nothing of the index."""
    assert await _ids(kept, "koulukuljetus") == []
    item, meeting = tables.metadata.tables["item"], tables.meeting

    def write(connection: Any, _now: Any) -> None:
        connection.execute(update(item).where(item.c.id == "new-hanke").values(decision="Koulukuljetukset järjestetään."))
        connection.execute(update(meeting).where(meeting.c.id == "new").values(version=meeting.c.version + 1))

    await kept.execute(write)
    assert await _ids(kept, "koulukuljetus") == ["new-hanke"]


async def test_a_body_that_takes_another_language_is_found_in_it(kept: Storage) -> None:
    await _save(kept, _meeting("sv", "body", date(2023, 5, 8), a={"title": "Skolorna", "outcome": Outcome.NOTED}))
    assert await _ids(kept, "skolan") == []
    await kept.run(lambda tx: tx.save(replace(tx.body("body"), languages=("fi", "sv"))))
    assert await _ids(kept, "skolan") == ["sv-a"]


async def test_a_search_writes_only_what_has_changed(kept: Storage) -> None:
    async def written() -> list[int]:
        ids = text("SELECT id FROM search_item ORDER BY id")
        return await kept.look(lambda connection, _now: list(connection.execute(ids).scalars()))

    assert await written() == []
    await _found(kept, "tilinpäätös")
    first = await written()
    assert len(first) == 6
    await _found(kept, "hankinta")
    assert await written() == first
    await kept.run(lambda tx: tx.save(replace(tx.meeting("new"), place="Kirjasto")))
    await _found(kept, "hankinta")
    assert len(set(first) & set(await written())) == 3


# --- whatever is typed ---------------------------------------------------------------------------------------------------------

SYNTAX = [
    "NEAR(a b)",
    "a AND",
    "OR",
    "NOT x",
    "words:a",
    '"',
    "'",
    "a*",
    "^a",
    "(a",
    "a)",
    "a:*",
    "a & b",
    "!a",
    "<->",
    "-a",
    "{a}",
    "\\",
    "a'b",
    ";--",
    "%",
    "_",
]


@pytest.mark.parametrize("asked", SYNTAX)
async def test_the_databases_own_signs_mean_nothing(kept: Storage, asked: str) -> None:
    assert (await _found(kept, asked)).count == 0
    assert await _ids(kept, f"tilinpäätös {asked if not words_of(asked) else ''}") == await _ids(kept, "tilinpäätös")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_text_is_kept_and_asked_for_without_an_error(kept: Storage, data: st.DataObject) -> None:
    asked, title = data.draw(WORDS | st.sampled_from(SYNTAX)), data.draw(WORDS)
    await _save_title(kept, title)
    found = await _found(kept, asked)
    assert found.count >= len(found.decisions)
    if words := asked_words(title):
        assert "new-satama" in await _ids(kept, " ".join(words[:10]))


async def _save_title(storage: Storage, title: str) -> None:
    def change(tx: Any) -> None:
        meeting = tx.meeting("new")
        tx.save(replace(meeting, items=tuple(replace(one, title=title) if one.id == "new-satama" else one for one in meeting.items)))

    await storage.run(change)


async def test_every_letter_that_is_kept_as_it_is_is_one_to_the_database(kept: Storage) -> None:
    """FTS5 knows an older Unicode: a letter it does not know would part a word in two, which a query could not have."""
    letters = [chr(code) for code in range(0x250) if chr(code).isalnum()]
    await _save_title(kept, " ".join(f"q{one}q" for one in letters))
    for place in range(0, len(letters), 10):
        asked = " ".join(f"q{one}q" for one in letters[place : place + 10])
        assert await _ids(kept, asked) == ["new-satama"], asked


async def test_very_many_bodies_and_words_are_asked_for_at_once(storage: Storage) -> None:
    def make(tx: Any) -> None:
        for number in range(200):
            body = Body(f"b{number}", "tenant", f"Toimielin {number}", f"c{number}", secretary_id="here", languages=("fi", "sv", "en"))
            tx.save(body)
            tx.save(
                _meeting(
                    f"m{number}",
                    body.id,
                    date(2025, 5, 5),
                    a={"title": "yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen", "outcome": Outcome.NOTED},
                )
            )

    await storage.run(make)
    everywhere: Any = {f"b{number}": True for number in range(200)}
    found = await _found(storage, "yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen", **everywhere)
    assert (found.count, len(found.decisions)) == (200, 10)


async def test_two_that_search_at_once_both_find(kept: Storage) -> None:
    found = await asyncio.gather(*(_ids(kept, "tilinpäätös") for _ in range(8)))
    assert found == [["new-talous", "old-talous", "new-satama", "old-satama"]] * 8


async def test_who_only_reads_finds_what_is_written_and_is_told_when_something_is_to_be_written_first(kept: Storage) -> None:
    def find(tx: Transaction) -> list[str]:
        return [one.item.id for one in tx.find_decisions({"body": False}, ["venesatama"], 1, 1).decisions]

    def newest(tx: Transaction) -> list[str]:
        return [one.item.id for one in tx.newest_decisions(["body"], 2, 1).decisions]

    for look in (find, newest):
        with pytest.raises(Behind):
            await kept.read(look)
    assert await kept.run(find) == ["old-satama"]
    assert await kept.read(find) == ["old-satama"]
    assert await kept.read(newest) == ["new-talous", "new-hanke"]
