"""The compose box over HTTP, in a chat the bot is no member of: what is found there, what becomes a card, and what is never shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, create_engine, select

from documents.links import document_link
from storage import tables
from tests.standins.channel import Person, Place
from tests.turns.room import Room, links_of, text_of
from tests.turns.scenes import PLANNED, Scene, in_review

AFTER = datetime(2026, 5, 19, 6, 0, tzinfo=UTC)
WORDS = {"fi": ("venesataman", "Venesatama"), "sv": ("båthamn", "Båthamnen"), "en": ("marinas", "The marina")}
TABLES = (tables.turn, tables.person, tables.conversation, tables.journal)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


async def approved(room: Room, language: str = "fi") -> Scene:
    """The minutes are approved, made as documents and shown on the board."""
    scene = await in_review(room, language)
    await room.at(AFTER)
    await room.settled(lambda: any(links_of(card) for card in _approved_cards(scene)), "the approved minutes are on the board")
    return scene


def _approved_cards(scene: Scene) -> list[dict[str, Any]]:
    cards = [room_card for posted in scene.room.board_posts(scene.board) if (room_card := posted.activity["attachments"][0]["content"])]
    return [card for card in cards if "SHA-256" in text_of(card)]


def elsewhere(scene: Scene, *others: Person) -> Place:
    """A chat of which the bot knows nothing."""
    return scene.room.channel.chat([scene.maija, *others])


def titles(found: dict[str, Any]) -> list[str]:
    assert found["type"] == "result", found
    return [one["preview"]["content"]["title"].replace("\u2060", "") for one in found["attachments"]]


def kept(folder: Path, one: Table) -> list[Any]:
    """The rows of a table."""
    engine = create_engine(f"sqlite:///{folder / 'room.db'}")
    with engine.connect() as connection:
        found = list(connection.execute(select(one)))
    engine.dispose()
    return found


async def link_to(room: Room, folder: Path, kind: str, reader_id: str = "") -> str:
    """The bot's own link to the PDF of a kind, for all who see the board or for one person."""

    def made() -> list[str]:
        return [row.id for row in kept(folder, tables.document) if (row.kind, row.format) == (kind, "pdf")]

    (document,) = await room.settled(made, f"the document {kind}")
    (key,) = (row.value for row in kept(folder, tables.secret) if row.name == "links")
    return document_link(room.url, document, key, AFTER, reader_id)


@pytest.mark.parametrize("language", WORDS)
async def test_what_is_approved_is_found_in_any_chat_and_becomes_a_card_that_anybody_may_read(
    room: Room, tmp_path: Path, language: str
) -> None:
    scene = await in_review(room, language)
    asked, title = WORDS[language]
    ask, chat = room.channel.ask, elsewhere(scene)
    # Before the approval not even the secretary, who finds it at the desk, can put it before others.
    assert (await ask(scene.aino, chat, asked))["type"] == "message"
    await room.at(AFTER)
    await room.settled(lambda: any(links_of(card) for card in _approved_cards(scene)), "the approved minutes are on the board")

    before = [kept(tmp_path, one) for one in TABLES]
    found = await ask(scene.maija, chat, asked)
    assert titles(found) == [f"§ 6 {title}"]
    card = found["attachments"][0]["content"]
    assert card["version"] == "1.3"
    assert f"§ 6 {title}\nSaarten ohjausryhmä" in text_of(card)
    assert "1/2026" in text_of(card)
    (link,) = links_of(card).values()
    # It leads into the channel, where Teams knows who may read, and carries no right of its own.
    assert "/documents/" not in link
    assert "mark=" not in json.dumps(found)
    assert [kept(tmp_path, one) for one in TABLES] == before


async def test_the_newest_are_there_before_anything_is_typed_and_the_rest_by_pages(room: Room) -> None:
    scene = await approved(room)
    chat = elsewhere(scene)
    everything = titles(await room.channel.ask(scene.maija, chat, None))
    first = everything.index("§ 6 Venesatama")
    assert everything[first + 1] == "§ 7 Talousraportti"
    assert titles(await room.channel.ask(scene.maija, chat, None, skip=first, count=2)) == everything[first : first + 2]
    assert await room.channel.ask(scene.maija, chat, None, skip=len(everything)) == {
        "type": "result",
        "attachmentLayout": "list",
        "attachments": [],
    }


