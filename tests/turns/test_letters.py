"""A person without Teams: letters through a mail server, and the page where their comments come back, with the whole bot."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from html import escape
from pathlib import Path

import aiohttp
import pytest
from icalendar import Calendar

from bot.personal_page import MOST
from tests.standins.post import Server
from tests.turns import scenes
from tests.turns.room import Room, text_of
from tests.turns.scenes import PLANNED, Scene, in_review
from texts import t

ADDRESS = "elli.eskola@ulkona.example"


@pytest.fixture
async def room(tmp_path: Path, post: Server) -> AsyncIterator[Room]:
    async with Room(tmp_path, PLANNED) as opened:
        yield opened


@pytest.fixture(autouse=True)
def addressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "ROSTER", scenes.ROSTER.replace("Elli Eskola", f"Elli Eskola {ADDRESS}"))


async def letter(scene: Scene, post: Server, kind: str) -> EmailMessage:
    subject = t(scene.language, f"mail.{kind}_subject", body="Saarten ohjausryhmä", number="1/2026")
    found: EmailMessage = await scene.room.settled(lambda: post.about(subject), subject)
    return found


def link_in(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+/comment/\S+", body.get_content())
    assert found is not None
    return found.group()


async def page(url: str, data: dict[str, str] | None = None, method: str = "") -> tuple[int, str, Mapping[str, str]]:
    async with aiohttp.ClientSession() as session, session.request(method or ("POST" if data else "GET"), url, data=data) as answer:
        return answer.status, await answer.text(), answer.headers


def journal(folder: Path) -> list[tuple[str, str]]:
    """Who has done what, by id; without what the clock did."""
    with closing(sqlite3.connect(folder / "room.db")) as database:
        return database.execute("SELECT person_id, command FROM journal WHERE person_id <> '' ORDER BY seq").fetchall()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_agenda_goes_by_mail_with_the_pdf_and_a_calendar_file_that_does_not_invite(
    room: Room, post: Server, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    elli = f"Elli Eskola {ADDRESS}"
    monkeypatch.setattr(scenes, "ROSTER", scenes.ROSTER.replace(f"Vesa Virta;{elli}", f"{elli};Vesa Virta"))
    scene = await in_review(room, language)
    agenda = await letter(scene, post, "agenda")
    files = {part.get_content_type(): part for part in agenda.iter_attachments()}
    assert files["application/pdf"].get_content().startswith(b"%PDF")
    assert files["text/calendar"].get_param("method") == "PUBLISH"
    content = files["text/calendar"].get_payload(decode=True)
    assert isinstance(content, bytes)
    calendar = Calendar.from_ical(content)
    assert calendar["method"] == "PUBLISH"
    event = calendar.walk("VEVENT")[0]
    assert event.decoded("dtstart").astimezone(UTC) == datetime(2026, 5, 11, 7, 0, tzinfo=UTC)
    assert event["uid"]
    assert "attendee" not in event
    # Exchange invites under the same UID and counts SEQUENCE from nought: a number of ours would make its news look old.
    assert "sequence" not in event
    assert event["organizer"] == "mailto:sihteeri@pykala.example"
    assert calendar.walk("VTIMEZONE")
    assert agenda["to"]
    assert ADDRESS in str(agenda["to"])
    assert agenda["reply-to"].addresses[0].addr_spec == "aino.saarela@example.org"


async def test_a_comment_comes_back_through_the_personal_page(room: Room, post: Server) -> None:
    scene = await in_review(room)
    url = link_in(await letter(scene, post, "round"))
    status, shown, headers = await page(url)
    assert status == 200
    assert "Venesatama" in shown
    assert t("fi", "stock.noted") in shown
    assert "script-src" not in shown
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers
    item = re.findall(r'name="text-([^"]+)"', shown)[0]

    status, empty, _ = await page(url, {"do": "send"})
    assert (status, t("fi", "mail.page_empty") in empty) == (422, True)

    both = {f"text-{item}": "<b>Lisätään aika.</b>", f"kind-{item}": "remark", "do": "none"}
    status, refused, _ = await page(url, both)
    assert status == 422
    assert "&lt;b&gt;Lisätään aika.&lt;/b&gt;" in refused

    status, kept, _ = await page(url, {**both, "do": "send", "nonce": "one"})
    assert (status, t("fi", "minutes.comment_kept") in kept) == (200, True)
    await page(url, {**both, "do": "send", "nonce": "one"})
    card = await scene.say("show_comments")
    comments = text_of(card)
    assert comments.count("Elli Eskola: § 1") == 1
    _, waiting, _ = await page(url)
    for text in (
        t("fi", "mail.page_mine"),
        "&lt;b&gt;Lisätään aika.&lt;/b&gt;",
        t("fi", "minutes.kind_remark"),
        t("fi", "mail.page_waits"),
    ):
        assert text in waiting
    await room.press(scene.aino, scene.desk, card, "answer_comment", {"reason": "Aika on listalla."}, answer="noted")
    told = await room.settled(lambda: post.about("Saarten ohjausryhmä 1/2026"), "the answer by mail")
    said = told.get_body(("plain",)).get_content()
    assert t("fi", "told.comment_noted_because", number="1/2026", reason="Aika on listalla.") in said
    # What was answered is quoted, and who has commented is not invited to comment.
    section = re.search(r"<h3>(§ 1 [^<]+)</h3>", waiting)
    assert section is not None
    assert t("fi", "mail.your_comment", where=section.group(1), text="<b>Lisätään aika.</b>") in said
    assert t("fi", "mail.comments_here") in said
    assert t("fi", "mail.comment_here") not in said
    _, answered, _ = await page(url)
    for text in (t("fi", "minutes.answer_noted"), "Aika on listalla."):
        assert text in answered
    assert t("fi", "mail.page_waits") not in answered


async def test_the_page_lists_nobody_else_s_comments_and_their_open_proposal_stops_only_themselves(room: Room, post: Server) -> None:
    scene = await in_review(room)
    url = link_in(await letter(scene, post, "round"))
    card = await scene.wait_on_board(t("fi", "minutes.comments"))
    form = await room.press(scene.bo, scene.board, card, "comment_minutes")
    await room.press(scene.bo, scene.board, form, "comment_minutes", {"text": "Lisätään keskustelu.", "kind": "proposal"})
    _, shown, _ = await page(url)
    assert "Lisätään keskustelu." not in shown
    assert t("fi", "mail.page_mine") not in shown
    status, _, _ = await page(url, {"do": "none"})
    assert status == 200


async def test_an_answer_after_the_deadline_invites_nobody_to_the_page(room: Room, post: Server) -> None:
    scene = await in_review(room)
    url = link_in(await letter(scene, post, "round"))
    await page(url, {"text-whole": "Lisätään aika.", "kind-whole": "proposal", "do": "send"})
    await room.at(datetime(2026, 5, 20, 6, 0, tzinfo=UTC))
    card = await scene.say("show_comments")
    await room.press(scene.aino, scene.desk, card, "answer_comment", {"reason": ""}, answer="accepted")
    told = await room.settled(lambda: post.about("Saarten ohjausryhmä 1/2026"), "the answer by mail")
    said = told.get_body(("plain",)).get_content()
    assert t("fi", "mail.your_comment", where=t("fi", "minutes.whole"), text="Lisätään aika.") in said
    assert "/comment/" not in said


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_no_comments_is_not_the_answer_of_one_whose_proposal_waits(room: Room, post: Server, language: str) -> None:
    scene = await in_review(room, language)
    url = link_in(await letter(scene, post, "round"))
    await page(url, {"text-whole": "Lisätään aika.", "kind-whole": "proposal", "do": "send"})
    status, refused, _ = await page(url, {"do": "none"})
    assert (status, escape(t(language, "minutes.proposal_waits")) in refused) == (422, True)
    assert t(language, "mail.page_silent") not in refused
    card = await scene.say("show_comments")
    await room.press(scene.aino, scene.desk, card, "answer_comment", {"reason": ""}, answer="noted")
    status, kept, _ = await page(url, {"do": "none"})
    assert (status, escape(t(language, "mail.page_silent")) in kept) == (200, True)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_page_says_what_the_document_says_each_item_with_its_comment(room: Room, post: Server, language: str) -> None:
    scene = await in_review(room, language)
    _, held, _ = await page(link_in(await letter(scene, post, "round")))
    shown = held.replace("\N{NO-BREAK SPACE}", " ")
    clock = {"fi": "klo {}.{}", "sv": "kl. {}.{}", "en": "{}:{}"}[language]
    for told in (
        t(language, "stock.opened", time=clock.format("10", "02")),
        t(language, "stock.quorate", filled=2, seats=3),
        t(language, "stock.closed", time=clock.format("10", "02")),
        t(language, "documents.presence"),
        t(language, "documents.is_chair", name="Maija Meri"),
        "Aino Saarela",
    ):
        assert escape(told) in shown
    sections = re.findall(r"<section>(.*?)</section>", shown, re.DOTALL)
    first = next(one for one in sections if scenes.AGENDA[language].split(": ")[1].split(".")[0] in one)
    assert t(language, "mail.page_comment", section="6") in first
    assert first.count("<textarea") == 1
    labels = re.findall(r"<h3>(.*?)</h3>", first)
    assert labels == [t(language, "documents.proposal"), t(language, "documents.decision")]


async def test_a_person_chooses_their_language_and_keeps_what_they_typed(room: Room, post: Server, tmp_path: Path) -> None:
    scene = await in_review(room)
    url = link_in(await letter(scene, post, "round"))
    before = journal(tmp_path)
    _, finnish, _ = await page(f"{url}?language=sv")
    assert '<html lang="fi">' in finnish
    assert journal(tmp_path) == before
    form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', finnish))
    status, swedish, _ = await page(url, {**form, "text-whole": "Tiden saknas.", "language": "sv"})
    assert (status, '<html lang="sv">' in swedish, "Tiden saknas." in swedish) == (200, True, True)
    # The minutes stay in the language of the record, and what a reader of the page hears is told which it is.
    assert '<div lang="fi">' in swedish
    assert t("fi", "documents.decision") in swedish
    assert [command for _, command in journal(tmp_path)[len(before) :]] == ["choose_language"]
    _, kept, _ = await page(url, {**form, "text-whole": "Tiden saknas.", "do": "send"})
    assert t("sv", "minutes.comment_kept") in kept
    card = await scene.say("show_comments")
    await room.press(scene.aino, scene.desk, card, "answer_comment", {"reason": ""}, answer="noted")
    told = await room.settled(lambda: post.about("Saarten ohjausryhmä 1/2026"), "the answer by mail")
    assert t("sv", "told.comment_noted", number="1/2026") in told.get_body(("plain",)).get_content()
    status, unknown, _ = await page(url, {"language": "de"})
    assert (status, escape(t("sv", "mail.page_empty")) in unknown) == (422, True)


async def test_long_texts_come_back_silence_is_kept_and_an_ended_round_takes_nothing(room: Room, post: Server) -> None:
    scene = await in_review(room)
    url = link_in(await letter(scene, post, "round"))
    status, long, _ = await page(url, {"text-whole": "ä" * 20_001, "do": "send"})
    assert status == 422
    assert "ä" * 20_001 in long
    status, kept, _ = await page(url, {"do": "none"})
    assert (status, t("fi", "minutes.no_comments_kept") in kept) == (200, True)
    await room.at(datetime(2026, 5, 20, 6, 0, tzinfo=UTC))
    status, late, _ = await page(url, {"text-whole": "Myöhässä.", "do": "send"})
    assert status == 422
    assert "Myöhässä." in late
    approved = await letter(scene, post, "approved")
    assert any(part.get_content_type() == "application/pdf" for part in approved.iter_attachments())
    await room.at(datetime(2026, 7, 20, 6, 0, tzinfo=UTC))
    status, old, _ = await page(url)
    assert (status, t("fi", "mail.page_no_link") in old) == (404, True)


async def test_a_token_that_is_not_ours_opens_nothing(room: Room, post: Server) -> None:
    scene = await in_review(room)
    url = link_in(await letter(scene, post, "round"))
    base, _, token = url.rpartition("/")
    person, meeting, round_id, until, mark = token.split(".")
    hostile = [
        f"{person}.{meeting}.{round_id}.{until}.{'0' * 64}",
        f"{person}.{meeting}.{round_id}.{int(until) + 1}.{mark}",
        f"{meeting}.{person}.{round_id}.{until}.{mark}",
        f"{person}.{meeting}.{round_id}.{until}",
        f"{person}.{meeting}.{round_id}.٣.{mark}",
        f"{person}.{meeting}.other.{until}.{mark}",
        f"other.{meeting}.{round_id}.{until}.{mark}",
        "x" * 4000,
        "%00",
    ]
    addresses = [*(f"{base}/{one}" for one in hostile), url.replace("/comment/", "/answer/")]
    for one in addresses:
        for data in (None, {"do": "none"}):
            status, shown, _ = await page(one, data)
            assert status == 404, one
            assert "Venesatama" not in shown


async def test_looking_changes_nothing_however_a_mail_scanner_looks(room: Room, post: Server, tmp_path: Path) -> None:
    scene = await in_review(room)
    url = link_in(await letter(scene, post, "round"))
    before = journal(tmp_path)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        for asked in (url, f"{url}?do=none", f"{url}?text-whole=Muutos&do=send"):
            status, _, _ = await page(asked, method=method)
            assert status == (200 if method in {"GET", "HEAD"} else 405), (method, asked)
    assert journal(tmp_path) == before
    await page(url, {"do": "none"})
    assert len(journal(tmp_path)) == len(before) + 1


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_too_much_and_too_often_are_told_in_the_person_s_language(room: Room, post: Server, tmp_path: Path, language: str) -> None:
    scene = await in_review(room, language)
    url = link_in(await letter(scene, post, "round"))
    before = journal(tmp_path)
    status, large, _ = await page(url, {"text-whole": "ä" * 600_000, "do": "send"})
    assert (status, escape(t(language, "mail.page_large")) in large) == (413, True)
    for _ in range(MOST):
        status, _, _ = await page(url, {"do": "send"})
        assert status == 422
    status, often, _ = await page(url, {"text-whole": "Lisätään aika.", "do": "send"})
    assert (status, escape(t(language, "mail.page_often")) in often) == (429, True)
    assert "Lisätään aika." in often
    assert journal(tmp_path) == before


async def test_a_link_is_for_one_person_and_one_round(room: Room, post: Server, tmp_path: Path) -> None:
    scene = await in_review(room)
    first = link_in(await letter(scene, post, "round"))
    await page(first, {"text-whole": "Lisätään aika.", "kind-whole": "proposal", "do": "send"})
    who, command = journal(tmp_path)[-1]
    assert (who, command) == (first.rpartition("/")[2].partition(".")[0], "comment_minutes")
    comments = await scene.say("show_comments")
    await room.press(scene.aino, scene.desk, comments, "answer_comment", {"reason": "Ei kuulu asiaan."}, answer="rejected")
    desk = await scene.say("prepare_minutes")
    await room.press(scene.aino, scene.desk, desk, "send_minutes", {"deadline": "2026-05-25"})
    status, old, _ = await page(first, {"do": "none"})
    assert (status, escape(t("fi", "mail.round_replaced")) in old) == (422, True)
