"""The library's database in PostgreSQL, with the same methods as `store.py` for SQLite.

Documents, passages, words and vectors change in one transaction (`connections.py`), so documents
are never pending.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from index.documents import Document, Passage
from index.errors import DocumentError, LibraryError
from index.language.words import runs_of, words_asked
from index.storage.connections import Connections, run
from index.storage.database import Database
from index.storage.postgres_schema import SCANS, SCHEMA_VERSION, diagnosis, may_be_written, prepare
from index.storage.postgres_words import (
    AS_MADE,
    STEMMED,
    count_all_words,
    count_words,
    discount_words,
    fitting,
    folded,
    holding,
    matching,
    miscounted_words,
    vector_of,
)
from index.storage.store import (
    ABOUT_WORDS,
    PASSAGE,
    Dated,
    Entry,
    Key,
    Title,
    document_of,
    entry_of,
    held_of,
    indexed_words,
    languages_of,
    made_words,
    of_another_version,
    passage_of,
    properties_json,
    query_terms,
    spaced,
    tags_of,
    values_of,
    with_languages,
)

if TYPE_CHECKING:
    from index.storage.connections import Connection


class PostgresStore:
    """Reads and writes the database. Opening it never writes; taking the `lock` may."""

    def __init__(self, connections: Connections) -> None:
        """Set the connections to use; nothing is touched yet."""
        self._connections = connections
        self._connection = connections.connection
        self.place: Database = connections.database
        self._seen = False

    @property
    def exists(self) -> bool:
        """Whether there is a library in the database."""
        if self._seen:
            return True
        with self._connection() as connection:
            table = f'"{self.place.schema}".meta'
            [[there]] = run(connection, "SELECT to_regclass(%s) IS NOT NULL", (table,))
            found = bool(there) and _one(connection, "SELECT EXISTS (SELECT FROM meta)")
        self._seen = bool(found) and not self._connections.writing
        return bool(found)

    @property
    def may_be_written(self) -> bool:
        """Whether this user may write, and the server is not a replica."""
        with self._connection() as connection:
            return may_be_written(connection)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all others from writing; all that is written under the lock is one transaction."""
        with self._connections.transaction() as connection:
            if not self.exists:
                prepare(self._connections, connection)
            yield

    def at_once(self) -> AbstractContextManager[None]:
        """Return a context that does nothing: under the `lock`, there is one connection already."""
        return nullcontext()

    def create(self, meta: dict[str, str]) -> None:
        """Create an empty library in the tables that the `lock` has prepared."""
        items = {"schema": SCHEMA_VERSION, "revision": "1", "passages": "0", **meta}.items()
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.executemany("INSERT INTO meta VALUES (%s, %s)", list(items))

    def meta(self) -> dict[str, str]:
        """Return the library's metadata: schema, fingerprint, the table with its vectors.

        `revision` changes with every change of the documents or their vectors. `passages` is the
        number of passages, which every question needs.
        """
        meta = dict(self._rows("SELECT key, value FROM meta"))
        if meta.get("schema") != SCHEMA_VERSION:
            raise of_another_version(self.place, meta.get("schema"), SCHEMA_VERSION)
        return meta

    def upgrade(self) -> None:
        """Add the table of scans to a library of an earlier version."""
        with self._change() as connection:
            if not _has_scans(connection):
                run(connection, SCANS)

    @contextmanager
    def rebuilt(self, meta: dict[str, str]) -> Iterator[PostgresStore]:
        """Yield the emptied database; its old content is gone once the transaction ends."""
        with self._change() as connection:
            for table in ("passages", "files", "readings", "scans", "documents"):
                run(connection, f"DELETE FROM {table}")  # noqa: S608  the names above
            _forget_words(connection)
            _change_meta(connection, {"schema": SCHEMA_VERSION, **meta})
            _count(connection)
            count_all_words(connection)
        yield self

    def collections(self) -> list[str]:
        """Return the names of all vector collections."""
        rows = self._rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s "
            "AND tablename LIKE 'vectors-%%' ORDER BY tablename",
            (self.place.schema,),
        )
        return [name for (name,) in rows]

    # --- documents

    def entries(self, ids: Sequence[str] | None = None) -> list[Entry]:
        """Return the documents in the order they were added; with `ids`, only those."""
        rows = self._rows(
            "SELECT id, title, source, sha256, characters, passages, added, loader, properties "
            "FROM documents WHERE %s OR id = ANY(%s) ORDER BY added, place",
            (ids is None, list(ids or ())),
        )
        return [entry_of(row) for row in rows]

    def tags(self) -> dict[str, tuple[str, ...]]:
        """Return the tags of each document, by document id."""
        rows = self._rows("SELECT id, properties FROM documents")
        return {document_id: tags_of(properties) for document_id, properties in rows}

    def titles(self) -> list[Title]:
        """Return the documents' titles, in the order they were added."""
        rows = self._rows("SELECT id, title, source FROM documents ORDER BY added, place")
        return [Title(*row) for row in rows]

    def headings(self) -> list[tuple[str, str]]:
        """Return the headings of passages, each as (document id, heading)."""
        query = "SELECT DISTINCT document_id, heading FROM passages WHERE heading IS NOT NULL"
        return self._rows(query)

    def outdated(self, current: Sequence[str]) -> int:
        """Return how many documents were not read by one of the current loaders."""
        query = "SELECT count(*) FROM documents WHERE loader <> ALL (%s)"
        [[count]] = self._rows(query, (list(current),))
        return int(count)

    def is_empty(self) -> bool:
        """Whether there is no document."""
        [[empty]] = self._rows("SELECT NOT EXISTS (SELECT FROM documents)")
        return bool(empty)

    def document(self, document_id: str) -> Document | None:
        """Read a document with its text."""
        with self._connection() as connection:
            row = run(
                connection,
                "SELECT id, title, source, text, added, headings, pages, loader, properties, "
                "styles FROM documents WHERE id = %s",
                (document_id,),
            ).fetchone()
            scans = _scans(connection, document_id)
        return document_of(row, scans) if row else None

    def about(self, document_id: str) -> tuple[str, str, str] | None:
        """Return a document's title, source and time of adding; None if that cannot be read."""
        with suppress(LibraryError), self._connection() as connection:
            query = "SELECT title, source, added FROM documents WHERE id = %s"
            row = run(connection, query, (document_id,)).fetchone()
            return row and (str(row[0]), str(row[1]), str(row[2]))
        return None

    def file(self, document_id: str) -> bytes | None:
        """Return the file that was kept of a document, or None."""
        with self._connection() as connection:
            query = "SELECT data FROM files WHERE document_id = %s"
            row = run(connection, query, (document_id,), binary=True).fetchone()
        return bytes(row[0]) if row else None

    def holds(self, document: Document) -> bool:
        """Whether a document is stored with all its parts, and no other one has its source."""
        query = (
            "SELECT EXISTS (SELECT FROM documents WHERE id = %(id)s) "
            "AND NOT EXISTS (SELECT FROM documents WHERE source = %(source)s AND id <> %(id)s) "
            "AND (%(file)s OR EXISTS (SELECT FROM files WHERE document_id = %(id)s)) "
            "AND (SELECT count(*) FROM scans WHERE document_id = %(id)s) >= %(scans)s "
            "AND (%(sha256)s = '' OR EXISTS (SELECT FROM readings "
            "WHERE sha256 = %(sha256)s AND loader = %(loader)s AND document_id = %(id)s))"
        )
        with self._connection() as connection:
            return _has_scans(connection) and bool(_one(connection, query, held_of(document)))

    def size(self) -> int:
        """Return how many bytes the library's tables and their indexes take."""
        query = (
            "SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) FROM pg_class "
            "JOIN pg_namespace ON pg_namespace.oid = relnamespace "
            "WHERE relkind = 'r' AND nspname = current_schema()"
        )
        [[size]] = self._rows(query)
        return int(size)

    def count_passages(self, document_id: str) -> int:
        """Return how many passages a document has."""
        query = "SELECT count(*) FROM passages WHERE document_id = %s"
        [[count]] = self._rows(query, (document_id,))
        return int(count)

    def keep_file(self, document: Document) -> None:
        """Store the file, scans and hash of a document that is in the library already."""
        with self._change() as connection:
            _keep_file(connection, document)

    def unchanged(self, source: str, sha256: str, loader: str) -> tuple[str, int] | None:
        """Return the document that a loader has read from a file's bytes, as (id, passages).

        Return None if there is no such document, or if another document has that source.
        """
        query = (
            "SELECT document_id, "
            "(SELECT count(*) FROM passages WHERE passages.document_id = readings.document_id) "
            "FROM readings WHERE sha256 = %(sha256)s AND loader = %(loader)s AND NOT EXISTS "
            "(SELECT FROM documents WHERE source = %(source)s AND id <> readings.document_id)"
        )
        given = {"source": source, "sha256": sha256, "loader": loader}
        with self._connection() as connection:
            row = run(connection, query, given).fetchone()
        return (str(row[0]), int(row[1])) if row else None

    def ids_of_source(self, source: str) -> list[str]:
        """Return the ids of the documents that were read from the source."""
        rows = self._rows("SELECT id FROM documents WHERE source = %s ORDER BY place", (source,))
        return [row[0] for row in rows]

    # --- passages

    def passages(self, keys: Sequence[Key]) -> dict[Key, Passage]:
        """Read passages by their keys; those that are not in the library are left out."""
        given = ([name for name, _ in keys], [number for _, number in keys])
        rows = self._rows(
            f"SELECT document_id, number, {PASSAGE} FROM passages "  # noqa: S608
            "JOIN unnest(%s::text[], %s::integer[]) AS wanted (document_id, number) "
            "USING (document_id, number)",
            given,
        )
        found = {(row[0], row[1]): passage_of(row[0], row[2:]) for row in rows}
        return {key: found[key] for key in keys if key in found}

    def passages_of(self, document_id: str) -> list[Passage]:
        """Read all passages of a document, in the order of its text."""
        query = f"SELECT {PASSAGE} FROM passages WHERE document_id = %s ORDER BY number"  # noqa: S608
        return [passage_of(document_id, row) for row in self._rows(query, (document_id,))]

    def bm25(self, question: str, limit: int, exclude: Sequence[str] = ()) -> list[Key]:
        """Return the passages that share words with the question, best first.

        Documents in `exclude` are left out. The ranking takes the place of SQLite's BM25, but is
        not quite the same.
        """
        with self._connection() as connection:
            languages = _languages_of(connection)
            if languages is None:
                words = folded(" ".join(query_terms(question)))
                return matching(connection, STEMMED, words, limit, exclude)
            words = fitting(words_asked(question, languages))
            return matching(connection, AS_MADE, words, limit, exclude)

    def holding(self, words: str, limit: int, exclude: Sequence[str] = ()) -> list[Key]:
        """Return passages that contain a phrase, regardless of word endings.

        Documents in `exclude` are left out.
        """
        with self._connection() as connection:
            languages = _languages_of(connection)
            if languages is None:
                return holding(connection, STEMMED, [folded(spaced(words))], limit, exclude)
            runs = [fitting(each.split()) for each in runs_of(words, languages)]
            return holding(connection, AS_MADE, runs, limit, exclude)

    def dated(self, first: date, last: date, exclude: Sequence[str] = ()) -> list[Dated]:
        """Return the dated entries that overlap a period, both days included, in date order."""
        rows = self._rows(
            "SELECT document_id, number, first_day, last_day FROM passages "
            "WHERE first_day IS NOT NULL AND first_day <= %s AND last_day >= %s "
            "AND document_id <> ALL (%s) ORDER BY first_day, last_day, place",
            (last, first, list(exclude)),
        )
        return [((row[0], row[1]), (row[2], row[3])) for row in rows]

    def dates(self) -> dict[str, tuple[date, date]]:
        """Return the first and last day of each document that has dated entries, by id."""
        rows = self._rows(
            "SELECT document_id, min(first_day), max(last_day) FROM passages "
            "WHERE first_day IS NOT NULL GROUP BY document_id ORDER BY document_id"
        )
        return {document_id: (first, last) for document_id, first, last in rows}

    # --- changing, while the lock is held

    def pending(self) -> list[str]:
        """Return no documents: with one transaction for all, none is ever pending."""
        return []

    def set_pending(self, document_id: str) -> None:
        """Do nothing: nobody sees the vectors before the transaction is committed."""

    def clear_pending(self, document_id: str) -> None:
        """Do nothing: vectors are deleted with their document."""

    def insert(
        self, document: Document, passages: Sequence[Passage], replaced: Iterable[str]
    ) -> None:
        """Insert a document whose vectors are written, and delete those that it replaces."""
        with self._change() as connection:
            _change_meta(connection, {})
            for old in replaced:
                _delete(connection, old)
            _insert(connection, document, passages)
            _count(connection, len(passages))
            count_words(connection, document.id)

    def relabel(self, document: Document) -> None:
        """Store a document's new title and tags."""
        with self._change() as connection:
            _change_meta(connection, {})
            given = (document.title, properties_json(document), document.id)
            query = "UPDATE documents SET title = %s, properties = %s WHERE id = %s"
            run(connection, query, given)

    def recut(self, document: Document, passages: Sequence[Passage]) -> None:
        """Store a document's new language, and the passages that it is split into by that."""
        with self._change() as connection:
            _change_meta(connection, {})
            discount_words(connection, document.id)
            run(connection, "DELETE FROM passages WHERE document_id = %s", (document.id,))
            query = "UPDATE documents SET properties = %s, passages = %s WHERE id = %s"
            run(connection, query, (properties_json(document), len(passages), document.id))
            _insert_passages(connection, document, passages)
            _count(connection)
            count_words(connection, document.id)

    def delete(self, document_id: str) -> None:
        """Delete a document, with its vectors."""
        with self._change() as connection:
            _change_meta(connection, {})
            _delete(connection, document_id)

    def replace_all(
        self, cut: Iterable[tuple[Document, Sequence[Passage]]], meta: dict[str, str]
    ) -> None:
        """Replace all documents and passages by new ones, and set new meta.

        Vectors that were already written for the new ones stay.
        """
        given = list(cut)
        with self._change() as connection:
            _forget_words(connection)
            _change_meta(connection, meta)
            kept = [document.id for document, _ in given]
            run(connection, "DELETE FROM documents WHERE id <> ALL (%s)", (kept,))
            run(connection, "DELETE FROM passages")
            for document, passages in given:
                _insert(connection, document, passages)
            _count(connection)
            count_all_words(connection)

    def _rows(self, query: str, given: Any = None) -> list[Any]:
        with self._connection() as connection:
            return run(connection, query, given).fetchall()

    @contextmanager
    def _change(self) -> Iterator[Connection]:
        """Yield a connection in a transaction."""
        with self._connection() as connection, connection.transaction():
            yield connection

    # --- proving and mending

    def diagnosis(self) -> Iterator[tuple[Literal["ok", "note", "wrong"], str]]:
        """Report whether the server, its extension and the user's rights meet the requirements."""
        exists = self.exists
        with self._connection() as connection:
            yield from diagnosis(connection, self.place, exists=exists)

    def faults(self) -> list[str]:
        """Return the inconsistencies found in the tables."""
        found = []
        with self._connection() as connection:
            there = _one(connection, "SELECT count(*) FROM passages")
            recorded = _one(connection, "SELECT value::bigint FROM meta WHERE key = 'passages'")
            if there != recorded:
                found.append(f"there are {there} passages, and {recorded} are recorded")
            if wrong := miscounted_words(connection):
                found.append(f"{wrong} words are recorded to be in more or fewer passages")
            for table in ("passages", "files", "readings", "scans"):
                if table == "scans" and not _has_scans(connection):
                    continue
                strays = _one(
                    connection,
                    f"SELECT count(*) FROM {table} "  # noqa: S608  the names above
                    "WHERE document_id NOT IN (SELECT id FROM documents)",
                )
                if strays:
                    found.append(f"{strays} rows of {table} belong to nothing")
            rows = run(
                connection,
                "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class "
                "ON pg_class.oid = indrelid "
                "WHERE NOT indisvalid AND relnamespace = %s::regnamespace",
                (f'"{self.place.schema}"',),
            ).fetchall()
            found += [f"the index {name} is not valid" for (name,) in rows]
        return found

    def holds_words(self, document: Document, passages: Sequence[Passage]) -> bool:
        """Whether the stored search terms of a document's passages are exactly the right ones."""
        with self._connection() as connection:
            made, vector = _words_of(connection, document, passages)
            rows = run(
                connection,
                f"SELECT number = place - 1 AND words = {vector} "  # noqa: S608
                "FROM (SELECT number, words FROM passages WHERE document_id = %s) AS passages "
                "FULL JOIN unnest(%s::text[]) WITH ORDINALITY AS wanted (made, place) "
                "ON passages.number = wanted.place - 1",
                (document.id, made),
            ).fetchall()
        return all(right for (right,) in rows)

    def rescue(self) -> Iterator[str]:
        """Yield the ids of the documents that can still be read, in the order they were added."""
        rows = self._rows("SELECT id FROM documents ORDER BY place")
        yield from (name for (name,) in rows)

    def keep(self, folder: Path) -> None:
        """Write the documents as they are into a folder, as a copy before a repair."""
        copied = "COPY documents TO STDOUT (FORMAT csv, HEADER)"
        with (
            self._connection() as connection,
            connection.cursor() as cursor,
            cursor.copy(copied) as copy,
            (folder / "documents.csv").open("wb") as file,
        ):
            file.writelines(bytes(block) for block in copy)


