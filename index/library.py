"""A library: documents in a folder, and the search for passages in them.

    <folder>/library.db     documents, passages, BM25 (index/storage/store.py)
    <folder>/vectors-…/     Chroma (index/storage/vectors.py), unless a server holds it
    <folder>/.lock          held by whoever writes

`library.db` is the source of truth. Vectors are written first and count only once the document's
row is committed. Vectors left behind by an interrupted command are ignored by every search and
deleted by the next command that writes.

Alternatively, everything is in a PostgreSQL database (`postgres.py`, `postgres_vectors.py` there)
and changes in one transaction.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from index.documents import Document, Passage, Span, last_part, source_name
from index.errors import DocumentError, LibraryError, UserError
from index.language.words import WORDS_VERSION
from index.loading.formats import CURRENT
from index.loading.load import fingerprint, load
from index.loading.scanning.work import forget
from index.printable import path_line, printable, title_line
from index.split import SPLITTER_VERSION, in_its_languages, split
from index.storage.connections import Connections
from index.storage.database import Database, Place, folder_of, option
from index.storage.llamaindex_vectors import LlamaIndexVectors
from index.storage.postgres import PostgresStore
from index.storage.postgres_vectors import PostgresVectors
from index.storage.store import Dated, Entry, Key, Store, Title, mends, searchable_text
from index.storage.vectors import Vectors, begin_chroma
from index.weights.catalogue import DEFAULT_EMBEDDING, MULTILINGUAL, weights_sha256
from index.weights.factory import Factory

if TYPE_CHECKING:
    import numpy as np  # Slow to import, and most commands do not need it.

    from index.storage.vectors import Rows
    from index.weights.embedding import Embedding

RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""

DEPTH = 50
"""How many passages each of the two searches contributes to the fusion."""

TOLD = "languages_told"
"""The key in a library's meta that says that the languages of all its documents were detected."""

EMBED_BATCH = 64
"""Passages embedded between two progress reports."""

WRITE_BATCH = 512
"""Vectors written at once."""

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds to wait between attempts of a vector search."""

Stage = Literal["splitting", "embedding", "writing"]
Report = Callable[[Stage, int, int], None]
"""Called with the stage, how much of it is done, and how much there is."""
DocumentReport = Callable[[Document, Stage, int, int], None]
"""The same for many documents: the first argument is the document concerned."""
AnyVectors = Vectors | PostgresVectors | LlamaIndexVectors


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found, with its rank (from 1) in each of the two lists."""

    document: Document
    passage: Passage
    score: float
    bm25_rank: int | None
    dense_rank: int | None

    @property
    def text(self) -> str:
        """The passage's text, read from the document."""
        return self.document.text[self.passage.span.start : self.passage.span.end]


@dataclass(frozen=True, slots=True)
class Added:
    """What `Library.add` did with a document."""

    document: Document
    outcome: Literal["added", "unchanged", "replaced"]
    passages: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `Library.prepare` made of a document: the passages and vectors to write.

    `document` is the one that was split, with its languages detected. `unchanged` is set instead if
    the document is in the library already. If nothing is set, `add` prepares the document itself.
    """

    document: Document | None = None
    passages: Sequence[Passage] = ()
    vectors: Rows = ()
    unchanged: Added | None = None


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What `Library.reindex` did.

    `documents` is the number of documents now. `read_again` are the documents that were read again
    because their loader had changed. `kept` are those that could not be read again and stayed as
    they were, each with the reason.
    """

    documents: int
    read_again: tuple[Document, ...]
    kept: tuple[tuple[Document, str], ...]


