"""One whole meeting in the real client, as the secretary lives it: from the welcome to approved minutes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import expect

from tests.playground.client import CARD, Client, House, Post
from tests.turns.room import links_of, text_of

DATA = Path(__file__).parent.parent / "data"
BOARD, DESK = "Saarten ohjausryhmä - Kokoukset", "Personal Chat"
MAIJA, BO, ELLI, VESA, XENIA = "user-maija-meri", "user-bo-backman", "user-elli-eskola", "user-vesa-virta", "user-xenia-xylander"
LONG = "Keskusteltiin ohjelman tavoitteista ja niiden seurannasta. " * 30
PROPOSAL = "Skriv *lades fram* i stället."
# Items in the order of the agenda with the outcome pressed on each.
RECORD = (
    ("Esityslistan hyväksyminen", "Esityksen mukaan"),
    ("Edellisen kokouksen muistio", "Merkittiin tiedoksi"),
    ("Ilmoitusasiat", "Merkittiin tiedoksi"),
    ("Saaristo-ohjelman", "Esityksen mukaan"),
    ("Merellisten matkailureittien", "Esityksen mukaan"),
    ("Kansa-koulujen", "Jätettiin pöydälle"),
    ("Vesiliikenteen", "Esityksen mukaan"),
    ("Viestintä ja tapahtumat", "Merkittiin tiedoksi"),
    ("Muut asiat", "Merkittiin tiedoksi"),
    ("Seuraavat kokoukset", "Esityksen mukaan"),
)


async def test_a_meeting_in_the_real_client(house: House, client: Client) -> None:
    cards = client.page.locator(CARD)

    # The welcome, and the language: the Playground says of everybody that they speak English.
    await client.open(DESK)
    await expect(cards.first).to_contain_text("Pykälä")
    await client.shot("welcome")
    await client.press(cards.first, "Suomi")
    await expect(cards.first).to_contain_text("Mitä voit tehdä nyt")
    await client.shot("help")

    # Set up in the channel: two presses.
    await client.open(BOARD)
    await expect(cards.first).to_contain_text("Hei, olen Pykälä")
    await client.shot("board-welcome")
    await client.press(cards.first, "Perusta toimielin")
    await client.shot("set-up-form")
    await client.press(cards.first, "Tallenna")
    await expect(cards.first).to_contain_text("Saarten ohjausryhmä on perustettu, ja sinä olet sihteeri.")
    await client.shot("set-up-done")

    # The roster: pasted, asked about, confirmed.
    await client.open(DESK)
    roster = await client.say("jäsenluettelo\n" + (DATA / "fi_roster.txt").read_text(encoding="utf-8"))
    await expect(roster).to_contain_text("Kumpi kutsutaan ensin?")
    await client.shot("roster-read", roster)
    await client.press(roster, "Vahvista luettelo")
    await expect(roster).to_contain_text("18 paikkaa")
    await client.shot("roster-confirmed", roster)

    # A seat is chosen and opened.
    await roster.get_by_role("combobox", name="Mikä paikka avataan?").click()
    await client.page.get_by_role("option", name="2. ").first.click()
    await client.press(roster, "Avaa paikka")
    await expect(roster).to_contain_text("Paikka 2")
    await client.shot("seat-opened", roster)

    # Planned, its agenda pasted, confirmed and published.
    planned = await client.say("kokous ke 10.2.2027 klo 10.00–12.00 Kivisalon kaupungintalo ja Teams")
    await expect(planned).to_contain_text("Kokous 1/2027")
    await client.shot("planned", planned)
    agenda = await client.say("esityslista\n" + (DATA / "fi_agenda.txt").read_text(encoding="utf-8"))
    await expect(agenda).to_contain_text("Näin luin esityslistan 1/2027")
    await client.shot("agenda-read", agenda)
    await client.press(agenda, "Vahvista esityslista")
    await client.shot("agenda-confirmed", agenda)
    await client.press(agenda, "Julkaise esityslista")
    await expect(agenda).to_contain_text("julkaistu")
    await client.shot("agenda-published", agenda)
    await client.open(BOARD)
    meeting = cards.filter(has_text="Kivisalon kaupungintalo").first
    await expect(meeting.get_by_text("Avaa PDF")).to_be_visible()
    await client.shot("board-agenda")

    # The day. The meeting is opened; people press on the board, the secretary ticks those without Teams.
    await house.at(datetime(2027, 2, 10, 8, 1, tzinfo=UTC))
    await client.open(DESK)
    await client.shot("opened", await client.say("avaa 10.01"))
    roll = await client.post_with("Nimenhuuto", "sign_in", sign="present")
    for who, sign in ((MAIJA, "present"), (BO, "present"), (ELLI, "late"), (VESA, "present"), (XENIA, "present")):
        await client.press_as(who, roll, "sign_in", sign=sign)
    await client.open(BOARD)
    await expect(cards.filter(has_text="Nimenhuuto").last).to_contain_text("Vesa Virta")
    await client.shot("board-roll", cards.filter(has_text="Nimenhuuto").last)
    await client.open(DESK)
    desk = await client.say("läsnäolot")
    await expect(desk).to_contain_text("Ei vielä päätösvaltainen: läsnä 3/18")
    await client.tick(desk, "3. Pirkko", "4. Teppo", "5. Tero", "6. Janne", "7. Outi", "8. Kimmo")
    await client.shot("attendance", desk)
    await client.press(desk, "Läsnä")
    await client.press(desk, "Sivu 2")
    await client.tick(desk, "14. Hanna", "16. Juha-Pekka")
    await client.press(desk, "Läsnä")
    await client.press(desk, "Totea päätösvaltaiseksi")
    await expect(desk).to_contain_text("päätösvaltaiseksi (läsnä 11/18)")
    await client.shot("quorum-found", desk)

    # Elli arrives; the record goes item by item.
    await house.at(datetime(2027, 2, 10, 8, 20, tzinfo=UTC))
    roll = await client.post_with("Nimenhuuto", "sign_in", sign="arrived")
    await client.press_as(ELLI, roll, "sign_in", sign="arrived")
    item = await client.say("kirjaa")
    for title, outcome in RECORD:
        await expect(item.get_by_role("heading").first).to_contain_text(title)
        if title == "Saaristo-ohjelman":
            await client.fill(item, {"Käsittely": "Xenia Xylander esitteli asian.", "Keskustelu": LONG})
            await client.shot("item", item)
        await client.press(item, outcome)
    await client.shot("item-last", item)
    await client.open(BOARD)
    await expect(meeting).to_contain_text("Asia jätettiin pöydälle.")
    await expect(meeting).to_contain_text("12/18, päätösvaltainen")
    await client.shot_of_thread("board-thread", meeting)
    await house.at(datetime(2027, 2, 10, 9, 46, tzinfo=UTC))
    await client.open(DESK)
    closed = await client.say("päätä kokous 11.45")
    await expect(closed).to_contain_text("Kokous 1/2027 päätettiin klo 11.45.")
    await client.shot("closed", closed)

    # The minutes go round; a change is proposed, and rejected with a reason.
    minutes = await client.say("pöytäkirja")
    await client.post_with("on koottu kirjauksista")
    await client.shot("minutes", minutes)
    await client.press(minutes, "Lähetä kommentoitavaksi")
    await expect(minutes).to_contain_text("Lähetetty kommentoitavaksi")
    await client.shot("minutes-sent", minutes)
    circulating = await client.post_with("Ellei muutosesityksiä tule", "comment_minutes")
    await client.press_as(MAIJA, circulating, "answer_no_comments")
    form = Post(circulating.id, circulating.conversation_id, await client.press_as(BO, circulating, "comment_minutes"))
    items = next(element["choices"] for element in form.card["body"] if element.get("id") == "item_id")
    said = {"item_id": next(one["value"] for one in items if "Kansa-koulujen" in one["title"]), "kind": "proposal", "text": PROPOSAL}
    await client.press_as(BO, form, "comment_minutes", said)
    await client.post_with("Bo Backman esittää muutosta")
    await client.open(BOARD)
    board_round = cards.filter(has_text="Ellei muutosesityksiä tule").last
    await expect(board_round).to_contain_text("2 / 17 paikasta")
    await client.shot("board-round", board_round)
    await client.open(DESK)
    comments = await client.say("kommentit")
    await expect(comments).to_contain_text(PROPOSAL)
    await client.shot("comments", comments)
    await client.press(comments, "Hylkää")
    await expect(comments).to_contain_text("Kirjoita perustelu")
    await client.fill(comments, {"Perustelu": "Näin kokouksessa kirjattiin."})
    await client.press(comments, "Hylkää")
    await expect(comments).to_contain_text("Vastaus: ei hyväksytty.")
    await client.shot("comment-answered", comments)

    # The deadline passes, and with it the minutes are approved: the PDF on the board is the one whose digest stands there.
    await house.at(datetime(2027, 2, 17, 22, 0, 1, tzinfo=UTC))
    # The round's card tells the digest as well, and may be refreshed first: the post is the one with the PDF, in the channel's files.
    approved = await client.post_with("Tarkiste (SHA-256)", link="Avaa PDF", to="/sandbox/files/")
    pdf = await client.page.request.get(links_of(approved.card)["Avaa PDF"])
    assert hashlib.sha256(await pdf.body()).hexdigest() in text_of(approved.card)
    await client.open(BOARD)
    await client.shot("board-approved", cards.filter(has_text="Tarkiste (SHA-256)").last)
    await client.open(DESK)
    await client.shot("desk-approved")
    status = await client.say("tilanne")
    await expect(status).to_contain_text("pöytäkirja hyväksytty")
    await client.shot("status", status)

    # In the compose box the decision is found, and put into the chat as a card it asks the bot nothing.
    page = client.page
    await page.get_by_role("button", name="Trigger Message Extension App").click()
    await page.get_by_role("menuitem", name="Search Command").click()
    await page.get_by_placeholder("Enter a search term").fill("kansa-koulujen")
    await page.keyboard.press("Enter")
    await page.get_by_text("1/2027 · 10.2.2027 · ").click()
    quoted = cards.filter(has_text="§ 8 Kansa-koulujen yhteistyösopimus").last
    await expect(quoted).to_contain_text("Asia jätettiin pöydälle.")
    await client.shot("compose-box")
    async with page.expect_response("**/_conversation/v1/**"):
        await page.get_by_role("button", name="Send Message").click()
    await expect(cards.last).to_contain_text("§ 8 Kansa-koulujen yhteistyösopimus")
