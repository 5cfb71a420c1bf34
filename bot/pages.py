"""The pages beside the bot: documents by signed link. Nothing here needs a session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from documents.links import is_valid
from meetings.errors import NotFound
from storage.errors import Unavailable
from storage.transaction import Storage

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def add_documents(app: web.Application, storage: Storage, key: bytes, now: Callable[[], datetime]) -> None:
    async def document(request: web.Request) -> web.Response:
        """A document by its signed link; anything else is 404, so that nothing can be learnt by guessing."""
        document_id = request.match_info["id"]
        if not is_valid(document_id, request.query.get("until", ""), request.query.get("mark", ""), key, now()):
            raise web.HTTPNotFound
        try:
            found, content = await storage.read(lambda tx: (tx.document(document_id), tx.document_content(document_id)))
        except NotFound:
            raise web.HTTPNotFound from None
        except Unavailable:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "30"}) from None
        return web.Response(
            body=content,
            content_type=TYPES[found.format],
            headers={
                "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.name)}",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, no-store",
                "Referrer-Policy": "no-referrer",
            },
        )

    app.router.add_get("/documents/{id}", document)
