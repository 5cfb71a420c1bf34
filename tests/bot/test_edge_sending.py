"""What the bot sends: tokens, failures by kind, patience, files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from bot.edge import ChannelFailure, Edge, EdgeConfig
from bot.edge.credentials import AHEAD, REST, Grant, Tokens, token_source
from jobs.lease import LeaseLost
from telemetry.metrics import Life
from tests.bot.edge_parts import entra
from tests.standins.channel import FILE, Channel, Place, Trouble, group_of
from tests.standins.issuer import Issuer

NOTE = {"type": "message", "text": "Kokous siirtyy."}


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    async with Channel() as channel:
        yield channel


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    async with Edge(EdgeConfig("Local")) as edge:
        yield edge


@pytest.fixture
def desk(channel: Channel) -> Place:
    return channel.personal(channel.person("Anna Aalto"))


async def test_post_update_delete(edge: Edge, channel: Channel, desk: Place) -> None:
    posted = await edge.connector.post(channel.service_url, desk.id, NOTE)
    await edge.connector.update(channel.service_url, desk.id, posted, {**NOTE, "text": "Kokous pidetään."})
    assert [(shown.id, shown.activity["text"]) for shown in channel.shown(desk)] == [(posted, "Kokous pidetään.")]
    await edge.connector.delete(channel.service_url, desk.id, posted)
    assert channel.shown(desk) == []
    assert {asked.authorization for asked in channel.requests} == {""}


@pytest.mark.parametrize("trouble", [Trouble(502, method="PUT"), Trouble(drop_after_commit=True, method="PUT")])
async def test_what_is_no_longer_ours_to_send_is_not_tried_again(channel: Channel, desk: Place, trouble: Trouble) -> None:
    """A process that was paused wakes with a request that nobody answered: another has sent what is newer meanwhile."""
    tries = 0

    def before() -> None:
        nonlocal tries
        tries += 1
        if tries > 2:
            raise LeaseLost

    async with Edge(EdgeConfig("Local"), before=before) as edge:
        posted = await edge.connector.post(channel.service_url, desk.id, NOTE)
        channel.troubles.append(trouble)
        with pytest.raises(LeaseLost):
            await edge.connector.update(channel.service_url, desk.id, posted, NOTE)
    assert [asked.method for asked in channel.requests] == ["POST", "PUT"]


async def test_post_to_a_thread_and_a_new_thread(edge: Edge, channel: Channel) -> None:
    board = channel.team("Ohjausryhmä", "Kokoukset", [channel.person("Anna Aalto")])
    root = await edge.connector.post(channel.service_url, board.id, NOTE)
    reply = await edge.connector.post(channel.service_url, board.in_thread(root).conversation_id, NOTE)
    assert [(shown.id, shown.thread) for shown in channel.shown(board)] == [(root, root), (reply, root)]


async def test_open_personal_is_the_same_chat_each_time(edge: Edge, channel: Channel) -> None:
    anna = channel.person("Anna Aalto")
    opened = [await edge.connector.open_personal(channel.service_url, anna.tenant_id, anna.channel_id) for _ in range(2)]
    assert opened == [channel.personal(anna).id] * 2
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.open_personal(channel.service_url, anna.tenant_id, "29:stranger")
    assert (failure.value.status, failure.value.code, failure.value.gone) == (403, "BotNotInConversationRoster", True)


@pytest.mark.parametrize("people", [1, 50, 120])
async def test_members_of_every_page(edge: Edge, channel: Channel, people: int) -> None:
    channel.page_size = 50
    names = [f"Jäsen {number}" for number in range(people)]
    board = channel.team("Ohjausryhmä", "Kokoukset", [channel.person(name) for name in names])
    roster = await edge.connector.members(channel.service_url, board.in_thread("1").conversation_id)
    assert [member["name"] for member in roster] == names
    assert set(roster[0]) >= {"id", "objectId", "email"}


@pytest.mark.parametrize(
    ("status", "gone", "transient", "may_have_arrived"),
    [
        (400, False, False, False),
        (401, False, True, False),
        (403, True, False, False),
        (404, True, False, False),
        (412, False, True, False),
        (413, False, False, False),
        (429, False, True, False),
        (500, False, True, True),
        (502, False, True, True),
        (504, False, True, True),
    ],
)
async def test_failures_by_kind(
    edge: Edge, channel: Channel, desk: Place, status: int, gone: bool, transient: bool, may_have_arrived: bool
) -> None:
    channel.troubles.append(Trouble(status=status, code="Kind", times=9, retry_after="30"))
    with pytest.raises(ChannelFailure) as caught:
        await edge.connector.post(channel.service_url, desk.id, NOTE)
    failure = caught.value
    assert (failure.status, failure.code, failure.gone, failure.transient, failure.may_have_arrived, failure.retry_after) == (
        (status, "Kind", gone, transient, may_have_arrived, 30.0)
    )
    assert channel.shown(desk) == []


async def test_short_retry_after_is_waited_for_once(edge: Edge, channel: Channel, desk: Place) -> None:
    channel.troubles.append(Trouble(status=429, retry_after="1"))
    started = time.monotonic()
    await edge.connector.post(channel.service_url, desk.id, NOTE)
    assert time.monotonic() - started >= 1.0
    assert len(channel.shown(desk)) == 1
    channel.troubles.append(Trouble(status=429, retry_after="0", times=2))
    with pytest.raises(ChannelFailure):
        await edge.connector.post(channel.service_url, desk.id, NOTE)


async def test_long_retry_after_is_for_the_outbox(edge: Edge, channel: Channel, desk: Place) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    channel.troubles.append(Trouble(status=429, retry_after=moment))
    started = time.monotonic()
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.post(channel.service_url, desk.id, NOTE)
    assert 95 < (failure.value.retry_after or 0) <= 100
    assert time.monotonic() - started < 1.0


async def test_a_post_that_may_have_arrived_is_not_repeated_but_an_update_is(edge: Edge, channel: Channel, desk: Place) -> None:
    posted = await edge.connector.post(channel.service_url, desk.id, NOTE)
    channel.troubles.append(Trouble(status=502, method="POST"))
    with pytest.raises(ChannelFailure):
        await edge.connector.post(channel.service_url, desk.id, NOTE)
    assert len(channel.shown(desk)) == 1
    channel.troubles.append(Trouble(status=502, method="PUT"))
    await edge.connector.update(channel.service_url, desk.id, posted, NOTE)
    assert channel.shown(desk)[0].updates == 1


async def test_lost_answer_says_the_post_may_have_arrived(edge: Edge, channel: Channel, desk: Place) -> None:
    channel.troubles.append(Trouble(drop_after_commit=True))
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.post(channel.service_url, desk.id, NOTE)
    assert (failure.value.status, failure.value.transient, failure.value.may_have_arrived) == (0, True, True)
    assert len(channel.shown(desk)) == 1


async def test_slow_channel_times_out(edge: Edge, channel: Channel, desk: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.edge.connector.TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    channel.troubles.append(Trouble(delay=2))
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.post(channel.service_url, desk.id, NOTE)
    assert (failure.value.code, failure.value.transient, failure.value.may_have_arrived) == ("Timeout", True, True)


async def test_nobody_listening_means_it_did_not_arrive(edge: Edge) -> None:
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.post("http://127.0.0.1:1/", "a:1", NOTE)
    assert (failure.value.code, failure.value.transient, failure.value.may_have_arrived) == ("Unreachable", True, False)


async def test_stored_service_url_off_the_list_gets_nothing(edge: Edge) -> None:
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.post("https://smba.trafficmanager.net/teams/", "a:1", NOTE)
    assert (failure.value.code, failure.value.gone) == ("ServiceUrlNotAllowed", True)


async def test_blocked_chat_is_gone(edge: Edge, channel: Channel, desk: Place) -> None:
    channel.block(desk)
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.post(channel.service_url, desk.id, NOTE)
    assert (failure.value.code, failure.value.gone) == ("MessageWritesBlocked", True)


# Files


async def _sent(channel: Channel, desk: Place, content: bytes) -> str:
    taken: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.json())
        return web.Response(status=201)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    channel.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await channel.send_file(channel.person("Anna Aalto"), desk, "esityslista.docx", content)
    await runner.cleanup()
    assert [part["contentType"] for part in taken[0]["attachments"]] == [FILE, "text/html"]
    return str(taken[0]["attachments"][0]["content"]["downloadUrl"])


async def test_sent_file_is_downloaded_up_to_the_limit(edge: Edge, channel: Channel, desk: Place) -> None:
    content = b"\x00word" * 50_000
    url = await _sent(channel, desk, content)
    assert await edge.connector.download(url, len(content)) == content
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.download(url, len(content) - 1)
    assert (failure.value.status, failure.value.code) == (413, "FileTooLarge")


async def test_missing_file_is_gone(edge: Edge, channel: Channel) -> None:
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.download(f"{channel.root}/files/none", 10)
    assert (failure.value.status, failure.value.gone) == (404, True)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example-my.sharepoint.com/x", True),
        ("https://agency.sharepoint.us/x", True),
        ("http://example-my.sharepoint.com/x", False),
        ("https://sharepoint.com.evil.example/x", False),
        ("https://evilsharepoint.com/x", False),
        ("https://x.sharepoint.com@evil.example/x", False),
        ("https://169.254.169.254/x.sharepoint.com", False),
        ("http://127.0.0.1/x", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_files_come_from_sharepoint_only(url: str, allowed: bool) -> None:
    assert EdgeConfig("SingleTenant", app_id="a", app_password="b", tenant_id="c").downloads_from(url) is allowed


async def test_redirect_to_elsewhere_is_not_followed(edge: Edge) -> None:
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://evil.example/secrets")

    app = web.Application()
    app.router.add_get("/file", away)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.download(f"http://127.0.0.1:{runner.addresses[0][1]}/file", 10)
    await runner.cleanup()
    assert failure.value.code == "FileHostNotAllowed"


# Tokens


async def test_fifty_posts_fetch_one_token_and_do_not_stop_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Issuer() as issuer, Channel(issuer=issuer) as channel, Edge(entra(issuer)) as edge:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", issuer.ca_file)
        desk = channel.personal(channel.person("Anna Aalto"))
        issuer.delay = 0.5
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            while True:
                before = time.monotonic()
                await asyncio.sleep(0.005)
                longest = max(longest, time.monotonic() - before)

        watcher = asyncio.create_task(watch())
        await asyncio.gather(*(edge.connector.post(channel.service_url, desk.id, NOTE) for _ in range(50)))
        watcher.cancel()
        assert len(channel.shown(desk)) == 50
        assert (issuer.counts["token"], issuer.counts["discovery"]) == (1, 1)
        assert len({asked.authorization for asked in channel.requests}) == 1
        assert longest < 0.4


async def test_token_that_cannot_be_had_is_a_passing_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Issuer() as issuer, Channel(issuer=issuer) as channel, Edge(entra(issuer, app_password="wrong")) as edge:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", issuer.ca_file)
        desk = channel.personal(channel.person("Anna Aalto"))
        for _ in range(3):
            with pytest.raises(ChannelFailure) as failure:
                await edge.connector.post(channel.service_url, desk.id, NOTE)
            assert (failure.value.code, failure.value.transient) == ("TokenUnavailable", True)
        assert issuer.counts["token"] == 1
        assert channel.requests == []


async def test_token_is_renewed_ahead_and_the_old_one_serves_meanwhile() -> None:
    now = [0.0]
    grants: Iterator[Grant | Exception] = iter([Grant("first", 3600), ValueError("down"), Grant("second", 3600)])

    def fetch() -> Grant:
        grant = next(grants)
        if isinstance(grant, Exception):
            raise grant
        return grant

    async def settled() -> None:
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})

    tokens = Tokens(fetch, clock=lambda: now[0])
    assert tokens.life() is None
    assert await tokens.get() == "first"
    now[0] = 600.0
    assert tokens.life() == Life(600.0, 3000.0)
    now[0] = 3600 - AHEAD + 1
    assert await tokens.get() == "first"
    await settled()
    now[0] += 1
    assert await tokens.get() == "first"
    now[0] += REST
    assert await tokens.get() == "first"
    await settled()
    assert await tokens.get() == "second"
    assert tokens.life() == Life(0.0, 3600.0)


async def test_certificate_signs_for_the_bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bot")])
    now = datetime.now(UTC)
    certificate = (x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))).sign(
        key, hashes.SHA256()
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "bot.pem"
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303  # Entra names certificates by SHA-1
    async with Issuer() as issuer:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", issuer.ca_file)
        for named in (thumbprint, ""):
            config = entra(issuer, app_type="Certificate", app_password="", certificate_file=str(file), certificate_thumbprint=named)
            grant = await asyncio.to_thread(token_source(config))
            assert {grant.token} <= issuer.issued


async def test_another_issuers_token_proves_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Issuer() as issuer:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", issuer.ca_file)
        issuer.trusted = {"projected"}
        config = entra(issuer, app_type="Federated", app_password="", assertion=lambda: "projected")
        grant = await asyncio.to_thread(token_source(config))
        assert {grant.token} <= issuer.issued


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_type": "MultiTenant"},
        {"app_id": ""},
        {"tenant_id": ""},
        {"app_password": ""},
        {"app_type": "Certificate"},
        {"app_type": "Federated"},
    ],
)
def test_registration_that_is_not_whole_is_not_started(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"app type|app_type"):
        EdgeConfig(**{"app_type": "SingleTenant", "app_id": "a", "app_password": "b", "tenant_id": "c", **wrong})  # type: ignore[arg-type]  # wrong on purpose


async def test_a_team_tells_its_group(edge: Edge, channel: Channel) -> None:
    board = channel.team("Ohjausryhmä", "Yleinen", [channel.person("Anna Aalto")])
    assert await edge.connector.group(channel.service_url, board.team_id) == group_of(board.team_id)
    with pytest.raises(ChannelFailure) as failure:
        await edge.connector.group(channel.service_url, "19:other@thread.tacv2")
    assert failure.value.gone
