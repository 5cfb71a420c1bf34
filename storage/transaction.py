"""What is read and written in one transaction: the port `Tx`, plain synchronous code on one connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, String, Table, any_, bindparam, delete, func, insert, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from meetings.commands import Command, inputs, stem
from meetings.effects import Effect
from meetings.errors import NotFound
from meetings.model import Body, Conversation, Document, Draft, EventTrouble, Meeting, Person, Post
from meetings.ports import Call, EventState, Found, Saved
from meetings.rules.answers import BEFORE
from meetings.rules.calls import call_of
from storage import journal, outbox, people, search, tables
from storage.ids import new_id
from storage.journal import Entry
from storage.known import Known, Root
from storage.mapping import as_loaded, by_id, load_root, read_row, save_root, save_single
from storage.tables import Children
from texts import wording

Result = TypeVar("Result")
NOBODY = Person(id="", tenant_id="", name="")


def _head(table: Table, *names: str) -> Select[Any]:
    return select(*(table.c[name] for name in names)).where(table.c.id == bindparam("wanted"))


EVENT = ("event_id", "join_url", "event_uid", "event_seen", "event_trouble")


def _noted(state: EventState, trouble: EventTrouble) -> dict[str, Any]:
    return dict(zip(EVENT, (state.event_id, state.join_url, state.uid, state.seen, trouble), strict=True))


# What tells whether an aggregate is known; a meeting's event is noted without moving its version.
_BODY = _head(tables.body, "tenant_id", "version")
_MEETING = (
    _head(tables.meeting, "body_id", "version", *EVENT)
    .add_columns(tables.body.c.tenant_id, tables.body.c.version.label("body_version"))
    .join_from(tables.meeting, tables.body)
)
_MEETING_LOCKED = _MEETING.with_for_update(of=tables.meeting)
# As one array where there are arrays: a statement for each number of people would be prepared for each.
_PEOPLE = {
    "sqlite": select(tables.person).where(tables.person.c.id.in_(bindparam("wanted", expanding=True))),
    "postgresql": select(tables.person).where(tables.person.c.id == any_(bindparam("wanted", type_=postgresql.ARRAY(String)))),
}
_ACCOUNT = select(tables.person).where(tables.person.c.tenant_id == bindparam("tenant"), tables.person.c.account_id == bindparam("account"))
_HOLDING, _EXPERT = tables.metadata.tables["holding"].c, tables.metadata.tables["expert"].c
_PERSON: ColumnElement[str] = bindparam("person")
# Each part by an index of its own: an OR over them would read every body of the tenant.
_CONCERNING = union(
    *(select(tables.body.c.id).where(tables.body.c[office] == _PERSON) for office in ("secretary_id", "chair_id", "vice_chair_id")),
    *(select(one.body_id).where(one.person_id == _PERSON) for one in (_HOLDING, _EXPERT)),
)
_BODIES = (
    select(tables.body.c.id)
    .where(tables.body.c.tenant_id == bindparam("tenant"), tables.body.c.id.in_(_CONCERNING))
    .order_by(tables.body.c.name)
)
_BODY_OF_CHANNEL = select(tables.body.c.id).where(tables.body.c.channel_id == bindparam("channel"))
_BODY_OF_CHANNEL_IN_TENANT = _BODY_OF_CHANNEL.where(tables.body.c.tenant_id == bindparam("tenant"))
_MEETINGS = (
    select(tables.meeting).where(tables.meeting.c.body_id == bindparam("wanted")).order_by(tables.meeting.c.day, tables.meeting.c.start)
)
_TENANT_OF_MEETING = (
    select(tables.body.c.tenant_id)
    .join(tables.meeting, tables.meeting.c.body_id == tables.body.c.id)
    .where(tables.meeting.c.id == bindparam("wanted"))
)
_DESK = (
    select(tables.conversation)
    .where(tables.conversation.c.person_id == _PERSON, tables.conversation.c.kind == "personal")
    .order_by(tables.conversation.c.id.desc())
)
_DOCUMENTS = select(tables.document).where(tables.document.c.meeting_id == bindparam("wanted")).order_by(tables.document.c.edition)
_POSTS = select(tables.post).where(tables.post.c.meeting_id == bindparam("wanted"))
_TURN = {
    "sqlite": sqlite.insert(tables.turn).on_conflict_do_nothing().execution_options(preserve_rowcount=True),
    "postgresql": postgresql.insert(tables.turn)
    .on_conflict_do_nothing()
    .returning(func.coalesce(select(tables.people.c.version).scalar_subquery(), 0)),
}
_CALL_NOTE = {
    "sqlite": sqlite.insert(tables.call_note).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(tables.call_note).on_conflict_do_nothing(),
}
_BODY_VERSION = _head(tables.body, "version")


@dataclass(frozen=True, slots=True)
class Watch:
    """How far the answers of a mailbox have been read (`delta_link`, for events up to `window_end`), the subscription that wakes us, and
    why reading failed last, when the secretaries have been told of it."""

    mailbox: str
    delta_link: str = ""
    window_end: date | None = None
    subscription_id: str = ""
    client_state: str = ""
    expires_at: datetime | None = None
    renew_at: datetime | None = None
    trouble: str = ""


class Transaction:
    """The port `Tx` over one connection. `repeat`: the turn's key was seen before, so the state is to be shown, not changed."""

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        holiday: Callable[[date], str | None],
        actor: Person | None,
        conversation: Conversation | None,
        *,
        changing: bool,
        known: Known,
        turn: str = "",
    ) -> None:
        self.now = now
        self.actor = actor or NOBODY
        self.conversation = conversation
        self.aloud = False
        self.repeat = False
        self._effects: list[tuple[Effect, datetime]] = []
        self._entries: list[Entry] = []
        self._turn = turn
        self._connection = connection
        self._holiday = holiday
        self._changing = changing
        self._lock = changing and connection.dialect.name == "postgresql"
        self._loaded: dict[tuple[type[Any], str], Any] = {}
        self._known = known
        # Tenant and version of the bodies whose meetings were read.
        self._heads: dict[str, Sequence[Any]] = {}
        self._headers: dict[str, tuple[Meeting, ...]] = {}
        # As they are now, and as they were loaded first.
        self._saved: dict[str, tuple[Body | Meeting, Body | Meeting | None]] = {}
        # Those read or written here, when it is known which version of all people they are of; elsewhere they are asked for each time.
        self._people: dict[str, Person] | None = {} if changing and connection.dialect.name == "sqlite" else None
        self._people_version = 0
        self._arrived: tuple[Conversation, Conversation] | None = None

    @property
    def changed(self) -> tuple[Body | Meeting, ...]:
        """The bodies and meetings that were saved, as they are now."""
        return tuple(thing for thing, _ in self._saved.values())

    def committed(self) -> None:
        """What was saved is known from now on."""
        if self._arrived is not None:
            self._known.keep_place(*self._arrived)
        # Those that were changed here have a newer version by now, so nobody takes them for what they were.
        self._known.keep_people((self._people or {}).values(), self._people_version)
        for thing, loaded in self._saved.values():
            self._known.keep(as_loaded(tables.BODY_CHILDREN if isinstance(thing, Body) else tables.MEETING_CHILDREN, thing, loaded))

    # --- ids, words, days ---

    def new_id(self) -> str:
        return new_id()

    def holiday(self, day: date) -> str | None:
        return self._holiday(day)

    def wording(self, language: str, key: str, **params: object) -> str:
        return wording(language, key, **params)

    # --- aggregates ---

    def body(self, body_id: str) -> Body:
        if (known := self._loaded.get((Body, body_id))) is not None:
            return known  # type: ignore[no-any-return]  # keyed by its class
        if (head := self._heads.get(body_id)) is None:
            head = self._connection.execute(_BODY, {"wanted": body_id}).first()
        if head is None or not self._mine(head[0]):
            raise NotFound("storage.not_found")
        found = self._known.find(Body, body_id, head[1])
        return self._remember(found or self._load(Body, tables.body, tables.BODY_CHILDREN, body_id))

    def bodies(self) -> tuple[Body, ...]:
        if not self.actor.id:
            return ()
        ids = self._connection.execute(_BODIES, {"person": self.actor.id, "tenant": self.actor.tenant_id}).scalars()
        return tuple(self.body(body_id) for body_id in ids.all())

    def body_of_channel(self, conversation_id: str) -> Body | None:
        of_tenant = {"tenant": self.actor.tenant_id} if self.actor.tenant_id else {}
        query = _BODY_OF_CHANNEL_IN_TENANT if of_tenant else _BODY_OF_CHANNEL
        found = self._connection.execute(query, {"channel": conversation_id, **of_tenant}).scalar()
        return self.body(found) if found else None

    def meeting(self, meeting_id: str) -> Meeting:
        if (known := self._loaded.get((Meeting, meeting_id))) is not None:
            return known  # type: ignore[no-any-return]  # keyed by its class
        row = self._connection.execute(_MEETING_LOCKED if self._lock else _MEETING, {"wanted": meeting_id}).first()
        if row is None or not self._mine(row.tenant_id):
            raise NotFound("storage.not_found")
        self._heads[row.body_id] = row.tenant_id, row.body_version
        found = self._known.find(Meeting, meeting_id, row.version)
        if found is None:
            found = self._load(Meeting, tables.meeting, tables.MEETING_CHILDREN, meeting_id)
        if any(getattr(found, name) != getattr(row, name) for name in EVENT):
            state = EventState(row.event_id, row.join_url, row.event_uid, row.event_seen)
            found = replace(found, **_noted(state, EventTrouble(row.event_trouble)))
        return self._remember(found)

    def _load(self, kind: type[Root], table: Table, children: tuple[Children, ...], thing_id: str) -> Root:
        """Read whole; kept only when nobody changed it between the statements (those that change something have no snapshot in PostgreSQL,
        but a meeting is locked by then)."""
        found = load_root(self._connection, kind, table, children, thing_id)
        if thing_id not in self._saved and (not self._lock or kind is Meeting or self._body_version(thing_id) == found.version):
            self._known.keep(found)
        return found

    def _body_version(self, body_id: str) -> int | None:
        return self._connection.execute(_BODY_VERSION, {"wanted": body_id}).scalar()

    def meetings(self, body_id: str) -> tuple[Meeting, ...]:
        self.body(body_id)
        if (known := self._headers.get(body_id)) is None:
            known = tuple(read_row(Meeting, row) for row in self._connection.execute(_MEETINGS, {"wanted": body_id}))
            self._headers[body_id] = known
        return known

    # --- people and places ---

    def person(self, person_id: str) -> Person:
        found = self.people([person_id]).get(person_id)
        if found is None:
            raise NotFound("storage.not_found")
        return self._remember(found)

    def people(self, ids: Iterable[str]) -> Mapping[str, Person]:
        wanted = sorted(set(ids) - {""})
        found = {} if self._people is None else {one: known for one in wanted if (known := self._known_person(one)) is not None}
        if missing := [one for one in wanted if one not in found]:
            for row in self._connection.execute(_PEOPLE[self._connection.dialect.name], {"wanted": missing}):
                found[row.id] = self._keep(read_row(Person, row))
        return {one: found[one] for one in wanted if one in found and self._mine(found[one].tenant_id)}

    def _known_person(self, person_id: str) -> Person | None:
        return (self._people or {}).get(person_id) or self._known.person(person_id, self._people_version)

    def _keep(self, person: Person) -> Person:
        if self._people is not None:
            self._people[person.id] = person
        return person

    def accounts(self) -> tuple[Person, ...]:
        person = tables.person.c
        query = select(tables.person).where(person.tenant_id == self.actor.tenant_id, person.account_id != "").order_by(person.name)
        return tuple(self._remember(read_row(Person, row)) for row in self._connection.execute(query))

    def own_rows(self) -> Mapping[str, int]:
        return people.count_of(self._connection, self.actor)

    def desk(self, person_id: str) -> Conversation | None:
        row = self._connection.execute(_DESK, {"person": person_id}).first()
        return read_row(Conversation, row) if row and self._mine(row.tenant_id) else None

    def conversation_of(self, conversation_id: str) -> Conversation:
        row = self._connection.execute(by_id(tables.conversation), {"wanted": conversation_id}).first()
        if row is None or not self._mine(row.tenant_id):
            raise NotFound("storage.not_found")
        return read_row(Conversation, row)

    def arrive(
        self, *, tenant_id: str, account_id: str, channel_id: str, name: str, conversation: Conversation, language: str = ""
    ) -> None:
        """Make the sender the actor of this transaction; the newest address of person and place, and the client's language, are kept."""
        self.actor = self.upsert_account(tenant_id, account_id, channel_id, name, language)
        place = replace(conversation, person_id=self.actor.id if conversation.kind == "personal" else "")
        if (kept := self._known.place(place)) is not None:
            self.conversation = kept
            return
        told = place
        row = self._connection.execute(by_id(tables.conversation), {"wanted": place.id}).first()
        known = read_row(Conversation, row) if row else None
        if known is not None and known.tenant_id != tenant_id:
            raise NotFound("storage.not_found")
        place = replace(place, name=place.name or (known.name if known else ""), team_id=place.team_id or (known.team_id if known else ""))
        save_single(self._connection, tables.conversation, known, place)
        self.conversation = place
        self._arrived = (told, place)

    def recognise(self, tenant_id: str, account_id: str) -> None:
        """Make the person of a Teams account the actor, or a stranger of that tenant when it is not known. Nothing is kept of it."""
        # Without an id it would be taken for the bot itself, which sees all.
        self.actor = self._account(tenant_id, account_id) or replace(NOBODY, id="stranger", tenant_id=tenant_id)

    def upsert_account(self, tenant_id: str, account_id: str, channel_id: str, name: str, client_language: str = "") -> Person:
        """The person of a Teams account, made when new, with the newest name and channel id. Writes nothing when nothing changed."""
        known = self._account(tenant_id, account_id)
        if known is None:
            made = Person(self.new_id(), tenant_id, name, account_id=account_id, channel_id=channel_id, client_language=client_language)
            return self._save_person(None, made)
        fresh = replace(
            known,
            name=name or known.name,
            channel_id=channel_id or known.channel_id,
            client_language=client_language or known.client_language,
        )
        return self._save_person(known, fresh)

    def _save_person(self, old: Person | None, new: Person) -> Person:
        save_single(self._connection, tables.person, old, new)
        return self._remember(self._keep(new))

    def _account(self, tenant_id: str, account_id: str) -> Person | None:
        # A person saved in this very transaction may have got the account just now.
        if self._people == {} and (known := self._known.account(tenant_id, account_id, self._people_version)) is not None:
            return known
        row = self._connection.execute(_ACCOUNT, {"tenant": tenant_id, "account": account_id}).first()
        return read_row(Person, row) if row else None

    # --- drafts, documents, posts ---

    def draft(self, draft_id: str) -> Draft:
        row = self._connection.execute(select(tables.draft).where(tables.draft.c.id == draft_id)).first()
        if row is None:
            raise NotFound("storage.not_found")
        self.body(row.body_id)
        return self._remember(read_row(Draft, row))

    def draft_of(self, body_id: str, kind: str, source: str) -> Draft | None:
        drafts = tables.draft.c
        of_body = select(tables.draft).where(drafts.body_id == self.body(body_id).id, drafts.kind == kind, drafts.source == source)
        row = self._connection.execute(of_body.order_by(drafts.id.desc()).limit(1)).first()
        return self._remember(read_row(Draft, row)) if row else None

    def drop_draft(self, draft_id: str) -> None:
        if (Draft, draft_id) not in self._loaded:
            self.draft(draft_id)
        self._connection.execute(delete(tables.draft).where(tables.draft.c.id == draft_id))
        del self._loaded[Draft, draft_id]

    def documents(self, meeting_id: str) -> tuple[Document, ...]:
        self._check_meeting(meeting_id)
        newest: dict[tuple[str, str], Document] = {}
        for row in self._connection.execute(_DOCUMENTS, {"wanted": meeting_id}):
            newest[row.kind, row.format] = read_row(Document, row)
        return tuple(newest.values())

    def document(self, document_id: str) -> Document:
        row = self._connection.execute(select(tables.document).where(tables.document.c.id == document_id)).first()
        if row is None:
            raise NotFound("storage.not_found")
        self._check_meeting(row.meeting_id)
        return read_row(Document, row)

    def document_content(self, document_id: str) -> bytes:
        """The bytes of a document or template by its id, which is the secret that leads to it: there is no wall here."""
        content = tables.document_content.c
        found = self._connection.execute(select(content.content).where(content.document_id == document_id)).scalar()
        if found is None:
            raise NotFound("storage.not_found")
        return bytes(found)

    def add_document(self, document: Document, content: bytes) -> None:
        save_single(self._connection, tables.document, None, document)
        self._connection.execute(insert(tables.document_content).values(document_id=document.id, content=content))

    def note_link(self, document_id: str, link: str) -> None:
        """Where the document is found in the channel's files."""
        self._connection.execute(update(tables.document).where(tables.document.c.id == document_id).values(link=link))

    def keep_content(self, content: bytes) -> str:
        """A file that is no document of a meeting, such as a template; its id."""
        content_id = self.new_id()
        self._connection.execute(insert(tables.document_content).values(document_id=content_id, content=content))
        return content_id

    def posts(self, meeting_id: str) -> tuple[Post, ...]:
        self._check_meeting(meeting_id)
        rows = self._connection.execute(_POSTS, {"wanted": meeting_id})
        return tuple(self._remember(read_row(Post, row)) for row in rows)

    def find_decisions(self, places: Mapping[str, bool], words: Sequence[str], most: int, skip: int = 0) -> Found:
        """Raises `Behind` when the index is to be written anew and this transaction changes nothing."""
        bodies = [(self.body(one), unapproved) for one, unapproved in places.items()]
        return search.find_decisions(self._connection, bodies, words, search.Range(most, skip), writes=self._changing)

    def newest_decisions(self, body_ids: Iterable[str], most: int, skip: int = 0) -> Found:
        """As `find_decisions`."""
        bodies = [self.body(one) for one in body_ids]
        return search.newest_decisions(self._connection, bodies, search.Range(most, skip), writes=self._changing)

    # --- writing ---

    def save(self, thing: Saved) -> Saved:
        """Write what differs from what was loaded in this transaction; unknown things are inserted."""
        old: Any = self._loaded.get((type(thing), thing.id))
        if isinstance(thing, Body | Meeting):
            table, children = (tables.body, tables.BODY_CHILDREN) if isinstance(thing, Body) else (tables.meeting, tables.MEETING_CHILDREN)
            root: Body | Meeting = save_root(self._connection, table, children, old, thing)
            loaded = self._saved[root.id][1] if root.id in self._saved else old
            self._saved[root.id] = root, loaded
            self._headers.clear()
            return self._remember(root)  # type: ignore[return-value]  # of the class that came
        table = {Person: tables.person, Conversation: tables.conversation, Draft: tables.draft, Post: tables.post}[type(thing)]
        if old is None:
            row = self._connection.execute(by_id(table), {"wanted": thing.id}).first()
            old = read_row(type(thing), row) if row else None
        if isinstance(thing, Person):
            return self._save_person(old, thing)
        save_single(self._connection, table, old, thing)
        return self._remember(thing)

    def note_event(self, meeting_id: str, state: EventState, trouble: EventTrouble = EventTrouble.NONE) -> None:
        noted = _noted(state, trouble)
        self._connection.execute(update(tables.meeting).where(tables.meeting.c.id == meeting_id).values(noted))
        self._headers.clear()
        if (known := self._loaded.get((Meeting, meeting_id))) is not None:
            self._loaded[Meeting, meeting_id] = replace(known, **noted)

    def meeting_of_event(self, event_id: str) -> str:
        query = select(tables.meeting.c.id).where(tables.meeting.c.event_id == event_id)
        return self._connection.execute(query).scalar() or ""

    def meetings_ahead(self, first: date) -> tuple[Meeting, ...]:
        """All meetings from that day on which wait to be opened, as headers."""
        meeting = tables.meeting.c
        wanted = select(tables.meeting).where(meeting.day >= first, meeting.phase.in_(sorted(BEFORE)))
        return tuple(read_row(Meeting, row) for row in self._connection.execute(wanted.order_by(meeting.day, meeting.id)))

    def meetings_on(self, first: date, last: date) -> tuple[Meeting, ...]:
        meeting = tables.meeting.c
        wanted = select(tables.meeting).join(tables.body).where(meeting.day.between(first, last))
        wanted = wanted.where(tables.body.c.tenant_id == self.actor.tenant_id).order_by(meeting.day, meeting.start, meeting.id)
        return tuple(read_row(Meeting, row) for row in self._connection.execute(wanted))

    def people_of(self, account_ids: Iterable[str]) -> tuple[Person, ...]:
        person = tables.person.c
        query = select(tables.person).where(
            person.tenant_id == self.actor.tenant_id, person.account_id.in_(sorted(set(account_ids) - {""}))
        )
        return tuple(self._remember(read_row(Person, row)) for row in self._connection.execute(query.order_by(person.id)))

    def call(self, meeting_id: str) -> Call:
        self._check_meeting(meeting_id)
        note = tables.call_note.c
        rows = self._connection.execute(select(note.kind, note.at, note.person_id).where(note.meeting_id == meeting_id)).all()
        return call_of([(row.kind, row.at, row.person_id) for row in rows])

    def note_call(self, meeting_id: str, kind: str, at: datetime, person_ids: Iterable[str] = ("",)) -> None:
        self._check_meeting(meeting_id)
        if rows := [{"meeting_id": meeting_id, "kind": kind, "at": at, "person_id": one} for one in person_ids]:
            self._connection.execute(_CALL_NOTE[self._connection.dialect.name], rows)

    def drop_call(self, meeting_id: str) -> None:
        self._check_meeting(meeting_id)
        self._connection.execute(delete(tables.call_note).where(tables.call_note.c.meeting_id == meeting_id))

    def watch(self, mailbox: str) -> Watch:
        row = self._connection.execute(select(tables.watch).where(tables.watch.c.mailbox == mailbox)).first()
        return read_row(Watch, row) if row else Watch(mailbox)

    def watches(self) -> tuple[Watch, ...]:
        """One for each mailbox that has been the organiser's."""
        return tuple(read_row(Watch, row) for row in self._connection.execute(select(tables.watch)))

    def note_watch(self, mailbox: str, **noted: str | date | datetime | None) -> None:
        """Write these fields of the mailbox's watch; the others stay as somebody else may just have written them."""
        if not self._connection.execute(update(tables.watch).where(tables.watch.c.mailbox == mailbox).values(noted)).rowcount:
            self._connection.execute(insert(tables.watch).values(asdict(Watch(mailbox)) | noted))

    def was_written(self, key: str) -> bool:
        """Whether there was an effect of this key, in the time that effects are kept."""
        return self._connection.execute(select(tables.effect.c.seq).where(tables.effect.c.key == key).limit(1)).first() is not None

    def waits(self, kind: type[Effect], lead: str) -> bool:
        """Whether an effect of the kind, whose key begins so, waits for a time to come."""
        effect = tables.effect.c
        alike = (effect.kind == kind.__name__) & effect.key.startswith(lead, autoescape=True)
        query = select(effect.seq).where(effect.state == outbox.WAITING, effect.due_at > self.now, alike)
        return self._connection.execute(query.limit(1)).first() is not None

    def later(self, effect: Effect, due: datetime | None = None) -> None:
        self._effects.append((effect, due or self.now))

    def by(self, effect: Effect, due: datetime) -> None:
        """Later, but no later than that: one that waits for a sooner time keeps it."""
        waits = outbox.waits_until(self._connection, effect)
        if waits is None or waits > due:
            self.later(effect, due)

    def finish(self) -> bool:
        """Write what was left for later, in the order it was asked for; whether the runner has something new to look at."""
        return outbox.write(self._connection, self.now, self._effects, self._turn)

    def finish_journal(self) -> None:
        """The last thing before the commit: on PostgreSQL all writers of the journal wait for each other from here to there."""
        for entry in self._entries:
            journal.append(self._connection, entry)

    def journal(self, command: Command, origin: Mapping[str, str] | None = None) -> None:
        """Who did what when, with all that was typed, by what; each row hashed with the row before."""
        body_id = str(getattr(command, "body_id", "")) or next(
            (one.body_id for (kind, _), one in self._loaded.items() if kind is Meeting), ""
        )
        meeting_id = str(getattr(command, "meeting_id", ""))
        self.enter(Entry(body_id, meeting_id, self.actor.id, self.now, stem(command), inputs(command), origin or {}))

    def enter(self, entry: Entry) -> None:
        """What is nobody's command, such as a deed of an administrator."""
        self._entries.append(entry)

    @property
    def connection(self) -> Connection:
        """For what is done to a person wherever they are (storage/people.py)."""
        return self._connection

    def seen(self, key: str) -> bool:
        """Insert the turn's key; True when it was there already: the same activity, or the same press, sent again. On PostgreSQL this also
        tells the version of the people: those known since are right, as read when the turn began."""
        done = self._connection.execute(_TURN[self._connection.dialect.name], {"key": key, "at": self.now})
        if not self._lock:
            return done.rowcount == 0
        version = done.scalar()
        if version is not None:
            self._people, self._people_version = {}, version
        return version is None

    def secret(self, name: str) -> bytes:
        found = self._connection.execute(select(tables.secret.c.value).where(tables.secret.c.name == name)).scalar()
        if found is None:
            raise NotFound("storage.not_found")
        return bytes(found)

    def _check_meeting(self, meeting_id: str) -> None:
        """The wall before what hangs on a meeting, without loading it."""
        if (Meeting, meeting_id) in self._loaded:
            return
        tenant_id = self._connection.execute(_TENANT_OF_MEETING, {"wanted": meeting_id}).scalar()
        if tenant_id is None or not self._mine(tenant_id):
            raise NotFound("storage.not_found")

    def _mine(self, tenant_id: str) -> bool:
        """The walls between tenants; the bot's own work (no actor) sees all."""
        return not self.actor.tenant_id or self.actor.tenant_id == tenant_id

    def _remember(self, thing: Result) -> Result:
        self._loaded[type(thing), thing.id] = thing  # type: ignore[attr-defined]  # everything stored has an id
        return thing
