"""How a library grows: finding, adding, memory and disk from 84 passages to a million.

A library of each size is made of text by rule (`texts.py`), added as all documents are, and kept in
FOLDER/growth, in schemas of a database, or with its vectors on a Chroma server. Only the vectors of
large ones are made up, and given to it in the embedding's place: real ones of a million passages
would take hours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from eval.cases.answers import contains_answer
from eval.lab.speed.given import Given
from eval.lab.speed.kept import Kept, Pair, median, write_json
from eval.lab.speed.machine import Peak, disk, memory
from eval.lab.speed.parts.evidence import first_quotes
from eval.lab.speed.texts import ENTRIES, PASSAGES, Encode, Entry, Rule, Vectors, entry
from eval.lab.speed.turns import by_turns, seconds
from index.documents import Document
from index.library import DEPTH, Library
from index.split import split
from index.storage.postgres import PostgresStore
from index.storage.store import searchable_text
from index.weights.download import model_folder
from index.weights.embedding import Embedding, PromptedEmbedding
from rag.assistant import Assistant
from rag.config import Settings
from rag.opening import embedding_of, open_library

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
WHERE = {"folder": SIZES, "postgresql": SIZES[1:4], "chroma": SIZES[1:4]}
"""Where libraries are grown, and how large: a server is no other in a library that is small."""
SMALLEST = PASSAGES
"""What all sizes are held against: one article."""
WATCHED = 100_000
"""The size while which is added the memory counts."""

REAL = 1_000
"""The largest library whose vectors are all real."""

PIECE = 8 * 60
"""Seconds that are added for before the bench draws breath: a piece stays below ten minutes."""
NOTED = 10
"""Seconds between two notes of how far it is."""

WARM = "What is there to be read?"
"""What is asked before it counts. No question is asked twice of an assistant that is measured: what
was scored for it a moment ago is remembered."""
ADDED = 5
"""Documents that are added to the finished library, one by one, and taken out again."""

NOTHING = {"seconds": 0.0, "peak_bytes": 0.0}

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Grown:
    """A library of some size at one of the places where they are grown."""

    settings: Settings
    passages: int
    note: Path
    """A file that says how far it is, and what that took."""

    @property
    def assistant(self) -> Assistant:
        return Assistant(self.settings)

    @property
    def unfinished(self) -> bool:
        entries = open_library(self.settings).entries()
        return sum(entry.passages for entry in entries) < self.passages


def growth(
    given: Given,
    passages: int,
    tell: Tell = lambda _: None,
    piece: float = PIECE,
    where: str = "folder",
) -> Kept | None:
    """Measure a library of so many passages beside one of 84; None while it is not finished.

    Each call adds for some minutes; the one after the last passage measures.

    Raises UserError where the server was not named that it is to be on.
    """
    small, large = (_grown(given, where, size) for size in (SMALLEST, passages))
    for each in (small, large):
        if each.unfinished:
            _grow(given, each, tell, time.monotonic() + piece)
            return None
    return _measured(given, small, large, where)


def _grown(given: Given, where: str, passages: int) -> _Grown:
    """Return the library of a size, which may not be there yet."""
    folder = given.folder / "growth"
    name = str(passages) if where == "folder" else f"{where}-{passages}"
    library: Path | str = folder / name
    more = {}
    if where == "postgresql":
        address = given.server("database")
        join = "&" if "?" in address else "?"
        library = f"{address}{join}options=-csearch_path%3Dgrowth_{passages}"
    elif where == "chroma":
        more["chroma_url"] = given.server("chroma")
    return _Grown(given.settings(library, **more), passages, folder / f"{name}-made.json")


def _grow(given: Given, grown: _Grown, tell: Tell, until: float) -> None:
    """Add documents until the library is as large as wanted, or the time is over."""
    rule = Rule.of(model_folder(grown.settings.embedding, grown.settings.models))
    embedding = _embedding(given, rule, grown.passages)
    library = open_library(grown.settings, lambda: embedding)
    entries = library.entries()
    number, there = len(entries), sum(entry.passages for entry in entries)
    noted = _noted(grown.note) if entries else NOTHING
    begun = last = time.monotonic()
    with Peak() as peak:
        while there < grown.passages and time.monotonic() < until:
            document = rule.document(number, min(PASSAGES, grown.passages - there))
            there += library.add(document).passages
            number += 1
            if time.monotonic() > last + NOTED or there >= grown.passages:
                last = time.monotonic()
                took = noted["seconds"] + last - begun
                most = max(noted["peak_bytes"], peak.bytes)
                write_json(grown.note, {"seconds": took, "peak_bytes": most})
                tell(f"{there:,} of {grown.passages:,} passages, after {took:,.0f} s")


def _noted(file: Path) -> dict[str, float]:
    """Return how long adding has taken so far, and how much memory at most."""
    if not file.exists():
        return NOTHING
    found: dict[str, float] = json.loads(file.read_text("utf-8"))
    return found


def _embedding(given: Given, rule: Rule, passages: int) -> Embedding:
    """Return the real embedding for a small library; for a large one, that of its entries alone."""
    settings = given.settings(given.folder)
    real = embedding_of(settings)()
    if passages <= REAL:
        return real
    first = _passages(rule.document(0))
    told = [each for each in first if any(entry(n).sentence in each for n in range(ENTRIES))]
    vectors = Vectors(_encoded(real), told, _passages(rule.document(1)))
    return PromptedEmbedding("made up", vectors, "")


def _encoded(embedding: Embedding) -> Encode:
    return lambda texts: np.asarray(embedding.get_text_embedding_batch(texts))


def _passages(document: Document) -> list[str]:
    return [searchable_text(document, passage) for passage in split(document)]


def _measured(given: Given, small: _Grown, grown: _Grown, where: str) -> Kept:
    passages, large = grown.passages, grown.assistant
    asked = [entry(number) for number in range(ENTRIES)]
    opened = seconds(lambda: first_quotes(large, WARM))
    found = [_is_found(large, each)[0] for each in asked]
    took = memory()
    fresh = [each.assistant for each in (grown, small)]
    for each in fresh:
        first_quotes(each, WARM)
    evidence = by_turns(
        lambda turn: first_quotes(fresh[0], asked[turn].question)[0],
        lambda turn: first_quotes(fresh[1], asked[turn].question)[0],
        ENTRIES,
        warm=0,
    )
    told: dict[str, Any] = {
        "where": where,
        "passages": passages,
        "vectors": "real" if passages <= REAL else "made up",
        "opened_s": opened,
        "found": sum(found) / len(found),
        "memory_bytes": took,
        "disk_bytes": _disk(large.library),
        **_stages(large.library, embedding_of(large.settings)(), asked),
        **_added(given, large),
    }
    made = _noted(grown.note)
    told |= {"made_s": made["seconds"], "made_peak_bytes": made["peak_bytes"]}
    pairs = {"evidence": evidence}
    if (where, passages) == ("folder", WATCHED):
        pairs["adding"] = Pair((made["peak_bytes"],), (told["disk_bytes"],))
    return Kept(part_of(where, passages), pairs, told)


def part_of(where: str, passages: int) -> str:
    """Return what a size at a place is called as a part of the bench."""
    return f"growth-{passages}" if where == "folder" else f"growth-{where}-{passages}"


def _disk(library: Library) -> int:
    """Return the bytes that a library takes, of which a Chroma server's are its own."""
    if isinstance(library.store, PostgresStore):
        return library.store.size()
    return disk(library.folder)


