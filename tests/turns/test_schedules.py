"""Dates pasted, the calendars asked, and the best date planned: the whole way over HTTP, in Swedish and in Finnish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import lxml.html
import pytest

from tests.standins.channel import card_of
from tests.turns.room import Card, Room, find_button, has_button, text_of
from tests.turns.scenes import PLANNED, Scene, set_up

DATES = "må 7.9.2026 kl. 11–13\nti 8.9.2026 kl. 10–12\nsö 6.12.2026 kl. 10–12"
HEADERS = {"Authorization": "Bearer local", "Prefer": 'IdType="ImmutableId"'}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


async def _read(room: Room) -> tuple[Scene, Card]:
    """Everybody is invited to a meeting, which Maija accepts; then three dates are pasted, the first at the time of that meeting."""
    scene = await set_up(room, "sv")
    await scene.say("plan_meeting", "må 7.9.2026 kl. 10.00–12.00 Kommungården")
    events = f"{room.url}/graph/v1.0/users/{scene.maija.email}/events"
    async with aiohttp.ClientSession(headers=HEADERS) as http:
        invited: list[str] = []
        while not invited:
            await asyncio.sleep(0.05)
            async with http.get(events) as answer:
                invited = [one["id"] for one in (await answer.json())["value"]]
        async with http.post(f"{events}/{invited[0]}/accept", json={"sendResponse": False}) as answer:
            assert answer.status == 202
    return scene, await scene.say("read_dates", f"\n{DATES}")


def _card_with(scene: Scene, text: str) -> Card | None:
    cards = [card_of(one.activity) for one in scene.room.channel.shown(scene.desk) if one.activity.get("attachments")]
    return next((card for card in reversed(cards) if text in text_of(card)), None)


async def _told(room: Room, scene: Scene, text: str) -> Card:
    card: Card = await room.settled(lambda: _card_with(scene, text), f"{text} at the desk")
    return card


async def test_the_calendars_rank_the_dates_and_the_best_is_planned_at_a_press(room: Room) -> None:
    scene, read = await _read(room)
    asked = await room.press(scene.aino, scene.desk, read, "ask_calendars")
    assert "Jag frågar kalendrarna vem som är ledig." in text_of(asked)
    card = await _told(room, scene, "Kalendrarna har lästs.")
    text = text_of(card)
    assert "3 kalendrar kunde inte läsas: Elli Eskola, Matti Maa, Siv Strand." in text
    best, second, worst = (text.index(when) for when in ("1. ti 8.9.2026", "2. sö 6.12.2026", "3. må 7.9.2026"))
    assert best < second < worst
    assert "Täckta platser 3/3, varav 3 av ledamoten själv" in text[best:second]
    assert "6.12.2026 är en helgdag" in text[second:worst]
    assert "Täckta platser 2/3, varav 2 av ledamoten själv · ordföranden upptagen · 3 preliminära bokningar" in text[worst:]
    assert "En osäker plats, eftersom kalendern inte kunde läsas: Maija Meri." in text[worst:]
    assert "Samma dag 7.9.2026 hålls redan möte 1/2026" in text[worst:]

    button = find_button(card, "confirm_dates", only="2026-09-08T10:00")
    assert button["title"] == "Planera bara tid 1"
    planned = await room.press(scene.aino, scene.desk, card, "confirm_dates", only="2026-09-08T10:00")
    assert "1 möte har planerats." in text_of(planned)
    assert "2/2026" in text_of(planned)
    await scene.wait_on_board("2/2026")
    # The list has done its work: the other dates are no longer to be had.
    late = await room.press(scene.aino, scene.desk, card, "confirm_dates", only="2026-12-06T10:00")
    assert "planerats" not in text_of(late)


async def test_without_the_right_the_secretary_is_told_and_the_dates_are_planned_all_the_same(room: Room) -> None:
    scene, read = await _read(room)
    fault = {"status": 403, "code": "ErrorAccessDenied", "path": "*/getSchedule"}
    async with aiohttp.ClientSession() as http, http.post(f"{room.url}/graph/sandbox/faults", json=fault) as answer:
        assert answer.status == 204
    await room.press(scene.aino, scene.desk, read, "ask_calendars")
    card = await _told(room, scene, "Calendars.ReadWrite")
    assert "Be administratören bevilja" in text_of(card)
    assert has_button(card, "ask_calendars")
    assert "3 möten har planerats." in text_of(await room.press(scene.aino, scene.desk, card, "confirm_dates", only=None))


async def test_dates_can_be_polled_when_nobody_was_ever_invited_to_anything(room: Room) -> None:
    scene = await set_up(room)
    read = await scene.say("read_dates", "\nma 7.9.2026 klo 10–12\nti 8.9.2026 klo 10–12\nke 9.9.2026 klo 10–12\nto 10.9.2026 klo 10–12")
    asked = await room.press(scene.aino, scene.desk, read, "ask_calendars")
    assert "Kysyn kalentereilta, ketkä ovat vapaina." in text_of(asked)
    card = await _told(room, scene, "Kalenterit on luettu.")
    assert text_of(card).count("Paikkoja katettu 3/3, joista 3 jäsenen itsensä") == 4
    assert find_button(card, "open_poll", best=True)["title"] == "Tee kysely kolmesta parhaasta"
    await room.press(scene.aino, scene.desk, card, "open_poll", best=True)
    board = text_of(await scene.wait_on_board("Mikä aika sopii?"))
    assert [day in board for day in ("7.9.2026", "8.9.2026", "9.9.2026", "10.9.2026")] == [True, True, True, False]


async def test_a_time_marked_busy_in_the_sandbox_counts_before_the_first_meeting(room: Room) -> None:
    scene = await set_up(room)
    async with aiohttp.ClientSession(headers={"Sec-Fetch-Site": "same-origin"}) as http:
        async with http.get(f"{room.url}/sandbox") as answer:
            index = lxml.html.document_fromstring(await answer.text())
        known = index.xpath("//ul[@class='people']//span[@class='who']/text()")
        assert {"Aino Saarela", "Maija Meri", "Bo Backman"} <= set(known)
        busy = {"person": scene.maija.email, "date": "2026-09-07", "start": "11:00", "end": "12:00"}
        async with http.post(f"{room.url}/sandbox/busy", data=busy) as answer:
            assert "Aika on merkitty varatuksi." in await answer.text()
    read = await scene.say("read_dates", "\nma 7.9.2026 klo 10–12\nti 8.9.2026 klo 10–12")
    await room.press(scene.aino, scene.desk, read, "ask_calendars")
    text = text_of(await _told(room, scene, "Kalenterit on luettu."))
    free, taken = text.index("1. ti 8.9.2026"), text.index("2. ma 7.9.2026")
    assert "Paikkoja katettu 3/3, joista 3 jäsenen itsensä" in text[free:taken]
    assert "Paikkoja katettu 2/3, joista 2 jäsenen itsensä · puheenjohtaja varattu" in text[taken:]
