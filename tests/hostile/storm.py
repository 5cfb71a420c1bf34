"""The bot's own edge and turn in this process, a database at a point of a body's life, and what may never happen to it.

Beside the product's code stands a watch of our own on the same database file: triggers that note which table of the record was written.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import logging
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog
from aiohttp import web
from multidict import CIMultiDict
from sqlalchemy import NullPool, create_engine, insert, select, text

from app import Role, create_app
from bot.edge import ChannelFailure
from bot.edge.connector import Connector
from documents.bounded import FileReader
from documents.docx import check_template
from documents.intake import read_file
from documents.links import document_link
from meetings.access import ACCESS
from meetings.commands import stem
from settings import Settings
from storage import journal, tables
from storage.look import opened
from telemetry.logs import configure_logs
from tests.hostile.mutations import Activity, Known, Mutations
from tests.standins.channel import Person, Place
from tests.storage.databases import empty
from tests.turns import scenes
from tests.turns.room import Room
from tests.turns.scenes import HELD, PLANNED, Scene, in_review, published

# The record: all but people as they spoke last, places, what Teams tells of calls (it suggests), and what the bot keeps for its own work.
WORK = {"person", "people", "conversation", "turn", "journal", "effect", "worker", "gate", "watch", "secret", "sandbox", "document_content"}
WORK |= {"call_note"}
RECORD = sorted(name for name in tables.metadata.tables if name not in WORK and not name.startswith("search_"))
HOST, PORT = "127.0.0.1", 3978
# After the round of the minutes has ended.
AFTER = datetime(2026, 5, 19, 6, 0, tzinfo=UTC)
LINES, LINE_BYTES, ANSWER_BYTES, SECONDS = 3, 4_000, 300_000, 5.0
# What somebody may do to a body's record by each office that they hold there, by the rights the access table names.
RIGHTS = {
    "expert": {"attend"},
    "member": {"attend", "comment"},
    "chair": {"attend", "comment", "preside", "run"},
    "secretary": {"attend", "prepare", "preside", "run"},
    "checker": {"attend", "check"},
}
# Account → body → offices, of those known bodies that there are.
Offices = Mapping[str, Mapping[str, frozenset[str]]]
# Who speaks in a storm, by the offices that somebody holds anywhere.
SPEAKERS: Mapping[str, Callable[[frozenset[str]], bool]] = {
    "outsiders": lambda held: not held,
    "members": lambda held: bool(held) and "secretary" not in held,
    "secretaries": lambda held: "secretary" in held,
}
RIGHT_OF = {stem(command): str(access.right) for command, access in ACCESS.items()}


@dataclass(frozen=True, slots=True)
class Ground:
    """A database at rest, and what attackers know."""

    database: Path
    now: datetime
    known: Known


@dataclass(slots=True)
class Outcome:
    """What came of a storm. `findings` are what may not be."""

    sent: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    most_lines: int = 0
    slowest: float = 0.0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.sent += other.sent
        self.seconds += other.seconds
        self.statuses += other.statuses
        self.commands += other.commands
        self.lines += other.lines
        self.most_lines = max(self.most_lines, other.most_lines)
        self.slowest = max(self.slowest, other.slowest)
        self.findings += other.findings


# --- the ground -----------------------------------------------------------------------------------------------------------


async def prepared(folder: Path, phase: str) -> Ground:
    """Two bodies of one tenant and somebody of another, brought to a phase over HTTP; every activity on the way is kept."""
    recorded: list[Activity] = []
    database = folder / "room.db"
    async with Room(folder, PLANNED) as room:
        send = room.channel.send

        async def kept(activity: Activity, *, authorization: str | None = None) -> Any:
            recorded.append(json.loads(json.dumps(activity)))
            return await send(activity, authorization=authorization)

        room.channel.send = kept  # type: ignore[method-assign]  # recorded on the way
        with patch.dict(scenes.DAY, fi=f"{scenes.DAY['fi']}, Teams"):
            scene = await (in_review(room) if phase in {"review", "approved"} else published(room))
        await room.settled(lambda: _column(database, "SELECT join_url FROM meeting WHERE join_url <> ''"), "the call has a link")
        if phase == "open":
            await room.at(HELD)
            await scene.say("open_meeting")
        if phase == "approved":
            await room.at(AFTER)
            await room.settled(lambda: _column(database, "SELECT id FROM document WHERE kind = 'approved'"), "the minutes are approved")
        ulla = await _neighbour(room)
        await room.channel.send_file(scene.aino, scene.desk, "lista.txt", "1 § Avaus".encode())
        await _asked_elsewhere(room, scene, _column(database, "SELECT join_url FROM meeting")[0])
        senders = await _senders(room, scene, ulla)
        now = room._now
    with contextlib.closing(sqlite3.connect(database)) as connection:
        ids = _ids(connection)
        _watch(connection)
    (key,) = _column(database, "SELECT value FROM secret WHERE name = 'links'")
    links = [document_link(f"http://{HOST}:{PORT}", one, key, now) for one in _column(database, "SELECT id FROM document")]
    return Ground(
        database,
        now,
        Known(recorded, senders, ids, links or [f"http://{HOST}:{PORT}/documents/"], _column(database, "SELECT join_url FROM meeting")),
    )


async def _neighbour(room: Room) -> Person:
    """Another body's secretary."""
    ulla = room.channel.person("Ulla Toinen")
    board, desk = room.channel.team("Toinen", "Yleinen", [ulla]), await room.channel.open(ulla)
    await room.channel.install(board, ulla)
    await room.say(ulla, board, "perusta Toinen toimielin")
    read = await room.say(ulla, desk, "jäsenluettelo\nOlli Oma;Elli Eskola;Rosvot\n")
    await room.press(ulla, desk, read, "confirm_roster")
    return ulla


