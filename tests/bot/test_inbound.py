from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from bot.inbound import read_activity
from cards.actions import pack, unpack
from meetings import commands as c
from meetings.errors import Refused

MESSAGE: dict[str, Any] = {
    "type": "message",
    "id": "1700000000001",
    "serviceUrl": "https://smba.trafficmanager.net/emea/t/",
    "channelId": "msteams",
    "locale": "sv-FI",
    "from": {"id": "29:aino", "name": "Aino Saarela", "aadObjectId": "aad-aino"},
    "recipient": {"id": "28:bot", "name": "Pykälä"},
    "conversation": {"id": "19:board@thread.tacv2;messageid=17", "conversationType": "channel", "tenantId": "t1"},
    "channelData": {"team": {"id": "19:team", "name": "Ohjausryhmä"}, "channel": {"id": "19:board@thread.tacv2"}, "tenant": {"id": "t1"}},
    "text": "<at>Pykälä</at>&nbsp;tilanne",
    "entities": [{"type": "mention", "text": "<at>Pykälä</at>", "mentioned": {"id": "28:bot"}}],
}


def activity(**changes: Any) -> dict[str, Any]:
    return {**deepcopy(MESSAGE), **changes}


def pressed(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    value = {"action": {"type": "Action.Execute", "verb": data["verb"], "data": data}, "trigger": "manual"}
    return activity(type="invoke", name="adaptiveCard/action", value=value, text=None, **changes)


def test_a_message_in_a_channel() -> None:
    turn = read_activity(MESSAGE)
    assert turn is not None
    assert turn.command == c.ShowStatus()
    assert (turn.tenant_id, turn.account_id, turn.channel_id, turn.language, turn.thread) == ("t1", "aad-aino", "29:aino", "sv", "17")
    assert (turn.conversation.id, turn.conversation.kind) == ("19:board@thread.tacv2", "channel")


def test_only_the_mention_is_cut_never_the_name_in_the_text() -> None:
    turn = read_activity(activity(text="<at>Pykälä</at> lisää asia Pykälä ja muut"))
    assert turn is not None
    assert turn.command == c.AddItem(title="Pykälä ja muut")


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("<at>Pykälä</at> kommentoi hinta <at least 5 kpl\nrivi\n> loppu", "hinta <at least 5 kpl\nrivi\n> loppu"),
        ("<at>Pykälä</at>\u200b kommentoi A &amp; B &lt;c&gt;", "A & B <c>"),
        ("kommentoi https://x.example/?a=1&sect=2&copy=3", "https://x.example/?a=1&sect=2&copy=3"),
        ("kommentoi rivi\r\ntoinen\ttab", "rivi\ntoinen\ttab"),
    ],
)
def test_of_a_text_nothing_is_lost_or_made_up(sent: str, text: str) -> None:
    turn = read_activity(activity(text=sent))
    assert turn is not None
    assert turn.command == c.CommentMinutes(text=text)


# As the Playground sends a card that was chosen in the compose box.
QUOTED = (
    '<span class="inline-compose-card" itemid="0" itemtype="http://schema.skype.com/InputExtension">\n'
    '  <span content="0" itemprop="cardId"></span>\n</span>'
)
A_CARD = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.3", "body": []}}


@pytest.mark.parametrize("changes", [{"text": QUOTED}, {"text": f"<at>Pykälä</at> {QUOTED}\n"}, {"text": "", "attachments": [A_CARD]}])
def test_a_card_put_into_a_chat_is_no_question(changes: dict[str, Any]) -> None:
    assert read_activity(activity(**changes)) is None


def test_the_words_beside_a_card_are_read() -> None:
    turn = read_activity(activity(text=f"<at>Pykälä</at> tilanne {QUOTED}", attachments=[A_CARD]))
    assert turn is not None
    assert turn.command == c.ShowStatus()


def test_an_input_of_a_wrong_kind_is_refused_and_an_empty_number_is_none_given() -> None:
    assert unpack({"verb": "show_attendance", "page": ""}) == (c.ShowAttendance(), "")
    wrong: tuple[Any, ...] = ([], {}, {"a": 1}, "NaN", "9" * 5000)
    for version in wrong:
        with pytest.raises(Refused):
            unpack({"verb": "change_body", "version": version})


def test_the_same_press_has_the_same_key_under_a_new_activity_id() -> None:
    data = pack(c.AnswerNoComments(meeting_id="m"), "n1")
    first, again = read_activity(pressed(data, id="1")), read_activity(pressed(data, id="2"))
    assert first is not None
    assert again is not None
    assert first.key == again.key


