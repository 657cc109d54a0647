"""`footnoted add --watch`: what comes into a folder, changes and goes, is told and followed."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from index.errors import DocumentError
from index.loading import watch
from index.loading.load import load_bytes
from index.loading.watch import Changed, Watch
from index.upkeep.proof import prove
from tests.browser import OpenPage, assert_accessible
from tests.browser import window as open_window
from tests.commands import Footnoted, started
from tests.conftest import OpenLibrary

pytestmark = pytest.mark.weights

SECONDS = 120
"""How long a line may be waited for, on a machine with other work to do."""


class Watching:
    """`footnoted add --watch` as a process."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self.process = started(
            *("add", *arguments, "--watch", "--library", folder / "library"),
            given={"FOOTNOTED_LOG": str(folder / "log")},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stderr:
            self._lines.put(line.rstrip())

    def says(self, beginning: str) -> str:
        """Return the next line, which begins so."""
        line = self._lines.get(timeout=SECONDS)
        assert line.startswith(beginning), line
        return line

    def says_nothing(self) -> None:
        time.sleep(3 * watch.SETTLED)
        assert self._lines.empty(), self._lines.get()

    def end(self) -> int:
        time.sleep(0.5)  # A line whose printing is interrupted would be printed once more.
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


@contextmanager
def watching(folder: Path, *arguments: object) -> Iterator[Watching]:
    made = Watching(folder, *arguments)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.communicate()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    (made / "old.txt").write_text("The ferry sank in 1931.\n")
    return made


def test_a_folder_is_followed_until_ctrl_c(
    docs: Path, tmp_path: Path, open_library: OpenLibrary
) -> None:
    (docs / ".footnotedignore").write_text("drafts/\n")
    with watching(tmp_path, docs) as footnoted:
        footnoted.says("old.txt: added, 1 passage")
        footnoted.says("1 added.")
        footnoted.says("Watching docs. Ctrl-C ends it.")
        (docs / "deep").mkdir()
        (docs / "deep" / "new.txt").write_text("The tower fell in 1932.\n")
        footnoted.says("docs/deep/new.txt: added, 1 passage (")
        (docs / "old.txt").write_text("The ferry sank in 1933.\n")
        footnoted.says("docs/old.txt: replaced, 1 passage (")

        (docs / ".hidden.txt").write_text("The code is 4711.\n")
        (docs / "drafts").mkdir()
        (docs / "drafts" / "a.txt").write_text("The code is 4712.\n")
        (docs / "old.txt").touch()
        footnoted.says_nothing()

        with zipfile.ZipFile(docs / "more.zip", "w") as archive:
            archive.writestr("papers/comet.txt", "The comet Halme was seen in 1911.")
            archive.writestr("plan.dwg", "?")
        footnoted.says(f"{docs}/more.zip: 1 file is in a format that cannot be read (.dwg).")
        footnoted.says("docs/more.zip/papers/comet.txt: added, 1 passage (")
        (docs / "more.zip").unlink()
        footnoted.says("docs/more.zip/papers/comet.txt: is gone; its document stays (")

        (docs / "bad.pdf").write_bytes(b"%PDF-1.4 no more")
        footnoted.says("docs/bad.pdf: not added. bad.pdf ")
        (docs / "bad.pdf").unlink()
        (docs / "deep" / "new.txt").unlink()
        footnoted.says("docs/deep/new.txt: is gone; its document stays (")
        assert footnoted.end() == 0
        footnoted.says("Stopped watching.")
    library = open_library(tmp_path / "library")
    texts = {library.document(each.id).text for each in library.entries()}
    assert texts == {
        "The comet Halme was seen in 1911.",
        "The tower fell in 1932.\n",
        "The ferry sank in 1933.\n",
    }
    assert not prove(library).faults
    assert library.unfinished() == 0


