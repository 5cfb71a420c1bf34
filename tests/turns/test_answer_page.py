"""Members and deputies without Teams: they answer the invitation and the call on their own page, and everything follows as in Teams."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from html import escape
from pathlib import Path

import aiohttp
import pytest

from bot.personal_page import MOST
from tests.standins.post import Server
from tests.turns import scenes
from tests.turns.room import Room, text_of
from tests.turns.scenes import HELD, PLANNED, Scene, published
from texts import t

KAISA = "kaisa.kari@ulkona.example"
ELLI = "elli.eskola@ulkona.example"


@pytest.fixture
async def room(tmp_path: Path, post: Server) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


@pytest.fixture(autouse=True)
def without_teams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "ROSTER", scenes.ROSTER.replace("Vesa Virta;Elli Eskola", f"Kaisa Kari {KAISA};Elli Eskola {ELLI}"))


async def letter(room: Room, post: Server, email: str, text: str) -> str:
    """The letter to somebody in which they read `text`."""

    def found() -> str:
        mine = [said(one) for one in post.letters if email in str(one["to"])]
        return next((one for one in mine if text in one), "")

    read: str = await room.settled(found, f"{text} to {email}")
    return read


def attached(post: Server, email: str, text: str) -> set[str]:
    """Kinds of what came with the letter to somebody in which they read `text`."""
    mine = next(one for one in post.letters if email in str(one["to"]) and text in said(one))
    return {part.get_content_type() for part in mine.iter_attachments()}


def said(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def answer_link(text: str) -> str:
    found = re.search(r"http://\S+/answer/\S+", text)
    return found.group() if found else ""


async def agenda_link(scene: Scene, post: Server) -> str:
    when = "11.5.2026"
    return answer_link(await letter(scene.room, post, KAISA, when))


async def page(url: str, data: dict[str, str] | None = None, method: str = "") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.request(method or ("POST" if data else "GET"), url, data=data) as answer:
        assert "Set-Cookie" not in answer.headers
        return answer.status, await answer.text()


def hidden(shown: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', shown))


async def press(url: str, sign: str) -> tuple[int, str]:
    """Open the page and press one of its buttons."""
    _, shown = await page(url)
    return await page(url, {**hidden(shown), "sign": sign})


def journal(folder: Path) -> list[tuple[str, str]]:
    """Who has done what, by id; without what the clock did."""
    with closing(sqlite3.connect(folder / "room.db")) as database:
        return database.execute("SELECT person_id, command FROM journal WHERE person_id <> '' ORDER BY seq").fetchall()


def join_url(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "room.db")) as database:
        return str(database.execute("SELECT join_url FROM meeting").fetchone()[0])


def person_of(url: str) -> str:
    return url.rpartition("/")[2].partition(".")[0]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_a_member_declines_the_deputy_is_called_and_released_all_without_teams(
    room: Room, post: Server, tmp_path: Path, language: str
) -> None:
    scene = await published(room, language)
    mine = await agenda_link(scene, post)
    # A deputy whom nobody has called gets the agenda for information: not asked, and nothing for the calendar.
    information = await letter(room, post, ELLI, "11.5.2026")
    assert t(language, "mail.agenda_deputy") in information
    assert not answer_link(information)
    assert attached(post, KAISA, "11.5.2026") == {"application/pdf", "text/calendar"}
    assert attached(post, ELLI, "11.5.2026") == {"application/pdf"}
    status, shown = await page(mine)
    assert status == 200
    for key in ("answer_question", "answer_given_none", "answer_follows"):
        assert escape(t(language, f"mail.{key}")) in shown
    assert f'<html lang="{language}">' in shown
    assert 'aria-pressed="true"' not in shown

    status, kept = await press(mine, "excused")
    assert status == 200
    for key in ("answer_kept", "answer_given_excused"):
        assert escape(t(language, f"mail.{key}")) in kept
    # The filled button is the answer given.
    assert '<button class="second" aria-pressed="false" name="sign" value="coming">' in kept
    assert '<button aria-pressed="true" name="sign" value="excused">' in kept
    assert journal(tmp_path)[-1] == (person_of(mine), "sign_in")
    facts = {"name": "Kaisa Kari", "number": "1/2026", "body": "Saarten ohjausryhmä", "deputy": "Elli Eskola"}
    called = await letter(room, post, ELLI, t(language, "told.called", **facts))
    assert "11.5.2026" in called
    assert t(language, "mail.place", place=scenes.DAY[language].split("12.00 ")[-1].split("12:00 ")[-1]) in called
    await scene.wait_told(scene.desk, t(language, "told.deputy_called", **facts))
    await letter(room, post, KAISA, t(language, "told.called_for_you", **facts))

    assert attached(post, ELLI, t(language, "told.called", **facts)) == {"text/calendar"}
    theirs = answer_link(called)
    _, shown = await page(theirs)
    assert escape(t(language, "mail.answer_called", name="Kaisa Kari")) in shown
    await press(theirs, "coming")
    assert t(language, "answers.coming", coming="1", seats="3", needed="2") in text_of(await scene.say("show_status"))

    await press(mine, "coming")
    released = await letter(room, post, ELLI, t(language, "told.released", **facts))
    assert not answer_link(released)
    _, shown = await page(theirs)
    assert escape(t(language, "mail.answer_not_wanted")) in shown


async def test_the_language_chosen_on_the_page_is_that_of_the_next_letter(room: Room, post: Server, tmp_path: Path) -> None:
    url = await agenda_link(await published(room), post)
    status, shown = await page(url, {"language": "en"})
    assert (status, '<html lang="en">' in shown) == (200, True)
    assert t("en", "mail.answer_given_none") in shown
    assert journal(tmp_path)[-1] == (person_of(url), "choose_language")
    await press(url, "excused")
    await letter(room, post, KAISA, t("en", "told.called_for_you", name="Kaisa Kari", number="1/2026", deputy="Elli Eskola"))


async def test_only_who_is_called_is_led_to_the_teams_meeting(
    room: Room, post: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(scenes.DAY, "fi", "ma 11.5.2026 klo 10.00 Teams")
    mine = await agenda_link(await published(room), post)
    await room.settled(lambda: join_url(tmp_path), "the event is there")
    await press(mine, "excused")
    facts = {"name": "Kaisa Kari", "number": "1/2026", "body": "Saarten ohjausryhmä"}
    assert join_url(tmp_path) in await letter(room, post, ELLI, t("fi", "told.called", **facts))
    await press(mine, "coming")
    assert join_url(tmp_path) not in await letter(room, post, ELLI, t("fi", "told.released", **facts))


async def test_the_same_press_twice_is_one_answer_and_looking_is_none(room: Room, post: Server, tmp_path: Path) -> None:
    url = await agenda_link(await published(room), post)
    _, shown = await page(url)
    before = journal(tmp_path)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        status, _ = await page(f"{url}?sign=excused&when={hidden(shown)['when']}", method=method)
        assert status == (200 if method in {"GET", "HEAD"} else 405)
    assert journal(tmp_path) == before
    for _ in range(2):
        status, kept = await page(url, {**hidden(shown), "sign": "excused"})
        assert (status, escape(t("fi", "mail.answer_kept")) in kept) == (200, True)
    assert len(journal(tmp_path)) == len(before) + 1
    for sign in ("", "present", "left", "<b>"):
        status, wrong = await press(url, sign)
        assert (status, escape(t("fi", "mail.answer_which")) in wrong) == (422, True)
    assert len(journal(tmp_path)) == len(before) + 1


async def test_an_answer_to_another_time_is_not_taken_for_this_one(room: Room, post: Server, tmp_path: Path) -> None:
    scene = await published(room)
    url = await agenda_link(scene, post)
    _, seen = await page(url)
    await scene.say("move_meeting", "1/2026 ti 12.5.2026 klo 13.00")
    before = journal(tmp_path)
    assert before[-1][1] == "move_meeting"
    status, moved = await page(url, {**hidden(seen), "sign": "coming"})
    assert (status, escape(t("fi", "mail.answer_moved")) in moved) == (422, True)
    assert "12.5.2026" in moved
    assert journal(tmp_path) == before
    status, _ = await page(url, {**hidden(moved), "sign": "coming"})
    assert (status, journal(tmp_path)[-1]) == (200, (person_of(url), "sign_in"))


async def test_after_the_meeting_has_begun_or_been_cancelled_nobody_answers(room: Room, post: Server, tmp_path: Path) -> None:
    scene = await published(room)
    url = await agenda_link(scene, post)
    _, seen = await page(url)
    await room.at(HELD)
    await scene.say("open_meeting")
    before = journal(tmp_path)
    looked, pressed = await page(url), await page(url, {**hidden(seen), "sign": "coming"})
    assert (looked[0], pressed[0]) == (200, 422)
    for _, shown in (looked, pressed):
        assert escape(t("fi", "mail.answer_over")) in shown
        assert 'name="sign"' not in shown
    assert journal(tmp_path) == before
    await room.at(datetime(2026, 6, 11, 7, 0, tzinfo=UTC))
    status, old = await page(url)
    assert (status, t("fi", "mail.page_no_link") in old) == (404, True)


async def test_a_cancelled_meeting_asks_nothing(room: Room, post: Server) -> None:
    scene = await published(room)
    url = await agenda_link(scene, post)
    _, seen = await page(url)
    form = await scene.say("cancel_meeting")
    await room.press(scene.aino, scene.desk, form, "cancel_meeting", {"reason": "Jäät lähtivät."})
    for _, shown in (await page(url), await page(url, {**hidden(seen), "sign": "coming"})):
        assert escape(t("fi", "mail.answer_cancelled")) in shown
        assert 'name="sign"' not in shown


async def test_a_link_opens_one_page_of_one_person(room: Room, post: Server, tmp_path: Path) -> None:
    url = await agenda_link(await published(room), post)
    base, _, token = url.rpartition("/")
    person, meeting, until, mark = token.split(".")
    before = journal(tmp_path)
    hostile = [
        url.replace("/answer/", "/comment/"),
        f"{base}/{meeting}.{person}.{until}.{mark}",
        f"{base}/{person}.{meeting}.{int(until) + 1}.{mark}",
        f"{base}/{person}.{meeting}.{until}.{'0' * 64}",
        f"{base}/{person}.{until}.{mark}",
        f"{base}/{mark}",
        f"{base}/...",
    ]
    for one in hostile:
        for data in (None, {"sign": "coming", "do": "none"}):
            status, shown = await page(one, data)
            assert status == 404, one
            assert "Saarten" not in shown
    assert journal(tmp_path) == before


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_too_much_and_too_often_are_told_in_the_person_s_language(room: Room, post: Server, language: str) -> None:
    url = await agenda_link(await published(room, language), post)
    status, large = await page(url, {"sign": "x" * 1_100_000})
    assert (status, escape(t(language, "mail.answer_large")) in large) == (413, True)
    for _ in range(MOST):
        await page(url, {"sign": "x"})
    status, often = await page(url, {"sign": "x"})
    assert (status, escape(t(language, "mail.answer_often")) in often) == (429, True)


async def test_the_page_of_one_who_was_forgotten_is_nobodys(room: Room, post: Server) -> None:
    link = await agenda_link(await published(room, "fi"), post)
    assert (await page(link))[0] == 200
    with closing(sqlite3.connect(room._folder / "room.db")) as database:
        database.execute("UPDATE person SET email = '' WHERE email = ?", (KAISA,))
        database.commit()
    assert (await page(link))[0] == 404
