"""The port `Schedules` over Microsoft Graph: free/busy by getSchedule (https://learn.microsoft.com/graph/api/calendar-getschedule).

Of the two forms of the answer `availabilityView` is read, a digit a slot: it is there for every calendar that may be read at all, while
`scheduleItems`, which are left alone, tell what people do. Everything is asked in UTC, so that no slot is in doubt when the clocks are
changed between two dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import gcd

from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.schedule_information import ScheduleInformation
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import GetSchedulePostRequestBody
from msgraph.graph_service_client import GraphServiceClient

from graph.failures import DEADLINE, mailbox_call
from graph.limits import MailboxLimit
from meetings.model import Availability
from meetings.ports import CalendarFailure

Window = tuple[datetime, datetime]
MOST_SCHEDULES = 20
# Under 62 days, with room for the last slot.
LONGEST = timedelta(days=61)
# Minutes: Graph's own slots, and the shortest it takes.
SLOT, SHORTEST_SLOT = 30, 5
# Working elsewhere comes as 0, as 4 only from newer servers; away from the office is 3.
_SAYS = {
    "0": Availability.FREE,
    "4": Availability.FREE,
    "1": Availability.PERHAPS,
    "2": Availability.BUSY,
    "3": Availability.BUSY,
}
_ORDER = (Availability.BUSY, Availability.PERHAPS, Availability.FREE)


class GraphSchedules:
    """Asked in the mailbox `organiser`, one call after another: each call takes one of the few places the mailbox has for invitations."""

    def __init__(self, client: GraphServiceClient, organiser: str, *, limit: MailboxLimit, deadline: float = DEADLINE) -> None:
        self._calendar = client.users.by_user_id(organiser).calendar
        self._limit = limit
        self._deadline = deadline

    async def read(self, addresses: Sequence[str], windows: Sequence[Window]) -> Mapping[str, tuple[Availability, ...]]:
        """See `Schedules.read`."""
        found: dict[str, dict[Window, Availability]] = {address: {} for address in addresses}
        for near in _near(windows):
            start, end, slot = _span(near)
            for place in range(0, len(addresses), MOST_SCHEDULES):
                asked = addresses[place : place + MOST_SCHEDULES]
                views = await self._views(asked, start, end, slot)
                for address in asked:
                    found[address] |= _said(views.get(address.casefold(), ""), near, start, slot)
        return {address: tuple(said[one] for one in windows) for address, said in found.items() if said.keys() >= set(windows)}

    async def _views(self, addresses: Sequence[str], start: datetime, end: datetime, slot: int) -> Mapping[str, str]:
        wanted = GetSchedulePostRequestBody(
            schedules=list(addresses), start_time=_moment(start), end_time=_moment(end), availability_view_interval=slot
        )
        async with mailbox_call(self._limit, self._deadline):
            answer = await self._calendar.get_schedule.post(wanted)
        if answer is None or answer.value is None:
            raise CalendarFailure("no schedules in the answer", transient=True)
        return {(one.schedule_id or "").casefold(): _view(one) for one in answer.value}


def _near(windows: Sequence[Window]) -> Iterator[list[Window]]:
    """The windows by their beginning, in groups that one call may span."""
    group: list[Window] = []
    for window in sorted(set(windows)):
        if group and window[1] - group[0][0] > LONGEST:
            yield group
            group = []
        group.append(window)
    if group:
        yield group


def _span(near: Sequence[Window]) -> tuple[datetime, datetime, int]:
    """From when until when is asked, and in slots of how many minutes: such that windows begin and end with a slot, if these can be so
    short; else a slot that is only partly in a window counts in it."""
    start = near[0][0]
    offsets = [int((moment - start).total_seconds()) // 60 for window in near for moment in window]
    slot = max(gcd(SLOT, *offsets), SHORTEST_SLOT)
    return start, start + _rounded_up(max(offsets), slot) * timedelta(minutes=slot), slot


def _said(view: str, near: Sequence[Window], start: datetime, slot: int) -> dict[Window, Availability]:
    """What a view says of each window; nothing of one it does not cover, or in words not known."""
    found = {}
    for window in near:
        begins, ends = (int((moment - start).total_seconds()) // 60 for moment in window)
        past = _rounded_up(ends, slot)
        digits = set(view[begins // slot : past])
        if len(view) >= past and digits <= _SAYS.keys():
            said = {_SAYS[digit] for digit in digits}
            found[window] = next(one for one in _ORDER if one in said)
    return found


def _rounded_up(minutes: int, slot: int) -> int:
    """In whole slots."""
    return -(-minutes // slot)


def _view(schedule: ScheduleInformation) -> str:
    return "" if schedule.error else schedule.availability_view or ""


def _moment(moment: datetime) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=moment.astimezone(UTC).replace(tzinfo=None).isoformat(), time_zone="UTC")
