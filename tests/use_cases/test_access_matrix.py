"""Role × command × phase: what the access table opens is open, all else is refused and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from collections.abc import Set as AbstractSet
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from meetings import commands as c
from meetings.access import ACCESS, Right, Role, roles
from meetings.commands import Command, stem
from meetings.errors import MeetingError, NotAllowed, NotFound, Refused
from meetings.model import Approval, Body, Capacity, Conversation, Draft, Holding, Meeting, Person, Phase, Round, Seat
from meetings.screens.base import Screen
from meetings.screens.guide import StatusShown
from meetings.use_cases import current, execute, refusal, require_right
from storage.transaction import Transaction
from tests.samples import NOW
from tests.samples import body as sample_body
from tests.samples import meeting as sample_meeting
from tests.use_cases.stage import Stage, stage

PEOPLE = ("sec", "m1", "m2", "m3", "d3", "x1", "next", "former", "other-sec", "stranger", "foreigner")
# Where it is said: at one's own desk, on the body's board, on the board of another body.
DESK, BOARD, ELSEWHERE = "desk", "board", "elsewhere"
CLOCK = [command for command, access in ACCESS.items() if access.right is Right.CLOCK]
PRESSED = [command for command in ACCESS if command not in CLOCK]

# Who may give which command in which phase, written by hand beside the table of the code: both are held to each other here, and the bot to
# both. m1 is the chair, m2 the vice-chair, m3 a member and the checker, d3 their deputy, x1 the expert; `next` has a seat from next month,
# `former` had one until last month.
SEC, CHAIRS, SEATS = {"sec"}, {"m1", "m2"}, {"m1", "m2", "m3", "d3"}
PART = SEC | SEATS | {"x1"}
ALL = frozenset(PEOPLE) - {"foreigner"}
BEFORE = "planned published"
RECORD = "open closed review"
SAYS: dict[str, tuple[AbstractSet[str], str]] = {
    "welcome": (ALL, ""),
    "show_help": (ALL, ""),
    "show_status": (ALL, ""),
    "ask_again": (ALL, ""),
    "search_decisions": (ALL, ""),
    "quote_decisions": (ALL, ""),
    "quote_minutes": (ALL, ""),
    "choose_body": (ALL, ""),
    "choose_language": (ALL, ""),
    "mute_messages": (ALL, ""),
    "unmute_messages": (ALL, ""),
    "show_my_data": (ALL, ""),
    "show_seats": (ALL, ""),
    "show_meetings": (ALL, ""),
    "show_meeting": (ALL, f"{BEFORE} {RECORD} approved"),
    "show_board": (ALL, ""),
    "open_desk": (SEC, RECORD),
    "show_agenda": (ALL, f"{BEFORE} {RECORD} approved"),
    "set_up_body": (ALL, ""),
    "take_text": (SEC, ""),
    "use_text": (SEC, ""),
    "answer_question": (SEC, ""),
    "show_draft": (SEC, ""),
    "drop_draft": (SEC, ""),
    "show_body": (SEC, ""),
    "change_body": (SEC, ""),
    "change_standing_items": (SEC, ""),
    "take_template": (SEC, ""),
    "read_roster": (SEC, ""),
    "confirm_roster": (SEC, ""),
    "show_seat": (SEC, ""),
    "change_seat": (SEC, ""),
    "link_person": (SEC, ""),
    "plan_meeting": (SEC, ""),
    "read_dates": (SEC, ""),
    "confirm_dates": (SEC, ""),
    "ask_calendars": (SEC, ""),
    "open_poll": (SEC, ""),
    "close_poll": (SEC, ""),
    "show_poll": (ALL, ""),
    "answer_poll": (PART, ""),
    "move_meeting": (SEC, BEFORE),
    "cancel_meeting": (SEC, BEFORE),
    "restore_event": (SEC, BEFORE),
    "read_agenda": (SEC, BEFORE),
    "confirm_agenda": (SEC, BEFORE),
    "publish_agenda": (SEC, BEFORE),
    "move_item": (SEC, BEFORE),
    "add_item": (SEC, f"{BEFORE} open"),
    "edit_item": (SEC, f"{BEFORE} open"),
    "remove_item": (SEC, f"{BEFORE} open"),
    "call_deputy": (SEC, f"{BEFORE} open"),
    "attach_document": (SEC, f"{BEFORE} {RECORD}"),
    "show_attendance": (SEC, f"{BEFORE} {RECORD}"),
    "set_attendance": (SEC, f"{BEFORE} {RECORD}"),
    "sign_in": (PART, f"{BEFORE} open"),
    "show_deputies": (PART, f"{BEFORE} {RECORD} approved"),
    "open_meeting": (SEC | CHAIRS, BEFORE),
    "find_quorum": (SEC | CHAIRS, "open"),
    "close_meeting": (SEC | CHAIRS, "open"),
    "note_movement": (SEC, RECORD),
    "show_item": (SEC, RECORD),
    "record_item": (SEC, RECORD),
    "record_outcome": (SEC, RECORD),
    "disqualify": (SEC, RECORD),
    "record_vote": (SEC, RECORD),
    "record_dissent": (SEC, RECORD),
    "take_back": (SEC, RECORD),
    "correct_times": (SEC, RECORD),
    "prepare_minutes": (SEC, "closed review approved"),
    "send_minutes": (SEC, "closed review"),
    "show_comments": (SEC, "review approved"),
    "answer_comment": (SEC, "review"),
    "approve_minutes": (SEC, "review"),
    "comment_minutes": (SEATS, "review"),
    "answer_no_comments": (SEATS, "review"),
    "check_minutes": ({"m3"}, "review"),
}
# What the chair and the vice-chair may do beside the secretary while the meeting is open.
WHILE_OPEN = {
    "add_item",
    "edit_item",
    "remove_item",
    "call_deputy",
    "open_desk",
    "attach_document",
    "show_attendance",
    "set_attendance",
    "note_movement",
    "show_item",
    "record_item",
    "record_outcome",
    "disqualify",
    "record_vote",
    "record_dissent",
    "take_back",
    "correct_times",
}


def _body() -> Body:
    body = sample_body(checker_ids=("m3",), approval=Approval.CHECKERS)
    day = date(2026, 5, 11)
    seat = body.seats[1].id
    coming = Holding("h-next", body.id, seat, "next", Capacity.DEPUTY, 7, since=day + timedelta(days=30))
    gone = Holding("h-former", body.id, seat, "former", Capacity.DEPUTY, 8, until=day - timedelta(days=30))
    return replace(body, holdings=(*body.holdings, coming, gone))


def _meeting(phase: Phase) -> Meeting:
    made = sample_meeting(phase=phase)
    opened = phase not in {Phase.PLANNED, Phase.PUBLISHED, Phase.CANCELLED}
    closed = opened and phase is not Phase.OPEN
    sent = Round("round", "meeting", 1, NOW, date(2026, 5, 18), None, "Europe/Helsinki")
    return replace(
        made,
        published_at=None if phase is Phase.PLANNED else NOW,
        opened_at=NOW - timedelta(hours=2) if opened else None,
        closed_at=NOW - timedelta(minutes=5) if closed else None,
        current_item_id="i2" if phase is Phase.OPEN else "",
        rounds=(sent,) if phase in {Phase.REVIEW, Phase.APPROVED} else (),
    )


@pytest.fixture(params=list(Phase))
async def room(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with stage(tmp_path, _body(), _meeting(request.param)) as made:

        def put(tx: Transaction) -> None:
            for one, tenant in (("other-sec", "tenant"), ("foreigner", "elsewhere")):
                tx.save(Person(one, tenant, f"Nimi {one}", account_id=f"account-{one}", channel_id=f"29:{one}"))
            tx.save(Body("other", "tenant", "Toinen", "19:other@thread.tacv2", secretary_id="other-sec", seats=(Seat("os", "other", 1),)))
            tx.save(Draft("draft", "body", "agenda", "1 § Venesatama", "meeting"))

        await made.storage.run(put, actor=await made.person("sec"))
        yield made


def _about(command: type[Command]) -> Command:
    """The command on the sample, with nothing else filled in."""
    ids = {"body_id": "body", "meeting_id": "meeting", "draft_id": "draft"}
    return command(**{field.name: ids[field.name] for field in fields(command) if field.name in ids})


def _is_of_the_body(command: type[Command]) -> bool:
    return any(field.name in {"body_id", "meeting_id", "draft_id"} for field in fields(command))


class _Undone(Exception):
    """Ends a transaction that is only looked at."""


def _place(where: str, body: Body) -> Conversation | None:
    if where == DESK:
        return None
    return Conversation(body.channel_id if where == BOARD else "19:other@thread.tacv2", "tenant", "https://x/", "channel")


async def _tried(room: Stage, who: str, command: Command) -> MeetingError | None:
    """How the command ends for the person; nothing of it is kept."""
    actor = await room.person(who)

    def work(tx: Transaction) -> None:
        execute(command, tx)
        raise _Undone

    try:
        await room.storage.run(work, actor=actor)
    except _Undone:
        return None
    except MeetingError as error:
        return error
    raise AssertionError


async def test_what_the_table_opens_is_open_and_nothing_else(room: Stage) -> None:
    meeting, body = await room.meeting(), await room.body()
    wrong = []
    for command in (one for one in PRESSED if _is_of_the_body(one)):
        for who in PEOPLE:
            expected, error = _expected(command, who, DESK, meeting), await _tried(room, who, _about(command))
            if not expected(error):
                wrong.append((stem(command), who, type(error).__name__, getattr(error, "key", "")))
    assert wrong == []
    assert (await room.meeting(), await room.body()) == (meeting, body)


@pytest.mark.parametrize("where", [BOARD, ELSEWHERE])
async def test_on_its_board_strangers_look_and_nowhere_else(room: Stage, where: str) -> None:
    meeting, body = await room.meeting(), await room.body()
    wrong: list[tuple[str, ...]] = []
    for who in PEOPLE:

        def asked(tx: Transaction, who: str = who) -> None:
            for command in (one for one in PRESSED if _is_of_the_body(one)):
                error = None
                try:
                    require_right(_about(command), tx)
                except MeetingError as caught:
                    error = caught
                if not _expected(command, who, where, meeting)(error):
                    wrong.append((stem(command), who, type(error).__name__, getattr(error, "key", "")))

        await room.storage.run(asked, actor=await room.person(who), conversation=_place(where, body))
    assert wrong == []


def test_the_table_by_hand_has_every_command() -> None:
    assert sorted(SAYS) == sorted(stem(one) for one in PRESSED)
    assert {one for one, (who, _) in SAYS.items() if who == SEC} >= WHILE_OPEN


async def test_the_clock_is_nobody(room: Stage) -> None:
    before = await room.meeting()
    for command in (c.EndRound(meeting_id="meeting", round_id="round"), c.RemindRound(meeting_id="meeting", round_id="round")):
        for who in PEOPLE:
            assert isinstance(await _tried(room, who, command), NotAllowed | NotFound), who
    assert await room.meeting() == before


@pytest.mark.parametrize("where", [DESK, BOARD, ELSEWHERE])
async def test_neither_a_repeat_nor_a_refusal_shows_what_one_may_not_see(room: Stage, where: str) -> None:
    meeting, body = await room.meeting(), await room.body()
    seen: list[tuple[str, str, Screen]] = []
    for who in PEOPLE:
        shut = _is_shut_out(who, where)

        def looked(tx: Transaction, who: str = who, shut: bool = shut) -> None:
            for command in (one for one in PRESSED if _is_of_the_body(one)):
                if shut or who not in _allowed(stem(command), meeting):
                    about = _about(command)
                    for shown in (current(about, tx), refusal(about, tx, Refused("file.empty", name="x"))):
                        if not isinstance(shown, StatusShown) or (shut and "body" in {one.id for one, _ in shown.bodies}):
                            seen.append((stem(command), who, shown))

        await room.storage.run(looked, actor=await room.person(who), conversation=_place(where, body))
    assert seen == []
    assert (await room.meeting(), await room.body()) == (meeting, body)


def _expected(command: type[Command], who: str, where: str, meeting: Meeting) -> Callable[[MeetingError | None], bool]:
    # Drafts know their meeting; a command of a body alone knows none, and no phase.
    of_meeting = any(field.name in {"meeting_id", "draft_id"} for field in fields(command))
    phases = SAYS[stem(command)][1].split()
    if _is_shut_out(who, where):
        return lambda error: type(error) is NotFound
    if who not in _allowed(stem(command), meeting if of_meeting else None):
        return lambda error: type(error) is NotAllowed
    if of_meeting and phases and meeting.phase not in phases:
        return lambda error: type(error) is Refused and error.key == f"phase.{meeting.phase}"
    return lambda error: error is None or (type(error) is not NotAllowed and not error.key.startswith(("phase.", "storage.")))


def _allowed(command: str, meeting: Meeting | None) -> AbstractSet[str]:
    who = SAYS[command][0]
    return who | CHAIRS if command in WHILE_OPEN and meeting is not None and meeting.phase is Phase.OPEN else who


def _is_shut_out(who: str, where: str) -> bool:
    """For whom the body does not exist: another tenant's anywhere, and off its board all who have no part in it."""
    return who == "foreigner" or (where != BOARD and who in {"stranger", "other-sec", "former"})


