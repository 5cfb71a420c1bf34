"""Recording item by item and closing, on a real database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cards import render
from meetings import commands as c
from meetings.errors import NotFound
from meetings.model import Attachment, Choice, DeputyCall, Item, Meeting, Outcome, Phase, Standing
from meetings.screens.agenda import AgendaShown, MeetingOnBoard
from meetings.screens.attendance import AttendanceDesk
from meetings.screens.base import Screen, sentence
from meetings.screens.minutes import MinutesDesk
from meetings.screens.record import AttachForm, Closing, DisqualifyForm, DissentForm, ItemDesk, TimesForm, VoteForm
from tests.samples import body, meeting
from tests.use_cases.stage import OPENED, Stage, stage

TEAMS_LIMIT = 80 * 1024
BUTTONS = ["next", "previous", "attendance", "close", "attach", "disqualify", "vote", "dissent"]


@pytest.fixture
async def desk(room: Stage) -> Stage:
    """Open, quorate with m1, m2 and m3, at § 2; it is 10.10."""
    await room.do("m1", c.OpenMeeting())
    await room.do("sec", c.SetAttendance(meeting_id="meeting", sign="present", rest=True))
    room.at("10.05")
    await room.do("m1", c.FindQuorum())
    room.at("10.10")
    return room


def texts(item: Item) -> tuple[str, str, str]:
    return item.handling, item.discussion, item.decision


def then(screen: Screen, what: str) -> c.RecordItem:
    return next(step for step in screen.steps if isinstance(step, c.RecordItem) and step.then == what)


async def outcomes(room: Stage) -> list[str]:
    return [str(item.outcome) for item in sorted((await room.meeting()).items, key=lambda item: item.position)]


async def at_hand(room: Stage) -> str:
    return (await room.meeting()).current_item_id


# --- walking through the items --------------------------------------------------------------------------------------------


async def test_the_desk_shows_the_item_at_hand_and_what_can_be_done(desk: Stage) -> None:
    shown = await desk.shown(ItemDesk, "sec", c.ShowItem())
    assert shown.item.id == "i2"
    assert [step.then for step in shown.steps if isinstance(step, c.RecordItem)] == BUTTONS
    last = await desk.shown(ItemDesk, "sec", c.ShowItem(section="3 §"))
    assert [step.then for step in last.steps if isinstance(step, c.RecordItem)] == [one for one in BUTTONS if one != "next"]
    assert await desk.refused("sec", c.ShowItem(section="9")) == "record.no_such_section"
    assert await desk.refused("m3", c.ShowItem()) == "access.run"


async def test_a_stock_outcome_is_one_press_with_the_text_beside_it_and_the_next_item_follows(desk: Stage) -> None:
    long = "Keskusteltiin pitkään. " * 869  # 20 000 characters, near enough
    shown = await desk.shown(
        ItemDesk,
        "sec",
        c.RecordOutcome(meeting_id="meeting", item_id="i2", outcome="as_proposed", handling=" Esiteltiin. ", discussion=long),
    )
    item = await desk.item(2)
    assert (item.outcome, *texts(item)) == (Outcome.AS_PROPOSED, "Esiteltiin.", long.strip(), "")
    assert (shown.item.id, await at_hand(desk)) == ("i3", "i3")
    assert shown.notice == sentence("record.done_as_proposed", section="2")
    assert shown.meeting == await desk.meeting()


async def test_the_chair_records_too_while_the_meeting_is_open(desk: Stage) -> None:
    await desk.do("m1", c.RecordOutcome(item_id="i2", outcome="noted"))
    assert await outcomes(desk) == ["", "noted", ""]


async def test_an_outcome_can_be_changed_and_taken_back(desk: Stage) -> None:
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="noted"))
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="tabled"))
    assert await outcomes(desk) == ["", "tabled", ""]
    shown = await desk.shown(ItemDesk, "sec", c.TakeBack(meeting_id="meeting", mark_id="i2"))
    assert (shown.item.outcome, await outcomes(desk)) == (Outcome.NONE, ["", "", ""])
    assert await desk.refused("sec", c.RecordOutcome(item_id="i2", outcome="")) == "record.which_outcome"


async def test_going_back_to_a_decided_item_does_not_move_the_meeting(desk: Stage) -> None:
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="noted"))
    back = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    assert back.at_hand is not None
    assert (back.item.id, back.at_hand.id, await at_hand(desk)) == ("i2", "i3", "i3")
    opening = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i1"))
    assert (opening.item.id, await at_hand(desk)) == ("i1", "i3")


# --- texts are never lost -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", BUTTONS)
async def test_every_button_under_the_item_keeps_what_was_typed(desk: Stage, what: str) -> None:
    shown = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    pressed = replace(then(shown, what), handling="Esiteltiin.", discussion="Keskusteltiin.", decision="")
    answer = await desk.do("sec", pressed)
    assert texts(await desk.item(2)) == ("Esiteltiin.", "Keskusteltiin.", "")
    kinds = {
        "next": ItemDesk,
        "previous": ItemDesk,
        "attendance": AttendanceDesk,
        "close": Closing,
        "attach": AttachForm,
        "disqualify": DisqualifyForm,
        "vote": VoteForm,
        "dissent": DissentForm,
    }
    assert type(answer) is kinds[what]
    assert answer.notice == sentence("record.saved", section="2")
    if isinstance(answer, ItemDesk):
        assert answer.item.id == ("i3" if what == "next" else "i1")


async def test_a_field_that_is_not_on_the_card_stays(desk: Stage) -> None:
    await desk.do("sec", c.RecordItem(item_id="i2", handling="A", discussion="B", decision="C"))
    await desk.do("sec", c.RecordItem(item_id="i2", discussion="B2"))
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="amended"))
    assert texts(await desk.item(2)) == ("A", "B2", "C")


async def test_an_old_card_takes_nothing_away_that_was_written_since(desk: Stage) -> None:
    old = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    await desk.do("sec", c.RecordItem(item_id="i2", discussion="Pitkä keskustelu."))
    pressed = c.RecordOutcome(item_id="i2", outcome="noted", handling="", discussion="", decision="", seen=old.seen)
    shown = await desk.shown(ItemDesk, "sec", pressed)
    assert texts(await desk.item(2)) == ("", "Pitkä keskustelu.", "")
    assert (await outcomes(desk), shown.item.id, shown.wrong) == (["", "noted", ""], "i3", False)
    old = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    await desk.do("sec", c.RecordItem(item_id="i2", discussion="Uusi keskustelu."))
    await desk.do("sec", c.RecordItem(item_id="i2", discussion="Pitkä keskustelu.", decision="Ostetaan.", seen=old.seen))
    assert texts(await desk.item(2)) == ("", "Uusi keskustelu.", "Ostetaan.")


async def test_where_two_cards_wrote_both_texts_are_kept_and_it_is_said(desk: Stage) -> None:
    old = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    await desk.do("sec", c.RecordItem(item_id="i2", discussion="Toinen."))
    shown = await desk.shown(ItemDesk, "sec", c.RecordItem(item_id="i2", discussion="Ensimmäinen.", seen=old.seen))
    assert (await desk.item(2)).discussion == "Toinen.\nEnsimmäinen."
    assert (shown.wrong, shown.notice, shown.item.id) == (True, sentence("record.both_kept"), "i2")


async def test_a_text_emptied_on_a_fresh_card_is_emptied(desk: Stage) -> None:
    await desk.do("sec", c.RecordItem(item_id="i2", discussion="Pois."))
    fresh = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    await desk.do("sec", c.RecordItem(item_id="i2", discussion="", seen=fresh.seen))
    assert (await desk.item(2)).discussion == ""


async def test_a_text_too_long_comes_back_as_typed(desk: Stage) -> None:
    command = c.RecordItem(meeting_id="meeting", item_id="i2", discussion="x" * 20_001, decision="")
    shown = await desk.refusal("sec", command)
    assert isinstance(shown, ItemDesk)
    assert (shown.wrong, shown.texts["discussion"]) == (True, "x" * 20_001)
    assert (await desk.item(2)).discussion == ""


async def test_texts_too_long_for_one_card_are_edited_one_at_a_time(desk: Stage) -> None:
    await desk.do("sec", c.RecordItem(item_id="i2", handling="h" * 20_000, discussion="d" * 19_000, decision="Lyhyt."))
    shown = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    assert shown.parts == ("discussion", "decision")
    part = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2", part="handling"))
    assert part.parts == ("handling",)
    for screen in (shown, part):
        card = json.dumps(render(screen, "fi", "nonce"), ensure_ascii=False)
        assert len(card.encode("utf-16-le")) < TEAMS_LIMIT
        assert "h" * 399 in card


# --- quorum -----------------------------------------------------------------------------------------------------------------


async def test_without_a_quorum_the_discussion_is_kept_and_the_decision_comes_back(desk: Stage) -> None:
    for who in ("m2", "m3"):
        await desk.do(who, c.SignIn(sign="left"))
    shown = await desk.shown(
        ItemDesk,
        "sec",
        c.RecordOutcome(meeting_id="meeting", item_id="i2", outcome="as_proposed", discussion="Keskusteltiin.", decision="Ostetaan."),
    )
    item = await desk.item(2)
    assert (item.outcome, *texts(item)) == (Outcome.NONE, "", "Keskusteltiin.", "")
    assert (shown.wrong, shown.notice, shown.texts["decision"]) == (
        True,
        sentence("record.no_quorum", filled=1, seats=3, needed=2),
        "Ostetaan.",
    )
    typed = await desk.shown(ItemDesk, "sec", c.RecordItem(item_id="i2", decision="Ostetaan.", then="next"))
    assert (typed.wrong, typed.item.id, (await desk.item(2)).decision) == (True, "i2", "")
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="tabled"))
    assert await outcomes(desk) == ["", "tabled", ""]


async def test_before_the_finding_the_opening_can_be_written_but_nothing_decided(room: Stage) -> None:
    await room.do("m1", c.OpenMeeting())
    await room.do("sec", c.RecordItem(item_id="i1", decision="Puheenjohtaja toivotti tervetulleeksi."))
    assert (await room.item(1)).decision == "Puheenjohtaja toivotti tervetulleeksi."
    shown = await room.shown(ItemDesk, "sec", c.RecordOutcome(item_id="i2", outcome="noted"))
    assert shown.notice == sentence("record.quorum_first")
    assert await at_hand(room) == "i1"


# --- disqualification ---------------------------------------------------------------------------------------------------------


async def test_who_stands_aside_is_back_when_the_meeting_moves_on(desk: Stage) -> None:
    shown = await desk.shown(
        ItemDesk, "sec", c.Disqualify(meeting_id="meeting", item_id="i2", person_id="m2", ground="osakas", deputy_id="d2", left_at="10.06")
    )
    assert shown.quorum.filled == 3
    held = await desk.meeting()
    stood = held.disqualifications[0]
    assert (stood.person_id, stood.ground, stood.deputy_id, stood.left_at, stood.back_at) == (
        "m2",
        "osakas",
        "d2",
        datetime(2026, 5, 11, 7, 6, tzinfo=UTC),
        None,
    )
    assert held.deputy_calls == (DeputyCall(held.deputy_calls[0].id, "meeting", "s2", "d2", "sec", desk.now, "i2", accepted=True),)
    desk.at("10.20")
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="as_proposed"))
    assert (await desk.meeting()).disqualifications == (replace(stood, back_at=desk.now),)


async def test_who_stands_aside_in_a_later_item_is_not_back_before_it(desk: Stage) -> None:
    await desk.do("sec", c.Disqualify(item_id="i3", person_id="m2", ground="osakas"))
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="noted"))
    assert [one.back_at for one in (await desk.meeting()).disqualifications] == [None]


async def test_without_a_deputy_the_item_may_lose_its_quorum(desk: Stage) -> None:
    await desk.do("m3", c.SignIn(sign="left"))
    shown = await desk.shown(ItemDesk, "sec", c.Disqualify(item_id="i2", person_id="m2", ground="osakas"))
    assert (shown.quorum.filled, shown.quorum.quorate) == (1, False)
    other = await desk.shown(ItemDesk, "sec", c.ShowItem(item_id="i3", meeting_id="meeting"))
    assert other.quorum.quorate


async def test_the_secretary_and_an_expert_can_be_disqualified_a_stranger_cannot(desk: Stage) -> None:
    await desk.do("sec", c.SetAttendance(person_ids=("x1",), sign="present"))
    form = await desk.shown(DisqualifyForm, "sec", c.Disqualify(meeting_id="meeting", item_id="i2"))
    assert form.present == ("m1", "m2", "m3", "x1", "sec")
    assert form.deputies == (("d1", "m1"), ("d2", "m2"), ("d3", "m3"))
    for who in ("sec", "x1"):
        await desk.do("sec", c.Disqualify(item_id="i2", person_id=who, ground="sukulainen"))
    assert [one.person_id for one in (await desk.meeting()).disqualifications] == ["sec", "x1"]
    assert await desk.refused("sec", c.Disqualify(item_id="i2", person_id="stranger", ground="x")) == "attendance.no_such_person"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"person_id": "m2"}, "record.who_and_why"),
        ({"ground": "osakas"}, "record.who_and_why"),
        ({"person_id": "m2", "ground": "osakas", "deputy_id": "d3"}, "record.not_their_deputy"),
        ({"person_id": "sec", "ground": "osakas", "deputy_id": "d2"}, "record.not_their_deputy"),
        ({"person_id": "m2", "ground": "osakas", "left_at": "10.08", "back_at": "10.07"}, "record.back_before"),
        ({"person_id": "m2", "ground": "osakas", "left_at": "9.50"}, "attendance.before_opening"),
        ({"person_id": "m2", "ground": "x" * 1001}, "record.too_long"),
    ],
)
async def test_a_disqualification_that_cannot_be_is_refused_with_the_form_as_typed(desk: Stage, fields: dict[str, str], key: str) -> None:
    command = c.Disqualify(meeting_id="meeting", item_id="i2", **fields)
    assert await desk.refused("sec", command) == key
    shown = await desk.refusal("sec", command)
    assert isinstance(shown, DisqualifyForm)
    assert {name: getattr(shown, name) for name in fields} == fields


async def test_a_disqualification_is_put_right_and_taken_back(desk: Stage) -> None:
    await desk.do("sec", c.Disqualify(item_id="i2", person_id="m2", ground="osakas", deputy_id="d2", left_at="10.06"))
    form = await desk.shown(DisqualifyForm, "sec", c.Disqualify(meeting_id="meeting", item_id="i2", person_id="m2"))
    assert (form.ground, form.left_at, form.back_at, form.deputy_id) == ("osakas", "10.06", "", "d2")
    await desk.do("sec", c.Disqualify(item_id="i2", person_id="m2", ground="osakas yhtiössä", left_at="10.07", back_at="10.09"))
    held = await desk.meeting()
    assert [(one.ground, one.deputy_id) for one in held.disqualifications] == [("osakas yhtiössä", "")]
    assert held.deputy_calls == ()
    await desk.do("sec", c.TakeBack(meeting_id="meeting", mark_id=held.disqualifications[0].id))
    assert (await desk.meeting()).disqualifications == ()


# --- votes --------------------------------------------------------------------------------------------------------------------


async def test_a_vote_is_recorded_corrected_and_taken_back(desk: Stage) -> None:
    await desk.do(
        "sec",
        c.RecordVote(meeting_id="meeting", item_id="i2", counter_proposal="Ei osteta.", votes_for="2", votes_against="1", secret=True),
    )
    vote = (await desk.meeting()).votes[0]
    assert (vote.counter_proposal, vote.votes_for, vote.votes_against, vote.blank, vote.secret, vote.chair_choice) == (
        "Ei osteta.",
        2,
        1,
        0,
        True,
        None,
    )
    form = await desk.shown(VoteForm, "sec", c.RecordVote(meeting_id="meeting", item_id="i2"))
    assert (form.votes_for, form.votes_against, form.blank, form.secret, form.voices) == ("2", "1", "0", True, 3)
    await desk.do("sec", c.RecordVote(item_id="i2", votes_for="1", votes_against="1", blank="1", tie="against"))
    again = (await desk.meeting()).votes
    assert [(one.id, one.votes_for, one.chair_choice) for one in again] == [(vote.id, 1, Choice.AGAINST)]
    await desk.do("sec", c.TakeBack(meeting_id="meeting", mark_id=vote.id))
    assert (await desk.meeting()).votes == ()


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"votes_for": "3", "votes_against": "1"}, "record.too_many_votes"),
        ({"votes_for": "0", "votes_against": "0"}, "record.no_votes"),
        ({"votes_for": "1", "votes_against": "1"}, "record.tie"),
        ({"votes_for": "1", "votes_against": "1", "tie": "blank"}, "record.tie"),
        ({"votes_for": "kaksi", "votes_against": "1"}, "record.votes_unread"),
        ({"votes_for": "-1", "votes_against": "1"}, "record.votes_unread"),
    ],
)
async def test_a_vote_that_cannot_be_is_refused_with_the_form_as_typed(desk: Stage, fields: dict[str, str], key: str) -> None:
    command = c.RecordVote(meeting_id="meeting", item_id="i2", **fields)  # type: ignore[arg-type]  # only texts
    assert await desk.refused("sec", command) == key
    shown = await desk.refusal("sec", command)
    assert isinstance(shown, VoteForm)
    assert {name: getattr(shown, name) for name in fields} == fields


async def test_an_election_decided_by_lot_is_written_into_the_decision_once(desk: Stage) -> None:
    await desk.do("sec", c.RecordItem(item_id="i2", decision="Valittiin Essi Erä."))
    for tie in ("lot_for", "lot_against", "lot_against"):
        await desk.do("sec", c.RecordVote(item_id="i2", votes_for="1", votes_against="1", tie=tie))
    item = await desk.item(2)
    assert item.decision == "Valittiin Essi Erä.\nÄänet menivät tasan, ja arpa ratkaisi vaalin vastaehdotuksen hyväksi."
    assert (await desk.meeting()).votes[0].chair_choice is None
    await desk.do("sec", c.RecordVote(item_id="i2", votes_for="2", votes_against="1"))
    assert (await desk.item(2)).decision == "Valittiin Essi Erä."


async def test_a_vote_needs_a_quorum_and_counts_only_voices_in_the_item(desk: Stage) -> None:
    await desk.do("sec", c.Disqualify(item_id="i2", person_id="m3", ground="osakas"))
    assert await desk.refused("sec", c.RecordVote(item_id="i2", votes_for="2", votes_against="1")) == "record.too_many_votes"
    await desk.do("m2", c.SignIn(sign="left"))
    assert await desk.refused("sec", c.RecordVote(item_id="i2", votes_for="1", votes_against="0")) == "record.no_quorum"


# --- dissent and attachments --------------------------------------------------------------------------------------------------


async def test_dissent_is_of_one_who_took_part(desk: Stage) -> None:
    await desk.do("sec", c.Disqualify(item_id="i2", person_id="m2", ground="osakas", deputy_id="d2"))
    form = await desk.shown(DissentForm, "sec", c.RecordDissent(meeting_id="meeting", item_id="i2"))
    assert form.present == ("m1", "d2", "m3")
    for text in ("Liian kallis.", "Aivan liian kallis."):
        await desk.do("sec", c.RecordDissent(item_id="i2", person_id="d2", text=text))
    assert [(one.person_id, one.text) for one in (await desk.meeting()).dissents] == [("d2", "Aivan liian kallis.")]
    for who in ("m2", "d3", "x1", "stranger"):
        assert await desk.refused("sec", c.RecordDissent(item_id="i2", person_id=who)) == "record.was_not_there"
    await desk.do("sec", c.TakeBack(meeting_id="meeting", mark_id=(await desk.meeting()).dissents[0].id))
    assert (await desk.meeting()).dissents == ()


async def test_attachments_keep_their_numbers(desk: Stage) -> None:
    await desk.do("sec", c.AttachDocument(item_id="i2", title="Talousraportti"))
    await desk.do("sec", c.AttachDocument(item_id="i2", title="Tarjous", link="https://example.org/t.pdf"))
    await desk.do("sec", c.AttachDocument(item_id="i3", title=" TALOUSRAPORTTI ", link="https://example.org/r.pdf"))
    held = (await desk.meeting()).attachments
    assert held == (
        Attachment(held[0].id, "meeting", 1, "Talousraportti", "https://example.org/r.pdf", ("i2", "i3")),
        Attachment(held[1].id, "meeting", 2, "Tarjous", "https://example.org/t.pdf", ("i2",)),
    )
    for fields, key in (
        ({"title": "A", "link": "http://example.org"}, "record.link_wrong"),
        ({"title": "A", "link": "https://a b"}, "record.link_wrong"),
        ({"title": "x" * 301}, "record.title_long"),
    ):
        command = c.AttachDocument(meeting_id="meeting", item_id="i2", **fields)
        assert await desk.refused("sec", command) == key
        shown = await desk.refusal("sec", command)
        assert isinstance(shown, AttachForm)
        assert shown.title == fields["title"]


async def test_an_attachment_before_the_meeting_is_a_change_of_the_agenda(room: Stage) -> None:
    shown = await room.shown(AgendaShown, "sec", c.AttachDocument(meeting_id="meeting", item_id="i2", title="Talousraportti"))
    assert shown.notice == sentence("record.attached", title="Talousraportti")
    assert (await room.item(2)).changed_at == OPENED
    assert len(await room.effects("RenderDocuments")) == 1


# --- closing --------------------------------------------------------------------------------------------------------------------


async def finish(desk: Stage) -> None:
    for item_id in ("i2", "i3"):
        await desk.do("sec", c.RecordOutcome(item_id=item_id, outcome="as_proposed"))


async def test_closing_names_what_lacks_an_outcome(desk: Stage) -> None:
    await desk.do("sec", c.RecordItem(item_id="i3", decision="Päätettiin ostaa vene."))
    shown = await desk.shown(Closing, "sec", c.CloseMeeting(meeting_id="meeting", at="10.10"))
    assert [item.id for item in shown.items] == ["i2"]
    assert (await desk.meeting()).phase is Phase.OPEN


async def test_a_mere_press_asks_for_the_time_and_a_time_closes(desk: Stage) -> None:
    await finish(desk)
    asked = await desk.shown(Closing, "sec", c.CloseMeeting(meeting_id="meeting"))
    assert asked.items == ()
    desk.at("10.45")
    shown = await desk.shown(MeetingOnBoard, "m1", c.CloseMeeting(meeting_id="meeting", confirmed=True))
    held = await desk.meeting()
    assert (held.phase, held.closed_at, held.current_item_id) == (Phase.CLOSED, desk.now, "")
    assert shown.meeting == held
    assert await desk.refused("m1", c.RecordItem(meeting_id="meeting", item_id="i2", discussion="Myöhässä.")) == "access.run"


async def test_closing_before_the_opening_or_before_the_last_departure_is_refused(desk: Stage) -> None:
    await finish(desk)
    await desk.do("m3", c.SignIn(sign="left"))
    desk.at("10.45")
    assert await desk.refused("sec", c.CloseMeeting(meeting_id="meeting", at="9.45")) == "attendance.before_opening"
    assert await desk.refused("sec", c.CloseMeeting(meeting_id="meeting", at="10.07")) == "attendance.closed_before"
    shown = await desk.refusal("sec", c.CloseMeeting(meeting_id="meeting", at="10.07"))
    assert isinstance(shown, Closing)
    assert shown.at == "10.07"
    await desk.do("sec", c.CloseMeeting(at="10.44"))
    assert (await desk.meeting()).closed_at == datetime(2026, 5, 11, 7, 44, tzinfo=UTC)


async def test_an_old_closing_card_does_not_close_a_meeting_that_has_moved_on(desk: Stage) -> None:
    await finish(desk)
    held = await desk.meeting()
    await desk.do("m3", c.SignIn(sign="left"))
    command = c.CloseMeeting(meeting_id="meeting", version=held.version, confirmed=True)
    assert await desk.refused("sec", command) == "stale.meeting"


async def test_who_stood_aside_to_the_end_is_back_when_the_meeting_closes(desk: Stage) -> None:
    await desk.do("sec", c.RecordOutcome(item_id="i2", outcome="noted"))
    await desk.do("sec", c.RecordItem(item_id="i3", decision="Päätettiin."))
    await desk.do("sec", c.Disqualify(item_id="i3", person_id="m2", ground="osakas"))
    desk.at("10.45")
    await desk.do("sec", c.CloseMeeting(at="10.40"))
    assert (await desk.meeting()).disqualifications[0].back_at == datetime(2026, 5, 11, 7, 40, tzinfo=UTC)


async def test_the_times_of_opening_and_closing_are_put_right_afterwards(desk: Stage) -> None:
    form = await desk.shown(TimesForm, "sec", c.CorrectTimes(meeting_id="meeting"))
    assert (form.opened, form.closed) == ("10.00", "")
    assert await desk.refused("sec", c.CorrectTimes(meeting_id="meeting", opened="10.30")) == "attendance.time_ahead"
    desk.at("10.45")
    assert await desk.refused("sec", c.CorrectTimes(meeting_id="meeting", closed="10.30")) == "record.still_open"
    await finish(desk)
    await desk.do("sec", c.CloseMeeting(at="10.44"))
    desk.now = desk.now.replace(day=12)
    before = await desk.meeting()
    await desk.do("sec", c.CorrectTimes(meeting_id="meeting", opened="10.01", closed="10.42"))
    held = await desk.meeting()
    assert (held.opened_at, held.closed_at) == (datetime(2026, 5, 11, 7, 1, tzinfo=UTC), datetime(2026, 5, 11, 7, 42, tzinfo=UTC))
    assert [item.changed_at for item in held.items] == [desk.now, None, None]
    assert await desk.refused("sec", c.CorrectTimes(meeting_id="meeting", closed="10.00")) == "attendance.closed_before_opening"
    assert held.version == before.version + 1


async def test_a_time_that_was_only_shown_is_no_correction_and_keeps_its_seconds(room: Stage) -> None:
    room.at("10.00.42")
    await room.do("m1", c.OpenMeeting())
    room.at("10.45")
    before = await room.meeting()
    for shown in ("10:00", "10.00", "klo 10.00"):
        await room.do("sec", c.CorrectTimes(meeting_id="meeting", opened=shown))
    assert await room.meeting() == before
    await room.do("sec", c.CorrectTimes(meeting_id="meeting", opened="10:01"))
    assert (await room.meeting()).opened_at == datetime(2026, 5, 11, 7, 1, tzinfo=UTC)


async def test_after_closing_a_correction_is_a_change_of_the_minutes_and_needs_a_time(desk: Stage) -> None:
    await finish(desk)
    await desk.do("sec", c.CloseMeeting(at="10.10"))
    desk.at("11.00")
    shown = await desk.shown(ItemDesk, "sec", c.ShowItem(meeting_id="meeting", item_id="i2"))
    assert isinstance(await desk.do("sec", replace(then(shown, "minutes"), discussion="Lisäys.")), MinutesDesk)
    item = await desk.item(2)
    assert (item.discussion, item.changed_at) == ("Lisäys.", desk.now)
    movement = c.NoteMovement(meeting_id="meeting", person_ids=("m3",), direction="left", item_id="i3")
    assert await desk.refused("sec", movement) == "attendance.time_needed"
    await desk.do("sec", replace(movement, clock="10.08"))
    assert await desk.refused("sec", c.TakeBack(meeting_id="meeting", mark_id="i2")) == "record.outcome_stays"


async def test_an_item_added_during_the_meeting_is_recorded_like_the_others(desk: Stage) -> None:
    await finish(desk)
    await desk.do("sec", c.AddItem(meeting_id="meeting", title="Veneen nimi"))
    held = await desk.meeting()
    added = next(item for item in held.items if item.title == "Veneen nimi")
    assert (added.section, added.position) == (4, 4)
    shown = await desk.shown(Closing, "sec", c.CloseMeeting(meeting_id="meeting", at="10.10"))
    assert [item.id for item in shown.items] == [added.id]
    await desk.do("sec", c.RecordOutcome(item_id=added.id, outcome="noted"))
    await desk.do("sec", c.CloseMeeting(at="10.10"))
    assert (await desk.meeting()).phase is Phase.CLOSED


async def test_the_standing_items_record_themselves(tmp_path: Path) -> None:
    standings = (Standing.OPENING, Standing.QUORUM, Standing.ANNOUNCEMENTS, Standing.CLOSING)
    items = tuple(Item(f"i{n}", "meeting", n, one.value, section=n, standing=one) for n, one in enumerate(standings, start=1))
    held: Meeting = replace(meeting(0), items=items)
    async with stage(tmp_path, body(), held) as room:
        await room.do("m1", c.OpenMeeting())
        await room.do("sec", c.SetAttendance(meeting_id="meeting", sign="present", rest=True))
        await room.do("m1", c.FindQuorum())
        assert await at_hand(room) == "i3"
        lacks = await room.shown(Closing, "sec", c.CloseMeeting(meeting_id="meeting"))
        assert [item.id for item in lacks.items] == ["i3"]
        closing = await room.shown(
            ItemDesk, "sec", c.RecordOutcome(item_id="i3", outcome="noted", handling="Avustus saatiin.\nUusi osoite.")
        )
        assert (closing.item.id, await at_hand(room)) == ("i4", "i4")
        assert [step.then for step in closing.steps if isinstance(step, c.RecordItem)] == ["previous", "attendance", "close", "attach"]
        await room.do("m1", c.CloseMeeting(meeting_id="meeting", confirmed=True))
        assert (await room.item(3)).handling == "Avustus saatiin.\nUusi osoite."


async def test_a_meeting_of_another_body_is_not_found(desk: Stage) -> None:
    with pytest.raises(NotFound):
        await desk.do("sec", c.ShowItem(meeting_id="elsewhere", item_id="i2"))
