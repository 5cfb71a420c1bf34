"""One run: a meeting from set-up to approved minutes while its processes die, and the verdict on what is left of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.campaign.checker import Seen, judged
from tests.campaign.databases import Database
from tests.campaign.faults import LONG_PAUSE, STEPS, Faults, Strike
from tests.campaign.meeting import PHASES, Ledger, Meeting
from tests.campaign.outside import Calendars, Outside, WatchedChannel
from tests.campaign.replicas import Nursery, Replicas

# The bot comes up so long before a deadline, and lives through it.
BEFORE = 3.0
# Seconds in which nothing is to be done, before it is taken for the end.
STILL = 1.0
ONE = {"bot": ()}
TWO = {"first": (), "second": ()}


@dataclass
class Outcome:
    """What became of a run, as the table counts it. `planned` and `struck`: steps by name."""

    seed: int
    database: str
    number: int = 0
    seconds: float = 0.0
    planned: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    pauses: int = 0
    restarts: int = 0
    starts: int = 0
    resends: int = 0
    deeds: int = 0
    late: float = 0.0
    doubts: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, str]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return vars(self) | {name: dict(getattr(self, name)) for name in ("planned", "struck", "troubles", "doubts")}


def planned(seed: int, number: int, strikes: int, *, long_pause: bool) -> list[Strike]:
    """Every step has its turn: a run takes the next few of the list, each in a phase by chance; one of them may be a pause."""
    chance = random.Random(seed * 31 + number)  # noqa: S311  # to be repeated, not to be secret
    found = []
    for place in range(strikes):
        step = STEPS[(number * strikes + place) % len(STEPS)]
        short = chance.random() < 0.15 and not step.start and not step.drain
        found.append(Strike(step, chance.choice(step.phases), chance.uniform(0.5, 2.5) if short else 0.0))
    if long_pause:
        step = chance.choice([one for one in STEPS if one.row or (one.request and one.request[1] == "after")])
        found.append(Strike(step, chance.choice(step.phases), LONG_PAUSE))
    return found


async def run(
    folder: Path,
    database: Database,
    nursery: Nursery,
    seed: int,
    strikes: list[Strike],
    *,
    two: bool = False,
    cold: bool = False,
    troubles: bool = True,
    control: str = "",
    last: str = PHASES[-1],
    restart_in: str = "",
    beside: Nursery | None = None,
    longest: float = 900.0,
) -> Outcome:
    """`beside`: where the second of two processes comes from, if it is of another version. After `longest` seconds it is given up."""
    begun = time.time()
    chance = random.Random(seed)  # noqa: S311  # same
    outside, ledger, outcome = Outside(), Ledger(), Outcome(seed, database.name)
    outcome.planned = Counter(one.step.name for one in strikes)
    channel = WatchedChannel(outside)
    calendars = Calendars(outside, lambda: datetime.fromtimestamp(replicas.now, UTC))
    replicas = Replicas(nursery, folder, TWO if two else ONE, control, beside)
    outside.pids = replicas.pids
    offsets, reached = [(0.0, 0.0)], "start"
    await calendars.open()
    async with channel:
        faults = Faults(database, outside, channel, calendars, replicas, chance, strikes, troubles=troubles, restart_in=restart_in)

        async def phase(name: str) -> None:
            nonlocal reached
            reached = name
            moments = {"open": meeting.start + timedelta(minutes=2), "end": ledger.deadline - timedelta(seconds=BEFORE)}
            if name in moments:
                # What is to be struck is watched from before they come up: a slow machine may close the deadline while they do.
                await replicas.down()
                offsets.append((time.time(), moments[name].timestamp() - time.time()))
                await faults.arm(name)
                await replicas.at(offsets[-1][1])
            else:
                await faults.arm(name)

        replicas.environment |= {"PYKALA_LOCAL": "1", "DATABASE_URL": database.url, "GRAPH_BASE_URL": calendars.url}
        replicas.cold = cold
        meeting = Meeting(database, outside, channel, calendars, replicas, chance, ledger, phase)
        faults.board = meeting.board.id
        try:
            async with asyncio.timeout(longest):
                await faults.arm("start")
                await replicas.open()
                await replicas.ready()
                await meeting.live(last)
                # With a protection off it may never come to rest.
                await _at_rest(database, replicas.now, 15.0 if control else 90.0)
                await replicas.close()
        except BaseException as error:
            outcome.findings.append(("lost", f"in {reached}: {type(error).__name__}: {error}"))
            await faults.arm("over")
            await replicas.abandon()
            if not isinstance(error, Exception):
                raise
        else:
            seen = Seen(
                database,
                outside,
                ledger,
                replicas.breaks,
                await calendars.store.all("meeting"),
                await calendars.store.all("file"),
                meeting.board.id,
                {one.id: one.activity for one in channel.shown(meeting.board)},
                offsets,
            )
            verdict = judged(seen)
            outcome.findings += [(one.sort, one.text) for one in verdict.findings]
            outcome.doubts, outcome.late = verdict.doubts, verdict.late
    outcome.findings += [("broken", f"the run itself: {type(one).__name__}: {one}") for one in faults.failures]
    await calendars.close()
    kinds = Counter(one.kind for one in replicas.breaks)
    outcome.kills, outcome.pauses, outcome.restarts = kinds["kill"], kinds["pause"], kinds["database"]
    outcome.struck, outcome.troubles, outcome.starts = faults.struck, faults.troubles, replicas.starts
    outcome.resends, outcome.deeds, outcome.seconds = ledger.resends, len(ledger.deeds), time.time() - begun
    return outcome


async def _at_rest(database: Database, now: float, seconds: float) -> None:
    """Nothing is being done or due soon any more, for a while: one that was just woken may still write what is to follow. The reading of
    the calendar goes on for ever."""
    soon = datetime.fromtimestamp(now + 600, UTC).strftime("%Y-%m-%d %H:%M:%S")
    waits = f"(state = 'running' OR state = 'waiting' AND due_at < '{soon}')"
    left = f"SELECT kind, state, error FROM effect WHERE kind <> 'ReadAnswers' AND {waits}"  # noqa: S608
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    since = clock()
    while clock() < until:
        if not database.rows("SELECT 1 FROM meeting") or database.rows(left):
            since = clock()
        elif clock() - since > STILL:
            return
        await asyncio.sleep(0.1)
