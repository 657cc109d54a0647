"""A library on disk: real weights, real Chroma, real processes that are stopped and killed."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from index.documents import Document, Properties, Style
from index.errors import DocumentError, LibraryError, UserError
from index.library import EMBED_BATCH, WRITE_BATCH, Library, Stage
from index.loading.load import load, load_bytes
from index.split import split
from index.storage.database import Place
from index.storage.postgres import PostgresStore
from index.weights.embedding import PromptedEmbedding
from rag.config import Settings
from tests.breaking import executed
from tests.conftest import BRIEFING, IN_A_FOLDER, OpenLibrary

pytestmark = pytest.mark.weights

BREAD = "The old baker bakes dark rye bread before sunrise.\n"
WHALES = "Whales cross the northern ocean in the cold of autumn.\n"
TRAINS = "The night train leaves from the central station at ten.\n"


def made(text: str, source: str) -> Document:
    return Document.of(text, title=Path(source).stem, source=source)


def chronology(days: int, word: str = "bakery") -> Document:
    """A document with as many passages as days."""
    lines = (
        f"{1 + day % 28} May {1500 + day // 28}: The {word} sells loaf number {day}.\n"
        for day in range(days)
    )
    return made("".join(lines), f"/{word}.txt")


def sources(library: Library, question: str, limit: int = 3) -> list[str]:
    return [hit.document.source for hit in library.search(question, limit)]


def vector_count(library: Library) -> int:
    return len(library.vectors().keys())


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
    tables = [rows(library, each) for each in ("documents", "passages", "words", "pending")]
    return (tables[0], tables[1], tables[2], tables[3], vector_count(library))


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def library(place: Place, open_library: OpenLibrary) -> Library:
    return open_library(place)


@pytest.fixture
def copied(tmp_path: Path, briefing_library: Library) -> Path:
    """A folder with a copy of the library that holds the briefing."""
    shutil.copytree(briefing_library.folder, tmp_path / "copied")
    return tmp_path / "copied"


@pytest.fixture(scope="module")
def _three(tmp_path_factory: pytest.TempPathFactory, open_library: OpenLibrary) -> Path:
    library = open_library(tmp_path_factory.mktemp("three") / "library")
    for text, source in ((BREAD, "/bread.txt"), (WHALES, "/whales.txt"), (TRAINS, "/trains.txt")):
        library.add(made(text, source))
    return library.folder


@pytest.fixture
def three(tmp_path: Path, _three: Path) -> Path:
    """A folder with a copy of a library of three short documents."""
    shutil.copytree(_three, tmp_path / "three")
    return tmp_path / "three"


@pytest.fixture
def filled(library: Library) -> Library:
    """A library of three short documents."""
    for text, source in ((BREAD, "/bread.txt"), (WHALES, "/whales.txt"), (TRAINS, "/trains.txt")):
        library.add(made(text, source))
    return library


# --- adding and removing


def test_what_is_added_is_found(library: Library) -> None:
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


def test_a_file_that_becomes_equal_to_another_document_leaves_nothing_of_its_own(
    library: Library,
) -> None:
    library.add(made(BREAD, "/bread.txt"))
    library.add(made(WHALES, "/note.txt"))
    assert library.add(made(BREAD, "/note.txt")).outcome == "replaced"
    assert [each.source for each in library.entries()] == ["/bread.txt"]
    assert left(library) == (1, 1, 1, 0, 1)


def test_removing_leaves_nothing_behind(library: Library) -> None:
    kept = library.add(made(BREAD, "/bread.txt")).document
    gone = library.add(chronology(20)).document
    assert left(library) == (2, 21, 21, 0, 21)
    library.remove(gone.id)
    assert left(library) == (1, 1, 1, 0, 1)
    assert sources(library, "Which loaf does the bakery sell?", 9) == [kept.source]
    library.remove(kept.id)
    assert left(library) == (0, 0, 0, 0, 0)
    assert library.search("bread", 3) == []
    with pytest.raises(UserError, match="no document"):
        library.remove(kept.id)


def test_a_document_that_was_asked_for_too_early_is_there_when_it_is_added(
    library: Library,
) -> None:
    library.add(made(BREAD, "/bread.txt"))
    whales = made(WHALES, "/whales.txt")
    with pytest.raises(UserError, match="no document"):
        library.document(whales.id)
    library.add(whales)
    assert library.document(whales.id).text == WHALES


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


@pytest.mark.parametrize(
    ("stage", "done"),
    [
        ("splitting", 0),
        ("embedding", 0),
        ("embedding", EMBED_BATCH),
        ("embedding", 70),
        ("writing", 0),
    ],
)
def test_an_interrupted_add_changes_nothing(library: Library, stage: Stage, done: int) -> None:
    library.add(made(BREAD, "/bakery.txt"))
    before = library.entries(), left(library)[:3]

    def interrupt(now: Stage, at: int, _total: int) -> None:
        if (now, at) == (stage, done):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(chronology(70), interrupt)
    assert (library.entries(), left(library)[:3]) == before
    assert sources(library, "Which loaf does the bakery sell?", 60) == ["/bakery.txt"]
    library.add(made(WHALES, "/whales.txt"))
    assert left(library) == (2, 2, 2, 0, 2), "the next command sweeps"


def test_an_interrupted_first_add_leaves_an_empty_library(library: Library) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(made(BREAD, "/bread.txt"), interrupt)
    assert library.entries() == []
    assert library.add(made(BREAD, "/bread.txt")).outcome == "added"


class Other:
    """Another process with the same weights, which does with a library what it is told."""

    CODE = """
