"""A whole meeting in which much goes wrong: of its people, their words and keys nothing is in the logs, in the metrics, nor in why an
effect failed (of traces: test_tracing.py)."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import bot.turn
from meetings.use_cases import execute
from telemetry.logs import OURS
from tests.standins.channel import Trouble
from tests.standins.post import Server
from tests.turns import scenes
from tests.turns.room import Room, links_of, text_of
from tests.turns.scenes import PLANNED, Scene, in_review

ADDRESS = "elli.eskola@ulkona.example"
SAID = "Laiturin vuokra on liian korkea"
# First names and family names, the body, its items and texts, the domains of addresses, and what marks links and tokens.
CAST = (
    *("Aino", "Saarela", "Maija", "Meri", "Matti", "Maa", "Backman", "Siv", "Strand", "Vesa", "Virta", "Elli", "Eskola"),
    *("Saarten", "ohjausryhmä", "Kustens", "säätiö", "Kunnantalo", "Venesatama", "Talousraportti", "Hyväksytään", "Laituri", "vuokra"),
    *("example.org", "ulkona.example", "pykala.example", "mark=", "eyJ", "Bearer"),
)


@pytest.fixture
async def room(tmp_path: Path, post: Server, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr(scenes, "ROSTER", scenes.ROSTER.replace("Elli Eskola", f"Elli Eskola {ADDRESS}"))
    async with Room(tmp_path, PLANNED) as opened:
        with closing(sqlite3.connect(opened._folder / "room.db")) as database:
            database.executescript(
                "CREATE TABLE failed (why TEXT); CREATE TRIGGER failing AFTER UPDATE OF error ON effect WHEN new.error <> '' "
                "BEGIN INSERT INTO failed VALUES (new.error); END"
            )
        yield opened


def rows(room: Room, query: str) -> list[Any]:
    with closing(sqlite3.connect(room._folder / "room.db")) as database:
        return database.execute(query).fetchall()


async def fault(room: Room, **what: Any) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{room.url}/graph/sandbox/faults", json=what) as answer:
        assert answer.status == 204


async def sent(url: str, data: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as http, http.post(url, data=data) as answer:
        await answer.read()


async def failed(room: Room, why: str) -> None:
    await room.settled(lambda: rows(room, f"SELECT 1 FROM failed WHERE why LIKE '{why}%'"), why)  # noqa: S608  # of this file


async def lived_through(room: Room, post: Server, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """From planning to comments, with a channel, a calendar and a mail server that fail, and a bot that does."""
    post.refusals[ADDRESS] = 451
    for status, code, path in ((400, f"{SAID} {ADDRESS}", "*/events"), (404, "ErrorItemNotFound", "*/drives/*"), (500, SAID, "*")):
        await fault(room, status=status, code=code, path=path)
    published = scenes.published

    async def published_in_vain(room: Room, language: str = "fi", **settings: str) -> Scene:
        scene = await published(room, language, **settings)
        await failed(room, "CalendarFailure: Graph 400")
        return scene

    monkeypatch.setattr(scenes, "published", published_in_vain)
    scene = await in_review(room)
    post.refusals.clear()
    # What stands where the channel's code does may be anything.
    room.channel.troubles += [Trouble(status=500, method="PUT", times=2, code=f"Maija Meri {ADDRESS}"), Trouble(status=502, method="POST")]
    assert (await room.channel.say(scene.maija, scene.chair_desk, "ei kommentteja")).status == 503
    for why in ("ChannelFailure: 500", "CalendarFailure: SMTP"):
        await failed(room, why)
    room.channel.troubles.clear()

    def breaks(command: Any, tx: Any) -> Any:
        execute(command, tx)
        raise ValueError(f"{SAID}: {command} {tx.actor}")

    async def breaks_too(*_: Any) -> str:
        raise RuntimeError(f"{SAID} {ADDRESS}") from KeyError("Maija Meri")

    with monkeypatch.context() as broken:
        broken.setattr(bot.turn, "execute", breaks)
        assert "jokin vikaan" in text_of(await room.say(scene.maija, scene.chair_desk, f"kommentti {SAID}"))
    with monkeypatch.context() as broken:
        broken.setattr("graph.mail.SmtpMail.send", breaks_too)
        await scene.say("send_minutes")
        room.wait(7200)
        await room.channel.say(scene.aino, scene.desk, "tilanne")
    link = next((url for card in await _cards(scene) for url in links_of(card).values() if "/documents/" in url), "")
    assert (await room.get(link))[0] == 200
    assert (await room.get(link + "0"))[0] == 404
    for letter in post.letters:
        body = letter.get_body(("plain",))
        for address in re.findall(r"http://\S+/(?:comment|answer)/\S+", body.get_content() if body else ""):
            await sent(address, {"do": "none", "text-x": SAID})
            await sent(address + "0", {"do": "send", "text-x": SAID})
    async with aiohttp.ClientSession() as http:
        for wrong in (f'{{"type": "message", "text": "{SAID}"}}', SAID, "{" * 5000):
            await http.post(f"{room.url}/api/messages", data=wrong, headers={"Content-Type": "application/json"})
    return scene


async def _cards(scene: Scene) -> list[Any]:
    return [await scene.say("prepare_minutes"), await scene.say("show_agenda")]


async def test_a_whole_meeting_is_logged_without_a_word_of_it(
    room: Room, post: Server, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived_through(room, post, monkeypatch)
    status, metrics = await room.get(f"{room.url}/metrics")
    assert (status, b'pykala_turn_seconds_count{command="comment_minutes"' in metrics) == (200, True)
    await room.stop()
    told = [json.loads(line) for line in logged.getvalue().splitlines()]
    events = {one["event"] for one in told}
    assert {"turn", "effect", "turn failed", "effect to be tried again"} <= events
    assert len(told) > 60
    ours = [one for one in told if one["logger"].partition(".")[0] in OURS]
    assert {one["level"] for one in ours} >= {"debug", "warning", "error"}
    text, errors = logged.getvalue(), json.dumps(rows(room, "SELECT DISTINCT why FROM failed"), ensure_ascii=False)
    for word in CAST:
        assert not re.search(rf"\b{re.escape(word)}", metrics.decode(), re.IGNORECASE), word
        assert not re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE), (word, [one for one in text.splitlines() if word in one][:3])
        assert not re.search(rf"\b{re.escape(word)}", errors, re.IGNORECASE), (word, errors)


async def test_every_effect_of_a_turn_carries_its_id_and_so_do_its_lines(
    room: Room, post: Server, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived_through(room, post, monkeypatch)
    await room.stop()
    told = [json.loads(line) for line in logged.getvalue().splitlines()]
    turns = {one["turn"]: one for one in told if one["event"] == "turn"}
    written = {seq: (kind, turn) for seq, kind, turn in rows(room, "SELECT seq, kind, turn FROM effect")}
    assert all(turn in turns for kind, turn in written.values() if kind not in {"ReadAnswers", "ForgetOld"})
    ran = [one for one in told if one["event"] == "effect"]
    assert {one["effect"] for one in ran} >= {"RefreshBoard", "SyncEvent", "RenderDocuments", "Send"}
    # What is tried again may follow from a newer turn by then.
    for one in {one["seq"]: one for one in ran}.values():
        assert (one["effect"], one.get("turn", "")) == written[one["seq"]]
    failed = next(one for one in told if one["event"] == "turn failed")
    assert turns[failed["turn"]]["outcome"] == "failed"
    # An effect that another effect wrote follows from the same turn: the documents' from the sending of the minutes.
    (made,) = {turn for kind, turn in written.values() if kind == "RenderDocuments" and turns[turn]["command"] == "send_minutes"} or {""}
    assert any(kind == "Send" and turn == made for kind, turn in written.values())
