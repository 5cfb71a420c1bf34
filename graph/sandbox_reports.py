"""Online meetings and their attendance reports in the stand-in. For graph/sandbox_wire.py.

A report is there when it has been put: `POST /graph/sandbox/attendance` with `joinUrl`, `start`, `end` and `records`, each with `address`,
`id` and `intervals` of two times. Wire format: https://learn.microsoft.com/graph/api/attendancerecord-list
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime

from aiohttp import web
from pydantic import AwareDatetime, Field

from graph.mailboxes import GraphRefusal
from graph.sandbox_http import Wire, parsed
from graph.sandbox_store import Document, SandboxStore

REPORT = "attendance"
STORE = web.AppKey("attendance", SandboxStore)
_FILTER = re.compile(r"JoinWebUrl eq '(?P<url>(?:[^']|'')*)'")


class _Record(Wire):
    id: str = ""
    address: str = ""
    name: str = ""
    intervals: list[tuple[AwareDatetime, AwareDatetime | None]] = Field(default_factory=list)


class _Report(Wire):
    join_url: str
    start: AwareDatetime
    end: AwareDatetime
    records: list[_Record] = Field(default_factory=list)


def report_routes() -> list[web.RouteDef]:
    meetings = "/v1.0/users/{user}/onlineMeetings"
    reports = f"{meetings}/{{meeting}}/attendanceReports"
    return [
        web.get(meetings, _meetings),
        web.get(reports, _reports),
        web.get(f"{reports}/{{report}}/attendanceRecords", _records),
        web.post("/sandbox/attendance", _put),
    ]


async def _put(request: web.Request) -> web.Response:
    report = await parsed(request, _Report)
    held = report.model_dump(mode="json") | {"id": hashlib.sha256(f"{report.join_url} {report.start}".encode()).hexdigest()[:32]}
    await request.app[STORE].put(REPORT, held["id"], held)
    return web.Response(status=204)


async def _meetings(request: web.Request) -> web.Response:
    """By its link alone, as here; a meeting without a report is as good as unknown."""
    asked = _FILTER.fullmatch(request.query.get("$filter", ""))
    if asked is None:
        raise GraphRefusal(400, "BadRequest", "A filter by JoinWebUrl is needed.")
    url = asked["url"].replace("''", "'")
    known = {one["join_url"] for one in await request.app[STORE].all(REPORT)}
    return _listed(request, [{"id": _meeting_id(url), "joinWebUrl": url}] if url in known else [])


async def _reports(request: web.Request) -> web.Response:
    return _listed(
        request,
        [
            {
                "id": one["id"],
                "totalParticipantCount": len(one["records"]),
                "meetingStartDateTime": _utc(one["start"]),
                "meetingEndDateTime": _utc(one["end"]),
            }
            for one in await _of_meeting(request)
        ],
    )


async def _records(request: web.Request) -> web.Response:
    found = next((one for one in await _of_meeting(request) if one["id"] == request.match_info["report"]), None)
    if found is None:
        raise GraphRefusal(404, "NotFound", "The report was not found.")
    return _listed(request, [_record(one) for one in found["records"]])


async def _of_meeting(request: web.Request) -> list[Document]:
    found = [one for one in await request.app[STORE].all(REPORT) if _meeting_id(one["join_url"]) == request.match_info["meeting"]]
    if not found:
        raise GraphRefusal(404, "NotFound", "The meeting was not found.")
    return sorted(found, key=lambda one: str(one["start"]), reverse=True)


def _record(one: Document) -> Document:
    intervals = [(_at(since), _at(until) if until else None) for since, until in one["intervals"]]
    seconds = [int((until - since).total_seconds()) if until else 0 for since, until in intervals]
    return {
        "id": one["id"],
        "emailAddress": one["address"],
        "totalAttendanceInSeconds": sum(seconds),
        "role": "Attendee",
        "identity": {"@odata.type": "#microsoft.graph.identity", "id": one["id"], "displayName": one["name"], "tenantId": None},
        "attendanceIntervals": [
            {"joinDateTime": _shown(since), "leaveDateTime": _shown(until) if until else None, "durationInSeconds": length}
            for (since, until), length in zip(intervals, seconds, strict=True)
        ],
    }


def _listed(request: web.Request, value: list[Document]) -> web.Response:
    context = f"{request.url.origin()}/graph/v1.0/$metadata#Collection(microsoft.graph.entity)"
    return web.json_response({"@odata.context": context, "value": value})


def _meeting_id(url: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(url.encode()).digest()).decode().rstrip("=")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _utc(text: str) -> str:
    return _shown(_at(text))
