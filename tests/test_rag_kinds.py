"""Whether words are of the kind that a question asks for."""

from __future__ import annotations

import pytest

from rag.deciding.kinds import fits


@pytest.mark.parametrize(
    ("question", "words", "quote"),
    [
        ("How wide is the strait?", "20 kilometers", "The strait is 20 kilometers wide."),
        ("How wide is it?", "20 km", "The passage is 20 km."),
        ("How many ships sailed?", "ten", "In all ten ships sailed."),
        ("How much of the land is farmed?", "over half", "Farms take over half of the land."),
        ("How much did it cost?", "4 million crowns", "It cost 4 million crowns."),
        ("When was it built?", "in 1931", "It was built in 1931."),
        ("When did they leave?", "after the storm", "They left after the storm."),
        ("Who opened it?", "Lise Holm", "Lise Holm opened it."),
        ("Who may sell drugs?", "only pharmacists", "By law only pharmacists sell drugs."),
        ("How long did it stay open?", "until 1994", "It stayed open until 1994."),
        ("What is the top speed of the Swift?", "700 km/h", "The Swift flies at 700 km/h."),
        ("Why was it closed?", "for want of money", "It was closed for want of money."),
        ("What is the name of the method?", "cold casting", "Bells are made by cold casting."),
        ("Who opened it, and when?", "Lise Holm", "Lise Holm opened it in May 1931."),
        ("How long is the strait?", "80 km", "The strait is 20 km wide and 80 km long."),
        ("How far is it?", "20 km", "The road is 20 km long."),
    ],
)
def test_words_of_the_kind_asked_for(question: str, words: str, quote: str) -> None:
    assert fits(question, words, quote)


@pytest.mark.parametrize(
    ("question", "words", "quote"),
    [
        ("How deep is the strait?", "20 kilometers", "The strait is 20 kilometers wide."),
        ("What is the top speed of the Mira?", "700 km", "The Mira has a range of 700 km."),
        ("What depth does it reach?", "20 kilometers", "It is 20 kilometers wide."),
        ("How far is the island?", "20 kilometers", "The way there is 20 kilometers wide."),
        ("How long is the strait?", "20 km", "The strait has a width of 20 km in the north."),
    ],
)
def test_words_of_another_kind(question: str, words: str, quote: str) -> None:
    assert not fits(question, words, quote)


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Who won the Games 2018?", "Ada Lunt won the Games 2021."),
        ("How far does the DF-17 fly?", "The DF-41 flies 12,000 kilometers."),
        ("How wide is the Esker Strait?", "The Tolm Strait is 20 kilometers wide."),
    ],
)
def test_another_one_of_the_same_kind_is_not_what_was_asked(question: str, quote: str) -> None:
    assert not fits(question, quote, quote)


SAID = "What did Lise Holm say about the bridge?"


@pytest.mark.parametrize(
    ("quote", "before", "hers"),
    [
        ("Holm called the bridge a promise.", "", True),
        ("She called the bridge a promise.", "Lise Holm opened it.", True),
        ("Karl Nye called the bridge a promise.", "Ada Lunt opened it.", False),
    ],
)
def test_what_another_said_is_not_what_was_asked(quote: str, before: str, hers: bool) -> None:
    assert fits(SAID, "a promise", quote, before) is hers


def test_what_is_not_said_may_leave_the_name_out() -> None:
    assert fits("When did Holm open the bridge?", "in 1931", "It was opened in 1931.")


def test_one_that_the_quote_names_too_is_what_was_asked() -> None:
    quote = "The Tolm Strait is wider than the Esker Strait, which is 20 kilometers wide."
    assert fits("How wide is the Esker Strait?", "20 kilometers", quote)
