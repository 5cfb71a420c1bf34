"""Who finds what: a member what is approved, the secretary at the desk also what is not yet, nobody anything of a body not theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.errors import MeetingError, Refused
from meetings.model import Body, Conversation, Document, Holding, Item, Meeting, Outcome, Phase, Post
from meetings.screens.base import Screen, Told
from meetings.screens.guide import StatusShown
from meetings.screens.quotes import Quotes
from meetings.screens.search import DecisionsFound, SearchForm
from meetings.use_cases import current, execute, refusal
from storage.transaction import Transaction
from tests.samples import body, meeting
from tests.use_cases.stage import Stage, stage

DESK = Conversation("a:1", "tenant", "https://smba.example/", "personal")
BOARD = Conversation("19:board@thread.tacv2", "tenant", "https://smba.example/", "channel")
GROUP = Conversation("19:chat@thread.v2", "tenant", "https://smba.example/", "group")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Stage]:
    """`body` has one approved meeting, one closed and one in review; in `other` m1 advises, and `foreign` is nobody's here."""
    async with stage(tmp_path, body(), _held("meeting", "body", Phase.APPROVED)) as made:

        def put(tx: Transaction) -> None:
            tx.save(_held("closed", "body", Phase.CLOSED))
            tx.save(_held("review", "body", Phase.REVIEW))
            tx.save(
                Body(
                    "other",
                    "tenant",
                    "Toinen",
                    "19:other@thread.tacv2",
                    holdings=(replace(body().holdings[0], id="oh", body_id="other", seat_id="os"),),
                )
            )
            tx.save(_held("there", "other", Phase.APPROVED))
            tx.save(Body("foreign", "tenant", "Kolmas", "19:third@thread.tacv2", secretary_id="somebody"))
            tx.save(_held("elsewhere", "foreign", Phase.APPROVED))
            former = Holding("hf", "body", "s1", "former", body().holdings[0].capacity, until=date(2025, 12, 31))
            tx.save(replace(tx.body("body"), holdings=(*tx.body("body").holdings, former)))
            tx.save(replace(tx.person("stranger"), id="former", account_id="former"))
            for form in ("pdf", "docx"):
                tx.add_document(Document(f"doc-{form}", "meeting", "approved", form, 1, f"a.{form}", "00"), b"%PDF")

        await made.storage.run(put, actor=await made.person("sec"))
        yield made


def _held(meeting_id: str, body_id: str, phase: Phase) -> Meeting:
    items = (Item(f"{meeting_id}-1", meeting_id, 1, "Venesatama", section=1, decision="Venesatama rakennetaan.", outcome=Outcome.AMENDED),)
    number = {"meeting": 1, "closed": 2, "review": 3}.get(meeting_id, 1)
    return replace(meeting(), id=meeting_id, body_id=body_id, phase=phase, items=items, number=number, day=date(2026, 1, number))


async def _screen(
    room: Stage, who: str, place: Conversation | None, text: str = "venesatama", body_id: str = "", *, wide: bool = False
) -> Screen:
    actor = await room.person(who)

    def work(tx: Transaction) -> Screen:
        tx.conversation = place
        return execute(c.SearchDecisions(text=text, body_id=body_id, wide=wide), tx)

    return await room.storage.run(work, actor=actor)


async def _found(room: Stage, who: str, place: Conversation | None, body_id: str = "", *, wide: bool = False) -> list[str]:
    screen = await _screen(room, who, place, body_id=body_id, wide=wide)
    assert isinstance(screen, DecisionsFound), screen
    assert screen.count == len(screen.rows)
    return [row.found.meeting.id for row in screen.rows]


@pytest.mark.parametrize(
    ("who", "place", "meetings"),
    [
        ("sec", DESK, ["review", "closed", "meeting"]),
        ("sec", BOARD, ["meeting"]),
        ("sec", GROUP, ["meeting"]),
        ("sec", None, ["meeting"]),
        ("m2", DESK, ["meeting"]),
        ("m2", BOARD, ["meeting"]),
        ("m3", DESK, ["meeting"]),
        ("d3", DESK, ["meeting"]),
        ("x1", DESK, ["meeting"]),
    ],
)
async def test_before_approval_only_the_secretary_finds_and_only_at_the_desk(
    room: Stage, who: str, place: Conversation | None, meetings: list[str]
) -> None:
    assert await _found(room, who, place, "body") == meetings


async def test_at_the_desk_all_of_ones_bodies_are_searched_until_one_is_chosen(room: Stage) -> None:
    assert sorted(await _found(room, "m1", DESK)) == ["meeting", "there"]
    await room.storage.run(lambda tx: tx.save(replace(tx.person("m1"), desk_body_id="other")))
    assert await _found(room, "m1", DESK) == ["there"]
    chosen = await _screen(room, "m1", DESK)
    assert c.SearchDecisions(text="venesatama", wide=True) in chosen.steps
    assert sorted(await _found(room, "m1", DESK, wide=True)) == ["meeting", "there"]
    assert not any(isinstance(one, c.SearchDecisions) for one in (await _screen(room, "m1", DESK, wide=True)).steps)


async def test_on_a_board_nothing_of_another_body_is_shown(room: Stage) -> None:
    assert await _found(room, "m1", BOARD) == ["meeting"]
    assert await _found(room, "m1", BOARD, wide=True) == ["meeting"]
    assert not any(isinstance(one, c.SearchDecisions) for one in (await _screen(room, "m1", BOARD)).steps)
    nowhere = Conversation("19:empty@thread.tacv2", "tenant", "https://smba.example/", "channel")
    with pytest.raises(Refused, match=r"scope\.no_body"):
        await _screen(room, "m1", nowhere, wide=True)


