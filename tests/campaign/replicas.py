"""The bot's processes, who starts them again when they die, and what stands before them: a proxy that knows which are alive."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
LIBFAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
# How long Teams would wait for an answer is 15 s; a stopped process need not be waited for so long.
PATIENCE = 7.0


@dataclass(frozen=True, slots=True)
class Break:
    """Something that happened to a process (`pid`; 0: to all, through their database), from one real moment to another, since the epoch."""

    kind: str
    step: str
    pid: int
    at: float
    until: float


@dataclass(slots=True)
class Replica:
    """A place a process runs in; `pid` 0 while there is none."""

    name: str
    port: int
    arguments: tuple[str, ...] = ()
    pid: int = 0
    stopped: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    status: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


_NUMBERS = itertools.count()


class Nursery:
    """The forking process (nursery.py) of the code in a folder, and whom to tell of ends."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self._born: dict[str, asyncio.Future[int]] = {}
        self._ends: dict[int, Callable[[int], None]] = {}

    async def __aenter__(self) -> Nursery:
        clock = {"LD_PRELOAD": str(LIBFAKETIME)} if LIBFAKETIME else {}
        environment = {"PATH": os.environ["PATH"], **clock, "FAKETIME": "+0", **QUIET_CLOCK}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("nursery.py")),
            str(self.root),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            cwd=self.root,
        )
        assert self._process.stdout is not None
        assert json.loads(await self._process.stdout.readline()) == {"ready": True}
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading

    async def born(self, order: Mapping[str, Any], ended: Callable[[int], None]) -> int:
        assert self._process.stdin is not None
        made: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._born[order["name"]] = made
        self._process.stdin.write((json.dumps(order) + "\n").encode())
        pid = await made
        self._ends[pid] = ended
        return pid

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            if "ended" in told:
                # Born and dead within one reading: the future's owner has not run yet.
                await asyncio.sleep(0)
                if end := self._ends.pop(told["ended"], None):
                    end(told["status"])
            elif (made := self._born.pop(told["name"])).done():  # nobody waits for it any more
                os.kill(told["pid"], signal.SIGKILL)
            else:
                made.set_result(told["pid"])


# Only the wall clock moves; what measures durations, and files, stay as they are. Without the last each wait for a lock returns at once.
QUIET_CLOCK = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1", "NO_FAKE_STAT": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}


