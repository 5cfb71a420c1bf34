"""Where a person is found in the database, all that is kept of them, and how what is no part of the record is taken out of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, delete, exists, func, or_, select, update

from meetings.access import ACCESS, Right
from meetings.commands import stem
from meetings.effects import ForgetOld
from meetings.model import Person, Phase
from storage import journal, tables
from storage.mapping import read_row
from storage.outbox import DEAD, DONE, DROPPED, WAITING

# The columns of the record that name a person by id; and a list of ids, which is looked through one by one.
NAMING = frozenset({"person_id", "deputy_id", "called_by", "secretary_id", "chair_id", "vice_chair_id", "presiding_id"})
LISTING = "checker_ids"
# What people say about a meeting that is no part of its record: these tuples of it.
WORDS = frozenset({"answers", "replies", "comments"})
# What somebody did in an office is the body's own act and stays with its record.
_IN_OFFICE = frozenset({Right.SET_UP, Right.PREPARE, Right.RUN, Right.PRESIDE})
_PERSONAL = sorted(stem(command) for command, access in ACCESS.items() if access.right not in _IN_OFFICE)
# So short a name might be a word of somebody else's text.
_SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Traces:
    """The bodies and meetings some row of which names a person."""

    body_ids: tuple[str, ...]
    meeting_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """How many rows were taken away, or lost what was personal in them. `emptied`: rows of the journal, as its next entry has to tell."""

    chats: int
    effects: int
    drafts: int
    emptied: Mapping[str, str]


def find(connection: Connection, wanted: str) -> tuple[Person, ...]:
    """Those whose own id, Entra object id, e-mail address or shown name this is; small and capital letters are alike."""
    said = _alike(wanted)
    people = (read_row(Person, row) for row in connection.execute(select(tables.person).order_by(tables.person.c.name, tables.person.c.id)))
    return tuple(one for one in people if said and said in {_alike(word) for word in (one.id, one.account_id, one.email, one.name)})


def traces(connection: Connection, person_id: str) -> Traces:
    bodies = {row.id for row in connection.execute(_naming(tables.body, person_id))}
    listing = select(tables.body.c.id, tables.body.c[LISTING])
    bodies |= {row.id for row in connection.execute(listing) if person_id in row[1]}
    meetings = {row.id for row in connection.execute(_naming(tables.meeting, person_id))}
    for children, found in ((tables.BODY_CHILDREN, bodies), (tables.MEETING_CHILDREN, meetings)):
        for one in children:
            if _columns(one.table):
                found |= {row._mapping[one.parent] for row in connection.execute(_naming(one.table, person_id))}
    return Traces(tuple(sorted(bodies)), tuple(sorted(meetings)))


def kept_of(connection: Connection, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Every row that is about the person or was written by them, by its table, under the names of the columns."""
    rows = {name: [dict(row._mapping) for row in connection.execute(query)] for name, query in _queries(person).items()}
    return {name: found for name, found in rows.items() if found}


def count_of(connection: Connection, person: Person) -> dict[str, int]:
    """How many rows `kept_of` has of each table."""
    queries = _queries(person).items()
    counts = {name: connection.execute(select(func.count()).select_from(query.subquery())).scalar_one() for name, query in queries}
    return {name: count for name, count in counts.items() if count}


def _queries(person: Person) -> dict[str, Select[Any]]:
    queries: dict[str, Select[Any]] = {"person": select(tables.person).where(tables.person.c.id == person.id)}
    for table in tables.metadata.sorted_tables:
        if _columns(table) and table is not tables.journal:
            queries[table.name] = _naming(table, person.id)
    told, done = tables.effect.c, tables.journal.c
    queries["effect"] = select(told.seq, told.kind, told.due_at, told.state, told.payload, told.done_at).where(
        told.lane.in_(_lanes(person))
    )
    queries["journal"] = select(done.seq, done.at, done.command, done.body_id, done.meeting_id, done.payload, done.origin).where(
        done.person_id == person.id
    )
    return queries


def forget(connection: Connection, person: Person, *, name_kept: bool) -> Gone:
    """Take away what is theirs and no aggregate's: the person, unless the record needs the name, which is all that they consist of by now;
    their chat; when they joined calls; messages and letters to them; drafts that mention them; and from the journal what they typed for
    themselves, or others about them."""
    if not name_kept:
        connection.execute(delete(tables.person).where(tables.person.c.id == person.id))
    connection.execute(delete(tables.call_note).where(tables.call_note.c.person_id == person.id))
    chats = connection.execute(delete(tables.conversation).where(tables.conversation.c.person_id == person.id)).rowcount
    if person.channel_id:
        connection.execute(delete(tables.turn).where(tables.turn.c.key.contains(person.channel_id, autoescape=True)))
    drafts = connection.execute(delete(tables.draft).where(_mentions(tables.draft.c.source, person, name_kept=False))).rowcount
    _forget_sandbox(connection, person)
    return Gone(chats, _forget_effects(connection, person), drafts, _forget_typed(connection, person, name_kept=name_kept))


