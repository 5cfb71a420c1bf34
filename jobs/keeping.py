"""What has been sent is written down, however long the database is away: nobody else knows of it, and it would be sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog

from storage.database import Storage
from storage.errors import Unavailable
from storage.transaction import Transaction

log = structlog.get_logger()
Result = TypeVar("Result")
AGAIN = 2.0


async def keep(storage: Storage, work: Callable[[Transaction], Result]) -> Result:
    """Run `work` in one transaction as soon as there is a database. What else goes wrong is raised."""
    while True:
        try:
            return await storage.run(work)
        except Unavailable as error:
            log.warning("what was sent could not be written down yet", reason=str(error))
            await asyncio.sleep(AGAIN)