async def _asked_elsewhere(room: Room, scene: Scene, call: str) -> None:
    """In a compose box, and by what Teams tells of a call."""
    chat = room.channel.chat([scene.maija])
    for words in (None, "venesatama"):
        await room.channel.ask(scene.maija, chat, words)
    await room.channel.paste(scene.maija, chat, f"{room.url}/documents/x")
    user = {"aadObjectId": scene.maija.account_id, "tenantId": scene.maija.tenant_id}
    for name, value in (("Start", {"JoinUrl": call}), ("ParticipantJoin", {"members": [{"user": user}]}), ("End", {"JoinUrl": call})):
        await room.channel.call(scene.aino, call.rpartition("/")[2], name, value, "2026-05-11T07:02:00Z")


def _column(database: Path, query: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return [value for (value,) in connection.execute(query)]


def offices_in(connection: sqlite3.Connection, today: str) -> Offices:
    """Of accounts known in the database. A term counts that has not ended before today and the first meeting, nor begins after today and
    the last one: who sat in a meeting may speak of it afterwards."""
    accounts = dict(connection.execute("SELECT id, account_id FROM person WHERE account_id <> ''"))
    found: dict[str, dict[str, set[str]]] = {account: {} for account in accounts.values()}

    def give(body: str, person: str, office: str) -> None:
        if person in accounts:
            found[accounts[person]].setdefault(body, set()).add(office)

    for body, secretary, chair, vice_chair, checkers in connection.execute(
        "SELECT id, secretary_id, chair_id, vice_chair_id, checker_ids FROM body"
    ):
        give(body, secretary, "secretary")
        give(body, chair, "chair")
        give(body, vice_chair, "chair")
        for person in json.loads(checkers):
            give(body, person, "checker")
    for table, office in (("holding", "member"), ("expert", "expert")):
        terms = connection.execute(
            f"SELECT body_id, person_id FROM {table} AS one WHERE (since IS NULL OR since <= max(?, (SELECT coalesce(max(day), '') FROM"  # noqa: S608  # our own names
            " meeting WHERE meeting.body_id = one.body_id))) AND (until IS NULL OR until >= min(?, (SELECT coalesce(min(day), '9') FROM"
            " meeting WHERE meeting.body_id = one.body_id)))",
            (today, today),
        )
        for body, person in terms:
            give(body, person, office)
    return {account: {body: frozenset(held) for body, held in bodies.items()} for account, bodies in found.items()}


def _watch(connection: sqlite3.Connection) -> None:
    """Each write to the record leaves the name of its table."""
    connection.execute("CREATE TABLE touched (id INTEGER PRIMARY KEY, name TEXT)")
    for table, event in itertools.product(RECORD, ("INSERT", "UPDATE", "DELETE")):
        note = f"INSERT INTO touched (name) VALUES ('{table}')"  # noqa: S608  # our own names
        connection.execute(f'CREATE TRIGGER watch_{table}_{event} AFTER {event} ON "{table}" BEGIN {note}; END')
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _senders(room: Room, scene: Scene, ulla: Person) -> list[dict[str, Any]]:
    stranger = room.channel.person("Ulkonen Ulla", locale="sv-FI")
    alien = room.channel.person("Alien Other", locale="en-GB", tenant_id="99999999-0000-0000-0000-000000000001")
    found = []
    for who in (scene.aino, scene.maija, scene.bo, scene.vesa, ulla, stranger, alien):
        desk: Place = await room.channel.open(who)
        found.append({"id": who.channel_id, "name": who.name, "aadObjectId": who.account_id, "tenant": who.tenant_id, "desk": desk.id})
    return found


def _ids(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The ids of everything, by the name a command's field has for them."""
    tables_with_ids = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if name in RECORD or name == "person"
    }
    found = {}
    for name in sorted(tables_with_ids):
        columns = {column[1] for column in connection.execute(f'PRAGMA table_info("{name}")')}
        if "id" in columns:
            found[f"{name}_id"] = [one for (one,) in connection.execute(f'SELECT id FROM "{name}" ORDER BY id LIMIT 12')]  # noqa: S608
    return {name: ids for name, ids in found.items() if ids}


# --- the storm ------------------------------------------------------------------------------------------------------------


class _Request:
    """As much of an HTTP request as the bot asks of one."""

    method = "POST"
    host = f"{HOST}:{PORT}"
    content_type = "application/json"

    def __init__(self, content: bytes) -> None:
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.content_length = len(content)
        self._content = content

    async def read(self) -> bytes:
        return self._content


class Storm:
    """`watching`: the database, where it is SQLite; on PostgreSQL only answers and the log are looked at."""

    def __init__(self, ground: Ground, messages: Callable[[Any], Any], watching: sqlite3.Connection | None, log: io.StringIO) -> None:
        self._today = ground.now.date().isoformat()
        self._messages = messages
        self._log = log
        self.outcome = Outcome()
        if watching is not None:
            self._watching = watching
            self._touched = self._one("SELECT coalesce(max(id), 0) FROM touched")
            self._told = self._one("SELECT coalesce(max(seq), 0) FROM journal")
            self.offices, self._bodies = offices_in(watching, self._today), self._all_bodies()
        self._watches = watching is not None

    async def send(self, name: str, content: bytes) -> None:
        outcome = self.outcome
        self._log.seek(0)
        self._log.truncate()
        before = time.monotonic()
        answer: Any = await self._messages(_Request(content))
        took = time.monotonic() - before
        outcome.sent += 1
        outcome.seconds += took
        outcome.slowest = max(outcome.slowest, took)
        outcome.statuses[answer.status] += 1
        wrong = [*self._wrong_answer(answer, content), *self._wrong_log()]
        if self._watches:
            wrong += self._wrong_change(content)
        if took > SECONDS:
            wrong.append(f"took {took:.1f} s")
        outcome.findings += [f"{name}: {one}: {content[:1500]!r}" for one in wrong]

    def _wrong_answer(self, answer: Any, content: bytes) -> Iterator[str]:
        body = answer.body if isinstance(answer.body, bytes) else b""
        if answer.status not in {200, 201, 400, 403, 413}:
            yield f"answered with {answer.status}"
        if len(body) > ANSWER_BYTES:
            yield f"answered with {len(body)} bytes"
        # A client that asks for the board by itself is told to keep what it has; nobody else is.
        served = {200, 400} if b"show_board" in content else {200}
        if answer.status == 200 and body and json.loads(body).get("statusCode", 200) not in served:
            yield f"answered with {body[:200]!r}"

    def _wrong_log(self) -> Iterator[str]:
        lines = self._log.getvalue().splitlines()
        self.outcome.lines += len(lines)
        self.outcome.most_lines = max(self.outcome.most_lines, len(lines))
        if len(lines) > LINES or sum(map(len, lines)) > LINE_BYTES:
            yield f"{len(lines)} lines in the log, {sum(map(len, lines))} characters"
        for line in lines:
            if json.loads(line)["level"] in {"error", "critical"}:
                yield f"logged {line[:1500]}"

    def _wrong_change(self, content: bytes) -> Iterator[str]:
        """What was written follows from a row of the journal, by who spoke, of a command they had the right to by what they were before."""
        touched = self._watching.execute("SELECT id, name FROM touched WHERE id > ?", (self._touched,)).fetchall()
        told = self._watching.execute(
            "SELECT seq, command, body_id, person.account_id FROM journal LEFT JOIN person ON person.id = person_id WHERE seq > ?",
            (self._told,),
        ).fetchall()
        if not touched and not told:
            return
        self._touched = max((number for number, _ in touched), default=self._touched)
        self._told = max((row[0] for row in told), default=self._told)
        if touched and not told:
            yield f"changed {sorted({name for _, name in touched})} without a word in the journal"
        said = json.loads(content.decode("utf-8", "surrogatepass"))["from"].get("aadObjectId") if told else ""
        for _, command, body, account in told:
            self.outcome.commands[command] += 1
            if account != said:
                yield f"{command} is told of {account}, and {said} spoke"
            held = self.offices.get(account, {}).get(body, frozenset())
            if body in self._bodies and RIGHT_OF[command] not in {"set_up"}.union(*(RIGHTS[office] for office in held)):
                yield f"{command} was done by {'+'.join(sorted(held)) or 'outsider'} {account}"
        self.offices, self._bodies = offices_in(self._watching, self._today), self._all_bodies()

    def _all_bodies(self) -> frozenset[str]:
        return frozenset(one for (one,) in self.ask("SELECT id FROM body"))

    def ask(self, query: str) -> list[Any]:
        """Rows of the database as it is."""
        return self._watching.execute(query).fetchall()

    def _one(self, query: str) -> int:
        return int(self.ask(query)[0][0])


async def storm(ground: Ground, folder: Path, seed: str, count: int, speakers: str) -> Outcome:
    """So many activities from those speakers, on a copy of the ground."""
    database = folder / f"{seed}.db"
    shutil.copy(ground.database, database)
    before = _rows(database)
    mutations = Mutations(random.Random(seed), known_to(ground, speakers))  # noqa: S311  # to be the same each time
    async with opened_on(ground, database) as running:
        for number in range(count):
            await running.send(f"{seed} {number}", mutations.body())
        outcome = running.outcome
    if speakers == "outsiders":
        lost = before - _rows(database)
        outcome.findings += [f"{seed}: a row is not as it was in {name}: {row}" for name, row in sorted(lost)]
    with opened(f"sqlite:///{database}") as connection:
        outcome.findings += [f"{seed}: the journal: {one}" for one in journal.read(connection).breaks]
    with contextlib.closing(sqlite3.connect(database)) as connection:
        faults = [
            *connection.execute("PRAGMA foreign_key_check"),
            *(one for one in connection.execute("PRAGMA integrity_check") if one != ("ok",)),
        ]
    outcome.findings += [f"{seed}: the database: {one}" for one in faults]
    return outcome


async def storm_on_postgresql(ground: Ground, url: str, seed: str, count: int, speakers: str) -> Outcome:
    """The same on a migrated PostgreSQL database, which is emptied before."""
    empty(url)
    _move(ground.database, url)
    mutations = Mutations(random.Random(seed), known_to(ground, speakers))  # noqa: S311  # to be the same each time
    async with opened_on(ground, url) as running:
        for number in range(count):
            await running.send(f"{seed} {number}", mutations.body())
        outcome = running.outcome
    with opened(url) as connection:
        outcome.findings += [f"{seed}: the journal: {one}" for one in journal.read(connection).breaks]
    return outcome


def _move(database: Path, url: str) -> None:
    """All but what the bot keeps for its own work, from SQLite to PostgreSQL."""
    there = create_engine(url, poolclass=NullPool)
    with opened(f"sqlite:///{database}") as here, there.begin() as writing:
        for table in tables.metadata.sorted_tables:
            rows = (
                [dict(row._mapping) for row in here.execute(select(table))]
                if table.name not in {"turn", "effect", "worker", "gate"}
                else []
            )
            if rows:
                writing.execute(insert(table), rows)
        writing.execute(text("SELECT setval(pg_get_serial_sequence('journal', 'seq'), max(seq)) FROM journal"))


def known_to(ground: Ground, speakers: str) -> Known:
    """What is known, where only those speak."""
    with contextlib.closing(sqlite3.connect(ground.database)) as connection:
        offices = offices_in(connection, ground.now.date().isoformat())
    held = {one["aadObjectId"]: frozenset().union(*offices.get(one["aadObjectId"], {}).values()) for one in ground.known.senders}
    return replace(ground.known, senders=[one for one in ground.known.senders if SPEAKERS[speakers](held[one["aadObjectId"]])])


def _rows(database: Path) -> set[tuple[str, str]]:
    """The whole record, a text a row."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return {(name, repr(row)) for name in RECORD for row in connection.execute(f'SELECT * FROM "{name}"')}  # noqa: S608  # our own names


@contextlib.asynccontextmanager
async def opened_on(ground: Ground, database: Path | str) -> AsyncIterator[Storm]:
    """The app as it ships, on a file of SQLite or the address of PostgreSQL, without its effects; what it posts goes nowhere, and files are
    read here instead of in a process each."""

    async def post(*_: object, **__: object) -> str:
        return "1"

    async def download(_connector: Connector, url: str, _limit: int) -> bytes:
        if not url.startswith("http://127.0.0.1"):
            raise ChannelFailure(0, "HostNotAllowed")
        return "1 § Avaus\n2 § Lopetus".encode()

    async def read(_reader: FileReader, name: str, content: bytes) -> str:
        return read_file(name, content)

    async def checked(_reader: FileReader, _name: str, content: bytes) -> None:
        check_template(content)

    url = f"sqlite:///{database}" if isinstance(database, Path) else database
    settings = Settings(_env_file=None, PYKALA_LOCAL=True, host=HOST, port=PORT, database_url=url)  # type: ignore[call-arg]
    with contextlib.ExitStack() as closing:
        closing.enter_context(patch.object(Connector, "post", post))
        closing.enter_context(patch.object(Connector, "download", download))
        closing.enter_context(patch.object(FileReader, "text", read))
        closing.enter_context(patch.object(FileReader, "check_template", checked))
        runner = web.AppRunner(await create_app(settings, clock=lambda: ground.now, role=Role.WEB))
        await runner.setup()
        (messages,) = (one.handler for one in runner.app.router.routes() if one.resource and one.resource.canonical == "/api/messages")
        log = closing.enter_context(_logged())
        watching = closing.enter_context(contextlib.closing(sqlite3.connect(database))) if isinstance(database, Path) else None
        try:
            yield Storm(ground, messages, watching, log)
        finally:
            await runner.cleanup()


@contextlib.contextmanager
def _logged() -> Iterator[io.StringIO]:
    """What an operator would read, and the process's logging as it was afterwards."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure_logs("info", stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**config)
