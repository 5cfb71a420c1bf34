"""The screen of what is kept of oneself."""

from __future__ import annotations

from dataclasses import dataclass

from meetings.model import Body, Expert, Holding, Person
from meetings.screens.base import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class MyData(Screen):
    """The person's own particulars and places, and how much there is of each kind of the rest: `counts`, in the order to be shown."""

    person: Person
    places: tuple[tuple[Body, Holding | Expert], ...]
    counts: tuple[tuple[str, int], ...]
