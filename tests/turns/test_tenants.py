"""Two tenants side by side in one bot: both hold their meeting, with signed tokens at every door, and neither is seen by the other."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cards.actions import BY_STEM
from tests.standins.channel import Channel, card_of
from tests.standins.issuer import TENANT
from tests.turns.room import dumped
from tests.turns.scenes import HELD, PLANNED, Scene, hold, published, send_round
from tests.turns.tenancy import OTHER_TENANT, Neighbour, Tenancy
from tests.turns.test_attacks import pressed, rows

APPROVED = datetime(2026, 5, 18, 21, 0, 1, tzinfo=UTC)
OURS, THEIRS = "Hiljainen asia", "Tyst ärende"
TABLES = ("body", "meeting", "item", "seat", "holding", "comment", "round", "attendance", "draft")


async def test_each_holds_its_meeting_and_neither_reaches_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Tenancy(tmp_path, PLANNED, monkeypatch, (OTHER_TENANT,)) as here, Neighbour(here) as there:
        ours, theirs = await published(here), await published(there, "sv")
        for scene, title in ((ours, OURS), (theirs, THEIRS)):
            await scene.say("add_item", title)
            await scene.wait_on_board(title)
        await here.at(HELD)
        for scene in (ours, theirs):
            await hold(scene)
            await send_round(scene)
        await pressed(here, ours.vesa, ours.board, "comment_minutes", text=f"{OURS}: tarkennettava.", kind="remark")
        await _try_everything(here, theirs, ours, OURS)
        await _try_everything(here, ours, theirs, THEIRS)
        await here.at(APPROVED)
        await theirs.wait_on_board("SHA-256")
        for channel, foreign in ((here.channel, THEIRS), (there.channel, OURS)):
            assert channel.requests
            assert not _shown(channel, foreign)
            # Every request carries a token that the bot was given for the channel.
            assert {asked.authorization.removeprefix("Bearer ") for asked in channel.requests} <= here.issuer.issued
        assert rows(here, "select tenant_id, count(*) from body group by 1 order by 1") == sorted([(TENANT, 1), (OTHER_TENANT, 1)])


def _shown(channel: Channel, text: str) -> bool:
    return any(text in json.dumps(asked.body, ensure_ascii=False) for asked in channel.requests)


async def _try_everything(here: Tenancy, stranger: Scene, owner: Scene, secret: str) -> None:
    """The secretary of one tenant with all ids of the other's body: at the desk, on the own board, and as if on the other's board."""
    tenant = owner.aino.tenant_id
    of_body = f"(select id from body where tenant_id = '{tenant}')"  # noqa: S608
    of_meeting = f"(select id from meeting where body_id in {of_body})"  # noqa: S608
    ids = {
        "body": rows(here, f"select id from body where id in {of_body}")[0][0],  # noqa: S608
        "meeting": rows(here, of_meeting[1:-1])[0][0],
        "seat": rows(here, f"select id from seat where body_id in {of_body}")[0][0],  # noqa: S608
        "item": rows(here, f"select id from item where meeting_id in {of_meeting}")[0][0],  # noqa: S608
        "person": rows(here, f"select person_id from holding where body_id in {of_body}")[0][0],  # noqa: S608
        "comment": next((one for (one,) in rows(here, f"select id from comment where meeting_id in {of_meeting}")), "x"),  # noqa: S608
    }
    given = {"sign": "present", "outcome": "noted", "answer": "noted", "text": "x", "title": "x", "confirmed": "true", "choice": "x"}
    before = [rows(here, f"select * from {name} order by 1") for name in TABLES]  # noqa: S608
    room = stranger.room
    places: dict[str, dict[str, Any]] = {
        "at the desk": {},
        "as if on that board": {"conversation": {"id": owner.board.id, "conversationType": "channel", "tenantId": stranger.aino.tenant_id}},
    }
    for verb, command in BY_STEM.items():
        if not {one.name for one in fields(command)} & {"body_id", "meeting_id", "draft_id"}:
            continue
        data = {one.name: (ids | given).get(one.name.removesuffix("_id").removesuffix("_ids"), "") for one in fields(command)}
        for place, changes in places.items():
            button = {"type": "Action.Execute", "verb": verb, "data": {"verb": verb, **data}}
            answer = await room.channel.send(room.channel.pressed(stranger.aino, stranger.desk, button) | changes)
            assert (place, verb, answer.status) == (place, verb, 200)
            said = dumped(card_of(answer.body))
            assert secret not in said, (place, verb)
            assert ids["meeting"] not in said, (place, verb)
    assert [rows(here, f"select * from {name} order by 1") for name in TABLES] == before  # noqa: S608
