"""The mails of the stand-in: those sent by `sendMail`, and those each change of an event would send. For graph/mailboxes.py and pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Literal
from uuid import uuid4

from graph.sandbox_store import Document, SandboxStore

KIND = "mail"
Sort = Literal["letter", "invitation", "update", "cancellation", "accepted", "tentativelyAccepted", "declined"]
# A change of one of these is told to everybody who stays invited; a change of the attendees only to those whom it concerns.
_TOLD = ("subject", "start", "end", "location", "content", "online")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `kept`: whether its sender has a copy among the sent; `proposed`: start and end that an answer proposes."""

    id: str
    sort: Sort
    sent: datetime
    sender: Document
    to: tuple[Document, ...]
    subject: str
    content: str
    attachments: tuple[Document, ...]
    kept: bool
    proposed: Document | None

    def received_by(self, address: str) -> bool:
        return any(one["address"].casefold() == address.casefold() for one in self.to)

    def shown_to(self, address: str) -> bool:
        return self.received_by(address) or (self.kept and self.sender["address"].casefold() == address.casefold())


class Post:
    """Every mail ever sent here."""

    def __init__(self, store: SandboxStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._lock = asyncio.Lock()
        self._count: int | None = None

    async def send(
        self,
        sort: Sort,
        sender: Document,
        to: Sequence[Document],
        subject: str,
        content: str,
        attachments: Sequence[Document] = (),
        *,
        kept: bool = False,
        proposed: Document | None = None,
    ) -> None:
        """Into the inbox of each of `to`, once. An attachment is a name, a contentType and content in base64."""
        async with self._lock:
            if self._count is None:
                self._count = len(await self._store.all(KIND))
            self._count += 1
            once = {one["address"].casefold(): {"name": one["name"], "address": one["address"]} for one in to}
            mail: Document = {
                "id": uuid4().hex,
                "number": self._count,
                "sort": sort,
                "sent": self._now().astimezone(UTC).isoformat(timespec="seconds"),
                "sender": {"name": sender["name"], "address": sender["address"]},
                "to": list(once.values()),
                "subject": subject,
                "content": content,
                "attachments": list(attachments),
                "kept": kept,
                "proposed": proposed,
            }
            await self._store.put(KIND, mail["id"], mail)

    async def event_changed(self, before: Document | None, after: Document) -> None:
        """What Exchange would send when an event changes so (None: when it is new)."""
        for sort, to in told_of(before, after):
            content = escape(after["comment"]) if after["cancelled"] else after["content"]
            await self.send(sort, after["organizer"], to, after["subject"], content)

    async def of(self, address: str) -> list[Mail]:
        """The mails somebody sees, newest first."""
        return [mail for mail in await self._all() if mail.shown_to(address)]

    async def find(self, mail_id: str, address: str) -> Mail | None:
        found = await self._store.get(KIND, mail_id)
        mail = _mail(found) if found else None
        return mail if mail is not None and mail.shown_to(address) else None

    async def correspondents(self) -> list[Document]:
        """Everybody who has sent or got a mail."""
        return [person for mail in await self._all() for person in (mail.sender, *mail.to)]

    async def _all(self) -> list[Mail]:
        return [_mail(one) for one in sorted(await self._store.all(KIND), key=lambda one: -int(one["number"]))]


def told_of(before: Document | None, after: Document) -> list[tuple[Sort, list[Document]]]:
    """Who gets which mail of a change. Somebody who is told nothing new gets none."""
    was = {} if before is None or before["cancelled"] else _invited(before)
    now = {} if after["cancelled"] else _invited(after)
    differs = before is not None and any(before.get(part) != after.get(part) for part in _TOLD)
    told: list[tuple[Sort, list[Document]]] = [
        ("invitation", [one for key, one in now.items() if key not in was]),
        ("update", [one for key, one in now.items() if key in was and differs]),
        ("cancellation", [one for key, one in was.items() if key not in now]),
    ]
    return [(sort, to) for sort, to in told if to]


def _invited(meeting: Document) -> dict[str, Document]:
    return {one["address"].casefold(): one for one in meeting["attendees"] if not one.get("uninvited")}


def _mail(document: Document) -> Mail:
    return Mail(
        id=document["id"],
        sort=document["sort"],
        sent=datetime.fromisoformat(document["sent"]),
        sender=document["sender"],
        to=tuple(document["to"]),
        subject=document["subject"],
        content=document["content"],
        attachments=tuple(document["attachments"]),
        kept=document["kept"],
        proposed=document.get("proposed"),
    )
