"""Pykälä as a Bot Framework bot: each kind of activity is answered by the same spine."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from botbuilder.core import ActivityHandler, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, Attachment
from typing_extensions import override

from bot.calls import Calls
from bot.compose import ComposeBox
from bot.dialogs import CARD, FETCH, SUBMIT, dialog_of
from bot.edge import received
from bot.inbound import PRESS
from bot.turn import Turns

# Of a card there is nothing better to show than what is there: the client leaves it.
KEPT = {"statusCode": 400, "type": "application/vnd.microsoft.error", "value": {"code": "BadRequest", "message": "The card stays."}}


class _Made(dict[str, Any]):
    """A card made for one answer: botbuilder copies deeply what it sends, which for a card costs more than making it."""

    def __deepcopy__(self, memo: object) -> _Made:
        return self


class MeetingBot(ActivityHandler):  # type: ignore[misc]  # botbuilder ships no types
    """Messages and new conversations are answered by one message, presses and compose boxes in the HTTP response itself."""

    def __init__(self, turns: Turns, compose: ComposeBox, calls: Calls) -> None:
        super().__init__()
        self._turns = turns
        self._compose = compose
        self._calls = calls

    @override
    async def on_turn(self, turn_context: TurnContext) -> None:
        """The answer of an invoke goes to the adapter as it is: botbuilder would copy it deeply on the way."""
        if turn_context.activity.type != ActivityTypes.invoke:
            await super().on_turn(turn_context)
            return
        answer = Activity(type=ActivityTypes.invoke_response, value=await self.on_invoke_activity(turn_context))
        await turn_context.adapter.send_activities(turn_context, [answer])

    @override
    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await self._reply(turn_context)

    @override
    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        await self._reply(turn_context)

    @override
    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        activity = received(turn_context)
        if str(activity.get("name")).startswith("composeExtension/"):
            return InvokeResponse(status=HTTPStatus.OK, body=await self._compose.answer(activity))
        card = await self._turns.answer(activity)
        if activity.get("name") in (FETCH, SUBMIT) and card is not None:
            return InvokeResponse(status=HTTPStatus.OK, body=dialog_of(card))
        if card is None:
            return InvokeResponse(status=HTTPStatus.OK, body=KEPT if activity.get("name") == PRESS else {"statusCode": 200})
        return InvokeResponse(status=HTTPStatus.OK, body={"statusCode": 200, "type": CARD, "value": card})

    @override
    async def on_event_activity(self, turn_context: TurnContext) -> None:
        await self._calls.take(received(turn_context))

    async def _reply(self, turn_context: TurnContext) -> None:
        card = await self._turns.answer(received(turn_context))
        if card is not None:
            await turn_context.send_activity(_message(card))


def _message(card: dict[str, Any]) -> Activity:
    return Activity(type="message", summary=card.get("fallbackText"), attachments=[Attachment(content_type=CARD, content=_Made(card))])
