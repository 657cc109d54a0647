"""How retrieval, adding, memory and disk grow with a library, from 84 passages to a million.

A library of each size is made of generated text (`texts.py`), added like any document, and kept in
FOLDER/growth, in schemas of a database, or with its vectors on a Chroma server. Only the vectors of
large libraries are made up, by a stand-in for the embedding: real ones of a million passages would
take hours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from eval.cases.answers import contains_answer
from eval.lab.measure import Pair
from eval.lab.speed.kept import Kept
from eval.lab.speed.machine import Peak, disk, memory
from eval.lab.speed.options import Options
from eval.lab.speed.parts.evidence import first_quotes
from eval.lab.speed.texts import ENTRIES, PASSAGES, Entry, Rule, entry, made_up_vectors
from eval.lab.speed.turns import by_turns, seconds
from index.atomic import write_whole
from index.library import DEPTH, Library
from index.split import split
from index.storage.postgres import PostgresStore
from index.storage.store import searchable_text
from index.weights.download import model_folder
from index.weights.embedding import Embedding, PromptedEmbedding
from rag.assistant import Assistant
from rag.config import Settings, load_settings
from rag.opening import embedding_of, open_library

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
WHERE = {"folder": SIZES, "postgresql": SIZES[1:4], "chroma": SIZES[1:4]}
"""Where libraries are grown, and how large: in a small library a server makes no difference."""
PARTS = {
    f"growth-{size}" if where == "folder" else f"growth-{where}-{size}": (where, size)
    for where, sizes in WHERE.items()
    for size in sizes
}
WATCHED = "growth-100000"
"""The part that also measures the peak memory while its library is made."""

REAL = 1_000
"""The largest library whose vectors are all real."""

PIECE = 8 * 60
"""How many seconds a process adds documents before another one goes on."""
NOTED = 10
"""Seconds between two notes of progress."""

WARM = "What is there to be read?"
"""The question that is asked first and not measured. An assistant that is measured is never asked a
question twice, since recent scores are cached."""
ADDED = 5
"""Documents that are added to the finished library, one by one, and taken out again."""

NOTHING = {"seconds": 0.0, "peak_bytes": 0.0}

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Grown:
    """A library of some size at one of the places where they are grown."""

    settings: Settings
    passages: int
    note: Path
    """A file that records its progress, and the time and memory that it took."""

    @classmethod
    def at(cls, options: Options, where: str, passages: int) -> Grown:
        """Return the library of a size, which may not exist yet.

        Raises UserError if it is to be on a server that was not named.
        """
        folder = options.folder / "growth"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{passages}" if where == "folder" else f"{where}-{passages}"
        library: Path | str = folder / name
        more = {}
        if where == "postgresql":
            address = options.given("database")
            join = "&" if "?" in address else "?"
            library = f"{address}{join}options=-csearch_path%3Dgrowth_{passages}"
        elif where == "chroma":
            more["chroma_url"] = options.given("chroma")
        return cls(load_settings(library=library, **more), passages, folder / f"{name}-made.json")

    @property
    def rule(self) -> Rule:
        """The rule that makes its documents."""
        return Rule(model_folder(self.settings.embedding, self.settings.models))

    @property
    def unfinished(self) -> bool:
        """Whether it has fewer passages than it should have."""
        return sum(each.passages for each in open_library(self.settings).entries()) < self.passages

    def noted(self) -> dict[str, float]:
        """Return the seconds that making it has taken so far, and the peak of memory."""
        return dict(json.loads(self.note.read_text("utf-8"))) if self.note.exists() else NOTHING

    def grow(self, tell: Tell, until: float) -> None:
        """Add documents until it is as large as wanted, or until a time of the monotonic clock."""
        rule = self.rule
        embedding = _embedding(self.settings, rule, self.passages)
        library = open_library(self.settings, lambda: embedding)
        entries = library.entries()
        number, there = len(entries), sum(entry.passages for entry in entries)
        noted = self.noted() if entries else NOTHING
        begun = last = time.monotonic()
        with Peak() as peak:
            while there < self.passages and time.monotonic() < until:
                document = rule.document(number, min(PASSAGES, self.passages - there))
                there += library.add(document).passages
                number += 1
                if time.monotonic() > last + NOTED or there >= self.passages:
                    last = time.monotonic()
                    took = noted["seconds"] + last - begun
                    told = {"seconds": took, "peak_bytes": max(noted["peak_bytes"], peak.bytes)}
                    write_whole(self.note, json.dumps(told).encode())
                    tell(f"{there:,} of {self.passages:,} passages, after {took:,.0f} s")


def growth(options: Options, part: str, tell: Tell) -> Kept | None:
    """Measure a library of some size against one of 84 passages; None while either is unfinished.

    Each call adds documents for some minutes; the one after the last passage measures. Raises
    UserError if the library is to be on a server that was not named.
    """
    where, passages = PARTS[part]
    small, large = (Grown.at(options, where, size) for size in (PASSAGES, passages))
    for each in (small, large):
        if each.unfinished:
            each.grow(tell, time.monotonic() + PIECE)
            return None
    return _measured(part, small, large)


def _embedding(settings: Settings, rule: Rule, passages: int) -> Embedding:
    """Return the real embedding for a small library; for a large one, one real only for entries."""
    real = embedding_of(settings)()
    if passages <= REAL:
        return real

    def encode(texts: list[str]) -> np.ndarray:
        return np.asarray(real.get_text_embedding_batch(texts))

    first, second = (
        [searchable_text(document, passage) for passage in split(document)]
        for document in (rule.document(0), rule.document(1))
    )
    told = [each for each in first if any(entry(n).sentence in each for n in range(ENTRIES))]
    return PromptedEmbedding("made up", made_up_vectors(encode, told, second), "")


def _measured(part: str, small: Grown, grown: Grown) -> Kept:
    where, passages = PARTS[part]
    large = Assistant(grown.settings)
    asked = [entry(number) for number in range(ENTRIES)]
    opened = seconds(lambda: first_quotes(large, WARM))
    found = [is_found(large, each)[0] for each in asked]
    made = grown.noted()
    told: dict[str, Any] = {
        "where": where,
        "passages": passages,
        "vectors": "real" if passages <= REAL else "made up",
        "opened_s": opened,
        "found": sum(found) / len(found),
        "memory_bytes": memory(),
        "disk_bytes": disk_of(large.library),
        "made_s": made["seconds"],
        "made_peak_bytes": made["peak_bytes"],
    }
    pairs = {"evidence": _evidence(grown, small, asked)}
    if part == WATCHED:
        pairs["adding"] = Pair((made["peak_bytes"],), (told["disk_bytes"],))
    told |= _stages(large.library, embedding_of(grown.settings)(), asked)
    told |= added(large, grown.rule)
    return Kept(part, pairs, told)


def disk_of(library: Library) -> int:
    """Return the bytes that a library takes on disk, without those of a Chroma server."""
    if isinstance(library.store, PostgresStore):
        return library.store.size()
    return disk(library.folder)


def _evidence(grown: Grown, small: Grown, asked: list[Entry]) -> Pair:
    """Ask both libraries the same questions in turns, with assistants that have no cache yet."""
    ours, against = (Assistant(each.settings) for each in (grown, small))
    for each in (ours, against):
        first_quotes(each, WARM)
    return by_turns(
        lambda turn: first_quotes(ours, asked[turn].question)[0],
        lambda turn: first_quotes(against, asked[turn].question)[0],
        len(asked),
        warm=0,
    )


def _stages(library: Library, embedding: Embedding, asked: list[Entry]) -> dict[str, float]:
    """Return the median times of the two searches that are part of finding quotes."""
    vectors = [embedding.get_query_embedding(each.question) for each in asked]
    words = [seconds(partial(library.store.bm25, each.question, DEPTH)) for each in asked]
    near = [seconds(partial(library.vectors().nearest, each, DEPTH, ())) for each in vectors]
    return {"bm25_s": median(words), "vectors_s": median(near)}


def added(assistant: Assistant, rule: Rule) -> dict[str, Any]:
    """Add small documents one by one, ask for each right away, and remove them in the end."""
    library = assistant.library
    made = [rule.small(number) for number in range(ADDED)]
    took, found = [], []
    for document, told in made:
        took.append(seconds(partial(library.add, document)))
        found.append(is_found(assistant, told))
    return {
        "add_s": took,
        "next_question_s": [next_took for _, next_took in found],
        "add_found": sum(each for each, _ in found) / len(found),
        "remove_s": [seconds(partial(library.remove, document.id)) for document, _ in made],
    }


def is_found(assistant: Assistant, told: Entry) -> tuple[bool, float]:
    """Return whether a quote answers an entry's question, and how many seconds it took."""
    took, quotes = first_quotes(assistant, told.question)
    return any(contains_answer(quote.text, (told.answer,)) for quote in quotes), took
