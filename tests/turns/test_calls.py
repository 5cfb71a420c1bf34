"""A meeting held in Teams: what Teams tells of its call becomes suggestions at the desk, and nothing more."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from tests.standins.channel import Person, card_of
from tests.turns.room import Room, actions, filled, find_button, sent_with, text_of
from tests.turns.scenes import AGENDA, HELD, PLANNED, Scene, hold, send_round, set_up

NOW = "2026-05-11T07:01:59.1234567Z"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


def rows(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "room.db")) as database:
        return database.execute(query).fetchall()


async def online(room: Room, folder: Path) -> tuple[Scene, str]:
    """A meeting in Teams on its morning, and its link as the calendar made it."""
    scene = await set_up(room)
    await scene.say("plan_meeting", "ma 11.5.2026 klo 10.00–12.00 Teams")
    read = await scene.say("read_agenda", f"\n{AGENDA['fi']}")
    await room.press(scene.aino, scene.desk, await room.press(scene.aino, scene.desk, read, "confirm_agenda"), "publish_agenda")
    (link,) = await room.settled(lambda: [url for (url,) in rows(folder, "SELECT join_url FROM meeting") if url], "the link of the call")
    await room.at(HELD)
    boards = "SELECT seq FROM effect WHERE state != 'done' AND kind IN ('RefreshBoard', 'RenderDocuments', 'ShareDocuments')"
    await room.settled(lambda: not rows(folder, boards), "the board is as it will be")
    return scene, link


def joined(*people: Person) -> dict[str, Any]:
    """As Teams tells who came."""
    return {
        "members": [
            {
                "user": {
                    "id": one.channel_id,
                    "name": one.name,
                    "aadObjectId": one.account_id,
                    "tenantId": one.tenant_id,
                    "userRole": "user",
                },
                "meeting": {"inMeeting": True, "role": "Attendee"},
            }
            for one in people
        ]
    }


def on_desk(scene: Scene, text: str) -> list[dict[str, Any]]:
    cards = [card_of(posted.activity) for posted in scene.room.board_posts(scene.desk)]
    return [card for card in cards if text in text_of(card)]


async def test_a_call_is_offered_as_times_and_presence_and_the_secretary_decides(room: Room, tmp_path: Path) -> None:
    scene, link = await online(room, tmp_path)
    channel, thread = room.channel, link.rpartition("/")[2]
    began = {"MeetingType": "Scheduled", "Title": "x", "Id": "MCMx", "JoinUrl": link, "StartTime": "2026-05-11T07:01:30.4388966Z"}
    stranger = channel.person("Olli Outo")
    # That is a time, but not in every zone.
    with capture_logs() as lines:
        assert (await channel.call(scene.aino, thread, "Start", began | {"StartTime": "9999-12-31T23:59:59Z"}, NOW)).status == 201
    assert [one for one in lines if one["log_level"] == "error"] == []
    first = await channel.call(scene.aino, "19:meeting_1@thread.v2", "Start", began, NOW)
    assert (first.status, first.posted) == (201, [])
    await scene.wait_told(scene.desk, "alkoi klo 10.01")
    await channel.call(scene.aino, thread, "ParticipantJoin", joined(scene.maija, stranger), NOW)
    await channel.resend(first, new_id=True)
    assert len(rows(tmp_path, "SELECT seq FROM effect WHERE key LIKE 'tell:call:%'")) == 1
    # Nothing is opened by it.
    assert rows(tmp_path, "SELECT phase FROM meeting") == [("published",)]
    (told,) = on_desk(scene, "alkoi klo 10.01")
    assert find_button(told, "open_meeting")["data"]["at"] == "10:01"
    await room.press(scene.aino, scene.desk, told, "open_meeting")
    assert rows(tmp_path, "SELECT phase, opened_at FROM meeting") == [("open", "2026-05-11 07:01:00.000000")]
    await channel.call(scene.aino, thread, "ParticipantJoin", joined(scene.bo), NOW)

    roll = await scene.say("show_attendance")
    assert find_button(roll, "set_attendance", joined=True)["title"] == "Teams-kokoukseen tulleet läsnä (2)"
    assert "Maija Meri (Saaren kunta) · Teams-kokouksessa" in text_of(roll)
    marked = await room.press(scene.aino, scene.desk, roll, "set_attendance", {"person_ids": ""}, joined=True)
    assert "2/3" in text_of(marked)
    assert "Vesa Virta (Lahden säätiö) – läsnä" not in text_of(marked)
    assert not any(one["data"].get("joined") for one in actions(marked))

    await scene.say("find_quorum")
    # Who leaves the call is offered as gone at that time, when they have not come back; noted only by the secretary.
    room.wait(60)
    left = joined(scene.bo)
    left["members"][0]["meeting"]["inMeeting"] = False
    assert (await channel.call(scene.aino, thread, "ParticipantLeave", left, "2026-05-11T07:03:10Z")).status == 201
    assert "Teams-kokouksesta ovat poistuneet" not in text_of(await scene.say("show_attendance"))
    room.wait(240)
    roll = await scene.say("show_attendance")
    (button,) = [one for one in actions(roll) if one["data"].get("gone")]
    assert button["title"] == "Bo Backman: poistui klo 10.03"
    assert rows(tmp_path, "SELECT * FROM movement") == []
    noted = card_of(await channel.press(scene.aino, scene.desk, button, sent_with(button, roll, {"clock": "9.99"})))
    assert "Bo Backman poistui klo 10.03" in text_of(noted)
    assert [one for one in actions(noted) if one["data"].get("gone")] == []
    assert len(rows(tmp_path, "SELECT * FROM movement")) == 1
    back = next(one for one in actions(noted) if one["verb"] == "take_back")
    await channel.press(scene.aino, scene.desk, back, {})
    ended = {"MeetingType": "Scheduled", "Title": "x", "Id": "MCMx", "JoinUrl": link, "EndTime": "2026-05-11T07:04:59Z"}
    room.wait(600)
    await channel.call(scene.aino, thread, "End", ended, NOW)
    await scene.wait_told(scene.desk, "päättyi klo 10.04")
    for _ in range(12):
        form = await scene.say("close_meeting")
        if any(one["verb"] == "close_meeting" for one in actions(form)):
            break
        item = await room.press(scene.aino, scene.desk, form, "show_item")
        await room.press(scene.aino, scene.desk, item, "record_outcome", outcome="noted")
    assert filled(form)["at"] == "10:04"
    assert "Teams-kokous päättyi klo 10.04" in text_of(form)
    assert rows(tmp_path, "SELECT phase FROM meeting") == [("open",)]
    await room.press(scene.aino, scene.desk, form, "close_meeting")
    assert rows(tmp_path, "SELECT phase, closed_at FROM meeting") == [("closed", "2026-05-11 07:04:00.000000")]
    assert rows(tmp_path, "SELECT * FROM call_note") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (
            "Start",
            {"JoinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_other%40thread.v2/0", "StartTime": "2026-05-11T07:01:30Z"},
        ),
        ("Start", {"StartTime": "yesterday"}),
        ("Start", "x"),
        ("ParticipantJoin", {"members": "x"}),
        ("ParticipantJoin", {"members": [{"user": None}]}),
        ("ParticipantLeave", {}),
        ("Unheard", None),
    ],
)
async def test_a_call_of_no_meeting_and_what_cannot_be_read_is_left(room: Room, tmp_path: Path, name: str, value: Any) -> None:
    scene, _ = await online(room, tmp_path)
    answer = await room.channel.call(scene.aino, "19:meeting_other@thread.v2", name, value, NOW)
    assert (answer.status, answer.posted) == (201, [])
    assert rows(tmp_path, "SELECT * FROM call_note") == []


async def test_the_report_of_a_call_is_held_against_the_record_and_changes_nothing(tmp_path: Path) -> None:
    async with Room(tmp_path, PLANNED, TEAMS_ATTENDANCE_REPORTS=True) as room:
        scene, link = await online(room, tmp_path)
        await hold(scene, minutes=60)
        before = rows(tmp_path, "SELECT * FROM attendance"), rows(tmp_path, "SELECT * FROM movement")
        # At first there is no report; an hour later there is.
        await room.at(HELD + timedelta(minutes=71))
        await room.settled(lambda: rows(tmp_path, "SELECT 1 FROM effect WHERE result = 'no report'"), "it is looked for")
        records = [
            stayed(scene.maija, (0, 60)),
            # By the address alone, as of somebody whose account the report does not know.
            {**stayed(scene.bo, (0, 60)), "id": ""},
            stayed(scene.vesa, (0, 20), (25, 60)),
            stayed(room.channel.person("Olli Outo"), (0, 60)),
        ]
        report = {"joinUrl": link, "start": HELD.isoformat(), "end": (HELD + timedelta(hours=1)).isoformat(), "records": records}
        async with aiohttp.ClientSession() as http, http.post(f"{room.url}/graph/sandbox/attendance", json=report) as answer:
            assert answer.status == 204
        assert not any("läsnäoloraportti" in said for said in scene.told(scene.desk))
        await room.at(HELD + timedelta(minutes=135))
        await scene.wait_told(scene.desk, "Kokouksen 1/2026 Teams-läsnäoloraportti eroaa kirjauksista.")
        roll = await scene.say("show_attendance")
        assert "Vesa Virta: raportin mukaan Teams-kokouksessa klo 10.02–11.02, kirjausten mukaan ei läsnä." in text_of(roll)
        assert text_of(roll).count("raportin mukaan") == 1
        assert (rows(tmp_path, "SELECT * FROM attendance"), rows(tmp_path, "SELECT * FROM movement")) == before
        # Nothing is kept of those who are not of the roll, and of nobody once the minutes have gone round.
        assert len(rows(tmp_path, "SELECT DISTINCT person_id FROM call_note")) == 3
        await send_round(scene)
        assert rows(tmp_path, "SELECT * FROM call_note") == []


def stayed(who: Person, *minutes: tuple[int, int]) -> dict[str, Any]:
    """As a report has it."""
    spans = [[(HELD + timedelta(minutes=minute)).isoformat() for minute in span] for span in minutes]
    return {"address": who.email, "id": who.account_id, "name": who.name, "intervals": spans}
