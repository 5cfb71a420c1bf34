"""What `python app.py check` finds, through the real msgraph client and the real MSAL: rows, sentences, and what is asked of Graph."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import graph.check
from graph.check import REPORTS, Result, Row, graph_rows
from graph.client import GraphClient, graph_client
from graph.credentials import ClientSecret
from meetings.ports import CalendarFailure
from tests.graph.conftest import served
from tests.standins.issuer import APP_ID, SECRET, TENANT, Issuer
from tests.standins.tenant import CHANNEL, GROUP, ORGANISER, OUTSIDER, UPLOAD, Tenant

NOTIFIED = "https://pykala.example.org/graph/notifications"


@pytest.fixture
async def issuer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Issuer]:
    async with Issuer() as issuer:
        for name, value in issuer.environment.items():
            monkeypatch.setenv(name, value)
        issuer.scopes.add("https://127.0.0.2/.default")
        issuer.roles = ["Sites.Selected"]
        yield issuer


@pytest.fixture
async def tenant(issuer: Issuer) -> AsyncIterator[Tenant]:
    tenant = Tenant()
    async with served(tenant.app, "127.0.0.2", issuer.tls) as url:
        tenant.url = f"{url}/v1.0"
        yield tenant


@pytest.fixture
async def client(issuer: Issuer, tenant: Tenant) -> AsyncIterator[GraphClient]:
    client = graph_client(tenant.url, ClientSecret(TENANT, APP_ID, SECRET), login_url=issuer.login_url)
    yield client
    await client.aclose()


async def known() -> list[tuple[str, str]]:
    return [(GROUP, CHANNEL)]


async def rows(client: GraphClient, **options: Any) -> dict[str, Row]:
    asked = {"notified": NOTIFIED, "channels": known, **options}
    return {row.part: row async for row in graph_rows(client, ORGANISER, **asked)}


async def test_what_works_is_told_and_nothing_is_changed(client: GraphClient, tenant: Tenant) -> None:
    found = await rows(client, outsider=OUTSIDER)
    assert {row.result for row in found.values()} == {Result.WORKS}
    assert not any(row.grant for row in found.values())
    written = [(path, body) for method, path, body in tenant.asked if method != "GET"]
    assert [path.rsplit("/", 1)[1] for path, _ in written] == [
        "calendar",
        "getSchedule",
        "sendMail",
        "subscriptions",
        "sub-1",
        "createUploadSession",
        "upload",
    ]
    colour, busy, letter, subscription, *_ = (body for _, body in written)
    assert subscription["notificationUrl"] == NOTIFIED
    assert {name: value for name, value in colour.items() if name != "@odata.type"} == {"color": "lightTeal"}
    assert busy["Schedules"] == [OUTSIDER]
    assert letter["Message"].get("toRecipients", []) == []


@pytest.mark.parametrize(
    ("path", "parts", "permission"),
    [
        (f"GET /users/{ORGANISER}/calendar", {"calendar, reading", "calendar, writing"}, "Calendars.ReadWrite"),
        (f"PATCH /users/{ORGANISER}/calendar", {"calendar, writing"}, "Calendars.ReadWrite"),
        (f"POST /users/{ORGANISER}/sendMail", {"letters"}, "Mail.Send"),
    ],
)
async def test_a_missing_right_is_named_with_what_grants_it(
    client: GraphClient, tenant: Tenant, path: str, parts: set[str], permission: str
) -> None:
    tenant.refuse(path, 403, "ErrorAccessDenied")
    found = await rows(client)
    assert {part for part, row in found.items() if row.result is Result.MISSING} == parts
    for part in parts:
        assert f"The permission {permission} is missing on this mailbox" in found[part].says
        commands = "\n".join(found[part].grant)
        assert f'-Role "Application {permission}" -CustomResourceScope "Pykala organiser"' in commands
        assert f"New-ServicePrincipal -AppId {APP_ID} -ObjectId {Issuer.OBJECT_ID}" in commands
        assert f"PrimarySmtpAddress -eq '{ORGANISER}'" in commands


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, "ErrorInvalidUser", "There is no mailbox GRAPH_ORGANISER"),
        (404, "MailboxNotEnabledForRESTAPI", "no Exchange licence"),
        (429, "ApplicationThrottled", "run the check again (Graph 429 ApplicationThrottled)"),
        (503, "serviceNotAvailable", "run the check again"),
        (400, "ErrorInvalidRequest", "Microsoft Graph refused (Graph 400 ErrorInvalidRequest)"),
    ],
)
async def test_each_answer_has_its_sentence(client: GraphClient, tenant: Tenant, status: int, code: str, said: str) -> None:
    tenant.refuse(f"GET /users/{ORGANISER}/calendar", status, code)
    row = (await rows(client))["calendar, reading"]
    assert (row.result, row.grant) == (Result.MISSING, ())
    assert said in row.says


async def test_a_tenant_that_does_not_answer_is_given_up(client: GraphClient, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph.check, "PATIENCE", 0.2)
    tenant.hanging.add(f"GET /users/{ORGANISER}/calendar")
    async with asyncio.timeout(10):
        found = await rows(client)
    assert "did not answer within" in found["calendar, reading"].says
    assert found["letters"].result is Result.WORKS


async def test_a_mailbox_without_teams_is_told(client: GraphClient, tenant: Tenant) -> None:
    tenant.allow(f"GET /users/{ORGANISER}/calendar", {"id": "c", "color": "auto", "allowedOnlineMeetingProviders": []})
    row = (await rows(client))["Teams link"]
    assert (row.result, "no licence with Teams" in row.says) == (Result.WARNING, True)


async def test_an_open_outsider_is_a_fault(client: GraphClient, tenant: Tenant) -> None:
    tenant.allow(f"GET /users/{OUTSIDER}/calendar", {"id": "c", "color": "auto"})
    row = (await rows(client, outsider=OUTSIDER))["other mailboxes"]
    assert row.result is Result.MISSING
    assert "is open to the app" in row.says
    assert OUTSIDER not in row.says


async def test_an_outsider_without_a_mailbox_proves_nothing(client: GraphClient, tenant: Tenant) -> None:
    tenant.refuse(f"GET /users/{OUTSIDER}/calendar", 404, "ErrorInvalidUser")
    assert (await rows(client, outsider=OUTSIDER))["other mailboxes"].result is Result.WARNING


async def test_without_an_outsider_nobody_else_is_asked_about(client: GraphClient, tenant: Tenant) -> None:
    assert (await rows(client))["other mailboxes"].result is Result.SKIPPED
    assert not any(OUTSIDER in path for _, path, _ in tenant.asked)


async def test_busy_times_that_are_not_told_leave_the_bot_working(client: GraphClient, tenant: Tenant) -> None:
    schedule = f"POST /users/{ORGANISER}/calendar/getSchedule"
    tenant.allow(schedule, {"value": [{"scheduleId": ORGANISER, "error": {"responseCode": "ErrorMailRecipientNotFound", "message": "-"}}]})
    row = (await rows(client))["free and busy"]
    assert (row.result, "ErrorMailRecipientNotFound" in row.says) == (Result.WARNING, True)
    tenant.refuse(schedule, 403, "ErrorAccessDenied")
    assert (await rows(client))["free and busy"].result is Result.WARNING


async def test_consents_for_the_whole_tenant_are_warned_of(client: GraphClient, issuer: Issuer) -> None:
    issuer.roles = ["Calendars.ReadWrite", "User.Read.All"]
    row = (await rows(client))["consents in Entra"]
    assert row.result is Result.WARNING
    assert "Calendars.ReadWrite opens every calendar in the tenant" in row.says
    assert "does not need User.Read.All" in row.says


async def test_a_token_that_cannot_be_read_tells_nothing_of_consents(client: GraphClient, issuer: Issuer) -> None:
    issuer.roles = None
    found = await rows(client)
    assert "consents in Entra" not in found
    assert found["calendar, writing"].result is Result.WORKS


@pytest.mark.parametrize(
    ("credential", "said"),
    [
        (ClientSecret(TENANT, APP_ID, "wrong"), "MicrosoftAppPassword is not the secret of MicrosoftAppId"),
        (ClientSecret("00000000-0000-0000-0000-000000000000", APP_ID, SECRET), "There is no tenant MicrosoftAppTenantId"),
    ],
)
async def test_a_failed_sign_in_ends_the_check(issuer: Issuer, tenant: Tenant, credential: ClientSecret, said: str) -> None:
    client = graph_client(tenant.url, credential, login_url=issuer.login_url)
    found = await rows(client)
    await client.aclose()
    assert found["sign-in"].result is Result.MISSING
    assert said in found["sign-in"].says
    assert found["Microsoft 365"].result is Result.SKIPPED
    assert tenant.asked == []


async def test_mail_by_another_server_asks_nothing_of_the_mailbox(client: GraphClient, tenant: Tenant) -> None:
    assert "letters" not in await rows(client, letters=False)
    assert not any("sendMail" in path for _, path, _ in tenant.asked)


async def test_a_letter_goes_to_the_organiser_alone_when_asked(client: GraphClient, tenant: Tenant) -> None:
    call = f"POST /users/{ORGANISER}/sendMail"
    tenant.refuse(call, 403, "ErrorAccessDenied")
    row = (await rows(client, send=True))["letters"]
    assert (row.result, "Mail.Send is missing" in row.says) == (Result.MISSING, True)
    tenant.allow(call, {})
    tenant.asked.clear()
    assert (await rows(client, send=True))["letters"].result is Result.WORKS
    (sent,) = [body["Message"]["toRecipients"] for method, path, body in tenant.asked if path.endswith("sendMail")]
    assert [one["emailAddress"]["address"] for one in sent] == [ORGANISER]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, "ValidationError", "Microsoft Graph does not reach the bot at PUBLIC_URL (Graph 400 ValidationError)"),
        (403, "ErrorAccessDenied", "The permission Calendars.ReadWrite is missing"),
        (503, "ServiceUnavailable", "run the check again"),
    ],
)
async def test_without_notifications_answers_are_looked_for(client: GraphClient, tenant: Tenant, status: int, code: str, said: str) -> None:
    tenant.refuse("POST /subscriptions", status, code)
    row = (await rows(client))["notifications"]
    assert row.result is Result.WARNING
    assert said in row.says
    assert row.says.endswith("Until then answers are looked for every few minutes.")


@pytest.mark.parametrize("call", [f"GET /teams/{GROUP}/channels/{CHANNEL}/filesFolder", UPLOAD])
async def test_a_site_that_is_closed_is_granted_alone(client: GraphClient, tenant: Tenant, call: str) -> None:
    tenant.refuse(call, 403, "accessDenied")
    row = (await rows(client))["channel files"]
    assert row.result is Result.WARNING
    assert "0 of 1 channels tried take files" in row.says
    commands = "\n".join(row.grant)
    assert f"/v1.0/groups/{GROUP}/sites/root" in commands
    assert f'"application":{{"id":"{APP_ID}"' in commands
    assert not any(path == "/upload" for _, path, _ in tenant.asked)


async def test_channels_that_cannot_be_tried_are_told(client: GraphClient, tenant: Tenant) -> None:
    tenant.refuse(f"GET /teams/{GROUP}/channels/{CHANNEL}/filesFolder", 404, "itemNotFound")
    assert "A channel has no folder yet." in (await rows(client))["channel files"].says

    async def none() -> list[tuple[str, str]]:
        return []

    async def untold() -> list[tuple[str, str]]:
        raise CalendarFailure("Teams 403 BotNotInConversationRoster")

    assert (await rows(client, channels=none))["channel files"].result is Result.SKIPPED
    row = (await rows(client, channels=untold))["channel files"]
    assert (row.result, "BotNotInConversationRoster" in row.says) == (Result.WARNING, True)


@pytest.mark.parametrize(
    ("roles", "status", "result", "says"),
    [
        (["OnlineMeetings.Read.All"], 403, Result.WARNING, "OnlineMeetingArtifact.Read.All is not consented."),
        (sorted(REPORTS), 403, Result.WARNING, "Teams has no application access policy for the app and GRAPH_ORGANISER"),
        (sorted(REPORTS), 503, Result.WARNING, "run the check again"),
        (sorted(REPORTS), 404, Result.WORKS, "The app may ask"),
    ],
)
async def test_attendance_reports_are_tried_where_they_are_wanted(
    client: GraphClient, tenant: Tenant, issuer: Issuer, roles: list[str], status: int, result: Result, says: str
) -> None:
    issuer.roles = roles
    tenant.refuse(f"GET /users/{ORGANISER}/onlineMeetings", status, "Forbidden")
    unwanted = await rows(client)
    assert "attendance reports" not in unwanted
    assert f"The bot does not need {', '.join(roles)}." in unwanted["consents in Entra"].says
    assert not any(path.endswith("onlineMeetings") for _, path, _ in tenant.asked)
    wanted = await rows(client, reports=True)
    assert wanted["consents in Entra"].result is Result.WORKS
    row = wanted["attendance reports"]
    assert row.result is result
    assert says in row.says
    assert (f'New-CsApplicationAccessPolicy -Identity "Pykala" -AppIds "{APP_ID}"' in "\n".join(row.grant)) == (status == 403)
