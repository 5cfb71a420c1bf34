"""`python app.py people`: all that is kept of a person is given out, and nothing but the record keeps anything when they are forgotten."""

from __future__ import annotations

import argparse
import asyncio
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from admin.people import add_command
from meetings import commands as c
from meetings.effects import RefreshBoard, Send, SyncEvent, Tell
from meetings.model import (
    Approval,
    Attendance,
    Comment,
    CommentKind,
    Conversation,
    DeputyCall,
    Draft,
    InvitationAnswer,
    Meeting,
    Person,
    Phase,
    Poll,
    PollAnswer,
    PollOption,
    Response,
    Round,
    RoundReply,
    RoundResult,
    Sign,
)
from storage import journal, tables
from storage.alone import be_alone
from storage.database import Storage
from storage.outbox import DONE
from storage.people import LISTING, NAMING
from storage.transaction import Transaction
from tests import samples
from tests.samples import NOW
from tests.storage.conftest import clock, postgres_url, storage, url
from tests.storage.databases import ROOT, Clock

__all__ = ["clock", "postgres_url", "storage", "url"]
TODAY = datetime.now(samples.body().tz).date()
People = Callable[..., tuple[int, str]]
MAIL, ACCOUNT, CHANNEL, NAME = "maija.meri@jarjesto.example", "aad-maija", "29:maija", "Maija Meri"
MAIJA = Person("m3", "tenant", NAME, MAIL, ACCOUNT, CHANNEL, "sv", "fi", "body", muted=True)
SAID, ASKED = "Laiturin vuokra on liian korkea", "Kokouksessa 4 läsnä"


@pytest.fixture(autouse=True)
def today(clock: Clock) -> None:
    """The commands go by the machine's clock."""
    clock.now = NOW