def never_forgot(connection: Connection) -> tuple[str, ...]:
    """The bodies of which no `ForgetOld` was ever written, in the time that effects are kept."""
    known = select(tables.effect.c.key).where(tables.effect.c.kind == ForgetOld.__name__)
    keys = set(connection.execute(known).scalars())
    return tuple(one for one in connection.execute(select(tables.body.c.id)).scalars() if ForgetOld(one).key not in keys)


def with_old_words(connection: Connection, body_id: str, before: datetime) -> tuple[str, ...]:
    """The meetings of the body whose minutes were approved before then, or that were cancelled and lay before then, with answers or
    comments of somebody."""
    meeting = tables.meeting.c
    approved = (meeting.phase == Phase.APPROVED) & (meeting.approved_at < before)
    cancelled = (meeting.phase == Phase.CANCELLED) & (meeting.day < before.date())
    words = [one.table.c.meeting_id for one in tables.MEETING_CHILDREN if one.field in WORDS]
    some = or_(*(exists().where(column == meeting.id) for column in words))
    return tuple(
        connection.execute(select(meeting.id).where(meeting.body_id == body_id, approved | cancelled, some).order_by(meeting.id)).scalars()
    )


def forget_typed_about(connection: Connection, meeting_ids: Collection[str]) -> Mapping[str, str]:
    """Take out of the journal what people typed for themselves about these meetings; what `journal.take_out` tells."""
    column = tables.journal.c
    theirs = column.meeting_id.in_(meeting_ids) & column.command.in_(_PERSONAL) & (column.payload != "")
    return journal.take_out(connection, connection.execute(select(column.seq).where(theirs).order_by(column.seq)).scalars().all())


def _forget_effects(connection: Connection, person: Person) -> int:
    """What is still to be told to them is not; what was done keeps its row, by which it is not done again, and nothing else."""
    effect = tables.effect
    theirs = effect.c.lane.in_(_lanes(person))
    gone = connection.execute(delete(effect).where(theirs, effect.c.state.in_((WAITING, DEAD)))).rowcount
    told = or_(theirs, _mentions(effect.c.payload, person, name_kept=False), _mentions(effect.c.result, person, name_kept=False))
    done = effect.c.state.in_((DONE, DROPPED)) & (effect.c.payload != "")
    return gone + connection.execute(update(effect).where(done, told).values(payload="", result="")).rowcount


def _forget_typed(connection: Connection, person: Person, *, name_kept: bool) -> Mapping[str, str]:
    column = tables.journal.c
    own = (column.person_id == person.id) & column.command.in_(_PERSONAL)
    query = select(column.seq).where(column.payload != "", or_(own, _mentions(column.payload, person, name_kept=name_kept)))
    return journal.take_out(connection, connection.execute(query.order_by(column.seq)).scalars().all())


def _forget_sandbox(connection: Connection, person: Person) -> None:
    """The calendars and mailboxes of the stand-in, on a developer's machine alone."""
    if person.email:
        sandbox = tables.sandbox
        connection.execute(delete(sandbox).where(_mentions(sandbox.c.document, person, name_kept=True) | (sandbox.c.id == person.email)))


def _mentions(column: ColumnElement[str], person: Person, *, name_kept: bool) -> ColumnElement[bool]:
    """Whether a text has an address of theirs in it, or their name where that is not kept either."""
    words = [word for word in (person.email, person.account_id, person.channel_id) if word]
    found = [func.lower(column).contains(word.lower(), autoescape=True) for word in words]
    if not name_kept and len(person.name) >= _SHORTEST:
        found.append(column.contains(person.name, autoescape=True))
    return or_(False, *found)  # no word is in no text


def _naming(table: Table, person_id: str) -> Select[Any]:
    return select(table).where(or_(*(column == person_id for column in _columns(table))))


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.name in NAMING]


def _lanes(person: Person) -> tuple[str, str]:
    """Of `meetings.effects.Tell` and `Send`."""
    return f"desk:{person.id}", f"mail:{person.id}"


def _alike(text: str) -> str:
    return " ".join(text.split()).casefold()
