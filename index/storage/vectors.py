"""The passages' vectors in Chroma.

Vectors are in a folder of the library, or on a Chroma server with the same code path. Texts are not
stored in Chroma: they are read from the library's documents. Chroma runs in its own process
(`chroma.py`), one for all libraries of a program.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import LibraryError
from index.printable import without_password
from index.processes.child import Child, ChildFailed
from index.storage.database import option
from index.storage.store import Key

if TYPE_CHECKING:
    import numpy as np

    Rows = np.ndarray | Sequence[Sequence[float]]
    """Vectors, one per row."""

CHROMA = Child("index.storage.chroma")

SECONDS = 600
"""How long Chroma may take for one request before it counts as hung."""

SERVER_SECONDS = 60
"""How long a Chroma server may take for one request: people wait for it."""


def begin_chroma() -> None:
    """Start Chroma, which takes seconds, in the background."""
    CHROMA.begin()


class Vectors:
    """One collection of vectors, opened when it is first needed.

    `name` is the collection's name and, without a server, also its folder's. Errors become a
    LibraryError that says how to repair the vectors.
    """

    def __init__(
        self,
        library: Path,
        name: str,
        fingerprint: str,
        server: str | None = None,
        token: str | None = None,
    ) -> None:
        """Set the collection's name and place; nothing is touched yet."""
        self._library = library
        self._folder = library / name
        self.name = name
        self._fingerprint = fingerprint
        self._server = server
        self._token = token

    def create(self) -> None:
        """Create the empty collection, in cosine space, with the library's fingerprint."""
        self._ask("create", fingerprint=self._fingerprint)

    def add(self, document_id: str, vectors: Rows, first: int) -> None:
        """Write vectors of a document's passages, numbered from `first`.

        Their shape is (passages, dimension).
        """
        about = {"document_id": document_id, "first": first, "count": len(vectors)}
        self._use("add", _bytes(vectors), **about)

    def delete(self, document_id: str) -> None:
        """Delete all vectors of a document."""
        self._use("delete", document_id=document_id)

    def nearest(self, vector: list[float], limit: int, exclude: Sequence[str]) -> list[Key]:
        """Return the passages whose vectors are nearest, best first."""
        about = {"limit": limit, "exclude": list(exclude)}
        return self._keys(self._use("nearest", _bytes([vector]), **about)[0])

    def keys(self) -> list[Key]:
        """Return the keys of all passages that have vectors."""
        return self._keys(self._use("ids")[0])

    def read(self, keys: Sequence[Key]) -> dict[Key, np.ndarray]:
        """Return the vectors of passages; passages without one are left out."""
        import numpy as np

        there, data = self._use("read", ids=[f"{name}:{number}" for name, number in keys])
        rows = np.frombuffer(data, np.float32).reshape(len(there), -1) if there else ()
        return dict(zip(self._keys(there), rows, strict=True))

    def drop(self) -> None:
        """Delete the collection with all its vectors."""
        if self._server:
            self._ask("drop")
        else:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other writers away even if this program is killed while Chroma writes for it."""
        folder = str(self._library.absolute())
        self._ask("hold", folder=folder)
        try:
            yield
        finally:
            self._ask("release", folder=folder)

    def close(self) -> None:
        """Close the files; the next use reopens them in their state at that time."""
        self._ask("close")

    def _use(self, do: str, data: bytes = b"", **given: Any) -> tuple[Any, bytes]:
        return self._ask(do, data, fingerprint=self._fingerprint, **given)

    def _ask(self, do: str, data: bytes = b"", **given: Any) -> tuple[Any, bytes]:
        at = self._server or str(self._folder.absolute())
        known = {"token": self._token} if self._token else {}
        seconds = SERVER_SECONDS if self._server else SECONDS
        try:
            return CHROMA.call(
                {"do": do, "at": at, "name": self.name, **known, **given}, data, seconds=seconds
            )
        except ChildFailed as error:
            raise self._damaged(f"Chroma stopped, {error}") from error
        except LibraryError as error:
            raise self._damaged(str(error)) from error

    def _keys(self, names: Sequence[str]) -> list[Key]:
        split = [name.rpartition(":") for name in names]
        if not all(document_id and number.isdecimal() for document_id, _, number in split):
            raise self._damaged("the names of its records are damaged")
        return [(document_id, int(number)) for document_id, _, number in split]

    def _damaged(self, reason: str) -> LibraryError:
        rebuild = f"`footnoted reindex {option(self._library)}` rebuilds the vectors."
        if self._server:
            if self._token:
                reason = reason.replace(self._token, "…")
            return LibraryError(
                f"The vectors of the library {self._library} on the server "
                f"{without_password(self._server)} cannot be used: {reason}. Check that the "
                f"server is running. If it has lost them, the documents are still here: {rebuild}"
            )
        return LibraryError(
            f"The vectors of the library {self._library} cannot be used: {reason}. The documents "
            f"are still there: {rebuild}"
        )


def _bytes(vectors: Rows) -> bytes:
    import numpy as np

    return np.asarray(vectors, np.float32).tobytes()
