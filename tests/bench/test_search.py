"""The bench of the search runs on both databases and finds what it filled them with; how fast is not judged here."""

from __future__ import annotations

import pytest

from bench import search


async def test_the_search_is_measured_on_what_was_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LARGEST", 200)
    monkeypatch.setattr(search, "EACH", 20)
    monkeypatch.setattr(search, "TIMES", 1)
    table = await search.measure(total=200 + search.OWN * 20 + 300)
    found = {row[0].partition(": ")[2]: row[1] for row in table.rows if row[0].startswith("a body of 100:")}
    assert (found["the commonest word"], found["two common words"], found["what is not there"]) == ("100", "100", "0")
    assert next(row[1] for row in table.rows if row[0].startswith("all")) == str(search.OWN * 20 + 100)
    assert table.rows[-1][1] == "20"
    assert all(float(one) > 0 for row in table.rows for one in row[2:])
