"""The stand-in's pages as a browser without script meets them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar

import aiohttp
import lxml.html
import pytest
from aiohttp import web

from graph.calendar import GraphCalendar
from graph.client import graph_client
from graph.files import GraphFiles
from graph.sandbox import MemoryStore, add_sandbox
from meetings.ports import ChannelFile, Invitee
from tests.graph.conftest import AINO, BERTIL, EVENT, ORGANISER, Sandbox, answers, changed, local, served
from tests.nasty import PAGE


async def page(sandbox: Sandbox, query: str = "", **headers: str) -> Any:
    async with sandbox.http.get(f"{sandbox.url}/sandbox{query}", headers=headers) as answer:
        assert answer.status == 200
        return lxml.html.document_fromstring(await answer.text())


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def headings(page: Any) -> list[str]:
    return [words(one) for one in page.xpath("//h1|//h2|//h3")]


async def form_of(sandbox: Sandbox, person: str, button: str) -> Any:
    """The form on somebody's page that has this button: what it answers, or what it says."""
    found = (await page(sandbox, f"?person={person}&lang=en")).xpath(f"//article//form[.//button[@value='{button}' or .='{button}']]")
    return found[0]


async def press(sandbox: Sandbox, form: Any, answer: str = "", **headers: str) -> aiohttp.ClientResponse:
    fields = {one.get("name"): one.get("value") for one in form.xpath(".//input")}
    return await sandbox.http.post(sandbox.url + form.get("action"), data={**fields, "answer": answer}, headers=headers)


async def fill(sandbox: Sandbox, form: Any, answer: str = "", **fields: str) -> Any:
    """The page after the form was sent with these values written over its own."""
    for name, value in fields.items():
        (field,) = form.xpath(f".//input[@name='{name}']")
        field.set("value", value)
    response = await press(sandbox, form, answer, **{"Sec-Fetch-Site": "same-origin"})
    assert response.status == 200
    return lxml.html.document_fromstring(await response.text())


async def test_an_empty_sandbox_says_what_will_come(sandbox: Sandbox) -> None:
    assert words((await page(sandbox)).find(".//main")) == (
        "Kenen kalenteri? Ketään ei ole vielä kutsuttu. Kun suunnittelet kokouksen botin kanssa, kutsut tulevat tänne."
    )


async def test_everybody_invited_can_be_chosen_and_what_awaits_them_is_said(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    found = await page(sandbox)
    assert [words(one) for one in found.xpath("//ul[@class='people']/li")] == [
        "Aino Harju aino.harju@example.org 1 kutsu odottaa vastausta",
        "Bertil Strand bertil.strand@example.org 1 kutsu odottaa vastausta",
        "Celia Kivi celia.kivi@example.org 1 kutsu odottaa vastausta",
        "siiri.sihteeri@example.org Järjestäjä",
    ]
    assert words(found.xpath("//label[@for='person']")[0]) == "Kenen kalenteri?"
    assert found.xpath("//select[@id='person']/option/@value")[0] == AINO


async def test_a_calendar_shows_the_invitation(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    found = await page(sandbox, f"?person={AINO}")
    (article,) = found.xpath("//article[contains(@class, 'event')]")
    assert headings(found) == [
        "Kalenteri: Aino Harju",
        "Tulevat",
        EVENT.subject,
        "Sähköposti",
        EVENT.subject,
    ]
    assert [(words(one.find("dt")), words(one.find("dd"))) for one in article.xpath(".//dl/div")] == [
        ("Aika", "ma 10.5.2027 klo 10.00–12.00"),
        ("Paikka", "Kokoushuone Kataja"),
        ("Verkossa", "Liity kokoukseen"),
        ("Järjestäjä", ORGANISER),
    ]
    assert words(article.xpath(".//p[@class='text']")[0]) == "Esityslista • 1 § Avaus • 2 § Talous & liite (https://example.org/talous)"
    assert words(article.find(".//caption")) == "Kutsutut ja heidän vastauksensa"
    assert [words(row) for row in article.xpath(".//tbody/tr")] == [
        "Aino HarjuPakollinenEi vastausta",
        "Bertil StrandPakollinenEi vastausta",
        "Celia KiviValinnainenEi vastausta",
    ]
    assert [words(one) for one in article.xpath(".//button")] == [
        "Hyväksy",
        "Hyväksy alustavasti",
        "Kieltäydy",
        "Hyväksy alustavasti ja ehdota",
        "Kieltäydy ja ehdota",
    ]


@pytest.mark.parametrize(
    ("answer", "label"), [("accepted", "Accepted"), ("tentativelyAccepted", "Tentatively accepted"), ("declined", "Declined")]
)
async def test_an_answer_pressed_here_is_on_the_organisers_event(sandbox: Sandbox, answer: str, label: str) -> None:
    await sandbox.calendar.create(EVENT)
    form = await form_of(sandbox, AINO, "accepted")
    response = await press(sandbox, form, answer, Origin=sandbox.url)
    assert response.history[0].status == 303
    assert response.url.path == "/sandbox"
    found = lxml.html.document_fromstring(await response.text())
    assert words(found.xpath("//*[@role='status']")[0]) == f"The answer has been saved. Answer: {label}."
    assert found.xpath("//button[@aria-pressed='true']/@value") == [answer]
    assert answers(await sandbox.event(ORGANISER))[AINO] == answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example.org"},
    ],
)
async def test_another_sites_form_changes_nothing(sandbox: Sandbox, headers: dict[str, str]) -> None:
    await sandbox.calendar.create(EVENT)
    form = await form_of(sandbox, AINO, "accepted")
    response = await press(sandbox, form, "accepted", **headers)
    assert response.status == 403
    assert answers(await sandbox.event(ORGANISER))[AINO] == "none"


