"""One JSON object a line, ours and the libraries', with the turn or effect it belongs to, and nothing of what an error's text repeats."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
from aiohttp import web
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError, OperationalError
from yarl import URL

from bot.edge import ChannelFailure
from meetings.errors import NotFound
from meetings.ports import CalendarFailure
from telemetry.errors import reason
from telemetry.logs import configure_logs, log_loop_errors
from telemetry.observed import Telemetry
from tests.graph.conftest import served

MAIJA = "Maija Meri maija.meri@example.org"


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_ours_and_the_libraries_lines_have_one_form(logged: io.StringIO) -> None:
    with Telemetry().turn() as turn:
        turn.command = "plan_meeting"
        structlog.get_logger("bot.turn").info("ours", seconds=1.5)
        logging.getLogger("bot.edge.adapter").warning("of the edge: %s", 403)
        logging.getLogger("alembic").info("of a library")
        logging.getLogger("alembic").debug("too much of a library")
    told = lines(logged)[:-1]
    assert [one["event"] for one in told] == ["ours", "of the edge: 403", "of a library"]
    assert [one["level"] for one in told] == ["info", "warning", "info"]
    assert all((one["turn"], one["command"]) == (turn.turn, "plan_meeting") and one["timestamp"] for one in told)
    assert told[0]["seconds"] == 1.5


def test_an_effect_s_lines_name_it_and_its_turn(logged: io.StringIO) -> None:
    with Telemetry().effect("SyncEvent", 7, 2, "0123456789ab", timedelta(seconds=1)):
        structlog.get_logger("jobs.runner").warning("effect to be tried again")
    assert {"turn": "0123456789ab", "effect": "SyncEvent", "seq": 7, "attempt": 2}.items() <= lines(logged)[0].items()
    structlog.get_logger("jobs.runner").warning("outside")
    assert not {"turn", "effect", "seq"} & set(lines(logged)[-1])


@pytest.mark.parametrize(("level", "events"), [("debug", "dliwe"), ("info", "iwe"), ("warning", "we"), ("error", "e")])
def test_the_level_is_that_of_our_lines_and_libraries_tell_warnings(logged: io.StringIO, level: str, events: str) -> None:
    stream = io.StringIO()
    configure_logs(level, stream)
    ours, theirs = structlog.get_logger("jobs.runner"), logging.getLogger("somebody.else")
    ours.debug("d")
    theirs.info("l")
    ours.info("i")
    theirs.warning("w")
    ours.error("e")
    assert "".join(one["event"] for one in lines(stream)) == events


async def test_each_turn_and_effect_is_told_in_detail(logged: io.StringIO) -> None:
    telemetry = Telemetry()
    with telemetry.turn() as turn:
        turn.command, turn.outcome = "plan_meeting", "answered"
    (told,) = lines(logged)
    assert {"event": "turn", "turn": turn.turn, "command": "plan_meeting", "outcome": "answered", "level": "debug"}.items() <= told.items()


def _raised(make: Callable[[], object]) -> BaseException:
    try:
        make()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def _not_unique() -> None:
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE person (name TEXT UNIQUE)")
        database.execute("INSERT INTO person VALUES (?)", [MAIJA])
        try:
            database.execute("INSERT INTO person VALUES (?)", [MAIJA])
        except sqlite3.IntegrityError as error:
            raise IntegrityError(f"refused: {MAIJA}", {"name": MAIJA}, error) from error


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: int(MAIJA), "ValueError"),
        (lambda: {"": 0}[MAIJA], "KeyError"),
        (lambda: None.name, "AttributeError: 'NoneType' object has no attribute 'name'"),  # type: ignore[attr-defined]
        (_not_unique, "IntegrityError: SQLITE_CONSTRAINT_UNIQUE"),
        (lambda: open(f"/nowhere/{MAIJA}"), "FileNotFoundError: ENOENT"),  # noqa: PTH123, SIM115  # it does not open
    ],
)
def test_a_reason_says_what_went_wrong_and_not_about_whom(make: Callable[[], object], said: str) -> None:
    assert reason(_raised(make)) == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ChannelFailure(403, "BotNotInConversationRoster"), "ChannelFailure: 403 BotNotInConversationRoster"),
        (CalendarFailure("Graph 404 ErrorItemNotFound"), "CalendarFailure: Graph 404 ErrorItemNotFound"),
        (NotFound("storage.not_found", name=MAIJA), "NotFound: storage.not_found"),
    ],
)
def test_our_own_refusals_are_told_by_their_codes(error: Exception, said: str) -> None:
    assert reason(error) == said


def test_an_error_is_told_with_its_causes_and_its_place(logged: io.StringIO) -> None:
    try:
        try:
            int(MAIJA)
        except ValueError as error:
            raise RuntimeError(f"no number: {MAIJA}") from error
    except RuntimeError:
        structlog.get_logger("bot.turn").exception("turn failed")
        logging.getLogger("aiohttp.server").exception("Error handling request")
    for told in lines(logged):
        assert told["error"] == "RuntimeError < ValueError"
        assert told["at"][-1].partition(":")[0] == __file__
    assert "Maija" not in logged.getvalue()


async def test_what_nobody_caught_is_told_without_its_text(logged: io.StringIO) -> None:
    loop = asyncio.get_running_loop()
    log_loop_errors(loop)
    try:
        loop.call_soon(int, MAIJA)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        lost = loop.create_future()
        lost.set_exception(ValueError(MAIJA))
        del lost
    finally:
        loop.set_exception_handler(None)
    first, second = lines(logged)
    assert (first["error"], second["error"]) == ("ValueError", "ValueError")
    assert (first["event"], second["event"]) == ("Exception in callback int", "Future exception was never retrieved")
    assert "Maija" not in logged.getvalue()


@pytest.mark.parametrize(
    "secret",
    [
        "maija.meri@example.org",
        "users/maija.meri%40example.org/events",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYWlqYSJ9.c2lnbmF0dXJl",
        "/documents/0a?until=1&mark=" + "0f" * 32,
        "/comment/p.m.17." + "0f" * 32,
    ],
)
def test_what_looks_like_an_address_or_a_credential_is_struck_out(logged: io.StringIO, secret: str) -> None:
    logging.getLogger("somebody.else").warning("asked %s and waited", secret)
    (told,) = lines(logged)
    assert "…" in told["event"]
    assert told["event"].endswith(" and waited")
    for telling in ("maija", "eyJ", "0f0f"):
        assert telling not in told["event"]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello",
    ],
)
async def test_what_is_no_http_is_answered_and_is_no_error_of_ours(logged: io.StringIO, sent: bytes) -> None:
    configure_logs("info", logged)
    async with served(web.Application()) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(url).port)
        writer.write(sent)
        assert b" 40" in await reader.read(20)
        writer.close()
    assert [line for line in lines(logged) if line["level"] == "error"] == []


def test_of_the_calls_only_the_program_s_own_and_the_last_are_told(logged: io.StringIO) -> None:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT nothing")
    except OperationalError:
        structlog.get_logger("bot.turn").exception("turn failed")
    (told,) = (one for one in lines(logged) if one["event"] == "turn failed")
    first, last = told["at"]
    assert (first.partition(":")[0], "sqlalchemy" in last) == (__file__, True)
