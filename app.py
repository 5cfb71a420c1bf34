"""The composition root: settings → storage → graph → bot → runner → aiohttp app. Imports all, imported by none.

`python app.py` serves; `--role web` leaves the effects to others, `--role worker` carries them out and answers nobody.
`python app.py --help` names the commands for administrators (admin/).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import holidays
import structlog
from aiohttp import web
from alembic.util import CommandError
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError

from admin import backup, check, effects, package, people, verify
from bot.answer_page import AnswerPage
from bot.calls import Calls
from bot.comment_page import CommentPage
from bot.compose import ComposeBox
from bot.edge import Edge, EdgeConfig, channel_issuer
from bot.notifications import PATH as NOTIFICATIONS
from bot.notifications import add_notifications
from bot.pages import add_documents
from bot.personal_page import PersonalPage
from bot.teams import MeetingBot
from bot.turn import Turns
from documents.bounded import FileReader
from documents.links import document_link, personal_link
from graph.answers import GraphAnswers
from graph.calendar import GraphCalendar
from graph.client import GRAPH, GraphClient, graph_client, nobody
from graph.credentials import ClientCertificate, ClientSecret, Credential, Federated, ManagedIdentity, assertion_source
from graph.files import GraphFiles
from graph.limits import MailboxLimit
from graph.mail import GraphMail, SmtpMail
from graph.reports import GraphReports
from graph.sandbox import add_sandbox, from_this_machine
from graph.schedules import GraphSchedules
from jobs import lease
from jobs.answers import OFTEN, AnswerHandlers
from jobs.attendance import AttendanceHandlers
from jobs.calendars import Links
from jobs.dates import PollHandlers
from jobs.files import FileHandlers
from jobs.forgetting import ForgettingHandlers, begin_forgetting
from jobs.gates import TENANT, Gate, LocalThrottle
from jobs.handlers import Handlers
from jobs.mail import Letters
from jobs.runner import Handler, Runner
from jobs.schedules import ScheduleHandlers
from jobs.steady import Steady
from meetings.effects import Effect, ReadAnswers
from meetings.ports import Mail
from settings import Settings, read_settings
from storage.alone import AlreadyRunning
from storage.database import Storage
from storage.faults import fault_of, told
from storage.gates import SharedThrottle
from storage.migrate import newest
from storage.sandbox import KnownPeople, SandboxTable
from storage.transaction import Transaction
from telemetry.health import Health
from telemetry.logs import configure_logs, log_loop_errors
from telemetry.metrics import Metrics
from telemetry.observed import Telemetry
from telemetry.pages import add_operator_pages

if TYPE_CHECKING:
    from telemetry.tracing import Tracing

log = structlog.get_logger("app")  # run as a program it would be called __main__
SANDBOX_ORGANISER = "sihteeri@pykala.example"
# Seconds. Longer than a database server takes to start beside the bot.
START = 60.0
# Nobody throttles on one's own machine.
OFTEN_LOCALLY = timedelta(seconds=5)


class Role(StrEnum):
    """What a process does: all of it, or one of two parts that meet in a PostgreSQL database."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


def now() -> datetime:
    return datetime.now(UTC)


def finnish_holiday(day: date) -> str | None:
    name: str | None = holidays.country_holidays("FI", years=day.year, language="fi").get(day)
    return name


