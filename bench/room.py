"""The meeting that is pressed on: 20 seats with deputies, 11 items, everybody with an account, the roll call open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from meetings.model import Body, Conversation, Meeting, Phase
from storage.database import Storage
from storage.transaction import Transaction
from tests import samples
from tests.standins.channel import Channel, Person, Place

SEATS = 20
ITEMS = 11


def people(channel: Channel) -> list[Person]:
    """The members, in the order of their seats; their ids follow from their names."""
    return [channel.person(f"Jäsen {number}") for number in range(1, SEATS + 1)]


def board(channel: Channel, members: list[Person]) -> Place:
    return channel.team("Mittauksen ohjausryhmä", "Yleinen", members)


async def fill(url: str, channel: Channel) -> None:
    """Migrate the database and write the meeting into it."""
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    await storage.start()
    await storage.run(lambda tx: _write(tx, channel))
    await storage.close()


def _write(tx: Transaction, channel: Channel) -> None:
    members = people(channel)
    place = board(channel, members)
    tx.save(Conversation(place.id, place.tenant_id, channel.service_url, "channel", place.team_id, "Yleinen"))
    body: Body = replace(samples.body(SEATS), tenant_id=place.tenant_id, channel_id=place.id)
    held = {f"m{number}": member for number, member in enumerate(members, start=1)}
    for person_id in sorted({one.person_id for one in body.holdings} | {one.person_id for one in body.experts} | {body.secretary_id}):
        who = held.get(person_id)
        made = samples.person(person_id)
        account: dict[str, Any] = {"account_id": who.account_id, "channel_id": who.channel_id, "name": who.name} if who else {}
        tx.save(replace(made, id=person_id, tenant_id=place.tenant_id, **account))
    now = datetime.now(UTC)
    meeting: Meeting = replace(samples.meeting(ITEMS), phase=Phase.OPEN, opened_at=now, day=now.date())
    tx.save(body)
    tx.save(meeting)
