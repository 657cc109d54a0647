"""Whether a text bears a statement out, told by the reader's third head and by the facts."""

from __future__ import annotations

from typing import cast

import pytest

from index.documents import Document
from rag.answerability.reader import Reader
from rag.quote import Quote
from rag.verifying.attribution import Difference, attribute
from rag.verifying.entailment import is_entailed
from rag.verifying.judge import judge

pytestmark = pytest.mark.weights

TWO = "The Heron carries 40 people, and the Swift flies at 700 km/h."
YEARS = "In 1931 the canal was opened, and 400 ships passed that year; in 1932 it was 520."


@pytest.mark.parametrize(
    ("quote", "false", "true"),
    [
        (TWO, "The Heron flies at 700 km/h.", "The Swift flies at 700 km/h."),
        (YEARS, "In 1932, 400 ships passed.", "In 1932, 520 ships passed."),
        (YEARS, "520 ships passed in 1931.", "400 ships passed in 1931."),
    ],
)
def test_a_number_belongs_to_the_name_and_the_year_of_its_clause(
    quote: str, false: str, true: str, reader: Reader
) -> None:
    def stands(sentence: str) -> bool:
        found = attribute(sentence, [quote], "How is it?")
        return found.supported and is_entailed(sentence, [quote], "Notes", reader)

    assert not stands(false)
    assert stands(true)


@pytest.mark.parametrize(
    ("quote", "false", "true"),
    [
        (
            "The mayor did not attend the opening.",
            "The mayor attended the opening.",
            "The mayor was not at the opening.",
        ),
        (
            "The bridge was finished in May.",
            "The bridge was never finished.",
            "In May the bridge was finished.",
        ),
        (
            "Holm refused to sign the treaty.",
            "Holm signed the treaty.",
            "Holm did not sign the treaty.",
        ),
    ],
)
def test_what_is_denied_is_not_affirmed(quote: str, false: str, true: str, reader: Reader) -> None:
    assert not is_entailed(false, [quote], "Notes", reader)
    assert is_entailed(true, [quote], "Notes", reader)


def test_what_stands_there_word_for_word_is_borne_out(reader: Reader) -> None:
    quote = "Xyzzy plugh 40 km/h,\nplover. Holm sailed."
    assert is_entailed("Xyzzy plugh 40 km/h, plover.", [quote], "", reader)


class Sure:
    """A reader that says of each text how far it bears a statement out, denies it, or neither."""

    reads_all = False

    def __init__(self, said: dict[str, list[float]]) -> None:
        self.said = said

    def entails(self, _: str, texts: list[str]) -> list[list[float]]:
        return [self.said[text] for text in texts]


def test_what_one_place_bears_out_and_another_denies_is_unsure() -> None:
    says, denies = "Tolm is green, said Holm.", "Tolm is not green, said Holm."
    reader = cast(Reader, Sure({says: [6.0, -2.0, 0.0], denies: [-2.0, 6.0, 0.0]}))
    quotes = [
        Quote(Document.of(text, title=text, source=text), 0, len(text), 6.0)
        for text in (says, denies)
    ]
    judged = judge("Tolm is green.", quotes, reader)
    assert judged.verdict == "unsure"
    assert {quote.text for quote in judged.quotes} == {says, denies}
    assert judge("Tolm is green.", quotes[:1], reader).verdict == "supported"
    contradicted = judge("Tolm is green.", quotes[1:], reader)
    assert (contradicted.verdict, contradicted.differs) == (
        "contradicted",
        (Difference("the source says “not”"),),
    )
