"""Who is let in: tokens good and bad, keys, tenants, hosts."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.edge import adapter, channel_issuer
from bot.edge.failures import Rejected
from bot.edge.refusals import MOST, OTHERS, Refusals
from bot.edge.validation import ASK_AGAIN, KEYS_FRESH, REMEMBERED_TOKENS, Door, SigningKeys
from tests.bot.edge_parts import Echo, Served, entra, serve
from tests.standins.channel import Channel, Person, Place
from tests.standins.issuer import Issuer


@dataclass
class World:
    """Issuer, bot and channel, all with tokens."""

    issuer: Issuer
    served: Served
    channel: Channel
    anna: Person
    desk: Place

    async def status(self, authorization: str, **changes: Any) -> int:
        activity = self.channel.pressed(self.anna, self.desk, {"data": {}})
        activity = {name: value for name, value in (activity | changes).items() if value is not ...}
        return (await self.channel.send(activity, authorization=authorization)).status

    async def token_status(self, token: str, **changes: Any) -> int:
        return await self.status(f"Bearer {token}", **changes)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with Issuer() as issuer:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", issuer.ca_file)
        async with serve(entra(issuer), Echo()) as served, Channel(served.url, issuer=issuer) as channel:
            anna = channel.person("Anna Aalto")
            yield World(issuer, served, channel, anna, channel.personal(anna))


async def test_a_message_with_good_tokens_is_answered(world: World) -> None:
    assert (await world.channel.say(world.anna, world.desk, "hei")).status == 201
    assert [posted.activity["text"] for posted in world.channel.shown(world.desk)] == ["sanoit: hei"]


async def test_no_token_or_another_scheme(world: World) -> None:
    token = world.issuer.token(world.channel.service_url)
    for header in ("", "Bearer", "Bearer ", f"Basic {token}", token):
        assert (header, await world.status(header)) == (header, 401)


async def test_bad_tokens(world: World) -> None:
    service_url = world.channel.service_url
    make = world.issuer.token
    good = make(service_url)
    head, body, signature = good.split(".")
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = jwt.decode(good, options={"verify_signature": False})
    key_id = jwt.get_unverified_header(good)["kid"]
    nested = base64.urlsafe_b64encode(b'{"kid":' + b"[" * 100_000).decode().rstrip("=")[:7000]
    bad = {
        "expired": make(service_url, expires_in=-301),
        "not yet": make(service_url, nbf=4102444800),
        "without exp": make(service_url, leave_out=("exp",)),
        "huge exp": make(service_url, exp=10**400),
        "exp in words": make(service_url, exp="later"),
        "audience": make(service_url, audience="other-app"),
        "without audience": make(service_url, leave_out=("aud",)),
        "issuer": make(service_url, issuer="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"),
        "without issuer": make(service_url, leave_out=("iss",)),
        "serviceUrl": make("https://smba.trafficmanager.net/teams/"),
        "without serviceUrl": make(None),
        "serviceUrl no text": make(None, serviceurl=["x"]),
        "signature": f"{head}.{body}.{signature[::-1]}",
        "no signature": f"{head}.{body}.",
        "key of a stranger": make(service_url, key=stranger),
        "unknown kid": make(service_url, key_id="nobody"),
        "alg none": jwt.encode(claims, "", algorithm="none", headers={"kid": key_id}),
        "alg HS256": jwt.encode(claims, "x" * 40, algorithm="HS256", headers={"kid": key_id}),
        "without kid": jwt.encode(claims, stranger, algorithm="RS256"),
        "garbage": "garbage",
        "dots": "..",
        "not base64": "ä.ö.å",
        "nested header": f"{nested}.e30.e30",
    }
    assert {name: await world.token_status(token) for name, token in bad.items()} == dict.fromkeys(bad, 401)


async def test_clocks_may_differ_by_five_minutes(world: World) -> None:
    assert await world.token_status(world.issuer.token(world.channel.service_url, expires_in=-240)) == 200


async def test_trailing_slash_of_the_service_url_does_not_matter(world: World) -> None:
    assert await world.token_status(world.issuer.token(world.channel.service_url.rstrip("/"))) == 200


async def test_strangers_do_not_fill_the_log(world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.edge.adapter")
    now = 1000.0
    monkeypatch.setattr(world.served.edge.adapter, "_refusals", Refusals(lambda: now))

    async def told(times: int, status: int, authorization: str = "", **changes: Any) -> list[str]:
        caplog.clear()
        assert [await world.status(authorization, **changes) for _ in range(times)] == [status] * times
        return [entry.getMessage() for entry in caplog.records if entry.name == "bot.edge.adapter"]

    bare = "refused with 401: There is no bearer token."
    assert await told(20, 401, "Bearer") == [bare]
    # Another reason is told at once.
    assert await told(5, 401, "Bearer x") == ["refused with 401: The token cannot be read."]
    now += 59.9
    assert await told(1, 401, "Bearer") == []
    now += 0.1
    assert await told(20, 401, "Bearer") == [f"{bare} (21 since the last such line)"]
    now += 60.0
    assert await told(1, 401, "Bearer") == [f"{bare} (20 since the last such line)"]
    now += 3600.0
    assert await told(3, 401, "Bearer") == [bare]

    def unforeseen(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(adapter, "read_activity", unforeseen)
    good = f"Bearer {world.issuer.token(world.channel.service_url)}"
    assert await told(9, 400, good) == ["a request could not be judged: RecursionError"]


def test_reasons_without_end_are_counted_as_one() -> None:
    now = 0.0
    refusals = Refusals(lambda: now)
    assert [refusals.line(f"{number}") for number in range(MOST)] == [f"{number}" for number in range(MOST)]
    assert [refusals.line(f"other {number}") for number in range(1000)] == [OTHERS] + [None] * 999
    now = 60.0
    assert refusals.line("one more") == f"{OTHERS} (1000 since the last such line)"
    assert refusals.line("0") == "0"


async def test_a_key_speaks_for_its_channels_only(world: World) -> None:
    world.issuer.endorsements = ["directline"]
    assert await world.token_status(world.issuer.token(world.channel.service_url)) == 401


async def test_a_key_without_endorsements_speaks_for_nobody(world: World) -> None:
    world.issuer.endorsements = None
    assert await world.token_status(world.issuer.token(world.channel.service_url)) == 401


async def test_a_channel_where_the_sender_names_himself_is_refused(world: World) -> None:
    world.issuer.endorsements = ["msteams", "directline"]
    assert await world.token_status(world.issuer.token(world.channel.service_url), channelId="directline") == 403


async def test_foreign_tenant_is_refused(world: World) -> None:
    token = world.issuer.token(world.channel.service_url)
    own = world.anna.tenant_id
    place = {"id": world.desk.id}
    cases: list[tuple[int, Any, Any]] = [
        (200, {**place, "tenantId": own}, {"tenant": {"id": own}}),
        (200, place, {"tenant": {"id": own}}),
        (200, {**place, "tenantId": own}, ...),
        (403, {**place, "tenantId": "other"}, {"tenant": {"id": own}}),
        (403, {**place, "tenantId": own}, {"tenant": {"id": "other"}}),
        (403, place, {"tenant": {"id": "other"}}),
        (403, place, ...),
        (403, place, {"tenant": "other"}),
        (403, {**place, "tenantId": [own]}, ...),
    ]
    for wanted, conversation, data in cases:
        assert (wanted, conversation, data) == (
            await world.token_status(token, conversation=conversation, channelData=data),
            conversation,
            data,
        )


async def test_service_url_off_the_list_is_refused_even_with_its_token(world: World) -> None:
    for url in ("https://evil.example/", "http://localhost:9/", "https://127.0.0.1.evil.example/"):
        assert (url, await world.token_status(world.issuer.token(url), serviceUrl=url)) == (url, 403)
    assert world.channel.requests == []


async def test_verified_token_is_remembered_but_checked_against_each_activity(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    decode = jwt.decode

    def counting(token: str, *args: Any, **kwargs: Any) -> Any:
        decoded.append(token)
        return decode(token, *args, **kwargs)

    monkeypatch.setattr("bot.edge.validation.jwt.decode", counting)
    token = world.issuer.token(world.channel.service_url)
    assert [await world.token_status(token) for _ in range(3)] == [200, 200, 200]
    assert await world.token_status(token, serviceUrl="http://127.0.0.1:1/") == 401
    assert decoded == [token]


async def test_remembered_token_ends_when_it_ends() -> None:
    async with Issuer() as issuer, aiohttp.ClientSession() as session:
        now = [0.0]
        keys = SigningKeys(issuer.metadata_url, lambda: session)
        door = Door(entra(issuer), keys, clock=lambda: now[0])
        token = issuer.token("http://127.0.0.1/", expires_in=60)
        ends = float(jwt.decode(token, options={"verify_signature": False})["exp"])
        now[0] = ends - 60
        await door.verify([f"Bearer {token}"])
        # From here on nothing can be verified: what is let in is remembered.
        keys._keys.clear()
        keys._not_before = float("inf")
        now[0] = ends - 1
        await door.verify([f"Bearer {token}"])
        now[0] = ends
        with pytest.raises(Rejected):
            await door.verify([f"Bearer {token}"])


async def test_no_more_tokens_are_remembered_than_are_used() -> None:
    async with Issuer() as issuer, aiohttp.ClientSession() as session:
        keys = SigningKeys(issuer.metadata_url, lambda: session)
        door = Door(entra(issuer), keys)
        first = [f"Bearer {issuer.token('http://127.0.0.1/')}"]
        await door.verify(first)
        for _ in range(REMEMBERED_TOKENS):
            await door.verify([f"Bearer {issuer.token('http://127.0.0.1/')}"])
        keys._keys.clear()
        keys._not_before = float("inf")
        with pytest.raises(Rejected):
            await door.verify(first)


async def test_many_with_an_unknown_key_at_once_make_one_fetch() -> None:
    async with Issuer() as issuer, aiohttp.ClientSession() as session:
        now = [1000.0]
        keys = SigningKeys(issuer.metadata_url, lambda: session, clock=lambda: now[0])
        await keys.find(jwt.get_unverified_header(issuer.token("x"))["kid"])
        now[0] += ASK_AGAIN
        fresh = issuer.rotate()
        found = await asyncio.gather(*(keys.find(one) for one in [fresh, "nobody"] * 50), return_exceptions=True)
        assert issuer.counts["metadata"] == issuer.counts["keys"] == 2
        assert [type(one).__name__ for one in found] == ["SigningKey", "Rejected"] * 50


async def test_an_issuer_that_does_not_answer_is_waited_for_once_and_not_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.edge.validation.PATIENCE", 0.05)
    async with Issuer() as issuer, aiohttp.ClientSession() as session:
        now = [1000.0]
        keys = SigningKeys(issuer.metadata_url, lambda: session, clock=lambda: now[0])
        known = jwt.get_unverified_header(issuer.token("x"))["kid"]
        before = await keys.find(known)
        issuer.keys_delay = 30
        now[0] += KEYS_FRESH
        async with asyncio.timeout(5):
            assert await keys.find(known) is before
            for _ in range(20):
                with pytest.raises(Rejected) as refused:
                    await keys.find("nobody")
                assert refused.value.status == 401
        assert issuer.counts["metadata"] == 2


async def test_keys_are_fetched_once_and_again_for_an_unknown_key_at_most_once_a_minute() -> None:
    async with Issuer() as issuer, aiohttp.ClientSession() as session:
        now = [1000.0]
        keys = SigningKeys(issuer.metadata_url, lambda: session, clock=lambda: now[0])
        first = jwt.get_unverified_header(issuer.token("x"))["kid"]
        await keys.find(first)
        await keys.find(first)
        assert issuer.counts["keys"] == 1
        second = issuer.rotate()
        with pytest.raises(Rejected) as refused:
            await keys.find(second)
        assert (refused.value.status, issuer.counts["keys"]) == (401, 1)
        now[0] += ASK_AGAIN
        await keys.find(second)
        assert issuer.counts["keys"] == 2
        for _ in range(20):
            with pytest.raises(Rejected):
                await keys.find("nobody")
        assert issuer.counts["keys"] == 2


async def test_a_list_of_a_day_ago_is_read_anew_while_its_keys_still_count() -> None:
    async with Issuer() as issuer, aiohttp.ClientSession() as session:
        now = [1000.0]
        keys = SigningKeys(issuer.metadata_url, lambda: session, clock=lambda: now[0])
        old = jwt.get_unverified_header(issuer.token("x"))["kid"]
        found = await keys.find(old)
        fresh = issuer.rotate()
        del issuer._keys[old]
        now[0] += KEYS_FRESH
        assert await keys.find(old) is found
        await keys.find(fresh)
        with pytest.raises(Rejected):
            await keys.find(old)
        assert issuer.counts["keys"] == 2


@pytest.mark.parametrize(
    ("metadata", "issuer"),
    [
        ("https://login.botframework.com/v1/.well-known/openidconfiguration", "https://api.botframework.com"),
        ("https://login.botframework.azure.us/v1/.well-known/openidconfiguration", "https://api.botframework.us"),
        ("https://login.botframework.azure.us.evil.example/", "https://api.botframework.com"),
    ],
)
def test_each_cloud_has_its_own_channel(metadata: str, issuer: str) -> None:
    assert channel_issuer(metadata) == issuer


async def test_known_keys_outlive_an_issuer_that_is_down() -> None:
    async with Issuer() as issuer, aiohttp.ClientSession() as session:
        now = [1000.0]
        keys = SigningKeys(issuer.metadata_url, lambda: session, clock=lambda: now[0])
        known = jwt.get_unverified_header(issuer.token("x"))["kid"]
        issuer.down = True
        with pytest.raises(Rejected) as refused:
            await keys.find(known)
        assert refused.value.status == 503
        issuer.down = False
        now[0] += ASK_AGAIN
        found = await keys.find(known)
        issuer.down = True
        now[0] += KEYS_FRESH
        assert await keys.find(known) is found
        with pytest.raises(Rejected):
            await keys.find("nobody")  # waits for what was asked
        assert await keys.find(known) is found


async def test_issuer_that_cannot_be_reached_means_come_again(world: World) -> None:
    world.issuer.down = True
    assert await world.token_status(world.issuer.token(world.channel.service_url)) == 503


async def test_broken_body_with_a_good_token(world: World) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {world.issuer.token(world.channel.service_url)}"}
        async with session.post(world.served.url, data=json.dumps({"type": "message"})[:-1], headers=headers) as answer:
            assert answer.status == 400
