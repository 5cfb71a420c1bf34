"""The measurement of the effect table beside Procrastinate: that it counts right, and that it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from bench import engines
from bench.engines import OWN, THEIRS, Databases, Line
from bench.processes import Server
from tests.storage.databases import NoPostgres, postgres


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    """On a server that does not wait for its disk: nothing is timed here."""
    try:
        with postgres() as url:
            yield Databases(Server(url, "", 0))
    except NoPostgres as reason:
        if os.environ.get("PYKALA_REQUIRE_ALL") == "1":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


def log(*lines: str) -> list[Line]:
    return [Line(what, key, int(pid), 0.0) for what, key, pid in map(str.split, lines)]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("begin a.0 1", "end a.0 1", "begin a.1 2", "end a.1 2"), (0, 0)),
        (("begin a.0 1", "begin b.0 2", "end b.0 2", "end a.0 1"), (0, 0)),
        (("begin a.0 1", "begin a.0 2", "end a.0 2", "begin a.1 2", "end a.1 2"), (0, 0)),
        (("begin a.0 1", "end a.0 1", "begin a.0 2", "end a.0 2"), (1, 0)),
        (("begin a.1 1", "end a.1 1", "begin a.0 1", "end a.0 1"), (0, 1)),
        (("begin a.0 1", "begin a.0 2", "end a.0 1", "begin a.1 1", "end a.0 2", "end a.1 1"), (1, 1)),
    ],
    ids=["in order", "two lanes", "killed and done by another", "twice", "overtaken", "entered while it is done again"],
)
def test_what_went_wrong_is_read_from_the_log(lines: tuple[str, ...], found: tuple[int, int]) -> None:
    assert engines.misdeeds(log(*lines)) == found


def test_what_is_written_is_measured_on_both(databases: Databases) -> None:
    rows = [*engines.deferring(databases, 1, 5), *engines.repeating(databases, 20), *engines.racing(databases, 2)]

    table = {row[0]: row[1:] for row in rows}
    assert table["20 writes of one waiting key: rows left"] == ("1", "1 + 1", "1 + 1")
    assert table["20 timers moved, ten a turn: rows left"] == ("20", "20 + 60", "40 + 80")
    assert table["changes absorbed by a job that had already begun: lost"] == ("0 of 2", "0 of 2", "2 of 2")


async def test_what_is_carried_out_is_measured_on_both(databases: Databases) -> None:
    async with engines.workers(databases, OWN) as own, engines.workers(databases, THEIRS) as theirs:
        speeds = (await engines.emptying(databases, (own, theirs), 1, 40, known=True))[0]

        assert engines.misdeeds(own.lines()) == engines.misdeeds(theirs.lines()) == (0, 0)
    assert all(float(cell) > 0 for cell in speeds[1:3])
