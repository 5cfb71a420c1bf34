"""One whole meeting over HTTP: set up, roster, plan, agenda, open, roll, record, close, minutes, comments, approval by the clock."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.standins.channel import card_of
from tests.turns.room import Card, Room, dumped, find_button, has_button, links_of, text_of

START = datetime(2026, 4, 20, 6, 0, tzinfo=UTC)

ROSTER = """Jäsen;Varajäsen;Organisaatio
Maija Meri (pj);Matti Maa;Saaren kunta
Bo Backman (vpj);Siv Strand;Kustens kommun
Ville Vuori;Vesa Virta;Lahden säätiö
Elli Eskola;Essi Erä;Niemen yhdistys
Asiantuntijat
Xenia Xylander
"""
AGENDA = """1 § Kokouksen avaus

2 § Laillisuus ja päätösvaltaisuus

3 § Toimintasuunnitelma 2027
Esitys: Hyväksytään toimintasuunnitelma liitteen mukaan.
Liite 1. Toimintasuunnitelma

4 § Talousraportti
Esitys: Merkitään tiedoksi.

5 § Kokouksen päättäminen
"""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path, START) as opened:
        yield opened


async def test_a_meeting_from_setup_to_approved_minutes(room: Room) -> None:
    channel = room.channel
    aino = channel.person("Aino Saarela", locale="fi-FI")
    maija = channel.person("Maija Meri", locale="fi-FI")
    bo = channel.person("Bo Backman", locale="sv-FI")
    vesa = channel.person("Vesa Virta", locale="fi-FI")
    ulla = channel.person("Ulla Ulkonen", locale="fi-FI")
    board = channel.team("Saarten ohjausryhmä", "Yleinen", [aino, maija, bo, vesa, ulla])
    desk = await channel.open(aino)

    # Set up: two presses.
    installed = await channel.install(board, aino)
    welcome = card_of(next(answer for answer in installed if answer.posted).posted[-1].activity)
    assert sum(len(answer.posted) for answer in installed) == 1
    form = await room.press(aino, board, welcome, "set_up_body")
    done = await room.press(aino, board, form, "set_up_body", {"name": "Saarten ohjausryhmä", "language": "fi"})
    assert "Saarten ohjausryhmä" in text_of(done)
    await room.settled(lambda: any("pagedmembers" in asked.path for asked in channel.requests), "the roster of the team is read")

    # The roster: read, shown, confirmed.
    read = await room.say(aino, desk, f"jäsenluettelo\n{ROSTER}")
    for name in ("Maija Meri", "Siv Strand", "Xenia Xylander"):
        assert name in text_of(read)
    seats = await room.press(aino, desk, read, "confirm_roster")
    assert "Niemen yhdistys" in text_of(seats)

    # Plan: a wrong weekday is asked about, the right one is planned; the event reaches the sandbox.
    asked = await room.say(aino, desk, "kokous ti 11.5.2026 klo 10.00–12.00 Kunnantalo")
    assert has_button(asked, "plan_meeting")
    planned = await room.say(aino, desk, "kokous ma 11.5.2026 klo 10.00–12.00 Kunnantalo")
    assert "1/2026" in text_of(planned)
    await room.settled(lambda: room.board_posts(board), "the meeting's card on the board")

    # The agenda, published.
    read = await room.say(aino, desk, f"esityslista\n{AGENDA}")
    assert "Toimintasuunnitelma 2027" in text_of(read)
    agenda = await room.press(aino, desk, read, "confirm_agenda")
    published = await room.press(aino, desk, agenda, "publish_agenda")
    assert "julkaistu" in text_of(published)

    def on_board(text: str) -> Card | None:
        return next((card_of(one.activity) for one in room.board_posts(board) if text in text_of(card_of(one.activity))), None)

    def agenda_pdf() -> str | None:
        card = on_board("Talousraportti")
        return links_of(card).get("Avaa PDF") if card else None

    status, content = await room.get(await room.settled(agenda_pdf, "the agenda as PDF on the board"))
    assert status == 200
    assert "Toimintasuunnitelma 2027" in "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)

    # The day: opened by the chair; people sign; an outsider cannot.
    await room.at(datetime(2026, 5, 11, 7, 2, tzinfo=UTC))
    chair_desk = await channel.open(maija)
    await room.say(maija, chair_desk, "avaa 10.02")
    roll = await room.settled(lambda: on_board("Nimenhuuto"), "the roll call on the board")
    await room.press(maija, board, roll, "sign_in", sign="present")
    await room.press(bo, board, roll, "sign_in", sign="present")
    deputy = await room.press(vesa, board, roll, "sign_in", sign="present")
    assert "3/4" in text_of(deputy)
    outside = await room.press(ulla, board, roll, "sign_in", sign="present")
    assert "luettelossa" in text_of(outside)

    # A member pressing the secretary's button changes nothing.
    desk_card = await room.say(aino, desk, "läsnäolot")
    assert has_button(desk_card, "set_attendance")
    refused = await room.press(vesa, board, desk_card, "set_attendance")
    assert "sihteeri" in text_of(refused)

    await room.say(aino, desk, "päätösvaltaisuus")
    item = await room.say(aino, desk, "asia 6")
    assert "Toimintasuunnitelma 2027" in text_of(item)
    long = "Keskusteltiin pitkään. " * 850
    item = await room.press(
        aino, desk, item, "record_outcome", {"discussion": long, "handling": "Sihteeri esitteli."}, outcome="as_proposed"
    )
    assert "Talousraportti" in text_of(item)
    await room.press(aino, desk, item, "record_outcome", outcome="noted")
    await room.settled(lambda: on_board("Merkittiin tiedoksi"), "the decision on the board")

    await room.at(datetime(2026, 5, 11, 7, 46, tzinfo=UTC))
    lacking = await room.say(aino, desk, "päätä kokous 10.45")
    assert "Esityslistan hyväksyminen" in dumped(lacking)
    for _ in range(9):
        if has_button(lacking, "prepare_minutes"):
            break
        item = await room.press(aino, desk, lacking, "show_item")
        await room.press(aino, desk, item, "record_outcome", outcome="noted")
        lacking = await room.say(aino, desk, "päätä kokous 10.45")
    assert "klo 10.45" in text_of(lacking)

    # The minutes go round until the next Monday.
    minutes = await room.say(aino, desk, "pöytäkirja")
    sent = await room.press(aino, desk, minutes, "send_minutes", {"deadline": "2026-05-18"})
    assert "18.5.2026" in text_of(sent)
    circulating = await room.settled(lambda: on_board("Ellei muutosesityksiä tule"), "the round on the board")
    thanked = await room.press(maija, board, circulating, "answer_no_comments")
    assert "1 / 4" in text_of(thanked)
    bo_desk = await channel.open(bo)
    form = await room.press(bo, board, circulating, "comment_minutes")
    item_id = next(
        choice["value"]
        for element in form["body"]
        if element.get("id") == "item_id"
        for choice in element["choices"]
        if "Talousraportti" in choice["title"]
    )
    await room.press(bo, board, form, "comment_minutes", {"item_id": item_id, "kind": "proposal", "text": "Rapporten *antecknades*."})
    await room.settled(lambda: any("Bo Backman" in text_of(card_of(one.activity)) for one in channel.shown(desk)), "the desk is told")

    # The deadline passes with an open proposal: nothing is approved, the secretary is told what stops it.
    await room.at(datetime(2026, 5, 18, 20, 59, tzinfo=UTC))
    assert "käynnissä" in text_of(await room.say(aino, desk, "pöytäkirja"))
    await room.at(datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC))
    await room.settled(
        lambda: any("muutosesitykseen ei ole vastattu" in text_of(card_of(one.activity)) for one in channel.shown(desk)), "what stops it"
    )
    comments = await room.say(aino, desk, "kommentit")
    assert "Rapporten *antecknades*." in text_of(comments)
    empty = await room.press(aino, desk, comments, "answer_comment", answer="rejected")
    assert "perustelu" in text_of(empty).lower()
    answered = await room.press(aino, desk, comments, "answer_comment", {"reason": "Kirjattu jo näin."}, answer="rejected")
    assert "Hyväksytty ja lukittu" in text_of(answered)
    # Bo has only pressed buttons; he is answered in the language of his Teams.
    swedish = "Din kommentar till protokollet 1/2026 godtogs inte. Motivering: Kirjattu jo näin."
    await room.settled(lambda: any(swedish in text_of(card_of(one.activity)) for one in channel.shown(bo_desk)), "Bo is answered")

    def locked_minutes() -> Card | None:
        cards = (card_of(one.activity) for one in room.board_posts(board))
        return next((card for card in cards if "Tarkiste (SHA-256)" in text_of(card) and links_of(card)), None)

    approved = await room.settled(locked_minutes, "approved minutes on the board")
    status, content = await room.get(links_of(approved)["Avaa PDF"])
    assert status == 200
    assert hashlib.sha256(content).hexdigest() in text_of(approved)
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).replace("\N{NO-BREAK SPACE}", " ")
    for expected in ("Maija Meri", "Vesa Virta", "Päätettiin esityksen mukaan", "Merkittiin tiedoksi", "klo 10.02", "klo 10.45"):
        assert expected in text, expected

    # Locked.
    locked = await room.say(aino, desk, "asia 3")
    assert "lukittu" in text_of(locked) or "ei ole" in text_of(locked).lower()

    # The next agenda tells what became of these minutes.
    await room.say(aino, desk, "kokous ma 1.6.2026 klo 10.00–12.00 Teams")
    agenda = await room.say(aino, desk, "näytä esityslista")
    published = await room.press(aino, desk, agenda, "publish_agenda")
    if has_button(published, "publish_agenda") and "julkaistu" not in text_of(published):
        published = await room.press(aino, desk, published, "publish_agenda", confirmed=True)
    await room.settled(lambda: on_board("2/2026"), "the next meeting on the board")
    for fact in ("Kokous 1/2026, 11.5.2026.", "Muutosesityksiä: 1 (hyväksytty 0)", "Katsottiin hyväksytyksi"):
        assert fact in text_of(published), fact


async def test_the_same_press_sent_again_is_done_once(room: Room) -> None:
    aino = room.channel.person("Aino Saarela", locale="fi-FI")
    board = room.channel.team("Ryhmä", "Yleinen", [aino])
    desk = await room.channel.open(aino)
    await room.channel.install(board, aino)
    form = await room.say(aino, board, "perusta toimielin")
    action = find_button(form, "set_up_body")
    first = room.channel.pressed(aino, board, action, {"name": "Ryhmä", "language": "fi"})
    answers = [await room.channel.send(first), await room.channel.resend(first), await room.channel.resend(first, new_id=True)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert all("Ryhmä" in text_of(card_of(answer.body)) for answer in answers)
    status = await room.say(aino, desk, "tilanne")
    assert text_of(status).count("Ryhmä") == 1


async def test_every_text_gets_an_answer(room: Room) -> None:
    aino = room.channel.person("Aino Saarela", locale="fi-FI")
    desk = await room.channel.open(aino)
    for text in ("apua", "hölynpöly", "kokous", "pöytäkirja", "§", "esityslista\n", "a" * 5000, "tilanne", "🙂"):
        assert text_of(await room.say(aino, desk, text))


async def test_a_document_needs_its_signed_link(room: Room) -> None:
    for path in ("/documents/x", "/documents/x?until=9999999999&mark=00", "/documents/../healthz"):
        status, _ = await room.get(path)
        assert status in {404, 200}
        assert status == 404 or path.endswith("healthz")
