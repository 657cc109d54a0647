"""The process that runs Chroma, and answers the requests of `vectors.py`.

This is the only module that imports `chromadb`. A damaged index can crash Chroma, but then only
this process dies.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from index.errors import LibraryError

os.environ["ANONYMIZED_TELEMETRY"] = "False"
import chromadb
from chromadb.errors import NotFoundError
from filelock import FileLock


def answer(request: dict[str, Any], data: bytes) -> tuple[Any, bytes]:
    """Perform a request on one collection.

    `request` has `at` (the folder, or a server's address), `name` (the collection's), `do` (a key
    of `_ACTIONS`) with its arguments, and optionally `token` for a server. Vectors are rows of
    float32 in `data`.

    Raises LibraryError, with a one-line reason, for whatever Chroma raises: its errors have no
    common type.
    """
    where = (request.pop("at"), request.pop("name"))
    if token := request.pop("token", None):
        _TOKENS[where[0]] = token
    do = _ACTIONS[request.pop("do")]
    if where[0] in _CLIENTS and _CLIENTS[where[0]].file != _file_of(where[0]):
        _close(where, b"")  # The folder has been replaced by another one.
    try:
        made = do(where, data, **request)
    except LibraryError:
        raise
    except Exception as error:
        _close(where, b"")  # The cause may have been repaired by the next request.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise LibraryError(reason[0]) from error
    return made if isinstance(made, tuple) else (made, b"")


@dataclass(frozen=True)
class _Client:
    """A client of Chroma, and the file that it has opened, if it is not a server's client."""

    chroma: Any
    file: tuple[int, int] | None
    copy: TemporaryDirectory[str] | None = None


Where = tuple[str, str]
_CLIENTS: dict[str, _Client] = {}
_COLLECTIONS: dict[Where, Any] = {}
_HELD: dict[str, FileLock] = {}
_TOKENS: dict[str, str] = {}
"""The access tokens of servers, by address."""

DELETED = 1_000
"""How many ids are looked up and deleted at once. A document's vectors are written in the order of
their numbers, so once this many in a row are missing, there are none after them."""

HOLD_SECONDS = 60
"""How long to wait for a killed program's Chroma process that is still writing."""


def _create(where: Where, _: bytes, fingerprint: str) -> None:
    """Create the empty collection, in cosine space, with the library's fingerprint."""
    _client(where[0]).create_collection(
        where[1],
        configuration={"hnsw": {"space": "cosine"}},
        metadata={"fingerprint": fingerprint},
        embedding_function=None,
    )


def _add(
    where: Where, data: bytes, fingerprint: str, document_id: str, first: int, count: int
) -> None:
    _collection(where, fingerprint).add(
        ids=[f"{document_id}:{number}" for number in range(first, first + count)],
        embeddings=_rows(data, count),
        metadatas=[{"document_id": document_id}] * count,
    )


def _delete(where: Where, _: bytes, fingerprint: str, document_id: str) -> None:
    """Delete a document's vectors by id: with a `where` filter, Chroma would scan all of them."""
    collection = _collection(where, fingerprint)
    for first in itertools.count(0, DELETED):
        names = [f"{document_id}:{number}" for number in range(first, first + DELETED)]
        there = collection.get(ids=names, include=[])["ids"]
        if not there:
            return
        collection.delete(ids=there)


def _nearest(
    where: Where, data: bytes, fingerprint: str, limit: int, exclude: Sequence[str]
) -> list[str]:
    """Return the ids of the nearest vectors, best first; Chroma's distances are not passed on."""
    found = _collection(where, fingerprint).query(
        query_embeddings=_rows(data, 1),
        n_results=limit,
        where={"document_id": {"$nin": list(exclude)}} if exclude else None,
        include=[],
    )
    return list(found["ids"][0])


def _ids(where: Where, _: bytes, fingerprint: str) -> list[str]:
    return list(_collection(where, fingerprint).get(include=[])["ids"])


