"""The stand-in's pages on the narrowest phone: nothing reaches beyond the screen or out of its box."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from playwright.async_api import Page, ViewportSize, async_playwright

from graph.files import GraphFiles
from meetings.ports import ChannelFile, Invitee
from tests.graph.conftest import AINO, EVENT, ORGANISER, Sandbox
from tests.playground.client import CHROMIUM, SWITCHES
from texts import LANGUAGES

LONG = "maximiliana.korkeaoja-suurenkylanpelto@pitkaniemi-suurkunta.example.org"
SCREEN = ViewportSize(width=320, height=700)
OUTSIDE = """() => {
  document.querySelectorAll('details').forEach(one => { one.open = true })
  const wide = one => one.clientWidth && one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth + 1
  const told = [...document.querySelectorAll('header *, main, main *')].filter(one => one.tagName !== 'INPUT' && wide(one))
  return [document.documentElement.scrollWidth, told.map(one => `${one.tagName} ${one.className}`)]
}"""


async def outside(page: Page, address: str) -> object:
    await page.goto(address)
    return await page.evaluate(OUTSIDE)


async def test_every_page_fits_a_phone(sandbox: Sandbox) -> None:
    if CHROMIUM is None:
        if os.environ.get("PYKALA_REQUIRE_ALL") == "1":
            pytest.fail("Chromium is not installed", pytrace=False)
        pytest.skip("Chromium is not installed")
    invitees = (*EVENT.invitees, Invitee("Maximiliana Korkeaoja-Suurenkylänpelto", LONG), Invitee(LONG[1:], LONG[1:]))
    state = await sandbox.calendar.create(replace(EVENT, invitees=invitees))
    assert await sandbox.respond(LONG, "tentativelyAccept") == 202
    await GraphFiles(sandbox.client).share("team", "c" * 60, [ChannelFile("f" * 60, "Ohjausryhmän_esityslista_" * 3 + ".pdf", b"x")])
    pages = [f"{sandbox.url}/sandbox?person={one}" for one in ("", AINO, LONG, ORGANISER, f"{'x' * 60}@example.org")]
    pages += [f"{sandbox.url}/sandbox/files?", f"{state.join_url}?"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = await browser.new_page(viewport=SCREEN)
        for address in pages:
            for language in LANGUAGES:
                assert await outside(page, f"{address}&lang={language}") == [SCREEN["width"], []], (address, language)
        await page.goto(f"{sandbox.url}/sandbox?person={LONG}&lang=fi")
        lines = await page.eval_on_selector_all(".mail dt, .mail dt + dd", "all => all.map(one => one.getBoundingClientRect().left)")
        assert len(set(lines)) == 1, "a mail's words are under each other"
        await browser.close()
