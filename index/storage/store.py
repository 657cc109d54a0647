"""The library's own database: documents, passages and the BM25 index in one SQLite file.

SQLite's FTS5 is the BM25 index. It ranks like the in-memory indexes (see eval/lab/RECORDS.md), is
updated row by row, needs nothing loaded per question, and shares the documents' transaction, so
that a document is in the library completely or not at all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from index.atomic import sync_folder
from index.documents import Document, Heading, Passage, Properties, Scan, Span, Style, source_name
from index.english import ENGLISH, FUNCTION_WORDS
from index.errors import LibraryError, reason
from index.language.words import runs_of, words_asked, words_of
from index.storage.database import Place, option
from index.table_heads import head_above

SCHEMA_VERSION = 5
ADDED = {"loader": "'unknown'", "properties": "'{}'", "styles": "'[]'"}
"""The columns of documents that libraries of schema 1 (all three), 2 (the last two), and 3 and 4
(the last) lack, with their default values. Up to schema 3 there is no table of files. The next
command that writes upgrades such libraries to this schema."""
READABLE = ("1", "2", "3", "4", "5")

_FILES = """
-- The files of documents of which more can be shown than their text, whole.
CREATE TABLE IF NOT EXISTS files (document_id TEXT PRIMARY KEY, data BLOB NOT NULL);
"""

_READINGS = """
-- Which document a loader makes of a file's bytes: such a file need not be read again.
CREATE TABLE IF NOT EXISTS readings (
    sha256 TEXT NOT NULL, loader TEXT NOT NULL, document_id TEXT NOT NULL,
    PRIMARY KEY (sha256, loader));
"""

_SCANS = """
-- The pages of documents that were read from their pictures, with the boxes of their words.
CREATE TABLE IF NOT EXISTS scans (
    document_id TEXT NOT NULL, page INTEGER NOT NULL, confidence REAL NOT NULL,
    words TEXT NOT NULL, PRIMARY KEY (document_id, page));
"""
"""Libraries without these two tables are valid: the next command that writes creates them."""

_PORTER, _AS_MADE = "porter unicode61 remove_diacritics 2", "ascii"
"""The FTS5 tokenizers: for English text, and for the output of `made_words`."""

_SCHEMA = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL,
    headings TEXT NOT NULL, pages TEXT NOT NULL, added TEXT NOT NULL, text TEXT NOT NULL,
    loader TEXT NOT NULL, properties TEXT NOT NULL, styles TEXT NOT NULL);
CREATE INDEX documents_source ON documents (source);
CREATE TABLE passages (
    rowid INTEGER PRIMARY KEY, document_id TEXT NOT NULL, number INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, sentences TEXT NOT NULL, heading TEXT,
    first_day TEXT, last_day TEXT, UNIQUE (document_id, number));
-- Only makes `dated` faster (20 ms to 1 ms for 100,000 passages): libraries without it are as good.
CREATE INDEX passages_days ON passages (first_day, last_day) WHERE first_day IS NOT NULL;
CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = '{tokenize}');
-- Documents whose vectors may be in Chroma though they are not (or no longer) in the library, and
-- those that were cut anew, whose vectors may be the old ones.
CREATE TABLE pending (document_id TEXT PRIMARY KEY);
"""
    + _FILES
    + _READINGS
    + _SCANS
)

_BELONGS = dict.fromkeys(
    ("passages", "files", "readings", "scans"), "document_id IN (SELECT id FROM documents)"
) | {"words": "rowid IN (SELECT rowid FROM passages)"}
"""A condition that each row of a table has to meet."""

PASSAGE = 'start, "end", sentences, heading, first_day, last_day'
"""The columns of passages that `passage_of` reads."""

Key = tuple[str, int]
"""A passage's key: its document's id and its number in it. Chroma's id is "id:number"."""

Dated = tuple[Key, tuple[date, date]]
"""An entry of a chronology: its key, and the first and last day it covers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as the list of documents shows it."""

    id: str
    title: str
    source: str
    sha256: str
    characters: int
    passages: int
    added: str
    loader: str = ""
    tags: tuple[str, ...] = ()
    language: str = ENGLISH

    def as_json(self) -> dict[str, Any]:
        """Return it as `footnoted list --json` prints it."""
        given = asdict(self) | {"tags": list(self.tags)}
        return {name: value for name, value in given.items() if name != "loader"}


