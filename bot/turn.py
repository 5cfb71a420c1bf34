"""The spine of a turn: one transaction, one answer, one error boundary. Every path answers, in the person's own language."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import structlog

from bot.dialogs import LAST
from bot.edge import ChannelFailure
from bot.inbound import SentFile, Turn, language_of_client, read_activity
from cards import render
from cards.kit import Frame
from meetings import commands as c
from meetings.access import ACCESS, Right
from meetings.commands import Command, stem
from meetings.errors import MeetingError, NotAllowed, Refused
from meetings.screens.base import Screen, Sentence, Told, sentence
from meetings.use_cases import current, execute, refusal, require_right
from storage.database import Storage
from storage.errors import Unavailable
from storage.transaction import Transaction
from telemetry.under_way import Observed, under_way

log = structlog.get_logger()
FILE_LIMIT = 5 * 1024 * 1024
MOST_LANGUAGES = 10_000


class Download(Protocol):
    """Fetches a sent file: at most `limit` bytes, from Teams' own hosts only."""

    def __call__(self, url: str, limit: int) -> Awaitable[bytes]: ...


class Turns:
    """Answers activities with cards. `read_file` turns a sent file into text, `check_template` refuses a Word template that does not
    work, `address` makes a link of a document's id, for one person's own use when theirs is given too. `in_teams`: the clients are those of
    Teams itself, which open dialogs and find people."""

    def __init__(
        self,
        storage: Storage,
        *,
        download: Download,
        read_file: Callable[[str, bytes], Awaitable[str]],
        check_template: Callable[[str, bytes], Awaitable[None]],
        address: Callable[[str, str], str],
        in_teams: bool = False,
    ) -> None:
        self._storage = storage
        self._download = download
        self._read_file = read_file
        self._check_template = check_template
        self._address = address
        self._in_teams = in_teams
        self._languages: dict[tuple[str, str], str] = {}

    async def answer(self, activity: Mapping[str, Any]) -> dict[str, Any] | None:
        """The card that answers an activity; None when there is nothing to answer, or nothing better than the card that is there."""
        observed = under_way()
        observed.outcome = "failed"
        try:
            turn = read_activity(activity)
        except Refused as refused:
            observed.outcome = "refused"
            return self._card(_told(refused), language_of_client(activity))
        except Exception:
            log.exception("an activity could not be read", turn=observed.turn)
            return self._card(_fault(observed.turn), language_of_client(activity))
        if turn is None:
            observed.outcome = "silent"
            return None
        observed.command = stem(turn.command)
        if turn.automatic and isinstance(turn.command, c.ShowBoard | c.ShowPoll):
            return await self._looked_at(turn, observed)
        try:
            return await self._answer(turn, observed)
        except MeetingError as error:  # of somebody who cannot even be told where they stand, such as one without an account
            observed.outcome = "refused"
            return self._card(_told(error), turn.language)
        except Unavailable as failure:
            log.warning("a turn could not be kept", turn=observed.turn, reason=str(failure))
            return self._card(_not_kept(), self._languages.get((turn.tenant_id, turn.account_id)) or turn.spoken or turn.language)
        except Exception:
            log.exception("turn failed", turn=observed.turn)
            return self._card(_fault(observed.turn), turn.language)

    async def _looked_at(self, turn: Turn, observed: Observed) -> dict[str, Any] | None:
        """The card of the board as it is for who looks at it. Their clients ask by themselves, all at once whenever it changes: it is read,
        beside whoever writes, and keeps nothing. Whatever is in the way, the card that is there stays."""
        try:
            card = await self._storage.read(lambda tx: self._seen(turn, tx))
        except MeetingError:
            observed.outcome = "refused"
            return None
        except Unavailable as failure:
            log.warning("a card could not be looked at", turn=observed.turn, reason=str(failure))
            return None
        except Exception:
            log.exception("looking at a card failed", turn=observed.turn)
            return None
        observed.outcome = "answered"
        return card

    def _seen(self, turn: Turn, tx: Transaction) -> dict[str, Any]:
        """In the language of the board, as the card that it takes the place of."""
        tx.recognise(turn.tenant_id, turn.account_id)
        if not tx.actor.account_id:
            raise NotAllowed("turn.no_account")
        tx.conversation = turn.conversation
        screen = execute(turn.command, tx)
        return self._card(screen, require_right(turn.command, tx).body.language)

    async def _answer(self, turn: Turn, observed: Observed) -> dict[str, Any]:
        content = b""
        if turn.file:
            try:
                await self._storage.run(lambda tx: _require(turn, tx))
                content = await self._downloaded(turn.file)
                turn = replace(turn, command=await self._with_file(turn.command, turn.file, content))
            except MeetingError as error:
                return await self._refused(turn, error, observed)
        try:
            card, language = await self._storage.run(lambda tx: self._answered(turn, content, tx), key=turn.key)
        except MeetingError as error:
            return await self._refused(turn, error, observed)
        observed.outcome = "answered"
        self._remember(turn, language)
        return card

    def _answered(self, turn: Turn, content: bytes, tx: Transaction) -> tuple[dict[str, Any], str]:
        screen, language = _execute(turn, content, tx)
        if turn.in_dialog and isinstance(turn.command, LAST) and screen.notice is not None and not screen.wrong:
            screen = Told(text=screen.notice)
        return self._card(screen, language, _reader(tx), self._frame(turn)), language

    def _remember(self, turn: Turn, language: str) -> None:
        """The language of those who were heard lately, for when the database cannot be asked."""
        if len(self._languages) >= MOST_LANGUAGES:
            self._languages.clear()
        self._languages[turn.tenant_id, turn.account_id] = language

    async def _refused(self, turn: Turn, error: MeetingError, observed: Observed) -> dict[str, Any]:
        """A transaction of its own, as the refused one was rolled back: nothing of it may stay."""
        card = await self._storage.run(lambda tx: self._refusal(turn, error, tx))
        observed.outcome = "refused"
        return card

    def _refusal(self, turn: Turn, error: MeetingError, tx: Transaction) -> dict[str, Any]:
        screen, language = _refuse(turn, error, tx)
        return self._card(screen, language, _reader(tx), self._frame(turn))

    async def _with_file(self, command: Command, file: SentFile, content: bytes) -> Command:
        """The command with the text of the file in its text field; the words beside a file say what it is."""
        if isinstance(command, c.TakeTemplate):
            await self._check_template(file.name, content)
            return replace(command, name=file.name)
        text = await self._read_file(file.name, content)
        if isinstance(command, c.ReadAgenda | c.ReadRoster | c.ReadDates):
            return replace(command, text=text)
        return c.TakeText(text=text, name=file.name)

    async def _downloaded(self, file: SentFile) -> bytes:
        try:
            return await self._download(file.address, FILE_LIMIT)
        except ChannelFailure as failure:
            if failure.code == "FileTooLarge":
                raise Refused("file.large", name=file.name, most=FILE_LIMIT // (1024 * 1024)) from failure
            raise Refused("turn.file_not_fetched", name=file.name) from failure

    def _frame(self, turn: Turn) -> Frame:
        if turn.in_dialog:
            return Frame.DIALOG
        return Frame.TEAMS if self._in_teams else Frame.MESSAGE

    def _card(self, screen: Screen, language: str, reader_id: str = "", frame: Frame = Frame.MESSAGE) -> dict[str, Any]:
        return render(screen, language, secrets.token_hex(8), lambda document_id: self._address(document_id, reader_id), frame)


def _reader(tx: Transaction) -> str:
    """Whose own the links of an answer are; nobody's where others read it too."""
    return tx.actor.id if tx.conversation is not None and tx.conversation.kind == "personal" else ""


def _require(turn: Turn, tx: Transaction) -> None:
    """A file is read only for those who may use it."""
    _arrive(turn, tx)
    require_right(turn.command, tx)


def _execute(turn: Turn, content: bytes, tx: Transaction) -> tuple[Screen, str]:
    """`content` is that of the file sent; a template's is kept here, so that it stays only when the command is done."""
    _arrive(turn, tx)
    language = _language_of(turn, tx)
    command = turn.command
    if tx.repeat:
        return current(command, tx), language
    if isinstance(command, c.TakeTemplate) and content:
        command = replace(command, template_id=tx.keep_content(content))
    screen = execute(command, tx)
    if ACCESS[type(command)].right is not Right.LOOK:
        tx.journal(command, turn.origin)
    return screen, tx.actor.language or language


def _refuse(turn: Turn, error: MeetingError, tx: Transaction) -> tuple[Screen, str]:
    _arrive(turn, tx)
    return refusal(turn.command, tx, error), _language_of(turn, tx)


def _arrive(turn: Turn, tx: Transaction) -> None:
    """Who speaks and where, as the activity says; kept so that the bot can write back later."""
    if not turn.account_id or not turn.tenant_id:
        raise NotAllowed("turn.no_account")
    tx.aloud = not turn.pressed
    tx.arrive(
        tenant_id=turn.tenant_id,
        account_id=turn.account_id,
        channel_id=turn.channel_id,
        name=turn.name,
        language=turn.language,
        conversation=turn.conversation,
    )


def _language_of(turn: Turn, tx: Transaction) -> str:
    """The person's chosen language, else that of the first word they typed (remembered), else their client's."""
    if not tx.actor.language and turn.spoken:
        tx.actor = replace(tx.actor, language=turn.spoken)
        tx.save(tx.actor)
    return tx.actor.language or turn.language


def _not_kept() -> Screen:
    return Told(text=sentence("turn.not_kept"), wrong=True, steps=(c.ShowStatus(),))


def _fault(turn_id: str) -> Screen:
    return Told(text=sentence("turn.fault", turn=turn_id), wrong=True, steps=(c.ShowStatus(),))


def _told(error: MeetingError) -> Told:
    return Told(text=Sentence(error.key, tuple(error.params.items())), wrong=True, steps=(c.ShowStatus(), c.ShowHelp()))
