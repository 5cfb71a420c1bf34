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


def _mark(document_id: str, until: int, key: bytes) -> str:
    return hmac.new(key, f"{document_id}.{until}".encode(), hashlib.sha256).hexdigest()
