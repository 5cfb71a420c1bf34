"""Dialogs of Teams, in a tenant as it is installed: the same forms as on cards, the same rights, nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.cards import rules
from tests.turns.room import Card, Room, filled, text_of
from tests.turns.scenes import HELD, PLANNED, Scene, in_review, published
from tests.turns.tenancy import Tenancy
from tests.turns.test_attacks import rows
from texts import t


@pytest.fixture
async def tenancy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tenancy]:
    async with Tenancy(tmp_path, PLANNED, monkeypatch) as opened:
        yield opened


def submits(card: Card) -> list[rules.Node]:
    return rules.of_type(card, "Action.Submit")


def way(card: Card) -> dict[str, Any]:
    """What the button sends that opens the dialog."""
    (button,) = [one for one in submits(card) if one["data"].get("msteams") == {"type": "task/fetch"}]
    assert button["associatedInputs"] == "none"
    data: dict[str, Any] = button["data"]
    return data


def shown(task: dict[str, Any]) -> Card:
    """The card of a dialog that goes on."""
    assert task["type"] == "continue", task
    card: Card = task["value"]["card"]["content"]
    assert not rules.of_type(card, "Action.Execute")
    return card


async def sent(scene: Scene, card: Card, verb: str, inputs: dict[str, str] | None = None) -> dict[str, Any]:
    """A button of a dialog pressed, with what is filled in."""
    button = next(one for one in submits(card) if one["data"]["verb"] == verb)
    given = {} if button.get("associatedInputs") == "none" else filled(card) | (inputs or {})
    return await scene.room.channel.dialog(scene.aino, scene.desk, "submit", {**button["data"], **given})


async def test_an_item_is_recorded_and_the_settings_are_changed_in_dialogs(tenancy: Tenancy) -> None:
    scene = await published(tenancy)
    channel = tenancy.channel
    settings = await scene.say("show_body")
    form = shown(await channel.dialog(scene.aino, scene.desk, "fetch", way(settings)))
    assert filled(form) == filled(settings)
    # What is wrong is said there, with what was typed; then it is done, and the dialog closes.
    again = shown(await sent(scene, form, "change_body", {"name": "Uusi nimi", "comment_days": "999"}))
    assert filled(again) | {"name": "Uusi nimi", "comment_days": "999"} == filled(again)
    assert rows(tenancy, "select name from body") == [("Saarten ohjausryhmä",)]
    done = await sent(scene, again, "change_body", {"comment_days": "10"})
    assert (done["type"], done.get("value")) == ("message", t("fi", "setup.saved"))
    assert rows(tenancy, "select name, comment_days from body") == [("Uusi nimi", 10)]

    await tenancy.at(HELD)
    await scene.say("open_meeting")
    await scene.say("find_quorum")
    desk = await scene.say("show_item", "7")
    item = shown(await channel.dialog(scene.aino, scene.desk, "fetch", way(desk)))
    assert "Talousraportti" in text_of(item)
    before = rows(tenancy, "select count(*) from journal where command = 'record_item'")
    said = {"discussion": "Keskusteltiin pitkään."}
    for _ in range(2):  # Teams sends it again
        shown(await sent(scene, item, "record_item", said))
    assert rows(tenancy, "select discussion from item where title = 'Talousraportti'") == [("Keskusteltiin pitkään.",)]
    assert rows(tenancy, "select count(*) from journal where command = 'record_item'") == [(before[0][0] + 1,)]


async def test_a_dialog_opens_to_nobody_and_for_nothing_else(tenancy: Tenancy) -> None:
    scene = await published(tenancy)
    channel = tenancy.channel
    settings = way(await scene.say("show_body"))
    agenda = await scene.say("show_agenda")
    edit = next(one["data"] for one in rules.of_type(agenda, "Action.Execute") if one["data"]["verb"] == "edit_item")
    kept = "select (select count(*) from journal), (select max(version) from meeting), (select name from body)"
    before = rows(tenancy, kept)
    vesa = await channel.open(scene.vesa)
    refused = await channel.dialog(scene.vesa, vesa, "fetch", settings)
    assert (refused["type"], t("fi", "access.prepare", body="Saarten ohjausryhmä") in refused["value"]) == ("message", True)
    outsider = channel.person("Olli Outo", locale="fi-FI")
    for who, data in (
        (outsider, settings),
        (outsider, edit),
        (scene.aino, {**edit, "title": "Toinen otsikko"}),  # a form that is sent, not one that is asked for
        (scene.aino, {"verb": "cancel_meeting", "meeting_id": edit["meeting_id"], "confirmed": True}),
        (scene.aino, {"verb": "end_round"}),
        (scene.aino, {**edit, "item_id": "no such"}),
        (scene.aino, {}),
    ):
        task = await channel.dialog(who, channel.personal(who), "fetch", data)
        assert task["type"] == "message", data
        assert task["value"]
        assert "Saarten" not in task["value"] or who is not outsider
    assert (await channel.dialog(outsider, channel.personal(outsider), "submit", {**edit, "title": "Vieras"}))["type"] == "message"
    assert rows(tenancy, kept) == before


async def test_a_dialog_is_opened_again_and_again_and_an_older_one_changes_nothing_that_is_newer(tenancy: Tenancy) -> None:
    scene = await published(tenancy)
    fetch = tenancy.channel.dialog
    agenda = await scene.say("show_agenda")
    edit = next(one["data"] for one in rules.of_type(agenda, "Action.Execute") if one["data"]["verb"] == "edit_item")
    # Closed with nothing done, and opened by the same button.
    older, form = [shown(await fetch(scene.aino, scene.desk, "fetch", edit)) for _ in range(2)]
    assert filled(older) == filled(form)
    titles = "select title from item where id = '" + edit["item_id"] + "'"  # noqa: S608
    done = await sent(scene, form, "edit_item", {"title": "Venelaituri"})
    assert (done["type"], "Venelaituri" in done["value"]) == ("message", True)
    # The button on the card that stands there shows what is now; the window from before says what has changed, and keeps what was typed.
    assert filled(shown(await fetch(scene.aino, scene.desk, "fetch", edit)))["title"] == "Venelaituri"
    late = shown(await sent(scene, older, "edit_item", {"title": "Laituri"}))
    assert (filled(late)["title"], rows(tenancy, titles)) == ("Laituri", [("Venelaituri",)])
    # Other buttons of the form lead on in the window.
    settings = await scene.say("show_body")
    window = shown(await fetch(scene.aino, scene.desk, "fetch", way(settings)))
    assert "Saaren kunta" in text_of(shown(await sent(scene, window, "show_seats")))


async def test_a_comment_is_written_in_a_window_for_as_long_as_it_takes(tenancy: Tenancy) -> None:
    scene = await in_review(tenancy)
    fetch = tenancy.channel.dialog
    board = await scene.wait_on_board("Pöytäkirja")
    opened = way(await tenancy.press(scene.bo, scene.board, board, "comment_minutes"))
    refused = await fetch(scene.bo, scene.board, "fetch", {**opened, "text": "Lähetetty ohi lomakkeen."})
    assert refused["type"] == "message"
    form = shown(await fetch(scene.bo, scene.board, "fetch", opened))
    # Nothing typed is said in the window; what is typed is kept, and the window closes.
    (button,) = [one for one in submits(form) if one["data"]["verb"] == "comment_minutes"]
    wrong = shown(await fetch(scene.bo, scene.board, "submit", {**button["data"], **filled(form), "text": "x" * 20_001}))
    assert t("fi", "minutes.comment_long", length=20_001, most=20_000) in text_of(wrong)
    written = {**button["data"], **filled(form), "kind": "remark", "text": "Pitkään kirjoitettu."}
    for _ in range(2):  # Teams sends it again
        done = await fetch(scene.bo, scene.board, "submit", written)
        assert done == {"type": "message", "value": t("fi", "minutes.comment_kept")}, text_of(done)
    assert rows(tenancy, "select text from comment") == [("Pitkään kirjoitettu.",)]
    outsider = tenancy.channel.person("Olli Outo", locale="fi-FI")
    assert (await fetch(outsider, scene.board, "submit", written))["type"] == "message"
    assert rows(tenancy, "select count(*) from comment") == [(1,)]


async def test_a_seat_gets_somebody_found_among_the_people_of_teams(tenancy: Tenancy) -> None:
    scene = await published(tenancy)
    seats = await scene.say("show_seats")
    chosen = next(one for one in rules.of_type(seats, "Input.ChoiceSet") if one["id"] == "seat_id")["choices"][-1]["value"]
    form = await tenancy.press(scene.aino, scene.desk, seats, "show_seat", {"seat_id": chosen})
    pickers = {one["id"]: one for one in rules.of_type(form, "Input.ChoiceSet") if "choices.data" in one}
    assert {"member_account", "deputy_account"} <= set(pickers)
    assert {one["style"] for one in pickers.values()} == {"filtered"}
    stranger = tenancy.channel.person("Kaija Kaukainen")
    found = {"member_account": stranger.account_id, "since": "2026-04-20"}
    answer = await tenancy.press(scene.aino, scene.desk, form, "change_seat", found)
    assert t("fi", "seats.no_such_account") in text_of(answer)
    found["member_account"] = scene.aino.account_id
    answer = await tenancy.press(scene.aino, scene.desk, answer, "change_seat", found)
    assert t("fi", "seats.changed", since="20.4.2026") in text_of(answer)
    seated = f"select person_id from holding where until is null and capacity = 'member' and seat_id = '{chosen}'"  # noqa: S608
    assert rows(tenancy, f"select name from person where id = ({seated})") == [("Aino Saarela",)]  # noqa: S608


async def test_somebody_of_the_roster_is_found_among_the_people_of_teams(tenancy: Tenancy) -> None:
    scene = await published(tenancy)
    channel = tenancy.channel
    shown_seats = await scene.say("show_seats")
    picker = next(one for one in rules.of_type(shown_seats, "Input.ChoiceSet") if one["id"] == "account_id")
    assert (picker["choices.data"]["dataset"], picker["style"]) == ("graph.microsoft.com/users", "filtered")
    stranger = channel.person("Kaija Kaukainen")
    unlinked = next(one for one in rules.of_type(shown_seats, "Input.ChoiceSet") if one["id"] == "person_id")["choices"]
    siv = next(one["value"] for one in unlinked if one["title"] == "Siv Strand")
    # The picker finds everybody of the tenant; the bot knows those of the team.
    answer = await tenancy.press(scene.aino, scene.desk, shown_seats, "link_person", {"person_id": siv, "account_id": stranger.account_id})
    assert t("fi", "seats.no_such_account") in text_of(answer)
    assert rows(tenancy, "select count(*) from person where name = 'Kaija Kaukainen'") == [(0,)]
    answer = await tenancy.press(scene.aino, scene.desk, answer, "link_person", {"person_id": siv, "account_id": scene.aino.account_id})
    assert t("fi", "seats.linked", name="Siv Strand", account="Aino Saarela") in text_of(answer)


async def test_where_there_are_no_dialogs_none_is_offered(tmp_path: Path) -> None:
    async with Room(tmp_path, PLANNED) as room:
        scene = await published(room)
        assert not submits(await scene.say("show_body"))
        seats = await scene.say("show_seats")
        assert not [one for one in rules.of_type(seats, "Input.ChoiceSet") if "choices.data" in one]
