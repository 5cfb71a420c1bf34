"""A body brought to a point of its life over HTTP, in any of the three languages, so that a test begins where it has something to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tests.standins.channel import Person, Place, card_of
from tests.turns.room import Card, Room, actions, has_button, text_of
from texts import words

PLANNED = datetime(2026, 4, 20, 6, 0, tzinfo=UTC)
HELD = datetime(2026, 5, 11, 7, 2, tzinfo=UTC)
LOCALES = {"fi": "fi-FI", "sv": "sv-FI", "en": "en-GB"}

ROSTER = """Maija Meri (pj);Matti Maa;Saaren kunta
Bo Backman (vpj);Siv Strand;Kustens kommun
Vesa Virta;Elli Eskola;Lahden säätiö
"""
DAY = {
    "fi": "ma 11.5.2026 klo 10.00–12.00 Kunnantalo",
    "sv": "må 11.5.2026 kl. 10.00–12.00 Kommungården",
    "en": "Mon 11.5.2026 10:00-12:00 Town hall",
}
AGENDA = {
    "fi": "1 § Venesatama\nEsitys: Hyväksytään suunnitelma.\n\n2 § Talousraportti\nEsitys: Merkitään tiedoksi.\n",
    "sv": "1 § Båthamnen\nFörslag: Planen godkänns.\n\n2 § Ekonomisk rapport\nFörslag: Antecknas för kännedom.\n",
    "en": "§ 1 The marina\nProposal: The plan is approved.\n\n§ 2 Financial report\nProposal: To be noted.\n",
}


@dataclass
class Scene:
    """People and places of one body. `desk` is the secretary's personal chat, `chair_desk` the chair's."""

    room: Room
    language: str
    aino: Person
    maija: Person
    bo: Person
    vesa: Person
    board: Place
    desk: Place
    chair_desk: Place

    def word(self, stem: str) -> str:
        """What the secretary types for a command in her language."""
        return words(self.language, f"words.{stem}")[0]

    async def say(self, stem: str, rest: str = "") -> Card:
        return await self.room.say(self.aino, self.desk, f"{self.word(stem)} {rest}".strip())

    def on_board(self, text: str) -> Card | None:
        cards = [card_of(posted.activity) for posted in self.room.board_posts(self.board)]
        return next((card for card in cards if text in text_of(card)), None)

    async def wait_on_board(self, text: str) -> Card:
        card: Card = await self.room.settled(lambda: self.on_board(text), f"{text} on the board")
        return card

    def told(self, place: Place) -> list[str]:
        """What the bot has written in a personal chat."""
        return [text_of(card_of(posted.activity)) for posted in self.room.channel.shown(place) if posted.activity.get("attachments")]

    async def wait_told(self, place: Place, text: str) -> None:
        await self.room.settled(lambda: any(text in said for said in self.told(place)), f"{text} told")


async def set_up(room: Room, language: str = "fi", roster: str = "", **settings: str) -> Scene:
    """A body with three seats (or those of `roster`), its roster confirmed; `settings` are fields of its form."""
    channel = room.channel
    locale = LOCALES[language]
    aino, maija, bo, vesa = (channel.person(name, locale=locale) for name in ("Aino Saarela", "Maija Meri", "Bo Backman", "Vesa Virta"))
    board = channel.team("Saarten ohjausryhmä", "Yleinen", [aino, maija, bo, vesa])
    scene = Scene(room, language, aino, maija, bo, vesa, board, await channel.open(aino), await channel.open(maija))
    installed = await channel.install(board, aino)
    welcome = card_of(next(answer for answer in installed if answer.posted).posted[-1].activity)
    form = await room.press(aino, board, welcome, "set_up_body")
    await room.press(aino, board, form, "set_up_body", {"name": "Saarten ohjausryhmä", "language": language})
    await room.settled(lambda: any("pagedmembers" in asked.path for asked in channel.requests), "who is in the team is read")
    read = await scene.say("read_roster", f"\n{roster or ROSTER}")
    await room.press(aino, scene.desk, read, "confirm_roster")
    if settings:
        form = await scene.say("show_body")
        await room.press(aino, scene.desk, form, "change_body", settings)
    return scene


async def published(room: Room, language: str = "fi", **settings: str) -> Scene:
    scene = await set_up(room, language, **settings)
    await scene.say("plan_meeting", DAY[language])
    read = await scene.say("read_agenda", f"\n{AGENDA[language]}")
    agenda = await room.press(scene.aino, scene.desk, read, "confirm_agenda")
    await room.press(scene.aino, scene.desk, agenda, "publish_agenda")
    return scene


async def closed(room: Room, language: str = "fi", **settings: str) -> Scene:
    """The meeting has been held by Maija and Bo, and every item is noted."""
    scene = await published(room, language, **settings)
    await room.at(HELD)
    await hold(scene)
    return scene


async def hold(scene: Scene, minutes: int = 0) -> None:
    """From the opening to the end, on the day of the meeting, which lasts so long."""
    room = scene.room
    await scene.say("open_meeting")
    roll = await room.settled(lambda: _roll(scene, "late"), "the roll call")
    for person in (scene.maija, scene.bo):
        await room.press(person, scene.board, roll, "sign_in", sign="present")
    await scene.say("find_quorum")
    room.wait(60 * minutes)
    for _ in range(12):
        card = await scene.say("close_meeting")
        if has_button(card, "close_meeting"):
            await room.press(scene.aino, scene.desk, card, "close_meeting")
            return
        item = await room.press(scene.aino, scene.desk, card, "show_item")
        await room.press(scene.aino, scene.desk, item, "record_outcome", outcome="noted")
    raise AssertionError(f"not closed: {text_of(card)}")


async def in_review(room: Room, language: str = "fi", deadline: str = "2026-05-18", **settings: str) -> Scene:
    scene = await closed(room, language, **settings)
    await send_round(scene, deadline)
    return scene


async def send_round(scene: Scene, deadline: str = "2026-05-18") -> None:
    desk = await scene.say("prepare_minutes")
    await scene.room.press(scene.aino, scene.desk, desk, "send_minutes", {"deadline": deadline})


def _roll(scene: Scene, sign: str) -> Card | None:
    cards = [card_of(posted.activity) for posted in scene.room.board_posts(scene.board)]
    return next((card for card in cards if any(one["data"].get("sign") == sign for one in actions(card))), None)
