"""`sendMail` of the stand-in. For graph/sandbox_wire.py."""

from __future__ import annotations

import base64
import binascii
from html import escape
from typing import Annotated

from aiohttp import web
from pydantic import Field

from graph.mailboxes import GraphRefusal
from graph.sandbox_http import MAILBOXES, Action, Address, Wire, parsed
from graph.sandbox_store import Document

_FILE = "#microsoft.graph.fileAttachment"


class _Recipient(Wire):
    email_address: Address


class _Content(Wire):
    content: str = ""
    content_type: Annotated[str, Field(pattern="(?i)^(html|text)$")] = "text"


class _Attachment(Wire):
    odata_type: Annotated[str, Field(alias="@odata.type")]
    name: str
    content_type: str | None = None
    content_bytes: str = ""

    def document(self) -> Document:
        if self.odata_type != _FILE:
            raise GraphRefusal(400, "ErrorInvalidRequest", "This stand-in attaches files only.")
        try:
            base64.b64decode(self.content_bytes, validate=True)
        except binascii.Error as unreadable:
            raise GraphRefusal(400, "ErrorInvalidRequest", "contentBytes is not base64.") from unreadable
        return {"name": self.name, "contentType": self.content_type or "application/octet-stream", "content": self.content_bytes}


class _Message(Wire):
    subject: str = ""
    body: _Content = _Content()
    to_recipients: list[_Recipient] = Field(default_factory=list)
    cc_recipients: list[_Recipient] = Field(default_factory=list)
    bcc_recipients: list[_Recipient] = Field(default_factory=list)
    attachments: list[_Attachment] = Field(default_factory=list)


class _Sending(Action):
    message: _Message
    save_to_sent_items: bool = True


async def send_mail(request: web.Request) -> web.Response:
    """202, and the mail is in the recipients' inboxes; among the sender's sent ones unless told otherwise."""
    sending = await parsed(request, _Sending)
    message = sending.message
    recipients = [one.email_address.model_dump() for one in (*message.to_recipients, *message.cc_recipients, *message.bcc_recipients)]
    if not recipients:
        raise GraphRefusal(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    html = message.body.content_type.casefold() == "html"
    content = message.body.content if html else escape(message.body.content).replace("\n", "<br>")
    attachments = [one.document() for one in message.attachments]
    mailboxes = request.app[MAILBOXES]
    sender = await mailboxes.person(request.match_info["user"])
    to = [{**one, "name": one["name"] or one["address"]} for one in recipients]
    await mailboxes.post.send("letter", sender, to, message.subject, content, attachments, kept=sending.save_to_sent_items)
    return web.Response(status=202)
