"""What went wrong, in words that may be kept: many an error's text repeats what somebody has typed, or whom it was about."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb

from meetings.errors import Coded

# Their texts name parts of the program.
_OF_THE_PROGRAM = (AttributeError, ImportError, NameError, TypeError)
_DEEPEST = 12
_HERE = Path(__file__).parents[1]


def reason(error: BaseException) -> str:
    """The error's class, and its text where that says nothing of people: a code of ours or of the system's, or a name in the program."""
    kind, said = type(error).__name__, _said(error)
    return f"{kind}: {said}" if said else kind


def _said(error: BaseException) -> str:
    if isinstance(error, (Coded, *_OF_THE_PROGRAM)):
        return str(error)
    if isinstance(error, OSError) and error.errno:
        return errno.errorcode.get(error.errno, str(error.errno))
    # What the database's driver raised, below SQLAlchemy's own.
    driver = getattr(error, "orig", None) or error
    return str(getattr(driver, "sqlstate", None) or getattr(driver, "sqlite_errorname", None) or "")


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from, and so on."""
    one: BaseException | None = error
    for _ in range(_DEEPEST):
        if one is None:
            return
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def places(error: BaseException) -> list[str]:
    """Where it was raised, the outermost call first: `file:line function`. Of the calls only those of this program, and the last."""
    frames = list(extract_tb(error.__traceback__))
    told = [frame for frame in frames[:-1] if _ours(Path(frame.filename))] + frames[-1:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in told]


def _ours(file: Path) -> bool:
    """The libraries may lie below this folder too, in .venv."""
    return file.is_relative_to(_HERE) and "site-packages" not in file.parts
