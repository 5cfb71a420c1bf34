"""A tenant's Graph for the check of rights: each call has its answer, and every call is kept. Everything works until told otherwise."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import unquote

from aiohttp import web

ORGANISER = "siiri.sihteeri@example.org"
OUTSIDER = "ulla.ulkona@example.org"
GROUP = "0d5f3c1e-8a4b-4f3a-9c1d-2b7e6f5a4c30"
CHANNEL = "19:kokoukset@thread.tacv2"
UPLOAD = "POST /drives/b!drive/items/folder:/pykala-check:/createUploadSession"


class Tenant:
    """`asked`: method, path below the version, and body of each request. `hanging` never answers. `url` is set by whoever serves `app`."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str, Any]] = []
        self.hanging: set[str] = set()
        self._answers: dict[str, tuple[int, Any]] = {}
        calendar = f"/users/{ORGANISER}/calendar"
        self.allow(
            f"GET {calendar}",
            {"id": "AAk=", "name": "Kalenteri", "color": "lightTeal", "allowedOnlineMeetingProviders": ["teamsForBusiness"]},
        )
        self.allow(f"PATCH {calendar}", {"id": "AAk=", "color": "lightTeal"})
        self.allow(f"POST {calendar}/getSchedule", {"value": [{"scheduleId": ORGANISER, "availabilityView": "00"}]})
        self.refuse(f"GET /users/{OUTSIDER}/calendar", 403, "ErrorAccessDenied")
        self.allow("POST /subscriptions", {"id": "sub-1", "expirationDateTime": "2030-01-01T00:00:00Z"})
        self.allow("DELETE /subscriptions/sub-1", {})
        self.allow(f"GET /teams/{GROUP}/channels/{CHANNEL}/filesFolder", {"id": "folder", "parentReference": {"driveId": "b!drive"}})
        self.allow("DELETE /upload", {})
        # What Exchange says to a letter without recipients from somebody who may send.
        self.refuse(f"POST /users/{ORGANISER}/sendMail", 400, "ErrorInvalidRecipients")
        self.app = web.Application()
        self.app.router.add_route("*", "/v1.0/{rest:.*}", self._answer)

    def allow(self, call: str, answer: Any) -> None:
        """`call` is such as "GET /users/…/calendar"."""
        self._answers[call] = (200, answer)

    def refuse(self, call: str, status: int, code: str) -> None:
        # Graph's messages name people; none of that may be shown.
        self._answers[call] = (status, {"error": {"code": code, "message": "Siiri Sihteeri 0401234567"}})

    async def _answer(self, request: web.Request) -> web.Response:
        path = "/" + unquote(request.match_info["rest"])
        text = await request.text()
        self.asked.append((request.method, path, json.loads(text) if text else None))
        call = f"{request.method} {path}"
        if call in self.hanging:
            await asyncio.sleep(3600)
        if call == UPLOAD and call not in self._answers:
            return web.json_response({"uploadUrl": f"{self.url}/upload"})
        status, answer = self._answers.get(call, (404, {"error": {"code": "ResourceNotFound", "message": "-"}}))
        return web.json_response(answer, status=status)