import json, sys
from index.documents import Document
from index.weights.embedding import load_embedding
from index.library import Library
from rag.config import load_settings
settings = load_settings()
embedding = load_embedding(settings.embedding, settings.models)
opened = {}
for line in sys.stdin:
    place, action, text, source = json.loads(line)
    if place not in opened:
        opened[place] = Library(
            load_settings(library=place).library,
            embedding_name=settings.embedding,
            embedding=lambda: embedding,
        )
    if action == "add":
        opened[place].add(
            Document.of(text, title="t", source=source), lambda *at: print(*at, flush=True)
        )
        print("added", flush=True)
    else:
        found = [[hit.document.source, hit.dense_rank] for hit in opened[place].search(text, 9)]
        print(json.dumps(found), flush=True)
"""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.CODE],
            cwd=BRIEFING.parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, place: Place, action: str, text: str, source: str = "") -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps([str(place), action, text, source]) + "\n")
        self.process.stdin.flush()

    def line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the other process has ended"
        return line.strip()

    def add(self, place: Place, text: str, source: str) -> None:
        self.tell(place, "add", text, source)
        self.wait_until("added")

    def wait_until(self, wanted: str) -> None:
        while self.line() != wanted:
            pass

    def search(self, place: Place, text: str) -> list[Sequence[object]]:
        self.tell(place, "search", text)
        found: list[Sequence[object]] = json.loads(self.line())
        return found


@pytest.fixture(scope="module")
def _others() -> Iterator[list[Other]]:
    others: list[Other] = []
    yield others
    for other in others:
        other.process.kill()
        other.process.communicate()


@pytest.fixture
def other(_others: list[Other]) -> Other:
    """The other process, which takes seconds to start and is used again while it lives."""
    if not _others or _others[-1].process.poll() is not None:
        _others.append(Other())
    return _others[-1]


def test_each_process_sees_at_once_what_the_other_has_changed(
    library: Library, other: Other
) -> None:
    library.add(made(BREAD, "/bread.txt"))
    assert other.search(library.place, "marine mammals") == [["/bread.txt", 1]]
    assert sources(library, "marine mammals") == ["/bread.txt"]
    other.add(library.place, WHALES, "/whales.txt")
    [best, second] = library.search("marine mammals", 3)
    assert (best.document.source, best.dense_rank) == ("/whales.txt", 1)
    assert (second.document.source, second.dense_rank) == ("/bread.txt", 2)
    library.add(made(TRAINS, "/trains.txt"))
    assert other.search(library.place, "railway")[0] == ["/trains.txt", 1]
    library.remove(library.find("whales.txt").id)
    found = other.search(library.place, "marine mammals")
    assert sorted(source for source, _ in found) == ["/bread.txt", "/trains.txt"]
    library.reindex(lambda *_: None)
    assert other.search(library.place, "railway")[0] == ["/trains.txt", 1]
    assert left(library) == (2, 2, 2, 0, 2)


def test_two_processes_add_at_the_same_time(library: Library, other: Other) -> None:
    theirs = chronology(200, "dairy")
    other.tell(library.place, "add", theirs.text, theirs.source)
    other.wait_until(f"embedding {EMBED_BATCH} 200")
    library.add(chronology(10))  # What they embed meanwhile is still theirs to write.
    other.wait_until("added")
    assert {each.source for each in library.entries()} == {"/bakery.txt", "/dairy.txt"}
    assert left(library) == (2, 210, 210, 0, 210)
    assert sources(library, "the dairy sells loaf number 177", 1) == ["/dairy.txt"]
    assert sources(library, "the bakery sells loaf number 7", 1) == ["/bakery.txt"]


@IN_A_FOLDER
def test_an_add_that_is_killed_half_way_is_swept_by_the_next(
    library: Library, other: Other
) -> None:
    library.add(made(BREAD, "/bread.txt"))
    before = library.entries(), left(library)[:3]
    doomed = chronology(3000)
    other.tell(library.place, "add", doomed.text, doomed.source)
    other.wait_until(f"writing {2 * WRITE_BATCH} 3000")
    other.process.send_signal(signal.SIGKILL)
    other.process.wait()
    assert (library.entries(), left(library)[:3]) == before
    assert rows(library, "pending") == 1
    assert 1 + 2 * WRITE_BATCH <= vector_count(library) < 3001, "it was killed half-way"
    assert sources(library, "Which loaf does the bakery sell?", 60) == ["/bread.txt"]
    library.add(made(WHALES, "/whales.txt"))
    assert left(library) == (2, 2, 2, 0, 2)


def test_a_process_that_is_killed_while_it_commits_changes_nothing(
    copied: Path, open_library: OpenLibrary
) -> None:
    before = open_library(copied).entries()
    code = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")  # Half of the change is in the file already.
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM documents")
for number in range(2000):
    connection.execute("INSERT INTO pending VALUES (?)", (f"{number:0100}",))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, str(copied / "library.db")], check=False)
    assert (copied / "library.db-journal").exists()
    assert open_library(copied).entries() == before
    assert rows(open_library(copied), "pending") == 0


# --- reading changes nothing


def test_opening_and_reading_writes_nothing(copied: Path, open_library: OpenLibrary) -> None:
    before = hashes(copied)
    library = open_library(copied)
    [entry] = library.entries()
    library.find("briefing.md")
    library.passages(entry.id)
    assert hashes(copied) == before


def test_searching_writes_nothing_but_chromas_own_bookkeeping(
    copied: Path, open_library: OpenLibrary
) -> None:
    def vectors_held() -> list[object]:
        [path] = copied.glob("vectors-*/chroma.sqlite3")
        connection = sqlite3.connect(path)
        try:
            tables = ("embeddings", "embedding_metadata", "embeddings_queue", "collections")
            return [
                connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
                for table in tables
            ]
        finally:
            connection.close()

    before, held = hashes(copied), vectors_held()
    assert open_library(copied).search("the video summit", 5)
    after = hashes(copied)
    assert after.keys() == before.keys()
    ours = [name for name in before if not name.startswith("vectors-")]
    assert "library.db" in ours
    assert [after[name] for name in ours] == [before[name] for name in ours]
    assert vectors_held() == held


def test_opening_a_folder_that_is_not_there_does_not_make_it(
    library: Library, open_library: OpenLibrary
) -> None:
    assert library.entries() == []
    assert library.search("bread", 3) == []
    with pytest.raises(UserError, match="no document"):
        library.find("bread.txt")
    with pytest.raises(LibraryError, match="There is no library"):
        library.reindex(lambda *_: None)
    assert not library.store.exists
    assert not library.folder.exists()


# --- damaged, or made otherwise


def one_message(error: BaseException, *words: str) -> None:
    """The error's text is short, whole, and says what it has to."""
    text = str(error)
    assert len(text) < 600
    assert "\n" not in text
    assert text.endswith(".")
    for word in words:
        assert word in text


