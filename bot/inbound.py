"""Activity → turn and command. Pure: no I/O, nothing trusted but what the validated token and activity say."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dialogs import CARD, FETCH, SHOWN, SUBMIT
from bot.words import language_of, read_text
from cards.actions import NONCE, VERB, unpack
from meetings import commands as c
from meetings.commands import Command
from meetings.errors import Refused
from meetings.model import Conversation
from texts import LANGUAGES

# What stands unseen around a pasted word.
_INVISIBLE = " \t\r\n\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
PRESS = "adaptiveCard/action"
# Of an id; Teams' own have some 150 characters. A turn's key is made of three.
LONGEST_ID = 190
FILE = "application/vnd.microsoft.teams.file.download.info"
# What stands in a text for a card that was put there from the compose box.
_QUOTED = re.compile(
    r'<span[^>]{0,200}itemtype="https?://schema\.skype\.com/InputExtension"[^>]{0,200}>(?:\s*<span[^>]{0,200}>\s*</span>){0,3}\s*</span>'
)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file sent to the desk: `address` is Teams' pre-authenticated download link."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Who says what where. `key` is the same when Teams sends the same thing again, under the same or a new activity id.

    `automatic`: nobody has pressed anything, their client asks because it shows the card. `in_dialog`: it is answered in a dialog.
    `language` is the client's; `spoken` the one of the typed command word, when it belongs to one language only. `origin`: by what it was
    said, for the journal: the channel, the device's platform and locale, the message of the card and the mark of the press.
    """

    key: str
    tenant_id: str
    account_id: str
    channel_id: str
    name: str
    language: str
    conversation: Conversation
    thread: str
    command: Command
    pressed: bool
    automatic: bool = False
    in_dialog: bool = False
    file: SentFile | None = None
    spoken: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)


def read_activity(activity: Mapping[str, Any]) -> Turn | None:
    """The turn of an activity, or None when there is nothing to answer (an edit, a reaction, somebody else joining).

    Raises `Refused` for a press that is no button of ours.
    """
    kind = activity.get("type")
    if kind == "message":
        return _message(activity)
    if kind == "invoke" and activity.get("name") == PRESS:
        value = _mapping(activity.get("value"))
        action = _mapping(value.get("action"))
        pressed = _pressed(activity, {VERB: action.get("verb", ""), **_mapping(action.get("data"))})
        return replace(pressed, automatic=value.get("trigger") == "automatic")
    if kind == "invoke" and activity.get("name") in (FETCH, SUBMIT):
        pressed = _pressed(activity, _mapping(_mapping(activity.get("value")).get("data")))
        # What is fetched is a form: with a title or a text it would be one that is sent.
        filled = any(getattr(pressed.command, name, "") for name in ("title", "text"))
        if activity["name"] == FETCH and (not isinstance(pressed.command, SHOWN) or filled):
            raise Refused("button.unknown")
        return replace(pressed, in_dialog=True)
    if kind == "conversationUpdate" and _added(activity):
        return _turn(activity, c.Welcome(), key=str(activity.get("id") or _digest(activity)))
    return None


def _message(activity: Mapping[str, Any]) -> Turn | None:
    value = activity.get("value")
    if isinstance(value, Mapping) and VERB in value:
        return _pressed(activity, value)
    text = _spoken(activity)
    if not text and _is_quote(activity):
        return None
    file = _file(activity)
    if file and not text:
        command: Command = c.TakeText(name=file.name)
    else:
        command = read_text(text)
    turn = _turn(activity, command, key=str(activity.get("id") or _digest(activity)), file=file)
    return replace(turn, spoken=language_of(text))


def _pressed(activity: Mapping[str, Any], data: Mapping[str, Any]) -> Turn:
    command, nonce = unpack(data)
    # The inputs belong to the key: the same card pressed again with other words is another press.
    pressed = _digest({name: value for name, value in data.items() if name != NONCE})
    key = f"{nonce}:{pressed}" if nonce else str(activity.get("id") or _digest(activity))
    turn = _turn(activity, command, key=key, pressed=True)
    return replace(turn, origin={**turn.origin, **_short(card=activity.get("replyToId"), press=nonce)})


