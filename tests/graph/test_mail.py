"""Letters: what Graph is sent through the real client, what a mail server is sent, and what a refusal means."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiohttp import web

from graph.client import graph_client
from graph.mail import GraphMail, mime
from meetings.ports import CalendarFailure, Letter, MailFile
from tests.graph.conftest import served

LETTER = Letter(
    "send:1",
    "Elli Eskola",
    "elli.eskola@ulkona.example",
    "Esityslista: Saarten ohjausryhmä",
    "<p>Hei</p>",
    "Hei\n",
    (
        MailFile("1-2026.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar", "PUBLISH"),
        MailFile("a.pdf", b"%PDF", "application/pdf"),
    ),
)


class Office:
    """Records what is asked of Graph, and answers with a status."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.status = 202
        self.headers: dict[str, str] = {}

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, await request.json()))
        if self.status == 202:
            return web.Response(status=202)
        return web.json_response({"error": {"code": "ErrorAccessDenied", "message": "-"}}, status=self.status, headers=self.headers)


@pytest.fixture
async def office() -> AsyncIterator[tuple[Office, GraphMail]]:
    records = Office()
    app = web.Application()
    app.router.add_post("/v1.0/{rest:.*}", records.take)
    async with served(app) as url:
        client = graph_client(f"{url}/v1.0")
        yield records, GraphMail(client, "sihteeri@pykala.example")
        await client.aclose()


async def test_one_send_mail_with_files_and_without_a_copy_among_the_sent(office: tuple[Office, GraphMail]) -> None:
    records, mail = office
    await mail.send(LETTER)
    ((path, asked),) = records.asked
    assert path == "/v1.0/users/sihteeri@pykala.example/sendMail"
    assert asked["SaveToSentItems"] is False
    message = asked["Message"]
    assert message["toRecipients"] == [{"emailAddress": {"name": "Elli Eskola", "address": "elli.eskola@ulkona.example"}}]
    assert [one["name"] for one in message["internetMessageHeaders"]] == ["x-pykala-key"]
    calendar, pdf = message["attachments"]
    assert calendar["@odata.type"] == "#microsoft.graph.fileAttachment"
    assert calendar["contentType"] == "text/calendar; method=PUBLISH; charset=utf-8"
    assert base64.b64decode(pdf["contentBytes"]) == b"%PDF"


@pytest.mark.parametrize(("status", "transient", "after"), [(403, False, None), (429, True, 7.0), (503, True, None)])
async def test_a_refusal_says_whether_asking_again_helps(
    office: tuple[Office, GraphMail], status: int, transient: bool, after: float | None
) -> None:
    records, mail = office
    records.status = status
    records.headers = {"Retry-After": "7"} if after else {}
    with pytest.raises(CalendarFailure) as caught:
        await mail.send(LETTER)
    assert (caught.value.transient, caught.value.retry_after) == (transient, after)
    assert len(records.asked) == 1


def test_mime_has_text_page_calendar_and_a_message_id_that_follows_from_the_key() -> None:
    sent = message_from_bytes(mime(LETTER, "sihteeri@pykala.example").as_bytes(), policy=policy.default)
    assert sent["message-id"] == mime(LETTER, "sihteeri@pykala.example")["message-id"]
    assert [part.get_content_type() for part in sent.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "text/calendar",
        "application/pdf",
    ]


def test_a_line_break_in_a_name_or_subject_begins_no_header() -> None:
    hostile = Letter("k", "Elli\r\nBcc: x@y.example", "elli@ulkona.example", "Hei\r\nBcc: x@y.example", "", "")
    assert mime(hostile, "sihteeri@pykala.example")["bcc"] is None