def test_another_embedding_is_an_error_that_reindex_mends(
    filled: Library, settings: Settings, embedding: PromptedEmbedding, open_library: OpenLibrary
) -> None:
    def other_model(*, check: bool = True) -> Library:
        name = "all-minilm-l6-v2"
        return Library(filled.place, embedding_name=name, embedding=lambda: embedding, check=check)

    before = filled.entries(), left(filled)
    with pytest.raises(LibraryError) as caught:
        other_model()
    one_message(
        caught.value,
        f"footnoted reindex --library {shlex.quote(str(filled.place))}",
        settings.embedding,
        "all-minilm-l6-v2",
        f"FOOTNOTED_EMBEDDING={settings.embedding}",
    )
    assert (filled.entries(), left(filled)) == before
    reports: list[tuple[object, ...]] = []
    assert other_model(check=False).reindex(lambda *at: reports.append(at)).documents == 3
    assert [stage for _, stage, done, total in reports if done == total] == [
        "embedding",
        "writing",
    ] * 3
    mended = other_model()
    assert sources(mended, "sea mammals")[0] == "/whales.txt"
    assert left(mended) == (3, 3, 3, 0, 3)
    with pytest.raises(LibraryError, match="all-minilm"):
        open_library(filled.place)


# --- documents that an older loader has read


