"""Who is no longer of it, and who never was: the next press already finds nothing, over HTTP as Teams sends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from documents.links import LASTS, document_link, personal_link
from tests.standins.channel import card_of
from tests.turns.room import Room, find_button, has_button, text_of
from tests.turns.scenes import PLANNED, published
from tests.turns.test_attacks import pressed, rows
from texts import t

GONE = t("fi", "storage.not_found")[:20]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


async def test_an_outsider_on_the_channel_looks_and_does_not_act_and_off_it_finds_nothing(room: Room) -> None:
    scene = await published(room)
    board = await scene.wait_on_board("Venesatama")
    ulla = room.channel.person("Ulla Ulkonen", locale="fi-FI")
    meeting_id = find_button(board, "sign_in")["data"]["meeting_id"]
    agenda = await pressed(room, ulla, scene.board, "show_agenda", meeting_id=meeting_id)
    assert "Venesatama" in text_of(agenda)
    assert not has_button(agenda, "edit_item")
    refused = await room.press(ulla, scene.board, board, "sign_in")
    assert "luettelossa" in text_of(refused)
    before = rows(room, "select * from meeting") + rows(room, "select * from attendance")
    # Taken out of the team, she cannot press there any more; the card, and the ids on it, she still has.
    desk = await room.channel.open(ulla)
    for verb in ("show_agenda", "show_meeting", "sign_in", "add_item"):
        said = text_of(await pressed(room, ulla, desk, verb, meeting_id=meeting_id, title="x", sign="coming"))
        assert GONE in said, verb
        assert "Venesatama" not in said
    body_id = rows(room, "select id from body")[0][0]
    for verb in ("show_meetings", "show_seats", "choose_body", "search_decisions"):
        assert GONE in text_of(await pressed(room, ulla, desk, verb, body_id=body_id, text="venesatama")), verb
    assert "Saarten" not in text_of(await room.say(ulla, desk, "tilanne"))
    assert rows(room, "select * from meeting") + rows(room, "select * from attendance") == before


async def test_who_loses_the_seat_has_lost_it_at_the_next_press(room: Room) -> None:
    scene = await published(room)
    board = await scene.wait_on_board("Venesatama")
    desk = await room.channel.open(scene.vesa)
    meeting_id = find_button(board, "sign_in")["data"]["meeting_id"]
    answered = await pressed(room, scene.vesa, desk, "sign_in", meeting_id=meeting_id, sign="coming")
    assert GONE not in text_of(answered)
    seat = rows(room, "select seat_id from holding where person_id = (select id from person where name = 'Vesa Virta')")[0][0]
    await pressed(room, scene.aino, scene.desk, "change_seat", seat_id=seat, member="Uusi Jäsen", since="20.4.2026")
    for verb in ("sign_in", "show_agenda", "show_poll", "show_deputies"):
        said = text_of(await pressed(room, scene.vesa, desk, verb, meeting_id=meeting_id, sign="excused"))
        assert GONE in said or "Saarten" not in said, verb
    refused = await room.press(scene.vesa, scene.board, board, "sign_in")
    assert "luettelossa" in text_of(refused)
    assert "Saarten" not in text_of(await room.say(scene.vesa, desk, "tilanne"))


async def test_who_is_no_longer_secretary_has_her_old_desk_for_nothing(room: Room) -> None:
    scene = await published(room)
    form = await scene.say("show_body")
    agenda = await scene.say("show_agenda")
    maija = rows(room, "select id from person where name = 'Maija Meri'")[0][0]
    await room.press(scene.aino, scene.desk, form, "change_body", {"secretary_id": maija})
    before = rows(room, "select * from body") + rows(room, "select * from item")
    for card, verb in ((form, "change_body"), (agenda, "add_item"), (agenda, "show_agenda")):
        if has_button(card, verb):
            said = text_of(await room.press(scene.aino, scene.desk, card, verb))
            assert GONE in said, verb
    assert rows(room, "select * from body") + rows(room, "select * from item") == before
    assert GONE not in text_of(await room.say(scene.maija, scene.chair_desk, "asetukset"))


async def test_a_guest_is_a_person_as_all_are(room: Room) -> None:
    """In the team of another organisation one has the account of one's own; the conversation is the host's."""
    scene = await published(room)
    board = await scene.wait_on_board("Venesatama")
    guest = room.channel.person("Gunilla Gäst", locale="sv-FI", account_id="5e0c1b7a-93d4-4f6e-8a2b-7c1d0e9f3b48")
    refused = await room.press(guest, scene.board, board, "sign_in")
    assert t("sv", "access.attend", body="Saarten ohjausryhmä") in text_of(refused)
    seat = rows(room, "select id from seat order by position")[2][0]
    await pressed(room, scene.aino, scene.desk, "change_seat", seat_id=seat, member="Gunilla Gäst", since="20.4.2026")
    desk = await room.channel.open(guest)
    meeting_id = find_button(board, "sign_in")["data"]["meeting_id"]
    said = await pressed(room, guest, desk, "sign_in", meeting_id=meeting_id, sign="coming")
    assert "Gunilla Gäst" in text_of(said) or has_button(said, "sign_in")
    assert rows(room, "select count(*) from invitation_answer where person_id = (select id from person where name = 'Gunilla Gäst')") == [
        (1,)
    ]


async def test_who_shows_no_account_is_told_so_and_kept_nowhere(room: Room) -> None:
    scene = await published(room)
    people = rows(room, "select count(*) from person")
    nobody = room.channel.person("Anonyymi Osallistuja", locale="fi-FI")
    press = room.channel.pressed(nobody, scene.board, {"type": "Action.Execute", "verb": "show_status", "data": {"verb": "show_status"}})
    for account in ("", None):
        press["from"]["aadObjectId"] = account
        answer = await room.channel.send(press)
        assert t("fi", "turn.no_account") in text_of(card_of(answer.body))
    assert rows(room, "select count(*) from person") == people


async def test_a_persons_own_link_opens_one_document_for_that_person_while_they_are_of_the_body(room: Room) -> None:
    scene = await published(room)
    await room.settled(lambda: len(rows(room, "select id from document")) == 2, "the agenda as PDF and Word")
    (pdf,), (word,) = (
        rows(room, "select id from document where format = 'pdf'"),
        rows(room, "select id from document where format = 'docx'"),
    )
    vesa, seat = rows(room, "select person_id, seat_id from holding where person_id = (select id from person where name = 'Vesa Virta')")[0]
    maija = rows(room, "select id from person where name = 'Maija Meri'")[0][0]
    key = rows(room, "select value from secret where name = 'links'")[0][0]
    own, shared = (document_link(room.url, pdf[0], key, PLANNED, reader) for reader in (vesa, ""))
    page = personal_link(room.url, "answer", (vesa, rows(room, "select id from meeting")[0][0]), key, PLANNED + timedelta(days=30))
    assert [(await room.get(link))[0] for link in (own, shared, page)] == [200, 200, 200]
    altered = (
        own.replace(pdf[0], word[0]),
        own.replace(vesa, maija),
        own.replace(f"for={vesa}&", ""),
        own.replace("for=", "for=%00"),
        own.replace("for=", "for=%ED%A0%80"),
        f"{shared}&for={vesa}",
        document_link(room.url, pdf[0], key, PLANNED, "nobody"),
        document_link(room.url, pdf[0], key, PLANNED - LASTS - timedelta(seconds=1), vesa),
        document_link(room.url, pdf[0], b"another key", PLANNED, vesa),
    )
    assert {link: (await room.get(link))[0] for link in altered} == dict.fromkeys(altered, 404)
    async with aiohttp.ClientSession() as session, session.get(own) as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Set-Cookie" not in answer.headers
    await pressed(room, scene.aino, scene.desk, "change_seat", seat_id=seat, member="Uusi Jäsen", since="20.4.2026")
    assert [(await room.get(link))[0] for link in (own, shared, page)] == [404, 200, 404]
