"""A clock that jumps ends no round early and keeps nothing waiting, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

import jobs.runner
from jobs.runner import Runner
from jobs.steady import HOLD, Steady
from meetings.effects import EndRound, RefreshBoard, Tell
from storage import outbox
from storage.database import Storage
from tests.jobs.test_runner import Log, later, until
from tests.storage.databases import Clock


class Ticks:
    """Time that no correction moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Machine:
    """A clock and the time that really passes."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.ticks = clock, Ticks()
        self.steady = Steady(clock, self.ticks)

    def passes(self, seconds: float) -> None:
        self.clock.passes(seconds=seconds)
        self.ticks.seconds += seconds


@pytest.fixture
def machine(clock: Clock) -> Machine:
    return Machine(clock)


def test_time_that_passes_is_no_jump(machine: Machine) -> None:
    for seconds in (0.02, 5, 3600, 86400):
        machine.passes(seconds)
        machine.clock.passes(seconds=2)
        assert (machine.steady.look(), machine.steady.trusted) == (0, True)


def test_a_jump_is_believed_after_a_while(machine: Machine) -> None:
    machine.clock.passes(days=1)
    assert (machine.steady.look(), machine.steady.trusted) == (86400, False)
    machine.passes(HOLD - 1)
    assert (machine.steady.look(), machine.steady.trusted) == (0, False)
    machine.passes(1)
    assert (machine.steady.look(), machine.steady.trusted) == (0, True)
    machine.clock.passes(hours=-1)
    assert (machine.steady.look(), machine.steady.trusted) == (-3600, False)


def test_one_that_is_taken_back_is_believed_at_once(machine: Machine) -> None:
    machine.clock.passes(days=1)
    machine.steady.look()
    machine.passes(120)
    machine.clock.passes(days=-1)
    assert (machine.steady.look(), machine.steady.trusted) == (-86400, True)


@pytest.fixture
async def lines(storage: Storage, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Log]:
    """What a runner on that machine does."""
    monkeypatch.setattr(jobs.runner, "POLL", 0.02)
    log = Log()
    runner = Runner(storage, dict.fromkeys(outbox.KINDS.values(), log), steady=machine.steady)
    await runner.start()
    yield log
    await runner.stop()


async def _ended(log: Log, *keys: str) -> None:
    await until(lambda: log.ended == list(keys))


async def test_a_day_ahead_for_a_moment_ends_no_round(storage: Storage, machine: Machine, lines: Log) -> None:
    await later(storage, EndRound("m", "r"), due=machine.clock.now + timedelta(hours=12))
    machine.clock.passes(days=1)
    # What has to be done anyway goes on meanwhile; it also shows that the runner has looked.
    await later(storage, RefreshBoard("m", "meeting"))
    await _ended(lines, "board:m:meeting")
    await later(storage, RefreshBoard("m", "roll"))
    await _ended(lines, "board:m:meeting", "board:m:roll")
    machine.clock.passes(days=-1)
    await later(storage, RefreshBoard("m", "minutes"))
    await _ended(lines, "board:m:meeting", "board:m:roll", "board:m:minutes")
    machine.passes(13 * 3600)
    await _ended(lines, "board:m:meeting", "board:m:roll", "board:m:minutes", "end:r")


async def test_a_clock_that_was_put_right_by_a_day_is_believed_in_the_end(storage: Storage, machine: Machine, lines: Log) -> None:
    await later(storage, EndRound("m", "r"), due=machine.clock.now + timedelta(hours=12))
    machine.clock.passes(days=1)
    await later(storage, RefreshBoard("m", "meeting"))
    await _ended(lines, "board:m:meeting")
    machine.passes(HOLD)
    await _ended(lines, "board:m:meeting", "end:r")


async def test_what_was_written_while_the_clock_was_ahead_does_not_wait_for_that_time(
    storage: Storage, machine: Machine, lines: Log
) -> None:
    machine.clock.passes(days=1)
    ahead = machine.clock.now
    machine.clock.passes(days=-1)
    await later(storage, Tell("1", "p", "minutes_ready"), RefreshBoard("m", "meeting"), due=ahead)
    await later(storage, EndRound("m", "r"), due=ahead)
    machine.clock.passes(days=1)
    await until(lambda: not machine.steady.trusted)
    machine.clock.passes(days=-1)
    await _ended(lines, "tell:1", "board:m:meeting")