class Library:
    """The documents in one place. Opening never writes; the first `add` creates the storage.

    `folder` is the library's own folder; for a library in a database, it is where this machine
    keeps local files for it.
    """

    def __init__(
        self,
        place: Place,
        *,
        embedding_name: str,
        embedding: Callable[[], Embedding],
        server: str | None = None,
        token: str | None = None,
        vectors: Factory | None = None,
        check: bool = True,
    ) -> None:
        """Open a library, which may not exist yet.

        `embedding` loads the embedding model when it is first needed. `server` is the address of a
        Chroma server that holds the vectors instead of the folder, and `token` its access token.
        `vectors` makes the LlamaIndex vector store that holds them instead.
        Without `check`, a library made with other settings is opened as well, for `reindex`.

        Raises LibraryError if the folder holds something else, is damaged, or was made with
        another embedding or splitter, or if the database cannot be used.
        """
        self.place = place
        self.folder = folder_of(place)
        self.unfinished_pages = self.folder / "pages"
        """Where `load` keeps recognized pages until their document is in the library."""
        self.fingerprint = json.dumps(
            {
                "embedding": embedding_name,
                "weights": weights_sha256(embedding_name),
                "splitter": SPLITTER_VERSION,
            }
            | ({"vectors": vectors.name} if vectors else {})
        )
        self._load_embedding, self._embedding_name = embedding, embedding_name
        self._words = {"words": WORDS_VERSION} if embedding_name == MULTILINGUAL else {}
        self._server, self._token = server, token
        self._factory = vectors
        self.store: Store | PostgresStore
        self._connections: Connections | None = None
        if isinstance(place, Database):
            if server or vectors:
                raise LibraryError(
                    f"The library {place} has its vectors in the same database: unset "
                    f"{'FOOTNOTED_CHROMA_URL' if server else 'FOOTNOTED_VECTORS'}."
                )
            self._connections = Connections(place)
            self.store = PostgresStore(self._connections)
        else:
            self.store = Store(place)
        self._vectors: AnyVectors | None = None
        self._revision: str | None = None
        self._cached = lru_cache(maxsize=32)(self._read)
        self.embed = lru_cache(maxsize=8)(self._embed_texts)
        if check and self.store.exists:
            self._check(self.store.meta())

    @property
    def made_with(self) -> str:
        """The name of the embedding its vectors were made with. Raises LibraryError as `meta`."""
        return str(json.loads(self.store.meta()["fingerprint"])["embedding"])

    @property
    def reads_english_alone(self) -> bool:
        """Whether its embedding was trained on English only."""
        return self._embedding_name == DEFAULT_EMBEDDING

    def _check(self, meta: dict[str, str]) -> None:
        if meta["fingerprint"] == self.fingerprint:
            return
        made, now = json.loads(meta["fingerprint"]), json.loads(self.fingerprint)
        raise LibraryError(
            f"The library {self.place} was made with {_fingerprint_words(made)}, and the settings "
            f"now say {_fingerprint_words(now)}. Run `footnoted reindex {option(self.place)}` "
            f"to rebuild its vectors, or set FOOTNOTED_EMBEDDING={made['embedding']}"
            f"{_store_setting(made, now)}."
        )

    # --- content

    def entries(self, ids: Sequence[str] | None = None) -> list[Entry]:
        """Return the library's entries in the order they were added; with `ids`, only those."""
        return self.store.entries(ids) if self.store.exists else []

    def close(self) -> None:
        """Close open vector stores and clear the caches; the next use opens them again."""
        if self._vectors:
            self._vectors.close()
        self._cached.cache_clear()
        self.embed.cache_clear()

    def create(self) -> None:
        """Create the library now, empty, rather than with its first document."""
        with self._writing():
            pass

    @property
    def exists(self) -> bool:
        """Whether the library has been created."""
        return self.store.exists

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search; cheap enough to check with every question."""
        return not self.store.exists or self.store.is_empty()

    def document(self, document_id: str) -> Document:
        """Return a document by its id.

        Raises UserError when it is not in the library (any more).
        """
        # The id is a hash of the text, so the cache cannot return an outdated text.
        return self._cached(document_id)

    def titles(self, exclude: Sequence[str] = ()) -> list[Title]:
        """Return the documents' titles, in the order they were added, without reading any text.

        Documents in `exclude` are left out.
        """
        found = self.store.titles() if self.store.exists else []
        return [each for each in found if each.id not in exclude]

    def headings(self) -> list[str]:
        """Return the headings of all documents."""
        return [each for _, each in self.store.headings()] if self.store.exists else []

    def under(
        self, is_heading: Callable[[str], bool], exclude: Sequence[str] = ()
    ) -> list[tuple[Document, Passage]]:
        """Return the passages under matching headings, in document and text order.

        Documents in `exclude` are left out.
        """
        headings = self.store.headings() if self.store.exists else []
        having = {document_id for document_id, heading in headings if is_heading(heading)}
        return [
            (self.document(each.id), passage)
            for each in (self.titles(exclude) if having else ())
            if each.id in having
            for passage in self.passages(each.id)
            if passage.heading is not None and is_heading(passage.heading)
        ]

    def _read(self, document_id: str) -> Document:
        found = self.store.document(document_id) if self.store.exists else None
        if found is None:
            raise _Gone(
                f"There is no document {document_id} in the library {self.place}. "
                "`footnoted list` shows what there is."
            )
        if not found.sha256.startswith(document_id):
            raise LibraryError(
                f"The text of {found.name} in the library {self.place} is damaged: it is not the "
                f"one that its hash names. {mends(self.place)}"
            )
        return found

    def find(self, name: str) -> Document:
        """Return the document with this id, unique id prefix, source, file name or title.

        Raises UserError when there is none, or more than one.
        """
        entries = self.entries()
        found = [
            entry.id
            for entry in entries
            if name in (entry.id, entry.sha256, entry.source, entry.title, last_part(entry.source))
        ]
        found = found or [e.id for e in entries if path_line(name) == source_name(e.source)]
        found = found or [e.id for e in entries if len(name) >= 3 and e.id.startswith(name)]
        if not found:
            raise UserError(
                f"There is no document “{name}” in the library {self.place}. "
                "`footnoted list` shows what there is."
            )
        if len(found) > 1:
            ids = ", ".join(found)
            raise UserError(f"“{name}” names {len(found)} documents ({ids}): give one of the ids.")
        return self.document(found[0])

    def file(self, document_id: str) -> bytes | None:
        """Return the original file of a document, if it was kept: its pages can be drawn."""
        return self.store.file(document_id)

    def passages(self, document_id: str) -> list[Passage]:
        """Return the passages of a document, in the order of its text."""
        return self.store.passages_of(document_id)

    # --- searching

    def search(self, question: str, limit: int, exclude: Sequence[str] = ()) -> list[Hit]:
        """Return the passages most likely to hold the answer, best first.

        Documents in `exclude` are not searched. BM25 and vector search are fused by reciprocal
        rank: a passage's score is the sum of 1 / (RRF_K + rank) over the lists that it is in.
        """
        if self.is_empty:
            return []
        self._begin()
        bm25 = _ranks(self.store.bm25(question, DEPTH, exclude))
        vector = self._load_embedding().get_query_embedding(question)
        excluded = [*self.store.pending(), *exclude]
        dense = _ranks(self._nearest(vector, excluded))
        scores: dict[Key, float] = {}
        for ranks in (bm25, dense):
            for key, rank in ranks.items():
                scores[key] = scores.get(key, 0.0) + 1 / (RRF_K + rank)
        best = sorted(scores, key=lambda key: (-scores[key], key))[:limit]
        return [
            replace(hit, score=scores[key], bm25_rank=bm25.get(key), dense_rank=dense.get(key))
            for key, hit in self._hits(best)
        ]

    def _nearest(self, vector: list[float], exclude: Sequence[str]) -> list[Key]:
        """Run the vector search, and retry it in case another program is changing the vectors."""
        for pause in PAUSES:
            with suppress(LibraryError):
                return self.vectors().nearest(vector, DEPTH, exclude)
            time.sleep(pause)
        return self.vectors().nearest(vector, DEPTH, exclude)

    def holding(self, words: str, limit: int, exclude: Sequence[str] = ()) -> list[Hit]:
        """Return passages that contain a phrase, regardless of word endings.

        Documents in `exclude` are left out.
        """
        return [] if self.is_empty else self.hits(self.store.holding(words, limit, exclude))

    def dated(self, first: date, last: date, exclude: Sequence[str] = ()) -> list[Dated]:
        """Return the chronology entries that overlap a period, in date order.

        Both days are included; documents in `exclude` are left out. Only keys and days are
        returned, because a period may hold a whole chronology: `hits` reads the entries wanted.
        """
        return self.store.dated(first, last, exclude) if self.store.exists else []

    def dates(self) -> dict[str, tuple[date, date]]:
        """Return the first and last day of each document that has chronology entries, by id."""
        return self.store.dates() if self.store.exists else {}

    def hits(self, keys: Sequence[Key]) -> list[Hit]:
        """Return passages by their keys, as unranked hits."""
        return [hit for _, hit in self._hits(keys)]

    def _hits(self, keys: Sequence[Key]) -> Iterator[tuple[Key, Hit]]:
        """Yield hits by their keys, skipping any that another program has just removed."""
        passages = self.store.passages(keys)
        for key in keys:
            if key in passages:
                with suppress(_Gone):
                    yield key, Hit(self.document(key[0]), passages[key], 0.0, None, None)

    def _embed_texts(self, texts: tuple[str, ...]) -> np.ndarray:
        """Return the unit vectors of texts; shape (texts, dimension)."""
        import numpy as np

        return np.asarray(self._load_embedding().get_text_embedding_batch(list(texts)))

    # --- changing

    def add(
        self, document: Document, report: Report = lambda *_: None, prepared: Prepared | None = None
    ) -> Added:
        """Add a document: completely or, if anything goes wrong, not at all.

        Adding the same text again changes nothing. A document with the same source and another text
        replaces the old one. Passages and vectors come from `prepared` if it is given.
        """
        prepared = prepared or self.prepare(document, report)
        added = prepared.unchanged or self._add(document, report, prepared)
        if document.scans:
            forget(self.unfinished_pages, document.read_sha256)
        return added

    def _add(self, document: Document, report: Report, prepared: Prepared) -> Added:
        with self._writing():
            old = self._before(document)
            document = self._labelled(document, old)
            known = self.store.document(document.id)
            if known is not None:
                self.store.keep_file(document)
                for each in old:
                    self._remove(each)
                count = self.store.count_passages(document.id)
                return Added(known, "replaced" if old else "unchanged", count)
            if not _is_cut(prepared, document):  # The library has changed since `prepare`.
                prepared = self._made(document, report)
            document = document.told_as(prepared.document or document)
            self.store.set_pending(document.id)
            _write(self.vectors(), document, prepared.vectors, report)
            document = replace(document, added=datetime.now(UTC).isoformat(timespec="seconds"))
            self.store.insert(document, prepared.passages, old)
            self._own_change()
            self._sweep()
        return Added(document, "replaced" if old else "added", len(prepared.passages))

    def _before(self, document: Document) -> list[str]:
        """Return the ids of the documents with the same source, which this one replaces."""
        return [each for each in self.store.ids_of_source(document.source) if each != document.id]

    def _labelled(self, document: Document, old_ids: Sequence[str]) -> Document:
        """Return a document with the name, tags and language that users gave those it replaces."""
        old = [each.properties for each in map(self.store.document, old_ids) if each]
        name = next(filter(None, (each.named for each in old)), None)
        language = next(filter(None, (each.read_as for each in old)), document.properties.read_as)
        labelled = document.renamed(name).tagged(tag for each in old for tag in each.tags)
        return labelled.in_language(language)

    def tags(self) -> dict[str, tuple[str, ...]]:
        """Return the tags of each document, by document id."""
        return self.store.tags() if self.store.exists else {}

    def rename(self, document_id: str, title: str) -> Document:
        """Rename a document wherever its title is used; return the renamed document.

        Raises UserError when it is not in the library (any more), and when the title is empty.
        """
        title = title_line(title)
        if not title:
            raise UserError("A document needs a name: type one.")
        with self._writing():
            document = self._read(document_id).renamed(title)
            self.store.relabel(document)
            self._cached.cache_clear()
        return document

    def tag(
        self, document_id: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> Document:
        """Add tags to a document and remove others; return the changed document.

        Raises UserError when it is not in the library (any more), and for an invalid tag.
        """
        with self._writing():
            before = self._read(document_id)
            document = before.tagged(add, remove)
            if document.properties.tags != before.properties.tags:
                self.store.relabel(document)
                self._cached.cache_clear()
        return document

    def set_language(self, document_id: str, code: str | None) -> Document:
        """Set the language that a document is read in, or detect it (None); return the document.

        It is split again by that language, as `reindex` would split it.

        Raises UserError when it is not in the library (any more).
        """
        with self._writing():
            before = self._read(document_id)
            document = in_its_languages(before.in_language(code))
            if document != before:
                old, passages = self.passages(document_id), split(document)
                self.store.recut(document, passages)
                if list(map(_embedded_of, old)) == list(map(_embedded_of, passages)):
                    self.store.clear_pending(document_id)
                else:
                    self._embed_again(document, passages)
                self._own_change()
                self._cached.cache_clear()
        return document

    def _embed_again(self, document: Document, passages: Sequence[Passage]) -> None:
        """Replace the vectors of a document that was split again."""
        vectors = self.vectors()
        vectors.delete(document.id)
        self._embed_into(vectors, document, passages, lambda *_: None)
        self.store.clear_pending(document.id)

    def not_tagged(self, tags: Sequence[str]) -> list[str]:
        """Return the ids of the documents that have none of the tags, for use as `exclude`.

        Raises UserError for a tag that no document has.
        """
        there = self.tags().items() if tags else ()
        folded = {name: {each.casefold() for each in own} for name, own in there}
        for tag in tags:
            if not any(tag.casefold() in own for own in folded.values()):
                raise UserError(
                    f"No document has the tag “{printable(tag)}”. `footnoted list` shows the tags."
                )
        wanted = {each.casefold() for each in tags}
        return [name for name, own in folded.items() if not own & wanted]

    def prepare(self, document: Document, report: Report = lambda *_: None) -> Prepared:
        """Make the passages and vectors for `add`, unless the document is in the library already.

        This neither writes nor takes the lock, so several threads and programs can prepare at the
        same time and then write in turn.
        """
        if self.store.exists:
            self._check(self.store.meta())
            if self.store.holds(document):
                known = self.document(document.id)
                count = self.store.count_passages(document.id)
                return Prepared(unchanged=Added(known, "unchanged", count))
            if self.store.about(document.id):  # The text is known; only its source has changed.
                return Prepared()
            document = self._labelled(document, self._before(document))
        return self._made(document, report)

    def _made(self, document: Document, report: Report) -> Prepared:
        self._begin()
        report("splitting", 0, 1)
        document = in_its_languages(document)
        passages = split(document)
        if not passages:
            raise DocumentError(f"{document.name} holds no words that could be searched.")
        return Prepared(document, passages, self._embedded(document, passages, report))

    def unchanged(self, source: str) -> Added | None:
        """Return the result of `add` for a file whose exact bytes were read before, else None.

        The file's hash decides, so the file need not be parsed again. Files read by an older
        version of the loader do not count, and neither do addresses.

        Raises DocumentError for a file that cannot be read.
        """
        known = fingerprint(source) if self.store.exists else None
        found = self.store.unchanged(*known) if known else None
        if known is None or found is None:
            return None
        document_id, passages = found
        return Added(replace(self.document(document_id), source=known[0]), "unchanged", passages)

    def knows_languages(self) -> bool:
        """Whether the language of every document was detected; older libraries lack that."""
        return not self.store.exists or TOLD in self.store.meta()

    def has_older_words(self) -> bool:
        """Whether its passages' search terms were made by another version of `words`."""
        return self.store.exists and self.store.meta().get("words") != self._words.get("words")

    def unfinished(self) -> int:
        """Return how many documents have remains from an interrupted command."""
        return len(self.store.pending()) if self.store.exists else 0

    def remove(self, document_id: str) -> None:
        """Remove a document, with its passages and vectors."""
        self.document(document_id)
        with self._writing():
            self._remove(document_id)

    def outdated(self) -> int:
        """Return how many documents were not read by the current version of their loader."""
        return self.store.outdated(list(CURRENT)) if self.store.exists else 0

    def reindex(self, report: DocumentReport) -> Reindexed:
        """Split and embed all documents again: for new settings or loaders, or damaged vectors.

        Documents whose loader has changed are read again if their file still exists. Searches use
        the old vectors until the new ones are complete.

        Raises LibraryError when there is no library in the folder.
        """
        if not self.store.exists:
            raise LibraryError(f"There is no library in {self.place}: nothing to rebuild.")
        with self.lock():
            meta = self.store.meta()
            fresh = self._collection(_new_name())
            fresh.create()
            self.store.upgrade()
            read_again: list[Document] = []
            kept: list[tuple[Document, str]] = []
            documents: dict[str, Document] = {}
            for entry in self.store.entries():
                document = self.document(entry.id)
                if entry.loader not in CURRENT:
                    try:
                        again = _read_again(document, self.unfinished_pages)
                        again = again.renamed(document.properties.named)
                        again = again.tagged(document.properties.tags)
                        again = again.in_language(document.properties.read_as)
                        document = replace(again, added=document.added)
                        read_again.append(document)
                    except DocumentError as error:
                        kept.append((document, str(error)))
                documents[document.id] = in_its_languages(document)
            cut = [(document, split(document)) for document in documents.values()]
            for document, passages in cut:
                self._embed_into(fresh, document, passages, partial(report, document))
            self.store.replace_all(cut, self._meta(fresh))
            self._use(fresh, meta["vectors"])
        for document in read_again:
            forget(self.unfinished_pages, document.read_sha256)
        return Reindexed(len(cut), tuple(read_again), tuple(kept))

    def renew(self, documents: Sequence[Document], report: DocumentReport) -> None:
        """Put documents into a new database with new vectors, in place of a damaged one.

        The old database is used until the new one is complete. The caller holds the `lock`.
        """
        before: dict[str, str] = {}
        with suppress(LibraryError):
            before = self.store.meta()
        fresh = self._collection(_new_name())
        fresh.create()
        meta = self._meta(fresh)
        if TOLD not in before:
            del meta[TOLD]
        with self.store.rebuilt(meta) as database:
            for document in map(in_its_languages, documents) if TOLD in meta else documents:
                passages = split(document)
                self._embed_into(fresh, document, passages, partial(report, document))
                database.insert(document, passages, ())
        self._use(fresh, before.get("vectors"))

    def _meta(self, vectors: AnyVectors) -> dict[str, str]:
        """Return the meta of a library whose documents were all added by this version."""
        told = {"fingerprint": self.fingerprint, "vectors": vectors.name, TOLD: "1"}
        return told | self._words

    def _use(self, fresh: AnyVectors, before: str | None) -> None:
        """Switch to the vectors that the database now names, and delete those `before`."""
        self._vectors, self._revision = fresh, self.store.meta().get("revision")
        self._cached.cache_clear()
        if before:
            self._collection(before).drop()
        self._sweep_folders()

    def _remove(self, document_id: str) -> None:
        self.store.delete(document_id)
        self._own_change()
        self._cached.cache_clear()
        self._sweep()

    def _embed_into(
        self, to: AnyVectors, document: Document, passages: Sequence[Passage], report: Report
    ) -> None:
        _write(to, document, self._embedded(document, passages, report), report)

    def _embedded(
        self, document: Document, passages: Sequence[Passage], report: Report
    ) -> np.ndarray:
        """Return the passages' vectors; shape (passages, dimension)."""
        import numpy as np

        embedding = self._load_embedding()
        made = []
        for first in range(0, len(passages), EMBED_BATCH):
            report("embedding", first, len(passages))
            batch = passages[first : first + EMBED_BATCH]
            texts = [searchable_text(document, passage) for passage in batch]
            made.append(np.asarray(embedding.get_text_embedding_batch(texts), np.float32))
        report("embedding", len(passages), len(passages))
        return np.concatenate(made)

    def _sweep(self) -> None:
        """Clean up after interrupted commands.

        Vectors of documents that are not in the library are deleted. A document that was split
        again but not embedded gets its new vectors.
        """
        for document_id in self.store.pending():
            if document := self.store.document(document_id):
                self._embed_again(document, self.passages(document_id))
            else:
                self.vectors().delete(document_id)
                self.store.clear_pending(document_id)

    def _sweep_folders(self) -> None:
        """Delete vector collections that an interrupted command made and no database names."""
        used = self.vectors().name
        for name in self.store.collections():
            if name != used:
                self._collection(name).drop()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock, create the library if needed, and clean up after interrupted commands."""
        with self.lock():
            if not self.store.exists:
                self._vectors = self._collection(_new_name())
                self._vectors.create()
                self.store.create(self._meta(self._vectors))
            with self.store.at_once():
                self._check(self.store.meta())
                self.store.upgrade()
                self._sweep()
                self._sweep_folders()
                yield
                self._own_change()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all others from writing to the library.

        Raises LibraryError if another program holds the lock for ten minutes, or if the library
        cannot be written to.
        """
        with self.store.lock(), self._collection("").held():
            yield

    def vectors(self) -> AnyVectors:
        """Return the vectors in use, in their current state.

        Chroma does not see what another process writes to files that it has open, so they are
        reopened after every such change (some 30 ms).
        """
        meta = self.store.meta()
        if self._vectors is not None and self._revision != meta.get("revision"):
            self._vectors.close()
            self._cached.cache_clear()
        self._vectors = self._collection(meta["vectors"])
        self._revision = meta.get("revision")
        return self._vectors

    def _own_change(self) -> None:
        """Note that the latest change is this program's own, so that Chroma can stay open."""
        self._revision = self.store.meta().get("revision")

    def _collection(self, name: str) -> AnyVectors:
        if self._vectors is not None and self._vectors.name == name:
            return self._vectors
        if self._connections:
            return PostgresVectors(self._connections, name)
        if self._factory:
            return LlamaIndexVectors(self.folder, name, self._factory.name, self._factory.make)
        return Vectors(self.folder, name, self.fingerprint, self._server, self._token)

    def _begin(self) -> None:
        """Start Chroma, which takes seconds, in the background."""
        if not self._connections and not self._factory:
            begin_chroma()


