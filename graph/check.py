"""What of Microsoft Graph works for this app, tried call by call, for `python app.py check`.

Nothing here changes what people see: a calendar's own colour is written back, a letter without recipients is one that Exchange refuses
to send, a subscription and an upload are begun and given up; a letter to the organiser goes only when it is asked for. The sentences
are for whoever runs the bot, so they are English only, as the faults of settings are.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import jwt
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.drives.item.items.item.create_upload_session.create_upload_session_post_request_body import (
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.message import Message
from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import GetSchedulePostRequestBody
from msgraph.generated.users.item.online_meetings.online_meetings_request_builder import OnlineMeetingsRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody

from graph.client import GraphClient, NoToken
from graph.failures import PERMISSION as CALENDARS
from graph.failures import graph_call
from graph.files import FOLDER, SITE
from graph.mail import PERMISSION as MAIL
from graph.mail import GraphMail
from graph.reports import MEETINGS
from graph.reports import PERMISSION as REPORT
from meetings.ports import CalendarFailure, Letter

PATIENCE = 20.0
REPORTS = frozenset({MEETINGS, REPORT})
_NO_MEETING = "https://teams.microsoft.com/l/meetup-join/none"
Found = TypeVar("Found")

# What the bot uses, and what it opens when it is consented in Entra: there every permission is for the whole tenant.
_WIDE = {
    CALENDARS: "every calendar",
    "Calendars.Read": "every calendar",
    MAIL: "every mailbox's outgoing mail",
    "Files.ReadWrite.All": "every file",
    "Sites.ReadWrite.All": "every site",
    "Sites.FullControl.All": "every site",
}

_SIGN_IN = {
    "invalid_client": "Entra does not accept the proof: the secret, certificate or federated credential is not that of MicrosoftAppId.",
    "unauthorized_client": "Entra knows no app MicrosoftAppId in the tenant MicrosoftAppTenantId.",
    "unknown_tenant": "There is no tenant MicrosoftAppTenantId at LOGIN_URL.",
    "invalid_resource": "Entra does not know the host of GRAPH_BASE_URL as Microsoft Graph.",
    "login_unreachable": "LOGIN_URL did not answer in time; a firewall or proxy may stand between.",
    "login_unusable": "What answers at LOGIN_URL is no sign-in service.",
    "invalid_request": "No managed identity with this client id is assigned to this host.",
    "identity_unreachable": "The host's identity endpoint did not answer: this host is not in Azure, or has no managed identity.",
    "token_file_unreadable": "MicrosoftAppFederatedTokenFile cannot be read.",
    "token_file_empty": "MicrosoftAppFederatedTokenFile is empty.",
    "identity_refused": "The host does not vouch for MicrosoftAppFederatedIdentityId: it is not assigned to this host.",
    "no_answer": "Entra gave no answer.",
}
_DETAILS = {
    7000222: "The secret of MicrosoftAppId has run out; make a new one and set MicrosoftAppPassword.",
    7000215: "MicrosoftAppPassword is not the secret of MicrosoftAppId; give the secret's value, not its id.",
    700016: "Entra knows no app MicrosoftAppId in the tenant MicrosoftAppTenantId.",
    700027: "The certificate is not registered for MicrosoftAppId, or has run out.",
    70021: "No federated credential of MicrosoftAppId matches the token's issuer, subject and audience.",
    700211: "No federated credential of MicrosoftAppId matches the token's issuer.",
    700213: "No federated credential of MicrosoftAppId matches the token's subject.",
    700212: "No federated credential of MicrosoftAppId matches the token's audience.",
}


class Result(StrEnum):
    """MISSING is needed and does not work. WARNING: the bot works, but with less, or with more rights than it needs."""

    WORKS = "works"
    MISSING = "missing"
    WARNING = "warning"
    SKIPPED = "not tried"


@dataclass(frozen=True, slots=True)
class Row:
    """What was tried, how it went in one sentence, and what grants it, line by line."""

    part: str
    result: Result
    says: str
    grant: tuple[str, ...] = ()


_Tried = Callable[[str], Awaitable[Row]]
# The Entra group and the channel of each body's team; `CalendarFailure` when Teams does not tell.
Channels = Callable[[], Awaitable[Sequence[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class _Signed:
    """What the app's token tells of it: permissions consented in Entra, and ids for the commands that grant the rest."""

    app_id: str
    object_id: str
    roles: frozenset[str] | None


