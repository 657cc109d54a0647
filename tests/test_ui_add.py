"""`footnoted add` of many files: what an interrupted one has done is not done again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr
import gradio_client
import pytest

from index.documents import Document
from index.library import Library
from index.loading import formats
from index.loading.load import load, load_bytes
from index.upkeep.proof import prove
from rag.assistant import Assistant
from rag.config import load_settings
from rag.trace import start
from tests.commands import Footnoted, started
from tests.conftest import OpenLibrary
from tests.faults import Faults
from ui.drawing.render import Outcome
from ui.panels.adding.changes import Changes, in_words
from ui.panels.adding.job import FEW, VISITORS, Item, Job, Jobs
from ui.panels.documents import DocumentsPanel, Page
from ui.panels.events import BUG, Rights
from ui.panels.libraries.opened import Libraries

pytestmark = pytest.mark.weights

MANY = 12


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    made = [folder / f"ship-{number:02}.txt" for number in range(MANY)]
    for number, path in enumerate(made):
        path.write_text("".join(f"Ship {number} met ship {n}.\n\n" for n in range(number, 60)))
    return made


class Adding:
    """`footnoted add`, with a log of what it does."""

    def __init__(self, folder: Path, footnoted: Footnoted, open_library: OpenLibrary) -> None:
        self.library, self.log = folder / "library", folder / "footnoted.log"
        self.footnoted, self.open_library = footnoted, open_library

    def start(self, *sources: object) -> subprocess.Popen[str]:
        """Run it as a process, which can be ended."""
        arguments = ("add", *sources, "--library", self.library)
        own = {"FOOTNOTED_LOG": str(self.log), "FOOTNOTED_PRIVATE_ADDRESSES": "true"}
        ends = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        return started(*arguments, given=own, **ends)

    def run(self, *sources: object) -> tuple[object, list[str], list[dict[str, Any]]]:
        """Return the exit code, what was said, and the lines of the log."""
        self.log.unlink(missing_ok=True)
        given = ("--library", self.library)
        done = self.footnoted("add", *sources, *given, FOOTNOTED_LOG=self.log)
        return done.returncode, done.stderr.splitlines(), self.lines()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def opened(self) -> Library:
        return self.open_library(self.library)

    def holds(self, files: list[Path]) -> None:
        """The library holds each file once, as it is, and all of it can be found."""
        library = self.opened()
        entries = library.entries()
        assert sorted(entry.source for entry in entries) == sorted(map(str, files))
        for entry in entries:
            assert library.document(entry.id).text == Path(entry.source).read_text()
        assert not prove(library).faults
        assert library.unfinished() == 0


@pytest.fixture
def adding(tmp_path: Path, footnoted: Footnoted, open_library: OpenLibrary) -> Adding:
    return Adding(tmp_path, footnoted, open_library)


@pytest.mark.faults(minutes=4)
def test_a_killed_add_goes_on_where_it_was(
    adding: Adding, files: list[Path], faults: Faults
) -> None:
    for told in faults.some(range(1, MANY)):
        with faults.trying("add killed", f"after {told} files"):
            shutil.rmtree(adding.library, ignore_errors=True)
            process = adding.start(*files)
            for _ in range(told):
                assert process.stderr.readline()
            process.kill()
            process.communicate()
            before = len(adding.opened().entries())
            assert before >= told
            code, said, lines = adding.run(*files)
            assert code == 0
            assert [line["read"] for line in lines] == [False] * before + [True] * (MANY - before)
            assert {line["outcome"] for line in lines[:before]} <= {"unchanged"}
            assert {line["outcome"] for line in lines[before:]} <= {"added"}
            assert f"{before} unchanged" in said[-1]
            adding.holds(files)


def test_ctrl_c_says_how_far_it_is_and_that_it_goes_on(adding: Adding, files: list[Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # It hangs there.
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/page.html"
        sources = (*files[:3], address, *files[3:])
        process = adding.start(*sources)
        with silent.accept()[0]:
            for _ in range(3):
                assert process.stderr.readline()
            process.send_signal(signal.SIGINT)
            said = process.communicate()[1].splitlines()
    assert process.returncode == 130
    assert said[-2] == f"Stopped after 3 of {MANY + 1}: 3 added."
    assert said[-1] == "The same command goes on with the others."
    assert len(adding.opened().entries()) == 3
    assert [line["outcome"] for line in adding.lines()] == ["added"] * 3
    code, said, lines = adding.run(*files)
    assert code == 0
    assert [line["read"] for line in lines] == [False] * 3 + [True] * (MANY - 3)
    adding.holds(files)


def test_what_failed_is_listed_at_the_end(adding: Adding, tmp_path: Path) -> None:
    good, empty, gone = tmp_path / "good.txt", tmp_path / "empty.txt", tmp_path / "gone.txt"
    good.write_text("The ferry sank in 1931.\n")
    empty.touch()
    code, said, lines = adding.run(good, empty, gone, "n" * 300 + ".txt", good)
    assert code == 2
    assert said[-4:-1] == [
        "1 added, 1 unchanged, 3 failed.",
        "empty.txt is empty: it holds 0 bytes.",
        f"There is no file {gone}. Check the name and the folder.",
    ]
    assert "nnn" in said[-1]
    assert said[0].startswith("good.txt: added, 1 passage (")
    assert said[1].startswith("good.txt: is in the library already")
    outcomes = ["added", "failed", "failed", "failed", "unchanged"]
    assert sorted(line["outcome"] for line in lines) == outcomes
    assert "good.txt" not in adding.log.read_text()
    assert adding.run(good, empty, "--skip-bad")[0] == 0
    code, said, _ = adding.run(good)
    assert (code, len(said)) == (0, 1), "one file needs no summary"


# --- folders


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with files that can be read, and what is passed over."""
    made = tmp_path / "docs"
    for name in ("b.txt", "a.md", "deep/er/c.TXT", ".hidden/d.txt", ".e.txt", "plan.dwg", "x.iso"):
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The ferry {name} sank in 1931.\n")
    (tmp_path / "secret.txt").write_text("The code is 4711.\n")
    (made / "link.txt").symlink_to(tmp_path / "secret.txt")
    (made / "folder").symlink_to(tmp_path)
    return made


