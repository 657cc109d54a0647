"""Prose is proven sentence by sentence while it is written; what is not proven does not stand."""

from __future__ import annotations

import pytest

from index.documents import Document
from rag.answerability.reader import Reader
from rag.asking.query import Query
from rag.quote import Quote
from rag.verifying.compose import Composition
from rag.verifying.prose import MOST, Prose

pytestmark = pytest.mark.weights

PIERS = (
    "Cracks were found in two piers. Lorries had made them longer. The bridge was closed in 1960. "
    "A ferry ran beside it."
)
CLOSED = Document.of(PIERS, title="The Alder Bridge", source="/piers.txt")


def piers(words: str, score: float) -> Quote:
    start = PIERS.index(words)
    return Quote(CLOSED, start, start + len(words), score)


CRACKS = piers("Cracks were found in two piers.", 5.0)
LORRIES = piers("Lorries had made them longer.", 4.0)
FERRY = piers("A ferry ran beside it.", -3.0)


def prose(reader: Reader, read: tuple[Quote, ...] = (CRACKS, LORRIES)) -> Prose:
    asked = Query.of("Why was the Alder Bridge closed to the queen?")
    return Prose(asked, [CRACKS, LORRIES], read, reader)


def said(made: Composition) -> list[str]:
    return [each.text for each in made.sentences if each.supported]


def test_prose_that_is_borne_out_stands_as_it_was_written(reader: Reader) -> None:
    written = "Cracks were found in two piers. Lorries had made the cracks longer."
    made = prose(reader).whole(written)
    assert [each.citations for each in made.sentences] == [(1,), (2,)]
    assert made.citations == [CRACKS, LORRIES]


@pytest.mark.parametrize(
    "written",
    [
        "The bridge was closed to the queen since cracks were found in three piers.",
        "The queen found cracks in two piers.",
        "Cracks were found in two piers in 1958.",
    ],
)
def test_the_sentence_that_prose_is_nearest_to_stands_in_its_place(
    written: str, reader: Reader
) -> None:
    told = "Lorries had made the cracks longer."
    made = prose(reader).whole(f"{written} {told}")
    assert said(made) == [f"“{CRACKS.text}”", told]
    assert [each.text for each in made.sentences if not each.supported] == [written]


@pytest.mark.parametrize("particle", ["No, c", "Yes, c", "yes, C"])
def test_yes_and_no_are_left_out_where_the_rest_is_proven_without_them(
    particle: str, reader: Reader
) -> None:
    """Whether they are right no source says in its words."""
    written = f"{particle}racks were found in two piers."
    told = "Lorries had made the cracks longer."
    assert said(prose(reader).whole(f"{written} {told}")) == [CRACKS.text, told]
    assert said(prose(reader).whole(f"{written} {CRACKS.text} {told}")) == [CRACKS.text, told]
    false = f"{particle}racks were found in three piers."
    made = prose(reader).whole(f"{false} {told}")
    assert said(made) == [f"“{CRACKS.text}”", told]
    assert [each.text for each in made.sentences if not each.supported] == [false]


def test_a_remark_brings_in_no_quote(reader: Reader) -> None:
    told = "Lorries had made the cracks longer."
    assert said(prose(reader).whole(f"Well, here you are. {told}")) == [told]


def test_yes_stays_where_it_is_asked_for_and_proven(reader: Reader) -> None:
    asked = Query.of("Were cracks found in two piers?")
    answering = Prose(asked, [CRACKS, LORRIES], [CRACKS, LORRIES], reader)
    yes = "Yes, cracks were found in two piers."
    assert said(answering.whole(yes)) == [yes]
    assert said(answering.whole("No, cracks were found in two piers.")) == [CRACKS.text]


def test_what_stands_in_its_own_words_is_not_said_again(reader: Reader) -> None:
    made = prose(reader).whole(
        "The queen found cracks in two piers. Cracks were found in two piers."
    )
    assert said(made) == [f"“{CRACKS.text}”"]


def test_a_chosen_sentence_that_is_not_written_of_does_not_belong_to_the_answer(
    reader: Reader,
) -> None:
    assert prose(reader).whole("Lorries had made the cracks longer.").citations == [LORRIES]


def test_where_nothing_is_proven_the_chosen_sentences_are_the_answer(reader: Reader) -> None:
    for written in ("", "Ask the harbour office."):
        assert said(prose(reader).whole(written)) == [f"“{CRACKS.text}”", f"“{LORRIES.text}”"]


def test_a_sentence_is_proven_as_soon_as_it_is_whole(reader: Reader) -> None:
    written = "Cracks were found in two piers. Lorries had made"
    growing = prose(reader)
    steps = [growing.so_far(written[:end]) for end in range(len(written) + 1)]
    assert [len(said(proven)) for proven, _ in steps] == [0] * 33 + [1] * (len(written) - 32)
    assert steps[10][1] == "Cracks wer"
    proven, rest = steps[-1]
    assert (said(proven), rest) == (["Cracks were found in two piers."], "Lorries had made")
    assert proven.citations == [CRACKS]


def test_in_steps_it_is_the_same_as_at_once(reader: Reader) -> None:
    written = (
        "Gen. Holm saw it. Cracks were found in two piers. Lorries had made the cracks longer."
    )
    growing = prose(reader)
    for end in range(len(written) + 1):
        growing.so_far(written[:end])
    assert growing.whole(written) == prose(reader).whole(written)


def test_a_strong_model_may_say_what_was_not_chosen_where_it_is_proven(reader: Reader) -> None:
    all_read = (CRACKS, LORRIES, FERRY)
    made = prose(reader, all_read).whole("Cracks were found in two piers. A ferry ran beside it.")
    assert made.citations == [CRACKS, FERRY]
    invented = "A ferry ran beside it for the queen of Norland and 300 sailors."
    made = prose(reader, all_read).whole(f"Cracks were found in two piers. {invented}")
    assert said(made) == ["Cracks were found in two piers."]
    assert [each.text for each in made.sentences if not each.supported] == [invented]


def test_it_has_an_end(reader: Reader) -> None:
    written = " ".join(f"The queen went to Holm {number} in vain." for number in range(MOST + 4))
    made = prose(reader).whole(written)
    assert sum(not each.supported for each in made.sentences) == MOST
