"""The passages' vectors in a LlamaIndex vector store; the counterpart of `vectors.py` for Chroma.

A factory written by the user makes the store. Each passage is a node: its id is
`document_id:number`, its source is the document, and its text is the id again, since texts stay in
the library's database.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from index.errors import LibraryError, foreign_reason
from index.storage.database import option
from index.storage.store import Key

if TYPE_CHECKING:
    import numpy as np

    from index.storage.vectors import Rows


class LlamaIndexVectors:
    """One collection of vectors, in the store that the factory returns for its name.

    Calls to the store are serialized, since not every store is thread-safe. Missing features and
    errors of the store become a LibraryError that says what to do.
    """

    def __init__(self, library: Path, name: str, factory: str, make: Callable[..., Any]) -> None:
        """Set the collection's name; nothing is imported yet.

        `factory` is the factory's name. `make` calls it with the required class, a description of
        that class, and the collection's name.
        """
        self._library = library
        self.name = name
        self._factory = factory
        self._make = make
        self._store: Any = None
        self._lock = RLock()
        self._is_new = False

    def create(self) -> None:
        """Make the store. The first `add` checks that it is empty and keeps ids."""
        with self._asked("be opened"):
            self._is_new = True

    def add(self, document_id: str, vectors: Rows, first: int) -> None:
        """Write vectors of a document's passages, numbered from `first`.

        Their shape is (passages, dimension).
        """
        import numpy as np

        rows = np.asarray(vectors, np.float32).tolist()
        if self._is_new:
            self._check_empty(rows[0])
        with self._asked("take vectors") as store:
            store.add([_node(document_id, at, row) for at, row in enumerate(rows, first)])
        if self._is_new:
            self._keys(self._nearest_ids(rows[0], 1, ()))
            self._is_new = False

    def delete(self, document_id: str) -> None:
        """Delete all vectors of a document."""
        with self._asked("delete vectors") as store:
            store.delete(document_id)

    def nearest(self, vector: list[float], limit: int, exclude: Sequence[str]) -> list[Key]:
        """Return the passages whose vectors are nearest, best first."""
        found = self._nearest_ids(vector, limit, exclude)
        # A library that is searched has passages, so there must be vectors.
        if not found and not (exclude and self._nearest_ids(vector, 1, ())):
            raise self._cannot("be searched", "it holds no vectors of the library")
        return self._keys(found)

    def keys(self) -> list[Key]:
        """Return the keys of all passages that have vectors."""
        with self._asked("list its vectors") as store:
            nodes = store.get_nodes(node_ids=None, filters=None)
        return self._keys([node.node_id for node in nodes])

    def read(self, keys: Sequence[Key]) -> dict[Key, np.ndarray]:
        """Return the vectors of passages; passages without one are left out."""
        import numpy as np

        with self._asked("return its vectors") as store:
            nodes = store.get_nodes(node_ids=[f"{name}:{number}" for name, number in keys])
        if any(node.embedding is None for node in nodes):
            raise self._cannot("return its vectors", "its nodes come without them")
        rows = [np.asarray(node.embedding, np.float32) for node in nodes]
        return dict(zip(self._keys([node.node_id for node in nodes]), rows, strict=True))

    def drop(self) -> None:
        """Delete all vectors of the collection, as far as the store can.

        The library already uses other vectors, so a store that cannot delete is not an error.
        """
        folder = self._library / self.name
        if folder.is_dir():  # Chroma's, from before the library used a LlamaIndex store.
            shutil.rmtree(folder, ignore_errors=True)
            return
        try:
            with self._asked("be emptied") as store:
                store.clear()
        except LibraryError:  # Not every store implements `clear`.
            with suppress(LibraryError):
                for document_id in {document_id for document_id, _ in self.keys()}:
                    self.delete(document_id)
        self.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Do nothing: the lock of the library's database keeps other writers away."""
        yield

    def close(self) -> None:
        """Release the store; the next use makes it again."""
        with self._lock:
            self._store = None

    @contextmanager
    def _asked(self, doing: str) -> Iterator[Any]:
        """Yield the store under the lock; its errors become a LibraryError that names `doing`."""
        from llama_index.core.vector_stores.types import BasePydanticVectorStore

        with self._lock:
            if self._store is None:
                called = "LlamaIndex vector store"
                self._store = self._make(BasePydanticVectorStore, called, self.name)
            try:
                yield self._store
            except Exception as error:
                raise self._cannot(doing, foreign_reason(error)) from error

    def _nearest_ids(self, vector: list[float], limit: int, exclude: Sequence[str]) -> list[str]:
        from llama_index.core.vector_stores.types import (
            FilterOperator,
            MetadataFilter,
            MetadataFilters,
            VectorStoreQuery,
        )

        left_out = MetadataFilter(
            key="document_id", operator=FilterOperator.NIN, value=list(exclude)
        )
        query = VectorStoreQuery(
            query_embedding=vector,
            similarity_top_k=limit,
            filters=MetadataFilters(filters=[left_out]) if exclude else None,
        )
        with self._asked("be searched") as store:
            found = store.query(query)
        if found.ids is not None:
            return list(found.ids)
        return [node.node_id for node in found.nodes or ()]

    def _check_empty(self, vector: list[float]) -> None:
        found: list[str] = []
        with suppress(LibraryError):  # Some stores cannot be searched before they hold anything.
            found = self._nearest_ids(vector, 1, ())
        if found:
            raise LibraryError(
                f"The vector store {self._factory} is not empty for the name {self.name}. Its "
                "factory must return a separate store for each name that it is given: change it."
            )

    def _keys(self, ids: Sequence[str]) -> list[Key]:
        split = [name.rpartition(":") for name in ids]
        if not all(document_id and number.isdecimal() for document_id, _, number in split):
            raise self._cannot("be used", "it does not keep the ids that it is given")
        return [(document_id, int(number)) for document_id, _, number in split]

    def _cannot(self, doing: str, why: str) -> LibraryError:
        return LibraryError(
            f"The vector store {self._factory} of the library {self._library} cannot {doing}: "
            f"{why}. {_MENDS.get(doing, _MEND)} `footnoted reindex {option(self._library)}` "
            "rebuilds the vectors."
        )


_MEND = "Correct that, or set FOOTNOTED_VECTORS to another store."
_MENDS = dict.fromkeys(
    ("list its vectors", "return its vectors"),
    "Answers do not need that: only `footnoted library check` cannot look at the vectors.",
)


def _node(document_id: str, number: int, vector: list[float]) -> Any:
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    name = f"{document_id}:{number}"
    return TextNode(
        id_=name,
        text=name,
        embedding=vector,
        metadata={"document_id": document_id},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document_id)},
    )
