"""The decision to answer: what counts, and that it can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields, replace
from types import SimpleNamespace
from typing import cast

import pytest

from index.documents import Document, Passage, Span
from index.library import Hit
from index.weights.reader import Around, Read
from rag.answerability import gate
from rag.answerability.gate import (
    ALONE_WEIGHTS,
    COPY_WEIGHTS,
    DOUBT,
    READ_WEIGHTS,
    SURE,
    SURE_WORDS,
    SURE_WORDS_OF_ALL,
    THRESHOLD,
    THRESHOLD_OF_ALL,
    AnswerFeatures,
    Decision,
    Reading,
    log_odds,
    logit,
)
from rag.answerability.reader import Reader
from rag.answering.context import Context, weighed
from rag.answering.evidence import read_in
from rag.asking.query import Query
from rag.quote import Quote

DOCUMENT = Document.of(
    "The Tolm Strait is 20 kilometers wide. The ferry Mira sank there in 1931.",
    title="Straits",
    source="/straits.txt",
)
WIDE = Quote(DOCUMENT, 0, 38, 6.0)
FERRY = Quote(DOCUMENT, 39, len(DOCUMENT.text), -2.0)
HOW_WIDE = "How wide is the Tolm Strait?"
TWENTY = (19, 32)


def read(answers: float, words: float, place: tuple[int, int] = TWENTY) -> Read:
    return Read(answers, words, *place)


def weigh(question: str, quote: Quote, found: Read) -> Reading:
    return gate.weigh(Query.of(question), quote, found)


def test_sure_words_of_a_fitting_quote_are_answered_and_marked() -> None:
    reading = weigh(HOW_WIDE, WIDE, read(8.0, 10.0))
    decision = Decision((reading,))
    assert decision.answerable
    assert decision.probability > SURE
    assert reading.quote.words == "20 kilometers"
    assert reading.quote.marks == (TWENTY,)


def test_marks_are_offsets_into_the_document() -> None:
    when = weigh("When did the Mira sink?", FERRY, read(8.0, 10.0, (29, 33)))
    [(start, end)] = when.quote.marks
    assert DOCUMENT.text[start:end] == when.quote.words == "1931"


@pytest.mark.parametrize(
    ("question", "place"),
    [("Is the Tolm Strait 20 kilometers wide?", TWENTY), ("What is the Tolm Strait?", (0, 15))],
)
def test_yes_and_no_stand_nowhere_and_an_echo_is_no_answer_to_show(
    question: str, place: tuple[int, int]
) -> None:
    reading = weigh(question, WIDE, read(8.0, 10.0, place))
    assert reading.quote.marks == ()
    assert reading.probability > SURE


def test_a_quote_that_does_not_answer_is_refused() -> None:
    assert not Decision((weigh(HOW_WIDE, WIDE, read(-8.0, -8.0)),)).answerable


def test_nothing_read_is_refused() -> None:
    assert not Decision(()).answerable
    assert Decision(()).best is None
    assert Decision(()).doubtful(DOUBT) is None


@pytest.mark.parametrize("name", [each.name for each in fields(AnswerFeatures)])
def test_each_signal_speaks_for_an_answer(name: str) -> None:
    always = {each.name: 0.0 for each in fields(AnswerFeatures) if each.default is MISSING}
    ways = ({}, {"around": 0.0, "within": 0.0}, {"copied": 0.0}, {"reread": 0.0})
    told = [always | way for way in ways if name in always | way]
    assert told
    more = [
        (Reading(WIDE, AnswerFeatures(**each)), Reading(WIDE, AnswerFeatures(**each | {name: 1.0})))
        for each in told
    ]
    assert all(one.probability <= other.probability for one, other in more)
    assert any(one.probability < other.probability for one, other in more)


def test_a_row_of_weights_has_no_signal_that_may_be_missing() -> None:
    for weights, more in ((ALONE_WEIGHTS, {}), (READ_WEIGHTS, {"around": 0.0, "within": 0.0})):
        signals = AnswerFeatures(0.0, 0.0, 0.0, **more)
        assert logit(weights, signals) == weights["intercept"]
    assert (
        logit(COPY_WEIGHTS, AnswerFeatures(0.0, 0.0, 0.0, copied=0.0)) == COPY_WEIGHTS["intercept"]
    )


def test_the_sentences_around_a_quote_count() -> None:
    """The same quote, read alike, among sentences that answer and among others."""
    query, found = Query.of(HOW_WIDE), read(0.0, 0.0)
    answering = gate.weigh(query, WIDE, found, Around(6.0, 0.0))
    of_another = gate.weigh(query, WIDE, found, Around(3.0, -14.0))
    silent = gate.weigh(query, WIDE, found, Around(-8.0, 0.0))
    assert Decision((answering,)).answerable
    assert not Decision((of_another,)).answerable
    assert not Decision((silent,)).answerable
    both = replace(query, form=replace(query.form, several=True))
    of_both = gate.weigh(both, WIDE, found, Around(3.0, -14.0))
    assert Decision((of_both,)).answerable, "other words may be another of the things asked for"


def test_each_quote_is_read_alone_and_among_what_stands_around_it() -> None:
    """All in one order, and what is read around it out of the passage with most of it."""
    read_around: list[tuple[Sequence[Quote], Sequence[Sequence[Quote]]]] = []

    def around(_: str, quotes: Sequence[Quote], near: Sequence[Sequence[Quote]]) -> list[object]:
        read_around.append((quotes, near))
        return [Around(1.0, 0.0), None]

    reads = [read(2.0, 3.0), read(4.0, 5.0, (29, 33))]
    reader = SimpleNamespace(read_quotes=lambda *_: reads, read_around=around)
    places = [(each.start, each.end) for each in (WIDE, FERRY)]
    whole, part = (
        Hit(DOCUMENT, Passage(Span(DOCUMENT.id, some[0][0], some[-1][1]), tuple(some)), 1.0, 1, 1)
        for some in (places, places[:1])
    )
    for passages in ([part, whole], [whole, part]):
        both = weighed(Query.of(HOW_WIDE), [WIDE, FERRY], passages, cast("Reader", reader))
        assert [each.quote.span for each in both] == [WIDE.span, FERRY.span]
        signals = [each.signals for each in both]
        assert [(each.answers, each.around) for each in signals] == [(2.0, 1.0), (4.0, None)]
    assert read_around[0] == read_around[1]
    _, near = read_around[0]
    assert [[each.text for each in some] for some in near] == [[WIDE.text, FERRY.text]] * 2


def test_the_best_reading_decides_and_the_ones_that_would_do_come_best_first() -> None:
    weak = weigh("When did the Mira sink?", FERRY, read(5.0, 8.0, (29, 33)))
    strong = weigh(HOW_WIDE, WIDE, read(8.0, 12.0))
    decision = Decision((weak, strong))
    assert decision.best is strong
    assert decision.accepted == (strong, weak)


def doubtful(probability_between: tuple[float, float]) -> Reading:
    """Return a reading of which the reader is as unsure as this."""
    low, high = probability_between
    for tenths in range(-150, 150):
        reading = weigh(HOW_WIDE, WIDE, read(tenths / 10, tenths / 10))
        if low <= reading.probability < high:
            return reading
    raise AssertionError("no such reading")


def test_doubt_is_where_the_language_model_is_asked_and_it_can_turn_the_decision() -> None:
    unsure = doubtful(DOUBT)
    assert Decision((unsure,)).doubtful(DOUBT) is unsure
    for yes, no in (
        (unsure.copied(0.001), unsure.copied(0.999)),
        (unsure.reread(0.05), unsure.reread(0.95)),
    ):
        assert yes.probability > no.probability
        assert Decision((yes,)).doubtful(DOUBT) is None
        assert Decision((unsure,)).exchanged(unsure, no).readings == (no,)
    assert Decision((weigh(HOW_WIDE, WIDE, read(9.0, 12.0)),)).doubtful(DOUBT) is None
    assert Decision((weigh(HOW_WIDE, WIDE, read(-9.0, -9.0)),)).doubtful(DOUBT) is None


def test_over_all_that_it_may_mean_it_has_to_be_as_sure() -> None:
    surely = weigh(HOW_WIDE, WIDE, read(9.0, 12.0))
    half = Decision((surely,), share=0.5)
    rest = 2 * THRESHOLD - surely.probability  # It is then as sure as the threshold, over both.
    assert replace(half, others=((0.5, rest + 0.01),)).answerable
    refused = replace(half, others=((0.5, rest - 0.01),))
    assert not refused.answerable
    assert replace(refused, by_answers=True).expected > refused.expected


def test_what_a_second_reading_says_counts_over_all_that_it_may_mean() -> None:
    unsure = doubtful((0.3, THRESHOLD))
    decision = Decision((unsure,), share=0.7, others=((0.3, 0.2),))
    assert not decision.answerable
    again = decision.exchanged(unsure, unsure.reread(0.0))
    assert again.expected > decision.expected
    assert again.answerable


def test_what_is_sure_needs_nothing_to_bear_it_out() -> None:
    unsure = Decision((doubtful((THRESHOLD, SURE)),))
    assert unsure.answerable
    assert not unsure.sure
    assert Decision((weigh(HOW_WIDE, WIDE, read(9.0, 12.0)),)).sure


def test_a_reader_of_all_languages_has_a_higher_threshold() -> None:
    found = read(-1.0, -0.5)
    given = SimpleNamespace(
        read_quotes=lambda *_: [found], read_around=lambda *_: [None], reads_all=True
    )
    context = cast("Context", SimpleNamespace(reader=given, passages=()))
    of_all = read_in(Query.of(HOW_WIDE), [WIDE], context)
    assert THRESHOLD < of_all.probability < of_all.threshold == THRESHOLD_OF_ALL
    assert not of_all.answerable
    assert Decision(of_all.readings).answerable
    assert of_all.threshold < of_all.sure_from < 1
    assert Decision(of_all.readings).sure_from == SURE
    assert (of_all.sure_words, Decision(()).sure_words) == (SURE_WORDS_OF_ALL, SURE_WORDS)
    surely = weigh(HOW_WIDE, WIDE, read(9.0, 12.0))
    of_two = Decision((surely,), THRESHOLD_OF_ALL, share=0.5)
    rest = 2 * THRESHOLD - surely.probability
    assert replace(of_two, others=((0.5, rest + 0.01),)).answerable
    assert not replace(of_two, others=((0.5, rest - 0.01),)).answerable


def test_words_are_sure_or_the_quote_is_the_answer() -> None:
    for words in (SURE_WORDS - 0.1, SURE_WORDS):
        decision = Decision((weigh(HOW_WIDE, WIDE, read(9.0, words)),))
        assert decision.words_are_sure is (words >= SURE_WORDS)
    assert not Decision(()).words_are_sure


def test_certainty_is_finite() -> None:
    assert log_odds(0.0) == -log_odds(1.0)
    assert log_odds(1e-30) == log_odds(0.0)
    assert log_odds(0.5) == 0.0


def test_the_decision_can_be_read() -> None:
    told = Decision((weigh(HOW_WIDE, WIDE, read(8.0, 10.0)).copied(0.5),)).as_json()
    [reading] = told["readings"]
    assert told["threshold"] == THRESHOLD
    assert reading["read"] == "20 kilometers"
    assert reading["probability"] == told["probability"]
    assert reading["signals"] == {
        "score": 6.0,
        "answers": 8.0,
        "words": 10.0,
        "around": None,
        "within": None,
        "copied": 0.0,
        "reread": None,
    }
    assert DOCUMENT.text[reading["start"] : reading["end"]] == WIDE.text
