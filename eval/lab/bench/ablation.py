"""What each part of retrieval is worth: one thing is changed at a time, on XQuAD.

No language model is used. For each variant, the table shows how often the first, the first three
and the first five quotes hold the answer, with the paired difference from Footnoted as it is; how
often one of the first ten passages does; and how many first quotes are the same. FOLDER keeps what
each variant found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest.mock import patch

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
from index.library import Hit
from rag.answering.context import MIN_QUOTES
from rag.assistant import Assistant
from rag.finding.quotes import NEAR, find_quotes
from rag.program import code_hash

AT = (1, 3, 5)
FOUND = 10
"""How many of the first passages are checked for the evidence."""

AS_IT_IS = "as it is"


def _with_title(hit: Hit) -> str:
    return f"{hit.document.title.replace('_', ' ')}\n{hit.text}"


@dataclass(frozen=True, slots=True)
class Variant:
    """What a variant changes: constants of `rag/finding/quotes.py`, the library, the search."""

    name: str
    constants: dict[str, Any] = field(default_factory=dict)
    library: str = AS_IT_IS
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
    Variant("one-sentence quotes", {"WINDOWS": (1,)}),
    Variant("two-sentence quotes only", {"WINDOWS": (2,)}),
    Variant("the passage's score does not count", {"PASSAGE_WEIGHT": 0.0}),
    Variant("the passage's score counts in full", {"PASSAGE_WEIGHT": 1.0}),
    Variant("sentences of 3 passages", {"READ_PASSAGES": 3}),
    Variant("sentences of 6 passages, however far", {"LEAST_READ": 6}),
    Variant("sentences of 10 passages", {"READ_PASSAGES": 10, "LEAST_READ": 10}),
    Variant("title before each text", {"_in_context": _with_title}),
    Variant("in PostgreSQL", library="postgresql"),
    Variant("words only, in PostgreSQL", library="postgresql", search="bm25"),
    Variant("vectors only, in PostgreSQL", library="postgresql", search="dense"),
)

TOKENS = {"short": 100, "middle": 200}
"""The maximum length of a passage, in tokens, in the libraries with shorter passages."""


def main(argv: Sequence[str]) -> int:
    """Measure the variants and print the table."""
    parser = arguments("eval.lab.bench.ablation", __doc__, "xquad")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--database", metavar="ADDRESS", help="for one more library")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    asked = parser.parse_args(argv)
    data = load_xquad(asked.xquad)
    wanted = [
        each
        for each in VARIANTS
        if (not asked.only or each.name in (AS_IT_IS, *asked.only))
        and (asked.database or each.library != "postgresql")
    ]
    libraries = {
        name: _library(name, asked.database or "", asked.folder, data)
        for name in dict.fromkeys(each.library for each in wanted)
    }
    answerable = [case for case in data.cases if case.evidence]
    cases = data.subset("ablation", tuple(seeded().sample(answerable, asked.questions)))
    # Variants share most pairs of question and text, so all reranker scores stay cached.
    with patch.object(index.weights.onnx, "REMEMBERED", None):
        found = kept(
            asked.folder / "found.json",
            {each.name: each for each in wanted},
            lambda each: _ask(each, libraries, cases),
            f"{code_hash('index', 'rag')} {data.sha256} {asked.questions}",
        )
    headings = [heading for k in AT for heading in (f"hit@{k}", "difference")]
    lines = ((name, *_line(each, found[AS_IT_IS])) for name, each in found.items())
    show(("variant", *headings, f"passages@{FOUND}", "same first"), lines)
    sizes = {name: each.library.entries() for name, each in libraries.items()}
    lines = ((name, str(sum(e.passages for e in entries))) for name, entries in sizes.items())
    show(("library", "passages"), lines)
    return 0


def _library(name: str, database: str, folder: Path, data: Benchmark) -> Assistant:
    place: Path | str = database if name == "postgresql" else folder / name.replace(" ", "-")
    embedding = "all-minilm-l6-v2" if name == "minilm" else "bge-small-en-v1.5-int8"
    tokens = TOKENS.get(name, index.split.PASSAGE_TOKENS)
    with patch.object(index.split, "PASSAGE_TOKENS", tokens):
        return filled(place, data.documents, embedding=embedding)


Found = dict[str, Any]
"""The result for a question: `hits`, whether the first quotes hold the answer, for each number in
`AT`; `passage`, whether one of the passages does; and `first`, the place of the first quote."""


def _ask(variant: Variant, libraries: dict[str, Assistant], cases: CaseSet) -> list[Found]:
    facts, _ = resolve(cases, libraries[variant.library].library)
    with patch.multiple(rag.finding.quotes, **{"NEAR": NEAR} | variant.constants):
        return [_found(each, facts[each.id], variant, libraries) for each in cases.cases]


def _found(
    case: Case, facts: EvidenceSpans, variant: Variant, libraries: dict[str, Assistant]
) -> Found:
    library, reranker = libraries[variant.library].library, libraries[AS_IT_IS].reranker
    # Deep enough to hold the first ten of each searcher.
    hits = library.search(case.question, 2 * index.library.DEPTH)
    if variant.search != "fused":
        ranks = [(getattr(hit, f"{variant.search}_rank"), hit) for hit in hits]
        ranked = [pair for pair in ranks if pair[0] is not None]
        hits = [hit for _, hit in sorted(ranked, key=lambda pair: pair[0])]
    with patch.object(library, "search", lambda _, limit, *__: hits[:limit]):
        quotes = find_quotes(library, reranker, case.question, MIN_QUOTES).quotes
    places = [quote.span for quote in quotes]
    return {
        "hits": [quote_hit(places, facts, k) for k in AT],
        "passage": quote_hit([hit.passage.span for hit in hits], facts, FOUND),
        "first": astuple(places[0]) if places else None,
    }


def _line(found: Sequence[Found], base: Sequence[Found]) -> Iterator[str]:
    """Yield the cells of a variant, compared with Footnoted as it is."""
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
