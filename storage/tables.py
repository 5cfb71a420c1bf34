"""The tables. Those of the record are made from the model: one table a dataclass, one column a field of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeEngine

from meetings import model as m

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """Aware UTC in and out, on SQLite too, which keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_TYPES: Mapping[Any, TypeEngine[Any]] = {
    str: Text(),
    int: Integer(),
    bool: Boolean(),
    date: Date(),
    time: Time(),
    datetime: Instant(),
}
# The version before writes rows without these.
_DEFAULTS: Mapping[tuple[type[Any], str], Any] = {(m.Body, "keep_months"): "12", (m.Person, "muted"): false()}
REFERENCES = {"body_id": "body.id", "meeting_id": "meeting.id"}


@dataclass(frozen=True, slots=True)
class Children:
    """The rows of one tuple of an aggregate: the field it fills, its class, its table, and the column naming the parent."""

    field: str
    model: type[Any]
    table: Table
    parent: str


def _table(name: str, model: type[Any], *extra: Any) -> Table:
    hints = get_type_hints(model)
    columns = [_column(model, field.name, hints[field.name]) for field in fields(model) if not is_child(hints[field.name])]
    return Table(name, metadata, *columns, *extra)


def _column(model: type[Any], name: str, hint: Any) -> Column[Any]:
    nullable = get_origin(hint) is UnionType
    kind = next(arg for arg in get_args(hint) if arg is not type(None)) if nullable else hint
    if name == "id":
        return Column(name, String(200), primary_key=True)
    if (model, name) in _DEFAULTS:
        return Column(name, _type(kind), nullable=nullable, server_default=_DEFAULTS[model, name])
    if name in REFERENCES and model is not m.Draft:
        return Column(name, String(200), ForeignKey(REFERENCES[name]), nullable=False, index=True)
    return Column(name, _type(kind), nullable=nullable)


def _type(kind: Any) -> TypeEngine[Any]:
    if get_origin(kind) is tuple:
        return JSON()
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return String(40)
    return _TYPES[kind]


def is_child(hint: Any) -> bool:
    return get_origin(hint) is tuple and is_dataclass(get_args(hint)[0])


person = _table("person", m.Person)
Index(
    "uq_person_account",
    person.c.tenant_id,
    person.c.account_id,
    unique=True,
    sqlite_where=text("account_id <> ''"),
    postgresql_where=text("account_id <> ''"),
)
# One row, whose version moves with every change of a person, so that they can be known by heart; on PostgreSQL a trigger moves it, and the
# one writer of an SQLite database does without.
people = Table("people", metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column("version", Integer, nullable=False))
conversation = _table("conversation", m.Conversation)
Index("ix_conversation_person_id", conversation.c.person_id)
body = _table("body", m.Body)
Index("uq_body_channel_id", body.c.tenant_id, body.c.channel_id, unique=True)
# Which bodies somebody belongs to is asked by every question of theirs.
for _office in ("secretary_id", "chair_id", "vice_chair_id"):
    Index(f"ix_body_{_office}", body.c[_office])
meeting = _table("meeting", m.Meeting)
# What the calendar is asked about is of all bodies.
Index("ix_meeting_day", meeting.c.day)
Index("uq_meeting_number", meeting.c.body_id, meeting.c.year, meeting.c.number, unique=True)
draft = _table("draft", m.Draft)
document = _table("document", m.Document)
post = _table("post", m.Post)
Index("uq_post_part", post.c.meeting_id, post.c.part, unique=True)


def _children(root: type[Any], parent: str, names: Mapping[str, str]) -> tuple[Children, ...]:
    hints = get_type_hints(root)
    found = []
    for field in fields(root):
        if is_child(hints[field.name]):
            model = get_args(hints[field.name])[0]
            found.append(Children(field.name, model, _table(names[field.name], model), parent))
    return tuple(found)


BODY_CHILDREN = _children(
    m.Body,
    "body_id",
    {
        "seats": "seat",
        "holdings": "holding",
        "experts": "expert",
        "standing_items": "standing_item",
        "polls": "poll",
        "poll_options": "poll_option",
        "poll_answers": "poll_answer",
    },
)
MEETING_CHILDREN = _children(
    m.Meeting,
    "meeting_id",
    {
        "items": "item",
        "attachments": "attachment",
        "attendances": "attendance",
        "movements": "movement",
        "disqualifications": "disqualification",
        "votes": "vote",
        "dissents": "dissent",
        "deputy_calls": "deputy_call",
        "answers": "invitation_answer",
        "rounds": "round",
        "replies": "round_reply",
        "comments": "comment",
        "checks": "minutes_check",
    },
)

