"""`python -m texts.check`: every key in every language, with the same placeholders and the right number of plural forms."""

from __future__ import annotations

import sys

from texts.catalogue import LANGUAGES, messages, placeholders


def faults() -> list[str]:
    """What is missing or different between the catalogues, one line each; empty when all is well."""
    first, *others = LANGUAGES
    known = {language: messages(language) for language in LANGUAGES}
    found = []
    for key in sorted(set().union(*known.values())):
        missing = [language for language in LANGUAGES if not known[language].get(key)]
        if missing:
            found.append(f"{key}: no text in {', '.join(missing)}")
            continue
        wanted = _placeholders(known[first][key])
        found += [
            f"{key}: {language} has placeholders {sorted(_placeholders(known[language][key]))}, {first} {sorted(wanted)}"
            for language in others
            if _placeholders(known[language][key]) != wanted
        ]
        if len({type(known[language][key]) for language in LANGUAGES}) > 1:
            found.append(f"{key}: plural in one language only")
    return found


def _placeholders(text: str | tuple[str, ...]) -> frozenset[str]:
    forms = text if isinstance(text, tuple) else (text,)
    return frozenset().union(*map(placeholders, forms))


def main() -> int:
    found = faults()
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
