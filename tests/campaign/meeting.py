"""A whole meeting of a body of twenty seats, as its people live it, and a ledger of every word that was acknowledged to them."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from cards.actions import NOTHING
from tests.campaign.databases import Database
from tests.campaign.outside import Calendars, Outside, WatchedChannel
from tests.campaign.replicas import Replicas
from tests.standins.channel import Person, Place, card_of
from tests.turns.room import Card, actions, find_button, has_button, sent_with, text_of
from texts import t

HELSINKI = ZoneInfo("Europe/Helsinki")
NAME = "Saarten ohjausryhmä"
PHASES = ("set_up", "plan", "publish", "answer", "open", "record", "minutes", "comment", "end")
FIRST = [
    "Aila",
    "Bertta",
    "Carita",
    "Daga",
    "Eetu",
    "Fanni",
    "Göran",
    "Hilkka",
    "Ilta",
    "Jalo",
    "Kerttu",
    "Lauha",
    "Manu",
    "Nelli",
    "Orvo",
    "Pihla",
    "Runar",
    "Sirkka",
    "Taimi",
    "Ulpu",
]
MEMBERS = [f"{name} Merivirta" for name in FIRST]
DEPUTIES = [f"{name} Luotola" for name in FIRST]
# These two hold seats and have no Teams.
BY_MAIL = {MEMBERS[18]: "taimi@ulkona.example", MEMBERS[19]: "ulpu@ulkona.example"}
AGENDA = """1 § Kokouksen avaus

2 § Talousraportti
Esitys: Merkitään tiedoksi.

3 § Veneen osto
Esitys: Ostetaan vene.

4 § Kokouksen päättäminen
"""
# Who reads this says it again.
FAULTS = (t("fi", "turn.fault", turn="@").partition("@")[0], t("fi", "turn.not_kept"))
LONGEST = 120.0
EVER = datetime.min.replace(tzinfo=UTC)
# What tells one press from another of the same person.
TOLD = {"item_id", "outcome", "sign", "text"}


class NeverAnsweredError(AssertionError):
    """Something a person said was not answered however often it was sent."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A command that was acknowledged to a person; `inputs` are among what the journal must tell of it."""

    account: str
    command: str
    inputs: Mapping[str, object]


@dataclass(slots=True)
class Ledger:
    deeds: list[Deed] = field(default_factory=list)
    # Mailbox → what was pressed in Outlook.
    outlook: dict[str, str] = field(default_factory=dict)
    resends: int = 0
    # What an install is answered with, in words; it may come late, and again.
    welcomes: set[str] = field(default_factory=set)
    # Place → how often an install was sent there.
    installs: Counter[str] = field(default_factory=Counter)
    deadline: datetime = EVER
    start: datetime = EVER


