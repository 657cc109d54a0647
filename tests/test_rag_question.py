"""What a question asks for, worked out once."""

from __future__ import annotations

import pytest
from rag.asking.question import Question


def yes_or_no(question: str) -> bool:
    return Question.of(question).yes_or_no


def several(question: str) -> bool:
    return Question.of(question).several


@pytest.mark.parametrize(
    "question",
    [
        "Which exercises were held?",
        "Which countries sent ships?",
        "What did each of them say about it?",
        "Who were the ministers?",
        "Who opened it, and when?",
        "List the ships.",
    ],
)
def test_questions_for_several_things(question: str) -> None:
    assert Question.of(question).several


@pytest.mark.parametrize(
    "question", ["Which strait was it?", "What is the basis of the pact?", "What was the crisis?"]
)
def test_questions_for_one_thing(question: str) -> None:
    assert not Question.of(question).several


def test_two_questions_in_one() -> None:
    assert several("Which strait did they pass, and how wide is it?")
    assert not several("Did Russia and China meet?")


def test_the_last_of_several_questions_is_the_one_to_answer() -> None:
    whole = Question.of("Did Holm talk to Aro? How long did they talk?", "How long did they talk?")
    assert whole.last == "How long did they talk?"
    assert not whole.yes_or_no
    assert "holm" in whole.words
    alone = Question.of("How long did Holm and Aro talk?", "How long did they talk?")
    assert alone.last == alone.text


def test_yes_or_no() -> None:
    assert yes_or_no("Did Belarus take part?")
    assert not yes_or_no("Was it in May or in June?")
    assert not yes_or_no("Who took part?")