def _stages(library: Library, embedding: Embedding, asked: list[Entry]) -> dict[str, float]:
    """Return how long the two searches take, of all that finding quotes is made of."""
    vectors = [embedding.get_query_embedding(each.question) for each in asked]
    words = [seconds(partial(library.store.bm25, each.question, DEPTH)) for each in asked]
    near = [seconds(partial(library.vectors().nearest, each, DEPTH, ())) for each in vectors]
    return {"bm25_s": median(words), "vectors_s": median(near)}


def _added(given: Given, assistant: Assistant) -> dict[str, Any]:
    """Add small documents one by one; each must be found by the next question. Then they go."""
    settings = given.settings(given.folder)
    rule = Rule.of(model_folder(settings.embedding, settings.models))
    took: list[float] = []
    next_took: list[float] = []
    found: list[bool] = []
    documents: list[Document] = []
    for number in range(ADDED):
        document, told = rule.small(number)
        documents.append(document)
        took.append(seconds(partial(assistant.library.add, document)))
        is_found, question_took = _is_found(assistant, told)
        found.append(is_found)
        next_took.append(question_took)
    removed = [seconds(partial(assistant.library.remove, document.id)) for document in documents]
    return {
        "add_s": took,
        "next_question_s": next_took,
        "add_found": sum(found) / len(found),
        "remove_s": removed,
    }


def _is_found(assistant: Assistant, told: Entry) -> tuple[bool, float]:
    """Return whether an entry's question is answered by a quote, and how many seconds it took."""
    took, quotes = first_quotes(assistant, told.question)
    return any(contains_answer(quote.text, (told.answer,)) for quote in quotes), took
