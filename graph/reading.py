"""Events as they are read here: only the fields that are used.

The SDK's own models ask, for every entity they read, for the table of all types of Graph: thousands of import statements, about 7 ms; and
each attendee is three objects more. An event that reads only its own fields is read in a third of the time, and in less still without
the attendees, whom the answer to a write merely repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.serialization import ParsableFactory, ParseNode
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.event import Event
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.location import Location
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.online_meeting_info import OnlineMeetingInfo
from msgraph.generated.models.recipient import Recipient
from msgraph.graph_service_client import GraphServiceClient

_ERRORS: dict[str, type[ParsableFactory[Any]]] = {"XXX": ODataError}
_Reader = Callable[[ParseNode], None]


class EventWritten(Event):
    """The answer to a write. What is not read stays in `additional_data`; it is never sent back."""

    @staticmethod
    def create_from_discriminator_value(parse_node: ParseNode) -> EventWritten:  # noqa: ARG004  # the SDK's signature
        return EventWritten()

    def get_field_deserializers(self) -> dict[str, _Reader]:
        return {
            "id": self._reader("id", lambda node: node.get_str_value()),
            "iCalUId": self._reader("i_cal_u_id", lambda node: node.get_str_value()),
            "subject": self._reader("subject", lambda node: node.get_str_value()),
            "start": self._reader("start", lambda node: node.get_object_value(DateTimeTimeZone)),
            "end": self._reader("end", lambda node: node.get_object_value(DateTimeTimeZone)),
            "location": self._reader("location", lambda node: node.get_object_value(Location)),
            "isOnlineMeeting": self._reader("is_online_meeting", lambda node: node.get_bool_value()),
            "onlineMeeting": self._reader("online_meeting", lambda node: node.get_object_value(OnlineMeetingInfo)),
        }

    def _reader(self, field: str, read: Callable[[Any], Any]) -> _Reader:
        return lambda node: setattr(self, field, read(node))


class EventRead(EventWritten):
    """The answer to a reading: the text, the organiser and the attendees too."""

    @staticmethod
    def create_from_discriminator_value(parse_node: ParseNode) -> EventRead:  # noqa: ARG004  # the SDK's signature
        return EventRead()

    def get_field_deserializers(self) -> dict[str, _Reader]:
        return super().get_field_deserializers() | {
            "body": self._reader("body", lambda node: node.get_object_value(ItemBody)),
            "organizer": self._reader("organizer", lambda node: node.get_object_value(Recipient)),
            "attendees": self._reader("attendees", lambda node: node.get_collection_of_object_values(Attendee)),
        }


async def ask(client: GraphServiceClient, request: RequestInformation, kind: type[EventWritten]) -> EventWritten | None:
    """Send a request that is answered with an event. Raises what the SDK raises: `APIError`, and httpx's own."""
    found: EventWritten | None = await client.request_adapter.send_async(request, kind, _ERRORS)
    return found
