"""A year of a body: five meetings planned at once, answers, a move, a changed member, two cancellations, and what every mailbox got."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.standins.channel import Person
from tests.turns.room import Room
from tests.turns.scenes import Scene, set_up
from tests.turns.test_answers import outlook

BEGIN = datetime(2027, 1, 11, 7, 0, tzinfo=UTC)
ROSTER = """Maija Meri (pj);Matti Maa, matti.maa@example.org;Saaren kunta
Bo Backman (vpj);Siv Strand, siv.strand@example.org;Kustens kommun
Vesa Virta;Elli Eskola, elli.eskola@example.org;Lahden säätiö
"""
DATES = """to 11.2.2027 klo 10–12 (Teams)
to 15.4.2027 klo 10–12 (Teams)
ti 8.6.2027 klo 10–12 (Teams)
to 16.9.2027 klo 10–12 (Teams)
to 9.12.2027 klo 10–12 (Teams)"""
OFFICE = {"aino.saarela", "sihteeri"}
MEMBERS = {"maija.meri", "bo.backman", "vesa.virta"}


class Year:
    """The scene, and what the mailboxes hold, read from the sandbox's own documents."""

    def __init__(self, room: Room, scene: Scene, folder: Path) -> None:
        self.room = room
        self.scene = scene
        self._database = folder / "room.db"
        self._counted: Counter[tuple[str, str]] = Counter()

    def invited(self) -> dict[str, set[str]]:
        """Day → who is invited to the event of that day, without the secretary; cancelled events are left out."""
        found = {}
        for event in self._documents("meeting"):
            people = {_name(one) for one in event["attendees"] if not one.get("uninvited")}
            if not event["cancelled"]:
                found[event["start"]["dateTime"][:10]] = people - OFFICE
        return found

    def new_mails(self) -> Counter[tuple[str, str]]:
        """How many mails of which sort Outlook sent to each person since this was asked last."""
        sent = Counter((mail["sort"], _name(to)) for mail in self._documents("mail") for to in mail["to"])
        new = sent - self._counted
        self._counted = sent
        return Counter({(sort, who): count for (sort, who), count in new.items() if who not in OFFICE and sort != "letter"})

    def letters(self) -> Counter[str]:
        """How many letters of the bot's own each person got, who cannot be told in Teams."""
        return Counter(_name(to) for mail in self._documents("mail") for to in mail["to"] if mail["sort"] == "letter")

    async def settled(self, invited: dict[str, set[str]]) -> None:
        """Wait, with the bot's clock going on, until the calendars are so and nothing is left to be done."""

        def settled() -> bool:
            self.room.wait(1)
            return self.invited() == invited and not self._at_work()

        try:
            await self.room.settled(settled, "the calendars")
        except AssertionError:
            assert (self.invited(), self._at_work()) == (invited, [])

    def reasons(self) -> set[str]:
        return {mail["content"] for mail in self._documents("mail") if mail["sort"] == "cancellation" and "asioita" in mail["content"]}

    async def answer(self, who: Person, day: str, answer: str) -> None:
        """What a person presses in their own Outlook."""
        await outlook(self.room, who, answer, day)

    async def press(self, day: str, verb: str, inputs: dict[str, str]) -> None:
        """The secretary opens the meeting of a day from the list, and fills the form of a command."""
        room, aino, desk = self.room, self.scene.aino, self.scene.desk
        meetings = await self.scene.say("show_meetings")
        meeting = await room.press(aino, desk, meetings, "show_meeting", meeting_id=self._meeting(day))
        form = await room.press(aino, desk, meeting, verb)
        await room.press(aino, desk, form, verb, inputs)

    async def press_seat(self, member: str, inputs: dict[str, str]) -> None:
        room, aino, desk = self.room, self.scene.aino, self.scene.desk
        ((seat_id,),) = self._rows("SELECT seat_id FROM holding JOIN person ON person.id = person_id WHERE name = ?", member)
        form = await room.press(aino, desk, await self.scene.say("show_seats"), "show_seat", {"seat_id": seat_id})
        await room.press(aino, desk, form, "change_seat", inputs)

    async def publish(self, day: str) -> None:
        room, aino, desk = self.room, self.scene.aino, self.scene.desk
        meetings = await self.scene.say("show_meetings")
        meeting = await room.press(aino, desk, meetings, "show_meeting", meeting_id=self._meeting(day))
        await room.press(aino, desk, meeting, "publish_agenda")

    def _meeting(self, day: str) -> str:
        ((meeting_id,),) = self._rows("SELECT id FROM meeting WHERE day = ?", day)
        return str(meeting_id)

    def _at_work(self) -> list[Any]:
        kinds = "kind IN ('SyncEvent', 'RenderDocuments', 'ShareDocuments', 'Send', 'Tell')"
        return self._rows(f"SELECT kind, state, error FROM effect WHERE state = 'running' OR state = 'waiting' AND {kinds}")  # noqa: S608

    def _documents(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(one) for (one,) in self._rows("SELECT document FROM sandbox WHERE kind = ?", kind)]

    def _rows(self, query: str, *values: str) -> list[Any]:
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def _name(person: dict[str, str]) -> str:
    return person["address"].partition("@")[0]


