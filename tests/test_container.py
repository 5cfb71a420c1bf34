"""No Docker engine runs with the tests: what they hold the image to is that it has all that the bot is made of, and nothing else."""

from __future__ import annotations

import ast
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ports import free_port
from tests.storage.databases import ROOT

DOCKERFILE = (ROOT / "infra" / "Dockerfile").read_text(encoding="utf-8")
# Of the Makefile's packages, those that the running bot is not made of.
_BESIDE = {"bench", "tests", "tools"}


def _copied() -> set[str]:
    """What of this folder goes into the second stage."""
    second = DOCKERFILE.split("\nFROM ")[2]
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", second, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def test_the_image_has_every_package_and_no_more() -> None:
    packages = re.search(r"^PACKAGES := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert packages is not None
    assert _copied() == set(packages[1].split()) - _BESIDE
    let_in = (ROOT / "infra" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in let_in if line.startswith("!")} == _copied() | {"requirements.txt"}
    assert let_in[1] == "*"


def test_what_is_copied_imports_nothing_that_is_not() -> None:
    own = {
        path.stem if path.suffix == ".py" else path.name
        for path in ROOT.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    copied = {Path(name).stem for name in _copied()}
    for name in _copied():
        for path in [ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = (
                    [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else [one.name for one in node.names]
                    if isinstance(node, ast.Import)
                    else []
                )
                assert {one.partition(".")[0] for one in names} & own <= copied, path


def test_the_health_check_tells_a_bot_that_lives_from_none(tmp_path: Path) -> None:
    """The image's own command, against the real bot started as the image starts it."""
    check = re.search(r"^HEALTHCHECK .*? CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    entry = re.search(r"^ENTRYPOINT (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert check is not None
    assert entry is not None
    asked, started = ([sys.executable, *yaml.safe_load(found[1])[1:]] for found in (check, entry))
    environment = {
        "PATH": os.environ["PATH"],
        "PYKALA_LOCAL": "1",
        "PORT": str(free_port()),
        "DATABASE_URL": f"sqlite:///{tmp_path}/pykala.db",
    }
    environment |= {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    assert subprocess.run(asked, env=environment, stderr=subprocess.DEVNULL, check=False).returncode == 1
    bot = subprocess.Popen(started, cwd=ROOT, env=environment)
    try:
        for _ in range(120):
            if subprocess.run(asked, env=environment, stderr=subprocess.DEVNULL, check=False).returncode == 0:
                break
            assert bot.poll() is None
            time.sleep(0.3)
        else:
            pytest.fail("never alive")
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(30) == 0
    finally:
        bot.kill()
        bot.wait()


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def test_whatever_compose_speaks_of_is_there(compose: dict[str, Any]) -> None:
    services, infra = compose["services"], ROOT / "infra"
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert set(service["networks"]) <= set(compose["networks"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (infra / source).is_file() if source.startswith(".") else source in compose["volumes"]
        if "image" in service and "build" not in service:
            assert re.fullmatch(r"[a-z]+:\d[\w.-]*", service["image"]), "a tag with a version"
        if "build" in service:
            assert (infra / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    # What has to be in .env is in the example, and every name there means something.
    text = (infra / "compose.yaml").read_text(encoding="utf-8")
    example = {line.partition("=")[0] for line in (infra / "env.example").read_text(encoding="utf-8").splitlines() if "=" in line}
    assert set(re.findall(r"\$\{(\w+)", text)) <= example
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in example - {"POSTGRES_PASSWORD"} if f"`{name}`" not in documented] == []


def test_two_bots_one_database_that_nobody_else_hears(compose: dict[str, Any]) -> None:
    services = compose["services"]
    bots = {name: service for name, service in services.items() if service["image"] == "pykala"}
    assert sorted(bots) == ["bot-1", "bot-2"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["database"]["networks"] == ["inside"]
    assert compose["networks"]["inside"]["internal"] is True
    caddy = (ROOT / "infra" / "Caddyfile").read_text(encoding="utf-8")
    port = bots["bot-1"]["environment"]["PORT"]
    assert shlex.split(caddy.split("reverse_proxy ")[1].split("{")[0]) == [f"{name}:{port}" for name in sorted(bots)]
    assert "health_uri /readyz" in caddy