async def create_app(
    settings: Settings,
    clock: Callable[[], datetime] = now,
    pace: float = 1.0,
    registration: EdgeConfig | None = None,
    role: Role = Role.ALL,
) -> web.Application:
    """The bot, or that part of it, as one aiohttp application; everything is opened with it and closed with it.

    `pace`: seconds between two messages to one channel; Teams allows no more than one a second. `registration`: another than the settings
    tell, for a channel on this machine that signs its tokens.
    """
    metrics = Metrics(CollectorRegistry())
    tracing = _tracing(settings)
    telemetry = Telemetry(metrics, tracing)
    storage = Storage(settings.database_url, clock=clock, holiday=finnish_holiday)
    await open_storage(storage)
    key = await storage.read(lambda tx: tx.secret("links"))
    links = _links(settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}", key, clock)
    edge = Edge(registration or _edge_config(settings), metrics.channel, lease.check)
    sandbox = not settings.graph_base_url and settings.local
    graph = _graph(settings, metrics.graph)

    # A clock that is moved by hand is right wherever it stands.
    steady = Steady(clock) if clock is now else None
    files = FileReader()
    runner = Runner(storage, _handlers(settings, storage, edge, graph, links, files, pace), telemetry, steady)

    turns = Turns(
        storage,
        download=edge.connector.download,
        read_file=files.text,
        check_template=files.check_template,
        address=links.own,
        in_teams=not settings.local,
    )
    bot = MeetingBot(turns, ComposeBox(storage, links.base, key, clock), Calls(storage))

    async def messages(request: web.Request) -> web.Response:
        with telemetry.turn() as turn:
            response = await edge.process(request, bot)
            if response.status >= 400:
                turn.outcome = "failed" if response.status >= 500 else "rejected"
            return response

    async def opened(_app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as closing:
            if tracing is not None:
                closing.push_async_callback(asyncio.to_thread, tracing.close)
            for close in (storage.close, graph.aclose, edge.close):
                closing.push_async_callback(close)
            await edge.start()
            if role is not Role.WEB:
                # Before the runner takes back one that a killed process left: that would have to wait.
                await storage.run(_begin)
                await graph.warm_up()
                await runner.start()
                closing.push_async_callback(runner.stop)
            yield

    app = web.Application(client_max_size=1024 * 1024 + 1)
    health = Health(storage.health, fault_of, lambda: "none" if role is Role.WEB else runner.state, clock)
    metrics.watch(health, {"channel": edge.token_life, "graph": graph.token_life})
    add_operator_pages(app, health, metrics, settings.metrics_readers())
    if role is not Role.WORKER:
        app.router.add_route("*", "/api/messages", _only_here(messages) if settings.local else messages)
        PersonalPage(CommentPage(links.own), storage, key, clock, telemetry).add_to(app)
        PersonalPage(AnswerPage(links.own), storage, key, clock, telemetry).add_to(app)
        add_documents(app, storage, key, clock)
        add_notifications(app, storage)
    if sandbox:  # each process asks its own, and what they hold is in the database
        add_sandbox(app, SandboxTable(storage), now=clock, directory=KnownPeople(storage))
    app.cleanup_ctx.append(opened)
    _tell_the_end(app, runner)
    return app


def _only_here(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def heard(request: web.Request) -> web.Response:
        if not from_this_machine(request):
            raise web.HTTPForbidden
        return await handler(request)

    return heard


def _begin(tx: Transaction) -> None:
    """What goes on for ever: each time writes down the next."""
    tx.later(ReadAnswers())
    begin_forgetting(tx)


def _tell_the_end(app: web.Application, runner: Runner) -> None:
    """That it begins, and when everything is closed."""

    async def draining(_app: web.Application) -> None:
        log.info("draining", effects=runner.under_way)

    async def stopped(_app: web.Application) -> None:
        log.info("stopped", effects_left=runner.left)

    app.on_shutdown.append(draining)
    app.on_cleanup.append(stopped)


def _links(base: str, key: bytes, clock: Callable[[], datetime]) -> Links:
    def document(document_id: str, at: datetime | None = None) -> str:
        return document_link(base, document_id, key, at or clock())

    def own(document_id: str, reader_id: str) -> str:
        return document_link(base, document_id, key, clock(), reader_id)

    def personal(page: str, ids: tuple[str, ...], until: datetime) -> str:
        return personal_link(base, page, ids, key, until)

    return Links(base, document, own, personal)


def _handlers(
    settings: Settings, storage: Storage, edge: Edge, graph: GraphClient, links: Links, reader: FileReader, pace: float
) -> Mapping[type[Effect], Handler]:
    """What each effect does, and how fast: on PostgreSQL the processes keep the outside's limits together."""
    organiser = settings.organiser or SANDBOX_ORGANISER
    shared = SharedThrottle(storage) if storage.shared else None
    throttle = shared or LocalThrottle()
    limit = MailboxLimit(throttle=shared, mailbox=organiser, before=lease.check)
    posts, files = Gate(throttle, "post", pace, all_places=TENANT), Gate(throttle, "files", pace / 4)
    mail: Mail = SmtpMail(settings.smtp_url, settings.smtp_from) if settings.smtp_url else GraphMail(graph, organiser, limit)
    letters = Letters(storage, mail, links.own, links.personal, organiser)
    calendar = GraphCalendar(graph, organiser, limit=limit)
    answers = GraphAnswers(graph, organiser, limit)
    often = OFTEN_LOCALLY if settings.local else OFTEN
    tables = (
        Handlers(storage, edge.connector, calendar, links, posts, letters, reader.fill_template).table(),
        PollHandlers(storage, edge.connector, links.document, posts).table(),
        ScheduleHandlers(storage, GraphSchedules(graph, organiser, limit=limit)).table(),
        AnswerHandlers(storage, answers, organiser, links.base + NOTIFICATIONS, often).table(),
        ForgettingHandlers(storage).table(),
        AttendanceHandlers(storage, GraphReports(graph, organiser) if settings.attendance_reports else None).table(),
        FileHandlers(storage, edge.connector, GraphFiles(graph), files).table(),
    )
    return {kind: handler for table in tables for kind, handler in table.items()}


def _edge_config(settings: Settings) -> EdgeConfig:
    if settings.local:
        return EdgeConfig(app_type="Local", allowed_channels=("msteams", "emulator"))
    credential = _credential(settings)
    assertion = assertion_source(credential, settings.login_url) if isinstance(credential, Federated) else None
    return EdgeConfig(
        app_type="Certificate" if settings.certificate_file else "Federated" if assertion else settings.app_type,
        app_id=settings.app_id,
        app_password=settings.app_password,
        tenant_id=settings.tenant_id,
        certificate_file=settings.certificate_file,
        certificate_thumbprint=settings.certificate_thumbprint,
        assertion=assertion,
        openid_metadata_url=settings.openid_metadata_url,
        login_url=settings.login_url,
        channel_issuer=channel_issuer(settings.openid_metadata_url),
        allowed_tenants=settings.tenants(),
    )


def _tracing(settings: Settings) -> Tracing | None:
    """The SDK is loaded only where there is somebody to send traces to."""
    if not settings.otlp_endpoint:
        return None
    from telemetry.tracing import Tracing  # noqa: PLC0415  # as above

    return Tracing(settings.otlp_endpoint, settings.otel_service_name)


def _graph(settings: Settings, told: Callable[[int], None] = nobody) -> GraphClient:
    url = settings.graph_base_url or (f"http://{settings.host}:{settings.port}/graph/v1.0" if settings.local else GRAPH)
    return graph_client(url, _credential(settings), login_url=settings.login_url, told=told)


def _credential(settings: Settings) -> Credential | None:
    if settings.local:
        return None
    if settings.app_type == "UserAssignedMSI":
        return ManagedIdentity(settings.app_id)
    if settings.token_file or settings.identity_id:
        return Federated(settings.tenant_id, settings.app_id, settings.token_file, settings.identity_id)
    if settings.certificate_file:
        pem = Path(settings.certificate_file).read_text(encoding="ascii")
        return ClientCertificate(settings.tenant_id, settings.app_id, pem, pem)
    return ClientSecret(settings.tenant_id, settings.app_id, settings.app_password)


async def open_storage(storage: Storage) -> None:
    """A database server that is away, as when both are started at once, is waited for; whatever else is wrong needs a hand."""
    until = time.monotonic() + START
    waiting = False
    while True:
        try:
            await storage.start()
        except SQLAlchemyError as failure:
            if not storage.shared or fault_of(failure) != "away" or time.monotonic() > until:
                raise
            if not waiting:
                log.warning("the database is waited for", seconds=START, reason=told(failure))
            waiting = True
            await asyncio.sleep(1)
        else:
            return


async def served(settings: Settings, role: Role = Role.ALL, registration: EdgeConfig | None = None) -> web.Application:
    """The application of a process that does nothing else."""
    log_loop_errors(asyncio.get_running_loop())
    app = await create_app(settings, role=role, registration=registration)
    app.on_startup.append(_keep_what_is_there)
    return app


async def _keep_what_is_there(_app: web.Application) -> None:
    """All that has been loaded by now stays for good. Looking through it for garbage, every few hundred turns, stopped everybody for a
    fifth of a second."""
    gc.collect()
    gc.freeze()


def _started(settings: Settings, role: Role, _addresses: str) -> None:
    """Once it listens."""
    log.info(
        "started",
        host=settings.host,
        port=settings.port,
        role=role.value,
        schema=newest(),
        database=settings.database_url.partition(":")[0].partition("+")[0],
        mode="local" if settings.local else "graph",
    )


def serve(options: argparse.Namespace) -> int:
    role: Role = options.role
    settings = read_settings()
    if role is not Role.ALL and settings.database_url.startswith("sqlite"):
        raise SystemExit(f"--role {role} needs PostgreSQL (DATABASE_URL): on SQLite one process does everything.")
    if role is Role.WORKER and not settings.public_url:
        raise SystemExit("--role worker needs PUBLIC_URL: its links lead to a process that answers them.")
    configure_logs(settings.log_level)
    try:
        web.run_app(
            served(settings, role), host=settings.host, port=settings.port, print=partial(_started, settings, role), access_log=None
        )
    except AlreadyRunning as refused:
        raise SystemExit(str(refused)) from None
    except SQLAlchemyError as failure:
        raise SystemExit(told(failure)) from None
    except CommandError:
        raise SystemExit("The database is of a newer version than this bot. There is no way back but a backup of before.") from None
    except OSError as failure:
        raise SystemExit(f"Cannot listen on {settings.host}:{settings.port}: {failure.strerror or failure}.") from None
    return 0


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(Role)}") from None


def main() -> None:
    # What is written here is people's: the database, backups, what a library keeps.
    os.umask(0o077)
    configure_logs()
    parser = argparse.ArgumentParser(prog="python app.py", description="Without a command it serves.")
    parser.add_argument(
        "--role",
        type=_role,
        metavar="{" + ",".join(Role) + "}",
        default=Role.ALL,
        help="what this process does (web and worker need PostgreSQL)",
    )
    parser.set_defaults(run=serve)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    check.add_command(commands, check.Means(_graph, _edge_config))
    backup.add_commands(commands)
    effects.add_command(commands)
    package.add_command(commands)
    people.add_command(commands)
    verify.add_command(commands)
    options = parser.parse_args()
    raise SystemExit(options.run(options))


if __name__ == "__main__":
    main()
