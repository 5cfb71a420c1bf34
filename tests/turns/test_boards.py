"""Cards of the board ask for themselves anew, over HTTP: each sees their own, nothing is kept of looking, and all may look at once."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from meetings.use_cases.minutes import WRITING
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


def effects(folder: Path, wanted: str) -> list[str]:
    """The results of effects."""
    with closing(sqlite3.connect(folder / "room.db")) as database:
        return [result for (result,) in database.execute(f"SELECT result FROM effect WHERE {wanted}")]  # noqa: S608


def held_back(folder: Path) -> int:
    """How often the board did not follow an answer at once."""
    return len(effects(folder, "state = 'done' AND result = 'somebody writes'"))


async def look(scene: Scene, who: Person, card: Card) -> Card:
    """The card as it is for somebody."""
    return card_of(await scene.room.channel.look(who, scene.board, card))


@contextmanager
def asked_of_the_database() -> Iterator[list[str]]:
    """The statements of turns meanwhile; those of the runner, which looks for effects, are left out."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if " effect" not in statement and " worker" not in statement:
            found.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


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

        # Looking is cheap: nothing is written, and what is known of the meeting and the body is not read again.
        with asked_of_the_database() as statements:
            await look(scene, scene.vesa, roll)
        assert not [one for one in statements if not one.startswith(("BEGIN", "SELECT"))]
        read = [one.partition(" FROM ")[2].split()[0] for one in statements if one.startswith("SELECT")]
        assert [read.count(name) for name in ("meeting", "body", "item")] == [1, 0, 0]
        assert len(read) <= 4, read

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
        for_deputy = await look(scene, scene.vesa, card)
        assert has_button(for_deputy, "comment_minutes")
        assert has_button(await look(scene, scene.aino, card), "open_desk")

        outsider = room.channel.person("Otto Outo", locale="fi-FI")
        asked = await room.channel.look(outsider, scene.board, card)
        assert asked["statusCode"] == 400
        await room.say(outsider, scene.board, "ohje")
        plain = await look(scene, outsider, card)
        assert text_of(plain).splitlines()[0] == text_of(card).splitlines()[0]
        assert not any(has_button(plain, verb) for verb in ("comment_minutes", "answer_no_comments", "open_desk"))
        assert plain["refresh"]["userIds"] == []

        # So is the card for somebody who was a member until now, even the one made for them then.
        seats = "select seat_id from holding where person_id = (select id from person where name = 'Vesa Virta')"
        with closing(sqlite3.connect(tmp_path / "room.db")) as database:
            (seat,) = database.execute(seats).fetchone()
        ended = {"verb": "change_seat", "data": {"verb": "change_seat", "seat_id": seat, "member": "Uusi Jäsen", "since": "1.5.2026"}}
        await room.channel.press(scene.aino, scene.desk, {"type": "Action.Execute", **ended}, {})
        for shown in (card, for_deputy):
            plain = await look(scene, scene.vesa, shown)
            assert not any(has_button(plain, verb) for verb in ("comment_minutes", "answer_no_comments", "open_desk"))
            assert plain["refresh"]["userIds"] == []

        # The same card, sent from a chat of their own, is of a body that does not exist to them; so is one that is made up.
        away = await room.channel.open(outsider)
        assert (await room.channel.look(outsider, away, card))["type"] == "application/vnd.microsoft.error"
        forged: dict[str, Any] = {"refresh": {"action": {"verb": "show_board", "data": {"meeting_id": "01", "part": "roll"}}}}
        assert (await room.channel.look(scene.bo, scene.board, forged))["statusCode"] == 400
        forged["refresh"]["action"]["data"] = {**card["refresh"]["action"]["data"], "part": "files"}
        assert (await room.channel.look(scene.bo, scene.board, forged))["statusCode"] == 400


async def test_a_form_on_the_board_is_not_taken_away_by_what_others_answer(tmp_path: Path) -> None:
    async with Room(tmp_path, AT) as room:
        scene = await in_review(room)
        card = await posted(scene, "Pöytäkirja")
        # The documents and where they are found come to the card by themselves.
        coming = "state IN ('waiting', 'running') AND kind IN ('RefreshBoard', 'RenderDocuments', 'ShareDocuments')"
        await room.settled(lambda: not effects(tmp_path, coming), "all is there")
        (post,) = [one for one in room.board_posts(scene.board) if has_button(card_of(one.activity), "comment_minutes")]
        form = await room.press(scene.bo, scene.board, card, "comment_minutes")
        before = post.updates
        answered = await room.press(scene.maija, scene.board, card, "answer_no_comments")
        assert "1 / 3" in text_of(answered)
        await room.settled(lambda: held_back(tmp_path) == 1, "the board waits")
        assert post.updates == before
        # Whoever looks meanwhile sees how many have answered.
        assert "1 / 3" in text_of(await look(scene, scene.vesa, card))
        await room.press(scene.bo, scene.board, form, "comment_minutes", {"text": "Hyvä.", "kind": "remark"})
        await room.settled(lambda: "2 / 3" in text_of(card_of(post.activity)), "the board follows")

        # Who opens the form and goes away holds the others' answers up for a while only.
        await room.press(scene.bo, scene.board, await look(scene, scene.bo, card), "comment_minutes")
        await room.press(scene.vesa, scene.board, card, "answer_no_comments")
        await room.settled(lambda: held_back(tmp_path) == 2, "the board waits")
        assert "2 / 3" in text_of(card_of(post.activity))
        await room.at(HELD + WRITING)
        await room.settled(lambda: "3 / 3" in text_of(card_of(post.activity)), "the board follows")


async def test_a_poll_is_another_card_for_each(tmp_path: Path) -> None:
    async with Room(tmp_path, AT) as room:
        scene = await set_up(room)
        read = await scene.say("read_dates", "\nma 7.9.2026 klo 10–12\nti 8.9.2026 klo 10–12")
        await room.press(scene.aino, scene.desk, read, "open_poll")
        card = await posted(scene, "Mikä aika sopii?")
        assert card["refresh"]["userIds"][0] == scene.aino.channel_id
        for_secretary = await look(scene, scene.aino, card)
        assert has_button(for_secretary, "close_poll")
        with asked_of_the_database() as statements:
            for_member = await look(scene, scene.bo, card)
        assert not [one for one in statements if not one.startswith(("BEGIN", "SELECT"))]
        assert has_button(for_member, "answer_poll")
        assert not has_button(for_member, "close_poll")
        assert "Sinulta odotetaan vielä vastausta." in text_of(for_member)
        said = await room.press(scene.bo, scene.board, for_member, "answer_poll", suits=True)
        assert said["refresh"]["userIds"] == [scene.bo.channel_id]
        assert text_of(await look(scene, scene.bo, said)).count("vastasit: sopii") == 1
        assert "vastasit" not in text_of(await look(scene, scene.maija, card))

        outsider = room.channel.person("Otto Outo", locale="fi-FI")
        await room.say(outsider, scene.board, "ohje")
        plain = await look(scene, outsider, card)
        assert "ma 7.9.2026" in text_of(plain)
        assert not has_button(plain, "answer_poll")

        # What somebody writes on the board is answered to all: nobody's own word is in it, and it asks for each of them.
        typed = await room.say(scene.bo, scene.board, "kysely")
        assert "vastasit" not in text_of(typed)
        assert set(typed["refresh"]["userIds"]) == {one.channel_id for one in (scene.aino, scene.maija, scene.bo, scene.vesa)}


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
