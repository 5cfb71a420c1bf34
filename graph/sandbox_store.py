"""Where the stand-in keeps what it knows: JSON documents by kind and id."""

from __future__ import annotations

import json
from typing import Any, Protocol

Document = dict[str, Any]


class SandboxStore(Protocol):
    """Where the stand-in keeps its JSON documents. `put` replaces; each call is its own commit; nothing is ever removed."""

    async def get(self, kind: str, id: str) -> Document | None: ...  # noqa: A002  # the word of the documents themselves

    async def put(self, kind: str, id: str, document: Document) -> None: ...  # noqa: A002

    async def all(self, kind: str) -> list[Document]: ...


class MemoryStore:
    """A store that forgets. Documents go through JSON, as in a database, so nobody shares a mutable one."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], str] = {}

    async def get(self, kind: str, id: str) -> Document | None:  # noqa: A002
        text = self._documents.get((kind, id))
        found: Document | None = json.loads(text) if text else None
        return found

    async def put(self, kind: str, id: str, document: Document) -> None:  # noqa: A002
        self._documents[kind, id] = json.dumps(document)

    async def all(self, kind: str) -> list[Document]:
        return [json.loads(text) for (of, _), text in self._documents.items() if of == kind]
