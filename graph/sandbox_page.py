"""The stand-in's pages: whose calendar, what is in it and in the mail. Plain HTML forms, no script. For graph/sandbox.py."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from aiohttp.helpers import content_disposition_header
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from graph.html_body import plain_text, split_join_block
from graph.mailboxes import Copy, Mailboxes, Owner, instant
from graph.sandbox_files import FILES
from graph.sandbox_forms import ANSWERS, BUSY, FIELDS, MAILBOXES, ZONE, answer, busy, change, delete, language_of, place_of
from graph.sandbox_post import Mail
from graph.sandbox_store import Document
from texts import LANGUAGES, format_date, format_time, format_times, t

_DONE = ("answered", "changed", "deleted", "busy")
_REFUSED = ("gone", "times")
_FOLDER = Path(__file__).parent / "templates"
_PAGES = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    name: str
    type: str
    answer: str
    response: str
    proposed: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A copy as the page shows it: texts in the reader's language, times in Finland's zone."""

    id: str
    subject: str
    weekday: str
    day: str
    time: str
    iso: str
    until: str
    place: str
    organiser: str
    join_url: str
    text: str
    cancelled: bool
    reason: str
    response: str
    answers: tuple[_Answer, ...]
    summary: str
    proposed: str
    is_busy: bool
    can_edit: bool
    can_propose: bool
    can_answer: bool
    past: bool


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail as the page shows it. `files`: names and addresses of the attachments."""

    id: str
    sort: str
    subject: str
    sent: str
    iso: str
    sender: str
    to: str
    received: bool
    text: str
    proposed: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a channel as the page shows it; `size` in KiB."""

    folder: str
    name: str
    address: str
    size: int
    version: int
    changed: str
    iso: str


def page_app(mailboxes: Mailboxes) -> web.Application:
    """The sub-application for `/sandbox`."""
    app = web.Application()
    app[MAILBOXES] = mailboxes
    app.add_routes(
        [
            web.get("", _calendar),
            web.post("/answer", answer),
            web.post("/change", change),
            web.post("/delete", delete),
            web.post("/busy", busy),
            web.get("/mail/{mail}/{number:[0-9]{1,3}}", _attachment),
            web.get("/files", _files),
            web.get("/files/{item}/{name}", _file),
            web.get("/join/{code}", _join),
            web.get("/style.css", _style),
        ]
    )
    return app


async def _calendar(request: web.Request) -> web.Response:
    mailboxes, language = request.app[MAILBOXES], language_of(request)
    owners = await mailboxes.owners()
    wanted = request.query.get("person", "").strip()
    person = next((owner for owner in owners if owner.address.casefold() == wanted.casefold()), None)
    shown: list[_Shown] = []
    mails: list[_Mail] = []
    if person is not None:
        shown = [_shown(copy, language, mailboxes.now) for copy in await mailboxes.copies(person.address)]
        mails = [_mail(mail, person, language) for mail in await mailboxes.post.of(person.address)]
    waiting = await _waiting(mailboxes)
    return _page(
        request,
        "calendar.html",
        owners=owners,
        person=person,
        unknown="" if person else wanted,
        waiting={owner.address: waiting[owner.address.casefold()] for owner in owners},
        coming=[event for event in shown if not event.past],
        past=[event for event in reversed(shown) if event.past],
        mails=mails,
        chosen=request.query.get("event", ""),
        typed={name: request.query[name] for name in FIELDS if name in request.query},
        no_event=BUSY,
        done=next((one for one in _DONE if one == request.query.get("done")), ""),
        refused=next((one for one in _REFUSED if one == request.query.get("refused")), ""),
    )


async def _attachment(request: web.Request) -> web.Response:
    mail = await request.app[MAILBOXES].post.find(request.match_info["mail"], request.query.get("person", ""))
    number = int(request.match_info["number"])
    if mail is None or number >= len(mail.attachments):
        raise web.HTTPNotFound
    file = mail.attachments[number]
    # Never opened here, whatever it says it is: a page among the attachments would be on our own address.
    disposition = content_disposition_header("attachment", filename=file["name"])
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=base64.b64decode(file["content"]), content_type="application/octet-stream", headers=headers)


async def _files(request: web.Request) -> web.Response:
    language = language_of(request)
    names = await request.app[MAILBOXES].channels()
    channels = [
        (folder["id"], names.get(folder["channel"], folder["channel"]), [_shown_file(one, language) for one in files])
        for folder, files in await request.app[FILES].folders()
    ]
    return _page(request, "files.html", channels=channels)


async def _file(request: web.Request) -> web.Response:
    file = await request.app[FILES].file(request.match_info["item"])
    if file is None:
        raise web.HTTPNotFound
    name = file["path"].rpartition("/")[2]
    # Only a PDF is opened here: a page among the files would be on our own address.
    pdf = name.casefold().endswith(".pdf")
    disposition = content_disposition_header("inline" if pdf else "attachment", filename=name)
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    content_type = "application/pdf" if pdf else "application/octet-stream"
    return web.Response(body=base64.b64decode(file["content"]), content_type=content_type, headers=headers)


