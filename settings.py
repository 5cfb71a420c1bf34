"""Everything that can be set from outside, read once by app.py from the environment or `.env`. All faults in one message."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from dotenv import dotenv_values
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
    app_password: str = Field(default="", validation_alias="MicrosoftAppPassword", repr=False)
    tenant_id: str = Field(default="", validation_alias="MicrosoftAppTenantId")
    certificate_file: str = Field(default="", validation_alias="MicrosoftAppCertificateFile")
    certificate_thumbprint: str = Field(default="", validation_alias="MicrosoftAppCertificateThumbprint")
    token_file: str = Field(default="", validation_alias="MicrosoftAppFederatedTokenFile")
    identity_id: str = Field(default="", validation_alias="MicrosoftAppFederatedIdentityId")

    allowed_tenants: str = ""

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

    attendance_reports: bool = Field(default=False, validation_alias="TEAMS_ATTENDANCE_REPORTS")

    # Of the app package alone.
    meeting_events: bool = Field(default=False, validation_alias="TEAMS_MEETING_EVENTS")
    publisher_name: str = ""
    publisher_url: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    teams_app_id: str = ""

    @field_validator("app_id", "tenant_id", "identity_id", "allowed_tenants", "certificate_thumbprint")
    @classmethod
    def _as_the_directory_writes_it(cls, value: str) -> str:
        """Copied from wherever it was: tokens and activities have ids in small letters, and are compared as they are."""
        return value.strip().lower()

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        """As hosts give it, without the name of a driver, it means PostgreSQL too."""
        name, _, rest = url.partition("://")
        if name in {"postgres", "postgresql"}:
            name, url = "postgresql+psycopg", f"postgresql+psycopg://{rest}"
        if name not in {"sqlite", "postgresql+psycopg"} or not rest:
            raise ValueError("is sqlite:///pykala.db (a file) or postgresql+psycopg://user:password@host/database")
        if name != "sqlite" and rest.partition("?")[0].count("@") > 1:
            raise ValueError("has a second @: in a user name or a password it is written %40")
        return url

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        faults = []
        if self.local:
            if self.host not in LOOPBACK:
                faults.append("PYKALA_LOCAL=1 accepts anybody, so HOST must be 127.0.0.1")
            if self.app_id:
                faults.append("PYKALA_LOCAL=1 accepts anybody, and MicrosoftAppId is a tenant's: remove one of them")
        else:
            if not self.app_id:
                faults.append("MicrosoftAppId is empty; to try the bot on this machine only, set PYKALA_LOCAL=1")
            if not self.tenant_id:
                faults.append("MicrosoftAppTenantId is empty")
            faults += self._id_faults() + self._proof_faults()
            if not self.organiser:
                faults.append("GRAPH_ORGANISER is empty: the mailbox that sends the invitations")
            faults += self._address_faults()
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

    def tenants(self) -> tuple[str, ...]:
        """Whose people are served besides the bot's own tenant's; empty when only theirs are."""
        return tuple(one.strip() for one in self.allowed_tenants.split(",") if one.strip())

    def _address_faults(self) -> list[str]:
        """Tokens, keys and people's data pass there."""
        needed = {
            "PUBLIC_URL must be the bot's public https address": self.public_url,
            "LOGIN_URL must be https": self.login_url,
            "BOT_OPENID_METADATA_URL must be https: the keys of what is let in come from there": self.openid_metadata_url,
            "GRAPH_BASE_URL must be https": self.graph_base_url or "https://graph.microsoft.com",
        }
        return [fault for fault, url in needed.items() if not _is_https(url)]

    def _id_faults(self) -> list[str]:
        """What the portal shows is easily taken for another thing that looks like it."""
        ids = {"MicrosoftAppId": self.app_id, "MicrosoftAppTenantId": self.tenant_id, "MicrosoftAppFederatedIdentityId": self.identity_id}
        faults = [
            f"{name} is an id such as 2c9e6a1e-3c1b-4f5e-8f7e-0f9b7f6f5a10" for name, value in ids.items() if value and not _is_id(value)
        ]
        if self.app_id and self.app_id == self.tenant_id:
            faults.append("MicrosoftAppId and MicrosoftAppTenantId are the same: one of them is the other's")
        if not all(_is_id(one) for one in self.tenants()):
            faults.append("ALLOWED_TENANTS is ids of tenants with commas between them")
        if _is_id(self.app_password):
            faults.append("MicrosoftAppPassword is the secret's id: give its value, which the portal shows only when it is made")
        if self.app_password != self.app_password.strip():
            faults.append("MicrosoftAppPassword has a space or a line break around it")
        return faults

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
            faults += _certificate_faults(Path(self.certificate_file), self.certificate_thumbprint)
        if self.token_file and not Path(self.token_file).is_file():
            faults.append("MicrosoftAppFederatedTokenFile: there is no such file")
        return faults


