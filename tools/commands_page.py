"""`python -m tools.commands_page`: writes docs/commands.md from the access table and the catalogues; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from meetings.access import ACCESS, Right
from meetings.commands import stem
from meetings.use_cases.guide import TYPED
from texts import LANGUAGES, t, words

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"

WHO = {
    Right.LOOK: "anyone of the tenant",
    Right.SET_UP: "anyone, on a channel without a body",
    Right.PREPARE: "secretary",
    Right.RUN: "secretary; chair while the meeting is open",
    Right.PRESIDE: "chair, vice-chair, secretary",
    Right.ATTEND: "members, deputies, experts, secretary",
    Right.COMMENT: "members, deputies",
    Right.CHECK: "checkers of the minutes",
    Right.CLOCK: "only the clock",
}


def page() -> str:
    """The page: typed commands with their words, then every command with its right and phases."""
    lines = [
        "# Commands",
        "",
        "Made by `make docs` from the access table and the catalogues. Each command can be typed, chosen from `help`, or pressed.",
        "",
        "## Typed",
        "",
        "| fi | sv | en | does |",
        "|---|---|---|---|",
    ]
    for command in TYPED:
        cells = [", ".join(f"`{word}`" for word in words(language, f"words.{stem(command)}")) for language in LANGUAGES]
        lines.append(f"| {' | '.join(cells)} | {t('en', f'does.{stem(command)}')} |")
    lines += ["", "## Who may do what", "", "| command | who | phases of the meeting |", "|---|---|---|"]
    for command, access in ACCESS.items():
        phases = ", ".join(dict.fromkeys(access.phases)) or "–"
        lines.append(f"| `{stem(command)}` | {WHO[access.right]} | {phases} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    made = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != made:
            sys.stderr.write("docs/commands.md is not up to date: run `make docs`\n")
            return 1
        return 0
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