def test_a_folder_is_added_with_all_below_it_and_again(adding: Adding, docs: Path) -> None:
    code, said, lines = adding.run(docs)
    assert code == 0
    assert said[0].endswith("docs: 2 files are in formats that cannot be read (.dwg, .iso).")
    assert [line.split(":")[0] for line in said[1:-1]] == ["a.md", "b.txt", "c.TXT"]
    assert said[-1] == "3 added."
    assert [line["read"] for line in lines] == [True] * 3
    files = [docs / "a.md", docs / "b.txt", docs / "deep" / "er" / "c.TXT"]
    adding.holds(files)
    (docs / "b.txt").write_text("The ferry sank in 1932.\n")
    (docs / "new.txt").write_text("The tower fell in 1933.\n")
    code, said, lines = adding.run(docs)
    assert (code, said[-1]) == (0, "1 added, 1 replaced, 2 unchanged.")
    assert [line["read"] for line in lines] == [False, True, False, True]


def test_what_is_gone_is_removed_only_when_that_is_asked_for(
    adding: Adding, docs: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("The mill burnt down in 1930.\n")
    adding.run(docs, elsewhere)
    (docs / "a.md").unlink()
    elsewhere.unlink()
    _, said, _ = adding.run(docs)
    assert said[-1] == "2 unchanged."
    assert len(adding.opened().entries()) == 4
    code, said, lines = adding.run(docs, "--remove-gone")
    assert (code, said[-1]) == (0, "2 unchanged, 1 removed.")
    assert said[-4].startswith("a.md: removed, since its file is gone (")
    assert [line["event"] for line in lines] == ["remove", "add", "add"]
    left = adding.opened()
    assert {Path(each.source).name for each in left.entries()} == {"b.txt", "c.TXT", elsewhere.name}
    assert not prove(left).faults
    (docs / "b.txt").rename(docs / "moved.txt")
    _, said, _ = adding.run(docs, "--remove-gone")
    assert said[-1] == "1 added, 1 unchanged, 1 removed."
    sources = {Path(each.source).name for each in adding.opened().entries()}
    assert sources == {"moved.txt", "c.TXT", elsewhere.name}


def test_of_many_files_it_is_told_how_far_it_is(
    adding: Adding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.commands.add.MANY", 4)
    monkeypatch.setattr("ui.commands.add.PARTS", 3)
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(7):
        (docs / f"{number}.txt").write_text(f"Ship {number} sank in 1931.\n")
    (docs / "7.txt").touch()
    code, said, _ = adding.run(docs)
    assert (code, said) == (
        2,
        [
            "3 of 8 files: 3 added.",
            "6 of 8 files: 6 added.",
            "7 added, 1 failed.",
            "7.txt is empty: it holds 0 bytes.",
        ],
    )


def test_an_empty_folder_removes_nothing(adding: Adding, docs: Path) -> None:
    adding.run(docs)
    shutil.rmtree(docs)
    docs.mkdir()  # As where a disk is not there.
    given = ("--remove-gone", "--library", adding.library)
    done = adding.footnoted("add", docs, *given)
    assert done.returncode == 2
    assert done.stderr.strip() == f"{docs} holds no files that can be read. Nothing is done."
    assert len(adding.opened().entries()) == 3
    done = adding.footnoted("add", docs / "a.md", *given)
    assert "give a folder" in done.stderr
    assert done.returncode == 2


def test_the_order_is_that_of_the_files_however_long_each_takes(
    adding: Adding, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(6):
        lines = 120 if number % 2 == 0 else 1
        text = "".join(f"Ship {number} met ship {n}.\n\n" for n in range(lines))
        (docs / f"{number}.txt").write_text(text)
    adding.run(docs)
    sources = [Path(entry.source).name for entry in adding.opened().entries()]
    assert sources == [f"{number}.txt" for number in range(6)]


# --- which files are known


@pytest.fixture
def library(tmp_path: Path, open_library: OpenLibrary) -> Library:
    return open_library(tmp_path / "library")


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A file."""
    path = tmp_path / "one.txt"
    path.write_text("The ferry sank in 1931.\n")
    return path


def add(library: Library, path: Path) -> tuple[str, bool]:
    """Add a file as the command does; return what became of it, and whether it was read."""
    known = library.unchanged(str(path))
    return (known or library.add(load(path))).outcome, known is None


def test_a_file_is_known_by_its_bytes(library: Library, one: Path, tmp_path: Path) -> None:
    two, moved = tmp_path / "two.txt", tmp_path / "moved.txt"
    two.write_text("The tower fell in 1931.\n")
    assert [add(library, one), add(library, two)] == [("added", True)] * 2
    assert [add(library, one), add(library, two)] == [("unchanged", False)] * 2
    library.reindex(lambda *_: None)
    assert [add(library, one), add(library, two)] == [("unchanged", False)] * 2
    shutil.copy(one, moved)
    assert add(library, moved) == ("unchanged", False), "wherever they stand"
    times = one.stat()
    one.write_text("The ferry sank in 1932.\n")
    os.utime(one, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert add(library, one) == ("replaced", True), "of the same size and time, and changed"
    shutil.copy(two, one)
    assert add(library, one) == ("replaced", True), "there was another document of its place"
    [entry] = library.entries()
    assert entry.source == str(two)
    library.remove(entry.id)
    assert add(library, two) == ("added", True)


def test_a_file_that_the_loader_reads_otherwise_today_is_read_again(
    library: Library, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(library, one)
    monkeypatch.setitem(formats.VERSIONS, "text", 99)
    assert add(library, one) == ("unchanged", True)
    assert add(library, one) == ("unchanged", False)
    shutil.copy(one, as_markdown := one.with_suffix(".md"))
    assert add(library, as_markdown) == ("unchanged", True), "another loader"


def test_a_library_from_before_files_were_known(
    library: Library, one: Path, open_library: OpenLibrary
) -> None:
    add(library, one)
    with closing(sqlite3.connect(library.folder / "library.db")) as connection, connection:
        connection.execute("DROP TABLE readings")
    old = open_library(library.folder)
    assert add(old, one) == ("unchanged", True)
    assert add(old, one) == ("unchanged", False)
    old.remove(old.entries()[0].id)
    assert add(old, one) == ("added", True)


# --- the window writes the same lines


def test_what_the_window_adds_and_removes_is_a_line(tmp_path: Path) -> None:
    log = tmp_path / "footnoted.log"
    settings = load_settings(library=tmp_path / "library", llm="none", log=log)
    start(settings)
    with gr.Blocks():
        panel = DocumentsPanel(Libraries(Assistant(settings)), gr.State([]), Rights())
    library = panel.libraries.here().library
    job = panel.jobs.of("browser", library)
    for data in (b"The ferry sank in 1931.", b""):
        job.add([Item("secret.txt", lambda _, data=data: load_bytes(data, "secret.txt"))])
        job.wait(60)
        assert [each.well for each in job.outcomes()] == [bool(data)]
    [entry] = library.entries()
    event = gr.EventData(None, {"document": entry.id})
    panel.remove(Page(), "", [], "", event)
    start(load_settings())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["event"], line["outcome"]) for line in lines] == [
        ("add", "added"),
        ("add", "failed"),
        ("remove", "removed"),
    ]
    assert lines[0]["document"] == lines[2]["document"] == entry.id
    assert "secret" not in log.read_text()


# --- what a visitor of the window adds


def test_of_two_looks_at_once_the_older_one_does_not_come_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is being opened looks while its visitor adds something: that is told."""
    with gr.Blocks():
        settings = load_settings(library=tmp_path / "library", llm="none")
        panel = DocumentsPanel(Libraries(Assistant(settings)), gr.State([]), Rights())
    page, given = Page(), ("", [], "")
    looking, go_on = threading.Event(), threading.Event()
    answers: list[str] = []

    def slowly(outcomes: list[Outcome], *, again: bool) -> str:
        if not outcomes:
            looking.set()
            go_on.wait(30)
        return "".join(texts(outcomes))

    def event(handler: Callable[[], dict[Any, Any]]) -> threading.Thread:
        thread = threading.Thread(target=lambda: answers.append(handler()[panel.outcomes]))
        thread.start()
        return thread

    monkeypatch.setattr("ui.panels.documents.render.outcomes", slowly)
    first = event(lambda: panel.open(page, *given))
    assert looking.wait(30)
    second = event(lambda: panel.add_address("/etc/passwd", page, *given))
    second.join(2)
    go_on.set()
    for each in (first, second):
        each.join(30)
    assert "http" in answers[-1]


def test_what_has_changed_is_sent_once_more_with_the_next_look(tmp_path: Path) -> None:
    """The answers of two events may arrive in another order than they were made in."""
    with gr.Blocks():
        settings = load_settings(library=tmp_path / "library", llm="none")
        panel = DocumentsPanel(Libraries(Assistant(settings)), gr.State([]), Rights())
    page, given = Page(), ("", [], "")
    first = panel.add_address("/etc/passwd", page, *given)
    again, quiet = panel.look(page, *given), panel.look(page, *given)
    parts = panel.documents, panel.outcomes, panel.progress
    assert "http" in first[panel.outcomes]
    assert [again[part] for part in parts] == [first[part] for part in parts]
    assert not quiet.keys() & parts


def texts(outcomes: list[Outcome]) -> list[str]:
    return [each.text for each in outcomes]


def item(name: str, data: bytes) -> Item:
    return Item(name, lambda _: load_bytes(data, name))


def test_of_many_documents_it_is_told_how_many_and_what_failed(library: Library) -> None:
    job = Job(library)
    given = {f"{n}.txt": f"Ship {n} sank in {1900 + n}.".encode() for n in range(FEW)}
    job.add(item(name, data) for name, data in given.items())
    job.add([item("empty.txt", b""), item("again.txt", given["0.txt"])])
    job.wait(60)
    assert not job.goes_on
    assert job.progress() == []
    assert texts(job.outcomes()) == [
        f"{FEW} added, 1 unchanged, 1 not added.",
        "empty.txt is empty: it holds 0 bytes.",
    ]
    assert len(library.entries()) == FEW


def test_what_failed_is_tried_again_and_what_is_over_forgotten(
    library: Library, tmp_path: Path
) -> None:
    path, folder = tmp_path / "late.txt", tmp_path / "upload"
    job = Job(library)
    job.add([item("good.txt", b"The ferry sank."), Item("late.txt", lambda _: load(path))])
    job.wait(60)
    assert job.has_failed
    assert texts(job.outcomes())[1].startswith(f"There is no file {path}.")
    path.write_text("The tower fell.")
    job.try_again()
    job.wait(60)
    assert texts(job.outcomes()) == ["late.txt: added, 1 passage"]
    folder.mkdir()
    job.add([Item("empty.txt", lambda _: load_bytes(b"", "empty.txt"), folder=folder)])
    job.wait(60)
    assert (len(job.outcomes()), folder.exists()) == (1, True)
    job.forget()
    assert (job.outcomes(), job.has_failed, folder.exists()) == ([], False, False)


def test_adding_is_stopped_at_the_next_page_and_goes_on_when_tried_again(library: Library) -> None:
    begun, released = threading.Event(), threading.Event()

    def scan(tell: Callable[[int, int], None]) -> Document:
        tell(11, 200)
        begun.set()
        assert released.wait(60)
        tell(12, 200)
        return load_bytes(b"The ferry sank in 1931.", "scan.txt")

    job = Job(library)
    job.add([Item("scan.pdf", scan), *(item(f"{n}.txt", b"A tower fell.") for n in "ab")])
    assert begun.wait(60)
    [shown] = [each for each in job.progress() if each.text.startswith("scan")]
    assert (shown.text, shown.share) == ("scan.pdf: page 12 of 200", 0.055)
    job.stop()
    released.set()
    job.wait(60)
    assert not job.goes_on
    assert texts(job.outcomes())[0] == "scan.pdf: not added, since it was stopped"
    job.try_again()
    job.wait(60)
    assert "scan.txt: added, 1 passage" in texts(job.outcomes())


def test_a_bug_in_one_document_does_not_keep_the_others_out(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    job = Job(library)
    job.add([Item("bad.txt", lambda _: load_bytes(1 // 0, "")), item("ok.txt", b"It sank.")])
    job.wait(60)
    assert texts(job.outcomes()) == [f"bad.txt: {BUG}", "ok.txt: added, 1 passage"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_jobs_are_kept_apart_and_the_oldest_that_are_over_go(
    library: Library, tmp_path: Path
) -> None:
    jobs = Jobs()
    path = tmp_path / "up.txt"
    path.write_bytes(b"")
    first = jobs.of("user ada", library)
    first.add([jobs.upload(path, "up.txt", library)])
    first.wait(60)
    assert not path.exists()
    assert texts(first.outcomes()) == ["up.txt is empty: it holds 0 bytes."]
    path.write_bytes(b"The ferry sank.")
    first.add([jobs.upload(path, "up.txt", library)])
    first.wait(60)
    path.write_bytes(b"")
    first.add([jobs.upload(path, "up.txt", library)])
    first.wait(60)
    assert jobs.of("user ada", library) is first
    assert jobs.of("user bo", library).outcomes() == []
    for n in range(VISITORS):
        jobs.of(f"browser {n}", library)
    assert jobs.of("user ada", library) is not first
    assert first.outcomes() == [], "its upload is deleted"


def test_an_archive_is_opened_and_each_file_in_it_told(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "0"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("more/ferry.txt", "The ferry sank in 1931.")
        archive.writestr("empty.txt", "")
        archive.writestr("inner.zip", "")
        archive.writestr("plan.dwg", "?")
    jobs = Jobs()
    job = jobs.of("browser", library)
    job.add([jobs.upload(path, "papers.ZIP", library)])
    job.wait(60)
    assert sorted(texts(job.outcomes())) == [
        "empty.txt is empty: it holds 0 bytes.",
        "ferry.txt: added, 1 passage",
        "inner.zip is an archive in an archive, and is not opened. Unpack it and add its files.",
        "papers.ZIP: 1 file is in a format that cannot be read (.dwg).",
    ]
    [entry] = library.entries()
    assert entry.source == "papers.ZIP/more/ferry.txt"
    path.write_bytes(b"PK no more")
    job.add([jobs.upload(path, "bad.zip", library)])
    job.wait(60)
    assert texts(job.outcomes()) == ["bad.zip is damaged, or is not an archive."]


def test_a_page_is_told_what_others_have_changed(library: Library, tmp_path: Path) -> None:
    changes = Changes(library)
    assert changes.look() == (None, 0)
    docs = tmp_path / "docs"
    docs.mkdir()
    for n in range(4):
        (docs / f"{n}.txt").write_text(f"Ship {n} sank.")
        library.add(load(docs / f"{n}.txt"))
    _, number = changes.look()
    assert in_words(changes.since(0, "me")) == "docs/0.txt, docs/1.txt and 2 others were added."
    (docs / "1.txt").write_text("Ship 1 was raised.")
    library.add(load(docs / "1.txt"))
    library.remove(load(docs / "2.txt").id)
    own = load_bytes(b"Mine sank.", "mine.txt")
    changes.expect(own.id, "me")
    library.add(own)
    _, now = changes.look()
    assert (
        in_words(changes.since(number, "me")) == "docs/1.txt was replaced. docs/2.txt was removed."
    )
    assert "mine.txt was added" in in_words(changes.since(number, "somebody"))
    assert changes.since(now, "somebody") == []


def test_visitors_of_the_window_write_lines_that_are_each_whole(
    window_address: str, window_library: Library
) -> None:
    log = window_library.folder.parent / "log"
    question = "How wide is the Tsugaru Strait?"
    visitors = [gradio_client.Client(window_address, verbose=False) for _ in range(3)]
    before = len(log.read_text().splitlines()) if log.exists() else 0
    jobs = [
        visitor.submit(question=question, api_name="/ask") for visitor in visitors for _ in "ab"
    ]
    answers = [job.result() for job in jobs]
    written = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    asked = [line for line in written if line["sizes"].get("question") == len(question)]
    assert len({line["id"] for line in asked}) == len(answers) == 6
    assert {line["outcome"] for line in asked} == {"answered"}