# By field, as they are written in the environment.
NAMES = {field: str(info.validation_alias or field.upper()) for field, info in Settings.model_fields.items()}
_KNOWN = {name.casefold() for name in NAMES.values()}
# Of difflib: DATABSE_URL is, HOSTNAME, PGHOST or OTEL_EXPORTER_OTLP_HEADERS is not.
_NEAR = 0.9


def _is_id(value: str) -> bool:
    """As the directory writes its ids, and not the one of nobody."""
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value) is not None and value.strip("0-") != ""


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _certificate_faults(file: Path, thumbprint: str) -> list[str]:
    try:
        pem = file.read_bytes()
        load_pem_private_key(pem, None)
        # Not for its strength: it is how the directory calls a certificate.
        known_as = load_pem_x509_certificate(pem).fingerprint(SHA1()).hex()  # noqa: S303
    except OSError as error:
        return [f"MicrosoftAppCertificateFile cannot be read: {error.strerror}"]
    except (ValueError, TypeError):
        return ["MicrosoftAppCertificateFile must hold the private key, without a password, and the certificate as PEM"]
    if thumbprint and thumbprint != known_as:
        return ["MicrosoftAppCertificateThumbprint is another certificate's than the one in MicrosoftAppCertificateFile"]
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
    faults = _mistyped()
    try:
        found = Settings()
    except ValidationError as error:
        faults += _faults(error)
        # While a value alone is wrong, it is not looked how they go together.
        wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
        sound = {name: info.default for field, info in Settings.model_fields.items() if (name := info.validation_alias or field) in wrong}
        if sound:
            try:
                Settings(**{str(name): value for name, value in sound.items()})
            except ValidationError as more:
                faults += _faults(more)
    if faults:
        raise SystemExit("The settings are not complete:\n" + "\n".join(f"- {line}" for line in faults))
    return found


def _faults(error: ValidationError) -> list[str]:
    """A line each, with the name as it is written in the environment."""
    faults = [(one["loc"], one["msg"].removeprefix("Value error, ")) for one in error.errors()]
    return [line for where, fault in faults for line in (f"{NAMES.get(str(where[0]), where[0])}: {fault}" if where else fault).splitlines()]


def _mistyped() -> list[str]:
    """Names that are none of ours and nearly one of ours that is not given: nobody would read them, and a default would hold unnoticed.
    Where ours is given, another program's setting may well be called alike."""
    file = dotenv_values(str(Settings.model_config["env_file"]), interpolate=False)
    given = {name.casefold() for name in (*os.environ, *file)}
    ours = {name.replace("_", "").casefold(): name for name in NAMES.values() if name.casefold() not in given}
    ours |= {field.replace("_", ""): name for field, name in NAMES.items() if "_" in field and name.casefold() not in given}
    faults = []
    for name in sorted({*os.environ, *file}):
        if name.casefold() not in _KNOWN and (near := get_close_matches(name.replace("_", "").casefold(), ours, 1, _NEAR)):
            faults.append(f"{name} is no setting: it is written {ours[near[0]]}")
    return faults
