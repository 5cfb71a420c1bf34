"""What is sent: activities as Teams sends them, taken apart and put together wrongly. A seed says which, or Hypothesis."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from cards.actions import BY_STEM
from meetings.access import ACCESS
from meetings.commands import Command, stem
from texts import LANGUAGES, words

Activity = dict[str, Any]
# Every command, those of the clock too, which no button has.
COMMANDS: Mapping[str, type[Command]] = {stem(command): command for command in ACCESS}


@cache
def _typed() -> tuple[str, ...]:
    found: list[str] = []
    for language in LANGUAGES:
        for one in BY_STEM:
            try:
                found += words(language, f"words.{one}")
            except KeyError:
                continue  # only pressed, never typed
    return tuple(found)


TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "²",
    "١٢",
    "１２",
    "9" * 5000,
    "1e999",
    "NaN",
    "true",
    "null",
    "1.1.0001",
    "9999-12-31",
    "31.2.2026 klo 25",
    "ma 11.5.2026 klo 10–12 Kunnantalo",
    "1 § Avaus\nPäätös: kyllä",
    "Maija Meri (pj);Matti Maa;Saaren kunta",
    "\x00\x07\x0b\x1b",
    "half \ud800 an emoji",
    "\udfff\ud83d",
    "\u202e\u200b\u2028\u2029\ufeff😀" * 50,
    "e" + "\u0301" * 2000,
    "\n" * 3000,
    "x" * 30_000,
    "å" * 120_000,
    " ".join(["§"] * 4000),
    "(" * 3000,
    "a@" * 2000,
    "<at>Pykälä</at>" * 500,
    "<script>alert(1)</script>",
    "[x](javascript:alert(1)) **b** ` */ #import",
    "{{ 7*7 }} {% for x in y %} ${jndi:ldap://x} %s %n {0} {name}",
    '=HYPERLINK("http://rosvot.example")',
    "' OR 1=1 --",
    "../../../etc/passwd",
    "a\r\nBcc: kaikki@example.org",
    "a,b,,c," * 300,
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 10**18, -(10**18), 10**40, 1e308, float("nan"), float("inf")),
    *([], {}, [[]], [{}], [None], ["a", "b"], {"a": {"b": 1}}, {"$ne": ""}, {"": ""}, {"type": "x"}, {"id": {"id": "a"}}),
)
FORGED: Mapping[str, Any] = {
    "role": "secretary",
    "right": "prepare",
    "actor": "x",
    "person_id": "x",
    "secretary_id": "x",
    "tenant_id": "x",
    "account_id": "x",
    "body_id": "x",
    "meeting_id": "x",
    "channel_id": "x",
    "template_id": "x",
    "confirmed": "true",
    "version": 1,
    "replies": [{"answer": "accepted"}],
    "trigger": "automatic",
    "refresh": {"userIds": ["x"]},
    "now": "2020-01-01",
    "__class__": "x",
}
KINDS = (
    *(
        "message",
        "invoke",
        "conversationUpdate",
        "installationUpdate",
        "messageReaction",
        "messageUpdate",
        "messageDelete",
        "event",
        "typing",
    ),
    *("endOfConversation", "trace", "command", "handoff", "contactRelationUpdate", "invokeResponse", "Message", "", "\u202emessage"),
)
INVOKES = (
    *("adaptiveCard/action", "composeExtension/query", "composeExtension/queryLink", "composeExtension/submitAction", "task/fetch"),
    *("task/submit", "signin/verifyState", "signin/tokenExchange", "fileConsent/invoke", "message/submitAction", "config/fetch"),
    *("application/search", "tab/fetch", "actionableMessage/executeAction", "handoff/action", "", "adaptiveCard/Action"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What an attacker may know: activities of every sort, the people's accounts, ids of everything by the name of their field, links to
    documents, and those of the meetings' calls."""

    recorded: Sequence[Activity]
    senders: Sequence[Mapping[str, Any]]
    ids: Mapping[str, Sequence[str]]
    links: Sequence[str]
    calls: Sequence[str]


