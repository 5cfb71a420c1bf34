"""What the two tools write, recorded: an advisory fails, a service that cannot be asked is told and fails nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import pytest

from tools.audit import Audit, ask, of_npm_audit, of_pip_audit, told

# pip-audit 2.10.1.
CLEAN = {"dependencies": [{"name": "aiohttp", "version": "3.14.5", "vulns": []}], "fixes": []}
FOUND = {
    "dependencies": [
        {
            "name": "jinja2",
            "version": "2.4.1",
            "vulns": [
                {"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": ["CVE-2019-10906"], "description": "-"},
                {"id": "PYSEC-2099-1", "fix_versions": [], "aliases": [], "description": "-"},
            ],
        },
        {"name": "own", "skip_reason": "Dependency not found on PyPI and could not be audited: own (1)"},
    ],
    "fixes": [],
}
# As behind a mirror that knows packages and no advisories: the tool ends with 0 and "No known vulnerabilities found".
SKIPPED = {"dependencies": [{"name": "aiohttp", "skip_reason": "Dependency not found on PyPI and could not be audited: aiohttp (3.14.5)"}]}

# npm 11.19.1.
NPM_CLEAN = {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"vulnerabilities": {"total": 0}}}
NPM_FOUND = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "minimist": {
            "name": "minimist",
            "severity": "critical",
            "via": [
                {
                    "source": 1097678,
                    "name": "minimist",
                    "title": "Prototype Pollution in minimist",
                    "url": "https://github.com/advisories/GHSA-xvch-5gv4-984h",
                    "severity": "critical",
                    "range": "<0.2.4",
                }
            ],
            "effects": ["mkdirp"],
        },
        "mkdirp": {"name": "mkdirp", "severity": "critical", "via": ["minimist"], "effects": []},
    },
}
NPM_REFUSED = {
    "message": "405 Method Not Allowed - POST https://registry.npmjs.org/-/npm/v1/security/advisories/bulk",
    "statusCode": 405,
    "error": {"summary": "", "detail": ""},
}
NPM_ALONE = {"message": "", "error": {"summary": "request failed, reason: connect ECONNREFUSED", "detail": ""}}


def lines(audit: Audit, accepted: Mapping[str, str]) -> tuple[list[str], bool]:
    said, good = told("X", audit, accepted)
    return said.splitlines(), good


@pytest.mark.parametrize(
    ("audit", "said", "good"),
    [
        (of_pip_audit(json.dumps(CLEAN)), ["X: no advisories"], True),
        (
            of_pip_audit(json.dumps(FOUND)),
            [
                "X: PYSEC-2019-217: jinja2 2.4.1, fixed in 2.10.1",
                "X: PYSEC-2099-1: jinja2 2.4.1, not fixed yet",
                "X: not audited: 1 of 2 packages: own",
            ],
            False,
        ),
        (of_pip_audit(json.dumps(SKIPPED)), ["X: not audited: 1 of 1 packages: unreachable: the service knows none of them"], True),
        (of_npm_audit(json.dumps(NPM_CLEAN)), ["X: no advisories"], True),
        (
            of_npm_audit(json.dumps(NPM_FOUND)),
            ["X: GHSA-xvch-5gv4-984h: minimist <0.2.4, critical: Prototype Pollution in minimist"],
            False,
        ),
        (of_npm_audit(json.dumps(NPM_REFUSED)), [f"X: not audited: unreachable: {NPM_REFUSED['message']}"], True),
        (of_npm_audit(json.dumps(NPM_ALONE)), ["X: not audited: unreachable: request failed, reason: connect ECONNREFUSED"], True),
    ],
)
def test_an_advisory_fails_and_silence_is_told(audit: Audit, said: list[str], good: bool) -> None:
    assert lines(audit, {}) == (said, good)


def test_what_was_judged_not_to_concern_us_is_told_with_its_reason_and_fails_nothing_else() -> None:
    audit = of_pip_audit(json.dumps(FOUND))
    accepted = {"PYSEC-2019-217": "no sandbox is used, 1.1.2026"}
    said, good = lines(audit, accepted)
    assert (said[0], good) == ("X: PYSEC-2019-217: jinja2 2.4.1, fixed in 2.10.1 (accepted: no sandbox is used, 1.1.2026)", False)
    assert lines(audit, {**accepted, "PYSEC-2099-1": "-"})[1]


@pytest.mark.parametrize(
    ("program", "missing"),
    [
        (f"import sys; sys.stdout.write({json.dumps(CLEAN)!r}); sys.exit(1)", ""),
        (
            "import sys; sys.exit('requests.exceptions.ConnectionError: Failed to resolve')",
            "unreachable: requests.exceptions.ConnectionError",
        ),
        ("print('[]')", "unreachable: no answer that can be read"),
    ],
)
def test_what_a_tool_writes_tells_whatever_it_ends_with(program: str, missing: str) -> None:
    audit = ask((sys.executable, "-c", program), of_pip_audit)
    assert audit.missing.startswith(missing)
    assert bool(audit.missing) == bool(missing)


def test_a_tool_that_is_not_there_is_told() -> None:
    assert ask(("no-such-tool",), of_npm_audit) == Audit({}, "no-such-tool is not installed")
