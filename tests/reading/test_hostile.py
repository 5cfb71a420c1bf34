"""No text takes the readers more than in proportion to its length."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import pytest

from meetings.reading.agenda import read_agenda
from meetings.reading.moments import read_dates, read_deadline, read_meeting
from meetings.reading.roster import read_roster
from tests.reading.pasted import data

TODAY = date(2027, 2, 1)
READERS: dict[str, Callable[[str], object]] = {
    "agenda": read_agenda,
    "roster": read_roster,
    "dates": lambda text: read_dates(text, TODAY),
    "meeting": lambda text: read_meeting(text, TODAY),
    "deadline": lambda text: read_deadline(text, TODAY),
}
REPEATED = {
    "letters": "a",
    "blanks": " ",
    "gaps": "a            ",
    "dots": ".",
    "brackets": "(a ",
    "hyphens": "kes-\n",
    "headings": "1 § Asia\n",
    "numbers alone": "1 §\n",
    "headings and small letters": "1 § Asia ja\nja asia\n",
    "attachments": "Liite 1: a; b\n",
    "references": "16.4.2020 (7§) ",
    "presenters": ", esittelijä ",
    "events": "Meriseminaari 9.6.2027 ",
    "page numbers": "1 (2)\n\f",
    "addresses": "a@b.fi ",
    "at signs": "a@",
    "names": "Aino Aalto  Bo Berg\n",
    "slashes": "Aino Aalto / ",
    "quotes": ',"',
    "dates": "ma 1.6.2027 klo 10-12, ",
    "small words": "ja ",
}
SMALL, TIMES = 3_000, 6


def cost(read: Callable[[str], object], text: str) -> float:
    """Processor time of the cheapest of three readings: the others waited for something else."""
    found = []
    for _ in range(3):
        begin = time.process_time()
        read(text)
        found.append(time.process_time() - begin)
    return min(found)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("shape", REPEATED)
def test_a_longer_text_costs_in_proportion(reader: str, shape: str) -> None:
    unit, read = REPEATED[shape], READERS[reader]
    small, large = (f"1 § {(unit * size)[:size]}x" for size in (SMALL, SMALL * TIMES))
    # Quadratic would be 36 times as much. Below a hundredth of a second nothing can be told, nor need be.
    assert cost(read, large) < max(0.01, cost(read, small) * TIMES * 2.5)


@pytest.mark.parametrize("reader", ["agenda", "roster", "dates"])
def test_a_real_text_many_times_over_costs_in_proportion(reader: str) -> None:
    text = data(f"fi_{reader}")
    text *= 1 + 10_000 // len(text)
    assert cost(READERS[reader], text * TIMES) < max(0.01, cost(READERS[reader], text) * TIMES * 2.5)
