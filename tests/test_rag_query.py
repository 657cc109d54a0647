"""What a message asks, understood once: by itself, and behind a conversation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.asking.condense import Turn
from rag.asking.query import Query, understand
from rag.asking.route import Route
from tests.asking import route

HISTORY: list[Turn] = [
    ("user", "When did the fleets pass the Alder Strait?"),
    ("assistant", "On Oct. 18.[1]"),
]


def yes_or_no(question: str) -> bool:
    return Query.of(question).form.yes_or_no


def several(question: str) -> bool:
    return Query.of(question).form.several


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
    assert several(question)


@pytest.mark.parametrize(
    "question", ["Which strait was it?", "What is the basis of the pact?", "What was the crisis?"]
)
def test_questions_for_one_thing(question: str) -> None:
    assert not several(question)


def test_two_questions_in_one() -> None:
    assert several("Which strait did they pass, and how wide is it?")
    assert not several("Did Russia and China meet?")


def test_the_last_of_several_questions_is_the_one_to_answer() -> None:
    whole = Query.of("Did Holm talk to Aro? How long did they talk?", "How long did they talk?")
    assert whole.last == "How long did they talk?"
    assert not whole.form.yes_or_no
    assert "holm" in whole.words
    alone = Query.of("How long did Holm and Aro talk?", "How long did they talk?")
    assert alone.last == alone.text


def test_yes_or_no() -> None:
    assert yes_or_no("Did Belarus take part?")
    assert not yes_or_no("Was it in May or in June?")
    assert not yes_or_no("Who took part?")


def test_a_query_keeps_what_was_typed_and_what_was_said() -> None:
    query = Query.of("How wide is the Alder Strait?", "How wide is it?", history=HISTORY)
    assert (query.typed, query.text, query.last) == (
        "How wide is it?",
        "How wide is the Alder Strait?",
        "How wide is the Alder Strait?",
    )
    assert query.history == tuple(HISTORY)
    listed = Query.of("List the straits.", route=route("items/list"), history=HISTORY)
    again = listed.as_evidence()
    assert again.route.kind == "evidence"
    assert (again.text, again.history) == (listed.text, listed.history)


# --- behind a conversation


def understood(
    typed: str,
    name: str,
    history: Sequence[Turn] = HISTORY,
    *,
    rewritten: str = "",
    then: str = "evidence/fact",
) -> Query:
    """Understand a message that is of a route; what is made of it is of the route `then`."""

    def told(text: str) -> Route:
        return route(name if text == typed else then)

    return understand(typed, history, told, lambda *_: rewritten)


def test_a_first_question_is_read_as_typed() -> None:
    query = understood("How wide is it?", "evidence/fact", ())
    assert query == Query.of("How wide is it?", route=route("evidence/fact"))


def test_a_follow_up_is_made_to_stand_alone() -> None:
    query = understood("How wide is it?", "evidence/fact")
    assert query.text == "When did the fleets pass the Alder Strait? How wide is it?"
    assert (query.typed, query.last) == ("How wide is it?", "How wide is it?")
    asked = "How wide is the Alder Strait?"
    assert understood("How wide is it?", "evidence/fact", rewritten=asked).last == asked


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Thanks for that!", "conversation/thanks"),
        ("Make it shorter", "command/shorter"),
        ("Who wrote this?", "document/author"),
        ("What's this about?", "overview/all"),
        ("List the straits.", "items/list"),
        ("What happened in October?", "time/all"),
        ("Compare the straits.", "comparison/overview"),
    ],
)
def test_what_needs_nothing_of_what_was_said_is_read_as_typed(typed: str, name: str) -> None:
    query = understood(typed, name)
    assert (query.text, query.last, str(query.route)) == (typed, typed, name)
    assert query.history == tuple(HISTORY)


def test_it_is_what_was_spoken_of_unless_that_was_a_document() -> None:
    follow_up = understood("Who wrote it?", "document/author")
    assert follow_up.text == "When did the fleets pass the Alder Strait? Who wrote it?"
    summed_up: list[Turn] = [("user", "Summarize the article."), ("assistant", "It is on ships.")]
    behind = understood("Who wrote it?", "document/author", summed_up, then="overview/all")
    assert (behind.text, str(behind.route)) == ("Who wrote it?", "document/author")


def test_what_is_made_to_stand_alone_is_routed_again() -> None:
    history: list[Turn] = [("user", "What is AUKUS?"), ("assistant", "A pact of three countries.")]
    query = understood("Summarize it.", "overview/topic", history, then="overview/topic")
    assert (query.text, str(query.route)) == ("What is AUKUS? Summarize it.", "overview/topic")
    listed = understood("And those in the north?", "evidence/fact", history, then="items/list")
    assert listed.route.kind == "items"
