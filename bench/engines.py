"""Engine: the effect table beside Procrastinate, on one PostgreSQL that waits for its disk.

The same effects, lanes and handlers, two worker processes each, eight effects at once in each process. What is measured in rounds is
interleaved, and shown as medians. "our SQL" is Procrastinate with statements and a trigger of ours on its tables, "as is" its public calls
alone (bench/on_procrastinate.py). ADR 0013 draws on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text

from bench import on_procrastinate
from bench.engine_worker import FAILS
from bench.processes import ROOT, Server, cpu_seconds, database_server
from bench.report import Table
from meetings.effects import Effect, EndRound, RefreshBoard, SyncEvent, Tell
from storage import outbox
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.wakes import wake

Wanted = Sequence[tuple[Effect, datetime | None]]
Write = Callable[[Connection, Wanted], None]
# What was measured, then own, Procrastinate with our SQL, Procrastinate as is.
Row = tuple[str, ...]
# Lease and beat where processes are killed and paused: the same on both sides.
SHORT = (5.0, 1.0)
MOVED = timedelta(hours=1)


def write_own(connection: Connection, wanted: Wanted) -> None:
    """As `Storage.run` does."""
    now = datetime.now(UTC)
    if outbox.write(connection, now, [(one, due or now) for one, due in wanted]):
        wake(connection)


def plainly(connection: Connection, wanted: Wanted) -> None:
    """No key: a second job beside the first."""
    on_procrastinate.defer(connection, wanted, keyed=False)


def with_savepoint(connection: Connection, wanted: Wanted) -> None:
    """The error of a key that waits would end our transaction, so each goes alone inside a savepoint."""
    for one in wanted:
        with contextlib.suppress(AlreadyEnqueued), connection.begin_nested():
            on_procrastinate.defer(connection, [one])


@dataclass(frozen=True, slots=True)
class Side:
    """An engine: how a transaction writes effects and a worker claims one; its tables; SQL for how many workers are up and which keys of
    `Tell` are over; lease and beat by default."""

    name: str
    write: Write
    claim: Callable[[Connection], object]
    tables: tuple[str, ...]
    workers: str
    over: str
    lease: tuple[float, float]


OWN = Side(
    "own",
    write_own,
    lambda connection: outbox.claim(connection, datetime.now(UTC), 1),
    ("effect",),
    "SELECT count(*) FROM worker",
    "SELECT key FROM effect WHERE state IN ('done', 'dead')",
    (15.0, 3.0),
)
THEIRS = Side(
    "procrastinate",
    on_procrastinate.write,
    lambda connection: connection.execute(text("SELECT id FROM procrastinate_fetch_job_v2(NULL, NULL) WHERE id IS NOT NULL")).first(),
    ("procrastinate_jobs", "procrastinate_events"),
    "SELECT count(*) FROM procrastinate_workers",
    "SELECT 'tell:' || ((args ->> 'payload')::json ->> 'id') FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing')",
    (30.0, 10.0),
)
SIDES = (OWN, THEIRS)


def tell(number: int, lane: str, milliseconds: int | str = 5) -> Tell:
    return Tell(f"{lane}.{number}", lane, str(milliseconds))


def _in_lanes(name: str, jobs: int) -> Wanted:
    """In a tenth as many lanes, by turns."""
    lanes = jobs // 10
    return [(tell(job // lanes, f"{name}-{job % lanes}"), None) for job in range(jobs)]


# --- databases ---


class Databases:
    """As many as are wanted on a server, each with the empty tables of both sides."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._url = make_url(server.url)
        engine = open_engine(server.url)
        upgrade(engine)
        with engine.begin() as connection:
            on_procrastinate.prepare(connection)
        engine.dispose()

    @contextlib.contextmanager
    def one(self) -> Iterator[str]:
        """A new one, by its address."""
        name = f"bench_{uuid.uuid4().hex}"
        administering = create_engine(self._url.set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with administering.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE {name} TEMPLATE "{self._url.database}"')
        try:
            yield self._url.set(database=name).render_as_string(hide_password=False)
        finally:
            with administering.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


# --- workers and their log ---


@dataclass(frozen=True, slots=True)
class Line:
    """What a handler did. `at` in seconds."""

    what: str
    key: str
    pid: int
    at: float


class Workers:
    """The two processes of a side on a database, with the log of what they did."""

    def __init__(self, side: Side, url: str, log: Path, lease: tuple[float, float]) -> None:
        self.side = side
        self.engine = open_engine(url)
        self.processes: list[asyncio.subprocess.Process] = []
        self._arguments = (side.name, url, str(log), *map(str, lease))
        log.touch()
        self._log = log.open()
        self._lines: list[Line] = []

    async def start(self) -> None:
        for _ in range(2):
            await self._one_more()
        await self.until(lambda: self.asked(self.side.workers)[0] == 2, 30)
        await asyncio.sleep(1)  # Procrastinate listens a little after it has said that it is there

    async def stop(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(asyncio.wait_for(process.wait(), 30) for process in self.processes))
        self.engine.dispose()
        self._log.close()

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        process.kill()
        await process.wait()
        self.processes.remove(process)

    async def restart(self) -> None:
        """SIGKILL both and start two new ones."""
        await asyncio.gather(*(self.kill(process) for process in list(self.processes)))
        for _ in range(2):
            await self._one_more()

    async def _one_more(self) -> None:
        self.processes.append(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bench.engine_worker",
                *self._arguments,
                cwd=ROOT,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        )

    def write(self, wanted: Wanted) -> float:
        """In one transaction; when it was committed."""
        with self.engine.begin() as connection:
            self.side.write(connection, wanted)
        return time.time()

    def asked(self, query: str) -> list[object]:
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(query).scalars())

    def lines(self) -> list[Line]:
        """What the handlers have done so far; each line is written at once."""
        for what, key, pid, at in map(str.split, self._log):
            self._lines.append(Line(what, key, int(pid), int(at) / 1e9))
        return self._lines

    def done(self) -> int:
        """How many different effects were carried out."""
        return len({line.key for line in self.lines() if line.what == "end"})

    async def until(self, true: Callable[[], bool], seconds: float, pause: float = 0.01) -> bool:
        """Whether it came true in that time; looked at again after each pause."""
        over = time.monotonic() + seconds
        while not true():
            if time.monotonic() > over:
                return False
            await asyncio.sleep(pause)
        return True

    def cpu(self) -> float:
        """Seconds of both so far."""
        return sum(cpu_seconds(process.pid) for process in self.processes)


