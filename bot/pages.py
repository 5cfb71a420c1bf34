"""The pages beside the bot: documents by signed link. Nothing here needs a session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from documents.links import is_document_link
from meetings.access import may_read
from meetings.errors import NotFound
from meetings.model import Document
from storage.database import Storage
from storage.errors import Unavailable
from storage.transaction import Transaction

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def add_documents(app: web.Application, storage: Storage, key: bytes, now: Callable[[], datetime]) -> None:
    async def document(request: web.Request) -> web.Response:
        """A document by its signed link; anything else is 404, so that nothing can be learnt by guessing."""
        document_id = request.match_info["id"]
        reader_id, until, mark = (request.query.get(name, "") for name in ("for", "until", "mark"))
        if not is_document_link(document_id, reader_id, until, mark, key, now()):
            raise web.HTTPNotFound
        try:
            found, content = await storage.read(lambda tx: _read(tx, document_id, reader_id))
        except NotFound:
            raise web.HTTPNotFound from None
        except Unavailable:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "30"}) from None
        return web.Response(
            body=content,
            content_type=TYPES[found.format],
            headers={
                "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.name, safe='')}",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, no-store",
                "Referrer-Policy": "no-referrer",
                "X-Robots-Tag": "noindex",
                "Content-Security-Policy": "frame-ancestors 'none'",
            },
        )

    app.router.add_get("/documents/{id}", document)


def _read(tx: Transaction, document_id: str, reader_id: str) -> tuple[Document, bytes]:
    """Raises `NotFound` also for a reader whose it is no longer."""
    found = tx.document(document_id)
    if reader_id:
        meeting = tx.meeting(found.meeting_id)
        body = tx.body(meeting.body_id)
        if not may_read(body, meeting, tx.person(reader_id), tx.now.astimezone(body.tz).date()):
            raise NotFound("storage.not_found")
    return found, tx.document_content(document_id)
