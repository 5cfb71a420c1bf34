"""A botbuilder bot behind the edge: messages, presses, proactive sends, and what stock botbuilder gets wrong."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from botbuilder.core import ActivityHandler, CardFactory, MessageFactory, TurnContext
from botbuilder.core.teams import TeamsInfo
from botbuilder.schema import (
    Activity,
    ActivityTypes,
    CardAction,
    ChannelAccount,
    ConversationAccount,
    ConversationReference,
    Entity,
    HeroCard,
    Mention,
    SuggestedActions,
)
from msrest import Deserializer
from yarl import URL

from bot.edge import received
from bot.edge.connector import as_json
from bot.edge.failures import Rejected
from bot.edge.sdk import MODELS, read_activity, write_activity
from tests.bot.edge_parts import CARD, Echo, local
from tests.standins.channel import Trouble, card_of


async def test_message_is_answered_in_its_conversation() -> None:
    async with local(Echo()) as (_, channel):
        anna = channel.person("Anna Aalto")
        desk = channel.personal(anna)
        answer = await channel.say(anna, desk, "hei § 1")
        assert (answer.status, answer.text) == (201, "")
        (posted,) = channel.shown(desk)
        assert posted.activity["text"] == "sanoit: hei § 1"
        assert posted.activity["conversation"]["id"] == desk.id
        assert posted.activity["recipient"]["id"] == anna.channel_id
        assert posted.activity["from"] == channel.bot


@pytest.mark.parametrize(
    ("said", "read"),
    [("a\x00b", "ab"), ("\x00\x00", ""), ("\\u0000", "\\u0000"), ("\\\x00u0041", "\\u0041"), ("\\\\\x00\\", "\\\\\\")],
)
async def test_what_no_database_keeps_is_dropped_at_the_door_wherever_it_stands(said: str, read: str) -> None:
    async with local(Echo()) as (_, channel):
        anna = channel.person("Anna Aalto")
        desk = channel.personal(anna)
        answer = await channel.send(channel.said(anna, desk, f"hei {said}!") | {"channelData": {"\x00team": {"na\x00me": "\x00"}}})
        (posted,) = answer.posted
        assert posted.activity["text"] == f"sanoit: hei {read}!"


async def test_channel_message_is_answered_in_its_thread() -> None:
    async with local(Echo()) as (_, channel):
        anna = channel.person("Anna Aalto")
        board = channel.team("Ohjausryhmä", "Kokoukset", [anna])
        answer = await channel.say(anna, board, "hei")
        assert [posted.thread for posted in answer.posted] == [answer.activity["id"]]


async def test_press_is_answered_in_the_http_response() -> None:
    async with local(Echo()) as (_, channel):
        anna = channel.person("Anna Aalto")
        action = {"type": "Action.Execute", "verb": "present", "data": {"meeting": "m1"}}
        body = await channel.press(anna, channel.personal(anna), action, {"time": "10.15"})
        assert card_of(body) == {**CARD, "speak": "{'meeting': 'm1', 'time': '10.15'}"}
        assert channel.requests == []


async def test_bot_reads_the_activity_as_it_came() -> None:
    seen: list[Any] = []

    class Reader(ActivityHandler):  # type: ignore[misc]  # botbuilder ships no types
        async def on_turn(self, turn_context: TurnContext) -> None:
            seen.append(received(turn_context))

    async with local(Reader()) as (_, channel):
        anna = channel.person("Anna Aalto")
        answer = await channel.say(anna, channel.personal(anna), "hei")
        assert seen == [answer.activity]


async def test_cards_go_out_as_they_are_and_models_as_wire_json() -> None:
    class Sender(ActivityHandler):  # type: ignore[misc]  # as above
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            await turn_context.send_activity(MessageFactory.attachment(CardFactory.adaptive_card(CARD)))
            await turn_context.send_activity(MessageFactory.attachment(CardFactory.hero_card(HeroCard(title="Otsikko"))))

    async with local(Sender()) as (_, channel):
        anna = channel.person("Anna Aalto")
        desk = channel.personal(anna)
        await channel.say(anna, desk, "hei")
        contents = [posted.activity["attachments"][0]["content"] for posted in channel.shown(desk)]
        assert contents == [CARD, {"title": "Otsikko"}]


def test_activities_are_written_as_msrest_writes_them() -> None:
    activity = Activity(
        type=ActivityTypes.message,
        timestamp=datetime(2026, 11, 24, 10, 15, 30, 5000, tzinfo=UTC),
        from_property=ChannelAccount(id="28:1", name="Pykälä", role="bot"),
        conversation=ConversationAccount(id="a:1", tenant_id="t", is_group=False),
        attachments=[
            CardFactory.adaptive_card(CARD),
            CardFactory.hero_card(HeroCard(title="Otsikko", buttons=[CardAction(type="imBack")])),
        ],
        entities=[
            Mention(type="mention", text="<at>Bo</at>", mentioned=ChannelAccount(id="29:1")),
            Entity(type="x", additional_properties={"a": 1}),
        ],
        suggested_actions=SuggestedActions(to=["29:1"], actions=[CardAction(type="imBack", title="Kyllä", value="kyllä")]),
        channel_data={"notification": {"alert": True}},
        value={"a": [1, None, 2.5]},
        text="",
    )
    assert json.loads(as_json(write_activity(activity))) == json.loads(as_json(activity.serialize()))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"membersAdded": [{"id": "29:1", "aadObjectId": "a", "extra": {"deep": [1]}}], "membersRemoved": []},
        {"entities": [{"type": "mention", "text": "<at>Bo</at>", "mentioned": {"id": "28:1"}}, {"type": "clientInfo", "locale": "fi"}]},
        {"attachments": [{"contentType": "x", "content": {"a": [None, 1.5]}, "name": "ä.docx"}], "unknown": {"a": 1}, "text": None},
        {"suggestedActions": {"to": ["1"], "actions": [{"type": "imBack", "title": "t", "value": 1}]}, "historyDisclosed": True},
        {"relatesTo": {"activityId": "1", "user": {"id": "29:1"}}, "text": 5, "value": "v", "channelData": None, "importance": ""},
    ],
)
def test_activities_are_read_as_msrest_reads_them(changes: dict[str, Any]) -> None:
    body = {
        "type": "message",
        "id": "1",
        "timestamp": "2026-11-24T10:15:30.005000+00:00",
        "from": {"id": "29:1", "name": "Anna", "aadObjectId": "a"},
        "recipient": {"id": "28:1"},
        "conversation": {"id": "a:1", "tenantId": "t", "conversationType": "personal", "isGroup": False},
        "channelData": {"tenant": {"id": "t"}, "x": [1]},
        "value": {"action": {"data": {"a": 1}}},
    } | changes
    stock = Deserializer(MODELS)  # type: ignore[no-untyped-call]  # msrest is typed in part only
    assert read_activity(body) == stock("Activity", body)


@pytest.mark.parametrize("part", [{"from": "Anna"}, {"membersAdded": "Anna"}, {"timestamp": "eilen"}, {"conversation": ["a:1"]}])
def test_what_is_no_activity_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as refused:
        read_activity({"type": "message", **part})
    assert refused.value.status == 400


async def test_update_and_delete_from_a_turn() -> None:
    class Editor(ActivityHandler):  # type: ignore[misc]  # as above
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            first = await turn_context.send_activity("ensin")
            second = await turn_context.send_activity("poistuva")
            await turn_context.update_activity(Activity(id=first.id, type="message", text="sitten"))
            await turn_context.delete_activity(second.id)

    async with local(Editor()) as (_, channel):
        anna = channel.person("Anna Aalto")
        desk = channel.personal(anna)
        await channel.say(anna, desk, "hei")
        assert [(posted.activity["text"], posted.updates) for posted in channel.shown(desk)] == [("sitten", 1)]


async def test_botbuilders_own_client_runs_over_the_edge() -> None:
    names: list[str] = []

    class Roster(ActivityHandler):  # type: ignore[misc]  # as above
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            page = await TeamsInfo.get_paged_team_members(turn_context, turn_context.activity.channel_data["team"]["id"])
            names.extend(member.name for member in page.members)

    async with local(Roster()) as (_, channel):
        anna = channel.person("Anna Aalto")
        board = channel.team("Ohjausryhmä", "Yleinen", [anna, channel.person("Bo Berg")])
        activity = (await channel.say(anna, board, "keitä täällä on", activity_id="1")).activity
        activity["channelData"]["team"]["id"] = board.id
        names.clear()
        await channel.resend(activity)
        assert names == ["Anna Aalto", "Bo Berg"]


async def test_continue_conversation_posts() -> None:
    async with local(Echo()) as (served, channel):
        anna = channel.person("Anna Aalto")
        desk = channel.personal(anna)

        async def remind(context: TurnContext) -> None:
            await context.send_activity("muistutus")

        reference = ConversationReference(
            channel_id="msteams",
            service_url=channel.service_url,
            conversation=ConversationAccount(id=desk.id),
            bot=ChannelAccount(id=channel.bot["id"]),
            user=ChannelAccount(id=anna.channel_id),
        )
        await served.edge.adapter.continue_conversation(reference, remind, "")
        assert [posted.activity["text"] for posted in channel.shown(desk)] == ["muistutus"]


async def test_connector_clients_are_kept_but_not_for_ever() -> None:
    async with local(Echo()) as (served, channel):
        factory = served.edge.adapter.bot_framework_authentication.create_connector_factory(None)
        first = await factory.create(channel.service_url)
        assert await factory.create(channel.service_url) is first
        for number in range(40):
            await factory.create(f"http://127.0.0.1:1/{number}")
        assert await factory.create(channel.service_url) is not first


@pytest.mark.parametrize(("kind", "status"), [("message", 503), ("invoke", 200)])
async def test_a_broken_turn_is_answered(kind: str, status: int) -> None:
    class Broken(ActivityHandler):  # type: ignore[misc]  # as above
        async def on_turn(self, _turn_context: TurnContext) -> None:
            raise RuntimeError("kesken")

    async with local(Broken()) as (_, channel):
        anna = channel.person("Anna Aalto")
        activity = channel.pressed(anna, channel.personal(anna), {"data": {}}) | {"type": kind}
        answer = await channel.send(activity)
        assert answer.status == status
        if kind == "invoke":
            assert answer.body == {
                "statusCode": 500,
                "type": "application/vnd.microsoft.error",
                "value": {"code": "TurnFailed", "message": ""},
            }


async def test_a_reply_the_channel_refuses_is_answered_with_come_again() -> None:
    async with local(Echo()) as (_, channel):
        anna = channel.person("Anna Aalto")
        channel.troubles.append(Trouble(status=429, retry_after="30"))
        assert (await channel.say(anna, channel.personal(anna), "hei")).status == 503


async def test_unhandled_invoke_is_not_implemented() -> None:
    async with local(ActivityHandler()) as (_, channel):
        anna = channel.person("Anna Aalto")
        activity = channel.pressed(anna, channel.personal(anna), {"data": {}}) | {"name": "search/unknown"}
        assert (await channel.send(activity)).status == 501


async def _raw(url: str, body: bytes, content_type: str | None = "application/json", method: str = "POST", **headers: str) -> int:
    named = {"Content-Type": content_type} if content_type else {}
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.request(method, url, data=body, headers={**named, **headers}) as answer,
    ):
        return answer.status


async def test_what_is_not_an_activity_is_refused() -> None:
    async with local(Echo()) as (served, channel):
        anna = channel.person("Anna Aalto")
        good = (await channel.say(anna, channel.personal(anna), "hei")).activity
        channel.requests.clear()

        def changed(**changes: Any) -> bytes:
            return json.dumps({name: value for name, value in {**good, **changes}.items() if value is not ...}).encode()

        deep = b'{"a":' * 900 + b"1" + b"}" * 900
        cases: list[tuple[int, bytes]] = [
            (400, b"{broken"),
            (400, b""),
            (400, b"[]"),
            (400, b"null"),
            (400, b'"\xff"'),
            (400, b"[" * 5000),
            (400, changed(type=...)),
            (400, changed(serviceUrl=...)),
            (400, changed(serviceUrl="")),
            (400, changed(serviceUrl=7)),
            (400, changed(channelId=...)),
            (400, changed(conversation=...)),
            (400, changed(conversation="a:1")),
            (400, changed(conversation={"id": None})),
            (400, changed(**{"from": "Anna"})),
            (400, changed(entities={})),
            (400, changed(timestamp="eilen")),
            (403, changed(serviceUrl="https://evil.example/")),
            (403, changed(serviceUrl="http://127.0.0.1.evil.example/")),
            (403, changed(serviceUrl="http://127.0.0.1@evil.example/")),
            (403, changed(serviceUrl="http://[::1")),
            (403, changed(serviceUrl="https://smba.trafficmanager.net/teams/")),
            (413, changed(text="x" * (1024 * 1024))),
        ]
        for wanted, body in cases:
            assert (wanted, body[:80]) == (await _raw(served.url, body), body[:80])
        assert await _raw(served.url, changed(value=json.loads(deep))) in {201, 400}
        assert await _raw(served.url, changed(), "text/plain") == 415
        assert await _raw(served.url, changed(), None) == 415
        assert await _raw(served.url, b"", None, "GET") == 405
        assert await _raw(served.url, b"not gzip", **{"Content-Encoding": "gzip"}) == 400
        assert [asked.body["text"] for asked in channel.requests] == ["sanoit: hei"] * len(channel.requests)


async def test_a_caller_who_hangs_up_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with local(Echo()) as (served, _):
        url = URL(served.url)
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        for _ in range(500):
            if caplog.records:
                break
            await asyncio.sleep(0.01)
    assert [(entry.levelname, entry.getMessage()) for entry in caplog.records] == [("INFO", "refused with 400: The body cannot be read.")]
