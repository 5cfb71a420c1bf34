"""The compose box of any chat: decisions are looked for there, and links to minutes become cards (a message extension).

A question comes with each letter typed and wants its answer within five seconds. It reads and writes nothing, not even where it was asked:
the bot is no member of that chat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from bot.inbound import account_of, language_of_client, tenant_of
from cards import render
from cards.quotes import preview
from documents.links import is_document_link
from meetings import commands as c
from meetings.commands import Command, stem
from meetings.errors import MeetingError, NotAllowed, Refused
from meetings.screens.quotes import Quote, Quotes
from meetings.use_cases import execute
from storage.database import Storage
from storage.errors import Behind, Unavailable
from storage.transaction import Transaction
from telemetry.under_way import under_way
from texts import t, wording

log = structlog.get_logger()
QUERY, LINK = "composeExtension/query", "composeExtension/queryLink"
# Seconds. Teams waits five.
PATIENCE = 4.0
ADAPTIVE, THUMBNAIL = "application/vnd.microsoft.card.adaptive", "application/vnd.microsoft.card.thumbnail"


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class _Parameter(_Wire):
    name: str = ""
    value: Any = ""


class _Options(_Wire):
    skip: int = 0
    count: int = 25


class _Query(_Wire):
    """Of `composeExtension/query`. One that is asked before anything is typed has a parameter `initialRun` of "true"."""

    parameters: list[_Parameter] = []
    query_options: _Options = _Options()

    def text(self) -> str:
        return next((str(one.value) for one in self.parameters if one.name != "initialRun"), "")


class _Link(_Wire):
    """Of `composeExtension/queryLink`."""

    url: str


class ComposeBox:
    """`base`: the bot's own address, before the paths of its documents; `key`: what their links are signed with."""

    def __init__(self, storage: Storage, base: str, key: bytes, now: Callable[[], datetime]) -> None:
        self._storage = storage
        self._base = base
        self._key = key
        self._now = now

    async def answer(self, activity: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the answer: cards to choose from, or a sentence in the person's language. Nothing for what is not asked in the name
        of somebody who has the app (`anonymousQueryLink`)."""
        observed = under_way()
        observed.outcome = "failed"
        language = language_of_client(activity)
        try:
            command = self._command(activity)
            if command is None:
                observed.outcome = "silent"
                return _cards([])
            observed.command = stem(command)
            async with asyncio.timeout(PATIENCE):
                found, language = await self._found(activity, command, language)
        except MeetingError as error:
            observed.outcome = "refused"
            # A link that leads to nothing is a link as any other.
            return _cards([]) if activity.get("name") != QUERY else _said(wording(language, error.key, **error.params))
        except (Unavailable, TimeoutError) as failure:
            log.warning("a question of the compose box was not answered", turn=observed.turn, reason=str(failure) or "slow")
            return _said(t(language, "quotes.not_now"))
        except Exception:
            log.exception("a question of the compose box failed", turn=observed.turn)
            return _said(t(language, "turn.fault", turn=observed.turn))
        observed.outcome = "answered"
        if found.notice is not None:
            return _said(wording(language, found.notice.key, **dict(found.notice.params)))
        return _cards([_attachment(one, language) for one in found.quotes])

    def _command(self, activity: Mapping[str, Any]) -> Command | None:
        """What is asked; None for a link that is none of ours. Raises `Refused` for what no client sends."""
        value = activity.get("value")
        try:
            if activity.get("name") == QUERY:
                query = _Query.model_validate(value)
                return c.QuoteDecisions(text=query.text(), skip=query.query_options.skip, count=query.query_options.count)
            if activity.get("name") == LINK:
                document = self._document(_Link.model_validate(value).url)
                return c.QuoteMinutes(document_id=document) if document else None
        except ValidationError:
            raise Refused("turn.incomplete") from None
        return None

    def _document(self, url: str) -> str:
        """The id of the document that a link of ours leads to, whosever it is; "" for any other link, one to somebody's own page among
        them."""
        lead = f"{self._base}/documents/"
        if not url.startswith(lead):
            return ""
        try:
            parts = urlsplit(url)
            given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        except ValueError:
            return ""
        document = url.removeprefix(lead).partition("?")[0]
        reader_id, until, mark = (given.get(name, "") for name in ("for", "until", "mark"))
        valid = is_document_link(document, reader_id, until, mark, self._key, self._now())
        return document if valid else ""

    async def _found(self, activity: Mapping[str, Any], command: Command, language: str) -> tuple[Quotes, str]:
        tenant_id, account_id = tenant_of(activity), account_of(activity)
        if not tenant_id or not account_id:
            raise NotAllowed("turn.no_account")

        def look(tx: Transaction) -> tuple[Quotes, str]:
            tx.recognise(tenant_id, account_id)
            return cast("Quotes", execute(command, tx)), tx.actor.language or language

        try:
            return await self._storage.read(look)
        except Behind:
            return await self._storage.run(look)


def _cards(attachments: list[dict[str, Any]]) -> dict[str, Any]:
    return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": attachments}}


def _said(text: str) -> dict[str, Any]:
    return {"composeExtension": {"type": "message", "text": text}}


def _attachment(one: Quote, language: str) -> dict[str, Any]:
    """In the list in the person's language; in the chat, where everybody reads it, in the language of the record."""
    return {
        "contentType": ADAPTIVE,
        "content": render(one, one.body.language, ""),
        "preview": {"contentType": THUMBNAIL, "content": preview(one, language)},
    }
