"""What storage raises beside the refusals of the middle."""

from __future__ import annotations


class Conflict(Exception):
    """Somebody changed the same thing since it was loaded; the work is to be run again from the start."""


class Behind(Exception):
    """What is to be read must be written anew first, by a transaction that may change something."""


class Unavailable(Exception):
    """The database cannot be used just now: it is away, full, held by somebody else or takes nothing. Nothing was written, as far as can be
    known; the same work under the same key is written once all the same. The text is a word of storage/faults.py."""