def trial_letter(organiser: str) -> Letter:
    """To the organiser alone, for those who ask for it."""
    text = "This letter was sent by: python app.py check --send"
    return Letter(f"check:{datetime.now(UTC).isoformat()}", organiser, organiser, "Pykälä: check", f"<p>{text}</p>", text)


async def graph_rows(
    client: GraphClient,
    organiser: str,
    *,
    outsider: str = "",
    letters: bool = True,
    send: bool = False,
    notified: str = "",
    channels: Channels | None = None,
    reports: bool = False,
) -> AsyncIterator[Row]:
    """One row after the other, as each is known. `outsider`: a mailbox that must stay closed. `letters`: mail goes by Graph, and `send`
    sends one to the organiser. `notified`: the address for notifications. `channels`: finds the bodies' channels. `reports`: the attendance
    reports of calls are wanted."""
    try:
        signed = _read_token(await client.sign_in())
    except NoToken as refused:
        yield Row("sign-in", Result.MISSING, _of_token(refused), ("see docs/admin.md, “The registration”",))
        yield Row("Microsoft 365", Result.SKIPPED, "The rest waits for the sign-in.")
        return
    yield Row("sign-in", Result.WORKS, "Entra gives the app a token for Microsoft Graph.")
    if signed.roles is not None:
        yield _consents(signed.roles, REPORTS if reports else frozenset())
    check = _Check(client, organiser, outsider, signed, send, notified, channels)
    for part, trying in check.parts(letters=letters, reports=reports).items():
        yield await _tried(part, trying)


