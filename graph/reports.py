"""The port `Reports` over Microsoft Graph: attendance reports of online meetings
(https://learn.microsoft.com/graph/api/meetingattendancereport-list).

The path wants the organiser's id, and the meeting is found by its link. App-only it needs, besides the permissions, an application access
policy of Teams for that organiser. Of a meeting in a channel Graph lists the reports of all that were held there, so that they are told
apart by their time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.attendance_record import AttendanceRecord
from msgraph.generated.users.item.online_meetings.item.online_meeting_item_request_builder import OnlineMeetingItemRequestBuilder
from msgraph.generated.users.item.online_meetings.online_meetings_request_builder import OnlineMeetingsRequestBuilder
from msgraph.graph_service_client import GraphServiceClient

from graph.failures import DEADLINE, graph_call
from meetings.ports import Attended, CalendarFailure

MEETINGS, PERMISSION = "OnlineMeetings.Read.All", "OnlineMeetingArtifact.Read.All"
MOST_PAGES = 20


class GraphReports:
    """Of meetings whose link does not say who organises them, `organiser` is asked."""

    def __init__(self, client: GraphServiceClient, organiser: str, *, deadline: float = DEADLINE) -> None:
        self._client = client
        self._organiser = organiser
        self._deadline = deadline

    async def read(self, join_url: str, since: datetime, until: datetime) -> tuple[Attended, ...] | None:
        """See `Reports.read`."""
        meetings = self._client.users.by_user_id(organiser_of(join_url) or self._organiser).online_meetings
        literal = join_url.replace("'", "''")
        wanted = OnlineMeetingsRequestBuilder.OnlineMeetingsRequestBuilderGetQueryParameters(filter=f"JoinWebUrl eq '{literal}'")
        async with graph_call(self._deadline, permission=MEETINGS):
            answer = await meetings.get(RequestConfiguration(query_parameters=wanted))
        ids = [one.id for one in (answer and answer.value) or [] if one.id]
        if not ids:
            return None
        meeting = meetings.by_online_meeting_id(ids[0])
        async with graph_call(self._deadline, permission=PERMISSION):
            listed = await meeting.attendance_reports.get()
        reports = [
            one.id
            for one in (listed and listed.value) or []
            if one.id
            and (one.meeting_start_date_time is None or one.meeting_start_date_time < until)
            and (one.meeting_end_date_time is None or one.meeting_end_date_time > since)
        ]
        if not reports:
            return None
        return tuple([stay for report in reports for record in await self._records(meeting, report) for stay in _stays(record)])

    async def _records(self, meeting: OnlineMeetingItemRequestBuilder, report: str) -> list[AttendanceRecord]:
        page = meeting.attendance_reports.by_meeting_attendance_report_id(report).attendance_records
        found: list[AttendanceRecord] = []
        for _ in range(MOST_PAGES):
            async with graph_call(self._deadline, permission=PERMISSION):
                answer = await page.get()
            found += (answer and answer.value) or []
            if answer is None or not answer.odata_next_link:
                return found
            page = page.with_url(answer.odata_next_link)
        raise CalendarFailure("too many pages", transient=True)


def organiser_of(join_url: str) -> str:
    """The id of the organiser, which stands in the `context` of a link; "" in one that has none."""
    try:
        context = json.loads(parse_qs(urlsplit(join_url).query)["context"][0])
    except (KeyError, ValueError):
        return ""
    found = context.get("Oid", "") if isinstance(context, dict) else ""
    return found if isinstance(found, str) else ""


def _stays(record: AttendanceRecord) -> Iterator[Attended]:
    """Where data lacks, Graph has null for a time; then it says nothing."""
    account = (record.identity and record.identity.id) or ""
    for one in record.attendance_intervals or []:
        if one.join_date_time and one.leave_date_time:
            yield Attended(account, record.email_address or "", one.join_date_time, one.leave_date_time)
