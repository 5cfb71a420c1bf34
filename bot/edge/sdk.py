"""What botbuilder asks of its surroundings: models to and from JSON, an authentication and a connector client, all on our session."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

import botbuilder.schema
from botbuilder.core import TurnContext
from botbuilder.schema import Activity, CallerIdConstants
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
    MicrosoftAppCredentials,
)
from msrest import Deserializer, Serializer
from msrest.pipeline import Request, Response
from msrest.pipeline.async_abc import AsyncHTTPSender, AsyncPipeline
from msrest.serialization import Model
from msrest.universal_http.async_abc import AsyncClientResponse
from typing_extensions import override
from yarl import URL

from bot.edge.config import EdgeConfig
from bot.edge.connector import Connector
from bot.edge.failures import Rejected
from bot.edge.validation import Door

RECEIVED = "pykala.received"
CLIENTS = 32
MODELS = {name: kind for name, kind in vars(botbuilder.schema).items() if isinstance(kind, type)}


def received(context: TurnContext) -> Mapping[str, Any]:
    """The activity of this turn as it came over the wire."""
    activity: Mapping[str, Any] = context.turn_state[RECEIVED]
    return activity


def _as_is(value: Any) -> Any:
    return value


# One for the process: botbuilder builds one for every model. What the schema calls "object" (cards, values, channel data) is
# JSON already, so it is passed on instead of being copied field by field.
_deserializer = Deserializer(MODELS)  # type: ignore[no-untyped-call]  # msrest is typed in part only
_deserializer.deserialize_type["object"] = _as_is
_deserializer.deserialize_type["iso-8601"] = datetime.fromisoformat


def read_activity(body: Mapping[str, Any]) -> Activity:
    """The model of an activity in wire format, as msrest reads it, at a fraction of its cost; a test holds the two together.
    `Rejected` with 400 when it does not fit."""
    try:
        return _read("Activity", body)
    except (AttributeError, ValueError, TypeError, RecursionError) as error:
        raise Rejected(400, "The body is not an activity.") from error


def _read(kind: str, value: Any) -> Any:
    """Models, their lists and plain values here; whatever is rare or wrong is msrest's own business."""
    if value is None or kind == "object" or (kind == "str" and isinstance(value, str)):
        return value
    if (model := MODELS.get(kind)) is not None and isinstance(value, dict):
        known = _attributes(model)
        made = model(**{known[key][0]: _read(known[key][1], part) for key, part in value.items() if key in known})
        if rest := {key: part for key, part in value.items() if key not in known}:
            made.additional_properties = rest
        return made
    if kind[0] == "[" and isinstance(value, list):
        return [_read(kind[1:-1], part) for part in value]
    return _deserializer.deserialize_data(value, kind)  # type: ignore[no-untyped-call]  # as above


@cache
def _attributes(model: Any) -> Mapping[str, tuple[str, str]]:
    """The names of a model's fields in JSON: the attribute and the type of each."""
    return {told["key"]: (attribute, told["type"]) for attribute, told in model._attribute_map.items() if told["key"]}


def write_activity(activity: Activity) -> dict[str, Any]:
    """An activity in wire format, as msrest writes it, at a tenth of its cost; a test holds the two together."""
    written: dict[str, Any] = _write(activity)
    return written


def _write(value: Any) -> Any:
    if isinstance(value, Model):
        written: dict[str, Any] = {}
        kind: Any = type(value)
        for attribute, key in _fields(kind):
            part = getattr(value, attribute, None)
            if part is None:
                continue
            if key:
                written[key] = _write(part)
            else:
                written.update(part)
        return written
    if isinstance(value, list):
        return [_write(part) for part in value]
    if isinstance(value, datetime):
        return Serializer.serialize_iso(value)  # type: ignore[no-untyped-call]  # as above
    return value.value if isinstance(value, Enum) else value


@cache
def _fields(model: Any) -> tuple[tuple[str, str], ...]:
    """The attributes of a model and their names in JSON; an empty name takes what the schema does not know."""
    return tuple((attribute, told["key"]) for attribute, told in model._attribute_map.items())


class Authentication(BotFrameworkAuthentication):  # type: ignore[misc]  # botbuilder ships no types
    """The door for what comes in, the connector for what goes out."""

    def __init__(self, config: EdgeConfig, door: Door, connector: Connector) -> None:
        self._config = config
        self._door = door
        self._factory = Clients(connector)

    def result(self, claims: Mapping[str, Any]) -> AuthenticateRequestResult:
        """What botbuilder wants to know of a request that has been let in."""
        result = AuthenticateRequestResult()
        result.claims_identity = ClaimsIdentity(dict(claims), is_authenticated=True)
        result.audience = self._config.channel_issuer
        result.caller_id = None if self._config.local else CallerIdConstants.public_azure_channel
        result.connector_factory = self._factory
        return result

    @override
    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        """Raises PermissionError, which is what botbuilder's own callers expect."""
        try:
            token = await self._door.verify([auth_header] if auth_header else [])
            self._door.admit(token, write_activity(activity))
        except Rejected as rejected:
            raise PermissionError(rejected.reason) from rejected
        return self.result(token.claims if token else {})

    @override
    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> AuthenticateRequestResult:
        raise PermissionError("This bot takes activities over HTTP POST only.")

    @override
    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._factory

    @override
    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """None: nobody signs in to anything through this bot, so the token service is never asked."""


class Clients(ConnectorFactory):  # type: ignore[misc]  # as above
    """botbuilder's connector client per serviceUrl, kept: the least recently used leave."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._clients: OrderedDict[str, ConnectorClient] = OrderedDict()

    @override
    async def create(self, service_url: str, audience: str | None = None) -> ConnectorClient:
        client = self._clients.get(service_url)
        if client is None:
            client = ConnectorClient(
                MicrosoftAppCredentials.empty(),
                base_url=service_url,
                pipeline_type=lambda _: AsyncPipeline([], _Sender(self._connector, service_url)),
            )
            self._clients[service_url] = client
            if len(self._clients) > CLIENTS:
                self._clients.popitem(last=False)
        self._clients.move_to_end(service_url)
        return client


class _Sender(AsyncHTTPSender[Any, Any]):
    """Sends what botbuilder's client has prepared through our connector, so nothing of it blocks or goes untyped."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self._connector = connector
        self._service_url = service_url

    async def __aexit__(self, *exc_details: object) -> None:
        """The session is the edge's, so it stays open."""

    @override
    async def send(self, request: Request[Any], **config: Any) -> Response[Any, Any]:
        asked = request.http_request
        # botbuilder joins base and path with one slash or two, by how the serviceUrl ends.
        path = URL(asked.url, encoded=True).raw_path_qs.removeprefix(URL(self._service_url).raw_path.rstrip("/"))
        data = asked.data.encode() if isinstance(asked.data, str) else asked.data
        body = await self._connector.exchange(asked.method, self._service_url, "/" + path.lstrip("/"), data)
        return Response(request, _Answer(asked, body))


class _Answer(AsyncClientResponse):
    """A success: failures have been raised as `ChannelFailure` before."""

    def __init__(self, request: Any, content: bytes) -> None:
        super().__init__(request, None)
        self.status_code = 200
        self.headers = {"content-type": "application/json"}
        self.reason = "OK"
        self._content = content

    def body(self) -> bytes:
        return self._content
