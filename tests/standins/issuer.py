"""The two token issuers around a bot, as one real server on loopback: the channel's (into the bot) and Entra's (out of it).

Metadata and keys are served over HTTP and HTTPS, the token endpoint over HTTPS as MSAL insists. The certificate is made on the
spot: point `REQUESTS_CA_BUNDLE` at `ca_file`. `tls` is for other servers of a test; it also names 127.0.0.2, which the Graph
client does not take for the sandbox on this machine.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import ssl
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from jwt.utils import base64url_encode

ISSUER = "https://api.botframework.com"
TENANT = "7f1c3a52-6f0e-4f0b-9a53-5d1f1f0c9a01"
APP_ID = "2c9e6a1e-3c1b-4f5e-8f7e-0f9b7f6f5a10"
SECRET = "loopback-only"


class Issuer:
    """Counts what it is asked in `counts`: metadata, keys, discovery, token. `issued` holds the bot's tokens it has given.

    `scopes` may be asked for. `trusted`: assertions that prove a federated app; None takes any, as those of a certificate.
    `roles`: claims of the tokens; without them tokens are opaque. `delay`, `keys_delay`: seconds before a token and the keys are given.
    """

    OBJECT_ID = "5b0f7f5e-0f4e-4a57-9d0e-3a4b8f1f7c22"

    def __init__(self, *, tenant_id: str = TENANT, app_id: str = APP_ID, secret: str = SECRET) -> None:
        self.tenant_id, self.app_id, self.secret = tenant_id, app_id, secret
        self.counts: Counter[str] = Counter()
        self.issued: set[str] = set()
        self.scopes = {f"{ISSUER}/.default"}
        self.trusted: set[str] | None = None
        self.roles: list[str] | None = None
        self.lifetime = 3600
        self.delay = 0.0
        self.keys_delay = 0.0
        self.down = False
        self.endorsements: list[str] | None = ["msteams"]
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._current = ""
        self.rotate()

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        app = web.Application()
        app.router.add_get("/v1/.well-known/openidconfiguration", self._metadata)
        app.router.add_get("/v1/.well-known/keys", self._jwks)
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._discovery)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.tls = self._certified()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.tls).start()
        plain, secure = (address[1] for address in self._runner.addresses)
        self.metadata_url = f"http://127.0.0.1:{plain}/v1/.well-known/openidconfiguration"
        self.login_url = f"https://127.0.0.1:{secure}"
        self._keys_url = f"http://127.0.0.1:{plain}/v1/.well-known/keys"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        self._folder.cleanup()

    @property
    def ca_file(self) -> str:
        """PEM of the certificate of `login_url`, for `REQUESTS_CA_BUNDLE`."""
        return str(Path(self._folder.name) / "ca.pem")

    @property
    def environment(self) -> dict[str, str]:
        """What makes requests and httpx trust this issuer, and reach it without a proxy."""
        return {"REQUESTS_CA_BUNDLE": self.ca_file, "SSL_CERT_FILE": self.ca_file, "NO_PROXY": "127.0.0.1,127.0.0.2"}

    def rotate(self) -> str:
        """A new signing key, listed from now on beside the old ones; its id."""
        self._current = uuid.uuid4().hex
        self._keys[self._current] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._current

    def token(
        self,
        service_url: str | None,
        *,
        audience: str | None = None,
        issuer: str = ISSUER,
        expires_in: float = 3600,
        key_id: str | None = None,
        key: rsa.RSAPrivateKey | None = None,
        leave_out: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        """A channel's token as the bot gets it; with arguments, one wrong in a chosen way."""
        now = time.time()
        body = {
            "serviceurl": service_url,
            "iss": issuer,
            "aud": audience or self.app_id,
            "nbf": int(now) - 400,
            "exp": int(now + expires_in),
            "jti": uuid.uuid4().hex,
            **claims,
        }
        body = {name: value for name, value in body.items() if value is not None and name not in leave_out}
        return jwt.encode(body, key or self._keys[self._current], algorithm="RS256", headers={"kid": key_id or self._current})

    def sealed(self, payload: bytes, **header: Any) -> str:
        """Any payload under any header, with the channel's own RS256 signature over both: wrong in ways no library would write."""
        known = {"alg": "RS256", "typ": "JWT", "kid": self._current}
        told = json.dumps({name: value for name, value in {**known, **header}.items() if value is not None}).encode()
        signed = b".".join(base64url_encode(part) for part in (told, payload))
        signature = self._keys[self._current].sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return b".".join((signed, base64url_encode(signature))).decode()

    @property
    def public_pem(self) -> bytes:
        """The current key as everybody may read it."""
        key = self._keys[self._current].public_key()
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    async def _metadata(self, _request: web.Request) -> web.Response:
        self._asked("metadata")
        return web.json_response({"issuer": ISSUER, "jwks_uri": self._keys_url, "id_token_signing_alg_values_supported": ["RS256"]})

    async def _jwks(self, _request: web.Request) -> web.Response:
        self._asked("keys")
        await asyncio.sleep(self.keys_delay)
        keys = []
        for key_id, key in self._keys.items():
            entry = {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "use": "sig", "kid": key_id, "x5t": key_id}
            if self.endorsements is not None:
                entry["endorsements"] = self.endorsements
            keys.append(entry)
        return web.json_response({"keys": keys})

    async def _discovery(self, request: web.Request) -> web.Response:
        self._asked("discovery")
        if request.match_info["tenant"] != self.tenant_id:
            return web.json_response({"error": "invalid_tenant", "error_description": "AADSTS90002"}, status=400)
        base = f"{self.login_url}/{self.tenant_id}"
        return web.json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "jwks_uri": self._keys_url,
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        self._asked("token")
        await asyncio.sleep(self.delay)
        form = await request.post()
        known = (
            request.match_info["tenant"] == self.tenant_id
            and form.get("client_id") == self.app_id
            and (form.get("client_secret") == self.secret or self._proven(form.get("client_assertion")))
        )
        if not known:
            return web.json_response(
                {"error": "invalid_client", "error_description": "AADSTS7000215", "error_codes": [7000215]}, status=401
            )
        if form.get("scope") not in self.scopes:
            return web.json_response({"error": "invalid_scope", "error_description": "AADSTS70011"}, status=400)
        token = f"outbound-{uuid.uuid4().hex}"
        if self.roles is not None:
            token = jwt.encode(
                {"roles": self.roles, "appid": self.app_id, "oid": self.OBJECT_ID, "jti": token},
                self._keys[self._current],
                algorithm="RS256",
            )
        self.issued.add(token)
        return web.json_response(
            {"token_type": "Bearer", "expires_in": self.lifetime, "ext_expires_in": self.lifetime, "access_token": token}
        )

    def _proven(self, assertion: object) -> bool:
        return assertion is not None and (self.trusted is None or assertion in self.trusted)

    def _asked(self, what: str) -> None:
        self.counts[what] += 1
        if self.down:
            raise web.HTTPServiceUnavailable

    def _certified(self) -> ssl.SSLContext:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback issuer")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(f"127.0.0.{last}")) for last in (1, 2)]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        Path(self.ca_file).write_bytes(pem)
        both = Path(self._folder.name) / "server.pem"
        both.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + pem
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context
