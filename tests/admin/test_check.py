"""`python app.py check` as an administrator runs it: another process, its words and its exit status."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from botbuilder.core import ActivityHandler
from sqlalchemy import text

from admin import check
from admin.package import app_package
from bot.edge import Edge, EdgeConfig
from graph.check import Result
from meetings.model import Body, Conversation
from storage import tables
from storage.database import Storage
from storage.engine import open_engine
from storage.migrate import upgrade
from tests.admin.terminal import ROOT, command
from tests.admin.test_package import READY, ready
from tests.graph.conftest import served
from tests.standins.issuer import APP_ID, SECRET, TENANT, Issuer
from tests.standins.post import Server
from tests.standins.tenant import ORGANISER, OUTSIDER, Tenant


class Terminal:
    """Runs the command in an empty folder, with these settings and no others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {"DATABASE_URL": f"sqlite:///{folder / 'pykala.db'}"}

    async def check(self, *arguments: str, **settings: str) -> tuple[int, str]:
        return await command(self.folder, "check", *arguments, **{**self.settings, **settings})


def lines(said: str) -> dict[str, str]:
    """What was said of each part."""
    table = said.split("\n\n", 1)[0]
    return {line[:19].strip(): line[19:].strip() for line in table.splitlines()}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@asynccontextmanager
async def door(issuer: Issuer) -> AsyncIterator[str]:
    """Where the bot listens, behind https, as far as strangers come."""
    config = EdgeConfig("SingleTenant", APP_ID, SECRET, TENANT, openid_metadata_url=issuer.metadata_url, login_url=issuer.login_url)
    app = web.Application()
    async with Edge(config) as edge:
        app.router.add_route("*", "/api/messages", partial(edge.process, bot=ActivityHandler()))
        async with served(app, tls=issuer.tls) as url:
            yield url


@pytest.fixture
async def tenant(terminal: Terminal) -> AsyncIterator[Tenant]:
    tenant = Tenant()
    async with Issuer() as issuer, served(tenant.app, "127.0.0.2", issuer.tls) as url, door(issuer) as public:
        issuer.scopes.add("https://127.0.0.2/.default")
        issuer.roles = []
        terminal.settings |= {
            **READY,
            "MicrosoftAppPassword": SECRET,
            "GRAPH_ORGANISER": ORGANISER,
            "PUBLIC_URL": public,
            "LOGIN_URL": issuer.login_url,
            "GRAPH_BASE_URL": f"{url}/v1.0",
            **issuer.environment,
        }
        yield tenant


async def test_a_tenant_where_all_is_granted(terminal: Terminal, tenant: Tenant) -> None:
    made = app_package(ready(PUBLIC_URL=terminal.settings["PUBLIC_URL"]))
    (terminal.folder / "pykala-teams.zip").write_bytes(made)
    status, said = await terminal.check("--outsider", OUTSIDER)
    assert (status, said.splitlines()[-1]) == (0, "Everything needed works.")
    assert set(lines(said)) == {
        "settings",
        "database",
        "sign-in",
        "consents in Entra",
        "calendar, reading",
        "calendar, writing",
        "Teams link",
        "other mailboxes",
        "free and busy",
        "letters",
        "notifications",
        "channel files",
        "sign-in to Teams",
        "public address",
        "app package",
    }
    assert {line.split()[0] for part, line in lines(said).items() if part != "channel files"} == {"works"}
    table = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8").split("| part |")[1].split("\n\n")[0]
    explained = {part.strip() for line in table.splitlines()[2:] for part in line.split("|")[1].split("·")}
    assert "attendance reports" not in lines(said)
    # Where they are wanted, their row comes too; nothing is granted for it here.
    terminal.settings["TEAMS_ATTENDANCE_REPORTS"] = "1"
    status, said = await terminal.check("--outsider", OUTSIDER)
    assert status == 0
    assert lines(said)["attendance reports"].startswith("warning")
    assert set(lines(said)) - {""} == explained
    assert lines(said)["channel files"] == "not tried No body is set up yet, so there is no channel to try."


async def test_what_is_missing_is_told_with_its_commands_once(terminal: Terminal, tenant: Tenant) -> None:
    for call in ("GET", "PATCH"):
        tenant.refuse(f"{call} /users/{ORGANISER}/calendar", 403, "ErrorAccessDenied")
    status, said = await terminal.check()
    assert (status, said.splitlines()[-1]) == (1, "Missing: 2.")
    assert said.count("New-ManagementRoleAssignment") == 1
    # Nothing of what Graph says of people.
    assert "0401234567" not in said


async def test_a_wrong_secret_is_one_sentence(terminal: Terminal, tenant: Tenant) -> None:
    status, said = await terminal.check(MicrosoftAppPassword="wrong")
    assert status == 1
    assert lines(said)["sign-in"].startswith("missing   MicrosoftAppPassword is not the secret of MicrosoftAppId")
    assert "wrong" not in said
    assert tenant.asked == []


async def test_a_word_that_is_no_command_does_not_start_the_bot() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "app.py"), "chekc", cwd="/", stderr=asyncio.subprocess.PIPE, env={"PATH": os.environ["PATH"]}
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "invalid choice: 'chekc'" in said.decode()


