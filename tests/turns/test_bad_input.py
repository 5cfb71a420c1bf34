"""Every refusal is a sentence, nothing typed is lost, and an old or forged button changes nothing."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import docx
import pytest

from tests.standins.channel import card_of
from tests.turns.room import Room, actions, dumped, filled, find_button, has_button, text_of
from tests.turns.scenes import AGENDA, DAY, HELD, PLANNED, closed, published, set_up
from texts import t


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ti 11.5.2026 klo 10–12", "Viikonpäivä ei täsmää: 11.5.2026 on maanantai."),
        ("ma 11.5.2026 klo 12–10", "Kokous päättyisi klo 10.00, mutta se alkaa klo 12.00."),
        ("ma 13.4.2026 klo 10", "on jo mennyt"),
        ("pe 1.5.2026 klo 10", "on pyhäpäivä (Vappu)"),
        ("31.2.2026 klo 10", "En saanut selvää ajasta"),
        ("ma 11.5.2026", "Alkamisaika puuttuu"),
        ("11.5. klo 10", "Vuosi puuttui"),
        ("ma 11.5.2026 tai ti 12.5.2026 klo 10", "kaksi päivää"),
    ],
)
async def test_an_unlikely_time_is_asked_about_with_the_form_filled(room: Room, typed: str, says: str) -> None:
    scene = await set_up(room)
    asked = await scene.say("plan_meeting", typed)
    assert says in text_of(asked)
    assert {"day", "start", "end", "place"} <= set(filled(asked))
    assert "1/2026" not in text_of(await scene.say("show_meetings"))


async def test_what_was_asked_about_can_be_answered_yes(room: Room) -> None:
    scene = await set_up(room)
    asked = await scene.say("plan_meeting", "pe 1.5.2026 klo 10–12 Kunnantalo")
    planned = await room.press(scene.aino, scene.desk, asked, "plan_meeting", confirmed=True)
    assert "1.5.2026 klo 10.00–12.00" in text_of(planned)


async def test_a_number_typed_is_kept_and_never_used_twice(room: Room) -> None:
    scene = await set_up(room)
    assert "4/2026" in text_of(await scene.say("plan_meeting", "4/2026 ma 11.5.2026 klo 10–12"))
    taken = await scene.say("plan_meeting", "4/2026 ma 18.5.2026 klo 10–12")
    assert "Numero 4/2026 on jo käytetty" in text_of(taken)
    assert "5/2026" in text_of(await scene.say("plan_meeting", "ma 18.5.2026 klo 10–12"))


async def test_dates_are_read_asked_about_and_planned_with_their_numbers(room: Room) -> None:
    scene = await set_up(room)
    lines = (
        "ma 1.6.2026, klo 11.30-13.30 (Teams)\nti 8.9.2026 klo 11.30–13.30 Teams\nma 9.11.2026 klo 9–11 Teams\nja joulukuussa vielä yksi"
    )
    read = await scene.say("read_dates", f"\n{lines}")
    for expected in (
        "1/2026",
        "8.9.2026",
        "Kokous 9.11.2026 alkaisi klo 9.00 ja päättyisi klo 11.00, muut alkavat klo 11.30 ja päättyvät klo 13.30.",
        "ja joulukuussa vielä yksi",
    ):
        assert expected in text_of(read), expected
    usual = next(one for one in actions(read) if one["title"] == "alkaa klo 11.30, päättyy klo 13.30")
    answered = card_of(await room.channel.press(scene.aino, scene.desk, usual, {}))
    assert "muut alkavat" not in text_of(answered)
    planned = await room.press(scene.aino, scene.desk, answered, "confirm_dates")
    assert "ma 9.11.2026 klo 11.30–13.30" in text_of(planned)
    listed = text_of(await scene.say("show_meetings"))
    assert all(f"{number}/2026" in listed for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("tyhjä.docx", b"", "tyhjä"),
        ("kuva.docx", b"\x89PNG\r\n\x1a\n0000", "kuva"),
        ("vanha.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "vanha.doc"),
        ("rikki.docx", b"PK\x03\x04 this is no package", "rikki.docx"),
        ("asia.pdf", b"%PDF-1.7\n", "PDF"),
        ("iso.txt", b"x" * (5 * 1024 * 1024 + 1), "5"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_by_name(room: Room, name: str, content: bytes, says: str) -> None:
    scene = await set_up(room)
    answer = await room.channel.send_file(scene.aino, scene.desk, name, content)
    told = text_of(card_of(answer.posted[-1].activity))
    assert says.lower() in told.lower(), told
    assert name in told, told


async def test_a_word_file_is_kept_and_becomes_what_the_secretary_says(room: Room) -> None:
    scene = await set_up(room)
    await scene.say("plan_meeting", DAY["fi"])
    document = docx.Document()
    for line in AGENDA["fi"].split("\n"):
        document.add_paragraph(line)
    content = io.BytesIO()
    document.save(content)
    answer = await room.channel.send_file(scene.aino, scene.desk, "Esityslista.docx", content.getvalue())
    asked = card_of(answer.posted[-1].activity)
    assert "Esityslista.docx" in text_of(asked)
    read = await room.press(scene.aino, scene.desk, asked, "use_text", kind="agenda")
    assert "Venesatama" in text_of(read)
    assert "Venesatama" in text_of(await room.press(scene.aino, scene.desk, read, "confirm_agenda"))


async def test_a_zip_bomb_ends_in_a_sentence_and_others_are_answered_meanwhile(room: Room) -> None:
    scene = await set_up(room)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", b" " * (80 * 1024 * 1024))
    sending = asyncio.create_task(room.channel.send_file(scene.aino, scene.desk, "pommi.docx", bomb.getvalue()))
    answered = 0
    while not sending.done():
        assert (await room.channel.say(scene.maija, scene.chair_desk, "tilanne")).status == 201
        answered += not sending.done()
    assert answered
    assert any("pommi.docx" in text_of(card_of(posted.activity)) for posted in room.channel.shown(scene.desk))


async def test_a_card_that_is_older_than_the_meeting_answers_with_the_fresh_one(room: Room) -> None:
    scene = await set_up(room)
    await scene.say("plan_meeting", DAY["fi"])
    old = await scene.say("show_agenda")
    await scene.say("add_item", "Kesken tullut asia")
    stale = await room.press(scene.aino, scene.desk, old, "publish_agenda")
    assert t("fi", "stale.meeting") in text_of(stale)
    assert "Kesken tullut asia" in text_of(stale)
    assert "julkaistu" in text_of(await room.press(scene.aino, scene.desk, stale, "publish_agenda"))


async def test_a_refused_form_comes_back_with_what_was_typed(room: Room) -> None:
    scene = await published(room)
    form = await scene.say("add_item")
    refused = await room.press(scene.aino, scene.desk, form, "add_item", {"title": "", "proposal": "Esitys jota ei saa hukata"})
    assert filled(refused)["proposal"] == "Esitys jota ei saa hukata"
    form = await scene.say("move_meeting")
    refused = await room.press(scene.aino, scene.desk, form, "move_meeting", {"end": "25:99", "place": "Kirjasto"})
    assert filled(refused)["place"] == "Kirjasto"
    assert "päättymisajasta" in text_of(refused)


@pytest.mark.parametrize(
    "data",
    [
        {"verb": "no_such_command"},
        {"verb": "end_round", "meeting_id": "x", "round_id": "y"},
        {"verb": "record_item", "meeting_id": {"$ne": ""}, "item_id": ["a"]},
        {"verb": "sign_in", "meeting_id": "' OR 1=1 --", "sign": "present"},
        {"verb": "change_body", "body_id": "", "version": "NaN"},
        {"verb": "show_item", "step": 10**40},
        {},
        {"verb": None, "nonce": None},
        {"verb": "take_template", "template_id": "somebody-elses"},
    ],
)
async def test_a_forged_button_is_answered_and_changes_nothing(room: Room, data: dict[str, Any]) -> None:
    scene = await published(room)
    before = text_of(await scene.say("show_status"))
    forged = {"type": "Action.Execute", "verb": data.get("verb"), "data": data}
    for who in (scene.vesa, scene.aino):
        body = await room.channel.press(who, scene.board, forged, {})
        assert text_of(card_of(body))
    assert text_of(await scene.say("show_status")) == before


async def test_somebody_without_an_account_is_told_so(room: Room) -> None:
    scene = await published(room)
    activity = room.channel.said(scene.vesa, scene.desk, "tilanne")
    del activity["from"]["aadObjectId"]
    answer = await room.channel.send(activity)
    assert t("fi", "turn.no_account") in text_of(card_of(answer.posted[-1].activity))


async def test_the_record_is_locked_for_members_and_its_buttons_too(room: Room) -> None:
    scene = await closed(room)
    item = await scene.say("show_item", "3")
    for verb in ("record_outcome", "record_item"):
        refused = await room.press(scene.vesa, scene.board, item, verb, {"decision": "Toisin"})
        assert "sihteeri" in text_of(refused).lower()
    assert "Toisin" not in dumped(await scene.say("show_item", "3"))


async def test_a_press_before_its_time_says_where_the_meeting_stands(room: Room) -> None:
    scene = await published(room)
    for stem in ("show_item", "prepare_minutes", "close_meeting", "find_quorum"):
        assert t("fi", "phase.published", meeting="1/2026") in text_of(await scene.say(stem)), stem
    await room.at(HELD)
    opened = await scene.say("open_meeting")
    assert has_button(opened, "find_quorum")
    again = await scene.say("open_meeting")
    assert t("fi", "phase.open", meeting="1/2026") in text_of(again)


async def test_a_button_of_another_body_in_the_tenant_is_not_found_by_strangers(room: Room) -> None:
    scene = await published(room)
    stranger = room.channel.person("Ulla Ulkonen", locale="fi-FI")
    desk = await room.channel.open(stranger)
    agenda = await scene.say("show_agenda")
    publish = find_button(agenda, "edit_item")
    told = text_of(card_of(await room.channel.press(stranger, desk, publish, {"title": "Kaapattu"})))
    assert "Kaapattu" not in dumped(await scene.say("show_agenda"))
    assert told


async def test_a_body_is_set_up_on_its_own_channel_only(room: Room) -> None:
    """Somebody of another team cannot take a channel by its id."""
    channel = room.channel
    aino, ulla = channel.person("Aino Saarela", locale="fi-FI"), channel.person("Ulla Ulkonen", locale="fi-FI")
    board = channel.team("Saarten ohjausryhmä", "Yleinen", [aino])
    await channel.install(board, aino)
    desk = await channel.open(ulla)
    assert t("fi", "setup.on_its_channel") in text_of(await room.say(ulla, desk, "perusta toimielin"))
    data = {"verb": "set_up_body", "channel_id": board.id, "name": "Kaapattu"}
    forged = {"type": "Action.Execute", "verb": "set_up_body", "data": data}
    told = card_of(await channel.press(ulla, desk, forged, {}))
    assert t("fi", "setup.on_its_channel") in text_of(told)
    form = await room.say(aino, board, "perusta toimielin")
    assert "perustettu" in text_of(await room.press(aino, board, form, "set_up_body", {"name": "Saarten ohjausryhmä", "language": "fi"}))


async def test_a_file_is_not_read_for_those_who_may_not_use_it(room: Room) -> None:
    scene = await set_up(room)
    desk = await room.channel.open(scene.vesa)
    answer = await room.channel.send_file(scene.vesa, desk, "rikki.docx", b"PK\x03\x04 this is no package")
    told = text_of(card_of(answer.posted[-1].activity))
    assert "sihteeri" in told.lower()
    assert "rikki.docx" not in told
    assert not any(asked.path.startswith("/files/") for asked in room.channel.requests)


async def test_no_seat_chosen_is_said(room: Room) -> None:
    scene = await set_up(room)
    told = await room.press(scene.aino, scene.desk, await scene.say("show_seats"), "show_seat")
    assert t("fi", "seats.choose") in text_of(told)
    assert has_button(told, "show_seat")
