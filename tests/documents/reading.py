"""Reads finished documents back: all text of a structure, of a PDF and of a Word file, in order, with white space evened out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from docx import Document
from pypdf import PdfReader

from documents.blocks import Block, MinutesDoc, as_data

EMPTY = MinutesDoc(
    "fi", "minutes", "Toimielin", "Muistio", "1/2020", "1.1.2020", "Toimielin: Muistio 1/2020", "", datetime(2020, 1, 1, tzinfo=UTC), ()
)


def doc(*blocks: Block, **fields: Any) -> MinutesDoc:
    return replace(EMPTY, blocks=blocks, **fields)


def even(text: str) -> str:
    return " ".join(text.split())


def pdf_text(content: bytes) -> str:
    return even(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def word_texts(content: bytes) -> list[str]:
    """The text of each paragraph and table cell of the body, in order, without the empty ones."""
    made = Document(io.BytesIO(content))
    found: list[str] = []
    for one in made.iter_inner_content():
        if hasattr(one, "rows"):
            found += [cell.text for row in one.rows for cell in row.cells]
        else:
            found.append(one.text)
    return [even(text) for text in found if text.strip()]


def texts(made: MinutesDoc) -> list[str]:
    """Every text of a structure in the order it is read, after the head."""
    return [even(text) for block in as_data(made)["blocks"] for text in _walk(block) if text.strip()]


def _walk(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _walk(one)
        case dict():
            for key, one in value.items():
                if key != "kind":
                    yield from _walk(one)
