"""Check the integrity of a library: every record, not a sample.

A document's text must have the hash in its id, its passages must be what the splitter makes of it,
the BM25 index must hold their words, and their vectors must be those that the embedding makes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from index.documents import Document
from index.errors import DocumentError, LibraryError
from index.library import EMBED_BATCH, Library
from index.loading.formats import CURRENT
from index.loading.load import load_bytes
from index.split import split
from index.storage.store import Key, searchable_text

SAME = 0.999
"""The cosine from which a stored vector counts as the one that the embedding makes."""

Part = Literal["database", "document", "vectors", "log"]
Progress = Callable[[str, int, int], None]
"""Called with what is being checked, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in one sentence, and the part of the library that has it.

    `document_id` is set if the fault is one document's.
    """

    part: Part
    text: str
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """The numbers of records that were found correct, and the faults.

    `embedded` says whether vectors were compared with newly made ones; if not, only their presence
    and their form were checked.
    """

    documents: int
    passages: int
    vectors: int
    embedded: bool
    faults: tuple[Fault, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as `footnoted library check --json` prints it."""
        return asdict(self)


def prove(library: Library, report: Progress = lambda *_: None, *, embed: bool = True) -> Proof:
    """Check every record of a library; without `embed`, vectors are not made again to compare.

    Nothing is changed, and others may read meanwhile. If this program may write to the library, it
    takes the lock, so that nobody else writes; if not, changes made meanwhile may show as faults.

    Raises LibraryError if there is no library.
    """
    if not library.store.exists:
        raise LibraryError(f"There is no library in {library.place}: nothing to check.")
    with library.lock() if library.store.may_be_written else nullcontext():
        return _Proving(library, report, embed).prove()


class _Proving:
    def __init__(self, library: Library, report: Progress, embed: bool) -> None:
        self.library, self.report, self.embed = library, report, embed
        self.faults: list[Fault] = []
        self.documents = self.vectors = 0
        self.passages: dict[Key, str] = {}
        self.pending: set[str] = set()

    def prove(self) -> Proof:
        self.report("database", 0, 1)
        try:
            self._add("database", self.library.store.faults())
            entries, self.pending = self.library.store.entries(), set(self.library.store.pending())
        except LibraryError as error:
            self._add("database", [str(error)])
            entries = []
        for done, entry in enumerate(entries):
            self.report("documents", done, len(entries))
            found = list(self._of_document(entry.id, entry.sha256))
            self._add("document", (f"{entry.title}: {each}" for each in found), entry.id)
            self.documents += not found
        try:
            self._vectors()
        except LibraryError as error:
            self._add("vectors", [str(error)])
        self._add("log", _of_log(self.library))
        return Proof(
            self.documents, len(self.passages), self.vectors, self.embed, tuple(self.faults)
        )

    def _add(self, part: Part, texts: Sequence[str] | Iterator[str], of: str | None = None) -> None:
        self.faults += [Fault(part, text, of) for text in texts]

    def _of_document(self, document_id: str, sha256: str) -> Iterator[str]:
        """Yield what is wrong with one document, and record its passages as they should be."""
        store = self.library.store
        try:
            document = intact(self.library, document_id)
            passages = store.passages_of(document_id)
            file = store.file(document_id)
        except (LibraryError, DocumentError) as error:
            yield str(error)
            return
        if sha256 != document.sha256:
            yield "its hash is not that of its text"
        cut = split(document)
        if document_id not in self.pending:  # If it is, the next command that writes makes vectors.
            self.passages |= {
                (document_id, number): searchable_text(document, passage)
                for number, passage in enumerate(cut)
            }
        if passages != cut:
            yield "its passages are not those that its text is cut into"
        if not store.holds_words(document, cut):
            yield "BM25 does not hold the words of its passages"
        if file is not None and document.loader in CURRENT:
            try:
                # The scans are passed in: recognizing those pages again would take hours.
                if load_bytes(file, document.name, scans=document.scans).id != document_id:
                    yield "the file that is kept of it says another text"
            except DocumentError as error:
                yield f"the file that is kept of it is damaged: {error}"

    def _vectors(self) -> None:
        vectors = self.library.vectors()
        there = set(vectors.keys())
        missing = [key for key in self.passages if key not in there]
        strays = [key for key in there - self.passages.keys() if key[0] not in self.pending]
        if missing:
            self._add("vectors", [f"{len(missing)} passages have no vector."])
        if strays:
            self._add("vectors", [f"{len(strays)} vectors belong to no passage."])
        keys = [key for key in self.passages if key in there]
        wrong = 0
        for first in range(0, len(keys), EMBED_BATCH):
            self.report("vectors", first, len(keys))
            batch = keys[first : first + EMBED_BATCH]
            read = vectors.read(batch)
            right = [key for key in batch if key in read and _is_vector(read[key])]
            if self.embed and right:
                made = self.library.embed(tuple(self.passages[key] for key in right))
                cosines = (np.stack([read[key] for key in right]) * made).sum(axis=1)
                right = [key for key, cosine in zip(right, cosines, strict=True) if cosine >= SAME]
            wrong += len(batch) - len(right)
            self.vectors += len(right)
        if wrong:
            self._add("vectors", [f"{wrong} vectors are not those of their passages."])


def intact(library: Library, document_id: str) -> Document:
    """Return a document whose text matches the hash in its id.

    Raises DocumentError if it does not, or if the stored record cannot be read, and LibraryError
    if the database cannot be read.
    """
    try:
        document = library.store.document(document_id)
    except (ValueError, TypeError, LookupError) as error:
        raise DocumentError(f"what is kept of it cannot be read ({error})") from error
    if document is None:
        raise DocumentError("it is not there")
    ends = [place for heading in document.headings for place in (heading.start, heading.end)]
    ends += [place for style in document.styles for place in (style.start, style.end)]
    if document.sha256[: len(document.id)] != document.id:
        raise DocumentError("its text is not the one that its hash names")
    if not all(0 <= place <= len(document.text) for place in (*ends, *document.pages)):
        raise DocumentError("its headings, pages or styles lie outside of its text")
    return document


def _is_vector(row: np.ndarray) -> bool:
    return bool(np.isfinite(row).all() and abs(np.linalg.norm(row) - 1) < 1e-3)


def _of_log(library: Library) -> Iterator[str]:
    path = library.folder / "log.db"
    if path.exists():
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as log:
                found = [str(row[0]) for row in log.execute("PRAGMA integrity_check(20)")]
        except sqlite3.Error as error:
            found = [str(error)]
        yield from (f"The log {path}: {each}." for each in found if each != "ok")
