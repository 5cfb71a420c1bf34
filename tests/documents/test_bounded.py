"""Files that would take their reader down, read in the process that may go down: a sentence comes back, and the bot goes on meanwhile."""

from __future__ import annotations

import asyncio
import io
import sys
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from documents.bounded import MEMORY, FileReader
from documents.default_template import template
from meetings.errors import Refused
from tests.documents.sent import NAMESPACES, ole, p, plain_word, with_part, word, workbook
from texts import LANGUAGES, t

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHING = f'<!DOCTYPE w:document [<!ENTITY l0 "ha">{LAUGHS}]><w:document {NAMESPACES}><w:body><w:p>&l9;</w:p></w:body></w:document>'
STOLEN = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document {NAMESPACES}><w:body><w:p>&x;</w:p></w:body></w:document>'
SHARED = '<!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa">]><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&a;</t></si></sst>'


def bomb(size: int = 80 * 1024 * 1024) -> bytes:
    """A Word file of some 80 KB that unpacks to 80 MB."""
    return with_part(plain_word(), "word/document.xml", b" " * size)


def nested_bomb() -> bytes:
    """A package of packages: whoever unpacked all the way down would not come back."""
    inner = bomb(20 * 1024 * 1024)
    for _ in range(2):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            for n in range(10):
                package.writestr(f"{n}.docx", inner)
        inner = out.getvalue()
    return inner


def pages(count: int) -> bytes:
    return word("".join(p(f"<w:r><w:t>Sivu {n}</w:t><w:br w:type='page'/></w:r>") for n in range(count)))


@asynccontextmanager
async def going_on() -> AsyncIterator[None]:
    """The loop never stands still for long while a file is read."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    beating = asyncio.create_task(beat())
    yield
    beating.cancel()
    assert longest < 2, f"nobody was answered for {longest:.1f} s"


async def refusal(reader: FileReader, name: str, content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        await reader.text(name, content)
    for language in LANGUAGES:
        assert name in t(language, refused.value.key, **refused.value.params)
    return refused.value.key


async def test_whatever_is_in_a_file_a_sentence_comes_back() -> None:
    sent = {
        ("pommi.docx", "bomb"): bomb(),
        ("syva.docx", "bomb"): with_part(plain_word(), "word/document.xml", b"<a>" * 400_000 + b"</a>" * 400_000),
        ("sisakkain.docx", "other_kind"): nested_bomb(),
        ("nauru.docx", "unsafe"): with_part(plain_word(), "word/document.xml", LAUGHING),
        ("salat.docx", "unsafe"): with_part(plain_word(), "word/document.xml", STOLEN),
        ("nauru.xlsx", "unsafe"): with_part(workbook(A=[["a"]]), "xl/sharedStrings.xml", SHARED),
        ("pino.docx", "broken"): with_part(plain_word(), "word/document.xml", b"<a>" * 250_000 + b"</a>" * 250_000),
        ("vanha.doc", "old_office"): ole("WordDocument"),
        ("kuva.docx", "image"): b"\x89PNG\r\n\x1a\n" + bytes(900),
        ("ohjelma.txt", "other_kind"): b"\x7fELF\x02\x01\x01" + bytes(900),
    }
    reader = FileReader()
    async with going_on():
        said = await asyncio.gather(*(refusal(reader, name, content) for (name, _), content in sent.items()))
    assert said == [f"file.{key}" for _, key in sent]


async def test_a_file_of_ten_thousand_pages_is_read() -> None:
    async with going_on():
        text = await FileReader().text("pitka.docx", pages(10_000))
    assert text.count("Sivu ") == 10_000


async def test_a_name_of_any_letters_and_a_text_of_any_come_as_they_are() -> None:
    reader = FileReader()
    assert await reader.text("\ud800\x00\n\u202eä.txt", "Päätös 😀 \u202e§".encode()) == "Päätös 😀 \u202e§"
    await reader.check_template("pohja.docx", template())
    with pytest.raises(Refused, match=r"documents\.template_unreadable"):
        await reader.check_template("pohja.docx", b"")


STUBBORN = {
    "hangs": "import time; time.sleep(600)",
    "computes": "while True: pass",
    "eats memory": "x = [bytearray(2**20) for _ in range(2**20)]",
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
}


def stubborn(tmp_path: Path, way: str) -> tuple[str, ...]:
    """The real program, with a parser in it that goes wrong in some way."""
    script = tmp_path / "reader.py"
    script.write_text(
        "import sys; sys.path.insert(0, '.')\n"
        "from documents import bounded\n"
        f"def read_file(name, content):\n    {way}\n"
        "bounded.read_file, bounded.PROCESSOR_SECONDS = read_file, 1\n"
        "bounded.main()\n",
        encoding="utf-8",
    )
    return (sys.executable, str(script))


@pytest.mark.parametrize("way", ["hangs", "computes", "eats memory", "crashes"])
async def test_a_reader_that_goes_wrong_is_ended_and_the_next_file_is_read(tmp_path: Path, way: str) -> None:
    reader = FileReader(stubborn(tmp_path, STUBBORN[way]), patience=2 if way == "hangs" else 20)
    before = time.monotonic()
    async with going_on():
        assert await refusal(reader, "lista.docx", plain_word()) == "file.heavy"
    assert time.monotonic() - before < 15
    assert not [one for one in psutil.Process().children(recursive=True) if str(tmp_path) in " ".join(one.cmdline())]
    assert await FileReader().text("lista.docx", plain_word()) == "1 § Avaus"


async def test_the_reader_knows_nothing_of_the_bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MicrosoftAppPassword", "salainen")
    told = "import os, resource; return [dict(os.environ), resource.getrlimit(resource.RLIMIT_AS)[0], os.listdir('/proc/self/fd')]"
    with (tmp_path / "open").open("w", encoding="utf-8"):
        environment, memory, files = eval(await FileReader(stubborn(tmp_path, told)).text("a.txt", b"a"))  # noqa: S307  # our own script
    assert "MicrosoftAppPassword" not in environment
    assert memory == MEMORY
    assert set(files) <= {"0", "1", "2", "3"}


async def test_many_files_at_once_take_turns(tmp_path: Path) -> None:
    """Four at once are never more than two processes."""
    most = 0
    reader = FileReader(stubborn(tmp_path, "import time; time.sleep(0.05); return name"))
    reading = asyncio.gather(*(reader.text(str(n), b"a") for n in range(4)))
    while not reading.done():
        most = max(most, len([one for one in psutil.Process().children() if str(tmp_path) in _command(one)]))
        await asyncio.sleep(0.01)
    assert await reading == [str(n) for n in range(4)]
    assert most == 2


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
