"""Settings refuse to start with what cannot work, and say all of it at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from settings import Settings, read_settings

WHOLE = {
    "MicrosoftAppId": "2c9e6a1e-3c1b-4f5e-8f7e-0f9b7f6f5a10",
    "MicrosoftAppTenantId": "7f1c3a52-6f0e-4f0b-9a53-5d1f1f0c9a01",
    "MicrosoftAppPassword": "loopback-only",
    "GRAPH_ORGANISER": "siiri.sihteeri@example.org",
    "PUBLIC_URL": "https://pykala.example.org",
}
IDENTITY = "8d3f6b0a-5c2e-4f19-9a7b-1e2d3c4b5a60"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # without the .env of whoever runs the tests
    for field in Settings.model_fields.values():
        if isinstance(field.validation_alias, str):
            monkeypatch.delenv(field.validation_alias, raising=False)
    names = (
        "HOST",
        "PORT",
        "DATABASE_URL",
        "PUBLIC_URL",
        "SMTP_URL",
        "SMTP_FROM",
        "LOGIN_URL",
        "GRAPH_BASE_URL",
        "LOG_LEVEL",
        "METRICS_FROM",
        "ALLOWED_TENANTS",
    )
    for name in names:
        monkeypatch.delenv(name, raising=False)


def pem() -> bytes:
    """A private key and its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def read(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    for name, value in {**WHOLE, **changes}.items():
        monkeypatch.setenv(name, value)
    return read_settings()


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"MicrosoftAppPassword": "", "MicrosoftAppCertificateFile": "both.pem", "MicrosoftAppCertificateThumbprint": "of both.pem"},
        {"MicrosoftAppPassword": "", "MicrosoftAppFederatedTokenFile": "token"},
        {"MicrosoftAppPassword": "", "MicrosoftAppFederatedIdentityId": IDENTITY},
        {"MicrosoftAppPassword": "", "MicrosoftAppType": "UserAssignedMSI"},
    ],
)
def test_each_proof_alone_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, proof: dict[str, str]) -> None:
    (tmp_path / "both.pem").write_bytes(both := pem())
    (tmp_path / "token").write_text("x", encoding="ascii")
    if "MicrosoftAppCertificateThumbprint" in proof:
        # In capitals, as the portal shows it.
        proof = {
            **proof,
            "MicrosoftAppCertificateThumbprint": x509.load_pem_x509_certificate(both).fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303
        }
    assert read(monkeypatch, **proof).app_id == WHOLE["MicrosoftAppId"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"MicrosoftAppPassword": ""}, "give one of MicrosoftAppPassword, MicrosoftAppCertificateFile, MicrosoftAppFederatedTokenFile"),
        ({"MicrosoftAppFederatedIdentityId": IDENTITY}, "MicrosoftAppPassword and MicrosoftAppFederatedIdentityId are given: keep one"),
        (
            {"MicrosoftAppPassword": "", "MicrosoftAppFederatedIdentityId": IDENTITY, "MicrosoftAppFederatedTokenFile": "token"},
            "MicrosoftAppFederatedTokenFile and MicrosoftAppFederatedIdentityId are given",
        ),
        ({"MicrosoftAppType": "UserAssignedMSI"}, "UserAssignedMSI proves itself: remove MicrosoftAppPassword"),
        ({"MicrosoftAppPassword": "", "MicrosoftAppFederatedIdentityId": WHOLE["MicrosoftAppId"]}, "not the app's own MicrosoftAppId"),
        ({"MicrosoftAppPassword": "", "MicrosoftAppFederatedTokenFile": "none"}, "MicrosoftAppFederatedTokenFile: there is no such file"),
        ({"MicrosoftAppPassword": "", "MicrosoftAppCertificateFile": "none"}, "cannot be read: No such file"),
        ({"MicrosoftAppPassword": "", "MicrosoftAppCertificateFile": "token"}, "must hold the private key, without a password"),
        ({"MicrosoftAppPassword": "", "MicrosoftAppCertificateFile": "token"}, "Thumbprint go together"),
        ({"LOGIN_URL": "http://login.example.org"}, "LOGIN_URL must be https"),
        ({"GRAPH_BASE_URL": "http://graph.example.org/v1.0"}, "GRAPH_BASE_URL must be https"),
        ({"LOG_LEVEL": "loud"}, "- LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
        ({"METRICS_FROM": "10.20.0.0/16, everybody"}, "METRICS_FROM is networks with commas between them"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, "OTEL_EXPORTER_OTLP_ENDPOINT is the http(s) address of a collector"),
        ({"PORT": "many"}, "- PORT: Input should be a valid integer"),
        ({"MicrosoftAppType": "MultiTenant"}, "- MicrosoftAppType: Input should be 'SingleTenant' or 'UserAssignedMSI'"),
        ({"MicrosoftAppType": "singletenant"}, "- MicrosoftAppType: Input should be 'SingleTenant' or 'UserAssignedMSI'"),
        ({"MicrosoftAppType": ""}, "- MicrosoftAppType: Input should be 'SingleTenant' or 'UserAssignedMSI'"),
        ({"MicrosoftAppId": ""}, "- MicrosoftAppId is empty"),
        ({"MicrosoftAppId": "   "}, "- MicrosoftAppId is empty"),
        ({"MicrosoftAppId": "pykala"}, "- MicrosoftAppId is an id such as"),
        ({"MicrosoftAppId": "{" + WHOLE["MicrosoftAppId"] + "}"}, "- MicrosoftAppId is an id such as"),
        ({"MicrosoftAppId": "00000000-0000-0000-0000-000000000000"}, "- MicrosoftAppId is an id such as"),
        ({"MicrosoftAppId": WHOLE["MicrosoftAppTenantId"]}, "- MicrosoftAppId and MicrosoftAppTenantId are the same"),
        ({"MicrosoftAppTenantId": "common"}, "- MicrosoftAppTenantId is an id such as"),
        ({"MicrosoftAppTenantId": "example.onmicrosoft.com"}, "- MicrosoftAppTenantId is an id such as"),
        ({"MicrosoftAppPassword": "", "MicrosoftAppFederatedIdentityId": "i"}, "- MicrosoftAppFederatedIdentityId is an id such as"),
        ({"MicrosoftAppPassword": IDENTITY}, "- MicrosoftAppPassword is the secret's id: give its value"),
        ({"MicrosoftAppPassword": "secret\n"}, "- MicrosoftAppPassword has a space or a line break around it"),
        ({"MicrosoftAppPassword": " "}, "- MicrosoftAppPassword has a space or a line break around it"),
        (
            {"MicrosoftAppPassword": "x", "MicrosoftAppCertificateFile": "token"},
            "MicrosoftAppPassword and MicrosoftAppCertificateFile are given",
        ),
        (
            {"MicrosoftAppPassword": "", "MicrosoftAppCertificateFile": "both.pem", "MicrosoftAppCertificateThumbprint": "AB" * 20},
            "- MicrosoftAppCertificateThumbprint is another certificate's",
        ),
        ({"ALLOWED_TENANTS": "everybody"}, "- ALLOWED_TENANTS is ids of tenants with commas between them"),
        ({"ALLOWED_TENANTS": IDENTITY + " " + IDENTITY}, "- ALLOWED_TENANTS is ids of tenants with commas between them"),
        ({"BOT_OPENID_METADATA_URL": "http://login.example.org/keys"}, "- BOT_OPENID_METADATA_URL must be https"),
        ({"BOT_OPENID_METADATA_URL": "https://[::1"}, "- BOT_OPENID_METADATA_URL must be https"),
        ({"LOGIN_URL": "https:///"}, "- LOGIN_URL must be https"),
        ({"PUBLIC_URL": "http://pykala.example.org"}, "- PUBLIC_URL must be the bot's public https address"),
        ({"PYKALA_LOCAL": "1", "HOST": "pykala.example.org"}, "- PYKALA_LOCAL=1 accepts anybody, so HOST must be 127.0.0.1"),
        ({"PYKALA_LOCAL": "1"}, "- PYKALA_LOCAL=1 accepts anybody, and MicrosoftAppId is a tenant's: remove one of them"),
        ({"PYKALA_LOCAL": "yes please"}, "- PYKALA_LOCAL: Input should be a valid boolean"),
        ({"MicrosoftAppTenantId": "", "GRAPH_ORGANISER": ""}, "- MicrosoftAppTenantId is empty\n- GRAPH_ORGANISER is empty: "),
    ],
)
def test_a_wrong_combination_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, str], said: str) -> None:
    (tmp_path / "token").write_text("x", encoding="ascii")
    (tmp_path / "both.pem").write_bytes(pem())
    with pytest.raises(SystemExit) as refused:
        read(monkeypatch, **changes)
    assert said in str(refused.value)


