"""Repair a damaged library: put all intact documents into a new database, with new vectors."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from index.documents import Document
from index.errors import DocumentError, LibraryError
from index.library import DocumentReport, Library
from index.loading.load import load
from index.upkeep.proof import Part, Proof, intact


@dataclass(frozen=True, slots=True)
class Repaired:
    """The outcome of a repair, with the number of `documents` now.

    `read_again` are documents whose stored text was damaged and whose file still had the same text.
    `lost` names the lost documents by title and source, or by id if these could not be read. `kept`
    is the folder with the damaged files, if any were kept.
    """

    documents: int
    read_again: tuple[Document, ...]
    lost: tuple[str, ...]
    kept: Path | None


def repair(library: Library, proof: Proof, report: DocumentReport) -> Repaired:
    """Repair the faults that were found: keep every intact document, and rebuild the rest.

    Damaged files are kept in a folder `damaged-…` in the library's folder. The old database is used
    until the new one is complete.

    Raises LibraryError if nothing in the database can be read.
    """
    with library.lock():
        documents, read_again, lost = list[Document](), list[Document](), list[str]()
        for document_id in library.store.rescue():
            try:
                document = intact(library, document_id)
                documents.append(replace(document, file=_file(library, document_id)))
            except (DocumentError, LibraryError):
                if again := _read_again(library, document_id):
                    documents.append(again)
                    read_again.append(again)
                else:
                    lost.append(_known(library, document_id))
        faulty = {fault.part for fault in proof.faults}
        if not documents and "database" in faulty:
            raise LibraryError(
                f"Nothing in the library {library.place} can be read any more. Put back a backup "
                "with `footnoted library restore BACKUP --library ANOTHER`, or add the documents "
                "to a new library."
            )
        kept = _kept(library, faulty) if faulty & {"database", "document", "log"} else None
        if kept and "log" in faulty:
            _salvage(kept / "log.db", library.folder / "log.db")
        if faulty & {"database", "document", "vectors"}:
            library.renew(documents, report)
    return Repaired(len(documents), tuple(read_again), tuple(lost), kept)


def _file(library: Library, document_id: str) -> bytes | None:
    with suppress(LibraryError):
        return library.store.file(document_id)
    return None


def _read_again(library: Library, document_id: str) -> Document | None:
    """Read a document's file again; None unless it still has the text that the id names."""
    about = library.store.about(document_id)
    if about is None or not Path(about[1]).is_absolute():
        return None
    try:
        fresh = load(Path(about[1]))
    except DocumentError:
        return None
    return replace(fresh, added=about[2]) if fresh.id == document_id else None


def _known(library: Library, document_id: str) -> str:
    about = library.store.about(document_id)
    return f"{about[0]} ({about[1]})" if about else document_id


def _kept(library: Library, faulty: set[Part]) -> Path:
    """Copy the damaged files into a new folder of the library, and return that folder."""
    kept = library.folder / f"damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    kept.mkdir(parents=True)
    if faulty & {"database", "document"}:
        library.store.keep(kept)
    if "log" in faulty:
        for each in library.folder.glob("log.db*"):
            shutil.copy2(each, kept / each.name)
    return kept


def _salvage(damaged: Path, path: Path) -> None:
    """Put those rows of a database that can still be read into a new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(damaged)) as old, closing(sqlite3.connect(fresh)) as new:
        for made, row in _rows(old):
            new.execute(made, row)
        new.commit()
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    fresh.replace(path)


def _rows(old: sqlite3.Connection) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield statements that recreate the tables and their rows, as far as they can be read."""
    with suppress(sqlite3.DatabaseError):
        tables = old.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        for name, made in tables:
            yield made, ()
            with suppress(sqlite3.DatabaseError):
                for row in old.execute(f'SELECT * FROM "{name}"'):  # noqa: S608
                    places = ", ".join("?" * len(row))
                    yield f'INSERT OR IGNORE INTO "{name}" VALUES ({places})', row  # noqa: S608
