"""What each effect does. Every handler renders the state of the moment from the database and is harmless when run twice."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cards import render
from documents.blocks import MinutesDoc
from documents.docx import render_docx
from documents.minutes import agenda_of, minutes_of
from documents.pdf import render_pdf
from jobs import lease
from jobs.calendars import Calendars, Links
from jobs.gates import Gate
from jobs.keeping import keep
from jobs.mail import Letters, later_letters
from jobs.schedules import READ
from meetings import commands as c
from meetings import effects as e
from meetings.errors import NotFound, Refused
from meetings.model import Body, Conversation, Document, Meeting, Person, Phase, Post
from meetings.ports import Calendar, Tx
from meetings.rules.answers import BEFORE
from meetings.rules.messages import MAY_BE_MUTED, RINGING
from meetings.rules.steps import next_steps
from meetings.scope import Scope
from meetings.screens.base import Screen, Sentence, Told
from meetings.use_cases import execute
from meetings.use_cases.boards import posted
from meetings.use_cases.drafts import show_draft
from storage.database import Storage
from storage.transaction import Transaction
from texts import t, wording

# The part that opens a meeting's thread.
_ROOT = "meeting"
# The part of the thread that shows each kind of document.
PARTS = {"agenda": _ROOT, "round": "minutes", "approved": "approved"}


class Messenger(Protocol):
    """The channel: posts and updates activities (wire format, JSON). Failures carry `gone` and `retry_after`."""

    async def post(self, service_url: str, conversation_id: str, activity: dict[str, Any]) -> str: ...

    async def update(self, service_url: str, conversation_id: str, activity_id: str, activity: dict[str, Any]) -> None: ...

    async def open_personal(self, service_url: str, tenant_id: str, user_id: str) -> str: ...

    async def members(self, service_url: str, conversation_id: str) -> list[dict[str, Any]]: ...

    async def group(self, service_url: str, team_id: str) -> str: ...


class Handlers:
    """The table of handlers over the adapters; `gone` failures of the channel are told apart by the attribute of that name.
    `fill_template` makes a Word file with a body's own template, which it may refuse."""

    def __init__(
        self,
        storage: Storage,
        messenger: Messenger,
        calendar: Calendar,
        links: Links,
        gate: Gate,
        letters: Letters,
        fill_template: Callable[[MinutesDoc, bytes], Awaitable[bytes]],
    ) -> None:
        self._storage = storage
        self._messenger = messenger
        self._calendars = Calendars(storage, calendar, links.document)
        self._links = links
        self._gate = gate
        self._letters = letters
        self._fill_template = fill_template

    def table(self) -> Mapping[type[e.Effect], Callable[[Any], Awaitable[str]]]:
        return {
            e.RefreshBoard: self.refresh_board,
            e.FollowRound: self.follow_round,
            e.Tell: self.tell,
            e.SyncEvent: self._calendars.sync_event,
            e.RenderDocuments: self.render_documents,
            e.RemindRound: self.remind_round,
            e.EndRound: self.end_round,
            e.WarnQuorum: self.warn_quorum,
            e.ReadMembers: self.read_members,
            e.Send: self._letters.send,
        }

    # --- the board ---

    async def refresh_board(self, effect: e.RefreshBoard) -> str:
        """Update the part's post, or post it first: the root at the top of the channel, other parts in its thread."""
        state = await self._storage.read(lambda tx: _board_state(tx, effect))
        if state is None:
            return "nothing to show"
        card, summary, place, known, root = state(self._links.document)
        activity = card_activity(card, summary)
        if known:
            try:
                async with self._gate.through(place.tenant_id, place.id):
                    await self._messenger.update(place.service_url, place.id, known.activity_id, activity)
            except Exception as failure:
                if not getattr(failure, "gone", False):
                    raise
            else:
                return known.activity_id
        if effect.part != _ROOT and not root:
            # The root's effect can fall behind this one: what its process left when it ended is done by the next effect of its key.
            await self.refresh_board(e.RefreshBoard(effect.meeting_id, _ROOT))
            root = await self._storage.read(lambda tx: _root(tx.posts(effect.meeting_id)))
        thread = f"{place.id};messageid={root}" if root else place.id
        async with self._gate.through(place.tenant_id, place.id):
            activity_id = await self._messenger.post(place.service_url, thread, activity)
        await keep(self._storage, lambda tx: _keep_post(tx, effect, place.id, activity_id, known))
        return activity_id

    async def follow_round(self, effect: e.FollowRound) -> str:
        """When the last of those who write is done, or their time is over, the card follows all of them."""

        def follow(tx: Transaction) -> str:
            if tx.waits(e.FollowRound, f"round:{effect.meeting_id}:"):
                return "somebody writes"
            tx.later(e.RefreshBoard(effect.meeting_id, "minutes"))
            return "done"

        return await self._storage.run(follow)

    # --- personal messages ---

    async def tell(self, effect: e.Tell) -> str:
        try:
            state = await self._storage.read(lambda tx: _told(tx, effect))
        except NotFound:
            if not effect.draft_id:
                raise
            return "the draft is gone"
        if isinstance(state, str):
            return state
        if state is None:
            return await self._letters.tell(effect)
        person, desk, service_url, card, summary = state(self._links.own)
        conversation_id = desk
        if not conversation_id:
            async with self._gate.through(person.tenant_id, person.id):
                conversation_id = await self._messenger.open_personal(service_url, person.tenant_id, person.channel_id)
        try:
            async with self._gate.through(person.tenant_id, conversation_id):
                rings = effect.sentence in RINGING
                return await self._messenger.post(service_url, conversation_id, card_activity(card, summary, rings=rings))
        except Exception as failure:
            if getattr(failure, "gone", False):
                return await self._letters.tell(effect)
            raise

    # --- documents ---

    async def render_documents(self, effect: e.RenderDocuments) -> str:
        """PDF and Word from one structure. What was sent for comments and what was approved is made once and never changes."""
        state = await self._storage.read(lambda tx: _document_state(tx, effect))
        body, meeting = state.body, state.meeting
        kind = f"round {meeting.round.number}" if effect.kind == "round" and meeting.round else effect.kind
        mine = [one for one in state.documents if one.kind == kind]
        if effect.kind in {"round", "approved"} and mine:
            return mine[0].sha256
        pdf, (docx, refused) = await asyncio.gather(asyncio.to_thread(render_pdf, state.doc), self._word(state.doc, state.template))
        file_kind = "minutes" if effect.kind == "round" else effect.kind
        name = t(body.language, f"documents.file.{file_kind}", body=body.name, number=f"{meeting.number}-{meeting.year}")
        edition = max((one.edition for one in mine), default=0) + 1
        made = Document("", meeting.id, kind, "", edition, name, "", meeting.version)
        await self._storage.run(lambda tx: _keep_documents(tx, made, (("pdf", pdf), ("docx", docx)), refused), key=lease.key())
        return hashlib.sha256(pdf).hexdigest()

    async def _word(self, doc: MinutesDoc, template: bytes | None) -> tuple[bytes, bool]:
        """The Word file, and whether the body's own template had to be left aside for it: a document must not be lost by its looks."""
        refused = False
        if template is not None:
            try:
                return await self._fill_template(doc, template), False
            except Refused:
                refused = True
        return await asyncio.to_thread(render_docx, doc), refused

    # --- timers ---

    async def end_round(self, effect: e.EndRound) -> str:
        return await self._by_the_clock(c.EndRound(meeting_id=effect.meeting_id, round_id=effect.round_id))

    async def remind_round(self, effect: e.RemindRound) -> str:
        return await self._by_the_clock(c.RemindRound(meeting_id=effect.meeting_id, round_id=effect.round_id))

    async def warn_quorum(self, effect: e.WarnQuorum) -> str:
        return await self._by_the_clock(c.WarnQuorum(meeting_id=effect.meeting_id))

    async def _by_the_clock(self, command: c.Command) -> str:
        await self._storage.run(lambda tx: by_the_clock(tx, command), key=lease.key())
        return "done"

    # --- people ---

    async def read_members(self, effect: e.ReadMembers) -> str:
        place = await self._storage.read(lambda tx: tx.conversation_of(effect.conversation_id))
        members = await self._messenger.members(place.service_url, place.id)
        await self._storage.run(lambda tx: _keep_members(tx, place, members))
        return str(len(members))


