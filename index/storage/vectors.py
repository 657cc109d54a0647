"""The passages' vectors in Chroma, through LlamaIndex's vector store.

The only module that imports `chromadb`. Vectors live in a folder of the library, or on a Chroma
server with the same code path; texts do not: they are read from the library's documents.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.errors import LibraryError
from index.storage.store import Key

if TYPE_CHECKING:
    from llama_index.vector_stores.chroma import ChromaVectorStore


class Vectors:
    """One collection of vectors, opened when it is first needed.

    `name` is the collection's name and, without a server, also its folder's.
    """

    def __init__(self, library: Path, name: str, fingerprint: str, server: str | None) -> None:
        """Name the collection; nothing is touched yet."""
        self._library = library
        self._folder = library / name
        self.name = name
        self._fingerprint = fingerprint
        self._server = server
        self._client: Any = None
        self._opened: ChromaVectorStore | None = None
        self._lock = threading.RLock()

    def create(self) -> None:
        """Make the collection, empty, in cosine space, with the library's fingerprint."""
        with self._lock, self._errors():
            self._connect().create_collection(
                self.name,
                configuration={"hnsw": {"space": "cosine"}},
                metadata={"fingerprint": self._fingerprint},
                embedding_function=None,
            )

    def add(self, document_id: str, vectors: Sequence[list[float]], first: int) -> None:
        """Write vectors of a document's passages, the first of which has the number `first`."""
        from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

        source = RelatedNodeInfo(node_id=document_id)
        nodes = [
            TextNode(
                id_=f"{document_id}:{number}",
                embedding=vector,
                relationships={NodeRelationship.SOURCE: source},
            )
            for number, vector in enumerate(vectors, first)
        ]
        with self._using() as store:
            store.add(nodes)

    def delete(self, document_id: str) -> None:
        """Take out all vectors of a document."""
        with self._using() as store:
            store.delete(document_id)

    def nearest(self, vector: list[float], limit: int, without: Sequence[str]) -> list[Key]:
        """Return the passages whose vectors are nearest, best first.

        Chroma's distance is turned into an order here and goes no further.
        """
        from llama_index.core.vector_stores import (
            FilterOperator,
            MetadataFilter,
            MetadataFilters,
            VectorStoreQuery,
        )

        filters = None
        if without:
            excluded = MetadataFilter(
                key="document_id", value=list(without), operator=FilterOperator.NIN
            )
            filters = MetadataFilters(filters=[excluded])
        query = VectorStoreQuery(query_embedding=vector, similarity_top_k=limit, filters=filters)
        with self._using() as store:
            ids = store.query(query).ids or []
        split = (each.rpartition(":") for each in ids)
        return [(document_id, int(number)) for document_id, _, number in split]

    def drop(self) -> None:
        """Delete the collection with all its vectors."""
        if self._server:
            with self._lock, self._errors():
                self._connect().delete_collection(self.name)
        else:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the files; the next use opens them anew, as they are then."""
        with self._lock:
            if self._client is not None and not self._server:
                self._client.close()
            self._client = self._opened = None

    @contextmanager
    def _using(self) -> Iterator[ChromaVectorStore]:
        """Give the store to one thread at a time: another may close it meanwhile."""
        with self._lock:
            store = self._store()
            with self._errors():
                yield store

    def _store(self) -> ChromaVectorStore:
        if self._opened is None:
            if not self._server and not (self._folder / "chroma.sqlite3").exists():
                raise self._damaged("its vectors are missing")
            with self._errors():
                collection = self._connect().get_collection(self.name, embedding_function=None)
            if (collection.metadata or {}).get("fingerprint") != self._fingerprint:
                raise self._damaged("its vectors belong to other settings")
            from llama_index.vector_stores.chroma import ChromaVectorStore

            self._opened = ChromaVectorStore(chroma_collection=collection)
        return self._opened

    def _connect(self) -> Any:
        if self._client is None:
            os.environ["ANONYMIZED_TELEMETRY"] = "False"
            import chromadb

            settings = chromadb.Settings(anonymized_telemetry=False)
            if self._server:
                address = urlsplit(self._server)
                secure = address.scheme == "https"
                self._client = chromadb.HttpClient(
                    host=address.hostname or "localhost",
                    port=address.port or (443 if secure else 8000),
                    ssl=secure,
                    settings=settings,
                )
            else:
                self._client = chromadb.PersistentClient(str(self._folder), settings)
        return self._client

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what Chroma raises, which has no common type, into one sentence."""
        try:
            yield
        except LibraryError:
            raise
        except Exception as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise self._damaged(reason[0]) from error

    def _damaged(self, reason: str) -> LibraryError:
        where = f" on the server {self._server}" if self._server else ""
        return LibraryError(
            f"The vectors of the library {self._library}{where} cannot be used: {reason}. The "
            f"documents are still there: `footnoted reindex --library {self._library}` makes the "
            "vectors anew."
        )
