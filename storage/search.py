"""Finding decisions by their words: FTS5 on SQLite, a GIN index over a tsvector on PostgreSQL, and the same words on both.

The index is a copy of the record that knows which version of each meeting it is of. Every search asks the database for the versions and
writes anew what is older, in its own transaction: no press pays for the index, and nothing that writes beside it, such as the version
before this one, can leave it behind (docs/adr/0014).

Each word is kept as its stem, behind a mark of its body and of where it stands: `3fa9cxhankin`. So a search reads the words of its own
bodies and no others, however common they are elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from meetings.model import Body, Item, Meeting, Outcome, Phase
from meetings.ports import Decision, Found
from meetings.rules.search import RECORDED, is_decision, telling_sentence, words_of
from storage import tables
from storage.errors import Behind
from storage.mapping import read_row
from storage.stems import stem
from texts import wording

# Moves when the same record would be kept under other words, so that all of it is written anew.
SCHEME = 1
# A stem so long finds the words that begin with it too: compounds. A shorter one would find too much.
PREFIX = 5
LONGEST_WORD = 60
AT_ONCE = 200  # meetings written anew with one statement
TITLE, ANYWHERE = "t", "x"
# Up to here every letter and digit of Unicode is one to FTS5 as well; the others are kept as their numbers.
_KNOWN_LETTERS = "\u0250"


@dataclass(frozen=True, slots=True)
class _Grammar:
    """How a database writes a query. Terms are letters and digits only, whatever was typed."""

    term: str
    prefix: str
    both: str
    either: str


_GRAMMARS = {"sqlite": _Grammar('"{}"', '"{}"*', " AND ", " OR "), "postgresql": _Grammar("'{}'", "'{}':*", " & ", " | ")}


@dataclass(frozen=True, slots=True)
class Range:
    """At most `most`, after the first `skip`."""

    most: int
    skip: int = 0


def find_decisions(
    connection: Connection, places: Sequence[tuple[Body, bool]], words: Sequence[str], wanted: Range, *, writes: bool = True
) -> Found:
    """As `Tx.find_decisions` promises. Raises `Behind` when something is to be written anew and the connection writes nothing."""
    if not places or not words:
        return Found()
    bodies = [body for body, _ in places]
    _write_anew(connection, bodies, writes=writes)
    return _found_of(connection, bodies, words, _best(connection, places, words, wanted))


def newest_decisions(connection: Connection, bodies: Sequence[Body], wanted: Range, *, writes: bool = True) -> Found:
    """As `Tx.newest_decisions` promises. Raises `Behind` as `find_decisions` does."""
    if not bodies:
        return Found()
    _write_anew(connection, bodies, writes=writes)
    return _found_of(connection, bodies, (), _newest(connection, bodies, wanted))


def _found_of(connection: Connection, bodies: Sequence[Body], words: Sequence[str], rows: Sequence[Row[Any]]) -> Found:
    if not rows:
        return Found()
    languages_of = {body.id: body.languages for body in bodies}
    items = {row.id: read_row(Item, row) for row in _those(connection, tables.metadata.tables["item"], [row.item_id for row in rows])}
    meetings = {row.id: read_row(Meeting, row) for row in _those(connection, tables.meeting, [row.meeting_id for row in rows])}
    return Found(
        tuple(_decision(meetings[row.meeting_id], items[row.item_id], languages_of[row.body_id], words) for row in rows), rows[0].every
    )


def _decision(meeting: Meeting, item: Item, languages: Sequence[str], words: Sequence[str]) -> Decision:
    asked = [partial(_answers, languages, _forms(languages, word)) for word in words]
    sentence, place = telling_sentence((item.decision, item.proposal), asked)
    return Decision(meeting, item, sentence, proposed=place == 1)


# --- the words ------------------------------------------------------------------------------------------------------------


def mark_of(body_id: str) -> str:
    """Two bodies in a million have the same: a search asks whose the items are besides."""
    return hashlib.sha256(body_id.encode()).hexdigest()[:5]


def _stems(languages: Iterable[str], word: str) -> frozenset[str]:
    return frozenset(_plain(stem(language, word[:LONGEST_WORD])) for language in languages)


def _plain(word: str) -> str:
    return word if max(word, default="") < _KNOWN_LETTERS else "".join(one if one < _KNOWN_LETTERS else f"{ord(one):x}" for one in word)


def kept_words(languages: Sequence[str], body_id: str, title: str, rest: str) -> str:
    """What an item is found by, with blanks between."""
    mark = mark_of(body_id)
    titled = frozenset[str]().union(*(_stems(languages, word) for word in set(words_of(title))))
    others = frozenset[str]().union(*(_stems(languages, word) for word in set(words_of(rest))))
    return " ".join([f"{mark}{TITLE}{one}" for one in sorted(titled)] + [f"{mark}{ANYWHERE}{one}" for one in sorted(titled | others)])


def _forms(languages: Sequence[str], word: str) -> Mapping[str, bool]:
    """What a word asks for; True: all that begins so."""
    found = {one: len(one) >= PREFIX for one in _stems(languages, word)}
    return found if len(word) < 3 else found | {_plain(word[:LONGEST_WORD]): True}


def _answers(languages: Sequence[str], forms: Mapping[str, bool], word: str) -> bool:
    """Whether a word of a text is what was asked for."""
    kept = _stems(languages, word)
    return any(form in kept or (begins and any(one.startswith(form) for one in kept)) for form, begins in forms.items())


def _query(grammar: _Grammar, body: Body, words: Sequence[str], where: str) -> str:
    lead = mark_of(body.id) + where
    asked = (
        grammar.either.join((grammar.prefix if begins else grammar.term).format(lead + form) for form, begins in forms.items())
        for forms in (_forms(body.languages, word) for word in words)
    )
    return grammar.both.join(f"({one})" for one in asked)


# --- the search -------------------------------------------------------------------------------------------------------------


def _best(connection: Connection, places: Sequence[tuple[Body, bool]], words: Sequence[str], wanted: Range) -> Sequence[Row[Any]]:
    """The items and their meetings, best first, each with the count of all."""
    ask = _in_sqlite
    if connection.dialect.name == "postgresql":
        # How many words begin so it cannot tell beforehand: it would read all bodies' items rather than ask the index for those of some.
        connection.execute(
            select(func.set_config("enable_seqscan", "off", True), func.set_config("max_parallel_workers_per_gather", "0", True))
        )
        ask = _in_postgresql
    # Asked once, not again of every row that was found.
    titled, found = (ask(places, words, where).cte(where).prefix_with("MATERIALIZED", dialect="postgresql") for where in (TITLE, ANYWHERE))
    columns = (found.c.item_id, found.c.meeting_id, found.c.body_id, func.count().over().label("every"))
    order = (titled.c.id.is_(None), found.c.day.desc(), found.c.id)
    return connection.execute(
        select(*columns)
        .join_from(found, titled, titled.c.id == found.c.id, isouter=True)
        .order_by(*order)
        .limit(wanted.most)
        .offset(wanted.skip)
    ).all()


def _newest(connection: Connection, bodies: Sequence[Body], wanted: Range) -> Sequence[Row[Any]]:
    """By their meetings: what is kept of the items has no index by their body."""
    found, meeting = tables.search_item.c, tables.meeting.c
    query = (
        select(found.item_id, found.meeting_id, found.body_id, func.count().over().label("every"))
        .join_from(tables.meeting, tables.search_item, found.meeting_id == meeting.id)
        .where(meeting.body_id.in_([body.id for body in bodies]), found.approved)
        .order_by(found.day.desc(), found.id)
    )
    return connection.execute(query.limit(wanted.most).offset(wanted.skip)).all()


def _in_postgresql(places: Sequence[tuple[Body, bool]], words: Sequence[str], where: str) -> Select[Any]:
    """Each body's own question, asked of the index."""
    found = tables.search_item.c
    asked = (
        func.unnest(
            bindparam(None, [_query(_GRAMMARS["postgresql"], body, words, where) for body, _ in places], type_=ARRAY(TSQUERY)),
            bindparam(None, [body.id for body, _ in places], type_=ARRAY(Text)),
            bindparam(None, [unapproved for _, unapproved in places], type_=ARRAY(Boolean)),
        )
        .table_valued("query", "body_id", "unapproved")
        .render_derived(name=f"asked_{where}")
    )
    # By an equality the bodies would be joined, and all items read for it.
    its_own = and_(found.words.op("@@", is_comparison=True)(asked.c.query), found.body_id.between(asked.c.body_id, asked.c.body_id))
    return _found().join_from(asked, tables.search_item, its_own).where(or_(found.approved, asked.c.unapproved.is_(True)))


