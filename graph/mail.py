"""The port `Mail`: from the organiser's mailbox by Microsoft Graph, or by a mail server (SMTP). Nothing is retried here."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from functools import partial
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx
from kiota_abstractions.api_error import APIError
from msgraph.generated.models.attachment import Attachment
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.internet_message_header import InternetMessageHeader
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph.graph_service_client import GraphServiceClient

from graph.client import NoToken
from graph.failures import DEADLINE, failure_of
from graph.limits import MailboxLimit
from meetings.ports import CalendarFailure, Letter, MailFile

PERMISSION = "Mail.Send"
KEY_HEADER = "x-pykala-key"
# Codes of SMTP that speak of the letter, not of the moment.
_FOR_EVER = range(500, 600)
_JOINERS = "\u200c\u200d"


class GraphMail:
    """Sends from the mailbox `organiser`, whose `limit` it shares with the calendar."""

    def __init__(self, client: GraphServiceClient, organiser: str, limit: MailboxLimit | None = None) -> None:
        self._user = client.users.by_user_id(organiser)
        self._limit = limit or MailboxLimit()

    async def send(self, letter: Letter) -> None:
        message = Message(
            subject=_line(letter.subject),
            body=ItemBody(content_type=BodyType.Html, content=letter.html),
            to_recipients=[_recipient(letter.to_name, letter.to_email)],
            reply_to=[_recipient(letter.reply_name, letter.reply_email)] if letter.reply_email else None,
            internet_message_headers=[InternetMessageHeader(name=KEY_HEADER, value=_mark(letter))],
            attachments=[_attached(file) for file in letter.files],
        )
        try:
            async with self._limit.request(), asyncio.timeout(DEADLINE):
                await self._user.send_mail.post(SendMailPostRequestBody(message=message, save_to_sent_items=False))
        except APIError as error:
            raise failure_of(error, PERMISSION) from error
        except NoToken as error:
            raise CalendarFailure(f"token {error.reason}", transient=error.transient) from error
        except (TimeoutError, httpx.HTTPError) as error:
            raise CalendarFailure(f"connection {type(error).__name__}", transient=True) from error


class SmtpMail:
    """Sends through the mail server of `url`: `smtps://` is TLS from the first byte, `smtp://` STARTTLS; on this machine alone plain text
    will do."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        self._sender = sender
        self._server = partial(
            aiosmtplib.SMTP,
            hostname=parts.hostname or "",
            port=parts.port or (465 if tls else 587),
            username=unquote(parts.username or "") or None,
            password=unquote(parts.password or "") or None,
            use_tls=tls,
            start_tls=None if tls or local else True,
            timeout=DEADLINE,
        )

    async def send(self, letter: Letter) -> None:
        try:
            message = mime(letter, self._sender)
        except (ValueError, IndexError) as error:  # what a mail header cannot say is no address
            raise CalendarFailure("SMTP address", transient=False) from error
        with _smtp_failures():
            async with self._server() as server:
                await server.send_message(message)

    async def sign_in(self) -> None:
        """Reach the server and sign in, and send nothing. Failures are those of `send`."""
        with _smtp_failures():
            async with self._server() as server:
                await server.noop()


@contextmanager
def _smtp_failures() -> Iterator[None]:
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as refused:
        raise CalendarFailure("SMTP recipient", transient=all(one.code not in _FOR_EVER for one in refused.recipients)) from refused
    except aiosmtplib.SMTPResponseException as refused:
        raise CalendarFailure(f"SMTP {refused.code}", transient=refused.code not in _FOR_EVER) from refused
    except (aiosmtplib.SMTPException, OSError) as failure:
        if isinstance(failure.__cause__ or failure, ssl.SSLCertVerificationError):
            raise CalendarFailure("SMTP certificate", transient=False) from failure
        # The library says by its plainest error that the server cannot do STARTTLS or passwords.
        lacking = type(failure) in {aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported}
        raise CalendarFailure(f"SMTP {type(failure).__name__}", transient=not lacking) from failure


def mime(letter: Letter, sender: str) -> EmailMessage:
    """The letter as MIME. The Message-ID follows from the key, so that mailboxes see a repeat as the same letter."""
    message = EmailMessage()
    _, address = parseaddr(sender)
    message["From"] = sender
    message["To"] = Address(display_name=_line(letter.to_name), addr_spec=letter.to_email)
    if letter.reply_email:
        message["Reply-To"] = Address(display_name=_line(letter.reply_name), addr_spec=letter.reply_email)
    message["Subject"] = _line(letter.subject)
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{_mark(letter)}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for file in letter.files:
        main, _, sub = file.content_type.partition("/")
        params = {"method": file.method, "charset": "utf-8"} if file.method else {}
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=_file_name(file.name), params=params)
    return message


def _mark(letter: Letter) -> str:
    return hashlib.sha256(letter.key.encode()).hexdigest()[:40]


def _line(text: str) -> str:
    """One line: a line break in a header would begin another header. Nor does anything unseen turn round or end what a reader sees; only
    what joins letters and emoji stays."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable() or one in _JOINERS)


def _file_name(text: str) -> str:
    return re.sub(r"[/\\]", "-", _line(text))


def _recipient(name: str, email: str) -> Recipient:
    return Recipient(email_address=EmailAddress(name=_line(name), address=email))


def _attached(file: MailFile) -> Attachment:
    content_type = f"{file.content_type}; method={file.method}; charset=utf-8" if file.method else file.content_type
    return FileAttachment(
        odata_type="#microsoft.graph.fileAttachment", name=_file_name(file.name), content_type=content_type, content_bytes=file.content
    )
