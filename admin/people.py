"""`python app.py people`: what is kept of a person, and how they are forgotten. docs/privacy.md says what stays, and why."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from documents.blocks import plain
from meetings.model import Body, Meeting, Person, Phase
from meetings.rules.people import UNDER_WAY, had_place, is_recorded, offices, without_place, without_words
from meetings.use_cases.seats import follow_roster
from settings import read_settings
from storage import people, tables
from storage.alone import AlreadyRunning, be_alone
from storage.database import Storage
from storage.engine import sqlite_file
from storage.journal import EMPTIED, Entry, append
from storage.look import Version, version_of
from storage.transaction import Transaction

Result = TypeVar("Result")
NOBODY = "–"  # what is said instead of a name that is about to go
_ORIGIN = {"by": "command line"}


class _Refused(Exception):
    """Nothing was done. The text is sentences for the administrator."""


class _OnlyLooking(Exception):
    """Rolls back what was done to see what would be."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a person, in sentences: what the record `kept` of them and what is `gone`."""

    kept: tuple[str, ...]
    gone: tuple[str, ...]


def add_command(commands: Any) -> None:
    """To the subparsers of `python app.py`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "people",
        help="give a person what is kept of them, or forget them",
        description="PERSON is an Entra object id, an e-mail address, a name as shown, or the id that this command tells.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export: argparse.ArgumentParser = actions.add_parser("export", help="write all that is kept of a person into a file (JSON)")
    export.add_argument("person", metavar="PERSON")
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")
    erase: argparse.ArgumentParser = actions.add_parser(
        "erase", help="tell what would go and what would stay; with --do, forget the person"
    )
    erase.add_argument("person", metavar="PERSON")
    erase.add_argument("--do", action="store_true", help="carry it out; on SQLite the bot must be stopped")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    url = read_settings().database_url
    try:
        if version_of(url) is not Version.CURRENT:
            raise _Refused("The database is not of this version. The bot brings an earlier one to it at its start.")
        said = _export(url, options.person, options.out) if options.action == "export" else _erase(url, options.person, do=options.do)
    except (_Refused, AlreadyRunning) as refused:
        sys.stderr.write(f"{refused}\nNothing was changed.\n")
        return 2
    except SQLAlchemyError as error:
        sys.stderr.write(f"The database cannot be used ({type(getattr(error, 'orig', None) or error).__name__}).\n")
        return 2
    sys.stdout.write(said)
    return 0


# --- export ---------------------------------------------------------------------------------------------------------------------


def _export(url: str, wanted: str, file: Path) -> str:
    def work(connection: Connection, now: datetime) -> dict[str, Any]:
        person = _the_one(connection, wanted)
        rows = people.kept_of(connection, person)
        append(connection, Entry("", "", "", now, "export_person", {"person_id": person.id}, _ORIGIN))
        return {"person_id": person.id, "told_at": now, "rows": rows, "names": _names(connection, person)}

    if file.exists() or not file.parent.is_dir():
        raise _Refused(f"{file} is there already." if file.exists() else f"There is no folder {file.parent}.")
    found = asyncio.run(_with(url, lambda storage: storage.execute(work)))
    file.write_text(json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    file.chmod(0o600)
    counts = "".join(f"  {len(rows):6} {name}\n" for name, rows in sorted(found["rows"].items()))
    return f"{file} has all that is kept of {found['person_id']}:\n{counts}What each is: docs/privacy.md.\n"


def _names(connection: Connection, person: Person) -> dict[str, str]:
    """What the bodies and meetings are called whose ids stand in the rows."""
    found = people.traces(connection, person.id)
    body, meeting = tables.body.c, tables.meeting.c
    bodies = {row.id: row.name for row in connection.execute(tables.body.select().where(body.id.in_(found.body_ids)))}
    meetings = connection.execute(tables.meeting.select().where(meeting.id.in_(found.meeting_ids)))
    return bodies | {row.id: f"{row.number}/{row.year}, {row.day}" for row in meetings}


# --- erasure --------------------------------------------------------------------------------------------------------------------


def _erase(url: str, wanted: str, *, do: bool) -> str:
    def work(tx: Transaction) -> Outcome:
        outcome = forget(tx, _the_one(tx.connection, wanted))
        if not do:
            raise _OnlyLooking(outcome)
        return outcome

    # A bot on SQLite keeps people in mind whom it alone changes.
    release = be_alone(url) if do and sqlite_file(url) is not None else lambda: None
    try:
        outcome = asyncio.run(_with(url, lambda storage: storage.run(work)))
    except _OnlyLooking as looked:
        outcome = looked.outcome
    finally:
        release()
    kept = "".join(f"  stays: {one}\n" for one in outcome.kept) or "  Nothing of the person stays.\n"
    gone = "".join(f"  goes:  {one}\n" for one in outcome.gone)
    end = "Done, and written in the journal.\n" if do else "Nothing was changed. --do carries it out, and there is no way back.\n"
    return f"{gone}{kept}{end}"


def forget(tx: Transaction, person: Person) -> Outcome:
    """Everything in this transaction, with its row in the journal. Raises `_Refused` while the person has a duty."""
    found = people.traces(tx.connection, person.id)
    meetings = {one: tx.meeting(one) for one in found.meeting_ids}
    bodies = [tx.body(one) for one in sorted({*found.body_ids, *(one.body_id for one in meetings.values())})]
    everything = [(body, meetings.get(header.id, header)) for body in bodies for header in tx.meetings(body.id)]
    took_part = [(body, one) for body, one in everything if had_place(body, person.id, one.day) or is_recorded(one, person.id)]
    _require_free(person, bodies, took_part)
    recorded = [(body, one) for body, one in took_part if one.phase is Phase.APPROVED]
    kept = bool(recorded)
    gone = [name for name, value in _particulars(person) if value] + ([] if kept else ["name"])
    tx.save(Person(person.id, person.tenant_id, person.name if kept else NOBODY))  # from here on they are told nothing
    for meeting in meetings.values():
        without = without_words(meeting, person.id)
        if without != meeting:
            gone.append(f"answers and comments in {_named(tx.body(meeting.body_id), meeting)}")
            tx.save(without)
    for body in bodies:
        left = without_place(body, person.id, tx.now.astimezone(body.tz).date(), kept=kept)
        if left != body:
            gone.append(f"seats, places and poll answers in {_line(body.name)}")
            follow_roster(tx, body, tx.save(left))
    taken = people.forget(tx.connection, person, name_kept=kept)
    tx.enter(Entry("", "", "", tx.now, "erase_person", {"person_id": person.id, EMPTIED: taken.emptied}, _ORIGIN))
    counts = ((taken.chats, "chats"), (taken.effects, "messages and letters"), (taken.drafts, "drafts that mention them"))
    gone += [f"{number} {what}" for number, what in counts if number]
    gone += [f"what was typed in {len(taken.emptied)} rows of the journal"] if taken.emptied else []
    return Outcome(tuple(f"the name, in the approved minutes of {_named(body, one)}" for body, one in recorded), tuple(gone))


def _require_free(person: Person, bodies: Iterable[Body], took_part: Iterable[tuple[Body, Meeting]]) -> None:
    held = [
        f"{person.id} is {office} of {_line(body.name)}: let somebody else be that first."
        for body in bodies
        for office in offices(body, person.id)
    ]
    under_way = [
        f"The minutes of {_named(body, meeting)}, in which {person.id} has a part, are not approved yet."
        for body, meeting in took_part
        if meeting.phase in UNDER_WAY
    ]
    if held or under_way:
        raise _Refused("\n".join((*held, *under_way)))


def _particulars(person: Person) -> tuple[tuple[str, str], ...]:
    return ("e-mail address", person.email), ("Entra object id", person.account_id), ("Teams id", person.channel_id)


def _named(body: Body, meeting: Meeting) -> str:
    return f"{meeting.designation} of {_line(body.name)}"


def _line(typed: str) -> str:
    """What somebody may have typed, on one line of a terminal, which does not obey it."""
    return plain(typed).replace("\n", " ")


# --- whom ---------------------------------------------------------------------------------------------------------------------


def _the_one(connection: Connection, wanted: str) -> Person:
    found = people.find(connection, wanted)
    if not found:
        raise _Refused(f"Nobody here is {_line(wanted)}.")
    if len(found) > 1:
        lines = (f"  {one.id}  {_line(one.name)}  {one.email or '(no e-mail)'}  {one.account_id or '(no account)'}" for one in found)
        raise _Refused("\n".join((f"{len(found)} are {_line(wanted)}. Say which by the first column:", *lines)))
    return found[0]


async def _with(url: str, work: Callable[[Storage], Awaitable[Result]]) -> Result:
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    try:
        return await work(storage)
    finally:
        await storage.close()