for _belonging in (metadata.tables["holding"], metadata.tables["expert"]):
    Index(f"ix_{_belonging.name}_person_id", _belonging.c.person_id)

document_content = Table(
    "document_content",
    metadata,
    Column("document_id", String(200), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
turn = Table("turn", metadata, Column("key", String(600), primary_key=True), Column("at", Instant, nullable=False, index=True))
journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("body_id", String(200), nullable=False, index=True),
    Column("meeting_id", String(200), nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("command", String(60), nullable=False),
    Column("payload", Text, nullable=False),
    Column("before", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # The version before writes rows without these.
    Column("origin", Text, nullable=False, server_default=text("''")),
    Column("salt", String(32), nullable=False, server_default=text("''")),
    Column("sealed", String(64), nullable=False, server_default=text("''")),
)
Index("uq_journal_before", journal.c.before, unique=True)  # a chain, not a tree
effect = Table(
    "effect",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("key", String(200), nullable=False),
    Column("lane", String(200), nullable=False),
    Column("payload", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("done_at", Instant, nullable=True),
    # Which process carries it out (`worker.id`); how many processes ended while they did; the turn it follows from.
    # A version that does not know these writes beside one that does, so the database fills them in.
    Column("worker", String(40), nullable=False, server_default=text("''")),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("turn", String(40), nullable=False, server_default=text("''")),
)
# In the order of claiming, so that the first few of very many due at the same time are not sorted out of them.
Index("ix_effect_state_due_at_seq", effect.c.state, effect.c.due_at, effect.c.seq)
# Which is the first of its lane is asked of each that is due.
Index("ix_effect_lane_state", effect.c.lane, effect.c.state)
Index("uq_effect_waiting", effect.c.key, unique=True, sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"))
# Two processes that claim at once cannot both begin the first of a lane.
Index(
    "uq_effect_running",
    effect.c.lane,
    unique=True,
    sqlite_where=text("state = 'running' AND lane <> ''"),
    postgresql_where=text("state = 'running' AND lane <> ''"),
)
# Few, and looked for at each claim.
Index("ix_effect_crashes", effect.c.crashes, sqlite_where=text("crashes > 0"), postgresql_where=text("crashes > 0"))
# One row a process that carries out effects. `seen_at` is by the database's clock, as those of machines differ.
worker = Table("worker", metadata, Column("id", String(40), primary_key=True), Column("seen_at", Instant, nullable=False))
# The revisions of the versions that may run on this database, written by the newest that migrated it.
beside = Table("beside", metadata, Column("revision", String(32), primary_key=True))
# One row a thing that bears only so much at a time: when it is free again, by the database's clock.
gate = Table("gate", metadata, Column("name", String(400), primary_key=True), Column("free_at", Instant, nullable=False))
# One row a mailbox whose events are followed: where reading the changes goes on, and the subscription that tells of them at once.
watch = Table(
    "watch",
    metadata,
    Column("mailbox", String(320), primary_key=True),
    Column("delta_link", Text, nullable=False),
    Column("window_end", Date, nullable=True),
    Column("subscription_id", String(200), nullable=False),
    Column("client_state", String(128), nullable=False),
    Column("expires_at", Instant, nullable=True),
    Column("renew_at", Instant, nullable=True),
    Column("trouble", String(40), nullable=False),
)
Index("ix_meeting_event_id", meeting.c.event_id)
secret = Table("secret", metadata, Column("name", String(40), primary_key=True), Column("value", LargeBinary, nullable=False))
sandbox = Table(
    "sandbox",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("id", String(400), primary_key=True),
    Column("document", Text, nullable=False),
)
# What Teams tells of a meeting's call: `kind` started, ended (of nobody), joined or left.
call_note = Table(
    "call_note",
    metadata,
    Column("meeting_id", String(200), ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("person_id", String(200), primary_key=True),
)
# What decisions are found by (storage/search.py): a copy of the record, and of which version of each meeting it is.
search_meeting = Table(
    "search_meeting",
    metadata,
    Column("meeting_id", String(200), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("scheme", String(100), nullable=False),
)
# On SQLite the index over `words` is the FTS5 table `search_word`, which triggers keep.
search_item = Table(
    "search_item",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("item_id", String(200), nullable=False),
    Column("meeting_id", String(200), nullable=False, index=True),
    Column("body_id", String(200), nullable=False),
    Column("day", Date, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
)
Index("uq_search_item", search_item.c.item_id, unique=True)
Index("ix_search_item_words", search_item.c.words, postgresql_using="gin").ddl_if(dialect="postgresql")
