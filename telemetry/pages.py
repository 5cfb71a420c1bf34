"""What machines ask: /healthz, /readyz and /metrics."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from telemetry.health import Health
from telemetry.metrics import Metrics

Network = IPv4Network | IPv6Network
# What a proxy adds: then the asker is somebody behind it, whoever they are.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def add_operator_pages(app: web.Application, health: Health, metrics: Metrics, readers: Sequence[Network] = ()) -> None:
    """`readers`: from where, besides this machine, the metrics may be read."""

    async def alive(_request: web.Request) -> web.Response:
        """That the process answers, and nothing more: not for the database's sake may it be killed."""
        return web.json_response({"alive": True})

    async def ready(_request: web.Request) -> web.Response:
        """200 when this process can serve, else 503; within two seconds."""
        state = await health.state()
        return web.json_response(state.told(), status=200 if state.ready else 503)

    async def measured(request: web.Request) -> web.Response:
        """404 for strangers, as for an address that does not exist."""
        if not _may_read(request, readers):
            raise web.HTTPNotFound
        await health.state()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": content_type})

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", measured)


def _may_read(request: web.Request, readers: Sequence[Network]) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        asker = ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return False
    asker = getattr(asker, "ipv4_mapped", None) or asker
    return asker.is_loopback or any(asker in network for network in readers)
