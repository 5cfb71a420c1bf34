"""`python -m tools.audit`: asks the advisory services of PyPI and npm about every pinned package. Fails when there is an advisory; what
could not be asked about is told, and fails nothing: a machine without the internet goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# Seconds for all packages of one kind.
PATIENCE = 180
# Advisories that do not concern us, by id, each with the reason and the day it was judged.
ACCEPTED: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Audit:
    """`advisories`: id → what it is about. `missing`: what was not asked about, and why; "" when everything was."""

    advisories: Mapping[str, str]
    missing: str = ""


def of_pip_audit(output: str) -> Audit:
    """From its JSON. What the service does not know is skipped, and the tool calls that no failure."""
    packages = json.loads(output)["dependencies"]
    found = {
        str(one["id"]): f"{package['name']} {package['version']}, {_fixed(one)}" for package in packages for one in package.get("vulns", ())
    }
    skipped = [str(one["name"]) for one in packages if "skip_reason" in one]
    names = "unreachable: the service knows none of them" if len(skipped) == len(packages) else ", ".join(skipped)
    return Audit(found, f"{len(skipped)} of {len(packages)} packages: {names}" if skipped else "")


def _fixed(advisory: Mapping[str, Any]) -> str:
    return f"fixed in {', '.join(advisory['fix_versions'])}" if advisory["fix_versions"] else "not fixed yet"


def of_npm_audit(output: str) -> Audit:
    """From its JSON: an advisory is an object under the package it is of, and a name under those that only need that one."""
    report = json.loads(output)
    if "vulnerabilities" not in report:
        return Audit({}, f"unreachable: {report.get('message') or report['error']['summary']}")
    via = (one for package in report["vulnerabilities"].values() for one in package["via"] if isinstance(one, dict))
    return Audit({str(one["url"]).rpartition("/")[2]: f"{one['name']} {one['range']}, {one['severity']}: {one['title']}" for one in via})


def ask(command: Sequence[str], read: Callable[[str], Audit]) -> Audit:
    """Both tools exit with 1 for an advisory and for an unreachable service alike: what they write tells."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603  # our own
    except (FileNotFoundError, subprocess.TimeoutExpired) as failure:
        return Audit({}, f"{command[0]} is not installed" if isinstance(failure, FileNotFoundError) else f"no answer within {PATIENCE} s")
    try:
        return read(done.stdout)
    except (ValueError, KeyError, TypeError, AttributeError):
        said = done.stderr.strip().splitlines() or ["no answer that can be read"]
        return Audit({}, f"unreachable: {said[-1][:200]}")


def told(what: str, audit: Audit, accepted: Mapping[str, str] = ACCEPTED) -> tuple[str, bool]:
    """The lines for people, and whether nothing was found but what is accepted."""
    lines = [f"{one}: {about}" + (f" (accepted: {accepted[one]})" if one in accepted else "") for one, about in audit.advisories.items()]
    if audit.missing:
        lines.append(f"not audited: {audit.missing}")
    said = "".join(f"{what}: {line}\n" for line in lines or ["no advisories"])
    return said, audit.advisories.keys() <= accepted.keys()


def main() -> int:
    pip_audit = (sys.executable, "-m", "pip_audit", "--progress-spinner=off", "--disable-pip", "--format=json")
    lists = ("--requirement=requirements.txt", "--requirement=requirements-dev.txt")
    asked = (
        ("Python packages", ask((*pip_audit, *lists), of_pip_audit)),
        ("npm packages", ask(("npm", "audit", "--package-lock-only", "--json", "--fetch-retries=1"), of_npm_audit)),
    )
    good = True
    for what, audit in asked:
        lines, clean = told(what, audit)
        sys.stdout.write(lines)
        good = good and clean
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
