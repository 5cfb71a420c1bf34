"""What the edge must know, and which hosts and tenants it deals with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

from yarl import URL

AppType = Literal["SingleTenant", "UserAssignedMSI", "Certificate", "Federated", "Local"]

LOOPBACK = ("127.0.0.1", "::1", "localhost")

# Where the keys are read tells the cloud; the government's channel signs and is spoken to by another name.
_GOVERNMENT = "login.botframework.azure.us"

# Commercial and government clouds, as in "Send proactive messages" and "CreateConversation API behavior" of the Teams documentation.
TEAMS_SERVICE_HOSTS = ("smba.trafficmanager.net", "smba.*.teams.microsoft.com", "smba.*.teams.microsoft.us")

# Where Teams keeps files sent to a bot: the sender's OneDrive, which is SharePoint.
FILE_HOSTS = ("*.sharepoint.com", "*.sharepoint.us", "*.sharepoint-mil.us", "*.1drv.com")


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """How the bot is registered.

    `channel_issuer` signs what the channel sends and is the audience of what the bot sends; government clouds use
    `https://api.botframework.us`. `assertion` fetches the token of another issuer that the registration trusts; it may block.
    Hosts are patterns as of fnmatch. With app type Local nothing is authenticated and only loopback hosts are dealt with: the
    caller must bind to loopback. Raises ValueError when something needed is missing.
    """

    app_type: AppType
    app_id: str = ""
    app_password: str = ""
    tenant_id: str = ""
    certificate_file: str = ""
    certificate_thumbprint: str = ""
    assertion: Callable[[], str] | None = None
    openid_metadata_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    login_url: str = "https://login.microsoftonline.com"
    channel_issuer: str = "https://api.botframework.com"
    allowed_service_hosts: tuple[str, ...] = TEAMS_SERVICE_HOSTS
    allowed_tenants: tuple[str, ...] = ()
    allowed_channels: tuple[str, ...] = ("msteams",)

    def __post_init__(self) -> None:
        if self.app_type not in get_args(AppType):
            raise ValueError(f"unknown app type {self.app_type!r}")
        if self.local:
            return
        needed = {"app_id", "tenant_id"}
        if self.app_type == "SingleTenant":
            needed.add("app_password")
        if self.app_type == "Certificate":
            needed.add("certificate_file")
        if self.app_type == "Federated":
            needed.add("assertion")
        missing = sorted(name for name in needed if not getattr(self, name))
        if missing:
            raise ValueError(f"app type {self.app_type} needs {', '.join(missing)}")

    @property
    def local(self) -> bool:
        return self.app_type == "Local"

    @property
    def tenants(self) -> tuple[str, ...]:
        """Whose people are served: the bot's own tenant's, and those named besides."""
        return (self.tenant_id, *self.allowed_tenants) if self.tenant_id else self.allowed_tenants

    def serves(self, service_url: str) -> bool:
        """Whether the bot may talk to this serviceUrl: its token goes there."""
        return _allowed(service_url, LOOPBACK if self.local else self.allowed_service_hosts)

    def downloads_from(self, url: str) -> bool:
        """Whether a file may be fetched from there."""
        return _allowed(url, (*FILE_HOSTS, *LOOPBACK) if self.local else FILE_HOSTS)


def channel_issuer(openid_metadata_url: str) -> str:
    """Who signs what comes from the channel whose keys are told there."""
    return f"https://api.botframework.{'us' if URL(openid_metadata_url).host == _GOVERNMENT else 'com'}"


def _allowed(address: str, patterns: tuple[str, ...]) -> bool:
    try:
        # The same parser as the HTTP client's: what is checked is what is called.
        url = URL(address)
        host = (url.host or "").lower()
    except ValueError:
        return False
    if url.scheme != "https" and not (url.scheme == "http" and host in LOOPBACK):
        return False
    return bool(host) and any(fnmatchcase(host, pattern) for pattern in patterns)