@pytest.fixture
def people(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> People:
    """The command within this process; its status, and what it said."""
    monkeypatch.setenv("PYKALA_LOCAL", "1")
    monkeypatch.setenv("DATABASE_URL", url)

    def run(*words: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_command(parser.add_subparsers())
        options = parser.parse_args(["people", *words])
        status = options.run(options)
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def _past(phase: Phase = Phase.APPROVED) -> Meeting:
    sent = Round("r1", "meeting", 1, NOW, date(2026, 5, 18), None, "Europe/Helsinki", RoundResult.APPROVED)
    return samples.meeting(
        phase=phase,
        opened_at=NOW,
        closed_at=NOW,
        attendances=(Attendance("a1", "meeting", "m3", Sign.PRESENT, "s3"), Attendance("a2", "meeting", "m1", Sign.PRESENT, "s1")),
        answers=(InvitationAnswer("n1", "meeting", "m3", Response.ACCEPTED, NOW),),
        rounds=(sent,),
        replies=(RoundReply("p1", "meeting", "r1", "m3", NOW), RoundReply("p2", "meeting", "r1", "m1", NOW)),
        comments=(
            Comment("c1", "meeting", "r1", "m3", CommentKind.REMARK, SAID, NOW),
            Comment("c2", "meeting", "r1", "m1", CommentKind.REMARK, "Hyvä", NOW),
        ),
    )


def _ahead() -> Meeting:
    return samples.meeting(
        items=0,
        id="next",
        number=5,
        day=TODAY + timedelta(days=30),
        published_at=NOW,
        attendances=(Attendance("a3", "next", "m3", Sign.EXCUSED, "s3"),),
        answers=(InvitationAnswer("n2", "next", "m3", Response.DECLINED, NOW),),
        deputy_calls=(DeputyCall("k1", "next", "s3", "d3", "m3", NOW),),
    )


async def _lived(storage: Storage, past: Meeting | None = None, **body: Any) -> None:
    made = samples.body(
        polls=(Poll("poll", "body", NOW),),
        poll_options=(PollOption("o1", "body", "poll", date(2026, 6, 1), samples.meeting().start),),
        poll_answers=(PollAnswer("v1", "body", "o1", "m3", suits=True),),
    )

    def work(tx: Transaction) -> None:
        for one in (MAIJA, *(Person(one, "tenant", f"Nimi {one}") for one in ("sec", "m1", "m2", "d3"))):
            tx.save(one)
        tx.save(replace(made, **body))
        for meeting in (past, _ahead()):
            if meeting:
                tx.save(meeting)
        tx.save(Conversation("a:maija", "tenant", "https://smba.example/", "personal", name=NAME, person_id="m3"))
        tx.save(Draft("draft", "body", "roster", f"Järjestö; {NAME} {MAIL}"))
        tx.later(Tell("1", "m3", "minutes_ready", (("number", "4/2026"),)))
        tx.later(Send("2", "m3", "round", "meeting"))
        tx.later(Tell("3", "sec", "declined", (("name", NAME), ("number", "4/2026"))))

    await storage.run(work)
    await storage.run(
        lambda tx: tx.journal(c.CommentMinutes(meeting_id="meeting", text=SAID), {"platform": "iOS"}), actor=MAIJA, key=CHANNEL
    )
    roster = c.ReadRoster(body_id="body", text=f"Järjestö; {NAME} {MAIL.upper()}")
    secretary = Person("sec", "tenant", "Siv")
    await storage.run(lambda tx: tx.journal(roster), actor=secretary)
    await storage.run(lambda tx: tx.journal(c.RecordItem(meeting_id="meeting", decision=ASKED)), actor=MAIJA)
    done = tables.effect.c.key == "tell:3"
    await storage.execute(lambda connection, now: connection.execute(update(tables.effect).where(done).values(state=DONE, done_at=now)))


async def _cells(storage: Storage) -> dict[str, str]:
    """Everything in the database, as one text a table."""

    def read(connection: Connection, _now: object) -> dict[str, str]:
        return {table.name: repr(connection.execute(select(table)).all()) for table in tables.metadata.sorted_tables}

    return await storage.look(read)


async def _holds(storage: Storage, *words: str) -> set[tuple[str, str]]:
    cells = await _cells(storage)
    return {(table, word) for table, text in cells.items() for word in words if word.casefold() in text.casefold()}


async def _naming(storage: Storage, person_id: str) -> set[str]:
    """The tables that have the person's id in some cell."""

    def read(connection: Connection, _now: object) -> set[str]:
        rows = {table.name: connection.execute(select(table)).all() for table in tables.metadata.sorted_tables}
        return {name for name, found in rows.items() if any(person_id in row for row in found)}

    return await storage.look(read)


async def _run(people: People, *words: str) -> tuple[int, str]:
    return await asyncio.to_thread(people, *words)


async def test_of_one_in_approved_minutes_the_name_stays_and_nothing_else(storage: Storage, people: People) -> None:
    await _lived(storage, _past())
    before = await _cells(storage)
    status, said = await _run(people, "erase", MAIL.upper())
    assert (status, said.splitlines()[-1]) == (0, "Nothing was changed. --do carries it out, and there is no way back.")
    assert "  stays: the name, in the approved minutes of 4/2026 of Saarten ohjausryhmä\n" in said
    assert await _cells(storage) == before

    done = await _run(people, "erase", ACCOUNT, "--do")
    assert done == (
        0,
        said.replace("Nothing was changed. --do carries it out, and there is no way back.", "Done, and written in the journal."),
    )
    assert await _holds(storage, MAIL, ACCOUNT, CHANNEL, SAID, "iOS", NAME, ASKED) == {("person", NAME), ("journal", ASKED)}
    body, past, ahead = await storage.read(lambda tx: (tx.body("body"), tx.meeting("meeting"), tx.meeting("next")))
    assert [one.id for one in past.comments] == ["c2"]
    assert [one.id for one in past.attendances] == ["a1", "a2"]
    assert (past.answers, [one.id for one in past.replies]) == ((), ["p2"])
    assert (ahead.answers, ahead.attendances) == ((), ())
    yesterday = TODAY - timedelta(days=1)
    assert [(one.id, one.until) for one in body.holdings if one.person_id == "m3"] == [("hm3", yesterday)]
    assert body.poll_answers == ()
    assert (await storage.read(lambda tx: tx.person("m3"))) == Person("m3", "tenant", NAME)
    assert await _naming(storage, "m3") == {"person", "holding", "attendance", "journal"}
    chain = await storage.look(lambda connection, _now: journal.read(connection))
    assert (chain.breaks, chain.emptied) == ((), 2)

    assert (await _run(people, "erase", "m3", "--do"))[0] == 0  # harmless twice
    assert (await storage.look(lambda connection, _now: journal.read(connection))).breaks == ()


async def test_invitations_and_boards_follow_one_who_is_forgotten_and_they_are_told_nothing(storage: Storage, people: People) -> None:
    await _lived(storage, _past())
    await storage.execute(lambda connection, _now: connection.execute(tables.effect.delete()))
    assert (await _run(people, "erase", MAIL, "--do"))[0] == 0
    rows = await storage.look(lambda connection, _now: connection.execute(select(tables.effect.c.kind, tables.effect.c.lane)).all())
    assert {(SyncEvent.__name__, "calendar:next"), (RefreshBoard.__name__, "board:next")} <= {tuple(row) for row in rows}
    assert not [row for row in rows if row.lane in {"desk:m3", "mail:m3"}]


async def test_of_one_whom_no_record_names_nothing_stays(storage: Storage, people: People) -> None:
    await _lived(storage)
    status, said = await _run(people, "erase", NAME, "--do")
    assert (status, "  Nothing of the person stays.\n" in said) == (0, True)
    assert await _holds(storage, MAIL, ACCOUNT, CHANNEL, SAID, NAME) == set()
    assert {one.person_id for one in (await storage.read(lambda tx: tx.body("body"))).holdings} == {"m1", "d1", "m2", "d2", "d3"}
    assert await _naming(storage, "m3") == {"journal"}
    assert (await storage.look(lambda connection, _now: journal.read(connection))).breaks == ()


@pytest.mark.parametrize(
    ("past", "body", "sentence"),
    [
        (None, {"secretary_id": "m3"}, "m3 is secretary of Saarten ohjausryhmä"),
        (None, {"vice_chair_id": "m3"}, "m3 is vice-chair of"),
        (None, {"approval": Approval.CHECKERS, "checker_ids": ("m1", "m3")}, "m3 is checker of the minutes of"),
        (Phase.REVIEW, {}, "The minutes of 4/2026 of Saarten ohjausryhmä, in which m3 has a part, are not approved yet."),
        (Phase.OPEN, {}, "are not approved yet"),
    ],
)
async def test_one_with_a_duty_is_not_forgotten(
    storage: Storage, people: People, past: Phase | None, body: dict[str, Any], sentence: str
) -> None:
    await _lived(storage, _past(past) if past else None, **body)
    before = await _cells(storage)
    status, said = await _run(people, "erase", "m3", "--do")
    assert (status, sentence in said, said.endswith("Nothing was changed.\n")) == (2, True, True)
    assert await _cells(storage) == before


async def test_two_of_one_name_are_told_apart_by_their_ids(storage: Storage, people: People) -> None:
    await _lived(storage)
    await storage.run(lambda tx: tx.save(Person("other", "tenant", "maija  meri")))
    status, said = await _run(people, "erase", "Maija meri")
    assert (status, said.splitlines()[0]) == (2, "2 are Maija meri. Say which by the first column:")
    assert ("  m3  Maija Meri  " in said, "  other  maija  meri  (no e-mail)  (no account)" in said) == (True, True)
    assert (await _run(people, "erase", "other"))[0] == 0
    assert (await _run(people, "erase", "Nobody"))[1].startswith("Nobody here is Nobody.")
    assert (await _run(people, "erase", " "))[0] == 2


async def test_a_bot_on_sqlite_is_stopped_first(storage: Storage, people: People, url: str) -> None:
    await _lived(storage)
    if not url.startswith("sqlite"):
        # PostgreSQL bears several.
        assert (await _run(people, "erase", "m3", "--do"))[0] == 0
        return
    release = be_alone(url)
    try:
        assert "Stop it first" in (await _run(people, "erase", "m3", "--do"))[1]
        assert (await _run(people, "erase", "m3"))[0] == 0
    finally:
        release()


async def test_all_that_is_kept_of_a_person_is_given_out(storage: Storage, people: People, tmp_path: Path) -> None:
    await _lived(storage, _past())
    file = tmp_path / "maija.json"
    status, said = await _run(people, "export", MAIL, "--out", str(file))
    assert (status, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600)
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["rows"]["person"][0]["email"] == MAIL
    assert told["rows"]["comment"][0]["text"] == SAID
    assert {row["command"]: json.loads(row["origin"]) for row in told["rows"]["journal"]} == {
        "comment_minutes": {"platform": "iOS"},
        "record_item": {},
    }
    assert (told["names"]["body"], told["names"]["meeting"]) == ("Saarten ohjausryhmä", "4/2026, 2026-05-11")
    wanted = {"person", "holding", "attendance", "invitation_answer", "round_reply", "comment", "poll_answer", "conversation", "effect"}
    assert wanted <= set(told["rows"])
    assert "Nimi m1" not in file.read_text(encoding="utf-8")
    assert "      1 comment\n" in said
    assert "is there already" in (await _run(people, "export", MAIL, "--out", str(file)))[1]
    chain = await storage.look(lambda connection, _now: connection.execute(select(tables.journal.c.command)).scalars().all())
    assert chain[-1] == "export_person"


def test_the_account_of_personal_data_has_every_table() -> None:
    told = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8").partition("## Where")[2].partition("\n## ")[0]
    assert [table for table in tables.metadata.tables if f"`{table}`" not in told] == []


def test_every_column_that_names_a_person_is_known() -> None:
    """A new one has to be looked through when somebody is forgotten."""
    known = NAMING | {"account_id", "channel_id", "team_id", "conversation_id", "activity_id", LISTING}
    own = {
        "body_id",
        "meeting_id",
        "item_id",
        "seat_id",
        "round_id",
        "poll_id",
        "option_id",
        "template_id",
        "current_item_id",
        "desk_body_id",
    }
    outside = {"tenant_id", "event_id", "document_id", "subscription_id", "item_ids"}
    ids = {
        column.name for table in tables.metadata.sorted_tables for column in table.columns if column.name.endswith(("_id", "_ids", "_by"))
    }
    assert ids - known - own - outside == set()
