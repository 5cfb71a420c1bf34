"""The page that shows cards as Teams does: the official renderer in Chromium, in three themes, in a pane as wide as one likes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from cards import render
from tests.cards import rules
from tests.cards.screens import SCREENS
from tests.playground.client import CHROMIUM, SWITCHES
from texts import LANGUAGES
from tools.run import ROOT

HERE = Path(__file__).parent
RENDERER = ROOT / "node_modules" / "adaptivecards" / "dist" / "adaptivecards.min.js"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("light", "dark", "contrast")
# Pixels of a card beside the conversation list, and of one in the pane of a meeting.
WIDE, NARROW = 600, 300
# What the renderer says without reason: every other language is wrong to it (its pattern remembers where it stopped); it counts the
# buttons behind the menu as buttons of the row (`rules.buttons_are_few` counts them apart); and it draws no charts, as clients may
# (`rules.charts_are_told`).
_NOT_OURS = (
    *(f'Invalid value "{language}" for property "lang"' for language in LANGUAGES),
    "Maximum number of actions",
    'Unknown element type "Chart.',
)
Sample = dict[str, Any]
Found = dict[str, list[str]]


def missing() -> str:
    """What this machine lacks, in words; empty when it has everything."""
    if not RENDERER.exists() or not AXE.exists():
        return "the card renderer and axe are not installed (`npm ci`)"
    return "" if CHROMIUM else "Chromium is not installed"


@cache
def sample(name: str, language: str) -> Sample:
    """A sample screen as the page takes it."""
    card = render(SCREENS[name], language, "0123456789abcdef", lambda document: f"https://pykala.example/documents/{document}")
    return made(f"{name}-{language}", card)


def made(name: str, card: Mapping[str, Any]) -> Sample:
    """A card as the page takes it, with the HTML of every text the renderer reads as Markdown: those of choices and ticks, too."""
    ticked = [choice["title"] for one in rules.of_type(card, "Input.ChoiceSet") for choice in one["choices"]]
    ticked += [one["title"] for one in rules.of_type(card, "Input.Toggle")]
    return {"name": name, "card": card, "marked": {text: rules.MARKDOWN.render(text) for text in (*rules.marked(card), *ticked)}}


class Look:
    """A page of the browser, made able to show cards and to tell what is wrong with what it shows."""

    def __init__(self, page: Page, *scripts: Path) -> None:
        self.page = page
        for script in (*scripts, AXE, HERE / "page.js"):
            page.add_script_tag(path=script)

    def show(self, samples: Iterable[Sample], theme: str = "light", width: int = WIDE) -> Found:
        """Put these cards on the page, nothing else. What the renderer has to say about each."""
        said = self.page.evaluate("([samples, theme, width]) => show(samples, theme, width)", [list(samples), theme, width])
        return _only({name: [one for one in faults if not one.startswith(_NOT_OURS)] for name, faults in said.items()})

    def faults(self) -> Found:
        """Names, reading order and what does not fit, of what is shown."""
        return _only(self.page.evaluate("faults()"))

    def violations(self, excluded: Iterable[str] = (), only: Iterable[str] = ()) -> Found:
        """What axe finds in what is shown; `only` these rules, or all but those."""
        return _only(self.page.evaluate("([excluded, only]) => violations(excluded, only)", [list(excluded), list(only)]))

    def wrong_stops(self) -> list[str]:
        """Press Tab through everything shown: where it stops and should not, or does not and should."""
        for _ in range(self.page.evaluate("beginWalk()")):
            self.page.keyboard.press("Tab")
        return list(self.page.evaluate("wrongStops()"))

    @contextmanager
    def another(self) -> Iterator[Look]:
        """A tab of its own, for what is no card."""
        page = self.page.context.new_page()
        yield Look(page)
        page.close()


def _only(found: Found) -> Found:
    return {name: faults for name, faults in found.items() if faults}


@contextmanager
def open_look() -> Iterator[Look]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_context(viewport={"width": 1600, "height": 1000}).new_page()
        page.goto((HERE / "page.html").as_uri())
        yield Look(page, RENDERER)
        browser.close()