def _read(where: Where, _: bytes, fingerprint: str, ids: Sequence[str]) -> tuple[list[str], bytes]:
    """Return the ids of those vectors that exist, and the vectors."""
    found = _collection(where, fingerprint).get(ids=list(ids), include=["embeddings"])
    return list(found["ids"]), np.asarray(found["embeddings"], np.float32).tobytes()


def _drop(where: Where, _: bytes) -> None:
    with suppress(NotFoundError):  # Then there is nothing left to drop.
        _client(where[0]).delete_collection(where[1])
    _COLLECTIONS.pop(where, None)


def _close(where: Where, _: bytes) -> None:
    """Close the files; the next use reopens them in their state at that time."""
    for each in [each for each in _COLLECTIONS if each[0] == where[0]]:
        del _COLLECTIONS[each]
    client = _CLIENTS.pop(where[0], None)
    if client is not None and not _is_server(where[0]):
        client.chroma.close()
        if client.copy:
            client.copy.cleanup()


def _hold(_: Where, __: bytes, folder: str) -> None:
    """Keep other writers away as long as this process lives, or until `release`.

    The calling program holds a lock of its own, but if it is killed, this process may still be
    writing.
    """
    lock = _HELD.setdefault(folder, FileLock(Path(folder) / ".lock-vectors"))
    lock.acquire(timeout=HOLD_SECONDS)


def _release(_: Where, __: bytes, folder: str) -> None:
    if folder in _HELD:
        _HELD.pop(folder).release()


_ACTIONS: dict[str, Callable[..., Any]] = {
    "create": _create,
    "add": _add,
    "delete": _delete,
    "nearest": _nearest,
    "ids": _ids,
    "read": _read,
    "drop": _drop,
    "close": _close,
    "hold": _hold,
    "release": _release,
}


def _rows(data: bytes, count: int) -> np.ndarray:
    return np.frombuffer(data, np.float32).reshape(count, -1)


def _collection(where: Where, fingerprint: str) -> Any:
    if where not in _COLLECTIONS:
        if not _is_server(where[0]) and not (Path(where[0]) / "chroma.sqlite3").exists():
            raise LibraryError("its vectors are missing")
        found = _client(where[0]).get_collection(where[1], embedding_function=None)
        if (found.metadata or {}).get("fingerprint") != fingerprint:
            raise LibraryError("its vectors belong to other settings")
        _COLLECTIONS[where] = found
    return _COLLECTIONS[where]


def _client(at: str) -> Any:
    if at not in _CLIENTS:
        settings = chromadb.Settings(anonymized_telemetry=False)
        if _is_server(at):
            address = urlsplit(at)
            secure = address.scheme == "https"
            token = _TOKENS.get(at)
            # Chroma Cloud reads the first header, a proxy in front of other servers the second.
            shown = {"X-Chroma-Token": token, "Authorization": f"Bearer {token}"}
            made = chromadb.HttpClient(
                headers=shown if token else None,
                host=address.hostname or "localhost",
                port=address.port or (443 if secure else 8000),
                ssl=secure,
                settings=settings,
            )
            _CLIENTS[at] = _Client(made, None)
        else:
            # Chroma writes to what it opens, so a read-only folder is read from a copy.
            copy = None if os.access(at, os.W_OK) or not Path(at).exists() else _copy(at)
            made = chromadb.PersistentClient(copy.name if copy else at, settings)
            _CLIENTS[at] = _Client(made, _file_of(at), copy)
    return _CLIENTS[at].chroma


def _copy(at: str) -> TemporaryDirectory[str]:
    made = TemporaryDirectory(prefix="footnoted-")
    for path in Path(at).rglob("*"):
        copied = Path(made.name) / path.relative_to(at)
        if path.is_dir():
            copied.mkdir()
        else:
            shutil.copyfile(path, copied)
    return made


def _file_of(at: str) -> tuple[int, int] | None:
    """Return the device and inode of Chroma's database file; None if there is no such file."""
    try:
        found = (Path(at) / "chroma.sqlite3").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_server(at: str) -> bool:
    return at.startswith(("http://", "https://"))
