"""What tests that break libraries share: a small library, what is done to it, and its proof.

The embedding is made of hashed words: what breaks here are files, and hundreds of processes are
started, each forked from one that has imported everything.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, TypeVar, cast

import chromadb.api.rust  # noqa: F401  that it need not be imported in each forked process
import numpy as np
import pytest

import index.library
import index.processes.child
import index.storage.chroma
from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.processes import worker
from index.processes.child import Child, _pipe, _Running
from index.storage import vectors
from index.storage.database import Place
from index.storage.postgres import PostgresStore
from index.upkeep.proof import prove
from tests.postgres import PASSWORD

ROOMS = 64

At = TypeVar("At", bound=Place)


class HashedWords:
    """An embedding of words by their hash: the same text, the same vector, at once."""

    def get_query_embedding(self, query: str) -> list[float]:
        made = np.zeros(ROOMS, np.float32)
        for word in query.lower().split():
            made[
                int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16) % ROOMS
            ] += 1
        return cast("list[float]", (made / np.linalg.norm(made)).tolist())

    def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]:
        return [self.get_query_embedding(text) for text in texts]


EMBEDDING = HashedWords()
_KEPT: list[Child] = []


def opened(place: Place, *, check: bool = True) -> Library:
    """Open a library with the embedding of these tests."""
    return Library(place, embedding_name="hashed", embedding=lambda: EMBEDDING, check=check)


def book(name: str, days: int, version: int = 1) -> Document:
    """A chronology of so many passages, of which another version is another text."""
    text = "".join(
        f"{1 + day % 28} May {1500 + day // 28}: The {name} counts sheep {day} of book {version}.\n"
        for day in range(days)
    )
    return Document.of(text, title=name, source=f"/{name}.txt")


BEFORE = (book("farm", 3), book("mill", 2))

LEASE = Document.of(
    "The lease.\n\n"
    + "; ".join(
        f"it is of Gen. Ames and of {n}, and is to be had from Dec. 15 on" for n in range(60)
    )
    + ".\n",
    title="lease",
    source="/lease.txt",
)
"""A text of which other passages are made in Russian than in English."""


def said_to_be_russian(library: Library) -> None:
    """Put a text in and say its language, so that its vectors are made again."""
    library.set_language(library.add(LEASE).document.id, "ru")


def small(place: At) -> At:
    """Make a library of two books."""
    library = opened(place)
    for document in BEFORE:
        library.add(document)
    library.vectors().close()
    return place


OPERATIONS: dict[str, Callable[[Library], object]] = {
    "add": lambda library: library.add(book("inn", 3)),
    "replacement": lambda library: library.add(book("farm", 3, version=2)),
    "removal": lambda library: library.remove(BEFORE[0].id),
    "reindex": lambda library: library.reindex(lambda *_: None),
    "language": said_to_be_russian,
}


def on_its_own() -> None:
    """Be a program of one's own in a forked process, which forks a Chroma of its own."""
    _KEPT.append(vectors.CHROMA)  # It is the other process's, and ends where it is let go.
    vectors.CHROMA = Child(vectors.CHROMA._module)
    index.processes.child._start = _start_forked
    index.library.WRITE_BATCH = 2  # So that few passages are written in two steps.


def done_in(place: Place, operation: Callable[[Library], object]) -> Callable[[], None]:
    """Return the operation as a program does it: an error for people ends it with code 2."""

    def run() -> None:
        on_its_own()
        try:
            operation(opened(place))
        except UserError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(2)

    return run


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


def killed(run: Callable[[], object], seconds: float) -> None:
    """Run something in a forked process, and kill that after a while."""
    pid = forked(run)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    ended(pid)


class _Forked:
    """A process that was forked, as much of a `Popen` as `child.py` asks for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: int | None = None

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int | None:
        return self._wait(0)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _wait(self, options: int) -> int | None:
        if self.code is None:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, options)
                if pid:
                    self.code = os.waitstatus_to_exitcode(status)
        return self.code


def _start_forked(module: str, memory: int) -> _Running:
    there, said = _pipe()
    heard, back = _pipe()
    pid = os.fork()
    if pid == 0:
        try:
            said.close()
            heard.close()
            worker.main(module, str(there.fileno()), str(back.fileno()), "0")
        finally:
            os._exit(0)
    there.close()
    back.close()
    return _Running(_Forked(pid), said, heard, memory)  # type: ignore[arg-type]


@contextmanager
def refused(
    *words: str, kind: type[UserError] = UserError
) -> Iterator[pytest.ExceptionInfo[UserError]]:
    """Expect an error for people: short, on one line, whole, and with these words in it."""
    with pytest.raises(kind) as caught:
        yield caught
    text = str(caught.value)
    assert len(text) < 600
    assert "\n" not in text
    assert text.endswith(".")
    assert PASSWORD not in text
    for word in words:
        assert word in text


def executed(library: Library, statement: str) -> list[tuple[Any, ...]]:
    """Do something to the book behind the library's back."""
    if isinstance(library.store, PostgresStore):
        with library.store._connection() as connection:
            cursor = connection.execute(statement.encode())
            return list(cursor.fetchall()) if cursor.description else []
    with closing(sqlite3.connect(library.folder / "library.db")) as book, book:
        return book.execute(statement).fetchall()


def state(library: Library) -> frozenset[str]:
    """Return which documents there are."""
    return frozenset(entry.id for entry in library.entries())


def assert_sound(place: Place, allowed: set[frozenset[str]]) -> None:
    """Prove every record of a library in one of some states, and that it can be worked with."""
    library = opened(place)
    assert state(library) in allowed
    if library.store.exists:
        proof = prove(library)
        assert not proof.faults
        assert proof.vectors == proof.passages
    for hit in library.search("sheep 3 of the farm", 20):
        assert hit.text == hit.document.text[hit.passage.span.start : hit.passage.span.end]
    library.add(book("well", 2))
    proof = prove(library)
    assert not proof.faults
    assert not library.store.pending()
    assert len(library.store.collections()) == 1
    assert "/well.txt" in {hit.document.source for hit in library.search("the well", 20)}
    library.vectors().close()
