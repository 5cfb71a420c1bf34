"""The calendar stand-in's documents, kept in the same database (graph/mailboxes.py says what they are), and whom the bot knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, delete, insert, select

from storage.database import Storage
from storage.tables import body, person, sandbox


class SandboxTable:
    """JSON documents by kind and id; each call is its own commit."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def get(self, kind: str, id: str) -> dict[str, Any] | None:  # noqa: A002  # the word of the documents themselves
        query = select(sandbox.c.document).where(sandbox.c.kind == kind, sandbox.c.id == id)
        found = await self._storage.look(lambda connection, _now: connection.execute(query).scalar())
        return json.loads(found) if found else None

    async def put(self, kind: str, id: str, document: dict[str, Any]) -> None:  # noqa: A002
        text = json.dumps(document, ensure_ascii=False)
        mine = (sandbox.c.kind == kind, sandbox.c.id == id)

        def replace(connection: Any, _now: Any) -> None:
            connection.execute(delete(sandbox).where(*mine))
            connection.execute(insert(sandbox).values(kind=kind, id=id, document=text))

        await self._storage.execute(replace)

    async def all(self, kind: str) -> list[dict[str, Any]]:
        query = select(sandbox.c.document).where(sandbox.c.kind == kind).order_by(sandbox.c.id)
        found = await self._storage.look(lambda connection, _now: connection.execute(query).scalars().all())
        return [json.loads(text) for text in found]


class KnownPeople:
    """The stand-in's directory: what people and bodies are called, for those who have an address or a channel."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def name_of(self, address: str) -> str | None:
        """The name of the person with an e-mail address."""
        query = select(person.c.name).where(person.c.email == address).limit(1)
        return await self._storage.look(lambda connection, _now: connection.execute(query).scalar())

    async def people(self) -> Mapping[str, str]:
        """Address → name."""
        return await self._names(select(person.c.email, person.c.name).where(person.c.email != ""))

    async def channels(self) -> Mapping[str, str]:
        """A channel's id → the name of its body."""
        return await self._names(select(body.c.channel_id, body.c.name))

    async def _names(self, query: Select[str, str]) -> Mapping[str, str]:
        return await self._storage.look(lambda connection, _now: {row[0]: row[1] for row in connection.execute(query)})
