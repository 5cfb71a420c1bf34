"""Strangers' files, read in a process of their own with little memory and time: whatever a file does to its reader, the bot goes on.

The process knows nothing of the bot: no environment, no open files, one file on its standard input, with the document that a template is to
hold. `python -m documents.bounded` is it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
import resource
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from documents.blocks import MinutesDoc
from documents.docx import check_template, render_docx
from documents.intake import read_file
from meetings.errors import Refused

# The largest file within the limits of `intake` takes a third of each.
MEMORY = 512 * 1024 * 1024
PROCESSOR_SECONDS = 10
# Teams sends a message again after fifteen seconds without an answer; that finds this one under way.
PATIENCE = 20.0
AT_ONCE = 2

_HOUSE = Path(__file__).parent.parent
_PROGRAM = (sys.executable, "-m", f"{__package__}.{Path(__file__).stem}")


class FileReader:
    """Reads files two at a time; others wait. `program` and `patience` (seconds for one file): others than its own, for tests."""

    def __init__(self, program: Sequence[str] = _PROGRAM, patience: float = PATIENCE) -> None:
        self._program = program
        self._patience = patience
        self._room = asyncio.Semaphore(AT_ONCE)

    async def text(self, name: str, content: bytes) -> str:
        """As `intake.read_file`; `Refused("file.heavy", name=…)` when that takes more than a file may."""
        return await self._read("text", name, content)

    async def check_template(self, name: str, content: bytes) -> None:
        """As `docx.check_template`; heavy as above."""
        await self._read("template", name, content)

    async def fill_template(self, doc: MinutesDoc, content: bytes) -> bytes:
        """As `docx.render_docx` with somebody's template; heavy as above."""
        return base64.b64decode(await self._read("document", doc.title, content, base64.b64encode(pickle.dumps(doc)).decode()))

    async def _read(self, what: Literal["text", "template", "document"], name: str, content: bytes, doc: str = "") -> str:
        async with self._room:
            output = await self._output(json.dumps({"what": what, "name": name, "doc": doc}).encode() + b"\n" + content)
        try:
            told = json.loads(output)
        except ValueError:
            # Ended by its limits, or by a fault in a parser.
            raise Refused("file.heavy", name=name[:80]) from None
        if "refused" in told:
            raise Refused(told["refused"], **told["params"])
        return str(told["read"])

    async def _output(self, sent: bytes) -> bytes:
        child = await asyncio.create_subprocess_exec(*self._program, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=_HOUSE, env={})
        try:
            async with asyncio.timeout(self._patience):
                return (await child.communicate(sent))[0]
        except TimeoutError:
            return b""
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()


def main() -> None:
    """One file from standard input, after a line that says what it is for; what was read, or why not, goes to standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    told: dict[str, Any] = {"read": ""}
    try:
        if asked["what"] == "template":
            check_template(content)
        elif asked["what"] == "document":
            doc = pickle.loads(base64.b64decode(asked["doc"]))  # noqa: S301  # from the bot, before anything of the file is read
            told["read"] = base64.b64encode(render_docx(doc, content)).decode()
        else:
            told["read"] = read_file(asked["name"], content)
    except Refused as refused:
        told = {"refused": refused.key, "params": refused.params}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
