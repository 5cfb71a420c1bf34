"""The catalogues: `texts/locale/<language>/<area>.po`, keyed messages with named placeholders, read once at import."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Formatter

from babel.core import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.plural import PluralRule

LANGUAGES = ("fi", "sv", "en")
FOLDER = Path(__file__).parent / "locale"


@cache
def messages(language: str) -> dict[str, str | tuple[str, ...]]:
    """All messages of a language, key → text, or → plural forms in the order of the language's gettext rule."""
    found: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((FOLDER / language).glob("*.po")):
        for key, text in _read(path).items():
            if key in found:
                msg = f"{path.name} ({language}) has the key {key} of another area again"
                raise ValueError(msg)
            found[key] = text
    return found


def t(language: str, key: str, /, **params: object) -> str:
    """The message `key` in `language` with its placeholders filled. A plural message is chosen by the parameter `count`.

    An unknown key or a missing parameter is a fault of ours and raises KeyError; `python -m texts.check` finds both before a user does.
    """
    text = messages(language)[key]
    if isinstance(text, tuple):
        text = text[_plural(language)(params["count"])]
    return text.format_map(params) if "{" in text else text


def words(language: str, key: str) -> tuple[str, ...]:
    """A message that lists alternatives parted by `|`: the words a command can be typed with."""
    return tuple(word.strip() for word in str(messages(language)[key]).split("|"))


def placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _read(path: Path) -> dict[str, str | tuple[str, ...]]:
    with path.open("rb") as file:
        catalogue: Catalog = read_po(file, abort_invalid=True)
    return {
        (message.id[0] if isinstance(message.id, (tuple, list)) else str(message.id)): (
            tuple(message.string) if isinstance(message.string, (tuple, list)) else str(message.string)
        )
        for message in catalogue
        if message.id
    }


@cache
def _plural(language: str) -> _Index:
    return _Index(Locale(language).plural_form)


class _Index:
    """Babel's CLDR category of a number as the index gettext files use (one → 0, other → 1)."""

    def __init__(self, rule: PluralRule) -> None:
        self._rule = rule

    def __call__(self, count: object) -> int:
        return 0 if isinstance(count, int) and self._rule(count) == "one" else 1
