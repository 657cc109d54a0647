"""What the verification notices of corrupted sentences, and what it flags of true ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest

from eval.cases.cases import SETS, load_set
from eval.lab.bench import measured_set
from eval.lab.bench.corruptions import FALSE_ALARMS, NOTICED, TOGETHER, claims, main, table
from eval.lab.training.corruptions import Claim
from index.errors import UserError
from index.loading.load import load
from rag.answerability.reader import Reader
from rag.config import load_settings

BRIEFING = SETS / "briefing.md"

Made = tuple[list[Claim], list[Claim]]


@cache
def made(name: str, document: Path) -> Made:
    return claims([(measured_set(name), load(document))])


@pytest.fixture(params=["briefing", pytest.param("article", marks=pytest.mark.beside)])
def both(request: pytest.FixtureRequest) -> Made:
    """The true and the false sentences of a document."""
    if request.param == "briefing":
        return made("briefing", BRIEFING)
    return made("article", request.getfixturevalue("beside") / "article" / "article.txt")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_settings().models)


def share(made: list[Claim], reader: Reader) -> float:
    """Return the share of what is flagged, of a hundred at most."""
    some = Random(1).sample(made, min(100, len(made)))
    return sum(each.flagged(reader) for each in some) / len(some)


@pytest.mark.weights
def test_numbers_dates_and_names_that_are_false_are_noticed(both: Made, reader: Reader) -> None:
    _, false = both
    assert len(false) >= 200
    for what, kinds in TOGETHER.items():
        for kind in kinds:
            assert sum(each.kind == kind for each in false) >= 10, kind
        assert share([each for each in false if each.kind in kinds], reader) >= NOTICED, what


@pytest.mark.weights
def test_true_sentences_pass(both: Made, reader: Reader) -> None:
    true, _ = both
    assert len(true) >= 100
    assert share(true, reader) <= FALSE_ALARMS


def test_the_same_corruptions_are_made_in_every_run() -> None:
    first, again = (claims([(load_set(SETS / "briefing.jsonl"), load(BRIEFING))]) for _ in "ab")
    assert first == again


def test_no_corruption_is_the_true_sentence_and_a_true_one_stands_in_its_quotes() -> None:
    true, false = made("briefing", BRIEFING)
    sentences = {each.sentence for each in true}
    for each in false:
        assert each.kind == "quotes of elsewhere" or each.sentence not in sentences, each
    for each in true:
        assert each.kind != "verbatim" or each.sentence in each.quotes


@pytest.mark.weights
def test_the_table_has_a_line_for_each_kind_and_one_for_all(reader: Reader) -> None:
    quotes = ("The Alder Bridge is 410 metres long.",)
    false = [
        Claim("number", "The Alder Bridge is 411 metres long.", quotes, "How long?", True),
        Claim("name", "The Rowan Bridge is 410 metres long.", quotes, "How long?", True),
        Claim("name", "The Alder Bridge is 410 metres long.", quotes, "How long?", True),
    ]
    rows = [(row.measure, row.metric.n, row.metric.value) for row in table(false, reader)]
    assert rows == [("number", 1, 1.0), ("name", 2, 0.5), ("all", 3, 0.6667)]


@pytest.mark.parametrize("arguments", [[], ["briefing.jsonl"]])
def test_wrong_arguments_say_how_it_is_called(arguments: list[str]) -> None:
    with pytest.raises(UserError, match="Usage"):
        main(arguments)
