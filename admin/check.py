"""`python app.py check`: what works, what is missing, how to grant it. Told line by line, in English, to whoever runs the bot.

Nothing running is disturbed: the database is only read, and no letter is sent unless `--send` asks for one to the organiser. Exit
status 0 when everything needed works, 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from admin.package import FILE, package_row
from admin.reach import public_row, teams_row
from bot.edge import ChannelFailure, Edge, EdgeConfig
from bot.notifications import PATH as NOTIFICATIONS
from graph.check import Result, Row, graph_rows, trial_letter
from graph.client import GraphClient
from graph.mail import SmtpMail
from meetings.ports import CalendarFailure
from settings import Settings, read_settings
from storage.faults import told
from storage.look import Version, channels_of, version_of

_PART, _RESULT = 19, 10
# As a terminal knows them: green, red, yellow, grey.
_COLOURS = {Result.WORKS: 32, Result.MISSING: 31, Result.WARNING: 33, Result.SKIPPED: 90}
# Private channels and other teams have sites of their own, each with its own grant; a few tell enough.
_MOST_CHANNELS = 10


@dataclass(frozen=True, slots=True)
class Means:
    """How the bot itself would reach Graph and Teams, from its settings."""

    graph: Callable[[Settings], GraphClient]
    teams: Callable[[Settings], EdgeConfig]


def add_command(commands: Any, means: Means) -> None:
    """To the subparsers of `python app.py`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check", help="what works in this tenant", description="What works in this tenant, what is missing and how to grant it."
    )
    parser.add_argument("--outsider", default="", metavar="ADDRESS", help="a mailbox that must stay closed to the bot")
    parser.add_argument("--send", action="store_true", help="send one letter to GRAPH_ORGANISER itself")
    parser.add_argument("--package", type=Path, default=Path(FILE), metavar="FILE", help=f"the package that was uploaded ({FILE})")
    parser.set_defaults(run=partial(_run, means))


def _run(means: Means, options: argparse.Namespace) -> int:
    # What the libraries would log of a failure is told in a sentence here.
    logging.disable(logging.CRITICAL)
    return asyncio.run(_check(means, options))


async def _check(means: Means, options: argparse.Namespace) -> int:
    rows = []
    async for row in _rows(means, options):
        rows.append(row)
        _show(row)
    _advise(rows)
    missing, less = (sum(row.result is result for row in rows) for result in (Result.MISSING, Result.WARNING))
    with_less = f" {less} of the rest could be better: see the warnings." if less else ""
    sys.stdout.write(f"\n{f'Missing: {missing}.' if missing else f'Everything needed works.{with_less}'}\n")
    return 1 if missing else 0


async def _rows(means: Means, options: argparse.Namespace) -> AsyncIterator[Row]:
    try:
        settings = read_settings()
    except SystemExit as faults:
        for fault in str(faults).splitlines()[1:]:
            told = fault.removeprefix("- ")
            yield Row(
                "settings", Result.MISSING, f"{told[:1].upper()}{told[1:]}.", ("see docs/admin.md, “Environment”, and docs/settings.md",)
            )
        return
    yield Row("settings", Result.WORKS, "The settings are complete.")
    send = options.send and "@" in settings.organiser
    database = await asyncio.to_thread(database_row, settings.database_url)
    yield database
    if settings.local:
        yield Row("Microsoft 365", Result.SKIPPED, "PYKALA_LOCAL=1: the sandbox inside the bot stands in for it and needs no rights.")
    else:
        client = means.graph(settings)
        signed_in = False
        try:
            async for row in graph_rows(
                client,
                settings.organiser,
                outsider=options.outsider,
                letters=not settings.smtp_url,
                send=send,
                notified=settings.public_url.rstrip("/") + NOTIFICATIONS,
                reports=settings.attendance_reports,
                channels=partial(_channels, settings, means) if database.result is Result.WORKS else None,
            ):
                signed_in |= row.part == "sign-in" and row.result is Result.WORKS
                yield row
        finally:
            await client.aclose()
        if signed_in:
            yield await teams_row(means.teams(settings))
        async with httpx.AsyncClient() as http:
            yield await public_row(http, settings.public_url)
        yield package_row(settings, options.package)
    if settings.smtp_url:
        yield await _mail_server(settings, send=send)


def database_row(url: str) -> Row:
    """Only reads, and makes nothing: the bot may be running on it."""
    part = "database"
    try:
        file = Path(make_url(url).database or "").resolve()
        if url.startswith("sqlite") and not file.exists():
            if file.parent.is_dir():
                return Row(part, Result.WORKS, "There is none yet: the bot makes it at its first start.")
            return Row(part, Result.MISSING, "The folder of DATABASE_URL does not exist.")
        version = version_of(url)
    except (SQLAlchemyError, OSError) as error:
        return Row(part, Result.MISSING, told(error), ("see docs/settings.md",))
    says = {
        Version.CURRENT: "It answers, and is of this version.",
        Version.OLDER: "It answers; the bot brings it to this version at its next start.",
        Version.EMPTY: "It answers, and is empty; the bot makes its tables at its first start.",
        Version.FOREIGN: "It was made by another version of the bot, or by something else.",
    }
    return Row(part, Result.MISSING if version is Version.FOREIGN else Result.WORKS, says[version])


async def _channels(settings: Settings, means: Means) -> list[tuple[str, str]]:
    """Group and channel of the first bodies; none where no bot has written yet."""
    try:
        known = await asyncio.to_thread(channels_of, settings.database_url)
    except SQLAlchemyError:
        return []
    try:
        async with Edge(means.teams(settings)) as edge:
            return [(await edge.connector.group(service, team), channel) for service, team, channel in known[:_MOST_CHANNELS]]
    except ChannelFailure as failure:
        raise CalendarFailure(f"Teams {failure.status} {failure.code}", transient=failure.transient) from failure


async def _mail_server(settings: Settings, *, send: bool) -> Row:
    server = SmtpMail(settings.smtp_url, settings.smtp_from)
    try:
        if send:
            await server.send(trial_letter(settings.organiser))
            return Row("letters", Result.WORKS, "A letter was sent through SMTP_URL to GRAPH_ORGANISER.")
        await server.sign_in()
    except CalendarFailure as failure:
        return Row(
            "letters", Result.MISSING, f"The mail server of SMTP_URL did not serve the bot ({failure.reason}).", ("docs/settings.md",)
        )
    return Row("letters", Result.WORKS, "The mail server of SMTP_URL lets the bot in (nothing was sent).")


def _show(row: Row) -> None:
    width = max(60, min(shutil.get_terminal_size((110, 24)).columns, 140))
    first = f"{row.part:<{_PART}}{row.result:<{_RESULT}}"
    lines = textwrap.fill(row.says, width, initial_indent=first, subsequent_indent=" " * len(first))
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        lines = lines.replace(row.result, f"\x1b[{_COLOURS[row.result]}m{row.result}\x1b[0m", 1)
    sys.stdout.write(f"{lines}\n")
    sys.stdout.flush()


def _advise(rows: list[Row]) -> None:
    """What to do. Each line once: several parts may need a grant that begins in the same way."""
    told: set[str] = set()
    for row in rows:
        lines = [line for line in row.grant if line not in told]
        told.update(lines)
        if lines:
            sys.stdout.write(f"\nFor {row.part}:\n" + "".join(f"  {line}\n" for line in lines))
