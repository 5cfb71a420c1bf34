"""What is sent waits for its turn: within one process, and between processes on one PostgreSQL database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from graph.limits import MailboxLimit
from jobs import lease
from jobs.gates import PATIENCE, Gate, LocalThrottle, NotYet
from jobs.lease import Lease, LeaseLost
from jobs.retry import decide
from meetings.ports import CalendarFailure, Throttle
from storage.database import Storage
from storage.gates import SharedThrottle
from tests.storage.databases import Clock


@pytest.fixture
async def pair(storage: Storage, url: str, clock: Clock) -> AsyncIterator[tuple[Throttle, Throttle]]:
    """The throttles of two processes; of one, where there is only one."""
    if not storage.shared:
        local = LocalThrottle()
        yield local, local
        return
    other = Storage(url, clock=clock)
    yield SharedThrottle(storage), SharedThrottle(other)
    await other.close()


async def waits(throttle: Throttle, name: str, seconds: float, ahead: float) -> float | None:
    """Seconds until the turn; None when it was not taken."""
    taken, wait = await throttle.take(name, seconds, ahead)
    return round(wait) if taken else None


Pair = tuple[Throttle, Throttle]


async def test_turns_follow_each_other_by_their_distance(pair: Pair) -> None:
    one, other = pair
    assert [await waits(throttle, "board", 30, 100) for throttle in (one, other, one, other)] == [0, 30, 60, 90]
    assert await waits(other, "another board", 30, 100) == 0


async def test_a_turn_too_far_away_is_not_taken(pair: Pair) -> None:
    one, other = pair
    await one.take("board", 30, 0)
    taken, wait = await other.take("board", 30, 10)
    assert (taken, round(wait)) == (False, 30)
    assert await waits(one, "board", 30, 40) == 30, "what was refused took nothing"


async def test_who_was_asked_for_patience_holds_all_back_and_never_shortens_it(pair: Pair) -> None:
    one, other = pair
    await one.hold("board", 60)
    await one.hold("board", 5)
    assert await waits(other, "board", 1, 100) == 60
    await other.free("board")
    assert await waits(one, "board", 1, 0) == 0


async def test_at_once_from_two_processes_each_gets_a_turn_of_its_own(pair: Pair) -> None:
    taken = await asyncio.gather(*(waits(throttle, "board", 10, 1000) for _ in range(8) for throttle in pair))
    assert sorted(one for one in taken if one is not None) == [10 * number for number in range(16)]


# --- what passes through a gate ---


async def test_a_gate_lets_through_one_after_the_other_in_a_place_and_others_meanwhile(pair: Pair) -> None:
    loop = asyncio.get_running_loop()
    gates = [Gate(throttle, "post", 0.2) for throttle in pair]
    passed: list[tuple[str, float]] = []
    begun = loop.time()

    async def send(gate: Gate, place: str) -> None:
        async with gate.through("tenant", place):
            passed.append((place, loop.time() - begun))

    await asyncio.gather(*(send(gate, place) for gate in gates for place in ("a", "b")))
    for place in ("a", "b"):
        first, second = (at for name, at in passed if name == place)
        assert second - first >= 0.19


async def test_all_places_of_a_tenant_share_its_pace(pair: Pair) -> None:
    gate, other = (Gate(throttle, "post", 0.0, all_places=60.0) for throttle in pair)
    async with gate.through("tenant", "a"):
        pass
    async with gate.through("another tenant", "c"):
        pass
    with pytest.raises(NotYet):
        async with other.through("tenant", "b"):
            pass


async def test_who_would_wait_long_is_told_when_to_come_again_and_no_attempt_is_counted(pair: Pair) -> None:
    gate = Gate(pair[0], "post", 1.0)
    await pair[1].hold("post:board", PATIENCE + 55)
    with pytest.raises(NotYet) as told:
        async with gate.through("tenant", "board"):
            pass
    decision = decide(told.value, 12)
    assert decision.after is not None
    assert (round(decision.after.total_seconds()), decision.tried) == (PATIENCE + 55, False)


async def test_patience_that_was_asked_for_is_everybodys(pair: Pair) -> None:
    gate, other = (Gate(throttle, "post", 0.0) for throttle in pair)
    with pytest.raises(CalendarFailure):
        async with gate.through("tenant", "board"):
            raise CalendarFailure("429", retry_after=60)
    with pytest.raises(NotYet) as told:
        async with other.through("tenant", "board"):
            pass
    assert round(told.value.retry_after) == 60


async def test_nothing_passes_without_a_lease() -> None:
    held = Lease()
    lease.carry(held, 1)
    gate = Gate(LocalThrottle(), "post", 0.0)
    async with gate.through("tenant", "board"):
        pass
    held.holds_until(0.0)
    with pytest.raises(LeaseLost):
        async with gate.through("tenant", "board"):
            pass
    with pytest.raises(LeaseLost):
        async with MailboxLimit(before=lease.check).request():
            pass


# --- a mailbox ---


async def test_a_mailbox_has_four_places_for_all_processes(pair: Pair) -> None:
    limits = [MailboxLimit(throttle=throttle, mailbox="Sihteeri@example.org") for throttle in pair]
    inside, most = 0, 0

    async def ask(limit: MailboxLimit) -> None:
        nonlocal inside, most
        async with limit.request():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.05)
            inside -= 1

    await asyncio.gather(*(ask(limit) for _ in range(6) for limit in limits))
    assert most == 4


async def test_what_a_mailbox_bears_in_its_window_is_counted_together(pair: Pair) -> None:
    one, other = (MailboxLimit(most=3, window=600, throttle=throttle, mailbox="sihteeri@example.org") for throttle in pair)
    for limit in (one, other, one):
        async with limit.request():
            pass
    with pytest.raises(CalendarFailure, match="near") as refused:
        async with other.request():
            pass
    assert refused.value.transient
    assert refused.value.retry_after == pytest.approx(200, abs=2)


async def test_a_mailbox_that_asked_for_patience_is_left_alone_by_all(pair: Pair) -> None:
    one, other = (MailboxLimit(throttle=throttle, mailbox="sihteeri@example.org") for throttle in pair)
    with pytest.raises(CalendarFailure, match="429"):
        async with one.request():
            raise CalendarFailure("429", transient=True, retry_after=60)
    for limit in (one, other):
        with pytest.raises(CalendarFailure, match="near") as refused:
            async with limit.request():
                pass
        assert refused.value.retry_after == pytest.approx(60, abs=2)
