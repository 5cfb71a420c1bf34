"""Who is free at the dates of a draft: asked of the calendars, kept with the draft, and shown to the secretary, who waits for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.calendars import EVENT_HOURS
from meetings import effects as e
from meetings.errors import NotFound, Refused
from meetings.model import Availability
from meetings.ports import CalendarFailure, Schedules
from meetings.rules.planning import Plan
from meetings.rules.schedules import asked_people, kept
from meetings.scope import Scope
from meetings.use_cases.dates import plans_of
from storage.database import Storage
from storage.transaction import Transaction

READ = "schedules_read"


@dataclass(frozen=True, slots=True)
class Asked:
    """The dates with their windows in aware UTC, and whose calendars they are asked of: person → address."""

    plans: tuple[Plan, ...]
    windows: tuple[tuple[datetime, datetime], ...]
    addresses: Mapping[str, str]


class ScheduleHandlers:
    """Free/busy of the dates that wait for confirmation."""

    def __init__(self, storage: Storage, schedules: Schedules) -> None:
        self._storage = storage
        self._schedules = schedules

    def table(self) -> Mapping[type[e.Effect], Callable[[Any], Awaitable[str]]]:
        return {e.ReadSchedules: self.read_schedules}

    async def read_schedules(self, effect: e.ReadSchedules) -> str:
        """Ask, keep, tell. Somebody waits for this answer, so a failure is told at once, and the button asks again; only when Graph names
        the time to come back is it waited for."""
        asked = await self._storage.read(lambda tx: _asked(tx, effect))
        if asked is None:
            return "nothing to ask"
        try:
            read = await self._schedules.read(sorted(set(asked.addresses.values())), asked.windows)
        except CalendarFailure as failure:
            if failure.retry_after is not None:
                raise
            cause = "refused" if failure.refused else "mailbox" if failure.mailbox else "failed"
            await self._storage.run(lambda tx: _tell(tx, effect, f"schedules_{cause}"))
            return failure.reason
        return await self._storage.run(lambda tx: _keep(tx, effect, asked, read))


def _asked(tx: Transaction, effect: e.ReadSchedules) -> Asked | None:
    """None when the draft was dropped, or can no longer be asked about."""
    body = tx.body(effect.body_id)
    try:
        plans = plans_of(tx.draft(effect.draft_id), tx, Scope(body))
    except (NotFound, Refused):
        return None
    people = tx.people(asked_people(body, plans))
    addresses = {person_id: person.email for person_id, person in people.items() if person.email}
    windows = []
    for plan in plans:
        start = datetime.combine(plan.day, plan.start)
        end = datetime.combine(plan.day, plan.end) if plan.end else start + timedelta(hours=EVENT_HOURS)
        windows.append((start.replace(tzinfo=body.tz).astimezone(UTC), end.replace(tzinfo=body.tz).astimezone(UTC)))
    return Asked(plans, tuple(windows), addresses) if plans else None


def _keep(tx: Transaction, effect: e.ReadSchedules, asked: Asked, read: Mapping[str, Sequence[Availability]]) -> str:
    now = _asked(tx, effect)
    if now is None or now.windows != asked.windows:
        return "the dates have changed since"
    people = {person_id: read[address] for person_id, address in asked.addresses.items() if address in read}
    tx.save(replace(tx.draft(effect.draft_id), busy=kept(asked.plans, people)))
    _tell(tx, effect, READ)
    return f"{len(people)} calendars read"


def _tell(tx: Transaction, effect: e.ReadSchedules, sentence: str) -> None:
    secretary_id = tx.body(effect.body_id).secretary_id
    tx.later(e.Tell(tx.new_id(), secretary_id, sentence, (), effect.body_id, draft_id=effect.draft_id))
