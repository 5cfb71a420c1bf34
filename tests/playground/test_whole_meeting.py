"""One whole meeting in the real client, as the secretary lives it: from the welcome to approved minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import expect

from tests.playground.client import CARD, Client, House
from tests.turns.room import text_of

DATA = Path(__file__).parent.parent / "data"
BOARD, DESK = "Saarten ohjausryhmä - Kokoukset", "Personal Chat"
MAIJA, BO, ELLI, VESA, XENIA = "user-maija-meri", "user-bo-backman", "user-elli-eskola", "user-vesa-virta", "user-xenia-xylander"


async def test_a_meeting_in_the_real_client(house: House, client: Client) -> None:
    cards = client.page.locator(CARD)

    # The welcome, and the language: the Playground says of everybody that they speak English.
    await client.open(DESK)
    await expect(cards.first).to_contain_text("Pykälä")
    await client.shot("welcome")
    await client.press(cards.first, "Language")
    await client.press(cards.first, "Suomi")
    await expect(cards.first).to_contain_text("Mitä voit tehdä nyt")
    await client.shot("help")

    # Set up in the channel: two presses.
    await client.open(BOARD)
    await expect(cards.first).to_contain_text("Pykälä")
    await client.shot("board-welcome")
    await client.press(cards.first, "Perusta toimielin")
    await client.shot("set-up-form")
    await client.press(cards.first, "Tallenna")
    await expect(cards.first).to_contain_text("Saarten ohjausryhmä")
    await client.shot("set-up-done")

    # The roster: pasted, asked about, confirmed.
    await client.open(DESK)
    roster = await client.say("jäsenluettelo\n" + (DATA / "fi_roster.txt").read_text(encoding="utf-8"))
    await expect(roster).to_contain_text("Siv Strand")
    await client.shot("roster-read", roster)
    await client.press(roster, "Vahvista luettelo")
    await client.shot("roster-confirmed", roster)

    # Planned, its agenda pasted, confirmed and published.
    planned = await client.say("kokous ke 10.2.2027 klo 10.00–12.00 Kivisalon kaupungintalo ja Teams")
    await expect(planned).to_contain_text("1/2027")
    await client.shot("planned", planned)
    agenda = await client.say("esityslista\n" + (DATA / "fi_agenda.txt").read_text(encoding="utf-8"))
    await client.shot("agenda-read", agenda)
    await client.press(agenda, "Hyväksy lista")
    await client.shot("agenda-confirmed", agenda)
    await client.press(agenda, "Julkaise esityslista")
    await client.shot("agenda-published", agenda)

    # The board has it, with its documents.
    await client.open(BOARD)
    await client.shot("board")
    meeting = cards.filter(has_text="Kivisalon kaupungintalo").first
    await expect(meeting.get_by_text("Avaa PDF")).to_be_visible()
    await client.shot("board-agenda")
    await client.shot("board-agenda-card", meeting)

    # The day. The meeting is opened; people press on the board, the secretary for those without Teams.
    await house.at(datetime(2027, 2, 10, 8, 1, tzinfo=UTC))
    await client.open(DESK)
    opened = await client.say("avaa 10.01")
    await client.shot("opened", opened)
    roll = await client.post_with("Nimenhuuto")
    for who, sign in ((MAIJA, "present"), (BO, "present"), (ELLI, "late"), (VESA, "present")):
        await client.press_as(who, roll, "sign_in", sign=sign)
    told = text_of(await client.press_as(XENIA, roll, "sign_in", sign="present"))
    open("/tmp/h/xenia.txt","w").write(told)
    await client.open(BOARD)
    await client.shot("board-roll")
    board_roll = cards.filter(has_text="Nimenhuuto").last
    await expect(board_roll).to_contain_text("Vesa Virta")
    await client.shot("board-roll-card", board_roll)
    await client.open(DESK)
    desk = await client.say("läsnäolot")
    await client.shot("attendance-desk", desk)
    await client.tick(desk, "3. Pirkko", "4. Teppo", "5. Tero", "6. Janne", "7. Outi", "8. Kimmo")
    await client.press(desk, "Läsnä")
    await expect(desk).to_contain_text("9/18")
    await client.press(desk, "Sivu 2")
    await client.shot("attendance-desk-2", desk)
    await client.tick(desk, "14. Hanna", "16. Juha-Pekka")
    await client.press(desk, "Läsnä")
    await client.press(desk, "Totea päätösvaltaiseksi")
    await client.shot("quorum-found", desk)
    item = await client.say("kirjaa")
    await client.shot("item-first", item)
    item = await client.say("asia 6")
    await client.shot("item-6", item)
    import re
    s = await item.inner_html()
    s=re.sub(r'<svg.*?</svg>','<svg/>',s,flags=re.S); s=re.sub(r' (class|style|src)="[^"]*"','',s)
    open("/tmp/h/shots/item.html","w").write(s)
