"""The Teams channel as a real server with the real wire format, and a driver for the people in it.

It speaks Bot Connector v3 towards the bot and posts activities to the bot's `/api/messages`, with tokens of an `Issuer` or, without
one, unauthenticated as the Agents Playground does. It can be told to misbehave. Everything it is asked is in `requests`;
what a conversation shows now is in `shown`.

    async with Channel(bot_url) as channel:
        anna = channel.person("Anna Aalto")
        board = channel.team("Ohjausryhmä", "Yleinen", [anna])
        await channel.install(board, anna)
        await channel.say(anna, board, "ohje")
        card = channel.card(channel.shown(board)[-1])
        body = await channel.press(anna, board, buttons(card)["Läsnä"], {}, reply_to=channel.shown(board)[-1].id)
"""

from __future__ import annotations

import asyncio
import copy
import html
import itertools
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web

from tests.standins.issuer import APP_ID, TENANT, Issuer

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
FILE = "application/vnd.microsoft.teams.file.download.info"
LARGEST = 100 * 1024  # of UTF-16, as Teams counts a message


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the tenant. `channel_id` is the `29:…` id the bot sees, `account_id` the Entra object id."""

    name: str
    account_id: str
    channel_id: str
    tenant_id: str
    locale: str
    email: str
    role: str = "user"


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation: a personal chat, a channel, or with `thread` one thread of a channel."""

    id: str
    kind: Literal["personal", "channel", "groupChat"]
    tenant_id: str
    team_id: str = ""
    team_name: str = ""
    channel_name: str = ""
    thread: str = ""

    @property
    def conversation_id(self) -> str:
        return f"{self.id};messageid={self.thread}" if self.thread else self.id

    def in_thread(self, root: str) -> Place:
        return Place(self.id, self.kind, self.tenant_id, self.team_id, self.team_name, self.channel_name, root)


@dataclass(slots=True)
class Posted:
    """What the bot has posted, as it is shown now."""

    id: str
    conversation_id: str
    thread: str
    activity: dict[str, Any]
    updates: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the bot to the channel."""

    method: str
    path: str
    body: dict[str, Any]
    authorization: str
    at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to an activity, and what it posted meanwhile."""

    status: int
    body: Any
    text: str
    activity: dict[str, Any]
    posted: list[Posted]


@dataclass(slots=True)
class Trouble:
    """Misbehave for the next `times` requests of `method` ("" = any): wait, then answer `status` (0 = as usual), or drop the
    connection after having done it."""

    status: int = 0
    retry_after: str = ""
    delay: float = 0.0
    drop_after_commit: bool = False
    method: str = ""
    times: int = 1
    code: str = "ServiceError"


@dataclass(slots=True)
class _Conversation:
    place: Place
    members: list[Person]
    posted: dict[str, Posted] = field(default_factory=dict)
    blocked: bool = False


