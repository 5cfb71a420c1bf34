"""What a hostile outsider, a careless secretary and bad luck do: each is answered with a sentence, and nothing changes without right."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

import documents
from cards.actions import BY_STEM
from documents.links import document_link
from tests.standins.channel import Person, Place, Trouble, card_of
from tests.turns.room import Card, Room, has_button, text_of
from tests.turns.scenes import DAY, HELD, PLANNED, _roll, closed, in_review, published, set_up
from texts import t

HOSTILE: tuple[Any, ...] = (
    "-1",
    "9" * 5000,
    "²",
    "9999-12-31",
    "1.1.0001",
    "\x00\x07\x0b\x1b",
    "\u202e\u200b😀" * 300,
    "half \ud800 an emoji",
    "\n" * 300,
    "{{ x }} <script> [a](javascript:b) ` */ #import",
    "x" * 30_000,
    None,
    10**40,
    ["a", "b"],
    {"a": {"b": 1}},
)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


async def pressed(room: Room, who: Person, place: Place, verb: str, /, **data: Any) -> Card:
    """A button nobody drew, pressed."""
    return card_of(await room.channel.press(who, place, {"type": "Action.Execute", "verb": verb, "data": {"verb": verb, **data}}, {}))


def rows(room: Room, query: str) -> list[Any]:
    with sqlite3.connect(room._folder / "room.db") as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("at", ["published", "review"])
async def test_whatever_a_button_carries_the_answer_is_a_sentence(room: Room, at: str) -> None:
    scene = await (published(room) if at == "published" else in_review(room))
    stranger = room.channel.person("Ulla Ulkonen", locale="sv-FI")
    desk = await room.channel.open(stranger)
    known = {name: rows(room, f"select id from {name}")[0][0] for name in ("body", "meeting", "item", "seat", "person")}  # noqa: S608
    with capture_logs() as logs:
        for place, (verb, command) in enumerate(BY_STEM.items()):
            for turn, (who, where) in enumerate(((stranger, desk), (scene.aino, scene.desk))):
                for step in range(3):
                    bad = HOSTILE[(place * 3 + turn * 5 + step * 4) % len(HOSTILE)]
                    data = {one.name: known.get(one.name.removesuffix("_id"), bad) for one in fields(command)}
                    assert text_of(await pressed(room, who, where, verb, **data)), verb
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_a_stranger_changes_nothing_whatever_ids_they_know(room: Room) -> None:
    scene = await in_review(room)
    await pressed(room, scene.vesa, scene.board, "comment_minutes", text="Toisin")
    stranger = room.channel.person("Ulla Ulkonen", locale="sv-FI")
    alien = room.channel.person("Alien Other", locale="en-GB", tenant_id="99999999-0000-0000-0000-000000000001")
    ids = {name: rows(room, f"select id from {name}")[0][0] for name in ("body", "meeting", "item", "seat", "person", "comment")}  # noqa: S608
    tables = ("meeting", "body", "item", "seat", "holding", "comment", "round", "round_reply", "attendance", "movement", "draft")

    def state() -> list[Any]:
        return [rows(room, f"select * from {name}") for name in tables]  # noqa: S608

    await asyncio.sleep(1)
    before = state()
    for who in (stranger, alien):
        desk = await room.channel.open(who)
        for verb, command in BY_STEM.items():
            given = {"sign": "present", "outcome": "noted", "answer": "noted", "text": "x", "title": "x", "confirmed": "true"}
            data = {one.name: (ids | given).get(one.name.removesuffix("_id"), "") for one in fields(command)}
            if verb != "set_up_body":
                assert text_of(await pressed(room, who, desk, verb, **data)), verb
    assert state() == before


async def test_half_an_emoji_is_read_as_a_person_meant_it(room: Room) -> None:
    scene = await published(room)
    card = await scene.say("add_item", "Rantaviiva \ud83d")
    assert "Rantaviiva �" in text_of(card)


async def test_a_mark_alone_is_answered(room: Room) -> None:
    scene = await published(room)
    for text in ("?", "!!", ".", "\u200b", "…"):
        assert text_of(await room.say(scene.aino, scene.desk, text)), text


async def test_a_day_nobody_can_mean_is_no_day(room: Room) -> None:
    scene = await in_review(room)
    for day in ("9999-12-31", "0001-01-01"):
        refused = await pressed(room, scene.aino, scene.desk, "plan_meeting", day=day, start="10:00", confirmed="true")
        assert t("fi", "planning.day_missing") in text_of(refused)
    refused = await scene.say("send_minutes", "31.12.9999")
    assert t("fi", "round.deadline_unread", text="31.12.9999") in text_of(refused)
    seat = rows(room, "select id from seat")[0][0]
    refused = await pressed(room, scene.aino, scene.desk, "change_seat", seat_id=seat, member="Maija Meri", since="1.1.0001")
    assert t("fi", "seats.since_unread", text="1.1.0001") in text_of(refused)
    assert t("fi", "turn.fault", turn="")[:12] not in text_of(await scene.say("show_status"))


async def test_no_comments_with_a_but_is_no_answer(room: Room) -> None:
    scene = await in_review(room)
    desk = await room.channel.open(scene.vesa)
    asked = await room.say(scene.vesa, desk, "ei kommentteja, paitsi että § 3 on väärin")
    assert "paitsi että § 3 on väärin" in text_of(asked)
    assert has_button(asked, "comment_minutes")
    assert has_button(asked, "answer_no_comments")
    assert rows(room, "select count(*) from round_reply") == [(0,)]


async def test_publishing_is_not_done_by_a_sentence_that_begins_so(room: Room) -> None:
    scene = await set_up(room)
    await scene.say("plan_meeting", DAY["fi"])
    asked = await room.say(scene.aino, scene.desk, "julkaise vasta huomenna")
    assert has_button(asked, "publish_agenda")
    assert rows(room, "select phase from meeting") == [("planned",)]


async def test_a_pasted_memo_is_kept_whatever_its_first_word(room: Room) -> None:
    scene = await published(room)
    for text in ("Muistio 3/2026\n1 § Avaus\nPäätös: kyllä", "Kokous 3/2026\nAika: ma 11.5.2026\n1 § Avaus", "Asiat:\n1 § Avaus"):
        await room.say(scene.aino, scene.desk, text)
        assert rows(room, "select source from draft order by id desc limit 1") == [(text,)]


async def test_a_template_of_somebody_without_right_leaves_nothing(room: Room) -> None:
    scene = await published(room)
    template = (Path(documents.__file__).parent / "templates" / "default.docx").read_bytes()
    desk = await room.channel.open(scene.vesa)
    answer = await _with_file(room, scene.vesa, desk, "asiakirjapohja", "pohja.docx", template)
    assert t("fi", "access.prepare", body="Saarten ohjausryhmä") in text_of(answer)
    kept = rows(room, "select count(*) from document_content where document_id not in (select id from document)")
    assert kept == [(0,)]


async def test_a_broken_file_opens_no_form_to_those_without_right(room: Room) -> None:
    scene = await published(room)
    desk = await room.channel.open(scene.vesa)
    answer = await _with_file(room, scene.vesa, desk, "asetukset", "rikki.docx", b"PK\x03\x04 nothing")
    assert not has_button(answer, "change_body")
    assert "Tämän voi tehdä vain toimielimen sihteeri" in text_of(answer)


async def _with_file(room: Room, who: Person, place: Place, text: str, name: str, content: bytes) -> Card:
    sent = await room.channel.send_file(who, place, name, content)
    activity = json.loads(json.dumps(sent.activity)) | {"id": f"{sent.activity['id']}9", "text": text}
    answer = await room.channel.send(activity)
    return card_of(answer.posted[-1].activity)


async def test_a_signed_link_opens_one_document_and_no_altered_one_opens_any(room: Room) -> None:
    await published(room)
    documents_made = "select id from document where kind = 'agenda' and format = 'pdf'"
    await room.settled(lambda: rows(room, documents_made), "documents")
    # Not the board's: as soon as they are in the channel's files the links there lead to them.
    ((document,),), ((key,),) = rows(room, documents_made), rows(room, "select value from secret where name = 'links'")
    good = document_link(room.url, document, key, PLANNED)
    path, _, query = good.partition("?")
    until, mark = (part.partition("=")[2] for part in query.split("&"))
    other = [one for (one,) in rows(room, "select id from document") if one not in path]
    assert (await room.get(good))[0] == 200
    for bad in (
        f"{path}?until={int(until) + 1}&mark={mark}",
        f"{path}?until={until}&mark={mark[:-1]}0" if mark[-1] != "0" else f"{path}?until={until}&mark={mark[:-1]}1",
        f"{path}?until={until}&mark=%C3%A4",
        f"{path}?until={until}&mark=%ED%A0%80",
        f"{path}?until={'9' * 5000}&mark={mark}",
        f"{path}?until=%C2%B2&mark={mark}",
        f"{path}?until=-1&mark={mark}",
        f"{path}",
        f"{path.rpartition('/')[0]}/{other[0]}?{query}",
        f"{path.rpartition('/')[0]}/..%2F..%2Froom.db?{query}",
        f"{path.rpartition('/')[0]}/%00?{query}",
    ):
        assert (await room.get(bad))[0] == 404, bad
    async with aiohttp.ClientSession() as session:
        for method, status in (("HEAD", 200), ("POST", 405), ("DELETE", 405)):
            async with session.request(method, good) as response:
                assert response.status == status, method
    await room.at(PLANNED + timedelta(days=181))
    assert (await room.get(good))[0] == 404


async def test_many_press_at_once_and_twice_and_each_counts_once(room: Room) -> None:
    scene = await published(room)
    await room.at(HELD)
    await scene.say("open_meeting")
    roll = await room.settled(lambda: _roll(scene, "late"), "the roll call")
    people = (scene.maija, scene.bo, scene.vesa)
    await asyncio.gather(*(room.press(who, scene.board, roll, "sign_in", sign="present") for who in people * 4))
    assert rows(room, "select count(*), count(distinct person_id) from attendance") == [(3, 3)]


async def test_a_channel_that_fails_for_a_while_shows_everything_in_the_end(room: Room) -> None:
    scene = await published(room)
    await scene.wait_on_board("Venesatama")
    room.channel.troubles += [Trouble(status=502, method="PUT", times=20)]
    await scene.say("add_item", "Laituri")
    await room.settled(lambda: rows(room, "select 1 from effect where error like '%502%'"), "the failure")
    room.channel.troubles.clear()
    await room.at(PLANNED + timedelta(minutes=1))
    await scene.wait_on_board("Laituri")
    assert len([one for one in room.board_posts(scene.board) if "Venesatama" in text_of(card_of(one.activity))]) == 1


async def test_an_answer_the_channel_would_not_take_comes_when_it_asks_again(room: Room) -> None:
    scene = await published(room)
    # No effect's post is to meet the trouble instead.
    effects = "select 1 from effect where lane not in ('', 'answers') and state in ('waiting', 'running')"
    await room.settled(lambda: not rows(room, effects), "rest")
    room.channel.troubles.append(Trouble(status=502, method="POST"))
    first = await room.channel.say(scene.aino, scene.desk, "lisää asia Laituri")
    assert first.status == 503
    again = await room.channel.resend(first)
    assert again.status == 201
    assert text_of(card_of(again.posted[-1].activity))
    assert rows(room, "select count(*) from item where title = 'Laituri'") == [(1,)]


async def test_a_meeting_of_a_team_that_removed_the_bot_goes_on_at_the_desk(room: Room) -> None:
    scene = await published(room)
    room.channel.block(scene.board)
    assert "Uusi asia" in text_of(await scene.say("add_item", "Uusi asia"))
    for minutes in (1, 2, 3):
        await room.settled(lambda: not rows(room, "select 1 from effect where state = 'running'"), "the try")
        await asyncio.sleep(0.3)
        await room.at(PLANNED + timedelta(minutes=minutes))
    await scene.wait_told(scene.desk, t("fi", "told.dead_RefreshBoard"))


async def test_after_a_long_downtime_the_round_ends_at_its_deadline_and_nobody_is_reminded_late(room: Room) -> None:
    scene = await in_review(room)
    desk = await room.channel.open(scene.vesa)
    await room.at(datetime(2026, 8, 1, 6, 0, tzinfo=UTC))
    await scene.wait_on_board("SHA-256")
    assert rows(room, "select phase, substr(approved_at, 1, 19) from meeting") == [("approved", "2026-05-18 21:00:00")]
    assert not [said for said in scene.told(desk) if "muistutus" in said.casefold()]


async def test_the_rule_told_is_the_rule_that_closes(room: Room) -> None:
    scene = await in_review(room, approval="next_meeting")
    form = await scene.say("show_body")
    refused = await room.press(scene.aino, scene.desk, form, "change_body", {"approval": "tacit"})
    assert "kommenttikierros on kesken" in text_of(refused)
    await room.at(datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC))
    await room.settled(lambda: rows(room, "select result from round") == [("collected",)], "the round's end")


async def test_a_roster_put_right_for_the_day_of_the_meeting_sends_the_minutes_round_again(room: Room) -> None:
    scene = await in_review(room)
    seat = rows(room, "select id from seat order by position")[2][0]
    await pressed(room, scene.aino, scene.desk, "change_seat", seat_id=seat, member="Toinen Henkilö", since="1.5.2026")
    await room.at(datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC))
    await scene.wait_told(scene.desk, t("fi", "told.stopped_changed", number="1/2026")[:30])
    assert rows(room, "select phase from meeting") == [("review",)]


async def test_another_bodys_secretary_moves_nobodys_mail(room: Room) -> None:
    await set_up(room)
    await room.settled(lambda: rows(room, "select 1 from person where name = 'Vesa Virta' and email <> ''"), "addresses")
    ulla = room.channel.person("Ulla Toinen")
    board, desk = room.channel.team("Toinen", "Yleinen", [ulla]), await room.channel.open(ulla)
    await room.channel.install(board, ulla)
    await room.say(ulla, board, "perusta Toinen toimielin")
    read = await room.say(ulla, desk, "jäsenluettelo\nVesa Virta;Elli Eskola;Rosvot\n")
    await room.press(ulla, desk, read, "confirm_roster")
    seat = rows(room, "select seat.id from seat join body on body.id = body_id where body.name = 'Toinen toimielin'")[0][0]
    await pressed(room, ulla, desk, "change_seat", seat_id=seat, member="Vesa Virta", member_email="vesa@rosvo.example")
    assert rows(room, "select email from person where account_id <> '' and name = 'Vesa Virta'") == [("vesa.virta@example.org",)]


async def test_a_number_that_is_no_section_is_said_to_be_none(room: Room) -> None:
    scene = await closed(room)
    for typed in ("999", "-1", "9" * 150, "kolme"):
        assert t("fi", "record.no_such_section", section=typed[:20]) in text_of(await scene.say("show_item", typed)), typed[:20]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:3978"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::1"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 tunnel"},
    ],
)
async def test_where_nobody_is_asked_who_they_are_only_this_machine_is_heard(room: Room, headers: dict[str, str]) -> None:
    anna = room.channel.person("Anna Aalto")
    message = room.channel.said(anna, room.channel.personal(anna), "tilanne")
    async with aiohttp.ClientSession() as session:
        for path in ("/sandbox", "/graph/v1.0/users/anna.aalto@example.org/events"):
            async with session.get(room.url + path, headers=headers) as answer:
                assert (path, answer.status) == (path, 403)
        async with session.post(room.channel.bot_url, json=message, headers=headers) as answer:
            assert answer.status == 403
        async with session.post(room.channel.bot_url, json=message) as answer:
            assert answer.status == 201
    assert rows(room, "select count(*) from person") == [(1,)]
