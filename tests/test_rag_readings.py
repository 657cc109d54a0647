"""A message that may be meant in several ways is read in each, and the evidence decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering.evidence import read, read_each
from rag.asking.query import Query
from rag.assistant import Assistant
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
