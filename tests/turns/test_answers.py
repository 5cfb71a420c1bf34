"""Answers given in Outlook reach the meeting by themselves: over the wire, in the app as it ships."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from app import SANDBOX_ORGANISER
from tests.standins.channel import Person
from tests.turns.room import Room
from tests.turns.scenes import PLANNED, published
from texts import t

HEADERS = {"Authorization": "Bearer local", "Prefer": 'IdType="ImmutableId"'}


async def outlook(room: Room, who: Person, answer: str = "", day: str = "") -> list[dict[str, Any]]:
    """The events in a person's calendar; `answer` is what they press on the only one, or the one of a day."""
    async with aiohttp.ClientSession(headers=HEADERS) as http:
        calendar = f"{room.url}/graph/v1.0/users/{who.email}/events"
        async with http.get(calendar) as found:
            events: list[dict[str, Any]] = (await found.json())["value"]
        if answer:
            (event,) = (one for one in events if one["start"]["dateTime"].startswith(day))
            async with http.post(f"{calendar}/{event['id']}/{answer}", json={"sendResponse": True}) as answered:
                assert answered.status == 202
    return events


async def invited(room: Room, who: Person) -> None:
    for _ in range(200):
        if await outlook(room, who):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{who.name} is not invited")


def stored(folder: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{folder / 'room.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def answers(folder: Path) -> list[tuple[Any, ...]]:
    """Who has answered what."""
    return stored(folder, "SELECT name, response FROM invitation_answer JOIN person ON person.id = person_id ORDER BY name")


async def subscribed(room: Room, folder: Path, but: str = "") -> str:
    """The subscription, another than `but`, once there is one."""
    query = "SELECT subscription_id FROM watch"
    found: str = await room.settled(lambda: next((one for (one,) in stored(folder, query) if one not in {"", but}), ""), "subscribed")
    return found


async def fault(room: Room, **fault: object) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{room.url}/graph/sandbox/faults", json=fault) as answer:
        assert answer.status == 204, await answer.text()


async def test_a_member_who_declines_in_outlook_has_declined_without_anybody_asking(tmp_path: Path) -> None:
    async with Room(tmp_path, PLANNED) as room:
        scene = await published(room)
        for person in (scene.vesa, scene.maija):
            await invited(room, person)
        await outlook(room, scene.vesa, "decline")
        await outlook(room, scene.maija, "accept")
        await room.at(PLANNED + timedelta(hours=1))
        given = [("Maija Meri", "accepted"), ("Vesa Virta", "declined")]
        await room.settled(lambda: answers(tmp_path) == given, "both answers in the meeting")
        # What follows from an answer on the board follows from this one: the deputy is called.
        await scene.wait_told(scene.desk, "Elli Eskola")
        # Somebody changes their mind, and is asked nothing either.
        await outlook(room, scene.vesa, "accept")
        await room.at(PLANNED + timedelta(hours=2))
        await room.settled(lambda: ("Vesa Virta", "accepted") in answers(tmp_path), "the newer answer")


async def test_where_graph_notifies_an_answer_is_there_at_once(tmp_path: Path) -> None:
    """The clock stands still, so that no reading falls due by itself."""
    async with Room(tmp_path, PLANNED) as room:
        scene = await published(room)
        await invited(room, scene.vesa)
        first = await subscribed(room, tmp_path)
        await fault(room, notification="twice")
        await outlook(room, scene.vesa, "decline")
        await room.settled(lambda: answers(tmp_path) == [("Vesa Virta", "declined")], "the answer in the meeting")
        await scene.wait_told(scene.desk, "Elli Eskola")
        await fault(room, notification="subscriptionRemoved")
        await subscribed(room, tmp_path, but=first)
        await outlook(room, scene.maija, "accept")
        await room.settled(lambda: ("Maija Meri", "accepted") in answers(tmp_path), "the other answer")
        assert len(stored(tmp_path, "SELECT 1 FROM journal WHERE command = 'take_answers'")) == 2


async def test_an_event_deleted_in_outlook_is_asked_about_at_once(tmp_path: Path) -> None:
    async with Room(tmp_path, PLANNED) as room:
        scene = await published(room)
        await invited(room, scene.vesa)
        await subscribed(room, tmp_path)
        ((event_id,),) = await room.settled(
            lambda: stored(tmp_path, "SELECT event_id FROM meeting WHERE event_id <> ''"), "the event is known"
        )
        address = f"{room.url}/graph/v1.0/users/{SANDBOX_ORGANISER}/events/{event_id}"
        async with aiohttp.ClientSession(headers=HEADERS) as http, http.delete(address) as deleted:
            assert deleted.status == 204
        await scene.wait_told(scene.desk, t("fi", "told.event_gone", number="1/2026"))
        assert stored(tmp_path, "SELECT event_trouble FROM meeting") == [("gone",)]