async def test_nobody_finds_what_is_not_theirs(room: Room) -> None:
    scene = await approved(room)
    stranger = room.channel.person("Olli Outo", locale="sv-FI")
    neighbour = room.channel.person("Maija Meri", locale="fi-FI", tenant_id="11111111-2222-3333-4444-555555555555")
    room.channel.person("Maija Meri")
    for person, says in ((stranger, "Beslut söks i de organ"), (neighbour, "Päätöksiä haetaan toimielimistä")):
        for words in (None, "venesatama"):
            answered = await room.channel.ask(person, elsewhere(scene, person), words)
            assert answered["type"] == "message"
            assert says in answered["text"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("koulukuljetus", "Haulla ”koulukuljetus” ei löytynyt päätöksiä."),
        ("!!", "Hakuun tarvitaan vähintään yksi sana"),
        ("a' OR 1=1 -- \x00 NEAR(", ""),
        (" ".join(map(str, range(11))), "Hae enintään 10 sanalla."),
        ("sana " * 10_000, ""),
    ],
)
async def test_whatever_is_typed_is_answered_in_words(room: Room, words: str, says: str) -> None:
    scene = await approved(room)
    answered = await room.channel.ask(scene.maija, elsewhere(scene), words)
    assert answered["type"] == "message"
    assert says in answered["text"]


async def test_what_no_client_sends_and_a_database_that_is_away_are_answered_in_words(room: Room, tmp_path: Path) -> None:
    scene = await in_review(room)
    broken = await room.channel.compose(scene.maija, elsewhere(scene), "query", {"parameters": "x"})
    assert broken["type"] == "message"
    (tmp_path / "room.db").rename(tmp_path / "away.db")
    answered = await room.channel.ask(scene.maija, elsewhere(scene), "venesatama")
    assert answered == {"type": "message", "text": "Haku ei onnistu juuri nyt. Yritä hetken kuluttua uudelleen."}
    (tmp_path / "away.db").rename(tmp_path / "room.db")


async def test_a_link_to_minutes_becomes_a_card_for_those_whose_they_are_and_for_nobody_else(room: Room, tmp_path: Path) -> None:
    scene = await in_review(room)
    draft, agenda = await link_to(room, tmp_path, "round 1"), await link_to(room, tmp_path, "agenda")
    own = await link_to(room, tmp_path, "round 1", "somebody")
    paste, chat = room.channel.paste, elsewhere(scene)
    assert titles(await paste(scene.maija, chat, draft)) == []  # not approved
    await room.at(AFTER)
    await room.settled(lambda: any(links_of(card) for card in _approved_cards(scene)), "the approved minutes are on the board")
    found = await paste(scene.maija, chat, draft)
    assert titles(found) == ["Pöytäkirja 1/2026"]
    card = found["attachments"][0]["content"]
    assert "ma 11.5.2026" in text_of(card)
    assert "mark=" not in json.dumps(card)

    # Another's own link opens nothing for others, and its card says no more than any.
    assert titles(await paste(scene.maija, chat, own)) == ["Pöytäkirja 1/2026"]
    stranger = room.channel.person("Olli Outo")
    forged = draft.replace("mark=", "mark=0")
    token = f"{room.url}/comment/person.meeting.1900000000.00"
    for person, url, kind in (
        (stranger, draft, "queryLink"),  # who has the link can open it, but no card says what it is
        (scene.maija, draft, "anonymousQueryLink"),
        (stranger, own, "queryLink"),
        (scene.maija, own.replace("somebody", "maija"), "queryLink"),
        (scene.maija, forged, "queryLink"),
        (scene.maija, agenda, "queryLink"),
        (scene.maija, token, "queryLink"),
        (scene.maija, "https://elsewhere.example/documents/1?until=1&mark=2", "queryLink"),
        (scene.maija, f"{room.url}/documents/[", "queryLink"),
    ):
        assert titles(await paste(person, chat, url, kind=kind)) == [], (person.name, url)