def by_the_clock(tx: Transaction, command: c.Command) -> None:
    """Run a command that no person gives, and that is not done yet."""
    if not tx.repeat:
        execute(command, tx)
        tx.journal(command, {"by": "clock"})


def card_activity(card: dict[str, Any], summary: str, *, rings: bool = False) -> dict[str, Any]:
    """A message that is one card (text beside a card would split it in two and leave no id to update). `rings`: its summary is shown in a
    banner and in the activity feed."""
    activity: dict[str, Any] = {
        "type": "message",
        "summary": summary,
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }
    return activity | {"channelData": {"notification": {"alert": True}}} if rings else activity


_Shown = Callable[[Callable[[str], str]], tuple[dict[str, Any], str, Conversation, Post | None, str]]


def _board_state(tx: Transaction, effect: e.RefreshBoard) -> _Shown | None:
    meeting = tx.meeting(effect.meeting_id)
    body = tx.body(meeting.body_id)
    screen = posted(tx, body, meeting, effect.part)
    if screen is None:
        return None
    place = tx.conversation_of(body.channel_id)
    posts = {post.part: post for post in tx.posts(meeting.id)}
    root = _root(posts.values()) if effect.part != _ROOT else ""
    summary = f"{body.name} {meeting.designation}"
    # The nonce follows the version: a press on this card that is sent again is known, one on a newer card is new.
    nonce = f"{effect.part}-{meeting.version}-{body.version}"

    def shown(address: Callable[[str], str]) -> tuple[dict[str, Any], str, Conversation, Post | None, str]:
        return render(screen, body.language, nonce, address), summary, place, posts.get(effect.part), root

    return shown


