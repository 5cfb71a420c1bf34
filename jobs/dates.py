"""What the effects of polls do: the poll's post on the board is kept like the parts of a meeting's thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from cards import render
from jobs.gates import Gate
from jobs.handlers import Messenger, card_activity
from jobs.keeping import keep
from meetings import effects as e
from meetings.model import Body, Conversation
from meetings.screens.base import OnBoard
from meetings.use_cases.boards import for_all
from meetings.use_cases.polls import poll_on_board
from storage.database import Storage
from storage.transaction import Transaction
from texts import t


class PollHandlers:
    """Polls on the board; the same adapters as the other handlers."""

    def __init__(self, storage: Storage, messenger: Messenger, address: Callable[[str], str], gate: Gate) -> None:
        self._storage = storage
        self._messenger = messenger
        self._address = address
        self._gate = gate

    def table(self) -> Mapping[type[e.Effect], Callable[[Any], Awaitable[str]]]:
        return {e.RefreshPoll: self.refresh_poll}

    async def refresh_poll(self, effect: e.RefreshPoll) -> str:
        """Update the poll's post, or post it first, or anew when it is gone."""
        screen, body, known, place = await self._storage.read(lambda tx: _state(tx, effect))
        language = body.language
        summary = f"{body.name}: {t(language, 'polls.title')}"
        # The nonce follows the version, as on the other cards of the board.
        nonce = f"poll-{effect.poll_id}-{body.version}"
        activity = card_activity(render(screen, language, nonce, self._address), summary)
        if known:
            try:
                async with self._gate.through(place.tenant_id, place.id):
                    await self._messenger.update(place.service_url, place.id, known, activity)
            except Exception as failure:
                if not getattr(failure, "gone", False):
                    raise
            else:
                return known
        async with self._gate.through(place.tenant_id, place.id):
            activity_id = await self._messenger.post(place.service_url, place.id, activity)
        await keep(self._storage, lambda tx: _keep(tx, effect, activity_id))
        return activity_id


def _state(tx: Transaction, effect: e.RefreshPoll) -> tuple[OnBoard, Body, str, Conversation]:
    """The card, whose board it is for, the post that is there if any, and where."""
    body = tx.body(effect.body_id)
    poll = next(one for one in body.polls if one.id == effect.poll_id)
    return for_all(poll_on_board(body, poll), tx), body, poll.activity_id, tx.conversation_of(body.channel_id)


def _keep(tx: Transaction, effect: e.RefreshPoll, activity_id: str) -> None:
    body = tx.body(effect.body_id)
    polls = tuple(replace(one, activity_id=activity_id) if one.id == effect.poll_id else one for one in body.polls)
    tx.save(replace(body, polls=polls))
