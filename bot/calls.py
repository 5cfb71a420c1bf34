"""What Teams tells of the calls in which meetings are held: events that nobody is answered for.

They come where the app is in the meeting's chat and was granted to hear of it; without them nothing is lost. botbuilder's models of them
lack what is sent (its lists stay empty), so the JSON is read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import structlog
from pydantic import AliasChoices, AwareDatetime, BaseModel, Field, ValidationError

from bot.inbound import tenant_of
from meetings import commands as c
from meetings.commands import stem
from meetings.use_cases import execute
from storage.database import Storage
from storage.errors import Unavailable
from storage.transaction import NOBODY, Transaction
from telemetry.under_way import under_way

log = structlog.get_logger()
LEAD = "application/vnd.microsoft.meeting"
KINDS = {
    f"{LEAD}Start": "started",
    f"{LEAD}End": "ended",
    f"{LEAD}ParticipantJoin": "joined",
    f"{LEAD}ParticipantLeave": "left",
}
# At the ends of what a date can be there is no time in every zone.
_Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC))]


class _Account(BaseModel):
    """The roster's name of the account stands here in some clients' events, that of activities in others'."""

    account_id: str = Field(default="", validation_alias=AliasChoices("aadObjectId", "objectId"))


class _Member(BaseModel):
    user: _Account = _Account()


class _Told(BaseModel):
    """The value of an event, in the names that Teams gives them."""

    join_url: str = Field(default="", validation_alias="JoinUrl")
    started: _Moment | None = Field(default=None, validation_alias="StartTime")
    ended: _Moment | None = Field(default=None, validation_alias="EndTime")
    members: list[_Member] = []


class _Event(BaseModel):
    timestamp: _Moment
    value: _Told = _Told()


class Calls:
    """Keeps what concerns a meeting."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def take(self, activity: Mapping[str, Any]) -> None:
        """An event that cannot be read or kept is left: it only suggests. Sent again, it is known."""
        observed = under_way()
        kind, tenant_id = KINDS.get(str(activity.get("name"))), tenant_of(activity)
        if kind is None or not tenant_id:
            return
        observed.command, observed.outcome = stem(c.NoteCall), "failed"
        thread = str(activity["conversation"]["id"]).partition(";")[0]
        try:
            event = _Event.model_validate(activity)
            told = event.value
            at = ((told.started if kind == "started" else told.ended if kind == "ended" else None) or event.timestamp).astimezone(UTC)
            accounts = tuple(dict.fromkeys(one.user.account_id for one in told.members))
            command = c.NoteCall(thread=thread, join_url=told.join_url, kind=kind, at=at, account_ids=accounts)
            await self._storage.run(lambda tx: _note(tx, tenant_id, command))
            observed.outcome = "silent"
        except ValidationError:
            observed.outcome = "refused"
        except Unavailable as failure:
            log.warning("an event of a call was not kept", turn=observed.turn, reason=str(failure))
        except Exception:
            log.exception("an event of a call failed", turn=observed.turn)


def _note(tx: Transaction, tenant_id: str, command: c.NoteCall) -> None:
    """Within the tenant that it happened in, by nobody."""
    tx.actor = replace(NOBODY, tenant_id=tenant_id)
    execute(command, tx)
