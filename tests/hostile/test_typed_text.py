"""Nothing that was typed is markup, code, a header or a command to whoever shows it. One meeting in which every text is all of that goes
through every output, beside the same meeting in plain words: the texts come out as typed, and nothing else is there that was not before.

Cards: tests/cards, whose large samples are of the same texts. The sandbox' pages: tests/graph/test_sandbox_page.py.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from unittest.mock import AsyncMock

import aiohttp
import lxml.html
import pytest
import structlog
from aiohttp import web
from docx import Document as WordDocument
from icalendar import Calendar
from pypdf import PdfReader

from admin import effects as effects_command
from admin import people as people_command
from bot.answer_page import AnswerPage
from bot.comment_page import WHOLE, CommentPage
from bot.pages import add_documents
from documents.blocks import MinutesDoc, plain
from documents.default_template import template
from documents.docx import render_docx
from documents.ics import calendar_file
from documents.links import document_link
from documents.minutes import agenda_of, minutes_of
from documents.pdf import render_pdf
from graph.mail import mime
from jobs.calendars import Calendars
from jobs.mail import Letters
from meetings import commands as c
from meetings import effects as e
from meetings import model as m
from meetings.ports import Event, EventState, Letter, MailFile
from storage import journal
from storage.database import Storage
from storage.look import opened
from storage.transaction import Transaction
from telemetry.logs import configure_logs
from tests import samples
from tests.graph.conftest import served
from tests.nasty import LINE, UNSEEN
from tests.samples import NOW
from tests.telemetry.conftest import logged

__all__ = ["logged"]
# The texts of the model that people type, and those that are ids, keys or addresses which are read strictly.
TYPED = {
    *("name", "organisation", "group", "title", "proposal", "place", "approval_rule", "presenter", "earlier", "rest", "handling"),
    *("discussion", "decision", "link", "ground", "counter_proposal", "text", "reason", "preface", "approved_in", "cancel_reason"),
}
KEYS = {
    *(
        "id",
        "email",
        "language",
        "client_language",
        "zone",
        "service_url",
        "kind",
        "source",
        "record",
        "minutes_sha256",
        "draft",
        "called_by",
    ),
    *("event_uid", "event_seen", "join_url", "format", "sha256", "part"),
}
KEY = b"k" * 32
Typed = Callable[[str], str]


def nasty(field: str) -> str:
    return f"{field}: {LINE}"


def harmless(field: str) -> str:
    return f"{field}: sana"


def typed_in(thing: Any, typed: Typed) -> Any:
    """The same with another text wherever one is typed."""
    if isinstance(thing, tuple):
        return tuple(typed_in(one, typed) for one in thing)
    if not is_dataclass(thing):
        return thing
    texts = {one.name: typed(one.name) for one in fields(thing) if one.name in TYPED and one.type in {"str", str}}
    parts = {one.name: typed_in(getattr(thing, one.name), typed) for one in fields(thing) if isinstance(getattr(thing, one.name), tuple)}
    return replace(cast("Any", thing), **(texts | parts))


def everything(typed: Typed) -> tuple[list[m.Person], m.Body, m.Meeting, list[m.Document]]:
    """A body and its meeting, in review, with everything that a document, a letter or a page tells. `m3` has no Teams."""
    people = [m.Person(one, "tenant", "", f"{one}@example.org", f"aad-{one}") for one in ("sec", "m1", "m2", "d1", "d2", "d3", "x1")]
    people.append(m.Person("m3", "tenant", "", "m3@example.org", language="fi"))
    plan = samples.meeting(
        phase=m.Phase.REVIEW,
        opened_at=NOW,
        roll_closed_at=NOW,
        closed_at=NOW + timedelta(hours=1),
        presiding_id="m1",
        online=True,
        attachments=(m.Attachment("t1", "meeting", 1, "", "", ("i2",)),),
        attendances=tuple(m.Attendance(f"a{one}", "meeting", one, m.Sign.PRESENT) for one in ("m1", "m2", "m3", "x1")),
        movements=(m.Movement("v1", "meeting", "m2", m.Direction.LEFT, NOW, "i2"),),
        disqualifications=(m.Disqualification("q1", "meeting", "i2", "m3", "", NOW),),
        votes=(m.Vote("o1", "meeting", "i2", "", 2, 1, 0),),
        dissents=(m.Dissent("r1", "meeting", "i2", "m2"),),
        rounds=(m.Round("r1", "meeting", 1, NOW, date(2026, 5, 18), None, "Europe/Helsinki"),),
        comments=(
            m.Comment("c1", "meeting", "r1", "m3", m.CommentKind.PROPOSAL, "", NOW, item_id="i2", answer=m.Answer.REJECTED, reason="x"),
        ),
    )
    body = samples.body(approval=m.Approval.NEXT_MEETING)
    kinds = (("agenda", "pdf"), ("round 1", "pdf"))
    documents = [m.Document(f"d-{kind[:5]}", "meeting", kind, form, 1, "", "", 1) for kind, form in kinds]
    made = typed_in((tuple(people), body, plan, tuple(documents)), typed)
    return list(made[0]), made[1], made[2], list(made[3])


@dataclass(frozen=True)
class World:
    """A database with everything of these texts in it."""

    url: str
    typed: Typed

    def read(self, what: Callable[[Transaction], Any]) -> Any:
        async def read() -> Any:
            storage = self.storage()
            try:
                return await storage.read(what)
            finally:
                await storage.close()

        return asyncio.run(read())

    def storage(self) -> Storage:
        return Storage(self.url, clock=lambda: NOW + timedelta(days=1), known=0)


def world(folder: Path, typed: Typed) -> World:
    made = World(f"sqlite:///{folder / 'typed.db'}", typed)
    people, body, meeting, documents = everything(typed)

    def keep(tx: Transaction) -> None:
        for person in people:
            tx.save(person)
        tx.save(body)
        tx.save(meeting)
        for document in documents:
            tx.add_document(document, b"%PDF")
        tx.later(e.Tell("1", typed("person"), "minutes_ready"))

    async def fill() -> None:
        storage = made.storage()
        await storage.start()
        await storage.run(keep)
        await storage.close()

    asyncio.run(fill())
    return made


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:
    """The harmless one and the other."""
    return world(tmp_path_factory.mktemp("harmless"), harmless), world(tmp_path_factory.mktemp("nasty"), nasty)


def squeezed(text: str) -> str:
    """Without blanks: where lines end is the writer's own matter."""
    return "".join(text.replace("\u00ad", "").split())


