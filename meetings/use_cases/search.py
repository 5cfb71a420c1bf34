"""Looking for decisions in the records of the bodies that are the person's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meetings import commands as c
from meetings.access import ACCESS, holds, may, roles
from meetings.errors import Refused
from meetings.model import Body, Document, Phase
from meetings.ports import Decision, Tx
from meetings.rules.search import LONGEST, MOST_WORDS, asked_words
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, sentence
from meetings.screens.search import DecisionRow, DecisionsFound, SearchForm

SHOWN = 10


def search_decisions(command: c.SearchDecisions, tx: Tx, scope: Scope) -> Screen:
    """Members find what is approved, as the minutes are theirs from then on. Who may open items of a meeting that was held finds those
    too, at the desk: what is answered on a board is read by all."""
    bodies = _searched(command, tx, scope)
    text = " ".join(command.text.split())
    words = asked_words(text)
    if not words or len(words) > MOST_WORDS or len(text) > LONGEST:
        return _form(tx, bodies, text[:LONGEST], words)
    at_desk = _at_desk(tx)
    found = tx.find_decisions({body.id: at_desk and _opens_items(body, tx) for body in bodies}, words, SHOWN)
    known = {body.id: body for body in bodies}
    return DecisionsFound(
        body=_one(bodies),
        text=text,
        rows=tuple(_row(known[one.meeting.body_id], one, tx) for one in found.decisions),
        count=found.count,
        steps=_steps(tx, bodies, text),
    )


def _searched(command: c.SearchDecisions, tx: Tx, scope: Scope) -> tuple[Body, ...]:
    """The body at hand; all of one's own for one who has chosen none, or wants so. Never those where one has no part."""
    if _at_desk(tx) and (command.wide or scope.found_body is None) and (own := _own(tx)):
        return own
    if not _has_part(scope.body, tx):
        raise Refused("access.attend", body=scope.body.name)
    return (scope.body,)


def _own(tx: Tx) -> tuple[Body, ...]:
    return tuple(body for body in tx.bodies() if _has_part(body, tx))


def _at_desk(tx: Tx) -> bool:
    return tx.conversation is not None and tx.conversation.kind == "personal"


def _has_part(body: Body, tx: Tx) -> bool:
    return bool(roles(body, tx.actor, tx.now.astimezone(body.tz).date()))


def _opens_items(body: Body, tx: Tx) -> bool:
    """Whether the record of a meeting that is over is open to the person before it is approved."""
    return holds(ACCESS[c.ShowItem].right, roles(body, tx.actor, tx.now.astimezone(body.tz).date()), None)


def _form(tx: Tx, bodies: tuple[Body, ...], text: str, words: tuple[str, ...]) -> SearchForm:
    notice: Sentence | None = None
    if text:
        notice = sentence("search.many_words", most=MOST_WORDS) if words else sentence("search.no_words")
    return SearchForm(notice=notice, wrong=bool(text), body=_one(bodies), text=text, steps=_steps(tx, bodies, text))


def _row(body: Body, found: Decision, tx: Tx) -> DecisionRow:
    """Approved minutes open as a document once it is made; before that the item opens for who may record it, else the agenda."""
    meeting, item = found.meeting, found.item
    documents: tuple[Document, ...] = ()
    if meeting.phase is Phase.APPROVED:
        documents = tuple(one for one in tx.documents(meeting.id) if one.kind == "approved")
    way: c.Command = c.ShowAgenda(meeting_id=meeting.id)
    if may(c.ShowItem, body, meeting, tx.actor, tx.now.astimezone(body.tz).date()):
        way = c.ShowItem(meeting_id=meeting.id, item_id=item.id)
    return DecisionRow(body=body, found=found, documents=documents, way=None if documents else way)


def _steps(tx: Tx, bodies: tuple[Body, ...], text: str) -> tuple[c.Command, ...]:
    wider = _at_desk(tx) and len(bodies) == 1 and len(_own(tx)) > 1
    here = (c.ShowMeetings(body_id=bodies[0].id),) if len(bodies) == 1 else ()
    return (*((c.SearchDecisions(text=text, wide=True),) if wider else ()), *here, c.ShowStatus())


def _one(bodies: tuple[Body, ...]) -> Body | None:
    return bodies[0] if len(bodies) == 1 else None


HANDLERS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {c.SearchDecisions: search_decisions}
VIEWS: Mapping[type[c.Command], Callable[[Any, Tx, Scope], Screen]] = {c.SearchDecisions: search_decisions}
