"""A message that may be meant in several ways is read in each, and the evidence decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.documents import Document
from rag.answerability.gate import AnswerFeatures, Decision, Reading
from rag.answering.evidence import likeliest, read, read_each
from rag.asking.query import Query
from rag.assistant import Assistant
from rag.quote import Quote
from tests.asking import context_of

pytestmark = pytest.mark.weights

TYPED = "how wide is it"
WHOLE = "how wide is the Tsugaru Strait"
ELSEWHERE = "who trained the chess players of Peru"


def query(first: str, *others: str, share: float) -> Query:
    left = (1 - share) / max(len(others), 1)
    ways = tuple(replace(Query.of(each, TYPED), share=left) for each in others)
    return replace(Query.of(first, TYPED), share=share, others=ways)


def test_of_one_way_it_is_read_as_it_is(briefed: Assistant) -> None:
    context, one = context_of(briefed), Query.of(WHOLE)
    assert read_each(one, context) == (one, read(one, context))


def test_the_way_that_the_sources_answer_is_taken(briefed: Assistant) -> None:
    asked = query(ELSEWHERE, WHOLE, share=0.6)
    way, decision = read_each(asked, context_of(briefed))
    assert way.text == WHOLE
    assert decision.accepted[0].quote.words.startswith("20 kilometers")


def test_over_all_ways_it_has_to_be_as_sure(briefed: Assistant) -> None:
    context = context_of(briefed)
    sure = read_each(query(WHOLE, ELSEWHERE, share=0.9), context)[1]
    unsure = read_each(query(ELSEWHERE, WHOLE, share=0.9), context)[1]
    assert sure.answerable
    assert not unsure.answerable
    assert unsure.expected < sure.expected


def test_what_may_stand_alone_is_answered_so_where_what_was_said_before_does_not_answer_it(
    briefed: Assistant,
) -> None:
    context = context_of(briefed)
    alone = replace(Query.of(WHOLE, WHOLE), share=0.3)
    put_in = replace(Query.of(ELSEWHERE, WHOLE), share=0.7, others=(alone,))
    assert put_in.may_stand_alone
    way, decision = read_each(put_in, context)
    assert way.text == WHOLE
    assert decision.answerable
    other = replace(put_in, others=(replace(alone, typed=TYPED),), typed=TYPED)
    assert not other.may_stand_alone
    assert read_each(other, context)[1].expected < decision.expected


@pytest.mark.parametrize(("beside", "chosen"), [(0.7, "other"), (0.1, "first")])
def test_a_way_that_is_refused_stands_back_where_all_together_are_answered(
    beside: float, chosen: str
) -> None:
    def decided(text: str, share: float, logit: float) -> tuple[Query, Decision]:
        quote = Quote(Document.of("It is.", title="x", source="/x"), 0, 6, 0.0)
        reading = Reading(quote, AnswerFeatures(score=0.0, answers=logit, words=0.0))
        return replace(Query.of(text), share=share), Decision((reading,), others=((1.0, beside),))

    ways = [decided("first", 0.7, -4.0), decided("other", 0.2, 8.0)]
    assert [each.probability > 0.6 for _, each in ways] == [False, True]
    assert likeliest(ways)[0].text == chosen


@pytest.mark.parametrize(("elsewhere", "chosen"), [(False, TYPED), (True, WHOLE)])
def test_what_is_answered_the_same_as_it_was_typed_needs_nothing(
    elsewhere: bool, chosen: str
) -> None:
    text = "It is 20 km wide. Who knows?"

    def decided(asked: str, share: float, start: int) -> tuple[Query, Decision]:
        quote = Quote(Document.of(text, title="x", source="/x"), start, len(text), 0.0)
        reading = Reading(quote, AnswerFeatures(score=0.0, answers=8.0, words=8.0))
        return replace(Query.of(asked, TYPED), share=share), Decision((reading,))

    ways = [decided(WHOLE, 0.7, 0), decided(TYPED, 0.3, 18 if elsewhere else 0)]
    assert likeliest(ways)[0].text == chosen