def lacking(text: str, *names: str) -> list[str]:
    """Those of these texts that do not stand there as typed."""
    return [name for name in names if squeezed(plain(nasty(name))) not in squeezed(text)]


def test_every_text_of_the_model_is_typed_or_a_key() -> None:
    models = [one for one in vars(m).values() if isinstance(one, type) and is_dataclass(one)]
    texts = {one.name for model in models for one in fields(model) if one.type in {"str", str}}
    unknown = {name for name in texts - TYPED - KEYS if not name.endswith("_id")}
    assert unknown == set()


# --- documents --------------------------------------------------------------------------------------------------------------

OF_AGENDA = ("name", "place", "title", "presenter", "earlier", "rest", "proposal", "link")
OF_MINUTES = (*OF_AGENDA, "organisation", "handling", "discussion", "decision", "ground", "counter_proposal", "text", "approval_rule")


def documents(one: World) -> list[MinutesDoc]:
    made: list[MinutesDoc] = one.read(lambda tx: [agenda_of(tx, "meeting"), minutes_of(tx, "meeting")])
    return made


def parts_of(content: bytes) -> tuple[str, Counter[str], set[str]]:
    """Of a Word file: its text, what elements there are, and what it reaches out to."""
    made = WordDocument(io.BytesIO(content))
    body = made.element.body
    tags = Counter(one.tag.rpartition("}")[2] for one in body.iter() if isinstance(one.tag, str))
    # Where lines break within a paragraph is of the text.
    kinds = {rel.reltype.rpartition("/")[2] for rel in made.part.rels.values()}
    return "".join(body.itertext()), tags, kinds


