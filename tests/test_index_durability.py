"""Real processes that are killed at random moments, full and read-only disks, vanished files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

import index.library
from index.errors import UserError
from index.library import Library
from index.upkeep.backup import back_up, restore
from index.upkeep.proof import prove
from index.upkeep.repair import repair
from tests.breaking import (
    BEFORE,
    OPERATIONS,
    assert_sound,
    book,
    done_in,
    forked_children,
    opened,
    small,
    state,
)
from tests.faults import Faults

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two books."""
    return small(tmp_path_factory.mktemp("before") / "library")


def forked(run: Callable[[], object]) -> int:
    """Run something in a forked process, which ends with it; return its id."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            run()
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def afterwards(before: Path, at: Path, operation: Callable[[Library], object]) -> frozenset[str]:
    """Return which documents there are after an operation that nothing disturbs."""
    shutil.copytree(before, at)
    library = opened(at)
    operation(library)
    library.vectors().close()
    return state(library)


# --- kills


def test_a_kill_at_any_moment_loses_nothing(faults: Faults, tmp_path: Path, before: Path) -> None:
    folder, old = tmp_path / "library", state(opened(before))
    new = {name: afterwards(before, tmp_path / name, do) for name, do in OPERATIONS.items()}
    moments = [(name, faults.random.uniform(0, 0.25)) for name in OPERATIONS for _ in range(25)]
    with forked_children():
        for name, moment in faults.some(moments):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(before, folder)
            with faults.trying("kill -9 at a random moment", f"{name} after {moment:.3f} s"):
                pid = forked(done_in(folder, OPERATIONS[name]))
                time.sleep(moment)
                os.kill(pid, signal.SIGKILL)
                ended(pid)
                assert_sound(folder, {old, new[name]})


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
            forked_children(),
            faults.trying("the disk is full", f"{name} on a disk of {size} KB"),
        ):
            folder = at / "library"
            shutil.copytree(before, folder)
            code = ended(forked(done_in(folder, OPERATIONS[name])))
            assert code in (0, 2)
            subprocess.run(["mount", "-o", "remount,size=50m", str(at)], check=True)
            new = afterwards(before, tmp_path / "undisturbed", OPERATIONS[name])
            shutil.rmtree(tmp_path / "undisturbed")
            assert_sound(folder, {new} if code == 0 else {old, new})


def test_a_read_only_disk_is_read_and_not_written(
    faults: Faults, tmp_path: Path, before: Path
) -> None:
    old = state(opened(before))
    with disk(tmp_path / "disk", 20_000) as at:
        folder = at / "library"
        shutil.copytree(before, folder)
        subprocess.run(["mount", "-o", "remount,ro", str(at)], check=True)
        for name, operation in OPERATIONS.items():
            with faults.trying("a read-only folder", name):
                with pytest.raises(UserError, match="Read-only file system"):
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
            new = afterwards(before, tmp_path / f"{name}-new", operation)
            folder = tmp_path / name
            shutil.copytree(before, folder)
            monkeypatch.setattr(index.library, "datetime", Past)
            operation(opened(folder))
            monkeypatch.undo()
            assert_sound(folder, {new})


# --- files that are deleted or damaged while they are in use


def broken(path: Path, how: str) -> None:
    data = path.read_bytes()
    match how:
        case "deleted":
            path.unlink()
        case "emptied":
            path.write_bytes(b"")
        case "cut in half":
            path.write_bytes(data[: len(data) // 2])
        case "overwritten":
            path.write_bytes(bytes(byte ^ 0xFF for byte in data))
        case "overwritten in places":
            changed = bytearray(data)
            for at in range(len(data) // 50, len(data), max(len(data) // 50, 1)):
                changed[at] ^= 0x55
            path.write_bytes(bytes(changed))


HOW = ("deleted", "emptied", "cut in half", "overwritten", "overwritten in places")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose index Chroma keeps in all its files."""
    folder = tmp_path_factory.mktemp("large") / "library"
    library = opened(folder)
    library.add(book("farm", 2300))
    library.add(BEFORE[1])
    library.vectors().close()
    return folder


def test_what_happens_to_files_in_use_is_told_and_mended(
    faults: Faults, tmp_path: Path, large: Path
) -> None:
    texts = {entry.id: opened(large).document(entry.id).text for entry in opened(large).entries()}
    files = sorted(path.relative_to(large) for path in large.rglob("*") if path.is_file())
    assert len(files) >= 7
    folder = tmp_path / "library"
    for file, how in faults.some([(file, how) for file in files for how in HOW]):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(large, folder)
        library = opened(folder)
        library.search("sheep 7", 3)  # It is in use.
        with faults.trying("a file is damaged while it is in use", f"{file.name} {how}"):
            broken(folder / file, how)
            for running in (library, opened(folder, check=False)):
                told(running, texts)
            mended(folder, texts)


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


def test_two_write_while_others_read_and_back_up(
    faults: Faults, tmp_path: Path, before: Path
) -> None:
    folder = tmp_path / "library"
    shutil.copytree(before, folder)
    end = tmp_path / "end"
    rounds = 10

    def write(name: str) -> None:
        library = opened(folder)
        for number in range(rounds):
            library.add(book(f"{name}{number}", 3))
            library.add(book(f"{name}{number}", 3, version=2))
            if number % 2:
                library.remove(book(f"{name}{number}", 3, version=2).id)

    def read() -> None:
        library = opened(folder)
        seen = 0
        while not end.exists():
            for hit in library.search("sheep 1 of book 2", 10):
                assert hit.document.sha256.startswith(hit.document.id)
                assert "counts sheep" in hit.text
                seen += 1
        assert seen

    with forked_children():
        writers = [
            forked(lambda name=name: done_in(folder, lambda _: write(name))()) for name in "ab"
        ]
        readers = [forked(done_in(folder, lambda _: read())) for _ in range(2)]
        for number in range(3):
            with faults.trying("a backup while others write", f"number {number}"):
                back_up(opened(folder), tmp_path / f"{number}.tar")
                restore(tmp_path / f"{number}.tar", tmp_path / f"restored{number}")
                assert not prove(opened(tmp_path / f"restored{number}")).faults
        with faults.trying("two write while two read", "writers"):
            assert [ended(pid) for pid in writers] == [0, 0]
        end.touch()
        with faults.trying("two write while two read", "readers"):
            assert [ended(pid) for pid in readers] == [0, 0]
    kept = {book(f"{name}{n}", 3, version=2).id for name in "ab" for n in range(0, rounds, 2)}
    with faults.trying("two write while two read", "the library"):
        assert_sound(folder, {frozenset(kept | {document.id for document in BEFORE})})


def test_a_killed_backup_leaves_the_old_one(faults: Faults, tmp_path: Path, before: Path) -> None:
    target = tmp_path / "kept.tar"
    back_up(opened(before), target)
    old = target.read_bytes()
    moments = [faults.random.uniform(0, 0.05) for _ in range(20)]
    for moment in faults.some(moments):
        with faults.trying("a backup is killed", f"after {moment:.3f} s"):
            pid = forked(lambda: back_up(opened(before), target))
            time.sleep(moment)
            os.kill(pid, signal.SIGKILL)
            ended(pid)
            assert target.read_bytes() == old
            shutil.rmtree(tmp_path / "restored", ignore_errors=True)
            restore(target, tmp_path / "restored")
            assert json.dumps(sorted(state(opened(tmp_path / "restored"))))
