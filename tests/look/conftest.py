from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.look.client import Look, missing, open_look


@pytest.fixture(scope="module")
def look() -> Iterator[Look]:
    """The page, closed before others want the event loop. Without what it needs a test skips; with `PYKALA_REQUIRE_ALL=1` it fails."""
    if lack := missing():
        if os.environ.get("PYKALA_REQUIRE_ALL") == "1":
            pytest.fail(lack, pytrace=False)
        pytest.skip(lack)
    with open_look() as opened:
        yield opened