class Teams:
    """Sends what people do as Teams does: again when the answer does not come, sometimes several times at once, presses under new ids
    too."""

    def __init__(self, channel: WatchedChannel, outside: Outside, replicas: Replicas, chance: random.Random, ledger: Ledger) -> None:
        self._channel = channel
        self._outside = outside
        self._replicas = replicas
        self._chance = chance
        self._ledger = ledger

    async def press(self, who: Person, place: Place, card: Card, verb: str, inputs: Mapping[str, Any] | None = None, **data: Any) -> Card:
        button = find_button(card, verb, **data)
        filled = sent_with(button, card, inputs)
        activity = self._channel.pressed(who, place, button, filled)
        told = {name: value for name, value in {**button["data"], **filled}.items() if name in TOLD and value and value != NOTHING}
        self._ledger.deeds.append(Deed(who.account_id, verb, told))
        answer: Card = card_of(await self._until_answered(activity, press=True))
        return answer

    async def say(self, who: Person, place: Place, text: str, command: str = "") -> Card:
        """A message; `command` is what the journal calls it, when it is journalled."""
        activity = self._channel.said(who, place, text)
        if command:
            self._ledger.deeds.append(Deed(who.account_id, command, {}))
        card: Card = await self._until_answered(activity, press=False)
        return card

    async def install(self, place: Place, who: Person) -> Card:
        activity, _ = self._channel.installed(place, who)
        card: Card = await self._until_answered(activity, press=False)
        self._ledger.welcomes.add(text_of(card))
        return card

    async def _until_answered(self, activity: dict[str, Any], *, press: bool) -> Any:
        copies = [activity]
        if self._chance.random() < 0.25:
            for _ in range(self._chance.randint(1, 4)):
                again = copy.deepcopy(activity)
                if press and self._chance.random() < 0.5:
                    again["id"] = f"f:{uuid.uuid4()}"
                copies.append(again)
        self._ledger.resends += len(copies) - 1
        first, *others = (asyncio.create_task(self._send_until(one, press=press)) for one in copies)
        try:
            answer = await first
        finally:
            await asyncio.gather(*others, return_exceptions=True)
        return answer

    async def _send_until(self, activity: dict[str, Any], *, press: bool) -> Any:
        body = json.dumps(activity).encode()
        last: object = None
        clock = asyncio.get_running_loop().time
        until = clock() + LONGEST
        tries = 0
        while clock() < until:
            tries += 1
            if tries > 1:
                self._ledger.resends += 1
            if activity["type"] == "conversationUpdate":
                self._ledger.installs[activity["conversation"]["id"]] += 1
            try:
                status, content, _kind = await self._replicas.send("POST", "/api/messages", body, {"Content-Type": "application/json"})
                last = (status, content[:300])
            except (aiohttp.ClientError, TimeoutError) as error:
                last = error
            else:
                if (answer := self._answer(activity, status, content, press=press)) is not None:
                    return answer
            await asyncio.sleep(0.1 + 0.5 * self._chance.random())
        raise NeverAnsweredError(f"{activity.get('text') or activity.get('value')}: {last}")

    def _answer(self, activity: dict[str, Any], status: int, content: bytes, *, press: bool) -> Any:
        if status not in {200, 201}:
            return None
        if press:
            told = json.loads(content)
            if told.get("statusCode") != 200 or _is_fault(told.get("value", {})):
                return None
            return told
        # The answer to an install names nothing that it answers.
        place = activity["conversation"]["id"] if activity["type"] == "conversationUpdate" else ""
        posts = [one for one in self._outside.done if one.kind == "post"]
        replies = [one for one in posts if (not one.reply_to and one.place == place if place else one.reply_to == activity["id"])]
        cards = [card_of(one.content) for one in replies]
        return next((card for card in cards if not _is_fault(card)), None)


