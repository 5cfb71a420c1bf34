"""The app package: held to Microsoft's own schemas, and what its menus promise is what the bot answers."""

from __future__ import annotations

import argparse
import json
import re
import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from admin import package
from admin.manifest import MENUS, SCHEMA, NotReady, manifest, translation, translations
from admin.package import app_package
from bot.words import read_text
from graph.check import Result
from settings import Settings
from tests.admin.terminal import ROOT, command
from tests.test_settings import WHOLE
from tests.turns.room import Room, text_of
from tests.turns.scenes import PLANNED, published
from texts import LANGUAGES, t

SCHEMAS = ROOT / "node_modules" / "@microsoft" / "app-manifest" / "build" / "json-schemas" / "teams"
READY = {**WHOLE, "PUBLISHER_NAME": "Saarten kunta", "PUBLISHER_URL": "https://saaret.example.org/pykala"}


def ready(**changes: str) -> Settings:
    # Settings as the environment would give them; our own names are not aliases there.
    named = ("Microsoft", "GRAPH", "PYKALA", "TEAMS_MEETING")
    values = {name if name.startswith(named) else name.lower(): text for name, text in {**READY, **changes}.items()}
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


def schema(name: str) -> Draft4Validator:
    if not SCHEMAS.exists():
        pytest.skip("the schemas of Teams apps are not installed (`npm ci`)")
    return Draft4Validator(json.loads((SCHEMAS / f"v{SCHEMA}" / name).read_text(encoding="utf-8")))


def faults(validator: Draft4Validator, document: Any) -> list[str]:
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in validator.iter_errors(document)]


def test_the_manifest_is_of_the_newest_schema_and_valid() -> None:
    assert faults(schema("MicrosoftTeams.schema.json"), manifest(ready())) == []
    published = [folder.name[1:] for folder in SCHEMAS.iterdir() if re.fullmatch(r"v1\.\d+", folder.name)]
    assert max(published, key=lambda version: int(version.split(".")[1])) == SCHEMA


@pytest.mark.parametrize("language", sorted(translations()))
def test_a_translation_is_valid_and_says_all_that_the_manifest_says(language: str) -> None:
    texts = translation(language)
    assert faults(schema("MicrosoftTeams.Localization.schema.json"), texts) == []
    said = {
        f"bots[0].commandLists[{place}].commands[{number}].{name}"
        for place, menu in enumerate(manifest(ready())["bots"][0]["commandLists"])
        for number, one in enumerate(menu["commands"])
        for name in one
    }
    search = manifest(ready())["composeExtensions"][0]["commands"][0]
    said |= {f"composeExtensions[0].commands[0].{name}" for name in ("title", "description") if name in search}
    said |= {
        f"composeExtensions[0].commands[0].parameters[0].{name}" for name in ("title", "description") if name in search["parameters"][0]
    }
    assert set(texts) - {"$schema"} == said | {"name.short", "name.full", "description.short", "description.full"}


def test_the_same_settings_give_the_same_bytes_and_another_registration_another_app() -> None:
    assert app_package(ready()) == app_package(ready())
    other = ready(MicrosoftAppId="5b0f7f5e-0f4e-4a57-9d0e-3a4b8f1f7c22")
    assert manifest(ready())["id"] == "b498aeed-1874-5db2-8fb1-f72d12840dca"
    assert manifest(ready(PUBLIC_URL="https://elsewhere.example.org"))["id"] == manifest(ready())["id"] != manifest(other)["id"]
    assert manifest(ready(TEAMS_APP_ID="11111111-2222-3333-4444-555555555555"))["id"] == "11111111-2222-3333-4444-555555555555"


def test_everything_the_manifest_names_is_in_the_package_and_nothing_else() -> None:
    with zipfile.ZipFile(BytesIO(app_package(ready()))) as archive:
        told = json.loads(archive.read("manifest.json"))
        named = [*told["icons"].values(), *(one["file"] for one in told["localizationInfo"]["additionalLanguages"])]
        assert sorted(archive.namelist()) == sorted(["manifest.json", *named])
        # Width, height, bits, and colours with transparency.
        assert struct.unpack(">IIBB", archive.read("color.png")[16:26]) == (192, 192, 8, 6)
        assert struct.unpack(">IIBB", archive.read("outline.png")[16:26]) == (32, 32, 8, 6)
    assert set(re.findall(r"#\w+|rect", (ROOT / "admin" / "icons" / "outline.svg").read_text(encoding="utf-8"))) == {"#ffffff"}


def test_calls_are_asked_to_be_heard_of_only_where_that_is_wanted() -> None:
    assert not {"webApplicationInfo", "authorization"} & set(manifest(ready()))
    told = manifest(ready(TEAMS_MEETING_EVENTS="1"))
    assert faults(schema("MicrosoftTeams.schema.json"), told) == []
    asked = [one["name"] for one in told["authorization"]["permissions"]["resourceSpecific"]]
    assert asked == ["OnlineMeeting.ReadBasic.Chat", "OnlineMeetingParticipant.Read.Chat"]
    assert told["webApplicationInfo"]["id"] == told["bots"][0]["botId"]