def read_by(library: Library, loader: str) -> None:
    """Pretend that the documents were read by another loader."""
    executed(library, f"UPDATE documents SET loader = '{loader}'")  # noqa: S608


def of_schema(number: int, folder: Path) -> None:
    """Make a library one of an earlier schema, whose documents say less."""
    connection = sqlite3.connect(folder / "library.db")
    with connection:
        connection.execute("ALTER TABLE documents DROP COLUMN styles")
        if number < 4:
            connection.execute("DROP TABLE files")
        for column in {1: ("loader", "properties"), 2: ("properties",)}.get(number, ()):
            connection.execute(f"ALTER TABLE documents DROP COLUMN {column}")
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(number),))
    connection.close()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    path.write_text("# Bakery\n\nThe old baker bakes dark rye bread.\n", "utf-8")
    return path


def test_a_changed_loader_is_noticed_and_its_documents_are_read_again(
    library: Library, note: Path, open_library: OpenLibrary
) -> None:
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
    for opened in (library, open_library(library.place)):
        assert [each.id for each in opened.entries()] == [again.id, kept.id]
        assert opened.search("barley", 1)[0].document == library.document(again.id)
        with pytest.raises(UserError, match="There is no document"):
            opened.document(before.id)


def test_what_came_from_elsewhere_is_not_called_again(library: Library, note: Path) -> None:
    for text, source in ((BREAD, "https://example.org/note"), (WHALES, "upload.md")):
        library.add(replace(made(text, source), loader="markdown 1"))
    read_by(library, "markdown 0")
    done = library.reindex(lambda *_: None)
    assert not done.read_again
    assert all("add it again" in reason for _, reason in done.kept)


@IN_A_FOLDER
def test_a_library_from_before_loaders_had_versions(
    library: Library, note: Path, open_library: OpenLibrary
) -> None:
    library.add(load(note))
    of_schema(1, library.folder)
    before = hashes(library.folder)
    old = open_library(library.folder)
    assert (old.outdated(), [each.loader for each in old.entries()]) == (1, ["unknown"])
    assert old.search("rye", 1)[0].document.loader == "unknown"
    assert hashes(library.folder) == before, "opening never writes"
    old.add(made(WHALES, "/whales.txt"))
    assert [each.loader for each in old.entries()] == ["unknown", ""]
    assert len(old.reindex(lambda *_: None).read_again) == 1
    assert old.outdated() == 0


@IN_A_FOLDER
def test_a_library_from_before_documents_had_properties(
    library: Library, note: Path, open_library: OpenLibrary
) -> None:
    library.add(load(note))
    of_schema(2, library.folder)
    before = hashes(library.folder)
    old = open_library(library.folder)
    [entry] = old.entries()
    assert old.document(entry.id).properties == Properties()
    assert hashes(library.folder) == before, "opening never writes"
    known = Properties("Ann Lee", "2021-12-31", "The Post", "en")
    old.add(replace(made(WHALES, "/whales.txt"), properties=known))
    read = [open_library(library.folder).document(each.id) for each in old.entries()]
    assert [each.properties for each in read] == [Properties(), known]


def test_a_file_is_kept_with_its_document(library: Library, open_library: OpenLibrary) -> None:
    brought = replace(made(WHALES, "/whales.pdf"), file=b"%PDF one")
    other = made("A text that came without a file.", "/other.txt")
    for each in (brought, other):
        library.add(each)
    for opened in (library, open_library(library.place)):
        assert [opened.file(each.id) for each in (brought, other)] == [b"%PDF one", None]
        assert opened.document(brought.id).file is None, "it is read when it is wanted"
    library.reindex(lambda *_: None)
    assert library.file(brought.id) == b"%PDF one"
    library.remove(brought.id)
    assert library.file(brought.id) is None
    library.add(library_document := replace(brought, file=b"%PDF two"))
    assert library.file(library_document.id) == b"%PDF two"


