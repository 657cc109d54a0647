"""Real processes that are killed, full and read-only disks, vanished files, many at once.

As SQLite is tested: for the number of each write of each change, the disk is full there, stays full
from there on, or the process is killed there. Afterwards every record is proven, not a sample.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest

import index.library
from index.errors import UserError
from index.library import Library
from index.storage.database import Place
from index.upkeep.backup import back_up, restore
from index.upkeep.proof import prove
from index.upkeep.repair import repair
from tests.breaking import (
    BEFORE,
    OPERATIONS,
    assert_sound,
    book,
    done_in,
    ended,
    forked,
    killed,
    opened,
    refused,
    small,
    state,
)
from tests.faults import Faults
from tests.postgres import Server
from tests.tracer import is_possible, traced

pytestmark = pytest.mark.faults


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder on a disk: those of other tests are in memory, where there is room."""
    with TemporaryDirectory(dir="/var/tmp", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two books."""
    return small(tmp_path_factory.mktemp("before") / "library")


@pytest.fixture(params=["folder", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path, before: Path) -> Callable[[], Place]:
    """What makes a library of two books each time, in a folder, and again in a database."""
    if request.param == "folder":
        return lambda: shutil.copytree(before, Path(mkdtemp(dir=tmp_path)) / "library")
    server: Server = request.getfixturevalue("postgres")
    return lambda: small(server.place())


def afterwards(place: Place, operation: Callable[[Library], object]) -> frozenset[str]:
    """Return which documents there are after an operation that nothing disturbs."""
    library = opened(place)
    operation(library)
    library.vectors().close()
    return state(library)


# --- kills


@pytest.mark.faults(minutes=1)
def test_a_kill_at_any_moment_loses_nothing(faults: Faults, fresh: Callable[[], Place]) -> None:
    first = fresh()
    old, seconds = state(opened(first)), 0.25 if isinstance(first, Path) else 0.12
    new = {name: afterwards(fresh(), operation) for name, operation in OPERATIONS.items()}
    moments = [(name, faults.random.uniform(0, seconds)) for name in OPERATIONS for _ in range(25)]
    for name, moment in faults.some(moments):
        with faults.trying("kill -9 at a random moment", f"{name} after {moment:.3f} s"):
            place = fresh()
            killed(done_in(place, OPERATIONS[name]), moment)
            assert_sound(place, {old, new[name]})


# --- writes


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory, where there is one: thousands of waits for the disk prove nothing."""
    folder = Path("/dev/shm")  # noqa: S108  a folder of a random name is made in it
    with TemporaryDirectory(dir=folder if os.access(folder, os.W_OK) else None) as made:
        yield Path(made)


@pytest.mark.faults(minutes=5)
@pytest.mark.skipif(not is_possible(), reason="only Linux on x86-64 is watched here")
@pytest.mark.parametrize("name", [*OPERATIONS, "first add"])
def test_at_each_write_it_is_made_or_not(
    faults: Faults, memory: Path, before: Path, name: str
) -> None:
    folder = memory / "library"
    run = done_in(folder, OPERATIONS["add" if name == "first add" else name])

    def start() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if name != "first add":
            shutil.copytree(before, folder)

    start()
    old = state(opened(folder))
    whole = traced(run, memory)
    assert whole.status == 0
    assert whole.changes > 20
    new = state(opened(folder))
    tries = [
        (fault, lasting, number)
        for fault, lasting in (("kill", False), ("full", False), ("full", True))
        for number in range(1, whole.changes + 1, 5 if lasting else 1)
    ]
    for fault, lasting, number in faults.some(tries):
        start()
        what = "killed at a write" if fault == "kill" else "the disk is full at a write"
        with faults.trying(f"{name}: {what}", f"write {number}, lasting {lasting}"):
            made = traced(run, memory, fault, number, lasting=lasting)
            if fault == "full":
                assert os.waitstatus_to_exitcode(made.status) in (0, 2), "it ended badly"
            assert_sound(folder, {old, new})


# --- disks


@contextmanager
def disk(at: Path, kilobytes: int) -> Iterator[Path]:
    """A disk of a size, in memory."""
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(at)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a disk can be mounted by the administrator alone")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def test_a_full_disk_changes_nothing(faults: Faults, tmp_path: Path, before: Path) -> None:
    files = [path for path in before.rglob("*") if path.is_file()]
    used = sum(-(-path.stat().st_size // 4096) * 4 for path in files) + 4 * len(files)
    old = state(opened(before))
    sizes = [(name, used + room) for name in OPERATIONS for room in range(0, 1200, 60)]
    for name, size in faults.some(sizes):
        with (
            disk(tmp_path / f"{name}-{size}", size) as at,
            faults.trying("the disk is full", f"{name} on a disk of {size} KB"),
        ):
            folder = shutil.copytree(before, at / "library")
            code = ended(forked(done_in(folder, OPERATIONS[name])))
            assert code in (0, 2)
            subprocess.run(["mount", "-o", "remount,size=50m", str(at)], check=True)
            undisturbed = shutil.copytree(before, at / "undisturbed")
            new = afterwards(undisturbed, OPERATIONS[name])
            assert_sound(folder, {new} if code == 0 else {old, new})


def test_a_read_only_disk_is_read(faults: Faults, tmp_path: Path, before: Path) -> None:
    old = state(opened(before))
    with disk(tmp_path / "disk", 20_000) as at:
        folder = shutil.copytree(before, at / "library")
        subprocess.run(["mount", "-o", "remount,ro", str(at)], check=True)
        for name, operation in OPERATIONS.items():
            with faults.trying("a read-only folder", name):
                with refused("Read-only file system"):
                    operation(opened(folder))
                library = opened(folder)
                assert state(library) == old
                assert library.document(BEFORE[0].id).text == BEFORE[0].text
        with faults.trying("a read-only folder", "search"):
            assert opened(folder).search("sheep 1", 3)
        with faults.trying("a read-only folder", "check"):
            assert not prove(opened(folder)).faults


def test_a_clock_that_is_set_back_changes_nothing(
    faults: Faults, tmp_path: Path, before: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Past(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(1980, 1, 1, tzinfo=UTC)

    for name, operation in OPERATIONS.items():
        with faults.trying("the clock is set back", name):
            new = afterwards(shutil.copytree(before, tmp_path / f"{name}-new"), operation)
            folder = shutil.copytree(before, tmp_path / name)
            monkeypatch.setattr(index.library, "datetime", Past)
            operation(opened(folder))
            monkeypatch.undo()
            assert_sound(folder, {new})


# --- files that are deleted or damaged while they are in use


def in_places(data: bytes) -> bytes:
    changed = bytearray(data)
    for at in range(len(data) // 50, len(data), max(len(data) // 50, 1)):
        changed[at] ^= 0x55
    return bytes(changed)


HOW: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda data: b"",
    "cut in half": lambda data: data[: len(data) // 2],
    "overwritten": lambda data: bytes(byte ^ 0xFF for byte in data),
    "overwritten in places": in_places,
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose index Chroma keeps in all its files."""
    folder = tmp_path_factory.mktemp("large") / "library"
    library = opened(folder)
    library.add(book("farm", 2300))
    library.add(BEFORE[1])
    library.vectors().close()
    return folder


@pytest.mark.usefixtures("no_pauses")
def test_damage_to_files_in_use_is_mended(faults: Faults, tmp_path: Path, large: Path) -> None:
    texts = {entry.id: opened(large).document(entry.id).text for entry in opened(large).entries()}
    files = sorted(path.relative_to(large) for path in large.rglob("*") if path.is_file())
    assert len(files) >= 7
    tries = [(file, how) for file in files for how in ("deleted", *HOW)]
    for number, (file, how) in enumerate(faults.some(tries)):
        folder = shutil.copytree(large, tmp_path / str(number))
        library, path = opened(folder), folder / file
        library.search("sheep 7", 3)  # It is in use.
        with faults.trying("a file is damaged while it is in use", f"{file.name} {how}"):
            if how == "deleted":
                path.unlink()
            else:
                path.write_bytes(HOW[how](path.read_bytes()))
            for running in (library, opened(folder, check=False)):
                told(running, texts)
            mended(folder, texts)
        shutil.rmtree(folder)


def told(library: Library, texts: dict[str, str]) -> None:
    """Assert that a search brings true quotes alone, or says in one sentence what is wrong."""
    try:
        hits = library.search("sheep 7 of the farm", 20)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        for hit in hits:
            assert hit.document.text == texts[hit.document.id]


def mended(folder: Path, texts: dict[str, str]) -> None:
    """Assert that all is sound again, as it was or with what is gone told, after a repair."""
    library = opened(folder, check=False)
    if not library.store.exists:
        return  # The book itself was deleted: there is no library any more.
    proof = prove(library)
    if proof.faults:
        try:
            made = repair(library, proof, lambda *_: None)
        except UserError as error:
            assert "backup" in str(error)  # noqa: PT017
            return
        assert made.documents + len(made.lost) >= len(texts)
    found = opened(folder)
    assert not prove(found).faults
    for entry in found.entries():
        assert found.document(entry.id).text == texts[entry.id]
    assert found.entries() == [] or found.search("sheep 7", 3)


# --- many at once


def write(library: Library, name: str, rounds: int) -> None:
    """Add, replace and remove books; where the library is in a database, reindex it on the way."""
    for number in range(rounds):
        library.add(book(f"{name}{number}", 3))
        library.add(book(f"{name}{number}", 3, version=2))
        if number % 2:
            library.remove(book(f"{name}{number}", 3, version=2).id)
        if number == rounds // 2 and not isinstance(library.place, Path):
            library.reindex(lambda *_: None)


def read(library: Library, end: Path) -> None:
    seen = 0
    while not end.exists():
        for hit in library.search("sheep 1 of book 2", 10):
            assert hit.document.sha256.startswith(hit.document.id)
            assert "counts sheep" in hit.text
            seen += 1
    assert seen


def test_many_write_read_and_back_up(
    faults: Faults, tmp_path: Path, fresh: Callable[[], Place]
) -> None:
    place, end, rounds, kind = fresh(), tmp_path / "end", 4, "several write while two read"
    writers = [forked(done_in(place, partial(write, name=name, rounds=rounds))) for name in "abc"]
    readers = [forked(done_in(place, partial(read, end=end))) for _ in "de"]
    for number in range(3 if isinstance(place, Path) else 0):
        with faults.trying("a backup while others write", f"number {number}"):
            back_up(opened(place), tmp_path / f"{number}.tar")
            restore(tmp_path / f"{number}.tar", tmp_path / f"restored{number}")
            assert not prove(opened(tmp_path / f"restored{number}")).faults
    with faults.trying(kind, "writers"):
        assert [ended(pid) for pid in writers] == [0, 0, 0]
    end.touch()
    with faults.trying(kind, "readers"):
        assert [ended(pid) for pid in readers] == [0, 0]
    kept = {book(f"{name}{n}", 3, version=2).id for name in "abc" for n in range(0, rounds, 2)}
    with faults.trying(kind, "the library"):
        assert_sound(place, {frozenset(kept | {document.id for document in BEFORE})})


def test_a_killed_backup_leaves_the_old_one(faults: Faults, tmp_path: Path, before: Path) -> None:
    target = tmp_path / "kept.tar"
    back_up(opened(before), target)
    old = target.read_bytes()
    moments = [faults.random.uniform(0, 0.05) for _ in range(20)]
    for moment in faults.some(moments):
        with faults.trying("a backup is killed", f"after {moment:.3f} s"):
            killed(lambda: back_up(opened(before), target), moment)
            assert target.read_bytes() == old
            shutil.rmtree(tmp_path / "restored", ignore_errors=True)
            restore(target, tmp_path / "restored")
            assert state(opened(tmp_path / "restored")) == state(opened(before))
