"""The one codec between commands and buttons: a button carries the command's stem, ids, version and a nonce, nothing to trust."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

from meetings import commands
from meetings.access import ACCESS, Right
from meetings.commands import FROM_TURN, Command, inputs, stem
from meetings.errors import Refused

NONCE = "nonce"
VERB = "verb"
# The value of a choice that chooses nothing. An empty one is against the schema: clients show it unchosen, or refuse the card.
NOTHING = "⟨⟩"

BY_STEM: Mapping[str, type[Command]] = MappingProxyType(
    {stem(command): command for command, access in ACCESS.items() if access.right not in {Right.CLOCK, Right.QUOTE}}
)


def pack(command: Command, nonce: str) -> dict[str, Any]:
    """The data of a button. Inputs of the card with a field's name are merged in by the client."""
    packed = {name: list(value) if isinstance(value, tuple) else value for name, value in inputs(command).items()}
    return {VERB: stem(command), NONCE: nonce, **packed}


def unpack(data: Mapping[str, Any]) -> tuple[Command, str]:
    """The command and nonce of a pressed button. Raises `Refused` for anything that is not a button of ours."""
    command = BY_STEM.get(str(data.get(VERB, "")))
    if command is None:
        raise Refused("button.unknown")
    hints = _hints(command)  # type: ignore[arg-type]  # a class is hashable
    values: dict[str, Any] = {}
    for field in fields(command):
        if field.name in data and field.metadata != FROM_TURN:
            value = _read(hints[field.name], data[field.name])
            values[field.name] = field.default if value is None else value
    return command(**values), str(data.get(NONCE, ""))[:64]


@cache
def _hints(command: type[Command]) -> dict[str, Any]:
    return get_type_hints(command, vars(commands))


def _read(wanted: Any, value: object) -> object:
    """An input as the field's type; clients send every input as a string."""
    for kind in get_args(wanted) if type(None) in get_args(wanted) else (wanted,):
        if kind in _READERS:
            return _READERS[kind](value)
    return _names(value)


def _text(value: object) -> str:
    if value is None or value == NOTHING:
        return ""
    if not isinstance(value, str | int | float):
        raise Refused("button.unknown")
    return str(value).replace("\r\n", "\n")[:100_000]


def _number(value: object) -> int | None:
    text = _text(value)
    try:
        return int(text) if text else None
    except ValueError:
        raise Refused("button.unknown") from None


def _flag(value: object) -> bool:
    return value is True or _text(value).lower() == "true"


def _names(value: object) -> tuple[str, ...]:
    """Several choices come as one comma-separated string (platform: multi-select inputs)."""
    parts = value if isinstance(value, list | tuple) else _text(value).split(",")
    return tuple(text for part in parts if (text := _text(part).strip()))


_READERS: Mapping[Any, Callable[[object], object]] = {str: _text, int: _number, bool: _flag}