async def test_an_answer_to_a_meeting_cancelled_meanwhile_is_explained(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    form = await form_of(sandbox, AINO, "accepted")
    await sandbox.calendar.cancel(state.event_id, "Puheenjohtaja on estynyt")
    response = await press(sandbox, form, "accepted", **{"Sec-Fetch-Site": "same-origin"})
    found = lxml.html.document_fromstring(await response.text())
    assert words(found.xpath("//*[@role='alert']")[0]).startswith("Nothing was saved, because the meeting has been cancelled")
    (article,) = found.xpath("//article[contains(@class, 'event')]")
    assert words(article.xpath(".//p[@class='state']")[0]) == "Cancelled"
    assert words(article.xpath(".//p[@class='reason']")[0]) == "Reason for cancelling: Puheenjohtaja on estynyt"
    assert article.xpath(".//button") == []


async def test_a_cancelled_meeting_stays_visible_to_its_organiser(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.calendar.cancel(state.event_id, "")
    (article,) = (await page(sandbox, f"?person={ORGANISER}")).xpath("//article")
    assert words(article.xpath(".//p[@class='state']")[0]) == "Peruttu"


async def test_what_people_write_is_never_markup(sandbox: Sandbox) -> None:
    nasty = " ".join(PAGE)
    await sandbox.calendar.create(
        changed(
            subject=nasty,
            place=nasty,
            html=f"<p onclick='x()'>Hei</p><script>alert(2)</script><a href='javascript:x()'>tästä</a><img src=x onerror=x()>{nasty}",
            invitees=(Invitee(nasty, AINO),),
        )
    )
    found = await page(sandbox, f"?person={AINO}")
    assert found.xpath("//script|//img|//*[@onclick]|//*[@onerror]|//a[starts-with(@href, 'javascript')]") == []
    assert words(found.find(".//h3")) == nasty
    assert words(found.xpath("//p[@class='text']")[0]).startswith("Hei tästä")


async def test_the_pages_allow_no_script_and_no_framing(sandbox: Sandbox) -> None:
    async with sandbox.http.get(f"{sandbox.url}/sandbox") as answer:
        policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy == ["default-src 'none'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]


@pytest.mark.parametrize(
    ("query", "accepted", "language", "heading"),
    [
        ("", "", "fi", "Henkilöt"),
        ("", "sv-FI,sv;q=0.9,en;q=0.8", "sv", "Personer"),
        ("", "de,en;q=0.4,fi;q=0.2", "en", "People"),
        ("?lang=en", "sv", "en", "People"),
        ("?lang=xx", "sv;q=much", "sv", "Personer"),
    ],
)
async def test_the_language_is_the_readers(sandbox: Sandbox, query: str, accepted: str, language: str, heading: str) -> None:
    await sandbox.calendar.create(EVENT)
    found = await page(sandbox, query, **{"Accept-Language": accepted})
    assert (found.get("lang"), words(found.find(".//h1"))) == (language, heading)


async def test_times_are_finnish_whatever_the_events_zone(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(changed(zone="Europe/London", start=local("2027-05-10 22:30"), end=local("2027-05-10 23:30")))
    found = await page(sandbox, f"?person={AINO}&lang=en")
    assert words(found.find(".//time")) == "Tue 11.5.2027 00:30–01:30"


async def test_a_past_meeting_is_under_its_own_heading(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(changed(start=local("2027-03-01 10:00"), end=local("2027-03-01 11:00")))
    found = await page(sandbox, f"?person={AINO}&lang=sv")
    assert [
        words(one)
        for one in found.xpath(
            "//section[not(@aria-labelledby='mails')]/*[self::h2 or self::article]//descendant-or-self::*[self::h2 or self::h3]"
        )
    ] == ["Kommande", "Tidigare", EVENT.subject]


async def test_the_join_link_leads_to_a_page_that_explains(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    async with sandbox.http.get(state.join_url, params={"lang": "sv"}) as answer:
        found = lxml.html.document_fromstring(await answer.text())
    assert [words(one) for one in found.xpath("//main/*[self::h1 or self::p]")] == [
        "Microsoft Teams-möte",
        f"{EVENT.subject}, må 10.5.2027 kl. 10.00–12.00",
        "I den riktiga miljön skulle Teams-mötet öppnas här. I testet finns inget möte på nätet.",
        "Tillbaka till kalendrarna",
    ]
    async with sandbox.http.get(f"{sandbox.url}/sandbox/join/none") as answer:
        assert answer.status == 404


class Known:
    """A directory of two people and a channel."""

    NAMES: ClassVar = {ORGANISER: "Siiri Salo", BERTIL: "Bertil Strand"}

    async def name_of(self, address: str) -> str | None:
        return self.NAMES.get(address)

    async def people(self) -> Mapping[str, str]:
        return self.NAMES

    async def channels(self) -> Mapping[str, str]:
        return {"19:kokoukset": "Saarten ohjausryhmä"}


@pytest.fixture
async def knowing() -> AsyncIterator[Sandbox]:
    """A stand-in with a directory."""
    app = web.Application()
    add_sandbox(app, MemoryStore(), directory=Known())
    async with served(app) as url, aiohttp.ClientSession() as http:
        client = graph_client(f"{url}/graph/v1.0")
        yield Sandbox(url, client, GraphCalendar(client, ORGANISER), http)
        await client.aclose()


async def test_an_organisers_name_comes_from_the_directory(knowing: Sandbox) -> None:
    await knowing.calendar.create(EVENT)
    assert (await knowing.event(AINO))["organizer"]["emailAddress"] == {"name": "Siiri Salo", "address": ORGANISER}


async def test_whoever_the_directory_knows_has_a_calendar_before_any_invitation(knowing: Sandbox) -> None:
    people = [words(one) for one in (await page(knowing)).xpath("//ul[@class='people']/li")]
    assert people == [f"Bertil Strand {BERTIL}", f"Siiri Salo {ORGANISER}"]
    found = await page(knowing, f"?person={BERTIL}")
    assert headings(found) == ["Kalenteri: Bertil Strand", "Tulevat", "Sähköposti"]
    assert [words(one) for one in found.xpath("//main//button")] == ["Näytä kalenteri", "Merkitse varatuksi"]


async def test_a_channel_is_called_by_the_name_that_is_known(knowing: Sandbox) -> None:
    files = GraphFiles(knowing.client)
    for channel in ("19:kokoukset", "19:muu"):
        await files.share("team", channel, [ChannelFile("f", f"{channel[3:]}.pdf", b"x")])
    named = {words(one.find("h2")): one.xpath(".//th/a/text()") for one in (await page(knowing, "/files")).xpath("//section")}
    assert named == {"Kanava: Saarten ohjausryhmä": ["kokoukset.pdf"], "Kanava: 19:muu": ["muu.pdf"]}