def _one(connection: Connection, query: str, given: Any = None) -> Any:
    row = run(connection, query, given).fetchone()
    return row and row[0]


def _change_meta(connection: Connection, meta: dict[str, str]) -> None:
    run(connection, "UPDATE meta SET value = (value::bigint + 1)::text WHERE key = 'revision'")
    _put_meta(connection, meta)


def _put_meta(connection: Connection, meta: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        put = "INSERT INTO meta VALUES (%s, %s) ON CONFLICT (key) DO UPDATE "
        cursor.executemany(put + "SET value = EXCLUDED.value", list(meta.items()))


def _count(connection: Connection, more: int | None = None) -> None:
    """Update the recorded number of passages: add `more`, or count them all."""
    new = "value::bigint + %s" if more is not None else "(SELECT count(*) FROM passages)"
    given = None if more is None else (more,)
    statement = f"UPDATE meta SET value = ({new})::text WHERE key = 'passages'"  # noqa: S608
    run(connection, statement, given)


def _delete(connection: Connection, document_id: str) -> None:
    discount_words(connection, document_id)
    gone = "DELETE FROM documents WHERE id = %s RETURNING passages"
    _count(connection, -(_one(connection, gone, (document_id,)) or 0))


def _insert(connection: Connection, document: Document, passages: Sequence[Passage]) -> None:
    values: dict[str, Any] = {**values_of(document)}
    if any("\0" in str(value) for value in values.values()):
        raise DocumentError(
            f"{document.name} holds the character U+0000, which PostgreSQL does not keep: take it "
            "out, or add the file to a library in a folder."
        )
    values |= {"characters": len(document.text), "passages": len(passages)}
    changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in values) + ", place = DEFAULT"
    run(
        connection,
        f"INSERT INTO documents ({', '.join(values)}) "  # noqa: S608
        f"VALUES ({', '.join('%s' for _ in values)}) ON CONFLICT (id) DO UPDATE SET {changed}",
        list(values.values()),
    )
    _keep_file(connection, document)
    _insert_passages(connection, document, passages)


