"""The libraries of a folder and of the settings: listed, made, renamed, and who may do what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.documents import Document
from index.errors import UserError
from index.storage.database import Database
from rag.config import Settings, load_settings
from rag.opening import LONGEST_NAME, begin_library, libraries, rename_library
from rag.opening import open_library as opened
from tests.commands import Footnoted
from tests.conftest import OpenLibrary
from tests.postgres import Server

pytestmark = pytest.mark.weights


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return load_settings(library=tmp_path / "all" / "contracts", llm="none")


def test_the_folder_that_the_library_lies_in_holds_them_all(own: Settings) -> None:
    assert list(libraries(own)) == ["contracts"], "also before it is there"
    assert begin_library(own, "  Minutes 2024 ") == "Minutes 2024"
    begin_library(own, "archive")
    folder = own.library.parent if isinstance(own.library, Path) else Path()
    (folder / "notes").mkdir()
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "library.db").touch()
    found = libraries(own)
    assert list(found) == ["contracts", "Minutes 2024", "archive"]
    assert found["archive"] == folder / "archive"


@pytest.mark.parametrize(
    "name",
    [
        *("", "..", ".", "a/b", "../a", "a\\b", "a\nb", "a\x00b", ".a", "a.", "-x", "~", "a:b"),
        *("x" * (LONGEST_NAME + 1), "\u202eabc"),
    ],
)
def test_what_is_no_name_becomes_no_folder(own: Settings, name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="A library's name is up to"):
        begin_library(own, name)
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_taken_once(own: Settings, tmp_path: Path) -> None:
    begin_library(own, "Archive")
    (tmp_path / "all" / "notes").mkdir()
    for taken in ("Archive", "ARCHIVE", "contracts", "notes"):
        with pytest.raises(UserError, match=f"There is a “{taken}” already"):
            begin_library(own, taken)


def test_a_renamed_library_keeps_its_documents(own: Settings, open_library: OpenLibrary) -> None:
    begin_library(own, "archive")
    place = libraries(own)["archive"]
    library = open_library(place)
    library.add(Document.of("The bridge was opened in May.", title="a", source="/a.txt"))
    assert library.search("bridge", 1)
    assert rename_library(own, library, "Old bridges") == "Old bridges"
    assert list(libraries(own)) == ["contracts", "Old bridges"]
    renamed = open_library(libraries(own)["Old bridges"])
    assert [hit.document.source for hit in renamed.search("bridge", 1)] == ["/a.txt"]
    renamed.add(Document.of("The tunnel was opened in June.", title="b", source="/b.txt"))
    with pytest.raises(UserError, match="begins with a letter"):
        rename_library(own, renamed, "../elsewhere")


def test_some_libraries_keep_their_names(own: Settings, tmp_path: Path) -> None:
    opened(own).create()
    given = {"databases": {"elsewhere": str(tmp_path / "else")}, "readers": {"archive": ["ada"]}}
    own = load_settings(library=own.library, llm="none", **given)
    begin_library(own, "archive")
    for name in ("contracts", "elsewhere", "archive"):
        place = libraries(own)[name]
        library = opened(own.model_copy(update={"library": place}))
        with pytest.raises(UserError, match="cannot be renamed"):
            rename_library(own, library, "another")


def test_a_library_elsewhere_has_a_name_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    given = {"libraries": folder, "databases": {"archive": "postgresql://ada:secret@host/archive"}}
    own = load_settings(library=tmp_path / "x" / "notes", llm="none", **given)
    opened(load_settings(library=folder / "notes")).create()
    found = libraries(own)
    assert list(found) == ["notes 2", "notes", "archive"]
    assert found["notes 2"] == tmp_path / "x" / "notes"
    assert isinstance(found["archive"], Database)
    another = load_settings(library="postgresql://ada:secret@host/archive", llm="none", **given)
    assert list(libraries(another)) == ["archive", "notes"]
    alone = load_settings(library="postgresql://ada@host/archive", llm="none")
    assert list(libraries(alone)) == ["archive"]
    with pytest.raises(UserError, match="no folder for new libraries"):
        begin_library(alone, "new")


def test_who_may_read_and_change_stands_in_the_settings(tmp_path: Path) -> None:
    given = {"readers": {"contracts": ["ada", "bo"]}, "editors": {"contracts": ["ada", "cy"]}}
    own = load_settings(library=tmp_path, **given)
    reads = [own.may_read(name, "contracts") for name in ("ada", "bo", "cy", "")]
    changes = [own.may_change(name, "contracts") for name in ("ada", "bo", "cy", "")]
    assert (reads, changes) == ([True, True, False, False], [True, False, False, False])
    assert own.may_read("bo", "archive")
    assert own.may_change("bo", "archive")


def test_the_command_line_lists_them_with_what_cannot_be_read(
    own: Settings, footnoted: Footnoted, postgres: Server
) -> None:
    at_once = footnoted("libraries", "--library", own.library).stdout
    assert at_once.split("\t")[::2] == ["contracts", "0", "ready\n"], "before it is there"
    opened(own).create()
    begin_library(own, "broken")
    begin_library(own, "lost")
    folder = Path(str(own.library)).parent
    (folder / "broken" / "library.db").write_bytes(b"not a database" * 100)
    (folder / "lost" / "library.db").unlink()
    (folder / "lost" / "vectors-1").mkdir(exist_ok=True)
    named = {"cards": postgres.place().address, "gone": "postgresql://ada:secret@127.0.0.1:9/none"}
    given = {"FOOTNOTED_LIBRARY": own.library, "FOOTNOTED_DATABASES": json.dumps(named)}
    done = footnoted("libraries", "--json", **given)
    assert (done.returncode, done.stderr) == (0, "")
    found = {each.pop("name"): each for each in json.loads(done.stdout)["libraries"]}
    assert list(found) == ["contracts", "broken", "lost", "cards", "gone"]
    assert found["contracts"]["where"] == str(own.library)
    assert (found["contracts"]["documents"], found["contracts"]["error"]) == (0, None)
    assert found["contracts"]["bytes"] > 10_000
    assert found["cards"]["documents"] == 0
    for name, why in (
        ("broken", "damaged"),
        ("lost", "lost its library.db"),
        ("gone", "127.0.0.1"),
    ):
        assert found[name]["documents"] is None
        assert why in found[name]["error"]
    assert "secret" not in done.stdout
    text = footnoted("libraries", **given).stdout
    assert [line.split("\t")[0] for line in text.splitlines()] == list(found)
    assert "\tready\n" in text