@dataclass
class Meeting:
    """The people, and the phases of the meeting in order. `phase` is told of each before it begins."""

    database: Database
    outside: Outside
    channel: WatchedChannel
    calendars: Calendars
    replicas: Replicas
    chance: random.Random
    ledger: Ledger
    phase: Callable[[str], Awaitable[None]]
    teams: Teams = field(init=False)

    def __post_init__(self) -> None:
        self.teams = Teams(self.channel, self.outside, self.replicas, self.chance, self.ledger)
        self.aino = self.channel.person("Aino Saarela")
        in_teams = [name for name in (*MEMBERS, *DEPUTIES) if name not in BY_MAIL]
        self.people = {name: self.channel.person(name) for name in in_teams}
        self.board = self.channel.team(NAME, "Yleinen", [self.aino, *self.people.values()])
        self.desk = self.channel.personal(self.aino)
        local = datetime.fromtimestamp(self.replicas.now, HELSINKI)
        self.day = _weekday(local.date() + timedelta(days=20))
        self.start = datetime.combine(self.day, time(10), HELSINKI)
        self.deadline_day = self.day + timedelta(days=7)
        self.ledger.start = self.start.astimezone(UTC)
        self.ledger.deadline = datetime.combine(self.deadline_day + timedelta(days=1), time(0), HELSINKI).astimezone(UTC)
        # Who cannot come and says so in Outlook, who comes and says so; the first of those who cannot says it on the board.
        names = self.chance.sample(MEMBERS[2:18], 7)
        self.declined, self.accepted, self.excused = names[:3], names[3:6], names[6]

    async def live(self, last: str = PHASES[-1]) -> None:
        for name in PHASES[: PHASES.index(last) + 1]:
            await self.phase(name)
            await getattr(self, f"_{name}")()
        await self.phase("over")

    # --- the phases ---

    async def _set_up(self) -> None:
        await self.teams.install(self.desk, self.aino)
        welcome = await self.teams.install(self.board, self.aino)
        form = await self.press(self.board, welcome, "set_up_body")
        await self.press(self.board, form, "set_up_body", {"name": NAME, "language": "fi"})
        known = "SELECT 1 FROM person WHERE email <> ''"
        await self.until(lambda: len(self.database.rows(known)) > len(self.people), "who is in the team is known")
        rows = [
            f"{_with_address(one)}{' (pj)' if not place else ' (vpj)' if place == 1 else ''};{deputy};Saari {place}"
            for place, (one, deputy) in enumerate(zip(MEMBERS, DEPUTIES, strict=True))
        ]
        read = await self.say_until("jäsenluettelo\nJäsen;Varajäsen;Organisaatio\n" + "\n".join(rows), "read_roster", "confirm_roster")
        await self.press(self.desk, read, "confirm_roster")

    async def _plan(self) -> None:
        await self.say(f"kokous {_date(self.day)} klo 10.00–12.00 Kunnantalo", "plan_meeting")

    async def _publish(self) -> None:
        read = await self.say_until(f"esityslista\n{AGENDA}", "read_agenda", "confirm_agenda")
        agenda = await self.press(self.desk, read, "confirm_agenda")
        await self.press(self.desk, agenda, "publish_agenda")

    async def _answer(self) -> None:
        """In Outlook and on the board, at the same time."""
        presses = dict.fromkeys(self.declined, "decline") | dict.fromkeys(self.accepted, "accept")
        card = await self.shown("meeting", lambda one: has_button(one, "sign_in"))
        person = self.people[self.excused]
        await asyncio.gather(
            *(self._in_outlook(self.people[name], press) for name, press in presses.items()),
            self.teams.press(person, self.board, card, "sign_in", sign="excused"),
        )
        called = "SELECT 1 FROM deputy_call"
        given = "SELECT 1 FROM invitation_answer WHERE response <> 'none'"
        await self.until(lambda: len(self.database.rows(called)) >= 4 and len(self.database.rows(given)) >= 7, "answers and deputies")

    async def _in_outlook(self, who: Person, press: str) -> None:
        self.ledger.outlook[who.email] = press
        async with asyncio.timeout(LONGEST):
            while not await self.calendars.answer(who.email, press):  # noqa: ASYNC110  # what is waited for is in another process
                await asyncio.sleep(0.1)

    async def _open(self) -> None:
        """All at once: those who come, and the deputies of those who do not."""
        chair = self.people[MEMBERS[0]]
        desk = self.channel.personal(chair)
        await self.teams.say(chair, desk, "avaa 10.00", "open_meeting")
        away = {*self.declined, self.excused}
        here = [name for name in MEMBERS[:18] if name not in away] + [DEPUTIES[MEMBERS.index(name)] for name in away]
        roll = await self.shown("roll", lambda one: any(action["data"].get("sign") == "late" for action in actions(one)))
        await asyncio.gather(*(self.teams.press(self.people[name], self.board, roll, "sign_in", sign="present") for name in here))
        await self.say("päätösvaltaisuus", "find_quorum")

    async def _record(self) -> None:
        lacking = await self.say("päätä kokous", "close_meeting")
        for _ in range(5):
            if has_button(lacking, "close_meeting"):
                break
            item = await self.press(self.desk, lacking, "show_item")
            while any(one["data"].get("outcome") == "noted" for one in actions(item)):
                item = await self.press(self.desk, item, "record_outcome", outcome="noted")
            lacking = await self.say("päätä kokous", "close_meeting")
        await self.press(self.desk, lacking, "close_meeting")

    async def _minutes(self) -> None:
        minutes = await self.say("pöytäkirja", "prepare_minutes")
        await self.press(self.desk, minutes, "send_minutes", {"deadline": self.deadline_day.isoformat()})

    async def _comment(self) -> None:
        """Three have a remark, eight have none; all at once. It is not over before the letters that ask for comments are sent: after the
        deadline there is nothing left to ask."""
        card = await self.shown("minutes", lambda one: has_button(one, "comment_minutes"))
        names = self.chance.sample([name for name in MEMBERS[:18] if name not in self.declined], 11)
        await asyncio.gather(
            *(self._remark(self.people[name], card, f"Huomautus {place}: {name} oli paikalla.") for place, name in enumerate(names[:3])),
            *(self.teams.press(self.people[name], self.board, card, "answer_no_comments") for name in names[3:]),
        )
        settled = "SELECT 1 FROM effect WHERE kind = 'Send' AND state IN ('done', 'dead')"
        await self.until(lambda: len(self.database.rows(settled)) >= 2 * len(BY_MAIL), "letters with the agenda and the minutes")

    async def _remark(self, who: Person, card: Card, text: str) -> None:
        form = await self.teams.press(who, self.board, card, "comment_minutes")
        await self.teams.press(who, self.board, form, "comment_minutes", {"kind": "remark", "text": text})

    async def _end(self) -> None:
        """The deadline passes while everything runs; nobody does anything."""
        await self.shown("approved", lambda one: "SHA-256" in text_of(one))

    # --- what they do it with ---

    async def say(self, text: str, command: str = "") -> Card:
        return await self.teams.say(self.aino, self.desk, text, command)

    async def say_until(self, text: str, command: str, verb: str) -> Card:
        """Typed again when the answer does not lead on: the first was lost, and a repeat shows only the form."""
        for _ in range(5):
            if has_button(card := await self.say(text, command), verb):
                return card
        raise NeverAnsweredError(f"{command} does not lead to {verb}")

    async def press(self, place: Place, card: Card, verb: str, inputs: Mapping[str, str] | None = None, **data: Any) -> Card:
        return await self.teams.press(self.aino, place, card, verb, inputs, **data)

    async def shown(self, what: str, fits: Callable[[Card], bool]) -> Card:
        """The newest card of the board that fits, when there is one."""

        def find() -> Card | None:
            cards = (card_of(one.activity) for one in reversed(self.channel.shown(self.board)) if one.activity.get("attachments"))
            return next((card for card in cards if fits(card)), None)

        card: Card = await self.until(find, f"{what} on the board")
        return card

    async def until(self, found: Callable[[], Any], what: str) -> Any:
        clock = asyncio.get_running_loop().time
        until = clock() + LONGEST
        while clock() < until:
            if thing := found():
                return thing
            await asyncio.sleep(0.05)
        raise NeverAnsweredError(f"did not happen: {what}")


def _is_fault(card: Card) -> bool:
    return any(fault in text_of(card) for fault in FAULTS)


def _with_address(name: str) -> str:
    return f"{name} {BY_MAIL[name]}" if name in BY_MAIL else name


def _weekday(day: date) -> date:
    """From that day on, one that is neither a weekend nor a public holiday, nor is the one a week later."""
    while day.weekday() > 3 or {(one.month, one.day) for one in (day, day + timedelta(days=7))} & _FEASTS or day.month in {4, 5}:
        day += timedelta(days=1)
    return day


_FEASTS = {(1, 1), (1, 6), (12, 6), (12, 24), (12, 25), (12, 26), (6, 19), (6, 20)}


def _date(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"
