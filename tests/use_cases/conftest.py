from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.use_cases.stage import Stage, stage


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Stage]:
    """Three seats, three items (the first the opening), the agenda published, on the morning of the meeting."""
    async with stage(tmp_path) as made:
        yield made
