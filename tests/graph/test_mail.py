"""Letters: what Graph is sent through the real client, what a mail server is sent, and what a refusal means."""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiohttp import web

from graph.client import graph_client
from graph.limits import MailboxLimit
from graph.mail import GraphMail, SmtpMail, mime
from meetings.ports import CalendarFailure, Letter, MailFile
from tests.graph.conftest import served
from tests.standins.issuer import Issuer
from tests.standins.post import Server

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
    reply_name="Aino Saarela",
    reply_email="aino.saarela@pykala.example",
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


async def test_without_a_secretary_s_address_an_answer_goes_to_the_sender(office: tuple[Office, GraphMail]) -> None:
    records, mail = office
    alone = replace(LETTER, reply_name="", reply_email="")
    await mail.send(alone)
    assert "replyTo" not in records.asked[0][1]["Message"]
    assert mime(alone, "sihteeri@pykala.example")["reply-to"] is None


async def test_one_send_mail_with_files_and_without_a_copy_among_the_sent(office: tuple[Office, GraphMail]) -> None:
    records, mail = office
    await mail.send(LETTER)
    ((path, asked),) = records.asked
    assert path == "/v1.0/users/sihteeri@pykala.example/sendMail"
    assert asked["SaveToSentItems"] is False
    message = asked["Message"]
    assert message["toRecipients"] == [{"emailAddress": {"name": "Elli Eskola", "address": "elli.eskola@ulkona.example"}}]
    assert message["replyTo"] == [{"emailAddress": {"name": "Aino Saarela", "address": "aino.saarela@pykala.example"}}]
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
    assert str(sent["reply-to"]) == "Aino Saarela <aino.saarela@pykala.example>"
    assert [part.get_content_type() for part in sent.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "text/calendar",
        "application/pdf",
    ]


def test_a_line_break_in_a_name_or_subject_begins_no_header() -> None:
    hostile = Letter("k", "Elli\r\nBcc: x@y.example", "elli@ulkona.example", "Hei\r\nBcc: x@y.example", "", "")
    assert mime(hostile, "sihteeri@pykala.example")["bcc"] is None


async def test_a_line_break_reaches_graph_no_more_than_a_mail_server(office: tuple[Office, GraphMail]) -> None:
    records, mail = office
    file = MailFile("../a\r\nb\u202e.pdf", b"%PDF", "application/pdf")
    await mail.send(replace(LETTER, subject="Hei\r\nBcc: x\x1b[2J", to_name="Elli\nx", files=(file,)))
    message = records.asked[0][1]["Message"]
    assert (message["subject"], message["toRecipients"][0]["emailAddress"]["name"]) == ("Hei Bcc: x[2J", "Elli x")
    assert message["attachments"][0]["name"] == "..-a b.pdf"


async def test_letters_wait_for_what_the_mailbox_bears_and_say_how_long() -> None:
    records = Office()
    app = web.Application()
    app.router.add_post("/v1.0/{rest:.*}", records.take)
    limit = MailboxLimit(most=2)
    async with limit.request():
        pass  # one of the calendar's
    async with served(app) as url:
        client = graph_client(f"{url}/v1.0")
        mail = GraphMail(client, "sihteeri@pykala.example", limit)
        await mail.send(LETTER)
        with pytest.raises(CalendarFailure) as caught:
            await mail.send(LETTER)
        await client.aclose()
    assert caught.value.transient
    assert caught.value.retry_after
    assert len(records.asked) == 1


# --- a mail server ----------------------------------------------------------------------------------------------------------

SENDER = "Pykälä <sihteeri@pykala.example>"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    yield made
    await made.close()


@pytest.fixture
async def tls(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ssl.SSLContext]:
    """A server's certificate for 127.0.0.1 and .2 that this process trusts."""
    async with Issuer() as issuer:
        monkeypatch.setenv("SSL_CERT_FILE", issuer.ca_file)
        yield issuer.tls


async def failed(mail: SmtpMail, letter: Letter = LETTER) -> tuple[str, bool]:
    with pytest.raises(CalendarFailure) as caught:
        await mail.send(letter)
    return caught.value.reason, caught.value.transient


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
async def test_the_password_goes_encrypted_from_the_first_byte_or_after_starttls(server: Server, tls: ssl.SSLContext, scheme: str) -> None:
    server.password = "p@ss/wörd"
    port = await server.open(**{"tls" if scheme == "smtps" else "starttls": tls}, host="127.0.0.2")
    await SmtpMail(f"{scheme}://sihteeri:p%40ss%2Fw%C3%B6rd@127.0.0.2:{port}", SENDER).send(LETTER)
    assert server.logins == [("sihteeri", "p@ss/wörd", True)]
    assert [str(one["subject"]) for one in server.letters] == [LETTER.subject]


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
async def test_nothing_is_said_to_a_server_whose_certificate_nobody_vouches_for(server: Server, scheme: str) -> None:
    server.password = "secret"
    async with Issuer() as issuer:
        port = await server.open(**{"tls" if scheme == "smtps" else "starttls": issuer.tls}, host="127.0.0.2")
        reason, transient = await failed(SmtpMail(f"{scheme}://sihteeri:secret@127.0.0.2:{port}", SENDER))
    assert (reason, transient) == ("SMTP certificate", False)
    assert (server.logins, server.letters) == ([], [])


async def test_a_server_that_cannot_encrypt_is_told_no_password(server: Server) -> None:
    server.password = "secret"
    port = await server.open(host="127.0.0.2")
    assert await failed(SmtpMail(f"smtp://sihteeri:secret@127.0.0.2:{port}", SENDER)) == ("SMTP SMTPException", False)
    assert (server.logins, server.letters) == ([], [])


async def test_a_wrong_password_is_no_fault_of_the_moment(server: Server, tls: ssl.SSLContext) -> None:
    server.password = "secret"
    port = await server.open(tls=tls)
    assert await failed(SmtpMail(f"smtps://sihteeri:wrong@127.0.0.1:{port}", SENDER)) == ("SMTP 535", False)
    assert server.letters == []


@pytest.mark.parametrize(("code", "transient"), [(550, False), (450, True)])
async def test_a_refused_recipient_is_tried_again_only_when_the_server_says_so(server: Server, code: int, transient: bool) -> None:
    server.refusals[LETTER.to_email] = code
    port = await server.open()
    assert await failed(SmtpMail(f"smtp://127.0.0.1:{port}", SENDER)) == ("SMTP recipient", transient)
    assert server.letters == []


async def test_a_server_that_goes_away_after_the_letter_gets_it_again_under_the_same_id(server: Server) -> None:
    server.drops = 1
    mail = SmtpMail(f"smtp://127.0.0.1:{await server.open()}", SENDER)
    assert (await failed(mail))[1]
    await mail.send(LETTER)
    first, second = server.letters
    assert first["message-id"] == second["message-id"]


@pytest.mark.parametrize("email", ["elli.@ulkona.example", "päivi@ulkona.example", "elli"])
async def test_what_is_no_address_is_not_tried_for_half_a_day(server: Server, email: str) -> None:
    mail = SmtpMail(f"smtp://127.0.0.1:{await server.open()}", SENDER)
    assert (await failed(mail, replace(LETTER, to_email=email)))[1] is False
