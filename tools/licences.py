"""`python -m tools.licences`: writes docs/licences.md from what the installed packages and package-lock.json say of themselves. Refuses a
licence that stands in none of the groups."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"

# By SPDX (https://spdx.org/licenses/).
PERMISSIVE = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"}
WEAK = {"LGPL-2.1-only", "LGPL-3.0-only", "MPL-2.0"}
APART = {"GPL-3.0-only", "LicenseRef-Microsoft-Pre-Release"}
KNOWN = PERMISSIVE | WEAK | APART
WRITTEN: Mapping[str, str] = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "GPL-3.0": "GPL-3.0-only",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The MIT License (MIT)": "MIT",
}
# Of packages that say only "BSD" or less: from the licence in the package.
READ: Mapping[str, str] = {
    "@microsoft/m365agentsplayground": "LicenseRef-Microsoft-Pre-Release",
    "isodate": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "jsonpickle": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "requests-oauthlib": "ISC",
}
HEAD = """# Licences

What Pykälä stands on, by what each package says of itself. `python -m tools.licences` writes this page; the tests see that it is
current, and that each licence is in one of three groups:

- **Permissive** ({permissive}):
  whoever gives copies on gives the notice along. The packages bring theirs, and the container image has the packages whole.
- **Weak copyleft** ({weak}): who changes the library gives the change on under the same licence; who uses
  it as it is need not give on anything else. Pykälä changes none, and each is a package of its own that anybody can replace.
- **Apart** ({apart}): programs that developers run beside the bot and that no copy of it contains.
  hadolint, under the GPL, looks at the Dockerfile; Microsoft's Playground may be installed and used, not given on. None may be among what
  runs.

## What no list of packages tells

| what | whose | licence |
|---|---|---|
| icons of the app (`admin/icons/`), pictures, the Word template | our own | as Pykälä |
| Libertinus Serif, in typst and so in each PDF | The Libertinus Project | OFL-1.1 |
| DejaVu Sans Mono, in typst and so in PDFs with signs that the other lacks | Bitstream, DejaVu | Bitstream-Vera |
| New Computer Modern, in typst, in no document of ours | Antonis Tsolomitis | GUST-Font-License |
| libpq, OpenSSL, Kerberos, OpenLDAP, SASL, in psycopg-binary | their projects | PostgreSQL, Apache-2.0, MIT, OLDAP-2.8, BSD |
| libcrypt, libkeyutils, in psycopg-binary | their projects | LGPL |
| libxml2, libxslt, in lxml | GNOME | MIT |
"""


@dataclass(frozen=True, slots=True)
class Package:
    """`licence`: an SPDX expression. `runs`: with the bot, and not beside those who work on it."""

    name: str
    licence: str
    runs: bool


def python_packages() -> list[Package]:
    """All that is pinned, as installed."""
    running, everything = (_pinned(name) for name in ("requirements.txt", "requirements-dev.txt"))
    return [Package(name, licence_of(name, metadata(name)), name in running) for name in sorted(running | everything)]


def npm_packages() -> list[Package]:
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found = {path.rpartition("node_modules/")[2]: (str(one.get("license", "")), not one.get("dev")) for path, one in locked.items() if path}
    return [Package(name, READ.get(name, written), runs) for name, (written, runs) in sorted(found.items())]


def _pinned(name: str) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def licence_of(name: str, told: PackageMetadata) -> str:
    """The newest way of telling it first; a classifier, which may tell the family alone, last. Of several that are told, the first that we
    know."""

    def all_of(field: str) -> list[str]:
        return [one.strip() for one in told.get_all(field) or ()]

    classifiers = [one.rpartition(" :: ")[2] for one in all_of("Classifier") if one.startswith("License :: ")]
    said = [*all_of("License-Expression"), *(one.partition("\n")[0] for one in all_of("License")), *classifiers]
    ways = [READ[name]] if name in READ else [WRITTEN.get(one, one) for one in said if one]
    return next((one for one in ways if not parts(one) - KNOWN), ways[0] if ways else "none told")


def parts(licence: str) -> set[str]:
    """The licences in an SPDX expression."""
    return set(re.split(r"[()\s]+|\b(?:AND|OR|WITH)\b", licence)) - {""}


def faults(packages: Iterable[Package]) -> list[str]:
    """The packages whose licence nobody has judged, and what may not run."""
    found = []
    for one in packages:
        if parts(one.licence) - KNOWN:
            found.append(f"{one.name}: {one.licence} is in no group")
        elif one.runs and parts(one.licence) & APART:
            found.append(f"{one.name}: {one.licence} may not be among what runs")
    return found


def page(python: Iterable[Package], npm: Iterable[Package]) -> str:
    def table(title: str, packages: Iterable[Package]) -> str:
        rows = "".join(f"| {one.name} | {one.licence} |\n" for one in packages)
        return f"\n## {title}\n\n| package | licence |\n|---|---|\n{rows}"

    groups = {name: ", ".join(sorted(group)) for name, group in (("permissive", PERMISSIVE), ("weak", WEAK), ("apart", APART))}
    python = list(python)
    return (
        HEAD.format(**groups)
        + table("What runs", (one for one in python if one.runs))
        + table("For those who work on it: Python", (one for one in python if not one.runs))
        + table("For those who work on it: npm", npm)
    )


def main() -> int:
    python, npm = python_packages(), npm_packages()
    if wrong := faults((*python, *npm)):
        sys.stderr.write("".join(f"{one}\n" for one in wrong))
        return 1
    PAGE.write_text(page(python, npm), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
