"""The stand-in's channel files: a folder a channel, files by path, uploads at once and in parts. For graph/sandbox_wire.py and the page."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote, unquote
from uuid import uuid4

from aiohttp import web
from pydantic import Field

from graph.mailboxes import GraphRefusal
from graph.sandbox_http import Wire, parsed
from graph.sandbox_store import Document, SandboxStore

CONFLICT = "@microsoft.graph.conflictBehavior"
FOLDER, FILE = "channel", "file"
STEP = 320 * 1024
MOST = 250 * 1000 * 1000
MOST_PART = 60 * 1024 * 1024
LASTS = timedelta(minutes=15)
Behaviour = Literal["fail", "replace"]
_ITEM = re.compile(r"(?P<folder>[^/:]+):/(?P<path>[^:]+):?(?P<call>/content|/createUploadSession)?")
_RANGE = re.compile(r"bytes (?P<first>\d+)-(?P<last>\d+)/(?P<total>\d+)")


@dataclass
class _Upload:
    drive: str
    path: str
    behaviour: Behaviour
    until: datetime
    content: bytearray = field(default_factory=bytearray)


class ChannelFiles:
    """All files of all channels. An upload in parts ends with the process, as it would with its time."""

    def __init__(self, store: SandboxStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._lock = asyncio.Lock()
        self._uploads: dict[str, _Upload] = {}

    async def folder(self, team: str, channel: str) -> Document:
        """The channel's folder, made when it is asked for first."""
        drive = "b!" + _digest(team)
        folder: Document = {"id": "01" + _digest(channel).upper(), "drive": drive, "team": team, "channel": channel}
        await self._store.put(FOLDER, folder["id"], folder)
        return folder

    async def folders(self) -> list[tuple[Document, list[Document]]]:
        """Each channel with its files, by path."""
        files = sorted(await self._store.all(FILE), key=lambda one: str(one["path"]))
        return [(one, [file for file in files if file["folder"] == one["id"]]) for one in await self._store.all(FOLDER)]

    async def file(self, item: str) -> Document | None:
        return await self._store.get(FILE, item)

    async def find(self, drive: str, folder: str, path: str) -> Document:
        await self._check_folder(drive, folder)
        found = await self._store.get(FILE, _item(folder, path))
        if found is None:
            raise GraphRefusal(404, "itemNotFound", "Item not found")
        return found

    async def put(
        self, drive: str, folder: str, path: str, content: bytes, behaviour: Behaviour, if_match: str | None = None
    ) -> tuple[Document, bool]:
        """The file as it is now, and whether it is new."""
        await self._check_folder(drive, folder)
        async with self._lock:
            known = await self._store.get(FILE, _item(folder, path))
            if known is not None and behaviour == "fail":
                raise GraphRefusal(409, "nameAlreadyExists", "An item with the same name already exists under the parent")
            if if_match is not None and (known is None or if_match not in {"*", known["etag"]}):
                raise GraphRefusal(412, "resourceModified", "ETag does not match current item's value")
            version = (known["version"] if known else 0) + 1
            item = _item(folder, path)
            file: Document = {
                "id": item,
                "drive": drive,
                "folder": folder,
                "path": known["path"] if known else path,
                "version": version,
                "etag": f'"{{{item}}},{version}"',
                "modified": self._now().astimezone(UTC).isoformat(timespec="seconds"),
                "size": len(content),
                "content": base64.b64encode(content).decode(),
            }
            await self._store.put(FILE, item, file)
            return file, known is None

    async def begin(self, drive: str, folder: str, path: str, behaviour: Behaviour) -> tuple[str, datetime]:
        """The id of an upload in parts, and how long it lasts without one."""
        await self._check_folder(drive, folder)
        if behaviour == "fail" and await self._store.get(FILE, _item(folder, path)) is not None:
            raise GraphRefusal(409, "nameAlreadyExists", "An item with the same name already exists under the parent")
        name = uuid4().hex
        self._uploads[name] = _Upload(drive, f"{folder}/{path}", behaviour, self._now() + LASTS)
        return name, self._uploads[name].until

    def upload(self, name: str) -> _Upload:
        found = self._uploads.get(name)
        if found is None or found.until < self._now():
            raise GraphRefusal(404, "itemNotFound", "The upload session was not found")
        return found

    async def add(self, name: str, first: int, total: int, part: bytes) -> tuple[Document, bool] | None:
        """The file, when this was its last part."""
        upload = self.upload(name)
        end = first + len(part)
        if end < total and len(part) % STEP:
            raise GraphRefusal(400, "invalidRange", "Parts must be multiples of 320 KiB")
        if first != len(upload.content):
            raise GraphRefusal(416, "invalidRange", "The part was received already, or is not the next one")
        upload.content += part
        upload.until = self._now() + LASTS
        if end < total:
            return None
        folder, _, path = upload.path.partition("/")
        made = await self.put(upload.drive, folder, path, bytes(upload.content), upload.behaviour)
        del self._uploads[name]
        return made

    def cancel(self, name: str) -> None:
        self.upload(name)
        del self._uploads[name]

    async def _check_folder(self, drive: str, folder: str) -> None:
        known = await self._store.get(FOLDER, folder)
        if known is None or known["drive"] != drive:
            raise GraphRefusal(404, "itemNotFound", "Item not found")


FILES = web.AppKey("files", ChannelFiles)


def file_routes() -> list[web.RouteDef]:
    """What the sub-application for `/graph` answers about files; its `FILES` says which."""
    return [
        web.get("/v1.0/teams/{team}/channels/{channel}/filesFolder", _folder),
        web.get("/v1.0/drives/{drive}/items/{item:.+}", _read),
        web.put("/v1.0/drives/{drive}/items/{item:.+}", _write),
        web.post("/v1.0/drives/{drive}/items/{item:.+}", _begin),
        web.get("/upload/{upload}", _progress),
        web.put("/upload/{upload}", _part),
        web.delete("/upload/{upload}", _cancel),
    ]


