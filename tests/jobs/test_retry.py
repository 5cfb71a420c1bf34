from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.retry import decide
from meetings.ports import CalendarFailure
from storage.outbox import ATTEMPTS


def _seconds(error: Exception, attempt: int) -> float | None:
    after = decide(error, attempt).after
    return None if after is None else after.total_seconds()


def test_waits_double_from_two_seconds_to_an_hour_for_about_half_a_day() -> None:
    waits = [_seconds(OSError(), attempt) for attempt in range(1, ATTEMPTS + 1)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, None]


@pytest.mark.parametrize(
    ("error", "attempt", "seconds"),
    [
        (CalendarFailure("429", transient=True, retry_after=30), 1, 30),
        (CalendarFailure("429", transient=True, retry_after=1), 1, 2),
        (CalendarFailure("429", transient=True, retry_after=7200), 1, 7200),
        (CalendarFailure("429", transient=True, retry_after=30), ATTEMPTS, None),
        (CalendarFailure("403"), 1, 2),
        (CalendarFailure("403"), 2, 4),
        (CalendarFailure("403"), 3, None),
        (CalendarFailure("403", retry_after=30), 3, 30),
        (CalendarFailure("503", transient=True), 3, 8),
    ],
)
def test_the_other_side_is_heard(error: Exception, attempt: int, seconds: float | None) -> None:
    assert _seconds(error, attempt) == seconds


@given(attempt=st.integers(1, 40), asked=st.none() | st.floats(0, 1e6), transient=st.booleans())
def test_never_sooner_than_asked_and_never_for_ever(attempt: int, asked: float | None, transient: bool) -> None:
    after = decide(CalendarFailure("x", transient=transient, retry_after=asked), attempt).after
    if after is None:
        assert attempt >= ATTEMPTS or not transient
    else:
        assert attempt < ATTEMPTS
        assert after >= timedelta(seconds=2)
        assert after >= timedelta(seconds=asked or 0) - timedelta(microseconds=1)
