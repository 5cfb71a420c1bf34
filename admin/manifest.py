"""What Teams is told of the app: the manifest and its translations, from the settings and the catalogues. Pure.

Schema: https://learn.microsoft.com/microsoft-365/extensibility/schema/. The tests hold both to the newest one Microsoft has published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from meetings import commands as c
from meetings.commands import Command, stem
from settings import Settings
from texts import LANGUAGES, t, words

# The product's. Teams takes a package in place of another only when its version is higher.
VERSION = "1.0.0"
SCHEMA = "1.30"
COLOUR_ICON, OUTLINE_ICON = "color.png", "outline.png"
ACCENT = "#1d4f91"
# What the manifest itself is written in: the bot too speaks English to a client that speaks neither Finnish nor Swedish.
DEFAULT_LANGUAGE = "en"

# What is looked for in the compose box of any chat.
SEARCH = stem(c.SearchDecisions)

# What stands in the menu of each place, at most ten: at the desk a meeting from its beginning to its end, on the board what members need,
# in a chat what only shows. Everything else is in `help`.
MENUS: Mapping[str, tuple[type[Command], ...]] = {
    "personal": (
        c.ShowHelp,
        c.ShowStatus,
        c.ReadRoster,
        c.PlanMeeting,
        c.ReadAgenda,
        c.OpenMeeting,
        c.ShowItem,
        c.PrepareMinutes,
        c.SearchDecisions,
        c.ChooseLanguage,
    ),
    "team": (
        c.ShowHelp,
        c.ShowStatus,
        c.SetUpBody,
        c.ShowMeetings,
        c.ShowAgenda,
        c.ShowSeats,
        c.SignIn,
        c.CommentMinutes,
        c.AnswerNoComments,
        c.SearchDecisions,
    ),
    "groupChat": (c.ShowHelp, c.ShowStatus, c.ShowMeetings, c.ShowAgenda, c.ShowSeats, c.SearchDecisions, c.ChooseLanguage),
}


class NotReady(Exception):
    """Something the package needs is not set; the text is one sentence a line, for whoever runs the bot."""


def manifest(settings: Settings) -> dict[str, Any]:
    """manifest.json. `NotReady` names what is not set."""
    faults = _faults(settings)
    if faults:
        raise NotReady("\n".join(faults))
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA,
        "version": VERSION,
        # The same for the same registration, so that a new package replaces the old one.
        "id": str(UUID(settings.teams_app_id)) if settings.teams_app_id else str(uuid5(UUID(settings.app_id), "Teams app")),
        "developer": {
            "name": settings.publisher_name,
            "websiteUrl": settings.publisher_url,
            "privacyUrl": settings.privacy_url or settings.publisher_url,
            "termsOfUseUrl": settings.terms_url or settings.publisher_url,
        },
        "name": {"short": t(DEFAULT_LANGUAGE, "teams_app.name"), "full": t(DEFAULT_LANGUAGE, "teams_app.full_name")},
        "description": {"short": t(DEFAULT_LANGUAGE, "teams_app.short"), "full": t(DEFAULT_LANGUAGE, "teams_app.full")},
        "icons": {"color": COLOUR_ICON, "outline": OUTLINE_ICON},
        "accentColor": ACCENT,
        "localizationInfo": {
            "defaultLanguageTag": DEFAULT_LANGUAGE,
            "additionalLanguages": [{"languageTag": language, "file": file} for language, file in translations().items()],
        },
        "defaultInstallScope": "team",
        "defaultGroupCapability": dict.fromkeys(("team", "groupchat", "meetings"), "bot"),
        "bots": [
            {
                "botId": settings.app_id,
                "scopes": list(MENUS),
                # Rosters, agendas and templates are sent to the desk as files.
                "supportsFiles": True,
                # A body has one channel: whoever installs the app in a team chooses where the welcome goes.
                "needsChannelSelector": True,
                "commandLists": [{"scopes": [scope], "commands": _commands(DEFAULT_LANGUAGE, menu)} for scope, menu in MENUS.items()],
            }
        ],
        "composeExtensions": [
            {
                "botId": settings.app_id,
                "commands": [
                    {
                        "id": SEARCH,
                        "type": "query",
                        "context": ["compose", "commandBox"],
                        # The newest decisions, before anything is typed.
                        "initialRun": True,
                        **_search(DEFAULT_LANGUAGE),
                        "parameters": [{"name": SEARCH, "inputType": "text", **_searched(DEFAULT_LANGUAGE)}],
                    }
                ],
                # Links to our own documents become cards for those who may read them.
                "messageHandlers": [{"type": "link", "value": {"domains": [urlsplit(settings.public_url).hostname]}}],
            }
        ],
        # Who is in a channel is asked of Teams, and members are written to in personal chats. What the bot needs of messages and rosters
        # comes with being there.
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [urlsplit(settings.public_url).hostname],
        **(_meeting_events(settings) if settings.meeting_events else {}),
    }


def translations() -> dict[str, str]:
    """The languages beside the default one, with the file of each."""
    return {language: f"{language}.json" for language in LANGUAGES if language != DEFAULT_LANGUAGE}


def translation(language: str) -> dict[str, str]:
    """The file of one language: flat, by the places in the manifest."""
    texts = {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.Localization.schema.json",
        "name.short": t(language, "teams_app.name"),
        "name.full": t(language, "teams_app.full_name"),
        "description.short": t(language, "teams_app.short"),
        "description.full": t(language, "teams_app.full"),
    }
    texts |= {f"composeExtensions[0].commands[0].{name}": text for name, text in _search(language).items()}
    texts |= {f"composeExtensions[0].commands[0].parameters[0].{name}": text for name, text in _searched(language).items()}
    for place, menu in enumerate(MENUS.values()):
        for number, command in enumerate(_commands(language, menu)):
            texts |= {f"bots[0].commandLists[{place}].commands[{number}].{name}": text for name, text in command.items()}
    return texts


def _commands(language: str, menu: tuple[type[Command], ...]) -> list[dict[str, str]]:
    """What is sent when it is chosen is the title: the first word of the command in this language."""
    return [{"title": words(language, f"words.{stem(one)}")[0], "description": t(language, f"does.{stem(one)}")} for one in menu]


def _meeting_events(settings: Settings) -> dict[str, Any]:
    """To be told, of the chats of meetings it is added to alone, when their calls begin and end and who joins."""
    names = ("OnlineMeeting.ReadBasic.Chat", "OnlineMeetingParticipant.Read.Chat")
    return {
        # Without any resource at all these rights are not granted; the bot asks for none.
        "webApplicationInfo": {"id": settings.app_id, "resource": "https://RscBasedStoreApp"},
        "authorization": {"permissions": {"resourceSpecific": [{"name": name, "type": "Application"} for name in names]}},
    }


def _search(language: str) -> dict[str, str]:
    return {"title": t(language, f"button.{SEARCH}"), "description": t(language, "teams_app.search")}


def _searched(language: str) -> dict[str, str]:
    return {"title": t(language, "search.words"), "description": t(language, "search.how")}


def _faults(settings: Settings) -> list[str]:
    if settings.local:
        return ["PYKALA_LOCAL=1 is for this machine alone: remove it and set MicrosoftAppId and the others of docs/settings.md."]
    faults = []
    if settings.teams_app_id and not _is_id(settings.teams_app_id):
        faults.append("TEAMS_APP_ID is not an id: remove it, or set the app's id in the Developer Portal.")
    if not settings.publisher_name:
        faults.append("PUBLISHER_NAME is empty: set the name of the organisation that stands behind the bot.")
    if len(settings.publisher_name) > 32:
        faults.append("PUBLISHER_NAME is too long: Teams takes 32 characters.")
    if not settings.publisher_url:
        faults.append("PUBLISHER_URL is empty: set the address of a page where people find who runs the bot and how to ask for help.")
    addresses = {"PUBLISHER_URL": settings.publisher_url, "PRIVACY_URL": settings.privacy_url, "TERMS_URL": settings.terms_url}
    faults += [f"{name} is not an https address." for name, url in addresses.items() if url and not _is_https(url)]
    return faults


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _is_https(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname)
