"""The figures on the card of the reader's weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eval.cases.cases import SETS, load_set
from eval.lab.bench.reading import load_questions, with_quote
from eval.lab.training.measure import right_words
from index.documents import Document
from index.split import split
from index.weights.catalogue import CATALOGUE
from rag.answerability.reader import READER, Reader
from rag.finding.quotes import windows
from rag.finding.rerank import Reranker

MODEL = CATALOGUE[READER]


def card() -> str:
    assert MODEL.home
    return (MODEL.home / "README.md").read_text("utf-8")


def figure(name: str) -> float:
    """Return a figure of the card's table, by the words before it."""
    found = re.search(rf"\| {re.escape(name)} \| ([\d.]+) \|", card())
    assert found, f"the card has no figure for “{name}”"
    return float(found[1])


def test_the_card_gives_the_figure_on_the_shipped_set(reader: Reader, briefing: Document) -> None:
    """Right words, where the quote that holds the evidence is given: on data of this repository."""
    places = [
        quoted
        for passage in split(briefing)
        for _, quoted in windows(briefing.text, passage.sentences)
    ]
    right: list[bool] = []
    for case in load_set(SETS / "briefing.jsonl").cases:
        if case.answer_type in ("yesno", "list") or len(case.evidence) != 1:
            continue
        [evidence] = case.evidence
        start, end = evidence.start or 0, evidence.end or 0
        holding = [place for place in places if place[0] <= start and end <= place[1]]
        if holding:
            first, last = min(holding, key=lambda place: place[1] - place[0])
            text = briefing.text[first:last]
            [read] = reader.read(case.question, [text])
            right.append(right_words(text[read.start : read.end], case.answers))
    assert len(right) >= 40
    # Another processor may round otherwise, and turn a case.
    assert sum(right) / len(right) == pytest.approx(figure("right words, `briefing`"), abs=0.03)


@pytest.mark.beside
def test_the_card_gives_the_figures_on_squad(
    beside: Path, reader: Reader, reranker: Reranker
) -> None:
    """On a part of the questions, so that it takes seconds."""
    squad = beside / "benchmarks" / "squad2-dev-even.json"
    found = with_quote(load_questions(squad), reader, reranker, 100)
    for name, metric in found.items():
        assert metric.value == pytest.approx(figure(f"{name}, quote given"), abs=0.1)
