"""search: finding decisions among a million, p50 and p95 of the whole command.

Ten thousand bodies keep their records in Finnish, Swedish or English: one has 8 000 decisions, twenty that one person serves have 900 each,
the others 100. Every decision has the same commonest words. The tables are filled in bulk, with the words that `storage.search` keeps; what
is timed is the use case in a transaction of its own, as in a turn, without the card.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import tempfile
import time as clock
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache, partial
from typing import Any

from sqlalchemy import Table as Rows
from sqlalchemy import delete

from bench.processes import Missing, database_server
from bench.report import Table, Target
from bench.rounds import percentile
from meetings import commands as c
from meetings.model import Body, Conversation, Item, Meeting, Outcome, Person, Phase
from meetings.screens.search import DecisionsFound
from meetings.use_cases import execute
from storage import search, tables
from storage.database import Storage
from storage.engine import open_engine
from storage.mapping import to_row
from storage.transaction import Transaction

TOTAL = 1_000_000
OWN, EACH = 20, 900
LARGEST = 8_000
SMALL = 100
ITEMS = 10  # a meeting
SOME = 20_000  # rows written at once
MOST = 50.0  # milliseconds
TIMES = 30  # each search
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
AINO = Person("aino", "tenant", "Aino", account_id="aino")
ITEM = tables.metadata.tables["item"]
BO = Person("bo", "tenant", "Bo", account_id="bo")
DESK = Conversation("a:1", "tenant", "https://smba.example/", "personal", person_id="aino")


@dataclass(frozen=True, slots=True)
class Language:
    """What is decided, where, and the sentences around it."""

    matters: tuple[str, ...]
    places: tuple[str, ...]
    decision: str
    proposal: str


def _language(matters: str, beginnings: str, ends: str, decision: str, proposal: str) -> Language:
    places = tuple(f"{beginning}{end}" for beginning in beginnings.split() for end in ends.split())
    return Language(tuple(matters.split("|")), places, decision, proposal)


LANGUAGES = {
    "fi": _language(
        "tilinpäätös|talousarvio|venesataman laajennus|koulukuljetusten hankinta|avustushakemus|kaavaehdotus|lausunto kaavasta|"
        "kirjaston aukiolo|tonttien luovutus|hankesuunnitelma|yhteistyösopimus|jätevesimaksut|varajäsenen valinta|palkkiosääntö",
        "Saari Kallio Ranta Koivu Mänty Lahti Niemi Vuori Salmi Hauki Lohi Metsä Suvi Talvi",
        "kylä niemi lahti saari mäki järvi koski perä salo vaara pohja suo",
        "Päätettiin hyväksyä {matter}, {place}, ja kattaa kustannukset {amount} euroa määrärahasta. Täytäntöönpanosta vastaa sihteeri.",
        "Ohjausryhmä päättää hyväksyä liitteenä olevan asiakirjan: {matter}.",
    ),
    "sv": _language(
        "bokslut|budget|utvidgning av båthamnen|upphandling av skolskjutsar|bidragsansökan|planförslag|utlåtande om planen|"
        "bibliotekets öppettider|överlåtelse av tomter|projektplan|samarbetsavtal|avloppsavgifter|val av ersättare|arvodesstadga",
        "Ö Berg Strand Björk Tall Vik Udd Sten Sund Gädd Lax Skog Sommar Vinter",
        "by näs viken ö backen träsk forsen ändan mo holm botten mosse",
        "Beslöts godkänna {matter}, {place}, och täcka kostnaderna {amount} euro ur anslaget. Sekreteraren ansvarar för verkställandet.",
        "Styrgruppen beslutar godkänna den bifogade handlingen: {matter}.",
    ),
    "en": _language(
        "annual accounts|budget|extension of the marina|tender for school transport|grant application|town plan|statement on the plan|"
        "library hours|transfer of plots|project plan|cooperation agreement|waste water fees|election of a deputy|rules on fees",
        "Island Rock Shore Birch Pine Bay Point Stone Sound Pike Salmon Wood Summer Winter",
        "ton ness bay holm hill lake ford end field cliff bottom moss",
        "It was decided to approve {matter}, {place}, and to meet the costs of {amount} euros from the appropriation of the year.",
        "The steering group decides to approve the document attached: {matter}.",
    ),
}


# --- the record ---------------------------------------------------------------------------------------------------------------

Values = tuple[Any, ...]


def sizes(total: int) -> Iterator[tuple[Body, int]]:
    """The bodies, and how many decisions each has. Aino serves `OWN` of the same size and one that is small."""
    yield Body("largest", "tenant", "Suuri", "largest", ("fi",), secretary_id=BO.id), LARGEST
    for number in range(OWN):
        yield Body(f"own{number:02}", "tenant", f"Oma {number}", f"own{number}", ("fi",), secretary_id=AINO.id), EACH
    for number in range((total - LARGEST - OWN * EACH) // SMALL):
        languages = (("fi",), ("sv",), ("en",))[number % 3]
        body_id = f"small{number:05}"
        yield Body(body_id, "tenant", f"Pieni {number}", body_id, languages, secretary_id="" if number else AINO.id), SMALL


@cache
def item_and_words(code: str, place: int, year: int) -> tuple[Values, str]:
    """The columns of an item and the words it is kept by, of no body yet: there are some thousands a language and year. Making words
    costs more than writing rows."""
    language = LANGUAGES[code]
    matter, where = language.matters[place % len(language.matters)], language.places[place // len(language.matters)]
    decision = language.decision.format(matter=matter, place=where, amount=1_000 + place * 37)
    title = f"{matter.capitalize()}, {where}"
    item = Item("", "", 1, title, proposal=language.proposal.format(matter=matter), decision=decision, outcome=Outcome.AMENDED)
    kept: str = search.row_of((code,), Meeting("", "", 1, year, date(year, 1, 1), time(10)), item)["kept"]
    return _values(ITEM, item), kept


def held(body: Body, size: int) -> Iterator[tuple[Meeting, list[tuple[Values, str]]]]:
    """The meetings of a body, a month apart, the last one not approved yet; with their items and the words of each."""
    code, chance = body.languages[0], random.Random(body.id)  # noqa: S311  # the same record every time
    many = len(LANGUAGES[code].matters) * len(LANGUAGES[code].places)
    for number in range(size // ITEMS):
        year, month = 2026 - number // 12, 12 - number % 12
        phase = Phase.APPROVED if number else Phase.CLOSED
        meeting = Meeting(f"{body.id}-{number}", body.id, month, year, date(year, month, 5), time(10), phase=phase)
        yield meeting, [item_and_words(code, chance.randrange(many), year) for _ in range(ITEMS)]


def rows(total: int) -> Iterator[tuple[Rows, list[Values]]]:
    """Everything, some bodies at a time."""
    some: dict[Rows, list[Values]] = {}
    for body, size in sizes(total):
        mark, blank = search.mark_of(body.id), search.mark_of("")
        some.setdefault(tables.body, []).append(_values(tables.body, body))
        for meeting, decided in held(body, size):
            some.setdefault(tables.meeting, []).append(_values(tables.meeting, meeting))
            some.setdefault(tables.search_meeting, []).append((meeting.id, meeting.version, search.scheme_of(body.languages)))
            approved = meeting.phase is Phase.APPROVED
            for place, (values, words) in enumerate(decided, start=1):
                item_id = f"{meeting.id}-{place}"
                some.setdefault(ITEM, []).append((item_id, meeting.id, place, values[3], place, *values[5:]))
                row = (item_id, meeting.id, body.id, meeting.day, approved, words.replace(blank, mark))
                some.setdefault(tables.search_item, []).append(row)
        if len(some[ITEM]) > SOME:
            yield from some.items()
            some = {}
    yield from some.items()


def _values(table: Rows, thing: Any) -> Values:
    return tuple(_plain(value) for value in to_row(table, thing).values())


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return json.dumps(value)
    return str(value) if isinstance(value, StrEnum) else value


def fill(url: str, total: int) -> None:
    """In bulk: the indexes over the words are made at the end, at once."""
    engine = open_engine(url)
    with contextlib.closing(engine.raw_connection()) as connection:
        (_fill_sqlite if engine.dialect.name == "sqlite" else _fill_postgresql)(connection.driver_connection, total)
    engine.dispose()


def _fill_sqlite(raw: Any, total: int) -> None:
    trigger = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'search_item_added'").fetchone()[0]
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("DROP TRIGGER search_item_added")
    for table, values in rows(total):
        names = _names(table)
        raw.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", map(_in_sqlite, values))  # noqa: S608  # our own names
    raw.execute("INSERT INTO search_word (search_word) VALUES ('rebuild')")
    raw.execute(trigger)
    raw.execute("COMMIT")
    raw.execute("ANALYZE")


def _in_sqlite(values: Values) -> Values:
    return tuple(
        value.isoformat() if isinstance(value, date) else f"{value}.000000" if isinstance(value, time) else value for value in values
    )


def _fill_postgresql(raw: Any, total: int) -> None:
    with raw.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET statement_timeout = 0")
        cursor.execute("DROP INDEX ix_search_item_words")
        for table, values in rows(total):
            with cursor.copy(f"COPY {table.name} ({', '.join(_names(table))}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        cursor.execute("CREATE INDEX ix_search_item_words ON search_item USING gin (words)")
        raw.commit()
    raw.autocommit = True
    raw.execute("VACUUM ANALYZE")


def _names(table: Rows) -> list[str]:
    return [f'"{column.name}"' for column in table.columns if (table.name, column.name) != ("search_item", "id")]


# --- the searches ---------------------------------------------------------------------------------------------------------------

PLACES = {
    f"a body of {SMALL}": ("small00000", AINO),
    f"a body of {EACH}": ("own00", AINO),
    f"a body of {LARGEST}": ("largest", BO),
    f"all {OWN + 1} of a person": ("", AINO),
}
ASKED = {
    "the commonest word": "päätettiin",
    "two common words": "kustannuksia määrärahat",
    "a word in another form": "tilinpäätöksen",
    "a word and a place": "venesatama saarilahti",
    "what is not there": "koulukuljetukset lakkautetaan",
}
FIRST = f"a body of {EACH}, the first search ever"


@dataclass(frozen=True, slots=True)
class Searched:
    """Milliseconds of each, and how many decisions there were."""

    times: list[float]
    count: int

    @property
    def p95(self) -> float:
        return percentile(self.times, 95)


def _search(text: str, body_id: str, tx: Transaction) -> int:
    tx.conversation = DESK
    found = execute(c.SearchDecisions(text=text, body_id=body_id), tx)
    if not isinstance(found, DecisionsFound):
        raise TypeError(f"no search: {found}")
    return found.count


async def _searched(storage: Storage, asked: str, body_id: str, actor: Person, times: int) -> Searched:
    spent, count = [], 0
    for _ in range(times):
        began = clock.perf_counter()
        count = await storage.run(partial(_search, asked, body_id), actor=actor)
        spent.append((clock.perf_counter() - began) * 1000)
    return Searched(spent, count)


async def _database(url: str, total: int) -> dict[str, Searched]:
    storage = Storage(url, clock=lambda: NOW)
    await storage.start()
    await storage.run(lambda tx: [tx.save(one) for one in (AINO, BO)])
    await asyncio.to_thread(fill, storage.url, total)
    results = {}
    for place, (body_id, actor) in PLACES.items():
        for what, asked in ASKED.items():
            await _searched(storage, asked, body_id, actor, 1)
            results[f"{place}: {what}"] = await _searched(storage, asked, body_id, actor, TIMES)
    forgotten = delete(tables.search_meeting).where(tables.search_meeting.c.meeting_id.startswith("own00-"))
    await storage.execute(lambda connection, _now: connection.execute(forgotten))
    results[FIRST] = await _searched(storage, ASKED["the commonest word"], "own00", AINO, 1)
    await storage.close()
    return results


async def measure(total: int = TOTAL) -> Table:
    results: dict[str, dict[str, Searched]] = {}
    notes = [f"The first search of a body after an upgrade writes the words of its whole past: {FIRST}."]
    with tempfile.TemporaryDirectory() as folder:
        results["SQLite"] = await _database(f"sqlite:///{folder}/bench.db", total)
    try:
        with database_server() as server:
            results["PostgreSQL"] = await _database(server.url, total)
    except Missing as missing:
        notes.append(f"PostgreSQL: {missing}")
    first = results["SQLite"]
    columns = ("searched in: asked for", "found", *(f"{name} {what} ms" for name in results for what in ("p50", "p95")))
    rows = tuple(
        (asked, str(first[asked].count), *(f"{percentile(one[asked].times, share):.1f}" for one in results.values() for share in (50, 95)))
        for asked in first
    )
    targets = []
    for name, one in results.items():
        worst, times = max(((asked, times) for asked, times in one.items() if asked != FIRST), key=lambda pair: pair[1].p95)
        measured = f"{times.p95:.1f} ms ({worst})"
        targets.append(Target(f"every search among {total} decisions on {name}: p95 < {MOST:.0f} ms", measured, times.p95 < MOST))
    return Table("search", f"{total} decisions of {sum(1 for _ in sizes(total))} bodies", columns, rows, tuple(targets), tuple(notes))
