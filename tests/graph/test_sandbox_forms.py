"""What people do on the stand-in's pages in Outlook's stead: propose another time, and change or delete a meeting as its organiser."""

from __future__ import annotations

from typing import Any

import pytest

from graph.limits import MailboxLimit
from graph.sandbox import MemoryStore
from graph.sandbox_post import Post
from graph.schedules import GraphSchedules
from meetings.model import Availability
from tests.graph.conftest import AINO, BERTIL, CELIA, EVENT, ORGANISER, Sandbox, answers, changed, local
from tests.graph.test_get_schedule_wire import window
from tests.graph.test_sandbox_delta import first, follow, told
from tests.graph.test_sandbox_page import fill, form_of, page, press, words

PROPOSE, SAVE, DELETE = "Accept tentatively and propose", "Save the change", "Delete for everybody"
OTHER_TIME = {"date": "2027-05-11", "start": "09:00", "end": "11:30"}


async def sorts(store: MemoryStore, sandbox: Sandbox, address: str) -> list[str]:
    """Of the mails somebody got, oldest first."""
    post = Post(store, lambda: local("2027-04-01 06:00"))
    return [mail.sort for mail in reversed(await post.of(address)) if mail.received_by(address)]


def moments(event: dict[str, Any]) -> list[str]:
    return [event[name]["dateTime"][:16] for name in ("start", "end")]


@pytest.mark.parametrize("answer", ["tentativelyAccepted", "declined"])
async def test_another_time_is_proposed_on_the_page(sandbox: Sandbox, store: MemoryStore, answer: str) -> None:
    await sandbox.calendar.create(EVENT)
    delta = await first(sandbox)
    found = await fill(sandbox, await form_of(sandbox, AINO, PROPOSE), answer, **OTHER_TIME)
    assert words(found.xpath("//*[@role='status']")[0]).startswith("The answer has been saved.")
    assert words(found.xpath("//article//div[dt='Proposed time']/dd")[0]) == "Tue 11.5.2027 09:00–11:30"
    event = await sandbox.event(ORGANISER)
    assert answers(event)[AINO] == answer
    (aino,) = [one for one in event["attendees"] if "proposedNewTime" in one]
    assert aino["emailAddress"]["address"] == AINO
    assert moments(aino["proposedNewTime"]) == ["2027-05-11T09:00", "2027-05-11T11:30"]
    assert aino["status"] == {"response": answer, "time": "2027-04-01T06:00:00Z"}
    assert told(await follow(sandbox, delta.odata_delta_link)) == [EVENT.subject]
    assert await sorts(store, sandbox, ORGANISER) == [answer]


