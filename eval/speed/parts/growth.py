"""How a library grows: finding, adding, memory and disk from 84 passages to a million.

A library of each size is made of text by rule (`texts.py`), added as all documents are, and kept in
FOLDER/growth. Only the vectors of large ones are made up, and given to it in the embedding's place:
real ones of a million passages would take hours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from eval.cases.answers import contains_answer
from eval.speed.given import Given, load_embedding_of
from eval.speed.kept import Kept, Pair, median, write_json
from eval.speed.machine import Peak, disk, memory
from eval.speed.parts.evidence import first_quotes
from eval.speed.texts import ENTRIES, PASSAGES, Encode, Entry, Rule, Vectors, entry
from eval.speed.turns import by_turns, seconds
from index.documents import Document
from index.library import DEPTH, Library
from index.split import split
from index.storage.store import searchable_text
from index.weights.download import model_folder
from index.weights.embedding import Embedding, PromptedEmbedding
from rag.assistant import Assistant
from rag.opening import open_library

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
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

Tell = Callable[[str], None]


def growth(
    given: Given, passages: int, tell: Tell = lambda _: None, piece: float = PIECE
) -> Kept | None:
    """Measure a library of so many passages beside one of 84; None while it is not finished.

    Each call adds for some minutes; the one after the last passage measures.
    """
    folder = given.folder / "growth"
    for size in (SMALLEST, passages):
        if _unfinished(given, folder / str(size), size):
            _grow(given, folder / str(size), size, tell, time.monotonic() + piece)
            return None
    return _measured(given, folder, passages)


def _unfinished(given: Given, folder: Path, passages: int) -> bool:
    library = Assistant(given.settings(folder)).library
    return sum(entry.passages for entry in library.entries()) < passages


def _grow(given: Given, folder: Path, passages: int, tell: Tell, until: float) -> None:
    """Add documents until the library is as large as wanted, or the time is over."""
    settings = given.settings(folder)
    rule = Rule.of(model_folder(settings.embedding, settings.models))
    embedding = _embedding(given, rule, passages)
    library = open_library(settings, lambda: embedding)
    entries = library.entries()
    number, there = len(entries), sum(entry.passages for entry in entries)
    noted = _note(folder)
    begun = last = time.monotonic()
    with Peak() as peak:
        while there < passages and time.monotonic() < until:
            document = rule.document(number, min(PASSAGES, passages - there))
            there += library.add(document).passages
            number += 1
            if time.monotonic() > last + NOTED or there >= passages:
                last = time.monotonic()
                took = noted["seconds"] + last - begun
                most = max(noted["peak_bytes"], peak.bytes)
                write_json(_note_file(folder), {"seconds": took, "peak_bytes": most})
                tell(f"{there:,} of {passages:,} passages, after {took:,.0f} s")


def _note_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-made.json")


def _note(folder: Path) -> dict[str, float]:
    """Return how long adding has taken so far, and how much memory at most."""
    file = _note_file(folder)
    if not file.exists() or not folder.exists():
        return {"seconds": 0.0, "peak_bytes": 0}
    found: dict[str, float] = json.loads(file.read_text("utf-8"))
    return found


def _embedding(given: Given, rule: Rule, passages: int) -> Embedding:
    """Return the real embedding for a small library; for a large one, that of its entries alone."""
    settings = given.settings(given.folder)
    real = load_embedding_of(settings)
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


def _measured(given: Given, folder: Path, passages: int) -> Kept:
    large = Assistant(given.settings(folder / str(passages)))
    asked = [entry(number) for number in range(ENTRIES)]
    opened = seconds(lambda: first_quotes(large, WARM))
    found = [_is_found(large, each)[0] for each in asked]
    took = memory()
    fresh = [Assistant(given.settings(folder / str(size))) for size in (passages, SMALLEST)]
    for each in fresh:
        first_quotes(each, WARM)
    evidence = by_turns(
        lambda turn: first_quotes(fresh[0], asked[turn].question)[0],
        lambda turn: first_quotes(fresh[1], asked[turn].question)[0],
        ENTRIES,
        warm=0,
    )
    told: dict[str, Any] = {
        "passages": passages,
        "vectors": "real" if passages <= REAL else "made up",
        "opened_s": opened,
        "found": sum(found) / len(found),
        "memory_bytes": took,
        "disk_bytes": disk(large.library.folder),
        **_stages(large.library, load_embedding_of(large.settings), asked),
        **_added(given, large),
    }
    made = _note(folder / str(passages))
    told |= {"made_s": made["seconds"], "made_peak_bytes": made["peak_bytes"]}
    pairs = {"evidence": evidence}
    if passages == WATCHED:
        pairs["adding"] = Pair((made["peak_bytes"],), (told["disk_bytes"],))
    return Kept(f"growth-{passages}", pairs, told)


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