def _in_sqlite(places: Sequence[tuple[Body, bool]], words: Sequence[str], where: str) -> Select[Any]:
    found, grammar = tables.search_item.c, _GRAMMARS["sqlite"]
    query = grammar.either.join(f"({_query(grammar, body, words, where)})" for body, _ in places)
    matched = literal_column("search_word").op("MATCH", is_comparison=True)(bindparam(None, query))
    ids: Select[Any] = select(column("rowid")).select_from(table("search_word")).where(matched)
    early = [body.id for body, unapproved in places if unapproved]
    open_to = and_(found.body_id.in_([body.id for body, _ in places]), or_(found.approved, found.body_id.in_(early)))
    return _found().where(found.id.in_(ids), open_to)


def _found() -> Select[Any]:
    found = tables.search_item.c
    return select(found.id, found.item_id, found.meeting_id, found.body_id, found.day)


def _those(connection: Connection, wanted: Any, ids: Sequence[str]) -> Iterator[Row[Any]]:
    return iter(connection.execute(select(wanted).where(wanted.c.id.in_(set(ids)))))


# --- the copy ---------------------------------------------------------------------------------------------------------------


def scheme_of(languages: Sequence[str]) -> str:
    """By what words are kept, besides the record itself."""
    return f"{SCHEME} {' '.join(languages)}"