@dataclass(frozen=True, slots=True)
class Title:
    """A document's title and source, without its text."""

    id: str
    title: str
    source: str

    @property
    def name(self) -> str:
        """The last part of the source: a file's name, or the end of an address."""
        return source_name(self.source)


class Store:
    """Reads and writes `library.db`. Opening it never writes; `create` does."""

    def __init__(self, folder: Path, name: str = "library.db") -> None:
        """Set the folder; nothing is touched yet.

        Raises LibraryError if it cannot be a library's folder.
        """
        self.place = folder
        self.path = folder / name
        self._own = threading.local()
        try:
            is_file = folder.exists() and not folder.is_dir()
        except OSError as error:
            why = error.strerror or error
            raise LibraryError(f"{folder} cannot be a library's folder: {why}.") from error
        if is_file:
            raise LibraryError(f"{folder} is a file, not a library. Give a folder with --library.")

    @property
    def exists(self) -> bool:
        """Whether there is a library in the folder."""
        return self.path.exists()

    @property
    def may_be_written(self) -> bool:
        """Whether this program may write to the folder."""
        return os.access(self.place, os.W_OK)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all others from writing to the folder, which is created if there is none.

        Raises LibraryError if another program holds the lock for ten minutes, or if the folder
        cannot be written to.
        """
        try:
            self.place.mkdir(parents=True, exist_ok=True)
            with FileLock(self.place / ".lock", timeout=600):
                yield
        except Timeout:
            raise LibraryError(
                f"Another program has been writing to the library {self.place} for ten minutes. "
                "Wait until it is done, or stop it, and try again."
            ) from None
        except OSError as error:
            raise LibraryError(
                f"The library {self.place} cannot be written: {error.strerror or error}."
            ) from error

    def create(self, meta: dict[str, str]) -> None:
        """Create an empty library, completely or not at all.

        With `words` in its meta (`WORDS_VERSION` in index/language/words.py), the search terms of
        its passages are made by the rules of their languages.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.sibling(self.path.name + ".part")
        part.remove()
        with part._connection("rwc") as connection:
            schema = _SCHEMA.format(tokenize=_AS_MADE if "words" in meta else _PORTER)
            connection.executescript("BEGIN IMMEDIATE;" + schema)
            items = {"schema": str(SCHEMA_VERSION), **meta}.items()
            connection.executemany("INSERT INTO meta VALUES (?, ?)", items)
        part.replace(self)

    def remove(self) -> None:
        """Delete the file, and the journal that a killed writer may have left."""
        self.path.with_name(self.path.name + "-journal").unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def sibling(self, name: str) -> Store:
        """Return the store of another file in the same folder."""
        return Store(self.path.parent, name)

    def replace(self, other: Store) -> None:
        """Put this file in another's place, in one step, and delete that one's journal."""
        other.path.with_name(other.path.name + "-journal").unlink(missing_ok=True)
        self.path.replace(other.path)
        sync_folder(self.path.parent)

    @contextmanager
    def rebuilt(self, meta: dict[str, str]) -> Iterator[Store]:
        """Yield an empty database that replaces this one when it is complete."""
        fresh = self.sibling("library.db.new")
        fresh.remove()
        fresh.create(meta)
        yield fresh
        fresh.replace(self)

    def collections(self) -> list[str]:
        """Return the names of all vector collections in the folder."""
        return sorted(folder.name for folder in self.place.glob("vectors-*"))

    def keep(self, folder: Path) -> None:
        """Copy the database as it is into a folder, before a repair."""
        for each in self.place.glob(f"{self.path.name}*"):
            shutil.copy2(each, folder / each.name)

    def meta(self) -> dict[str, str]:
        """Return the library's metadata: schema, fingerprint, where its vectors are.

        `revision` changes with every change of the documents or their vectors.
        """
        rows = self._rows("SELECT key, value FROM meta")
        meta = {str(key): str(value) for key, value in rows}
        if meta.get("schema") not in READABLE:
            raise of_another_version(self.place, meta.get("schema"), str(SCHEMA_VERSION))
        return meta

    def upgrade(self) -> None:
        """Upgrade a library of an earlier schema to this one."""
        schema = self.meta()["schema"]
        with self._connection("rw") as connection:
            connection.execute(_READINGS)
            connection.execute(_SCANS)
            if schema == str(SCHEMA_VERSION):
                return
            for name in _missing(connection):
                connection.execute(
                    f"ALTER TABLE documents ADD COLUMN {name} TEXT NOT NULL DEFAULT {ADDED[name]}"
                )
            connection.execute(_FILES)
            connection.execute(
                "UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),)
            )

    def entries(self, ids: Sequence[str] | None = None) -> list[Entry]:
        """Return the documents in the order they were added; with `ids`, only those."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, title, source, sha256, length(text), "  # noqa: S608
                "(SELECT count(*) FROM passages WHERE document_id = documents.id), added, "
                f"{_columns(connection, 'loader', 'properties')} FROM documents "
                "WHERE :all OR id IN (SELECT value FROM json_each(:ids)) ORDER BY added, rowid",
                {"all": ids is None, "ids": json.dumps(list(ids or ()))},
            ).fetchall()
        return [entry_of(row) for row in rows]

    def tags(self) -> dict[str, tuple[str, ...]]:
        """Return the tags of each document, by document id."""
        with self._connection() as connection:
            rows = connection.execute(
                f"SELECT id, {_columns(connection, 'properties')} FROM documents"  # noqa: S608
            ).fetchall()
        return {document_id: tags_of(properties) for document_id, properties in rows}

    def titles(self) -> list[Title]:
        """Return the documents' titles, in the order they were added."""
        rows = self._rows("SELECT id, title, source FROM documents ORDER BY added, rowid")
        return [Title(*row) for row in rows]

    def headings(self) -> list[tuple[str, str]]:
        """Return the headings of passages, each as (document id, heading)."""
        query = "SELECT DISTINCT document_id, heading FROM passages WHERE heading IS NOT NULL"
        return self._rows(query)

    def outdated(self, current: Sequence[str]) -> int:
        """Return how many documents were not read by one of the current loaders."""
        with self._connection() as connection:
            row = connection.execute(
                f"SELECT count(*) FROM documents WHERE {_columns(connection, 'loader')} "  # noqa: S608
                "NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(list(current)),),
            ).fetchone()
        return int(row[0])

    def is_empty(self) -> bool:
        """Whether there are no documents; unlike `entries`, this reads no text."""
        return not self._rows("SELECT 1 FROM documents LIMIT 1")

    def document(self, document_id: str) -> Document | None:
        """Read a document with its text."""
        with self._connection() as connection:
            added = _columns(connection, *ADDED)
            row = connection.execute(
                "SELECT id, title, source, text, added, headings, pages, "  # noqa: S608
                f"{added} FROM documents WHERE id = ?",
                (document_id,),
            ).fetchone()
            query = "SELECT page, confidence, words FROM scans WHERE document_id = ? ORDER BY page"
            has_scans = _has_table(connection, "scans")
            scans = connection.execute(query, (document_id,)).fetchall() if has_scans else []
        return row and document_of(row, scans)

    def about(self, document_id: str) -> tuple[str, str, str] | None:
        """Return a document's title, source and time of adding; None if that cannot be read."""
        with suppress(LibraryError), self._connection() as connection:
            row = connection.execute(
                "SELECT title, source, added FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
            return row and (str(row[0]), str(row[1]), str(row[2]))
        return None

    def file(self, document_id: str) -> bytes | None:
        """Return the file that was kept of a document, or None."""
        with self._connection() as connection:
            if not _has_table(connection, "files"):
                return None
            row = connection.execute(
                "SELECT data FROM files WHERE document_id = ?", (document_id,)
            ).fetchone()
        return row and bytes(row[0])

    def holds(self, document: Document) -> bool:
        """Whether a document is stored with all its parts, and no other one has its source."""
        with self._connection() as connection:
            if not all(_has_table(connection, each) for each in ("files", "readings", "scans")):
                return False
            row = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM documents WHERE id = :id) "
                "AND NOT EXISTS (SELECT 1 FROM documents WHERE source = :source AND id <> :id) "
                "AND (:file OR EXISTS (SELECT 1 FROM files WHERE document_id = :id)) "
                "AND (SELECT count(*) FROM scans WHERE document_id = :id) >= :scans "
                "AND (:sha256 = '' OR EXISTS (SELECT 1 FROM readings "
                "WHERE sha256 = :sha256 AND loader = :loader AND document_id = :id))",
                held_of(document),
            ).fetchone()
        return bool(row[0])

    def size(self) -> int:
        """Return how many bytes the folder takes."""
        found = 0
        for path in self.place.rglob("*"):
            with suppress(OSError):  # It may have just disappeared.
                found += path.lstat().st_size if path.is_file() else 0
        return found

    def count_passages(self, document_id: str) -> int:
        """Return how many passages a document has."""
        query = "SELECT count(*) FROM passages WHERE document_id = ?"
        [[count]] = self._rows(query, (document_id,))
        return int(count)

    def keep_file(self, document: Document) -> None:
        """Store the file, scans and hash of a document that is in the library already."""
        with self._connection("rw") as connection:
            _keep_file(connection, document)

    def unchanged(self, source: str, sha256: str, loader: str) -> tuple[str, int] | None:
        """Return the document that a loader has read from a file's bytes, as (id, passages).

        Return None if there is no such document, or if another document has that source.
        """
        with self._connection() as connection:
            if not _has_table(connection, "readings"):
                return None
            row = connection.execute(
                "SELECT id, (SELECT count(*) FROM passages WHERE passages.document_id = id) "
                "FROM readings JOIN documents ON id = document_id "
                "WHERE readings.sha256 = :sha256 AND readings.loader = :loader AND NOT EXISTS "
                "(SELECT 1 FROM documents AS other WHERE other.source = :source "
                "AND other.id <> documents.id)",
                {"source": source, "sha256": sha256, "loader": loader},
            ).fetchone()
        return row and (str(row[0]), int(row[1]))

    def ids_of_source(self, source: str) -> list[str]:
        """Return the ids of the documents that were read from the source."""
        rows = self._rows("SELECT id FROM documents WHERE source = ?", (source,))
        return [row[0] for row in rows]

    def passages(self, keys: Sequence[Key]) -> dict[Key, Passage]:
        """Read passages by their keys; those that are not in the library are left out."""
        found: dict[Key, Passage] = {}
        with self._connection() as connection:
            for key in keys:
                row = connection.execute(
                    f"SELECT {PASSAGE} FROM passages WHERE document_id = ? AND number = ?",  # noqa: S608
                    key,
                ).fetchone()
                if row is not None:
                    found[key] = passage_of(key[0], row)
        return found

    def passages_of(self, document_id: str) -> list[Passage]:
        """Read all passages of a document, in the order of its text."""
        query = f"SELECT {PASSAGE} FROM passages WHERE document_id = ? ORDER BY number"  # noqa: S608
        return [passage_of(document_id, row) for row in self._rows(query, (document_id,))]

    def bm25(self, question: str, limit: int, exclude: Sequence[str] = ()) -> list[Key]:
        """Return the passages that share words with the question, best first.

        Documents in `exclude` are left out. The ranking is FTS5's BM25 with k1 = 1.2 and b = 0.75,
        over Porter stems or over the terms that are made by the passages' languages.
        """
        languages = self._languages()
        made = query_terms(question) if languages is None else words_asked(question, languages)
        return self._matching(made, limit, exclude)

    def holding(self, words: str, limit: int, exclude: Sequence[str] = ()) -> list[Key]:
        """Return passages that contain a phrase, regardless of word endings.

        Documents in `exclude` are left out.
        """
        languages = self._languages()
        plain = [" ".join(re.findall(r"\w+", spaced(words)))]
        runs = plain if languages is None else runs_of(words, languages)
        return self._matching(runs, limit, exclude)

    def _languages(self) -> list[str] | None:
        with self._connection() as connection:
            return _languages_of(connection)

    def _matching(self, runs: Sequence[str], limit: int, exclude: Sequence[str]) -> list[Key]:
        """Return the passages that contain any of the runs of words, best first."""
        match = " OR ".join(f'"{run}"' for run in runs if run)
        if not match:
            return []
        return self._rows(
            "SELECT document_id, number FROM words "
            "JOIN passages ON passages.rowid = words.rowid "
            "WHERE words MATCH ? AND document_id NOT IN (SELECT value FROM json_each(?)) "
            "ORDER BY bm25(words), words.rowid LIMIT ?",
            (match, json.dumps(list(exclude)), limit),
        )

    def dated(self, first: date, last: date, exclude: Sequence[str] = ()) -> list[Dated]:
        """Return the dated entries that overlap a period, both days included, in date order."""
        rows = self._rows(
            "SELECT document_id, number, first_day, last_day FROM passages "
            "WHERE first_day IS NOT NULL AND first_day <= ? AND last_day >= ? "
            "AND document_id NOT IN (SELECT value FROM json_each(?)) "
            "ORDER BY first_day, last_day, rowid",
            (last.isoformat(), first.isoformat(), json.dumps(list(exclude))),
        )
        return [
            ((row[0], row[1]), (date.fromisoformat(row[2]), date.fromisoformat(row[3])))
            for row in rows
        ]

    def dates(self) -> dict[str, tuple[date, date]]:
        """Return the first and last day of each document that has dated entries, by id."""
        rows = self._rows(
            "SELECT document_id, min(first_day), max(last_day) FROM passages "
            "WHERE first_day IS NOT NULL GROUP BY document_id"
        )
        return {
            document_id: (date.fromisoformat(first), date.fromisoformat(last))
            for document_id, first, last in rows
        }

    def pending(self) -> list[str]:
        """Return the ids of the documents whose vectors in Chroma do not count."""
        return [row[0] for row in self._rows("SELECT document_id FROM pending")]

    def set_pending(self, document_id: str) -> None:
        """Note, before any vector is written, that the document's vectors do not count yet."""
        with self._connection("rw") as connection:
            connection.execute("INSERT OR IGNORE INTO pending VALUES (?)", (document_id,))

    def clear_pending(self, document_id: str) -> None:
        """Note that a document's vectors are up to date, or gone."""
        with self._connection("rw") as connection:
            _revise(connection)
            connection.execute("DELETE FROM pending WHERE document_id = ?", (document_id,))

    def insert(
        self, document: Document, passages: Sequence[Passage], replaced: Iterable[str]
    ) -> None:
        """Insert a document whose vectors are written, and delete those that it replaces."""
        with self._connection("rw") as connection:
            _revise(connection)
            for old in replaced:
                _delete(connection, old)
            _insert(connection, document, passages)
            connection.execute("DELETE FROM pending WHERE document_id = ?", (document.id,))

    def relabel(self, document: Document) -> None:
        """Store a document's new title and tags."""
        with self._connection("rw") as connection:
            _revise(connection)
            connection.execute(
                "UPDATE documents SET title = ?, properties = ? WHERE id = ?",
                (document.title, properties_json(document), document.id),
            )

    def recut(self, document: Document, passages: Sequence[Passage]) -> None:
        """Store a document's new language, and the passages that it is split into by that.

        Its vectors do not count until `clear_pending`.
        """
        with self._connection("rw") as connection:
            _revise(connection)
            connection.execute(
                "UPDATE documents SET properties = ? WHERE id = ?",
                (properties_json(document), document.id),
            )
            _delete_passages(connection, document.id)
            _insert_passages(connection, document, passages)
            connection.execute("INSERT OR IGNORE INTO pending VALUES (?)", (document.id,))

    def delete(self, document_id: str) -> None:
        """Delete a document; its vectors are pending until `clear_pending`."""
        with self._connection("rw") as connection:
            _revise(connection)
            _delete(connection, document_id)

    def holds_words(self, document: Document, passages: Sequence[Passage]) -> bool:
        """Whether the stored search terms of a document's passages are exactly the right ones."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT words.text FROM passages LEFT JOIN words ON words.rowid = passages.rowid "
                "WHERE document_id = ? ORDER BY number",
                (document.id,),
            ).fetchall()
            make = words_maker(_languages_of(connection))
        words = [make(document, passage) for passage in passages]
        return [row[0] for row in rows] == words

    def faults(self) -> list[str]:
        """Return what SQLite finds wrong with the file and its BM25 index, in its own words.

        A copy is checked: it is a consistent snapshot, and the check may write to it.
        """
        with self._connection() as connection, closing(sqlite3.connect("")) as copy:
            connection.backup(copy)
            found = [str(row[0]) for row in copy.execute("PRAGMA integrity_check(20)")]
            if found == ["ok"]:
                found = []
            try:
                copy.execute("INSERT INTO words (words) VALUES ('integrity-check')")
            except sqlite3.DatabaseError as error:
                found.append(f"the BM25 index: {error}")
            for table, belongs in _BELONGS.items():
                if _has_table(copy, table):
                    [[strays]] = copy.execute(f"SELECT count(*) FROM {table} WHERE NOT {belongs}")  # noqa: S608
                    if strays:
                        found.append(f"{strays} rows of {table} belong to nothing")
        return found

    def rescue(self) -> Iterator[str]:
        """Yield the ids of the documents that can still be read, in the order they were added.

        In case the table is damaged, ids are also collected from the passages and from the index.
        """
        seen: dict[str, None] = {}
        for query in (
            "SELECT id FROM documents ORDER BY rowid",
            "SELECT DISTINCT document_id FROM passages ORDER BY document_id",
            "SELECT id FROM documents INDEXED BY sqlite_autoindex_documents_1",
        ):
            with suppress(LibraryError), self._connection() as connection:
                for row in connection.execute(query):
                    seen.setdefault(str(row[0]))
        yield from seen

    def replace_all(
        self, cut: Iterable[tuple[Document, Sequence[Passage]]], meta: dict[str, str]
    ) -> None:
        """Replace all documents and passages by new ones and set new meta, in one transaction."""
        with self._connection("rw") as connection:
            _revise(connection)
            for table in ("documents", "passages", "words", "pending"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608  the names above
            _make_words_as(connection, meta)
            for document, passages in cut:
                _insert(connection, document, passages)
            for table in ("files", "readings", "scans"):
                connection.execute(
                    f"DELETE FROM {table} "  # noqa: S608  the names above
                    "WHERE document_id NOT IN (SELECT id FROM documents)"
                )
            connection.executemany("REPLACE INTO meta VALUES (?, ?)", meta.items())

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Use one connection for all that this thread does inside the context.

        A new connection has to read the schema, which takes longer than a small change. Every
        operation is still its own transaction.
        """
        with self._opened("rw") as connection:
            self._own.connection = connection
            try:
                yield
            finally:
                self._own.connection = None

    def _rows(self, query: str, given: Sequence[Any] = ()) -> list[Any]:
        with self._connection() as connection:
            return connection.execute(query, given).fetchall()

    @contextmanager
    def _connection(self, mode: str = "ro") -> Iterator[sqlite3.Connection]:
        """Open a connection, one per operation, so that threads never share one."""
        own = getattr(self._own, "connection", None)
        with nullcontext(own) if own else self._opened(mode) as connection, self._told():
            connection.execute(f"PRAGMA query_only = {int(mode == 'ro')}")
            with connection:
                yield connection

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        # SQLite's own "ro" cannot open a file whose journal a killed writer left to be rolled back.
        opened = "rw" if mode == "ro" else mode
        with self._told():
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={opened}", uri=True, timeout=30
            )
            with closing(connection):
                yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's errors into a LibraryError for the user."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LibraryError(
                f"The library {self.place} cannot be used: {reason(error)}. Check that the folder "
                "may be read and written, and that the disk is not full."
            ) from error
        except sqlite3.DatabaseError as error:
            raise LibraryError(
                f"The library {self.place} is damaged ({error}). {mends(self.place)}"
            ) from error


