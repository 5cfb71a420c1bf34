"""Answers and comments are forgotten when the body has kept them for as long as it wants to; the minutes and the journal stay whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from jobs.forgetting import ForgettingHandlers, begin_forgetting
from meetings import commands as c
from meetings.effects import ForgetOld
from meetings.model import (
    Comment,
    CommentKind,
    InvitationAnswer,
    Meeting,
    Person,
    Phase,
    Poll,
    PollAnswer,
    PollOption,
    Response,
    RoundReply,
)
from meetings.rules.people import months_before
from storage import journal, tables
from storage.database import Storage
from storage.outbox import WAITING
from storage.transaction import Transaction
from tests import samples
from tests.storage.databases import Clock

APPROVED = datetime(2026, 5, 20, 9, tzinfo=UTC)
SAID = "Laiturin vuokra on liian korkea"
AINO = Person("m3", "tenant", "Aino Saarela")


def _meeting(id: str, number: int, **fields: object) -> Meeting:  # noqa: A002  # the model's word
    made = samples.meeting(items=0, id=id, number=number, phase=Phase.APPROVED, approved_at=APPROVED)
    return replace(
        made,
        answers=(InvitationAnswer(f"n{id}", id, "m3", Response.DECLINED, APPROVED),),
        replies=(RoundReply(f"p{id}", id, "r", "m3", APPROVED),),
        comments=(Comment(f"c{id}", id, "r", "m3", CommentKind.REMARK, SAID, APPROVED),),
        **fields,  # type: ignore[arg-type]  # fields of Meeting by name
    )


async def _kept(storage: Storage, months: int) -> None:
    polls = (Poll("old", "body", APPROVED, closed_at=APPROVED), Poll("new", "body", APPROVED))
    options = tuple(PollOption(f"o{one.id}", "body", one.id, date(2026, 6, 1), time(10)) for one in polls)
    answers = tuple(PollAnswer(f"v{one.id}", "body", one.id, "m3", suits=True) for one in options)

    def work(tx: Transaction) -> None:
        tx.save(samples.body(keep_months=months, polls=polls, poll_options=options, poll_answers=answers))
        tx.save(_meeting("meeting", 4))
        tx.save(_meeting("later", 5, approved_at=APPROVED + timedelta(days=1)))
        tx.save(_meeting("cancelled", 6, phase=Phase.CANCELLED, approved_at=None))
        tx.save(_meeting("closed", 7, phase=Phase.CLOSED, approved_at=None))

    await storage.run(work)
    for meeting_id in ("meeting", "later"):
        said = c.CommentMinutes(meeting_id=meeting_id, text=SAID)
        await storage.run(lambda tx, said=said: tx.journal(said), actor=AINO)  # type: ignore[misc]
        await storage.run(lambda tx, one=meeting_id: tx.journal(c.RecordItem(meeting_id=one, decision="Päätös")), actor=AINO)  # type: ignore[misc]


async def _texts(storage: Storage) -> list[tuple[str, str, bool]]:
    kept = select(tables.journal.c.meeting_id, tables.journal.c.command, tables.journal.c.payload != "").order_by(tables.journal.c.seq)
    return await storage.look(lambda connection, _now: [tuple(row) for row in connection.execute(kept)])


async def _words(storage: Storage) -> dict[str, tuple[int, int, int]]:
    def read(tx: Transaction) -> dict[str, tuple[int, int, int]]:
        found = [tx.meeting(one.id) for one in tx.meetings("body")]
        return {one.id: (len(one.answers), len(one.replies), len(one.comments)) for one in found}

    return await storage.read(read)


async def test_what_was_kept_long_enough_is_forgotten_and_the_chain_stays_whole(storage: Storage, clock: Clock) -> None:
    await _kept(storage, 12)
    handlers = ForgettingHandlers(storage)
    clock.now = datetime(2027, 5, 20, 20, 59, tzinfo=UTC)  # a minute before midnight in Helsinki
    assert await handlers.forget_old(ForgetOld("body")) == "1"  # the cancelled one's day is before the approval
    clock.passes(minutes=1)
    before = await storage.read(lambda tx: tx.meeting("meeting"))
    assert await handlers.forget_old(ForgetOld("body")) == "1"
    kept = (1, 1, 1)
    assert await _words(storage) == {"meeting": (0, 0, 0), "later": kept, "cancelled": (0, 0, 0), "closed": kept}
    body, after = await storage.read(lambda tx: (tx.body("body"), tx.meeting("meeting")))
    assert [one.option_id for one in body.poll_answers] == ["onew"]
    assert after == replace(before, answers=(), replies=(), comments=(), version=before.version + 1)
    said, forgot = [row for row in await _texts(storage) if row[1] != "forget_old"], "forget_old"
    assert said == [
        ("meeting", "comment_minutes", False),
        ("meeting", "record_item", True),
        ("later", "comment_minutes", True),
        ("later", "record_item", True),
    ]
    assert [row for row in await _texts(storage) if row[1] == forgot] == [("", forgot, True), ("", forgot, True)]
    assert (await storage.look(lambda connection, _now: journal.read(connection))).breaks == ()


async def test_harmless_twice_and_once_a_day(storage: Storage, clock: Clock) -> None:
    await _kept(storage, 12)
    handlers = ForgettingHandlers(storage)
    clock.now = datetime(2028, 1, 1, tzinfo=UTC)
    assert [await handlers.forget_old(ForgetOld("body")) for _ in range(2)] == ["3", "0"]
    assert len([row for row in await _texts(storage) if row[1] == "forget_old"]) == 1
    waiting = select(tables.effect.c.key, tables.effect.c.due_at).where(tables.effect.c.state == WAITING)
    rows = await storage.look(lambda connection, _now: [tuple(row) for row in connection.execute(waiting)])
    assert rows == [("forget:body", clock.now + timedelta(days=1))]


async def test_a_body_that_keeps_for_good_forgets_nothing(storage: Storage, clock: Clock) -> None:
    await _kept(storage, 0)
    clock.now = datetime(2040, 1, 1, tzinfo=UTC)
    assert await ForgettingHandlers(storage).forget_old(ForgetOld("body")) == "0"
    assert set((await _words(storage)).values()) == {(1, 1, 1)}


async def test_a_body_of_an_earlier_version_begins_and_one_that_has_begun_is_not_put_off(storage: Storage, clock: Clock) -> None:
    await _kept(storage, 12)
    first = clock.now
    waiting = select(tables.effect.c.key, tables.effect.c.due_at)
    for _ in range(2):
        await storage.run(begin_forgetting)
        clock.passes(hours=20)
    rows = await storage.look(lambda connection, _now: [tuple(row) for row in connection.execute(waiting)])
    assert rows == [("forget:body", first + timedelta(days=1))]


@pytest.mark.parametrize(
    ("day", "months", "earlier"),
    [
        (date(2027, 5, 20), 12, date(2026, 5, 20)),
        (date(2027, 3, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 15), 1, date(2026, 12, 15)),
        (date(2027, 1, 15), 25, date(2024, 12, 15)),
        (date(2028, 2, 29), 12, date(2027, 2, 28)),
    ],
)
def test_months_are_those_of_the_calendar(day: date, months: int, earlier: date) -> None:
    assert months_before(day, months) == earlier
