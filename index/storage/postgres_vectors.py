"""The passages' vectors in PostgreSQL, with pgvector; the counterpart of `vectors.py` for Chroma.

A collection is a table in the library's schema, which changes in the same transaction as the
documents. Deleting a document deletes its vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from index.storage.connections import Connections, run
from index.storage.store import Key

if TYPE_CHECKING:
    import numpy as np

    from index.storage.vectors import Rows

MOST_DIMENSIONS = 2000
"""The longest vectors that pgvector can index; with longer ones, every search scans all vectors."""


class PostgresVectors:
    """One collection of vectors. Every read sees its current state."""

    def __init__(self, connections: Connections, name: str) -> None:
        """Set the collection's name; nothing is touched yet."""
        self._connections = connections
        self.name = name

    def create(self) -> None:
        """Create the empty collection; the first vectors set the dimension."""
        with self._connections.connection() as connection:
            # Deferred, since a document is inserted after its vectors.
            run(
                connection,
                f'CREATE TABLE "{self.name}" ('
                "document_id text NOT NULL REFERENCES documents ON DELETE CASCADE "
                "DEFERRABLE INITIALLY DEFERRED, number integer NOT NULL, "
                "embedding vector NOT NULL, PRIMARY KEY (document_id, number))",
            )

    def add(self, document_id: str, vectors: Rows, first: int) -> None:
        """Write vectors of a document's passages, numbered from `first`.

        Their shape is (passages, dimension).
        """
        import numpy as np
        from pgvector import Vector

        rows = np.asarray(vectors, np.float32)
        with self._connections.connection() as connection, connection.cursor() as cursor:
            self._size(rows.shape[1])
            with cursor.copy(f'COPY "{self.name}" FROM STDIN (FORMAT binary)') as copy:
                copy.set_types(("text", "integer", "bytea"))
                for number, row in enumerate(rows, first):
                    copy.write_row((document_id, number, Vector(row).to_binary()))

    def _size(self, dimension: int) -> None:
        """Set the dimension of the vectors and index them, unless that has been done."""
        with self._connections.connection() as connection:
            query = (
                "SELECT atttypmod FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s"
            )
            [[known]] = run(connection, query, (f'"{self.name}"', "embedding"))
            if known > 0:
                return
            run(connection, f'ALTER TABLE "{self.name}" ALTER embedding TYPE vector({dimension})')
            if dimension <= MOST_DIMENSIONS:
                run(
                    connection,
                    f'CREATE INDEX ON "{self.name}" USING hnsw (embedding vector_cosine_ops)',
                )

    def delete(self, document_id: str) -> None:
        """Delete all vectors of a document."""
        with self._connections.connection() as connection:
            run(
                connection,
                f'DELETE FROM "{self.name}" WHERE document_id = %s',  # noqa: S608
                (document_id,),
            )

    def nearest(self, vector: list[float], limit: int, exclude: Sequence[str]) -> list[Key]:
        """Return the passages whose vectors are nearest, best first.

        If most documents are excluded, the index scan may give up before it has found enough of the
        others. Then the query is repeated without the index.
        """
        from pgvector import Vector

        query = (
            "WITH near AS MATERIALIZED (SELECT document_id, number, "  # noqa: S608
            f'embedding <=> %s::vector AS distance FROM "{self.name}" '
            "WHERE document_id <> ALL (%s) ORDER BY distance LIMIT %s) "
            "SELECT document_id, number FROM near ORDER BY distance, document_id, number"
        )
        given = (Vector(vector).to_text(), list(exclude), limit)
        with self._connections.connection() as connection:
            found = run(connection, query, given).fetchall()
            if exclude and len(found) < limit:
                with connection.transaction():
                    run(connection, "SET LOCAL enable_indexscan = off")
                    found = run(connection, query, given).fetchall()
        return [(row[0], row[1]) for row in found]

    def keys(self) -> list[Key]:
        """Return the keys of all passages that have vectors."""
        query = f'SELECT document_id, number FROM "{self.name}" ORDER BY document_id, number'  # noqa: S608
        with self._connections.connection() as connection:
            return [(row[0], row[1]) for row in run(connection, query)]

    def read(self, keys: Sequence[Key]) -> dict[Key, np.ndarray]:
        """Return the vectors of passages; passages without one are left out."""
        from pgvector import Vector

        query = (
            f'SELECT document_id, number, embedding FROM "{self.name}" '  # noqa: S608
            "JOIN unnest(%s::text[], %s::integer[]) AS wanted (document_id, number) "
            "USING (document_id, number)"
        )
        given = ([name for name, _ in keys], [number for _, number in keys])
        with self._connections.connection() as connection:
            rows = run(connection, query, given, binary=True).fetchall()
        # The driver does not know the type, and returns its bytes.
        return {(row[0], row[1]): Vector.from_binary(row[2]).to_numpy() for row in rows}

    def drop(self) -> None:
        """Delete the collection with all its vectors."""
        with self._connections.connection() as connection:
            run(connection, f'DROP TABLE IF EXISTS "{self.name}"')

    @contextmanager
    def held(self) -> Iterator[None]:
        """Do nothing: the store's lock keeps other writers away."""
        yield

    def close(self) -> None:
        """Do nothing: there are no files to close."""
