"""Once a day each body forgets what was said for its minutes and invitations, when it has kept it for as long as it wants to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from meetings import effects as e
from meetings.rules.people import all_words_gone, months_before
from storage import people
from storage.database import Storage
from storage.journal import EMPTIED, Entry
from storage.transaction import Transaction

DAILY = timedelta(days=1)


def begin_forgetting(tx: Transaction) -> None:
    """The first time of each body that has none yet: those of an earlier version."""
    for body_id in people.never_forgot(tx.connection):
        tx.later(e.ForgetOld(body_id), tx.now + DAILY)


class ForgettingHandlers:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def table(self) -> Mapping[type[e.Effect], Callable[[Any], Awaitable[str]]]:
        return {e.ForgetOld: self.forget_old}

    async def forget_old(self, effect: e.ForgetOld) -> str:
        """Harmless twice: what is gone is not there to be taken away, and of the next time there is one."""
        return str(await self._storage.run(lambda tx: _forget(tx, effect)))


def _forget(tx: Transaction, effect: e.ForgetOld) -> int:
    """The number of meetings of which something was forgotten."""
    tx.later(effect, tx.now + DAILY)
    body = tx.body(effect.body_id)
    if not body.keep_months:
        return 0
    day = months_before(tx.now.astimezone(body.tz).date(), body.keep_months)
    before = datetime.combine(day, time(0), tzinfo=body.tz)
    found = people.with_old_words(tx.connection, body.id, before)
    for meeting_id in found:
        tx.save(all_words_gone(tx.meeting(meeting_id)))
    closed = {one.id for one in body.polls if one.closed_at is not None and one.closed_at < before}
    options = {one.id for one in body.poll_options if one.poll_id in closed}
    answers = tuple(one for one in body.poll_answers if one.option_id not in options)
    if answers != body.poll_answers:
        tx.save(replace(body, poll_answers=answers))
    emptied = people.forget_typed_about(tx.connection, found)
    if found or answers != body.poll_answers:
        told = {"before": before, EMPTIED: emptied}
        tx.enter(Entry(body.id, "", "", tx.now, "forget_old", told, {"by": "clock"}))
    return len(found)
