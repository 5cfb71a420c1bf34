"""The attendance report of a meeting's call, held against the record: a check that the secretary is told of, and that changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from meetings import effects as e
from meetings.model import Phase
from meetings.ports import Attended, Reports
from meetings.rules.calls import differences
from meetings.use_cases.attendance import roll_of
from storage.database import Storage
from storage.transaction import Transaction

# A report that is not there yet is looked for once more.
AGAIN = timedelta(hours=1)


class AttendanceHandlers:
    """`reports` None: it is not wanted here."""

    def __init__(self, storage: Storage, reports: Reports | None) -> None:
        self._storage = storage
        self._reports = reports

    def table(self) -> Mapping[type[e.Effect], Callable[[Any], Awaitable[str]]]:
        return {e.ReadAttendance: self.read_attendance}

    async def read_attendance(self, effect: e.ReadAttendance) -> str:
        """Of a closed meeting whose minutes have not been sent yet; what the report shows is kept until they are, if it differs."""
        if self._reports is None:
            return "not wanted"
        call = await self._storage.read(lambda tx: _call(tx, effect.meeting_id))
        if call is None:
            return "nothing to compare"
        attended = await self._reports.read(*call)
        if attended is None:
            if not effect.last:
                await self._storage.run(lambda tx: tx.later(e.ReadAttendance(effect.meeting_id, last=True), due=tx.now + AGAIN))
            return "no report"
        return await self._storage.run(lambda tx: _compare(tx, effect.meeting_id, attended))


def _call(tx: Transaction, meeting_id: str) -> tuple[str, datetime, datetime] | None:
    """The link of the meeting's call, and from when until when it was held."""
    meeting = tx.meeting(meeting_id)
    if meeting.phase is not Phase.CLOSED or not meeting.join_url or meeting.opened_at is None or meeting.closed_at is None:
        return None
    return meeting.join_url, meeting.opened_at, meeting.closed_at


def _compare(tx: Transaction, meeting_id: str, attended: Iterable[Attended]) -> str:
    """Only those of the roll are kept, by their accounts, else by their addresses."""
    if _call(tx, meeting_id) is None:
        return "nothing to compare"
    meeting = tx.meeting(meeting_id)
    body = tx.body(meeting.body_id)
    roll = roll_of(body, meeting)
    people = tx.people(roll).values()
    known = {one.email.casefold(): one.id for one in people if one.email} | {one.account_id: one.id for one in people if one.account_id}
    tx.drop_call(meeting.id)
    for one in attended:
        if person_id := known.get(one.account_id) or known.get(one.email.casefold()):
            tx.note_call(meeting.id, "joined", one.since, [person_id])
            tx.note_call(meeting.id, "left", one.until, [person_id])
    if not differences(meeting, tx.call(meeting.id), roll):
        tx.drop_call(meeting.id)
        return "no differences"
    told = (("number", meeting.designation),)
    tx.later(e.Tell(f"attendance:{meeting.id}", body.secretary_id, "attendance_differs", told, body.id, meeting.id))
    return "differs"
