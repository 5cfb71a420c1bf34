"""Decisions looked for over HTTP, typed and pressed, before and after the minutes are approved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.turns.room import Room, actions, find_button, has_button, links_of, text_of
from tests.turns.scenes import PLANNED, in_review, set_up

AFTER = datetime(2026, 5, 19, 6, 0, tzinfo=UTC)
WORDS = {"fi": ("hae venesataman", "Venesatama"), "sv": ("sök båthamn", "Båthamnen"), "en": ("search marinas", "The marina")}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


@pytest.mark.parametrize("language", WORDS)
async def test_the_secretary_finds_at_once_and_the_members_when_it_is_approved(room: Room, language: str) -> None:
    scene = await in_review(room, language)
    asked, title = WORDS[language]
    found = await room.say(scene.aino, scene.desk, asked)
    assert f"§ 6 {title}" in text_of(found)
    assert has_button(await room.press(scene.aino, scene.desk, found, "show_item"), "record_item")
    assert title not in text_of(await room.say(scene.maija, scene.chair_desk, asked)).replace(asked, "")
    assert title not in text_of(await room.say(scene.aino, scene.board, asked)).replace(asked, "")

    await room.at(AFTER)
    await room.settled(lambda: any("1/2026" in one for one in scene.told(scene.desk)), "the round has ended")

    async def linked() -> dict[str, str]:
        return links_of(await room.say(scene.maija, scene.chair_desk, asked))

    for _ in range(100):
        links = await linked()
        if links:
            break
    pdf = next(url for name, url in links.items() if "PDF" in name)
    status, content = await room.get(pdf)
    assert (status, content[:5]) == (200, b"%PDF-")
    assert f"§ 6 {title}" in text_of(await room.say(scene.vesa, scene.board, asked))


async def test_the_form_and_the_field_on_the_answer(room: Room) -> None:
    scene = await in_review(room)
    form = await room.say(scene.aino, scene.desk, "etsi")
    assert "Päätösten haku" in text_of(form)
    nothing = await room.press(scene.aino, scene.desk, form, "search_decisions", {"text": "koulukuljetus"})
    assert "Haulla ”koulukuljetus” ei löytynyt päätöksiä." in text_of(nothing)
    found = await room.press(scene.aino, scene.desk, nothing, "search_decisions", {"text": "talousraportin"})
    assert "1 päätös löytyi haulla ”talousraportin”." in text_of(found)
    assert "Merkittiin tiedoksi." in text_of(found)
    assert "§ 7 Talousraportti" in text_of(found)


async def test_the_button_is_where_there_is_no_meeting_in_hand(room: Room) -> None:
    scene = await set_up(room)
    meetings = await scene.say("show_meetings")
    assert find_button(meetings, "search_decisions")["title"] == "Hae päätöksiä"
    form = await room.press(scene.aino, scene.desk, meetings, "search_decisions")
    assert next(actions(form))["verb"] == "search_decisions"


@pytest.mark.parametrize("text", ['hae "', "hae NEAR(a b)*", "sök a' OR 1=1 --", "search & | ! :*", "hae {{x}} <b>", "etsi \u0000\u200b"])
async def test_whatever_is_typed_is_answered(room: Room, text: str) -> None:
    scene = await set_up(room)
    card = await room.say(scene.aino, scene.desk, text)
    assert has_button(card, "search_decisions")
