"""Everything that can be set from outside, read once by app.py from the environment or `.env`. All faults in one message."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Settings(BaseSettings):
    """The names of Bot Framework where it has them (`MicrosoftApp…`), our own otherwise. `docs/settings.md` explains each."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", case_sensitive=False)

    host: str = "127.0.0.1"
    port: int = Field(default=3978, ge=0, le=65535)
    public_url: str = ""
    database_url: str = Field(default="sqlite:///pykala.db", repr=False)

    local: bool = Field(default=False, validation_alias="PYKALA_LOCAL")

    app_type: Literal["SingleTenant", "UserAssignedMSI"] = Field(default="SingleTenant", validation_alias="MicrosoftAppType")
    app_id: str = Field(default="", validation_alias="MicrosoftAppId")
    app_password: str = Field(default="", validation_alias="MicrosoftAppPassword")
    tenant_id: str = Field(default="", validation_alias="MicrosoftAppTenantId")
    certificate_file: str = Field(default="", validation_alias="MicrosoftAppCertificateFile")
    certificate_thumbprint: str = Field(default="", validation_alias="MicrosoftAppCertificateThumbprint")
    token_file: str = Field(default="", validation_alias="MicrosoftAppFederatedTokenFile")
    identity_id: str = Field(default="", validation_alias="MicrosoftAppFederatedIdentityId")

    openid_metadata_url: str = Field(
        default="https://login.botframework.com/v1/.well-known/openidconfiguration", validation_alias="BOT_OPENID_METADATA_URL"
    )
    login_url: str = "https://login.microsoftonline.com"
    graph_base_url: str = ""
    organiser: str = Field(default="", validation_alias="GRAPH_ORGANISER")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_from: str = ""
    otlp_endpoint: str = Field(default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    otel_service_name: str = "pykala"

    smtp_url: str = Field(default="", repr=False)
    smtp_from: str = ""

    # Of the app package alone.
    publisher_name: str = ""
    publisher_url: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    teams_app_id: str = ""

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        """As hosts give it, without the name of a driver, it means PostgreSQL too."""
        name, _, rest = url.partition("://")
        if name in {"postgres", "postgresql"}:
            return f"postgresql+psycopg://{rest}"
        if name not in {"sqlite", "postgresql+psycopg"} or not rest:
            raise ValueError("is sqlite:///pykala.db (a file) or postgresql+psycopg://user:password@host/database")
        return url

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        faults = []
        if self.local:
            if self.host not in LOOPBACK:
                faults.append("PYKALA_LOCAL=1 accepts anybody, so HOST must be 127.0.0.1")
        else:
            if not self.app_id:
                faults.append("MicrosoftAppId is empty; to try the bot on this machine only, set PYKALA_LOCAL=1")
            if not self.tenant_id:
                faults.append("MicrosoftAppTenantId is empty")
            faults += self._proof_faults()
            if not self.organiser:
                faults.append("GRAPH_ORGANISER is empty: the mailbox that sends the invitations")
            if not self.public_url.startswith("https://"):
                faults.append("PUBLIC_URL must be the bot's public https address")
            if urlsplit(self.login_url).scheme != "https":
                faults.append("LOGIN_URL must be https")
            if self.graph_base_url and urlsplit(self.graph_base_url).scheme != "https":
                faults.append("GRAPH_BASE_URL must be https")
        faults += _mail_faults(self.smtp_url, self.smtp_from)
        try:
            self.metrics_readers()
        except ValueError:
            faults.append("METRICS_FROM is networks with commas between them, such as 10.20.0.0/16")
        if self.otlp_endpoint and urlsplit(self.otlp_endpoint).scheme not in {"http", "https"}:
            faults.append("OTEL_EXPORTER_OTLP_ENDPOINT is the http(s) address of a collector")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def metrics_readers(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """From where, besides this machine, the metrics may be read. ValueError for what is no network."""
        return tuple(ip_network(one.strip()) for one in self.metrics_from.split(",") if one.strip())

    def _proof_faults(self) -> list[str]:
        """An app registration proves itself in one way; a managed identity needs none."""
        ways = {
            "MicrosoftAppPassword": self.app_password,
            "MicrosoftAppCertificateFile": self.certificate_file,
            "MicrosoftAppFederatedTokenFile": self.token_file,
            "MicrosoftAppFederatedIdentityId": self.identity_id,
        }
        given = [name for name, value in ways.items() if value]
        faults = []
        if self.app_type == "UserAssignedMSI" and given:
            faults.append(f"MicrosoftAppType UserAssignedMSI proves itself: remove {', '.join(given)}, or set SingleTenant")
        elif self.app_type == "SingleTenant" and not given:
            faults.append(f"give one of {', '.join(ways)}")
        elif len(given) > 1:
            faults.append(f"{' and '.join(given)} are given: keep one of them")
        if self.identity_id and self.identity_id.casefold() == self.app_id.casefold():
            faults.append("MicrosoftAppFederatedIdentityId is the managed identity's client id, not the app's own MicrosoftAppId")
        if bool(self.certificate_file) != bool(self.certificate_thumbprint):
            faults.append("MicrosoftAppCertificateFile and MicrosoftAppCertificateThumbprint go together")
        if self.certificate_file:
            faults += _certificate_faults(Path(self.certificate_file))
        if self.token_file and not Path(self.token_file).is_file():
            faults.append("MicrosoftAppFederatedTokenFile: there is no such file")
        return faults


def _certificate_faults(file: Path) -> list[str]:
    try:
        pem = file.read_bytes()
        load_pem_private_key(pem, None)
        load_pem_x509_certificate(pem)
    except OSError as error:
        return [f"MicrosoftAppCertificateFile cannot be read: {error.strerror}"]
    except (ValueError, TypeError):
        return ["MicrosoftAppCertificateFile must hold the private key, without a password, and the certificate as PEM"]
    return []


def _mail_faults(url: str, sender: str) -> list[str]:
    if not url:
        return []
    parts = urlsplit(url)
    faults = []
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        faults.append("SMTP_URL is smtps://user:password@host:465 or smtp://user:password@host:587")
    if "@" not in sender:
        faults.append("SMTP_FROM is the address that letters come from")
    return faults


def read_settings() -> Settings:
    """The settings, or SystemExit with every fault in one message."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [(one["loc"], one["msg"].removeprefix("Value error, ")) for one in error.errors()]
        lines = [line for where, fault in faults for line in (f"{_name(where[0])}: {fault}" if where else fault).splitlines()]
        raise SystemExit("The settings are not complete:\n" + "\n".join(f"- {line}" for line in lines)) from None


def _name(field: str | int) -> str:
    """As it is written in the environment: our own names are not aliases."""
    return str(field).upper() if field in Settings.model_fields else str(field)
