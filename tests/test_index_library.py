"""A library on disk: real Chroma, real processes that are stopped and killed, and real weights.

Where it does not matter what words mean, they are embedded by their hash (tests/breaking.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from index.documents import Document, Properties, Style
from index.errors import DocumentError, LibraryError, UserError
from index.library import EMBED_BATCH, Library, Report, Stage
from index.loading.load import load, load_bytes
from index.split import split
from index.storage.database import Place
from index.storage.postgres import PostgresStore
from tests.breaking import EMBEDDING, book, done_in, ended, executed, forked, opened, refused
from tests.conftest import BRIEFING, IN_A_FOLDER, OpenLibrary

BREAD = "The old baker bakes dark rye bread before sunrise.\n"
WHALES = "Whales cross the northern ocean in the cold of autumn.\n"
TRAINS = "The night train leaves from the central station at ten.\n"
SHELF = {"/bread.txt": BREAD, "/whales.txt": WHALES, "/trains.txt": TRAINS}


def made(text: str, source: str) -> Document:
    return Document.of(text, title=Path(source).stem, source=source)


def shelf(place: Place) -> Library:
    """Make a library of three short documents."""
    library = opened(place)
    for source, text in SHELF.items():
        library.add(made(text, source))
    return library


def sources(library: Library, question: str, limit: int = 3) -> list[str]:
    return [hit.document.source for hit in library.search(question, limit)]


def rows(library: Library, table: str) -> int:
    if isinstance(library.store, PostgresStore):
        if table == "pending":  # There is no such table: what is not whole is not there.
            return len(library.store.pending())
        table = {"words": "passages WHERE passages.words <> ''"}.get(table, table)
    [[count]] = executed(library, f"SELECT count(*) FROM {table}")  # noqa: S608
    return int(str(count))


def left(library: Library) -> tuple[int, int, int, int, int]:
    """Rows of documents, passages, words and pending, and vectors."""
    if not library.store.exists:
        return (0, 0, 0, 0, 0)
    return (
        *(rows(library, each) for each in ("documents", "passages", "words", "pending")),
        len(library.vectors().keys()),
    )


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def library(place: Place) -> Library:
    return opened(place)


@pytest.fixture(scope="module")
def _three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = shelf(tmp_path_factory.mktemp("three") / "library")
    library.vectors().close()
    return library.folder


@pytest.fixture
def three(tmp_path: Path, _three: Path) -> Path:
    """A folder with a copy of a library of three short documents."""
    return shutil.copytree(_three, tmp_path / "three")


# --- adding and removing


@pytest.mark.weights
def test_what_is_added_is_found(place: Place, open_library: OpenLibrary) -> None:
    library = open_library(place)
    assert library.entries() == []
    assert library.search("bread", 3) == []
    bread = made(BREAD, "/bread.txt")
    added = library.add(bread)
    assert (added.outcome, added.passages, added.document.text) == ("added", 1, BREAD)
    library.add(made(WHALES, "/whales.txt"))
    [first, second] = library.entries()
    assert (first.id, first.sha256, first.source) == (bread.id, bread.sha256, "/bread.txt")
    assert (first.characters, first.passages, first.added <= second.added) == (len(BREAD), 1, True)
    best, other = library.search("rye bread", 3)
    assert best.text == BREAD.strip()
    assert (best.document.id, best.bm25_rank, best.dense_rank) == (bread.id, 1, 1)
    assert (other.bm25_rank, other.dense_rank) == (None, 2)
    assert sources(library, "large sea mammals")[0] == "/whales.txt", "found by its meaning"
    assert left(library) == (2, 2, 2, 0, 2)


def test_the_same_text_again_changes_nothing(library: Library) -> None:
    library.add(made(BREAD, "/bread.txt"))
    before = library.entries(), left(library)
    for source in ("/bread.txt", "/copy of bread.txt"):
        again = library.add(made(BREAD, source))
        assert again.outcome == "unchanged"
        assert again.document.source == "/bread.txt"
    assert (library.entries(), left(library)) == before


def test_a_name_that_a_person_gives_stays(library: Library) -> None:
    document = library.add(made(BREAD, "/scan-0017.txt")).document
    renamed = library.rename(document.id, "  Baking\n at night ")
    assert (renamed.title, renamed.label) == ("Baking at night", "Baking at night")
    assert library.document(document.id) == renamed
    assert [each.title for each in library.entries()] == ["Baking at night"]
    [hit] = library.search("Who bakes bread?", 1)
    assert (hit.document.label, hit.document.own_title) == ("Baking at night", "scan-0017")
    again = library.add(made(WHALES, "/scan-0017.txt"))  # Another text of the same file.
    assert (again.outcome, again.document.title) == ("replaced", "Baking at night")
    library.reindex(lambda *_: None)
    assert [each.title for each in library.entries()] == ["Baking at night"]
    assert library.document(again.document.id).label == "Baking at night"
    back = library.rename(again.document.id, "scan-0017")
    assert (back.title, back.label) == ("scan-0017", "scan-0017.txt")
    with pytest.raises(UserError, match="A document needs a name"):
        library.rename(again.document.id, " \u202e ")
    with pytest.raises(UserError, match="There is no document"):
        library.rename(document.id, "Gone")


def test_a_changed_file_takes_the_place_of_the_old_one(library: Library) -> None:
    library.add(made(TRAINS, "/trains.txt"))
    old = library.add(made(BREAD, "/note.txt")).document
    assert library.add(made(WHALES, "/note.txt")).outcome == "replaced"
    assert [each.source for each in library.entries()] == ["/trains.txt", "/note.txt"]
    assert left(library) == (2, 2, 2, 0, 2)
    assert library.store.bm25("baker rye", 9) == []
    assert sorted(sources(library, "dark rye bread", 9)) == ["/note.txt", "/trains.txt"]
    with pytest.raises(UserError, match=old.id):
        library.document(old.id)


def test_a_file_that_becomes_equal_to_another_leaves_nothing_of_its_own(library: Library) -> None:
    library.add(made(BREAD, "/bread.txt"))
    library.add(made(WHALES, "/note.txt"))
    assert library.add(made(BREAD, "/note.txt")).outcome == "replaced"
    assert [each.source for each in library.entries()] == ["/bread.txt"]
    assert left(library) == (1, 1, 1, 0, 1)


def test_removing_leaves_nothing_behind(library: Library) -> None:
    kept = library.add(made(BREAD, "/bread.txt")).document
    gone = library.add(book("bakery", 20)).document
    assert left(library) == (2, 21, 21, 0, 21)
    library.remove(gone.id)
    assert left(library) == (1, 1, 1, 0, 1)
    assert sources(library, "Which sheep does the bakery count?", 9) == [kept.source]
    library.remove(kept.id)
    assert left(library) == (0, 0, 0, 0, 0)
    assert library.search("bread", 3) == []
    with pytest.raises(UserError, match="no document"):
        library.remove(kept.id)
    with pytest.raises(UserError, match="no document"):
        library.document(kept.id)
    library.add(made(BREAD, "/bread.txt"))
    assert library.document(kept.id).text == BREAD, "what was asked for too early is there"


def test_a_document_without_words_is_refused(library: Library) -> None:
    with pytest.raises(DocumentError, match=r"rule\.txt"):
        library.add(made("***\n---\n", "/rule.txt"))
    assert not library.folder.exists()


def test_documents_are_named_by_id_beginning_file_name_or_title(library: Library) -> None:
    bread = library.add(made(BREAD, "/a/bread.txt")).document
    whales = library.add(made(WHALES, "/a/note.md")).document
    library.add(made(TRAINS, "/b/note.md"))
    for name in (bread.id, bread.id[:3], bread.sha256, "bread.txt", "bread", "/a/bread.txt"):
        assert library.find(name).id == bread.id
    assert library.find("/a/note.md").id == whales.id
    with pytest.raises(UserError, match=f"names 2 documents.*{whales.id}"):
        library.find("note.md")
    for name in (bread.id[:2], "", "rea", "BREAD.TXT"):
        with pytest.raises(UserError, match="no document"):
            library.find(name)


# --- stopped on the way


STOPS: list[tuple[Stage, int]] = [
    ("splitting", 0),
    *(("embedding", done) for done in (0, EMBED_BATCH, 70)),
    ("writing", 0),
]


@pytest.mark.parametrize(("stage", "done"), STOPS)
def test_an_interrupted_add_changes_nothing(library: Library, stage: Stage, done: int) -> None:
    library.add(made(BREAD, "/bakery.txt"))
    before = library.entries(), left(library)[:3]

    def interrupt(now: Stage, at: int, _total: int) -> None:
        if (now, at) == (stage, done):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(book("bakery", 70), interrupt)
    assert (library.entries(), left(library)[:3]) == before
    assert sources(library, "Which sheep does the bakery count?", 60) == ["/bakery.txt"]
    library.add(made(WHALES, "/whales.txt"))
    assert left(library) == (2, 2, 2, 0, 2), "the next command sweeps"


def test_an_interrupted_first_add_leaves_an_empty_library(library: Library) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(made(BREAD, "/bread.txt"), interrupt)
    assert library.entries() == []
    assert library.add(made(BREAD, "/bread.txt")).outcome == "added"


OCEAN = "Whales cross the ocean"


def elsewhere(place: Place, operation: Callable[[Library], object]) -> int:
    """Do something to a library in another process; return its id."""
    return forked(done_in(place, operation))


def test_a_process_sees_at_once_what_another_has_changed(library: Library) -> None:
    def done(operation: Callable[[Library], object]) -> None:
        assert ended(elsewhere(library.place, operation)) == 0

    library.add(made(BREAD, "/bread.txt"))
    assert sources(library, OCEAN) == ["/bread.txt"]
    done(lambda other: other.add(made(WHALES, "/whales.txt")))
    [best, second] = library.search(OCEAN, 3)
    assert (best.document.source, best.dense_rank) == ("/whales.txt", 1)
    assert (second.document.source, second.dense_rank) == ("/bread.txt", 2)
    done(lambda other: other.remove(other.find("whales.txt").id))
    assert sources(library, OCEAN) == ["/bread.txt"]
    done(lambda other: other.add(made(TRAINS, "/trains.txt")))
    assert sources(library, "night train")[0] == "/trains.txt"
    done(lambda other: other.reindex(lambda *_: None))
    assert sources(library, "night train")[0] == "/trains.txt"
    assert left(library) == (2, 2, 2, 0, 2)


def stopping(folder: Path, *at: object) -> Report:
    """What stops an operation on its way, until there is a file that is called "go on"."""

    def report(stage: Stage, done: int, _: int) -> None:
        if (stage, done) == at:
            (folder / "stopped").touch()
            wait_for(folder / "go on")

    return report


def wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"there is no {path.name}"
        time.sleep(0.01)


def test_two_processes_add_at_the_same_time(library: Library, tmp_path: Path) -> None:
    stop = stopping(tmp_path, "embedding", EMBED_BATCH)
    pid = elsewhere(library.place, lambda other: other.add(book("dairy", 70), stop))
    wait_for(tmp_path / "stopped")
    library.add(book("bakery", 10))  # What they embed meanwhile is still theirs to write.
    (tmp_path / "go on").touch()
    assert ended(pid) == 0
    assert {each.source for each in library.entries()} == {"/bakery.txt", "/dairy.txt"}
    assert left(library) == (2, 80, 80, 0, 80)
    assert sources(library, "The dairy counts sheep 57 of book 1.", 1) == ["/dairy.txt"]
    assert sources(library, "The bakery counts sheep 7 of book 1.", 1) == ["/bakery.txt"]


@IN_A_FOLDER
def test_an_add_that_is_killed_is_swept_by_the_next(library: Library, tmp_path: Path) -> None:
    library.add(made(BREAD, "/bread.txt"))
    before = library.entries(), left(library)[:3]
    stop = stopping(tmp_path, "writing", 4)
    pid = elsewhere(library.place, lambda other: other.add(book("bakery", 20), stop))
    wait_for(tmp_path / "stopped")
    os.kill(pid, signal.SIGKILL)
    ended(pid)
    assert (library.entries(), left(library)[:3]) == before
    assert left(library)[3:] == (1, 1 + 4), "it was killed half-way"
    assert sources(library, "Which sheep does the bakery count?", 60) == ["/bread.txt"]
    library.add(made(WHALES, "/whales.txt"))
    assert left(library) == (2, 2, 2, 0, 2)


def test_a_process_that_is_killed_while_it_commits_changes_nothing(three: Path) -> None:
    before = opened(three).entries()

    def die() -> None:
        connection = sqlite3.connect(three / "library.db", isolation_level=None)
        connection.execute("PRAGMA cache_size = 1")  # Half of the change is in the file already.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM documents")
        for number in range(2000):
            connection.execute("INSERT INTO pending VALUES (?)", (f"{number:0100}",))
        os.kill(os.getpid(), signal.SIGKILL)

    assert ended(forked(die)) == -signal.SIGKILL
    assert (three / "library.db-journal").exists()
    assert opened(three).entries() == before
    assert rows(opened(three), "pending") == 0


# --- reading changes nothing


def test_reading_writes_nothing_but_chromas_own_bookkeeping(three: Path) -> None:
    def vectors_held() -> list[object]:
        [path] = three.glob("vectors-*/chroma.sqlite3")
        tables = ("embeddings", "embedding_metadata", "embeddings_queue", "collections")
        with closing(sqlite3.connect(path)) as chroma:
            return [
                chroma.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
                for table in tables
            ]

    before, held = hashes(three), vectors_held()
    library = opened(three)
    library.passages(library.entries()[0].id)
    library.find("bread.txt")
    assert hashes(three) == before
    assert library.search("the night train", 5)
    after = hashes(three)
    assert after.keys() == before.keys()
    ours = [name for name in before if not name.startswith("vectors-")]
    assert "library.db" in ours
    assert [after[name] for name in ours] == [before[name] for name in ours]
    assert vectors_held() == held


def test_opening_a_folder_that_is_not_there_does_not_make_it(library: Library) -> None:
    assert library.entries() == []
    assert library.search("bread", 3) == []
    with pytest.raises(UserError, match="no document"):
        library.find("bread.txt")
    with pytest.raises(LibraryError, match="There is no library"):
        library.reindex(lambda *_: None)
    assert not library.store.exists
    assert not library.folder.exists()


# --- damaged, or made otherwise


def test_another_embedding_is_an_error_that_reindex_mends(place: Place) -> None:
    filled = shelf(place)

    def other_model(*, check: bool = True) -> Library:
        name = "all-minilm-l6-v2"
        return Library(filled.place, embedding_name=name, embedding=lambda: EMBEDDING, check=check)

    before = filled.entries(), left(filled)
    command = f"footnoted reindex --library {shlex.quote(str(filled.place))}"
    with refused(command, "hashed", "all-minilm-l6-v2", "FOOTNOTED_EMBEDDING=hashed"):
        other_model()
    assert (filled.entries(), left(filled)) == before
    reports: list[tuple[object, ...]] = []
    assert other_model(check=False).reindex(lambda *at: reports.append(at)).documents == 3
    whole = [stage for _, stage, done, total in reports if done == total]
    assert whole == ["embedding", "writing"] * 3
    mended = other_model()
    assert sources(mended, OCEAN)[0] == "/whales.txt"
    assert left(mended) == (3, 3, 3, 0, 3)
    with pytest.raises(LibraryError, match="all-minilm"):
        opened(filled.place)


# --- documents that an older loader has read


def read_by(library: Library, loader: str) -> None:
    """Pretend that the documents were read by another loader."""
    executed(library, f"UPDATE documents SET loader = '{loader}'")  # noqa: S608


def of_schema(number: int, library: Library) -> Library:
    """Make a library one of an earlier schema, whose documents say less, and open and read it."""
    missing = {1: ("loader", "properties", "styles"), 2: ("properties", "styles")}
    for column in missing.get(number, ("styles",)):
        executed(library, f"ALTER TABLE documents DROP COLUMN {column}")
    if number < 4:
        executed(library, "DROP TABLE files")
    executed(library, f"UPDATE meta SET value = '{number}' WHERE key = 'schema'")  # noqa: S608
    before = hashes(library.folder)
    old = opened(library.folder)
    for entry in old.entries():
        assert old.document(entry.id).styles == ()
        assert old.file(entry.id) is None
    assert hashes(library.folder) == before, "opening never writes"
    return old


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    path.write_text("# Bakery\n\nThe old baker bakes dark rye bread.\n", "utf-8")
    return path


def test_a_changed_loader_reads_its_documents_again(library: Library, note: Path) -> None:
    before = library.add(load(note)).document
    library.add(made(WHALES, "/whales.txt"))  # No loader has read this.
    assert library.outdated() == 0
    read_by(library, "markdown 0")
    note.write_text("# Mill\n\nThe young miller grinds barley.\n", "utf-8")
    assert library.outdated() == 2
    done = library.reindex(lambda *_: None)
    [again], [(kept, reason)] = done.read_again, done.kept
    assert (done.documents, kept.source) == (2, "/whales.txt")
    assert "There is no file /whales.txt" in reason
    assert again.text.startswith("# Mill")
    assert library.document(again.id).added == before.added
    assert library.outdated() == 1
    for each in (library, opened(library.place)):
        assert [entry.id for entry in each.entries()] == [again.id, kept.id]
        assert each.search("grinds barley.", 1)[0].document == library.document(again.id)
        with pytest.raises(UserError, match="There is no document"):
            each.document(before.id)


def test_what_came_from_elsewhere_is_not_called_again(library: Library, note: Path) -> None:
    for text, source in ((BREAD, "https://example.org/note"), (WHALES, "upload.md")):
        library.add(replace(made(text, source), loader="markdown 1"))
    read_by(library, "markdown 0")
    done = library.reindex(lambda *_: None)
    assert not done.read_again
    assert all("add it again" in reason for _, reason in done.kept)


@IN_A_FOLDER
def test_a_library_from_before_loaders_had_versions(library: Library, note: Path) -> None:
    library.add(load(note))
    old = of_schema(1, library)
    assert (old.outdated(), [each.loader for each in old.entries()]) == (1, ["unknown"])
    assert old.search("rye", 1)[0].document.loader == "unknown"
    old.add(made(WHALES, "/whales.txt"))
    assert [each.loader for each in old.entries()] == ["unknown", ""]
    assert len(old.reindex(lambda *_: None).read_again) == 1
    assert old.outdated() == 0


LATER = {
    "properties": (2, Properties(), Properties("Ann Lee", "2021-12-31", "The Post", "en")),
    "styles": (4, (), (Style(0, 5, "link"),)),
}


@IN_A_FOLDER
@pytest.mark.parametrize("field", LATER)
def test_a_library_from_before_documents_had_it(library: Library, field: str) -> None:
    number, none, known = LATER[field]
    library.add(made(BREAD, "/bread.txt"))
    old = of_schema(number, library)
    old.add(replace(made(WHALES, "/whales.txt"), **{field: known}))
    again = opened(library.folder)
    read = [again.document(entry.id) for entry in again.entries()]
    assert [getattr(document, field) for document in read] == [none, known]


@IN_A_FOLDER
def test_a_library_from_before_files_were_kept(library: Library) -> None:
    document = library.add(made(WHALES, "/whales.pdf")).document
    old = of_schema(3, library)
    added = old.add(replace(document, file=b"%PDF"))  # The same text again brings its file.
    assert (added.outcome, old.file(document.id)) == ("unchanged", b"%PDF")


def test_a_file_is_kept_with_its_document(library: Library) -> None:
    brought = replace(made(WHALES, "/whales.pdf"), file=b"%PDF one")
    other = made("A text that came without a file.", "/other.txt")
    for document in (brought, other):
        library.add(document)
    for each in (library, opened(library.place)):
        assert [each.file(document.id) for document in (brought, other)] == [b"%PDF one", None]
        assert each.document(brought.id).file is None, "it is read when it is wanted"
    library.reindex(lambda *_: None)
    assert library.file(brought.id) == b"%PDF one"
    library.remove(brought.id)
    assert library.file(brought.id) is None
    library.add(replace(brought, file=b"%PDF two"))
    assert library.file(brought.id) == b"%PDF two"


# --- damaged


DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": lambda book: shutil.rmtree(book.parent),
    "garbage": lambda book: book.write_bytes(b"garbage " * 5000),
    "cut off": lambda book: os.truncate(book, book.stat().st_size // 2),
    "emptied": lambda book: os.truncate(book, 0),
}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_vectors_are_an_error_that_reindex_mends(three: Path, damage: str) -> None:
    before = opened(three).entries()
    [book] = three.glob("vectors-*/chroma.sqlite3")
    DAMAGE[damage](book)
    library = opened(three)
    assert library.entries() == before
    for act in (lambda: library.search(OCEAN, 3), lambda: library.add(made("Words.", "/new.txt"))):
        with refused(f"footnoted reindex --library {three}", kind=LibraryError):
            act()
    assert library.entries() == before
    assert library.reindex(lambda *_: None).documents == 3
    assert opened(three).entries() == before
    assert sources(opened(three), OCEAN)[0] == "/whales.txt"
    assert left(opened(three)) == (3, 3, 3, 0, 3)
    assert len(list(three.glob("vectors-*"))) == 1


def test_an_emptied_library_with_damaged_vectors_can_be_mended_too(three: Path) -> None:
    library = opened(three)
    *others, last = library.entries()
    for entry in others:
        library.remove(entry.id)
    [book] = three.glob("vectors-*/chroma.sqlite3")
    DAMAGE["gone"](book)
    library = opened(three)
    with refused("reindex", kind=LibraryError):
        library.remove(last.id)
    assert library.entries() == []
    with refused("reindex", kind=LibraryError):
        library.add(made(BREAD, "/bread.txt"))
    assert library.reindex(lambda *_: None).documents == 0
    library.add(made(BREAD, "/bread.txt"))
    assert sources(library, "rye")[:1] == ["/bread.txt"]


@pytest.mark.parametrize("damage", ["garbage", "cut off"])
def test_a_damaged_book_is_one_sentence_and_its_files_are_left(three: Path, damage: str) -> None:
    DAMAGE[damage](three / "library.db")
    before = hashes(three)
    with refused(str(three), "damaged", kind=LibraryError):
        opened(three)
    assert hashes(three) == before


def test_another_schema_is_an_error(library: Library) -> None:
    library.add(made(BREAD, "/bread.txt"))
    executed(library, "UPDATE meta SET value = '999' WHERE key = 'schema'")
    with refused("999", "version", kind=LibraryError):
        opened(library.place)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with refused(str(path), "--library", kind=LibraryError):
        opened(path)
    with refused(str(path), kind=LibraryError):
        opened(path / "library").add(made(BREAD, "/bread.txt"))
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_written(three: Path) -> None:
    (three / ".lock").unlink(missing_ok=True)
    (three / ".lock").mkdir()
    library = opened(three)
    with refused(str(three), "cannot be written", kind=LibraryError):
        library.add(made("New words.", "/new.txt"))
    assert library.search(OCEAN, 3)


# --- finding


@pytest.mark.weights
def test_the_evidence_of_five_questions_is_in_the_first_three_passages(
    briefing_library: Library, briefing: Document
) -> None:
    lines = BRIEFING.with_suffix(".jsonl").read_text("utf-8").splitlines()
    cases = {case["id"]: case for case in map(json.loads, lines)}
    for number in (1, 2, 3, 4, 5):
        case = cases[f"briefing-{number:03}"]
        found = [hit.passage.span for hit in briefing_library.search(case["question"], 3)]
        assert any(
            span.start <= piece["start"] and piece["end"] <= span.end
            for span in found
            for piece in case["evidence"]
            if piece["sha256"] == briefing.sha256
        ), case["question"]


@pytest.mark.weights
def test_a_hit_is_the_passage_that_was_cut(briefing_library: Library, briefing: Document) -> None:
    cut = split(briefing)
    assert briefing_library.passages(briefing.id) == cut
    for hit in briefing_library.search("Which strait did the warships pass?", 20):
        assert hit.passage in cut
        assert hit.text == briefing.text[hit.passage.span.start : hit.passage.span.end]


LINES = {
    "cafe croissants": "🥖🥐 Emoji open this line, and the café sells croissants.",
    "面包": "面包师每天早上烤黑麦面包。",
    "Где поезд?": "Ночной поезд отправляется в десять часов.",
    "family": "👩‍👩‍👧‍👦 The family 🐋 watched whales.",
}


@pytest.mark.weights
def test_chinese_russian_and_emoji_are_found_at_their_right_places(
    place: Place, open_library: OpenLibrary
) -> None:
    library = open_library(place)
    sections = [f"## {number}\n\n{line}" for number, line in enumerate(LINES.values())]
    text = "\n\n".join(sections) + "\n"
    library.add(load_bytes(text.encode(), "mixed.md"))
    library.add(made(TRAINS, "/trains.txt"))
    library.add(made("今天下雨，没有人出门。\n", "/rain.txt"))
    for question, line in LINES.items():
        best = library.search(question, 1)[0]
        assert best.text == line
        assert text[best.passage.span.start : best.passage.span.end] == line
        assert best.bm25_rank == 1


@pytest.mark.weights
def test_a_question_of_signs_and_operators_finds_something(briefing_library: Library) -> None:
    for question in ('"', "AND OR NOT", "*", "a:b -c ^d (", "'; DROP TABLE words; --", "", "😀"):
        assert len(briefing_library.search(question, 3)) == 3, "the nearest vectors, at least"


@pytest.mark.slow
@pytest.mark.weights
def test_three_hundred_documents(place: Place, open_library: OpenLibrary) -> None:
    library = open_library(place)
    for number in range(300):
        library.add(made(f"Cabin {number} is painted in shade {number * 7}.", f"/{number}.txt"))
    assert [each.source for each in library.entries()][::299] == ["/0.txt", "/299.txt"]
    for number in (0, 123, 299):
        assert sources(library, f"How is cabin {number} painted?", 1) == [f"/{number}.txt"]
    assert left(library) == (300, 300, 300, 0, 300)


def test_what_documents_are_called_and_what_stands_under_a_heading(library: Library) -> None:
    """Of a large library no text is read to see which document a question names."""
    assert library.titles() == library.under(lambda _: True) == []
    sections = b"# Tolm\n\n## The mill\n\nThe mill burned.\n\n## People\n\nNobody was hurt."
    note = library.add(load_bytes(sections, "t.md")).document
    library.add(made(WHALES, "/w/whales.txt"))
    library.document = None  # type: ignore[method-assign, assignment]  # What would read a text.
    names = {each.title: each.name for each in library.titles()}
    assert names == {"Tolm": "t.md", "whales": "whales.txt"}
    assert [each.name for each in library.titles([note.id])] == ["whales.txt"]
    assert library.under(lambda heading: heading == "Harlow") == []
    del library.document
    [(document, passage)] = library.under(lambda heading: heading == "The mill")
    assert document.text[passage.span.start : passage.span.end] == "The mill burned."
    assert library.under(lambda heading: heading == "The mill", [note.id]) == []
