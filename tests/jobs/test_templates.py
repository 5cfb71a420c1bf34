"""A body's own template is somebody's file: it is filled in a process of its own, and a document is made whatever it does there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from docx import Document

from documents.bounded import FileReader
from documents.docx import check_template
from jobs.calendars import Links
from jobs.gates import Gate, LocalThrottle
from jobs.handlers import Handlers
from meetings.effects import RenderDocuments
from storage.database import Storage
from storage.transaction import Transaction
from tests import samples
from tests.documents.test_docx import OWN, own
from tests.samples import NOW

# Every block of the document once more for each, ten times over, a kilobyte each: nothing in a small document, a gigabyte in a large one.
SWELLING = (
    "{%p for one in blocks %}",
    "{%p for all in [" + ", ".join(["blocks"] * 10) + "] %}",
    "{%p for other in all|default(all) %}",
    "x" * 1000,
    *["{%p endfor %}"] * 3,
)


async def made(folder: Path, template: bytes, items: int) -> tuple[list[str], bool]:
    """The paragraphs of the Word file of an agenda with so many items, and whether the secretary is told that it is without their
    template."""
    storage = Storage(f"sqlite:///{folder / 'templates.db'}", clock=lambda: NOW, known=0)
    await storage.start()
    meeting = samples.meeting(items)

    def keep(tx: Transaction) -> None:
        tx.save(samples.body(template_id=tx.keep_content(template)))
        tx.save(meeting)

    await storage.run(keep)
    unused: Any = None
    handlers = Handlers(
        storage, unused, unused, Links("", unused, unused, unused), Gate(LocalThrottle(), "post", 0), unused, FileReader().fill_template
    )
    await handlers.render_documents(RenderDocuments(meeting.id, "agenda"))

    def read(tx: Transaction) -> tuple[bytes, bool]:
        word = next(one for one in tx.documents(meeting.id) if one.format == "docx")
        return tx.document_content(word.id), tx.was_written(f"tell:template:{meeting.id}:agenda")

    content, told = await storage.read(read)
    await storage.close()
    read_back = Document(io.BytesIO(content))
    return [one.text for one in (*read_back.sections[0].header.paragraphs, *read_back.paragraphs)], told


async def test_a_body_s_own_template_is_filled(tmp_path: Path) -> None:
    texts, told = await made(tmp_path, own(*OWN), 3)
    assert "Oma kirjelomake Saarten ohjausryhmä" in texts
    assert "2 § ASIA 2" in [text.replace("\u00a0", " ") for text in texts]
    assert not told


async def test_a_template_that_swells_is_left_aside_and_the_document_made_without(tmp_path: Path) -> None:
    swelling = own(*OWN, *SWELLING)
    check_template(swelling)
    texts, told = await made(tmp_path, swelling, 300)
    assert "Oma kirjelomake Saarten ohjausryhmä" not in texts
    assert "300 § Asia 300" in [text.replace("\u00a0", " ").replace("\t", " ") for text in texts]
    assert told
