"""botbuilder's adapter with its own way in and out: one parse, one check, invoke bodies as they are, never a 500."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from botbuilder.core import Bot, InvokeResponse, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import Activity, ActivityTypes, ConversationReference, ResourceResponse
from typing_extensions import override

from bot.edge.connector import Connector, as_json
from bot.edge.failures import Rejected
from bot.edge.refusals import Refusals
from bot.edge.sdk import RECEIVED, Authentication, read_activity, write_activity
from bot.edge.validation import Door

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024
# The character that no database keeps in a text, as JSON writes it; a backslash before it may be an escaped one.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
# A stranger is not told how far the token came.
_CLOSED = {401: "A token of the channel is needed.", 403: "Not served."}


class EdgeAdapter(CloudAdapter):  # type: ignore[misc]  # botbuilder ships no types
    """Runs any botbuilder `Bot` behind the door; sends through the connector."""

    def __init__(self, authentication: Authentication, door: Door, connector: Connector) -> None:
        super().__init__(authentication)
        self._authentication = authentication
        self._door = door
        self._connector = connector
        self._refusals = Refusals()

    @override
    async def process(self, request: web.Request, bot: Bot, ws_response: object = None) -> web.Response:
        """The answer to `POST /api/messages`.

        400, 405, 413, 415: not served, with the reason. 401, 403: not let in; the reason stands in the log. 503: the turn broke or
        the issuer's keys cannot be had, so the same activity may come again. 201: the turn is over. An invoke gets its own answer in
        the body.
        """
        try:
            if request.method != "POST":
                raise Rejected(405, "Activities come by POST.")
            token = await self._door.verify(request.headers.getall("Authorization", ()))
            body = self._door.admit(token, await _read(request))
            activity = read_activity(body)
        except Rejected as rejected:
            if line := self._refusals.line(f"refused with {rejected.status}: {rejected.reason}"):
                log.info(line)
            headers = {401: {"WWW-Authenticate": "Bearer"}, 405: {"Allow": "POST"}, 503: {"Retry-After": "5"}}.get(rejected.status)
            return web.Response(status=rejected.status, text=_CLOSED.get(rejected.status, rejected.reason), headers=headers)
        except Exception as error:  # hostile input finds what nobody thought of; it is still not served, and not our error to the caller
            if line := self._refusals.line(f"a request could not be judged: {type(error).__name__}"):
                log.exception(line)
            return web.Response(status=400, text="The request cannot be read.")
        try:
            return _answer(await self._turn(body, activity, token.claims if token else {}, bot))
        except Exception:  # the bot's own boundary is inside; what gets past it must still be answered
            log.exception("a turn broke")
            return _broken(activity)

    async def _turn(self, body: Mapping[str, Any], activity: Activity, claims: Mapping[str, Any], bot: Bot) -> InvokeResponse | None:
        async def run(context: TurnContext) -> None:
            context.turn_state[RECEIVED] = body
            await bot.on_turn(context)

        return await self.process_activity(self._authentication.result(claims), activity, run)

    @override
    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        """The ids, in order. Raises `ChannelFailure`."""
        return [ResourceResponse(id=await self._send(context, activity)) for activity in activities]

    async def _send(self, context: TurnContext, activity: Activity) -> str:
        activity.id = None
        if activity.type == "delay":
            await asyncio.sleep((activity.value or 1000) / 1000)
        elif activity.type == ActivityTypes.invoke_response:
            context.turn_state[self._INVOKE_RESPONSE_KEY] = activity
        elif activity.type != ActivityTypes.trace:
            return await self._connector.post(
                activity.service_url, activity.conversation.id, write_activity(activity), reply_to=activity.reply_to_id or ""
            )
        return ""

    @override
    async def update_activity(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        await self._connector.update(activity.service_url, activity.conversation.id, activity.id, write_activity(activity))
        return ResourceResponse(id=activity.id)

    @override
    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        await self._connector.delete(reference.service_url, reference.conversation.id, reference.activity_id)


async def _read(request: web.Request) -> object:
    if request.content_type != "application/json":
        raise Rejected(415, "The body must be application/json.")
    if (request.content_length or 0) > LARGEST:
        raise Rejected(413, "An activity may have at most 1 MiB.")
    try:
        content = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Rejected(413, "An activity may have at most 1 MiB.") from None
    except (web.RequestPayloadError, web.HTTPException, ValueError, OSError) as error:
        raise Rejected(400, "The body cannot be read.") from error
    if len(content) > LARGEST:
        raise Rejected(413, "An activity may have at most 1 MiB.")
    if b"\\u0000" in content:
        content = _NUL.sub(rb"\1", content)
    try:
        return orjson.loads(content)
    except ValueError:
        return _half_characters(content)


def _half_characters(content: bytes) -> object:
    """Half a surrogate pair, which a client cuts out of an emoji, is no reason to be silent: it becomes U+FFFD. All else is refused."""
    try:
        text = json.dumps(json.loads(content.decode("utf-8", "surrogatepass")), ensure_ascii=False)
        return orjson.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    except (ValueError, RecursionError) as error:
        raise Rejected(400, "The body is not JSON in UTF-8.") from error


def _answer(response: InvokeResponse | None) -> web.Response:
    if response is None:
        return web.Response(status=201)
    if response.body is None:
        return web.Response(status=int(response.status))
    return web.Response(status=int(response.status), body=as_json(response.body), content_type="application/json")


def _broken(activity: Activity) -> web.Response:
    if activity.type != ActivityTypes.invoke:
        return web.Response(status=503, headers={"Retry-After": "5"})
    # Universal actions carry their own status inside an HTTP 200; the client shows its own words for an error.
    error = {"statusCode": 500, "type": "application/vnd.microsoft.error", "value": {"code": "TurnFailed", "message": ""}}
    return web.Response(status=200, body=as_json(error), content_type="application/json")