def _root(posts: Iterable[Post]) -> str:
    """The id of the post that opens a meeting's thread; empty before it is there."""
    return next((one.activity_id for one in posts if one.part == _ROOT), "")


def _keep_post(tx: Tx, effect: e.RefreshBoard, channel: str, activity_id: str, known: Post | None) -> None:
    post_id = known.id if known else tx.new_id()
    tx.save(Post(post_id, effect.meeting_id, effect.part, channel, activity_id))


_Message = Callable[[Callable[[str, str], str]], tuple[Person, str, str, dict[str, Any], str]]


def _told(tx: Transaction, effect: e.Tell) -> _Message | str | None:
    """The message; a word why there is none; None where a letter is the way."""
    person = tx.person(effect.person_id)
    mutes = effect.sentence in MAY_BE_MUTED
    if person.muted and mutes:
        return "muted"
    desk = tx.desk(person.id)
    body = tx.body(effect.body_id) if effect.body_id else None
    meeting = tx.meeting(effect.meeting_id) if effect.meeting_id else None
    service_url = desk.service_url if desk else (tx.conversation_of(body.channel_id).service_url if body else "")
    if not person.channel_id or not service_url:
        return None
    language = person.language or person.client_language or (body.language if body else "en")
    steps = next_steps(body, meeting, person, tx.now) if body else ()
    if effect.sentence == "call_started" and meeting and meeting.phase in BEFORE:
        opening = c.OpenMeeting(meeting_id=meeting.id, at=dict(effect.params)["start"])
        steps = (opening, *(step for step in steps if not isinstance(step, c.OpenMeeting)))[:6]
    said = Sentence(f"told.{effect.sentence}", tuple(effect.said.items()))
    screen: Screen = Told(text=said, steps=(*steps[:5], c.MuteMessages()) if mutes else steps)
    if effect.draft_id:
        draft = show_draft(c.ShowDraft(draft_id=effect.draft_id), tx, Scope(body))
        screen = replace(draft, notice=said, wrong=effect.sentence != READ)
    summary = wording(language, f"told.{effect.sentence}", **effect.said)

    def shown(address: Callable[[str, str], str]) -> tuple[Person, str, str, dict[str, Any], str]:
        card = render(screen, language, effect.id, lambda document_id: address(document_id, person.id))
        return person, desk.id if desk else "", service_url, card, summary

    return shown