def _insert_passages(
    connection: Connection, document: Document, passages: Sequence[Passage]
) -> None:
    made, vector = _words_of(connection, document, passages)
    rows = [
        (
            number,
            each.span.start,
            each.span.end,
            json.dumps(each.sentences),
            each.heading,
            *(each.dates or (None, None)),
            words,
        )
        for number, (each, words) in enumerate(zip(passages, made, strict=True))
    ]
    if not rows:
        return
    run(
        connection,
        f"INSERT INTO passages (document_id, number, {PASSAGE}, words) "  # noqa: S608
        f"SELECT %s, number, {PASSAGE}, {vector} "
        "FROM unnest(%s::integer[], %s::integer[], %s::integer[], %s::text[], %s::text[], "
        f"%s::date[], %s::date[], %s::text[]) AS new (number, {PASSAGE}, made) ORDER BY number",
        (document.id, *map(list, zip(*rows, strict=True))),
    )
    languages = _languages_of(connection)
    if languages is not None:
        told = with_languages(languages, document, passages)
        _put_meta(connection, {"languages": told})


def _words_of(
    connection: Connection, document: Document, passages: Sequence[Passage]
) -> tuple[list[str], str]:
    """Return each passage's words as text, and the SQL that makes a tsvector of it (`made`)."""
    if _languages_of(connection) is None:
        words = [folded(indexed_words(document, passage)) for passage in passages]
        return words, "to_tsvector('footnoted', made)"
    each = (fitting(made_words(document, passage).split()) for passage in passages)
    return [vector_of(words) for words in each], "made::tsvector"


