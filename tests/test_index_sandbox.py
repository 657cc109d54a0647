"""Files are read in processes of their own: how many there are, and what is said when one fails."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from index.documents import UNTOLD, Document, Heading, Properties, Style
from index.errors import DocumentError
from index.loading import sandbox
from index.loading.formats import LIMITS, Limits
from index.loading.load import load_bytes
from index.loading.pages import draw_page


def answer(request: dict[str, Any], data: bytes) -> tuple[Any, bytes]:
    """What the processes do in these tests, in the place of parsing."""
    what, _, path = data.decode().partition(" ")
    if what == "crash":
        os.abort()
    if what == "bug":
        raise LookupError("\x1b[31m" + "long " * 1000)
    if what == "wait":
        Path(path, "begun").mkdir()
        while not Path(path, "end").exists():
            time.sleep(0.01)
    if what == "hoard":
        bytearray(10**9)
    if what == "sleep":
        threading.Event().wait()
    nothing: dict[str, Any] = {"headings": [], "pages": [], "properties": {}, "styles": []}
    nothing |= {"scans": [], "unread": []}
    return {"title": str(os.getpid()), **nothing}, b"text"


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sandbox, "_PARSERS", __name__)
    monkeypatch.setattr(sandbox._readers, "idle", [])
    yield
    for child in sandbox._readers.idle:
        child.stop()


def pid(data: str = "", limits: Limits = LIMITS) -> str:
    return load_bytes(data.encode() or b"x", "a.txt", limits=limits).title


def test_an_idle_process_is_used_again_unless_its_memory_is_another(processes: None) -> None:
    first = pid()
    assert pid() == first
    assert pid(limits=Limits(max_memory=10**9)) != first
    assert len(sandbox._readers.idle) == 1


def test_two_files_at_once_are_read_by_two_processes(processes: None, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(pid, f"wait {tmp_path}")
        while not (tmp_path / "begun").exists() and not waits.done():
            time.sleep(0.01)
        other = pid()
        assert not waits.done()
        (tmp_path / "end").mkdir()
        assert waits.result() != other
    assert len(sandbox._readers.idle) == 2


def test_no_more_files_are_read_at_once_than_there_are_places(processes: None) -> None:
    with ThreadPoolExecutor(4 * sandbox.MOST) as pool:
        read = list(pool.map(lambda _: pid(), range(4 * sandbox.MOST)))
    assert len(set(read)) <= sandbox.MOST
    assert len(sandbox._readers.idle) <= sandbox.MOST


def test_pages_that_are_read_from_pictures_keep_no_file_waiting(processes: None) -> None:
    with sandbox._scanners.places, sandbox._scanners.places:
        assert pid()


FAILURES = {
    "crash": r"since it crashed \(SIGABRT\)\.",
    "hoard": r"since it needs more than 0\.5 GB of memory\.",
    "sleep": r"since it took longer than 2 seconds\.",
    "bug": r"since its parser fails on it \(LookupError: \[31mlong",
}


def test_what_becomes_of_a_parser_is_one_sentence(processes: None) -> None:
    limits = Limits(max_memory=500_000_000, max_seconds=2)
    for data, why in FAILURES.items():
        before = pid(limits=limits)
        with pytest.raises(DocumentError, match=rf"^a\.txt cannot be read, {why}") as told:
            pid(data, limits)
        assert len(str(told.value)) < 400
        assert "Save it again" in str(told.value)
        assert (pid(limits=limits) == before) == (data == "bug"), "what has died is started again"


def test_a_page_whose_drawing_fails_is_told(processes: None) -> None:
    paper = Document.of("text", title="", source="x/paper.pdf", pages=(0,))
    with pytest.raises(DocumentError, match=r"^paper\.pdf cannot be read, since it crashed"):
        draw_page(b"crash", paper, 1, None)


def test_everything_that_is_read_comes_over_whole() -> None:
    page = """<html lang="fi"><head><meta name="author" content="Ånn Lee"></head>
    <h1>Ö</h1><p>One <b>two</b> 🙂</html>"""
    content = sandbox.read_sandboxed(page.encode(), "html", None, LIMITS)
    assert content.text == "Ö\n\nOne two 🙂"
    assert content.title == "Ö"
    assert content.headings == (Heading(0, 1, 1),)
    assert content.styles == (Style(7, 10, "strong"),)
    assert content.properties == Properties("Ånn Lee", language="fi")
    text = sandbox.read_sandboxed("One\fTwo é".encode("cp1252"), "text", "latin-1", LIMITS)
    assert (text.text, text.pages, text.properties) == ("One\fTwo é", (0, 4), UNTOLD)
