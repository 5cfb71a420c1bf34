"""Pages of one person's own, opened by a signed link in a letter. No script, no cookie, no session; looking changes nothing."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from documents.links import read_personal_token
from meetings.access import may_read
from meetings.commands import ChooseLanguage
from meetings.errors import MeetingError, NotFound, Refused
from meetings.model import Meeting, Person
from meetings.use_cases import execute
from storage.database import Storage
from storage.errors import Unavailable
from storage.transaction import Transaction
from telemetry.observed import Telemetry
from telemetry.under_way import Observed
from texts import LANGUAGES, t

State = TypeVar("State")
Ids = tuple[str, ...]

log = structlog.get_logger()
_FOLDER = Path(__file__).parent / "templates"
_PAGES = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_STYLE = (_FOLDER / "personal.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
# So many answers of one person in so long a time; a person gives fewer, a program more.
MOST = 30
WINDOW = timedelta(minutes=10)


class Kind(Protocol[State]):
    """One kind of page. `name` is its place in addresses and in the mark of its links; `texts` begins the keys of its own sentences. The
    first of `ids` is the person."""

    name: str
    texts: str

    def look(self, tx: Transaction, ids: Ids, error: MeetingError | None) -> State:
        """What the page shows, with what went wrong. Raises `NotFound` when there is nothing to show any more."""
        ...

    def take(self, tx: Transaction, ids: Ids, typed: Mapping[str, str]) -> State:
        """Keep what was sent, by the commands of Teams; raises `MeetingError`. With `tx.repeat` it was kept before."""
        ...

    def render(self, state: State, typed: Mapping[str, str]) -> str: ...


class PersonalPage(Generic[State]):
    """Answers every input with a page; what was typed comes back unless it was kept."""

    def __init__(self, kind: Kind[State], storage: Storage, key: bytes, now: Callable[[], datetime], telemetry: Telemetry) -> None:
        self._kind = kind
        self._storage = storage
        self._key = key
        self._now = now
        self._telemetry = telemetry
        self._answers: dict[str, deque[datetime]] = {}

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(f"/{self._kind.name}/{{token}}", self.show)
        app.router.add_post(f"/{self._kind.name}/{{token}}", self.take)

    async def show(self, request: web.Request) -> web.Response:
        ids = self._ids(request)
        if ids is None:
            return _no_link(request)
        try:
            state = await self._storage.read(lambda tx: self._kind.look(tx, ids, None))
        except NotFound:
            return _no_link(request)
        except Unavailable:
            return _away(request)
        return self._page(state, {}, 200)

    async def take(self, request: web.Request) -> web.Response:
        ids = self._ids(request)
        if ids is None:
            return _no_link(request)
        with self._telemetry.turn() as turn:
            turn.command, turn.outcome = f"page_{self._kind.name}", "failed"
            try:
                response = await self._take(request, ids, turn)
            except Unavailable as failure:
                log.warning("what a personal page was told could not be kept", reason=str(failure))
                return _away(request)
            if response.status < 500:
                turn.outcome = "answered" if response.status == 200 else "refused"
            return response

    async def _take(self, request: web.Request, ids: Ids, turn: Observed) -> web.Response:
        try:
            typed = {name: value.replace("\0", "") for name, value in (await request.post()).items() if isinstance(value, str)}
        except web.HTTPRequestEntityTooLarge:
            return await self._again(ids, {}, Refused(f"{self._kind.texts}large"), 413)
        except (ValueError, LookupError):  # a form that is none
            typed = {}
        if not self._passes(ids[0]):
            return await self._again(ids, typed, Refused(f"{self._kind.texts}often"), 429)
        nonce = typed.get("nonce", "")[:64] or secrets.token_hex(8)
        language = typed.get("language")
        try:
            if language in LANGUAGES:
                state = await self._storage.run(lambda tx: self._speak(tx, ids, language))
                return self._page(state, typed, 200)
            state = await self._storage.run(lambda tx: self._kind.take(tx, ids, typed), key=":".join((self._kind.name, *ids, nonce)))
        except NotFound as error:
            return await self._again(ids, typed, error, 404)
        except MeetingError as error:
            return await self._again(ids, typed, error, 422)
        except Unavailable:
            raise
        except Exception:
            log.exception("what a personal page was told could not be kept")
            return await self._again(ids, typed, Refused("turn.fault", turn=turn.turn), 500)
        return self._page(state, {}, 200)

    def _speak(self, tx: Transaction, ids: Ids, language: str) -> State:
        """From now on pages and letters speak this language to the person."""
        tx.actor = tx.person(ids[0])
        command = ChooseLanguage(language=language)
        execute(command, tx)
        tx.journal(command, {"by": "page"})
        return self._kind.look(tx, ids, None)

    async def _again(self, ids: Ids, typed: Mapping[str, str], error: MeetingError, status: int) -> web.Response:
        try:
            state = await self._storage.read(lambda tx: self._kind.look(tx, ids, error))
        except NotFound:
            return web.Response(status=404, headers=_HEADERS)
        return self._page(state, typed, status)

    def _ids(self, request: web.Request) -> Ids | None:
        return read_personal_token(self._kind.name, request.match_info["token"], self._key, self._now())

    def _passes(self, person_id: str) -> bool:
        now = self._now()
        if len(self._answers) > 1000:
            self._answers = {one: times for one, times in self._answers.items() if times and times[-1] > now - WINDOW}
        times = self._answers.setdefault(person_id, deque(maxlen=MOST))
        if len(times) == MOST and times[0] > now - WINDOW:
            return False
        times.append(now)
        return True

    def _page(self, state: State, typed: Mapping[str, str], status: int) -> web.Response:
        return web.Response(text=self._kind.render(state, typed), content_type="text/html", status=status, headers=_HEADERS)


def reader(tx: Transaction, person_id: str, meeting: Meeting) -> Person:
    """Whose page it is. Raises `NotFound` for one who has no address: their letters are nobody's since they were forgotten; and for one
    who is not of the body any more."""
    person, body = tx.person(person_id), tx.body(meeting.body_id)
    if not person.email or not may_read(body, meeting, person, tx.now.astimezone(body.tz).date()):
        raise NotFound("storage.not_found")
    return person


def fill(template: str, language: str, **values: object) -> str:
    """A page of bot/templates in a language."""
    return _PAGES.get_template(template).render(
        t=lambda key, **params: t(language, key, **params),
        language=language,
        LANGUAGES=LANGUAGES,
        style=_STYLE,
        nonce=secrets.token_hex(8),
        **values,
    )


def _no_link(request: web.Request) -> web.Response:
    """One page for a link that is not ours, altered or too old."""
    return web.Response(text=fill("no_link.html", _browsers(request)), content_type="text/html", status=404, headers=_HEADERS)


def _away(request: web.Request) -> web.Response:
    """While the database cannot be used: what was typed is still in the page before this one, and sent again it is kept once."""
    headers = {**_HEADERS, "Retry-After": "30"}
    return web.Response(text=fill("away.html", _browsers(request)), content_type="text/html", status=503, headers=headers)


def _browsers(request: web.Request) -> str:
    """The language that the reader's browser asks for."""
    wanted = [part.partition(";")[0].strip()[:2].lower() for part in request.headers.get("Accept-Language", "").split(",")]
    return next((one for one in wanted if one in LANGUAGES), "fi")
