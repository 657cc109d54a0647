"""What was being added when the window ended is told at its next start, by name."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from index.library import Library
from tests.browser import window
from tests.commands import ROOT
from tests.conftest import OpenLibrary
from tests.faults import Faults
from ui.panels.adding.job import Job
from ui.panels.adding.unfinished import Unfinished

pytestmark = [pytest.mark.weights]

KILLED = """
import os, sys
from pathlib import Path
from index.loading.load import load_bytes
from rag.config import load_settings
from rag.opening import open_library
from ui.panels.adding.job import Item, Job

def item(name, data):
    return Item(name, lambda _: load_bytes(data, name))

def die(_):
    os.kill(os.getpid(), 9)

library = open_library(load_settings(library=Path(sys.argv[1]), llm="none"))
job = Job(library, visitor="browser")
dies = int(sys.argv[2])
given = [item(f"{n}.txt", f"Ship {n} sank in {1900 + n}.".encode()) for n in range(6)]
for at, each in enumerate(given):
    each.read = die if at == dies else each.read
job.add(given)
job.wait(60)
"""


@pytest.mark.faults
def test_a_killed_program_says_what_it_had_not_added(
    tmp_path: Path, open_library: OpenLibrary, faults: Faults
) -> None:
    for dies in faults.some(range(6)):
        with faults.trying("a window killed", f"at upload {dies}"):
            folder = tmp_path / str(dies)
            command = [sys.executable, "-c", KILLED, str(folder), str(dies)]
            ended = subprocess.run(command, cwd=ROOT, check=False, timeout=120)
            assert ended.returncode == -signal.SIGKILL
            library = open_library(folder)
            added = {entry.source for entry in library.entries()}
            job = Job(library, visitor="browser")
            assert Job(library, visitor="somebody").outcomes() == []
            [told] = job.outcomes()
            assert not told.well
            for n in range(6):  # One was added and not yet struck off, at most.
                assert f"{n}.txt" in told.text or f"{n}.txt" in added
            assert f"{dies}.txt" in told.text
            assert sum(f"{n}.txt" in told.text and f"{n}.txt" in added for n in range(6)) <= 1
            job.forget()
            assert Job(library, visitor="browser").outcomes() == []
            assert list((folder / "adding").iterdir()) == []


def test_a_record_that_is_damaged_or_held_tells_nothing(tmp_path: Path) -> None:
    ours, theirs = (Unfinished(tmp_path, "user ada") for _ in "ab")
    ours.begin(["a.txt", "b.txt", "a.txt", "ü\ud800.txt"])
    ours.over("a.txt")
    assert theirs.names() == [], "another window is at it"
    theirs.begin(["c.txt"])
    theirs.over("b.txt")
    theirs.end()
    [path] = (tmp_path / "adding").glob("*.jsonl")
    with path.open("a") as file:
        file.write('"b.tx')  # Cut off.
    assert ours.names() == ["b.txt", "a.txt", "ü\ud800.txt"]
    for damaged in (b"", b"\xff\n", b"7\n", b'["a.txt"]\n[]\n{}\n'):
        path.write_bytes(damaged)
        assert ours.names() in ([], ["a.txt"])
    ours.end()
    assert list((tmp_path / "adding").iterdir()) == []
    (tmp_path / "file").touch()
    nowhere = Unfinished(tmp_path / "file", "user ada")
    nowhere.begin(["a.txt"])
    nowhere.over("a.txt")
    nowhere.end()
    assert nowhere.names() == []


@pytest.mark.browser
def test_the_next_start_names_what_was_not_added(
    browser: Browser, tmp_path: Path, open_library: OpenLibrary
) -> None:
    library: Library = open_library(tmp_path / "library")
    small, long = tmp_path / "small.txt", tmp_path / "long.txt"
    small.write_text("The comet Halme was seen from Turku in 1911.")
    sentences = (
        f"Ship {n} met ship {n + 1} on the way to port {n % 97}.\n\n" for n in range(10_000)
    )
    long.write_text("".join(sentences))
    with socket.create_server(("127.0.0.1", 0)) as free:
        given = ("--port", str(free.getsockname()[1]))
    with window(library, *given, FOOTNOTED_LLM="none") as address:
        page = browser.new_context().new_page()
        page.goto(address)
        page.locator("#add input[type=file]").set_input_files([small, long])
        expect(page.locator("#outcomes")).to_contain_text("small.txt: added", timeout=60_000)
        expect(page.locator("#adding")).to_contain_text("long.txt")
        page.goto("about:blank")  # It would load itself again once there is a window.
    with window(library, *given, FOOTNOTED_LLM="none") as address:
        told = page.locator("#outcomes")
        page.goto(address)
        expect(told).to_contain_text("Footnoted ended before long.txt was added.", timeout=30_000)
        expect(told).to_contain_text("Add it again; what was added is kept.")
        expect(told).not_to_contain_text("small.txt")
        page.reload()
        expect(told).to_contain_text("long.txt", timeout=30_000)
        other = browser.new_context().new_page()
        other.goto(address)
        expect(other.locator("#documents")).to_contain_text("small.txt", timeout=30_000)
        expect(other.locator("#outcomes")).not_to_contain_text("long.txt")
        long.write_text("The comet Oterma was seen in 1943.")
        page.locator("#add input[type=file]").set_input_files([long])
        expect(told).to_contain_text("long.txt: added", timeout=60_000)
        expect(told).not_to_contain_text("ended before")
        page.context.close()
        other.context.close()