@IN_A_FOLDER
def test_a_library_from_before_files_were_kept(library: Library, open_library: OpenLibrary) -> None:
    document = made(WHALES, "/whales.pdf")
    library.add(document)
    of_schema(3, library.folder)
    before = hashes(library.folder)
    old = open_library(library.folder)
    assert old.file(document.id) is None
    assert hashes(library.folder) == before, "opening never writes"
    added = old.add(replace(document, file=b"%PDF"))  # The same text again brings its file.
    assert (added.outcome, old.file(document.id)) == ("unchanged", b"%PDF")


@IN_A_FOLDER
def test_a_library_from_before_styles_were_kept(
    library: Library, open_library: OpenLibrary
) -> None:
    document = made(WHALES, "/whales.html")
    library.add(document)
    of_schema(4, library.folder)
    before = hashes(library.folder)
    old = open_library(library.folder)
    assert old.document(document.id).styles == ()
    assert hashes(library.folder) == before, "opening never writes"
    styled = replace(made(WHALES + " Again.", "/new.html"), styles=(Style(0, 5, "link"),))
    old.add(styled)
    read = [open_library(library.folder).document(each.id) for each in old.entries()]
    assert [each.styles for each in read] == [(), (Style(0, 5, "link"),)]


def folder_gone(vectors: Path) -> None:
    shutil.rmtree(vectors)


def garbage(vectors: Path) -> None:
    (vectors / "chroma.sqlite3").write_bytes(b"garbage " * 5000)


def cut_off(vectors: Path) -> None:
    path = vectors / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(vectors: Path) -> None:
    (vectors / "chroma.sqlite3").write_bytes(b"")


@pytest.mark.parametrize("damage", [folder_gone, garbage, cut_off, emptied])
def test_damaged_vectors_are_an_error_that_reindex_mends(
    three: Path, open_library: OpenLibrary, damage: Callable[[Path], None]
) -> None:
    before = open_library(three).entries()
    [vectors] = three.glob("vectors-*")
    damage(vectors)
    library = open_library(three)
    assert library.entries() == before
    with pytest.raises(LibraryError) as caught:
        library.search("sea mammals", 3)
    one_message(caught.value, f"footnoted reindex --library {three}")
    with pytest.raises(LibraryError) as caught:
        library.add(made("New words.", "/new.txt"))
    one_message(caught.value, f"footnoted reindex --library {three}")
    assert library.entries() == before
    assert library.reindex(lambda *_: None).documents == 3
    assert open_library(three).entries() == before
    assert sources(open_library(three), "sea mammals")[0] == "/whales.txt"
    assert left(open_library(three)) == (3, 3, 3, 0, 3)
    assert len(list(three.glob("vectors-*"))) == 1


def test_an_emptied_library_with_damaged_vectors_can_be_mended_too(
    three: Path, open_library: OpenLibrary
) -> None:
    library = open_library(three)
    *others, last = library.entries()
    for entry in others:
        library.remove(entry.id)
    [vectors] = three.glob("vectors-*")
    folder_gone(vectors)
    library = open_library(three)
    with pytest.raises(LibraryError, match="reindex"):
        library.remove(last.id)
    assert library.entries() == []
    with pytest.raises(LibraryError, match="reindex"):
        library.add(made(BREAD, "/bread.txt"))
    assert library.reindex(lambda *_: None).documents == 0
    library.add(made(BREAD, "/bread.txt"))
    assert sources(library, "rye")[:1] == ["/bread.txt"]


