"""Signed addresses of documents: one document, until it expires, for one person or for all who see the board. Pure; the key comes from
outside."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode

LASTS = timedelta(days=180)


def document_link(base: str, document_id: str, key: bytes, now: datetime, reader_id: str = "") -> str:
    """`<base>/documents/<id>?[for=<person>&]until=<unix seconds>&mark=<HMAC-SHA256>`. A person's own link is to be answered only while the
    document is theirs to read; one for nobody by name is what stands where many see it."""
    until = int((now + LASTS).timestamp())
    told = {"for": reader_id} if reader_id else {}
    mark = _mark(_names(document_id, reader_id), until, key)
    return f"{base}/documents/{document_id}?{urlencode({**told, 'until': until, 'mark': mark})}"


def is_document_link(document_id: str, reader_id: str, until: str, mark: str, key: bytes, now: datetime) -> bool:
    """Whether a link is ours, for this document and this person, and has not expired."""
    return _is_valid(_names(document_id, reader_id), until, mark, key, now)


def _names(document_id: str, reader_id: str) -> str:
    # Without a reader as it always was: links in calendars and on old cards live for months.
    return f"{document_id}/{reader_id}" if reader_id else document_id


def _is_valid(names: str, until: str, mark: str, key: bytes, now: datetime) -> bool:
    if not (until.isascii() and until.isdecimal() and len(until) <= 12) or int(until) < now.timestamp():
        return False
    return hmac.compare_digest(mark.encode(errors="replace"), _mark(names, int(until), key).encode())


def personal_link(base: str, page: str, ids: tuple[str, ...], key: bytes, until: datetime) -> str:
    """A person's own page of one kind about one thing: `<base>/<page>/<person>.<id>….<unix seconds>.<HMAC-SHA256>`. The mark is over the
    page too, so that a link opens no other page."""
    says = ".".join(ids)
    seconds = int(until.timestamp())
    return f"{base}/{page}/{says}.{seconds}.{_mark(f'{page}.{says}', seconds, key)}"


def read_personal_token(page: str, token: str, key: bytes, now: datetime) -> tuple[str, ...] | None:
    """The ids in a token of ours for this page that has not expired, the person's first; None for anything else."""
    parts = token.rsplit(".", 2)
    if len(parts) != 3:
        return None
    says, until, mark = parts
    return tuple(says.split(".")) if _is_valid(f"{page}.{says}", until, mark, key, now) else None


def _mark(names: str, until: int, key: bytes) -> str:
    return hmac.new(key, f"{names}.{until}".encode(errors="replace"), hashlib.sha256).hexdigest()
