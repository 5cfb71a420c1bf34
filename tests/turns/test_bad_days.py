"""The database held by somebody else while people write: they are told in their language that nothing was kept, and it works again."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from documents.links import personal_link
from storage import database
from tests.turns.room import Room, text_of
from tests.turns.scenes import HELD, PLANNED, published
from texts import t

AT = datetime(2026, 5, 11, 7, 0, tzinfo=UTC)


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    # One try each, as long as SQLite waits.
    monkeypatch.setattr(database, "PATIENCE", 1.0)
    async with Room(tmp_path, AT) as opened:
        yield opened


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    with closing(sqlite3.connect(folder / "room.db", timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


async def test_what_could_not_be_kept_is_said_and_kept_when_it_is_sent_again(room: Room, tmp_path: Path) -> None:
    aino = room.channel.person("Aino Saarela", locale="en-GB")
    board = room.channel.team("Saarten ohjausryhmä", "Kokoukset", [aino])
    await room.channel.install(board, aino)
    form = await room.say(aino, board, "perusta toimielin")
    with _held(tmp_path):
        told = await room.press(aino, board, form, "set_up_body", {"name": "Saarten ohjausryhmä", "language": "fi"})
    # In the language she has written in, not her client's.
    assert t("fi", "turn.not_kept") in text_of(told)
    made = await room.press(aino, board, form, "set_up_body", {"name": "Saarten ohjausryhmä", "language": "fi"})
    assert "Saarten ohjausryhmä" in text_of(made)
    with closing(sqlite3.connect(tmp_path / "room.db")) as connection:
        assert connection.execute("SELECT count(*) FROM body").fetchone() == (1,)


async def test_a_page_that_could_not_be_kept_or_shown_says_so_in_the_readers_language(room: Room, tmp_path: Path) -> None:
    """Whatever the page: here one that is opened by a link of the right form, as only the key makes it."""
    with closing(sqlite3.connect(tmp_path / "room.db")) as connection:
        key = connection.execute("SELECT value FROM secret WHERE name = 'links'").fetchone()[0]
    link = personal_link(room.url, "comment", ("aino", "meeting"), key, AT.replace(year=2027))
    async with aiohttp.ClientSession(headers={"Accept-Language": "sv-FI,sv;q=0.9"}) as reader:
        with _held(tmp_path):
            async with reader.post(link, data={"nonce": "1", "text": "Stämmer inte"}) as answer:
                page = await answer.text()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
        assert t("sv", "mail.page_away") in page


async def test_the_roll_opens_its_thread_when_nobody_did(tmp_path: Path) -> None:
    """A process ended before it kept the id of the post that opens the thread, and what is left of its effects begins with the roll's."""

    def sql(*statements: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(tmp_path / "room.db")) as database, database:
            return [row for statement in statements for row in database.execute(statement)]

    async def kept(room: Room) -> dict[str, str]:
        read = "SELECT part, activity_id FROM post"
        return dict(await room.settled(lambda: found if "roll" in dict(found := sql(read)) else None, "the roll call"))

    async with Room(tmp_path, PLANNED) as room:
        scene = await published(room)
        await room.at(HELD)
        await scene.say("open_meeting")
        before = await kept(room)
        await room.stop()
        again = "UPDATE effect SET state = 'waiting' WHERE seq = (SELECT max(seq) FROM effect WHERE key LIKE '%:roll')"
        sql("DELETE FROM post", again)
        await room.start()
        after = await kept(room)
        threads = {one.id: one.thread for one in room.channel.shown(scene.board)}
    assert after["meeting"] != before["meeting"]
    assert threads[after["roll"]] == after["meeting"]