class _Uploadable(Wire):
    behaviour: Annotated[Behaviour, Field(alias=CONFLICT)] = "replace"


class _Session(Wire):
    item: _Uploadable = Field(default_factory=_Uploadable)


async def _folder(request: web.Request) -> web.Response:
    folder = await request.app[FILES].folder(request.match_info["team"], request.match_info["channel"])
    return web.json_response(
        {
            "id": folder["id"],
            "name": folder["channel"],
            "webUrl": f"{request.url.origin()}/sandbox/files#{folder['id']}",
            "parentReference": {"driveId": folder["drive"], "driveType": "documentLibrary"},
            "folder": {"childCount": 0},
        }
    )


async def _read(request: web.Request) -> web.Response:
    folder, path, call = _path(request, {"", "/content"})
    file = await request.app[FILES].find(request.match_info["drive"], folder, path)
    if call:
        raise web.HTTPFound(_address(request, file))
    return web.json_response(_shown(request, file) | {"@microsoft.graph.downloadUrl": _address(request, file)})


async def _write(request: web.Request) -> web.Response:
    folder, path, _ = _path(request, {"/content"})
    behaviour = request.query.get(CONFLICT, "replace")
    if behaviour not in {"fail", "replace"}:
        raise GraphRefusal(400, "invalidRequest", "The stand-in knows the conflict behaviours fail and replace")
    content = await _content(request, MOST)
    wanted: Behaviour = "fail" if behaviour == "fail" else "replace"
    made = await request.app[FILES].put(request.match_info["drive"], folder, path, content, wanted, request.headers.get("If-Match"))
    return _made(request, *made)


async def _begin(request: web.Request) -> web.Response:
    folder, path, _ = _path(request, {"/createUploadSession"})
    behaviour = (await parsed(request, _Session)).item.behaviour
    name, until = await request.app[FILES].begin(request.match_info["drive"], folder, path, behaviour)
    return web.json_response({"uploadUrl": f"{request.url.origin()}/graph/upload/{name}", **_expected(until, 0)})


async def _progress(request: web.Request) -> web.Response:
    upload = request.app[FILES].upload(_signed(request))
    return web.json_response(_expected(upload.until, len(upload.content)))


async def _part(request: web.Request) -> web.Response:
    name = _signed(request)
    given = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if given is None:
        raise GraphRefusal(400, "invalidRequest", "Missing or invalid Content-Range header")
    part = await _content(request, MOST_PART)
    first, last, total = map(int, given.groups())
    if not part or last - first + 1 != len(part) or last >= total or total > MOST:
        raise GraphRefusal(400, "invalidRange", "The Content-Range does not fit the part")
    made = await request.app[FILES].add(name, first, total, part)
    if made is not None:
        return _made(request, *made)
    upload = request.app[FILES].upload(name)
    return web.json_response(_expected(upload.until, len(upload.content)), status=202)


async def _cancel(request: web.Request) -> web.Response:
    request.app[FILES].cancel(_signed(request))
    return web.Response(status=204)


def _signed(request: web.Request) -> str:
    # The address itself is the right to it; SharePoint refuses a token beside it.
    if "Authorization" in request.headers:
        raise GraphRefusal(401, "unauthenticated", "The upload URL takes no Authorization header")
    return request.match_info["upload"]


def _path(request: web.Request, calls: set[str]) -> tuple[str, str, str]:
    # As it was written: a % or a : of a name is not one of the address.
    raw = request.raw_path.partition("?")[0].partition("/items/")[2]
    found = _ITEM.fullmatch(raw)
    call = (found["call"] or "") if found else ""
    if found is None or call not in calls:
        raise GraphRefusal(400, "invalidRequest", "The stand-in knows items by their path in a channel's folder")
    path = unquote(found["path"])
    if any(re.search(r'(?i)["*:<>?\\|]|^\s|\s$|\.$|_vti_', part) or not part for part in path.split("/")):
        raise GraphRefusal(400, "invalidRequest", "The provided name cannot contain these characters")
    return unquote(found["folder"]), path, call


async def _content(request: web.Request, most: int) -> bytes:
    # Not `read`, which stops where the whole application does.
    content = bytearray()
    async for piece in request.content.iter_chunked(1 << 16):
        content += piece
        if len(content) > most:
            raise GraphRefusal(413, "requestEntityTooLarge", "The request is too large")
    return bytes(content)


def _made(request: web.Request, file: Document, new: bool) -> web.Response:
    return web.json_response(_shown(request, file), status=201 if new else 200)


def _expected(until: datetime, start: int) -> Document:
    return {"expirationDateTime": until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "nextExpectedRanges": [f"{start}-"]}


def _shown(request: web.Request, file: Document) -> Document:
    return {
        "id": file["id"],
        "name": file["path"].rpartition("/")[2],
        "eTag": file["etag"],
        "size": file["size"],
        "webUrl": _address(request, file),
        "lastModifiedDateTime": file["modified"],
        "parentReference": {"driveId": file["drive"], "driveType": "documentLibrary", "id": file["folder"]},
        "file": {"mimeType": "application/octet-stream"},
    }


def _address(request: web.Request, file: Document) -> str:
    return f"{request.url.origin()}/sandbox/files/{file['id']}/{quote(file['path'].rpartition('/')[2], safe='')}"


def _item(folder: str, path: str) -> str:
    # Names in SharePoint differ by more than their case.
    return "01" + _digest(f"{folder}/{path.casefold()}").upper()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
