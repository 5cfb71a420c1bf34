"""The documents tell the truth: settings, commands, buttons, pictures and links that they name are there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from admin.package import FILE
from bot.words import read_text
from meetings import commands as c
from settings import Settings
from texts import LANGUAGES
from texts.catalogue import messages

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*DOCS, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
BICEP = (ROOT / "infra" / "main.bicep").read_text(encoding="utf-8")
SETTINGS = {
    field.validation_alias if isinstance(field.validation_alias, str) else name.upper() for name, field in Settings.model_fields.items()
}
# Read by libraries and tools, not by the bot; the outputs of main.bicep; what the sandbox and the Playground are told by make.
OTHERS = {
    "AZURE_FEDERATED_TOKEN_FILE",
    "HTTPS_PROXY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_TRACES_SAMPLER",
    "PGPASSWORD",
    "PLAYGROUND_PORT",
    "SSL_CERT_FILE",
    *re.findall(r"^output (\w+)", BICEP, re.MULTILINE),
}
NAMED = re.compile(r"\b(?:MicrosoftApp[A-Z]\w+|[A-Z]+(?:_[A-Z]+)+)\b")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_each_setting_is_explained() -> None:
    explained = set(
        re.findall(r"`(\w+)`", "".join(line for line in text(ROOT / "docs" / "settings.md").splitlines() if line.startswith("| `")))
    )
    assert SETTINGS - explained == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_setting_that_is_named_exists(page: Path) -> None:
    named = {
        name for quoted in re.findall(r"`([^`\n]+)`|^([\w.]+=.*)$", text(page), re.MULTILINE) for name in NAMED.findall("".join(quoted))
    }
    assert named - SETTINGS - OTHERS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if heading:
            headings = [
                re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
                for line in text(found).splitlines()
                if line.startswith("#")
            ]
            assert heading in headings, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_of_an_administrator_exists(page: Path) -> None:
    known = {name for path in (ROOT / "admin").glob("*.py") for name in re.findall(r'add_parser\(\s*"(\w+)"', text(path))}
    assert set(re.findall(r"python app\.py ([a-z]\w*)", text(page))) - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_secretary_is_told_to_write_is_understood(language: str) -> None:
    guide = text(ROOT / "docs" / f"secretary.{language}.md").split("\n## ", 1)
    # How the words are marked, and the mention on a channel.
    first = re.findall(r"`([^`]+)`", guide[0])[2:]
    written = [*first, *re.findall(r"`([^`]+)`", guide[1])]
    assert len(written) > 12
    assert [one for one in written if isinstance(read_text(one), c.AskAgain | c.TakeText)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_secretary_is_told_to_press_is_a_button(language: str) -> None:
    buttons = {title for key, title in messages(language).items() if key.startswith("button.")}
    guide = text(ROOT / "docs" / f"secretary.{language}.md").split("\n## ", 1)[1]
    pressed = {" ".join(one.split()) for one in re.findall(r"\*\*([^*]+)\*\*", guide)}
    assert len(pressed) > 10
    assert pressed - buttons == set()


def test_the_pictures_are_those_of_the_guides_and_small() -> None:
    shown = {
        name
        for language in LANGUAGES
        for name in re.findall(r"images/secretary/([\w.-]+)", text(ROOT / "docs" / f"secretary.{language}.md"))
    }
    kept = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images" / "secretary").iterdir()}
    assert shown == set(kept)
    assert {name.split(".")[0] + "." + language + ".png" for name in shown for language in LANGUAGES} == shown
    assert max(kept.values()) < 60_000


def test_what_is_deployed_sets_what_the_bot_reads() -> None:
    given = set(re.findall(r"\{ name: '(\w+)'", BICEP))
    assert given - SETTINGS == {"PGPASSWORD"}
    needed = set(re.findall(r"^param (\w+) \w+$", BICEP, re.MULTILINE))
    parameters: dict[str, Any] = json.loads((ROOT / "infra" / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    assert needed == set(parameters)
    deployed = re.search(r"--parameters (.*)", text(ROOT / "docs" / "admin.md"))
    assert deployed is not None
    assert needed == set(re.findall(r"(\w+)=", deployed[1]))


def test_the_toolkit_is_given_what_the_package_needs() -> None:
    whole = (ROOT / "m365agents.yml").read_text(encoding="utf-8")
    told = yaml.safe_load(whole)
    steps = [*told["provision"], *told["publish"]]
    packing = [step["env"] for step in steps if step["uses"] == "script"]
    assert packing
    assert all(set(one) <= SETTINGS for one in packing)
    assert {step["with"]["appPackagePath"] for step in steps if "appPackagePath" in step["with"]} == {f"./{FILE}"}
    written = {name for step in steps for name in step.get("writeToEnvironmentFile", {}).values()}
    parameters = (ROOT / "infra" / "main.parameters.json").read_text(encoding="utf-8")
    head = whole.split("\nversion:")[0]
    asked = set(re.findall(r"\$\{\{(\w+)\}\}", whole + parameters))
    assert [name for name in asked - written - OTHERS if f"{name}=" not in head] == []
