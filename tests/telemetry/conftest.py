"""Log output as an operator gets it, and the process's logging as it was afterwards."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from telemetry.logs import configure_logs
from tests.storage.conftest import postgres_url

__all__ = ["postgres_url"]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, ours from debug and the libraries' from information."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure_logs("debug", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)
