"""The day of a meeting over HTTP: the roll on the board, the desk item by item, and what the minutes say of it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.standins.channel import Person, Place, card_of
from tests.turns.room import Card, Room, actions, find_button, has_button, links_of, text_of

ROSTER = """Jäsen;Varajäsen;Organisaatio
Maija Meri (pj);Matti Maa;Saaren kunta
Bo Backman (vpj);Siv Strand;Kustens kommun
Ville Vuori;Vesa Virta;Lahden säätiö
Elli Eskola;Essi Erä;Niemen yhdistys
Olli Onkila;;Rannan seura
Asiantuntijat
Xenia Xylander
"""
AGENDA = """1 § Kokouksen avaus

2 § Laillisuus ja päätösvaltaisuus

3 § Ilmoitusasiat

4 § Toimintasuunnitelma 2027
Esitys: Hyväksytään toimintasuunnitelma.

5 § Veneen osto
Esitys: Ostetaan vene.

6 § Kokouksen päättäminen
"""


def clock(text: str) -> datetime:
    """A time of day in Helsinki on the day of the meeting."""
    hour, minute = text.split(".")
    return datetime(2026, 5, 11, int(hour) - 3, int(minute), tzinfo=UTC)


@dataclass
class Day:
    """The room on the morning of the meeting, the agenda published; Bo reads Swedish, Elli and Olli have no Teams."""

    room: Room
    board: Place
    desk: Place
    aino: Person
    maija: Person
    bo: Person
    ville: Person
    vesa: Person

    def on_board(self, text: str) -> Card | None:
        return next((card for one in self.room.board_posts(self.board) if text in text_of(card := card_of(one.activity))), None)

    async def roll(self, text: str = "Nimenhuuto") -> Card:
        found: Card = await self.room.settled(
            lambda: (card := self.on_board("Nimenhuuto, kokous")) and text in text_of(card) and card, f"roll: {text}"
        )
        return found

    async def sign(self, who: Person, sign: str) -> Card:
        title = {"present": "Läsnä", "arrived": "Saavuin", "left": "Lähden"}[sign]
        roll = await self.room.settled(
            lambda: (card := self.on_board("Nimenhuuto, kokous")) and title in {one["title"] for one in actions(card)} and card, title
        )
        return await self.room.press(who, self.board, roll, "sign_in", sign=sign)

    async def tick(self, names: list[str], verb: str, inputs: dict[str, str] | None = None, **data: str) -> Card:
        """The secretary ticks people on the roll and presses a button."""
        shown = await self.room.say(self.aino, self.desk, "läsnäolot")
        choices = next(element["choices"] for element in shown["body"] if element.get("id") == "person_ids")
        ticked = [next(choice["value"] for choice in choices if name in choice["title"]) for name in names]
        return await self.room.press(self.aino, self.desk, shown, verb, {"person_ids": ",".join(ticked), **(inputs or {})}, **data)


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with Room(tmp_path, datetime(2026, 4, 20, 6, 0, tzinfo=UTC)) as room:
        channel = room.channel
        aino, maija, ville, vesa = (
            channel.person(name, locale="fi-FI") for name in ("Aino Saarela", "Maija Meri", "Ville Vuori", "Vesa Virta")
        )
        bo = channel.person("Bo Backman", locale="sv-FI")
        board = channel.team("Saarten ohjausryhmä", "Yleinen", [aino, maija, bo, ville, vesa])
        desk = await channel.open(aino)
        installed = await channel.install(board, aino)
        welcome = card_of(next(answer for answer in installed if answer.posted).posted[-1].activity)
        form = await room.press(aino, board, welcome, "set_up_body")
        await room.press(aino, board, form, "set_up_body", {"name": "Saarten ohjausryhmä", "language": "fi"})
        await room.settled(lambda: any("pagedmembers" in asked.path for asked in channel.requests), "the roster of the team is read")
        read = await room.say(aino, desk, f"jäsenluettelo\n{ROSTER}")
        await room.press(aino, desk, read, "confirm_roster")
        await room.say(aino, desk, "kokous ma 11.5.2026 klo 10.00–12.00 Kunnantalo")
        read = await room.say(aino, desk, f"esityslista\n{AGENDA}")
        agenda = await room.press(aino, desk, read, "confirm_agenda")
        await room.press(aino, desk, agenda, "publish_agenda")
        await room.at(clock("10.00"))
        yield Day(room, board, desk, aino, maija, bo, ville, vesa)


def part(card: Card, field: str) -> str:
    found: str = next(element.get("value", "") for element in card["body"] if element.get("id") == field)
    return found


def chosen(card: Card, field: str, title: str) -> str:
    choices = next(element["choices"] for element in card["body"] if element.get("id") == field)
    value: str = next(choice["value"] for choice in choices if title in choice["title"])
    return value


async def item(day: Day, title: str, card: Card) -> Card:
    """Walk on with Next until the item is on the desk."""
    for _ in range(12):
        if any(title in line for line in text_of(card).splitlines()[:2]):
            return card
        card = await day.room.press(day.aino, day.desk, card, "record_item", then="next")
    raise AssertionError(f"never came to {title}")


async def minutes(day: Day) -> str:
    """The text of the minutes' PDF, once it is made, as one line."""
    for _ in range(100):
        shown = await day.room.say(day.aino, day.desk, "pöytäkirja")
        if address := links_of(shown).get("Avaa PDF"):
            status, content = await day.room.get(address)
            assert status == 200
            text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
            return " ".join(text.split()).replace("\u00ad ", "")
        await asyncio.sleep(0.1)
    raise AssertionError("no minutes")