class Replicas:
    """All processes of one run. What dies is started again until `close`. `offset`: seconds the bot's clock is ahead of ours."""

    def __init__(
        self, nursery: Nursery, folder: Path, names: Mapping[str, tuple[str, ...]], control: str = "", beside: Nursery | None = None
    ) -> None:
        """`beside` is where the last of them comes from, if not from `nursery`."""
        self._nurseries = dict.fromkeys(names, nursery)
        if beside is not None:
            self._nurseries[list(names)[-1]] = beside
        self._folder = folder
        self.environment: dict[str, str] = {}
        self._control = control
        self.all = [Replica(name, free_port(), arguments) for name, arguments in names.items()]
        self.offset = 0.0
        self.breaks: list[Break] = []
        self.starts = 0
        # A cold start is `python app.py` itself.
        self.cold = False
        self._wanted = False
        self._turn = 0
        self._keepers: list[asyncio.Task[None]] = []
        self._steps: list[Callable[[Replica], Awaitable[None]]] = []

    @property
    def now(self) -> float:
        """The bot's clock, in seconds since the epoch."""
        return time.time() + self.offset

    def pids(self) -> list[int]:
        return [one.pid for one in self.all if one.pid]

    def serving(self) -> list[Replica]:
        """Those with the pages and Teams' door."""
        return [one for one in self.all if "worker" not in one.arguments]

    def at_next_start(self, step: Callable[[Replica], Awaitable[None]]) -> None:
        """Call this as soon as the next process is born."""
        self._steps.append(step)

    async def open(self) -> None:
        """The front, then the processes."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._forward)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        await self.up()

    async def close(self) -> None:
        """In good order, as a service manager stops them; AssertionError when one does not go so."""
        for one in self.all:
            if one.stopped:
                await self.wake(one)
        codes = await self.down()
        await self._runner.cleanup()
        await self._session.close()
        assert not any(codes), f"ended with {codes}"

    async def abandon(self) -> None:
        """However it stands."""
        self._wanted = False
        for one in self.all:
            self.signal(one, signal.SIGKILL)
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await self._runner.cleanup()
        await self._session.close()

    async def up(self) -> None:
        self._wanted = True
        self._keepers = [asyncio.create_task(self._keep(one)) for one in self.all]

    async def down(self) -> list[int]:
        """All drain at once; how each ended."""
        self._wanted = False
        living = [(one, one.pid) for one in self.all if one.pid]
        begun = time.time()
        for one, _pid in living:
            self.signal(one, signal.SIGTERM)
        await asyncio.gather(*self._keepers)
        self.breaks += [Break("stop", "another time", pid, begun, time.time()) for _one, pid in living]
        return [one.status or 0 for one, _pid in living if one.status not in {-signal.SIGKILL, None}]

    async def at(self, offset: float) -> None:
        """Up again after `down`, at another time."""
        self.offset = offset
        await self.up()
        await self.ready()

    async def ready(self, seconds: float = 120.0) -> None:
        async with asyncio.timeout(seconds):
            while not all(await asyncio.gather(*(self._is_ready(one) for one in self.all))):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.05)

    async def _is_ready(self, one: Replica) -> bool:
        try:
            async with self._session.get(f"{one.url}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _keep(self, one: Replica) -> None:
        while self._wanted:
            one.ended = asyncio.Event()
            one.status = None
            await self._start(one)
            late = time.time() if not self._wanted else 0.0
            if late:  # all were told to go while it was not there yet
                self.signal(one, signal.SIGTERM)
            for step in self._steps[:1]:
                self._steps.remove(step)
                await step(one)
            await one.ended.wait()
            if late:
                self.breaks.append(Break("stop", "another time", one.pid, late, time.time()))
            one.pid = 0
            if self._wanted and one.status not in {-signal.SIGKILL, -signal.SIGTERM, 0}:
                await asyncio.sleep(0.3)  # a supervisor does not hammer either

    async def _start(self, one: Replica) -> None:
        self.starts += 1
        nursery = self._nurseries[one.name]
        log = self._folder / f"{one.name}.log"
        clock = {"FAKETIME": f"{self.offset:+.3f}", **QUIET_CLOCK, **({"LD_PRELOAD": str(LIBFAKETIME)} if LIBFAKETIME else {})}
        here = {"PATH": os.environ["PATH"], "PORT": str(one.port), "PUBLIC_URL": self.url}
        environment = {**here, **clock, **self.environment}

        def ended(status: int) -> None:
            one.status = status
            one.ended.set()

        if self.cold and not self._control:
            with log.open("ab") as out:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, str(nursery.root / "app.py"), *one.arguments, cwd=self._folder, env=environment, stdout=out, stderr=out
                )
            one.pid = process.pid
            self._watching = asyncio.create_task(_watch(process, ended))
            return
        order = {
            "name": str(next(_NUMBERS)),
            "log": str(log),
            "folder": str(self._folder),
            "environment": environment,
            "arguments": list(one.arguments),
            "control": self._control,
        }
        one.pid = await nursery.born(order, ended)

    # --- what strikes them ---

    def signal(self, one: Replica, which: signal.Signals) -> None:
        if one.pid and not one.ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(one.pid, which)

    def by_pid(self, pid: int) -> Replica | None:
        return next((one for one in self.all if pid and one.pid == pid), None)

    def kill(self, one: Replica, step: str) -> None:
        if one.pid and not one.ended.is_set():
            now = time.time()
            self.breaks.append(Break("kill", step, one.pid, now, now))
            one.stopped = False
            self.signal(one, signal.SIGKILL)

    async def pause(self, one: Replica, step: str, seconds: float) -> None:
        """Stopped, and woken after a while, if it still lives."""
        if not one.pid or one.stopped:
            return
        pid, begun = one.pid, time.time()
        one.stopped = True
        self.signal(one, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if one.pid == pid:
            await self.wake(one)
        self.breaks.append(Break("pause", step, pid, begun, time.time()))

    async def wake(self, one: Replica) -> None:
        self.signal(one, signal.SIGCONT)
        one.stopped = False

    # --- the front ---

    async def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        """To one living process in turn; `aiohttp.ClientError` or TimeoutError when the connection breaks or nothing comes."""
        serving = self.serving()
        living = [one for one in serving if one.pid] or serving
        self._turn += 1
        one = living[self._turn % len(living)]
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with self._session.request(
            method, one.url + path, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            return answer.status, await answer.read(), answer.content_type

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() in {"content-type", "accept", "cookie"}}
        for _ in range(3):
            try:
                status, content, kind = await self.send(request.method, request.path_qs, body, headers)
            except (aiohttp.ClientError, TimeoutError):
                continue
            return web.Response(status=status, body=content, content_type=kind)
        return web.Response(status=502)


async def _watch(process: asyncio.subprocess.Process, ended: Callable[[int], None]) -> None:
    ended(await process.wait())
