"""Things to store: of any shape, drawn from the model's own types, so that a new field or tuple is drawn too."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from meetings.model import Body, Meeting
from storage.tables import BODY_CHILDREN, MEETING_CHILDREN

# What PostgreSQL cannot keep in a text (NUL) never gets here: the edge drops it.
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: st.integers(-(2**31), 2**31 - 1),
    bool: st.booleans(),
    date: st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    time: st.times(),
    datetime: st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis adds the zone
}


def drawn(model: type[Any]) -> st.SearchStrategy[Any]:
    """Anything of a class of the model, children included; ids and references are put right by `bound`."""
    hints = get_type_hints(model)
    return st.builds(model, **{field.name: _of(hints[field.name]) for field in fields(model)})


def _of(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is UnionType:
        return st.one_of(*(st.none() if part is type(None) else _of(part) for part in get_args(hint)))
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if parts[-1] is Ellipsis:
            return st.lists(_of(parts[0]), max_size=3).map(tuple)
        return st.tuples(*map(_of, parts))
    if is_dataclass(hint):
        return drawn(hint)  # type: ignore[arg-type]  # a class, as all hints here
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    return _VALUES[hint]


def bound(root: Body | Meeting, root_id: str, kept: Body | Meeting | None = None) -> Any:
    """The drawn aggregate under an id, its children numbered after it. With `kept`, what was stored before, every second old child
    keeps its place with new contents, the others are gone, and one more is made where there is one to make."""
    children = BODY_CHILDREN if isinstance(root, Body) else MEETING_CHILDREN
    changes: dict[str, Any] = {"id": root_id, "version": kept.version if kept is not None else 0}
    for one in children:
        before = len(getattr(kept, one.field)) if kept is not None else 0
        made = getattr(root, one.field)
        numbers = [*range(0, before, 2), *range(before, before + 3)] if kept is not None else range(3)
        ids = (f"{root_id}-{number:03}" for number in numbers)
        changes[one.field] = tuple(replace(child, id=child_id, **{one.parent: root_id}) for child, child_id in zip(made, ids, strict=False))
    return replace(root, **changes)
