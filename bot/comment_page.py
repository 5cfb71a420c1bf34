"""The page on which a person without Teams comments on the minutes, by a signed link of their own. No script, no cookie, no session."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from documents.links import read_comment_token
from meetings import commands as c
from meetings.errors import MeetingError, NotFound, Refused
from meetings.model import Body, Document, Item, Meeting, Outcome, Person, RoundResult
from meetings.rules.numbering import in_order
from meetings.use_cases import execute
from storage.transaction import Storage, Transaction
from texts import LANGUAGES, format_date, format_time, t, wording

log = structlog.get_logger()
_FOLDER = Path(__file__).parent / "templates"
_PAGES = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_STYLE = (_FOLDER / "comment.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
WHOLE = "whole"
# So many answers of one link in so long a time; a person writes fewer, a program more.
MOST = 30
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _State:
    person: Person
    body: Body
    meeting: Meeting
    documents: tuple[Document, ...]
    round_id: str
    running: bool
    notice: str = ""
    wrong: str = ""

    @property
    def language(self) -> str:
        return self.person.language or self.body.language


class CommentPage:
    """Answers every input with a page; what was typed comes back unless it was kept."""

    def __init__(self, storage: Storage, key: bytes, now: Callable[[], datetime], address: Callable[[str], str]) -> None:
        self._storage = storage
        self._key = key
        self._now = now
        self._address = address
        self._answers: dict[str, deque[datetime]] = {}

    async def show(self, request: web.Request) -> web.Response:
        token = self._token(request)
        if token is None:
            return _no_link(request)
        try:
            state = await self._storage.read(lambda tx: _state(tx, *token))
        except NotFound:
            return _no_link(request)
        return self._page(state, {}, status=200)

    async def take(self, request: web.Request) -> web.Response:
        token = self._token(request)
        if token is None:
            return _no_link(request)
        try:
            typed = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        except web.HTTPRequestEntityTooLarge:
            return await self._again(token, {}, Refused("mail.page_large"), 413)
        except ValueError:  # a form that is none
            typed = {}
        if not self._passes(token[0]):
            return await self._again(token, typed, Refused("mail.page_often"), 429)
        nonce = typed.get("nonce", "")[:64] or secrets.token_hex(8)
        try:
            state = await self._storage.run(lambda tx: _take(tx, token, typed), key=f"comment:{token[0]}:{token[2]}:{nonce}")
        except NotFound as error:
            return await self._again(token, typed, error, 404)
        except MeetingError as error:
            return await self._again(token, typed, error, 422)
        except Exception:
            turn = secrets.token_hex(6)
            log.exception("a comment could not be kept", turn=turn)
            return await self._again(token, typed, Refused("turn.fault", turn=turn), 500)
        return self._page(state, {}, status=200)

    async def _again(self, token: tuple[str, str, str], typed: Mapping[str, str], error: MeetingError, status: int) -> web.Response:
        try:
            state = await self._storage.read(lambda tx: _state(tx, *token, error=error))
        except NotFound:
            return web.Response(status=404, headers=_HEADERS)
        return self._page(state, typed, status=status)

    def _token(self, request: web.Request) -> tuple[str, str, str] | None:
        return read_comment_token(request.match_info["token"], self._key, self._now())

    def _passes(self, person_id: str) -> bool:
        now = self._now()
        if len(self._answers) > 1000:
            self._answers = {one: times for one, times in self._answers.items() if times and times[-1] > now - WINDOW}
        times = self._answers.setdefault(person_id, deque(maxlen=MOST))
        if len(times) == MOST and times[0] > now - WINDOW:
            return False
        times.append(now)
        return True

    def _page(self, state: _State, typed: Mapping[str, str], *, status: int) -> web.Response:
        language, meeting = state.language, state.meeting
        sent = next(one for one in meeting.rounds if one.id == state.round_id)
        items = [_shown(language, item) for item in in_order(meeting)]
        text = _PAGES.get_template("comment.html").render(
            t=lambda key, **params: t(language, key, **params),
            language=language,
            style=_STYLE,
            state=state,
            title=t(language, "minutes.title_formal" if state.body.formal else "minutes.title_memo", number=meeting.designation),
            day=format_date(language, meeting.day, weekday=True),
            deadline=format_date(language, sent.deadline, weekday=True),
            hour=format_time(language, sent.deadline_hour) if sent.deadline_hour else "",
            pdf=next((self._address(one.id) for one in state.documents if one.format == "pdf"), ""),
            items=items,
            typed=typed,
            nonce=secrets.token_hex(8),
            WHOLE=WHOLE,
        )
        return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)


def add_comment_page(
    app: web.Application, storage: Storage, key: bytes, now: Callable[[], datetime], address: Callable[[str], str]
) -> None:
    page = CommentPage(storage, key, now, address)
    app.router.add_get("/comment/{token}", page.show)
    app.router.add_post("/comment/{token}", page.take)


def _state(
    tx: Transaction, person_id: str, meeting_id: str, round_id: str, *, error: MeetingError | None = None, notice: str = ""
) -> _State:
    person = tx.person(person_id)
    meeting = tx.meeting(meeting_id)
    body = tx.body(meeting.body_id)
    language = person.language or body.language
    sent = next((one for one in meeting.rounds if one.id == round_id), None)
    if sent is None:
        raise NotFound("storage.not_found")
    running = sent.result is RoundResult.RUNNING and tx.now < sent.ends_at
    if error is None and not running:
        replaced = sent.result is RoundResult.REPLACED
        error = Refused("mail.round_replaced") if replaced else Refused("round.ended", deadline=sent.deadline)
    wrong = t(language, error.key, **error.params) if error else ""
    documents = tuple(one for one in tx.documents(meeting.id) if one.kind == f"round {sent.number}")
    return _State(person, body, meeting, documents, round_id, running, notice, wrong)


def _take(tx: Transaction, token: tuple[str, str, str], typed: Mapping[str, str]) -> _State:
    """All comments of the page, or "no comments", in one transaction, by the same commands as in Teams."""
    tx.actor = tx.person(token[0])
    before = _state(tx, *token)
    done = "minutes.no_comments_kept" if typed.get("do") == "none" else "minutes.comment_kept"
    if tx.repeat:
        return _state(tx, *token, notice=t(before.language, done))
    if not before.running:
        sent = next(one for one in before.meeting.rounds if one.id == token[2])
        raise Refused("mail.round_replaced") if sent.result is RoundResult.REPLACED else Refused("round.ended", deadline=sent.deadline)
    meeting_id = before.meeting.id
    commands: list[c.Command] = []
    for item_id in (WHOLE, *(item.id for item in in_order(before.meeting))):
        if text := typed.get(f"text-{item_id}", "").strip():
            of_item = "" if item_id == WHOLE else item_id
            commands.append(c.CommentMinutes(meeting_id=meeting_id, item_id=of_item, kind=typed.get(f"kind-{item_id}", ""), text=text))
    if typed.get("do") == "none":
        if commands:
            raise Refused("mail.page_both")
        commands.append(c.AnswerNoComments(meeting_id=meeting_id))
    if not commands:
        raise Refused("mail.page_empty")
    for command in commands:
        execute(command, tx)
        tx.journal(command)
    return _state(tx, *token, notice=t(before.language, done))


def _shown(language: str, item: Item) -> dict[str, Any]:
    parts = [(t(language, f"mail.page_{name}"), getattr(item, name)) for name in ("handling", "discussion", "decision")]
    outcome = wording(language, f"stock.{item.outcome}") if item.outcome is not Outcome.NONE else ""
    return {"id": item.id, "section": item.section, "title": item.title, "parts": [one for one in parts if one[1]], "outcome": outcome}


def _no_link(request: web.Request) -> web.Response:
    """One page for a link that is not ours, altered or too old, in the reader's browser's language."""
    wanted = [part.partition(";")[0].strip()[:2].lower() for part in request.headers.get("Accept-Language", "").split(",")]
    language = next((one for one in wanted if one in LANGUAGES), "fi")
    text = _PAGES.get_template("no_link.html").render(t=lambda key: t(language, key), language=language, style=_STYLE)
    return web.Response(text=text, content_type="text/html", status=404, headers=_HEADERS)
