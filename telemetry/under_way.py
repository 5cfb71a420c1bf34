"""The turn or effect that a task is about: what its log lines say, and what follows from it is written with."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass

from structlog.types import EventDict, WrappedLogger


@dataclass(slots=True)
class Observed:
    """`turn`: the turn's id, or that of the turn an effect follows from, "" where it follows from none. `command` and `outcome` are set as
    they become known: a turn is `answered`, `refused`, `failed`, `silent` (nothing to answer), or `rejected` at the door; an effect
    `done`, `retried`, `dead`, or `abandoned`."""

    turn: str
    command: str = "none"
    outcome: str = "silent"
    effect: str = ""
    seq: int = 0
    attempt: int = 0


UNDER_WAY: ContextVar[Observed | None] = ContextVar("under_way", default=None)


def under_way() -> Observed:
    """The turn or effect of this task; a new one, which nobody observes, outside of any."""
    return UNDER_WAY.get() or Observed(secrets.token_hex(6))


def turn_id() -> str:
    """The turn that whatever is done here follows from; "" when it follows from none."""
    found = UNDER_WAY.get()
    return found.turn if found else ""


def name_it(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """The turn, and the effect, on each log line of theirs."""
    found = UNDER_WAY.get()
    if found is None:
        return line
    known = {"turn": found.turn, "effect": found.effect, "seq": found.seq, "attempt": found.attempt}
    if not found.effect:
        known = {"turn": found.turn, "command": found.command}
    return {**{name: value for name, value in known.items() if value not in {"", "none"}}, **line}
