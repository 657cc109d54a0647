"""How well scans are read, and what reading errors cost the answers.

    python -m eval.lab.bench.scans FOLDER [--pages N] [--poor N] [--sets briefing …] [--xquad FILE]

Reads drawn pages (`pages.py`): some like a scanner's, some like bad copies. Then asks the sets that
come with Footnoted about their documents, once as text and once as scans, without the language
model. With XQuAD's file, it also asks some questions about ten of its articles. Only answers are
compared: evidence is given as places in the text, which differ in a scan. Readings and answers are
kept in FOLDER, page by page.
"""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from time import monotonic
from typing import Any

from rapidfuzz.distance import Levenshtein

from eval.cases.cases import SETS, CaseSet, load_set
from eval.formats.xquad import load_xquad
from eval.lab.bench import DOCUMENTS
from eval.lab.bench.scans.pages import PAGES, POOR, Scanned, as_scan, pages, poor
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, ask_all, kept, show_rows
from eval.measuring.statistics import Metric, rate
from index.documents import Document
from index.errors import DocumentError
from index.loading import sandbox
from index.loading.load import load, load_bytes
from index.loading.scanning.words import tokens

ARTICLES, QUESTIONS = 10, 3
"""How many articles of XQuAD are scanned (the shortest), and how many questions each is asked."""

TARGET = "≤ 0.01"
"""The target for the rate of character errors."""


def main(given: Sequence[str]) -> int:
    """Read the pages, ask the sets, and print the figures."""
    parser = arguments("eval.lab.bench.scans", __doc__)
    parser.add_argument("--pages", type=int, default=PAGES, metavar="N")
    parser.add_argument("--poor", type=int, default=POOR, metavar="N")
    parser.add_argument("--sets", nargs="*", choices=DOCUMENTS, default=list(DOCUMENTS))
    parser.add_argument("--xquad", type=Path, metavar="FILE")
    asked = parser.parse_args(given)
    documents = {name: load(SETS / DOCUMENTS[name]) for name in DOCUMENTS}
    for name, drawn, what in (
        ("pages", pages(asked.pages), "Pages that are drawn"),
        ("poor", poor(_texts(documents.values()), asked.poor), "Bad copies that are drawn"),
    ):
        numbered = {str(number): page for number, page in enumerate(drawn, 1)}
        if found := kept(asked.folder / f"{name}.json", numbered, _read):
            show_rows(_figures(list(found.values()), TARGET if name == "pages" else ""), what)
    rows = [row for name in asked.sets for row in _shipped(name, documents[name], asked.folder)]
    if asked.xquad:
        rows += _articles(asked.xquad, asked.folder)
    if rows:
        show_rows(rows, "Sets, without the language model")
    return 0


def _texts(documents: Iterable[Document]) -> list[str]:
    """Return pieces of two paragraphs, from each document in turn: the texts of the bad copies."""
    paragraphs = [
        [" ".join(each.split()) for each in document.text.split("\n\n") if _is_long(each)]
        for document in documents
    ]
    mixed = [each for turn in zip_longest(*paragraphs) for each in turn if each]
    return [" ".join(pair) for pair in zip(mixed[::2], mixed[1::2], strict=False)]


def _is_long(paragraph: str) -> bool:
    return len(paragraph) > 350 and "|" not in paragraph


def _read(page: Scanned) -> dict[str, Any]:
    """Read a page; return its wrong characters and words, and the time and memory that it took."""
    before = monotonic()
    try:
        read = load_bytes(page.png, "page.png")
    except DocumentError:  # Nothing could be read.
        read = Document.of("", title="", source="page.png")
    seconds = monotonic() - before
    for child in sandbox._scanners.idle:  # A process's peak of memory is known once it has ended.
        child.stop()
    wanted = " ".join(page.text.split())
    seen = list(tokens(read.text))
    pairs = SequenceMatcher(None, _words(wanted), _words(read.text), autojunk=False)
    right = {
        place
        for match in pairs.get_matching_blocks()
        for place in range(match.b, match.b + match.size)
    }
    marked = [style for style in read.styles if style.kind == "uncertain"]
    words = Counter(
        (at in right, any(word.start() < each.end and each.start < word.end() for each in marked))
        for at, word in enumerate(seen)
    )
    return {
        "kind": page.kind,
        "language": page.language,
        "signs": len(wanted),
        "wrong": Levenshtein.distance(wanted, " ".join(read.text.split())),
        "seconds": seconds,
        "marked right": words[True, True],
        "unmarked right": words[True, False],
        "marked wrong": words[False, True],
        "unmarked wrong": words[False, False],
        "megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000,
    }


def _words(text: str) -> list[str]:
    """Return the words of a text, with straight apostrophes, so that their form does not count."""
    return [word[0].replace("’", "'") for word in tokens(text)]


def _figures(found: Sequence[dict[str, Any]], target: str) -> Iterator[Row]:
    def summed(name: str, of: Sequence[dict[str, Any]] = found) -> int:
        return sum(each[name] for each in of)

    yield Row("character errors", rate(summed("wrong"), summed("signs")), target)
    for name in ("kind", "language"):
        values = dict.fromkeys(each[name] for each in found)
        for value in values if len(values) > 1 else ():
            of = [each for each in found if each[name] == value]
            yield Row(f"character errors: {value}", rate(summed("wrong", of), summed("signs", of)))
    wrong, right = summed("marked wrong"), summed("marked right")
    yield Row("marked words that are wrong", rate(wrong, wrong + right))
    yield Row("wrong words that are marked", rate(wrong, wrong + summed("unmarked wrong")))
    yield Row("right words that are marked", rate(right, right + summed("unmarked right")))
    seconds = [each["seconds"] for each in found]
    yield Row("seconds a page, one at a time", Metric(sum(seconds) / len(seconds), len(seconds)))
    most = max(each["megabytes"] for each in found)
    yield Row("megabytes at most, of the process that reads", Metric(most, len(found)))


def _shipped(name: str, document: Document, folder: Path) -> Iterator[Row]:
    return _answers(load_set(SETS / f"{name}.jsonl"), [document], folder)


def _articles(path: Path, folder: Path) -> Iterator[Row]:
    data = load_xquad(path)
    shortest = sorted(data.documents, key=lambda each: len(each.text))[:ARTICLES]
    asked = [
        case
        for document in shortest
        for case in [
            each for each in data.cases if each.evidence and each.tags[0] == document.title
        ][:QUESTIONS]
    ]
    return _answers(data.subset("articles", tuple(asked)), shortest, folder)


def _answers(cases: CaseSet, texts: Sequence[Document], folder: Path) -> Iterator[Row]:
    # The places of a case's evidence do not hold for a scan.
    cases = replace(cases, cases=tuple(replace(each, evidence=()) for each in cases.cases))
    scans = [
        load_bytes(as_scan(text.text), f"{text.title}.pdf", kept=folder / "read") for text in texts
    ]
    for form, documents in (("text", texts), ("scan", scans)):
        place = folder / f"{cases.name}-{form}"
        run = ask_all(cases, documents, place, out=place.with_suffix(".json"))
        passed = [bool(each.scores["passed"]) for each in run.results]
        yield Row(f"{cases.name}: passed as {form}", rate(sum(passed), len(passed)))


if __name__ == "__main__":
    run_command(main)