def test_what_is_told_of_a_fault_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "kW8~very-secret"
    for changes in ({"MicrosoftAppPassword": secret + " "}, {"MicrosoftAppPassword": secret, "MicrosoftAppType": "UserAssignedMSI"}):
        with pytest.raises(SystemExit) as refused:
            read(monkeypatch, **changes)
        assert secret not in str(refused.value)
    assert secret not in repr(read(monkeypatch, MicrosoftAppPassword=secret, MicrosoftAppType="SingleTenant"))


def test_ids_are_compared_as_the_directory_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    loud = {name: f" {WHOLE[name].upper()}\n" for name in ("MicrosoftAppId", "MicrosoftAppTenantId")}
    read_so = read(monkeypatch, **loud, ALLOWED_TENANTS=f"{IDENTITY.upper()}, {WHOLE['MicrosoftAppId']},")
    assert (read_so.app_id, read_so.tenant_id) == (WHOLE["MicrosoftAppId"], WHOLE["MicrosoftAppTenantId"])
    assert read_so.tenants() == (IDENTITY, WHOLE["MicrosoftAppId"])


@pytest.mark.parametrize("given", ["postgres://anna:x@db/pykala", "postgresql://anna:x@db/pykala", "postgresql+psycopg://anna:x@db/pykala"])
def test_a_postgresql_database_is_known_by_any_of_its_names(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    assert read(monkeypatch, DATABASE_URL=given).database_url == "postgresql+psycopg://anna:x@db/pykala"


@pytest.mark.parametrize("given", ["mysql://anna:salasana@db/pykala", "pykala.db", "sqlite://", ""])
def test_another_database_is_refused_and_its_password_not_told(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    with pytest.raises(SystemExit) as refused:
        read(monkeypatch, DATABASE_URL=given)
    sentence = "- DATABASE_URL: is sqlite:///pykala.db (a file) or postgresql+psycopg://user:password@host/database"
    assert str(refused.value).splitlines()[1:] == [sentence]


@pytest.mark.parametrize("given", ["sala@sana@db/pykala", "sala@sa/na@db/pykala"])
def test_an_at_sign_of_a_password_is_not_taken_for_the_end_of_it(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    with pytest.raises(SystemExit) as refused:
        read(monkeypatch, DATABASE_URL=f"postgresql://anna:{given}")
    assert str(refused.value).splitlines()[1:] == ["- DATABASE_URL: has a second @: in a user name or a password it is written %40"]
    assert read(monkeypatch, DATABASE_URL="postgresql://anna:sala%40sana@db/pykala?application_name=a@b").database_url.endswith("a@b")


def test_metrics_are_read_from_the_networks_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch).metrics_readers() == ()
    assert read(monkeypatch, METRICS_FROM="10.20.0.0/16, fd00::/8").metrics_readers() == (
        ip_network("10.20.0.0/16"),
        ip_network("fd00::/8"),
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("MICROSOFT_APP_TENANT_ID", "MicrosoftAppTenantId"),
        ("APP_PASSWORD", "MicrosoftAppPassword"),
        ("GRAPH_ORGANIZER", "GRAPH_ORGANISER"),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_a_mistyped_name_is_not_overlooked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str, right: str, in_file: bool) -> None:
    for name, value in WHOLE.items():
        if name != right:
            monkeypatch.setenv(name, value)
    if in_file:
        (tmp_path / ".env").write_text(f"{wrong}=x\n", encoding="ascii")
    else:
        monkeypatch.setenv(wrong, "x")
    with pytest.raises(SystemExit) as refused:
        read_settings()
    assert f"- {wrong} is no setting: it is written {right}" in str(refused.value).splitlines()


def test_what_others_call_alike_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    others = "HOSTNAME PGHOST PGPORT OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_TRACES_ENDPOINT PYKALA_PORT SMTP_USER DATABASE_URI"
    read(monkeypatch, DATABASE_URL="sqlite:///pykala.db", **dict.fromkeys(others.split(), "x"))


def test_all_faults_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as refused:
        read(monkeypatch, PORT="many", LOG_LEVEL="loud", METRICS_FROM="everybody", MicrosoftAppType="Other", PUBLIC_URI="x", PUBLIC_URL="")
    said = str(refused.value)
    for name in ("PORT", "LOG_LEVEL", "METRICS_FROM", "MicrosoftAppType", "PUBLIC_URL must"):
        assert said.count(f"- {name}") == 1, said
