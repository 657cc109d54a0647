"""The reader's shipped weights: what they are, what their card says of them, and how they read."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from eval.bench.reading import load_questions, with_quote
from eval.cases.cases import SETS, load_set
from eval.training.measure import right_words
from index.documents import Document
from index.split import split
from index.weights.catalogue import CATALOGUE
from index.weights.reader import NO_WORDS, Read
from rag.answerability.reader import READER, Reader
from rag.finding.quotes import windows
from rag.finding.rerank import Reranker

MODEL = CATALOGUE[READER]
BRIDGE = "The older Rowan Bridge is 300 metres long and was repaired in 1960."


def card() -> str:
    assert MODEL.home
    return (MODEL.home / "README.md").read_text("utf-8")


def figure(name: str) -> float:
    """Return a figure of the card's table, by the words before it."""
    found = re.search(rf"\| {re.escape(name)} \| ([\d.]+) \|", card())
    assert found, f"the card has no figure for “{name}”"
    return float(found[1])


def test_the_weights_are_those_of_the_catalogue_and_of_the_card() -> None:
    assert MODEL.home
    for name, file in MODEL.files.items():
        data = (MODEL.home / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
    assert MODEL.files["model.onnx"].size <= 57_000_000
    assert MODEL.files["model.onnx"].sha256 in card()
    for told in ("CC BY-SA 4.0", "SQuAD", "FEVER", "python -m eval.training"):
        assert told in card()


def test_a_quote_is_answered_with_its_words_and_a_near_miss_is_not(reader: Reader) -> None:
    [long] = reader.read("How long is the older Rowan Bridge?", [BRIDGE])
    assert "300 metres" in BRIDGE[long.start : long.end]
    [when] = reader.read("When was the Rowan Bridge repaired?", [BRIDGE])
    assert "1960" in BRIDGE[when.start : when.end]
    [none] = reader.read("Who repaired the Rowan Bridge?", [BRIDGE])
    for read in (long, when):
        assert read.answers > none.answers
        assert read.words > none.words


def test_offsets_are_code_points_of_the_text(reader: Reader) -> None:
    text = f"“津轻海峡” — 𝄞 — {BRIDGE}"
    [read] = reader.read("When was the Rowan Bridge repaired?", [text])
    assert "1960" in text[read.start : read.end]


def test_the_same_texts_are_read_the_same_and_nothing_is_read_in_none(reader: Reader) -> None:
    texts = [BRIDGE, "It is blue.", "", BRIDGE * 40]
    one, other = (reader.read("How long is the Rowan Bridge?", texts) for _ in "ab")
    assert one == other
    assert len(one) == len(texts)
    assert one[2] == Read(one[2].answers, NO_WORDS, 0, 0)
    assert reader.read("How long?", []) == []


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