def test_the_sample_has_every_role() -> None:
    body = _body()
    people = (Person(one, "tenant", one) for one in PEOPLE)
    assert frozenset().union(*(roles(body, one, date(2026, 5, 11)) for one in people)) == frozenset(Role)


async def test_a_meeting_is_of_those_who_held_its_seats_that_day(tmp_path: Path) -> None:
    """A term that ended since takes away nothing from the minutes of a meeting one sat in; one that begins before it is asked already."""
    body, day = _body(), date(2026, 5, 11)
    ended = tuple(replace(one, until=day + timedelta(days=5)) if one.person_id == "m3" else one for one in body.holdings)
    body = replace(body, holdings=ended, checker_ids=())
    later = replace(_meeting(Phase.PUBLISHED), id="later", number=5, day=day + timedelta(days=60), items=())
    async with stage(tmp_path, replace(body, approval=Approval.TACIT), _meeting(Phase.REVIEW)) as room:
        await room.storage.run(lambda tx: tx.save(later), actor=await room.person("sec"))
        room.now += timedelta(days=6)
        assert await room.refused("m3", c.ShowMeetings(body_id="body")) == "storage.not_found"
        assert await room.refused("m3", c.SignIn(meeting_id="later", sign="coming")) == "storage.not_found"
        assert await room.refused("m3", c.AddItem(meeting_id="meeting", title="x")) == "access.run"
        assert await room.refused("former", c.ShowAgenda(meeting_id="meeting")) == "storage.not_found"
        assert await room.refused("next", c.CommentMinutes(meeting_id="meeting", text="x")) == "access.comment"
        await room.do("m3", c.CommentMinutes(meeting_id="meeting", text="Toisin kirjattava."))
        assert [one.person_id for one in (await room.meeting()).comments] == ["m3"]
        await room.do("next", c.SignIn(meeting_id="later", sign="coming"))