@pytest.mark.parametrize("own", [False, True])
def test_word(worlds: tuple[World, World], own: bool) -> None:
    looks = template() if own else None
    for calm, wild, names in zip(*(documents(one) for one in worlds), (OF_AGENDA, OF_MINUTES), strict=True):
        before, after = (parts_of(render_docx(one, looks)) for one in (calm, wild))
        assert lacking(after[0], *names) == []
        assert after[1:] == before[1:]


def test_pdf(worlds: tuple[World, World]) -> None:
    for calm, wild, names in zip(*(documents(one) for one in worlds), (OF_AGENDA, OF_MINUTES), strict=True):
        before, after = (PdfReader(io.BytesIO(render_pdf(one))) for one in (calm, wild))
        text = "".join(page.extract_text() for page in after.pages)
        assert lacking(re.sub(r"\d+\(\d+\)", "", squeezed(text)), *names) == []
        for reader in (before, after):
            assert "/Annots" not in {key for page in reader.pages for key in page}
            assert not {"/OpenAction", "/AA", "/Names"} & set(cast("Any", reader.trailer["/Root"]))


# --- pages ------------------------------------------------------------------------------------------------------------------


def elements(html: str) -> Counter[tuple[str, ...]]:
    """The elements of a page, each with the names of its attributes."""
    return Counter((str(one.tag), *sorted(one.attrib)) for one in lxml.html.document_fromstring(html).iter())


def links(html: str) -> set[str]:
    return set(lxml.html.document_fromstring(html).xpath("//@href | //@src | //@action"))


def address(*ids: str) -> str:
    return f"https://pykala.example/{'/'.join(ids)}"


def comment_page(one: World) -> str:
    shown = CommentPage(address)
    typed = {f"text-{WHOLE}": one.typed("typed"), "text-i1": one.typed("again"), "kind-i1": one.typed("kind")}
    page: str = one.read(lambda tx: shown.render(shown.look(tx, ("m3", "meeting", "r1"), None), typed))
    return page


def answer_page(one: World) -> str:
    shown = AnswerPage(address)

    def look(tx: Transaction) -> str:
        state = shown.look(tx, ("m3", "meeting"), None)
        return shown.render(replace(state, open=True, called_for=(one.typed("called"),), notice=one.typed("notice")), {})

    page: str = one.read(look)
    return page


@pytest.mark.parametrize(
    ("page", "names"),
    [
        (comment_page, ("name", "title", "organisation", "decision", "text", "reason", "typed", "again", "link")),
        (answer_page, ("name", "place", "called", "notice")),
    ],
)
def test_pages(worlds: tuple[World, World], page: Callable[[World], str], names: tuple[str, ...]) -> None:
    calm, wild = (page(one) for one in worlds)
    assert lacking(lxml.html.document_fromstring(wild).text_content(), *names) == []
    assert elements(wild) == elements(calm)
    assert links(wild) == links(calm)


async def test_the_name_of_a_downloaded_file(worlds: tuple[World, World]) -> None:
    storage = worlds[1].storage()
    app = web.Application()
    add_documents(app, storage, KEY, lambda: NOW)
    async with served(app) as url, aiohttp.ClientSession() as http, http.get(document_link(url, "d-agend", KEY, NOW)) as answer:
        headers = answer.headers
        assert answer.status == 200
    await storage.close()
    assert re.fullmatch(r"inline; filename\*=UTF-8''[\w.%~-]+", headers["Content-Disposition"])
    assert "bcc" not in headers


# --- letters and calendars ----------------------------------------------------------------------------------------------------


