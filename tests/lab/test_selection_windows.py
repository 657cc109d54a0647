"""Windows of documents with questions: what answers there, and what only seems to."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from eval.lab.training.selection import documents, windows
from index.atomic import write_whole

FERRY = (
    "The ferry Mira crosses the Sund twelve times a day.",
    "She carries sixty people and four cars.",
    "The crew of the ferry is three people.",
    "Tickets are sold on board for four crowns.",
)
MUSEUM = (
    "The museum of the island is behind the church.",
    "It shows nets, boats and a lamp of 1840.",
    "On Mondays it is closed.",
)
PARTS = (
    f"## The {name}\n\n{' '.join(said)}" for name, said in (("ferry", FERRY), ("museum", MUSEUM))
)
TEXT = "\n\n".join(("# Visiting the island", *PARTS))
QUESTIONS = {
    "how many people work on the ferry": [FERRY[2]],
    "what can i see in the museum": [MUSEUM[1]],
    "is there food on the ferry": [],
}


@pytest.mark.weights
def test_a_window_has_questions_that_it_answers_and_that_it_seems_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        {
            "question": question,
            "also": [],
            "sentences": [[TEXT.index(each), TEXT.index(each) + len(each)] for each in answers],
        }
        for question, answers in QUESTIONS.items()
    ]
    line = json.dumps({"name": "island", "text": TEXT, "questions": asked})
    write_whole(tmp_path / "documents.jsonl", line.encode())
    monkeypatch.setattr(documents, "DOCUMENTS", tmp_path / "documents.jsonl")
    [*made] = windows.windows(tmp_path / "libraries", random.Random(1))
    assert all(each.title == "Visiting the island" and not each.held_out for each in made)
    answers = {
        question: [each.sentences[number] for number in numbers]
        for each in made
        for question, numbers in each.asked
        if numbers
    }
    assert answers == {question: each for question, each in QUESTIONS.items() if each}
    unanswered = {question for each in made for question, numbers in each.asked if not numbers}
    assert "is there food on the ferry" in unanswered
