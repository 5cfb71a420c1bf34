"""The Word writer: docxtpl fills a template, ours or the body's own (its letterhead); the tags are in docs/templates.md."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docxtpl import DocxTemplate
from jinja2 import Environment, StrictUndefined, Template, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree
from markupsafe import Markup, escape

from documents.blocks import (
    Approval,
    AttachmentRow,
    Attachments,
    AttendanceRow,
    AttendanceTable,
    Block,
    Bullets,
    Facts,
    Heading,
    Labelled,
    MinutesDoc,
    Paragraph,
    Section,
    Signature,
    Signatures,
    as_data,
)
from meetings.errors import Refused

_DEFAULT = Path(__file__).parent / "templates" / "default.docx"
_LOCALES = {"fi": "fi-FI", "sv": "sv-FI", "en": "en-GB"}
_LARGEST_UNPACKED = 50_000_000
_ADDRESS = re.compile(r"https?://[^\s\"\\<>{}]{1,2000}")
_PLAIN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.CondExpr, nodes.Name, nodes.Const),
    *(nodes.Getattr, nodes.Getitem, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Tuple, nodes.List),
)
_FILTERS = {"upper", "lower", "capitalize", "title", "trim", "join", "default", "length", "first", "last"}
_MOST_LOOPS = 3
# What a part can bring along that acts by itself or hides a document of another kind.
_ACTING = {
    "vbaProject",
    "wordVbaData",
    "control",
    "activeXControlBinary",
    "oleObject",
    "aFChunk",
    "subDocument",
    "frame",
    "attachedToolbars",
}
# Fields that fetch what stands elsewhere, start a program or run a macro.
_FETCHING = re.compile(
    r"(?:^|[^\w])(DDEAUTO|DDE|INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|LINK|DATABASE|EMBED|MACROBUTTON|RD)\s", re.IGNORECASE
)
_LINKED = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_DAY_ZERO = (1980, 1, 1, 0, 0, 0)


def render_docx(doc: MinutesDoc, template: bytes | None = None) -> bytes:
    """The document in Word, byte for byte the same for the same document and template.

    A template is somebody's file: it is not unpacked beyond 50 MB, and its tags can show and loop, no more. Refuses one that does not
    open (`documents.template_unreadable`), acts or reaches out by itself (`…_unsafe`), has a tag nobody knows (`…_tag`) or cannot be
    filled (`…_broken`), or leaves out a text of the document (`…_lacks`): signatures and the heads of the attendance table it may leave
    out.
    """
    if template is None:
        return _saved(_filled(_default(), doc, _sandbox(Environment)), doc)
    try:
        _require_readable(template)
        _require_still(template)
        made = _filled(template, doc, _sandbox(_Tags))
        content = _saved(made, doc)
    except (Refused, MemoryError):
        raise
    except UndefinedError as failure:
        found = re.findall(r"'([^']*)'", failure.message or "")
        raise _unknown(found[-1] if found else "?") from failure
    except Exception as failure:  # whatever a stranger's file makes docxtpl, Jinja, lxml or zipfile raise is a fault of the file
        raise Refused("documents.template_broken", reason=_reason(failure)) from failure
    _require_whole(made, doc)
    return content


def check_template(template: bytes) -> None:
    """Refuses, as `render_docx` does, a template that cannot hold an agenda and minutes with every kind of block."""
    mark = map("x{:03}x".format, count())

    def row() -> AttendanceRow:
        return AttendanceRow(next(mark), next(mark), next(mark), next(mark))

    blocks: tuple[Block, ...] = (
        Facts(((next(mark), next(mark)),)),
        Heading(next(mark)),
        AttendanceTable(row(), (row(), row())),
        Section(next(mark), next(mark)),
        Labelled(next(mark), (Paragraph(next(mark)), Paragraph(next(mark)), Bullets((next(mark), next(mark))))),
        Labelled(next(mark), (Bullets((next(mark),)), Paragraph(next(mark)))),
        Paragraph(next(mark)),
        Bullets((next(mark), next(mark))),
        Attachments((AttachmentRow(next(mark), next(mark), next(mark)), AttachmentRow(next(mark), next(mark)))),
        Approval((next(mark), next(mark))),
        Signatures((Signature(next(mark), next(mark)),)),
    )
    agenda = MinutesDoc("en", "agenda", "a", "b", "1", "c", "d", "", datetime(2020, 1, 1, tzinfo=UTC), blocks)
    for doc in (agenda, replace(agenda, kind="minutes", status="e")):
        render_docx(doc, template)


def _filled(content: bytes, doc: MinutesDoc, tags: Environment) -> Any:
    made = DocxTemplate(io.BytesIO(content))
    _forget_origin(made)
    made.render(_context(doc), tags)
    return made.docx


def _saved(made: Any, doc: MinutesDoc) -> bytes:
    _name(made, doc)
    out = io.BytesIO()
    made.save(out)
    return steady(out.getvalue())


@cache
def _default() -> bytes:
    return _DEFAULT.read_bytes()


@cache
def _sandbox(kind: type[Environment]) -> Environment:
    return kind(undefined=StrictUndefined, autoescape=True)


class _Tags(ImmutableSandboxedEnvironment):
    """What a template may say: values, loops and conditions. No calls and no arithmetic: they can fill the memory with a few letters."""

    def from_string(self, source: Any, *args: Any, **kwargs: Any) -> Template:
        _require_plain(self.parse(source))
        return super().from_string(source, *args, **kwargs)


def _require_plain(node: nodes.Node, loops: int = 0) -> None:
    if not isinstance(node, _PLAIN) or (isinstance(node, nodes.Filter) and node.name not in _FILTERS):
        raise _unknown(getattr(node, "name", None) or type(node).__name__.lower())
    if isinstance(node, nodes.For):
        # A loop within a loop goes through what is in its block, never through the whole again.
        if loops >= _MOST_LOOPS or (loops and isinstance(node.iter, nodes.Name)):
            raise _unknown("for")
        loops += 1
    for child in node.iter_child_nodes():
        _require_plain(child, loops)


def _unknown(tag: str) -> Refused:
    return Refused("documents.template_tag", tag=tag[:60])


def _require_readable(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
            whole = size <= _LARGEST_UNPACKED and "word/document.xml" in packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as failure:
        raise Refused("documents.template_unreadable") from failure
    if not whole:
        raise Refused("documents.template_unreadable")


def _require_still(content: bytes) -> None:
    """Minutes go to everybody: no macro, no program's object, nothing fetched from elsewhere when they are opened."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for name in packed.namelist():
            if name.endswith(".rels"):
                for relation in etree.fromstring(packed.read(name), parser):
                    _require_inside(relation)
            elif name.startswith("word/") and name.endswith(".xml"):
                part = etree.fromstring(packed.read(name), parser)
                codes = [*(one.get(qn("w:instr"), "") for one in part.iter(qn("w:fldSimple"))), _codes(part)]
                if found := _FETCHING.search("\n".join(codes)):
                    raise Refused("documents.template_unsafe", found=found[1].upper())


