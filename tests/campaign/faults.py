"""What goes wrong in a run: which step is struck in which phase, what the channel and Graph answer, when the database goes. All by seed."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from signal import SIGTERM
from typing import Any

from tests.campaign.databases import Database, PostgreSQL
from tests.campaign.outside import Calendars, Outside, Trap, WatchedChannel, When
from tests.campaign.replicas import Break, Replica, Replicas
from tests.standins.channel import Trouble

# Longer than a process may be silent before the others take over what it was doing.
LONG_PAUSE = 18.0


@dataclass(frozen=True, slots=True)
class Step:
    """A moment at which a process can die, and the phases it comes in. Of the four ways to see it one is given: a request (server, when,
    method, part of the path, and for the channel whether to a person or the board), a row that appears, a start, or a time of no plan."""

    name: str
    phases: tuple[str, ...]
    request: tuple[str, When, str, str] | None = None
    to: str = ""
    row: str = ""
    start: bool = False
    drain: bool = False


_POSTED: tuple[str, When, str, str] = ("channel", "after", "POST", "/activities")
_UPDATED: tuple[str, When, str, str] = ("channel", "after", "PUT", "/activities")
_RUNNING = "SELECT 1 FROM effect WHERE state = 'running' AND kind = '{}'"
_JOURNALLED = "SELECT 1 FROM journal WHERE command = '{}'"
BOARD = ("plan", "publish", "open", "record", "minutes", "end")
STEPS = (
    Step("committed, not yet posted", ("plan", "open", "minutes", "end"), ("channel", "before", "POST", "/activities"), to="board"),
    Step("posted, id not yet kept", ("plan", "open", "minutes", "end"), _POSTED, to="board"),
    Step("committed, not yet updated", BOARD, ("channel", "before", "PUT", "/activities")),
    Step("updated, not yet noted", BOARD, _UPDATED),
    Step("committed, not yet told", ("answer", "comment", "end"), ("channel", "before", "POST", "/activities"), to="person"),
    Step("told, not yet noted", ("answer", "comment", "end"), _POSTED, to="person"),
    Step("claimed, not yet begun", ("plan", "open", "record", "minutes", "end"), row=_RUNNING.format("RefreshBoard")),
    Step("event asked for, not yet made", ("plan",), ("graph", "before", "POST", "/events")),
    Step("event made, id not yet kept", ("plan",), ("graph", "after", "POST", "/events")),
    Step("event changed, not yet noted", ("publish", "answer"), ("graph", "after", "PATCH", "/events")),
    Step("uploading", ("publish", "minutes", "end"), ("graph", "before", "PUT", "/drives/")),
    Step("uploaded, link not yet kept", ("publish", "minutes", "end"), ("graph", "after", "PUT", "/drives/")),
    Step("rendering documents", ("publish", "minutes", "end"), row=_RUNNING.format("RenderDocuments")),
    Step("letter not yet sent", ("publish", "minutes", "end"), ("graph", "before", "POST", "/sendMail")),
    Step("letter sent, not yet noted", ("publish", "minutes", "end"), ("graph", "after", "POST", "/sendMail")),
    Step("answers read, not yet taken", ("answer",), ("graph", "after", "GET", "/calendarView/delta")),
    Step("answers taken, link not yet kept", ("answer",), row=_JOURNALLED.format("take_answers")),
    Step("members read, not yet kept", ("set_up",), ("channel", "after", "GET", "/pagedmembers")),
    Step("turn committed, not yet answered", ("plan",), row=_JOURNALLED.format("plan_meeting")),
    Step("turn committed, not yet answered", ("publish",), row=_JOURNALLED.format("publish_agenda")),
    Step("turn committed, not yet answered", ("open",), row=_JOURNALLED.format("sign_in")),
    Step("turn committed, not yet answered", ("comment",), row=_JOURNALLED.format("answer_no_comments")),
    Step("deadline closing", ("end",), row=_RUNNING.format("EndRound")),
    Step("deadline closed, nothing followed yet", ("end",), row=_JOURNALLED.format("end_round")),
    Step("migrating", ("start",), start=True),
    Step("starting and taking back", ("answer", "record", "comment"), start=True),
    Step("draining", ("plan", "record", "comment"), drain=True),
    Step("at no step", ("set_up", "plan", "publish", "answer", "open", "record", "minutes", "comment", "end")),
)
NAMED = tuple(dict.fromkeys(one.name for one in STEPS))


@dataclass(frozen=True, slots=True)
class Strike:
    """A step to be struck in a phase. `pause`: seconds the process is stopped for; 0: it is killed."""

    step: Step
    phase: str
    pause: float = 0.0


class Faults:
    """`arm` is called before each phase; what was planned for it is set up then."""

    def __init__(
        self,
        database: Database,
        outside: Outside,
        channel: WatchedChannel,
        calendars: Calendars,
        replicas: Replicas,
        chance: random.Random,
        strikes: list[Strike],
        *,
        troubles: bool = True,
        restart_in: str = "",
    ) -> None:
        self._database = database
        self._outside = outside
        self._channel = channel
        self._calendars = calendars
        self._replicas = replicas
        self._chance = chance
        self._strikes = strikes
        self._with_troubles = troubles
        self._restart_in = restart_in
        self.board = ""
        self.troubles: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        # What went wrong with going wrong: such a run has proved nothing.
        self.failures: list[Exception] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False

    async def arm(self, phase: str) -> None:
        if phase == "over":
            await self._calm()
            return
        for strike in [one for one in self._strikes if one.phase == phase]:
            self._set(strike)
        if self._with_troubles and phase != "start":
            await self._trouble()
            if isinstance(self._database, PostgreSQL) and (phase == self._restart_in or self._chance.random() < 0.12):
                self._task(self._restart(self._database), "database")

    async def _calm(self) -> None:
        """No more of it: what was planned and did not come is let go, what is stopped is woken."""
        self._over = True
        self._outside.traps.clear()
        self._channel.troubles.clear()
        await self._calendars.calm()
        for task in list(self._tasks):
            if task.get_name() == "waiting":
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- strikes ---

    def _set(self, strike: Strike) -> None:
        step = strike.step

        async def spring(pid: int) -> None:
            await self._hit(strike, self._replicas.by_pid(pid))

        if step.request is not None:
            server, when, method, path = step.request
            self._outside.traps.append(Trap(server, when, method, path, spring, self._to(step), refuses=not strike.pause))
        elif step.row:
            self._task(self._when_row(strike), "waiting")
        elif step.start:
            self._replicas.at_next_start(lambda one: self._after_a_while(strike, one))
            if strike.phase != "start":
                self._task(self._hit_later(Strike(Step("before a start", ()), strike.phase), 0.3), "waiting")
        elif step.drain:
            self._task(self._drain(strike), "waiting")
        else:
            self._task(self._hit_later(strike, self._chance.uniform(0.0, 1.5)), "waiting")

    def _to(self, step: Step) -> Callable[[Any, dict[str, Any]], bool]:
        """To the board, or to a person without being asked."""

        def fits(path: str, body: dict[str, Any]) -> bool:
            on_board = self.board in path
            return not step.to or (on_board if step.to == "board" else not on_board and not body.get("replyToId"))

        return fits

    async def _when_row(self, strike: Strike) -> None:
        before = len(self._database.rows(strike.step.row))
        while (now := len(self._database.rows(strike.step.row))) <= before:
            before = now
            await asyncio.sleep(0.004)
        await self._hit(strike, None)

    async def _hit_later(self, strike: Strike, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._hit(strike, self._chance.choice(self._replicas.all))

    async def _after_a_while(self, strike: Strike, one: Replica) -> None:
        """From its birth until it has long taken back what was left."""
        await asyncio.sleep(self._chance.uniform(0.02, 0.8))
        await self._hit(strike, one)

    async def _drain(self, strike: Strike) -> None:
        await asyncio.sleep(self._chance.uniform(0.05, 0.5))
        one = self._chance.choice(self._replicas.all)
        pid = one.pid
        self._replicas.signal(one, SIGTERM)
        self._replicas.breaks.append(Break("stop", strike.step.name, pid, time.time(), time.time()))
        await asyncio.sleep(self._chance.uniform(0.0, 0.3))
        self.struck[strike.step.name] += 1
        if one.pid == pid:
            self._replicas.kill(one, strike.step.name)

    async def _hit(self, strike: Strike, one: Replica | None) -> None:
        """`one` None: whoever did it, so all of them."""
        if self._over:
            return
        hit = [one] if one is not None else [each for each in self._replicas.all if each.pid]
        if not hit:
            return
        self.struck[strike.step.name] += 1
        for each in hit if not strike.pause else hit[:1]:
            if strike.pause:
                self._task(self._replicas.pause(each, strike.step.name, strike.pause), "pause")
                await asyncio.sleep(0)
            else:
                self._replicas.kill(each, strike.step.name)

    def _task(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(failure := task.exception(), Exception):
            self.failures.append(failure)

    # --- the others' troubles ---

    async def _trouble(self) -> None:
        """Sometimes, of some kind, for the next few requests."""
        if self._chance.random() < 0.5:
            kind, trouble = self._chance.choice(_CHANNEL)
            self._channel.troubles.append(trouble())
            self.troubles[f"Teams {kind}"] += 1
        if self._chance.random() < 0.4:
            kind, fault = self._chance.choice(_GRAPH)
            await self._calendars.fault(**fault)
            self.troubles[f"Graph {kind}"] += 1

    async def _restart(self, database: PostgreSQL) -> None:
        await asyncio.sleep(self._chance.uniform(0.0, 1.0))
        begun, up = await database.server.restart(self._chance.uniform(0.1, 0.8))
        self._replicas.breaks.append(Break("database", "database restarted", 0, begun, up))


_CHANNEL: tuple[tuple[str, Callable[[], Trouble]], ...] = (
    ("429", lambda: Trouble(429, retry_after="1", times=2)),
    ("5xx", lambda: Trouble(502, times=2)),
    ("5xx", lambda: Trouble(500, times=1)),
    ("slow", lambda: Trouble(delay=1.5, times=2)),
    ("drop after commit", lambda: Trouble(drop_after_commit=True, method="PUT")),
    ("drop after commit", lambda: Trouble(drop_after_commit=True, method="POST")),
)
_GRAPH: tuple[tuple[str, dict[str, object]], ...] = (
    ("429", {"status": 429, "code": "ApplicationThrottled", "retry_after": "1", "times": 2}),
    ("5xx", {"status": 503, "times": 1}),
    ("5xx", {"status": 500, "times": 1, "after": True}),
    ("slow", {"delay": 1.5, "times": 2}),
    ("drop after commit", {"drop": True, "after": True, "times": 1}),
)