def test_what_is_gone_is_removed_and_what_moved_stays(
    docs: Path, tmp_path: Path, open_library: OpenLibrary
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (docs / "twin.txt").write_text("The ferry sank in 1931.\n")
    (docs / "third.txt").write_text("The mill burnt down.\n")
    with watching(tmp_path, docs, other, "--remove-gone") as footnoted:
        for beginning in ("old.txt: added", "third.txt: added", "twin.txt: is in the library"):
            footnoted.says(beginning)
        footnoted.says("2 added, 1 unchanged.")
        footnoted.says("Watching docs, other.")
        (docs / "old.txt").unlink()
        footnoted.says("docs/old.txt: removed, since its file is gone (")
        footnoted.says("docs/twin.txt: added, 1 passage (")
        (docs / "twin.txt").rename(other / "moved.txt")
        footnoted.says("docs/twin.txt: removed, since its file is gone (")
        footnoted.says("other/moved.txt: added, 1 passage (")
        (docs / "third.txt").unlink()
        footnoted.says("docs: holds no files any more; its documents stay")
        (docs / "third.txt").write_text("The mill was built again.\n")
        footnoted.says("docs/third.txt: replaced, 1 passage (")
        assert footnoted.end() == 0
    library = open_library(tmp_path / "library")
    names = {Path(each.source).name for each in library.entries()}
    assert names == {"moved.txt", "third.txt"}
    assert not prove(library).faults


def test_only_folders_are_watched(
    docs: Path, footnoted: Footnoted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch.Watch, "__iter__", lambda _: pytest.fail("a file is watched"))
    done = footnoted("add", docs / "old.txt", "--watch", "--library", docs.parent / "library")
    assert done.returncode == 2
    assert done.stderr.startswith("--watch is for changes in a folder: give a folder.")


@pytest.mark.browser
def test_a_window_shows_what_another_program_adds(
    docs: Path, tmp_path: Path, open_page: OpenPage, open_library: OpenLibrary
) -> None:
    library = open_library(tmp_path / "library")
    library.add(load_bytes(b"The comet Halme was seen in 1911.", "comet.txt"))
    # As where there are hundreds.
    few = "import ui.window; import ui.panels.documents as d; d.LISTED, d.SEARCHED = 2, 3"
    with open_window(library, first=few, FOOTNOTED_LLM="none") as address:
        page = open_page(address)
        titles = page.locator("#documents .title")
        expect(titles).to_have_text(["comet"])
        search = page.get_by_label("Search documents")
        expect(search).to_have_count(0)
        with watching(tmp_path, docs) as footnoted:
            footnoted.says("old.txt: added")
            news = page.locator("#outcomes")
            expect(news).to_have_text("docs/old.txt was added.")
            expect(titles).to_have_text(["comet", "old"])
            (docs / "old.txt").write_text("The ferry was raised in 1932.\n")
            expect(news).to_have_text("docs/old.txt was replaced.", timeout=SECONDS * 1000)
            (docs / "new.txt").write_text("The tower fell in 1932.\n")
            expect(titles).to_have_text(["old", "new"], timeout=SECONDS * 1000)
        expect(page.locator("#documents")).to_contain_text("The last 2 of 3 documents.")
        page.get_by_role("checkbox", name="Ask new.txt").uncheck()
        search.fill("COM")
        expect(titles).to_have_text(["comet"])
        assert_accessible(page)
        search.fill("")
        page.get_by_role("button", name="Show more").click()
        expect(titles).to_have_text(["comet", "old", "new"])
        expect(page.get_by_role("checkbox", name="Ask new.txt")).not_to_be_checked()
        page.get_by_role("button", name="Remove comet.txt").click()
        expect(news).to_have_text("comet.txt: removed Undo")


# --- what is seen of a folder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass for what has to settle."""
    now = [0.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])

    def passes(seconds: float) -> None:
        now[0] += seconds

    return passes


def test_a_file_is_read_once_its_size_has_stopped_changing(
    docs: Path, clock: Callable[[float], None]
) -> None:
    watched, new = Watch([docs]), docs / "new.txt"
    for written in range(3):
        with new.open("a") as file:
            file.write(f"Part {written}.\n")
        assert not watched._changed()
        clock(watch.SETTLED * 0.9)
    assert not watched._changed()
    clock(watch.SETTLED)
    assert watched._changed() == Changed(came=(new,))
    assert not watched._changed()
    new.chmod(0o600)  # Perhaps it may be read now.
    assert not watched._changed()
    clock(watch.SETTLED)
    assert watched._changed() == Changed(changed=(new,))


def test_a_folder_that_is_not_there_is_waited_for(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, away = iter(Watch([docs])), tmp_path / "away"
    monkeypatch.setattr(watch, "PATIENCE", 2.0)
    new = docs / "new.txt"
    steps = (lambda: docs.rename(away), lambda: away.rename(docs), lambda: new.write_text("New."))
    for number, step in enumerate(steps, 1):
        threading.Timer(0.7 * number, step).start()
    assert next(changes) == Changed(came=(new,))
    docs.rename(away)
    with pytest.raises(DocumentError, match="docs no longer exists"):
        next(changes)
    with pytest.raises(DocumentError, match="docs no longer exists"):
        Watch([docs])
