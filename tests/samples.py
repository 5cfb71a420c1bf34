"""An invented body and its people, as plain model objects, for tests of rules and cards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from meetings.model import Body, Capacity, Expert, Holding, Item, Meeting, Person, Phase, Seat, Standing

NOW = datetime(2026, 5, 11, 7, 0, tzinfo=UTC)


def person(name: str, **fields: Any) -> Person:
    return Person(id=name.casefold().replace(" ", "-"), tenant_id="tenant", name=name, **fields)


def body(seats: int = 3, **fields: object) -> Body:
    """A body whose seat n has the member `m<n>` and the deputy `d<n>`; `m1` chairs, `m2` is vice-chair, `sec` the secretary."""
    made = Body(
        id="body",
        tenant_id="tenant",
        name="Saarten ohjausryhmä",
        channel_id="19:board@thread.tacv2",
        secretary_id="sec",
        chair_id="m1",
        vice_chair_id="m2" if seats > 1 else "",
        approval_rule="Ellei muutosesityksiä tule, pöytäkirja katsotaan hyväksytyksi.",
        seats=tuple(Seat(f"s{n}", "body", n, f"Järjestö {n}") for n in range(1, seats + 1)),
        holdings=tuple(
            holding
            for n in range(1, seats + 1)
            for holding in (
                Holding(f"hm{n}", "body", f"s{n}", f"m{n}", Capacity.MEMBER),
                Holding(f"hd{n}", "body", f"s{n}", f"d{n}", Capacity.DEPUTY, 1),
            )
        ),
        experts=(Expert("e1", "body", "x1", "Saaristotoimisto"),),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Body by name


def with_deputies(made: Body, deputies: Iterable[tuple[int, str]]) -> Body:
    """The members of `made`, with these deputies alone: (seat number, person id), nobody deputises for himself."""
    members = tuple(one for one in made.holdings if one.capacity is Capacity.MEMBER)
    others = tuple(
        Holding(f"h{place}", made.id, f"s{seat}", person_id, Capacity.DEPUTY, place)
        for place, (seat, person_id) in enumerate(deputies)
        if person_id != f"m{seat}"
    )
    return replace(made, holdings=(*members, *others))


def meeting(items: int = 3, **fields: object) -> Meeting:
    made = Meeting(
        id="meeting",
        body_id="body",
        number=4,
        year=2026,
        day=date(2026, 5, 11),
        start=time(10, 0),
        end=time(12, 0),
        place="Kunnantalo",
        phase=Phase.PUBLISHED,
        published_at=NOW,
        items=tuple(
            Item(f"i{n}", "meeting", n, f"Asia {n}", section=n, standing=Standing.OPENING if n == 1 else Standing.NONE)
            for n in range(1, items + 1)
        ),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields of Meeting by name
