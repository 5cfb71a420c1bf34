"""`calendarView/delta` of the stand-in: first all events of a range, page by page, then only what changed since. For graph/sandbox_wire.py.

A cancelled or deleted event comes as `@removed`. So may one the caller never saw (an event outside the range that was changed): no record
is kept of what was outside. An event may come again unchanged, as with Graph.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from graph.mailboxes import Copy, GraphRefusal, Mailboxes
from graph.sandbox_http import prefer, utc
from graph.sandbox_store import Document

# Outlook's tokens have no fixed life; they fall out of a cache. A week makes the full synchronisation something one sees happen.
TOKEN_LIFE = timedelta(days=7)
_PAGE = 10
_REFUSED = ("$orderby", "$filter", "$select", "$expand", "$search")


@dataclass(frozen=True, slots=True)
class _Token:
    """Where a caller has got to. `since`: the last change it knows (0: none); `until`: the last one when its round began, or None
    before a round; `after`: the last event of the page before."""

    mailbox: str
    start: str
    end: str
    since: int
    made: float
    until: int | None = None
    after: tuple[int, str] | None = None

    def text(self) -> str:
        parts = [self.mailbox, self.start, self.end, self.since, self.made, self.until, self.after]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

    def includes(self, copy: Copy) -> bool:
        return copy.in_calendar and copy.starts < utc(self.end) and copy.ends > utc(self.start)


async def delta_page(
    request: web.Request, mailboxes: Mailboxes, shown: Callable[[Copy], Document], shown_id: Callable[[Copy], str]
) -> Document:
    """One page of a round: `value`, and the link to the next page or to the next round."""
    token = _token(request, mailboxes)
    # Before the copies are read, and kept for the whole round: what changes meanwhile comes in the next one instead of getting lost.
    until = token.until if token.until is not None else await mailboxes.last_change()
    changed = [copy for copy in await mailboxes.copies(token.mailbox) if copy.changed_at <= until and _concerns(copy, token)]
    left = [copy for copy in sorted(changed, key=_place) if token.after is None or _place(copy) > token.after]
    page, more = left[: _size(request)], left[_size(request) :]
    value = [shown(copy) if token.includes(copy) else {"@removed": {"reason": "deleted"}, "id": shown_id(copy)} for copy in page]
    address = f"{request.url.origin()}{request.path}"
    moment = mailboxes.now.timestamp()
    if more:
        onward = _Token(token.mailbox, token.start, token.end, token.since, moment, until, _place(page[-1]))
        return {"value": value, "@odata.nextLink": f"{address}?$skiptoken={onward.text()}"}
    following = _Token(token.mailbox, token.start, token.end, until, moment)
    return {"value": value, "@odata.deltaLink": f"{address}?$deltatoken={following.text()}"}


def _concerns(copy: Copy, token: _Token) -> bool:
    if token.since == 0:
        return token.includes(copy)
    if copy.changed_at <= token.since:
        return False
    # What was made and is gone again since the last round never was there for the caller.
    return token.includes(copy) or int(copy.meeting.get("born", 0)) <= token.since


def _place(copy: Copy) -> tuple[int, str]:
    return copy.changed_at, copy.id


def _token(request: web.Request, mailboxes: Mailboxes) -> _Token:
    refused = [name for name in _REFUSED if name in request.query]
    if refused:
        names = ", ".join(f"'{name}'" for name in _REFUSED)
        raise GraphRefusal(
            400, "ErrorInvalidUrlQuery", f"The following parameters are not supported with change tracking over 'CalendarView': {names}."
        )
    mailbox = request.match_info["user"]
    text = request.query.get("$deltatoken") or request.query.get("$skiptoken")
    if text:
        return _read(text, mailbox, mailboxes.now)
    try:
        start, end = request.query["startDateTime"], request.query["endDateTime"]
        utc(start), utc(end)
    except (KeyError, ValueError) as missing:
        raise GraphRefusal(400, "ErrorInvalidParameter", "startDateTime and endDateTime are required.") from missing
    return _Token(mailbox, start, end, 0, mailboxes.now.timestamp())


def _read(text: str, mailbox: str, now: datetime) -> _Token:
    gone = GraphRefusal(410, "SyncStateNotFound", "The sync state generation is not found; a full synchronization is required.")
    try:
        of, start, end, since, made, until, after = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        token = _Token(
            of,
            start,
            end,
            int(since),
            float(made),
            None if until is None else int(until),
            (int(after[0]), str(after[1])) if after else None,
        )
        utc(token.start), utc(token.end)
    except (ValueError, TypeError, AttributeError, IndexError) as unreadable:
        raise gone from unreadable
    if token.mailbox.casefold() != mailbox.casefold() or now.timestamp() - token.made > TOKEN_LIFE.total_seconds():
        raise gone
    return token


def _size(request: web.Request) -> int:
    wanted = re.search(r"odata\.maxpagesize\s*=\s*(\d+)", prefer(request))
    return max(1, int(wanted[1])) if wanted else _PAGE
