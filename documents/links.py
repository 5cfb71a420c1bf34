"""Signed addresses of documents: whoever has the link may read that one document until it expires. Pure; the key comes from outside."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode

LASTS = timedelta(days=180)


def document_link(base: str, document_id: str, key: bytes, now: datetime) -> str:
    """`<base>/documents/<id>?until=<unix seconds>&mark=<HMAC-SHA256>`."""
    until = int((now + LASTS).timestamp())
    return f"{base}/documents/{document_id}?{urlencode({'until': until, 'mark': _mark(document_id, until, key)})}"


def is_valid(document_id: str, until: str, mark: str, key: bytes, now: datetime) -> bool:
    """Whether a link is ours, for this document, and has not expired."""
    if not (until.isascii() and until.isdecimal() and len(until) <= 12) or int(until) < now.timestamp():
        return False
    return hmac.compare_digest(mark.encode(errors="replace"), _mark(document_id, int(until), key).encode())


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
    return tuple(says.split(".")) if is_valid(f"{page}.{says}", until, mark, key, now) else None


def _mark(document_id: str, until: int, key: bytes) -> str:
    return hmac.new(key, f"{document_id}.{until}".encode(), hashlib.sha256).hexdigest()
