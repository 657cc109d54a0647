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


TOLD = "Lorries had made the cracks longer.", LORRIES
FOUND = CRACKS.text, CRACKS
QUOTED = f"“{CRACKS.text}”", CRACKS
NEAR = "The queen found cracks in two piers."
FALSE = (
    *("The bridge was closed to the queen since cracks were found in three piers.", NEAR),
    "Cracks were found in two piers in 1958.",
    *(f"{particle}racks were found in three piers." for particle in ("No, c", "Yes, c", "yes, C")),
)
PARTICLES = [f"{particle}{CRACKS.text[1:]}" for particle in ("No, c", "Yes, c", "yes, C")]


@pytest.mark.parametrize(
    ("written", "stands", "aside"),
    [
        (f"{CRACKS.text} {TOLD[0]}", [FOUND, TOLD], []),
        # The sentence that it is nearest to stands in its place.
        *((f"{each} {TOLD[0]}", [QUOTED, TOLD], [each]) for each in FALSE),
        # Whether yes and no are right no source says in its words.
        *((f"{each} {TOLD[0]}", [FOUND, TOLD], []) for each in PARTICLES),
        *((f"{each} {CRACKS.text} {TOLD[0]}", [FOUND, TOLD], []) for each in PARTICLES),
        (f"Well, here you are. {TOLD[0]}", [TOLD], None),  # It brings in no quote.
        # What stands in its own words is not said again.
        (f"{NEAR} {CRACKS.text}", [QUOTED], None),
        # A chosen sentence that is not written of does not belong to the answer.
        (TOLD[0], [TOLD], []),
        # Where nothing is proven the chosen sentences are the answer.
        *(
            (each, [QUOTED, (f"“{LORRIES.text}”", LORRIES)], None)
            for each in ("", "Ask the harbour office.")
        ),
    ],
)
def test_what_stands_of_what_is_written(
    written: str, stands: list[tuple[str, Quote]], aside: list[str] | None, reader: Reader
) -> None:
    made = prose(reader).whole(written)
    assert said(made) == [text for text, _ in stands]
    assert [each.citations for each in made.sentences if each.supported] == [
        (number,) for number in range(1, len(stands) + 1)
    ]
    assert made.citations == [quote for _, quote in stands]
    left = [each.text for each in made.sentences if not each.supported]
    assert aside is None or left == aside


def test_a_clause_that_is_cut_out_of_its_sentence_does_not_stand(reader: Reader) -> None:
    text = "The bridge cost 3 million crowns, of which the guild paid half; the queen paid nothing."
    document = Document.of(text, title="The Alder Bridge", source="/cost.txt")
    cost = Quote(document, 0, len(text), 5.0)
    asked = Query.of("What did the Alder Bridge cost?")
    answering = Prose(asked, [cost], [cost], reader)
    paid, half = "The bridge cost 3 million crowns.", "Of which the guild paid half."
    assert said(answering.whole(f"{paid} {half}")) == [paid]
    assert said(answering.whole("The queen paid nothing.")) == ["The queen paid nothing."]


def test_yes_stays_where_it_is_asked_for_and_proven(reader: Reader) -> None:
    asked = Query.of("Were cracks found in two piers?")
    answering = Prose(asked, [CRACKS, LORRIES], [CRACKS, LORRIES], reader)
    yes = "Yes, cracks were found in two piers."
    assert said(answering.whole(yes)) == [yes]
    assert said(answering.whole("No, cracks were found in two piers.")) == [CRACKS.text]


def test_a_sentence_is_proven_as_soon_as_it_is_whole(reader: Reader) -> None:
    written = "Cracks were found in two piers. Lorries had made"
    growing = prose(reader)
    steps = [growing.so_far(written[:end]) for end in range(len(written) + 1)]
    assert [len(said(proven)) for proven, _ in steps] == [0] * 33 + [1] * (len(written) - 32)
    assert steps[10][1] == "Cracks wer"
    proven, rest = steps[-1]
    assert (said(proven), rest) == (["Cracks were found in two piers."], "Lorries had made")
    assert proven.citations == [CRACKS]


def test_what_says_the_same_over_and_over_does_not_stand(reader: Reader) -> None:
    again = f"Lorries had {', '.join(['made the cracks longer'] * 3)}."
    assert said(prose(reader).whole(f"{CRACKS.text} {again}")) == [CRACKS.text, f"“{LORRIES.text}”"]


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