def mends(place: Place) -> str:
    """Tell the user how to repair a library's database."""
    return f"`footnoted library repair {option(place)}` keeps the parts that can be proven intact."


def of_another_version(place: Place, schema: str | None, here: str) -> LibraryError:
    """Return the error for a library with an unknown schema."""
    return LibraryError(
        f"The library {place} was written by another version of Footnoted (schema {schema}, here "
        f"{here}). Use that version, or add the documents to a new library."
    )


def held_of(document: Document) -> dict[str, Any]:
    """Return the query parameters of `holds`."""
    return {
        "id": document.id,
        "source": document.source,
        "file": document.file is None,
        "scans": len(document.scans),
        "sha256": document.read_sha256,
        "loader": document.loader,
    }


def values_of(document: Document) -> dict[str, str]:
    """Return a document's values in the database, by column name."""
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "sha256": document.sha256,
        "headings": json.dumps([astuple(heading) for heading in document.headings]),
        "pages": json.dumps(document.pages),
        "added": document.added,
        "text": document.text,
        "loader": document.loader,
        "properties": properties_json(document),
        "styles": json.dumps([astuple(style) for style in document.styles]),
    }


def properties_json(document: Document) -> str:
    """Return a document's properties as the database stores them."""
    fields = asdict(document.properties)
    return json.dumps({name: value for name, value in fields.items() if value not in (None, ())})


