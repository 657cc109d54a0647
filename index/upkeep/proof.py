"""Whether a library is what it should be: every record is looked at, none is sampled.

A document's text must have the hash that names it, its passages must be what the splitter makes of
it, BM25's index must hold their words, and the vectors be those that the embedding makes of them.
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
"""The cosine from which on a vector is the one that the embedding makes."""

Part = Literal["database", "document", "vectors", "log"]
Progress = Callable[[str, int, int], None]
"""Called with what is looked at, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be, in one sentence, and which part of the library it is.

    `document_id` names the document, where it is one's.
    """

    part: Part
    text: str
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """How much was looked at and found to be right, and what was not.

    `embedded` tells whether the vectors were held to those that the embedding makes, or only
    whether they are there.
    """

    documents: int
    passages: int
    vectors: int
    embedded: bool
    faults: tuple[Fault, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `footnoted library check --json` prints."""
        return asdict(self)


def prove(library: Library, report: Progress = lambda *_: None, *, embed: bool = True) -> Proof:
    """Look at every record of a library; without `embed`, no vector is made again to compare.

    Nothing is changed, and others may read meanwhile. Where the folder may be written to, nobody
    else writes meanwhile; elsewhere, what they change then may be told as a fault.

    Raises LibraryError where there is no library.
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
        """Yield what is wrong with one document; note its passages as they should be."""
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
        if document_id not in self.pending:  # Its vectors are made by the next command that writes.
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
                # With the pages that were read from pictures: to read those again takes hours.
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
    """Return a document whose text has the hash that names it.

    Raises DocumentError where it has not, or where what is kept of it cannot be read; LibraryError
    where the database cannot.
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
