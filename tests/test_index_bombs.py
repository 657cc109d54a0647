"""Files that fill the memory, never end, or would have others read: one sentence, or their text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

from index.errors import DocumentError
from index.loading.formats import Limits
from index.loading.load import load, load_bytes
from index.loading.pages import Page, draw_page
from index.split import split
from index.structure import structure
from tests.bombs import Bomb, archives, data_files, pdfs, texts
from tests.faults import Faults
from tests.serving import Request, serving

pytestmark = pytest.mark.faults

SMALL = Limits(max_unpacked_bytes=25_000_000, max_memory=1_000_000_000, max_seconds=10)
SECRET = "The lighthouse keeper's word is Skagerrak."
STRUCTURED = 1_000_000
"""Longer texts are read, and not also taken apart."""


class Around(NamedTuple):
    """What is around a file, and none of its business: the address of a file, and of a site."""

    secret: str
    site: str
    asked: list[str]


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Around]:
    asked: list[str] = []

    def reply(request: Request) -> None:
        asked.append(request.path)
        request.answer(404)

    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    with serving(reply) as address:
        yield Around(secret.as_uri(), address, asked)


T = TypeVar("T")


def attempt(call: Callable[[], T]) -> T | str:
    """Return what comes of a call, or the one sentence that is said instead."""
    try:
        return call()
    except DocumentError as error:
        return str(error)


def outcome(bomb: Bomb) -> str:
    """Return a bomb's text, or what is said of it, having done with it all that can be done."""
    data = bomb.make()
    document = attempt(lambda: load_bytes(data, bomb.name, limits=SMALL))
    if isinstance(document, str):
        assert re.fullmatch(r"(There is no text in )?a\.\w+\b.*\.", document), document
        assert len(document) < 400
        return document
    if len(document.text) < STRUCTURED:
        for passage in split(document):
            assert document.text[passage.span.start : passage.span.end].strip()
        structure(document)
    if document.file:
        drawn = attempt(lambda: draw_page(data, document, 1, (0, 10)))
        assert isinstance(drawn, Page) or re.match("Page 1 of a.pdf cannot|a.pdf cannot", drawn)
    return document.text


@pytest.mark.parametrize(
    "kind", [archives, texts, data_files, pdfs], ids=lambda kind: kind.__name__
)
def test_a_bomb_is_text_or_one_sentence(kind: object, around: Around, faults: Faults) -> None:
    passwords = Path("/etc/passwd").read_text().split("\n")[0]
    for bomb in faults.some(list(kind(around.secret, around.site))):  # type: ignore[operator]
        with faults.trying("bombs", f"{bomb.name} with {bomb.tries}"):
            told = outcome(bomb)
            assert re.search(bomb.comes, told), told[:300]
            assert SECRET not in told
            assert passwords not in told
            assert load_bytes(b"A harbour.", "b.txt", limits=SMALL).text == "A harbour."
    assert around.asked == []


UPLOADED: dict[str, str | None] = {
    **dict.fromkeys(("../../x.txt", "..\\..\\x.txt", "/etc/passwd/x.txt"), "x.txt"),
    **dict.fromkeys(("C:\\files\\x.txt", "C:\\con\\x.txt", "/etc/x.txt\u202e"), "x.txt"),
    "x.txt/": "x.txt",
    "/etc/\x07x.txt": "␇x.txt",
    "a\nb\r\n.txt": "a␊b␍␊.txt",
    "a\u202etxt.exe.txt": "atxt.exe.txt",
    "a\0.txt": "a␀.txt",
    "\x1b[31mred.txt": "␛[31mred.txt",
    **{
        each: each
        for each in (
            *("CON.txt", "nul.txt", "aux.c.txt", "é" * 127 + ".txt", "-rf.txt", "~.txt"),
            *("~root.txt", "%2e%2e%2fx.txt", "$(reboot).txt", "<img src=x>.txt", "{name}.txt"),
        )
    },
    **dict.fromkeys((" .txt", "..", ".txt", "", "\ud800.txt", "x.txt\u200b")),
    **dict.fromkeys(("n" * 255 + ".txt", "a" * 100_000 + ".txt")),
}
"""What an upload says that it is called, and what it is called; None where it is refused."""


@pytest.mark.parametrize("name", UPLOADED, ids=lambda name: repr(name)[:20])
def test_the_name_of_an_upload_is_a_name_and_no_path(name: str, faults: Faults) -> None:
    with faults.trying("names of files", repr(name)[:40]):
        document = attempt(lambda: load_bytes(b"A harbour.", name))
        if isinstance(document, str):
            assert UPLOADED[name] is None, document
            assert "\n" not in document
            assert len(document) < 500
        else:
            assert document.source == UPLOADED[name]
            assert document.title == document.source.removesuffix(".txt")
            assert not re.search(r"[\x00-\x1f\u202a-\u202e]", document.source + document.title)


ON_DISK = (
    *("-rf.txt", "~.txt", "~nobody-here.txt", "%2e%2e.txt", "a\nb.txt", "a\u202eb.txt", "$x.txt"),
    *("CON.txt", "nul.txt", "...txt", " .. .txt", "a\\..\\b.txt", "n" * 251 + ".txt", "\udcff.txt"),
    *("file:x.txt", "<b>.txt", "*.txt", "{name}.txt"),
)


@pytest.mark.parametrize("name", ON_DISK, ids=lambda name: repr(name)[:20])
def test_a_file_is_read_whatever_it_is_called(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    (tmp_path / name).write_text("A harbour.")
    monkeypatch.chdir(tmp_path)
    for given in (tmp_path / name, name):
        with faults.trying("names of files", f"{name!r} on disk"):
            document = load(given)
            assert document.text == "A harbour."
            assert "\n" not in document.title


def test_what_is_no_file_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.symlink_to(other)
    other.symlink_to(one)
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    devices = ("/dev/zero", "/dev/stdin", "/proc/self/mem", "/proc/self/environ", "/dev/tty")
    for number, device in enumerate(devices):
        (tmp_path / f"device{number}.txt").symlink_to(device)
    monkeypatch.chdir(tmp_path)
    paths = [*sorted(each.name for each in tmp_path.iterdir()), *devices]
    paths += ["/proc/self/fd/0", "../" * 500, "a/" * 5000 + "x.txt", "n" * 256 + ".txt"]
    paths += ["~no-one/x.txt"]
    for path in paths:
        with (
            faults.trying("names of files", path[:40]),
            pytest.raises(DocumentError, match=r"^[^\n]{5,}\.$"),
        ):
            load(path)