def letter(one: World, effect: e.Effect) -> Letter:
    async def sent() -> Letter:
        storage, mail = one.storage(), AsyncMock()
        letters = Letters(storage, mail, address, lambda page, ids, _: address(page, *ids), "sihteeri@example.org")
        await (letters.tell(effect) if isinstance(effect, e.Tell) else letters.send(cast("e.Send", effect)))
        await storage.close()
        taken: Letter = mail.send.await_args.args[0]
        return taken

    return asyncio.run(sent())


SENT = e.Send("1", "m3", "round", "meeting")


def told(one: World) -> e.Tell:
    params = (("number", "4/2026"), ("reason", one.typed("reason")), ("comment_id", "c1"))
    return e.Tell("2", "m3", "comment_rejected_because", params, "body", "meeting")


@pytest.mark.parametrize(
    ("effect", "names"), [(lambda _: SENT, ("name",)), (told, ("reason", "text", "title"))], ids=["the minutes", "an answer"]
)
def test_letters(worlds: tuple[World, World], effect: Callable[[World], e.Effect], names: tuple[str, ...]) -> None:
    calm, wild = (letter(one, effect(one)) for one in worlds)
    assert lacking(lxml.html.document_fromstring(wild.html).text_content(), *names) == []
    assert lacking(wild.text, *names) == []
    assert elements(wild.html) == elements(calm.html)
    assert links(wild.html) == links(calm.html)
    before, after = (received(mime(one, "b@example.org")) for one in (calm, wild))
    assert after.keys() == before.keys()
    assert [part.get_content_type() for part in after.walk()] == [part.get_content_type() for part in before.walk()]
    assert squeezed(str(after["subject"])) == squeezed(wild.subject)
    assert [one.get_filename() for one in after.iter_attachments()] == [one.name.replace("/", "-").replace("\\", "-") for one in wild.files]


def received(message: EmailMessage) -> EmailMessage:
    """As a mailbox reads it."""
    return message_from_bytes(message.as_bytes(), _class=EmailMessage, policy=policy.default)


@pytest.mark.parametrize("unseen", UNSEEN)
def test_the_headers_of_a_letter(unseen: str) -> None:
    """What is not seen in a name, a subject or the name of a file begins no header and reaches no terminal."""
    made = mime(letter_of(unseen), "sihteeri@example.org")
    read = received(made)
    assert read.keys() == received(mime(letter_of("x"), "sihteeri@example.org")).keys()
    assert [str(one.addr_spec) for one in read["to"].addresses] == ["elli@example.org"]
    (file,) = read.iter_attachments()
    for text in (str(read["subject"]), str(read["to"]), str(read["reply-to"]), str(file.get_filename())):
        assert text.isprintable(), text
    assert not set(made.as_bytes().decode("ascii")) - set("\r\n\t") & set(map(chr, range(32)))


def letter_of(unseen: str) -> Letter:
    file = MailFile(f"a{unseen}.pdf", b"%PDF", "application/pdf")
    names = (f"Elli {unseen}", "elli@example.org", f"Asia {unseen}")
    return Letter("k", *names, "<p>x</p>", "x", (file,), f"Aino {unseen}", "aino@example.org")


def event(one: World) -> Event:
    async def made() -> Event:
        storage, calendar = one.storage(), AsyncMock()
        calendar.create.return_value = EventState("", "")
        await Calendars(storage, calendar, lambda document_id, _at=None: address(document_id)).sync_event(e.SyncEvent("meeting"))
        await storage.close()
        wanted: Event = calendar.create.await_args.args[0]
        return wanted

    return asyncio.run(made())


def test_the_event_in_the_calendar(worlds: tuple[World, World]) -> None:
    calm, wild = (event(one) for one in worlds)
    assert lacking(lxml.html.document_fromstring(wild.html).text_content(), "name", "title") == []
    assert elements(wild.html) == elements(calm.html)
    assert links(wild.html) == links(calm.html)
    assert lacking(wild.subject, "name") == []
    assert wild.place == nasty("place")
    assert {one.name for one in wild.invitees} == {nasty("name")}


