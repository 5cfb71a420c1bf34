"""The body of a calendar event as HTML: our own part, the Teams join block after it, and the plain text of either. For graph/ only."""

from __future__ import annotations

import re
from copy import deepcopy
from html import escape
from urllib.parse import urlsplit

import lxml.html
from lxml import etree

# Exchange parts the join block from what people wrote by a line of underscores and gives the block this class (Outlook may prefix it).
_RULE = re.compile(r"_{20,}")
_BLOCK_CLASS = "me-email-text"
_PARAGRAPHS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "table", "ul"}
_LINES = {"address", "article", "br", "div", "dl", "dd", "dt", "hr", "li", "section", "tr"}


def inner(html: str) -> str:
    """What stands inside `<body>`; a fragment comes back as it is."""
    return _children(_body(html)) if re.search(r"<(html|body)\b", html, re.IGNORECASE) else html


def split_join_block(html: str, join_url: str) -> tuple[str, str]:
    """The part before the Teams join block, and the block to the end of the body ("" when there is none); both are fragments.

    The block begins at Exchange's class with the rule of underscores before it, or, where neither is left, at the join link.
    """
    body = _body(html)
    marker = _marker(body, join_url)
    if marker is None:
        return _children(body), ""
    path = _path(body, marker)
    block = deepcopy(body)
    _drop_before(block, path)
    _drop_from(body, path)
    return _children(body), _children(block)


def plain_text(html: str) -> str:
    """The readable text: a line for each block of text, at most one empty line between, `• ` before list items, links' targets in ()."""
    body = _body(html)
    for hidden in body.xpath(".//script|.//style|.//head|.//title"):
        hidden.drop_tree()
    pieces: list[str] = []
    _read(body, pieces)
    lines = [" ".join(line.split()) for line in "".join(pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def same_text(one: str, other: str) -> bool:
    """Whether two bodies read alike, links included. Exchange rewrites HTML, so the bytes never compare."""
    return plain_text(one).split() == plain_text(other).split()


def document(content: str) -> str:
    """A fragment as the HTML document Exchange answers with."""
    head = '<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>'
    return f"<html>{head}<body>\r\n{content}\r\n</body></html>\r\n"


def _body(html: str) -> lxml.html.HtmlElement:
    # Exchange ends lines with CR LF, and the writer would spell the CR out as a character reference.
    html = html.replace("\r\n", "\n")
    root = lxml.html.document_fromstring(html if html.strip() else "<p></p>", ensure_head_body=True)
    return root.find("body")


def _children(element: lxml.html.HtmlElement) -> str:
    parts = [escape(element.text or "", quote=False)]
    parts += [lxml.html.tostring(child, encoding="unicode") for child in element]
    return "".join(parts).strip()


def _marker(body: lxml.html.HtmlElement, join_url: str) -> lxml.html.HtmlElement | None:
    elements = [element for element in body.iter(etree.Element) if element is not body]
    for place, element in enumerate(elements):
        if _BLOCK_CLASS in (element.get("class") or ""):
            rule = _rule_before(elements[:place])
            return element if rule is None else rule
    return next((element for element in elements if join_url and element.get("href") == join_url), None)


def _rule_before(elements: list[lxml.html.HtmlElement]) -> lxml.html.HtmlElement | None:
    for element in reversed(elements):
        if _RULE.fullmatch((element.text or "").strip()):
            return element
        if (element.text or "").strip() or (element.tail or "").strip():
            return None
    return None


def _path(top: lxml.html.HtmlElement, element: lxml.html.HtmlElement) -> list[int]:
    path: list[int] = []
    while element is not top:
        parent = element.getparent()
        path.append(parent.index(element))
        element = parent
    return path[::-1]


def _drop_before(element: lxml.html.HtmlElement, path: list[int]) -> None:
    for index in path:
        element.text = None
        for child in list(element)[:index]:
            element.remove(child)
        element = element[0]


def _drop_from(element: lxml.html.HtmlElement, path: list[int]) -> None:
    for depth, index in enumerate(path):
        last = depth == len(path) - 1
        for child in list(element)[index if last else index + 1 :]:
            element.remove(child)
        if last:
            return
        element = element[index]
        element.tail = None


def _read(element: lxml.html.HtmlElement, pieces: list[str]) -> None:
    if not isinstance(element.tag, str):
        return
    breaks = 2 if element.tag in _PARAGRAPHS else int(element.tag in _LINES)
    _break(pieces, breaks)
    if element.tag == "li":
        pieces.append("• ")
    pieces.append(_flat(element.text))
    for child in element:
        _read(child, pieces)
        pieces.append(_flat(child.tail))
    if element.tag in {"td", "th"}:
        pieces.append(" ")
    target = element.get("href") if element.tag == "a" else None
    if target and urlsplit(target).scheme in {"http", "https", "mailto"} and target not in (element.text_content() or ""):
        pieces.append(f" ({target})")
    _break(pieces, breaks)


def _break(pieces: list[str], wanted: int) -> None:
    written = "".join(pieces[-6:]).rstrip(" ")
    pieces.append("\n" * max(0, wanted - (len(written) - len(written.rstrip("\n")))))


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")
