"""What an administrator does about dead effects, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from meetings.effects import RefreshBoard, Tell
from storage import outbox
from storage.database import Storage
from storage.dead import Listed, NotDead, drop, listed, revive
from storage.outbox import DEAD, DONE, DROPPED, WAITING
from storage.tables import effect
from tests.jobs.test_runner import later
from tests.storage.databases import Clock

FIRST, SECOND = RefreshBoard("m", "meeting"), RefreshBoard("m", "roll")


@pytest.fixture
async def parked(storage: Storage, clock: Clock) -> Storage:
    """The first of a lane has ended its process again and again; another waits behind it."""
    await later(storage, FIRST, SECOND)
    for _ in range(outbox.CRASHES):
        clock.now += outbox.UNHEARD
        await storage.execute(lambda connection, now: outbox.claim(connection, now, 8))
        await storage.execute(lambda connection, now: outbox.rescue(connection, now, outbox.ATTEMPTS))
    assert await _claimed(storage) == []
    clock.passes(hours=1)
    return storage


async def _claimed(storage: Storage) -> list[object]:
    return [one.effect for one in await storage.execute(lambda connection, now: outbox.claim(connection, now, 8))]


async def _rows(storage: Storage) -> dict[int, tuple[str, int, int, object]]:
    query = select(effect.c.seq, effect.c.state, effect.c.attempts, effect.c.crashes, effect.c.due_at)
    return {row.seq: tuple(row)[1:] for row in await storage.look(lambda connection, _now: connection.execute(query).all())}


async def test_a_list_has_ids_and_what_happened(parked: Storage, clock: Clock) -> None:
    (dead,) = await parked.look(lambda connection, _now: listed(connection, (DEAD,)))
    due = clock.now - timedelta(hours=1)
    assert dead == Listed(dead.seq, "RefreshBoard", "board:m", due, DEAD, 5, 5, "the process ended each time it ran")


async def test_a_retried_one_is_tried_at_once_as_if_for_the_first_time_and_before_those_behind_it(parked: Storage, clock: Clock) -> None:
    (dead,) = await parked.look(lambda connection, _now: listed(connection, (DEAD,)))
    await parked.execute(lambda connection, now: revive(connection, now, [dead.seq]))
    assert (await _rows(parked))[dead.seq] == (WAITING, 0, 0, clock.now)
    assert await _claimed(parked) == [FIRST]
    await parked.execute(lambda connection, now: outbox.finish(connection, now, dead.seq, ""))
    assert await _claimed(parked) == [SECOND]


async def test_a_dropped_one_lets_its_lane_go_on_and_is_forgotten_later(parked: Storage, clock: Clock) -> None:
    (dead,) = await parked.look(lambda connection, _now: listed(connection, (DEAD,)))
    await parked.execute(lambda connection, now: drop(connection, now, [dead.seq]))
    assert (await _rows(parked))[dead.seq][0] == DROPPED
    assert await _claimed(parked) == [SECOND]
    await parked.execute(outbox.forget)
    assert dead.seq in await _rows(parked)
    clock.passes(days=1)
    await parked.execute(outbox.forget)
    assert dead.seq not in await _rows(parked)


async def test_where_a_newer_one_waits_that_one_does_the_work(parked: Storage, clock: Clock) -> None:
    (dead,) = await parked.look(lambda connection, _now: listed(connection, (DEAD,)))
    await parked.run(lambda tx: tx.later(FIRST, due=clock.now + timedelta(days=1)))
    await parked.execute(lambda connection, now: revive(connection, now, [dead.seq]))
    rows = await _rows(parked)
    assert rows.pop(dead.seq)[0] == DONE
    assert list(rows.values()) == [
        (WAITING, 0, 0, clock.now - timedelta(hours=1) - outbox.CRASHES * outbox.UNHEARD),
        (WAITING, 0, 0, clock.now),
    ]
    assert await _claimed(parked) == [SECOND]


@pytest.mark.parametrize("act", [revive, drop])
async def test_of_several_all_are_dead_or_nothing_is_done(parked: Storage, act: object) -> None:
    await parked.run(lambda tx: tx.later(Tell("1", "p", "minutes_ready")))
    await parked.execute(lambda connection, _now: connection.execute(update(effect).where(effect.c.kind == "Tell").values(state=DONE)))
    before = await _rows(parked)
    dead, waiting, done = sorted(before)
    with pytest.raises(NotDead) as refused:
        await parked.execute(lambda connection, now: act(connection, now, [dead, waiting, done, 99]))  # type: ignore[operator]
    assert str(refused.value).splitlines() == [
        "There is no effect 99.",
        f"Effect {waiting} is not dead: it is waiting.",
        f"Effect {done} is not dead: it is done.",
    ]
    assert await _rows(parked) == before
