"""The bot killed with SIGKILL between any two steps and started again on the same data: the meeting goes on, nothing is lost, and
nothing is posted twice but the one thing that cannot be known: a post whose id had not been saved (`DOUBT`)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.jobs.house import ROOT, House, When
from tests.standins.channel import Person, Place, card_of
from tests.turns.room import Card, links_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A post the channel took while the bot died before it could keep the id: after the start it is posted once more.
DOUBT = 1
AGENDA = """1 § Kokouksen avaus

2 § Talousraportti
Esitys: Merkitään tiedoksi.

3 § Kokouksen päättäminen
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with House(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@dataclass
class Group:
    """A body of its own on the board of its own, with a secretary and a chair, so that the tests do not meet."""

    house: House
    name: str
    secretary: Person
    chair: Person
    board: Place
    desk: Place

    async def say(self, text: str) -> Card:
        return await self.house.say(self.secretary, self.desk, text)

    async def press(self, card: Card, verb: str, inputs: dict[str, str] | None = None) -> Card:
        return await self.house.press(self.secretary, self.desk, card, verb, inputs)

    async def plan(self) -> Card:
        return await self.say(f"kokous {_day()} klo 10.00–12.00 Kunnantalo")

    async def move(self) -> None:
        """Three hours later; the board and the calendar follow."""
        assert "13.00" in text_of(await self.say(f"siirrä kokous {_day()} klo 13.00–15.00 Kunnantalo"))
        await self.house.at_rest()
        assert "13.00" in self.on_board()[-1]

    def on_board(self) -> list[str]:
        """The meeting's cards on the board, as text."""
        cards = [text_of(card_of(one.activity)) for one in self.house.board_posts(self.board)]
        return [text for text in cards if "1/" in text]

    async def goes_on(self) -> None:
        """After everything: opened by the chair, the roll on the board once, and someone signs there."""
        house = self.house
        chairs = await house.channel.open(self.chair)
        asked = await house.say(self.chair, chairs, "avaa kokous")
        await house.press(self.chair, chairs, asked, "open_meeting")
        roll = await house.settled(
            lambda: [card_of(one.activity) for one in house.board_posts(self.board) if "Nimenhuuto" in text_of(card_of(one.activity))],
            "the roll on the board",
        )
        signed = await house.press(self.chair, self.board, roll[0], "sign_in", sign="present")
        assert "1/2" in text_of(signed)
        await house.at_rest()
        assert sum("Nimenhuuto" in text for text in self.on_board()) == 1


def _day() -> str:
    """A weekday that is no holiday, some weeks ahead of the real clock the bot runs by."""
    day = datetime.now(UTC).date() + timedelta(days=21)
    while (
        day.weekday() > 3 or (day.month, day.day) in {(1, 1), (1, 6), (5, 1), (12, 6), (12, 24), (12, 25), (12, 26)} or day.month in {4, 5}
    ):
        day += timedelta(days=1)
    return f"{day.day}.{day.month}.{day.year}"


async def gathered(house: House, name: str) -> Group:
    """A body set up with its roster; everything told and read."""
    channel = house.channel
    secretary = channel.person(f"Aino {name}")
    chair = channel.person(f"Maija {name}")
    board = channel.team(f"{name} ryhmä", "Yleinen", [secretary, chair])
    desk = await channel.open(secretary)
    await channel.install(board, secretary)
    form = await house.say(secretary, board, "perusta toimielin")
    await house.press(secretary, board, form, "set_up_body", {"name": f"{name} ryhmä", "language": "fi"})
    await house.at_rest()
    group = Group(house, name, secretary, chair, board, desk)
    roster = f"Jäsen;Varajäsen;Organisaatio\nMaija {name} (pj);Matti {name};Saaren kunta\nBo {name} (vpj);;Kustens kommun\n"
    read = await group.say(f"jäsenluettelo\n{roster}")
    await group.press(read, "confirm_roster")
    await house.at_rest()
    return group


@pytest.mark.parametrize(("when", "doubt", "name"), [("before", 0, "Aalto"), ("after", DOUBT, "Berg")])
async def test_around_the_first_post(house: House, when: When, doubt: int, name: str) -> None:
    """Before: committed, not yet sent. After: sent, the id not yet saved."""
    group = await gathered(house, name)
    house.channel.strike = house.strike(when, "POST", f"/{group.board.id}/activities")
    await group.plan()
    await house.after_the_kill()
    await house.at_rest()
    assert len(group.on_board()) == 1 + doubt
    kept = house.stored("SELECT activity_id FROM post WHERE conversation_id = ?", group.board.id)
    assert kept == [(house.board_posts(group.board)[-1].id,)]
    await group.move()
    assert len(group.on_board()) == 1 + doubt


async def test_around_an_update(house: House) -> None:
    group = await gathered(house, "Dahl")
    await group.plan()
    await house.at_rest()
    moves: tuple[tuple[When, str], ...] = (("before", "13.00"), ("after", "14.00"))
    for when, start in moves:
        house.channel.strike = house.strike(when, "PUT", f"/{group.board.id}/activities")
        await group.say(f"siirrä kokous {_day()} klo {start}–16.00 Kunnantalo")
        await house.after_the_kill()
        await house.at_rest()
        (card,) = group.on_board()
        assert start in card


@pytest.mark.parametrize(("when", "doubt", "name"), [("before", 0, "Forsman"), ("after", DOUBT, "Granlund")])
async def test_around_a_personal_message(house: House, when: When, doubt: int, name: str) -> None:
    group = await gathered(house, name)
    chairs = await house.channel.open(group.chair)
    before = len(house.channel.shown(chairs))
    form = await group.say("asetukset")
    choices = next(one["choices"] for one in _inputs(form) if one["id"] == "secretary_id")
    new = next(one["value"] for one in choices if one["title"].startswith("Maija"))
    house.channel.strike = house.strike(when, "POST", f"/{chairs.id}/activities")
    told = await group.press(form, "change_body", {"secretary_id": new})
    assert group.chair.name in text_of(told)
    await house.after_the_kill()
    await house.at_rest()
    assert len(house.channel.shown(chairs)) - before == 1 + doubt


def _inputs(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for part in node for found in _inputs(part)]
    if not isinstance(node, dict):
        return []
    mine = [node] if str(node.get("type", "")).startswith("Input.") else []
    return mine + [found for part in node.values() for found in _inputs(part)]


@pytest.mark.parametrize(("when", "name"), [("before", "Holm"), ("after", "Ilmola")])
async def test_around_the_making_of_the_calendar_event(house: House, when: When, name: str) -> None:
    group = await gathered(house, name)
    house.calendars.strike = house.strike(when, "POST", "/events")
    # The event is made at once: the bot may die before it has answered the person who planned.
    with suppress(aiohttp.ClientError):
        await group.plan()
    await house.after_the_kill()
    await house.at_rest()
    (event,) = await house.calendars.events(group.name)
    assert [one["address"] for one in event["attendees"]] == [group.secretary.email, group.chair.email]
    assert (
        len(house.stored("SELECT event_id FROM meeting JOIN body ON body.id = body_id WHERE name LIKE ? AND event_id <> ''", f"{name}%"))
        == 1
    )
    await group.move()
    (moved,) = await house.calendars.events(group.name)
    assert (moved["id"], moved["start"]["dateTime"][11:16]) == (event["id"], "13:00")


@pytest.mark.parametrize(("when", "name"), [("before", "Nieminen"), ("after", "Nordman")])
async def test_around_the_reading_of_an_answer(house: House, when: When, name: str) -> None:
    """After: Graph has told of the answer, and the link to what comes next is not saved."""
    group = await gathered(house, name)
    await group.plan()
    await house.at_rest()
    house.calendars.strike = house.strike(when, "GET", "/calendarView/delta")
    await house.calendars.answer(group.chair.email, "decline")
    await house.after_the_kill()
    given = "SELECT response FROM invitation_answer JOIN person ON person.id = person_id WHERE name = ?"
    await house.until(lambda: house.stored(given, group.chair.name) == [("declined",)], "the answer in the meeting")
    await house.at_rest()
    taken = "SELECT 1 FROM journal JOIN body ON body.id = body_id WHERE name LIKE ? AND command = 'take_answers'"
    assert len(house.stored(taken, f"{name}%")) == 1


async def test_while_the_members_of_the_team_are_read(house: House) -> None:
    channel = house.channel
    secretary = channel.person("Aino Julin")
    board = channel.team("Julin ryhmä", "Yleinen", [secretary, channel.person("Maija Julin")])
    await channel.install(board, secretary)
    form = await house.say(secretary, board, "perusta toimielin")
    house.channel.strike = house.strike("after", "GET", f"/{board.id}/pagedmembers")
    await house.press(secretary, board, form, "set_up_body", {"name": "Julin ryhmä", "language": "fi"})
    await house.after_the_kill()
    await house.at_rest()
    assert house.stored("SELECT email FROM person WHERE name LIKE '%Julin' ORDER BY name") == [
        ("aino.julin@example.org",),
        ("maija.julin@example.org",),
    ]


async def test_while_the_documents_are_made(house: House) -> None:
    group = await gathered(house, "Karlsson")
    await group.plan()
    read = await group.say(f"esityslista\n{AGENDA}")
    agenda = await group.press(read, "confirm_agenda")
    await house.at_rest()
    making = "SELECT 1 FROM effect WHERE kind = 'RenderDocuments' AND state = 'running'"

    async def strike() -> None:
        await house.until(lambda: house.stored(making), "the moment")
        house.kill()

    striking = asyncio.create_task(strike())
    with suppress(aiohttp.ClientError):  # the answer may have died with the bot
        await group.press(agenda, "publish_agenda")
    await striking
    await house.killed()
    assert house.stored(making) == [(1,)]
    await house.after_the_kill()
    await house.at_rest()
    (card,) = [card_of(one.activity) for one in house.board_posts(group.board) if "Talousraportti" in text_of(card_of(one.activity))]
    links = links_of(card)
    assert len(links) == 2
    for link in links.values():
        status, content = await house.get(link)
        assert (status, content[:2] in {b"%P", b"PK"}) == (200, True)
    await group.goes_on()


@pytest.mark.parametrize(("when", "name"), [("before", "Nyman"), ("after", "Ojala")])
async def test_around_the_upload_to_the_channels_files(house: House, when: When, name: str) -> None:
    """After: the file is there, its link not yet kept."""
    group = await gathered(house, name)
    await group.plan()
    read = await group.say(f"esityslista\n{AGENDA}")
    agenda = await group.press(read, "confirm_agenda")
    await house.at_rest()
    house.calendars.strike = house.strike(when, "PUT", "/drives/")
    await group.press(agenda, "publish_agenda")
    await house.after_the_kill()
    await house.at_rest()
    files = [one for one in await house.calendars.store.all("file") if one["path"].startswith(name)]
    assert len(files) == 2
    (card,) = [card_of(one.activity) for one in house.board_posts(group.board) if "Talousraportti" in text_of(card_of(one.activity))]
    links = set(links_of(card).values())
    assert {link.rpartition("/files/")[2].partition("/")[0] for link in links} == {one["id"] for one in files}
    assert {link for (link,) in house.stored("SELECT link FROM document WHERE name LIKE ?", f"{name}%")} == links
    assert [(await house.get(link))[0] for link in links] == [200, 200]


async def test_a_turn_whose_answer_was_lost_is_done_once_when_teams_sends_it_again(house: House) -> None:
    """Killed when the turn was committed and its answer not yet out."""
    channel = house.channel
    group = await gathered(house, "Lehto")
    said = channel.said(group.secretary, group.desk, f"kokous {_day()} klo 10.00–12.00")
    planned = "SELECT number FROM meeting JOIN body ON body.id = body_id WHERE name = 'Lehto ryhmä'"

    async def strike() -> None:
        await house.until(lambda: house.stored(planned), "the moment")
        house.kill()

    striking = asyncio.create_task(strike())
    with suppress(aiohttp.ClientError):
        await channel.send(said)
    await striking
    await house.after_the_kill()
    assert (await channel.resend(said)).status in {200, 201}
    await house.at_rest()
    assert house.stored(planned) == [(1,)]
    assert len(group.on_board()) == 1


async def test_a_second_start_finds_its_data_and_a_second_process_on_it_is_refused(house: House) -> None:
    stored = house.stored("SELECT count(*) FROM meeting")
    await house.stop()
    await house.start()
    assert house.stored("SELECT count(*) FROM meeting") == stored
    second = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "app.py"),
        cwd=house.database.parent,
        env={**house.environment, "PORT": "0"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(second.communicate(), 30)
    assert house.process is not None
    sentence = f"Another process ({house.process.pid}) runs on {house.database}. Stop it first, or give each its own DATABASE_URL."
    assert second.returncode == 1
    assert said.decode() == f"{sentence}\n"
