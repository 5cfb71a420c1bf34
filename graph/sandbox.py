"""The local stand-in for Microsoft 365, shipped with the product: Graph under `/graph/v1.0`, what people see of it at `/sandbox`.

For app.py alone, which binds it to loopback. It answers only requests that were addressed to this machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web

from graph.client import LOOPBACK
from graph.mailboxes import Directory, Mailboxes
from graph.sandbox_files import FILES, ChannelFiles, file_routes
from graph.sandbox_http import MOST_AT_ONCE, Fault
from graph.sandbox_page import page_app
from graph.sandbox_reports import STORE, report_routes
from graph.sandbox_store import MemoryStore, SandboxStore
from graph.sandbox_subscriptions import Subscriptions
from graph.sandbox_wire import wire_app

__all__ = ["Fault", "MemoryStore", "SandboxStore", "add_sandbox", "from_this_machine"]

# What a proxy or a tunnel adds.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


def add_sandbox(
    app: web.Application,
    store: SandboxStore,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    language: str = "fi",
    directory: Directory | None = None,
    most_at_once: int = MOST_AT_ONCE,
) -> None:
    """Mount `/graph` (Graph's wire format, and `/graph/sandbox/faults`) and `/sandbox` (the pages) on the application.

    All state is in the store, except faults on demand. `language` is that of the Teams join block Exchange would write.
    `directory`: who has a calendar before any invitation, and what an organiser and a channel are called.
    `most_at_once`: requests one mailbox serves at a time (0: any number).
    """
    mailboxes = Mailboxes(store, now=now, language=language, directory=directory)
    files = ChannelFiles(store, now)
    wire = wire_app(mailboxes, Subscriptions(store, mailboxes), most_at_once)
    wire.add_routes([*file_routes(), *report_routes()])
    wire[STORE] = store
    for prefix, part in (("/graph", wire), ("/sandbox", page_app(mailboxes))):
        part[FILES] = files
        part.middlewares.insert(0, _this_machine_only)
        app.add_subapp(prefix, part)


@web.middleware
async def _this_machine_only(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    if not from_this_machine(request):
        raise web.HTTPForbidden
    return await handler(request)


def from_this_machine(request: web.Request) -> bool:
    """For what listens on loopback and asks nobody who they are. A foreign page can point its own host name at loopback, and a tunnel
    brings anybody here; the name in the request, or what the tunnel adds, gives them away."""
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:
        return False
    return name in LOOPBACK and not any(one in request.headers for one in FORWARDED)
