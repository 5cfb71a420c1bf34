"""What follows when a database has been put back from a backup: the record is older than what people have seen since."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, update

from meetings.effects import Effect, EndRound, RefreshBoard, Tell
from meetings.model import Phase
from storage import outbox
from storage.tables import body, effect, journal, meeting, post, turn

# So long a secretary has to send minutes round again whose deadline passed, or is about to, while the comments on them were lost.
RESPITE = timedelta(days=1)
_OVER = (Phase.APPROVED, Phase.CANCELLED)


def settle(connection: Connection, now: datetime) -> datetime:
    """No round ends by itself within `RESPITE`, the boards show the record again, and every secretary is told up to when it goes. That
    moment, the last at which anything was written, is returned. Before a bot runs on it; harmless twice."""
    written = [connection.execute(select(func.max(at))).scalar() for at in (effect.c.done_at, journal.c.at, turn.c.at)]
    newest = max((at for at in written if at is not None), default=now)
    ending = (effect.c.kind == EndRound.__name__) & (effect.c.state == outbox.WAITING) & (effect.c.due_at < now + RESPITE)
    connection.execute(update(effect).where(ending).values(due_at=now + RESPITE))
    told: list[Effect] = []
    for row in connection.execute(select(body.c.id, body.c.secretary_id, body.c.zone).where(body.c.secretary_id != "")):
        local = newest.astimezone(ZoneInfo(row.zone))
        said = (("day", local.date().isoformat()), ("start", local.time().isoformat("minutes")))
        told.append(Tell(f"restored:{row.id}:{newest:%Y%m%d%H%M%S}", row.secretary_id, "restored", said, row.id))
    live = select(post.c.meeting_id, post.c.part).join(meeting).where(meeting.c.phase.not_in(_OVER)).order_by(post.c.id)
    shown: list[Effect] = [RefreshBoard(row.meeting_id, row.part) for row in connection.execute(live)]
    outbox.write(connection, now, [(one, now) for one in (*told, *shown)])
    return newest
