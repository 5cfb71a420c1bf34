"""Cards of the board ask for themselves anew, over HTTP: each sees their own, nothing is kept of looking, and all may look at once."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.standins.channel import Person, card_of
from tests.turns.room import Card, Room, find_button, has_button, text_of
from tests.turns.scenes import HELD, Scene, in_review, published, set_up

AT = datetime(2026, 4, 20, 6, 0, tzinfo=UTC)
FIRST = ("Aatu", "Bertta", "Eino", "Fanni", "Heikki", "Iida", "Kalle", "Lempi", "Niilo", "Oona")
LAST = ("Koski", "Lahti", "Niemi", "Salo")


async def posted(scene: Scene, text: str) -> Card:
    def found() -> Card | None:
        cards = [card_of(one.activity) for one in scene.room.board_posts(scene.board)]
        return next((card for card in cards if card.get("refresh") and text in text_of(card)), None)

    card: Card = await scene.room.settled(found, f"a card with {text!r}")
    return card


async def look(scene: Scene, who: Person, card: Card) -> Card:
    """The card as it is for somebody."""
    return card_of(await scene.room.channel.look(who, scene.board, card))


def kept(folder: Path) -> list[int]:
    """What turns leave behind, in rows."""
    with closing(sqlite3.connect(folder / "room.db")) as connection:
        counts = "SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM turn), (SELECT count(*) FROM person)"
        return list(connection.execute(counts).fetchone())


async def rested(folder: Path) -> list[int]:
    """What is kept when the turns that follow from the opening by themselves are through."""
    seen: list[int] = []
    while seen != (seen := kept(folder)):  # noqa: ASYNC110  # the database tells nobody
        await asyncio.sleep(0.5)
    return seen


async def test_the_same_roll_is_another_card_for_each(tmp_path: Path) -> None:
    async with Room(tmp_path, AT) as room:
        scene = await published(room)
        await room.at(HELD)
        await scene.say("open_meeting")
        roll = await posted(scene, "Nimenhuuto, kokous")
        asking = roll["refresh"]["userIds"]
        assert asking[0] == scene.aino.channel_id
        assert set(asking) == {one.channel_id for one in (scene.aino, scene.maija, scene.bo, scene.vesa)}

        before = await rested(tmp_path)
        for_secretary = await look(scene, scene.aino, roll)
        assert has_button(for_secretary, "open_desk")
        assert has_button(for_secretary, "find_quorum")
        # The vice-chair runs the meeting too; a deputy has their own word alone.
        for_chair = await look(scene, scene.bo, roll)
        assert has_button(for_chair, "open_desk")
        assert "Sinulta odotetaan vielä vastausta." in text_of(for_chair)
        for_deputy = await look(scene, scene.vesa, roll)
        assert has_button(for_deputy, "sign_in")
        assert not has_button(for_deputy, "open_desk")
        assert for_deputy["refresh"]["userIds"] == [scene.vesa.channel_id]
        assert for_deputy["lang"] == "fi"
        assert kept(tmp_path) == before

        # A press answers the presser with their own card, which asks on, and the board is updated for all.
        signed = await room.press(scene.vesa, scene.board, for_deputy, "sign_in", sign="present")
        assert signed["refresh"]["action"]["verb"] == "show_board"
        assert not has_button(signed, "open_desk")
        await posted(scene, "Vesa Virta")
        assert "Sinut on merkitty läsnä olevaksi." in text_of(await look(scene, scene.vesa, signed))

        # What was offered to the secretary is refused to whoever sends it in their own name.
        record = find_button(for_secretary, "open_desk")
        refused = card_of(await room.channel.press(scene.vesa, scene.board, record))
        assert not has_button(refused, "open_desk")

        # The secretary records where nobody else's press takes the form away.
        at_desk = await room.press(scene.aino, scene.board, for_secretary, "open_desk")
        assert "Jatka omassa keskustelussasi" in text_of(at_desk)
        assert at_desk["refresh"]["userIds"] == [scene.aino.channel_id]

        def told() -> Card | None:
            shown = [card_of(one.activity) for one in room.board_posts(scene.desk)]
            return next((card for card in shown if "työpöydälläsi" in text_of(card)), None)

        desk = await room.settled(told, "the desk is told")
        assert has_button(await room.press(scene.aino, scene.desk, desk, "show_item"), "record_item")


async def test_an_outsider_looks_and_a_stranger_elsewhere_sees_nothing(tmp_path: Path) -> None:
    async with Room(tmp_path, AT) as room:
        scene = await in_review(room)
        card = await posted(scene, "Pöytäkirja")
        for_member = await look(scene, scene.bo, card)
        assert has_button(for_member, "comment_minutes")
        assert has_button(await look(scene, scene.aino, card), "open_desk")

        outsider = room.channel.person("Otto Outo", locale="fi-FI")
        asked = await room.channel.look(outsider, scene.board, card)
        assert asked["statusCode"] == 400
        await room.say(outsider, scene.board, "ohje")
        plain = await look(scene, outsider, card)
        assert text_of(plain).splitlines()[0] == text_of(card).splitlines()[0]
        assert not any(has_button(plain, verb) for verb in ("comment_minutes", "answer_no_comments", "open_desk"))
        assert plain["refresh"]["userIds"] == []

        # The same card, sent from a chat of their own, is of a body that does not exist to them; so is one that is made up.
        away = await room.channel.open(outsider)
        assert (await room.channel.look(outsider, away, card))["type"] == "application/vnd.microsoft.error"
        forged: dict[str, Any] = {"refresh": {"action": {"verb": "show_board", "data": {"meeting_id": "01", "part": "roll"}}}}
        assert (await room.channel.look(scene.bo, scene.board, forged))["statusCode"] == 400
        forged["refresh"]["action"]["data"] = {**card["refresh"]["action"]["data"], "part": "files"}
        assert (await room.channel.look(scene.bo, scene.board, forged))["statusCode"] == 400


async def test_all_may_look_at_once_while_somebody_writes(tmp_path: Path) -> None:
    """A board that changes is asked for by sixty clients within a moment. In processor time, as the machine may be busy; that of the
    clients is in it."""
    names = [f"{first} {last}" for last in LAST for first in FIRST]
    roster = "Jäsen;Varajäsen;Organisaatio\n" + "\n".join(
        f"{member}{' (pj)' if not place else ''};{deputy};Järjestö {place + 1}"
        for place, (member, deputy) in enumerate(zip(names[:20], names[20:], strict=True))
    )
    async with Room(tmp_path, AT) as room:
        people = [room.channel.person(name, locale="fi-FI") for name in names]
        scene = await set_up(room, roster=roster)
        for one in people:
            await room.say(one, scene.board, "ohje")
        await scene.say("plan_meeting", "ma 11.5.2026 klo 10.00–12.00 Kunnantalo")
        card = await posted(scene, "kokous 1/2026")
        looking = [*people, *people[:20]]
        with closing(sqlite3.connect(tmp_path / "room.db", timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            used = time.process_time()
            cards = await asyncio.gather(*(look(scene, one, card) for one in looking))
            used = time.process_time() - used
        assert len(cards) == 60
        assert used < 2
