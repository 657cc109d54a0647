"""A length that a quote says to be another measure than the one asked for is no answer."""

from __future__ import annotations

import pytest

from rag.languages.english_amounts import other_measure

QUOTE = "The strait is only 20 kilometers wide and has a depth of 449 metres."


@pytest.mark.parametrize(
    ("question", "words", "other"),
    [
        ("How deep is the strait?", "20 kilometers", True),
        ("What is the depth of the strait?", "20 kilometers wide", True),
        ("How wide is the strait?", "449 metres", True),
        ("How wide is the strait?", "20 kilometers", False),
        ("How deep is the strait?", "449 metres", False),
        ("How many ships passed the strait?", "20 kilometers", False),
        ("How old is the strait?", "20 kilometers", False),
    ],
)
def test_the_measure_is_read_beside_the_number(question: str, words: str, other: bool) -> None:
    assert other_measure(question, words, QUOTE) is other
