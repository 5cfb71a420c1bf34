"""What reaches the channel's files: agenda, minutes sent for comments and approved minutes, each at a path of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.gates import Gate
from jobs.handlers import PARTS, Messenger
from meetings import effects as e
from meetings.model import Conversation, Document, Meeting
from meetings.ports import CalendarFailure, ChannelFile, Files
from storage.database import Storage
from storage.transaction import Transaction


class FileHandlers:
    """`gate` lets through as often as Teams bears requests about one channel: four in a second."""

    def __init__(self, storage: Storage, messenger: Messenger, files: Files, gate: Gate) -> None:
        self._storage = storage
        self._messenger = messenger
        self._files = files
        self._gate = gate

    def table(self) -> Mapping[type[e.Effect], Callable[[Any], Awaitable[str]]]:
        return {e.ShareDocuments: self.share_documents}

    async def share_documents(self, effect: e.ShareDocuments) -> str:
        """The newest files of the kind in place of the earlier ones, and their links kept. Where that is not to be had, the bot's own
        links stay, and the secretary is told what is missing."""
        waiting = await self._storage.read(lambda tx: _waiting(tx, effect))
        if waiting is None:
            return "nothing to share"
        place = waiting.place
        try:
            async with self._gate.through(place.tenant_id, place.id):
                group = await self._messenger.group(place.service_url, place.team_id)
                if not group:
                    raise CalendarFailure("Teams tells no group of the team", gone=True)
                links = await self._files.share(group, place.id, waiting.files)
        except CalendarFailure as failure:
            if failure.transient:
                raise
            missing = failure
            await self._storage.run(lambda tx: _tell_missing(tx, effect, missing))
            return failure.reason
        await self._storage.run(lambda tx: _keep_links(tx, effect, waiting, links))
        return " ".join(links)


@dataclass(frozen=True, slots=True)
class _Waiting:
    place: Conversation
    documents: tuple[Document, ...]
    files: tuple[ChannelFile, ...]


def _waiting(tx: Transaction, effect: e.ShareDocuments) -> _Waiting | None:
    meeting = tx.meeting(effect.meeting_id)
    body = tx.body(meeting.body_id)
    final = effect.kind == "approved"
    kind = f"round {meeting.round.number}" if effect.kind == "round" and meeting.round else effect.kind
    documents = tuple(one for one in tx.documents(meeting.id) if one.kind == kind and not (final and one.link))
    if not documents:
        return None
    folder = f"{body.name} {meeting.number}-{meeting.year}"
    files = tuple(ChannelFile(folder, one.name, tx.document_content(one.id), final) for one in documents)
    return _Waiting(tx.conversation_of(body.channel_id), documents, files)


def _keep_links(tx: Transaction, effect: e.ShareDocuments, waiting: _Waiting, links: tuple[str, ...]) -> None:
    meeting = tx.meeting(effect.meeting_id)
    for document, link in zip(waiting.documents, links, strict=True):
        if link:
            tx.note_link(document.id, link)
        else:
            _tell_once(tx, meeting, f"{meeting.id}:{document.name}", "files_taken", (("name", document.name),))
    if any(links):
        tx.later(e.RefreshBoard(meeting.id, PARTS[effect.kind]))


def _tell_missing(tx: Transaction, effect: e.ShareDocuments, failure: CalendarFailure) -> None:
    """Once a body and cause in the time that effects are kept: every later document meets the same."""
    meeting = tx.meeting(effect.meeting_id)
    cause = "refused" if failure.refused else "folder" if failure.gone else "failed"
    # What is refused names the right at its end.
    params = (("reason", failure.reason), ("permission", failure.reason.rpartition(" ")[2]))
    _tell_once(tx, meeting, f"{meeting.body_id}:{cause}", f"files_{cause}", params)


def _tell_once(tx: Transaction, meeting: Meeting, about: str, sentence: str, params: tuple[tuple[str, str], ...]) -> None:
    told = e.Tell(f"files:{about}", tx.body(meeting.body_id).secretary_id, sentence, params, meeting.body_id, meeting.id)
    if not tx.was_written(told.key):
        tx.later(told)
