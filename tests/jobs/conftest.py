"""The runner is held to its contract on the same databases as storage."""

from tests.storage.conftest import clock, postgres_url, storage, url

__all__ = ["clock", "postgres_url", "storage", "url"]