def _is_cut(prepared: Prepared, document: Document) -> bool:
    """Whether a document was prepared with the language that is now set for it, if any."""
    cut = prepared.document
    return cut is not None and cut.properties.read_as == document.properties.read_as


def _embedded_of(passage: Passage) -> tuple[Span, str | None]:
    """Return what a passage's vector depends on, apart from the document's text."""
    return passage.span, passage.heading


class _Gone(UserError):
    """A document that is not in the library (any more)."""


def _read_again(document: Document, unfinished: Path) -> Document:
    """Read a document's file again; addresses are not fetched without being asked to.

    Pages that are read from pictures are kept in the folder `unfinished` meanwhile.

    Raises DocumentError if it cannot be read.
    """
    if not Path(document.source).is_absolute():
        raise DocumentError(f"{document.name} did not come from a file: add it again.")
    fresh = load(Path(document.source), kept=unfinished)
    if not split(fresh):
        raise DocumentError(f"{document.name} holds no words that could be searched.")
    return fresh


def _write(to: AnyVectors, document: Document, vectors: Rows, report: Report) -> None:
    for first in range(0, len(vectors), WRITE_BATCH):
        report("writing", first, len(vectors))
        to.add(document.id, vectors[first : first + WRITE_BATCH], first)
    report("writing", len(vectors), len(vectors))


def _new_name() -> str:
    return f"vectors-{uuid.uuid4().hex[:12]}"


def _ranks(keys: Sequence[Key]) -> dict[Key, int]:
    return {key: rank for rank, key in enumerate(keys, 1)}


def _fingerprint_words(fingerprint: dict[str, str]) -> str:
    weights = (fingerprint.get("weights", "of an older version") or "not known")[:20]
    store = f", vector store {fingerprint['vectors']}" if "vectors" in fingerprint else ""
    return (
        f"the embedding {fingerprint['embedding']} (weights {weights}, "
        f"splitter {fingerprint['splitter']}{store})"
    )


def _store_setting(made: dict[str, str], now: dict[str, str]) -> str:
    """Say what else to set, after the embedding, to use the library's own vector store."""
    if made.get("vectors") == now.get("vectors"):
        return ""
    if "vectors" in made:
        return f" and FOOTNOTED_VECTORS={made['vectors']}"
    return " and unset FOOTNOTED_VECTORS"
