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


def comment_link(base: str, person_id: str, meeting_id: str, round_id: str, key: bytes, until: datetime) -> str:
    """A person's own page for commenting on the minutes of one round: `<base>/comment/<person>.<meeting>.<round>.<until>.<mark>`."""
    says = f"{person_id}.{meeting_id}.{round_id}"
    seconds = int(until.timestamp())
    return f"{base}/comment/{says}.{seconds}.{_mark(f'comment.{says}', seconds, key)}"


def read_comment_token(token: str, key: bytes, now: datetime) -> tuple[str, str, str] | None:
    """The ids of person, meeting and round in a token of ours that has not expired; None for anything else."""
    parts = token.split(".")
    if len(parts) != 5:
        return None
    person_id, meeting_id, round_id, until, mark = parts
    if not is_valid(f"comment.{person_id}.{meeting_id}.{round_id}", until, mark, key, now):
        return None
    return person_id, meeting_id, round_id


def _mark(document_id: str, until: int, key: bytes) -> str:
    return hmac.new(key, f"{document_id}.{until}".encode(), hashlib.sha256).hexdigest()
