"""The process as it is served."""

from __future__ import annotations

import gc
from pathlib import Path

from aiohttp import web

from app import served
from settings import Settings


async def test_what_was_loaded_is_not_looked_through_for_garbage_again(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, PYKALA_LOCAL=True, database_url=f"sqlite:///{tmp_path}/app.db")  # type: ignore[call-arg]
    runner = web.AppRunner(await served(settings))
    before = gc.get_freeze_count()
    try:
        await runner.setup()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
        await runner.cleanup()
