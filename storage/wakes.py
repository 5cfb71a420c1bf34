"""PostgreSQL tells every process that somebody has committed effects (LISTEN and NOTIFY)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import Connection, make_url, text

from telemetry.errors import reason

log = structlog.get_logger()
_WAKE = text("NOTIFY pykala_effects")
AGAIN = 5.0


def wake(connection: Connection) -> None:
    """Told when the transaction commits, and only then."""
    connection.execute(_WAKE)


async def listen(url: str, woken: Callable[[], object]) -> None:
    """Call `woken` each time, and once at each new connection, as something may have been missed before. Goes on until it is cancelled;
    while the database is away, looking now and then has to do."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    told = False
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True, connect_timeout=5) as connection:
                await connection.execute("LISTEN pykala_effects")
                told = False
                woken()
                async for _ in connection.notifies():
                    woken()
        except psycopg.Error as error:
            # That the database itself is away, Storage tells.
            if error.sqlstate and not error.sqlstate.startswith(("08", "57P")) and not told:
                log.warning("not woken by the database", reason=reason(error))
                told = True
        await asyncio.sleep(AGAIN)
