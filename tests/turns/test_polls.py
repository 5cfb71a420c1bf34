"""Dates pasted, asked about on the board, answered by three people, chosen, and planned with an invitation."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.standins.channel import card_of
from tests.turns.room import Card, Room, actions, has_button, text_of
from tests.turns.scenes import PLANNED, Scene, set_up

DATES = "ma 7.9.2026 klo 10–12\nti 8.9.2026 klo 10–12\nke 9.9.2026 klo 13–15"
TITLE = "Mikä aika sopii?"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


async def _opened(room: Room, dates: str = DATES) -> tuple[Scene, Card]:
    scene = await set_up(room)
    read = await scene.say("read_dates", f"\n{dates}")
    return scene, await room.press(scene.aino, scene.desk, read, "open_poll")


def _option(card: Card, number: int, verb: str = "answer_poll") -> str:
    """The id behind the buttons of a date."""
    wanted = {"answer_poll": f"Sopii ({number})", "close_poll": f"Valitse aika {number}"}[verb]
    return next(str(one["data"]["option_id"]) for one in actions(card) if one.get("title") == wanted)


async def test_dates_become_a_poll_and_the_chosen_one_a_meeting(room: Room, tmp_path: Path) -> None:
    scene, desk = await _opened(room)
    assert has_button(desk, "close_poll")
    board = await scene.wait_on_board(TITLE)
    assert "Kukaan ei ole vastannut vielä." in text_of(board)
    assert not has_button(board, "close_poll")
    first, second = _option(board, 1), _option(board, 2)

    said = await room.press(scene.maija, scene.board, board, "answer_poll", option_id=second, suits=True)
    assert "Merkitty: aika 2 sopii sinulle." in text_of(said)
    assert text_of(said).index("2. ti 8.9.2026") < text_of(said).index("1. ma 7.9.2026")
    await room.press(scene.maija, scene.board, board, "answer_poll", option_id=first, suits=None)
    await room.press(scene.bo, scene.board, board, "answer_poll", option_id=second, suits=True)
    said = await room.press(scene.vesa, scene.board, board, "answer_poll", option_id=first, suits=True)
    assert "Paikkoja katettu 2/3 · sopii puheenjohtajalle" in text_of(said)
    assert "Paikkoja katettu 1/3 · ei sovi puheenjohtajalle" in text_of(said)

    def updated() -> bool:
        shown = [text_of(card_of(one.activity)) for one in room.board_posts(scene.board)]
        return any("3 on vastannut" in one for one in shown)

    await room.settled(updated, "the post on the board follows")
    assert sum(TITLE in text_of(card_of(one.activity)) for one in room.board_posts(scene.board)) == 1

    desk = await room.say(scene.aino, scene.desk, "kysely")
    assert has_button(await room.say(scene.aino, scene.desk, "tilanne"), "show_poll")
    done = await room.press(scene.aino, scene.desk, desk, "close_poll", option_id=second)
    assert "Aika on valittu: kokous 1/2026" in text_of(done)
    await scene.wait_on_board("1/2026")
    await scene.wait_on_board("Kysely on päättynyt.")

    with sqlite3.connect(tmp_path / "room.db") as database:
        assert database.execute("select count(*) from effect where kind = 'SyncEvent'").fetchone() == (1,)


async def test_an_ended_poll_takes_no_answer_and_makes_no_second_meeting(room: Room) -> None:
    scene, desk = await _opened(room)
    board = await scene.wait_on_board(TITLE)
    ended = await room.press(scene.aino, scene.desk, desk, "close_poll", option_id=None)
    assert "eikä aikaa valittu" in text_of(ended)
    late = await room.press(scene.maija, scene.board, board, "answer_poll", option_id=_option(board, 1), suits=True)
    assert "Kysely on jo päättynyt." in text_of(late)
    again = await room.press(scene.aino, scene.desk, desk, "close_poll", option_id=_option(desk, 1, "close_poll"))
    assert "Kysely on jo päättynyt." in text_of(again)
    assert "Mitään aikaa ei nyt kysytä" in text_of(await room.say(scene.aino, scene.desk, "kysely"))


async def test_a_post_removed_from_the_channel_is_made_anew(room: Room) -> None:
    scene, _ = await _opened(room)
    board = await scene.wait_on_board(TITLE)
    first = next(one for one in room.board_posts(scene.board) if TITLE in text_of(card_of(one.activity)))
    first.deleted = True
    await room.press(scene.maija, scene.board, board, "answer_poll", option_id=_option(board, 1), suits=True)
    assert "1 on vastannut" in text_of(await scene.wait_on_board(TITLE))


async def test_one_date_is_no_poll(room: Room) -> None:
    scene = await set_up(room)
    assert not has_button(await scene.say("read_dates", "\nma 7.9.2026 klo 10–12"), "open_poll")