async def test_a_whole_day_from_the_roll_to_the_minutes(day: Day) -> None:
    room, aino, desk = day.room, day.aino, day.desk
    opened = await room.say(day.maija, day.board, "avaa")
    assert "avattiin klo 10.00" in text_of(opened)
    assert not has_button(opened, "set_attendance")

    # The roll on the board, live: each signs, each in their own language; the deputy stands in.
    await day.sign(day.maija, "present")
    in_swedish = await day.sign(day.bo, "present")
    assert "Bo Backman är närvarande." in text_of(in_swedish)
    await day.roll("läsnä 2/5")
    await day.sign(day.vesa, "present")
    shown = await day.roll("läsnä 3/5")
    assert "Päätösvaltainen" in text_of(shown)
    assert "Vesa Virta (varajäsen, jäsen: Ville Vuori)" in text_of(shown)

    # Those without Teams: two ticks and two presses; nobody is left unmarked.
    await day.tick(["Elli Eskola", "Xenia Xylander"], "set_attendance", sign="present")
    await day.tick(["Olli Onkila"], "set_attendance", sign="excused")
    await room.at(clock("10.06"))
    found = await room.say(aino, desk, "päätösvaltaisuus")
    assert "läsnä 4/5" in text_of(found)

    # Announcements, one a line; then a long discussion, kept although the secretary goes to look at the roll.
    card = await room.press(aino, desk, found, "show_item")
    card = await item(day, "Ilmoitusasiat", card)
    card = await room.press(aino, desk, card, "record_outcome", {"handling": "Avustus on saatu.\nOsoite muuttuu."}, outcome="noted")
    card = await item(day, "Toimintasuunnitelma 2027", card)
    long = ("Keskusteltiin pitkään. " * 870)[:20_000].strip()
    await room.press(aino, desk, card, "record_item", {"discussion": long}, then="attendance")
    card = await room.say(aino, desk, "asia")
    assert part(card, "discussion") == long

    # Ville comes late and takes over from his deputy; Bo steps out and comes back.
    await room.at(clock("10.33"))
    await day.sign(day.ville, "arrived")
    shown = await day.roll("Maija Meri, Bo Backman, Ville Vuori, Elli Eskola")
    assert "Muut paikalla\nVesa Virta (varajäsen, jäsen: Ville Vuori), Xenia Xylander" in text_of(shown)
    await room.at(clock("10.50"))
    card = await day.tick(["Bo Backman"], "note_movement", {"clock": "10.42–10.48"}, direction="left")
    assert "poistui klo 10.42 ja palasi klo 10.48" in text_of(card)

    # A wrong departure is taken back by its own button.
    card = await day.tick(["Elli Eskola"], "note_movement", {"clock": "10.45"}, direction="left")
    undo = next(action for action in actions(card) if "Elli Eskola poistui" in action["title"])
    card = await room.press(aino, desk, card, "take_back", mark_id=undo["data"]["mark_id"])
    assert "Kirjaus on peruttu" in text_of(card)

    # The decision, by vote; then a disqualification in the next item, with the deputy sitting.
    card = await room.press(aino, desk, card, "show_item")
    form = await room.press(aino, desk, card, "record_item", then="vote")
    refused = await room.press(aino, desk, form, "record_vote", {"votes_for": "4", "votes_against": "1"})
    assert "Ääniä on 5" in text_of(refused)
    assert part(refused, "votes_for") == "4"
    counter = {"counter_proposal": "Palautetaan.", "votes_for": "3", "votes_against": "1"}
    card = await room.press(aino, desk, refused, "record_vote", counter)
    card = await room.press(aino, desk, card, "record_outcome", outcome="as_proposed")
    card = await item(day, "Veneen osto", card)
    form = await room.press(aino, desk, card, "record_item", then="disqualify")
    bo, siv = chosen(form, "person_id", "Bo Backman"), chosen(form, "deputy_id", "Siv Strand")
    card = await room.press(aino, desk, form, "disqualify", {"person_id": bo, "ground": "osakas", "deputy_id": siv})
    assert "Tilalla varajäsen Siv Strand" in text_of(card)
    shown = await day.roll("Esteellinen tässä asiassa")
    assert "läsnä 4/5" in text_of(shown)
    await room.at(clock("10.55"))
    card = await room.press(aino, desk, card, "record_outcome", outcome="tabled")

    # Another business comes up; closing names it until it has an outcome.
    await room.say(aino, desk, "lisää asia Veneen nimi")
    await room.at(clock("11.05"))
    lacks = await room.say(aino, desk, "päätä kokous 11.04")
    titles = [action["title"] for action in actions(lacks) if action["verb"] == "show_item"]
    assert "§ 11 Veneen nimi" in titles
    for _ in range(8):
        if not any("§" in action["title"] for action in actions(lacks) if action["verb"] == "show_item"):
            break
        card = await room.press(aino, desk, lacks, "show_item")
        await room.press(aino, desk, card, "record_outcome", outcome="noted")
        lacks = await room.say(aino, desk, "päätä kokous 11.04")
    assert "päätettiin klo 11.04" in text_of(lacks)

    # What was noted stands in the minutes, where it belongs.
    await room.press(aino, desk, lacks, "prepare_minutes")
    text = await minutes(day)
    for expected in (
        "Puheenjohtaja avasi kokouksen klo 10.00.",
        "päätösvaltaiseksi (läsnä 4/5)",
        "Avustus on saatu.",
        "Ville Vuori saapui klo 10.33.",
        "Bo Backman oli poissa klo 10.42–10.48.",
        "Äänestyksessä esitys sai 3 ääntä ja vastaehdotus 1 äänen",
        (
            "Bo Backman ilmoitti olevansa esteellinen (osakas) ja poistui asian käsittelyn ajaksi klo 10.50–10.55; "
            "tilalla varajäsen Siv Strand."
        ),
        "Asia jätettiin pöydälle.",
        "Puheenjohtaja päätti kokouksen klo 11.04.",
    ):
        assert expected in text, expected
    assert "Elli Eskola poistui" not in text


