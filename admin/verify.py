"""`python app.py verify`: whether the journal is as it was written. Reads only, shows no names; the bot may run meanwhile."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from settings import read_settings
from storage import journal
from storage.journal import Break, Chain, Wrong
from storage.look import Version, opened, version_of

_SAYS: Mapping[Wrong, str] = {
    Wrong.CHANGED: "Row {seq} is not as it was written: who, what, when, or its hash was changed.",
    Wrong.TYPED_CHANGED: "Row {seq}: what was typed, or by what, was changed. Who did what when is as it was written.",
    Wrong.MISSING: "Row {seq} does not follow from row {other}: rows between them were removed, or row {other} was written anew.",
    Wrong.INSERTED: "Row {seq} does not follow from the row before it: {inserted} inserted.",
    Wrong.UNTOLD: "Row {seq}: what was typed was taken out, and not by the bot.",
}
_BEGINNING = "Row {seq} is the first and does not begin the journal: rows before it were removed."
_LOST_HEAD = (
    "No row has the hash of --head: rows were removed from the end, or what follows from some row on was written anew. Everything else here"
    " may hold all the same."
)
_DO = """
Somebody wrote to the database past the bot, or a part of it is from another time. Keep a copy of it as it is, and look for the newest
backup whose journal is whole (python app.py restore refuses any other): what the rows told can be read there.
"""


def add_command(commands: Any) -> None:
    """To the subparsers of `python app.py`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "verify",
        help="prove that the journal is as it was written",
        description="Follows the journal's chain from its first row to its last; the bot may run meanwhile. The exit status is 0 when it is"
        " whole, 1 when it is not, 2 when it could not be read.",
    )
    parser.add_argument("--head", type=_head, metavar="HASH", help="an earlier head, which must still be in the journal")
    parser.set_defaults(run=_run)


def _head(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a head: 64 hexadecimal digits")
    return text


def _run(options: argparse.Namespace) -> int:
    url = read_settings().database_url
    try:
        if version_of(url) is not Version.CURRENT:
            return _refuse("The database is not of this version. The bot brings an earlier one to it at its start.")
        with opened(url) as connection:
            chain = journal.read(connection, options.head or "")
    except SQLAlchemyError as error:
        return _refuse(f"The database cannot be read ({type(getattr(error, 'orig', None) or error).__name__}).")
    wrong = [sentence(one) for one in chain.breaks]
    if options.head and not chain.seen:
        wrong.append(_LOST_HEAD)
    sys.stdout.write("".join(f"{line}\n" for line in (*wrong, _summary(chain, whole=not wrong))) + (_DO if wrong else ""))
    return 1 if wrong else 0


def sentence(one: Break) -> str:
    text = _BEGINNING if one.wrong is Wrong.MISSING and not one.other else _SAYS[one.wrong]
    inserted = f"row {one.other} was" if one.other == one.seq - 1 else f"rows {one.other} to {one.seq - 1} were"
    return text.format(seq=one.seq, other=one.other, inserted=inserted)


def _summary(chain: Chain, *, whole: bool) -> str:
    if chain.first_at is None or chain.last_at is None:
        return "The journal is empty."
    said = f"{chain.rows} rows, from {_at(chain.first_at)} to {_at(chain.last_at)}; of {chain.emptied} the inputs were erased."
    if not whole:
        return f"The journal is not whole: {said}"
    return f"The journal is whole: {said}\nHead: {chain.head}"


def _at(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _refuse(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 2