def tags_of(properties: str) -> tuple[str, ...]:
    """Return the tags among properties stored by `properties_json`."""
    return tuple(json.loads(properties).get("tags", ()))


def properties_of(kept: str) -> Properties:
    """Return the properties stored by `properties_json`."""
    fields = json.loads(kept)
    parts = tuple((start, end, code) for start, end, code in fields.get("other_parts", ()))
    return Properties(**fields | {"tags": tags_of(kept), "other_parts": parts})


def entry_of(row: Sequence[Any]) -> Entry:
    """Make an `Entry` of a row: its fields up to `loader`, in order, and the stored properties."""
    properties = properties_of(row[-1])
    return replace(Entry(*row[:-1]), tags=properties.tags, language=properties.spoken)


def document_of(row: Sequence[Any], scans: Iterable[Sequence[Any]]) -> Document:
    """Make a document of its row and the rows of its scans.

    The columns are id, title, source, text, added, headings, pages, loader, properties, styles; of
    these, headings, pages, properties and styles are JSON.
    """
    headings = tuple(Heading(*each) for each in json.loads(row[5]))
    pages = tuple(json.loads(row[6]))
    properties = properties_of(row[8])
    styles = tuple(Style(*each) for each in json.loads(row[9]))
    known = (headings, pages, row[4], row[7], properties, styles)
    seen = tuple(Scan(*each) for each in scans)
    return Document(row[0], row[1], row[2], row[3], *known, seen)


