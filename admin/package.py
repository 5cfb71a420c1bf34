"""`python app.py package`: the app as Teams takes it in, a zip of the manifest, its translations and the icons.

The same settings give the same bytes, so a package can be compared with the one that is installed.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

from admin.manifest import COLOUR_ICON, OUTLINE_ICON, VERSION, NotReady, manifest, translation, translations
from graph.check import Result, Row
from settings import Settings, read_settings

FILE = "pykala-teams.zip"
_ICONS = Path(__file__).parent / "icons"
# The outline has a drawing of its own, since it is looked at small.
_DRAWN = {COLOUR_ICON: "color.svg", OUTLINE_ICON: "outline.svg"}
# So many pixels of a drawing are an inch.
_PPI = 96
# A zip knows no earlier moment.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def add_command(commands: Any) -> None:
    """To the subparsers of `python app.py`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "package", help="the app package for Teams", description="Makes the app package for Teams from the settings."
    )
    parser.add_argument("--out", type=Path, default=Path(FILE), metavar="FILE", help=f"where to write it ({FILE})")
    parser.set_defaults(run=_run)


def app_package(settings: Settings) -> bytes:
    """The zip. `NotReady` names what is not set."""
    files: dict[str, bytes] = {"manifest.json": _json(manifest(settings))}
    files |= {name: icon(drawing) for name, drawing in _DRAWN.items()}
    files |= {file: _json(translation(language)) for language, file in translations().items()}
    whole = io.BytesIO()
    # Stored as they are: what compresses is not the same on every machine, and twenty kilobytes need it not.
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)
    return whole.getvalue()


def package_row(settings: Settings, file: Path) -> Row:
    """Whether the package that was made, and presumably uploaded, is what would be made now."""
    part = "app package"
    try:
        fresh = _files(app_package(settings))
    except NotReady as faults:
        return Row(part, Result.WARNING, "It cannot be made yet.", tuple(str(faults).splitlines()))
    try:
        made = _files(file.read_bytes())
    except FileNotFoundError:
        return Row(part, Result.SKIPPED, f"There is no {file} here; `python app.py package` makes it.")
    except (OSError, zipfile.BadZipFile) as unreadable:
        return Row(part, Result.WARNING, f"{file} cannot be read ({type(unreadable).__name__}); `python app.py package` makes it anew.")
    other = [name for name in fresh if made.get(name) != fresh[name]]
    if not other:
        return Row(part, Result.WORKS, f"{file} is of these settings and this version.")
    old, new = (json.loads(files.get("manifest.json", b"{}")) for files in (made, fresh))
    keys = [f"{key} in the manifest" for key in new if old.get(key) != new[key]]
    differ = ", ".join([*keys, *(name for name in other if name != "manifest.json")])
    return Row(part, Result.WARNING, f"{file} is not of these settings and this version: {differ}. Make it anew, and upload it again.")


def icon(drawing: str) -> bytes:
    """A drawing of this folder as a PNG of its own size in pixels, transparent where nothing is drawn."""
    made: bytes = typst.compile(_ICONS / "icon.typ", format="png", ppi=_PPI, sys_inputs={"drawing": drawing})
    return made


def _run(options: argparse.Namespace) -> int:
    settings = read_settings()
    try:
        content = app_package(settings)
    except NotReady as faults:
        sys.stderr.write("The package cannot be made:\n" + "".join(f"- {line}\n" for line in str(faults).splitlines()))
        return 1
    out: Path = options.out
    try:
        out.write_bytes(content)
    except OSError as error:
        sys.stderr.write(f"{out} cannot be written: {error.strerror}.\n")
        return 1
    sys.stdout.write(
        f"Written: {out} (version {VERSION}, app {manifest(settings)['id']}).\n"
        "Upload it in the Teams admin centre: Teams apps, Manage apps, Upload new app (docs/admin.md, “The app in Teams”).\n"
    )
    return 0


def _files(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"
