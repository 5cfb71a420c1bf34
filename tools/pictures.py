"""`python -m tools.pictures [fi sv en]`: the pictures of docs/secretary.*.md, made anew from the running bot in Microsoft's Playground.

A small invented body holds one meeting in each language. Node.js with the Playground (`npm ci`) and Chromium are needed. The Playground
shows everybody the same card; what each viewer's Teams would ask the bot for is drawn by Microsoft's renderer.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, async_playwright, expect

from tests.look.client import made, open_look
from tests.look.client import missing as missing_for_looking
from tests.playground.client import CARD, Client, House, Post, missing
from tests.turns.room import Card
from texts import LANGUAGES, t, words

FOLDER = Path(__file__).parent.parent / "docs" / "images" / "secretary"
DESK, BOARD = "Personal Chat", "Saarten ohjausryhmä - Kokoukset"
AINO, MAIJA, BO, VESA, XENIA = "user-aino-saarela", "user-maija-meri", "user-bo-backman", "user-vesa-virta", "user-xenia-xylander"
PLANNED, OPENED, CLOSED = (datetime(2027, *moment, tzinfo=UTC) for moment in ((1, 25, 7, 0), (2, 10, 8, 1), (2, 10, 9, 16)))
# After the deadline that the bot proposes.
APPROVED = datetime(2027, 2, 17, 22, 0, 1, tzinfo=UTC)
LOCALES = {"fi": "fi-FI", "sv": "sv-FI", "en": "en-GB"}
# What is pressed on each item that is not recorded by itself, and the one that is pictured.
RECORD = {3: "as_proposed", 4: "noted", 5: "noted", 6: "noted", 7: "as_proposed", 8: "noted", 9: "noted"}
PICTURED = 7
# Milliseconds.
SETTLED = 2_500
# Pixels of each card of three side by side.
ABREAST = 400
# A card has few colours, and the same ones look the same.
COLOURS = 48


@dataclass(frozen=True, slots=True)
class Story:
    """What people write in one language."""

    body: str
    roster: str
    meeting: str
    agenda: str
    handling: str
    discussion: str
    proposal: str
    reason: str
    viewers: tuple[str, str, str]


STORIES: Mapping[str, Story] = {
    "fi": Story(
        "Saarten ohjausryhmä",
        "Kivisalon kaupunki; Maija Meri (pj); Matti Maunula\nNorrklobbs kommun; Bo Backman (vpj); Siv Strand\n"
        "Niemen kylät ry; Elli Eskola; Sirpa Salokari\nLahden säätiö; Vesa Virta; Ville Vuori",
        "ke 10.2.2027 klo 10.00–12.00 Kaupungintalo ja Teams",
        "1 § Saaristo-ohjelman väliarviointi\nEsitys: Merkitään väliarviointi tiedoksi.\n\n"
        "2 § Matkailureittien kehittämishanke\nEsitys: Hyväksytään hankesuunnitelma.",
        "Xenia Xylander esitteli asian.",
        "Keskusteltiin reittien kunnossapidosta talvella.",
        "Lisätään: ”reitit pidetään auki ympäri vuoden”.",
        "Kokouksessa kirjattiin näin.",
        ("Sihteeri", "Jäsen, joka on vastannut", "Kanavan muu henkilö"),
    ),
    "sv": Story(
        "Öarnas styrgrupp",
        "Kivisalo stad; Maija Meri (ordf.); Matti Maunula\nNorrklobbs kommun; Bo Backman (vice ordf.); Siv Strand\n"
        "Niemi byar rf; Elli Eskola; Sirpa Salokari\nLahtisstiftelsen; Vesa Virta; Ville Vuori",
        "on 10.2.2027 kl. 10.00–12.00 Stadshuset och Teams",
        "1 § Halvtidsutvärdering av skärgårdsprogrammet\nFörslag: Utvärderingen antecknas för kännedom.\n\n"
        "2 § Utvecklingsprojekt för turistleder\nFörslag: Projektplanen godkänns.",
        "Xenia Xylander föredrog ärendet.",
        "Underhållet av lederna på vintern diskuterades.",
        "Tillägg: ”lederna hålls öppna året om”.",
        "Så antecknades det på mötet.",
        ("Sekreteraren", "En ledamot som har svarat", "Någon annan i kanalen"),
    ),
    "en": Story(
        "Islands Steering Group",
        "City of Kivisalo; Maija Meri (chair); Matti Maunula\nMunicipality of Norrklobb; Bo Backman (vice chair); Siv Strand\n"
        "Niemi Villages Association; Elli Eskola; Sirpa Salokari\nLahti Foundation; Vesa Virta; Ville Vuori",
        "Wed 10.2.2027 10:00–12:00 City hall and Teams",
        "§ 1 Mid-term review of the archipelago programme\nProposal: The review is noted.\n\n"
        "§ 2 Development of the tourist routes\nProposal: The project plan is approved.",
        "Xenia Xylander presented the item.",
        "The upkeep of the routes in winter was discussed.",
        "Add: “the routes are kept open all year round”.",
        "This is what was recorded in the meeting.",
        ("The secretary", "A member who has answered", "Somebody else of the channel"),
    ),
}


@dataclass(frozen=True, slots=True)
class Photographer:
    """The secretary, who takes pictures of whole cards on the way."""

    house: House
    client: Client
    language: str
    seen: dict[str, Card] = field(default_factory=dict)

    @property
    def story(self) -> Story:
        return STORIES[self.language]

    @property
    def cards(self) -> Locator:
        return self.client.page.locator(CARD)

    def word(self, stem: str) -> str:
        return words(self.language, f"words.{stem}")[0]

    def text(self, key: str) -> str:
        return t(self.language, key)

    async def press(self, card: Locator, name: str) -> None:
        await expect(card).to_be_visible()
        await self.client.press(card, self.text(f"button.{name}"))

    async def say(self, text: str) -> Locator:
        """The card that a message at the desk is answered with. What the bot says unasked must have come before."""
        await self.client.page.wait_for_timeout(SETTLED)
        before = await self.cards.count()
        await self.client.page.get_by_role("textbox").last.fill(text)
        await self.client.page.get_by_role("button", name="Send Message").click()
        await expect(self.cards.nth(before)).to_be_visible()
        return self.cards.nth(before)

    async def take(self, name: str, card: Locator) -> None:
        keep(await self.client.picture(card), f"{name}.{self.language}")

    async def prepare(self) -> None:
        """The body, its roster, a meeting and its agenda."""
        await self.client.open(DESK)
        await self.press(self.cards.first, f"choose_language.{self.language}")
        await self.client.open(BOARD)
        await self.press(self.cards.first, "set_up_body")
        await expect(self.cards.first.get_by_label(self.text("setup.name")).first).to_be_visible()
        await self.client.fill(self.cards.first, {self.text("setup.name"): self.story.body})
        await self.take("set-up", self.cards.first)
        await self.press(self.cards.first, "change_body")
        await self.client.open(DESK)
        roster = await self.say(f"{self.word('read_roster')}\n{self.story.roster}")
        await self.take("roster", roster)
        await self.press(roster, "confirm_roster")
        await self.take("meeting", await self.say(f"{self.word('plan_meeting')} {self.story.meeting}"))
        agenda = await self.say(f"{self.word('read_agenda')}\n{self.story.agenda}")
        await self.take("agenda", agenda)
        await self.press(agenda, "confirm_agenda")
        await self.press(agenda, "publish_agenda")
        await self.client.open(BOARD)
        board = self.cards.filter(has_text="1/2027").first
        await expect(board.get_by_text(self.text("documents.open_pdf"))).to_be_visible()
        await self.take("board", board)

    async def hold(self) -> None:
        """The meeting itself."""
        await self.house.at(OPENED)
        await self.client.open(DESK)
        await self.say(f"{self.word('open_meeting')} 10.01")
        roll = await self.client.post_with("", "sign_in", sign="present")
        for who in (MAIJA, BO, VESA):
            await self.client.press_as(who, roll, "sign_in", sign="present")
        for viewer, who in zip(self.story.viewers, (AINO, VESA, XENIA), strict=True):
            self.seen[viewer] = await self.client.look_as(who, roll)
        attendance = await self.say(self.word("show_attendance"))
        await self.press(attendance, "find_quorum")
        await self.take("attendance", attendance)
        item = await self.say(self.word("show_item"))
        for section, outcome in RECORD.items():
            await expect(item.get_by_role("heading").first).to_contain_text(f"§ {section} ")
            if section == PICTURED:
                said = {self.text("record.handling"): self.story.handling, self.text("record.discussion"): self.story.discussion}
                await self.client.fill(item, said)
                await self.take("item", item)
            await self.press(item, f"record_outcome.{outcome}")
        await self.house.at(CLOSED)
        await self.say(f"{self.word('close_meeting')} 11.15")

    async def approve(self) -> None:
        """The minutes, a change proposed and answered, and the end of the round."""
        minutes = await self.say(self.word("prepare_minutes"))
        await self.press(minutes, "send_minutes")
        await self.take("minutes", minutes)
        sent = await self.client.post_with("", "comment_minutes")
        await self.client.press_as(MAIJA, sent, "answer_no_comments")
        form = Post(sent.id, sent.conversation_id, await self.client.press_as(BO, sent, "comment_minutes"))
        items = next(element["choices"] for element in form.card["body"] if element.get("id") == "item_id")
        about = next(one["value"] for one in items if one["title"].startswith(f"§ {PICTURED} "))
        await self.client.press_as(BO, form, "comment_minutes", {"item_id": about, "kind": "proposal", "text": self.story.proposal})
        await self.client.post_with("Bo Backman", "show_comments")
        comments = await self.say(self.word("show_comments"))
        await self.client.fill(comments, {self.text("minutes.reason"): self.story.reason})
        await self.take("comments", comments)
        await self.press(comments, "answer_comment.rejected")
        await self.house.at(APPROVED)
        await self.client.post_with("SHA-256", link=self.text("documents.open_pdf"), to="/sandbox/files/")
        await self.client.open(BOARD)
        await self.take("approved", self.cards.filter(has_text="SHA-256").last)


def keep(picture: bytes, name: str) -> None:
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


async def photograph(language: str) -> Mapping[str, Card]:
    """One meeting from its body to its approved minutes. Answers what each viewer saw of one card."""
    with tempfile.TemporaryDirectory() as folder:
        async with House(Path(folder), PLANNED) as house, async_playwright() as playwright:
            browser, client = await Client.start(playwright, house.url, LOCALES[language])
            photographer = Photographer(house, client, language)
            await photographer.prepare()
            await photographer.hold()
            await photographer.approve()
            await browser.close()
            return photographer.seen


def draw_abreast(seen: Mapping[str, Card], language: str) -> None:
    with open_look() as look:
        look.show([made(viewer, card) for viewer, card in seen.items()], width=ABREAST)
        look.page.set_viewport_size({"width": len(seen) * (ABREAST + 16) + 16, "height": 100})
        keep(look.page.screenshot(full_page=True), f"viewers.{language}")


def main() -> int:
    if lack := missing() or missing_for_looking():
        sys.stderr.write(f"The pictures cannot be taken: {lack}.\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language in sys.argv[1:] or LANGUAGES:
        draw_abreast(asyncio.run(photograph(language)), language)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
