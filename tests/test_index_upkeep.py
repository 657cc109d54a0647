"""A library proven, mended, backed up and put back; and one of the first format."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.documents import Document
from index.errors import LibraryError
from index.library import Library
from index.loading.load import load
from index.storage.database import Database, Place
from index.upkeep.backup import back_up, restore
from index.upkeep.proof import Proof, prove
from index.upkeep.repair import Repaired, repair
from rag.log import Log
from tests.breaking import BEFORE, ROOMS, assert_sound, executed, opened, small, state
from tests.conftest import IN_A_FOLDER, OpenLibrary
from tests.test_ui_documents import pdf

FIRST_FORMAT = Path(__file__).with_name("first_format.tar.gz")

FARM, MILL = BEFORE


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small(tmp_path_factory.mktemp("made") / "library")
    answer = {"question": "Who counts?", "answer": "The farm."}
    for number in range(200):
        Log(folder).rate(str(number), answer, "up")
    return folder


@pytest.fixture
def library(place: Place, _made: Path) -> Library:
    """A library of two books, with a log."""
    if isinstance(place, Path):
        shutil.copytree(_made, place)
    else:
        small(place)
        place.folder.mkdir(parents=True)
        shutil.copyfile(_made / "log.db", place.folder / "log.db")
    return opened(place)


def mended(library: Library) -> tuple[Proof, Repaired]:
    """Prove, repair, and prove that nothing is wrong any more."""
    proof = prove(library)
    made = repair(library, proof, lambda *_: None)
    assert not prove(opened(library.place)).faults
    return proof, made


def test_a_library_that_is_as_it_should_be(library: Library) -> None:
    counts = {"documents": 2, "passages": 5, "vectors": 5}
    assert prove(library).as_json() == {**counts, "embedded": True, "faults": ()}
    assert not prove(library, embed=False).embedded


def test_there_is_nothing_to_prove_or_back_up(tmp_path: Path) -> None:
    for act in (prove, lambda library: back_up(library, tmp_path / "x.tar")):
        with pytest.raises(LibraryError, match="There is no library"):
            act(opened(tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


def farm(change: str) -> str:
    return f"UPDATE documents SET {change} WHERE title = 'farm'"  # noqa: S608


PASSAGES, WORDS = "its passages are not those", "BM25 does not hold the words"
IN_THE_BOOK = {
    "another text": (farm("text = replace(text, 'sheep', 'goats')"), "its text is not the one"),
    "another hash": (farm("sha256 = 'x'"), "its hash is not that of its text"),
    "structure that cannot be read": (farm("headings = '['"), "what is kept of it cannot be read"),
    "structure outside of the text": (farm("pages = '[99999]'"), "outside of its text"),
    "a passage that is gone": ("DELETE FROM passages WHERE number = 1", PASSAGES),
    "a passage elsewhere": ('UPDATE passages SET "end" = "end" - 4 WHERE number = 1', PASSAGES),
    "words that are gone": ("DELETE FROM words WHERE rowid = 2", WORDS),
    "other words": ("UPDATE words SET text = 'goats' WHERE rowid = 2", WORDS),
    "words of nothing": ("INSERT INTO words (text) VALUES ('goats')", "1 rows of words belong"),
    "a file of nothing": ("INSERT INTO files VALUES ('x', 'y')", "1 rows of files belong"),
}
IN_POSTGRES = {
    "words that are gone": "UPDATE passages SET words = '' WHERE number = 1",
    "other words": "UPDATE passages SET words = to_tsvector('goats') WHERE number = 1",
    "words of nothing": "",  # They stand with the passage.
    "a file of nothing": "SET session_replication_role = replica;"
    "INSERT INTO files VALUES ('x', 'y'); RESET session_replication_role",
}


@pytest.mark.parametrize("what", IN_THE_BOOK)
def test_damage_in_the_book_is_found_and_mended(library: Library, what: str) -> None:
    statement, words = IN_THE_BOOK[what]
    if isinstance(library.place, Database):
        statement = IN_POSTGRES.get(what, statement)
    if not statement:
        return
    executed(library, statement)
    proof, made = mended(library)
    assert any(words in fault.text for fault in proof.faults)
    kept = {FARM.id, MILL.id}
    if "structure" in what or "text" in what:  # Its file is not there to be read again.
        assert made.lost == ("farm (/farm.txt)",)
        kept.remove(FARM.id)
    else:
        assert made.lost == ()
    assert made.kept
    assert [path.stat().st_size > 0 for path in made.kept.iterdir()] == [True]
    assert_sound(library.place, {frozenset(kept)})


@IN_A_FOLDER
def test_an_index_that_lacks_what_its_table_holds_is_found(library: Library) -> None:
    executed(library, "UPDATE words_data SET block = zeroblob(8) WHERE id > 10")
    proof, _ = mended(library)
    assert any("the BM25 index" in fault.text for fault in proof.faults)


VECTORS: dict[str, tuple[Callable[[Library], None], str]] = {
    "gone": (lambda library: library.vectors().delete(FARM.id), "3 passages have no vector"),
    "of nothing": (
        lambda library: library.vectors().add("gone", [[1.0] * ROOMS], 0),
        "1 vectors belong to no passage",
    ),
    "of other words": (
        lambda library: _replace(library, MILL, np.eye(2, ROOMS).tolist()),
        "2 vectors are not those of their passages",
    ),
}


def _replace(library: Library, document: Document, vectors: list[list[float]]) -> None:
    library.vectors().delete(document.id)
    library.vectors().add(document.id, vectors, 0)


@pytest.mark.parametrize("what", VECTORS)
def test_wrong_vectors_are_found_and_made_anew(library: Library, what: str) -> None:
    spoil, words = VECTORS[what]
    if what == "of nothing" and isinstance(library.place, Database):
        with pytest.raises(LibraryError, match="foreign key"):
            spoil(library)
        return
    spoil(library)
    assert [fault.text for fault in prove(library, embed=False).faults] == (
        [] if what == "of other words" else [f"{words}."]
    )
    proof, made = mended(library)
    assert [(fault.part, fault.text) for fault in proof.faults] == [("vectors", f"{words}.")]
    assert (made.documents, made.lost, made.kept) == (2, (), None)


def test_a_damaged_text_is_not_quoted_and_is_read_again(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The barn holds 40 bales of hay.")
    note = library.add(load(path)).document
    spoil = "UPDATE documents SET text = replace(text, '40', '90') WHERE title = 'note'"
    executed(library, spoil)
    damaged = opened(library.place)
    with pytest.raises(LibraryError, match="footnoted library repair"):
        damaged.search("bales of hay", 1)
    _, made = mended(damaged)
    assert [document.id for document in made.read_again] == [note.id]
    assert opened(library.place).document(note.id).text == note.text
    executed(library, spoil)
    path.write_text("The barn holds 50 bales of hay.")
    _, made = mended(opened(library.place))
    assert made.lost == (f"note ({path})",)


@IN_A_FOLDER
def test_what_is_kept_of_a_pdf_is_proven(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf("The page tells of two ships."))
    document = library.add(load(path)).document
    assert not prove(library).faults
    other = pdf("The page tells of three ships.")
    executed(library, f"UPDATE files SET data = x'{other.hex()}'")  # noqa: S608
    assert "another text" in prove(library).faults[0].text
    executed(library, "UPDATE files SET data = x'00'")
    assert "damaged" in prove(library).faults[0].text
    assert document.id in state(library)


@IN_A_FOLDER
def test_half_a_book_is_rescued(library: Library) -> None:
    path = library.folder / "library.db"
    data = bytearray(path.read_bytes())
    at = data.index(b"The farm counts")
    data[at : at + 4] = b"\xff\xfe\xff\xfe"  # No UTF-8: SQLite's module cannot read the text.
    path.write_bytes(data)
    proof = prove(opened(library.folder, check=False))
    assert proof.faults
    made = repair(opened(library.folder, check=False), proof, lambda *_: None)
    assert made.documents >= 1
    assert_sound(library.folder, {frozenset({MILL.id}), frozenset({MILL.id, FARM.id})})


@IN_A_FOLDER
def test_a_book_of_which_nothing_is_left_says_so(library: Library) -> None:
    (library.folder / "library.db").write_bytes(b"x" * 50_000)
    lost = opened(library.folder, check=False)
    proof = prove(lost)
    assert proof.faults
    with pytest.raises(LibraryError, match="Put back a backup"):
        repair(lost, proof, lambda *_: None)


def test_a_damaged_log_keeps_what_can_be_read(library: Library) -> None:
    path = library.folder / "log.db"
    data = bytearray(path.read_bytes())
    data[-4096:] = b"\xff" * 4096
    path.write_bytes(data)
    proof, made = mended(library)
    assert {fault.part for fault in proof.faults} == {"log"}
    assert made.kept
    assert len(Log(library.folder).ratings()) > 100


# --- backups


@IN_A_FOLDER
def test_a_backup_goes_into_an_empty_folder_alone(library: Library, tmp_path: Path) -> None:
    kept, empty = tmp_path / "kept.tar", tmp_path / "empty"
    assert back_up(library, kept) == kept.stat().st_size
    empty.mkdir()
    for folder in (tmp_path / "restored", empty):
        restore(kept, folder)
        assert opened(folder).entries() == library.entries()
    assert len(Log(empty).ratings()) == 200
    assert_sound(empty, {state(library)})
    for act, why in (
        (lambda: restore(kept, library.folder), "not empty"),
        (lambda: back_up(library, tmp_path), "is a folder"),
        (lambda: back_up(library, tmp_path / "nowhere" / "kept.tar"), "No such file"),
        (lambda: restore(tmp_path / "none.tar", tmp_path / "other"), "No such file"),
    ):
        with pytest.raises(LibraryError, match=why):
            act()
    assert not (tmp_path / "other").exists()


def packed(members: dict[str, bytes], files: object = None, **member: object) -> bytes:
    """A backup of some files, with a manifest of the same files or of others."""
    told = dict.fromkeys(members, TOLD) if files is None else files
    manifest = json.dumps({"format": 1, "files": told}).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in {"manifest.json": manifest, **members}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in member.items() if name in members else ():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


TOLD = {"bytes": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
"""What a manifest tells of a file that holds one x."""

BOTH, LINK = {"library.db": b"x", "log.db": b"x"}, {"type": tarfile.SYMTYPE, "linkname": "/etc/x"}
BAD_BACKUPS = {
    "a name above the folder": packed({"../library.db": b"x"}),
    "an absolute name": packed({"/library.db": b"x"}),
    "a name that is not a library's": packed({"evil.py": b"x"}),
    "a name that is not in the manifest": packed(BOTH, {"library.db": TOLD}),
    "a file that is missing": packed({"library.db": b"x"}, dict.fromkeys(BOTH, TOLD)),
    "another content": packed({"library.db": b"y"}),
    "a link": packed({"library.db": b""}, **LINK),
    "a device": packed({"library.db": b""}, type=tarfile.CHRTYPE),
    "no book": packed({"log.db": b"x"}),
    "no manifest's form": packed({}, ["library.db"]),
    "no tar file": b"x" * 2000,
    "nothing": b"",
}


@pytest.mark.parametrize("what", BAD_BACKUPS)
def test_what_is_no_backup_is_not_unpacked(tmp_path: Path, what: str) -> None:
    (tmp_path / "bad.tar").write_bytes(BAD_BACKUPS[what])
    with pytest.raises(LibraryError, match="is not a backup of a library, or is damaged"):
        restore(tmp_path / "bad.tar", tmp_path / "library")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tar"]


@IN_A_FOLDER
def test_a_backup_that_is_cut_or_changed_is_told(library: Library, tmp_path: Path) -> None:
    back_up(library, tmp_path / "kept.tar")
    data = (tmp_path / "kept.tar").read_bytes()
    for number, damaged in enumerate(
        (data[: len(data) // 2], data[:3000], data.replace(b"sheep 1 of", b"sheep 9 of"))
    ):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(damaged)
        with pytest.raises(LibraryError, match="damaged"):
            restore(path, tmp_path / "restored")
        assert not (tmp_path / "restored").exists()


# --- the first format


@pytest.mark.weights
def test_a_library_of_the_first_format_is_migrated(
    tmp_path: Path, open_library: OpenLibrary, settings: object
) -> None:
    with tarfile.open(FIRST_FORMAT) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "library"
    with pytest.raises(LibraryError, match="footnoted reindex"):
        open_library(folder)
    library = Library(
        folder,
        embedding_name="bge-small-en-v1.5-int8",
        embedding=open_library(tmp_path / "other")._load_embedding,
        check=False,
    )
    made = library.reindex(lambda *_: None)
    assert [document.name for document, _ in made.kept] == ["orchard.md"]
    migrated = open_library(folder)
    assert not prove(migrated).faults
    [best, *_] = migrated.search("How many apple trees does the orchard have?", 3)
    assert "214 apple trees" in best.text
    assert best.document.sha256.startswith("fba49b3013f0")
    migrated.add(MILL)
    assert not prove(migrated).faults
