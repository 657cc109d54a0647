"""Fitting the gate: which quotes answer a question on a document, and what is learned of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.lab.bench.fit_gate import READ, THRESHOLD, Told, _bags, _by, _learned
from eval.lab.training.inputs import read_records
from eval.lab.training.selection.documents import DOCUMENTS, Asked, documents
from index.documents import Document
from rag.quote import Quote

TEXT = "The ferry Mira has a crew of 12. It sails to Sund. Tickets are 4 crowns."
CREW, SAILS, TICKETS = (0, 32), (33, 50), (51, len(TEXT))
FERRY = Document.of(TEXT, title="Ferries", source="/f.txt")


@pytest.mark.parametrize(
    ("place", "asked", "answered"),
    [
        (CREW, Asked("how many crew", (), (29, 31)), True),
        (SAILS, Asked("how many crew", (), (29, 31)), False),
        (SAILS, Asked("how many crew", (SAILS,), (29, 31)), True),
        (CREW, Asked("tell me all", (CREW, TICKETS), None), True),
        (SAILS, Asked("tell me all", (CREW, TICKETS), None), False),
        ((CREW[0], SAILS[1]), Asked("where to", (SAILS,), None), True),
        ((SAILS[0], SAILS[0] + 5), Asked("where to", (SAILS,), None), True),
        ((CREW[0], SAILS[0] + 5), Asked("where to", (SAILS,), None), False),
        (CREW, Asked("what does it cost", (), None), False),
    ],
)
def test_a_quote_answers_that_holds_the_words_or_a_sentence_that_answers(
    place: tuple[int, int], asked: Asked, answered: bool
) -> None:
    assert asked.is_answered_by(Quote(FERRY, *place, 0.0)) is answered


def test_the_documents_have_the_places_of_what_answers(tmp_path: Path) -> None:
    lines = read_records(DOCUMENTS)
    assert (len(lines), sum(len(each["questions"]) for each in lines)) == (64, 2_816)
    read = list(documents(tmp_path))
    assert len(read) == len(lines)
    for document, questions in read:
        assert len(questions) == 44
        assert sum(not each.places and not each.words for each in questions.values()) >= 11
        for each in questions.values():
            for start, end in (*each.places, *filter(None, [each.words])):
                assert document.text[start:end].strip()


def test_what_is_learned_decides_by_the_threshold() -> None:
    """Of what tells nothing nothing is learned, and as many are refused as may be."""
    rng = np.random.default_rng(1)

    def told(answers: bool) -> Told:
        rows = [dict(zip(READ, rng.normal(size=len(READ)), strict=True)) for _ in range(3)]
        if answers:
            rows[0]["around"] += 4.0
        right = [answers, False, False]
        return {
            "answerable": answers,
            "found": answers,
            "readings": rows,
            "asked": {},
            "answers": right,
        }

    cases = [told(number % 2 == 0) for number in range(400)]
    weights = _learned(cases)
    assert max(weights[1:]) == weights[1 + READ.index("around")] > 5 * sorted(weights[1:])[-2]
    decided = _by(weights, _bags(cases, READ))
    refused = [probability < THRESHOLD for answerable, probability in decided if answerable]
    assert sum(refused) / len(refused) == pytest.approx(0.19, abs=0.01)
    kept = [probability < THRESHOLD for answerable, probability in decided if not answerable]
    assert sum(kept) / len(kept) > 0.8
