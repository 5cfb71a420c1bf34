"""The minutes go round, are answered, changed, sent again, and approved by each body's own rule; the clock moves by restarting."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.standins.channel import card_of
from tests.turns.room import Card, Room, has_button, links_of, text_of
from tests.turns.scenes import PLANNED, Scene, in_review
from texts import t, words


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


async def minutes_of(room: Room, card: Card, language: str = "fi") -> str:
    status, content = await room.get(links_of(card)[t(language, "documents.open_pdf")])
    assert status == 200
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def linked(scene: Scene, text: str) -> Card | None:
    """The card on the board with this text and with documents."""
    cards = (card_of(posted.activity) for posted in scene.room.board_posts(scene.board))
    return next((card for card in cards if text in text_of(card) and links_of(card)), None)


async def circulating(scene: Scene) -> Card:
    """The round's card on the board, with its documents."""
    wanted = t(scene.language, "minutes.answers")
    card: Card = await scene.room.settled(lambda: linked(scene, wanted), "the round on the board")
    return card


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_silence_until_the_last_second_of_the_deadline_approves(room: Room, language: str) -> None:
    scene = await in_review(room, language)
    await circulating(scene)
    await room.at(datetime(2026, 5, 18, 20, 59, 59, tzinfo=UTC))
    running = t(language, "minutes.result_running")
    assert running in text_of(await scene.say("prepare_minutes"))
    await room.at(datetime(2026, 5, 18, 21, 0, 0, tzinfo=UTC))
    locked = await scene.wait_on_board("SHA-256")
    card = await room.settled(lambda: linked(scene, "SHA-256"), "its documents")
    status, content = await room.get(links_of(card)[t(language, "documents.open_pdf")])
    assert status == 200
    assert hashlib.sha256(content).hexdigest() in text_of(card)
    assert "18.5.2026" in text_of(locked)
    approved = await scene.say("prepare_minutes")
    assert not has_button(approved, "send_minutes")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_day_before_the_deadline_rings_for_those_who_have_not_answered_though_they_are_muted(room: Room, language: str) -> None:
    scene = await in_review(room, language)
    card = await circulating(scene)
    bo_desk = await room.channel.open(scene.bo)
    await room.say(scene.bo, bo_desk, words(language, "words.mute_messages")[0])
    await room.press(scene.maija, scene.board, card, "answer_no_comments")
    reminder = t(language, "told.last_day", body="Saarten ohjausryhmä", number="1/2026", day="18.5.2026")
    await room.at(datetime(2026, 5, 17, 6, 0, 0, tzinfo=UTC))
    await scene.wait_told(bo_desk, reminder)
    (ringing,) = [posted.activity for posted in room.board_posts(bo_desk) if reminder in text_of(card_of(posted.activity))]
    assert ringing["channelData"] == {"notification": {"alert": True}}
    assert ringing["summary"] == reminder
    assert not any(reminder in said for said in scene.told(scene.chair_desk))


async def test_who_is_muted_is_not_told_how_a_comment_was_answered_until_they_want_to_be_again(room: Room, tmp_path: Path) -> None:
    scene = await in_review(room)
    card = await circulating(scene)
    bo_desk = await room.channel.open(scene.bo)

    async def commented_and_answered() -> None:
        form = await room.press(scene.bo, scene.board, card, "comment_minutes")
        await room.press(scene.bo, scene.board, form, "comment_minutes", {"text": "Hyvä näin.", "kind": "remark"})
        await room.press(scene.aino, scene.desk, await scene.say("show_comments"), "answer_comment", answer="noted")

    muted = await room.say(scene.bo, bo_desk, "vaimenna")
    await commented_and_answered()
    await room.settled(lambda: "muted" in results(tmp_path), "a message was left unsaid")
    assert not any("merkittiin tiedoksi" in said for said in scene.told(bo_desk))
    await room.press(scene.bo, bo_desk, muted, "unmute_messages")
    await commented_and_answered()
    await scene.wait_told(bo_desk, "Kommenttisi kokouksen 1/2026 pöytäkirjaan merkittiin tiedoksi.")
    (posted,) = [one for one in room.board_posts(bo_desk) if "Kommenttisi" in text_of(card_of(one.activity))]
    assert "channelData" not in posted.activity
    assert has_button(card_of(posted.activity), "mute_messages")


def results(folder: Path) -> list[str]:
    """What became of the effects that were carried out."""
    with closing(sqlite3.connect(folder / "room.db")) as database:
        return [result for (result,) in database.execute("SELECT result FROM effect WHERE state = 'done'")]


