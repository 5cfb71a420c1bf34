"""A seat gets its holders by name or by an account that is chosen, as Teams' people picker gives it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from meetings import commands as c
from meetings.model import Capacity, Holding
from meetings.rules.seats import seats_on
from meetings.screens.seats import SeatForm
from tests.samples import body as sample_body
from tests.use_cases.stage import OPENED, Stage, stage

NAMES = {"member": "Nimi m3", "deputies": "Nimi d3"}


def change(**fields: Any) -> c.ChangeSeat:
    return c.ChangeSeat(body_id="body", seat_id="s3", **(NAMES | fields))


async def holders(room: Stage) -> tuple[str, tuple[str, ...]]:
    """The member and the deputies of the seat on the day."""
    held = next(one for one in seats_on(await room.body(), OPENED.date()) if one.seat.id == "s3")
    return held.member_id, held.deputy_ids


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({}, ("m3", ("d3",))),
        ({"member_account": "stranger"}, ("stranger", ("d3",))),
        ({"member_account": "account-stranger"}, ("stranger", ("d3",))),
        ({"member_account": "account-stranger", "member": "", "deputies": ""}, ("stranger", ())),
        ({"deputy_account": "account-stranger"}, ("m3", ("d3", "stranger"))),
        ({"deputy_account": "account-stranger", "deputies": "", "member": ""}, ("", ("stranger",))),
        # Chosen and written, the same deputy is one; and one that sits here already may become the member.
        ({"deputy_account": "account-d3"}, ("m3", ("d3",))),
        ({"member_account": "account-d3", "deputies": "Nimi m3"}, ("d3", ("m3",))),
    ],
)
async def test_an_account_goes_before_the_written_member_and_after_the_written_deputies(
    tmp_path: Path, fields: dict[str, str], held: tuple[str, tuple[str, ...]]
) -> None:
    async with stage(tmp_path) as room:
        await room.do("sec", change(**fields))
        assert await holders(room) == held


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"member_account": "0f" * 16}, "seats.no_such_account"),
        ({"deputy_account": "nobody", "member": "Uusi"}, "seats.no_such_account"),
        ({"member_account": "account-d3"}, "seats.twice_on_seat"),
        ({"member_account": "stranger", "deputy_account": "account-stranger"}, "seats.twice_on_seat"),
        ({"deputy_account": "stranger", "deputies": "\n".join(f"Vara {n}" for n in range(6))}, "seats.deputies_many"),
    ],
)
async def test_what_cannot_be_is_refused_with_nothing_changed(tmp_path: Path, fields: dict[str, str], key: str) -> None:
    async with stage(tmp_path) as room:
        before = await room.body()
        assert await room.refused("sec", change(**fields)) == key
        assert await room.body() == before
        assert isinstance(await room.refusal("sec", change(**fields)), SeatForm)


async def test_what_was_chosen_stays_in_the_form_when_something_else_is_wrong(tmp_path: Path) -> None:
    async with stage(tmp_path) as room:
        form = await room.refusal("sec", change(deputy_account="stranger", member_account="stranger", since="joskus"))
        assert isinstance(form, SeatForm)
        assert (form.member_account, form.deputy_account, form.since) == ("stranger", "stranger", "joskus")
        # Offered are those who have an account and neither a seat nor an expert's place.
        assert [one.id for one in form.accounts] == ["sec", "stranger"]


async def test_an_account_chosen_where_its_name_sits_is_that_name_in_the_record_too(tmp_path: Path) -> None:
    """Known only from the roster, the deputy has answered by letter; then she joins the team, and is chosen."""
    async with stage(tmp_path, without_teams=("d3",)) as room:
        person = replace(await room.person("stranger"), name="Nimi d3", email="")
        named = replace(await room.person("d3"), email="d3@saaret.example")
        await room.storage.run(lambda tx: (tx.save(person), tx.save(named)), actor=await room.person("sec"))
        await room.do("sec", c.OpenMeeting(meeting_id="meeting"))
        await room.do("sec", c.SetAttendance(meeting_id="meeting", sign="present", person_ids=("d3",)))
        before = await room.body()
        await room.do("sec", change(deputy_account="account-stranger", deputies=""))
        body = await room.body()
        assert await holders(room) == ("m3", ("stranger",))
        moved = [replace(one, person_id="stranger") if one.person_id == "d3" else one for one in before.holdings]
        assert sorted(body.holdings, key=lambda one: one.id) == sorted(moved, key=lambda one: one.id)
        present = {one.person_id for one in (await room.meeting()).attendances}
        assert ("stranger" in present, "d3" in present) == (True, False)
        assert (await room.person("stranger")).email == "d3@saaret.example"


async def test_two_of_one_name_who_have_held_the_seat_stay_two(tmp_path: Path) -> None:
    """He was a deputy here once; his namesake, who has no account, is one now; and he becomes the member."""
    body = sample_body()
    past = Holding("past", "body", "s3", "stranger", Capacity.DEPUTY, 1, until=date(2026, 1, 31))
    async with stage(tmp_path, replace(body, holdings=(*body.holdings, past)), without_teams=("d3",)) as room:
        person = replace(await room.person("stranger"), name="Nimi d3")
        await room.storage.run(lambda tx: tx.save(person), actor=await room.person("sec"))
        await room.do("sec", change(member_account="account-stranger"))
        assert await holders(room) == ("stranger", ("d3",))


async def test_an_account_of_another_name_is_another_person(tmp_path: Path) -> None:
    async with stage(tmp_path, without_teams=("m3",)) as room:
        await room.do("sec", change(member_account="account-stranger", since="11.5.2026"))
        mine = [one for one in (await room.body()).holdings if one.seat_id == "s3" and one.capacity is Capacity.MEMBER]
        assert {(one.person_id, one.until is None) for one in mine} == {("m3", False), ("stranger", True)}
