"""What a bench hands back, and how it is written down."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.processes import Missing, database_server

PACKAGES = (
    *("aiohttp", "botbuilder-core", "botbuilder-integration-aiohttp", "microsoft-agents-hosting-aiohttp", "SQLAlchemy", "psycopg"),
    *("orjson", "msal", "msgraph-sdk", "docxtpl", "typst"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted and what was measured. `remains`: why it is not met, and what would meet it."""

    wanted: str
    measured: str
    met: bool
    remains: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One bench: its rows as text, its targets, and what one has to know to read it."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    targets: tuple[Target, ...] = ()
    notes: tuple[str, ...] = ()


def written(table: Table) -> str:
    """As Markdown, with columns that line up, so that it reads on a terminal as well."""
    lines = [f"## {table.name}: {table.title}", "", *_lines(table.columns, table.rows)]
    if table.targets:
        lines.append("")
    for one in table.targets:
        lines.append(f"- {'met' if one.met else '**NOT met**'}: wanted {one.wanted}; measured **{one.measured}**")
        if one.remains and not one.met:
            lines.append(f"  {one.remains}")
    if table.notes:
        lines += ["", *table.notes]
    return "\n".join((*lines, "", f"Alone: `python -m bench {table.name}`"))


def _lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in (columns, *rows)) for place in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        padded = (cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(zip(cells, widths, strict=True)))
        return f"| {' | '.join(padded)} |"

    ruled = "|".join(f"{'-' * (width + 1)}{':' if place else '-'}" for place, width in enumerate(widths))
    return [line(columns), f"|{ruled}|", *(line(row) for row in rows)]


def results(tables: Sequence[Table], seconds: float, machine: str) -> str:
    """The whole file; `machine` as `machine()` tells it."""
    targets = [one for table in tables for one in table.targets]
    met = sum(one.met for one in targets)
    head = (
        "# Benchmarks",
        "",
        f"`make bench`, {datetime.now(UTC):%d %B %Y %H:%M} UTC, {seconds / 60:.0f} minutes. **{met} of {len(targets)} targets met.**",
        "",
        "Everything on one machine over loopback. Ratios are taken inside each round of one run, rounds are interleaved, and a figure is",
        "the median of the rounds: a slow moment of the machine falls on all. CPU is user and system time of a process.",
        "",
        machine,
    )
    return "\n".join((*head, "", "\n\n".join(written(table) for table in tables), ""))


def machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor() or "unknown"
    )
    memory = psutil.virtual_memory().total / 2**30
    try:
        with database_server() as server:
            postgresql = server.version
    except Missing:
        postgresql = "none"
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return "\n".join(
        (
            f"- Machine: {os.cpu_count()} cores, {memory:.0f} GB, {model}; load when this was written {os.getloadavg()[0]:.1f}",
            f"- {platform.system()} {platform.release()}, Python {platform.python_version()}, PostgreSQL {postgresql}",
            f"- {packages}",
        )
    )


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
