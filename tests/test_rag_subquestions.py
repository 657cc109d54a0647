"""Questions that ask more than one thing: each part is answered or refused by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from index.documents import Document
from rag.answer import Answer
from rag.answering.subquestions import MOST_PARTS, day_of, joined_in, measured, several
from rag.asking.query import Query
from rag.asking.rewrite import Turn
from rag.assistant import Assistant
from rag.languages import Point, SubQuestions
from rag.quote import Quote
from tests.asking import Knowing


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (
            "Who signed the pact? And when did they sign it?",
            ("Who signed the pact?", "When did they sign it?"),
        ),
        (
            "how long is the bridge?  who built it then?\nWhere is it from?",
            ("How long is the bridge?", "Who built it then?", "Where is it from?"),
        ),
    ],
)
def test_questions_that_come_one_after_the_other(message: str, questions: tuple[str, ...]) -> None:
    assert several(Query.of(message)) == SubQuestions(questions, follow_up=True)


@pytest.mark.parametrize(
    "message",
    [
        "Which strait did the warships pass?",
        "Who introduced the formula, and when?",
        "The bridge is long. How long is it?",
        "Who signed it? Why?",
        " ".join(["Who signed the pact?"] * (MOST_PARTS + 1)),
        "",
    ],
)
def test_a_message_that_asks_one_thing_is_left_whole(message: str) -> None:
    assert several(Query.of(message)) is None


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (
            "which bridge was opened first, and how long is it",
            ("Which bridge was opened first?", "How long is it?"),
        ),
        ("Who drew it and who paid for it?", ("Who drew it?", "Who paid for it?")),
        ("Who introduced the formula, and when?", None),
        ("How many masons and how many horses did the company hire?", None),
        ("Who was the mason who built the bridge and who died in 1931?", None),
        ("Who explains what a truss is and how the bridge was built?", None),
        ("How long is the bridge?", None),
    ],
)
def test_questions_that_are_joined(message: str, questions: tuple[str, ...] | None) -> None:
    parts = questions and SubQuestions(questions, follow_up=True)
    assert joined_in(Query.of(message)) == parts


def test_the_questions_before_a_follow_up_are_not_asked_again() -> None:
    whole = "Did Holm talk to Aro? How long did they talk?"
    assert several(Query.of(whole, "How long did they talk?")) is None


def quote_of(text: str, words: str) -> Quote:
    start = text.index(words)
    document = Document.of(text, title="x", source="/x")
    return Quote(document, 0, len(text), 5.0, marks=((start, start + len(words)),))


def test_what_is_measured() -> None:
    range_ = measured(quote_of("It has a range of 1,800 to 2,500 km.", "1,800 to 2,500 km"))
    assert range_ is not None
    assert (range_.least, range_.greatest, range_.unit) == (1800, 2500, "km")
    assert measured(quote_of("It is very wide.", "very wide")) is None


def test_what_day_words_name() -> None:
    assert day_of(quote_of("It was on 3 March 1931.", "3 March 1931")) == Point(1931, 3, 3)
    assert day_of(quote_of("It was on Feb. 20.", "Feb. 20")) == Point(None, 2, 20)
    assert day_of(quote_of("It was in March 1931.", "March 1931")) is None
    assert day_of(quote_of("It was from 3 to 5 March.", "from 3 to 5 March")) is None
    entry = replace(
        quote_of("Feb. 20: The market.", "Feb. 20"), dates=(date(1931, 2, 20), date(1931, 2, 20))
    )
    assert day_of(entry) == Point(1931, 2, 20)


# --- answers

Ask = Callable[[str], Answer]

TEXT = b"""The Alder Bridge is 410 metres long. The Rowan Bridge is 300 metres long.

The Birch Bridge was opened in 1931. Mayor Holm called the Alder Bridge a promise kept.

Bishop Lund said that the Alder Bridge was too dear. The market of Esker was on Feb. 20."""


@pytest.fixture
def ask(knowing: Knowing) -> Ask:
    return knowing(TEXT, "bridges.txt").ask


@pytest.mark.weights
def test_a_part_that_the_sources_do_not_answer_is_refused_by_itself(ask: Ask) -> None:
    half = ask("How long is the Alder Bridge? Who painted the ceiling of the Sistine Chapel?")
    assert not half.refused
    assert "410" in half.text
    assert "“Who painted the ceiling of the Sistine Chapel?” The sources do not say." in half.text
    neither = ask("Who won the World Cup? Who painted the ceiling of the Sistine Chapel?")
    assert neither.refused
    assert len(neither.quotes) >= 5


@pytest.mark.weights
def test_of_a_question_that_is_refused_what_is_there_is_said(ask: Ask) -> None:
    half = ask("When was the Birch Bridge opened and who painted the Sistine Chapel?")
    assert half.way == "parts"
    assert "1931" in half.text
    assert "“Who painted the Sistine Chapel?” The sources do not say." in half.text
    neither = ask("Who won the World Cup and who painted the Sistine Chapel?")
    assert neither.refused
    assert neither.way == "evidence"
    assert neither.decision is not None


@pytest.mark.weights
def test_a_follow_up_behind_its_question_is_not_parted(
    briefed: Assistant,
) -> None:
    asked = "Which strait did the warships pass, and how wide is it?"
    history: list[Turn] = [("user", asked), ("assistant", "The Tsugaru Strait.")]
    answer = briefed.ask("And when was that?", history)
    assert "Strait" in answer.standalone_question
    assert answer.way == "evidence"
    assert "The sources do not say" not in answer.text
    assert len(answer.citations) <= 3
