"""Every key the code speaks of is in the catalogues, and no catalogue keeps a sentence nobody says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from storage.outbox import CAUSES, KINDS
from texts.catalogue import LANGUAGES, messages

ROOT = Path(__file__).parents[2]
FOLDERS = ("admin", "meetings", "texts", "cards", "documents", "graph", "storage", "jobs", "bot")
KEY = re.compile(r"[a-z_]+(\.[A-Za-z0-9_]*[A-Za-z0-9])+")


def said() -> tuple[set[str], list[re.Pattern[str]]]:
    """The keys written out in code and templates, and a pattern for each that is put together there."""
    whole: set[str] = set()
    patterns: set[str] = set()
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[\w.-]+" for part in node.values]
                if "\\." in "".join(parts):
                    patterns.add("".join(parts))
    for path in (path for folder in ("graph", "bot") for path in (ROOT / folder / "templates").glob("*.html")):
        found = re.findall(r"""['"]([a-z_]+\.[a-z0-9_.]+)['"]""", path.read_text(encoding="utf-8"))
        whole |= {key for key in found if not key.endswith((".", "_"))}
        patterns |= {re.escape(key) + r"[\w.-]+" for key in found if key.endswith((".", "_"))}
    return whole, [re.compile(pattern) for pattern in patterns]


def test_every_key_in_code_has_its_sentence() -> None:
    whole, _ = said()
    known = messages("fi")
    areas = {key.split(".")[0] for key in known}
    missing = {key for key in whole if key.split(".")[0] in areas and key not in known and not _is_no_key(key)}
    assert missing == set()


def test_every_sentence_is_said_somewhere() -> None:
    whole, patterns = said()
    unsaid = {key for key in messages("fi") if key not in whole and not any(pattern.fullmatch(key) for pattern in patterns)}
    assert unsaid == set()


def test_no_sentence_is_empty() -> None:
    for language in LANGUAGES:
        for key, text in messages(language).items():
            assert all(form.strip() for form in (text if isinstance(text, tuple) else (text,))), (language, key)


def _is_no_key(text: str) -> bool:
    """Names of files and modules look like keys."""
    return text.rsplit(".", 1)[-1] in {"py", "po", "typ", "html", "css", "docx", "pdf", "db"} or text.startswith(
        ("meetings.", "storage.transaction")
    )


def test_every_effect_that_dies_has_its_sentence() -> None:
    dying = {f"told.dead_{kind}" for kind in (*KINDS, "Unknown")}
    dying |= {f"told.dead_{kind}_{cause}" for kind, causes in CAUSES.items() for cause in causes}
    assert dying == {key for key in messages("fi") if key.startswith("told.dead_")}
