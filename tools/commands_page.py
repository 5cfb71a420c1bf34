"""`python -m tools.commands_page`: writes docs/commands.md and the README's table from the access table and the catalogues; `--check` only
compares."""

from __future__ import annotations

import sys
from pathlib import Path

from meetings.access import ACCESS, Right
from meetings.commands import stem
from meetings.use_cases.guide import TYPED
from texts import LANGUAGES, t, words

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "commands.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- commands -->", "<!-- end of commands -->"

WHO = {
    Right.LOOK: "whoever has a part in the body; on its channel anyone",
    Right.SET_UP: "anyone, on a channel without a body",
    Right.PREPARE: "secretary",
    Right.RUN: "secretary; chair while the meeting is open",
    Right.PRESIDE: "chair, vice-chair, secretary",
    Right.ATTEND: "members, deputies, experts, secretary",
    Right.COMMENT: "members, deputies",
    Right.CHECK: "checkers of the minutes",
    Right.QUOTE: "anyone of the tenant, in the compose box",
    Right.CLOCK: "only the clock",
}


def typed() -> list[str]:
    """The table of the commands that can be typed, with their words."""
    lines = ["| fi | sv | en | does |", "|---|---|---|---|"]
    for command in TYPED:
        cells = [", ".join(f"`{word}`" for word in words(language, f"words.{stem(command)}")) for language in LANGUAGES]
        lines.append(f"| {' | '.join(cells)} | {t('en', f'does.{stem(command)}')} |")
    return lines


def page() -> str:
    """The page: typed commands with their words, then every command with its right and phases."""
    lines = [
        "# Commands",
        "",
        "Made by `make docs` from the access table and the catalogues. Each command can be typed, chosen from `help`, or pressed.",
        "",
        "## Typed",
        "",
        *typed(),
        "",
        "## Who may do what",
        "",
        "To who has no part in a body and does not stand on its channel, nothing of it exists, whatever ids they know.",
        "Roles are those of today, and of a meeting also those of its day. Guests, and people of other organisations in a shared",
        "channel, are people like any other: they act by their seat. Who shows no account is told so, and no more.",
        "",
        "| command | who | phases of the meeting |",
        "|---|---|---|",
    ]
    for command, access in ACCESS.items():
        phases = ", ".join(dict.fromkeys(access.phases)) or "–"
        lines.append(f"| `{stem(command)}` | {WHO[access.right]} | {phases} |")
    return "\n".join(lines) + "\n"


def readme(text: str) -> str:
    """The README with its table of commands made anew between the marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(typed())
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main() -> int:
    made = {PAGE: page(), README: readme(README.read_text(encoding="utf-8"))}
    if "--check" in sys.argv:
        old = [path.name for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
        if old:
            sys.stderr.write(f"not up to date: {', '.join(old)}; run `make docs`\n")
        return 1 if old else 0
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
