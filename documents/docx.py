"""The Word writer: docxtpl fills a template, ours or the body's own (its letterhead); the tags are in docs/templates.md."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from documents.blocks import MinutesDoc, as_data
from meetings.errors import Refused

_DEFAULT = Path(__file__).parent / "templates" / "default.docx"
_LOCALES = {"fi": "fi-FI", "sv": "sv-FI", "en": "en-GB"}
_LARGEST_UNPACKED = 50_000_000
_DAY_ZERO = (1980, 1, 1, 0, 0, 0)


def render_docx(doc: MinutesDoc, template: bytes | None = None) -> bytes:
    """The document in Word, byte for byte the same for the same document and template.

    Refuses a template that cannot be read or filled, and one that leaves out an item: `documents.template_broken` with what was found,
    `documents.template_empty`. A template is somebody's file: it runs sandboxed and is not unpacked beyond 50 MB.
    """
    content = _default() if template is None else template
    data = _context(doc)
    try:
        _require_readable(content)
        filled = DocxTemplate(io.BytesIO(content))
        filled.render(data, ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True))
        _name(filled.docx, doc)
        out = io.BytesIO()
        filled.docx.save(out)
    except Refused:
        raise
    except Exception as failure:  # whatever a stranger's file makes docxtpl, Jinja, lxml or zipfile raise is a fault of the file
        if template is None:
            raise
        raise Refused("documents.template_broken", reason=_reason(failure)) from failure
    if template is not None:
        _require_whole(filled.docx, doc)
    return steady(out.getvalue())


@cache
def _default() -> bytes:
    return _DEFAULT.read_bytes()


def _require_readable(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > _LARGEST_UNPACKED:
            raise Refused("documents.template_broken", reason=f"> {_LARGEST_UNPACKED // 1_000_000} MB")


def _context(doc: MinutesDoc) -> dict[str, Any]:
    """The document's data for a template: every text literal, every labelled part as its first paragraph and the rest."""
    data: dict[str, Any] = _literal(as_data(doc))
    for block in data["blocks"]:
        if block["kind"] == "labelled":
            parts = [part for one in block["content"] for part in _parts(one)]
            first = parts.pop(0)["text"] if parts and parts[0]["kind"] == "paragraph" else ""
            block.update(first=first, rest=parts)
    return data


def _parts(one: dict[str, Any]) -> list[dict[str, Any]]:
    if one["kind"] == "bullets":
        return [{"kind": "bullet", "text": entry} for entry in one["entries"]]
    return [one]


def _literal(value: Any) -> Any:
    """Texts that come out as typed: escaped for XML, and without docxtpl's own escapes (it would turn a typed `{_{` into `{{`)."""
    if isinstance(value, str):
        text = str(escape(value))
        return Markup(text.replace("{_", "{&#95;").replace("_}", "&#95;}").replace("%_", "%&#95;"))  # noqa: S704  # escaped above
    if isinstance(value, list):
        return [_literal(one) for one in value]
    return {key: one if key == "kind" else _literal(one) for key, one in value.items()}


def _name(made: Any, doc: MinutesDoc) -> None:
    """Title, author, language and time in the file's properties, and the language of every text for spelling and screen readers."""
    locale = _LOCALES[doc.language]
    properties = made.core_properties
    data = as_data(doc)
    properties.title, properties.author, properties.language = data["title"][:255], data["body"][:255], locale
    properties.last_modified_by = data["body"][:255]
    properties.created = properties.modified = doc.dated.astimezone(UTC).replace(tzinfo=None)
    found = made.styles.element.xpath("w:docDefaults//w:lang | w:style[@w:default='1'][@w:type='paragraph']/w:rPr/w:lang")
    for language in found:
        language.set(qn("w:val"), locale)
    if not found:
        for style in made.styles.element.xpath("w:style[@w:default='1'][@w:type='paragraph']"):
            language = OxmlElement("w:lang")
            language.set(qn("w:val"), locale)
            style.get_or_add_rPr().append(language)


def _require_whole(made: Any, doc: MinutesDoc) -> None:
    """A letterhead without the tags would make empty minutes, quietly."""
    shown = "".join(made.element.body.itertext())
    titles = [block["title"] for block in as_data(doc)["blocks"] if block["kind"] == "section"]
    if any(title not in shown for title in titles):
        raise Refused("documents.template_empty")


def _reason(failure: Exception) -> str:
    line = getattr(failure, "message", None) or str(failure) or type(failure).__name__
    return str(line).splitlines()[0][:200]


def steady(content: bytes) -> bytes:
    """The package with fixed times inside: the clock of the machine is no part of a document."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, _DAY_ZERO), old.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()