async def test_the_organiser_alone_sees_who_proposes_what(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    await fill(sandbox, await form_of(sandbox, AINO, PROPOSE), "declined", **OTHER_TIME)
    own = await page(sandbox, f"?person={ORGANISER}&lang=en")
    assert words(own.xpath("//article[contains(@class, 'event')]//tbody/tr")[0]) == (
        "Aino HarjuRequiredDeclined Proposes: Tue 11.5.2027 09:00–11:30"
    )
    assert words(own.xpath("//article[@class='mail']//div[dt='Proposed time']/dd")[0]) == "Tue 11.5.2027 09:00–11:30"
    assert "Tue 11.5." not in words(await page(sandbox, f"?person={BERTIL}&lang=en"))


async def test_a_plain_answer_takes_the_proposal_back(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    await fill(sandbox, await form_of(sandbox, AINO, PROPOSE), "declined", **OTHER_TIME)
    await fill(sandbox, await form_of(sandbox, AINO, "accepted"), "accepted")
    assert not any("proposedNewTime" in one for one in (await sandbox.event(ORGANISER))["attendees"])


async def test_no_other_time_is_proposed_where_the_organiser_wants_none(sandbox: Sandbox) -> None:
    state = await sandbox.calendar.create(EVENT)
    form = await form_of(sandbox, AINO, PROPOSE)
    url = f"{sandbox.url}/graph/v1.0/users/{ORGANISER}/events/{state.event_id}"
    headers = {"Authorization": "Bearer local", "Prefer": 'IdType="ImmutableId"'}
    async with sandbox.http.patch(url, headers=headers, json={"allowNewTimeProposals": False}) as answer:
        assert answer.status == 200
    found = await fill(sandbox, form, "declined", **OTHER_TIME)
    assert len(found.xpath("//*[@role='alert']")) == 1
    assert found.xpath("//article//details//form") == []
    assert answers(await sandbox.event(ORGANISER))[AINO] == "none"


@pytest.mark.parametrize(
    "wrong", [{"end": "09:00"}, {"end": "08:59"}, {"date": ""}, {"start": "9"}, {"date": "31.5.2027"}, {"start": "09:00+02:00"}]
)
@pytest.mark.parametrize(("person", "button"), [(AINO, PROPOSE), (ORGANISER, SAVE)])
async def test_times_that_cannot_be_are_explained_at_the_form(sandbox: Sandbox, person: str, button: str, wrong: dict[str, str]) -> None:
    await sandbox.calendar.create(EVENT)
    before = await sandbox.event(ORGANISER)
    found = await fill(sandbox, await form_of(sandbox, person, button), "declined", **{**OTHER_TIME, **wrong})
    assert words(found.xpath("//article//*[@role='alert']")[0]).startswith("Nothing was saved: the end must be later than the start.")
    (form,) = found.xpath(f"//article/div/details[@open]//form[.//button[.='{button}']]")
    typed = {field.get("name"): field.get("value") for field in form.xpath(".//input[not(@type='hidden')]")}
    assert {name: typed[name] for name in OTHER_TIME} == {**OTHER_TIME, **wrong}
    assert await sandbox.event(ORGANISER) == before


async def test_the_other_words_of_a_refused_change_are_there_again(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    form = await form_of(sandbox, ORGANISER, SAVE)
    found = await fill(sandbox, form, subject='"Uusi" nimi', place="", **{**OTHER_TIME, "end": "09:00"})
    assert [found.xpath(f"//details[@open]//input[@name='{name}']/@value") for name in ("subject", "place")] == [['"Uusi" nimi'], [""]]


async def test_an_organiser_changes_a_meeting_and_everybody_is_asked_again(sandbox: Sandbox, store: MemoryStore) -> None:
    await sandbox.calendar.create(EVENT)
    await sandbox.respond(AINO, "accept")
    delta = await first(sandbox)
    form = await form_of(sandbox, ORGANISER, SAVE)
    found = await fill(sandbox, form, subject=" Toinen kokous ", place="Sali 2", **OTHER_TIME)
    assert words(found.xpath("//*[@role='status']")[0]) == "The change has been saved."
    event = await sandbox.event(AINO)
    assert (event["subject"], event["location"]["displayName"]) == ("Toinen kokous", "Sali 2")
    assert moments(event) == ["2027-05-11T09:00", "2027-05-11T11:30"]
    assert event["onlineMeeting"]["joinUrl"]
    assert set(answers(event).values()) == {"none"}
    assert told(await follow(sandbox, delta.odata_delta_link)) == ["Toinen kokous"]
    for address in (AINO, BERTIL, CELIA):
        assert await sorts(store, sandbox, address) == ["invitation", "update"]


async def test_what_was_not_changed_is_not_written(sandbox: Sandbox, store: MemoryStore) -> None:
    """The zone and the way of writing are the event's own; only another instant is another time."""
    await sandbox.calendar.create(changed(zone="Europe/London", start=local("2027-05-10 22:30"), end=local("2027-05-10 23:30"), place=""))
    await sandbox.respond(AINO, "accept")
    before = await sandbox.event(ORGANISER)
    await fill(sandbox, await form_of(sandbox, ORGANISER, SAVE))
    assert await sandbox.event(ORGANISER) == before
    await fill(sandbox, await form_of(sandbox, ORGANISER, SAVE), subject="Vain nimi")
    after = await sandbox.event(ORGANISER)
    assert (after["subject"], after["start"], after["location"]) == ("Vain nimi", before["start"], before["location"])
    assert answers(after)[AINO] == "accepted"
    assert await sorts(store, sandbox, BERTIL) == ["invitation", "update"]


async def test_a_meeting_over_midnight_stays_one(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(changed(start=local("2027-05-10 22:00"), end=local("2027-05-11 01:00")))
    await fill(sandbox, await form_of(sandbox, ORGANISER, SAVE), start="22:30")
    assert moments(await sandbox.event(ORGANISER)) == ["2027-05-10T22:30", "2027-05-11T01:00"]


async def test_an_organiser_deletes_a_meeting_and_everybody_is_told(sandbox: Sandbox, store: MemoryStore) -> None:
    await sandbox.calendar.create(EVENT)
    delta = await first(sandbox)
    found = await fill(sandbox, await form_of(sandbox, ORGANISER, DELETE))
    assert words(found.xpath("//*[@role='status']")[0]) == "Deleted from the calendar."
    assert found.xpath("//article//form") == []
    assert await sandbox.events(ORGANISER) == []
    assert (await sandbox.event(AINO))["isCancelled"]
    assert told(await follow(sandbox, delta.odata_delta_link)) == ["gone"]
    assert await sorts(store, sandbox, CELIA) == ["invitation", "cancellation"]


async def test_only_the_organiser_is_offered_to_change_and_allowed_to(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    assert (await page(sandbox, f"?person={AINO}&lang=en")).xpath(f"//button[.='{SAVE}' or .='{DELETE}']") == []
    form = await form_of(sandbox, ORGANISER, SAVE)
    for name, value in (("person", AINO), ("event", (await sandbox.event(AINO))["id"])):
        form.xpath(f".//input[@name='{name}']")[0].set("value", value)
    found = await fill(sandbox, form, subject="Mine")
    assert len(found.xpath("//*[@role='alert']")) == 1
    assert (await sandbox.event(ORGANISER))["subject"] == EVENT.subject


@pytest.mark.parametrize("button", [SAVE, DELETE])
async def test_another_sites_form_changes_and_deletes_nothing(sandbox: Sandbox, button: str) -> None:
    await sandbox.calendar.create(EVENT)
    form = await form_of(sandbox, ORGANISER, button)
    assert (await press(sandbox, form, Origin="https://evil.example.org")).status == 403
    assert len(await sandbox.events(ORGANISER)) == 1


async def test_people_mark_their_own_time_busy_and_free_again(sandbox: Sandbox, store: MemoryStore) -> None:
    await sandbox.calendar.create(EVENT)
    schedules = GraphSchedules(sandbox.client, ORGANISER, limit=MailboxLimit())
    asked = window("2027-05-11", "09:00", "11:30")
    assert await schedules.read([AINO], [asked]) == {AINO: (Availability.FREE,)}
    (form,) = (await page(sandbox, f"?person={AINO}&lang=en")).xpath("//form[.//button[.='Mark as busy']]")
    found = await fill(sandbox, form, **OTHER_TIME)
    (marked,) = found.xpath("//article[.//*[@role='status']]")
    assert words(marked.xpath(".//*[@role='status']")[0]) == "The time has been marked as busy."
    assert words(marked.xpath(".//dd/time")[0]) == "Tue 11.5.2027 09:00–11:30"
    assert [words(one) for one in marked.xpath(".//button")] == ["Remove the busy time"]
    assert await schedules.read([AINO], [asked]) == {AINO: (Availability.BUSY,)}
    assert [words(one) for one in (await page(sandbox, "?lang=en")).xpath("//li[.//*[.='Organiser']]")] == [f"{ORGANISER} Organiser"]
    (form,) = marked.xpath(".//form")
    found = await fill(sandbox, form)
    assert words(found.xpath("//*[@role='status']")[0]) == "Deleted from the calendar."
    assert await schedules.read([AINO], [asked]) == {AINO: (Availability.FREE,)}
    assert await sorts(store, sandbox, AINO) == ["invitation"]


async def test_a_busy_time_that_cannot_be_is_explained_with_what_was_typed(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    (form,) = (await page(sandbox, f"?person={AINO}&lang=en")).xpath("//form[.//button[.='Mark as busy']]")
    found = await fill(sandbox, form, **{**OTHER_TIME, "end": "08:00"})
    (form,) = found.xpath("//details[@open]/form[.//button[.='Mark as busy']]")
    assert words(form.xpath(".//*[@role='alert']")[0]).startswith("Nothing was saved: the end must be later than the start.")
    assert form.xpath(".//input[not(@type='hidden')]/@value") == ["2027-05-11", "09:00", "08:00"]
    assert len(await sandbox.events(AINO)) == 1


async def test_nobody_marks_the_time_of_somebody_unknown_or_from_another_site(sandbox: Sandbox) -> None:
    await sandbox.calendar.create(EVENT)
    for person, site, status in (("nobody@example.org", "same-origin", 400), (AINO, "cross-site", 403)):
        sent = {**OTHER_TIME, "person": person}
        async with sandbox.http.post(f"{sandbox.url}/sandbox/busy", data=sent, headers={"Sec-Fetch-Site": site}) as answer:
            assert answer.status == status
        assert len(await sandbox.events(person)) == (person == AINO)
