"""A sentence is attributed to the fewest quotes that hold it, and fails when they do not."""

from __future__ import annotations

from hypothesis import given
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


def test_a_number_that_no_quote_holds_fails_the_sentence() -> None:
    found = attribute("The Alder Bridge is 411 metres long.", QUOTES, "How long is it?")
    assert not found.supported
    assert found.missing == ("411",)


def test_a_sentence_of_other_words_fails_without_any_wrong_fact() -> None:
    found = attribute("Engineers everywhere admire such graceful structures.", QUOTES, "Why?")
    assert not found.supported


def test_a_sentence_that_only_repeats_the_question_rests_on_a_quote_or_fails() -> None:
    found = attribute("Penguins swim.", QUOTES, "Do penguins swim?")
    assert found.quotes == ()
    assert not found.supported


def test_a_sentence_of_which_the_quotes_hold_only_the_question_fails() -> None:
    question = "What did Mayor Lise Holm call the Alder Bridge after the ferry had sunk?"
    sentence = "Mayor Lise Holm called the Alder Bridge a miracle after the ferry had sunk."
    assert not attribute(sentence, QUOTES, question).supported


def test_without_quotes_nothing_is_supported() -> None:
    assert not attribute("The Alder Bridge is long.", (), "Is the Alder Bridge long?").supported


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=4), st.text(max_size=40))
def test_any_text_gives_a_sound_attribution(
    sentence: str, quotes: list[str], question: str
) -> None:
    found = attribute(sentence, quotes, question)
    assert len(found.quotes) == len(set(found.quotes)) <= MAX_CITED
    assert all(0 <= at < len(quotes) for at in found.quotes)
    assert 0 <= found.support <= 1