def _languages_of(connection: Connection) -> list[str] | None:
    return languages_of(dict(run(connection, ABOUT_WORDS).fetchall()))


def _forget_words(connection: Connection) -> None:
    """Delete the record of how words were made, before they are made again."""
    run(connection, "DELETE FROM meta WHERE key IN ('words', 'languages')")


def _keep_file(connection: Connection, document: Document) -> None:
    if document.file is not None:
        run(
            connection,
            "INSERT INTO files VALUES (%s, %b) "
            "ON CONFLICT (document_id) DO UPDATE SET data = EXCLUDED.data",
            (document.id, document.file),
        )
    if document.read_sha256:
        run(
            connection,
            "INSERT INTO readings VALUES (%s, %s, %s) ON CONFLICT (sha256, loader) "
            "DO UPDATE SET document_id = EXCLUDED.document_id",
            (document.read_sha256, document.loader, document.id),
        )
    for scan in document.scans:
        run(
            connection,
            "INSERT INTO scans VALUES (%s, %s, %s, %s) ON CONFLICT (document_id, page) "
            "DO UPDATE SET confidence = EXCLUDED.confidence, words = EXCLUDED.words",
            (document.id, *astuple(scan)),
        )


def _scans(connection: Connection, document_id: str) -> list[tuple[Any, ...]]:
    """Return the rows of a document's pages that were read from pictures."""
    if not _has_scans(connection):
        return []
    query = "SELECT page, confidence, words FROM scans WHERE document_id = %s ORDER BY page"
    return run(connection, query, (document_id,)).fetchall()


def _has_scans(connection: Connection) -> bool:
    """Whether there is a table of scans; libraries of earlier versions have none."""
    return bool(_one(connection, "SELECT to_regclass('scans') IS NOT NULL"))