def group_of(team_id: str) -> str:
    """The Entra group of a team."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, team_id))


class Channel:
    """The channel and its people. Open it with `async with`; `bot_url` may be set later, before anybody speaks."""

    def __init__(
        self,
        bot_url: str = "",
        *,
        issuer: Issuer | None = None,
        app_id: str = APP_ID,
        tenant_id: str = TENANT,
        bot_name: str = "Pykälä",
        salt: str = "",
    ) -> None:
        """`salt`: makes other ids of the same names."""
        self._salt = salt
        self.bot_url = bot_url
        self.issuer = issuer
        self.tenant_id = tenant_id
        self.bot = {"id": f"28:{app_id}", "name": bot_name}
        self.requests: list[Asked] = []
        self.troubles: list[Trouble] = []
        self.page_size = 500
        self._people: dict[str, Person] = {}
        self._conversations: dict[str, _Conversation] = {}
        self._files: dict[str, bytes] = {}
        self._ids = itertools.count(int(time.time() * 1000))
        self._token: tuple[float, str] = (0.0, "")

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        base = "/teams/v3/conversations"
        app.router.add_post(base, self._create)
        app.router.add_post(base + "/{conversation}/activities", self._post)
        app.router.add_post(base + "/{conversation}/activities/{activity}", self._post)
        app.router.add_put(base + "/{conversation}/activities/{activity}", self._update)
        app.router.add_delete(base + "/{conversation}/activities/{activity}", self._delete)
        app.router.add_get(base + "/{conversation}/pagedmembers", self._paged_members)
        app.router.add_get(base + "/{conversation}/members/{member}", self._member)
        app.router.add_get("/teams/v3/teams/{team}", self._team)
        app.router.add_get("/files/{file}", self._file)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.root = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.service_url = f"{self.root}/teams/"
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

    # People and places

    def person(
        self, name: str, *, locale: str = "fi-FI", email: str = "", tenant_id: str = "", account_id: str = "", role: str = "user"
    ) -> Person:
        """A new person; ids follow from the name, so they are the same in every run."""
        who = Person(
            name,
            account_id or str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self._salt}{name}.account")),
            f"29:1{uuid.uuid5(uuid.NAMESPACE_DNS, self._salt + name).hex}",
            tenant_id or self.tenant_id,
            locale,
            email or f"{name.lower().replace(' ', '.')}@example.org",
            role,
        )
        self._people[who.channel_id] = who
        return who

    def team(self, team_name: str, channel_name: str, members: list[Person]) -> Place:
        """A channel that is not General: its id differs from the team's."""
        key = uuid.uuid5(uuid.NAMESPACE_DNS, f"{self._salt}{team_name}/{channel_name}").hex
        team_key = uuid.uuid5(uuid.NAMESPACE_DNS, self._salt + team_name).hex
        place = Place(
            f"19:{key}@thread.tacv2",
            "channel",
            members[0].tenant_id if members else self.tenant_id,
            f"19:{team_key}@thread.tacv2",
            team_name,
            channel_name,
        )
        self._conversations[place.id] = _Conversation(place, list(members))
        return place

    def personal(self, who: Person) -> Place:
        """The personal chat with the bot, which exists from the first time it is asked for."""
        place = Place(f"a:1{uuid.uuid5(uuid.NAMESPACE_DNS, who.channel_id).hex}", "personal", who.tenant_id)
        self._conversations.setdefault(place.id, _Conversation(place, [who]))
        return place

    def chat(self, members: list[Person]) -> Place:
        """A chat of several people to which the bot was added."""
        key = uuid.uuid5(uuid.NAMESPACE_DNS, "/".join(one.channel_id for one in members)).hex
        place = Place(f"19:{key}@thread.v2", "groupChat", members[0].tenant_id)
        self._conversations.setdefault(place.id, _Conversation(place, list(members)))
        return place

    def block(self, place: Place, blocked: bool = True) -> None:
        """The bot is blocked or removed there: its posts answer 403."""
        self._conversations[place.id].blocked = blocked

    # What is seen

    def shown(self, place: Place) -> list[Posted]:
        """What the bot has posted there and not deleted, oldest first; of one thread when the place is one."""
        return [
            posted
            for posted in self._conversations[place.id].posted.values()
            if not posted.deleted and (not place.thread or posted.thread == place.thread)
        ]

    def all_posted(self, place: Place) -> list[Posted]:
        return list(self._conversations[place.id].posted.values())

    def card(self, posted: Posted) -> dict[str, Any]:
        """The adaptive card of a post; KeyError when it has none."""
        return card_of(posted.activity)

    # What people do

    async def say(self, who: Person, place: Place, text: str, *, mention: bool = True, activity_id: str = "", **extra: Any) -> Answer:
        """A message. Where others are it mentions the bot, as only such messages reach it; in a channel it opens a thread."""
        return await self.send({**self.said(who, place, text, mention=mention, activity_id=activity_id), **extra})

    def said(self, who: Person, place: Place, text: str, *, mention: bool = True, activity_id: str = "") -> dict[str, Any]:
        """The activity of a message."""
        activity = self._activity("message", who, place, activity_id=activity_id)
        activity |= {"text": text, "textFormat": "plain"}
        markup = f"<p>{html.escape(text)}</p>"
        if place.kind != "personal" and mention:
            at = f"<at>{self.bot['name']}</at>"
            activity["text"] = f"{at} {text}\n"
            activity["entities"].insert(0, {"type": "mention", "text": at, "mentioned": dict(self.bot)})
            itemtype = "http://schema.skype.com/Mention"
            markup = f'<p><span itemtype="{itemtype}" itemscope="">{self.bot["name"]}</span>&nbsp;{html.escape(text)}</p>'
        activity["attachments"] = [{"contentType": "text/html", "content": markup}]
        return activity

    async def press(
        self,
        who: Person,
        place: Place,
        action: Mapping[str, Any],
        inputs: Mapping[str, Any] | None = None,
        *,
        reply_to: str = "",
        trigger: str = "manual",
    ) -> dict[str, Any]:
        """A press of a card's button: the body of the answer, `{statusCode, type, value}`. AssertionError unless it is an HTTP 200."""
        answer = await self.send(self.pressed(who, place, action, inputs, reply_to=reply_to, trigger=trigger))
        assert answer.status == 200, f"{answer.status}: {answer.text}"
        body: dict[str, Any] = answer.body
        return body

    def pressed(
        self,
        who: Person,
        place: Place,
        action: Mapping[str, Any],
        inputs: Mapping[str, Any] | None = None,
        *,
        reply_to: str = "",
        trigger: str = "manual",
    ) -> dict[str, Any]:
        """The activity of a press: an invoke, or a message with `value` for an old Action.Submit."""
        data = action.get("data", {})
        # A string as data drops what was filled in, as in Teams.
        merged = {**data, **(inputs or {})} if isinstance(data, Mapping) else data
        if place.kind == "channel" and not place.thread and reply_to:
            place = place.in_thread(self._thread_of(place, reply_to))
        if action.get("type") == "Action.Submit":
            return {**self._activity("message", who, place), "value": merged, "replyToId": reply_to}
        activity = self._activity("invoke", who, place, activity_id=f"f:{uuid.uuid4()}")
        activity["channelData"] |= {"source": {"name": "message"}, "legacy": {"replyToId": reply_to}}
        told = {name: action[name] for name in ("id", "verb", "title") if name in action}
        return activity | {
            "name": "adaptiveCard/action",
            "replyToId": reply_to,
            "value": {"action": {"type": "Action.Execute", **told, "data": merged}, "trigger": trigger},
        }

    async def look(self, who: Person, place: Place, card: Mapping[str, Any]) -> dict[str, Any]:
        """The client of somebody shows a card that refreshes, and asks for it anew by itself; the body of the answer."""
        return await self.press(who, place, card["refresh"]["action"], trigger="automatic")

    async def ask(self, who: Person, place: Place, words: str | None, *, skip: int = 0, count: int = 25) -> dict[str, Any]:
        """Somebody looks in the compose box of a chat; None: they have only opened it. The `composeExtension` of the answer."""
        given = {"name": "initialRun", "value": "true"} if words is None else {"name": "search_decisions", "value": words}
        options = {"skip": skip, "count": count}
        return await self.compose(who, place, "query", {"commandId": "search_decisions", "parameters": [given], "queryOptions": options})

    async def paste(self, who: Person, place: Place, url: str, *, kind: str = "queryLink") -> dict[str, Any]:
        """Somebody pastes a link into the compose box of a chat. The `composeExtension` of the answer."""
        return await self.compose(who, place, kind, {"url": url})

    async def dialog(self, who: Person, place: Place, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Somebody opens a dialog (`fetch`), or sends what is in it (`submit`). The `task` of the answer."""
        activity = self._activity("invoke", who, place, activity_id=f"f:{uuid.uuid4()}")
        answer = await self.send(activity | {"name": f"task/{name}", "value": {"data": dict(data), "context": {"theme": "default"}}})
        # It is answered there alone. The board may be told meanwhile of what was done before.
        here = [one for one in answer.posted if one.conversation_id == place.id]
        assert (answer.status, here) == (200, []), answer.text
        task: dict[str, Any] = answer.body["task"]
        return task

    async def compose(self, who: Person, place: Place, kind: str, value: dict[str, Any]) -> dict[str, Any]:
        """An invoke of a message extension."""
        activity = self._activity("invoke", who, place, activity_id=f"f:{uuid.uuid4()}")
        activity["channelData"] |= {"source": {"name": "compose"}}
        answer = await self.send(activity | {"name": f"composeExtension/{kind}", "value": value})
        # As above.
        here = [one for one in answer.posted if one.conversation_id == place.id]
        assert (answer.status, here) == (200, []), answer.text
        found: dict[str, Any] = answer.body["composeExtension"]
        return found

    async def call(self, who: Person, thread: str, name: str, value: Any, at: str) -> Answer:
        """What Teams tells of the call whose chat is `thread`: `name` Start, End, ParticipantJoin or ParticipantLeave; `at` as in JSON."""
        activity = self._activity("event", who, Place(thread, "groupChat", who.tenant_id))
        activity["conversation"]["isGroup"] = True
        activity["channelData"] |= {"source": None, "meeting": {"id": f"MCMxOTp{thread}"}}
        return await self.send(activity | {"name": f"application/vnd.microsoft.meeting{name}", "value": value, "timestamp": at})

    async def send_file(self, who: Person, place: Place, name: str, content: bytes) -> Answer:
        """A file sent to the bot: a message without text and a link the channel serves."""
        file_id = uuid.uuid4().hex
        self._files[file_id] = content
        activity = self._activity("message", who, place)
        activity["attachments"] = [
            {
                "contentType": FILE,
                "contentUrl": f"https://example-my.sharepoint.com/personal/{who.account_id}/Documents/{name}",
                "name": name,
                "content": {
                    "downloadUrl": f"{self.root}/files/{file_id}",
                    "uniqueId": file_id,
                    "fileType": name.rpartition(".")[2],
                },
            },
            {"contentType": "text/html", "content": "<div></div>"},
        ]
        return await self.send(activity)

    async def install(self, place: Place, who: Person) -> list[Answer]:
        """The app is added by somebody to the team of a channel, or to the personal chat. Teams tells it by two activities."""
        return [await self.send(activity) for activity in self.installed(place, who)]

    def installed(self, place: Place, who: Person) -> tuple[dict[str, Any], dict[str, Any]]:
        """The two activities of an install."""
        added = self._activity("conversationUpdate", who, place, activity_id=f"f:{uuid.uuid4()}") | {"membersAdded": [dict(self.bot)]}
        update = self._activity("installationUpdate", who, place, activity_id=f"f:{uuid.uuid4()}") | {"action": "add"}
        for activity in (added, update):
            # Not a thing somebody wrote: no thread.
            activity["conversation"]["id"] = place.id
            if place.kind == "channel":
                activity["channelData"] |= {
                    "team": {"id": place.team_id, "name": place.team_name},
                    "settings": {"selectedChannel": {"id": place.id}},
                }
        if place.kind == "channel":
            added["channelData"]["eventType"] = "teamMemberAdded"
        return added, update

    async def open(self, who: Person) -> Place:
        """Somebody adds the app for themselves; their personal chat."""
        place = self.personal(who)
        await self.install(place, who)
        return place

    async def resend(self, activity: Mapping[str, Any] | Answer, *, new_id: bool = False) -> Answer:
        """The same activity again, as Teams does when an answer is late: under the same id, or under a new one."""
        again = copy.deepcopy(dict(activity.activity if isinstance(activity, Answer) else activity))
        if new_id:
            again["id"] = f"f:{uuid.uuid4()}" if again["type"] == "invoke" else str(next(self._ids))
        return await self.send(again)

    async def send(self, activity: dict[str, Any], *, authorization: str | None = None) -> Answer:
        """Post an activity to the bot as it is; `authorization` replaces the header the channel would send."""
        header = self._authorization() if authorization is None else authorization
        before = {posted.id for place in self._conversations.values() for posted in place.posted.values()}
        async with self._session.post(
            self.bot_url,
            data=json.dumps(activity),
            headers={"Content-Type": "application/json", **({"Authorization": header} if header else {})},
        ) as answer:
            text = await answer.text()
            body = json.loads(text) if answer.content_type == "application/json" and text else None
        new = [posted for place in self._conversations.values() for posted in place.posted.values() if posted.id not in before]
        return Answer(answer.status, body, text, activity, new)

    def _authorization(self) -> str:
        if self.issuer is None:
            return ""
        until, token = self._token
        if time.time() > until:
            token = self.issuer.token(self.service_url)
            self._token = (time.time() + 600, token)
        return f"Bearer {token}"

    def _activity(self, kind: str, who: Person, place: Place, *, activity_id: str = "") -> dict[str, Any]:
        now = datetime.now(UTC)
        activity_id = activity_id or str(next(self._ids))
        conversation: dict[str, Any] = {"conversationType": place.kind, "tenantId": who.tenant_id, "id": place.conversation_id}
        data: dict[str, Any] = {"tenant": {"id": who.tenant_id}}
        if place.kind == "channel":
            if kind == "message" and not place.thread:
                conversation["id"] = f"{place.id};messageid={activity_id}"
            conversation["isGroup"] = True
            data |= {
                "teamsChannelId": place.id,
                "teamsTeamId": place.team_id,
                "channel": {"id": place.id},
                "team": {"id": place.team_id},
            }
        return {
            "type": kind,
            "id": activity_id,
            "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "localTimestamp": now.astimezone(ZoneInfo("Europe/Helsinki")).isoformat(timespec="milliseconds"),
            "localTimezone": "Europe/Helsinki",
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {"id": who.channel_id, "name": who.name, "aadObjectId": who.account_id},
            "conversation": conversation,
            "recipient": dict(self.bot),
            "entities": [
                {
                    "type": "clientInfo",
                    "locale": who.locale,
                    "country": who.locale.rpartition("-")[2],
                    "platform": "Web",
                    "timezone": "Europe/Helsinki",
                }
            ],
            "channelData": data,
            "locale": who.locale,
        }

    def _thread_of(self, place: Place, activity_id: str) -> str:
        posted = self._conversations[place.id].posted.get(activity_id)
        return posted.thread if posted else activity_id

    # Bot Connector v3

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = await self._asked(request)
        trouble = await self._trouble(request)
        if body.get("isGroup"):
            channel_id = body.get("channelData", {}).get("channel", {}).get("id")
            if not channel_id or "activity" not in body:
                raise _error(400, "BadSyntax")
            posted = self._keep(self._find(channel_id), "", body["activity"])
            return self._done(request, trouble, {"id": f"{channel_id};messageid={posted.thread}", "activityId": posted.id}, 201)
        members = body.get("members") or []
        if len(members) != 1 or not body.get("tenantId"):
            raise _error(400, "BadSyntax")
        who = self._people.get(members[0].get("id"))
        if who is None or who.tenant_id != body["tenantId"]:
            raise _error(403, "BotNotInConversationRoster")
        return self._done(request, trouble, {"id": self.personal(who).id}, 201)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await self._asked(request)
        trouble = await self._trouble(request)
        channel_id, _, thread = request.match_info["conversation"].partition(";messageid=")
        conversation = self._find(channel_id)
        if conversation.blocked:
            raise _error(403, "MessageWritesBlocked")
        if len(json.dumps(body, ensure_ascii=False).encode("utf-16-le")) > LARGEST:
            raise _error(413, "MessageSizeTooBig")
        posted = self._keep(conversation, thread, body)
        # Teams splits text and card of one activity in two messages and names neither.
        split = body.get("text") and any(part.get("contentType") == ADAPTIVE for part in body.get("attachments") or ())
        return self._done(request, trouble, {} if split else {"id": posted.id}, 201)

    async def _update(self, request: web.Request) -> web.StreamResponse:
        body = await self._asked(request)
        trouble = await self._trouble(request)
        posted = self._posted(request)
        posted.activity = body
        posted.updates += 1
        return self._done(request, trouble, {"id": posted.id}, 200)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        await self._asked(request)
        trouble = await self._trouble(request)
        self._posted(request).deleted = True
        return self._done(request, trouble, None, 200)

    async def _paged_members(self, request: web.Request) -> web.StreamResponse:
        await self._asked(request)
        trouble = await self._trouble(request)
        members = self._find(request.match_info["conversation"].partition(";messageid=")[0]).members
        start = int(request.query.get("continuationToken") or 0)
        size = min(max(50, int(request.query.get("pageSize") or 200)), 500, self.page_size)
        page: dict[str, Any] = {"members": [_member(who) for who in members[start : start + size]]}
        if start + size < len(members):
            page["continuationToken"] = str(start + size)
        return self._done(request, trouble, page, 200)

    async def _member(self, request: web.Request) -> web.StreamResponse:
        await self._asked(request)
        trouble = await self._trouble(request)
        wanted = request.match_info["member"]
        for who in self._find(request.match_info["conversation"].partition(";messageid=")[0]).members:
            if wanted in {who.channel_id, who.account_id, who.email}:
                return self._done(request, trouble, _member(who), 200)
        raise _error(404, "MemberNotFoundInConversation")

    async def _team(self, request: web.Request) -> web.StreamResponse:
        await self._asked(request)
        trouble = await self._trouble(request)
        team_id = request.match_info["team"]
        for conversation in self._conversations.values():
            if conversation.place.team_id == team_id:
                name = conversation.place.team_name
                return self._done(request, trouble, {"id": team_id, "name": name, "aadGroupId": group_of(team_id)}, 200)
        raise _error(404, "NotFound")

    async def _file(self, request: web.Request) -> web.Response:
        self.requests.append(Asked("GET", request.path, {}, request.headers.get("Authorization", ""), time.monotonic()))
        content = self._files.get(request.match_info["file"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content, content_type="application/octet-stream")

    async def _asked(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(await request.read() or b"{}")
        authorization = request.headers.get("Authorization", "")
        self.requests.append(Asked(request.method, request.path_qs, body, authorization, time.monotonic()))
        if self.issuer is not None and authorization.removeprefix("Bearer ") not in self.issuer.issued:
            raise _error(401, "Unauthorized")
        return body

    async def _trouble(self, request: web.Request) -> Trouble:
        for trouble in self.troubles:
            if trouble.times > 0 and trouble.method in {"", request.method}:
                trouble.times -= 1
                await asyncio.sleep(trouble.delay)
                if trouble.status:
                    raise _error(trouble.status, trouble.code, {"Retry-After": trouble.retry_after} if trouble.retry_after else {})
                return trouble
        return Trouble()

    def _done(self, request: web.Request, trouble: Trouble, body: Any, status: int) -> web.StreamResponse:
        if trouble.drop_after_commit and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status) if body is None else web.json_response(body, status=status)

    def _find(self, conversation_id: str) -> _Conversation:
        try:
            return self._conversations[conversation_id]
        except KeyError:
            raise _error(404, "ConversationNotFound") from None

    def _posted(self, request: web.Request) -> Posted:
        conversation = self._find(request.match_info["conversation"].partition(";messageid=")[0])
        if conversation.blocked:
            raise _error(403, "MessageWritesBlocked")
        posted = conversation.posted.get(request.match_info["activity"])
        if posted is None or posted.deleted:
            raise _error(404, "ActivityNotFoundInConversation")
        return posted

    def _keep(self, conversation: _Conversation, thread: str, activity: dict[str, Any]) -> Posted:
        activity_id = str(next(self._ids))
        root = thread or (activity_id if conversation.place.kind == "channel" else "")
        posted = Posted(activity_id, conversation.place.id, root, activity)
        conversation.posted[activity_id] = posted
        return posted


def card_of(activity: Mapping[str, Any]) -> dict[str, Any]:
    """The adaptive card of an activity, or of an invoke's answer; KeyError when it has none."""
    if activity.get("type") == ADAPTIVE:
        answered: dict[str, Any] = activity["value"]
        return answered
    for attachment in activity.get("attachments") or ():
        if attachment.get("contentType") == ADAPTIVE:
            content: dict[str, Any] = attachment["content"]
            return content
    raise KeyError("no adaptive card")


def buttons(card: Any) -> dict[str, dict[str, Any]]:
    """The buttons of a card by title, wherever they stand, in reading order; the first of two equal titles wins."""
    found: dict[str, dict[str, Any]] = {}
    for action in _actions(card):
        found.setdefault(str(action.get("title", "")), action)
    return found


def _actions(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for part in node:
            yield from _actions(part)
    elif isinstance(node, dict):
        if node.get("type") in {"Action.Execute", "Action.Submit"}:
            yield node
            return
        for name, part in node.items():
            if name not in {"data", "refresh", "fallback"}:
                yield from _actions(part)


def _member(who: Person) -> dict[str, Any]:
    given, _, family = who.name.partition(" ")
    member = {"id": who.channel_id, "name": who.name, "tenantId": who.tenant_id, "userRole": who.role}
    if who.role == "anonymous":
        return member
    return member | {"objectId": who.account_id, "givenName": given, "surname": family, "email": who.email, "userPrincipalName": who.email}


class _Failure(web.HTTPException):
    empty_body = False

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None) -> None:
        self.status_code = status
        super().__init__(text=text, headers=headers, content_type="application/json")


def _error(status: int, code: str, headers: Mapping[str, str] | None = None) -> web.HTTPException:
    """Bot Connector's ErrorResponse under any status."""
    return _Failure(status, json.dumps({"error": {"code": code, "message": code}}), headers)