def _require_inside(relation: Any) -> None:
    kind, target = relation.get("Type", "").rpartition("/")[2], relation.get("Target", "")
    outside = (
        relation.get("TargetMode") == "External" and kind != "attachedTemplate" and not (kind == "hyperlink" and _LINKED.match(target))
    )
    if outside or kind in _ACTING:
        raise Refused("documents.template_unsafe", found=f"{kind} ({target[:80]})")


def _codes(part: Any) -> str:
    """The codes of a part's fields, a line each; Word may part one code in several runs."""
    codes = []
    for one in part.iter(qn("w:fldChar"), qn("w:instrText")):
        codes.append("\n" if one.tag == qn("w:fldChar") else one.text or "")
    return "".join(codes)


def _forget_origin(made: DocxTemplate) -> None:
    """A letterhead made from a template of somebody's machine names it, and Word would look for it there."""
    made.init_docx()
    settings = made.docx.settings.element
    for named in settings.findall(qn("w:attachedTemplate")):
        settings.remove(named)
    for part in made.docx.part.package.iter_parts():
        for key in [key for key, one in part.rels.items() if one.reltype.endswith("/attachedTemplate")]:
            del part.rels[key]


def _context(doc: MinutesDoc) -> dict[str, Any]:
    """The document's data for a template: every text literal, every labelled part as its first paragraph and the rest."""
    data: dict[str, Any] = _literal(as_data(doc))
    for block in data["blocks"]:
        if block["kind"] == "labelled":
            parts = [part for one in block["content"] for part in _parts(one)]
            first = parts.pop(0)["text"] if parts and parts[0]["kind"] == "paragraph" else ""
            block.update(first=first, rest=parts)
        elif block["kind"] == "attachments":
            for row in block["rows"]:
                row["address"] = row["link"] if _ADDRESS.fullmatch(row["link"]) else ""
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
    """A template that lacks a tag would make minutes without their decisions, quietly."""
    shown = _squeezed("".join(made.element.body.itertext()))
    lacking: dict[str, dict[str, None]] = {}
    for block in as_data(doc)["blocks"]:
        for name, text in _said(block):
            if _squeezed(text) not in shown:
                lacking.setdefault(block["kind"], {})[name] = None
    if lacking:
        raise Refused("documents.template_lacks", tags="; ".join(f"{kind}: {', '.join(names)}" for kind, names in lacking.items()))


def _said(block: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of a block that no template may leave out, each with the name of its tag."""
    if block["kind"] == "signatures":
        return
    for name, value in block.items():
        if name not in {"kind", "columns"}:
            yield from (("first, rest" if name == "content" else name, text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for one in value if isinstance(value, list) else [part for name, part in value.items() if name != "kind"]:
            yield from _texts(one)


def _squeezed(text: str) -> str:
    """Line breaks and tabs are marks of their own in Word, and a template may write in capitals."""
    return "".join(text.casefold().split())


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
