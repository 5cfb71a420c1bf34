"""`python -m tests.look`: pictures of every card in three languages, light and dark, a few on a sheet, in `var/gallery/`. Look at them."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence

from tests.cards.screens import SCREENS
from tests.look.client import Look, missing, open_look, sample
from texts import LANGUAGES
from tools.run import ROOT

GALLERY = ROOT / "var" / "gallery"
# Pixels: what is around a card, and how tall a sheet may grow before the next begins.
MARGIN, TALL = 16, 1450


def main() -> int:
    wanted = argparse.ArgumentParser(prog="python -m tests.look")
    wanted.add_argument("--size", choices=("small", "large"), default="small", help="meetings of three seats, or full to the limit")
    wanted.add_argument("--width", type=int, default=420, help="pixels of a pane; 300 is narrow, 600 wide")
    wanted.add_argument("--themes", nargs="+", default=["light", "dark"], help="of light, dark and contrast")
    wanted.add_argument("--only", default="", help="cards with this in their name, such as Roll")
    told = wanted.parse_args()
    if lack := missing():
        sys.stderr.write(f"{lack}\n")
        return 1
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    names = [name for name in SCREENS if name.startswith(told.size) and told.only in name]
    with open_look() as look:
        look.page.set_viewport_size({"width": len(LANGUAGES) * (told.width + MARGIN) + MARGIN, "height": 400})
        for theme in told.themes:
            for place, sheet in enumerate(sheets(look, names, told.width)):
                look.show([sample(name, language) for name in sheet for language in LANGUAGES], theme, told.width)
                look.page.screenshot(path=GALLERY / f"{theme}-{place:02}.png", full_page=True)
    sys.stdout.write(f"{len(list(GALLERY.iterdir()))} sheets in {GALLERY.relative_to(ROOT)}\n")
    return 0


def sheets(look: Look, names: Sequence[str], width: int) -> list[list[str]]:
    """The names, parted so that a sheet is not too tall to be read: each is a row, one card a language."""
    look.show([sample(name, language) for name in names for language in LANGUAGES], width=width)
    heights: list[float] = look.page.evaluate("[...document.querySelectorAll('.column')].map((one) => one.offsetHeight)")
    found: list[list[str]] = [[]]
    tall = 0.0
    for name, row in zip(names, zip(*[iter(heights)] * len(LANGUAGES), strict=True), strict=True):
        if found[-1] and tall + max(row) > TALL:
            found.append([])
            tall = 0
        found[-1].append(name)
        tall += max(row) + MARGIN
    return found


if __name__ == "__main__":
    sys.exit(main())