@dataclass(frozen=True, slots=True)
class _Check:
    client: GraphClient
    organiser: str
    outsider: str
    signed: _Signed
    send: bool
    notified: str
    channels: Channels | None

    def parts(self, *, letters: bool, reports: bool) -> dict[str, _Tried]:
        found: dict[str, _Tried] = {
            "calendar, reading": self._reading,
            "calendar, writing": self._writing,
            "Teams link": self._teams,
            "other mailboxes": self._outsider,
            "free and busy": self._busy,
        }
        if letters:
            found["letters"] = self._letters
        found |= {"notifications": self._notices, "channel files": self._files}
        return found | {"attendance reports": self._reports} if reports else found

    async def _reading(self, part: str) -> Row:
        try:
            await _asked(self.client.users.by_user_id(self.organiser).calendar.get(), CALENDARS)
        except CalendarFailure as failure:
            return self._mailbox_row(part, failure)
        return Row(part, Result.WORKS, "The calendar of GRAPH_ORGANISER can be read.")

    async def _writing(self, part: str) -> Row:
        calendar = self.client.users.by_user_id(self.organiser).calendar
        try:
            found = await _asked(calendar.get(), CALENDARS)
            # The colour it has: nothing changes, but Exchange asks for the right to write.
            await _asked(calendar.patch(Calendar(color=found.color if found else None)), CALENDARS)
        except CalendarFailure as failure:
            return self._mailbox_row(part, failure)
        return Row(part, Result.WORKS, "The calendar of GRAPH_ORGANISER can be written: invitations can be sent.")

    async def _teams(self, part: str) -> Row:
        try:
            found = await _asked(self.client.users.by_user_id(self.organiser).calendar.get(), CALENDARS)
        except CalendarFailure:
            return Row(part, Result.SKIPPED, "This waits for the calendar.")
        if OnlineMeetingProviderType.TeamsForBusiness in ((found.allowed_online_meeting_providers if found else None) or []):
            return Row(part, Result.WORKS, "Invitations from GRAPH_ORGANISER can have a Teams link.")
        return Row(part, Result.WARNING, "GRAPH_ORGANISER has no licence with Teams: its invitations have no Teams link.")

    async def _outsider(self, part: str) -> Row:
        if not self.outsider:
            return Row(part, Result.SKIPPED, "Give --outsider and the address of anybody else, whose calendar must stay closed.")
        try:
            await _asked(self.client.users.by_user_id(self.outsider).calendar.get(), CALENDARS)
        except CalendarFailure as failure:
            if failure.refused:
                return Row(part, Result.WORKS, "The outsider's calendar is closed to the app, as it must be.")
            if failure.mailbox:
                return Row(part, Result.WARNING, f"The outsider has no mailbox here, so it proves nothing ({failure.reason}).")
            return Row(part, Result.WARNING, _of_call(failure))
        says = f"The outsider's calendar is open to the app: {CALENDARS} is not limited to GRAPH_ORGANISER."
        return Row(part, Result.MISSING, says, (f"Remove the consent to {CALENDARS} in Entra, then:", *self._exchange(CALENDARS)))

    async def _busy(self, part: str) -> Row:
        asked = self.outsider or self.organiser
        start = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        body = GetSchedulePostRequestBody(
            schedules=[asked],
            start_time=DateTimeTimeZone(date_time=start.isoformat(), time_zone="UTC"),
            end_time=DateTimeTimeZone(date_time=(start + timedelta(hours=1)).isoformat(), time_zone="UTC"),
        )
        try:
            found = await _asked(self.client.users.by_user_id(self.organiser).calendar.get_schedule.post(body), CALENDARS)
        except CalendarFailure as failure:
            says = f"{_of_call(failure)} Dates are proposed without regard to calendars."
            return Row(part, Result.WARNING, says, self._exchange(CALENDARS) if failure.refused else ())
        faults = [one.error.response_code or "" for one in (found and found.value) or [] if one.error]
        if faults:
            return Row(part, Result.WARNING, f"Exchange does not tell when the person asked about is busy ({faults[0]}).")
        whose = "the outsider" if self.outsider else "GRAPH_ORGANISER itself"
        return Row(part, Result.WORKS, f"Exchange tells when {whose} is busy: dates can be proposed that suit.")

    async def _letters(self, part: str) -> Row:
        instead = "SMTP_URL instead sends through a mail server."
        if self.send:
            try:
                await GraphMail(self.client, self.organiser).send(trial_letter(self.organiser))
            except CalendarFailure as failure:
                return self._mailbox_row(part, failure, MAIL, instead)
            return Row(part, Result.WORKS, "A letter was sent from GRAPH_ORGANISER to itself.")
        # Without recipients Exchange can send it to nobody, and says so to those alone who may send.
        empty = SendMailPostRequestBody(message=Message(to_recipients=[]), save_to_sent_items=False)
        try:
            await _asked(self.client.users.by_user_id(self.organiser).send_mail.post(empty), MAIL)
        except CalendarFailure as failure:
            if "ErrorInvalidRecipients" not in failure.reason:
                return self._mailbox_row(part, failure, MAIL, instead)
        return Row(part, Result.WORKS, "Letters can be sent from GRAPH_ORGANISER (none was sent).")

    async def _notices(self, part: str) -> Row:
        wanted = Subscription(
            change_type="updated",
            notification_url=self.notified,
            resource=f"users/{self.organiser}/events",
            expiration_date_time=datetime.now(UTC) + timedelta(hours=1),
            client_state=secrets.token_urlsafe(),
        )
        meanwhile = "Until then answers are looked for every few minutes."
        try:
            made = await _asked(self.client.subscriptions.post(wanted), CALENDARS)
            await _asked(self.client.subscriptions.by_subscription_id((made and made.id) or "-").delete(), CALENDARS)
        except CalendarFailure as failure:
            if failure.refused:
                return Row(part, Result.WARNING, f"{_of_call(failure)} {meanwhile}", self._exchange(CALENDARS))
            if failure.transient:
                return Row(part, Result.WARNING, f"{_of_call(failure)} {meanwhile}")
            says = f"Microsoft Graph does not reach the bot at PUBLIC_URL ({failure.reason}); is it running, and open to the internet?"
            return Row(part, Result.WARNING, f"{says} {meanwhile}")
        return Row(part, Result.WORKS, "Microsoft Graph reaches the bot at PUBLIC_URL, and tells it of answers at once.")

    async def _files(self, part: str) -> Row:
        instead = "There the bot's own links lead to the documents."
        try:
            found = await self.channels() if self.channels else ()
        except CalendarFailure as failure:
            return Row(part, Result.WARNING, f"Teams does not tell which groups the bodies' teams are ({failure.reason}). {instead}")
        if not found:
            return Row(part, Result.SKIPPED, "No body is set up yet, so there is no channel to try.")
        says: list[str] = []
        grant: tuple[str, ...] = ()
        for group, channel in found:
            try:
                await self._write_into(group, channel)
            except CalendarFailure as failure:
                if failure.refused:
                    grant += self._site(group)
                says.append("A channel has no folder yet." if failure.gone else _of_call(failure, "for a channel's files"))
        if says:
            told = " ".join(dict.fromkeys(says))
            return Row(part, Result.WARNING, f"{len(found) - len(says)} of {len(found)} channels tried take files. {told} {instead}", grant)
        return Row(part, Result.WORKS, f"Documents can be put among the files of channels ({len(found)} tried, nothing was put).")

    async def _reports(self, part: str) -> Row:
        """A link that leads to no meeting is looked for, which Graph does for those alone who may."""
        lacking = sorted(REPORTS - self.signed.roles) if self.signed.roles is not None else []
        says = f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not consented." if lacking else ""
        try:
            wanted = OnlineMeetingsRequestBuilder.OnlineMeetingsRequestBuilderGetQueryParameters(filter=f"JoinWebUrl eq '{_NO_MEETING}'")
            meetings = self.client.users.by_user_id(self.organiser).online_meetings
            await _asked(meetings.get(RequestConfiguration(query_parameters=wanted)), MEETINGS)
        except CalendarFailure as failure:
            if failure.refused:
                says = says or f"Teams has no application access policy for the app and GRAPH_ORGANISER ({failure.reason})."
            elif failure.transient:
                return Row(part, Result.WARNING, _of_call(failure))
        if says:
            return Row(part, Result.WARNING, f"{says} Until then no report is held against the record.", self._policy())
        return Row(part, Result.WORKS, "The app may ask for the attendance reports of GRAPH_ORGANISER's meetings.")

    def _policy(self) -> tuple[str, ...]:
        """https://learn.microsoft.com/graph/cloud-communication-online-meeting-application-access-policy"""
        app = self.signed.app_id or "<application (client) id>"
        mailbox = self.organiser if "@" in self.organiser else "<address of GRAPH_ORGANISER>"
        return (
            f"# In Entra consent to {MEETINGS} and {REPORT}, which open nothing without a policy of Teams. Then:",
            "Connect-MicrosoftTeams",
            f'New-CsApplicationAccessPolicy -Identity "Pykala" -AppIds "{app}" -Description "Attendance reports"',
            f'Grant-CsApplicationAccessPolicy -PolicyName "Pykala" -Identity "{mailbox}"',
            "# Teams may take half an hour until it heeds a new policy.",
        )

    async def _write_into(self, group: str, channel: str) -> None:
        """Ask for an upload and give it up: nothing is there before its last part, but the right to write is asked for."""
        if not group:
            raise CalendarFailure("no group", gone=True)
        async with graph_call(PATIENCE, of_event=True, permission=FOLDER):
            folder = await self.client.teams.by_team_id(group).channels.by_channel_id(channel).files_folder.get()
        drive = folder.parent_reference.drive_id if folder and folder.parent_reference else None
        if folder is None or not folder.id or not drive:
            raise CalendarFailure("no folder in the answer", gone=True)
        item = self.client.drives.by_drive_id(drive).items.by_drive_item_id(folder.id)
        base = str(self.client.request_adapter.base_url).rstrip("/")
        address = f"{base}/drives/{quote(drive, safe='!')}/items/{quote(folder.id, safe='!')}:/pykala-check:/createUploadSession"
        session = await _asked(item.create_upload_session.with_url(address).post(CreateUploadSessionPostRequestBody()), SITE)
        if session and session.upload_url:
            async with graph_call(PATIENCE, permission=SITE), httpx.AsyncClient(timeout=PATIENCE) as http:
                await http.delete(session.upload_url)

    def _site(self, group: str) -> tuple[str, ...]:
        """The one site of a team (https://learn.microsoft.com/graph/permissions-selected-overview)."""
        app = self.signed.app_id or "<application (client) id>"
        granted = f'{{"roles":["write"],"grantedToIdentities":[{{"application":{{"id":"{app}","displayName":"Pykala"}}}}]}}'
        return (
            f"# In Entra consent to {FOLDER}, and to {SITE}, which opens nothing by itself. Then:",
            "Connect-MgGraph -Scopes Sites.FullControl.All",
            f'$site = (Invoke-MgGraphRequest GET "/v1.0/groups/{group}/sites/root").id',
            f"Invoke-MgGraphRequest POST \"/v1.0/sites/$site/permissions\" -Body '{granted}'",
        )

    def _mailbox_row(self, part: str, failure: CalendarFailure, permission: str = CALENDARS, instead: str = "") -> Row:
        if failure.mailbox:
            says = f"There is no mailbox GRAPH_ORGANISER in this tenant, or it has no Exchange licence ({failure.reason})."
            return Row(part, Result.MISSING, says)
        grant = self._exchange(permission) if failure.refused else ()
        return Row(part, Result.MISSING, " ".join(filter(None, (_of_call(failure), instead))), grant)

    def _exchange(self, permission: str) -> tuple[str, ...]:
        """Exchange RBAC for Applications, for the one mailbox (https://learn.microsoft.com/exchange/permissions-exo/application-rbac)."""
        app = self.signed.app_id or "<application (client) id>"
        mailbox = self.organiser if "@" in self.organiser else "<address of GRAPH_ORGANISER>"
        object_id = self.signed.object_id or "<object id of the enterprise application>"
        return (
            "Connect-ExchangeOnline",
            f'New-ServicePrincipal -AppId {app} -ObjectId {object_id} -DisplayName "Pykala"',
            f'New-ManagementScope -Name "Pykala organiser" -RecipientRestrictionFilter "PrimarySmtpAddress -eq \'{mailbox}\'"',
            f'New-ManagementRoleAssignment -App {app} -Role "Application {permission}" -CustomResourceScope "Pykala organiser"',
            f"Test-ServicePrincipalAuthorization -Identity {app} -Resource {mailbox}",
            "# Exchange may take two hours until it heeds a new grant.",
        )