def test_other_words_or_another_person_or_card_is_another_press() -> None:
    base = pack(c.CommentMinutes(meeting_id="m"), "n1")
    keys = set()
    for data, sender in (
        (base | {"text": "a"}, "29:aino"),
        (base | {"text": "b"}, "29:aino"),
        (base | {"text": "a"}, "29:bo"),
        (base | {"text": "a", "nonce": "n2"}, "29:aino"),
    ):
        turn = read_activity(pressed(data, **{"from": {"id": sender, "aadObjectId": "x"}}))
        assert turn is not None
        keys.add(turn.key)
    assert len(keys) == 4


def test_inputs_reach_the_command_and_unknown_fields_do_not() -> None:
    data = pack(c.CommentMinutes(meeting_id="m"), "n1") | {"text": "Muutos", "kind": "remark", "role": "secretary"}
    turn = read_activity(pressed(data))
    assert turn is not None
    assert turn.command == c.CommentMinutes(meeting_id="m", text="Muutos", kind="remark")


@pytest.mark.parametrize("verb", ["", "end_round", "drop_table", "__class__"])
def test_a_press_that_is_no_button_of_ours_is_refused(verb: str) -> None:
    with pytest.raises(Refused):
        read_activity(pressed({"verb": verb, "meeting_id": "m", "round_id": "r"}))


def test_an_id_that_no_database_keeps_is_none_and_a_message_s_own_is_shortened() -> None:
    of_two = [read_activity(activity(id="1" * 500 + end)) for end in ("a", "b", "a")]
    first, second, again = [turn.key for turn in of_two if turn is not None]
    assert len(first) < 600
    assert first == again != second
    long = "x" * 500
    for broken in (
        {"from": MESSAGE["from"] | {"id": long}},
        {"from": MESSAGE["from"] | {"aadObjectId": long}},
        {"conversation": MESSAGE["conversation"] | {"id": long}},
        {"conversation": MESSAGE["conversation"] | {"tenantId": long}},
    ):
        with pytest.raises(Refused, match=r"turn\.incomplete"):
            read_activity(activity(**broken))


@pytest.mark.parametrize("name", [None, 1, ["task/fetch"], {"adaptiveCard/action": 1}])
def test_an_invoke_of_no_name_is_none_of_ours(name: Any) -> None:
    assert read_activity({**pressed(pack(c.ShowStatus(), "n")), "name": name}) is None


def test_the_journal_is_told_by_which_device_and_card() -> None:
    device = {"type": "clientInfo", "locale": "fi-FI", "platform": "iOS", "country": "FI"}
    data = pack(c.AnswerNoComments(meeting_id="m"), "n1")
    channel = {**MESSAGE["channelData"], "source": {"name": "message"}}
    turn = read_activity(pressed(data, replyToId="1700000000002", entities=[device], channelData=channel))
    assert turn is not None
    assert turn.origin == {
        "by": "msteams",
        "platform": "iOS",
        "locale": "fi-FI",
        "source": "message",
        "card": "1700000000002",
        "press": "n1",
    }
    typed = read_activity(activity(replyToId="1700000000002"))
    assert typed is not None
    assert typed.origin == {"by": "msteams", "locale": "sv-FI"}


@pytest.mark.parametrize("device", [{"platform": ["x"], "locale": None}, {"platform": "x" * 500}, {"platform": {"a": "b"}}])
def test_of_a_device_that_tells_nonsense_little_is_kept(device: dict[str, Any]) -> None:
    turn = read_activity(activity(entities=["x", {"type": "clientInfo", **device}], channelId={}))
    assert turn is not None
    assert turn.origin in ({}, {"platform": "x" * 100})


def test_a_submitted_card_is_a_press_too() -> None:
    turn = read_activity(activity(value=pack(c.ShowStatus(), "n1"), text=""))
    assert turn is not None
    assert (turn.command, turn.pressed) == (c.ShowStatus(), True)


def test_a_sent_file() -> None:
    attachment = {
        "contentType": "application/vnd.microsoft.teams.file.download.info",
        "name": "lista.docx",
        "content": {"downloadUrl": "https://x.sharepoint.com/f"},
    }
    turn = read_activity(activity(text="", entities=[], attachments=[attachment]))
    assert turn is not None
    assert turn.file is not None
    assert (turn.file.name, turn.file.address) == ("lista.docx", "https://x.sharepoint.com/f")


def test_the_bot_is_welcomed_and_others_are_not() -> None:
    joined = activity(type="conversationUpdate", membersAdded=[{"id": "28:bot"}], text=None)
    turn = read_activity(joined)
    assert turn is not None
    assert turn.command == c.Welcome()
    assert read_activity(activity(type="conversationUpdate", membersAdded=[{"id": "29:bo"}])) is None
    assert read_activity(activity(type="messageReaction")) is None


@pytest.mark.parametrize("broken", [{"from": None}, {"conversation": {}}, {"from": "x"}, {"conversation": "x"}])
def test_an_activity_without_sender_or_place_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        read_activity(activity(**broken))