def _turn(activity: Mapping[str, Any], command: Command, *, key: str, pressed: bool = False, file: SentFile | None = None) -> Turn:
    sender = _mapping(activity.get("from"))
    place = _mapping(activity.get("conversation"))
    data = _mapping(activity.get("channelData"))
    tenant_id = tenant_of(activity)
    conversation_id, _, thread = str(place.get("id", "")).partition(";messageid=")
    kind = {"personal": "personal", "channel": "channel", "groupChat": "group"}.get(str(place.get("conversationType", "")), "personal")
    team, channel = _mapping(data.get("team")), _mapping(data.get("channel"))
    if kind == "channel" and command == c.Welcome():
        # At an install the conversation is the team; the channel chosen by the installer is in the channel data.
        conversation_id = str(
            channel.get("id") or _mapping(_mapping(data.get("settings")).get("selectedChannel")).get("id") or conversation_id
        )
    channel_id, account_id = str(sender.get("id") or ""), account_of(activity)
    if not channel_id or not conversation_id or max(map(len, (channel_id, account_id, tenant_id, conversation_id))) > LONGEST_ID:
        raise Refused("turn.incomplete")
    return Turn(
        key=f"{conversation_id}|{channel_id}|{key if len(key) <= LONGEST_ID else _digest(key)}",
        tenant_id=tenant_id,
        account_id=account_id,
        channel_id=channel_id,
        name=str(sender.get("name") or ""),
        language=language_of_client(activity),
        conversation=Conversation(
            id=conversation_id,
            tenant_id=tenant_id,
            service_url=str(activity.get("serviceUrl", "")),
            kind=kind,
            team_id=str(team.get("id") or ""),
            name=str(channel.get("name") or team.get("name") or place.get("name") or ""),
        ),
        thread=thread,
        command=command,
        pressed=pressed,
        file=file,
        origin=_short(by=activity.get("channelId"), source=_mapping(data.get("source")).get("name"), **_device(activity)),
    )


def _device(activity: Mapping[str, Any]) -> dict[str, Any]:
    for entity in activity.get("entities") or ():
        if isinstance(entity, Mapping) and entity.get("type") == "clientInfo":
            return {"platform": entity.get("platform"), "locale": entity.get("locale")}
    return {"locale": activity.get("locale")}


def _short(**told: object) -> dict[str, str]:
    """What there is of it; clients could send anything."""
    return {name: value[:100] for name, value in told.items() if isinstance(value, str) and value}


def _spoken(activity: Mapping[str, Any]) -> str:
    """The text without the bot's own mention: cut where the entity says, once each, never by the bot's name."""
    text = _QUOTED.sub(" ", str(activity.get("text") or ""))
    bot = str(_mapping(activity.get("recipient")).get("id", ""))
    for entity in activity.get("entities") or ():
        if isinstance(entity, Mapping) and entity.get("type") == "mention" and _mapping(entity.get("mentioned")).get("id") == bot:
            text = text.replace(str(entity.get("text") or ""), " ", 1)
    text = re.sub(r"</?at(?:\s+\w+=\"[^\">]*\")*\s*>", " ", text)
    # Whole entities only: the `&copy` of an address is no ©.
    text = re.sub(r"&#?\w{1,31};", lambda found: html.unescape(found[0]), text)
    return text.replace("\xa0", " ").replace("\r\n", "\n").strip(_INVISIBLE)


def _is_quote(activity: Mapping[str, Any]) -> bool:
    """Whether a card was put there that somebody chose in their compose box: said to the others, and no question to the bot."""
    cards = (isinstance(one, Mapping) and one.get("contentType") == CARD for one in activity.get("attachments") or ())
    return any(cards) or bool(_QUOTED.search(str(activity.get("text") or "")))


def _file(activity: Mapping[str, Any]) -> SentFile | None:
    for attachment in activity.get("attachments") or ():
        if isinstance(attachment, Mapping) and attachment.get("contentType") == FILE:
            return SentFile(str(attachment.get("name") or ""), str(_mapping(attachment.get("content")).get("downloadUrl") or ""))
    return None


def _added(activity: Mapping[str, Any]) -> bool:
    """Whether the bot itself was added; Teams tells an install by an installationUpdate too, which would be a second welcome."""
    bot = _mapping(activity.get("recipient")).get("id")
    return any(_mapping(member).get("id") == bot for member in activity.get("membersAdded") or ())


def tenant_of(activity: Mapping[str, Any]) -> str:
    """Of the conversation; "" when the activity does not tell."""
    told = _mapping(_mapping(activity.get("channelData")).get("tenant")).get("id")
    return str(_mapping(activity.get("conversation")).get("tenantId") or told or "")


def account_of(activity: Mapping[str, Any]) -> str:
    """The Entra object id of the sender; "" for one without an account."""
    return str(_mapping(activity.get("from")).get("aadObjectId") or "")


def language_of_client(activity: Mapping[str, Any]) -> str:
    """Of the client, where it is one of ours; else English."""
    tag = str(activity.get("locale") or "").partition("-")[0].lower()
    return tag if tag in LANGUAGES else "en"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:24]