async def _join(request: web.Request) -> web.Response:
    meeting = await request.app[MAILBOXES].joined(request.match_info["code"])
    language = language_of(request)
    shown = None if meeting is None else _shown(Copy(meeting, 0), language, request.app[MAILBOXES].now)
    return _page(request, "join.html", event=shown, status=404 if meeting is None else 200)


async def _style(_: web.Request) -> web.Response:
    text = (_FOLDER / "sandbox.css").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


def _page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    language = language_of(request)
    languages = [(code, t(code, "sandbox.own_name"), str(request.rel_url.update_query(lang=code))) for code in LANGUAGES]
    text = _PAGES.get_template(template).render(
        language=language, languages=languages, t=lambda key, **params: t(language, key, **params), **values
    )
    return web.Response(text=text, content_type="text/html", status=status, headers={**_HEADERS, "Content-Language": language})


async def _waiting(mailboxes: Mailboxes) -> Counter[str]:
    """How many invitations wait for an answer, by address in lower case."""
    return Counter(
        str(copy.owner["address"]).casefold()
        for copy in await mailboxes.all_copies()
        if copy.response == "none" and not copy.cancelled and copy.in_calendar and copy.ends > mailboxes.now
    )


def _shown(copy: Copy, language: str, now: datetime) -> _Shown:
    meeting = copy.meeting
    start, end = copy.starts.astimezone(ZONE), copy.ends.astimezone(ZONE)
    date, time = _when(start, end, language)
    weekday, day = date.split(" ", 1)
    own, _ = split_join_block(meeting["content"], meeting["joinUrl"])
    answers = tuple(
        _Answer(
            one["name"],
            t(language, f"sandbox.type.{one['type']}"),
            t(language, f"sandbox.response.{one['response']}"),
            one["response"],
            # Outlook shows it to the organiser alone.
            _slot(one.get("proposed"), language) if copy.is_organiser else "",
        )
        for one in copy.attendees
    )
    return _Shown(
        id=copy.id,
        subject=meeting["subject"],
        weekday=weekday,
        day=day,
        time=time,
        iso=start.isoformat(),
        until=end.isoformat(),
        place=place_of(meeting),
        organiser=_person(meeting["organizer"]),
        join_url=meeting["joinUrl"],
        text=plain_text(own),
        cancelled=copy.cancelled,
        reason=meeting["comment"] if meeting["cancelled"] else "",
        response=copy.response,
        answers=answers,
        summary=_summary(answers, language),
        proposed="" if copy.is_organiser else _slot(copy.owner.get("proposed"), language),
        is_busy=BUSY in meeting["properties"],
        can_edit=copy.is_organiser and not copy.cancelled,
        can_propose=meeting.get("proposals", True),
        can_answer=not copy.is_organiser and not copy.cancelled and copy.in_calendar,
        past=copy.ends <= now,
    )


def _when(start: datetime, end: datetime, language: str) -> tuple[str, str]:
    """The day and the times, of moments in Finland's zone."""
    until = "" if end.date() == start.date() else f"–{format_date(language, end.date(), weekday=True)} {format_time(language, end)}"
    return format_date(language, start.date(), weekday=True), format_times(language, start, None if until else end) + until


def _slot(proposed: Document | None, language: str) -> str:
    if not proposed:
        return ""
    start, end = (instant(proposed[name]).astimezone(ZONE) for name in ("start", "end"))
    return " ".join(_when(start, end, language))


def _mail(mail: Mail, person: Owner, language: str) -> _Mail:
    sent = mail.sent.astimezone(ZONE)
    received = mail.received_by(person.address)
    address = f"/sandbox/mail/{mail.id}"
    query = urlencode({"person": person.address})
    files = tuple((file["name"], f"{address}/{number}?{query}") for number, file in enumerate(mail.attachments))
    return _Mail(
        id=mail.id,
        sort=mail.sort,
        subject=mail.subject,
        sent=f"{format_date(language, sent.date(), weekday=True)} {format_time(language, sent)}",
        iso=sent.isoformat(),
        sender=_person(mail.sender),
        to=", ".join(_person(one) for one in mail.to),
        received=received,
        text=plain_text(mail.content) if mail.content else "",
        proposed=_slot(mail.proposed, language),
        files=files,
    )


def _shown_file(file: Document, language: str) -> _File:
    folder, _, name = file["path"].rpartition("/")
    changed = datetime.fromisoformat(file["modified"]).astimezone(ZONE)
    return _File(
        folder=folder,
        name=name,
        address=f"/sandbox/files/{file['id']}/{quote(name, safe='')}",
        size=max(1, round(file["size"] / 1024)),
        version=file["version"],
        changed=f"{format_date(language, changed.date(), weekday=True)} {format_time(language, changed)}",
        iso=changed.isoformat(),
    )


def _person(holder: Document) -> str:
    name, address = holder["name"], holder["address"]
    return address if name == address else f"{name} ({address})"


def _summary(answers: tuple[_Answer, ...], language: str) -> str:
    counts = {response: sum(1 for one in answers if one.response == response) for response in (*ANSWERS, "none")}
    return " · ".join(f"{t(language, f'sandbox.response.{response}')}: {count}" for response, count in counts.items() if count)
