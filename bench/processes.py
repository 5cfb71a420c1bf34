"""The processes that are measured: started, waited for, their CPU time and memory, and ended; and a PostgreSQL as it is delivered."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp
import psutil
from sqlalchemy import NullPool, create_engine, make_url, text

from tests.ports import free_port
from tests.storage.databases import NoPostgres, postgres

ROOT = Path(__file__).parents[1]
START = 60.0


class Missing(Exception):
    """What a bench needs and this machine does not have; a sentence."""


@dataclass(frozen=True, slots=True)
class Served:
    """A process that answers on loopback. `ready_after`: seconds from starting it until it said that it was ready."""

    pid: int
    url: str
    ready_after: float

    def cpu(self) -> float:
        """User and system time so far, in seconds; children that have ended included."""
        return cpu_seconds(self.pid)

    def memory(self) -> float:
        """Resident memory in MB."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1024 / 1024


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


@contextlib.asynccontextmanager
async def serve(arguments: Sequence[str], environment: Mapping[str, str], *, ready: str = "/readyz") -> AsyncIterator[Served]:
    """`python <arguments>` with a free port as PORT. RuntimeError with the end of its log when it does not come up."""
    number = free_port()
    url = f"http://127.0.0.1:{number}"
    # Compiled once, as where it is installed.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, env={**inherited, **environment, "PORT": str(number)}, stdout=log, stderr=log
        )
        try:
            await _until_ready(process, url + ready, log)
            yield Served(process.pid, url, time.perf_counter() - started)
        finally:
            await _end(process)


async def _until_ready(process: asyncio.subprocess.Process, url: str, log: IO[bytes]) -> None:
    async with aiohttp.ClientSession() as session:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START):
                while process.returncode is None:
                    with contextlib.suppress(aiohttp.ClientError):
                        async with session.get(url) as answer:
                            if answer.status == 200:
                                return
                    await asyncio.sleep(0.01)
    log.seek(0)
    told = log.read()[-2000:].decode(errors="replace")
    raise RuntimeError(f"a process did not come up: {told}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Server:
    """A database of a PostgreSQL of our own, which syncs to disk as it is delivered. `pid` is 0 when the server is elsewhere."""

    url: str
    version: str
    pid: int

    def cpu(self) -> float:
        """Of the server and all its processes, those that have ended included, in seconds; 0 when it cannot be told."""
        if not self.pid:
            return 0.0
        spent = cpu_seconds(self.pid)
        for child in psutil.Process(self.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                spent += cpu_seconds(child.pid)
        return spent


@contextlib.contextmanager
def database_server() -> Iterator[Server]:
    """Raises `Missing` where no PostgreSQL can be had."""
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(postgres(durable=True))
        except NoPostgres as reason:
            raise Missing(str(reason)) from reason
        engine = create_engine(make_url(url), poolclass=NullPool)
        with engine.connect() as connection:
            version = str(connection.execute(text("SHOW server_version")).scalar())
            folder = Path(str(connection.execute(text("SHOW data_directory")).scalar()))
        try:
            pid = int((folder / "postmaster.pid").read_text(encoding="ascii").partition("\n")[0])
        except (OSError, ValueError):
            pid = 0
        yield Server(url, version, pid)
