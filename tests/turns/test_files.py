"""Agenda and minutes in the channel's files, with the whole bot: published, on the board, and what stands in the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.standins.channel import card_of, group_of
from tests.turns.room import Card, Room, links_of
from tests.turns.scenes import PLANNED, Scene, in_review, published, set_up
from texts import t

PDF = t("fi", "documents.open_pdf")
WORD = t("fi", "documents.open_docx")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


def rows(folder: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "room.db")) as database:
        return database.execute(query, values).fetchall()


def stored(folder: Path, kind: str) -> list[dict[str, Any]]:
    """What the stand-in keeps of a kind."""
    return [json.loads(text) for (text,) in rows(folder, "SELECT document FROM sandbox WHERE kind = ? ORDER BY id", kind)]


def files(folder: Path) -> dict[str, int]:
    """The version of each file in channels, by path."""
    return {one["path"]: one["version"] for one in stored(folder, "file")}


async def fault(room: Room, **fault: object) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{room.url}/graph/sandbox/faults", json=fault) as answer:
        assert answer.status == 204


def board_links(scene: Scene) -> list[dict[str, str]]:
    return [links_of(card_of(posted.activity)) for posted in scene.room.board_posts(scene.board)]


async def shared(scene: Scene, name: str) -> Card:
    """The links of the card on the board that lead to a file of this name in the channel."""

    def found() -> dict[str, str] | None:
        return next((one for one in board_links(scene) if name in one.get(PDF, "") and "/sandbox/files/" in one[PDF]), None)

    links: dict[str, str] = await scene.room.settled(found, f"{name} on the board")
    return links


async def test_a_published_agenda_is_in_the_channels_files_and_the_board_leads_there(room: Room, tmp_path: Path) -> None:
    scene = await published(room)
    links = await shared(scene, "esityslista")
    folder = "Saarten ohjausryhmä 1-2026"
    assert files(tmp_path) == {
        f"{folder}/Saarten ohjausryhmä esityslista 1-2026.pdf": 1,
        f"{folder}/Saarten ohjausryhmä esityslista 1-2026.docx": 1,
    }
    (channel,) = stored(tmp_path, "channel")
    assert (channel["team"], channel["channel"]) == (group_of(scene.board.team_id), scene.board.id)
    _, page = await room.get(f"{room.url}/sandbox/files?lang=fi")
    assert "Kanava: Saarten ohjausryhmä</h2>" in page.decode()
    for title, begins in ((PDF, b"%PDF"), (WORD, b"PK")):
        status, content = await room.get(links[title])
        assert (status, content[: len(begins)]) == (200, begins)
    # The invitation leads to the bot's own link, which also opens to those who are not of the team; one mail tells of it.
    await room.settled(lambda: "/documents/" in stored(tmp_path, "meeting")[0]["content"], "the link in the invitation")
    assert len([one for one in stored(tmp_path, "mail") if one["sort"] == "update"]) == 1


async def test_a_new_edition_takes_the_place_of_the_old_one_under_the_same_link(room: Room, tmp_path: Path) -> None:
    scene = await published(room)
    before = await shared(scene, "esityslista")
    _, old = await room.get(before[PDF])
    await scene.say("add_item", "\nUusi silta\nEsitys: Rakennetaan silta.\n")
    await room.settled(lambda: set(files(tmp_path).values()) == {2}, "the second edition in the channel")
    assert len(files(tmp_path)) == 2
    await room.settled(lambda: len(rows(tmp_path, "SELECT id FROM document WHERE edition = 2 AND link <> ''")) == 2, "the links kept")
    assert await shared(scene, "esityslista") == before
    assert (await room.get(before[PDF]))[1] != old


async def test_the_minutes_of_a_round_and_the_approved_ones_have_files_of_their_own(room: Room, tmp_path: Path) -> None:
    scene = await in_review(room)
    draft = await shared(scene, "luonnos")
    await room.at(datetime(2026, 5, 20, 6, 0, tzinfo=UTC))
    approved = await shared(scene, "p%C3%B6yt%C3%A4kirja%201-2026.pdf")
    assert draft[PDF] != approved[PDF]
    assert len(files(tmp_path)) == 6
    (kept,) = rows(
        tmp_path, "SELECT content FROM document JOIN document_content ON document_id = id WHERE kind = 'approved' AND format = 'pdf'"
    )
    assert (await room.get(approved[PDF]))[1] == kept[0]


async def test_approved_minutes_never_take_the_place_of_another_file(room: Room, tmp_path: Path) -> None:
    scene = await in_review(room)
    await shared(scene, "luonnos")
    (channel,) = stored(tmp_path, "channel")
    name = "Saarten ohjausryhmä pöytäkirja 1-2026.pdf"
    url = f"{room.url}/graph/v1.0/drives/{channel['drive']}/items/{channel['id']}:/Saarten ohjausryhmä 1-2026/{name}:/content"
    async with aiohttp.ClientSession() as http, http.put(url, data=b"%PDF-mine", headers={"Authorization": "Bearer local"}) as answer:
        assert answer.status == 201
        mine = (await answer.json())["webUrl"]
    await room.at(datetime(2026, 5, 20, 6, 0, tzinfo=UTC))
    await scene.wait_told(scene.desk, t("fi", "told.files_taken", name=name))
    assert (await room.get(mine))[1] == b"%PDF-mine"

    def on_board() -> dict[str, str] | None:
        return next(
            (one for one in board_links(scene) if "/sandbox/files/" in one.get(WORD, "") and "/documents/" in one.get(PDF, "")), None
        )

    # The Word file is there; the PDF is opened by the bot's own link.
    links: dict[str, str] = await room.settled(on_board, "the approved minutes on the board")
    assert (await room.get(links[PDF]))[1].startswith(b"%PDF-1")


@pytest.mark.parametrize(
    ("trouble", "sentence", "params"),
    [
        ({"status": 403, "code": "accessDenied"}, "files_refused", {"permission": "Files.Read.All"}),
        ({"status": 404, "code": "itemNotFound"}, "files_folder", {}),
        ({"status": 400, "code": "invalidRequest"}, "files_failed", {"reason": "Graph 400 invalidRequest"}),
    ],
)
async def test_what_is_missing_is_told_once_and_the_bot_s_own_links_stay(
    room: Room, tmp_path: Path, trouble: dict[str, Any], sentence: str, params: dict[str, str]
) -> None:
    scene = await set_up(room)
    await fault(room, path="*/filesFolder", times=100, **trouble)
    await scene.say("plan_meeting", "ma 11.5.2026 klo 10.00–12.00 Kunnantalo")
    read = await scene.say("read_agenda", "\n1 § Venesatama\nEsitys: Hyväksytään suunnitelma.\n")
    agenda = await room.press(scene.aino, scene.desk, read, "confirm_agenda")
    await room.press(scene.aino, scene.desk, agenda, "publish_agenda")
    said = t("fi", f"told.{sentence}", **params)
    await scene.wait_told(scene.desk, said)
    await room.settled(lambda: "/documents/" in stored(tmp_path, "meeting")[0]["content"], "the invitation does not wait")
    links = next(one for one in board_links(scene) if PDF in one)
    assert "/documents/" in links[PDF]
    assert (await room.get(links[PDF]))[0] == 200
    await scene.say("add_item", "\nUusi silta\nEsitys: Rakennetaan silta.\n")
    done = "SELECT seq FROM effect WHERE kind = 'ShareDocuments' AND state = 'done' AND attempts = 1"
    await room.settled(lambda: len(rows(tmp_path, done)) == 2, "tried with the second edition, once")
    assert files(tmp_path) == {}
    assert sum(said in one for one in scene.told(scene.desk)) == 1


async def test_too_many_requests_are_obeyed_and_lose_nothing(room: Room, tmp_path: Path) -> None:
    scene = await set_up(room)
    await fault(room, path="*/filesFolder", status=429, code="activityLimitReached", retry_after="300")
    await scene.say("plan_meeting", "ma 11.5.2026 klo 10.00–12.00 Kunnantalo")
    read = await scene.say("read_agenda", "\n1 § Venesatama\nEsitys: Hyväksytään suunnitelma.\n")
    agenda = await room.press(scene.aino, scene.desk, read, "confirm_agenda")
    await room.press(scene.aino, scene.desk, agenda, "publish_agenda")
    waiting = "SELECT due_at FROM effect WHERE kind = 'ShareDocuments' AND state = 'waiting' AND attempts = 1"
    ((due,),) = await room.settled(lambda: rows(tmp_path, waiting), "it waits")
    assert datetime.fromisoformat(due).replace(tzinfo=UTC) == PLANNED + timedelta(seconds=300)
    await room.at(PLANNED + timedelta(seconds=301))
    await shared(scene, "esityslista")
    assert set(files(tmp_path).values()) == {1}
