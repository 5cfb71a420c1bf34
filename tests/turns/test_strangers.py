"""Who may speak to the bot, in a tenant as it is installed: every kind of bad token against the real app, over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.standins.issuer import APP_ID, TENANT, Issuer
from tests.turns.room import dumped
from tests.turns.scenes import PLANNED
from tests.turns.tenancy import OTHER_TENANT, Tenancy

FAR = 4102444800
AAD = f"https://login.microsoftonline.com/{TENANT}/v2.0"
AAD_V1 = f"https://sts.windows.net/{TENANT}/"
EMULATORS = "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"
SKILLS = "https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0"


@pytest.fixture
async def tenancy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tenancy]:
    async with Tenancy(tmp_path, PLANNED, monkeypatch) as opened:
        yield opened


class Caller:
    """Somebody at the door with an activity that would be a fine one, and bytes of their own choice around it."""

    def __init__(self, tenancy: Tenancy) -> None:
        self.tenancy = tenancy
        channel = tenancy.channel
        self.anna = channel.person("Anna Aalto")
        self.service_url = channel.service_url
        self.activity = channel.pressed(
            self.anna, channel.personal(self.anna), {"type": "Action.Execute", "verb": "show_help", "data": {"verb": "show_help"}}
        )

    async def status(self, *authorization: str | bytes, body: bytes | None = None, **headers: str) -> int:
        """Of a request with these Authorization headers, written to the socket as they are."""
        content = json.dumps(self.activity).encode() if body is None else body
        told = {
            "Host": f"127.0.0.1:{self.tenancy.port}",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **headers,
        }
        lines = [f"{name}: {value}".encode() for name, value in told.items()]
        lines += [b"Authorization: " + (one.encode() if isinstance(one, str) else one) for one in authorization]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.tenancy.port)
        try:
            writer.write(b"\r\n".join((b"POST /api/messages HTTP/1.1", *lines, b"Connection: close", b"", content)))
            answer = await reader.read()
        finally:
            writer.close()
        return int(answer.split(b" ", 2)[1])

    async def changed(self, token: str, **changes: Any) -> int:
        activity = {name: value for name, value in {**self.activity, **changes}.items() if value is not ...}
        return await self.status(f"Bearer {token}", body=json.dumps(activity).encode())


def _payload(issuer: Issuer, service_url: str, **claims: Any) -> dict[str, Any]:
    return {**jwt.decode(issuer.token(service_url), options={"verify_signature": False}), **claims}


def _pairs(claims: dict[str, Any], *more: tuple[str, Any]) -> bytes:
    """An object that says some names twice."""
    return b"{" + b",".join(f"{json.dumps(name)}:{json.dumps(value)}".encode() for name, value in (*claims.items(), *more)) + b"}"


def bad_tokens(issuer: Issuer, service_url: str, trap: str) -> dict[str, str]:
    """Each wrong in the one way its name says. `trap`: an address nobody may be led to."""
    make, sealed = issuer.token, issuer.sealed
    good = make(service_url)
    head, body, signature = good.split(".")
    claims = _payload(issuer, service_url)
    flat = json.dumps(claims).encode()
    kid = jwt.get_unverified_header(good)["kid"]
    mine = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    curve = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(mine.public_key(), as_dict=True)

    def by_me(**header: Any) -> str:
        return jwt.encode(claims, mine, algorithm="RS256", headers={"kid": kid, **header})

    def hmac_of(secret: bytes) -> str:
        # The library would not sign with a public key; an attacker does.
        algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        told = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode()).rstrip(b"=")
        signed = told + b"." + body.encode()
        return (signed + b"." + base64.urlsafe_b64encode(algorithm.sign(signed, secret)).rstrip(b"=")).decode()

    def encoded(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).decode().rstrip("=")

    return {
        # what signs it
        "alg none": jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
        "alg None in capitals": f"{encoded(json.dumps({'alg': 'NONE', 'kid': kid}).encode())}.{body}.",
        "alg none with the good signature": sealed(flat, alg="none"),
        "alg missing": sealed(flat, alg=None),
        "alg no text": sealed(flat, alg=["RS256"]),
        "HS256 with the public key": hmac_of(issuer.public_pem),
        "HS256 with a guess": hmac_of(b"secret"),
        "RS512": jwt.encode(claims, issuer._keys[kid], algorithm="RS512", headers={"kid": kid}),
        "PS256": jwt.encode(claims, issuer._keys[kid], algorithm="PS256", headers={"kid": kid}),
        "ES256": jwt.encode(claims, curve, algorithm="ES256", headers={"kid": kid}),
        "another key under the same kid": by_me(),
        "a weak key under the same kid": make(service_url, key=weak),
        "a key in the header (jwk)": by_me(jwk=jwk),
        "keys elsewhere (jku)": by_me(jku=f"{trap}/keys"),
        "a certificate elsewhere (x5u)": by_me(x5u=f"{trap}/cert"),
        "keys elsewhere and their kid": by_me(jku=f"{trap}/keys", kid="mine"),
        "kid missing": jwt.encode(claims, issuer._keys[kid], algorithm="RS256"),
        "kid unknown": make(service_url, key_id="nobody"),
        "kid a number": sealed(flat, kid=1),
        "kid a list": sealed(flat, kid=[kid]),
        "kid an object": sealed(flat, kid={"a": kid}),
        "kid a path": make(service_url, key_id="../../../dev/null"),
        "kid a query": make(service_url, key_id="' OR 1=1 --"),
        "crit unknown": sealed(flat, crit=["exp2"], exp2=1),
        "payload not encoded (b64 false)": sealed(flat, b64=False, crit=["b64"]),
        "signature backwards": f"{head}.{body}.{signature[::-1]}",
        "signature missing": f"{head}.{body}.",
        "signature of another token": f"{head}.{body}.{make(service_url).split('.')[2]}",
        # for whom, and from whom
        "aud another bot": make(service_url, audience="0f0f0f0f-3c1b-4f5e-8f7e-0f9b7f6f5a10"),
        "aud missing": make(service_url, leave_out=("aud",)),
        "aud empty": make(service_url, aud=""),
        "aud a list": make(service_url, aud=[APP_ID]),
        "aud a list with others": make(service_url, aud=["other", APP_ID]),
        "aud an object": make(service_url, aud={APP_ID: 1}),
        "aud with spaces": make(service_url, aud=f" {APP_ID}"),
        "aud of the API": make(service_url, aud=f"api://{APP_ID}"),
        "iss another": make(service_url, issuer="https://evil.example"),
        "iss missing": make(service_url, leave_out=("iss",)),
        "iss with a slash": make(service_url, issuer="https://api.botframework.com/"),
        "iss a list": sealed(json.dumps({**claims, "iss": ["https://api.botframework.com"]}).encode()),
        "iss of the government's cloud": make(service_url, issuer="https://api.botframework.us"),
        "iss the emulator's": make(service_url, issuer=EMULATORS, appid=APP_ID),
        "iss another bot's (a skill)": make(service_url, issuer=SKILLS, ver="2.0", azp=APP_ID),
        "iss the own tenant's (v2)": make(service_url, issuer=AAD, tid=TENANT, ver="2.0"),
        "iss the own tenant's (v1)": make(service_url, issuer=AAD_V1, tid=TENANT, ver="1.0"),
        # when
        "expired": make(service_url, expires_in=-301),
        "exp missing": make(service_url, leave_out=("exp",)),
        "exp null": sealed(json.dumps({**claims, "exp": None}).encode()),
        "exp in a thousand years": make(service_url, exp=int(time.time()) + 1000 * 365 * 86400),
        "exp beyond all numbers": make(service_url, exp=10**400),
        "exp without end": sealed(flat.replace(f'"exp": {claims["exp"]}'.encode(), b'"exp": Infinity')),
        "exp negative": make(service_url, exp=-1),
        "exp with a fraction": make(service_url, exp=time.time() + 3600.5),
        "exp in words": make(service_url, exp="later"),
        "exp digits in a text": make(service_url, exp=str(int(time.time()) + 3600)),
        "exp true": make(service_url, exp=True),
        "exp a list": make(service_url, exp=[int(time.time()) + 3600]),
        "not yet valid": make(service_url, nbf=FAR),
        "nbf in words": make(service_url, nbf="now"),
        "nbf digits in a text": make(service_url, nbf="1"),
        "nbf beyond all numbers": make(service_url, nbf=10**400),
        "issued tomorrow": make(service_url, iat=int(time.time()) + 86400),
        # for which conversation
        "serviceurl another": make("https://smba.trafficmanager.net/teams/"),
        "serviceurl missing": make(None),
        "serviceurl a list": make(None, serviceurl=[service_url]),
        "serviceurl longer": make(f"{service_url}x/"),
        "serviceurl in capitals only": make(None, serviceUrl=service_url),
        # what it is at all
        "garbage": "garbage",
        "three dots": f"{head}.{body}.{signature}.x",
        "dots alone": "..",
        "one dot": f"{head}.{body}",
        "payload cut": f"{head}.{body[: len(body) // 2]}.{signature}",
        "payload a list": sealed(json.dumps([claims]).encode()),
        "payload a text": sealed(b'"hei"'),
        "payload null": sealed(b"null"),
        "payload no JSON": sealed(b"\xff\xfe"),
        "payload empty": sealed(b""),
        "header a list": f"{encoded(b'[]')}.{body}.{signature}",
        "header no JSON": f"{encoded(b'{')}.{body}.{signature}",
        "header deeply nested": f"{encoded(b'[' * 5000)}.{body}.{signature}",
        "payload deeply nested": sealed(b'{"a":' + b"[" * 3500),
        "aud twice": sealed(_pairs({**claims, "aud": "other"}, ("aud", APP_ID))),
        "exp twice": sealed(_pairs({**claims, "exp": 1}, ("exp", claims["exp"]))),
        "a token in a token": sealed(good.encode(), cty="JWT"),
        "encrypted (five parts)": f"{head}.{body}.{signature}.x.y",
        "not base64": "ä.ö.å",
        "a percent-encoded one": good.replace(".", "%2E"),
    }


async def test_no_bad_token_is_let_in_and_none_is_a_fault_of_ours(tenancy: Tenancy, caplog: pytest.LogCaptureFixture) -> None:
    caller = Caller(tenancy)
    good = tenancy.issuer.token(caller.service_url)
    assert await caller.status(f"Bearer {good}") == 200
    before = _stored(tenancy)
    caplog.set_level(logging.DEBUG)
    tokens = bad_tokens(tenancy.issuer, caller.service_url, tenancy.graph_url)
    assert len(tokens) >= 40
    assert {name: await caller.status(f"Bearer {token}") for name, token in tokens.items()} == dict.fromkeys(tokens, 401)
    assert _stored(tenancy) == before
    assert tenancy.channel.requests == []
    refused = [entry.getMessage() for entry in caplog.records if entry.name == "bot.edge.adapter"]
    assert len(refused) == len(set(refused))
    assert all(said.startswith("refused with 401: The token") for said in refused)
    assert [entry for entry in caplog.records if entry.levelno > logging.INFO and entry.name.startswith("bot")] == []
    told = "\n".join(entry.getMessage() for entry in caplog.records)
    assert [name for name, token in tokens.items() if token[:20] in told and len(token) > 20] == []
    # Every reason was the one of its own kind, not a door that is shut to all.
    for reason in ("expired", "not valid yet", "somebody else", "another issuer", "lacks", "signed by its key", "RS256", "unknown key"):
        assert reason in told
    assert await caller.status(f"Bearer {good}") == 200


async def test_no_other_header_is_a_token(tenancy: Tenancy) -> None:
    caller = Caller(tenancy)
    good = tenancy.issuer.token(caller.service_url)
    headers: dict[str, tuple[str | bytes, ...]] = {
        "none": (),
        "empty": ("",),
        "scheme alone": ("Bearer",),
        "scheme and spaces": ("Bearer    ",),
        "Basic": (f"Basic {good}",),
        "Basic of a user": ("Basic YWRtaW46YWRtaW4=",),
        "Negotiate": (f"Negotiate {good}",),
        "token alone": (good,),
        "a tab between": (f"Bearer\t{good}",),
        "the good one twice": (f"Bearer {good}", f"Bearer {good}"),
        "a bad one before the good one": ("Bearer x", f"Bearer {good}"),
        "the good one before a bad one": (f"Bearer {good}", "Basic x"),
        "two in one": (f"Bearer {good}, Bearer {good}",),
        "words after it": (f"Bearer {good} x",),
        "in quotes": (f'Bearer "{good}"',),
        "as a parameter": (f"Bearer token={good}",),
        "not ASCII": ("Bearer ä.ö.å".encode(),),
        "no text at all": (b"Bearer \xff\xfe.\xff.\xff",),
        "half an emoji": (b"Bearer \xed\xa0\x80.x.x",),
        "emoji": ("Bearer 😀.😀.😀",),
    }
    assert {name: await caller.status(*given) for name, given in headers.items()} == dict.fromkeys(headers, 401)
    # A header this long, or one that is none, the HTTP server itself refuses.
    assert await caller.status(b"Bearer " + b"x" * 100_000) == 400
    assert await caller.status(f"Bearer {good}\0") == 400
    # RFC 9110: the scheme is written in any letters.
    assert [await caller.status(f"{scheme} {good}") for scheme in ("bearer", "BEARER")] == [200, 200]


async def test_a_stranger_is_shown_out_whatever_the_body(tenancy: Tenancy) -> None:
    caller = Caller(tenancy)
    whole = json.dumps(caller.activity).encode()
    bodies = {
        "whole": whole,
        "empty": b"",
        "no JSON": b"{",
        "a list": b"[" + whole + b"]",
        "too long": b'"' + b"x" * (2 * 1024 * 1024) + b'"',
        "no activity": b"{}",
        "not in UTF-8": b"\xff",
    }
    for given in ((), ("Bearer x",)):
        assert {name: await caller.status(*given, body=body) for name, body in bodies.items()} == dict.fromkeys(bodies, 401)
    assert await caller.status("Bearer x", body=gzip.compress(whole), **{"Content-Encoding": "gzip"}) == 401
    assert await caller.status("Bearer x", body=b"not gzip", **{"Content-Encoding": "gzip"}) == 401


async def test_a_good_token_speaks_for_its_own_activities_only(tenancy: Tenancy) -> None:
    caller = Caller(tenancy)
    good = tenancy.issuer.token(caller.service_url)
    place = caller.activity["conversation"]
    other = {**place, "tenantId": OTHER_TENANT}
    cases: dict[str, tuple[int, dict[str, Any]]] = {
        "as it is": (200, {}),
        "serviceUrl missing": (401, {"serviceUrl": ...}),
        "serviceUrl empty": (401, {"serviceUrl": ""}),
        "serviceUrl a list": (401, {"serviceUrl": [caller.service_url]}),
        "serviceUrl another": (401, {"serviceUrl": "http://127.0.0.1:9/"}),
        "serviceUrl without its slash": (200, {"serviceUrl": caller.service_url.rstrip("/")}),
        "serviceUrl with two": (401, {"serviceUrl": f"{caller.service_url}/"}),
        "channelId missing": (401, {"channelId": ...}),
        "channelId a list": (401, {"channelId": ["msteams"]}),
        "a channel its key does not speak for": (401, {"channelId": "directline"}),
        "channelId in capitals": (401, {"channelId": "MSTeams"}),
        "another tenant": (403, {"conversation": other, "channelData": {"tenant": {"id": OTHER_TENANT}}}),
        "another tenant's conversation": (403, {"conversation": other}),
        "another tenant's data": (403, {"channelData": {"tenant": {"id": OTHER_TENANT}}}),
        "no tenant": (403, {"conversation": {"id": place["id"]}, "channelData": ...}),
        "the tenant in capitals": (403, {"conversation": {**place, "tenantId": TENANT.upper()}}),
        "the tenant in a list": (403, {"conversation": {**place, "tenantId": [TENANT]}}),
        "type missing": (400, {"type": ...}),
        "no conversation": (400, {"conversation": ...}),
        "no sender": (200, {"from": ...}),
    }
    found = {name: await caller.changed(good, **changes) for name, (_, changes) in cases.items()}
    assert found == {name: status for name, (status, _) in cases.items()}
    packed = gzip.compress(json.dumps(caller.activity).encode())
    assert await caller.status(f"Bearer {good}", body=packed, **{"Content-Encoding": "gzip"}) == 200
    bomb = gzip.compress(b" " * (32 * 1024 * 1024))
    assert await caller.status(f"Bearer {good}", body=bomb, **{"Content-Encoding": "gzip"}) in {400, 413}
    assert tenancy.channel.requests == []


async def test_one_without_an_account_is_told_so(tenancy: Tenancy) -> None:
    """An anonymous participant of a meeting has no id in any directory."""
    channel = tenancy.channel
    anna = channel.person("Anna Aalto")
    press = channel.pressed(
        anna, channel.personal(anna), {"type": "Action.Execute", "verb": "show_status", "data": {"verb": "show_status"}}
    )
    del press["from"]["aadObjectId"]
    answer = await channel.send(press)
    assert answer.status == 200
    assert "tunnist" in dumped(answer.body)
    assert _stored(tenancy)["person"] == 0


def _stored(tenancy: Tenancy) -> dict[str, int]:
    with sqlite3.connect(tenancy._folder / "room.db") as connection:
        tables = ("person", "body", "conversation", "journal", "turn")
        known = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
        return {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in tables if name in known}  # noqa: S608