async def test_a_lost_quorum_stops_decisions_and_nothing_typed_is_lost(day: Day) -> None:
    room, aino, desk = day.room, day.aino, day.desk
    await room.say(aino, desk, "avaa 10.00")
    for who in (day.maija, day.bo, day.ville):
        await day.sign(who, "present")
    await room.say(aino, desk, "päätösvaltaisuus")
    await day.sign(day.ville, "left")
    assert "Ei päätösvaltainen nyt: läsnä 2/5" in text_of(await day.roll("Ei päätösvaltainen nyt"))
    card = await room.say(aino, desk, "asia 5")
    typed = {"discussion": "Keskusteltiin veneestä.", "decision": "Ostetaan sininen vene."}
    card = await room.press(aino, desk, card, "record_outcome", typed, outcome="amended")
    assert "ei ole nyt päätösvaltainen" in text_of(card)
    assert {name: part(card, name) for name in typed} == typed
    card = await room.say(aino, desk, "asia 5")
    assert (part(card, "discussion"), part(card, "decision")) == ("Keskusteltiin veneestä.", "")
    await day.sign(day.vesa, "arrived")
    card = await room.press(aino, desk, card, "record_outcome", {"decision": "Ostetaan sininen vene."}, outcome="amended")
    await room.settled(lambda: day.on_board("Hyväksyttiin muutettuna."), "the decision on the board")


async def test_a_press_sent_again_after_a_lost_connection_is_one_press(day: Day) -> None:
    room, aino, desk = day.room, day.aino, day.desk
    await room.say(aino, desk, "avaa")
    for who in (day.maija, day.bo, day.ville):
        await day.sign(who, "present")
    found = await room.say(aino, desk, "päätösvaltaisuus")
    card = await room.press(aino, desk, found, "show_item")
    long = "x" * 20_000
    button = find_button(card, "record_item", then="attendance")
    inputs = {"handling": "", "discussion": long, "decision": ""}
    await room.channel.press(aino, desk, button, inputs)
    await room.stop()
    await room.start()
    again = card_of(await room.channel.press(aino, desk, button, inputs))
    assert "Läsnäolot" in text_of(again) or "§" in text_of(again)
    assert part(await room.say(aino, desk, "asia"), "discussion") == long


async def test_the_way_back_from_an_unfilled_form_asks_for_nothing(day: Day) -> None:
    room, aino, desk = day.room, day.aino, day.desk
    await room.say(aino, desk, "avaa")
    await day.sign(day.maija, "present")
    card = await room.say(aino, desk, "asia 4")
    form = await room.press(aino, desk, card, "record_item", then="disqualify")
    assert find_button(form, "show_item")["associatedInputs"] == "none"
    assert "associatedInputs" not in find_button(form, "disqualify")
    back = await room.press(aino, desk, form, "show_item")
    assert has_button(back, "record_outcome")
    roll = await room.say(aino, desk, "läsnäolot")
    assert find_button(roll, "find_quorum")["associatedInputs"] == "none"