async def _tried(part: str, trying: _Tried) -> Row:
    try:
        return await trying(part)
    except Exception as error:  # one call that goes wrong in an unknown way must not hide what the others find
        return Row(part, Result.MISSING, f"This could not be tried ({type(error).__name__}).")


async def _asked(call: Awaitable[Found], permission: str) -> Found:
    async with graph_call(PATIENCE, permission=permission):
        return await call


def _of_call(failure: CalendarFailure, where: str = "on this mailbox") -> str:
    if failure.refused:
        graph, permission = failure.reason.rsplit(" ", 1)
        return f"The permission {permission} is missing {where} ({graph})."
    if failure.reason == "timeout":
        return f"Microsoft Graph did not answer within {PATIENCE:.0f} seconds."
    if failure.reason.startswith("connection"):
        return f"Microsoft Graph cannot be reached ({failure.reason})."
    if failure.transient:
        return f"Microsoft Graph did not do it this time; run the check again ({failure.reason})."
    return f"Microsoft Graph refused ({failure.reason})."


def _of_token(refused: NoToken) -> str:
    for number in refused.detail:
        if number in _DETAILS:
            return f"{_DETAILS[number]} (AADSTS{number})"
    numbers = ", ".join(f"AADSTS{number}" for number in refused.detail)
    known = _SIGN_IN.get(refused.reason, f"Entra gave no token ({refused.reason}).")
    return f"{known} ({numbers})" if numbers else known


def _read_token(token: str) -> _Signed:
    """Only to show it: Graph alone verifies the token. What is no JWT, such as the sandbox's, tells nothing."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return _Signed("", "", None)
    return _Signed(str(claims.get("appid", "")), str(claims.get("oid", "")), frozenset(map(str, claims.get("roles", []))))


def _consents(roles: frozenset[str], wanted: frozenset[str]) -> Row:
    part = "consents in Entra"
    wide = sorted(roles & _WIDE.keys())
    unused = sorted(roles - _WIDE.keys() - {FOLDER, SITE} - wanted)
    says = (
        [f"{', '.join(f'{one} opens {_WIDE[one]}' for one in wide)} in the tenant: grant it narrowly and remove the consent."]
        if wide
        else []
    )
    if unused:
        says.append(f"The bot does not need {', '.join(unused)}.")
    if says:
        return Row(part, Result.WARNING, " ".join(says), ("see docs/admin.md, “Permissions”",))
    return Row(part, Result.WORKS, "Nothing is consented for the whole tenant. What Exchange grants does not show here.")
