"""For all tests: properties have no deadline, since a busy machine is no defect."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("pykala", deadline=None)
settings.load_profile("pykala")
