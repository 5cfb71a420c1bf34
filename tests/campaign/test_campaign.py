"""The campaign in short: one meeting on each database while its processes die at named steps, and what the checker says with a protection
switched off. The long one is `make campaign`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.campaign.campaign import Outcome, run
from tests.campaign.controls import CONTROLS
from tests.campaign.databases import PostgreSQL, Server, SQLite
from tests.campaign.faults import LONG_PAUSE, STEPS, Step, Strike
from tests.campaign.replicas import LIBFAKETIME, Nursery

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        LIBFAKETIME is None and not os.environ.get("PYKALA_REQUIRE_ALL"), reason="no libfaketime on this machine: apt-get install faketime"
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    async with Nursery() as opened:
        yield opened


def step(name: str, phase: str) -> Step:
    return next(one for one in STEPS if one.name == name and phase in one.phases)


def at(*struck: tuple[str, str]) -> list[Strike]:
    return [Strike(step(name, phase), phase) for phase, name in struck]


async def test_a_meeting_loses_nothing_and_does_nothing_twice_while_its_processes_die(nursery: Nursery, tmp_path: Path) -> None:
    """On SQLite the one process is killed at eight steps; on PostgreSQL one of two is stopped for longer than its lease, another killed,
    and the server too."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    server = Server()
    database = PostgreSQL(server)
    killed = at(
        ("start", "migrating"),
        ("plan", "event made, id not yet kept"),
        ("publish", "rendering documents"),
        ("answer", "told, not yet noted"),
        ("open", "turn committed, not yet answered"),
        ("minutes", "letter sent, not yet noted"),
        ("comment", "draining"),
        ("end", "deadline closed, nothing followed yet"),
    )
    stopped = [Strike(step("posted, id not yet kept", "open"), "open", LONG_PAUSE), *at(("minutes", "at no step"))]
    try:
        one, two = await asyncio.gather(
            run(tmp_path / "one", SQLite(tmp_path / "one"), nursery, 1, killed, cold=True),
            run(tmp_path / "two", database, nursery, 2, stopped, two=True, restart_in="record"),
        )
    finally:
        database.close()
        server.close()
    assert (one.findings, two.findings) == ([], [])
    assert set(one.struck) == {strike.step.name for strike in killed}
    assert min(two.pauses, two.restarts, two.kills) >= 1


WANTED = {
    "turn_keys_ignored": ("doubled", "in the journal more often"),
    "taken_back_while_they_run": ("doubled", "was made twice"),
    "transaction_id_changes": ("doubled", "events in the calendar"),
    "lanes_backwards": ("order", "in lane board:"),
}


async def test_the_checker_cries_when_a_protection_is_switched_off(nursery: Nursery, tmp_path: Path) -> None:
    """The first phases of a meeting, with each protection off and with all on; what is not reached by then is lost in each."""
    names = ["", *CONTROLS]
    made = at(("plan", "event made, id not yet kept"))

    async def short(name: str) -> Outcome:
        folder = tmp_path / f"with{name}"
        folder.mkdir()
        strikes = made if name in {"", "transaction_id_changes"} else []
        # Of the board two parts change at once when the meeting is opened.
        last = "open" if name in {"", "lanes_backwards"} else "publish"
        return await run(folder, SQLite(folder), nursery, 5, strikes, troubles=False, control=name, last=last)

    found = dict(zip(names, [await short(name) for name in names], strict=True))
    told = {name: [one for one in outcome.findings if one[0] != "lost"] for name, outcome in found.items()}
    assert told.pop("") == []
    assert set(told) == set(WANTED)
    for name, (sort, words) in WANTED.items():
        assert any(one[0] == sort and words in one[1] for one in told[name]), (name, found[name].findings)
