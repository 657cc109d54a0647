"""A sentence is attributed to the fewest quotes that hold it, and fails when they do not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.verifying.attribution import MAX_CITED, attribute

QUOTES = (
    "The Rowan Bridge, 300 metres long, was repaired in 1960.",
    "The Alder Bridge, opened in May 1931, is 410 metres long.",
    "Mayor Lise Holm opened the Alder Bridge after the ferry had sunk.",
)


def test_the_quote_that_holds_the_facts_is_cited() -> None:
    found = attribute("The Alder Bridge is 410 metres long.", QUOTES, "How long is it?")
    assert found.quotes == (1,)
    assert found.supported


def test_two_quotes_are_cited_when_each_holds_a_part() -> None:
    sentence = "Lise Holm opened the Alder Bridge, which is 410 metres long."
    found = attribute(sentence, QUOTES, "Who opened it?")
    assert set(found.quotes) == {1, 2}
    assert found.supported


@pytest.mark.parametrize(
    "question", ["Who opened it?", "Which bridge did they open, how long is it?"]
)
def test_facts_of_two_things_are_not_joined(question: str) -> None:
    """The question's word "bridge" does not make the Alder Bridge something that was asked for."""
    sentence = "Lise Holm also opened the Alder Bridge, which is 300 metres long."
    found = attribute(sentence, (QUOTES[0], QUOTES[2]), question)
    assert set(found.quotes) == {0, 1}
    assert not found.supported
    assert "of something else" in found.conflicts[0].text


def test_a_number_that_no_quote_holds_fails_the_sentence() -> None:
    found = attribute("The Alder Bridge is 411 metres long.", QUOTES, "How long is it?")
    assert not found.supported
    assert found.missing == ("411",)


@pytest.mark.parametrize(
    ("sentence", "quotes", "question", "cited"),
    [
        ("Engineers everywhere admire such graceful structures.", QUOTES, "Why?", ()),
        ("Penguins swim.", QUOTES, "Do penguins swim?", ()),
        (
            "Mayor Lise Holm called the Alder Bridge a miracle after the ferry had sunk.",
            QUOTES,
            "What did Mayor Lise Holm call the Alder Bridge after the ferry had sunk?",
            (2,),
        ),
        ("The Alder Bridge is long.", (), "Is the Alder Bridge long?", ()),
    ],
    ids=[
        "other words",
        "the question again, which no quote holds",
        "the quotes hold only the question",
        "no quotes",
    ],
)
def test_what_the_quotes_do_not_hold_fails_without_any_wrong_number(
    sentence: str, quotes: Sequence[str], question: str, cited: tuple[int, ...]
) -> None:
    found = attribute(sentence, quotes, question)
    assert found.quotes == cited
    assert not found.supported


@settings(deadline=None)  # The first one loads what tells languages.
@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=4), st.text(max_size=40))
def test_any_text_gives_a_sound_attribution(
    sentence: str, quotes: list[str], question: str
) -> None:
    found = attribute(sentence, quotes, question)
    assert len(found.quotes) == len(set(found.quotes)) <= MAX_CITED
    assert all(0 <= at < len(quotes) for at in found.quotes)
    assert 0 <= found.support <= 1
