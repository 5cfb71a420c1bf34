"""Refusals as keys and parameters; the sentence for the person is made at the edge from the catalogue."""

from __future__ import annotations


class Coded(Exception):
    """An error whose text is made of codes, keys and numbers: nothing of people, so it may be logged and kept."""


class MeetingError(Coded):
    """A command that could not be done. `key` names the sentence in the catalogue, `params` fill its placeholders."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


class Refused(MeetingError):
    """A rule or the input says no; nothing was changed."""


class NotAllowed(MeetingError):
    """The person has no right to the command; nothing was changed."""


class NotFound(MeetingError):
    """The thing named does not exist, or not for this person (walls between bodies and tenants answer the same)."""


class Stale(MeetingError):
    """The card pressed is older than the meeting, where that matters; answered with the fresh card."""