@pytest.mark.parametrize("text", [b"garbage " * 5000, b"half"])
def test_a_damaged_book_is_one_sentence_and_its_files_are_left(
    copied: Path, open_library: OpenLibrary, text: bytes
) -> None:
    book = copied / "library.db"
    book.write_bytes(text if text != b"half" else book.read_bytes()[: book.stat().st_size // 2])
    before = hashes(copied)
    with pytest.raises(LibraryError) as caught:
        open_library(copied)
    one_message(caught.value, str(copied), "damaged")
    assert hashes(copied) == before


def test_another_schema_is_an_error(library: Library, open_library: OpenLibrary) -> None:
    library.add(made(BREAD, "/bread.txt"))
    executed(library, "UPDATE meta SET value = '999' WHERE key = 'schema'")
    with pytest.raises(LibraryError) as caught:
        open_library(library.place)
    one_message(caught.value, "999", "version")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, open_library: OpenLibrary) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(LibraryError) as caught:
        open_library(path)
    one_message(caught.value, str(path), "--library")
    with pytest.raises(LibraryError) as caught:
        open_library(path / "library").add(made(BREAD, "/bread.txt"))
    one_message(caught.value, str(path))
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_written(copied: Path, open_library: OpenLibrary) -> None:
    (copied / ".lock").unlink(missing_ok=True)
    (copied / ".lock").mkdir()
    library = open_library(copied)
    with pytest.raises(LibraryError) as caught:
        library.add(made(BREAD, "/bread.txt"))
    one_message(caught.value, str(copied), "cannot be written")
    assert library.search("the video summit", 3)


# --- finding


def test_the_evidence_of_five_questions_is_in_the_first_three_passages(
    briefing_library: Library, briefing: Document
) -> None:
    lines = BRIEFING.with_suffix(".jsonl").read_text("utf-8").splitlines()
    cases = {case["id"]: case for case in map(json.loads, lines)}
    for number in (1, 2, 3, 4, 5):
        case = cases[f"briefing-{number:03}"]
        hits = briefing_library.search(case["question"], 3)
        assert any(
            hit.passage.span.start <= piece["start"] and piece["end"] <= hit.passage.span.end
            for hit in hits
            for piece in case["evidence"]
            if piece["sha256"] == briefing.sha256
        ), case["question"]


def test_a_hit_is_the_passage_that_was_cut(briefing_library: Library, briefing: Document) -> None:
    cut = split(briefing)
    assert briefing_library.passages(briefing.id) == cut
    for hit in briefing_library.search("Which strait did the warships pass?", 20):
        assert hit.passage in cut
        assert hit.text == briefing.text[hit.passage.span.start : hit.passage.span.end]


def test_chinese_russian_and_emoji_are_found_at_their_right_places(
    library: Library, tmp_path: Path
) -> None:
    lines = [
        "🥖🥐 Emoji open this line, and the café sells croissants.",
        "面包师每天早上烤黑麦面包。",
        "Ночной поезд отправляется в десять часов.",
        "👩‍👩‍👧‍👦 The family 🐋 watched whales.",
    ]
    text = "\n\n".join(f"## {number}\n\n{line}" for number, line in enumerate(lines)) + "\n"
    path = tmp_path / "mixed.md"
    path.write_text(text, "utf-8")
    library.add(load(path))
    library.add(made(TRAINS, "/trains.txt"))
    library.add(made("今天下雨，没有人出门。\n", "/rain.txt"))
    for question, line in [
        ("面包", lines[1]),
        ("Где поезд?", lines[2]),
        ("cafe croissants", lines[0]),
        ("family", lines[3]),
    ]:
        best = library.search(question, 1)[0]
        assert best.text == line
        assert text[best.passage.span.start : best.passage.span.end] == line
        assert best.bm25_rank == 1


def test_a_question_of_signs_and_operators_finds_or_finds_nothing(
    briefing_library: Library,
) -> None:
    for question in ('"', "AND OR NOT", "*", "a:b -c ^d (", "'; DROP TABLE words; --", "", "😀"):
        assert len(briefing_library.search(question, 3)) == 3, "the nearest vectors, at least"


@pytest.mark.slow
def test_three_hundred_documents(library: Library) -> None:
    for number in range(300):
        library.add(made(f"Cabin {number} is painted in shade {number * 7}.", f"/{number}.txt"))
    assert [each.source for each in library.entries()][::299] == ["/0.txt", "/299.txt"]
    for number in (0, 123, 299):
        assert sources(library, f"How is cabin {number} painted?", 1) == [f"/{number}.txt"]
    assert left(library) == (300, 300, 300, 0, 300)


def test_what_documents_are_called_and_what_stands_under_a_heading(library: Library) -> None:
    """Of a large library no text is read to see which document a question names."""
    assert library.titles() == library.under(lambda _: True) == []
    note = load_bytes(
        b"# Tolm\n\n## The mill\n\nThe mill burned.\n\n## People\n\nNobody was hurt.", "t.md"
    )
    library.add(note)
    library.add(made(WHALES, "/w/whales.txt"))
    library.document = None  # type: ignore[method-assign, assignment]  # What would read a text.
    assert [(each.title, each.name) for each in library.titles()] == [
        ("Tolm", "t.md"),
        ("whales", "whales.txt"),
    ]
    assert [each.name for each in library.titles([note.id])] == ["whales.txt"]
    assert library.under(lambda heading: heading == "Harlow") == []
    del library.document
    [(document, passage)] = library.under(lambda heading: heading == "The mill")
    assert document.text[passage.span.start : passage.span.end] == "The mill burned."
    assert library.under(lambda heading: heading == "The mill", [note.id]) == []
