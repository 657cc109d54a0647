"""Every write of every change of a library fails once, and is the last one once.

As SQLite is tested: for each number of a write, the disk is full there, stays full from there on,
or the process is killed there. Afterwards every record is proven, not a sample of them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.library import Library
from tests.breaking import (
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
from tests.tracer import is_possible, traced

pytestmark = [
    pytest.mark.faults(minutes=5),
    pytest.mark.skipif(not is_possible(), reason="only Linux on x86-64 is watched here"),
]

EMPTY: frozenset[str] = frozenset()


@pytest.fixture
def at() -> Iterator[Path]:
    """A folder in memory, where there is one: thousands of waits for the disk prove nothing."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of a random name is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two books."""
    return small(tmp_path_factory.mktemp("before") / "library")


def try_all(
    faults: Faults, at: Path, before: Path | None, operation: Callable[[Library], object], name: str
) -> None:
    folder = at / "library"

    def fresh() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if before:
            shutil.copytree(before, folder)

    fresh()
    old = state(opened(folder))
    with forked_children():
        whole = traced(done_in(folder, operation), at)
        assert whole.status == 0
        assert whole.changes > 20
        new = state(opened(folder))
        tries = [
            (fault, lasting, number)
            for fault, lasting in (("kill", False), ("full", False), ("full", True))
            for number in range(1, whole.changes + 1, 5 if lasting else 1)
        ]
        for fault, lasting, number in faults.some(tries):
            fresh()
            what = "killed at a write" if fault == "kill" else "the disk is full at a write"
            with faults.trying(f"{name}: {what}", f"write {number}, lasting {lasting}"):
                made = traced(done_in(folder, operation), at, fault, number, lasting=lasting)
                if fault == "full":
                    assert os.waitstatus_to_exitcode(made.status) in (0, 2), "it ended badly"
                assert_sound(folder, {old, new})


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_change_is_made_or_not(faults: Faults, at: Path, before: Path, name: str) -> None:
    try_all(faults, at, before, OPERATIONS[name], name)


def test_the_first_document_is_added_or_not(faults: Faults, at: Path) -> None:
    try_all(faults, at, None, lambda library: library.add(book("inn", 3)), "first add")
