"""Files of channels: through the real client on the stand-in, and request by request on a server that only writes down."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
import httpx
import lxml.html
import pytest

from graph.client import graph_client
from graph.files import AT_ONCE, PART, GraphFiles
from graph.sandbox import MemoryStore
from meetings.ports import CalendarFailure, ChannelFile
from tests.graph.conftest import HEADERS, Sandbox
from tests.standins.recorder import Laid, Recorder, refusal

TEAM, CHANNEL = "00000000-0000-0000-0000-000000000031", "19:board@thread.tacv2"
AGENDA = ChannelFile("Saarten ohjausryhmä 1-2027", "Saarten ohjausryhmä esityslista 1-2027.pdf", b"%PDF-one")
MINUTES = ChannelFile("Saarten ohjausryhmä 1-2027", "Saarten ohjausryhmä pöytäkirja 1-2027.pdf", b"%PDF-approved", final=True)
LARGE = replace(AGENDA, content=bytes(range(256)) * (2 * PART // 256) + b"the end")
FOLDER = Laid(body={"id": "01FOLDER", "parentReference": {"driveId": "b!one"}})
PATH = "Saarten%20ohjausryhm%C3%A4%201-2027/Saarten%20ohjausryhm%C3%A4%20"


@pytest.fixture
def files(sandbox: Sandbox) -> GraphFiles:
    return GraphFiles(sandbox.client)


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    async with Recorder().served() as served:
        yield served


@pytest.fixture
async def wire(recorder: Recorder) -> AsyncIterator[GraphFiles]:
    client = graph_client(recorder.url, timeout=httpx.Timeout(1.0))
    yield GraphFiles(client)
    await client.aclose()


async def kept(store: MemoryStore) -> list[tuple[str, int]]:
    """Path and version of every file there is."""
    return sorted((one["path"], one["version"]) for one in await store.all("file"))


async def opened(url: str) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.read()


async def failed(files: GraphFiles, *wanted: ChannelFile) -> CalendarFailure:
    with pytest.raises(CalendarFailure) as caught:
        await files.share(TEAM, CHANNEL, wanted)
    return caught.value


# --- on the stand-in --------------------------------------------------------------------------------------------------------


async def test_a_file_is_opened_by_its_link_and_replaced_not_doubled(files: GraphFiles, store: MemoryStore) -> None:
    (first,) = await files.share(TEAM, CHANNEL, [AGENDA])
    assert await opened(first) == b"%PDF-one"
    (second,) = await files.share(TEAM, CHANNEL, [replace(AGENDA, content=b"%PDF-two")])
    assert second == first
    assert await opened(first) == b"%PDF-two"
    assert await kept(store) == [(f"{AGENDA.folder}/{AGENDA.name}", 2)]


async def test_a_large_file_goes_in_parts_of_which_one_is_lost_on_its_way(files: GraphFiles, sandbox: Sandbox, store: MemoryStore) -> None:
    assert len(LARGE.content) > AT_ONCE
    await sandbox.fault(drop=True, method="PUT", path="/graph/upload/*")
    (link,) = await files.share(TEAM, CHANNEL, [LARGE])
    assert await opened(link) == LARGE.content
    # The answer to a part that was taken is lost: it is not sent twice.
    await sandbox.fault(drop=True, after=True, method="PUT", path="/graph/upload/*")
    again = replace(LARGE, content=LARGE.content[::-1])
    assert await files.share(TEAM, CHANNEL, [again]) == (link,)
    assert await opened(link) == again.content
    assert await kept(store) == [(f"{AGENDA.folder}/{AGENDA.name}", 2)]


async def test_parts_that_are_lost_again_and_again_wait_for_another_time(files: GraphFiles, sandbox: Sandbox, store: MemoryStore) -> None:
    await sandbox.fault(drop=True, method="PUT", path="/graph/upload/*", times=4)
    assert (await failed(files, LARGE)).transient
    assert await kept(store) == []
    assert await files.share(TEAM, CHANNEL, [LARGE])


@pytest.mark.parametrize("content", [b"%PDF-approved", LARGE.content])
async def test_approved_minutes_are_there_once_and_never_in_the_place_of_another_file(
    files: GraphFiles, store: MemoryStore, content: bytes
) -> None:
    minutes = replace(MINUTES, content=content)
    (link,) = await files.share(TEAM, CHANNEL, [minutes])
    # As after a crash before the link was kept.
    assert await files.share(TEAM, CHANNEL, [minutes]) == (link,)
    other = replace(minutes, content=content[::-1])
    assert await files.share(TEAM, CHANNEL, [other]) == ("",)
    assert await opened(link) == content
    assert await kept(store) == [(f"{MINUTES.folder}/{MINUTES.name}", 1)]


@pytest.mark.parametrize("content", [AGENDA.content, LARGE.content])
async def test_done_but_not_heard_of_is_done_once(files: GraphFiles, sandbox: Sandbox, store: MemoryStore, content: bytes) -> None:
    minutes = replace(MINUTES, content=content)
    path = "*/content" if content == AGENDA.content else "/graph/upload/*"
    await sandbox.fault(drop=True, after=True, method="PUT", path=path, times=1 if content == AGENDA.content else 3)
    assert (await failed(files, minutes)).transient
    (link,) = await files.share(TEAM, CHANNEL, [minutes])
    assert await opened(link) == content
    assert [version for _, version in await kept(store)] == [1]


async def test_a_word_file_that_sharepoint_wrote_its_properties_into_is_the_same(files: GraphFiles) -> None:
    ours, marked, edited = word("Päätös"), word("Päätös", mark="ContentTypeId"), word("Toinen päätös", mark="ContentTypeId")
    minutes = replace(MINUTES, name="pöytäkirja.docx", content=marked)
    (link,) = await files.share(TEAM, CHANNEL, [minutes])
    assert await files.share(TEAM, CHANNEL, [replace(minutes, content=ours)]) == (link,)
    assert await files.share(TEAM, CHANNEL, [replace(minutes, content=edited)]) == ("",)
    assert await files.share(TEAM, CHANNEL, [replace(minutes, content=b"PK no zip")]) == ("",)


def word(text: str, mark: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as parts:
        parts.writestr("word/document.xml", f"<w:t>{text}</w:t>")
        if mark:
            parts.writestr("docProps/custom.xml", mark)
    return made.getvalue()


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ('Työ "A/B": 1-2027', "a|b?.pdf", "Työ -A-B- 1-2027/a-b-.pdf"),
        ("Ohjausryhmä.", " luonnos. ", "Ohjausryhmä/luonnos"),
        ("50 % #1 & +", "ä'ö.pdf", "50 % #1 & +/ä'ö.pdf"),
        ("..", "CON.pdf", "_/_CON.pdf"),
        ("~$a", "Forms", "_~$a/_Forms"),
        ("a\x00b\r\nc", "\u202efdp\u2066.docx", "a-b-c/-fdp-.docx"),
        ("..\\..\\a", "/etc/passwd", "-..-a/-etc-passwd"),
        ("Ryhmä_vti_1", "_VTI_vti_.pdf", "Ryhmä-vti_1/-VTI-vti_.pdf"),
    ],
)
async def test_names_are_such_as_sharepoint_takes(files: GraphFiles, store: MemoryStore, folder: str, name: str, path: str) -> None:
    (link,) = await files.share(TEAM, CHANNEL, [ChannelFile(folder, name, b"x")])
    assert await kept(store) == [(path, 1)]
    assert await opened(link) == b"x"


@pytest.mark.parametrize(
    ("status", "headers", "flags"),
    [
        (403, {}, {"refused"}),
        (404, {}, {"gone"}),
        (429, {"retry_after": "9"}, {"transient", "retry_after"}),
        (503, {}, {"transient"}),
        (423, {}, {"transient"}),
        (409, {}, {"transient"}),
    ],
)
@pytest.mark.parametrize("path", ["*/filesFolder", "*/content"])
async def test_each_refusal_says_what_it_is(
    files: GraphFiles, sandbox: Sandbox, path: str, status: int, headers: dict[str, str], flags: set[str]
) -> None:
    await sandbox.fault(status=status, code="accessDenied", path=path, **headers)
    failure = await failed(files, AGENDA)
    assert {name for name in ("refused", "gone", "transient", "retry_after", "mailbox") if getattr(failure, name)} == flags
    assert (("Files.Read.All" if "Folder" in path else "Sites.Selected") in failure.reason) == ("refused" in flags)


async def test_the_page_lists_the_files_of_each_channel(files: GraphFiles, sandbox: Sandbox) -> None:
    async with sandbox.http.get(f"{sandbox.url}/sandbox") as answer:
        index = lxml.html.document_fromstring(await answer.text())
    (address,) = index.xpath("//header//a[contains(@href, '/files')]/@href")
    (link,) = await files.share(TEAM, CHANNEL, [AGENDA])
    async with sandbox.http.get(sandbox.url + address) as answer:
        page = lxml.html.document_fromstring(await answer.text())
    assert [one.text_content() for one in page.xpath("//h2")] == [f"Kanava: {CHANNEL}"]
    (shown,) = page.xpath("//tbody/tr/th[@scope='row']/a")
    assert (shown.text_content(), sandbox.url + shown.get("href")) == (AGENDA.name, link)
    async with sandbox.http.get(link) as answer:
        assert answer.content_type == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with sandbox.http.get(f"{sandbox.url}/sandbox/files/none/none.pdf") as answer:
        assert answer.status == 404


async def test_sharepoint_takes_no_name_with_its_own_mark(files: GraphFiles, sandbox: Sandbox) -> None:
    await files.share(TEAM, CHANNEL, [AGENDA])
    async with sandbox.http.get(f"{sandbox.url}/graph/v1.0/teams/{TEAM}/channels/{CHANNEL}/filesFolder", headers=HEADERS) as answer:
        folder = await answer.json()
    at = f"{sandbox.url}/graph/v1.0/drives/{folder['parentReference']['driveId']}/items/{folder['id']}:"
    async with sandbox.http.put(f"{at}/a_vti_b.pdf:/content", headers=HEADERS, data=b"x") as answer:
        assert answer.status == 400


async def test_what_is_no_pdf_is_never_opened_on_the_page_s_own_address(files: GraphFiles, sandbox: Sandbox) -> None:
    (link,) = await files.share(TEAM, CHANNEL, [ChannelFile("f", "a.html", b"<script>")])
    async with sandbox.http.get(link) as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_the_stand_in_holds_callers_to_the_rules(files: GraphFiles, sandbox: Sandbox) -> None:
    await files.share(TEAM, CHANNEL, [AGENDA])
    headers = {"Authorization": "Bearer local"}
    base = f"{sandbox.url}/graph/v1.0"
    async with sandbox.http.get(f"{base}/teams/{TEAM}/channels/{CHANNEL}/filesFolder", headers=headers) as answer:
        folder = await answer.json()
    item = f"{base}/drives/{folder['parentReference']['driveId']}/items/{folder['id']}"

    async def asked(method: str, url: str, **given: Any) -> tuple[int, Any]:
        async with sandbox.http.request(method, url, **{"headers": headers, **given}) as answer:
            return answer.status, await answer.json() if answer.content_length else None

    assert (await asked("PUT", f"{item}:/a.pdf:/content", data=b"x", headers={**headers, "If-Match": '"no"'}))[0] == 412
    status, made = await asked("PUT", f"{item}:/a.pdf:/content", data=b"x")
    assert status == 201
    status, again = await asked("PUT", f"{item}:/A.pdf:/content", data=b"y", headers={**headers, "If-Match": made["eTag"]})
    assert (status, again["id"], again["eTag"] != made["eTag"]) == (200, made["id"], True)
    assert (await asked("PUT", f"{item}:/a*.pdf:/content", data=b"x"))[0] == 400
    assert (await asked("PUT", f"{base}/drives/other/items/{folder['id']}:/a.pdf:/content", data=b"x"))[0] == 404
    assert (await asked("GET", f"{item}:/b.pdf:"))[0] == 404

    _, session = await asked("POST", f"{item}:/b.pdf:/createUploadSession", json={"item": {}})
    upload = session["uploadUrl"]

    async def part(content: bytes, where: str, **more: str) -> int:
        return (await asked("PUT", upload, data=content, headers={"Content-Range": f"bytes {where}", **more}))[0]

    step = 320 * 1024
    assert await part(b"x" * step, f"0-{step - 1}/{step + 1}", **headers) == 401
    assert await part(b"x" * 100, f"0-99/{step}") == 400
    assert await part(b"x", f"{step}-{step}/{step + 1}") == 416
    assert await part(b"x" * step, f"0-{step - 1}/{step + 1}") == 202
    assert (await asked("GET", upload, headers={}))[1]["nextExpectedRanges"] == [f"{step}-"]
    assert (await asked("DELETE", upload, headers={}))[0] == 204
    assert (await asked("GET", upload, headers={}))[0] == 404


# --- on the wire ------------------------------------------------------------------------------------------------------------


async def test_one_upload_is_two_requests(recorder: Recorder, wire: GraphFiles) -> None:
    recorder.lay(FOLDER, Laid(201, {"id": "01A", "webUrl": "https://contoso.sharepoint.com/a.pdf"}))
    assert await wire.share(TEAM, CHANNEL, [AGENDA]) == ("https://contoso.sharepoint.com/a.pdf",)
    folder, upload = recorder.asked
    assert (folder.method, unquote(folder.path)) == ("GET", f"/v1.0/teams/{TEAM}/channels/{CHANNEL}/filesFolder")
    assert upload.method == "PUT"
    assert upload.path == (
        f"/v1.0/drives/b!one/items/01FOLDER:/{PATH}esityslista%201-2027.pdf:/content?@microsoft.graph.conflictBehavior=replace"
    )
    assert (upload.headers["authorization"], upload.headers["content-type"]) == ("Bearer local", "application/octet-stream")
    assert upload.body == b"%PDF-one"


async def test_approved_minutes_are_asked_to_fail_and_then_compared(recorder: Recorder, wire: GraphFiles) -> None:
    download = recorder.url.removesuffix("/v1.0") + "/signed?tempauth=1"
    there = {"id": "01A", "size": 13, "webUrl": "https://contoso.sharepoint.com/a.pdf", "@microsoft.graph.downloadUrl": download}
    recorder.lay(FOLDER, refusal(409, "nameAlreadyExists"), Laid(body=there), Laid(500))
    assert (await failed(wire, MINUTES)).transient
    _, upload, read, content = recorder.asked
    assert upload.path.endswith("p%C3%B6yt%C3%A4kirja%201-2027.pdf:/content?@microsoft.graph.conflictBehavior=fail")
    assert (read.method, read.path) == ("GET", upload.path.partition("/content")[0])
    # The download's address is signed already: our token is nobody else's to see.
    assert (content.path, content.headers.get("authorization")) == ("/signed?tempauth=1", None)


async def test_a_large_file_is_sent_in_steps_of_320_kib_without_the_token(recorder: Recorder, wire: GraphFiles) -> None:
    session = {"uploadUrl": recorder.url.removesuffix("/v1.0") + "/up/1", "expirationDateTime": "2027-05-10T10:00:00Z"}
    total = len(LARGE.content)
    recorder.lay(
        FOLDER,
        Laid(body={**session, "nextExpectedRanges": ["0-"]}),
        Laid(202, {"nextExpectedRanges": [f"{PART}-"]}),
        Laid(drop=True),
        Laid(body={"nextExpectedRanges": [f"{PART + 320 * 1024}-{total - 1}"]}),
        Laid(201, {"webUrl": "https://a/"}),
    )
    assert await wire.share(TEAM, CHANNEL, [LARGE]) == ("https://a/",)
    _, begun, first, second, asked, third = recorder.asked
    assert begun.path.endswith("esityslista%201-2027.pdf:/createUploadSession")
    assert begun.json == {"item": {"@microsoft.graph.conflictBehavior": "replace"}}
    assert [one.method for one in (first, second, asked, third)] == ["PUT", "PUT", "GET", "PUT"]
    assert all(urlsplit(one.path).path == "/up/1" and "authorization" not in one.headers for one in (first, second, asked, third))
    assert first.headers["content-range"] == f"bytes 0-{PART - 1}/{total}"
    assert second.headers["content-range"] == f"bytes {PART}-{2 * PART - 1}/{total}"
    assert third.headers["content-range"] == f"bytes {PART + 320 * 1024}-{total - 1}/{total}"
    assert third.body == LARGE.content[PART + 320 * 1024 :]
    assert PART % (320 * 1024) == 0


@pytest.mark.parametrize(
    ("answers", "flags"),
    [
        ((Laid(404, {"error": {"code": "itemNotFound"}}),) * 2, {"transient"}),
        ((Laid(429, {}, {"Retry-After": "7"}),), {"transient", "retry_after"}),
        ((Laid(202, {"nextExpectedRanges": []}),), {"transient"}),
        ((Laid(202, {"nextExpectedRanges": ["999999999-"]}),), {"transient"}),
        ((Laid(200),), {"transient"}),
        ((Laid(403, {}),), {"refused"}),
    ],
)
async def test_an_upload_that_breaks_waits_for_its_turn(
    recorder: Recorder, wire: GraphFiles, answers: tuple[Laid, ...], flags: set[str]
) -> None:
    session = {"uploadUrl": recorder.url.removesuffix("/v1.0") + "/up/1"}
    recorder.lay(FOLDER, Laid(body=session), *answers)
    failure = await failed(wire, LARGE)
    assert {name for name in ("refused", "gone", "transient", "retry_after") if getattr(failure, name)} == flags
    assert not recorder.laid


async def test_a_part_that_never_moves_is_not_sent_for_ever(recorder: Recorder, wire: GraphFiles) -> None:
    recorder.lay(FOLDER, Laid(body={"uploadUrl": recorder.url.removesuffix("/v1.0") + "/up/1"}))
    recorder.lay(*[Laid(202, {"nextExpectedRanges": ["0-"]})] * 20)
    assert (await failed(wire, LARGE)).transient
    assert len(recorder.laid) > 10


@pytest.mark.parametrize("folder", [{}, {"id": "01FOLDER"}, {"id": "01FOLDER", "parentReference": {}}])
async def test_an_answer_without_a_folder_is_a_channel_without_one(recorder: Recorder, wire: GraphFiles, folder: dict[str, Any]) -> None:
    recorder.lay(Laid(body=folder))
    assert (await failed(wire, AGENDA)).gone