def each(sort: str, people: set[str], times: int = 1) -> Counter[tuple[str, str]]:
    return Counter({(sort, one): times for one in people})


async def test_a_year_in_which_nobody_is_invited_twice(tmp_path: Path) -> None:
    async with Room(tmp_path, BEGIN) as room:
        scene = await set_up(room, roster=ROSTER)
        year = Year(room, scene, tmp_path)
        feb, apr, jun, sep, dec = "2027-02-11", "2027-04-15", "2027-06-08", "2027-09-16", "2027-12-09"

        # Five dates at once are five single events, and five invitations to each member.
        read = await scene.say("read_dates", f"\n{DATES}")
        await room.press(scene.aino, scene.desk, read, "confirm_dates")
        await year.settled(dict.fromkeys((feb, apr, jun, sep, dec), MEMBERS))
        assert year.new_mails() == each("invitation", MEMBERS, 5)

        # Vesa declines February in Outlook: Elli is called, and nobody else hears of it in the calendar.
        await year.answer(scene.vesa, feb, "decline")
        await room.at(BEGIN + timedelta(hours=1))
        calendars = {feb: MEMBERS | {"elli.eskola"}, apr: MEMBERS, jun: MEMBERS, sep: MEMBERS, dec: MEMBERS}
        await year.settled(calendars)
        assert year.new_mails() == each("invitation", {"elli.eskola"})
        await scene.wait_told(scene.desk, "Elli Eskola")

        # Vesa can come after all: Elli gets the one cancellation.
        await year.answer(scene.vesa, feb, "accept")
        await room.at(BEGIN + timedelta(hours=2))
        calendars[feb] = MEMBERS
        await year.settled(calendars)
        assert year.new_mails() == each("cancellation", {"elli.eskola"})

        # April is moved by a week: one update to each.
        await year.press(apr, "move_meeting", {"day": "2027-04-22", "start": "12:00", "end": "14:00"})
        calendars["2027-04-22"] = calendars.pop(apr)
        await year.settled(calendars)
        assert year.new_mails() == each("update", MEMBERS)

        # Pia follows Vesa from May on: the meetings from then are hers, April stays his.
        await year.press_seat("Vesa Virta", {"member": "Pia Penna", "member_email": "pia.penna@example.org", "since": "1.5.2027"})
        after = {"maija.meri", "bo.backman", "pia.penna"}
        calendars |= {jun: after, sep: after, dec: after}
        await year.settled(calendars)
        assert year.new_mails() == each("invitation", {"pia.penna"}, 3) + each("cancellation", {"vesa.virta"}, 3)

        # September and December are cancelled, each with its reason.
        for day in (sep, dec):
            await year.press(day, "cancel_meeting", {"reason": f"Ei asioita {day}."})
            del calendars[day]
        await year.settled(calendars)
        assert year.new_mails() == each("cancellation", after, 2)
        assert year.reasons() == {f"Ei asioita {sep}.", f"Ei asioita {dec}."}

        # June's agenda is published: its link comes into the invitation as one mail.
        await year.publish(jun)
        await year.settled(calendars)
        assert year.new_mails() == each("update", after)
        # Elli was called and released; those without Teams have the agenda.
        assert year.letters() == {"elli.eskola": 3, "matti.maa": 1, "siv.strand": 1, "pia.penna": 1}