def _write_anew(connection: Connection, bodies: Sequence[Body], *, writes: bool) -> None:
    """What the copy lacks or has of an older version; `Behind` when there is such and nothing is to be written. The version is read before
    the items, so that at worst newer ones are written under an older version, and once more by the next search."""
    for languages in dict.fromkeys(body.languages for body in bodies):
        scheme = scheme_of(languages)
        stale = _stale(connection, [body.id for body in bodies if body.languages == languages], scheme)
        if stale and not writes:
            raise Behind
        for place in range(0, len(stale), AT_ONCE):
            _write(connection, languages, scheme, stale[place : place + AT_ONCE])


def _stale(connection: Connection, body_ids: Sequence[str], scheme: str) -> Sequence[Any]:
    meeting, known = tables.meeting.c, tables.search_meeting.c
    older = or_(known.meeting_id.is_(None), known.version != meeting.version, known.scheme != scheme)
    wanted = (
        select(meeting.id, meeting.body_id, meeting.day, meeting.phase, meeting.version)
        .join_from(tables.meeting, tables.search_meeting, known.meeting_id == meeting.id, isouter=True)
        .where(meeting.body_id.in_(body_ids), meeting.phase.in_(sorted(RECORDED)), older)
    )
    return connection.execute(wanted).all()


def _write(connection: Connection, languages: tuple[str, ...], scheme: str, meetings: Sequence[Any]) -> None:
    by_id = {one.id: one for one in meetings}
    for kept in (tables.search_item, tables.search_meeting):
        connection.execute(delete(kept).where(kept.c.meeting_id.in_(by_id)))
    item = tables.metadata.tables["item"]
    query = select(item).where(item.c.meeting_id.in_(by_id)).order_by(item.c.meeting_id, item.c.position)
    items = [read_row(Item, row) for row in connection.execute(query)]
    if rows := [row_of(languages, by_id[one.meeting_id], one) for one in items if is_decision(one)]:
        words: ColumnElement[Any] = bindparam("kept")
        if connection.dialect.name == "postgresql":
            words = func.array_to_tsvector(func.string_to_array(words, " "))
        connection.execute(insert(tables.search_item).values(words=words), rows)
    connection.execute(
        insert(tables.search_meeting), [{"meeting_id": one.id, "version": one.version, "scheme": scheme} for one in meetings]
    )


def row_of(languages: tuple[str, ...], meeting: Any, item: Item) -> dict[str, Any]:
    """The stock sentence of the outcome is a text of the decision too, and the year belongs to its title."""
    stock = "" if item.outcome is Outcome.NONE else wording(languages[0], f"stock.{item.outcome}")
    rest = "\n".join((item.decision, item.proposal, stock))
    return {
        "item_id": item.id,
        "meeting_id": meeting.id,
        "body_id": meeting.body_id,
        "day": meeting.day,
        "approved": meeting.phase == Phase.APPROVED,
        "kept": kept_words(languages, meeting.body_id, f"{item.title} {meeting.day.year}", rest),
    }
