"""Whether and when an effect that failed is tried again: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from jobs.gates import NotYet
from storage.outbox import ATTEMPTS

FIRST = timedelta(seconds=2)
LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """`after` None: no more, the effect is dead. `tried`: whether this one counts."""

    after: timedelta | None
    tried: bool = True


def decide(error: BaseException, attempt: int) -> Decision:
    """Doubling waits from 2 s to 1 h, twelve attempts (about half a day); the other side's `retry_after` is obeyed when it is longer.

    An error that says it is neither transient nor about asking too often is not tried again after the third time: it may still be a
    fault of a moment, such as a right that is being granted.
    """
    if isinstance(error, NotYet):
        return Decision(timedelta(seconds=error.retry_after), tried=False)
    if attempt >= ATTEMPTS or (getattr(error, "transient", True) is False and attempt >= 3 and getattr(error, "retry_after", None) is None):
        return Decision(None)
    wait = min(FIRST * 2 ** (attempt - 1), LONGEST)
    asked = getattr(error, "retry_after", None)
    return Decision(max(wait, timedelta(seconds=asked)) if asked else wait)
