"""What is put as cards into chats: decisions looked for in the compose box, and links to minutes pasted there. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meetings import commands as c
from meetings.access import roles
from meetings.model import Body, Item, Meeting
from meetings.ports import Tx
from meetings.rules.search import LONGEST, MOST_WORDS, asked_words, may_be_quoted
from meetings.scope import Scope
from meetings.screens.base import Screen, sentence
from meetings.screens.quotes import Quote, Quotes

# Teams asks for so many at a time.
MOST = 25
# Nobody turns so many pages.
FURTHEST = 10_000


def quote_decisions(command: c.QuoteDecisions, tx: Tx, _scope: Scope) -> Screen:
    """Of all bodies of the person, whatever chat they write in: what they would find at their desk and may show to others."""
    bodies = {body.id: body for body in tx.bodies() if _has_part(body, tx)}
    text = " ".join(command.text.split())[:LONGEST]
    words = asked_words(text)
    if not bodies:
        return Quotes(notice=sentence("quotes.no_bodies"))
    if text and not words:
        return Quotes(notice=sentence("search.no_words"))
    if len(words) > MOST_WORDS:
        return Quotes(notice=sentence("search.many_words", most=MOST_WORDS))
    count = min(max(command.count, 1), MOST)
    skip = min(max(command.skip, 0), FURTHEST)
    found = tx.find_decisions(dict.fromkeys(bodies, False), words, count, skip) if words else tx.newest_decisions(bodies, count, skip)
    quotes = tuple(_quote(bodies[one.meeting.body_id], one.meeting, one.item, tx) for one in found.decisions if may_be_quoted(one.meeting))
    notice = sentence("search.nothing", text=text) if words else sentence("quotes.none_yet")
    return Quotes(notice=None if quotes or skip else notice, quotes=quotes, count=found.count)


def quote_minutes(command: c.QuoteMinutes, tx: Tx, _scope: Scope) -> Screen:
    """The minutes for one who has a part in their body. Who only has the link, which lets anybody in, gets no card made of it."""
    document = tx.document(command.document_id)
    meeting = tx.meeting(document.meeting_id)
    body = tx.body(meeting.body_id)
    if document.kind == "agenda" or not may_be_quoted(meeting) or not _has_part(body, tx):
        return Quotes()
    return Quotes(quotes=(_quote(body, meeting, None, tx),), count=1)


def _has_part(body: Body, tx: Tx) -> bool:
    """Nobody holds the offices that nobody holds."""
    return bool(tx.actor.id) and bool(roles(body, tx.actor, tx.now.astimezone(body.tz).date()))


def _quote(body: Body, meeting: Meeting, item: Item | None, tx: Tx) -> Quote:
    links = (one.link for one in tx.documents(meeting.id) if one.kind == "approved" and one.format == "pdf")
    posts = {post.part: post.activity_id for post in tx.posts(meeting.id)}
    post = (posts.get("meeting", posts["approved"]), posts["approved"]) if "approved" in posts else None
    return Quote(body=body, meeting=meeting, item=item, link=next(links, ""), post=post)


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {
    c.QuoteDecisions: quote_decisions,
    c.QuoteMinutes: quote_minutes,
}
