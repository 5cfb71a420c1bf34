"""P5: the minutes of 11 items and 6 pages as Word and PDF, beside LibreOffice making a PDF of the same Word file.

CPU time of all threads. Ours is a warm process, as the bot is; LibreOffice is measured as it is used by programs, a process a conversion,
with its profile made before.
"""

from __future__ import annotations

import asyncio
import io
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pypdf import PdfReader

from bench.report import Table, Target
from bench.rounds import median, ratio
from documents.blocks import MinutesDoc
from documents.docx import render_docx
from documents.outline import minutes_doc
from documents.pdf import render_pdf
from tests.documents import sample

WORD, PDF, BOTH, OFFICE = "our Word", "our PDF", "both", "LibreOffice, Word → PDF"
MOST, PAGES = 150.0, 6


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of one making."""

    cpu: float
    wall: float


async def measure(rounds: int = 7, program: str | None = shutil.which("soffice")) -> Table:
    return await asyncio.to_thread(_measure, rounds, program)


def _measure(rounds: int, program: str | None) -> Table:
    doc, pages = _six_pages()
    word, items = render_docx(doc), len(sample.meeting().items)
    results: dict[str, list[Spent]] = {WORD: [], PDF: [], BOTH: []}
    with tempfile.TemporaryDirectory() as folder:
        office = _office(program, Path(folder), word) if program else None
        if office is not None:
            office()  # makes its profile
            results[OFFICE] = []
        for _ in range(rounds):
            results[WORD].append(_spent(lambda: render_docx(doc), resource.RUSAGE_SELF))
            results[PDF].append(_spent(lambda: render_pdf(doc), resource.RUSAGE_SELF))
            results[BOTH].append(Spent(results[WORD][-1].cpu + results[PDF][-1].cpu, results[WORD][-1].wall + results[PDF][-1].wall))
            if office is not None:
                results[OFFICE].append(_spent(office, resource.RUSAGE_CHILDREN))
    return report(results, items, pages)


def _six_pages() -> tuple[MinutesDoc, int]:
    """The sample's minutes, with one item talked over until they fill so many pages; and how many they do."""
    meeting = sample.meeting()
    long = next(one for one in meeting.items if one.discussion)
    while True:
        doc = minutes_doc(sample.body(), meeting, sample.people(), upcoming=sample.upcoming())
        pages = len(PdfReader(io.BytesIO(render_pdf(doc))).pages)
        if pages >= PAGES:
            return doc, pages
        long = replace(long, discussion=f"{long.discussion}\n\n{sample.LONG['fi']}")
        meeting = replace(meeting, items=tuple(long if one.id == long.id else one for one in meeting.items))


def _office(program: str, folder: Path, word: bytes) -> Callable[[], object]:
    (folder / "minutes.docx").write_bytes(word)
    command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "pdf", "minutes.docx"]

    def convert() -> None:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        (folder / "minutes.pdf").unlink()

    return convert


def _spent(make: Callable[[], object], whose: int) -> Spent:
    before, began = resource.getrusage(whose), time.perf_counter()
    make()
    after, took = resource.getrusage(whose), time.perf_counter() - began
    return Spent((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000, took * 1000)


def report(results: dict[str, list[Spent]], items: int, pages: int) -> Table:
    measured = OFFICE in results

    def row(name: str, rounds: list[Spent]) -> tuple[str, ...]:
        spent, took = median(one.cpu for one in rounds), median(one.wall for one in rounds)
        if not measured:
            return name, f"{spent:.0f}", f"{took:.0f}", "", ""
        times = ratio([one.cpu for one in results[OFFICE]], [one.cpu for one in rounds])
        faster = ratio([one.wall for one in results[OFFICE]], [one.wall for one in rounds])
        return name, f"{spent:.0f}", f"{took:.0f}", f"{times:.0f} ×", f"{faster:.0f} ×"

    spent = median(one.cpu for one in results[BOTH])
    rows = tuple(row(name, rounds) for name, rounds in results.items())
    if not measured:
        rows += ((OFFICE, "not on this machine", "", "", ""),)
    return Table(
        "P5",
        f"minutes of {items} items and {pages} pages",
        ("made", "CPU ms", "wall ms", "LibreOffice's CPU : this", "LibreOffice's time : this"),
        rows,
        (Target(f"Word and PDF together < {MOST:.0f} ms CPU", f"{spent:.0f} ms", spent < MOST),),
    )