async def test_a_role_on_sqlite_is_refused_in_a_sentence(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYKALA_LOCAL": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "app.py"), "--role", "worker", cwd=tmp_path, stderr=asyncio.subprocess.PIPE, env=environment
    )
    _, said = await process.communicate()
    sentence = "--role worker needs PostgreSQL (DATABASE_URL): on SQLite one process does everything.\n"
    assert (process.returncode, said.decode()) == (1, sentence)


async def test_a_start_without_a_database_is_one_sentence(tmp_path: Path) -> None:
    status, said = await command(tmp_path, PYKALA_LOCAL="1", DATABASE_URL="sqlite:////nowhere/at/all.db")
    sentence = "The SQLite file in DATABASE_URL cannot be opened: is it there, and may this user read and write it and its folder?"
    assert (status, said) == (1, f"{sentence} (unable to open database file)\n")


async def test_a_start_on_a_newer_database_is_one_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newer.db'}"
    engine = open_engine(url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    status, said = await command(tmp_path, PYKALA_LOCAL="1", DATABASE_URL=url)
    sentence = "The database is of a newer version than this bot. There is no way back but a backup of before.\n"
    assert (status, said) == (1, sentence)


async def test_settings_that_are_not_complete_are_told_one_by_one(terminal: Terminal) -> None:
    status, said = await terminal.check()
    assert status == 1
    assert "settings           missing   GRAPH_ORGANISER is empty" in said
    assert "settings           missing   MicrosoftAppTenantId is empty" in said


async def test_alone_on_this_machine_there_is_nothing_to_grant(terminal: Terminal) -> None:
    status, said = await terminal.check(PYKALA_LOCAL="1")
    assert status == 0
    assert lines(said)["Microsoft 365"].startswith("not tried PYKALA_LOCAL=1")
    assert not (terminal.folder / "pykala.db").exists()


async def test_a_mail_server_is_greeted_or_sent_one_letter(terminal: Terminal, tenant: Tenant) -> None:
    server = Server()
    port = await server.open()
    post = {"SMTP_URL": f"smtp://127.0.0.1:{port}", "SMTP_FROM": "sihteeri@pykala.example"}
    status, said = await terminal.check(**post)
    assert (status, lines(said)["letters"]) == (0, "works     The mail server of SMTP_URL lets the bot in (nothing was sent).")
    assert server.letters == []
    await terminal.check("--send", **post)
    assert [letter["to"] for letter in server.letters] == [f'"{ORGANISER}" <{ORGANISER}>']
    await server.close()
    status, said = await terminal.check(**post)
    assert (status, lines(said)["letters"].split()[0]) == (1, "missing")
    assert not any("sendMail" in path for _, path, _ in tenant.asked)


async def test_channels_are_found_in_the_database(terminal: Terminal, tenant: Tenant) -> None:
    engine = open_engine(terminal.settings["DATABASE_URL"])
    upgrade(engine)
    with engine.begin() as connection:
        body = Body("b", TENANT, "Saarten ohjausryhmä", "19:kokoukset@thread.tacv2")
        connection.execute(tables.body.insert(), {column.name: getattr(body, column.name) for column in tables.body.c})
        place = Conversation(body.channel_id, TENANT, "https://elsewhere.example.org/", "channel", "19:team@thread.tacv2")
        connection.execute(tables.conversation.insert(), asdict(place))
    engine.dispose()
    _, said = await terminal.check()
    # The token goes to Teams alone, whatever the database says.
    assert "(Teams 403 ServiceUrlNotAllowed)" in lines(said)["channel files"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'pykala.db'}"


async def test_the_database_of_a_running_bot_is_only_read(url: str) -> None:
    storage = Storage(url, clock=lambda: datetime.now(UTC))
    await storage.start()
    try:
        row = await asyncio.to_thread(check.database_row, url)
    finally:
        await storage.close()
    assert (row.result, row.says) == (Result.WORKS, "It answers, and is of this version.")


@pytest.mark.parametrize(
    ("number", "result", "said"),
    [
        ("0001", Result.WORKS, "the bot brings it to this version at its next start"),
        ("9999", Result.MISSING, "by another version of the bot, or by something else"),
    ],
)
def test_a_database_of_another_version(url: str, number: str, result: Result, said: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})
    engine.dispose()
    row = check.database_row(url)
    assert (row.result, said in row.says) == (result, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/at/all.db", "The folder of DATABASE_URL does not exist"),
        ("postgresql+psycopg://anna:salasana@127.0.0.1:9/pykala", "Connection refused"),
        ("mysql+nothing://127.0.0.1/x", "The database cannot be used. (NoSuchModuleError)"),
        ("nonsense", "The database cannot be used. (ArgumentError)"),
    ],
)
def test_a_database_that_is_not_there(url: str, said: str) -> None:
    row = check.database_row(url)
    assert (row.result, said in row.says, "salasana" in row.says) == (Result.MISSING, True, False), row


def test_something_that_is_no_database(url: str, tmp_path: Path) -> None:
    (tmp_path / "pykala.db").write_text("not a database, though it is long enough to be taken for one" * 10, encoding="ascii")
    assert check.database_row(url).says == "The database cannot be used. (file is not a database)"