async def test_an_accepted_proposal_opens_the_text_and_it_goes_round_again(room: Room) -> None:
    scene = await in_review(room)
    first = await circulating(scene)
    form = await room.press(scene.bo, scene.board, first, "comment_minutes")
    await room.press(scene.bo, scene.board, form, "comment_minutes", {"text": "Lisätään keskustelu.", "kind": "proposal"})
    comments = await scene.say("show_comments")
    answered = await room.press(scene.aino, scene.desk, comments, "answer_comment", answer="accepted")
    item = await room.press(scene.aino, scene.desk, answered, "show_item")
    await room.press(scene.aino, scene.desk, item, "record_item", {"discussion": "Keskusteltiin vilkkaasti."})
    # What was sent stays as it was sent, however often the secretary looks at the new text.
    await scene.say("prepare_minutes")
    assert "vilkkaasti" not in await minutes_of(room, await circulating(scene))
    # The deadline of the first text passes: it is not approved, since it has been changed.
    await room.at(datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC))
    await scene.wait_told(scene.desk, "kommenttikierros päättyi, mutta tekstiä on muutettu")
    desk = await scene.say("prepare_minutes")
    await room.press(scene.aino, scene.desk, desk, "send_minutes", {"deadline": "2026-05-25"})
    again = await room.settled(lambda: scene.on_board("kierros 2"), "the second round")
    assert "25.5.2026" in text_of(again)
    second = await room.settled(lambda: linked(scene, "kierros 2"), "its text")
    assert "vilkkaasti" in await minutes_of(room, second)
    await room.at(datetime(2026, 5, 25, 21, 0, 1, tzinfo=UTC))
    await scene.wait_on_board("SHA-256")


async def test_a_remark_does_not_stop_approval_and_an_open_proposal_does_until_it_is_answered(room: Room) -> None:
    scene = await in_review(room)
    card = await circulating(scene)
    for person, kind in ((scene.maija, "remark"), (scene.bo, "proposal")):
        form = await room.press(person, scene.board, card, "comment_minutes")
        await room.press(person, scene.board, form, "comment_minutes", {"text": f"Huomautus {kind}", "kind": kind})
    await room.at(datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC))
    await scene.wait_told(scene.desk, "muutosesitykseen ei ole vastattu")
    assert scene.on_board("SHA-256") is None
    comments = await scene.say("show_comments")
    proposal = next(
        choice["value"]
        for element in comments["body"]
        if element.get("id") == "comment_id"
        for choice in element["choices"]
        if "proposal" in choice["title"]
    )
    bare = await room.press(scene.aino, scene.desk, comments, "answer_comment", {"comment_id": proposal}, answer="rejected")
    assert "perustelu" in text_of(bare).lower()
    await room.press(scene.aino, scene.desk, comments, "answer_comment", {"comment_id": proposal, "reason": "Ei kuulu."}, answer="rejected")
    await scene.wait_on_board("SHA-256")


async def test_named_checkers_approve_and_silence_does_not(room: Room) -> None:
    scene = await in_review(room, approval="checkers")
    form = await scene.say("show_body")
    people = {
        choice["title"].split(" (")[0]: choice["value"]
        for element in form["body"]
        if element.get("id") == "checker_ids"
        for choice in element["choices"]
    }
    await room.press(
        scene.aino,
        scene.desk,
        form,
        "change_body",
        {"checker_ids": f"{people['Maija Meri']},{people['Bo Backman']}", "approval": "checkers"},
    )
    await room.at(datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC))
    await scene.wait_told(scene.desk, "kommenttikierros on päättynyt")
    assert scene.on_board("SHA-256") is None
    card = await circulating(scene)
    refused = await room.press(scene.vesa, scene.board, card, "check_minutes")
    assert "tarkasta" in text_of(refused).lower()
    await room.press(scene.maija, scene.board, card, "check_minutes")
    assert "1/2" in text_of(await scene.say("show_status"))
    await room.press(scene.bo, scene.board, card, "check_minutes")
    await scene.wait_on_board("SHA-256")


async def test_the_next_meeting_approves(room: Room) -> None:
    scene = await in_review(room, approval="next_meeting")
    await circulating(scene)
    await room.at(datetime(2026, 5, 19, 6, 0, tzinfo=UTC))
    await scene.wait_told(scene.desk, "kommenttikierros on päättynyt")
    early = await scene.say("approve_minutes")
    assert "1/2026" in text_of(early)
    assert scene.on_board("SHA-256") is None
    await scene.say("plan_meeting", "ma 1.6.2026 klo 10.00–12.00 Kunnantalo")
    await room.at(datetime(2026, 6, 1, 7, 1, tzinfo=UTC))
    await scene.say("open_meeting")
    await scene.say("approve_minutes")
    assert "kokouksessa 2/2026" in text_of(await scene.wait_on_board("SHA-256"))


async def test_a_new_name_of_the_body_sends_the_minutes_round_again(room: Room) -> None:
    scene = await in_review(room)
    await circulating(scene)
    form = await scene.say("show_body")
    await room.press(scene.aino, scene.desk, form, "change_body", {"name": "Saariston ohjausryhmä"})
    await room.at(datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC))
    await scene.wait_told(scene.desk, "mutta tekstiä on muutettu")
    assert scene.on_board("SHA-256") is None