def properties(calendar: Calendar) -> Counter[tuple[str, ...]]:
    """The components of a calendar file, each with the names of its properties."""
    return Counter((one.name or "", *sorted(one.keys())) for one in calendar.walk())


def test_a_calendar_file(worlds: tuple[World, World]) -> None:
    calm, wild = (event(one) for one in worlds)
    before = Calendar.from_ical(calendar_file(calm, "u", NOW, "b@example.org"))
    for text in (wild.subject, *(f"x{one}" for one in UNSEEN)):
        after = Calendar.from_ical(calendar_file(replace(wild, subject=text, place=text), "u", NOW, "b@example.org"))
        assert properties(after) == properties(before)
        (entry,) = after.walk("VEVENT")
        assert squeezed(plain(str(entry["summary"]))) == squeezed(plain(str(entry["location"]))) == squeezed(plain(text))


# --- for administrators -------------------------------------------------------------------------------------------------------


def unseen(field: str) -> str:
    return f"{field} {''.join(UNSEEN)}"


@pytest.fixture(scope="module")
def unseen_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("unseen"), unseen)


def admin(one: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `python app.py` says to these words."""
    monkeypatch.setenv("PYKALA_LOCAL", "1")
    monkeypatch.setenv("DATABASE_URL", one.url)
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    people_command.add_command(commands)
    effects_command.add_command(commands)
    options = parser.parse_args(words)
    options.run(options)
    said = capsys.readouterr()
    return said.out + said.err


def test_the_terminal(
    worlds: tuple[World, World],
    unseen_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever is called so writes no line of their own, clears no screen and turns no line round."""
    erase = ("people", "erase")
    export = ("people", "export", "m3", "--out", str(tmp_path / "{place}.json"))
    for words in ((*erase, "{name}"), (*erase, "m3"), (*erase, "sec"), export, ("effects", "list", "--waiting")):
        calm, wild = (
            admin(one, monkeypatch, capsys, *(word.format(name=one.typed("name"), place=place) for word in words))
            for place, one in (("calm", worlds[0]), ("wild", unseen_world))
        )
        assert all(line.isprintable() for line in wild.split("\n")), wild
        assert len(wild.splitlines()) == len(calm.splitlines())
    exported = json.loads((tmp_path / "wild.json").read_text(encoding="utf-8"))
    assert exported["rows"]["comment"][0]["text"] == unseen("text")


async def test_the_journal(tmp_path: Path) -> None:
    storage = Storage(f"sqlite:///{tmp_path / 'journal.db'}", clock=lambda: NOW, known=0)
    await storage.start()
    typed = f"{LINE} {''.join(UNSEEN)}"
    command = c.CommentMinutes(meeting_id="meeting", text=typed)
    await storage.run(lambda tx: tx.journal(command, {"platform": typed}), actor=m.Person("m3", "tenant", "x"))
    await storage.close()
    with opened(f"sqlite:///{tmp_path / 'journal.db'}") as connection:
        (row,) = connection.exec_driver_sql("SELECT payload, origin FROM journal").all()
        assert journal.read(connection).breaks == ()
    assert json.loads(row[0])["text"] == json.loads(row[1])["platform"] == typed


@pytest.mark.parametrize("text", [LINE, *UNSEEN, "\nkaikki@evil.example \x07kaikki@evil.example"])
def test_a_line_in_the_log(logged: io.StringIO, text: str) -> None:
    configure_logs("info", logged)
    structlog.get_logger("bot").warning(text, reason=text)
    (line,) = logged.getvalue().splitlines()
    assert line.isprintable()
    struck = text.replace("kaikki@evil.example", "…")
    assert (json.loads(line)["reason"], json.loads(line)["event"]) == (struck, struck)
