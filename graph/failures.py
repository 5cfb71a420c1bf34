"""What Microsoft Graph refuses, as `CalendarFailure`, and the one way to call it: in its time, and a mailbox within its limit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from kiota_abstractions.api_error import APIError
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from graph.client import NoToken
from graph.limits import MailboxLimit
from meetings.ports import CalendarFailure

PERMISSION = "Calendars.ReadWrite"
DEADLINE = 60.0
# A 404 with one of these speaks of the mailbox, not of the event.
_NO_MAILBOX = {"ErrorInvalidUser", "MailboxNotEnabledForRESTAPI", "Request_ResourceNotFound", "ErrorNonExistentMailbox"}


@asynccontextmanager
async def mailbox_call(limit: MailboxLimit, deadline: float = DEADLINE, *, of_event: bool = False) -> AsyncIterator[None]:
    """Around each request to a mailbox: as `graph_call`, within the mailbox's limit."""
    async with limit.request(), graph_call(deadline, of_event=of_event):
        yield


@asynccontextmanager
async def graph_call(deadline: float = DEADLINE, *, of_event: bool = False, permission: str = PERMISSION) -> AsyncIterator[None]:
    """Around each request: in `deadline` seconds, and every failure a `CalendarFailure`. `of_event`: a 404 says that the thing of the call
    is gone. `permission`: what lacks when the call is forbidden."""
    try:
        async with asyncio.timeout(deadline):
            yield
    except APIError as error:
        raise failure_of(error, permission, of_event=of_event) from error
    except NoToken as error:
        raise CalendarFailure(f"token {error.reason}", transient=error.transient) from error
    except (TimeoutError, httpx.TimeoutException) as error:
        raise CalendarFailure("timeout", transient=True) from error
    except httpx.HTTPError as error:
        raise CalendarFailure(f"connection {type(error).__name__}", transient=True) from error


def failure_of(error: APIError, permission: str = PERMISSION, *, of_event: bool = False) -> CalendarFailure:
    """What Graph answered to a call that needs `permission`."""
    status = error.response_status_code or 0
    code = code_of(error)
    # Cancelling twice is refused by Exchange with codes of this family: https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
    gone = of_event and ((status in {404, 410} and code not in _NO_MAILBOX) or code.startswith("ErrorCalendarIsCancelled"))
    # After a 401 the next call comes with a fresh token.
    transient = status in {401, 408, 409, 412, 423, 429} or status >= 500
    refused = status == 403
    reason = f"Graph {status} {code} {permission if refused else ''}"
    return CalendarFailure(
        " ".join(reason.split()),
        gone=gone,
        transient=transient,
        retry_after=_retry_after(error),
        refused=refused,
        mailbox=status == 404 and code in _NO_MAILBOX,
    )


def code_of(error: BaseException | None) -> str:
    """Graph's error code; "" where there is none."""
    code = (error.error.code if isinstance(error, ODataError) and error.error else None) or ""
    # Only the code: Graph's messages name people and addresses.
    return code if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", code) else ""


def _retry_after(error: APIError) -> float | None:
    """Seconds of the header, which is a number or an HTTP date (RFC 9110, 10.2.3)."""
    text = (error.response_headers or {}).get("retry-after", "").strip()
    if not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
