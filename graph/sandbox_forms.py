"""What is sent from the stand-in's pages: an answer, another time, and what an organiser does in Outlook. For graph/sandbox_page.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web

from graph.mailboxes import TEAMS_PLACE, Answer, Copy, GraphRefusal, Mailboxes
from graph.sandbox_http import is_foreign
from graph.sandbox_store import Document
from texts import LANGUAGES, t

MAILBOXES = web.AppKey("page_mailboxes", Mailboxes)
ZONE = ZoneInfo("Europe/Helsinki")
# What was typed into a form: it is there again when the form is refused.
FIELDS = ("date", "start", "end", "subject", "place")
# The property of what somebody marked here as busy, and in an event's stead where the form for it was refused.
BUSY = "busy"
ANSWERS: tuple[Answer, ...] = ("accepted", "tentativelyAccepted", "declined")

# Each answers with the way back to the calendar, where what was `done` or `refused` is said at the event.


async def answer(request: web.Request) -> web.Response:
    """With a date it proposes another time too."""
    sent = await _sent(request)
    response = next((one for one in ANSWERS if one == sent.get("answer")), None)
    proposes = "date" in sent
    if response is None or (proposes and response == "accepted"):
        raise web.HTTPBadRequest
    mailboxes, person, event = request.app[MAILBOXES], sent.get("person", ""), sent.get("event", "")
    try:
        times = _times(sent, await mailboxes.find(person, event)) if proposes else None
        await mailboxes.respond(person, event, response, times)
    except GraphRefusal:
        raise _back(request, sent, refused="gone") from None
    except ValueError:
        raise _back(request, sent, refused="times") from None
    raise _back(request, sent, done="answered")


async def change(request: web.Request) -> web.Response:
    sent = await _sent(request)
    mailboxes, person, event = request.app[MAILBOXES], sent.get("person", ""), sent.get("event", "")
    try:
        fields = _changed(await mailboxes.find(person, event), sent)
        if fields:
            await mailboxes.change(person, event, fields, str(request.url.origin()))
    except GraphRefusal:
        raise _back(request, sent, refused="gone") from None
    except ValueError:
        raise _back(request, sent, refused="times") from None
    raise _back(request, sent, done="changed")


async def busy(request: web.Request) -> web.Response:
    """An event of one's own, with nobody invited."""
    sent = await _sent(request)
    mailboxes, person = request.app[MAILBOXES], sent.get("person", "")
    if person.casefold() not in {owner.address.casefold() for owner in await mailboxes.owners()}:
        raise web.HTTPBadRequest
    try:
        fields = {"subject": t(language_of(request), "sandbox.busy"), "properties": {BUSY: BUSY}, **_times(sent)}
    except ValueError:
        raise _back(request, {**sent, "event": BUSY}, refused="times") from None
    made = await mailboxes.create(person, fields, str(request.url.origin()))
    raise _back(request, {**sent, "event": made.id}, done="busy")


async def delete(request: web.Request) -> web.Response:
    sent = await _sent(request)
    try:
        await request.app[MAILBOXES].remove(sent.get("person", ""), sent.get("event", ""))
    except GraphRefusal:
        raise _back(request, sent, refused="gone") from None
    raise _back(request, sent, done="deleted")


def language_of(request: web.Request) -> str:
    """`?lang=`, else the first of ours in Accept-Language by weight (RFC 9110, 12.5.4), else Finnish."""
    if request.query.get("lang") in LANGUAGES:
        return request.query["lang"]
    ranked: list[tuple[float, str]] = []
    for part in request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        code = tag.split("-")[0].casefold()
        if code in LANGUAGES:
            ranked.append((_weight(weight), code))
    return max(ranked, key=lambda one: one[0])[1] if ranked else LANGUAGES[0]


def place_of(meeting: Document) -> str:
    """Where one goes; "" where there is only the link."""
    return "" if meeting["location"] == TEAMS_PLACE else str(meeting["location"])


async def _sent(request: web.Request) -> dict[str, str]:
    if not _same_origin(request):
        raise web.HTTPForbidden(text=t(language_of(request), "sandbox.forbidden"))
    return {name: str(value).strip() for name, value in (await request.post()).items()}


def _back(request: web.Request, sent: Mapping[str, str], **said: str) -> web.HTTPSeeOther:
    event = sent.get("event", "")
    if said.get("refused") == "times":
        said |= {name: sent[name] for name in FIELDS if name in sent}
    query = {"person": sent.get("person", ""), "lang": language_of(request), "event": event, **said}
    return web.HTTPSeeOther(request.rel_url.with_path("/sandbox").with_query(query).with_fragment(event))


def _changed(copy: Copy, sent: Mapping[str, str]) -> dict[str, Any]:
    """Only what is not as it was: Exchange asks everybody again when a time is written anew."""
    was = copy.meeting
    times = _times(sent, copy)
    fields: dict[str, Any] = {}
    if sent.get("subject", "") != was["subject"]:
        fields["subject"] = sent.get("subject", "")
    if sent.get("place", "") != place_of(was):
        fields["location"] = sent.get("place", "")
    if times != {"start": _moment(copy.starts), "end": _moment(copy.ends)}:
        fields.update(times)
    return fields


def _times(sent: Mapping[str, str], was: Copy | None = None) -> dict[str, Document]:
    """ValueError for what is no time, and for an end that is not after the start. What went on over midnight still does."""
    start, end = (datetime.strptime(f"{sent.get('date')} {sent.get(name)}", "%Y-%m-%d %H:%M") for name in ("start", "end"))  # noqa: DTZ007  # the zone is below
    if was is not None:
        end += was.ends.astimezone(ZONE).date() - was.starts.astimezone(ZONE).date()
    if end <= start:
        raise ValueError("the end is not after the start")
    return {"start": _moment(start.replace(tzinfo=ZONE)), "end": _moment(end.replace(tzinfo=ZONE))}


def _moment(moment: datetime) -> Document:
    return {"dateTime": moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": ZONE.key}


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def _same_origin(request: web.Request) -> bool:
    """Whether a form was sent by our own page; a request that does not say so is refused."""
    return not is_foreign(request) and ("Sec-Fetch-Site" in request.headers or hdrs.ORIGIN in request.headers)
