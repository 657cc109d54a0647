"""The decision to answer: what counts, and that it can be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.documents import Document
from rag.answer import Quote
from rag.gate import (
    THRESHOLD,
    Decision,
    decide,
    decide_by_score,
    log_odds,
    read,
)
from rag.llm import Copied

DOCUMENT = Document.of(
    "The Tolm Strait is 20 kilometers wide. The ferry Mira sank there in 1931.",
    title="Straits",
    source="/straits.txt",
)
WIDE = Quote(DOCUMENT, 0, 38, 6.0)
FERRY = Quote(DOCUMENT, 39, len(DOCUMENT.text), -2.0)
HOW_WIDE = "How wide is the Tolm Strait?"


def test_sure_words_of_a_fitting_quote_are_answered() -> None:
    decision = decide([read(HOW_WIDE, WIDE, Copied("20 kilometers", 0.01))])
    assert decision.answerable
    assert decision.probability > 0.9


def test_a_sure_none_is_refused() -> None:
    assert not decide([read(HOW_WIDE, WIDE, Copied(None, 0.99))]).answerable


def test_words_of_the_wrong_kind_are_refused_however_sure() -> None:
    decision = decide([read("How deep is the Tolm Strait?", WIDE, Copied("20 kilometers", 0.0))])
    assert decision.probability == 0.0
    assert not decision.answerable


def test_nothing_read_is_refused() -> None:
    assert not decide([]).answerable
    assert decide([]).best is None


@pytest.mark.parametrize("change", ["score", "none"])
def test_each_signal_speaks_for_an_answer(change: str) -> None:
    low, high = (
        (Quote(DOCUMENT, 0, 38, -3.0), WIDE) if change == "score" else (WIDE, WIDE),
        (0.5, 0.5) if change == "score" else (0.9, 0.1),
    )
    first, second = (
        read(HOW_WIDE, quote, Copied("20 kilometers", none))
        for quote, none in zip(low, high, strict=True)
    )
    assert first.probability < second.probability


def test_the_best_reading_decides_and_the_ones_that_would_do_come_best_first() -> None:
    weak = read("When did the Mira sink?", FERRY, Copied("in 1931", 0.001))
    strong = read(HOW_WIDE, WIDE, Copied("20 kilometers", 0.001))
    decision = decide([weak, strong])
    assert decision.best is strong
    assert decision.accepted == (strong, weak)


def test_a_reading_that_found_none_comes_after_one_with_words() -> None:
    unsure = read(HOW_WIDE, Quote(DOCUMENT, 0, 38, 9.0), Copied(None, 0.55))
    words = read(HOW_WIDE, Quote(DOCUMENT, 0, 38, 5.0), Copied("20 kilometers", 0.3))
    assert unsure.probability > words.probability >= THRESHOLD
    assert decide([unsure, words]).accepted == (words, unsure)


def test_what_is_not_borne_out_needs_a_surer_quote() -> None:
    unsure = decide([read(HOW_WIDE, Quote(DOCUMENT, 0, 38, 5.0), Copied("20 kilometers", 0.3))])
    sure = decide([read(HOW_WIDE, WIDE, Copied("20 kilometers", 0.01))])
    assert unsure.answerable
    assert not replace(unsure, borne_out=False).answerable
    assert replace(sure, borne_out=False).answerable


def test_words_that_only_repeat_the_question_are_not_kept() -> None:
    assert read(HOW_WIDE, WIDE, Copied("The Tolm Strait", 0.1)).words is None


def test_words_of_which_the_quote_has_none_are_not_kept() -> None:
    assert read(HOW_WIDE, WIDE, Copied("a test of patience", 0.0)).words is None
    assert read(HOW_WIDE, WIDE, Copied("twenty kilometers", 0.0)).words == "twenty kilometers"


def test_without_a_language_model_the_first_score_decides() -> None:
    assert decide_by_score(HOW_WIDE, [WIDE, FERRY]).answerable
    assert not decide_by_score(HOW_WIDE, [Quote(DOCUMENT, 0, 38, -9.0)]).answerable
    assert not decide_by_score(HOW_WIDE, []).answerable


def test_certainty_is_finite() -> None:
    assert log_odds(0.0) == -log_odds(1.0)
    assert log_odds(1e-30) == log_odds(0.0)
    assert log_odds(0.5) == 0.0


def test_the_decision_can_be_read() -> None:
    told = Decision((read(HOW_WIDE, WIDE, Copied("20 kilometers", 0.01)),), THRESHOLD).as_json()
    [reading] = told["readings"]
    assert told["threshold"] == THRESHOLD
    assert reading["copied"] == "20 kilometers"
    assert reading["probability"] == told["probability"]
    assert DOCUMENT.text[reading["start"] : reading["end"]] == WIDE.text
