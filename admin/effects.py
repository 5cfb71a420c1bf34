"""`python app.py effects`: what waits to be done outside, what could not be, and what is to become of that. Shows ids, no names."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from documents.blocks import plain
from settings import read_settings
from storage.database import Storage
from storage.dead import Listed, NotDead, count, drop, listed, revive
from storage.faults import told
from storage.look import Version, version_of
from storage.outbox import DEAD, DROPPED, RUNNING, WAITING

log = structlog.get_logger()
_LONGEST = 60
# What is lost with one that is dropped, by kind.
LOST: Mapping[str, str] = {
    "RefreshBoard": "A card of the meeting stays on its channel as it is, or is missing, until something about the meeting changes.",
    "FollowRound": "The card of a comment round stays on its channel as it is until somebody else answers.",
    "RefreshPoll": "The poll's card stays as it is, or is missing, until somebody answers.",
    "Tell": "A person is not told something personally.",
    "ReadSchedules": "It stays unread who is free at the proposed dates; the secretary can ask again.",
    "SyncEvent": "The invitations stay as they are until the meeting changes or its secretary has them made again.",
    "RenderDocuments": "A document is not made until the secretary asks for it or the record changes.",
    "ShareDocuments": "A document is not put into the channel's files; the bot's own link opens it.",
    "RemindRound": "Those who have not commented are not reminded.",
    "EndRound": "The comment round does not end by itself.",
    "WarnQuorum": "Nobody is warned that too few are expected.",
    "ReadAnswers": "Answers in calendars stay unread until the bot is started anew.",
    "ReadMembers": "People who joined the team are not known until the bot is told of the next change there.",
    "ForgetOld": "Answers and comments of a body stay longer than it wants to keep them.",
    "ReadAttendance": "The attendance report of a call is not held against the record.",
    "Send": "A letter is not sent.",
}


def add_command(commands: Any) -> None:
    """To the subparsers of `python app.py`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "effects",
        help="list, retry or drop what could not be done",
        description="What the bot does outside (posts, invitations, letters, documents, timers), by rows. The bot may run meanwhile.",
    )
    parser.add_argument("action", nargs="?", choices=("list", "retry", "drop"), default="list")
    parser.add_argument("seqs", nargs="*", type=_seq, metavar="SEQ", help="which: the first column of the list")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dead", dest="states", action="store_const", const=(DEAD,), default=(DEAD,), help="list the dead (default)")
    which.add_argument("--waiting", dest="states", action="store_const", const=(WAITING, RUNNING), help="list those still to be done")
    which.add_argument("--all", dest="states", action="store_const", const=(DEAD, DROPPED, WAITING, RUNNING), help="list all but the done")
    which.add_argument("--all-dead", action="store_true", help="retry every dead one")
    parser.set_defaults(run=_run)


def _seq(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"{text} is not the number of an effect")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    action, seqs, everyone = options.action, tuple(dict.fromkeys(options.seqs)), options.all_dead
    if (action == "list" and (seqs or everyone)) or (action == "drop" and everyone) or (action != "list" and bool(seqs) == everyone):
        return _refuse("python app.py effects [list] [--waiting | --all], effects retry SEQ… | --all-dead, or effects drop SEQ…")
    url = read_settings().database_url
    try:
        if version_of(url) is not Version.CURRENT:
            return _refuse("The database is not of this version. The bot brings an earlier one to it at its start.")
        asyncio.run(_act(url, action, seqs, options.states))
    except NotDead as refused:
        return _refuse(f"{refused}\nNothing was changed.")
    except SQLAlchemyError as error:
        return _refuse(told(error))
    return 0


async def _act(url: str, action: str, seqs: tuple[int, ...], states: tuple[str, ...]) -> None:
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    try:
        if action == "list":
            rows, counts = await storage.look(lambda connection, _now: (listed(connection, states), count(connection)))
            sys.stdout.write(_table(rows))
            sys.stdout.write(", ".join(f"{number} {state}" for state, number in sorted(counts.items())) + "\n")
        elif action == "retry":
            rows = await storage.execute(lambda connection, now: revive(connection, now, seqs or _all_dead(connection)))
            if not rows:
                sys.stdout.write("Nothing is dead.\n")
            _done(rows, "retried", lambda _row: "Is tried again at once.")
        else:
            rows = await storage.execute(lambda connection, now: drop(connection, now, seqs))
            _done(rows, "dropped", lambda row: LOST.get(row.kind, "Another version of the bot wrote it."))
    finally:
        await storage.close()


def _all_dead(connection: Connection) -> list[int]:
    return [row.seq for row in listed(connection, (DEAD,))]


def _done(rows: Iterable[Listed], what: str, says: Callable[[Listed], str]) -> None:
    """There is no person whose act it would be in the journal; the log says that it was done."""
    for row in rows:
        log.info("an administrator decided", outcome=what, seq=row.seq, effect=row.kind, lane=row.lane)
        sys.stdout.write(f"{row.seq} {row.kind}: {what}. {says(row)}\n")


def _table(rows: Iterable[Listed]) -> str:
    head = tuple(field.name for field in fields(Listed))
    lines = [head, *(tuple(_cell(value) for value in astuple(row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)


def _cell(value: object) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%SZ") if isinstance(value, datetime) else " ".join(plain(str(value)).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2
