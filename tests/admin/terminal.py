"""The commands of `python app.py` as an administrator gives them: another process, its words and its exit status."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


async def command(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """Run in this folder, with these settings and no others; status and all that was said."""
    own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "app.py"),
        *arguments,
        cwd=folder,
        env={**own, "COLUMNS": "200", **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert b"Traceback" not in said, said.decode()
    return process.returncode or 0, said.decode()
