"""What storage raises beside the refusals of the middle."""

from __future__ import annotations


class Conflict(Exception):
    """Somebody changed the same thing since it was loaded; the work is to be run again from the start."""