@pytest.mark.parametrize(
    ("who", "body_id", "wide"),
    [
        ("stranger", "body", False),
        ("sec", "foreign", False),
        ("former", "body", False),
        ("stranger", "body", True),
        ("former", "body", True),
    ],
)
@pytest.mark.parametrize("place", [DESK, BOARD])
async def test_a_body_in_which_one_has_no_part_is_not_searched(
    room: Stage, who: str, body_id: str, wide: bool, place: Conversation
) -> None:
    with pytest.raises(MeetingError) as caught:
        await _screen(room, who, place, body_id=body_id, wide=wide)
    # Who stands on its channel knows that the body is there.
    assert caught.value.key == ("access.attend" if place is BOARD and body_id == "body" else "storage.not_found")
    actor = await room.person(who)
    command = c.SearchDecisions(text="venesatama", body_id=body_id, wide=wide)
    shown = await room.storage.run(lambda tx: (refusal(command, tx, caught.value), current(command, tx)), actor=actor)
    assert all(isinstance(one, StatusShown | Told) for one in shown)


async def test_who_has_no_body_is_told_so(room: Stage) -> None:
    with pytest.raises(Refused, match=r"scope\.no_body"):
        await _screen(room, "stranger", DESK)


async def test_approved_minutes_open_as_documents_and_others_at_the_item(room: Stage) -> None:
    screen = await _screen(room, "sec", DESK)
    assert isinstance(screen, DecisionsFound)
    opened = {row.found.meeting.id: (len(row.documents), row.way) for row in screen.rows}
    assert opened == {
        "meeting": (2, None),
        "review": (0, c.ShowItem(meeting_id="review", item_id="review-1")),
        "closed": (0, c.ShowItem(meeting_id="closed", item_id="closed-1")),
    }
    elsewhere = await _screen(room, "m1", DESK, body_id="other")
    assert isinstance(elsewhere, DecisionsFound)
    assert [(row.documents, row.way) for row in elsewhere.rows] == [((), c.ShowAgenda(meeting_id="there"))]


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("", None),
        ("  ", None),
        ("§ !?", "search.no_words"),
        (" ".join(f"sana{n}" for n in range(11)), "search.many_words"),
        ("a" * 501, "search.many_words"),
    ],
)
async def test_without_words_to_look_for_the_form_is_shown(room: Stage, text: str, notice: str | None) -> None:
    screen = await _screen(room, "sec", DESK, text)
    assert type(screen) is SearchForm
    assert (screen.notice.key if screen.notice else None) == notice
    assert (screen.body and screen.body.id, screen.text) == ("body", text.strip()[:500])


async def test_a_repeated_press_shows_the_same_and_the_best_ten_are_shown(room: Stage) -> None:
    def put(tx: Transaction) -> None:
        held = tx.meeting("meeting")
        tx.save(replace(held, items=tuple(replace(held.items[0], id=f"i{n}", position=n, section=n) for n in range(1, 13))))

    await room.storage.run(put)
    actor = await room.person("m3")
    command = c.SearchDecisions(text="venesatama", body_id="body")
    first, again = await room.storage.run(lambda tx: (execute(command, tx), current(command, tx)), actor=actor)
    assert first == again
    assert isinstance(first, DecisionsFound)
    assert (len(first.rows), first.count) == (10, 12)


async def _quoted(room: Stage, who: str, command: c.Command) -> list[str]:
    """The meetings of what the person may put into a chat."""
    shown = await room.shown(Quotes, who, command)
    return [one.meeting.id for one in shown.quotes]


@pytest.mark.parametrize("text", ["venesatama", ""])
async def test_in_the_compose_box_everybody_finds_what_is_approved_in_ones_own_bodies(room: Stage, text: str) -> None:
    found = {who: sorted(await _quoted(room, who, c.QuoteDecisions(text=text))) for who in ("sec", "m1", "d3", "x1", "stranger", "former")}
    assert found == {
        "sec": ["meeting"],
        "m1": ["meeting", "there"],
        "d3": ["meeting"],
        "x1": ["meeting"],
        "stranger": [],
        "former": [],
    }


async def test_a_quote_leads_to_the_files_of_the_channel_else_to_the_post_on_the_board(room: Stage) -> None:
    def put(tx: Transaction) -> None:
        for part, activity in (("meeting", "11"), ("approved", "12")):
            tx.save(Post(f"post-{part}", "meeting", part, "19:board@thread.tacv2", activity))

    await room.storage.run(put)
    for link in ("", "https://saaret.sharepoint.example/a.pdf"):
        await room.storage.run(partial(Transaction.note_link, document_id="doc-pdf", link=link))
        for command in (c.QuoteDecisions(text="venesatama"), c.QuoteMinutes(document_id="doc-pdf")):
            (one,) = (await room.shown(Quotes, "sec", command)).quotes
            assert (one.link, one.post) == (link, ("11", "12"))


async def test_a_document_is_quoted_to_those_who_have_a_part_and_nobody_holds_an_empty_office(room: Stage) -> None:
    found = {who: await _quoted(room, who, c.QuoteMinutes(document_id="doc-docx")) for who in ("sec", "d3", "stranger", "former")}
    assert found == {"sec": ["meeting"], "d3": ["meeting"], "stranger": [], "former": []}

    def unknown(tx: Transaction) -> Screen:
        tx.save(replace(tx.body("body"), vice_chair_id=""))
        tx.recognise("tenant", "nobody-knows")
        return execute(c.QuoteMinutes(document_id="doc-pdf"), tx)

    assert await room.storage.run(unknown) == Quotes()