@contextlib.asynccontextmanager
async def workers(databases: Databases, side: Side, lease: tuple[float, float] | None = None) -> AsyncIterator[Workers]:
    with databases.one() as url, tempfile.TemporaryDirectory() as folder:
        crew = Workers(side, url, Path(folder) / "log", lease or side.lease)
        await crew.start()
        try:
            yield crew
        finally:
            await crew.stop()


# --- what is measured: each gives rows of (what, own, Procrastinate with our SQL, Procrastinate as is) ---


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds a turn: of waiting, of our CPU, of the server's CPU."""

    latency: float
    client: float
    server: float


def _turns(databases: Databases, engine: Engine, write: Write | None, turns: Sequence[Wanted]) -> Cost:
    """Each turn writes its key as every turn does, and its effects in the same transaction."""
    turn_row = text("INSERT INTO turn (key, at) VALUES (:key, now())")
    latencies = []
    cpu, process = databases.server.cpu(), time.process_time()
    for wanted in turns:
        started = time.perf_counter()
        with engine.begin() as connection:
            connection.execute(turn_row, {"key": uuid.uuid4().hex})
            if write is not None:
                write(connection, wanted)
        latencies.append(time.perf_counter() - started)
    process, cpu = time.process_time() - process, databases.server.cpu() - cpu
    return Cost(statistics.median(latencies) * 1000, process * 1000 / len(turns), cpu * 1000 / len(turns))


