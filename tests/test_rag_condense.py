"""Which questions need what was said before, and what is made of them."""

from __future__ import annotations

import pytest

from rag.condense import points_back, standalone

HISTORY = (("user", "When did the fleets pass the Alder Strait?"), ("assistant", "On Oct. 18."))


@pytest.mark.parametrize(
    "question",
    ["And when was that?", "Who commanded it?", "Why?", "What about the Rowan Strait?"],
)
def test_follow_ups_point_back(question: str) -> None:
    assert points_back(question)


@pytest.mark.parametrize(
    "question",
    [
        "Which countries signed the fishing treaty of Tolm?",
        "How long is the Alder Bridge between Norrby and Esker?",
    ],
)
def test_unrelated_questions_do_not(question: str) -> None:
    assert not points_back(question)
    assert standalone(question, HISTORY, None) == question


def test_a_first_question_stays_as_it_is() -> None:
    assert standalone("Why?", (), None) == "Why?"


def test_without_a_language_model_the_last_question_goes_before() -> None:
    assert standalone("How wide is it?", HISTORY, None) == (
        "When did the fleets pass the Alder Strait? How wide is it?"
    )