def passage_of(document_id: str, row: Sequence[object]) -> Passage:
    """Make a passage of its row: start, end, sentences (JSON), heading, first and last day."""
    start, end, sentences, heading, first, last = row
    dates = (date.fromisoformat(str(first)), date.fromisoformat(str(last))) if first else None
    return Passage(
        Span(document_id, int(str(start)), int(str(end))),
        tuple((each[0], each[1]) for each in json.loads(str(sentences))),
        None if heading is None else str(heading),
        dates,
    )


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))
    return found.fetchone() is not None


def _missing(connection: sqlite3.Connection) -> list[str]:
    """Return the columns of documents that a library of an earlier schema lacks."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(documents)")}
    return [name for name in ADDED if name not in columns]


def _columns(connection: sqlite3.Connection, *names: str) -> str:
    """Return columns as SQL, with defaults for those that an earlier schema lacks."""
    missing = _missing(connection)
    return ", ".join(ADDED[name] if name in missing else name for name in names)


def _insert(
    connection: sqlite3.Connection, document: Document, passages: Sequence[Passage]
) -> None:
    values = values_of(document)
    connection.execute(
        f"INSERT INTO documents ({', '.join(values)}) "  # noqa: S608  the names above
        f"VALUES ({', '.join(f':{name}' for name in values)})",
        values,
    )
    _keep_file(connection, document)
    _insert_passages(connection, document, passages)


def _keep_file(connection: sqlite3.Connection, document: Document) -> None:
    if document.file is not None:
        connection.execute("REPLACE INTO files VALUES (?, ?)", (document.id, document.file))
    if document.read_sha256:
        reading = (document.read_sha256, document.loader, document.id)
        connection.execute("REPLACE INTO readings VALUES (?, ?, ?)", reading)
    connection.executemany(
        "REPLACE INTO scans VALUES (?, ?, ?, ?)",
        [(document.id, *astuple(each)) for each in document.scans],
    )


def _insert_passages(
    connection: sqlite3.Connection, document: Document, passages: Sequence[Passage]
) -> None:
    languages = _languages_of(connection)
    make = words_maker(languages)
    for number, passage in enumerate(passages):
        first, last = passage.dates or (None, None)
        cursor = connection.execute(
            f"INSERT INTO passages (document_id, number, {PASSAGE}) "  # noqa: S608
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                number,
                passage.span.start,
                passage.span.end,
                json.dumps(passage.sentences),
                passage.heading,
                first and first.isoformat(),
                last and last.isoformat(),
            ),
        )
        connection.execute(
            "INSERT INTO words (rowid, text) VALUES (?, ?)",
            (cursor.lastrowid, make(document, passage)),
        )
    if languages is not None:
        told = with_languages(languages, document, passages)
        connection.execute("REPLACE INTO meta VALUES ('languages', ?)", (told,))


def _languages_of(connection: sqlite3.Connection) -> list[str] | None:
    return languages_of(dict(connection.execute(ABOUT_WORDS).fetchall()))


def _make_words_as(connection: sqlite3.Connection, meta: Mapping[str, str]) -> None:
    """Switch to the way of making words that new meta asks for; the words table must be empty."""
    if ("words" in meta) != (_languages_of(connection) is not None):
        tokenize = _AS_MADE if "words" in meta else _PORTER
        connection.execute("DROP TABLE words")
        connection.execute(f"CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = '{tokenize}')")
    connection.execute("DELETE FROM meta WHERE key IN ('words', 'languages')")
    if "words" in meta:
        connection.execute("INSERT INTO meta VALUES ('words', ?)", (meta["words"],))


def _revise(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO meta VALUES ('revision', '1') "
        "ON CONFLICT (key) DO UPDATE SET value = value + 1"
    )


def _delete_passages(connection: sqlite3.Connection, document_id: str) -> None:
    connection.execute(
        "DELETE FROM words WHERE rowid IN (SELECT rowid FROM passages WHERE document_id = ?)",
        (document_id,),
    )
    connection.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))


def _delete(connection: sqlite3.Connection, document_id: str) -> None:
    _delete_passages(connection, document_id)
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    connection.execute("DELETE FROM files WHERE document_id = ?", (document_id,))
    connection.execute("DELETE FROM readings WHERE document_id = ?", (document_id,))
    connection.execute("DELETE FROM scans WHERE document_id = ?", (document_id,))
    connection.execute("INSERT OR IGNORE INTO pending VALUES (?)", (document_id,))


def searchable_text(document: Document, passage: Passage) -> str:
    """Return the text to embed and index for a passage: its text, with its heading as context.

    If it begins in the middle of a table, the table's head is included.
    """
    text = document.text[passage.span.start : passage.span.end]
    head = head_above(document.text, passage.span.start)
    return "\n".join(filter(None, (passage.heading, head, text)))


def indexed_words(document: Document, passage: Passage) -> str:
    """Return the text that BM25 indexes for a passage."""
    return spaced(searchable_text(document, passage))


def made_words(document: Document, passage: Passage) -> str:
    """Return the terms that BM25 indexes for a passage, if terms are made by language."""
    language = document.language_at(passage.span.start)
    return " ".join(words_of(searchable_text(document, passage), language))


ABOUT_WORDS = "SELECT key, value FROM meta WHERE key IN ('words', 'languages')"


def languages_of(meta: Mapping[str, str]) -> list[str] | None:
    """Return the language codes of a library's passages; None if terms are not made by language.

    If they are, its meta has `words`, and also `languages` once there are passages.
    """
    return meta.get("languages", "").split() if "words" in meta else None


def with_languages(
    languages: Iterable[str], document: Document, passages: Iterable[Passage]
) -> str:
    """Return the new value of `languages` in the meta after a document is inserted."""
    codes = {document.language_at(passage.span.start) for passage in passages}
    return " ".join(sorted({*languages, *codes}))


def words_maker(languages: Sequence[str] | None) -> Callable[[Document, Passage], str]:
    """Return the function that makes the terms of passages; `languages` as in `languages_of`."""
    return indexed_words if languages is None else made_words


_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af])")


def query_terms(question: str) -> list[str]:
    """Return the distinct words of a question that are worth searching for."""
    words = dict.fromkeys(re.findall(r"\w+", spaced(question).casefold()))
    return [word for word in words if word not in FUNCTION_WORDS] or list(words)


def spaced(text: str) -> str:
    """Put blanks around Chinese, Japanese and Korean characters: a run would count as one word."""
    return _CJK.sub(r" \1 ", unicodedata.normalize("NFKC", text))