def test_the_only_domain_is_the_bots_own() -> None:
    told = manifest(ready(PUBLIC_URL="https://bot.example.org:8443/pykala/"))
    assert told["validDomains"] == ["bot.example.org"]
    assert told["composeExtensions"][0]["messageHandlers"] == [{"type": "link", "value": {"domains": ["bot.example.org"]}}]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"PUBLISHER_NAME": ""}, "PUBLISHER_NAME is empty: set"),
        ({"PUBLISHER_NAME": "x" * 33}, "PUBLISHER_NAME is too long"),
        ({"PUBLISHER_URL": ""}, "PUBLISHER_URL is empty: set"),
        ({"PUBLISHER_URL": "saaret.example.org"}, "PUBLISHER_URL is not an https address"),
        ({"PRIVACY_URL": "http://saaret.example.org"}, "PRIVACY_URL is not an https address"),
        ({"TERMS_URL": "https://"}, "TERMS_URL is not an https address"),
        ({"TEAMS_APP_ID": "pykala"}, "TEAMS_APP_ID is not an id"),
        ({"PYKALA_LOCAL": "1", "MicrosoftAppId": ""}, "PYKALA_LOCAL=1 is for this machine alone"),
    ],
)
def test_what_is_missing_is_a_sentence(changes: dict[str, str], says: str) -> None:
    with pytest.raises(NotReady) as refused:
        app_package(ready(**changes))
    assert [line for line in str(refused.value).splitlines() if line.startswith(says)] == str(refused.value).splitlines()


@pytest.mark.parametrize("scope", sorted(MENUS))
def test_a_menu_has_at_most_ten_commands_each_once_and_the_bot_reads_them(scope: str) -> None:
    assert 0 < len(set(MENUS[scope])) == len(MENUS[scope]) <= 10
    place = list(MENUS).index(scope)
    english = {f"bots[0].commandLists[{place}].commands[{n}].title": one["title"] for n, one in enumerate(_menu(scope))}
    for titles in (english, *map(translation, translations())):
        read = [type(read_text(titles[f"bots[0].commandLists[{place}].commands[{n}].title"])) for n in range(len(MENUS[scope]))]
        assert tuple(read) == MENUS[scope]


def _menu(scope: str) -> list[dict[str, str]]:
    lists = manifest(ready())["bots"][0]["commandLists"]
    found: list[dict[str, str]] = next(one["commands"] for one in lists if one["scopes"] == [scope])
    return found


async def test_what_a_menu_offers_is_answered_where_it_is_offered(tmp_path: Path) -> None:
    """Chosen from the menu by the secretary before a meeting: each gets a card of its own, none a shrug."""
    async with Room(tmp_path, PLANNED) as room:
        scene = await published(room, "en")
        places = {"personal": scene.desk, "team": scene.board, "groupChat": room.channel.chat([scene.aino, scene.maija])}
        for scope, place in places.items():
            for chosen in _menu(scope):
                said = text_of(await room.say(scene.aino, place, chosen["title"]))
                assert not any(t(language, "guide.not_understood", text=chosen["title"]) in said for language in LANGUAGES), chosen
                assert not any(t(language, "scope.no_body") in said for language in LANGUAGES), chosen


def test_the_check_tells_a_package_of_these_settings_from_others(tmp_path: Path) -> None:
    file = tmp_path / "pykala-teams.zip"
    assert package.package_row(ready(), file).result is Result.SKIPPED
    file.write_bytes(app_package(ready()))
    assert package.package_row(ready(), file).result is Result.WORKS
    row = package.package_row(ready(PUBLIC_URL="https://elsewhere.example.org", PUBLISHER_NAME="Toinen kunta"), file)
    assert (
        row.result,
        "version: developer in the manifest, composeExtensions in the manifest, validDomains in the manifest. Make" in row.says,
    ) == (Result.WARNING, True)
    with zipfile.ZipFile(BytesIO(app_package(ready()))) as whole, zipfile.ZipFile(file, "w") as without:
        for name in set(whole.namelist()) - {"color.png"}:
            without.writestr(name, whole.read(name))
    assert "version: color.png. Make" in package.package_row(ready(), file).says
    file.write_bytes(b"no zip")
    assert "cannot be read (BadZipFile)" in package.package_row(ready(), file).says
    row = package.package_row(ready(PUBLISHER_NAME=""), file)
    assert (row.says, len(row.grant), row.grant[0].startswith("PUBLISHER_NAME is empty: set")) == ("It cannot be made yet.", 1, True)


async def test_the_command_writes_the_package(tmp_path: Path) -> None:
    status, said = await command(tmp_path, "package", **READY)
    assert (status, said.splitlines()[0]) == (0, "Written: pykala-teams.zip (version 1.0.0, app b498aeed-1874-5db2-8fb1-f72d12840dca).")
    assert (tmp_path / "pykala-teams.zip").read_bytes() == app_package(ready())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PUBLISHER_URL": "saaret"}, "The package cannot be made:\n- PUBLISHER_URL is not an https address.\n"),
        ({}, "/no/such/folder.zip cannot be written: No such file or directory.\n"),
    ],
)
def test_what_stops_the_command_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], changes: dict[str, str], said: str
) -> None:
    monkeypatch.setattr(package, "read_settings", lambda: ready(**changes))
    parser = argparse.ArgumentParser()
    package.add_command(parser.add_subparsers())
    options = parser.parse_args(["package", "--out", "/no/such/folder.zip"])
    assert (options.run(options), capsys.readouterr().err) == (1, said)
