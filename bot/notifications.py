"""Where Microsoft Graph says that something has changed (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).

Anybody can write here, so nothing of it is believed: a notification only makes us look, and only if it knows the secret of a subscription.
"""

from __future__ import annotations

import asyncio
import hmac
import json

import structlog
from aiohttp import web

from meetings.effects import ReadAnswers
from storage.database import Storage
from storage.transaction import Transaction

log = structlog.get_logger()
PATH = "/graph/notifications"
# Graph waits three seconds, and punishes all subscriptions of an address that is often slower.
IN_TIME = 2.5
LONGEST_TOKEN = 2048
# What a stranger makes us say is text, in no browser anything else.
_PLAIN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"}
# Lifecycle events after which the subscription must be seen to; after `missed` a look is enough.
_LOSING = {"reauthorizationRequired", "subscriptionRemoved"}


def add_notifications(app: web.Application, storage: Storage) -> None:
    async def notified(request: web.Request) -> web.Response:
        """200 with the token in the handshake; 202 once it is written down that there is something to see, or when there is nothing;
        400 for what is no notification; 503 when it could not be written, so that Graph sends it again."""
        token = request.query.get("validationToken")
        if token is not None:
            if len(token) > LONGEST_TOKEN:
                raise web.HTTPBadRequest
            return web.Response(text=token, content_type="text/plain", headers=_PLAIN)
        told = _told(await request.read())
        try:
            async with asyncio.timeout(IN_TIME):
                known = await storage.read(lambda tx: _known(tx, told))
                if known:
                    await storage.run(lambda tx: _wake(tx, known))
        except Exception as failure:  # whatever the driver says, the answer is the same
            log.warning("a notification could not be written", reason=type(failure).__name__)
            raise web.HTTPServiceUnavailable from None
        return web.Response(status=202)

    app.router.add_post(PATH, notified)


def _told(body: bytes) -> list[tuple[str, str, bool]]:
    """Each notification's subscription, the secret told with it, and whether the subscription is being lost. HTTPBadRequest for anything
    that has not this form."""
    try:
        return [
            (str(one["subscriptionId"]), str(one.get("clientState") or ""), one.get("lifecycleEvent") in _LOSING)
            for one in json.loads(body)["value"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise web.HTTPBadRequest from None


def _known(tx: Transaction, told: list[tuple[str, str, bool]]) -> dict[str, bool]:
    """Mailbox → whether its subscription is being lost, of the notifications that know the secret."""
    watches = {one.subscription_id: one for one in tx.watches() if one.subscription_id}
    found: dict[str, bool] = {}
    for subscription, state, losing in told:
        watch = watches.get(subscription)
        if watch is not None and hmac.compare_digest(watch.client_state.encode(), state.encode(errors="replace")):
            found[watch.mailbox] = found.get(watch.mailbox, False) or losing
    return found


def _wake(tx: Transaction, known: dict[str, bool]) -> None:
    for mailbox, losing in known.items():
        if losing:
            tx.note_watch(mailbox, renew_at=tx.now)
    tx.later(ReadAnswers())