def deferring(databases: Databases, rounds: int, turns: int) -> list[Row]:
    """A turn with three new effects, less the same turn without any."""
    contenders: dict[str, Write | None] = {"none": None, "own": OWN.write, "sql": THEIRS.write, "plain": plainly}
    costs: dict[str, list[Cost]] = defaultdict(list)
    with contextlib.ExitStack() as stack:
        engines = {name: open_engine(stack.enter_context(databases.one())) for name in contenders}
        for engine in engines.values():
            stack.callback(engine.dispose)
        for number in range(rounds + 1):
            for name, write in contenders.items():
                ids = [f"{number}-{turn}" for turn in range(turns if number else turns // 5)]
                wanted: list[Wanted] = [[(RefreshBoard(one, "roll"), None), (SyncEvent(one), None), (tell(0, one), None)] for one in ids]
                cost = _turns(databases, engines[name], write, wanted)
                if number:
                    costs[name].append(cost)

    def beyond(name: str, part: str) -> str:
        pairs = zip(costs[name], costs["none"], strict=True)
        return f"{statistics.median(getattr(one, part) - getattr(bare, part) for one, bare in pairs):.2f}"

    parts = {"latency": "waiting", "client": "CPU of the bot", "server": "CPU of the server"}
    return [
        (f"3 effects in a turn: {words}, ms", *(beyond(name, part) for name in ("own", "sql", "plain"))) for part, words in parts.items()
    ]


def repeating(databases: Databases, times: int) -> list[Row]:
    """One key written again and again while it waits, and timers moved ten a transaction; what is left in the tables."""
    same = [[(RefreshBoard("meeting", "roll"), None)] for _ in range(times)]
    timers = [EndRound("meeting", f"round-{number}") for number in range(times)]
    soon = datetime.now(UTC) + MOVED

    def tens(due: datetime) -> list[Wanted]:
        return [[(one, due) for one in timers[start : start + 10]] for start in range(0, times, 10)]

    cells: dict[str, list[str]] = defaultdict(list)
    for side, write in ((OWN, OWN.write), (THEIRS, THEIRS.write), (THEIRS, None)):
        for what, first, again, as_is in (
            (f"{times} writes of one waiting key", same[:1], same, with_savepoint),
            (f"{times} timers moved, ten a turn", tens(soon), tens(soon + MOVED), plainly),
        ):
            with databases.one() as url:
                engine = open_engine(url)
                writing = write or as_is
                _turns(databases, engine, writing, first)
                before = _sizes(engine, side)
                cost = _turns(databases, engine, writing, again)
                after = _sizes(engine, side)
                engine.dispose()
            each = len(again) / times
            cells[f"{what}: waiting, ms each"].append(f"{cost.latency * each:.2f}")
            cells[f"{what}: CPU of bot + server, ms each"].append(f"{cost.client * each:.2f} + {cost.server * each:.2f}")
            cells[f"{what}: rows left"].append(" + ".join(str(rows) for rows, _ in after))
            grown = sum(size for _, size in after) - sum(size for _, size in before)
            cells[f"{what}: tables grown by, KiB"].append(f"{grown / 1024:.0f}")
    return [(what, *row) for what, row in cells.items()]


def _sizes(engine: Engine, side: Side) -> list[tuple[int, int]]:
    """Rows and bytes of each table, with its indexes."""
    with engine.connect() as connection:
        return [
            tuple(connection.exec_driver_sql(f"SELECT (SELECT count(*) FROM {table}), pg_total_relation_size('{table}')").one())  # noqa: S608
            for table in side.tables
        ]


def racing(databases: Databases, times: int) -> list[Row]:
    """A change is absorbed by a job that waits; before it is committed a worker asks for work. What it gets shows the state before."""
    cells = []
    for side, write in ((OWN, OWN.write), (THEIRS, THEIRS.write), (THEIRS, with_savepoint)):
        early = 0
        with databases.one() as url:
            engine = open_engine(url)
            for number in range(times):
                wanted: Wanted = [(tell(number, f"l{number}"), None)]
                with engine.begin() as connection:
                    write(connection, wanted)
                with engine.connect() as changing, engine.connect() as working:
                    write(changing, wanted)
                    early += bool(side.claim(working))
                    working.rollback()
                    changing.commit()
                with engine.begin() as connection:
                    side.claim(connection)
            engine.dispose()
        cells.append(f"{early} of {times}")
    return [("changes absorbed by a job that had already begun: lost", cells[0], cells[1], cells[2])]


async def starting(crews: Sequence[Workers], times: int) -> list[Row]:
    """From the commit to the handler, with idle workers."""
    delays: dict[str, list[float]] = defaultdict(list)
    for number in range(times):
        for crew in crews:
            one = tell(number, f"start{number}")
            committed = await asyncio.to_thread(crew.write, [(one, None)])
            await crew.until(lambda crew=crew, one=one: any(line.key == one.key and line.what == "end" for line in crew.lines()), 10)  # type: ignore[misc]
            delays[crew.side.name] += [line.at - committed for line in crew.lines() if line.key == one.key and line.what == "begin"]
    return [_spread("commit → begun, ms: p50 / p95", delays)]


async def due(crews: Sequence[Workers], times: int, within: float) -> list[Row]:
    """How late a timer is, with idle workers."""
    at = {f"tell:due{number}.0": time.time() + 1 + within * number / times for number in range(times)}
    wanted = [(tell(0, f"due{number}"), datetime.fromtimestamp(moment, UTC)) for number, moment in enumerate(at.values())]
    delays: dict[str, list[float]] = {}
    for crew in crews:
        await asyncio.to_thread(crew.write, wanted)
    for crew in crews:
        await crew.until(lambda crew=crew: at.keys() <= {line.key for line in crew.lines()}, within + 15)  # type: ignore[misc]
        delays[crew.side.name] = [line.at - at[line.key] for line in crew.lines() if line.what == "begin" and line.key in at]
    return [_spread("a timer is late by, ms: p50 / p95", delays)]


def _spread(what: str, delays: dict[str, list[float]]) -> Row:
    def words(values: list[float]) -> str:
        return f"{statistics.median(values) * 1000:.0f} / {statistics.quantiles(values, n=20)[-1] * 1000:.0f}"

    return what, words(delays["own"]), words(delays["procrastinate"]), ""


async def one_lane(crews: Sequence[Workers]) -> list[Row]:
    """Five effects of one lane from one commit, with idle workers; and without our trigger."""

    async def once(crew: Workers, lane: str) -> str:
        committed = await asyncio.to_thread(crew.write, [(tell(number, lane), None) for number in range(5)])
        await crew.until(lambda: sum(line.what == "end" and line.key.startswith(f"tell:{lane}.") for line in crew.lines()) == 5, 40)
        return f"{max(line.at for line in crew.lines()) - committed:.2f}"

    own, theirs = crews
    cells = [await once(own, "five"), await once(theirs, "five")]
    with theirs.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE procrastinate_jobs DISABLE TRIGGER effect_lane_ends")
    cells.append(await once(theirs, "more"))
    with theirs.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE procrastinate_jobs ENABLE TRIGGER effect_lane_ends")
    return [("5 effects of one lane, commit → all done, s", cells[0], cells[1], cells[2])]


async def idling(crews: Sequence[Workers], seconds: float) -> list[Row]:
    """Two processes with nothing to do, and with nothing done before that the server has not counted yet."""
    count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"

    def read(crew: Workers) -> tuple[float, int]:
        return crew.cpu(), int(str(crew.asked(count)[0]))

    await asyncio.sleep(11)  # an idle connection hands in its counts after ten seconds
    before = [read(crew) for crew in crews]
    await asyncio.sleep(seconds)
    after = [read(crew) for crew in crews]
    rates = [((one[0] - other[0]) / seconds, (one[1] - other[1]) / seconds) for one, other in zip(after, before, strict=True)]
    return [
        ("idle: CPU of a process", *(f"{cpu * 50:.2f} %" for cpu, _ in rates), ""),
        ("idle: transactions a second of a process", *(f"{asked / 2:.1f}" for _, asked in rates), ""),
    ]


async def emptying(databases: Databases, crews: Sequence[Workers], rounds: int, jobs: int, *, known: bool) -> list[Row]:
    """So many effects in a tenth as many lanes, written in one transaction. `known`: the database has fresh statistics of them, as after a
    minute; else it has old ones, as in that minute."""
    speeds: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for crew in crews:
            wanted = _in_lanes(f"{'known' if known else 'new'}{number}", jobs)
            with crew.engine.begin() as connection:
                crew.side.write(connection, wanted)
                if known:
                    connection.exec_driver_sql(f"ANALYZE {crew.side.tables[0]}")
                before, cpu = crew.done(), crew.cpu() + databases.server.cpu()
            committed = time.time()
            if not await crew.until(lambda crew=crew, before=before: crew.done() - before == jobs, 120, 0.1):  # type: ignore[misc]
                raise RuntimeError(f"{crew.side.name} carried out {crew.done() - before} of {jobs}")
            speeds[crew.side.name].append(jobs / (max(line.at for line in crew.lines()) - committed))
            costs[crew.side.name].append((crew.cpu() + databases.server.cpu() - cpu) * 1000 / jobs)
    pace, cost = ({name: statistics.median(values) for name, values in kind.items()} for kind in (speeds, costs))
    what = f"{jobs} effects in {jobs // 10} lanes" + ("" if known else ", statistics a minute old")
    return [
        (f"{what}: a second", *(f"{pace[side.name]:.0f}" for side in SIDES), ""),
        (f"{what}: CPU of workers and server, ms each", *(f"{cost[side.name]:.2f}" for side in SIDES), ""),
    ]


def misdeeds(lines: Sequence[Line]) -> tuple[int, int]:
    """Effects carried out more than once, and effects begun before an earlier one of their lane was done or while it was being done again.
    What a process began and did not end counts as not begun: it was killed there, or gave it up."""
    whole = {(line.key, line.pid) for line in lines if line.what == "end"}
    ended: Counter[str] = Counter()
    running: dict[str, set[tuple[str, int]]] = defaultdict(set)
    breaks = 0
    for line in lines:
        lane, _, number = line.key.rpartition(".")
        if line.what == "end":
            ended[line.key] += 1
            running[lane].discard((line.key, line.pid))
            continue
        before = any(not ended[f"{lane}.{earlier}"] for earlier in range(int(number)))
        breaks += before or any(key != line.key for key, _ in running[lane])
        if (line.key, line.pid) in whole:
            running[lane].add((line.key, line.pid))
    return sum(count > 1 for count in ended.values()), breaks


async def killing(databases: Databases, jobs: int) -> list[Row]:
    """Both workers are killed four times in the middle of it, and two new ones started at once."""

    async def once(side: Side) -> str:
        async with workers(databases, side, SHORT) as crew:
            await asyncio.to_thread(crew.write, _in_lanes("lane", jobs))
            for strike in range(1, 5):
                await crew.until(lambda strike=strike: crew.done() >= jobs * strike // 6, 20)  # type: ignore[misc]
                await crew.restart()
            await crew.until(lambda: crew.done() == jobs, 40)
            twice, breaks = misdeeds(crew.lines())
            return f"{jobs - crew.done()} / {twice} / {breaks}"

    cells = await asyncio.gather(*(once(side) for side in SIDES))
    return [(f"both workers killed 4 times in {jobs} effects: lost / twice / order broken", *cells, "")]


async def rescuing(databases: Databases, side: Side, lease: tuple[float, float] | None) -> str:
    """From the kill of a worker until another process begins what it was at."""
    async with workers(databases, side, lease) as crew:
        await asyncio.to_thread(crew.write, [(tell(0, "long", 600), None)])
        await crew.until(lambda: bool(crew.lines()), 10)
        first = crew.lines()[0]
        await crew.kill(next(process for process in crew.processes if process.pid == first.pid))
        killed = time.time()
        await crew.until(lambda: len(crew.lines()) > 1, 90)
        return f"{crew.lines()[1].at - killed:.1f}"


async def pausing(databases: Databases, side: Side) -> str:
    """A worker is paused for longer than its lease in the middle of its effects, wakes while another carries them out, and goes on."""
    lanes = 8
    async with workers(databases, side, SHORT) as crew:
        await asyncio.to_thread(crew.write, [(tell(number, f"lane{lane}", 10_000), None) for number in range(2) for lane in range(lanes)])
        await crew.until(lambda: len(crew.lines()) == lanes, 10)
        paused = crew.processes[0] if any(line.pid == crew.processes[0].pid for line in crew.lines()) else crew.processes[1]
        mine = {line.key for line in crew.lines() if line.pid == paused.pid}
        paused.send_signal(signal.SIGSTOP)
        await asyncio.sleep(12)
        paused.send_signal(signal.SIGCONT)
        wrongly: set[str] = set()
        for _ in range(30):
            await asyncio.sleep(0.1)
            theirs = [line for line in crew.lines() if line.pid != paused.pid]
            at_work = {line.key for line in theirs if line.what == "begin"} - {line.key for line in theirs if line.what == "end"}
            wrongly |= mine & at_work & {str(key) for key in crew.asked(side.over)}
        await crew.until(lambda: crew.done() == 2 * lanes and len(set(crew.asked(side.over))) == 2 * lanes, 40)
        twice, breaks = misdeeds(crew.lines())
        return f"{twice} / {len(wrongly)} / {breaks} of {len(mine)}"


async def failing(databases: Databases, side: Side) -> str:
    """An effect fails while a newer one of its key waits already. Never: it stays claimed, and its lane closed."""
    async with workers(databases, side, SHORT) as crew:
        one = tell(0, "again", FAILS)
        committed = await asyncio.to_thread(crew.write, [(one, None)])
        await crew.until(lambda: bool(crew.lines()), 10)
        await asyncio.to_thread(crew.write, [(one, None)])
        if await crew.until(lambda: crew.done() == 1, 20):
            return f"{max(line.at for line in crew.lines()) - committed:.1f} s"
        return "never"


async def dying(databases: Databases) -> list[Row]:
    tasks: dict[str, Sequence[Awaitable[str]]] = {
        "a killed worker's effect begins again after, s (own defaults)": [
            rescuing(databases, OWN, None),
            rescuing(databases, THEIRS, None),
        ],
        "the same with a lease of 15 s on both, s": [rescuing(databases, OWN, OWN.lease), rescuing(databases, THEIRS, OWN.lease)],
        "paused beyond the lease: twice / wrongly settled / order broken": [pausing(databases, OWN), pausing(databases, THEIRS)],
        "an effect fails while a newer one of its key waits: done after": [failing(databases, OWN), failing(databases, THEIRS)],
    }
    found = await asyncio.gather(*(asyncio.gather(*both) for both in tasks.values()))
    return [(what, *cells, "") for what, cells in zip(tasks, found, strict=True)]


def writing(databases: Databases, rounds: int) -> list[Row]:
    return [*deferring(databases, rounds, 150), *repeating(databases, 1000), *racing(databases, 20)]


async def measure(rounds: int = 3, jobs: int = 2000) -> Table:
    """What takes long by waiting is waited for together."""
    with database_server() as server:
        databases = await asyncio.to_thread(Databases, server)
        async with workers(databases, OWN) as own, workers(databases, THEIRS) as theirs:
            crews = (own, theirs)
            rows, idle = await asyncio.gather(asyncio.to_thread(writing, databases, rounds), idling(crews, 15))
            rows += await starting(crews, 40)
            rows += await emptying(databases, crews, 1, jobs // 2, known=False)
            rows += await emptying(databases, crews, 2, jobs, known=True)
            rows += await due(crews, 20, 10)
            lane, *died = await asyncio.gather(one_lane(crews), dying(databases), killing(databases, 600))
            rows += [*lane, *idle, *(row for both in died for row in both)]
    columns = ("", "own table", "Procrastinate, our SQL", "Procrastinate as is")
    return Table(
        "engines", "the effect table beside Procrastinate", columns, tuple(rows), notes=(f"Procrastinate {version('procrastinate')}.",)
    )
