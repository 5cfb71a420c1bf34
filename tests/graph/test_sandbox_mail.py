"""The mails of the stand-in: who is told of what, what `sendMail` does, and how the inbox shows it."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import lxml.html
import pytest
from msgraph.generated.models.event import Event as GraphEvent

from graph.mail import GraphMail
from graph.sandbox import MemoryStore
from graph.sandbox_post import Post
from meetings.ports import Event, Invitee, Letter, MailFile
from tests.graph.conftest import AINO, BERTIL, CELIA, EVENT, HEADERS, ORGANISER, Sandbox, changed, local

FILE = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "x"}
DORIS = Invitee("Doris Dahl", "doris.dahl@example.org")
LETTER = Letter(
    "send:1",
    "Elli Eskola",
    "elli.eskola@ulkona.example",
    "Esityslista <b>",
    "<p>Hei, <a href='https://example.org/x'>kommentoi</a></p><script>alert(1)</script>",
    "Hei\n",
    (MailFile("kutsu ä.ics", b"BEGIN:VCALENDAR", "text/calendar", "PUBLISH"), MailFile("sivu.html", b"<script>", "text/html")),
)


@pytest.fixture
def post(store: MemoryStore, now: Any) -> Post:
    return Post(store, now)


async def inbox(post: Post, address: str) -> list[str]:
    """Newest last."""
    return [mail.sort for mail in reversed(await post.of(address)) if mail.received_by(address)]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (changed(), {}),
        (changed(subject="Toinen"), {AINO: ["update"], BERTIL: ["update"], CELIA: ["update"]}),
        (changed(start=local("2027-05-10 10:30")), {AINO: ["update"], BERTIL: ["update"], CELIA: ["update"]}),
        (changed(html="<p>Uusi</p>"), {AINO: ["update"], BERTIL: ["update"], CELIA: ["update"]}),
        (changed(invitees=EVENT.invitees[:2]), {CELIA: ["cancellation"]}),
        (changed(invitees=(*EVENT.invitees, DORIS)), {DORIS.email: ["invitation"]}),
        (changed(invitees=(replace(EVENT.invitees[0], required=False), *EVENT.invitees[1:])), {}),
        (
            changed(place="Sali", invitees=(*EVENT.invitees[:2], DORIS)),
            {AINO: ["update"], BERTIL: ["update"], CELIA: ["cancellation"], DORIS.email: ["invitation"]},
        ),
    ],
)
async def test_only_those_are_told_whom_a_change_concerns(sandbox: Sandbox, post: Post, event: Event, told: dict[str, list[str]]) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.calendar.update(state.event_id, event)
    for address in (AINO, BERTIL, CELIA):
        assert await inbox(post, address) == ["invitation", *told.get(address, [])], address
    assert await inbox(post, DORIS.email) == told.get(DORIS.email, [])
    assert await inbox(post, ORGANISER) == []


async def test_a_repeated_create_and_a_repeated_patch_send_nothing_more(sandbox: Sandbox, post: Post) -> None:
    state = await sandbox.calendar.create(EVENT)
    await sandbox.calendar.create(EVENT)
    event = sandbox.client.users.by_user_id(ORGANISER).events.by_event_id(state.event_id)
    await event.patch(GraphEvent(subject=EVENT.subject))
    assert await inbox(post, AINO) == ["invitation"]


@pytest.mark.parametrize("way", ["cancel", "delete"])
async def test_a_cancellation_reaches_everybody_invited(sandbox: Sandbox, post: Post, way: str) -> None:
    state = await sandbox.calendar.create(EVENT)
    if way == "cancel":
        await sandbox.calendar.cancel(state.event_id, "Este & <b>syy</b>")
    else:
        await sandbox.client.users.by_user_id(ORGANISER).events.by_event_id(state.event_id).delete()
    newest = (await post.of(AINO))[0]
    assert (newest.sort, newest.content) == ("cancellation", "Este &amp; &lt;b&gt;syy&lt;/b&gt;" if way == "cancel" else "")
    assert [await inbox(post, one) for one in (BERTIL, CELIA)] == [["invitation", "cancellation"]] * 2


@pytest.mark.parametrize(("told", "expected"), [(True, ["declined"]), (False, [])])
async def test_an_answer_is_mailed_to_the_organiser_unless_not_wanted(
    sandbox: Sandbox, post: Post, told: bool, expected: list[str]
) -> None:
    await sandbox.calendar.create(EVENT)
    url = f"{sandbox.url}/graph/v1.0/users/{AINO}/events/{(await sandbox.event(AINO))['id']}/decline"
    async with sandbox.http.post(url, headers=HEADERS, json={"sendResponse": told, "comment": "Matkalla"}) as answer:
        assert answer.status == 202
    assert await inbox(post, ORGANISER) == expected


async def test_a_letter_sent_by_the_product_is_in_the_inbox_with_its_files(sandbox: Sandbox) -> None:
    await GraphMail(sandbox.client, ORGANISER).send(LETTER)
    async with sandbox.http.get(f"{sandbox.url}/sandbox", params={"person": LETTER.to_email, "lang": "en"}) as answer:
        page = lxml.html.document_fromstring(await answer.text())
    (mail,) = page.xpath("//article")
    assert mail.find("h3").text_content() == "Esityslista <b>"
    assert page.xpath("//script") == []
    assert mail.xpath(".//p[@class='text']")[0].text_content() == "Hei, kommentoi (https://example.org/x)"
    assert [one.text_content() for one in mail.xpath(".//dd")][:2] == [ORGANISER, "Elli Eskola (elli.eskola@ulkona.example)"]
    links = mail.xpath(".//ul[@class='files']//a")
    assert [one.text_content() for one in links] == ["kutsu ä.ics", "sivu.html"]
    for link, file in zip(links, LETTER.files, strict=True):
        async with sandbox.http.get(sandbox.url + link.get("href")) as answer:
            assert (answer.status, await answer.read()) == (200, file.content)
            # A page sent as an attachment must not run on our own address.
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.content_type == "application/octet-stream"


async def test_nobody_opens_anothers_attachment(sandbox: Sandbox, post: Post) -> None:
    await GraphMail(sandbox.client, ORGANISER).send(LETTER)
    (mail,) = await post.of(LETTER.to_email)
    for address, status in ((LETTER.to_email, 200), (AINO, 404), ("", 404)):
        async with sandbox.http.get(f"{sandbox.url}/sandbox/mail/{mail.id}/0", params={"person": address}) as answer:
            assert answer.status == status
    async with sandbox.http.get(f"{sandbox.url}/sandbox/mail/{mail.id}/2", params={"person": LETTER.to_email}) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("kept", [True, False])
async def test_a_sent_mail_is_kept_when_asked(sandbox: Sandbox, post: Post, kept: bool) -> None:
    asked = {"message": message(), "saveToSentItems": kept}
    async with sandbox.http.post(f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/sendMail", headers=HEADERS, json=asked) as answer:
        assert answer.status == 202
    assert len(await post.of(ORGANISER)) == int(kept)
    assert len(await post.of(AINO)) == len(await post.of(BERTIL)) == 1


def message(**parts: Any) -> dict[str, Any]:
    to, cc = ([{"emailAddress": {"address": one}}] for one in (AINO, BERTIL))
    return {"subject": "Hei", "body": {"contentType": "text", "content": "a < b"}, "toRecipients": to, "ccRecipients": cc, **parts}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (message(toRecipients=[], ccRecipients=[]), "ErrorInvalidRecipients"),
        (message(toRecipients=[{"emailAddress": {"address": "nobody"}}]), "RequestBodyRead"),
        (message(attachments=[{**FILE, "@odata.type": "#microsoft.graph.itemAttachment"}]), "ErrorInvalidRequest"),
        (
            message(attachments=[{"@odata.type": "#microsoft.graph.fileAttachment", "name": "x", "contentBytes": "%"}]),
            "ErrorInvalidRequest",
        ),
    ],
)
async def test_a_mail_that_graph_would_not_take_is_refused(sandbox: Sandbox, post: Post, wrong: dict[str, Any], code: str) -> None:
    url = f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/sendMail"
    async with sandbox.http.post(url, headers=HEADERS, json={"message": wrong}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, code)
    assert await post.of(AINO) == []


async def test_faults_reach_mails_too(sandbox: Sandbox, post: Post) -> None:
    await sandbox.fault(status=503, path="*/sendMail")
    asked = {"message": message(body={"contentType": "html", "content": base64.b64encode(b"x").decode()})}
    url = f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/sendMail"
    for status in (503, 202):
        async with sandbox.http.post(url, headers=HEADERS, json=asked) as answer:
            assert answer.status == status
    assert await inbox(post, AINO) == ["letter"]
