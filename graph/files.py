"""The port `Files` over Microsoft Graph: a channel's folder in SharePoint (https://learn.microsoft.com/graph/api/resources/driveitem)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from kiota_abstractions.api_error import APIError
from msgraph.generated.drives.item.items.item.create_upload_session.create_upload_session_post_request_body import (
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.drives.item.items.item.drive_item_item_request_builder import DriveItemItemRequestBuilder
from msgraph.generated.models.drive_item_uploadable_properties import DriveItemUploadableProperties
from msgraph.graph_service_client import GraphServiceClient

from graph.client import LOOPBACK, TIMEOUT
from graph.failures import DEADLINE, graph_call
from meetings.ports import CalendarFailure, ChannelFile

# To find a channel's folder, for which there is nothing narrower; and to write into it, which opens nothing until a site is granted.
FOLDER, SITE = "Files.Read.All", "Sites.Selected"
# In one call up to 4 MB, by the older of the documented limits; a larger one in parts, each a multiple of 320 KiB.
AT_ONCE = 4 * 1000 * 1000
PART = 10 * 320 * 1024
# So often a part that was lost on its way is sent again; after that the whole file waits for its turn.
MOST_LOST = 3
# What SharePoint may add to a Word file of its own, and what its text is at most.
MARKED = 1_000_000
MOST_TEXT = 50_000_000
CONFLICT = "@microsoft.graph.conflictBehavior"
DOWNLOAD = "@microsoft.graph.downloadUrl"
# https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint-64883a5d-228e-48f5-b3d2-eb39e07630fa
# The rest is unseen, and turns names round.
_NOT_IN_NAMES = re.compile(r'["*:<>?/\\|\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+')
_NOT_WITHIN = re.compile(r"(?i)_(?=vti_)")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]|forms)(\..*)?|~\$.*")


class GraphFiles:
    """Files in channels. A link is the item's `webUrl`: who may open the channel's files may open it, and nobody else, for the bot shares
    nothing with anybody. Failures are `CalendarFailure`; `gone`: the channel has no folder yet."""

    def __init__(self, client: GraphServiceClient, *, deadline: float = DEADLINE) -> None:
        self._client = client
        self._deadline = deadline

    async def share(self, group_id: str, channel_id: str, files: Sequence[ChannelFile]) -> tuple[str, ...]:
        async with self._call(FOLDER):
            folder = await self._client.teams.by_team_id(group_id).channels.by_channel_id(channel_id).files_folder.get()
        drive = folder.parent_reference.drive_id if folder is not None and folder.parent_reference else None
        if folder is None or not folder.id or not drive:
            raise CalendarFailure("no folder in the answer", gone=True)
        return tuple([await self._put(f"drives/{quote(drive, safe='!')}/items/{quote(folder.id, safe='!')}", file) for file in files])

    async def _put(self, folder: str, file: ChannelFile) -> str:
        path = quote(f"{_name(file.folder)}/{_name(file.name)}", safe="/")
        # The SDK's own builders have no paths within a drive, and would write the colons as %3A.
        address = f"{str(self._client.request_adapter.base_url).rstrip('/')}/{folder}:/{path}:"
        behaviour = "fail" if file.final else "replace"
        put = self._at_once if len(file.content) <= AT_ONCE else self._in_parts
        try:
            return await put(address, behaviour, file.content)
        except CalendarFailure as failure:
            if not (file.final and _status(failure) == HTTPStatus.CONFLICT):
                raise
        # Ours, when the answer to an earlier try was lost; else somebody's, and theirs to keep.
        return await self._link_if_same(address, file.content)

    async def _at_once(self, address: str, behaviour: str, content: bytes) -> str:
        async with self._call():
            made = await self._item.content.with_url(f"{address}/content?{CONFLICT}={behaviour}").put(content)
        return _link(made.web_url if made else None)

    async def _in_parts(self, address: str, behaviour: str, content: bytes) -> str:
        wanted = CreateUploadSessionPostRequestBody(item=DriveItemUploadableProperties(additional_data={CONFLICT: behaviour}))
        async with self._call():
            session = await self._item.create_upload_session.with_url(f"{address}/createUploadSession").post(wanted)
        if session is None or not session.upload_url:
            raise CalendarFailure("no address in the answer", transient=True)
        # `msgraph_core`'s own task for this logs failures and goes on; and our token is not for this address, which is signed already.
        async with _bare(session.upload_url) as http:
            return await self._send(http, session.upload_url, content)

    async def _send(self, http: httpx.AsyncClient, url: str, content: bytes) -> str:
        """Part by part, each from where the other side says that it is; the link of the whole."""
        start = lost = 0
        while True:
            part = content[start : start + PART]
            headers = {"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(content)}"}
            try:
                told = await self._asked(http.put(url, content=part, headers=headers))
            except CalendarFailure as failure:
                if not failure.transient or failure.retry_after or _status(failure) == HTTPStatus.CONFLICT:
                    raise
                told = await self._asked(http.get(url))
            if told.get("webUrl"):
                return _link(told["webUrl"])
            before, start = start, _next(told)
            lost += start <= before
            if start >= len(content) or lost > MOST_LOST:
                raise CalendarFailure("upload without an end", transient=True)

    async def _asked(self, request: Awaitable[httpx.Response]) -> dict[str, Any]:
        async with self._call():
            answer = await request
            if answer.status_code == HTTPStatus.NOT_FOUND:
                # The session is lost, not the folder: it begins anew.
                raise CalendarFailure("upload session lost", transient=True)
            if answer.is_error:
                raise APIError("upload", answer.status_code, dict(answer.headers))
        try:
            told = answer.json()
        except ValueError as unreadable:
            raise CalendarFailure("upload answer unreadable", transient=True) from unreadable
        return told if isinstance(told, dict) else {}

    async def _link_if_same(self, address: str, content: bytes) -> str:
        async with self._call():
            there = await self._item.with_url(address).get()
        download = str((there.additional_data or {}).get(DOWNLOAD) or "") if there else ""
        if there is None or not download:
            raise CalendarFailure("no file in the answer", transient=True)
        if there.size is not None and there.size > 2 * len(content) + MARKED:
            return ""
        async with self._call(), _bare(download) as http:
            answer = await http.get(download)
            if answer.is_error:
                raise APIError("download", answer.status_code, dict(answer.headers))
        return _link(there.web_url) if _is_same(content, answer.content) else ""

    @property
    def _item(self) -> DriveItemItemRequestBuilder:
        return self._client.drives.by_drive_id("-").items.by_drive_item_id("-")

    def _call(self, permission: str = SITE) -> AbstractAsyncContextManager[None]:
        return graph_call(self._deadline, of_event=True, permission=permission)


def _bare(url: str) -> httpx.AsyncClient:
    """Without our token. A proxy of the environment must not see what stays on this machine."""
    return httpx.AsyncClient(timeout=TIMEOUT, trust_env=urlsplit(url).hostname not in LOOPBACK)


def _name(text: str) -> str:
    """A name as SharePoint takes it, the same for the same text."""
    name = _NOT_WITHIN.sub("-", _NOT_IN_NAMES.sub("-", text)).strip(" .")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def _link(web_url: str | None) -> str:
    if not web_url:
        raise CalendarFailure("no link in the answer", transient=True)
    return web_url


def _next(told: dict[str, Any]) -> int:
    ranges = told.get("nextExpectedRanges")
    first = str(ranges[0]) if isinstance(ranges, list) and ranges else ""
    start = first.partition("-")[0]
    if not start.isdecimal():
        raise CalendarFailure("upload range unreadable", transient=True)
    return int(start)


def _status(failure: CalendarFailure) -> int:
    cause = failure.__cause__
    return cause.response_status_code or 0 if isinstance(cause, APIError) else 0


def _is_same(ours: bytes, there: bytes) -> bool:
    """Whether that is our file. SharePoint writes properties of its own into Word files; their text it leaves alone."""
    return ours == there or (_word_text(ours) or b"-") == _word_text(there)


def _word_text(content: bytes) -> bytes | None:
    """The part of a Word file that is its text; None of anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            part = parts.getinfo("word/document.xml")
            return parts.read(part) if part.file_size <= MOST_TEXT else None
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, zlib.error):
        return None
