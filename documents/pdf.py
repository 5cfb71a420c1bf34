"""The PDF writer: typst, as PDF/A-2a (an archive can keep it) and PDF/UA-1 (a screen reader can read it) at once."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import typst

from documents.blocks import MinutesDoc, as_data

# As a path: typst keeps what it has evaluated by file, and forgets it when it comes as bytes.
_PAGE = Path(__file__).parent / "minutes.typ"
_STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
# Only the fonts inside the package: the same document on every machine.
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
_PROBE = Path(__file__).parent / "glyph.typ"
_NO_GLYPH = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


def render_pdf(doc: MinutesDoc) -> bytes:
    """The document as a tagged PDF, byte for byte the same for the same document.

    A character no embedded font has (an emoji, Chinese) stands as its code point, `[U+1F600]`: PDF/A forbids an empty box, and the text is
    not to be lost.
    """
    text = json.dumps(as_data(doc), ensure_ascii=False)
    stamp = int(doc.dated.timestamp())
    try:
        return _compile(_PAGE, text, stamp)
    except typst.TypstError as failure:
        if _NO_GLYPH.search(failure.message) is None:
            raise
    for one in sorted(set(text)):
        if not one.isascii() and not _has_glyph(one):
            text = text.replace(one, _code_points(one))
    # What is left are sequences of which each part alone has a glyph.
    while True:
        try:
            return _compile(_PAGE, text, stamp)
        except typst.TypstError as failure:
            found = _NO_GLYPH.search(failure.message)
            shown = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), found[1]) if found else ""
            if not shown or shown not in text:
                raise
            text = text.replace(shown, _code_points(shown))


def _compile(source: Path, text: str, stamp: int) -> bytes:
    made: bytes = typst.compile(source, font_paths=_FONTS, sys_inputs={"doc": text}, pdf_standards=_STANDARDS, timestamp=stamp)
    return made


@lru_cache(maxsize=4096)
def _has_glyph(one: str) -> bool:
    try:
        _compile(_PROBE, one, 0)
    except typst.TypstError:
        return False
    return True


def _code_points(text: str) -> str:
    return "".join(f"[U+{ord(one):04X}]" for one in text)