class Mutations:
    """Bodies of requests, one after the other; the same for the same dice. The numbers by which the bot knows a repeat follow `begin`."""

    def __init__(self, dice: random.Random, known: Known, begin: int = 0) -> None:
        self._dice = dice
        self._known = known
        self._words = _typed()
        self._number = begin

    def body(self) -> bytes:
        self._number += 1
        return self._written(self._mutated())

    def _mutated(self) -> Activity:
        dice = self._dice
        activity = copy.deepcopy(dice.choice(self._known.recorded))
        # A repeat of what was is not to hide what is new; some are to be repeats.
        if dice.random() < 0.97:
            activity["id"] = f"{activity['type'][:1]}:{self._number}"
        self._send(activity, dice.choice(self._known.senders))
        ways: Sequence[tuple[Callable[[Activity], None], int]] = (
            (self._forge_press, 30),
            (self._say, 15),
            (self._change_data, 20),
            (self._change_anything, 25),
            (self._change_kind, 5),
            (self._ask, 6),
            (self._tell_of_a_call, 3),
            (self._nest, 2),
        )
        sender = {"from": copy.deepcopy(activity["from"]), "tenant": activity["conversation"].get("tenantId")}
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            dice.choices([way for way, _ in ways], [weight for _, weight in ways])[0](activity)
        if dice.random() < 0.9:
            # Whatever else is wrong, somebody known says it: the channel answers for who that is.
            activity["from"] = sender["from"]
            if isinstance(place := activity.get("conversation"), dict):
                place["tenantId"] = sender["tenant"]
        return activity

    def _send(self, activity: Activity, sender: Mapping[str, Any]) -> None:
        activity["from"] = {name: sender[name] for name in ("id", "name", "aadObjectId")}
        activity["conversation"]["tenantId"] = sender["tenant"]
        activity.setdefault("channelData", {})["tenant"] = {"id": sender["tenant"]}
        if activity["conversation"].get("conversationType") == "personal" and self._dice.random() < 0.9:
            activity["conversation"]["id"] = sender["desk"]

    def _forge_press(self, activity: Activity) -> None:
        """A button nobody drew."""
        data = self._forged()
        activity |= {
            "type": "invoke",
            "name": "adaptiveCard/action",
            "value": {"action": {"type": "Action.Execute", "verb": data["verb"], "data": data}, "trigger": "manual"},
        }

    def _forged(self) -> dict[str, Any]:
        """Any command, ids of anybody's, inputs of any kind."""
        dice = self._dice
        verb = dice.choice(list(COMMANDS))
        data: dict[str, Any] = {"verb": verb, "nonce": f"{self._number:016x}"}
        for field in fields(COMMANDS[verb]):
            if dice.random() < 0.85:
                data[field.name] = self._input(field.name)
        if dice.random() < 0.3:
            data |= {name: copy.deepcopy(FORGED[name]) for name in dice.sample(list(FORGED), 3)}
        if dice.random() < 0.1:
            data["verb"] = dice.choice((verb.upper(), verb + "\u200b", [verb], {"a": verb}, None, "no_such_command"))
        return data

    def _input(self, name: str) -> Any:
        dice = self._dice
        ids = self._known.ids.get(name) or self._known.ids.get(f"{name.removesuffix('_id').rpartition('_')[2]}_id")
        if ids and dice.random() < 0.8:
            return dice.choice(ids)
        likely: Mapping[str, Sequence[Any]] = {
            "sign": ("present", "remote", "absent", "late"),
            "outcome": ("noted", "accepted", "rejected"),
            "answer": ("noted", "accepted", "yes", "no"),
            "confirmed": (True, "true"),
            "version": (1, 2, 3, 4, 5, "7"),
            "day": ("2026-05-11", "1.6.2026"),
            "deadline": ("2026-06-01",),
            "language": ("fi", "sv", "en"),
            "section": (1, "2"),
        }
        if name in likely and dice.random() < 0.6:
            return dice.choice(likely[name])
        return self._nasty()

    def _nasty(self) -> Any:
        dice = self._dice
        return dice.choice(TEXTS) if dice.random() < 0.6 else copy.deepcopy(dice.choice(VALUES))

    def _say(self, activity: Activity) -> None:
        dice = self._dice
        said = dice.choice((dice.choice(self._words), dice.choice(self._words).upper(), ""))
        text = f"{said}{dice.choice((' ', chr(10), '', ': '))}{dice.choice(TEXTS)}"
        activity |= {"type": "message", "text": dice.choice((text, text, text, self._nasty()))}
        activity.pop("value", None)

    def _change_data(self, activity: Activity) -> None:
        """The data of a recorded press, one or more of it changed."""
        value = activity.get("value")
        action = value.get("action") if isinstance(value, dict) else None
        data = action.get("data") if isinstance(action, dict) else None
        if not isinstance(data, dict) or not data:
            self._forge_press(activity)
            return
        data["nonce"] = f"{self._number:016x}"
        for name in self._dice.sample(list(data), min(len(data), self._dice.choice((1, 2)))):
            data[name] = self._input(name)
        if self._dice.random() < 0.2:
            data |= {name: copy.deepcopy(FORGED[name]) for name in self._dice.sample(list(FORGED), 2)}

    def _change_anything(self, activity: Activity) -> None:
        """A member anywhere is taken out, of another type, somebody else's, doubled, or put a level lower."""
        dice = self._dice
        holder, key = dice.choice(list(_places(activity)))
        match dice.randrange(6):
            case 0:
                del holder[key]
            case 1 | 2:
                holder[key] = self._nasty()
            case 3:
                places = list(_places(dice.choice(self._known.recorded)))
                other, name = next(((one, at) for one, at in places if at == key), dice.choice(places))
                holder[key] = copy.deepcopy(other[name])
            case 4:
                holder[key] = [holder[key], copy.deepcopy(holder[key])]
            case _:
                holder[key] = {"value": holder[key], dice.choice(TEXTS)[:200]: copy.deepcopy(dice.choice(VALUES))}

    def _change_kind(self, activity: Activity) -> None:
        if self._dice.random() < 0.4:
            activity["type"] = self._dice.choice(KINDS)
        else:
            value = self._dice.choice((activity.get("value"), copy.deepcopy(self._dice.choice(VALUES))))
            activity |= {"type": "invoke", "name": self._dice.choice(INVOKES), "value": value}

    def _ask(self, activity: Activity) -> None:
        """What the compose box and dialogs ask, each with something wrong in it."""
        dice = self._dice
        query = {
            "commandId": dice.choice(("search_decisions", self._nasty())),
            "parameters": [
                {"name": dice.choice(("search_decisions", "initialRun")), "value": dice.choice((self._nasty(), "venesatama", "true"))}
            ],
            "queryOptions": {"skip": dice.choice((0, 1, self._nasty())), "count": dice.choice((25, self._nasty()))},
        }
        link = {"url": dice.choice((self._nasty(), f"{dice.choice(self._known.links)}{dice.choice(TEXTS)[:200]}"))}
        dialog = {"data": self._forged(), "context": {"theme": dice.choice(("default", self._nasty()))}}
        name, value = dice.choice(
            (
                ("composeExtension/query", query),
                ("composeExtension/queryLink", link),
                ("composeExtension/anonymousQueryLink", link),
                ("task/fetch", dialog),
                ("task/submit", dialog),
            )
        )
        activity |= {"type": "invoke", "name": name, "value": value}

    def _tell_of_a_call(self, activity: Activity) -> None:
        """An event of a meeting's call that nobody has held, mostly with one thing wrong in it."""
        dice = self._dice
        members = [{"user": {"aadObjectId": one["aadObjectId"]}} for one in self._known.senders]
        value = {
            "JoinUrl": dice.choice(self._known.calls),
            "StartTime": dice.choice(("2026-05-11T07:01:30.4388966Z", "9999-12-31T23:59:59Z")),
            "EndTime": "2026-05-11T09:01:30Z",
            "members": dice.choice((members, members * 300)),
        }
        if dice.random() < 0.6:
            value[dice.choice(list(value))] = self._nasty()
        activity |= {
            "type": "event",
            "name": f"application/vnd.microsoft.meeting{dice.choice(('Start', 'End', 'ParticipantJoin', 'ParticipantLeave', ''))}",
            "timestamp": dice.choice(("2026-05-11T07:02:00Z", "2026-05-11T07:03:00Z", "2026-05-11T07:02:00", self._nasty())),
            "value": value,
        }

    def _nest(self, activity: Activity) -> None:
        holder, key = self._dice.choice(list(_places(activity)))
        inner: Any = "x"
        for _ in range(self._dice.choice((50, 200, 400))):
            inner = [inner] if self._dice.random() < 0.5 else {"a": inner}
        holder[key] = inner

    def _written(self, activity: Activity) -> bytes:
        """As JSON, now and then not quite."""
        dice = self._dice
        text = json.dumps(activity, ensure_ascii=dice.random() < 0.5, allow_nan=True)
        content = text.encode("utf-8", "surrogatepass")
        match dice.randrange(60):
            case 0:  # twice the same member
                return content.replace(b'"type"', b'"type": "message", "text": "ohje", "type"', 1)
            case 1:
                return content[: dice.randrange(len(content))]
            case 2:
                at = dice.randrange(len(content))
                return content[:at] + dice.randbytes(3) + content[at:]
            case 3:
                return b"[" * 20_000 + content
            case 4:
                return content.replace(b'"id"', b'"\\u0000id"', 1)
            case 5:
                return text.encode("utf-16", "surrogatepass")
        return content


def _places(node: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Every member of every object and list within."""
    if depth > 12:
        return
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from _places(node[key], depth + 1)
