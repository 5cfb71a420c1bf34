"""Logs: one JSON object a line on stderr, ours and the libraries' alike. No names, addresses, texts, tokens or signed links.

Errors are logged by their class, code and place, never by their text. As a second wall, what looks like an address or a credential is
struck out of every line.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from typing import Any, TextIO

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from structlog.types import EventDict, Processor, WrappedLogger

from telemetry.errors import chain, places, reason
from telemetry.under_way import name_it

OURS = ("admin", "app", "bot", "cards", "documents", "graph", "jobs", "storage", "telemetry", "texts")
# What these tell below a warning is addresses of requests, which carry those of people.
_TELLING_TOO_MUCH = ("aiohttp.access", "asyncio", "hpack", "httpcore", "httpx", "msal", "urllib3")
_SECRETS = re.compile(
    r"(\\(?:u[0-9a-f]{4}|.))"  # an escape of JSON, which stays: its letter is of no address
    r"|[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"  # mail addresses
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # JSON web tokens
    r"|(?<=mark=)\w+|\b[0-9a-f]{64}\b"  # marks of signed links
)
# What JSON lets stand, and a terminal obeys or a reader of lines takes for an end.
_UNSEEN = re.compile(r"[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def configure_logs(level: str = "info", stream: TextIO = sys.stderr) -> None:
    """For the whole process. `level` is that of our own lines; libraries tell warnings, with `debug` also what they call information."""
    ours = logging.getLevelNamesMapping()[level.upper()]
    told: list[Processor] = [
        name_it,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=told,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                describe_error,
                structlog.processors.JSONRenderer(ensure_ascii=False),
                strike_out,
            ],
        )
    )
    structlog.configure(
        processors=[*told, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(ours),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO if ours <= logging.DEBUG else max(ours, logging.WARNING), force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(ours)
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    for name in _TELLING_TOO_MUCH:
        logging.getLogger(name).setLevel(max(ours, logging.WARNING))


def _is_ours(line: logging.LogRecord) -> bool:
    """What is no HTTP, or packed otherwise than it says, is answered with 400; any stranger can send it, and it is no error of ours."""
    error = line.exc_info[1] if line.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


def log_loop_errors(loop: asyncio.AbstractEventLoop) -> None:
    """What nobody caught. asyncio's own line repeats the error's text."""

    def caught(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # A callback is told with its arguments.
        said, _, _ = context["message"].partition("(")
        logging.getLogger("asyncio").error(said, exc_info=context.get("exception"))

    loop.set_exception_handler(caught)


def describe_error(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """The error of a line: what it was, what it came from, and where."""
    given = line.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    if error is not None:
        line["error"] = " < ".join(map(reason, chain(error)))
        line["at"] = places(error)
    return line


def strike_out(_logger: WrappedLogger, _method: str, line: Any) -> str:
    told = _SECRETS.sub(lambda found: found[1] or "…", line)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", told)