@dataclass(frozen=True, slots=True)
class _DocumentState:
    body: Body
    meeting: Meeting
    doc: MinutesDoc
    documents: tuple[Document, ...]
    template: bytes | None


def _document_state(tx: Transaction, effect: e.RenderDocuments) -> _DocumentState:
    meeting = tx.meeting(effect.meeting_id)
    body = tx.body(meeting.body_id)
    doc = (agenda_of if effect.kind == "agenda" else minutes_of)(tx, meeting.id)
    template = tx.document_content(body.template_id) if body.template_id else None
    return _DocumentState(body, meeting, doc, tx.documents(meeting.id), template)


def _keep_documents(tx: Transaction, made: Document, files: tuple[tuple[str, bytes], ...], template_refused: bool) -> None:
    """Each file under an id of its own; the board shows it, and the secretary is told when a closed meeting's minutes are first there."""
    if tx.repeat:
        return
    meeting = tx.meeting(made.meeting_id)
    secretary_id = tx.body(meeting.body_id).secretary_id
    number = (("number", meeting.designation),)
    if template_refused:
        tx.later(e.Tell(f"template:{meeting.id}:{made.kind}", secretary_id, "template_refused", number, meeting.body_id, meeting.id))
    for form, content in files:
        digest = hashlib.sha256(content).hexdigest()
        tx.add_document(replace(made, id=tx.new_id(), format=form, name=f"{made.name}.{form}", sha256=digest), content)
        if made.kind == "approved" and form == "pdf":
            meeting = tx.save(replace(meeting, minutes_sha256=digest))
    if made.kind == "minutes":
        if meeting.phase is Phase.CLOSED and made.edition == 1:
            tx.later(e.Tell(f"minutes:{meeting.id}", secretary_id, "minutes_ready", number, meeting.body_id, meeting.id))
        return
    if made.kind == "agenda" and made.edition == 1:
        # The invitation leads to it. What makes a newer edition asks for the calendar itself, once the changes have calmed down.
        tx.later(e.SyncEvent(meeting.id))
    later_letters(tx, meeting, made)
    kind = made.kind.partition(" ")[0]
    tx.later(e.ShareDocuments(meeting.id, kind))
    tx.later(e.RefreshBoard(meeting.id, PARTS[kind]))


def _keep_members(tx: Transaction, place: Conversation, members: list[dict[str, Any]]) -> None:
    """Who is in the team. An address that is new is one that invitations to come can reach."""
    learnt = False
    for member in members:
        account_id = str(member.get("objectId") or member.get("aadObjectId") or "")
        if account_id:
            person = tx.upsert_account(place.tenant_id, account_id, str(member.get("id") or ""), str(member.get("name") or ""))
            email = str(member.get("email") or member.get("userPrincipalName") or "")
            if email and email != person.email:
                tx.save(replace(person, email=email))
                learnt = True
    board = tx.body_of_channel(place.id) if learnt else None
    for meeting in tx.meetings(board.id) if board else ():
        if meeting.phase in BEFORE:
            tx.later(e.SyncEvent(meeting.id))
